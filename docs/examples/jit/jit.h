/* A compiler of integer functions to machine code: what its files know of each other. */
#ifndef JIT_H
#define JIT_H

#include <windows.h>

/* Generated code follows the Windows convention, whatever the convention is that this program
 * is compiled with: so its type says it, and so does that of each function it calls. On Windows
 * the words change nothing. */
#if defined(__GNUC__) && defined(_WIN64)
#define JIT_CALL __attribute__((ms_abi))
#define JIT_HELPER JIT_CALL
#elif defined(__GNUC__)
#define JIT_CALL __attribute__((cdecl))
#define JIT_HELPER __attribute__((cdecl, force_align_arg_pointer))
#else
#define JIT_CALL __cdecl
#define JIT_HELPER __cdecl
#endif

enum { MOST_PARAMS = 4, MOST_FUNCTIONS = 32, MOST_NAME = 12 };
typedef LONG_PTR word;

/* ---- Code memory (code.c) ----
 * It is written at one address and runs at another (CODE_TWICE), or at the same one, where it can
 * be written or run but not both (CODE_FLIP). */
enum code_way { CODE_FLIP, CODE_TWICE };
int code_start(enum code_way way);          /* 0: the system refuses */
void code_end(void);
BYTE *code_open(size_t size);               /* where to write, at its next free byte; or NULL */
BYTE *code_runs_at(const BYTE *written);
void code_close(size_t used);               /* what was written can run */
BYTE *code_reopen(const BYTE *runs);        /* the same of code that exists, until code_patched */
void code_patched(const BYTE *runs, size_t size);
int code_is(const void *at);
int code_can_write(const void *runs);       /* as VirtualQuery tells */
/* Makes code known to the system's unwinder, if there is one. */
void code_register(const BYTE *runs, size_t size);

/* ---- Instructions (emit.c): for the machine of this build ---- */
struct emit {
    BYTE *at;
    int n_pushed;                           /* words on the stack above the frame */
};
void emit_enter(struct emit *e);
void emit_leave(struct emit *e);
void emit_number(struct emit *e, word value);
void emit_param(struct emit *e, int i);
void emit_push(struct emit *e);
void emit_binary(struct emit *e, char op);  /* + - * / % < = of the pushed word and the result */
void emit_load(struct emit *e);             /* the word at the result */
BYTE *emit_jump(struct emit *e, int if_zero);
void emit_land(struct emit *e, BYTE *jump);
void emit_call(struct emit *e, const void *target, int n_args);     /* of pushed words */
void emit_goto(struct emit *e, const BYTE *runs_at, const BYTE *target);
/* The way in; returns where it goes on after a call. */
BYTE *emit_gate(struct emit *e);
enum { GOTO_SIZE = 5 };

/* ---- The compiler (compile.c) ---- */
typedef word(JIT_CALL *helper)(word, word, word, word);
void jit_helper(const char *name, helper run, int n_params);
/* "name params.. = expression", or an expression: its number, -1: it is wrong. A name that exists
 * gets a new meaning, for code that calls it already, too. */
int jit_define(const char *text);
const BYTE *jit_code(int function);
void jit_forget(void);                      /* all functions */

/* ---- Running (run.c) ---- */
struct jit_result {
    word value;
    DWORD error;                            /* the exception that ended it; 0: none */
};
int run_start(void);
void run_end(void);
struct jit_result run_code(const BYTE *code, const word args[MOST_PARAMS]);

#endif
