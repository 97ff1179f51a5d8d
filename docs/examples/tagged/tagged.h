/* tagged: an interpreter of a small Lisp whose values are 32-bit words. What its files share.
 *
 * Terms   value = 32 bits: a small number, a constant, or the address of a pair or an object, the
 *         kind told by the low bits (addresses are multiples of 8); pair = two values, no header;
 *         object = a header (kind, length) and what follows it; root = a value that a collection
 *         finds by itself; stack = the array of roots that the running calls use.
 *
 *     low bits  ..1  number: 31 bits, signed
 *               000  address of a pair, or 0: the empty list
 *               100  address of an object, plus 4
 *               010  constant: #f, #t, unspecified
 *               110  built-in function or form: its number
 *
 * The program is written for an address space of 32 bits: it may be a 32-bit program for Windows
 * (large-address-aware or not), or a 64-bit one whose VirtualAlloc answers addresses below 4 GiB.
 * With TAGGED_SPACE defined it keeps its data in a based space of winvm's instead, whose addresses
 * are 32-bit offsets; memory.h is all that differs. */
#ifndef TAGGED_H
#define TAGGED_H

#include <windows.h>

#include <setjmp.h>

#ifdef _MSC_VER
#define NO_RETURN __declspec(noreturn)
#else
#define NO_RETURN __attribute__((noreturn))
#endif

typedef DWORD VALUE;

#define NIL ((VALUE)0)
#define FALSE_VALUE ((VALUE)0x02)
#define TRUE_VALUE ((VALUE)0x0a)
#define UNSPECIFIED ((VALUE)0x12)

#define TAG_MASK 7u
#define TAG_OBJECT 4u
#define TAG_BUILTIN 6u

enum KIND { KIND_FREE, KIND_SYMBOL, KIND_STRING, KIND_VECTOR, KIND_CLOSURE, KIND_ERROR };
#define KIND_MASK 0xffu
#define MARKED 0x100u

typedef struct _PAIR {
    VALUE Car, Cdr;
} PAIR, *PPAIR;

/* A string's slots hold its bytes, all others' hold values. Symbol: name, value, next in its
 * bucket. Closure: parameters, body, environment. Error: message, what it is about. */
typedef struct _OBJECT {
    DWORD Kind;   /* enum KIND, MARKED */
    DWORD Length; /* slots; of a string: bytes; of a free block: its bytes, header included */
    VALUE Slot[1];
} OBJECT, *POBJECT;

#define HEADER_SIZE 8u
enum { SYMBOL_NAME, SYMBOL_VALUE, SYMBOL_NEXT, SYMBOL_SLOTS };
enum { CLOSURE_PARAMETERS, CLOSURE_BODY, CLOSURE_ENVIRONMENT, CLOSURE_SLOTS };
enum { ERROR_MESSAGE, ERROR_ABOUT, ERROR_SLOTS };

#include "memory.h"

#define IS_NUMBER(v) ((v) & 1)
#define NUMBER(n) ((VALUE)(n) << 1 | 1)
#define NUMBER_OF(v) ((LONG)(v) >> 1)
#define NUMBER_MAX 0x3fffffff
#define NUMBER_MIN (-0x40000000)
#define TRUTH(b) ((b) ? TRUE_VALUE : FALSE_VALUE)

#define IS_PAIR(v) (((v) & TAG_MASK) == 0 && (v) != NIL)
#define IS_OBJECT(v) (((v) & TAG_MASK) == TAG_OBJECT)
#define IS_ADDRESS(v) (((v) & 3) == 0 && (v) != NIL)
#define IS_BUILTIN(v) (((v) & TAG_MASK) == TAG_BUILTIN)
#define PAIR_OF(v) ((PPAIR)POINTER(v))
#define CAR(v) (PAIR_OF(v)->Car)
#define CDR(v) (PAIR_OF(v)->Cdr)
#define OBJECT_OF(v) ((POBJECT)POINTER((v) - TAG_OBJECT))
#define SLOT(v, i) (OBJECT_OF(v)->Slot[i])
#define KIND_OF(v) (OBJECT_OF(v)->Kind & KIND_MASK)
#define IS_KIND(v, k) (IS_OBJECT(v) && KIND_OF(v) == (k))
#define BYTES_OF(v) ((LPSTR)OBJECT_OF(v)->Slot)
#define LENGTH_OF(v) (OBJECT_OF(v)->Length)
#define BUILTIN(i) ((VALUE)(i) << 3 | TAG_BUILTIN)
#define BUILTIN_OF(v) ((v) >> 3)

/* ---- heap.c: where pairs and objects come from. A failing call raises "out of memory". ---- */

