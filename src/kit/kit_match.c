/* Names and patterns of names.
 *
 * What Windows turns a pattern into is matched at once, place by place of the pattern:
 *   "*"   any characters; before a ".": none that is behind the name's last dot; at the end the dot
 *         of "*." belongs to it
 *   "?"   one character but a dot; nothing before a dot and at the name's end
 *   "."   a dot; before "*" or "?" nothing too, at the name's end
 * "*.*" alone is "*".
 * Terms   open = a place of the pattern that may come next, after what was read of the name.
 * I1  Each character of the name moves the set of open places once: no stepping back.
 * Locking: none.   Failure: none.   Signal safety: all of it. */
#include "kit/kit_match.h"

#include <string.h>

#include "kit/kit_case.h"
#include "kit/kit_text.h"

static bool is_wild(WCHAR c)
{
    return c == '*' || c == '?';
}

bool wvm_kit_match_is_pattern(LPCWSTR text)
{
    while (*text && !is_wild(*text))
        text++;
    return *text != 0;
}

static bool is_same(WCHAR a, WCHAR b, bool exact)
{
    return a == b || (!exact && wvm_kit_upper(a) == wvm_kit_upper(b));
}

/* Opens what follows places that match nothing in front of `name`. */
static void open_more(bool *open, LPCWSTR pattern, LPCWSTR name)
{
    for (size_t i = 0; pattern[i]; i++) {
        bool at_end = *name == 0;
        if (!open[i])
            continue;
        if (pattern[i] == '*')
            open[i + (pattern[i + 1] == '.' && pattern[i + 2] == 0 ? 2 : 1)] = true;
        else if ((pattern[i] == '?' && (at_end || *name == '.')) ||
                 (pattern[i] == '.' && at_end && is_wild(pattern[i + 1])))
            open[i + 1] = true;
    }
}

/* Moves the open places over the character c; behind_dot: it is behind the name's last dot. */
static void step(bool *open, LPCWSTR pattern, WCHAR c, bool behind_dot, bool exact)
{
    bool next[WVM_KIT_PATTERN_MAX + 1] = {false};
    for (size_t i = 0; pattern[i]; i++) {
        if (!open[i])
            continue;
        if (pattern[i] == '*')
            next[i] = !behind_dot || pattern[i + 1] != '.';
        else if (pattern[i] == '?' ? c != '.' : is_same(pattern[i], c, exact))
            next[i + 1] = true;
    }
    memcpy(open, next, sizeof next);
}

bool wvm_kit_match(LPCWSTR pattern, LPCWSTR name, bool exact)
{
    bool open[WVM_KIT_PATTERN_MAX + 1] = {true};
    size_t n = wvm_kit_len16(pattern);
    LPCWSTR dot = NULL;
    if (n > WVM_KIT_PATTERN_MAX)
        return false;
    if (n == 3 && pattern[0] == '*' && pattern[1] == '.' && pattern[2] == '*')
        return true;
    for (LPCWSTR p = name; *p; p++)
        if (*p == '.')
            dot = p;
    open_more(open, pattern, name);
    for (; *name; name++) {
        step(open, pattern, *name, dot && name > dot, exact);
        open_more(open, pattern, name + 1);
    }
    return open[n];
}

int wvm_kit_match_order(LPCWSTR a, LPCWSTR b)
{
    LPCWSTR first = a, second = b;
    while (*a && wvm_kit_upper(*a) == wvm_kit_upper(*b))
        a++, b++;
    int order = (int)wvm_kit_upper(*a) - (int)wvm_kit_upper(*b);
    if (order)
        return order;
    while (*first && *first == *second)
        first++, second++;
    return (int)*first - (int)*second;
}
