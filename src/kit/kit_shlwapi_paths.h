/* Paths and texts of one size of character, for kit_shlwapi.c, which includes it once for each:
 * UNIT is the character, FN(name) a function's name, FOLD(c) the letter that stands for its cases.
 * A separator is / or \. */

static bool FN(is_separator)(UNIT c)
{
    return c == '/' || c == '\\';
}

/* Units of the root: "/", "//", "C:", "C:/". */
static size_t FN(root_of)(const UNIT *path)
{
    if (FN(is_separator)(path[0]))
        return FN(is_separator)(path[1]) ? 2 : 1;
    if (path[0] != 0 && path[1] == ':')
        return FN(is_separator)(path[2]) ? 3 : 2;
    return 0;
}

/* The last component, with the separator that may end the path. */
static const UNIT *FN(name_in)(const UNIT *path)
{
    const UNIT *name = path;
    for (const UNIT *p = path; *p != 0; p++)
        if ((FN(is_separator)(*p) || *p == ':') && p[1] != 0 && !FN(is_separator)(p[1]))
            name = p + 1;
    return name;
}

/* The dot of the extension, or the path's end; what has a space is none. */
static const UNIT *FN(extension_in)(const UNIT *path)
{
    const UNIT *dot = NULL;
    for (; *path != 0; path++) {
        if (*path == '.')
            dot = path;
        else if (FN(is_separator)(*path) || *path == ' ')
            dot = NULL;
    }
    return dot ? dot : path;
}

static bool FN(cut_name)(UNIT *path)
{
    size_t root = FN(root_of)(path), cut = root;
    for (size_t i = root; path[i] != 0; i++)
        if (FN(is_separator)(path[i]))
            cut = i;
    bool is_cut = path[cut] != 0;
    path[cut] = 0;
    return is_cut;
}

/* Whether s begins with `what`, in any case. */
static bool FN(begins)(const UNIT *s, const UNIT *what)
{
    while (*what != 0 && FOLD(*s) == FOLD(*what))
        s++, what++;
    return *what == 0;
}

static const UNIT *FN(find_text)(const UNIT *s, const UNIT *what)
{
    if (!s || !what || *what == 0)
        return NULL;
    for (; *s != 0; s++)
        if (FN(begins)(s, what))
            return s;
    return NULL;
}

/* A path that is put together: n units, of which the first `root` stay. */
struct FN(builder) {
    UNIT *to;
    size_t n, root;
    UNIT separator;
    bool is_full;
};

static void FN(put)(struct FN(builder) *b, const UNIT *s, size_t n)
{
    if (b->n + n >= MAX_PATH)
        b->is_full = true;
    for (size_t i = 0; i < n && !b->is_full; i++)
        b->to[b->n++] = s[i];
}

static void FN(put_separator)(struct FN(builder) *b)
{
    if (b->n > b->root && !FN(is_separator)(b->to[b->n - 1]))
        FN(put)(b, &b->separator, 1);
}

/* Back over the last component, not over the root. */
static void FN(go_up)(struct FN(builder) *b)
{
    while (b->n > b->root && FN(is_separator)(b->to[b->n - 1]))
        b->n--;
    while (b->n > b->root && !FN(is_separator)(b->to[b->n - 1]))
        b->n--;
    if (b->n > b->root)
        b->n--;
}

/* The components of a path without its root; "." is left out, ".." goes up. */
static void FN(put_components)(struct FN(builder) *b, const UNIT *path)
{
    while (*path != 0) {
        size_t n = 0;
        while (path[n] != 0 && !FN(is_separator)(path[n]))
            n++;
        if (n == 2 && path[0] == '.' && path[1] == '.') {
            FN(go_up)(b);
        } else if (n > 0 && !(n == 1 && path[0] == '.')) {
            FN(put_separator)(b);
            FN(put)(b, path, n);
        }
        path += n;
        if (*path != 0 && path[1] == 0 && n > 0)
            FN(put_separator)(b);
        while (FN(is_separator)(*path))
            path++;
    }
}

/* to: MAX_PATH units. False: it does not fit, and `to` is empty. Nothing left is a separator. */
static bool FN(combine)(UNIT *to, const UNIT *folder, const UNIT *file)
{
    UNIT out[MAX_PATH];
    struct FN(builder) b = {.to = out, .separator = '/'};
    const UNIT *first = file && FN(root_of)(file) > 0 ? NULL : folder;
    const UNIT *rooted = first && *first != 0 ? first : file ? file : folder;
    for (const UNIT *p = rooted; *p != 0 && *p != '/'; p++)
        if (*p == '\\')
            b.separator = '\\';
    size_t root = FN(root_of)(rooted);
    if (root == 1 && folder && rooted == file && folder[0] != 0 && folder[1] == ':')
        FN(put)(&b, folder, 2);
    FN(put)(&b, rooted, root);
    b.root = b.n;
    FN(put_components)(&b, rooted + root);
    if (file && rooted != file)
        FN(put_components)(&b, file);
    if (b.n == 0)
        FN(put)(&b, &b.separator, 1);
    if (b.is_full)
        b.n = 0;
    for (size_t i = 0; i < b.n; i++)
        to[i] = out[i];
    to[b.n] = 0;
    return !b.is_full;
}

/* more: a separator at its beginning is not its root; two are. */
static bool FN(append)(UNIT *path, const UNIT *more)
{
    if (!path || !more)
        return false;
    if (FN(is_separator)(more[0]) && !FN(is_separator)(more[1]))
        more++;
    return FN(combine)(path, path, more);
}

#undef UNIT
#undef FN
#undef FOLD