#define SEGMENT_SIZE ((DWORD)4 << 20)
#define GRANULE_SHIFT 16
#define MAX_SEGMENTS 1024
#define MAX_LARGE 16384

/* 4 MiB of address space for pairs or for small objects, committed as it fills. A segment of pairs
 * begins with its mark bits, one per 8 bytes. */
typedef struct _SEGMENT {
    DWORD Base; /* 0: none */
    DWORD Used, Committed; /* bytes from the base */
    BOOL Pairs;
} SEGMENT, *PSEGMENT;

typedef struct _HEAP {
    SEGMENT Segment[MAX_SEGMENTS];
    WORD SegmentOf[65536]; /* of each 64 KiB of the address space: number of its segment plus one */
    VALUE Large[MAX_LARGE]; /* objects in reservations of their own */
    DWORD LargeCount;
    VALUE FreePairs;   /* linked by their cdr */
    DWORD FreeObjects; /* address of the first free block; linked by slot 0 */
    ULONGLONG Live;    /* bytes allocated and not yet found to be garbage */
    ULONGLONG CollectAt; /* value of Live at which a collection is due */
    DWORD Highest;     /* address after the highest byte ever allocated */
    DWORD Collections;
} HEAP;
extern HEAP Heap;

#define MARK_BYTES (SEGMENT_SIZE / 64) /* of a segment of pairs */

BOOL HeapInit(VOID); /* FALSE: no memory, or not within 32 bits; a message is printed */
VALUE Cons(VALUE Car, VALUE Cdr);
/* Slots are the empty list, bytes are zero. */
VALUE NewObject(DWORD Kind, DWORD Length);
VALUE NewString(LPCSTR Bytes, DWORD Length);
DWORD ObjectSize(DWORD Kind, DWORD Length); /* bytes; 0: more than 32 bits can tell */
DWORD BlockSize(POBJECT Object); /* of what lies in a segment, free blocks too */
VOID ReleaseSegment(PSEGMENT Segment);
VOID ReleaseLarge(DWORD Index);

/* ---- collect.c ---- */

BOOL CollectInit(VOID);
VOID Collect(VOID);

/* ---- roots ---- */

#define STACK_SIZE 65536
extern VALUE Stack[STACK_SIZE];
extern DWORD StackTop;
VOID Push(VALUE Value);

#define SYMBOL_BUCKETS 257
extern VALUE Buckets[SYMBOL_BUCKETS]; /* lists of symbols, by SYMBOL_NEXT */
extern VALUE OutOfMemory; /* the error, made at start */

/* ---- read.c ---- */

VALUE Intern(LPCSTR Name, DWORD Length);
typedef struct _READER {
    LPCSTR At, End;
} READER, *PREADER;
/* FALSE at the end of the text. Raises an error for text that is no expression. */
BOOL Read(PREADER Reader, VALUE *Value);

/* ---- print.c ---- */

VOID Print(VALUE Value);

/* ---- eval.c ---- */

/* An environment is a list of pairs (symbol . value); what is not in it is the symbol's own. */
VALUE Evaluate(VALUE Expression, VALUE Environment);
/* Errors go to the innermost handler, which takes what was on the stack since then. */
typedef struct _HANDLER {
    jmp_buf Jump;
    struct _HANDLER *Outer;
    DWORD StackTop, Depth;
} HANDLER, *PHANDLER;
extern PHANDLER Handlers;
extern VALUE Raised; /* the error, until the handler has taken it */
extern DWORD Depth; /* calls of Evaluate within each other */
VOID EnterHandler(PHANDLER Handler); /* before setjmp(Handler->Jump) */
VOID LeaveHandler(PHANDLER Handler);
NO_RETURN VOID Raise(VALUE Error);
NO_RETURN VOID RaiseText(LPCSTR Message, VALUE About);
VALUE NewError(VALUE Message, VALUE About);

/* ---- builtins.c ---- */

typedef VALUE (*FUNCTION)(VALUE *Arguments, DWORD Count);
typedef struct _BUILTIN_ENTRY {
    LPCSTR Name;
    FUNCTION Function;
    DWORD Least, Most; /* arguments */
} BUILTIN_ENTRY;
extern const BUILTIN_ENTRY Builtins[];
/* Binds the names of functions and forms. The texts can be read by (argument N), as numbers. */
VOID DefineBuiltins(int ArgumentCount, char **Arguments);
/* Forms: what eval.c knows by itself. Their numbers follow those of the functions. */
enum FORM { FORM_QUOTE = 1000, FORM_IF, FORM_DEFINE, FORM_SET, FORM_LAMBDA, FORM_BEGIN, FORM_LET,
            FORM_WHILE, FORM_AND, FORM_OR, FORM_CATCH };

#endif
