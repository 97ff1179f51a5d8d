/* The decoder of an inline hook: lengths of the instructions that functions begin with, and their
 * copies at another place.
 *
 * Terms   modrm form = an instruction with an operand byte; relative = one whose last bytes count
 *         from its own end: a near or short jump, a call, or an operand relative to RIP.
 * I1  An instruction that is not in the tables is refused, never guessed.
 * I2  A copy does what the original does; a short jump becomes a near one. */
#include "hook.h"

#include <string.h>

struct instruction {
    unsigned size;
    unsigned relative;  /* bytes of the displacement, 1 or 4; 0: none */
    unsigned at;        /* where it stands */
    int ends;           /* nothing behind it belongs to the function for sure */
    int is_short;       /* a jump with one byte */
};

static LONG get_long(const BYTE *at)
{
    LONG value;

    memcpy(&value, at, 4);
    return value;
}

static int put_distance(BYTE *at, const BYTE *from, const BYTE *to)
{
    LONGLONG distance = to - from;
    LONG value = (LONG)distance;

    memcpy(at, &value, 4);
    return value == distance;
}

/* The bytes that follow the opcode of a modrm form, without an immediate. */
static unsigned operand_size(const BYTE *modrm, struct instruction *in, unsigned at)
{
    unsigned mode = *modrm >> 6, rm = *modrm & 7, size = 1;

    if (mode == 3)
        return 1;
    if (rm == 4)
        size = 2;
    if (mode == 0 && rm == 5) {
        in->relative = 4;
        in->at = at + 1;
        return 5;
    }
    if (mode == 0)
        return rm == 4 && (modrm[1] & 7) == 5 ? size + 4 : size;
    return size + (mode == 1 ? 1 : 4);
}

/* The opcodes that have an operand byte and no immediate, of the plain table. */
static int has_operand(BYTE op)
{
    return (op < 0x40 && (op & 7) < 4) || op == 0x63 || (op >= 0x84 && op <= 0x8b) || op == 0x8d;
}

/* Two-byte opcodes behind 0F, all with an operand byte: NOP and ENDBR64, moves of XMM registers,
 * CMOVcc, SETcc, MOVZX, MOVSX, IMUL. */
static int has_operand_0f(BYTE op)
{
    return op == 0x1e || op == 0x1f || op == 0x10 || op == 0x11 || op == 0x28 || op == 0x29 ||
           op == 0x57 || op == 0x6f || op == 0x7f || op == 0xef || (op & 0xf0) == 0x40 ||
           (op & 0xf0) == 0x90 || op == 0xaf || (op & 0xf6) == 0xb6;
}

static int decode_0f(const BYTE *p, struct instruction *in, unsigned n)
{
    if ((p[n] & 0xf0) == 0x80) {    /* Jcc near */
        in->relative = 4;
        in->at = n + 1;
        in->size = n + 5;
        return 1;
    }
    if (!has_operand_0f(p[n]))
        return 0;
    in->size = n + 1 + operand_size(p + n + 1, in, n + 1);
    return 1;
}

/* Jumps, calls and returns. */
static int decode_transfer(const BYTE *p, struct instruction *in, unsigned n)
{
    BYTE op = p[n];

    in->ends = op == 0xc3 || op == 0xc2 || op == 0xcc || op == 0xe9 || op == 0xeb;
    if (op == 0xc3 || op == 0xcc || op == 0xc2) {
        in->size = n + (op == 0xc2 ? 3 : 1);
        return 1;
    }
    if (op == 0xe8 || op == 0xe9) {
        in->relative = 4;
    } else if ((op & 0xf0) == 0x70 || op == 0xeb) {
        in->relative = 1;
        in->is_short = 1;
    } else {
        return 0;
    }
    in->at = n + 1;
    in->size = n + 1 + in->relative;
    return 1;
}

