/* The thread's block for code of modules.
 *
 * Code for Windows reads it at an address relative to the segment register GS; a C run time's
 * start-up code does so for the bounds of the stack. Where the system has something else in GS, or
 * nothing, the access faults; here the instruction is then carried out on the block that
 * NtCurrentTeb has. On Windows no fault comes.
 * Terms   the form = GS prefix, REX.W, MOV register from [32-bit offset].
 * I1  Only code inside an image that is watched, and only that form; all else is left alone. */
#include "image.h"

#include <string.h>

#define MAX_WATCHED 8
#define FORM_SIZE 9
#define BLOCK_SIZE 0x1000u  /* of what is documented of the block */

static const struct image *volatile watched[MAX_WATCHED];
static volatile LONG n_watched;
static void *handler;

static int is_inside(const BYTE *at)
{
    for (int i = 0; i < MAX_WATCHED; i++) {
        const struct image *image = watched[i];

        if (image != NULL && at >= image->base && at < image->base + image->size - FORM_SIZE)
            return 1;
    }
    return 0;
}

/* Rax to R15 stand in the context in the order of their numbers. */
static LONG CALLBACK on_fault(PEXCEPTION_POINTERS pointers)
{
    CONTEXT *context = pointers->ContextRecord;
    const BYTE *code = (const BYTE *)context->Rip;
    unsigned number;
    DWORD offset;

    if (pointers->ExceptionRecord->ExceptionCode != EXCEPTION_ACCESS_VIOLATION ||
        !is_inside(code))
        return EXCEPTION_CONTINUE_SEARCH;
    if (code[0] != 0x65 || (code[1] & 0xfb) != 0x48 || code[2] != 0x8b ||
        (code[3] & 0xc7) != 0x04 || code[4] != 0x25)
        return EXCEPTION_CONTINUE_SEARCH;
    memcpy(&offset, code + 5, sizeof(offset));
    if (offset > BLOCK_SIZE - 8)
        return EXCEPTION_CONTINUE_SEARCH;
    number = (code[3] >> 3 & 7) | (code[1] & 4) << 1;
    memcpy((BYTE *)&context->Rax + 8 * number, (const BYTE *)NtCurrentTeb() + offset, 8);
    context->Rip += FORM_SIZE;
    return EXCEPTION_CONTINUE_EXECUTION;
}

int teb_watch(const struct image *image)
{
    if (handler == NULL)
        handler = AddVectoredExceptionHandler(1, on_fault);
    for (int i = 0; i < MAX_WATCHED && handler != NULL; i++)
        if (watched[i] == NULL) {
            watched[i] = image;
            n_watched++;
            return 1;
        }
    return 0;
}

void teb_unwatch(const struct image *image)
{
    for (int i = 0; i < MAX_WATCHED; i++)
        if (watched[i] == image) {
            watched[i] = NULL;
            n_watched--;
        }
    if (n_watched == 0 && handler != NULL) {
        RemoveVectoredExceptionHandler(handler);
        handler = NULL;
    }
}
