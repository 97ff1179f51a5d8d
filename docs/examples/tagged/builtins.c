/* The functions of the language that are written in C. Their arguments lie on the stack of roots:
 * they are kept while the function runs. */
#include "tagged.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANY 0xffffffffu
#define MODULUS_MASK 0x3fffffffu

static int ArgumentTotal;
static char **ArgumentTexts;

/* ---- Checked arguments ----------------------------------------------------------------------- */

static LONG NumberIn(VALUE Value)
{
    if (!IS_NUMBER(Value))
        RaiseText("not a number", Value);
    return NUMBER_OF(Value);
}

static VALUE PairIn(VALUE Value)
{
    if (!IS_PAIR(Value))
        RaiseText("not a pair", Value);
    return Value;
}

static VALUE KindIn(VALUE Value, DWORD Kind)
{
    if (!IS_KIND(Value, Kind))
        RaiseText(Kind == KIND_VECTOR ? "not a vector" : "not a string", Value);
    return Value;
}

static DWORD IndexIn(VALUE Value, DWORD Length)
{
    LONG Index = NumberIn(Value);
    if (Index < 0 || (DWORD)Index >= Length)
        RaiseText("an index is out of range", Value);
    return (DWORD)Index;
}

static DWORD LengthIn(VALUE Value)
{
    LONG Length = NumberIn(Value);
    if (Length < 0)
        RaiseText("a length is negative", Value);
    return (DWORD)Length;
}

static VALUE NumberOut(LONGLONG Number)
{
    if (Number < NUMBER_MIN || Number > NUMBER_MAX)
        RaiseText("a number is too large", NIL);
    return NUMBER((DWORD)Number);
}

/* ---- Numbers --------------------------------------------------------------------------------- */

static VALUE Add(VALUE *A, DWORD Count)
{
    LONGLONG Sum = 0;
    while (Count)
        Sum += NumberIn(A[--Count]);
    return NumberOut(Sum);
}

static VALUE Subtract(VALUE *A, DWORD Count)
{
    return NumberOut(Count == 1 ? -(LONGLONG)NumberIn(A[0])
                                : (LONGLONG)NumberIn(A[0]) - NumberIn(A[1]));
}

static VALUE Multiply(VALUE *A, DWORD Count)
{
    (void)Count;
    return NumberOut((LONGLONG)NumberIn(A[0]) * NumberIn(A[1]));
}

static LONG Divisor(VALUE Value)
{
    if (NumberIn(Value) == 0)
        RaiseText("division by zero", NIL);
    return NUMBER_OF(Value);
}

static VALUE Quotient(VALUE *A, DWORD Count)
{
    (void)Count;
    return NumberOut((LONGLONG)NumberIn(A[0]) / Divisor(A[1]));
}

static VALUE Remainder(VALUE *A, DWORD Count)
{
    (void)Count;
    return NumberOut((LONGLONG)NumberIn(A[0]) % Divisor(A[1]));
}

static VALUE Less(VALUE *A, DWORD Count)
{
    (void)Count;
    return TRUTH(NumberIn(A[0]) < NumberIn(A[1]));
}

/* Numbers, symbols and constants are equal when their words are. */
static VALUE Equal(VALUE *A, DWORD Count)
{
    (void)Count;
    return TRUTH(A[0] == A[1]);
}

static VALUE Not(VALUE *A, DWORD Count)
{
    (void)Count;
    return TRUTH(A[0] == FALSE_VALUE);
}

/* ---- Pairs and lists ------------------------------------------------------------------------- */

static VALUE MakePair(VALUE *A, DWORD Count)
{
    (void)Count;
    return Cons(A[0], A[1]);
}

static VALUE Car(VALUE *A, DWORD Count)
{
    (void)Count;
    return CAR(PairIn(A[0]));
}

static VALUE Cdr(VALUE *A, DWORD Count)
{
    (void)Count;
    return CDR(PairIn(A[0]));
}

static VALUE SetCar(VALUE *A, DWORD Count)
{
    (void)Count;
    return CAR(PairIn(A[0])) = A[1];
}

static VALUE SetCdr(VALUE *A, DWORD Count)
{
    (void)Count;
    return CDR(PairIn(A[0])) = A[1];
}

static VALUE IsPair(VALUE *A, DWORD Count)
{
    (void)Count;
    return TRUTH(IS_PAIR(A[0]));
}

