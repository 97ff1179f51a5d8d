dnl WVM_TRY_CFLAG(VARIABLE, FLAG): appends FLAG to VARIABLE when the compiler takes it.
AC_DEFUN([WVM_TRY_CFLAG], [
    AS_VAR_PUSHDEF([cache], [wvm_cv_cflag_$2])
    AC_CACHE_CHECK([whether $CC accepts $2], [cache], [
        wvm_saved_cflags=$CFLAGS
        CFLAGS="$CFLAGS -Werror $2"
        AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
            [AS_VAR_SET([cache], [yes])], [AS_VAR_SET([cache], [no])])
        CFLAGS=$wvm_saved_cflags
    ])
    AS_VAR_IF([cache], [yes], [$1="$$1 $2"])
    AS_VAR_POPDEF([cache])
])

dnl WVM_COMPILER_FLAGS: WVM_CFLAGS for every object of the project, WVM_LDFLAGS for shared objects,
dnl WVM_LIB_CFLAGS for what goes into the libraries.
AC_DEFUN([WVM_COMPILER_FLAGS], [
    WVM_CFLAGS="-std=gnu11"
    m4_foreach_w([flag], [-Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
        -Wshadow -Wpointer-arith -Wwrite-strings -Wundef -Wvla
        -fno-common], [WVM_TRY_CFLAG([WVM_CFLAGS], flag)])
    AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [treat warnings as errors])],
        [], [enable_werror=no])
    AS_IF([test "$enable_werror" = yes], [WVM_CFLAGS="$WVM_CFLAGS -Werror"])
    WVM_LIB_CFLAGS="-fvisibility=hidden"
    m4_foreach_w([flag], [-fno-semantic-interposition -fno-plt -fstack-protector],
        [WVM_TRY_CFLAG([WVM_LIB_CFLAGS], flag)])
    WVM_LDFLAGS="-Wl,-z,relro -Wl,-z,now -Wl,-z,defs"
    AC_SUBST([WVM_CFLAGS])
    AC_SUBST([WVM_LIB_CFLAGS])
    AC_SUBST([WVM_LDFLAGS])
])

dnl WVM_DEBUG_OPTION: --enable-debug turns WVM_ASSERT on.
AC_DEFUN([WVM_DEBUG_OPTION], [
    AC_ARG_ENABLE([debug], [AS_HELP_STRING([--enable-debug], [check invariants at run time])],
        [], [enable_debug=no])
    WVM_CPPFLAGS=
    AS_IF([test "$enable_debug" = yes], [WVM_CPPFLAGS="-DWVM_DEBUG=1"])
    dnl File positions and times of 64 bits where long has 32.
    AS_IF([test "$host_cpu" != x86_64],
        [WVM_CPPFLAGS="$WVM_CPPFLAGS -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64"])
    AC_SUBST([WVM_CPPFLAGS])
])

dnl WVM_SANITIZER_OPTION: --enable-sanitizer=address|undefined|thread, the first two also together
dnl with a comma. The run-time library of a sanitizer is linked into programs only, so -z defs must go.
AC_DEFUN([WVM_SANITIZER_OPTION], [
    AC_ARG_ENABLE([sanitizer], [AS_HELP_STRING([--enable-sanitizer=KIND],
        [build with a sanitizer: address, undefined, both with a comma, or thread])], [], [enable_sanitizer=no])
    AS_CASE([$enable_sanitizer],
        [no], [],
        [address|undefined|address,undefined|thread], [
            WVM_CFLAGS="$WVM_CFLAGS -fsanitize=$enable_sanitizer -fno-omit-frame-pointer"
            WVM_LDFLAGS="-Wl,-z,relro -Wl,-z,now"
            AS_CASE([$enable_sanitizer], [*undefined],
                [WVM_CFLAGS="$WVM_CFLAGS -fno-sanitize-recover=undefined"])
        ],
        [AC_MSG_ERROR([--enable-sanitizer takes address, undefined, address,undefined or thread])])
    AM_CONDITIONAL([SANITIZER], [test "$enable_sanitizer" != no])
    AC_SUBST([WVM_SANITIZER], [$enable_sanitizer])
])