/* The instruction at p; 0: it is none that is known. */
static int decode(const BYTE *p, struct instruction *in)
{
    unsigned n = 0, wide = 0, size16 = 0;

    memset(in, 0, sizeof(*in));
    for (; p[n] == 0x66 || p[n] == 0xf2 || p[n] == 0xf3; n++)
        size16 |= p[n] == 0x66;
    if ((p[n] & 0xf0) == 0x40)      /* REX */
        wide = p[n++] & 8;
    if (p[n] == 0x0f)
        return decode_0f(p, in, n + 1);
    if ((p[n] & 0xf0) == 0x50 || p[n] == 0x90) {    /* PUSH, POP, NOP */
        in->size = n + 1;
    } else if (has_operand(p[n])) {
        in->size = n + 1 + operand_size(p + n + 1, in, n + 1);
    } else if (p[n] == 0x83 || p[n] == 0xc1 || p[n] == 0xc0 || p[n] == 0xc6 || p[n] == 0x80) {
        in->size = n + 2 + operand_size(p + n + 1, in, n + 1);
    } else if (p[n] == 0x81 || p[n] == 0xc7) {
        in->size = n + 1 + operand_size(p + n + 1, in, n + 1) + (size16 ? 2 : 4);
    } else if ((p[n] & 0xf8) == 0xb8) {             /* MOV register, immediate */
        in->size = n + 1 + (wide ? 8 : size16 ? 2 : 4);
    } else if (p[n] == 0xff && (p[n + 1] & 0x38) != 0x18 && (p[n + 1] & 0x38) != 0x28) {
        in->size = n + 1 + operand_size(p + n + 1, in, n + 1);
        in->ends = (p[n + 1] & 0x38) == 0x20;       /* JMP */
    } else if (p[n] == 0xf6 || p[n] == 0xf7) {
        if ((p[n + 1] & 0x38) == 0)                 /* TEST has an immediate, the others not */
            return 0;
        in->size = n + 1 + operand_size(p + n + 1, in, n + 1);
    } else {
        return decode_transfer(p, in, n);
    }
    return 1;
}

/* A short jump at p to `to`, as a near one at `out`: its size. */
static unsigned widen(const BYTE *p, BYTE *out)
{
    if (*p == 0xeb) {
        *out = 0xe9;
        return 5;
    }
    out[0] = 0x0f;
    out[1] = 0x80 | (*p & 0x0f);
    return 6;
}

/* A copy of the instruction at `out`; its size, or 0: what it refers to is out of reach. That place
 * is left in *refers, NULL: it refers to none. */
static unsigned move_one(const BYTE *p, const struct instruction *in, BYTE *out,
                         const BYTE **refers)
{
    const BYTE *to;
    unsigned size = in->size;

    *refers = NULL;
    if (in->relative == 0) {
        memcpy(out, p, size);
        return size;
    }
    to = p + in->size;
    to += in->relative == 1 ? (signed char)p[in->at] : get_long(p + in->at);
    *refers = to;
    if (in->is_short) {
        size = widen(p, out);
        return put_distance(out + size - 4, out + size, to) ? size : 0;
    }
    memcpy(out, p, size);
    return put_distance(out + in->at, out + size, to) ? size : 0;
}

/* jmp [rip]; the address follows. */
static unsigned put_far_jump(BYTE *out, const BYTE *to)
{
    static const BYTE code[6] = {0xff, 0x25};

    memcpy(out, code, 6);
    memcpy(out + 6, &to, 8);
    return 14;
}

enum hook_result move_instructions(struct hook *h, unsigned room)
{
    struct instruction in;
    const BYTE *refers, *first = NULL; /* the first place behind h->target that is referred to */
    unsigned made = 0, moved;

    h->stolen = h->n_instructions = 0;
    while (h->stolen < JUMP_SIZE) {
        const BYTE *p = h->target + h->stolen;

        if (room < h->stolen + 16 || !decode(p, &in) || h->stolen + in.size > MOST_STOLEN)
            return HOOK_UNKNOWN;
        if (in.ends && h->stolen + in.size < JUMP_SIZE)
            return HOOK_TOO_SHORT;
        moved = move_one(p, &in, h->trampoline + made, &refers);
        if (moved == 0)
            return HOOK_UNKNOWN;
        if (refers > h->target && (first == NULL || refers < first))
            first = refers;
        h->from[h->n_instructions] = (BYTE)h->stolen;
        h->to[h->n_instructions++] = (BYTE)made;
        h->stolen += in.size;
        made += moved;
    }
    if (first != NULL && first < h->target + h->stolen)
        return HOOK_UNKNOWN;
    memcpy(h->saved, h->target, h->stolen);
    put_far_jump(h->trampoline + made, h->target + h->stolen);
    return HOOK_DONE;
}

BYTE *code_of(hook_function f)
{
    BYTE *p;

    memcpy(&p, &f, sizeof(p));
    for (int steps = 0; steps < 4; steps++) {
        static const BYTE endbr64[4] = {0xf3, 0x0f, 0x1e, 0xfa};
        BYTE *at = memcmp(p, endbr64, 4) == 0 ? p + 4 : p;

        at += *at == 0xf2;                      /* BND */
        if (at[0] == 0xff && at[1] == 0x25)     /* jmp [rip + distance] */
            memcpy(&p, at + 6 + get_long(at + 2), sizeof(p));
        else if (at[0] == 0xe9)
            p = at + 5 + get_long(at + 1);
        else
            break;
    }
    return p;
}
