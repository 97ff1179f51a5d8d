/* Runs a program on a terminal of its own and looks at what it shows.
 *
 *   pty_screen ROWSxCOLUMNS STEP.. -- COMMAND..
 *
 *   key:TEXT      types TEXT; \e is escape, \n return
 *   until:REGEX   waits until a line of the screen matches the extended expression, for 20 s
 *   never:REGEX   no line of the screen matches now
 *   run:COMMAND   runs a command of the shell, which is to end with 0
 *   size:RxC      resizes the terminal
 *   show          writes the screen; lines with reversed characters begin with '*', others with ' '
 *   end:STATUS    waits for the program's end, with this exit status
 *
 * The terminal understands what the vt100 of ncurses sends. Exit status: 0; 1 and the screen on
 * standard error when a step fails. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { MAX_ROWS = 100, MAX_COLUMNS = 300, MAX_PARAMETERS = 8, PATIENCE_MS = 20000, QUIET_MS = 20 };

static struct {
    int rows, columns, row, column;
    int top, bottom, saved_row, saved_column; /* lines that scroll: [top, bottom] */
    bool reverse, wraps;
    char text[MAX_ROWS][MAX_COLUMNS];
    bool reversed[MAX_ROWS][MAX_COLUMNS];
    /* An escape sequence that is being read. */
    enum { PLAIN, ESCAPE, CHARSET, CONTROL } state;
    int parameter[MAX_PARAMETERS], n_parameters;
} screen;

static int master = -1;
static pid_t child;
static bool ended;

/* ---- the screen ---- */

static void blank(int row, int from, int to)
{
    for (int c = from; c < to; c++) {
        screen.text[row][c] = ' ';
        screen.reversed[row][c] = false;
    }
}

/* The lines that scroll move from `from` to `to`, one of which is top, and the other the next. */
static void scroll(int from, int to)
{
    size_t n = (size_t)(screen.bottom - screen.top);
    memmove(screen.text[to], screen.text[from], n * sizeof screen.text[0]);
    memmove(screen.reversed[to], screen.reversed[from], n * sizeof screen.reversed[0]);
    blank(from > to ? screen.bottom : screen.top, 0, MAX_COLUMNS);
}

static void line_feed(void)
{
    if (screen.row == screen.bottom)
        scroll(screen.top + 1, screen.top);
    else if (screen.row + 1 < screen.rows)
        screen.row++;
}

static void reverse_feed(void)
{
    if (screen.row == screen.top)
        scroll(screen.top, screen.top + 1);
    else if (screen.row > 0)
        screen.row--;
}

static int limit(int n, int most)
{
    return n < 0 ? 0 : n > most ? most : n;
}

static void go(int row, int column)
{
    screen.row = limit(row, screen.rows - 1);
    screen.column = limit(column, screen.columns - 1);
    screen.wraps = false;
}

static void put(char c)
{
    if (screen.wraps) {
        screen.column = 0;
        line_feed();
        screen.wraps = false;
    }
    screen.text[screen.row][screen.column] = c;
    screen.reversed[screen.row][screen.column] = screen.reverse;
    if (screen.column + 1 < screen.columns)
        screen.column++;
    else
        screen.wraps = true;
}

static void erase_line(int how)
{
    blank(screen.row, how == 0 ? screen.column : 0, how == 1 ? screen.column + 1 : MAX_COLUMNS);
}

static void erase_screen(int how)
{
    erase_line(how);
    for (int r = how == 0 ? screen.row + 1 : 0; r < (how == 1 ? screen.row : MAX_ROWS); r++)
        blank(r, 0, MAX_COLUMNS);
}

static void attributes(void)
{
    for (int i = 0; i < (screen.n_parameters ? screen.n_parameters : 1); i++) {
        int n = screen.parameter[i];
        if (n == 0 || n == 27)
            screen.reverse = false;
        else if (n == 7)
            screen.reverse = true;
    }
}

static void set_region(int top, int bottom)
{
    screen.top = limit(top, screen.rows - 1);
    screen.bottom = limit(bottom, screen.rows - 1);
    go(0, 0);
}

