/* The compiler: one pass from text to instructions.
 *
 *   condition  = comparison ["?" condition ":" condition]
 *   comparison = sum [("<" | "=") sum]
 *   sum        = product {("+" | "-") product}
 *   product    = value {("*" | "/" | "%") value}
 *   value      = number | parameter | name "(" conditions ")" | "(" condition ")"
 *              | "[" condition "]"        the word at an address */
#include <windows.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "jit.h"

struct function {
    char name[MOST_NAME];                   /* the first one's is empty: the last expression */
    int n_params;
    const BYTE *code;                       /* generated; or */
    helper run;
};
struct compiler {
    const char *text;
    struct emit emit;
    char params[MOST_PARAMS][MOST_NAME];
    int n_params, wrong;
};

static struct function functions[MOST_FUNCTIONS] = {{"", 0, NULL, NULL}};
static int n_functions = 1;

static void condition(struct compiler *c);

static int find(const char *name)
{
    int i;
    for (i = 1; i < n_functions; i++) {
        if (strcmp(functions[i].name, name) == 0)
            return i;
    }
    return -1;
}

static void skip_spaces(struct compiler *c)
{
    while (*c->text == ' ')
        c->text++;
}

/* Whether the next character is one of `any`; it is then taken, and returned. */
static char take(struct compiler *c, const char *any)
{
    skip_spaces(c);
    return *c->text != '\0' && strchr(any, *c->text) ? *c->text++ : '\0';
}

static void need(struct compiler *c, const char *what)
{
    if (!take(c, what))
        c->wrong = 1;
}

static int take_name(struct compiler *c, char name[MOST_NAME])
{
    int n = 0;
    skip_spaces(c);
    while (isalpha((unsigned char)*c->text) && n < MOST_NAME - 1)
        name[n++] = *c->text++;
    name[n] = '\0';
    return n > 0;
}

static void call(struct compiler *c, const char *name)
{
    int i = find(name), n = 0;
    need(c, "(");
    if (!take(c, ")")) {
        do {
            condition(c);
            emit_push(&c->emit);
            n++;
        } while (take(c, ","));
        need(c, ")");
    }
    if (i < 0 || functions[i].n_params != n)
        c->wrong = 1;
    if (!c->wrong)
        emit_call(&c->emit, functions[i].run ? (const void *)(ULONG_PTR)functions[i].run
                                             : functions[i].code, n);
}

static void named(struct compiler *c, const char *name)
{
    int i;
    for (i = 0; i < c->n_params; i++) {
        if (strcmp(c->params[i], name) == 0) {
            emit_param(&c->emit, i);
            return;
        }
    }
    call(c, name);
}

static void value(struct compiler *c)
{
    char name[MOST_NAME];
    skip_spaces(c);
    if (isdigit((unsigned char)*c->text)) {
        char *end;
        emit_number(&c->emit, (word)strtoul(c->text, &end, 10));
        c->text = end;
    } else if (take(c, "(")) {
        condition(c);
        need(c, ")");
    } else if (take(c, "[")) {
        condition(c);
        need(c, "]");
        emit_load(&c->emit);
    } else if (take_name(c, name)) {
        named(c, name);
    } else {
        c->wrong = 1;
    }
}

static void product(struct compiler *c)
{
    char op;
    value(c);
    while (!c->wrong && (op = take(c, "*/%")) != '\0') {
        emit_push(&c->emit);
        value(c);
        emit_binary(&c->emit, op);
    }
}

static void sum(struct compiler *c)
{
    char op;
    product(c);
    while (!c->wrong && (op = take(c, "+-")) != '\0') {
        emit_push(&c->emit);
        product(c);
        emit_binary(&c->emit, op);
    }
}

static void comparison(struct compiler *c)
{
    char op;
    sum(c);
    if (!c->wrong && (op = take(c, "<=")) != '\0') {
        emit_push(&c->emit);
        sum(c);
        emit_binary(&c->emit, op);
    }
}

static void condition(struct compiler *c)
{
    BYTE *otherwise, *end;
    comparison(c);
    if (c->wrong || !take(c, "?"))
        return;
    otherwise = emit_jump(&c->emit, 1);
    condition(c);
    need(c, ":");
    end = emit_jump(&c->emit, 0);
    emit_land(&c->emit, otherwise);
    condition(c);
    emit_land(&c->emit, end);
}

/* ---- Functions ---- */

/* "name params.. =", if it begins so: the function's number; 0: it is an expression. */
static int take_head(struct compiler *c)
{
    const char *start = c->text;
    char name[MOST_NAME];
    int i;
    if (take_name(c, name)) {
        while (c->n_params < MOST_PARAMS && take_name(c, c->params[c->n_params]))
            c->n_params++;
        if (take(c, "=")) {
            i = find(name);
            if (i < 0)
                i = n_functions < MOST_FUNCTIONS ? n_functions++ : -1;
            if (i > 0)
                memcpy(functions[i].name, name, sizeof name);
            return i;
        }
    }
    c->text = start;
    c->n_params = 0;
    return 0;
}

static int compile(struct compiler *c)
{
    emit_enter(&c->emit);
    condition(c);
    emit_leave(&c->emit);
    skip_spaces(c);
    return !c->wrong && *c->text == '\0';
}

/* Who calls the old code comes to the new one. */
static void redirect(const BYTE *old, const BYTE *code)
{
    struct emit e = {code_reopen(old), 0};
    if (e.at)
        emit_goto(&e, old, code);
    code_patched(old, GOTO_SIZE);
}

int jit_define(const char *text)
{
    struct compiler c = {text, {NULL, 0}, {{0}}, 0, 0};
    int i = take_head(&c);
    struct function old;
    BYTE *start;
    if (i < 0)
        return -1;
    start = c.emit.at = code_open(strlen(text) * 32 + 64);
    if (!start)
        return -1;
    old = functions[i];
    functions[i].code = code_runs_at(start);
    functions[i].n_params = c.n_params;
    if (!compile(&c) || (i > 0 && old.code && old.n_params != c.n_params)) {
        code_close(0);
        functions[i] = old;
        return -1;
    }
    code_close((size_t)(c.emit.at - start));
    code_register(functions[i].code, (size_t)(c.emit.at - start));
    if (i > 0 && old.code)
        redirect(old.code, functions[i].code);
    return i;
}

void jit_helper(const char *name, helper run, int n_params)
{
    struct function *function = &functions[n_functions++];
    strncpy(function->name, name, MOST_NAME - 1);
    function->n_params = n_params;
    function->code = NULL;
    function->run = run;
}

void jit_forget(void)
{
    memset(functions, 0, sizeof functions);
    n_functions = 1;
}

const BYTE *jit_code(int function)
{
    return functions[function].code;
}
