/* Printing values. Takes no memory. */
#include "tagged.h"

#include <stdio.h>

#define MAX_NESTING 500
#define MAX_ITEMS 100 /* of a list or vector; what follows is three dots */

static VOID PrintOne(VALUE Value, DWORD Nesting);

static VOID PrintList(VALUE Value, DWORD Nesting)
{
    DWORD Count = 0;
    putchar('(');
    PrintOne(CAR(Value), Nesting);
    for (Value = CDR(Value); IS_PAIR(Value) && ++Count < MAX_ITEMS; Value = CDR(Value)) {
        putchar(' ');
        PrintOne(CAR(Value), Nesting);
    }
    if (IS_PAIR(Value)) {
        printf(" ...");
    } else if (Value != NIL) {
        printf(" . ");
        PrintOne(Value, Nesting);
    }
    putchar(')');
}

static VOID PrintVector(VALUE Value, DWORD Nesting)
{
    DWORD i;
    printf("#(");
    for (i = 0; i < LENGTH_OF(Value) && i < MAX_ITEMS; i++) {
        if (i)
            putchar(' ');
        PrintOne(SLOT(Value, i), Nesting);
    }
    printf(i < LENGTH_OF(Value) ? " ...)" : ")");
}

static VOID PrintString(VALUE Value)
{
    fwrite(BYTES_OF(Value), 1, LENGTH_OF(Value), stdout);
}

static VOID PrintError(VALUE Value, DWORD Nesting)
{
    printf("error: ");
    PrintOne(SLOT(Value, ERROR_MESSAGE), Nesting);
    if (SLOT(Value, ERROR_ABOUT) != NIL) {
        printf(": ");
        PrintOne(SLOT(Value, ERROR_ABOUT), Nesting);
    }
}

static VOID PrintObject(VALUE Value, DWORD Nesting)
{
    switch (KIND_OF(Value)) {
    case KIND_SYMBOL: PrintString(SLOT(Value, SYMBOL_NAME)); break;
    case KIND_STRING: PrintString(Value); break;
    case KIND_VECTOR: PrintVector(Value, Nesting); break;
    case KIND_CLOSURE: printf("#<function>"); break;
    case KIND_ERROR: PrintError(Value, Nesting); break;
    default: printf("#<broken object>"); break;
    }
}

static VOID PrintOne(VALUE Value, DWORD Nesting)
{
    if (Nesting == 0)
        printf("...");
    else if (IS_NUMBER(Value))
        printf("%ld", (long)NUMBER_OF(Value));
    else if (IS_PAIR(Value))
        PrintList(Value, Nesting - 1);
    else if (IS_OBJECT(Value))
        PrintObject(Value, Nesting - 1);
    else if (IS_BUILTIN(Value))
        printf("#<built-in>");
    else if (Value == NIL)
        printf("()");
    else
        printf("%s", Value == TRUE_VALUE ? "#t" : Value == FALSE_VALUE ? "#f" : "#<unspecified>");
}

VOID Print(VALUE Value)
{
    PrintOne(Value, MAX_NESTING);
}
