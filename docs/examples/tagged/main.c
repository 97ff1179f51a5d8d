/* tagged: an interpreter whose pointers have 32 bits, to be run in a 32-bit address space.
 *
 *     winvm-run --wow64=4g tagged FILE [NUMBER...]
 *
 * Evaluates the expressions of the file, one after the other. An error, want of memory among them,
 * is printed and ends the expression, not the program. Exit status: that of (exit N), 0 at the end
 * of the file, 2 when the file cannot be read, 3 when VirtualAlloc gives addresses that do not fit
 * 32 bits (in the native layout of a 64-bit program). */
#include "tagged.h"

#include <stdio.h>
#include <stdlib.h>

/* The text of a file, which stays until the program ends; NULL: it cannot be read. */
static LPSTR ReadText(LPCSTR Name, SIZE_T *Size)
{
    LPSTR Text = NULL;
    FILE *File = fopen(Name, "rb");
    long End;
    if (!File)
        return NULL;
    if (fseek(File, 0, SEEK_END) == 0 && (End = ftell(File)) >= 0 &&
        (Text = malloc((SIZE_T)End + 1)) != NULL) {
        rewind(File);
        *Size = fread(Text, 1, (SIZE_T)End, File);
    }
    fclose(File);
    return Text;
}

/* Reads and evaluates the next expression. FALSE at the end. */
static BOOL RunNext(PREADER Reader)
{
    HANDLER Handler;
    VALUE Expression;
    EnterHandler(&Handler);
    if (setjmp(Handler.Jump)) {
        Print(Raised);
        putchar('\n');
        fflush(stdout);
        return TRUE;
    }
    if (!Read(Reader, &Expression)) {
        LeaveHandler(&Handler);
        return FALSE;
    }
    Evaluate(Expression, NIL);
    LeaveHandler(&Handler);
    return TRUE;
}

/* FALSE: a message was printed. */
static BOOL Start(int ArgumentCount, char **Arguments)
{
    static const CHAR Text[] = "out of memory";
    HANDLER Handler;
    EnterHandler(&Handler);
    if (setjmp(Handler.Jump)) {
        fprintf(stderr, "tagged: out of memory at start\n");
        return FALSE;
    }
    OutOfMemory = NewError(NewString(Text, sizeof(Text) - 1), NIL);
    DefineBuiltins(ArgumentCount, Arguments);
    LeaveHandler(&Handler);
    return TRUE;
}

int main(int argc, char **argv)
{
    READER Reader;
    SIZE_T Size = 0;
    if (argc < 2 || !(Reader.At = ReadText(argv[1], &Size))) {
        fprintf(stderr, "usage: tagged FILE [NUMBER...]\n");
        return 2;
    }
    Reader.End = Reader.At + Size;
    if (!HeapInit() || !Start(argc - 2, argv + 2))
        return 3;
    while (RunNext(&Reader))
        continue;
    return 0;
}
