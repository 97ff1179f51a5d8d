/* Bug checks in words: their names, and what their parameters mean.
 *
 * Owns     constant tables.
 * Terms    selector = the parameter whose value says what the others are; sub-code = that value.
 * I1       The meanings are those of the public documentation of each code; where it calls a
 *          parameter reserved the text is NULL.
 * I2       The first character of a meaning says how the value is shown: '@' address of a block,
 *          '\'' tag, '#' number, '^' pool type, '~' kind of access, '!' address of code; any other:
 *          as it is.
 * Locking  none.   Failure: a code that nobody knows has no name.   Signal safety: all. */
#include "nt/nt_bugcheck_names.h"

#include "base/arith.h"

enum { BY_FIRST = 0, BY_LAST = 3 };

static const struct name {
    uint32_t code;
    const char *name;
} names[] = {
    {0x09, "IRQL_NOT_GREATER_OR_EQUAL"},
    {0x0A, "IRQL_NOT_LESS_OR_EQUAL"},
    {0x19, "BAD_POOL_HEADER"},
    {0x1A, "MEMORY_MANAGEMENT"},
    {0x1E, "KMODE_EXCEPTION_NOT_HANDLED"},
    {0x41, "MUST_SUCCEED_POOL_EMPTY"},
    {0x50, "PAGE_FAULT_IN_NONPAGED_AREA"},
    {0x7E, "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED"},
    {0xC1, "SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION"},
    {0xC2, "BAD_POOL_CALLER"},
    {0xC4, "DRIVER_VERIFIER_DETECTED_VIOLATION"},
    {0xC5, "DRIVER_CORRUPTED_EXPOOL"},
    {0xCC, "PAGE_FAULT_IN_FREED_SPECIAL_POOL"},
    {0xCD, "PAGE_FAULT_BEYOND_END_OF_ALLOCATION"},
    {0xD0, "DRIVER_CORRUPTED_MMPOOL"},
    {0xD1, "DRIVER_IRQL_NOT_LESS_OR_EQUAL"},
    {0xD5, "DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL"},
    {0xD6, "DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION"},
    {0xE2, "MANUALLY_INITIATED_CRASH"},
    {0xFC, "ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY"},
};

#define CALLER(sub, what, two, three, four) {0xC2, sub, BY_FIRST, what, {NULL, two, three, four}}
#define HEADER(sub, what, two, three, four) {0x19, sub, BY_FIRST, what, {NULL, two, three, four}}
#define SPECIAL(sub, what, one, two, three) {0xC1, sub, BY_LAST, what, {one, two, three, NULL}}
#define PLAIN(code, what, one, two, three, four) {code, 0, WVM_NO_SELECTOR, what, \
                                                  {one, two, three, four}}

