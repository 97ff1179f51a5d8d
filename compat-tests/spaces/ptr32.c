/* 32-bit pointers in C: the conversions, their variants and the typed pointers, over two windows of
 * plain memory. Exit status 0: all is right. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <winvm/space.h>

struct node;
typedef WINVM_PTR32(struct node) node32;
struct node {
    node32 next;
    WINVM_PTR32(const char) name;
    WINVM_PTR32(void) any;
    unsigned char byte;
};

#define AT 0x20000u

static int failed;

static void expect(int pass, const char *what, int line)
{
    if (!pass) {
        printf("# ptr32.c:%d: %s\n", line, what);
        failed = 1;
    }
}
#define EXPECT(e) expect((e) != 0, #e, __LINE__)

/* Address 0 of 4 GiB of which the lowest 16 MiB are memory, at a multiple of 4 GiB. */
static char *window(void)
{
    uintptr_t size = (uintptr_t)((uint64_t)1 << 32); /* 0 with 32-bit pointers: no window */
    char *at = (char *)mmap(NULL, 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                            -1, 0);
    if (at == (char *)MAP_FAILED)
        return NULL;
    at = (char *)(((uintptr_t)at + size - 1) & ~(size - 1));
    return mprotect(at, 16 << 20, PROT_READ | PROT_WRITE) == 0 ? at : NULL;
}

static void convert(char *base)
{
    char *p = base + AT;
    EXPECT(winvm_ptr32_to_ptr(base, AT) == p);
    EXPECT(winvm_ptr32_to_ptr(base, 0xFFFFFFFF) == base + 0xFFFFFFFF);
    EXPECT(winvm_ptr32_to_ptr(base, 0) == base);
    EXPECT(winvm_ptr32_to_ptr_or_null(base, AT) == p);
    EXPECT(winvm_ptr32_to_ptr_or_null(base, 0) == NULL);
    EXPECT(winvm_ptr_to_ptr32(base, p) == AT);
    EXPECT(winvm_ptr_to_ptr32(base, base + 0xFFFFFFFF) == 0xFFFFFFFF);
    EXPECT(winvm_ptr_to_ptr32(base, NULL) == 0);
}

static void check(char *base)
{
    static const uint64_t limits[] = {0x10000, 0xF0000, 0x7FFF0000, 0xFFFF0000};
    for (unsigned i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        uint64_t limit = limits[i];
        uint32_t top = (uint32_t)limit;
        EXPECT(winvm_ptr32_check(limit, 0x10000, limit - 0x10000));
        EXPECT(!winvm_ptr32_check(limit, 0x10000, limit - 0xFFFF));
        EXPECT(winvm_ptr32_check(limit, top, 0));
        EXPECT(!winvm_ptr32_check(limit, top, 1));
        EXPECT(!winvm_ptr32_check(limit, top + 1, 0));
        EXPECT(!winvm_ptr32_check(limit, 0xFFFFFFFF, 0));
        EXPECT(!winvm_ptr32_check(limit, 0xFFFFFFFF, 1));
        EXPECT(!winvm_ptr32_check(limit, 0, 1) && !winvm_ptr32_check(limit, 0xFFFF, 0));
        EXPECT(!winvm_ptr32_check(limit, 0x10000, UINT64_MAX));
        EXPECT(!winvm_ptr32_check(limit, 0x10000, UINT64_MAX - 0xFFFF));
        EXPECT(winvm_ptr32_to_ptr_checked(base, limit, top, 0) == base + limit);
        EXPECT(winvm_ptr32_to_ptr_checked(base, limit, top, 1) == NULL);
        EXPECT(winvm_ptr_to_ptr32_checked(base, limit, base + limit, 0) == top);
        EXPECT(winvm_ptr_to_ptr32_checked(base, limit, base + limit, 1) == 0);
        EXPECT(winvm_ptr_to_ptr32_checked(base, limit, base + limit - 1, 1) ==
               (limit == 0x10000 ? 0 : top - 1));
    }
    EXPECT(winvm_ptr_to_ptr32_checked(base, 0xFFFF0000, base - 1, 1) == 0);
    EXPECT(winvm_ptr_to_ptr32_checked(base, 0xFFFF0000, NULL, 1) == 0);
    EXPECT(winvm_ptr_to_ptr32_checked(base, 0xFFFF0000, base + ((uint64_t)1 << 32) + AT, 1) == 0);
}

static void link_nodes(char *base)
{
    struct node *a = (struct node *)(base + AT), *b = a + 1;
    char *name = base + AT + 0x100;
    node32 first;
    strcpy(name, "second");
    WINVM_PTR32_SET(base, first, a);
    WINVM_PTR32_SET(base, a->next, b);
    WINVM_PTR32_SET(base, a->name, NULL);
    WINVM_PTR32_SET(base, b->next, NULL);
    WINVM_PTR32_SET(base, b->name, name);
    WINVM_PTR32_SET(base, b->any, a);
    EXPECT(first.off == AT && a->next.off == AT + sizeof(struct node));
    EXPECT(WINVM_PTR32_GET(base, a->next) == b);
    EXPECT(WINVM_PTR32_GET_OR_NULL(base, a->next) == b);
    EXPECT(WINVM_PTR32_GET_OR_NULL(base, b->next) == NULL);
    EXPECT(WINVM_PTR32_IS_NULL(a->name) && WINVM_PTR32_IS_NULL(b->next));
    EXPECT(!WINVM_PTR32_IS_NULL(b->any));
    EXPECT((struct node *)WINVM_PTR32_GET(base, b->any) == a);
    WINVM_DEREF32(base, WINVM_DEREF32(base, first).next).byte = 7;
    EXPECT(b->byte == 7);
    EXPECT(strcmp(&WINVM_DEREF32(base, b->name), "second") == 0);
    first = b->next;
    EXPECT(first.off == 0);
}

/* Each argument of the macros is evaluated once. */
static void evaluate_once(char *base)
{
    node32 links[2] = {{0}, {0}}, *at = links;
    struct node *a = (struct node *)(base + AT), *p = a;
    WINVM_PTR32_SET(base, *at++, p++);
    EXPECT(at == links + 1 && p == a + 1 && links[0].off == AT && links[1].off == 0);
    at = links;
    EXPECT(WINVM_PTR32_GET(base, *at++) == a && at == links + 1);
    at = links;
    EXPECT(WINVM_PTR32_GET_OR_NULL(base, *at++) == a && at == links + 1);
}

int main(void)
{
    char *base = window(), *other = window();
    if (sizeof(node32) != 4 || sizeof(struct node) != 16 || __alignof__(node32) != 4 ||
        __builtin_offsetof(struct node, byte) != 12) {
        printf("# ptr32.c: the layout\n");
        failed = 1;
    }
    if (!base || !other)
        return 77;
    convert(base);
    check(base);
    link_nodes(base);
    evaluate_once(base);
    memcpy(other + AT, base + AT, 0x1000);
    link_nodes(other);
    EXPECT(memcmp(other + AT, base + AT, 0x1000) == 0);
    return failed;
}
