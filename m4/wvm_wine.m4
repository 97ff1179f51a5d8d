dnl WVM_WINE_HEADERS: WINE_INCLUDE is the folder that holds Wine's windows.h, empty when there is none.
AC_DEFUN([WVM_WINE_HEADERS], [
    AC_ARG_WITH([wine-headers], [AS_HELP_STRING([--with-wine-headers=DIR],
        [folder with Wine's windows.h (tests and the example use it)])], [], [with_wine_headers=check])
    AC_MSG_CHECKING([for Wine's windows.h])
    WINE_INCLUDE=
    AS_CASE([$with_wine_headers],
        [no], [],
        [check|yes], [
            for wvm_dir in /usr/include/wine/wine/windows /usr/include/wine/windows \
                /usr/include/wine-development/windows /opt/wine-stable/include/wine/windows; do
                AS_IF([test -z "$WINE_INCLUDE" && test -f "$wvm_dir/windows.h"],
                    [WINE_INCLUDE=$wvm_dir])
            done],
        [WINE_INCLUDE=$with_wine_headers])
    AC_MSG_RESULT([${WINE_INCLUDE:-no}])
    AC_SUBST([WINE_INCLUDE])
    AM_CONDITIONAL([HAVE_WINE_HEADERS], [test -n "$WINE_INCLUDE"])
])
