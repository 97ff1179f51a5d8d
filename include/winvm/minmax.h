/* winvm/minmax.h: min and max of windows.h, which NOMINMAX leaves out.
 *
 * C: macros, whose arguments may be evaluated twice. C++: functions for two values of any types, so
 * that headers of the C++ library and member functions of these names stay what they are; beside
 * `using namespace std` a call means std::min where that fits. */
#ifndef WINVM_MINMAX_H
#define WINVM_MINMAX_H

#if !defined(__cplusplus)
#ifndef min
#define min(a, b) (((a) < (b)) ? (a) : (b))
#endif
#ifndef max
#define max(a, b) (((a) > (b)) ? (a) : (b))
#endif
#elif __cplusplus >= 201103L
extern "C++" {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wextra"
template <class T> struct winvm_plain_ { typedef T type; };
template <class T> struct winvm_plain_<T &> { typedef T type; };
template <class T> struct winvm_plain_<const T &> { typedef T type; };
template <class T> struct winvm_plain_<const T> { typedef T type; };
template <class A, class B>
constexpr typename winvm_plain_<decltype(true ? *(const A *)0 : *(const B *)0)>::type
min(const A &a, const B &b)
{
    return a < b ? a : b;
}
template <class A, class B>
constexpr typename winvm_plain_<decltype(true ? *(const A *)0 : *(const B *)0)>::type
max(const A &a, const B &b)
{
    return a > b ? a : b;
}
#pragma GCC diagnostic pop
}
#endif

#endif
