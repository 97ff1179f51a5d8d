/* The children of CreateProcess, and what they ended with, for as long as somebody may ask.
 *
 * I1  A child is marked as over before the host is told to forget it: while it is not, its number
 *     is no other process's.
 * I2  A child that is over stays in the ring while the handle that CreateProcess gave is open, and
 *     for the next KEPT children.
 * Locking: `lock`, a leaf.   Failure: nothing changed.   Signal safety: none. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit/kit_child.h"
#include "kit/kit_spawn.h"

#define KEPT 256u
#define BY_SIGNAL 128u

static struct wvm_kit_lock lock;
static struct wvm_kit_links ring = {&ring, &ring};
static unsigned n_over;

static bool is_same(const struct winvm_awaited *a, const struct winvm_awaited *b)
{
    return a->kind == b->kind && a->number == b->number && a->start == b->start;
}

static bool has_handle(const struct wvm_kit_child *child)
{
    struct winvm_awaited what;
    return winvm_awaited_get(child->handle, 0, &what) == 0 && is_same(&what, &child->what);
}

/* Under the lock. */
static void forget_old(void)
{
    for (struct wvm_kit_links *l = ring.next, *next; n_over > KEPT && l != &ring; l = next) {
        struct wvm_kit_child *child = WVM_KIT_CONTAINER(l, struct wvm_kit_child, on);
        next = l->next;
        if (!child->is_over || has_handle(child))
            continue;
        wvm_kit_unlink(l);
        if (child->holder >= 0)
            close(child->holder);
        free(child);
        n_over--;
    }
}

void wvm_kit_child_add(struct wvm_kit_child *child)
{
    wvm_kit_lock(&lock);
    forget_old();
    wvm_kit_link(&ring, &child->on);
    wvm_kit_unlock(&lock);
}

static DWORD code_of(const struct wvm_kit_child *child, const siginfo_t *info)
{
    if (info->si_code == CLD_EXITED)
        return (DWORD)info->si_status;
    return child->is_told && info->si_status == SIGKILL ? child->told
                                                        : BY_SIGNAL + (DWORD)info->si_status;
}

/* Under the lock. */
static void mark_over(struct wvm_kit_child *child, const siginfo_t *info)
{
    if (child->is_over)
        return;
    child->is_over = true;
    child->is_known = info != NULL;
    if (info)
        child->code = code_of(child, info);
    n_over++;
}

void wvm_kit_child_over(struct wvm_kit_child *child, const siginfo_t *info)
{
    wvm_kit_lock(&lock);
    mark_over(child, info);
    wvm_kit_unlock(&lock);
}

/* Under the lock. */
static struct wvm_kit_child *find(const struct winvm_awaited *what)
{
    for (struct wvm_kit_links *l = ring.prev; l != &ring; l = l->prev) {
        struct wvm_kit_child *child = WVM_KIT_CONTAINER(l, struct wvm_kit_child, on);
        if (is_same(&child->what, what))
            return child;
    }
    return NULL;
}

bool wvm_kit_child_code(const struct winvm_awaited *what, DWORD *code)
{
    wvm_kit_lock(&lock);
    struct wvm_kit_child *child = find(what);
    siginfo_t info = {.si_pid = 0};
    if (child && !child->is_over && /* its waiter has not come to it */
        waitid(P_PID, what->number, &info, WEXITED | WNOWAIT | WNOHANG) == 0 && info.si_pid != 0)
        mark_over(child, &info);
    bool known = child && child->is_known;
    if (known)
        *code = child->code;
    wvm_kit_unlock(&lock);
    return known;
}

bool wvm_kit_child_kill(const struct winvm_awaited *what, DWORD code)
{
    wvm_kit_lock(&lock);
    struct wvm_kit_child *child = find(what);
    bool killed = child && !child->is_over && !winvm_awaited_is_over(what);
    if (killed && !child->is_told) {
        child->is_told = true;
        child->told = code;
    }
    killed = killed && kill((pid_t)what->number, SIGKILL) == 0;
    wvm_kit_unlock(&lock);
    return killed;
}

/* Under the lock. */
static void let_go(struct wvm_kit_child *child)
{
    if (child->holder >= 0)
        wvm_kit_hold_end(child->holder);
    else
        kill((pid_t)child->what.number, SIGCONT);
    child->holder = -1;
}

bool wvm_kit_child_resume(HANDLE thread, DWORD *before)
{
    struct winvm_awaited what;
    if (winvm_awaited_get(thread, 0, &what) != 0)
        return false;
    wvm_kit_lock(&lock);
    struct wvm_kit_child *child = find(&what);
    bool is_one = child && child->thread == thread;
    bool stands = is_one && !child->is_over && !child->is_let_go;
    if (stands) {
        child->is_let_go = true;
        let_go(child);
    }
    wvm_kit_unlock(&lock);
    *before = stands;
    return is_one;
}