static VALUE IsNull(VALUE *A, DWORD Count)
{
    (void)Count;
    return TRUTH(A[0] == NIL);
}

static VALUE List(VALUE *A, DWORD Count)
{
    VALUE Result = NIL;
    while (Count)
        Result = Cons(A[--Count], Result);
    return Result;
}

/* (iota COUNT START): the list of that many numbers, modulo 2^30. */
static VALUE Iota(VALUE *A, DWORD Count)
{
    DWORD i = LengthIn(A[0]), Start = (DWORD)NumberIn(A[1]);
    VALUE Result = NIL;
    (void)Count;
    while (i--)
        Result = Cons(NUMBER((Start + i) & MODULUS_MASK), Result);
    return Result;
}

/* ---- Vectors and strings --------------------------------------------------------------------- */

static VALUE MakeVector(VALUE *A, DWORD Count)
{
    (void)Count;
    return NewObject(KIND_VECTOR, LengthIn(A[0]));
}

static VALUE MakeString(VALUE *A, DWORD Count)
{
    (void)Count;
    return NewObject(KIND_STRING, LengthIn(A[0]));
}

static VALUE Length(VALUE *A, DWORD Count)
{
    (void)Count;
    if (!IS_KIND(A[0], KIND_STRING))
        KindIn(A[0], KIND_VECTOR);
    return NumberOut(LENGTH_OF(A[0]));
}

static VALUE VectorRef(VALUE *A, DWORD Count)
{
    (void)Count;
    KindIn(A[0], KIND_VECTOR);
    return SLOT(A[0], IndexIn(A[1], LENGTH_OF(A[0])));
}

static VALUE VectorSet(VALUE *A, DWORD Count)
{
    (void)Count;
    KindIn(A[0], KIND_VECTOR);
    return SLOT(A[0], IndexIn(A[1], LENGTH_OF(A[0]))) = A[2];
}

static VALUE StringAppend(VALUE *A, DWORD Count)
{
    DWORD Left = LENGTH_OF(KindIn(A[0], KIND_STRING)), Right = LENGTH_OF(KindIn(A[1], KIND_STRING));
    VALUE Result;
    (void)Count;
    if (Left > ANY - Right)
        Raise(OutOfMemory);
    Result = NewObject(KIND_STRING, Left + Right);
    memcpy(BYTES_OF(Result), BYTES_OF(A[0]), Left);
    memcpy(BYTES_OF(Result) + Left, BYTES_OF(A[1]), Right);
    return Result;
}

/* (fill! VECTOR-OR-STRING START): every element is one more than the one before it, modulo 2^30 or
 * 2^8. */
static VALUE Fill(VALUE *A, DWORD Count)
{
    DWORD Number = (DWORD)NumberIn(A[1]), i;
    (void)Count;
    if (IS_KIND(A[0], KIND_STRING)) {
        for (i = 0; i < LENGTH_OF(A[0]); i++)
            BYTES_OF(A[0])[i] = (CHAR)Number++;
        return A[0];
    }
    for (i = 0; i < LENGTH_OF(KindIn(A[0], KIND_VECTOR)); i++)
        SLOT(A[0], i) = NUMBER(Number++ & MODULUS_MASK);
    return A[0];
}

/* A number made of all elements of a list, vector or string; what is no number counts as 7. */
static VALUE Checksum(VALUE *A, DWORD Count)
{
    DWORD Sum = 1, i;
    VALUE Value = A[0];
    (void)Count;
    for (; IS_PAIR(Value); Value = CDR(Value))
        Sum = Sum * 31 + (IS_NUMBER(CAR(Value)) ? (DWORD)NUMBER_OF(CAR(Value)) : 7);
    if (IS_KIND(Value, KIND_STRING))
        for (i = 0; i < LENGTH_OF(Value); i++)
            Sum = Sum * 31 + (BYTE)BYTES_OF(Value)[i];
    else if (IS_KIND(Value, KIND_VECTOR))
        for (i = 0; i < LENGTH_OF(Value); i++)
            Sum = Sum * 31 + (IS_NUMBER(SLOT(Value, i)) ? (DWORD)NUMBER_OF(SLOT(Value, i)) : 7);
    return NUMBER(Sum & MODULUS_MASK);
}

/* ---- Errors, output, the system -------------------------------------------------------------- */

static VALUE RaiseError(VALUE *A, DWORD Count)
{
    Raise(NewError(A[0], Count > 1 ? A[1] : NIL));
}

