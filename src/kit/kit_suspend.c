/* SuspendThread and its kin: threads stopped, looked at, changed and ended by others.
 *
 * Terms   hold = a thread is parked and stays so until its count is released (kit_stop.h).
 * I1      Each suspension of the program's is one of the thread's count; the calls here that look
 *         at a thread, or end it, add one of theirs for as long as they take.
 * I2      `context` of a thread is read and written while it is held.
 * Locking: none is held while a thread is waited for.   Failure: the thread runs as before.
 * Signal safety: none. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kit/kit_stop.h"

#define MOST 127 /* suspensions that a program may nest */

static struct wvm_kit_thread *thread_of(HANDLE h, uint32_t rights)
{
    return wvm_kit_object_of(h, &wvm_kit_thread_kind, rights);
}

DWORD wvm_kit_SuspendThread(HANDLE h)
{
    struct wvm_kit_thread *t = thread_of(h, THREAD_SUSPEND_RESUME);
    uint32_t before = 0;
    bool held = false;
    if (!t)
        return (DWORD)-1;
    if (t != wvm_kit_self_known) {
        held = wvm_kit_stop_hold(t, MOST, &before);
    } else if (wvm_kit_stop_ready() && wvm_kit_stop_add(t, MOST, &before)) {
        held = true;
        while (wvm_kit_stop_oneself() &&
               __atomic_load_n(&t->suspended, __ATOMIC_ACQUIRE) & WVM_KIT_COUNT)
            ; /* the handler returns when it is resumed */
    }
    wvm_kit_drop(&t->object);
    return held ? before : (DWORD)-1;
}

bool (*wvm_kit_resume_child)(HANDLE thread, DWORD *before);

/* A handle that is no thread's of this process. */
static DWORD resume_child(HANDLE h)
{
    DWORD before, error = GetLastError();
    bool (*resume)(HANDLE, DWORD *) = __atomic_load_n(&wvm_kit_resume_child, __ATOMIC_ACQUIRE);
    if (resume && resume(h, &before))
        return before;
    wvm_kit_fail(error);
    return (DWORD)-1;
}

DWORD wvm_kit_ResumeThread(HANDLE h)
{
    struct wvm_kit_thread *t = thread_of(h, THREAD_SUSPEND_RESUME);
    uint32_t before;
    if (!t)
        return resume_child(h);
    before = wvm_kit_stop_release(t);
    wvm_kit_drop(&t->object);
    return before;
}

/* What OpenThread says of a number that is no thread of this process. */
static DWORD stranger(uint32_t tid)
{
    bool exists = tid != 0 && tid <= INT_MAX && (kill((pid_t)tid, 0) == 0 || errno == EPERM);
    return exists ? ERROR_ACCESS_DENIED : ERROR_INVALID_PARAMETER;
}

/* A thread that the kit has not seen yet gets its record. Held. */
static struct wvm_kit_thread *introduce(uint32_t tid)
{
    int saved = errno;
    bool ours = tid != 0 && tid <= INT_MAX && syscall(SYS_tgkill, getpid(), tid, 0) == 0;
    DWORD error = ours ? ERROR_NOT_ENOUGH_MEMORY : stranger(tid);
    errno = saved;
    struct wvm_kit_thread *t = ours && wvm_kit_stop_ready() ? wvm_kit_thread_give(tid) : NULL;
    if (t && !wvm_kit_stop_meet(t)) {
        wvm_kit_thread_take_back(t);
        error = ERROR_ACCESS_DENIED;
        t = NULL;
    }
    if (!t)
        wvm_kit_fail(error);
    return t;
}

HANDLE wvm_kit_OpenThread(DWORD access, BOOL inherit, DWORD tid)
{
    UNREFERENCED_PARAMETER(inherit);
    struct wvm_kit_thread *t = NULL;
    if (tid == wvm_kit_tid() && (t = wvm_kit_self()) != NULL)
        winvm_object_hold(&t->object.head);
    else
        t = wvm_kit_thread_find(tid);
    if (!t)
        t = introduce(tid);
    return t ? wvm_kit_handle(&t->object, access) : NULL;
}

/* ---- registers ---- */

static bool has(DWORD flags, DWORD part)
{
    return (flags & part) == part;
}

