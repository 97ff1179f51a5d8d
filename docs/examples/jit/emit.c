/* Instructions for the machine of this build: x86-64, or i386 where pointers have 32 bits.
 *
 * The result of an expression is in (r)ax; words that wait are on the stack. Functions of
 * x86-64 keep their arguments where the Windows convention leaves room for them, above the
 * return address. */
#include <windows.h>
#include <string.h>
#include "jit.h"

static void put(struct emit *e, const char *bytes, size_t n)
{
    memcpy(e->at, bytes, n);
    e->at += n;
}
#define PUT(e, bytes) put(e, bytes, sizeof bytes - 1)
#if defined(_WIN64)
#define PUT_WORD(e, bytes) PUT(e, "\x48" bytes)     /* of 64 bits */
#else
#define PUT_WORD(e, bytes) PUT(e, bytes)
#endif

static void put_number(struct emit *e, word value, size_t n)
{
    memcpy(e->at, &value, n);
    e->at += n;
}

void emit_enter(struct emit *e)
{
    PUT(e, "\x55");                                 /* push rbp */
    PUT_WORD(e, "\x89\xe5");                        /* mov rbp, rsp */
#if defined(_WIN64)
    PUT(e, "\x48\x89\x4d\x10\x48\x89\x55\x18");     /* mov [rbp+16], rcx; mov [rbp+24], rdx */
    PUT(e, "\x4c\x89\x45\x20\x4c\x89\x4d\x28");     /* mov [rbp+32], r8; mov [rbp+40], r9 */
#endif
    e->n_pushed = 0;
}

void emit_leave(struct emit *e)
{
    PUT(e, "\xc9\xc3");                             /* leave; ret */
}

void emit_number(struct emit *e, word value)
{
    PUT_WORD(e, "\xb8");                            /* mov rax, value */
    put_number(e, value, sizeof value);
}

void emit_param(struct emit *e, int i)
{
    PUT_WORD(e, "\x8b\x45");                        /* mov rax, [rbp+..] */
    put_number(e, (i + 2) * (int)sizeof(word), 1);
}

void emit_push(struct emit *e)
{
    PUT(e, "\x50");                                 /* push rax */
    e->n_pushed++;
}

static void divide(struct emit *e)
{
    PUT_WORD(e, "\x99");                            /* cqo */
    PUT_WORD(e, "\xf7\xf9");                        /* idiv rcx */
}

void emit_binary(struct emit *e, char op)
{
    PUT_WORD(e, "\x89\xc1");                        /* mov rcx, rax */
    PUT(e, "\x58");                                 /* pop rax */
    e->n_pushed--;
    switch (op) {
    case '+': PUT_WORD(e, "\x01\xc8"); return;      /* add rax, rcx */
    case '-': PUT_WORD(e, "\x29\xc8"); return;      /* sub rax, rcx */
    case '*': PUT_WORD(e, "\x0f\xaf\xc1"); return;  /* imul rax, rcx */
    case '/': divide(e); return;
    case '%':
        divide(e);
        PUT_WORD(e, "\x89\xd0");                    /* mov rax, rdx */
        return;
    }
    PUT_WORD(e, "\x39\xc8");                        /* cmp rax, rcx */
    if (op == '<')
        PUT(e, "\x0f\x9c\xc0");                     /* setl al */
    else
        PUT(e, "\x0f\x94\xc0");                     /* sete al */
    PUT(e, "\x0f\xb6\xc0");                         /* movzx eax, al */
}

void emit_load(struct emit *e)
{
    PUT_WORD(e, "\x8b\x00");                        /* mov rax, [rax] */
}

BYTE *emit_jump(struct emit *e, int if_zero)
{
    if (if_zero) {
        PUT_WORD(e, "\x85\xc0");                    /* test rax, rax */
        PUT(e, "\x0f\x84");                         /* jz */
    } else {
        PUT(e, "\xe9");
    }
    put_number(e, 0, 4);
    return e->at;
}

void emit_land(struct emit *e, BYTE *jump)
{
    DWORD distance = (DWORD)(e->at - jump);
    memcpy(jump - 4, &distance, 4);
}

void emit_goto(struct emit *e, const BYTE *runs_at, const BYTE *target)
{
    PUT(e, "\xe9");
    put_number(e, target - (runs_at + GOTO_SIZE), 4);
}

#if defined(_WIN64)
/* Four arguments in registers, room for them on the stack, which is at a multiple of 16. */
void emit_call(struct emit *e, const void *target, int n_args)
{
    static const char pops[MOST_PARAMS][3] = {"\x59", "\x5a", "\x41\x58", "\x41\x59"};
    int i;
    for (i = n_args; i-- > 0;)
        put(e, pops[i], i < 2 ? 1 : 2);             /* pop r9, r8, rdx, rcx */
    e->n_pushed -= n_args;
    PUT(e, "\x48\x83\xec");                         /* sub rsp, room */
    put_number(e, e->n_pushed % 2 ? 40 : 32, 1);
    emit_number(e, (word)target);
    PUT(e, "\xff\xd0");                             /* call rax */
    PUT(e, "\x48\x83\xc4");                         /* add rsp, room */
    put_number(e, e->n_pushed % 2 ? 40 : 32, 1);
}

/* (code, arguments, place of the frame's address) */
BYTE *emit_gate(struct emit *e)
{
    PUT(e, "\x55\x48\x89\xe5\x48\x83\xec\x20");     /* push rbp; mov rbp, rsp; sub rsp, 32 */
    PUT(e, "\x49\x89\x28\x48\x89\xc8\x49\x89\xd2"); /* mov [r8], rbp; mov rax, rcx; mov r10, rdx */
    PUT(e, "\x49\x8b\x0a\x49\x8b\x52\x08");         /* mov rcx, [r10]; mov rdx, [r10+8] */
    PUT(e, "\x4d\x8b\x42\x10\x4d\x8b\x4a\x18");     /* mov r8, [r10+16]; mov r9, [r10+24] */
    PUT(e, "\xff\xd0");                             /* call rax */
    emit_leave(e);
    return e->at - 2;
}
#else
/* The arguments once more, the first one on top. */
void emit_call(struct emit *e, const void *target, int n_args)
{
    int i;
    for (i = 0; i < n_args; i++) {
        PUT(e, "\xff\x74\x24");                     /* push [esp+..] */
        put_number(e, i * 8, 1);
    }
    emit_number(e, (word)target);
    PUT(e, "\xff\xd0\x83\xc4");                     /* call eax; add esp, .. */
    put_number(e, n_args * 8, 1);
    e->n_pushed -= n_args;
}

BYTE *emit_gate(struct emit *e)
{
    PUT(e, "\x55\x89\xe5\x8b\x45\x10\x89\x28");     /* push ebp; mov ebp, esp; mov eax, [ebp+16];
                                                     * mov [eax], ebp */
    PUT(e, "\x8b\x4d\x0c\xff\x71\x0c\xff\x71\x08"); /* mov ecx, [ebp+12]; push [ecx+12], [ecx+8] */
    PUT(e, "\xff\x71\x04\xff\x31\xff\x55\x08");     /* push [ecx+4], [ecx]; call [ebp+8] */
    emit_leave(e);
    return e->at - 2;
}
#endif