static void escape(char c)
{
    switch (c) {
    case 'D': line_feed(); break;
    case 'M': reverse_feed(); break;
    case '7':
        screen.saved_row = screen.row;
        screen.saved_column = screen.column;
        break;
    case '8': go(screen.saved_row, screen.saved_column); break;
    default: break;
    }
}

static void control(char c)
{
    int n = screen.parameter[0], step = n ? n : 1;
    switch (c) {
    case 'H': case 'f': go(n - 1, screen.parameter[1] - 1); break;
    case 'A': go(screen.row - step, screen.column); break;
    case 'B': go(screen.row + step, screen.column); break;
    case 'C': go(screen.row, screen.column + step); break;
    case 'D': go(screen.row, screen.column - step); break;
    case 'J': erase_screen(n); break;
    case 'K': erase_line(n); break;
    case 'm': attributes(); break;
    case 'r':
        set_region(step - 1, screen.parameter[1] ? screen.parameter[1] - 1 : screen.rows - 1);
        break;
    case 'h': case 'l': break;
    default:
        fprintf(stderr, "pty_screen: unknown control sequence %c\n", c);
        exit(EXIT_FAILURE);
    }
}

static void plain(char c)
{
    switch (c) {
    case '\033': screen.state = ESCAPE; break;
    case '\r': go(screen.row, 0); break;
    case '\n': line_feed(); break;
    case '\b': go(screen.row, screen.column - 1); break;
    case '\t': go(screen.row, (screen.column / 8 + 1) * 8); break;
    default:
        if (c >= ' ' && c < 0x7f)
            put(c);
    }
}

static void feed(char c)
{
    switch (screen.state) {
    case PLAIN:
        plain(c);
        break;
    case ESCAPE:
        screen.state = c == '[' ? CONTROL : c == '(' || c == ')' ? CHARSET : PLAIN;
        escape(c);
        memset(screen.parameter, 0, sizeof screen.parameter);
        screen.n_parameters = 0;
        break;
    case CHARSET:
        screen.state = PLAIN;
        break;
    case CONTROL:
        if (c >= '0' && c <= '9') {
            int i = screen.n_parameters ? screen.n_parameters - 1 : 0;
            screen.n_parameters = i + 1;
            screen.parameter[i] = screen.parameter[i] % 1000 * 10 + (c - '0');
        } else if (c == ';') {
            screen.n_parameters += screen.n_parameters ? 1 : 2;
            if (screen.n_parameters > MAX_PARAMETERS)
                screen.n_parameters = MAX_PARAMETERS;
        } else if (c != '?') {
            screen.state = PLAIN;
            control(c);
        }
    }
}

static void line_text(int row, char out[MAX_COLUMNS + 2])
{
    int len = screen.columns;
    bool reversed = false;
    for (int c = 0; c < screen.columns; c++)
        reversed |= screen.reversed[row][c];
    out[0] = reversed ? '*' : ' ';
    while (len && screen.text[row][len - 1] == ' ')
        len--;
    memcpy(out + 1, screen.text[row], (size_t)len);
    out[len + 1] = '\0';
}

static void show(FILE *to)
{
    char line[MAX_COLUMNS + 2];
    fprintf(to, "---- %d x %d\n", screen.rows, screen.columns);
    for (int r = 0; r < screen.rows; r++) {
        line_text(r, line);
        fprintf(to, "%s\n", line);
    }
}

static void fail(const char *step)
{
    fprintf(stderr, "pty_screen: %s failed%s\n", step, ended ? "; the program has ended" : "");
    show(stderr);
    if (!ended)
        kill(child, SIGKILL);
    exit(EXIT_FAILURE);
}

/* ---- the program ---- */

static void set_size(const char *text)
{
    int rows, columns;
    if (sscanf(text, "%dx%d", &rows, &columns) != 2 || rows < 1 || rows > MAX_ROWS ||
        columns < 1 || columns > MAX_COLUMNS) {
        fprintf(stderr, "pty_screen: no such size: %s\n", text);
        exit(EXIT_FAILURE);
    }
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    screen.rows = rows;
    screen.columns = columns;
    screen.top = 0;
    screen.bottom = rows - 1;
    go(screen.row, screen.column);
    ioctl(master, TIOCSWINSZ, &size);
}

