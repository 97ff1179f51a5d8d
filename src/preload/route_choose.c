/* The choices of shared names.
 *
 * I1  A choice touches no memory of the caller but by copies that cannot fault, and calls nothing
 *     of next's but what the name is about.
 * I2  A route's next only becomes known; it never changes after that.
 * Locking: none.   Failure: own answers.   Signal safety: as far as next is. */
#include "preload/route_choose.h"

#include <stdbool.h>

#include "api/module.h"
#include "api/status_map.h"
#include "nt/nt.h"
#include "nt/nt_handle.h"
#include "preload/kit_route.h"

static void *next_or_own(const struct wvm_route *route)
{
    return route->next != NULL ? route->next : route->own;
}

void *wvm_choose_next(const struct wvm_route *route, struct route_regs *regs)
{
    (void)regs;
    return next_or_own(route);
}

void *wvm_choose_by_handle(const struct wvm_route *route, struct route_regs *regs)
{
    return wvm_handle_is_ours((HANDLE)ARG(regs, 0)) ? route->own : next_or_own(route);
}

void *wvm_choose_by_second(const struct wvm_route *route, struct route_regs *regs)
{
    return wvm_handle_is_ours((HANDLE)ARG(regs, 1)) ? route->own : next_or_own(route);
}

/* One of ours and one that is not are two objects: ours to say. */
void *wvm_choose_by_either(const struct wvm_route *route, struct route_regs *regs)
{
    return wvm_handle_is_ours((HANDLE)ARG(regs, 1)) ? route->own
                                                    : wvm_choose_by_handle(route, regs);
}

void *wvm_choose_by_access(const struct wvm_route *route, struct route_regs *regs)
{
    const uint32_t memory = PROCESS_VM_OPERATION | PROCESS_VM_READ | PROCESS_VM_WRITE;
    const uint32_t query = PROCESS_QUERY_INFORMATION | PROCESS_QUERY_LIMITED_INFORMATION;
    uint32_t access = (uint32_t)ARG(regs, 0);
    return (access & memory) != 0 && (access & ~(memory | query)) == 0 ? route->own
                                                                      : next_or_own(route);
}

/* Does winvm's memory have something at this address? */
static bool is_ours_at(uintptr_t addr)
{
    struct wvm_region r;
    return addr < wvm_nt_host_top() && wvm_nt_region_at(addr, &r) >= 0 &&
           r.type != WVM_TYPE_FREE && !(r.flags & WVM_ALLOC_FOREIGN);
}

void *wvm_choose_by_view(const struct wvm_route *route, struct route_regs *regs)
{
    return route->next == NULL || is_ours_at(ARG(regs, 0)) ? route->own : route->next;
}

/* The first argument is a process. */
void *wvm_choose_by_second_view(const struct wvm_route *route, struct route_regs *regs)
{
    bool ours = wvm_handle_is_ours((HANDLE)ARG(regs, 0)) || is_ours_at(ARG(regs, 1));
    return route->next == NULL || ours ? route->own : route->next;
}

void *wvm_choose_mapping(const struct wvm_route *route, struct route_regs *regs)
{
    HANDLE file = (HANDLE)ARG(regs, 0);
    return file == INVALID_HANDLE_VALUE || wvm_handle_is_ours(file) ? route->own
                                                                    : next_or_own(route);
}

void *wvm_choose_own(const struct wvm_route *route, struct route_regs *regs)
{
    (void)regs;
    return route->own;
}

/* Our module's name: next is asked for its module, which stands for ours from then on. */
static void *choose_module(const struct wvm_route *route, struct route_regs *regs, HMODULE ours)
{
    if (ours == NULL || route->next == NULL)
        return ours != NULL ? route->own : next_or_own(route);
    HMODULE theirs = (HMODULE)(uintptr_t)wvm_route_either(route->next, ARG(regs, 0), 0);
    if (theirs == NULL || !wvm_module_adopt(theirs, ours))
        return route->own;
    regs->result = (uintptr_t)theirs;
    return (void *)wvm_route_return;
}

void *wvm_choose_module_a(const struct wvm_route *route, struct route_regs *regs)
{
    return choose_module(route, regs, wvm_module_find_a((LPCSTR)ARG(regs, 0)));
}

void *wvm_choose_module_w(const struct wvm_route *route, struct route_regs *regs)
{
    return choose_module(route, regs, wvm_module_find_w((LPCWSTR)ARG(regs, 0)));
}

/* A shared name of an adopted module: the layer's own function, which need not be a symbol, is next
 * for that name from now on. */
static void learn_next(const struct wvm_route *route, struct route_regs *regs, const char *name)
{
    struct wvm_route *wanted = wvm_route_of(name);
    if (wanted == NULL || route->next == NULL ||
        __atomic_load_n(&wanted->next, __ATOMIC_RELAXED) != NULL)
        return;
    wvm_route_word theirs = wvm_route_either(route->next, ARG(regs, 0), ARG(regs, 1));
    wvm_route_learn(wanted, (void *)(uintptr_t)theirs);
}

/* A name of the kit: the function that the program's calls reach, which may not be a symbol. */
static void *kit_function(const struct wvm_route *route, struct route_regs *regs, const char *name)
{
    bool is_shared = false;
    void *exported = wvm_kit_route_exported(name, &is_shared), *theirs = NULL;
    if (!is_shared && route->next != NULL && wvm_module_is_adopted((HMODULE)ARG(regs, 0)))
        theirs = (void *)(uintptr_t)wvm_route_either(route->next, ARG(regs, 0), ARG(regs, 1));
    return theirs != NULL ? theirs : exported;
}

void *wvm_choose_function(const struct wvm_route *route, struct route_regs *regs)
{
    char extra[WVM_NAME_CAP];
    HMODULE module = (HMODULE)ARG(regs, 0);
    if (wvm_module_extra(module, (LPCSTR)ARG(regs, 1), extra)) {
        regs->result = (uintptr_t)kit_function(route, regs, extra);
        return regs->result != 0 ? (void *)wvm_route_return_2 : route->own;
    }
    if (!wvm_module_is_adopted(module))
        return wvm_module_is_ours(module) ? route->own : next_or_own(route);
    const char *name = wvm_module_exported(module, (LPCSTR)ARG(regs, 1));
    if (name == NULL)
        return next_or_own(route);
    learn_next(route, regs, name);
    return route->own;
}

void *wvm_choose_free(const struct wvm_route *route, struct route_regs *regs)
{
    HMODULE module = (HMODULE)ARG(regs, 0);
    return wvm_module_is_ours(module) && !wvm_module_is_adopted(module) ? route->own
                                                                       : next_or_own(route);
}

void *wvm_choose_by_status(const struct wvm_route *route, struct route_regs *regs)
{
    uint32_t status = (uint32_t)ARG(regs, 0);
    return wvm_status_to_error(status) != ERROR_MR_MID_NOT_FOUND ? route->own : next_or_own(route);
}
