/* The standard handles, and the console: the terminal that they are of.
 *
 * Terms   console = a standard descriptor that is a terminal, known by its handle.
 * I1      Standard handles are those of descriptors 0, 1 and 2 (_get_osfhandle), until the program
 *         sets others.
 * I2      Text goes to the terminal as UTF-8, colours as its sequences.
 * Locking: none; what is kept are words of their own.   Failure: nothing changed.
 * Signal safety: none. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <winvm/io.h>

#include "kit/kit.h"
#include "kit/kit_text.h"

#define USUAL_ATTRIBUTES (FOREGROUND_RED | FOREGROUND_GREEN | FOREGROUND_BLUE)
#define KNOWN_ATTRIBUTES 0xffu
#define KNOWN_OUTPUT 0x1fu
#define N_STANDARD 3

static struct {
    HANDLE handle;
    bool is_set; /* by the program */
} standard[N_STANDARD];
static DWORD output_mode = ENABLE_PROCESSED_OUTPUT | ENABLE_WRAP_AT_EOL_OUTPUT |
                           ENABLE_VIRTUAL_TERMINAL_PROCESSING;
static WORD attributes = USUAL_ATTRIBUTES;

/* ---- Standard handles ---- */

/* The descriptor of a standard handle's number; -1. */
static int index_of(DWORD which)
{
    DWORD i = STD_INPUT_HANDLE - which;
    return i < N_STANDARD ? (int)i : -1;
}

HANDLE wvm_kit_GetStdHandle(DWORD which)
{
    int i = index_of(which);
    if (i < 0) {
        wvm_kit_fail(ERROR_INVALID_HANDLE);
        return INVALID_HANDLE_VALUE;
    }
    if (__atomic_load_n(&standard[i].is_set, __ATOMIC_ACQUIRE))
        return __atomic_load_n(&standard[i].handle, __ATOMIC_RELAXED);
    intptr_t h = _get_osfhandle(i);
    return h == -1 ? NULL : (HANDLE)h;
}

BOOL wvm_kit_SetStdHandle(DWORD which, HANDLE h)
{
    int i = index_of(which);
    if (i < 0)
        return wvm_kit_fail(ERROR_INVALID_HANDLE);
    __atomic_store_n(&standard[i].handle, h, __ATOMIC_RELAXED);
    __atomic_store_n(&standard[i].is_set, true, __ATOMIC_RELEASE);
    return TRUE;
}

/* ---- The console ---- */

/* The descriptor of a console's handle; -1 and the last error: it is none. */
static int console_of(HANDLE h)
{
    for (int fd = 0; h && fd < N_STANDARD; fd++)
        if (isatty(fd) && (HANDLE)_get_osfhandle(fd) == h)
            return fd;
    wvm_kit_fail(ERROR_INVALID_HANDLE);
    return -1;
}

static int open_to(HANDLE h, int mode)
{
    int fd = console_of(h);
    int flags = fd < 0 ? -1 : fcntl(fd, F_GETFL) & O_ACCMODE;
    if (fd >= 0 && flags != O_RDWR && flags != mode) {
        wvm_kit_fail(ERROR_ACCESS_DENIED);
        return -1;
    }
    return fd;
}

static bool put_bytes(int fd, const char *text, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, text, n);
        if (done <= 0)
            return wvm_kit_fail(ERROR_WRITE_FAULT);
        text += done;
        n -= (size_t)done;
    }
    return true;
}

BOOL wvm_kit_WriteConsoleA(HANDLE h, const VOID *text, DWORD n, LPDWORD done, LPVOID reserved)
{
    int fd = open_to(h, O_WRONLY);
    if (reserved)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if (fd < 0 || !put_bytes(fd, text, n))
        return FALSE;
    if (done)
        *done = n;
    return TRUE;
}

BOOL wvm_kit_WriteConsoleW(HANDLE h, const VOID *text, DWORD n, LPDWORD done, LPVOID reserved)
{
    enum { UNITS = 256 };
    char narrow[UNITS * 3];
    LPCWSTR at = text;
    int fd = open_to(h, O_WRONLY);
    if (reserved)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    for (DWORD left = n, step; fd >= 0 && left > 0; left -= step, at += step) {
        step = left < UNITS ? left : UNITS;
        if (step < left && at[step - 1] >= 0xd800 && at[step - 1] < 0xdc00)
            step--; /* a pair stays together */
        size_t bytes = wvm_kit_to_utf8(narrow, sizeof narrow, at, step);
        if (!put_bytes(fd, narrow, bytes))
            return FALSE;
    }
    if (fd >= 0 && done)
        *done = n;
    return fd >= 0;
}

