/* winvm/wincon.h: the standard handles and the console (libwinvm-kit), of processenv.h,
 * consoleapi.h, consoleapi2.h and wincon.h.
 *
 * A console is the terminal of descriptor 0, 1 or 2, by the handle that GetStdHandle or
 * _get_osfhandle tells for it. Its text is UTF-8.
 *
 * WINVM_NO_TYPES needs: BOOL DWORD UINT WORD HANDLE LPVOID CONSOLE_SCREEN_BUFFER_INFO
 * PHANDLER_ROUTINE. */
#ifndef WINVM_WINCON_H
#define WINVM_WINCON_H

#include "winnt.h"

#ifndef WINVM_NO_TYPES
#define STD_INPUT_HANDLE ((DWORD)-10)
#define STD_OUTPUT_HANDLE ((DWORD)-11)
#define STD_ERROR_HANDLE ((DWORD)-12)

/* Modes of input, and of output. */
#define ENABLE_PROCESSED_INPUT 0x0001
#define ENABLE_LINE_INPUT 0x0002
#define ENABLE_ECHO_INPUT 0x0004
#define ENABLE_WINDOW_INPUT 0x0008
#define ENABLE_MOUSE_INPUT 0x0010
#define ENABLE_INSERT_MODE 0x0020
#define ENABLE_QUICK_EDIT_MODE 0x0040
#define ENABLE_EXTENDED_FLAGS 0x0080
#define ENABLE_VIRTUAL_TERMINAL_INPUT 0x0200
#define ENABLE_PROCESSED_OUTPUT 0x0001
#define ENABLE_WRAP_AT_EOL_OUTPUT 0x0002
#define ENABLE_VIRTUAL_TERMINAL_PROCESSING 0x0004
#define DISABLE_NEWLINE_AUTO_RETURN 0x0008
#define ENABLE_LVB_GRID_WORLDWIDE 0x0010

#define FOREGROUND_BLUE 0x0001
#define FOREGROUND_GREEN 0x0002
#define FOREGROUND_RED 0x0004
#define FOREGROUND_INTENSITY 0x0008
#define BACKGROUND_BLUE 0x0010
#define BACKGROUND_GREEN 0x0020
#define BACKGROUND_RED 0x0040
#define BACKGROUND_INTENSITY 0x0080

typedef struct _COORD {
    SHORT X;
    SHORT Y;
} COORD, *PCOORD;
typedef struct _SMALL_RECT {
    SHORT Left;
    SHORT Top;
    SHORT Right;
    SHORT Bottom;
} SMALL_RECT, *PSMALL_RECT;
/* dwCursorPosition is not known, and (0, 0). */
typedef struct _CONSOLE_SCREEN_BUFFER_INFO {
    COORD dwSize;
    COORD dwCursorPosition;
    WORD wAttributes;
    SMALL_RECT srWindow;
    COORD dwMaximumWindowSize;
} CONSOLE_SCREEN_BUFFER_INFO, *PCONSOLE_SCREEN_BUFFER_INFO;

/* Of the host's signals: SIGINT, SIGQUIT, SIGHUP; SIGTERM. */
#define CTRL_C_EVENT 0
#define CTRL_BREAK_EVENT 1
#define CTRL_CLOSE_EVENT 2
#define CTRL_LOGOFF_EVENT 5
#define CTRL_SHUTDOWN_EVENT 6
typedef BOOL(WINVM_CALL *PHANDLER_ROUTINE)(DWORD CtrlType);
#endif

WINVM_BEGIN_DECLS

/* The handle of descriptor 0, 1 or 2, or what SetStdHandle gave; NULL: it is closed.
 * INVALID_HANDLE_VALUE and 6: another number. */
WINVM_DECLARE(HANDLE, GetStdHandle, (DWORD nStdHandle));
/* Errors: 6. The descriptor stays what it is. */
WINVM_DECLARE(BOOL, SetStdHandle, (DWORD nStdHandle, HANDLE hHandle));
/* Errors: 6 no console; of those that write 5 it is for reading only, 29 the terminal. */
WINVM_DECLARE(BOOL, GetConsoleMode, (HANDLE hConsoleHandle, DWORD *lpMode));
/* Of input, processed, line and echo are those of the terminal. Output modes are kept only: the
 * terminal always does its sequences. Errors: 87 echo without line; unknown ones for output. */
WINVM_DECLARE(BOOL, SetConsoleMode, (HANDLE hConsoleHandle, DWORD dwMode));
/* Characters; the count may be NULL. */
WINVM_DECLARE(BOOL, WriteConsoleA,
              (HANDLE hConsoleOutput, const void *lpBuffer, DWORD nNumberOfCharsToWrite,
               DWORD *lpNumberOfCharsWritten, LPVOID lpReserved));
WINVM_DECLARE(BOOL, WriteConsoleW,
              (HANDLE hConsoleOutput, const void *lpBuffer, DWORD nNumberOfCharsToWrite,
               DWORD *lpNumberOfCharsWritten, LPVOID lpReserved));
WINVM_DECLARE(BOOL, GetConsoleScreenBufferInfo,
              (HANDLE hConsoleOutput,
               struct _CONSOLE_SCREEN_BUFFER_INFO *lpConsoleScreenBufferInfo));
/* Sends the terminal's sequence for the colours; a black background is the terminal's own. */
WINVM_DECLARE(BOOL, SetConsoleTextAttribute, (HANDLE hConsoleOutput, WORD wAttributes));
/* 65001, CP_UTF8; another one is refused (87). */
WINVM_DECLARE(UINT, GetConsoleCP, (void));
WINVM_DECLARE(UINT, GetConsoleOutputCP, (void));
WINVM_DECLARE(BOOL, SetConsoleCP, (UINT wCodePageID));
WINVM_DECLARE(BOOL, SetConsoleOutputCP, (UINT wCodePageID));

/* Handlers of the console's events run in a thread of their own, the newest first, until one
 * answers TRUE; else, and always behind CTRL_CLOSE_EVENT and CTRL_SHUTDOWN_EVENT, the process ends
 * with STATUS_CONTROL_C_EXIT. NULL and TRUE: Ctrl+C does nothing, also in children; NULL and FALSE:
 * it does again. From the first handler on the host's signals are the kit's; in a child of fork()
 * they do what they do by default. Errors: 87 no such handler, 8. */
WINVM_DECLARE(BOOL, SetConsoleCtrlHandler, (PHANDLER_ROUTINE HandlerRoutine, BOOL Add));
/* CTRL_C_EVENT or CTRL_BREAK_EVENT for the processes of a group of the host's, 0: the caller's.
 * Errors: 87. */
WINVM_DECLARE(BOOL, GenerateConsoleCtrlEvent, (DWORD dwCtrlEvent, DWORD dwProcessGroupId));

#ifndef WINVM_NO_TYPES
#ifdef UNICODE
#define WriteConsole WriteConsoleW
#else
#define WriteConsole WriteConsoleA
#endif
#endif

WINVM_END_DECLS

#endif
