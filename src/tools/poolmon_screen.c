/* The live view of winvm-poolmon: poolmon's screen and keys, by ncurses.
 *
 * Terms   raw = the last sample, whole; shown = its rows that are chosen, in order.
 * I1  A new sample is taken each second and on the space bar; keys show the one that is there.
 * I2  The terminal is as it was when poolmon_screen() returns.
 * I3  Lines are cut at the width of the window; in one that is too small a word says so.
 * Failure: a terminal that ncurses does not know ends the program. */
#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/poolmon.h"

#define PERIOD_MS 1000
/* A lone escape key is told from the others by time. */
#define ESCAPE_MS 25
#define KEY_ESCAPE 27
/* Poolmon's three lines, and ours in the place of its empty one. */
#define HEAD_LINES 4
#define LEAST_LINES (HEAD_LINES + 1)
#define LEAST_COLUMNS 40

static const char *const help[] = {
    "",
    " t a f d b m   sort by tag, allocs, frees, diff, bytes, bytes per alloc",
    " s             the next of these orders",
    " ( )           sort by the changes, the numbers in parentheses, or not",
    " p             non-paged pool, paged pool, both",
    " l             highlight what changed, or not",
    " e             sums of non-paged and paged pool, or not",
    " arrows, page up, page down, home, end   more rows",
    " space         look now",
    " q x escape    leave",
    " ? h           this text, or not",
    NULL,
};

struct screen {
    struct poolmon_target *target;
    struct poolmon_settings *set;
    struct poolmon_sample raw, shown;
    size_t top;                 /* the first row on the screen */
    bool highlight, totals, help;
};

/* ---- samples ---- */

static void choose(struct screen *v)
{
    free(v->shown.row);
    v->shown = v->raw;
    v->shown.row = malloc((v->raw.n_rows + 1) * sizeof *v->shown.row);
    if (!v->shown.row) {
        endwin();
        poolmon_die("out of memory");
    }
    if (v->raw.n_rows)
        memcpy(v->shown.row, v->raw.row, v->raw.n_rows * sizeof *v->raw.row);
    poolmon_choose(&v->shown, &v->set->choice);
}

/* One that failed leaves the last one. */
static enum poolmon_seen take_sample(struct screen *v)
{
    struct poolmon_sample s;
    enum poolmon_seen seen = poolmon_look(v->target, &s);
    if (seen != SEEN_OK)
        return seen == SEEN_FAILED ? SEEN_OK : seen;
    if (v->raw.row)
        poolmon_compare(&s, &v->raw);
    free(v->raw.row);
    v->raw = s;
    choose(v);
    return SEEN_OK;
}

/* ---- drawing ---- */

static void put_line(int y, const char *text)
{
    mvaddnstr(y, 0, text, COLS);
}

static const char *order_text(const struct poolmon_choice *c)
{
    static const char *const texts[][2] = {
        [BY_TAG] = {"tag", "tag"},
        [BY_ALLOCS] = {"allocs", "change of allocs"},
        [BY_FREES] = {"frees", "change of frees"},
        [BY_DIFF] = {"diff", "change of diff"},
        [BY_BYTES] = {"bytes", "change of bytes"},
        [BY_EACH] = {"bytes per alloc", "change of bytes per alloc"},
    };
    return texts[c->order][c->by_change];
}

static void draw_head(const struct screen *v, size_t rows)
{
    static const char *const types[] = {"Nonp and Paged", "Nonp", "Paged"};
    char line[POOLMON_LINE];
    poolmon_head_memory(&v->shown.totals, line);
    put_line(0, line);
    poolmon_head_commit(&v->shown.totals, line);
    put_line(1, line);
    poolmon_head_columns(v->set->names != NULL, line);
    put_line(2, line);
    size_t end = v->top + rows < v->shown.n_rows ? v->top + rows : v->shown.n_rows;
    snprintf(line, sizeof line, " %s (%ld): %s by %s, %zu to %zu of %zu; ? for keys",
             v->shown.name, (long)v->shown.pid, types[v->set->choice.shown],
             order_text(&v->set->choice), end ? v->top + 1 : 0, end, v->shown.n_rows);
    attron(A_DIM);
    put_line(3, line);
    attroff(A_DIM);
}

static void draw_rows(const struct screen *v, size_t rows)
{
    char line[POOLMON_LINE];
    for (size_t i = 0; i < rows && v->top + i < v->shown.n_rows; i++) {
        const struct poolmon_row *r = &v->shown.row[v->top + i];
        bool bright = v->highlight && poolmon_changed(r);
        poolmon_line(r, v->set->names, line);
        if (bright)
            attron(A_REVERSE);
        put_line((int)(HEAD_LINES + i), line);
        if (bright)
            attroff(A_REVERSE);
    }
}

