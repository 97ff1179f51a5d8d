/* winvm::ptr32: layout, conversions that exist and that do not, arithmetic, the base policies, what
 * can be computed by the compiler. Exit status 0: all is right. */
#include <cstdio>
#include <cstring>
#include <type_traits>

#include <pthread.h>
#include <sys/mman.h>

#include <winvm/space.h>

using winvm::ptr32;

struct guest;
using base_of_all = winvm::static_base<guest>;
using base_of_thread = winvm::thread_base<guest>;

struct node {
    ptr32<node> next;
    ptr32<const char> name;
    ptr32<void> any;
    unsigned char byte;
};
struct animal { int legs; };
struct cat : animal {};

/* ---- what the compiler knows ---- */

static_assert(sizeof(ptr32<node>) == 4 && alignof(ptr32<node>) == 4, "four bytes");
static_assert(sizeof(ptr32<node, base_of_all>) == 4 && sizeof(node) == 16, "four bytes");
static_assert(std::is_standard_layout<ptr32<node>>::value, "as in C");
static_assert(std::is_trivial<ptr32<node, base_of_thread>>::value, "as in C");

constexpr ptr32<int> null = nullptr, first = ptr32<int>::from_offset(0x20000), third = first + 2;
static_assert(!null && first && null == nullptr && nullptr != first, "null");
static_assert(ptr32<int>() == nullptr, "null");
static_assert(third.offset() == 0x20008 && third - first == 2 && first - third == -2, "distance");
static_assert(third - 2 == first && 2 + first == third && first < third && third > first, "order");
static_assert(first <= first && first >= first && first != third && !(third <= first), "order");
static_assert((first + -1).offset() == 0x1FFFC, "a negative index");
static_assert(ptr32<char>::from_offset(0xFFFFFFFF) - ptr32<char>::from_offset(0x80000000) ==
              0x7FFFFFFF, "the upper half");
static_assert(winvm::ptr32_cast<char>(first).offset() == 0x20000, "a cast");
#if __cplusplus >= 201402L
constexpr ptr32<int> step()
{
    ptr32<int> p = first;
    ++p;
    p++;
    p += 3;
    p -= 1;
    p--;
    --p;
    return p;
}
static_assert(step() == third - 0, "steps");
#endif

template <class From, class To>
constexpr bool converts()
{
    return std::is_convertible<ptr32<From>, ptr32<To>>::value;
}
static_assert(converts<int, const int>() && converts<int, void>() && converts<int, const void>(),
              "to more qualifiers and to void");
static_assert(!converts<const int, int>() && !converts<const int, void>() &&
              !converts<void, int>() && !converts<cat, animal>() && !converts<animal, cat>() &&
              !converts<int, unsigned>(), "nothing else");
static_assert(!std::is_convertible<int *, ptr32<int, base_of_all>>::value &&
              std::is_constructible<ptr32<int, base_of_all>, int *>::value &&
              !std::is_convertible<ptr32<int, base_of_all>, int *>::value &&
              !std::is_convertible<uint32_t, ptr32<int>>::value, "explicit ones");
static_assert(noexcept(first.get(nullptr)) && noexcept(*ptr32<int, base_of_all>()), "noexcept");

/* ---- what runs ---- */

static int failed;

static void expect(bool pass, const char *what, int line)
{
    if (!pass) {
        std::printf("# ptr32.cc:%d: %s\n", line, what);
        failed = 1;
    }
}
#define EXPECT(...) expect((__VA_ARGS__), #__VA_ARGS__, __LINE__)

enum : uint32_t { AT = 0x20000 };

static char *window()
{
    uintptr_t size = uintptr_t(uint64_t(1) << 32); /* 0 with 32-bit pointers: no window */
    void *got = mmap(nullptr, 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                     -1, 0);
    if (got == MAP_FAILED)
        return nullptr;
    char *at = reinterpret_cast<char *>((uintptr_t(got) + size - 1) & ~(size - 1));
    return mprotect(at, 16 << 20, PROT_READ | PROT_WRITE) == 0 ? at : nullptr;
}

static void told(char *base)
{
    node *a = reinterpret_cast<node *>(base + AT), *b = a + 1;
    ptr32<node> p = ptr32<node>::from_pointer(base, a), q;
    EXPECT(p.offset() == AT && p.get(base) == a && p.get_or_null(base) == a);
    EXPECT(q.set(base, b).offset() == AT + sizeof(node) && q - p == 1);
    EXPECT(q.set(base, nullptr) == nullptr && q.get_or_null(base) == nullptr);
    EXPECT(q.get(base) == reinterpret_cast<node *>(base));
    a->next = p + 1;
    a->any = p;
    EXPECT(a->next.get(base) == b && a->any.get(base) == a);
    EXPECT(p.get_checked(base, 0x40000) == a && p.get_checked(base, AT + 4) == nullptr);
    EXPECT(p.get_checked(base, AT + 2 * sizeof(node), 2) == a);
    EXPECT(p.get_checked(base, AT + 2 * sizeof(node), 3) == nullptr);
    WINVM_DEREF32(base, a->next).byte = 9;
    WINVM_PTR32_SET(base, b->next, nullptr);
    EXPECT(b->byte == 9 && WINVM_PTR32_IS_NULL(b->next));
    EXPECT(WINVM_PTR32_GET_OR_NULL(base, b->next) == nullptr);
}

template <class Base>
static void known(char *base)
{
    ptr32<unsigned, Base> p(reinterpret_cast<unsigned *>(base + AT)), q = p;
    for (unsigned i = 0; i < 8; i++)
        *q++ = i;
    EXPECT(p[0] == 0 && p[7] == 7 && q[-1] == 7 && *(p + 3) == 3 && q - p == 8);
    EXPECT(static_cast<unsigned *>(q) == reinterpret_cast<unsigned *>(base + AT) + 8);
    q = nullptr;
    EXPECT(!q && static_cast<unsigned *>(q) == nullptr && q.get_or_null() == nullptr);
    q = p.get() + 2;
    EXPECT(q == p + 2 && *q == 2);
    ptr32<animal, Base> one(reinterpret_cast<animal *>(base + AT));
    one->legs = 4;
    EXPECT((*one).legs == 4 && p[0] == 4);
    ptr32<const void, Base> any = one;
    EXPECT(winvm::ptr32_cast<const unsigned>(any)[1] == 1);
}

/* A base of its own in each thread. */
static void *in_thread(void *)
{
    EXPECT(base_of_thread::base() == nullptr);
    base_of_thread::value = window();
    if (base_of_thread::value)
        known<base_of_thread>(base_of_thread::value);
    return nullptr;
}

int main()
{
    char *base = window();
    pthread_t thread;
    if (!base)
        return 77;
    told(base);
    base_of_all::value = base;
    known<base_of_all>(base);
    base_of_thread::value = base;
    if (pthread_create(&thread, nullptr, in_thread, nullptr) != 0)
        return 99;
    pthread_join(thread, nullptr);
    std::memset(base + AT, 0, 0x1000);
    known<base_of_thread>(base);
    EXPECT(base_of_thread::value == base);
    return failed;
}
