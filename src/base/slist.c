/* Lock-free lists in the layout of Windows' SLIST_HEADER.
 *
 * Terms    counts = depth in the low 16 bits, above it a sequence number; wide = the processor
 *          compares and exchanges the whole head at once (on 64-bit cmpxchg16b).
 * I1       Every change of a head raises its sequence, so that a head that was read and is the
 *          same now did not change in between (as long as the sequence does not go round).
 * I2       pop reads the link of an entry that another thread may have taken out, and given back to
 *          the host, since the head was read. What is read then is not used: the head changed. When
 *          the read faults, the handler goes on at the label `mend`: there the head is read
 *          anew, and only a link of an entry that is still the first is read once more, by an
 *          instruction whose fault nobody mends.
 * I3       Not wide: bit 0 of `first` is a lock, held for a few instructions; links are read while
 *          it is held, so that I2 does not arise.
 * I4       Who lets the memory of entries go away has the handler of faults installed before.
 * Locking  none; not wide: see I3.   Failure: none.   Signal safety: all functions when wide. */
#include "base/slist.h"

enum { ONE_MORE = 0x10001, ONE_LESS = 0xffff, NEXT = 0x10000, DEPTH = 0xffff };

WVM_HIDDEN struct wvm_slist_entry *wvm_slist_pop_wide(struct wvm_slist *list);
extern WVM_HIDDEN const char wvm_slist_link_read[], wvm_slist_link_mend[];

#if defined(__x86_64__)
__asm__(".pushsection .text\n"
        ".balign 16\n"
        ".globl wvm_slist_pop_wide\n"
        ".hidden wvm_slist_pop_wide\n"
        ".type wvm_slist_pop_wide, @function\n"
        "wvm_slist_pop_wide:\n" /* rdx:rax the head as read, rcx:rbx as it is to be */
        "\t.cfi_startproc\n"
        "\tpushq %rbx\n"
        "\t.cfi_adjust_cfa_offset 8\n"
        "\t.cfi_rel_offset %rbx, 0\n"
        "1:\tmovq (%rdi), %rax\n"
        "\tmovq 8(%rdi), %rdx\n"
        "2:\tmovq %rdx, %rsi\n"
        "\tandq $-16, %rsi\n"
        "\tjz 4f\n"
        ".globl wvm_slist_link_read\n"
        ".hidden wvm_slist_link_read\n"
        "wvm_slist_link_read:\n"
        "\tmovq (%rsi), %rcx\n"
        "3:\tleaq 0xffff(%rax), %rbx\n"
        "\tlock cmpxchg16b (%rdi)\n"
        "\tjnz 2b\n"
        "4:\tmovq %rsi, %rax\n"
        "\tpopq %rbx\n"
        "\t.cfi_remember_state\n"
        "\t.cfi_adjust_cfa_offset -8\n"
        "\t.cfi_restore %rbx\n"
        "\tret\n"
        "\t.cfi_restore_state\n"
        ".globl wvm_slist_link_mend\n"
        ".hidden wvm_slist_link_mend\n"
        "wvm_slist_link_mend:\n"
        "\tcmpq 8(%rdi), %rdx\n"
        "\tjne 1b\n"
        "\tcmpq (%rdi), %rax\n"
        "\tjne 1b\n"
        "\tmovq (%rsi), %rcx\n"
        "\tjmp 3b\n"
        "\t.cfi_endproc\n"
        ".size wvm_slist_pop_wide, . - wvm_slist_pop_wide\n"
        ".popsection\n");
#else
__asm__(".pushsection .text\n"
        ".balign 16\n"
        ".globl wvm_slist_pop_wide\n"
        ".hidden wvm_slist_pop_wide\n"
        ".type wvm_slist_pop_wide, @function\n"
        "wvm_slist_pop_wide:\n" /* edx:eax the head as read, ecx:ebx as it is to be */
        "\t.cfi_startproc\n"
        "\tpushl %ebx\n"
        "\t.cfi_adjust_cfa_offset 4\n"
        "\t.cfi_rel_offset %ebx, 0\n"
        "\tpushl %edi\n"
        "\t.cfi_adjust_cfa_offset 4\n"
        "\t.cfi_rel_offset %edi, 0\n"
        "\tmovl 12(%esp), %edi\n"
        "1:\tmovl 4(%edi), %edx\n"
        "\tmovl (%edi), %eax\n"
        "2:\ttestl %eax, %eax\n"
        "\tjz 4f\n"
        ".globl wvm_slist_link_read\n"
        ".hidden wvm_slist_link_read\n"
        "wvm_slist_link_read:\n"
        "\tmovl (%eax), %ebx\n"
        "3:\tleal 0xffff(%edx), %ecx\n"
        "\tlock cmpxchg8b (%edi)\n"
        "\tjnz 2b\n"
        "4:\tpopl %edi\n"
        "\t.cfi_remember_state\n"
        "\t.cfi_adjust_cfa_offset -4\n"
        "\t.cfi_restore %edi\n"
        "\tpopl %ebx\n"
        "\t.cfi_adjust_cfa_offset -4\n"
        "\t.cfi_restore %ebx\n"
        "\tret\n"
        "\t.cfi_restore_state\n"
        ".globl wvm_slist_link_mend\n"
        ".hidden wvm_slist_link_mend\n"
        "wvm_slist_link_mend:\n"
        "\tcmpl (%edi), %eax\n"
        "\tjne 1b\n"
        "\tcmpl 4(%edi), %edx\n"
        "\tjne 1b\n"
        "\tmovl (%eax), %ebx\n"
        "\tjmp 3b\n"
        "\t.cfi_endproc\n"
        ".size wvm_slist_pop_wide, . - wvm_slist_pop_wide\n"
        ".popsection\n");