static void draw_totals(const struct screen *v)
{
    char line[POOLMON_LINE];
    for (int paged = 0; paged < 2; paged++) {
        poolmon_total_line(&v->shown, paged, line);
        put_line(LINES - 2 + paged, line);
    }
}

static bool has_totals(const struct screen *v)
{
    return v->totals && LINES >= LEAST_LINES + 2;
}

/* Rows that the window has room for. */
static size_t room(const struct screen *v)
{
    return (size_t)(LINES - HEAD_LINES - (has_totals(v) ? 2 : 0));
}

static void draw(struct screen *v)
{
    erase();
    if (LINES < LEAST_LINES || COLS < LEAST_COLUMNS) {
        put_line(0, "too small");
    } else {
        size_t rows = room(v), most = v->shown.n_rows > rows ? v->shown.n_rows - rows : 0;
        if (v->top > most)
            v->top = most;
        draw_head(v, rows);
        if (v->help)
            for (int i = 0; help[i] && HEAD_LINES + i < LINES; i++)
                put_line(HEAD_LINES + i, help[i]);
        else
            draw_rows(v, rows);
        if (has_totals(v) && !v->help)
            draw_totals(v);
    }
    move(LINES - 1, 0);
    refresh();
}

/* ---- keys ---- */

static void scroll_rows(struct screen *v, int key)
{
    size_t page = LINES >= LEAST_LINES ? room(v) : 1;
    switch (key) {
    case KEY_UP: v->top -= v->top != 0; break;
    case KEY_DOWN: v->top++; break;
    case KEY_PPAGE: v->top -= v->top < page ? v->top : page; break;
    case KEY_NPAGE: v->top += page; break;
    case KEY_HOME: v->top = 0; break;
    case KEY_END: v->top = v->shown.n_rows; break;
    default: break;
    }
}

/* False: it asks to leave. */
static bool handle_key(struct screen *v, int key)
{
    struct poolmon_choice *c = &v->set->choice;
    if (key < KEY_MIN && poolmon_order_named((char)key, &c->order)) {
        choose(v);
        return true;
    }
    switch (key) {
    case 'q': case 'Q': case 'x': case 'X': case KEY_ESCAPE: return false;
    case 's': case 'S': c->order = (c->order + 1) % POOLMON_ORDERS; break;
    case '(': case ')': c->by_change = !c->by_change; break;
    case 'p': case 'P': c->shown = (c->shown + 1) % POOLMON_SHOWN; break;
    case 'l': case 'L': v->highlight = !v->highlight; return true;
    case 'e': case 'E': v->totals = !v->totals; return true;
    case '?': case 'h': case 'H': v->help = !v->help; return true;
    case KEY_RESIZE: clearok(curscr, TRUE); return true;
    default: scroll_rows(v, key); return true;
    }
    choose(v);
    return true;
}

/* ---- the loop ---- */

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The next key before the time: ERR: none; KEY_EXIT: no keys will come any more. */
static int wait_key(int64_t until)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    int key = getch();
    if (key != ERR)
        return key;
    int64_t left = until - now_ms();
    int n = poll(&in, 1, left > 0 ? (int)left : 0);
    key = getch();
    if (key == ERR && n > 0)
        return KEY_EXIT;
    return key;
}

static enum poolmon_seen run(struct screen *v)
{
    enum poolmon_seen seen = take_sample(v);
    int64_t next = now_ms() + PERIOD_MS;
    while (seen == SEEN_OK) {
        draw(v);
        int key = wait_key(next);
        if (key == KEY_EXIT || (key != ERR && !handle_key(v, key)))
            break;
        if (key == ' ' || now_ms() >= next) {
            seen = take_sample(v);
            next = now_ms() + PERIOD_MS;
        }
    }
    return seen;
}

bool poolmon_has_screen(void)
{
    return true;
}

enum poolmon_seen poolmon_screen(struct poolmon_target *t, struct poolmon_settings *set)
{
    struct screen v = {.target = t, .set = set};
    SCREEN *terminal = newterm(NULL, stdout, stdin);
    if (!terminal)
        poolmon_die("the terminal '%s' is not known; use --once",
                    getenv("TERM") ? getenv("TERM") : "");
    set_escdelay(ESCAPE_MS);
    cbreak();
    noecho();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    enum poolmon_seen seen = run(&v);
    endwin();
    delscreen(terminal);
    free(v.raw.row);
    free(v.shown.row);
    return seen;
}
