/* winvm/crt_conio.h: the keyboard of Windows' conio.h, on the terminal of standard input. */
#ifndef WINVM_CRT_CONIO_H
#define WINVM_CRT_CONIO_H

#include <poll.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "crt_types.h"

/* The next character, at once and without the terminal's echo when `wait` is set; else whether
 * there is one. */
WINVM_CRT_ int winvm_key_(int wait)
{
    struct termios was, raw;
    struct pollfd ready = {0, POLLIN, 0};
    unsigned char c = 0;
    int terminal = !tcgetattr(0, &was), got;
    if (terminal) {
        raw = was;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        tcsetattr(0, TCSANOW, &raw);
    }
    got = wait ? read(0, &c, 1) == 1 : poll(&ready, 1, 0) > 0;
    if (terminal) tcsetattr(0, TCSANOW, &was);
    return wait ? got ? c : EOF : got;
}
#define _getch() winvm_key_(1)
#define _kbhit() winvm_key_(0)
#define _getche() putchar(winvm_key_(1))
#define _putch putchar
#define _cputs(text) fputs((text), stdout)
#define _cprintf printf
#ifndef getch
#define getch _getch
#define kbhit _kbhit
#endif

#endif
