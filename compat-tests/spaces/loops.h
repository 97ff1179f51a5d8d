/* The loops whose machine code disassembly.sh compares: each once with plain pointers (plain_) and
 * once with 32-bit ones (space_). The data is the same, so what is more in the second is the
 * conversion's. Every iteration makes one conversion. */
#ifndef LOOPS_H
#define LOOPS_H

#include <stdint.h>

#include <winvm/space.h>

struct plain {
    struct plain *next;
    uint32_t value;
};

struct node;
typedef WINVM_PTR32(struct node) node32;
struct node {
    node32 next;
    uint32_t value;
};

WINVM_BEGIN_DECLS
/* Follows links to the end: what is carried from node to node is the 32-bit pointer. */
const struct plain *plain_last(const char *base, const struct plain *p);
uint32_t space_last(const char *base, uint32_t p);
/* The same with a pointer to the node, whose fields are read. */
uint32_t plain_sum(const char *base, const struct plain *p);
uint32_t space_sum(const char *base, const struct node *p);
/* Reads what an array of pointers points to: the conversion is the address of the access. */
uint32_t plain_gather(const char *base, struct plain *const *p, uint32_t n);
uint32_t space_gather(const char *base, const node32 *p, uint32_t n);
/* Stores links to nodes that are known by pointers: the conversion the other way. */
void plain_chain(const char *base, struct plain *p, struct plain *const *node, uint32_t n);
void space_chain(const char *base, struct node *p, struct node *const *node, uint32_t n);
WINVM_END_DECLS

#endif
