/* winvm/space_ptr32_class.h: winvm::ptr32<T>, a pointer in 32 bits for C++. Included by
 * space_ptr32.h.
 *
 *     struct node { winvm::ptr32<node> next; uint32_t value; };
 *     for (node *p = first.get_or_null(base); p; p = p->next.get_or_null(base)) ...
 *
 * With a base policy the base is known and the class is used like a pointer:
 *
 *     struct guest;                                    // any type, as the name of the base
 *     winvm::static_base<guest>::value = winvm_space_base(space);
 *     using node_ptr = winvm::ptr32<node, winvm::static_base<guest>>;
 *
 * A policy is any type with `static char *base() noexcept`; static_base has one base for the
 * program, thread_base one for each thread. A base with the value nullptr is that of a program
 * whose own addresses lie below 4 GiB.
 * I1  A ptr32 is four bytes, standard-layout and trivial: `off` and nothing else, without a value
 *     when default-initialized. ptr32<T>() and nullptr are null.
 * I2  Arithmetic is on multiples of sizeof(T), as a pointer's, and wraps at 4 GiB.
 * I3  get, ->, * and [] do not check; null gives an address where an access faults. */
#ifndef WINVM_SPACE_PTR32_CLASS_H
#define WINVM_SPACE_PTR32_CLASS_H
#pragma GCC system_header

#include "space_ptr32.h"

#ifdef __cplusplus
#if __cplusplus >= 201402L
#define WINVM_PTR32_CONSTEXPR_ constexpr
#else
#define WINVM_PTR32_CONSTEXPR_ inline
#endif