/* The parts that `to` names. */
static void copy_parts(CONTEXT *to, const CONTEXT *from)
{
    DWORD flags = to->ContextFlags;
    CONTEXT all = *from;
    all.ContextFlags = flags;
#define TAKE(first, last) \
    memcpy(&to->first, &all.first, (size_t)((char *)(&all.last + 1) - (char *)&all.first))
#if defined(__x86_64__)
    if (has(flags, CONTEXT_CONTROL)) {
        TAKE(SegCs, SegCs);
        TAKE(SegSs, EFlags);
        TAKE(Rsp, Rsp);
        TAKE(Rip, Rip);
    }
    if (has(flags, CONTEXT_INTEGER)) {
        TAKE(Rax, Rbx);
        TAKE(Rbp, R15);
    }
    if (has(flags, CONTEXT_SEGMENTS))
        TAKE(SegDs, SegGs);
    if (has(flags, CONTEXT_FLOATING_POINT)) {
        TAKE(MxCsr, MxCsr);
        TAKE(FltSave, FltSave);
    }
#else
    if (has(flags, CONTEXT_CONTROL))
        TAKE(Ebp, SegSs);
    if (has(flags, CONTEXT_INTEGER))
        TAKE(Edi, Eax);
    if (has(flags, CONTEXT_SEGMENTS))
        TAKE(SegGs, SegDs);
    if (has(flags, CONTEXT_FLOATING_POINT))
        TAKE(FloatSave, FloatSave);
    if (has(flags, CONTEXT_EXTENDED_REGISTERS))
        TAKE(ExtendedRegisters, ExtendedRegisters);
#endif
    if (has(flags, CONTEXT_DEBUG_REGISTERS))
        TAKE(Dr0, Dr7);
#undef TAKE
}

BOOL wvm_kit_GetThreadContext(HANDLE h, LPCONTEXT context)
{
    struct wvm_kit_thread *t = thread_of(h, THREAD_GET_CONTEXT);
    CONTEXT now;
    uint32_t before;
    bool got = false;
    if (!t)
        return FALSE;
    if (t == wvm_kit_self_known) {
        RtlCaptureContext(&now);
        got = true;
    } else if (wvm_kit_stop_hold(t, WVM_KIT_COUNT, &before)) {
        winvm_context_load(&now, t->context);
        wvm_kit_stop_release(t);
        got = true;
    }
    if (got)
        copy_parts(context, &now);
    wvm_kit_drop(&t->object);
    return got;
}

BOOL wvm_kit_SetThreadContext(HANDLE h, const CONTEXT *context)
{
    struct wvm_kit_thread *t = thread_of(h, THREAD_SET_CONTEXT);
    CONTEXT next;
    uint32_t before;
    bool set = false;
    if (!t)
        return FALSE;
    memcpy(&next, context, sizeof next);
    bool mine = t == wvm_kit_self_known;
    if (mine) {
        wvm_kit_drop(&t->object); /* the thread may not come back here */
        if (!wvm_kit_stop_ready())
            return FALSE;
        wvm_kit_stop_next = &next;
        wvm_kit_stop_oneself();
        set = wvm_kit_stop_next == NULL;
        wvm_kit_stop_next = NULL;
        return set || wvm_kit_fail(ERROR_TIMEOUT);
    }
    if (wvm_kit_stop_hold(t, WVM_KIT_COUNT, &before)) {
        if (has(next.ContextFlags, CONTEXT_CONTROL))
            wvm_kit_wait_abandon(t); /* it may not come back to it */
        winvm_context_store(&next, t->context);
        wvm_kit_stop_release(t);
        set = true;
    }
    wvm_kit_drop(&t->object);
    return set;
}

/* ---- the end ---- */

static bool has_ended(const struct wvm_kit_thread *t)
{
    return __atomic_load_n(&t->suspended, __ATOMIC_ACQUIRE) & WVM_KIT_ENDED;
}

static bool kill_thread(struct wvm_kit_thread *t, DWORD code)
{
    uint32_t before;
    if (!wvm_kit_stop_hold(t, WVM_KIT_COUNT, &before))
        return false;
    t->exit_code = code;
    __atomic_or_fetch(&t->suspended, WVM_KIT_KILLED, __ATOMIC_RELEASE);
    wvm_kit_unpark(&t->suspended, INT_MAX);
    for (uint32_t w; !has_ended(t);) {
        w = __atomic_load_n(&t->suspended, __ATOMIC_ACQUIRE);
        if (!(w & WVM_KIT_ENDED))
            wvm_kit_park(&t->suspended, w, WVM_KIT_NEVER);
    }
    return true;
}

BOOL wvm_kit_TerminateThread(HANDLE h, DWORD code)
{
    struct wvm_kit_thread *t = thread_of(h, THREAD_TERMINATE);
    if (!t)
        return FALSE;
    if (t == wvm_kit_self_known) {
        wvm_kit_drop(&t->object);
        wvm_kit_ExitThread(code);
    }
    bool killed = kill_thread(t, code);
    wvm_kit_drop(&t->object);
    return killed;
}

#define WVM_KIT_SUSPEND
#include "kit/kit_entry.h"
