/* Lines of winvm-poolmon: the ones of poolmon (POOL-143, POOL-144), and JSON.
 *
 * I1  A line is the same for the same numbers, wherever it is shown. Lines have 80 columns, and
 *     more where a number is longer.
 * I2  JSON is ASCII: bytes of tags that are not are escaped, as characters of the same number.
 * Failure: those of the stream are the caller's. */
#include "tools/poolmon.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define KIB(bytes) ((uint64_t)(bytes) / 1024)

static void set_line(char out[POOLMON_LINE], const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void set_line(char out[POOLMON_LINE], const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(out, POOLMON_LINE, fmt, args);
    va_end(args);
}

/* ---- lines ---- */

void poolmon_head_memory(const struct poolmon_totals *t, char out[POOLMON_LINE])
{
    set_line(out,
             " Memory:%9" PRIu64 "K Avail:%9" PRIu64 "K  PageFlts:%6" PRIu64
             "  InRam Krnl:%5" PRIu64 "K P:%5" PRIu64 "K",
             KIB(t->memory), KIB(t->available), t->faults, KIB(t->in_ram[POOLMON_NONPAGED]),
             KIB(t->in_ram[POOLMON_PAGED]));
}

void poolmon_head_commit(const struct poolmon_totals *t, char out[POOLMON_LINE])
{
    set_line(out,
             " Commit:%9" PRIu64 "K Limit:%9" PRIu64 "K Peak:%9" PRIu64 "K       Pool N:%5"
             PRIu64 "K P:%5" PRIu64 "K",
             KIB(t->commit), KIB(t->limit), KIB(t->peak), KIB(t->pool[POOLMON_NONPAGED]),
             KIB(t->pool[POOLMON_PAGED]));
}

void poolmon_head_columns(bool with_names, char out[POOLMON_LINE])
{
    set_line(out, " Tag  Type     Allocs            Frees           Diff     Bytes"
                  "        Per Alloc%s", with_names ? "  Mapped_Driver" : "");
}

/* The columns behind what. */
static void set_counts(const char *what, const struct poolmon_counts *now,
                       const struct poolmon_counts *before, char out[POOLMON_LINE])
{
    set_line(out,
             " %s %9" PRIu64 " (%4" PRId64 ") %9" PRIu64 " (%4" PRId64 ") %7" PRId64
             " %9" PRIu64 " (%6" PRId64 ") %7" PRIu64,
             what, now->allocs, (int64_t)(now->allocs - before->allocs), now->frees,
             (int64_t)(now->frees - before->frees), poolmon_diff(now), now->bytes,
             (int64_t)(now->bytes - before->bytes), poolmon_each(now));
}

void poolmon_line(const struct poolmon_row *r, const struct poolmon_names *names,
                  char out[POOLMON_LINE])
{
    char what[16];
    poolmon_tag_text(r->tag, what);
    strcat(what, r->paged ? " Paged" : " Nonp ");
    set_counts(what, &r->now, &r->before, out);
    if (!names)
        return;
    const struct poolmon_name *name = poolmon_names_find(names, r->tag);
    size_t len = strlen(out);
    if (!name)
        (void)snprintf(out + len, POOLMON_LINE - len, "  Unknown Driver");
    else
        (void)snprintf(out + len, POOLMON_LINE - len, "  [%s%s%s]", name->driver,
                       *name->description ? " - " : "", name->description);
}

void poolmon_total_line(const struct poolmon_sample *s, bool paged, char out[POOLMON_LINE])
{
    struct poolmon_counts now = {0}, before = {0};
    for (size_t i = 0; i < s->n_rows; i++) {
        const struct poolmon_row *r = &s->row[i];
        if (r->paged != paged)
            continue;
        now.allocs += r->now.allocs;
        now.frees += r->now.frees;
        now.bytes += r->now.bytes;
        before.allocs += r->before.allocs;
        before.frees += r->before.frees;
        before.bytes += r->before.bytes;
    }
    set_counts(paged ? "Tot. Paged" : "Tot. Nonp ", &now, &before, out);
}

void poolmon_write_text(FILE *to, const struct poolmon_sample *s,
                        const struct poolmon_names *names)
{
    char line[POOLMON_LINE];
    poolmon_head_memory(&s->totals, line);
    fprintf(to, "%s\n", line);
    poolmon_head_commit(&s->totals, line);
    fprintf(to, "%s\n", line);
    poolmon_head_columns(names != NULL, line);
    fprintf(to, "%s\n\n", line);
    for (size_t i = 0; i < s->n_rows; i++) {
        poolmon_line(&s->row[i], names, line);
        fprintf(to, "%s\n", line);
    }
}

/* ---- JSON ---- */

static void write_string(FILE *to, const char *text, size_t len)
{
    putc('"', to);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\')
            fprintf(to, "\\%c", c);
        else if (c < ' ' || c >= 0x7f)
            fprintf(to, "\\u%04x", c);
        else
            putc(c, to);
    }
    putc('"', to);
}

