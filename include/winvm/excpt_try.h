/* winvm/excpt_try.h: how the statements of excpt.h are made. Included by excpt.h only.
 *
 * A try is a loop over the states of one struct winvm_try, in a scope of its own:
 *
 *     for (the frame; step; )
 *         if (state is BODY, and winvm_try_mark returns for the first time) for (once) {body}
 *         else if (the state wants it) {handler}
 *
 * winvm_try_mark notes where it was called and returns 0. The library makes it return again, to
 * evaluate the filter (state FILTER, on the stack below the exception) or enter handler or block
 * (states HANDLER and UNWIND, on the try's own stack). An array whose size is not known to the
 * compiler makes it address the variables of the function by its frame pointer, so that the stack
 * pointer may differ. The array names the frame: after a longjmp out of the try, what is called
 * next writes over it.
 *
 * The names of the variables are the same in every try; a try in a try hides the outer one's. */
#ifndef WINVM_EXCPT_TRY_H
#define WINVM_EXCPT_TRY_H
#pragma GCC system_header

#include <stddef.h>

#include "abi.h"

/* Pointers in the array: more than a function's calls keep free for arguments below it. */
#define WINVM_TRY_ROOM_ 8

enum winvm_try_state {
    WINVM_TRY_NEW,
    WINVM_TRY_BODY,      /* in the body; the library knows the frame in this state and the next */
    WINVM_TRY_FILTER,    /* the filter is asked */
    WINVM_TRY_END,       /* the body has ended */
    WINVM_TRY_HANDLER,   /* the handler runs */
    WINVM_TRY_UNWIND     /* an exception passes on its way outwards */
};

struct winvm_try {
    /* rbx rbp r12 r13 r14 r15 (i386: ebx ebp esi edi and two free ones), and stack pointer and
     * instruction pointer behind the call of winvm_try_mark. */
    size_t regs[8];
    unsigned mxcsr;
    unsigned short fpucw, pad;
    int state;                  /* enum winvm_try_state */
    unsigned code;              /* the exception's */
    void *pointers;             /* struct _EXCEPTION_POINTERS, in the state FILTER */
    struct winvm_try **room; /* the array; below it lies what calls use of the stack */
    void *entry, *target;       /* the library's */
    size_t asker;
};

/* On i386 nothing must lie on the stack for a call that may return on another one. */
#if defined(__i386__)
#define WINVM_TRY_CALL_ __attribute__((regparm(3)))
#else
#define WINVM_TRY_CALL_ WINVM_SYSV
#endif

WINVM_BEGIN_DECLS
/* The calls behind the statements; not to be called otherwise. */
extern int WINVM_TRY_CALL_ winvm_try_mark(struct winvm_try *frame) __attribute__((returns_twice));
extern void WINVM_TRY_CALL_ winvm_try_leave(struct winvm_try *frame);
extern void WINVM_TRY_CALL_ winvm_try_answer(struct winvm_try *frame, int answer)
    __attribute__((noreturn));
extern void WINVM_TRY_CALL_ winvm_try_resume(struct winvm_try *frame) __attribute__((noreturn));
extern int WINVM_TRY_CALL_ winvm_try_unanswered(struct winvm_try *frame);
WINVM_END_DECLS

/* WINVM_TRY_ROOM_, which the compiler does not know. */
static inline __attribute__((always_inline)) size_t winvm_try_room_(void)
{
    size_t room = WINVM_TRY_ROOM_;
    __asm__ volatile("" : "+r"(room));
    return room;
}

static inline __attribute__((always_inline)) struct winvm_try *
winvm_try_begin_(struct winvm_try *frame, struct winvm_try **room)
{
    frame->state = WINVM_TRY_NEW;
    frame->room = room;
    for (int i = 0; i < WINVM_TRY_ROOM_; i++)
        room[i] = frame;
    return frame;
}

static inline __attribute__((always_inline)) int winvm_try_step_(struct winvm_try *frame)
{
    switch (frame->state) {
    case WINVM_TRY_NEW:
        frame->state = WINVM_TRY_BODY;
        return 1;
    case WINVM_TRY_BODY:
        winvm_try_leave(frame);
        frame->state = WINVM_TRY_END;
        return 1;
    case WINVM_TRY_FILTER:
        return winvm_try_unanswered(frame);
    case WINVM_TRY_UNWIND:
        winvm_try_resume(frame);
    default:
        return 0;
    }
}

static inline __attribute__((always_inline)) void winvm_try_out_(struct winvm_try *frame)
{
    if (frame->state == WINVM_TRY_BODY || frame->state == WINVM_TRY_FILTER)
        winvm_try_leave(frame);
}

#define WINVM_TRY                                                                            \
    for (struct winvm_try winvm_frame_ __attribute__((cleanup(winvm_try_out_))),             \
         *winvm_room_[winvm_try_room_()],                                                    \
         *winvm_begun_ __attribute__((unused)) =                                             \
             winvm_try_begin_(&winvm_frame_, winvm_room_);                                   \
         winvm_try_step_(&winvm_frame_);)                                                    \
        if (winvm_frame_.state == WINVM_TRY_BODY && winvm_try_mark(&winvm_frame_) == 0)      \
            for (int winvm_once_ = 1; winvm_once_; winvm_once_ = 0)

#define WINVM_EXCEPT(...)                                                                    \
        else if (winvm_frame_.state == WINVM_TRY_HANDLER ||                                  \
                 (winvm_frame_.state == WINVM_TRY_FILTER &&                                  \
                  (winvm_try_answer(&winvm_frame_, (__VA_ARGS__)), 0)))

#define WINVM_FINALLY                                                                        \
        else if (winvm_frame_.state == WINVM_TRY_END ||                                      \
                 winvm_frame_.state == WINVM_TRY_UNWIND ||                                   \
                 (winvm_frame_.state == WINVM_TRY_FILTER &&                                  \
                  (winvm_try_answer(&winvm_frame_, 0), 0)))

#define WINVM_END
#define WINVM_LEAVE break

#undef GetExceptionCode
#undef GetExceptionInformation
#undef AbnormalTermination
#define GetExceptionCode() (winvm_frame_.code)
#define GetExceptionInformation() ((struct _EXCEPTION_POINTERS *)winvm_frame_.pointers)
#define AbnormalTermination() (winvm_frame_.state == WINVM_TRY_UNWIND)

#endif