static const struct wvm_bug_check_meaning meanings[] = {
    CALLER(0x00, "a block of no bytes was asked for", NULL, "^pool type", "'tag"),
    CALLER(0x01, "the header of a block is corrupt", "@header", "first part of the header", NULL),
    CALLER(0x02, "the header of a block is corrupt", "@header", "first part of the header", NULL),
    CALLER(0x04, "the header of a block is corrupt", "@header", "first part of the header", NULL),
    CALLER(0x06, "a block was freed that is free", NULL, "@header", "contents of the header"),
    CALLER(0x07, "a block was freed that is free", NULL, "contents of the header", "@block"),
    CALLER(0x08, "an allocation at an IRQL that does not allow it", "#IRQL", "^pool type",
           "#bytes asked for"),
    CALLER(0x09, "a free at an IRQL that does not allow it", "#IRQL", "^pool type", "@block"),
    CALLER(0x0A, "a block was freed with a tag that is not its own", "@block",
           "'tag of the allocation", "'tag of the free"),
    CALLER(0x0B, "the quota of a corrupt block was released", "@block", "'tag",
           "pointer to the process"),
    CALLER(0x0C, "the quota of a corrupt block was released", "@block", "'tag",
           "pointer to the process"),
    CALLER(0x0D, "the quota of a corrupt block was released", "@block", "'tag",
           "pointer to the process"),
    CALLER(0x40, "an address of user space was freed", "address", "start of system space", NULL),
    CALLER(0x41, "an address was freed that is no block of non-paged pool", "@address",
           "page frame", "highest page frame"),
    CALLER(0x42, "an address was freed that was never in a pool", "@address", NULL, NULL),
    CALLER(0x43, "an address was freed that was never in a pool", "@address", NULL, NULL),
    CALLER(0x44, "an address was freed that is no block of non-paged pool", "@address", NULL,
           NULL),
    CALLER(0x46, "an invalid address was freed", "@address", NULL, NULL),
    CALLER(0x47, "an address was freed that is no block of non-paged pool", "@address",
           "page frame", "highest page frame"),
    CALLER(0x48, "an address was freed that is no block of paged pool", "@address", NULL, NULL),
    CALLER(0x50, "an address was freed that is no block of paged pool", "@address",
           "#offset in pages from the start of paged pool", "#bytes of paged pool"),
    CALLER(0x60, "an address was freed that is no contiguous memory", "@address", NULL, NULL),
    CALLER(0x99, "an invalid address was freed", "@address", NULL, NULL),
    CALLER(0x9A, "a must-succeed allocation", "^pool type", "#bytes asked for", "'tag"),
    CALLER(0x9B, "an allocation with tag 0", "^pool type", "#bytes asked for", "!caller"),
    CALLER(0x9C, "an allocation with tag 'BIG '", "^pool type", "#bytes asked for", "!caller"),
    CALLER(0x9D, "an allocation whose tag has no letter and no digit", "'tag", "^pool type",
           "!caller"),
    CALLER(0x41286, "an address inside a block of paged pool was freed", NULL, NULL,
           "#offset from the start of paged pool"),

    HEADER(0x02, "the pattern of special pool was overwritten", "@entry", "#bytes", NULL),
    HEADER(0x03, "a list of free blocks is corrupt", "@entry", "next as read back",
           "previous as read back"),
    HEADER(0x05, "the headers of two neighbours contradict each other", "@entry", NULL,
           "@other entry"),
    HEADER(0x06, "a header tells too large a previous size", "@entry", NULL, "@bad entry"),
    HEADER(0x07, "a header's size is corrupt", "@entry", NULL, "@bad entry"),
    HEADER(0x08, "a header's size is zero", "@entry", NULL, "@bad entry"),
    HEADER(0x09, "a header's size is too large", "@entry", NULL, "@bad entry"),
    HEADER(0x0A, "a header's size is corrupt", "@entry to be found", NULL, "page of the entry"),
    HEADER(0x0D, "a block was changed after it was freed", NULL, "@entry", NULL),
    HEADER(0x0E, "a block was changed after it was freed", NULL, "@entry", NULL),
    HEADER(0x0F, "a block was changed after it was freed", NULL, "@entry", NULL),
    HEADER(0x20, "a header's size is corrupt", "@entry to be found", "@next entry", NULL),
    HEADER(0x21, "what follows a block was overwritten", "@block", "#bytes of the block",
           "value found behind the block"),
    HEADER(0x22, "an address was freed that is tracked nowhere", "@address", NULL, NULL),
    HEADER(0x23, "a block was changed after it was freed", NULL, "@entry", NULL),
    HEADER(0x24, "a block was changed after it was freed", NULL, "@entry", NULL),
    HEADER(0x25, "a block was changed after it was freed", NULL, "@entry", NULL),

    SPECIAL(0x20, "an address was freed that is not allocated", "@address", NULL, NULL),
    SPECIAL(0x21, "an address was freed that is not the start of its block", "@address",
            "#bytes asked for", "#bytes by the address"),
    SPECIAL(0x22, "an address was freed that is not the start of its block", "@address",
            "#bytes asked for", "#bytes by the address"),
    SPECIAL(0x23, "bytes near a block were overwritten", "@block", "first of these bytes", NULL),
    SPECIAL(0x24, "bytes behind the end of a block were overwritten", "@block",
            "first of these bytes", NULL),
    SPECIAL(0x30, "an allocation at an IRQL that does not allow it", "#IRQL", "^pool type",
            "#bytes asked for"),
    SPECIAL(0x31, "a free at an IRQL that does not allow it", "#IRQL", "^pool type", "@block"),
    SPECIAL(0x32, "a single bit near a block is wrong", "@block", "its byte", NULL),

    PLAIN(0x0A, "an access to memory, or a change of IRQL, that the IRQL does not allow",
          "address referenced", "#IRQL", "~access", "!instruction"),
    PLAIN(0x41, "a must-succeed allocation found no memory", "#bytes asked for",
          "#pages of non-paged pool in use", "#allocations of more than a page",
          "#pages left"),
    PLAIN(0x50, "an access to system space where nothing is", "@address referenced", "~access",
          "!instruction", "kind of page fault"),
    PLAIN(0xC5, "an invalid access at high IRQL: small blocks are corrupt",
          "@address referenced", "#IRQL", "~access", "!instruction"),
    PLAIN(0xCC, "an access to a block of special pool that was freed", "@address referenced",
          "~access", "!instruction", NULL),
    PLAIN(0xCD, "an access beyond a block of special pool", "@address referenced", "~access",
          "!instruction", NULL),
    PLAIN(0xD0, "an invalid access at high IRQL: blocks of whole pages are corrupt",
          "@address referenced", "#IRQL", "~access", "!instruction"),
    PLAIN(0xD1, "an access to memory at an IRQL that does not allow it", "@address referenced",
          "#IRQL", "~access", "!instruction"),
    PLAIN(0xD5, "an access to a block of special pool that was freed", "@address referenced",
          "~access", "!instruction", NULL),
    PLAIN(0xD6, "an access beyond a block of special pool", "@address referenced", "~access",
          "!instruction", NULL),
    PLAIN(0xFC, "memory was executed that is not executable", "@address",
          "page table entry, without its frame", NULL, NULL),
};

