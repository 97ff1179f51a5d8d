/* The loops of loops.h in C. */
#include "loops.h"

const struct plain *plain_last(const char *base, const struct plain *p)
{
    const struct plain *next;
    (void)base;
    while ((next = p->next) != 0)
        p = next;
    return p;
}

uint32_t space_last(const char *base, uint32_t p)
{
    node32 at = {p}, next;
    while (next = WINVM_DEREF32(base, at).next, !WINVM_PTR32_IS_NULL(next))
        at = next;
    return at.off;
}

uint32_t plain_sum(const char *base, const struct plain *p)
{
    uint32_t sum = 0;
    (void)base;
    for (; p; p = p->next)
        sum += p->value;
    return sum;
}

uint32_t space_sum(const char *base, const struct node *p)
{
    uint32_t sum = 0;
    for (; p; p = WINVM_PTR32_GET_OR_NULL(base, p->next))
        sum += p->value;
    return sum;
}

uint32_t plain_gather(const char *base, struct plain *const *p, uint32_t n)
{
    uint32_t sum = 0;
    (void)base;
    for (uint32_t i = 0; i < n; i++)
        sum += p[i]->value;
    return sum;
}

uint32_t space_gather(const char *base, const node32 *p, uint32_t n)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += WINVM_DEREF32(base, p[i]).value;
    return sum;
}

void plain_chain(const char *base, struct plain *p, struct plain *const *node, uint32_t n)
{
    (void)base;
    for (uint32_t i = 0; i < n; i++) {
        p->next = node[i];
        p = node[i];
    }
}

void space_chain(const char *base, struct node *p, struct node *const *node, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        WINVM_PTR32_SET(base, p->next, node[i]);
        p = node[i];
    }
}
