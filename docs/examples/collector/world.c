/* The threads whose stacks and registers may point to objects. */
#include <windows.h>
#include <string.h>
#include "gc.h"

enum { N_THREADS = 16 };
struct thread {
    HANDLE handle;                  /* NULL: a free place */
    DWORD id;
    NT_TIB *block;
};
static struct thread threads[N_THREADS];

static struct thread *place_of(DWORD id)
{
    struct thread *thread = threads;
    while (thread->handle ? thread->id != id : id != 0)
        thread++;
    return thread;
}

void world_join(void)
{
    struct thread *thread = place_of(0);
    DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(), &thread->handle,
                    0, FALSE, DUPLICATE_SAME_ACCESS);
    thread->id = GetCurrentThreadId();
    thread->block = (NT_TIB *)NtCurrentTeb();
}

void world_leave(void)
{
    struct thread *thread = place_of(GetCurrentThreadId());
    CloseHandle(thread->handle);
    thread->handle = NULL;
}

static int is_other(const struct thread *thread)
{
    return thread->handle && thread->id != GetCurrentThreadId();
}

void world_stop(void)
{
    int i;
    for (i = 0; i < N_THREADS; i++) {
        if (is_other(&threads[i]))
            SuspendThread(threads[i].handle);
    }
}

void world_go(void)
{
    int i;
    for (i = 0; i < N_THREADS; i++) {
        if (is_other(&threads[i]))
            ResumeThread(threads[i].handle);
    }
}

static char *top_of(const CONTEXT *context)
{
#if defined(_WIN64)
    return (char *)(ULONG_PTR)context->Rsp;
#else
    return (char *)(ULONG_PTR)context->Esp;
#endif
}

void world_scan(void (*scan)(const char *from, const char *end))
{
    CONTEXT context;
    int i;
    for (i = 0; i < N_THREADS; i++) {
        memset(&context, 0, sizeof context);
        context.ContextFlags = CONTEXT_CONTROL | CONTEXT_INTEGER;
        if (is_other(&threads[i]) && !GetThreadContext(threads[i].handle, &context))
            continue;
        if (!threads[i].handle)
            continue;
        if (!is_other(&threads[i]))
            RtlCaptureContext(&context);
        scan((char *)&context, (char *)(&context + 1));
        scan(top_of(&context), threads[i].block->StackBase);
    }
}
