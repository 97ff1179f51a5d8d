/* The calls of the API, by pointer or by handle. */
#include "model.h"

/* The step's address as its call names it, and back. */
void *address_of(const struct step *s)
{
    return (void *)((uintptr_t)window->start + s->at -
                    (s->by_handle ? (uintptr_t)window->base : 0));
}

char *pointer_of(const struct step *s, const void *address)
{
    return (char *)((uintptr_t)address + (address && s->by_handle ? (uintptr_t)window->base : 0));
}

void *call_alloc_at(const struct step *s, void *at)
{
    HANDLE space = s->by_handle ? window->space : NULL;
    DWORD flag = s->kind == STEP_REPLACE ? MEM_REPLACE_PLACEHOLDER : MEM_RESERVE_PLACEHOLDER;
    if (s->kind == STEP_REPLACE || s->kind == STEP_PLACEHOLDER)
        return VirtualAlloc2(space, at, s->size, s->type | flag, s->prot, NULL, 0);
    return s->by_handle ? VirtualAllocEx(space, at, s->size, s->type, s->prot)
                        : VirtualAlloc(at, s->size, s->type, s->prot);
}

bool call_free(const struct step *s)
{
    return s->by_handle ? VirtualFreeEx(window->space, address_of(s), s->size, s->type)
                        : VirtualFree(address_of(s), s->size, s->type);
}

bool call_protect(const struct step *s, DWORD *old)
{
    return s->by_handle ? VirtualProtectEx(window->space, address_of(s), s->size, s->prot, old)
                        : VirtualProtect(address_of(s), s->size, s->prot, old);
}

bool call_lock(const struct step *s)
{
    bool unlock = s->kind == STEP_UNLOCK;
    PVOID at = address_of(s);
    SIZE_T size = s->size;
    if (!s->by_handle)
        return unlock ? VirtualUnlock(at, size) : VirtualLock(at, size);
    NTSTATUS status = unlock ? NtUnlockVirtualMemory(window->space, &at, &size, MAP_PROCESS)
                             : NtLockVirtualMemory(window->space, &at, &size, MAP_PROCESS);
    if (status < 0)
        SetLastError(RtlNtStatusToDosError(status));
    return status >= 0;
}

bool write_word(const struct step *s, unsigned page, uint64_t word)
{
    struct step at = *s;
    at.at = page * PAGE;
    return s->by_handle
               ? WriteProcessMemory(window->space, address_of(&at), &word, sizeof word, NULL)
               : copy_page(true, page, &word);
}