#endif

__attribute__((no_sanitize_address, no_sanitize_thread)) uintptr_t wvm_slist_mend(uintptr_t ip)
{
    return ip == (uintptr_t)wvm_slist_link_read ? (uintptr_t)wvm_slist_link_mend : 0;
}

/* ---- the whole head ---- */

/* A head as it was read; the two words may be of different moments until an exchange failed. */
static inline struct wvm_slist read_head(const struct wvm_slist *list)
{
    struct wvm_slist head;
    head.counts = __atomic_load_n(&list->counts, __ATOMIC_ACQUIRE);
    head.first = __atomic_load_n(&list->first, __ATOMIC_ACQUIRE);
    return head;
}

/* False: *old is what is there now. */
static inline bool exchange(struct wvm_slist *list, struct wvm_slist *old, struct wvm_slist head)
{
    bool done;
#if defined(__x86_64__)
    __asm__ volatile("lock cmpxchg16b %1"
                     : "=@ccz"(done), "+m"(*list), "+a"(old->counts), "+d"(old->first)
                     : "b"(head.counts), "c"(head.first)
                     : "memory");
#else
    __asm__ volatile("lock cmpxchg8b %1"
                     : "=@ccz"(done), "+m"(*list), "+a"(old->first), "+d"(old->counts)
                     : "b"(head.first), "c"(head.counts)
                     : "memory");
#endif
    return done;
}

static inline struct wvm_slist_entry *entry_of(uintptr_t first)
{
    return (struct wvm_slist_entry *)(first & ~(uintptr_t)(sizeof(void *) == 8 ? 15 : 0));
}

static inline void set_link(struct wvm_slist_entry *entry, struct wvm_slist_entry *next)
{
    __atomic_store_n(&entry->next, next, __ATOMIC_RELAXED);
}

/* ---- processors that cannot exchange the whole head ---- */

#if defined(__x86_64__)
enum { CPUID_FEATURES = 1, CPUID_CX16 = 1 << 13, LOCKED = 1 };

static bool is_wide; /* (c) after wvm_slist_init() */

void wvm_slist_force_narrow(bool narrow)
{
    is_wide = !narrow;
}

void wvm_slist_init(void)
{
    uint32_t a = CPUID_FEATURES, b, c = 0, d;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    is_wide = (c & CPUID_CX16) != 0;
}

/* Answers `first` without the lock bit. */
static uintptr_t lock_list(struct wvm_slist *list)
{
    uintptr_t first;
    while ((first = __atomic_fetch_or(&list->first, LOCKED, __ATOMIC_ACQUIRE)) & LOCKED)
        __builtin_ia32_pause();
    return first;
}

/* by: what the counts change by. */
static void unlock_list(struct wvm_slist *list, uintptr_t first, uint64_t by)
{
    __atomic_store_n(&list->counts, list->counts + by, __ATOMIC_RELAXED);
    __atomic_store_n(&list->first, first, __ATOMIC_RELEASE);
}

static struct wvm_slist_entry *pop_narrow(struct wvm_slist *list)
{
    uintptr_t first = lock_list(list);
    struct wvm_slist_entry *entry = entry_of(first);
    if (entry != NULL)
        unlock_list(list, (uintptr_t)entry->next, ONE_LESS);
    else
        unlock_list(list, first, 0);
    return entry;
}

static struct wvm_slist_entry *push_narrow(struct wvm_slist *list, struct wvm_slist_entry *entry)
{
    struct wvm_slist_entry *behind = entry_of(lock_list(list));
    set_link(entry, behind);
    unlock_list(list, (uintptr_t)entry, ONE_MORE);
    return behind;
}

static struct wvm_slist_entry *flush_narrow(struct wvm_slist *list)
{
    struct wvm_slist_entry *entry = entry_of(lock_list(list));
    unlock_list(list, 0, NEXT - (list->counts & DEPTH));
    return entry;
}
#else
void wvm_slist_init(void)
{
}

void wvm_slist_force_narrow(bool narrow)
{
    (void)narrow;
}
#endif

/* ---- the calls ---- */

struct wvm_slist_entry *wvm_slist_pop(struct wvm_slist *list)
{
#if defined(__x86_64__)
    if (WVM_UNLIKELY(!is_wide))
        return pop_narrow(list);
#endif
    return wvm_slist_pop_wide(list);
}

struct wvm_slist_entry *wvm_slist_push(struct wvm_slist *list, struct wvm_slist_entry *entry)
{
#if defined(__x86_64__)
    if (WVM_UNLIKELY(!is_wide))
        return push_narrow(list, entry);
#endif
    struct wvm_slist old = read_head(list), head;
    do {
        set_link(entry, entry_of(old.first));
        head.counts = old.counts + ONE_MORE;
        head.first = (uintptr_t)entry;
    } while (!exchange(list, &old, head));
    return entry_of(old.first);
}

struct wvm_slist_entry *wvm_slist_flush(struct wvm_slist *list)
{
#if defined(__x86_64__)
    if (WVM_UNLIKELY(!is_wide))
        return flush_narrow(list);
#endif
    struct wvm_slist old = read_head(list), head;
    do {
        head.counts = (old.counts & ~(__typeof__(old.counts))DEPTH) + NEXT;
        head.first = 0;
    } while (!exchange(list, &old, head));
    return entry_of(old.first);
}
