dnl WVM_MULTILIB_COMPILERS: for an i386 host without compilers of its own the ones of the x86-64 build
dnl machine with -m32. CC and CXX given by the caller stay as they are, and so does PKG_CONFIG_LIBDIR.
AC_DEFUN([WVM_MULTILIB_COMPILERS], [
    AC_REQUIRE([AC_CANONICAL_HOST])
    AS_CASE([$build:$host], [x86_64-*:i?86-*], [
        AS_IF([test -z "$CC" && ! command -v "$host_alias-gcc" >/dev/null 2>&1], [CC="gcc -m32"])
        AS_IF([test -z "$CXX" && ! command -v "$host_alias-g++" >/dev/null 2>&1], [CXX="g++ -m32"])
        AS_IF([test -z "$PKG_CONFIG_LIBDIR"], [
            PKG_CONFIG_LIBDIR=/usr/lib/i386-linux-gnu/pkgconfig:/usr/lib32/pkgconfig:/usr/share/pkgconfig
            export PKG_CONFIG_LIBDIR])])
])

dnl WVM_CHECK_TARGET: the compilers make code for the host. (CC=gcc with --host=i686-linux-gnu is the
dnl usual mistake.)
AC_DEFUN([WVM_CHECK_TARGET], [
    AC_MSG_CHECKING([whether $CC makes code for $host_cpu])
    AS_CASE([$host_cpu], [x86_64], [wvm_target="defined __x86_64__ && defined __LP64__"],
        [wvm_target="defined __i386__"])
    AC_COMPILE_IFELSE([AC_LANG_SOURCE([
#if !($wvm_target)
#error another processor
#endif
int wvm_nothing;])], [AC_MSG_RESULT([yes])], [
        AC_MSG_RESULT([no])
        AC_MSG_ERROR([$CC does not make code for $host_cpu; give CC and CXX, or --host])])
])

dnl WVM_CHECK_LIBRARY: libcheck for the unit tests; it must be one for this host.
AC_DEFUN([WVM_CHECK_LIBRARY], [
    PKG_CHECK_MODULES([CHECK], [check >= 0.15], [wvm_have_check=yes], [wvm_have_check=no])
    AS_IF([test "$wvm_have_check" = yes], [
        AC_MSG_CHECKING([whether programs for $host link with libcheck])
        wvm_saved_cflags=$CFLAGS wvm_saved_libs=$LIBS
        CFLAGS="$CFLAGS $CHECK_CFLAGS" LIBS="$CHECK_LIBS $LIBS"
        AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <check.h>]], [[return !suite_create("x");]])],
            [], [wvm_have_check=no])
        CFLAGS=$wvm_saved_cflags LIBS=$wvm_saved_libs
        AC_MSG_RESULT([$wvm_have_check])
    ])
    AM_CONDITIONAL([HAVE_CHECK], [test "$wvm_have_check" = yes])
])

dnl WVM_CURSES_LIBRARY: ncurses for the live view of winvm-poolmon; it must be one for this host.
dnl Without it winvm-poolmon writes single samples only.
AC_DEFUN([WVM_CURSES_LIBRARY], [
    PKG_CHECK_MODULES([CURSES], [ncursesw], [wvm_have_curses=yes], [
        PKG_CHECK_MODULES([CURSES], [ncurses], [wvm_have_curses=yes], [wvm_have_curses=no])])
    AS_IF([test "$wvm_have_curses" = yes], [
        AC_MSG_CHECKING([whether programs for $host link with ncurses])
        wvm_saved_cflags=$CFLAGS wvm_saved_libs=$LIBS
        CFLAGS="$CFLAGS $CURSES_CFLAGS" LIBS="$CURSES_LIBS $LIBS"
        AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <curses.h>]],
                [[SCREEN *s = newterm(0, stdout, stdin); set_escdelay(1); return !s || endwin();]])],
            [], [wvm_have_curses=no])
        CFLAGS=$wvm_saved_cflags LIBS=$wvm_saved_libs
        AC_MSG_RESULT([$wvm_have_curses])
    ])
    AM_CONDITIONAL([HAVE_CURSES], [test "$wvm_have_curses" = yes])
])