BOOL wvm_kit_GetConsoleMode(HANDLE h, LPDWORD out)
{
    struct termios t;
    int fd = console_of(h);
    if (fd < 0)
        return FALSE;
    if (fd != STDIN_FILENO) {
        *out = __atomic_load_n(&output_mode, __ATOMIC_RELAXED);
        return TRUE;
    }
    if (tcgetattr(fd, &t) != 0)
        return wvm_kit_fail(ERROR_INVALID_HANDLE);
    *out = (t.c_lflag & ISIG ? ENABLE_PROCESSED_INPUT : 0u) |
           (t.c_lflag & ICANON ? ENABLE_LINE_INPUT : 0u) |
           (t.c_lflag & ECHO ? ENABLE_ECHO_INPUT : 0u);
    return TRUE;
}

static BOOL set_input_mode(DWORD mode)
{
    struct termios t;
    if ((mode & ENABLE_ECHO_INPUT) && !(mode & ENABLE_LINE_INPUT))
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if (tcgetattr(STDIN_FILENO, &t) != 0)
        return wvm_kit_fail(ERROR_INVALID_HANDLE);
    t.c_lflag &= ~(tcflag_t)(ISIG | ICANON | ECHO);
    t.c_lflag |= (mode & ENABLE_PROCESSED_INPUT ? ISIG : 0u) |
                 (mode & ENABLE_LINE_INPUT ? ICANON : 0u) |
                 (mode & ENABLE_ECHO_INPUT ? ECHO : 0u);
    return tcsetattr(STDIN_FILENO, TCSANOW, &t) == 0 || wvm_kit_fail(ERROR_INVALID_HANDLE);
}

BOOL wvm_kit_SetConsoleMode(HANDLE h, DWORD mode)
{
    int fd = console_of(h);
    if (fd < 0)
        return FALSE;
    if (fd == STDIN_FILENO)
        return set_input_mode(mode);
    if (mode & ~KNOWN_OUTPUT)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    __atomic_store_n(&output_mode, mode, __ATOMIC_RELAXED);
    return TRUE;
}

/* The place of the cursor is not known: the terminal would have to be asked, and answers among what
 * is typed. */
BOOL wvm_kit_GetConsoleScreenBufferInfo(HANDLE h, PCONSOLE_SCREEN_BUFFER_INFO out)
{
    struct winsize size;
    int fd = console_of(h);
    if (fd < 0)
        return FALSE;
    if (fd == STDIN_FILENO || ioctl(fd, TIOCGWINSZ, &size) != 0)
        return wvm_kit_fail(ERROR_INVALID_HANDLE);
    SHORT columns = (SHORT)(size.ws_col ? size.ws_col : 80);
    SHORT rows = (SHORT)(size.ws_row ? size.ws_row : 25);
    *out = (CONSOLE_SCREEN_BUFFER_INFO){
        .dwSize = {columns, rows},
        .wAttributes = __atomic_load_n(&attributes, __ATOMIC_RELAXED),
        .srWindow = {0, 0, (SHORT)(columns - 1), (SHORT)(rows - 1)},
        .dwMaximumWindowSize = {columns, rows}};
    return TRUE;
}

/* Red and blue change places: bit 0 of Windows is blue, of a terminal red. */
static unsigned colour_of(unsigned bits)
{
    return (bits & 1) << 2 | (bits & 2) | (bits & 4) >> 2;
}

BOOL wvm_kit_SetConsoleTextAttribute(HANDLE h, WORD wanted)
{
    char text[32];
    int fd = open_to(h, O_WRONLY);
    if (fd < 0)
        return FALSE;
    unsigned front = wanted & 0xf, back = wanted >> 4 & 0xf;
    int n = (wanted & KNOWN_ATTRIBUTES) == USUAL_ATTRIBUTES
                ? snprintf(text, sizeof text, "\033[0m")
                : snprintf(text, sizeof text, "\033[%u;%um",
                           (front & 8 ? 90 : 30) + colour_of(front & 7),
                           back == 0 ? 49 : (back & 8 ? 100 : 40) + colour_of(back & 7));
    if (!put_bytes(fd, text, (size_t)n))
        return FALSE;
    __atomic_store_n(&attributes, wanted, __ATOMIC_RELAXED);
    return TRUE;
}

/* ---- Code pages: a terminal takes UTF-8 ---- */

UINT wvm_kit_GetConsoleCP(VOID)
{
    return CP_UTF8;
}

UINT wvm_kit_GetConsoleOutputCP(VOID)
{
    return CP_UTF8;
}

BOOL wvm_kit_SetConsoleCP(UINT code_page)
{
    return code_page == CP_UTF8 || wvm_kit_fail(ERROR_INVALID_PARAMETER);
}

BOOL wvm_kit_SetConsoleOutputCP(UINT code_page)
{
    return code_page == CP_UTF8 || wvm_kit_fail(ERROR_INVALID_PARAMETER);
}

#define WVM_KIT_CONSOLE
#include "kit/kit_entry.h"