static VALUE IsError(VALUE *A, DWORD Count)
{
    (void)Count;
    return TRUTH(IS_KIND(A[0], KIND_ERROR));
}

static VALUE PrintLine(VALUE *A, DWORD Count)
{
    DWORD i;
    for (i = 0; i < Count; i++) {
        if (i)
            putchar(' ');
        Print(A[i]);
    }
    putchar('\n');
    fflush(stdout);
    return UNSPECIFIED;
}

static VALUE CollectNow(VALUE *A, DWORD Count)
{
    (void)A, (void)Count;
    Collect();
    return UNSPECIFIED;
}

/* Megabytes that are live, as far as known. */
static VALUE LiveMegabytes(VALUE *A, DWORD Count)
{
    (void)A, (void)Count;
    return NUMBER((DWORD)(Heap.Live >> 20));
}

/* The highest address that the heap ever had, in megabytes. */
static VALUE TopMegabytes(VALUE *A, DWORD Count)
{
    (void)A, (void)Count;
    return NUMBER(Heap.Highest >> 20);
}

static VALUE Collections(VALUE *A, DWORD Count)
{
    (void)A, (void)Count;
    return NUMBER(Heap.Collections);
}

/* (argument N OTHERWISE): a number given to the program behind the name of the file. */
static VALUE Argument(VALUE *A, DWORD Count)
{
    LONG i = NumberIn(A[0]);
    (void)Count;
    return i >= 0 && i < ArgumentTotal ? NumberOut(atol(ArgumentTexts[i])) : A[1];
}

static VALUE Exit(VALUE *A, DWORD Count)
{
    (void)Count;
    exit((int)NumberIn(A[0]));
}

/* ---- Names ----------------------------------------------------------------------------------- */

const BUILTIN_ENTRY Builtins[] = {
    {"+", Add, 0, ANY},
    {"-", Subtract, 1, 2},
    {"*", Multiply, 2, 2},
    {"quotient", Quotient, 2, 2},
    {"remainder", Remainder, 2, 2},
    {"<", Less, 2, 2},
    {"=", Equal, 2, 2},
    {"eq?", Equal, 2, 2},
    {"not", Not, 1, 1},
    {"cons", MakePair, 2, 2},
    {"car", Car, 1, 1},
    {"cdr", Cdr, 1, 1},
    {"set-car!", SetCar, 2, 2},
    {"set-cdr!", SetCdr, 2, 2},
    {"pair?", IsPair, 1, 1},
    {"null?", IsNull, 1, 1},
    {"list", List, 0, ANY},
    {"iota", Iota, 2, 2},
    {"make-vector", MakeVector, 1, 1},
    {"make-string", MakeString, 1, 1},
    {"length", Length, 1, 1},
    {"vector-ref", VectorRef, 2, 2},
    {"vector-set!", VectorSet, 3, 3},
    {"string-append", StringAppend, 2, 2},
    {"fill!", Fill, 2, 2},
    {"checksum", Checksum, 1, 1},
    {"error", RaiseError, 1, 2},
    {"error?", IsError, 1, 1},
    {"print", PrintLine, 0, ANY},
    {"gc", CollectNow, 0, 0},
    {"live-megabytes", LiveMegabytes, 0, 0},
    {"top-megabytes", TopMegabytes, 0, 0},
    {"collections", Collections, 0, 0},
    {"argument", Argument, 2, 2},
    {"exit", Exit, 1, 1},
};

static VOID DefineName(LPCSTR Name, DWORD Number)
{
    VALUE Symbol = Intern(Name, (DWORD)strlen(Name));
    SLOT(Symbol, SYMBOL_VALUE) = BUILTIN(Number);
}

VOID DefineBuiltins(int ArgumentCount, char **Arguments)
{
    static const LPCSTR Forms[] = {"quote", "if", "define", "set!", "lambda", "begin", "let",
                                   "while", "and", "or", "catch"};
    DWORD i;
    ArgumentTotal = ArgumentCount;
    ArgumentTexts = Arguments;
    for (i = 0; i < sizeof(Builtins) / sizeof(Builtins[0]); i++)
        DefineName(Builtins[i].Name, i);
    for (i = 0; i < sizeof(Forms) / sizeof(Forms[0]); i++)
        DefineName(Forms[i], FORM_QUOTE + i);
}
