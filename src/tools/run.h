/* What the files of winvm-run share. */
#ifndef WINVM_TOOLS_RUN_H
#define WINVM_TOOLS_RUN_H

#include <stdbool.h>

#include "tools/program.h"

enum { EXIT_USAGE = 125, EXIT_CANNOT_RUN = 126, EXIT_NOT_FOUND = 127 };

/* One line to standard error, and the end. */
void run_die(int status, const char *fmt, ...) __attribute__((noreturn, format(printf, 2, 3)));
/* A new string made by printf; the process is about to be replaced, so nothing is freed. */
char *run_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* ---- preload_choice.c ---- */

/* The convention that a program's plain names have. */
enum run_abi { ABI_AUTO, ABI_OWN, ABI_WINDOWS };
/* By its name; ABI_AUTO also for "auto". False: no such name. */
bool run_abi_named(const char *text, enum run_abi *out);
const char *run_abi_name(enum run_abi abi, bool is_32);
/* Chooses by what the program's file says; *why in words. */
enum run_abi run_choose_abi(const struct program *prog, const char **why);
/* The path of the preload object; NULL: there is none for programs of that class. */
char *run_find_preload(enum run_abi abi, bool is_32);

/* ---- missing.c ---- */

/* Tells all names that the program wants and nobody has, and ends winvm-run unless `start`. For a
 * program that is about to be executed, with LD_PRELOAD set for it. */
void run_report_missing(const struct program *prog, const char *path, bool start);

#endif