static void write_member(FILE *to, const char *key, uint64_t value)
{
    fprintf(to, ", \"%s\": %" PRIu64, key, value);
}

static void write_totals(FILE *to, const struct poolmon_totals *t)
{
    fprintf(to, "  \"memory\": {\"total\": %" PRIu64, t->memory);
    write_member(to, "available", t->available);
    write_member(to, "page_faults", t->faults);
    write_member(to, "nonpaged_resident", t->in_ram[POOLMON_NONPAGED]);
    write_member(to, "paged_resident", t->in_ram[POOLMON_PAGED]);
    fprintf(to, "},\n  \"commit\": {\"charge\": %" PRIu64, t->commit);
    write_member(to, "limit", t->limit);
    write_member(to, "peak", t->peak);
    fprintf(to, "},\n  \"pool\": {\"nonpaged\": %" PRIu64, t->pool[POOLMON_NONPAGED]);
    write_member(to, "paged", t->pool[POOLMON_PAGED]);
    fputs("},\n", to);
}

static void write_name(FILE *to, const struct poolmon_name *name)
{
    fputs(", \"driver\": ", to);
    if (!name) {
        fputs("null", to);
        return;
    }
    write_string(to, name->driver, strlen(name->driver));
    fputs(", \"description\": ", to);
    write_string(to, name->description, strlen(name->description));
}

static void write_row(FILE *to, const struct poolmon_row *r, const struct poolmon_names *names)
{
    char tag[4];
    for (unsigned i = 0; i < 4; i++)
        tag[i] = (char)(r->tag >> 8 * i);
    fputs("    {\"tag\": ", to);
    write_string(to, tag, 4);
    fprintf(to, ", \"value\": %" PRIu32 ", \"type\": \"%s\"", r->tag, r->paged ? "Paged" : "Nonp");
    write_member(to, "allocs", r->now.allocs);
    write_member(to, "frees", r->now.frees);
    fprintf(to, ", \"diff\": %" PRId64, poolmon_diff(&r->now));
    write_member(to, "bytes", r->now.bytes);
    write_member(to, "per_alloc", poolmon_each(&r->now));
    if (names)
        write_name(to, poolmon_names_find(names, r->tag));
    putc('}', to);
}

void poolmon_write_json(FILE *to, const struct poolmon_sample *s,
                        const struct poolmon_names *names)
{
    fprintf(to, "{\n  \"pid\": %ld,\n  \"name\": ", (long)s->pid);
    write_string(to, s->name, strlen(s->name));
    fputs(",\n", to);
    write_totals(to, &s->totals);
    fputs("  \"tags\": [", to);
    for (size_t i = 0; i < s->n_rows; i++) {
        fputs(i ? ",\n" : "\n", to);
        write_row(to, &s->row[i], names);
    }
    fprintf(to, "%s]\n}\n", s->n_rows ? "\n  " : "");
}
