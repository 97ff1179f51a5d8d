/* The loops of loops.h in C++: space_last with a base that is a variable of the program, the others
 * with one that is told. The plain ones are those of loops.c. */
#include "loops.h"

struct guest;
typedef winvm::static_base<guest> guest_base;
struct known {
    winvm::ptr32<known, guest_base> next;
    uint32_t value;
};

uint32_t space_last(const char *, uint32_t p)
{
    auto at = winvm::ptr32<known, guest_base>::from_offset(p);
    while (auto next = at->next)
        at = next;
    return at.offset();
}

uint32_t space_sum(const char *base, const struct node *p)
{
    uint32_t sum = 0;
    for (; p; p = p->next.get_or_null(base))
        sum += p->value;
    return sum;
}

uint32_t space_gather(const char *base, const node32 *p, uint32_t n)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += p[i].get(base)->value;
    return sum;
}

void space_chain(const char *base, struct node *p, struct node *const *node, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        p->next.set(base, node[i]);
        p = node[i];
    }
}