extern "C++" {
namespace winvm {

/* The base is told to each call. */
struct explicit_base {};

template <class Name>
struct static_base {
    static char *value;
    static char *base() noexcept { return value; }
};
template <class Name>
char *static_base<Name>::value = nullptr;

template <class Name>
struct thread_base {
    static __thread char *value;
    static char *base() noexcept { return value; }
};
template <class Name>
__thread char *thread_base<Name>::value = nullptr;

namespace detail {
using null_t = decltype(nullptr);
/* T & but for void. */
template <class T> struct ref { using type = T &; };
template <> struct ref<void> { using type = void; };
template <> struct ref<const void> { using type = void; };
template <> struct ref<volatile void> { using type = void; };
template <> struct ref<const volatile void> { using type = void; };
/* Conversions that keep the address: to the same type with more qualifiers, and to void. */
template <class T> struct plain { using type = T; };
template <class T> struct plain<const T> { using type = T; };
template <class T> struct plain<volatile T> { using type = T; };
template <class T> struct plain<const volatile T> { using type = T; };
template <class A, class B> struct same { static constexpr bool value = false; };
template <class A> struct same<A, A> { static constexpr bool value = true; };
template <class To> char converts(To *);
template <class To> long converts(...);
template <class From, class To> struct keeps {
    static constexpr bool value =
        sizeof(converts<To>(static_cast<From *>(nullptr))) == 1 &&
        (same<typename plain<To>::type, typename plain<From>::type>::value ||
         same<typename plain<To>::type, void>::value);
};
template <bool> struct only_if {};
template <> struct only_if<true> { using type = int; };
} // namespace detail

template <class T, class Base = explicit_base>
struct ptr32 {
    using element_type = T;
    using difference_type = int32_t;
    using pointer = T *;
    using reference = typename detail::ref<T>::type;

    uint32_t off;

    ptr32() noexcept = default;
    constexpr ptr32(detail::null_t) noexcept : off(0) {}
    template <class U, typename detail::only_if<detail::keeps<U, T>::value>::type = 0>
    constexpr ptr32(const ptr32<U, Base> &p) noexcept : off(p.off) {}
    /* Of a pointer into the policy's space, or NULL. */
    explicit ptr32(T *ptr) noexcept : off(winvm_ptr_to_ptr32(Base::base(), ptr)) {}
    static constexpr ptr32 from_offset(uint32_t off) noexcept { return ptr32(off, 0); }
    static ptr32 from_pointer(const void *base, T *ptr) noexcept
    {
        return from_offset(winvm_ptr_to_ptr32(base, ptr));
    }

    constexpr uint32_t offset() const noexcept { return off; }
    constexpr explicit operator bool() const noexcept { return off != 0; }

    /* With the base told. limit and the meaning of checked: space_ptr32.h; of n elements. */
    T *get(const void *base) const noexcept
    {
        return static_cast<T *>(winvm_ptr32_to_ptr(base, off));
    }
    T *get_or_null(const void *base) const noexcept
    {
        return static_cast<T *>(winvm_ptr32_to_ptr_or_null(base, off));
    }
    T *get_checked(const void *base, uint64_t limit, uint32_t n = 1) const noexcept
    {
        return static_cast<T *>(
            winvm_ptr32_to_ptr_checked(base, limit, off, uint64_t(n) * sizeof(T)));
    }
    ptr32 &set(const void *base, T *ptr) noexcept
    {
        off = winvm_ptr_to_ptr32(base, ptr);
        return *this;
    }

    /* With the policy's base. */
    T *get() const noexcept { return get(Base::base()); }
    T *get_or_null() const noexcept { return get_or_null(Base::base()); }
    explicit operator T *() const noexcept { return get_or_null(); }
    reference operator*() const noexcept { return *get(); }
    T *operator->() const noexcept { return get(); }
    reference operator[](difference_type i) const noexcept { return *(*this + i).get(); }
    ptr32 &operator=(T *ptr) noexcept { return set(Base::base(), ptr); }

    WINVM_PTR32_CONSTEXPR_ ptr32 &operator=(detail::null_t) noexcept
    {
        off = 0;
        return *this;
    }
    WINVM_PTR32_CONSTEXPR_ ptr32 &operator+=(difference_type n) noexcept
    {
        off += static_cast<uint32_t>(n) * static_cast<uint32_t>(sizeof(T));
        return *this;
    }
    WINVM_PTR32_CONSTEXPR_ ptr32 &operator-=(difference_type n) noexcept
    {
        off -= static_cast<uint32_t>(n) * static_cast<uint32_t>(sizeof(T));
        return *this;
    }
    WINVM_PTR32_CONSTEXPR_ ptr32 &operator++() noexcept { return *this += 1; }
    WINVM_PTR32_CONSTEXPR_ ptr32 &operator--() noexcept { return *this -= 1; }
    WINVM_PTR32_CONSTEXPR_ ptr32 operator++(int) noexcept
    {
        ptr32 was = *this;
        *this += 1;
        return was;
    }
    WINVM_PTR32_CONSTEXPR_ ptr32 operator--(int) noexcept
    {
        ptr32 was = *this;
        *this -= 1;
        return was;
    }

    friend constexpr ptr32 operator+(ptr32 p, difference_type n) noexcept
    {
        return from_offset(p.off + static_cast<uint32_t>(n) * static_cast<uint32_t>(sizeof(T)));
    }
    friend constexpr ptr32 operator+(difference_type n, ptr32 p) noexcept { return p + n; }
    friend constexpr ptr32 operator-(ptr32 p, difference_type n) noexcept
    {
        return from_offset(p.off - static_cast<uint32_t>(n) * static_cast<uint32_t>(sizeof(T)));
    }
    /* Both in one array. */
    friend constexpr difference_type operator-(ptr32 a, ptr32 b) noexcept
    {
        return static_cast<difference_type>(
            (static_cast<int64_t>(a.off) - static_cast<int64_t>(b.off)) /
            static_cast<int64_t>(sizeof(T)));
    }
    friend constexpr bool operator==(ptr32 a, ptr32 b) noexcept { return a.off == b.off; }
    friend constexpr bool operator!=(ptr32 a, ptr32 b) noexcept { return a.off != b.off; }
    friend constexpr bool operator<(ptr32 a, ptr32 b) noexcept { return a.off < b.off; }
    friend constexpr bool operator>(ptr32 a, ptr32 b) noexcept { return a.off > b.off; }
    friend constexpr bool operator<=(ptr32 a, ptr32 b) noexcept { return a.off <= b.off; }
    friend constexpr bool operator>=(ptr32 a, ptr32 b) noexcept { return a.off >= b.off; }

private:
    constexpr ptr32(uint32_t offset, int) noexcept : off(offset) {}
};

/* The same address as another type. */
template <class U, class T, class Base>
constexpr ptr32<U, Base> ptr32_cast(ptr32<T, Base> p) noexcept
{
    return ptr32<U, Base>::from_offset(p.off);
}

} // namespace winvm
}

#undef WINVM_PTR32_CONSTEXPR_
#endif

#endif