static void start(const char *size, char **argv)
{
    master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
        printf("no terminal: %s\n", strerror(errno));
        exit(77);
    }
    const char *name = ptsname(master);
    set_size(size);
    child = fork();
    if (child == 0) {
        setsid();
        int fd = open(name, O_RDWR);
        ioctl(fd, TIOCSCTTY, 0);
        dup2(fd, 0);
        dup2(fd, 1);
        dup2(fd, 2);
        if (fd > 2)
            close(fd);
        setenv("TERM", "vt100", 1);
        unsetenv("LINES");
        unsetenv("COLUMNS");
        execvp(argv[0], argv);
        _exit(127);
    }
}

/* Reads what comes within ms, and then until nothing comes for a while. */
static void listen_for(int ms)
{
    struct pollfd in = {.fd = master, .events = POLLIN};
    char buf[4096];
    while (!ended && poll(&in, 1, ms) > 0) {
        ssize_t n = read(master, buf, sizeof buf);
        if (n <= 0)
            ended = true;
        for (ssize_t i = 0; i < n; i++)
            feed(buf[i]);
        ms = QUIET_MS;
    }
}

static bool matches(const char *pattern)
{
    char line[MAX_COLUMNS + 2];
    regex_t re;
    bool found = false;
    if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        fail(pattern);
    for (int r = 0; r < screen.rows && !found; r++) {
        line_text(r, line);
        found = regexec(&re, line, 0, NULL, 0) == 0;
    }
    regfree(&re);
    return found;
}

static void wait_for(const char *pattern, const char *step)
{
    struct timespec from, now;
    clock_gettime(CLOCK_MONOTONIC, &from);
    while (!matches(pattern)) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (ended || (now.tv_sec - from.tv_sec) * 1000 > PATIENCE_MS)
            fail(step);
        listen_for(50);
    }
}

static void type(const char *text)
{
    for (; *text; text++) {
        char c = *text;
        if (c == '\\' && text[1])
            c = *++text == 'e' ? '\033' : '\n';
        if (write(master, &c, 1) != 1)
            ended = true;
    }
}

static void wait_end(int status, const char *step)
{
    int got = 0;
    for (int i = 0; i < PATIENCE_MS / 50 && !ended; i++)
        listen_for(50);
    if (!ended)
        fail(step);
    if (waitpid(child, &got, 0) != child || !WIFEXITED(got) || WEXITSTATUS(got) != status) {
        fprintf(stderr, "pty_screen: wait status %#x\n", (unsigned)got);
        fail(step);
    }
}

static void take_step(const char *step)
{
    const char *value = strchr(step, ':') ? strchr(step, ':') + 1 : "";
    if (strncmp(step, "key:", 4) == 0)
        type(value);
    else if (strncmp(step, "until:", 6) == 0)
        wait_for(value, step);
    else if (strncmp(step, "size:", 5) == 0)
        set_size(value);
    else if (strcmp(step, "show") == 0) {
        listen_for(QUIET_MS);
        show(stdout);
    }
    else if (strncmp(step, "end:", 4) == 0)
        wait_end(atoi(value), step);
    else if ((strncmp(step, "never:", 6) == 0 && !matches(value)) ||
             (strncmp(step, "run:", 4) == 0 && system(value) == 0))
        return;
    else
        fail(step);
}

int main(int argc, char **argv)
{
    int sep = 2;
    while (sep < argc && strcmp(argv[sep], "--") != 0)
        sep++;
    if (argc < 4 || sep + 1 >= argc) {
        fputs("usage: pty_screen ROWSxCOLUMNS STEP.. -- COMMAND..\n", stderr);
        return EXIT_FAILURE;
    }
    for (int r = 0; r < MAX_ROWS; r++)
        blank(r, 0, MAX_COLUMNS);
    start(argv[1], argv + sep + 1);
    for (int i = 2; i < sep; i++)
        take_step(argv[i]);
    fflush(stdout);
    if (!ended)
        kill(child, SIGKILL);
    return EXIT_SUCCESS;
}
