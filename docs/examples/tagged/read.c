/* Reading expressions: numbers, symbols, "strings", lists, dotted pairs, 'quotes, ; comments; and
 * the table of symbols. */
#include "tagged.h"

#include <string.h>

#define MAX_NESTING 500

VALUE Buckets[SYMBOL_BUCKETS];
static VALUE Quote; /* a root by being a symbol */

/* ---- Symbols --------------------------------------------------------------------------------- */

static BOOL IsNamed(VALUE Symbol, LPCSTR Name, DWORD Length)
{
    VALUE Text = SLOT(Symbol, SYMBOL_NAME);
    return LENGTH_OF(Text) == Length && memcmp(BYTES_OF(Text), Name, Length) == 0;
}

VALUE Intern(LPCSTR Name, DWORD Length)
{
    DWORD Hash = 2166136261u, i;
    VALUE Symbol, Text;
    for (i = 0; i < Length; i++)
        Hash = (Hash ^ (BYTE)Name[i]) * 16777619u;
    for (Symbol = Buckets[Hash % SYMBOL_BUCKETS]; Symbol != NIL; Symbol = SLOT(Symbol, SYMBOL_NEXT))
        if (IsNamed(Symbol, Name, Length))
            return Symbol;
    Text = NewString(Name, Length);
    Push(Text);
    Symbol = NewObject(KIND_SYMBOL, SYMBOL_SLOTS);
    StackTop--;
    SLOT(Symbol, SYMBOL_NAME) = Text;
    SLOT(Symbol, SYMBOL_VALUE) = UNSPECIFIED;
    SLOT(Symbol, SYMBOL_NEXT) = Buckets[Hash % SYMBOL_BUCKETS];
    Buckets[Hash % SYMBOL_BUCKETS] = Symbol;
    return Symbol;
}

/* ---- Text ------------------------------------------------------------------------------------ */

static VOID SkipBlank(PREADER Reader)
{
    for (; Reader->At < Reader->End; Reader->At++) {
        if (*Reader->At == ';')
            while (Reader->At + 1 < Reader->End && Reader->At[1] != '\n')
                Reader->At++;
        else if (!strchr(" \t\r\n", *Reader->At))
            return;
    }
}

/* The next character that is no blank, or 0 at the end. */
static CHAR Peek(PREADER Reader)
{
    SkipBlank(Reader);
    return Reader->At < Reader->End ? *Reader->At : 0;
}

static DWORD WordLength(PREADER Reader)
{
    LPCSTR End = Reader->At;
    while (End < Reader->End && *End && !strchr(" \t\r\n()';\"", *End))
        End++;
    return (DWORD)(End - Reader->At);
}

/* FALSE: the word is no number. */
static BOOL ReadNumber(LPCSTR Text, DWORD Length, VALUE *Value)
{
    DWORD i = Text[0] == '-';
    LONGLONG Number = 0;
    if (i == Length)
        return FALSE;
    for (; i < Length; i++) {
        if (Text[i] < '0' || Text[i] > '9')
            return FALSE;
        Number = Number * 10 + (Text[i] - '0');
        if (Number > (LONGLONG)NUMBER_MAX + (Text[0] == '-'))
            RaiseText("a number is too large", NIL);
    }
    *Value = NUMBER((DWORD)(Text[0] == '-' ? -Number : Number));
    return TRUE;
}

static VALUE ReadWord(PREADER Reader)
{
    LPCSTR Text = Reader->At;
    DWORD Length = WordLength(Reader);
    VALUE Value;
    if (Length == 0) {
        Reader->At++;
        RaiseText("an expression cannot begin so", NIL);
    }
    Reader->At += Length;
    if (ReadNumber(Text, Length, &Value))
        return Value;
    if (Length == 2 && memcmp(Text, "#t", 2) == 0)
        return TRUE_VALUE;
    if (Length == 2 && memcmp(Text, "#f", 2) == 0)
        return FALSE_VALUE;
    return Intern(Text, Length);
}

static VALUE ReadString(PREADER Reader)
{
    LPCSTR Start = ++Reader->At;
    LPCSTR End = memchr(Start, '"', (SIZE_T)(Reader->End - Start));
    if (!End) {
        Reader->At = Reader->End;
        RaiseText("a string does not end", NIL);
    }
    Reader->At = End + 1;
    return NewString(Start, (DWORD)(End - Start));
}

/* ---- Expressions ----------------------------------------------------------------------------- */

static VALUE ReadOne(PREADER Reader, DWORD Nesting);

/* What follows a dot, and the parenthesis behind it. */
static VALUE ReadTail(PREADER Reader, DWORD Nesting)
{
    VALUE Tail;
    Reader->At++;
    Tail = ReadOne(Reader, Nesting);
    if (Peek(Reader) != ')')
        RaiseText("more than one expression behind a dot", NIL);
    return Tail;
}

/* Behind the opening parenthesis. The list grows at its end; its head is kept on the stack. */
static VALUE ReadList(PREADER Reader, DWORD Nesting)
{
    DWORD Base = StackTop;
    VALUE Last = NIL;
    Push(NIL);
    while (Peek(Reader) != ')') {
        VALUE Next;
        if (Peek(Reader) == 0)
            RaiseText("a list does not end", NIL);
        if (*Reader->At == '.' && WordLength(Reader) == 1 && Last != NIL) {
            Next = ReadTail(Reader, Nesting);
            CDR(Last) = Next;
            break;
        }
        Next = Cons(ReadOne(Reader, Nesting), NIL);
        if (Last == NIL)
            Stack[Base] = Next;
        else
            CDR(Last) = Next;
        Last = Next;
    }
    Reader->At++;
    StackTop = Base;
    return Stack[Base];
}

static VALUE ReadOne(PREADER Reader, DWORD Nesting)
{
    CHAR First = Peek(Reader);
    if (First == 0)
        RaiseText("the text ends within an expression", NIL);
    if (Nesting == 0)
        RaiseText("an expression is nested too deeply", NIL);
    if (First == '"')
        return ReadString(Reader);
    if (First != '(' && First != '\'')
        return ReadWord(Reader);
    Reader->At++;
    if (First == '(')
        return ReadList(Reader, Nesting - 1);
    if (!Quote)
        Quote = Intern("quote", 5);
    return Cons(Quote, Cons(ReadOne(Reader, Nesting - 1), NIL));
}

BOOL Read(PREADER Reader, VALUE *Value)
{
    if (Peek(Reader) == 0)
        return FALSE;
    *Value = ReadOne(Reader, MAX_NESTING);
    return TRUE;
}