static const struct wvm_bug_check_meaning unknown = {
    .selector = WVM_NO_SELECTOR,
    .parameter = {"parameter 1", "parameter 2", "parameter 3", "parameter 4"},
};

const char *wvm_bug_check_name(uint32_t code)
{
    for (size_t i = 0; i < WVM_ARRAY_LEN(names); i++)
        if (names[i].code == code)
            return names[i].name;
    return NULL;
}

const struct wvm_bug_check_meaning *wvm_bug_check_meaning(uint32_t code,
                                                          const uintptr_t parameter[4])
{
    for (size_t i = 0; i < WVM_ARRAY_LEN(meanings); i++) {
        const struct wvm_bug_check_meaning *m = &meanings[i];
        if (m->code == code
            && (m->selector == WVM_NO_SELECTOR || parameter[m->selector] == m->sub))
            return m;
    }
    return &unknown;
}

const char *wvm_pool_type_name(uintptr_t type)
{
    switch (type & ~(uintptr_t)0x518) { /* raise, quota, cold, zero */
    case 0:
        return "NonPagedPool";
    case 1:
        return "PagedPool";
    case 2:
        return "NonPagedPoolMustSucceed";
    case 4:
        return "NonPagedPoolCacheAligned";
    case 5:
        return "PagedPoolCacheAligned";
    case 6:
        return "NonPagedPoolCacheAlignedMustS";
    case 32:
        return "NonPagedPoolSession";
    case 33:
        return "PagedPoolSession";
    case 512:
        return "NonPagedPoolNx";
    case 516:
        return "NonPagedPoolNxCacheAligned";
    case 544:
        return "NonPagedPoolSessionNx";
    default:
        return NULL;
    }
}
