/* The conformance harness: one program for each area, TAP on standard output.
 *
 * Owns    main and the result of each case.
 * Use     CASE(VA, 001, "call", "Windows' answer") { checks }; run one program with -l to list its
 *         cases, with ids to run only those. The same source runs on Windows, under Wine, and
 *         natively.
 * I1      Each case is reported once: ok, not ok, not ok TODO, or ok SKIP with the reason.
 * I2      Cases run in the order of their ids and leave no memory behind.
 * Failure: an unexpected fault ends its case only; the deadline ends the program. */
#ifndef COMPAT_H
#define COMPAT_H

#include "compat_child.h"

static inline void compat_start(const struct compat_case *chosen)
{
    compat.skipped = compat_not_run(chosen->id);
    if (compat.skipped)
        return;
    compat_escape_armed = 1;
    if (__builtin_setjmp(compat_escape_frame) == 0) {
        chosen->run();
    } else if (compat_fault.code) {
        compat_touching = 0;
        compat_check(chosen->id, 0, 0, "unexpected fault 0x%lx kind %lu at 0x%llx",
                     (unsigned long)compat_fault.code, (unsigned long)compat_fault.kind,
                     (unsigned long long)compat_fault.address);
    }
    compat_escape_armed = 0;
}

static int compat_run(const struct compat_case *chosen, unsigned number)
{
    const char *text = "";
    int passed;

    memset(&compat, 0, sizeof(compat));
    compat_fault.code = 0;
    compat_faults_pass = 0;
    compat_start(chosen);
    compat.todo = NULL;
    if (compat.cleanup)
        compat.cleanup();
    compat_release_all();
    passed = !compat.failed && !(compat.todo_passed && !compat.todo_failed);
    if (compat.todo_passed && !compat.todo_failed)
        text = " (passes unexpectedly)";
    printf("%s %u - %s %s => %s%s", passed && !compat.todo_failed ? "ok" : "not ok", number,
           chosen->id, chosen->what, chosen->want, text);
    if (passed && compat.todo_failed)
        printf(" # TODO %s", compat.todo_seen);
    else if (passed && compat.skipped)
        printf(" # SKIP %s", compat.skipped);
    printf("\n");
    fflush(stdout);
    return passed;
}

static int compat_order(const void *a, const void *b)
{
    return strcmp(((const struct compat_case *)a)->id, ((const struct compat_case *)b)->id);
}

static int compat_wanted(const struct compat_case *one, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], one->id))
            return 1;
    return argc < 2;
}

int main(int argc, char **argv)
{
    unsigned i, n = 0, failed = 0;

#ifdef _WIN32
    _setmode(_fileno(stdout), _O_BINARY);
#endif
    if (argc == 2 && !strcmp(argv[1], "--wait")) {
        compat_wait(60);
        return 0;
    }
    if (argc == 3 && !strcmp(argv[1], "--child"))
        return compat_be_child(argv[2]);
    qsort(compat_cases, compat_n_cases, sizeof(compat_cases[0]), compat_order);
    if (argc == 2 && !strcmp(argv[1], "-l")) {
        for (i = 0; i < compat_n_cases; i++)
            printf("%s\t%s\t%s\n", compat_cases[i].id, compat_cases[i].what, compat_cases[i].want);
        return 0;
    }
    for (i = 0; i < compat_n_cases; i++)
        n += (unsigned)compat_wanted(&compat_cases[i], argc, argv);
    if (!n) {
        fprintf(stderr, "no such case\n");
        return 2;
    }
    set_deadline(COMPAT_DEADLINE);
    catch_faults();
    printf("TAP version 13\n1..%u\n", n);
    for (i = n = 0; i < compat_n_cases; i++)
        if (compat_wanted(&compat_cases[i], argc, argv))
            failed += !compat_run(&compat_cases[i], ++n);
    return failed ? 1 : 0;
}
#endif
