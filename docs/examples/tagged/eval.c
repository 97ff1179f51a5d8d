/* The evaluator.
 *
 * Terms   frame = what one call of Evaluate works on. Its slots on the stack: expression,
 *         environment, and from the third on what is being computed.
 * I1  A call in tail position takes neither C's stack nor the stack of roots.
 * I2  Depth is the number of calls of Evaluate within each other; MAX_DEPTH of them fit the stack
 *     that a linker for Windows gives by default.
 * Failure: Raise. */
#include "tagged.h"

#include <string.h>

#define MAX_DEPTH 1000

VALUE Stack[STACK_SIZE];
DWORD StackTop, Depth;
PHANDLER Handlers;
VALUE OutOfMemory, Raised;

typedef struct _FRAME {
    DWORD Base; /* on the stack */
    VALUE Expression, Environment, Result;
} FRAME, *PFRAME;

enum { FRAME_EXPRESSION, FRAME_ENVIRONMENT, FRAME_WORK };

/* ---- Errors ---------------------------------------------------------------------------------- */

VOID Push(VALUE Value)
{
    if (StackTop == STACK_SIZE) {
        StackTop -= 16; /* room for making the error */
        RaiseText("the stack is full", NIL);
    }
    Stack[StackTop++] = Value;
}

VOID EnterHandler(PHANDLER Handler)
{
    Handler->Outer = Handlers;
    Handler->StackTop = StackTop;
    Handler->Depth = Depth;
    Handlers = Handler;
}

VOID LeaveHandler(PHANDLER Handler)
{
    Handlers = Handler->Outer;
}

VOID Raise(VALUE Error)
{
    PHANDLER Handler = Handlers;
    Raised = Error;
    Handlers = Handler->Outer;
    StackTop = Handler->StackTop;
    Depth = Handler->Depth;
    longjmp(Handler->Jump, 1);
}

VALUE NewError(VALUE Message, VALUE About)
{
    VALUE Error;
    Push(Message);
    Push(About);
    Error = NewObject(KIND_ERROR, ERROR_SLOTS);
    StackTop -= 2;
    SLOT(Error, ERROR_MESSAGE) = Message;
    SLOT(Error, ERROR_ABOUT) = About;
    return Error;
}

VOID RaiseText(LPCSTR Message, VALUE About)
{
    Push(About);
    Raise(NewError(NewString(Message, (DWORD)strlen(Message)), About));
}

/* ---- Variables ------------------------------------------------------------------------------- */

/* Where the symbol's value is kept. */
static VALUE *FindVariable(VALUE Symbol, VALUE Environment)
{
    for (; Environment != NIL; Environment = CDR(Environment))
        if (CAR(CAR(Environment)) == Symbol)
            return &CDR(CAR(Environment));
    return &SLOT(Symbol, SYMBOL_VALUE);
}

/* The environment of a function's body; the arguments lie on the stack from Base. */
static VALUE Bind(VALUE Closure, DWORD Base)
{
    DWORD End = StackTop, i = Base;
    VALUE Names = SLOT(Closure, CLOSURE_PARAMETERS), Rest = NIL;
    Push(SLOT(Closure, CLOSURE_ENVIRONMENT));
    for (; IS_PAIR(Names) && i < End; Names = CDR(Names))
        Stack[End] = Cons(Cons(CAR(Names), Stack[i++]), Stack[End]);
    if (IS_PAIR(Names) || (Names == NIL && i < End))
        RaiseText("wrong number of arguments", NUMBER(End - Base));
    if (Names != NIL) {
        while (End > i)
            Rest = Cons(Stack[--End], Rest);
        Stack[StackTop - 1] = Cons(Cons(Names, Rest), Stack[StackTop - 1]);
    }
    return Stack[--StackTop];
}

/* ---- Forms ----------------------------------------------------------------------------------- */

/* All but the last expression; that one is left to the caller. */
static BOOL EvaluateBody(PFRAME Frame, VALUE Body)
{
    Frame->Result = UNSPECIFIED;
    if (!IS_PAIR(Body))
        return TRUE;
    for (; IS_PAIR(CDR(Body)); Body = CDR(Body))
        Evaluate(CAR(Body), Frame->Environment);
    Frame->Expression = CAR(Body);
    return FALSE;
}

/* What follows the first Number parts. */
static VALUE Rest(VALUE Expression, DWORD Number)
{
    for (; Number && IS_PAIR(Expression); Number--)
        Expression = CDR(Expression);
    if (Number)
        RaiseText("a form lacks a part", NIL);
    return Expression;
}

static VALUE Part(VALUE Expression, DWORD Number)
{
    VALUE Parts = Rest(Expression, Number);
    if (!IS_PAIR(Parts))
        RaiseText("a form lacks a part", NIL);
    return CAR(Parts);
}

static VALUE NewClosure(VALUE Parameters, VALUE Body, VALUE Environment)
{
    VALUE Closure = NewObject(KIND_CLOSURE, CLOSURE_SLOTS);
    SLOT(Closure, CLOSURE_PARAMETERS) = Parameters;
    SLOT(Closure, CLOSURE_BODY) = Body;
    SLOT(Closure, CLOSURE_ENVIRONMENT) = Environment;
    return Closure;
}

/* (define NAME VALUE) and (define (NAME . PARAMETERS) . BODY), outside of functions. */
static VALUE Define(PFRAME Frame)
{
    VALUE Name = Part(Frame->Expression, 1), Value;
    if (Frame->Environment != NIL)
        RaiseText("define stands within an expression", Name);
    if (IS_PAIR(Name)) {
        Value = NewClosure(CDR(Name), Rest(Frame->Expression, 2), NIL);
        Name = CAR(Name);
    } else {
        Value = Evaluate(Part(Frame->Expression, 2), NIL);
    }
    if (!IS_KIND(Name, KIND_SYMBOL))
        RaiseText("not a name", Name);
    return SLOT(Name, SYMBOL_VALUE) = Value;
}

static VALUE Set(PFRAME Frame)
{
    VALUE Name = Part(Frame->Expression, 1), Value;
    if (!IS_KIND(Name, KIND_SYMBOL))
        RaiseText("not a name", Name);
    Value = Evaluate(Part(Frame->Expression, 2), Frame->Environment);
    *FindVariable(Name, Frame->Environment) = Value;
    return Value;
}

/* (let ((NAME VALUE)...) . BODY) */
static BOOL Let(PFRAME Frame)
{
    VALUE Bindings = Part(Frame->Expression, 1);
    DWORD Slot = StackTop;
    Push(Frame->Environment);
    for (; IS_PAIR(Bindings); Bindings = CDR(Bindings)) {
        VALUE Name = Part(CAR(Bindings), 0);
        VALUE Value = Evaluate(Part(CAR(Bindings), 1), Frame->Environment);
        VALUE Binding = Cons(Name, Value);
        Stack[Slot] = Cons(Binding, Stack[Slot]);
    }
    Frame->Environment = Stack[Frame->Base + FRAME_ENVIRONMENT] = Stack[Slot];
    return EvaluateBody(Frame, Rest(Frame->Expression, 2));
}

static VALUE While(PFRAME Frame)
{
    VALUE Body;
    while (Evaluate(Part(Frame->Expression, 1), Frame->Environment) != FALSE_VALUE)
        for (Body = Rest(Frame->Expression, 2); IS_PAIR(Body); Body = CDR(Body))
            Evaluate(CAR(Body), Frame->Environment);
    return UNSPECIFIED;
}

/* The value, or the error that was raised instead. */
static VALUE Catch(VALUE Expression, VALUE Environment)
{
    HANDLER Handler;
    VALUE Value;
    EnterHandler(&Handler);
    if (setjmp(Handler.Jump))
        return Raised;
    Value = Evaluate(Expression, Environment);
    LeaveHandler(&Handler);
    return Value;
}

/* and: until one is #f; or: until one is not. */
static BOOL Junction(PFRAME Frame, BOOL And)
{
    VALUE Parts = CDR(Frame->Expression);
    Frame->Result = TRUTH(And);
    for (; IS_PAIR(Parts) && IS_PAIR(CDR(Parts)); Parts = CDR(Parts)) {
        Frame->Result = Evaluate(CAR(Parts), Frame->Environment);
        if ((Frame->Result != FALSE_VALUE) != And)
            return TRUE;
    }
    if (!IS_PAIR(Parts))
        return TRUE;
    Frame->Expression = CAR(Parts);
    return FALSE;
}

static BOOL If(PFRAME Frame)
{
    VALUE Parts = Frame->Expression;
    VALUE Otherwise = Rest(Parts, 3);
    BOOL Holds = Evaluate(Part(Parts, 1), Frame->Environment) != FALSE_VALUE;
    Frame->Result = UNSPECIFIED;
    if (!Holds && !IS_PAIR(Otherwise))
        return TRUE;
    Frame->Expression = Part(Parts, Holds ? 2 : 3);
    return FALSE;
}

/* FALSE: what the frame holds now is to be evaluated in its place. */
static BOOL EvaluateForm(PFRAME Frame, DWORD Form)
{
    VALUE Parts = Frame->Expression;
    switch (Form) {
    case FORM_QUOTE: Frame->Result = Part(Parts, 1); return TRUE;
    case FORM_IF: return If(Frame);
    case FORM_DEFINE: Frame->Result = Define(Frame); return TRUE;
    case FORM_SET: Frame->Result = Set(Frame); return TRUE;
    case FORM_LAMBDA:
        Frame->Result = NewClosure(Part(Parts, 1), Rest(Parts, 2), Frame->Environment);
        return TRUE;
    case FORM_BEGIN: return EvaluateBody(Frame, CDR(Parts));
    case FORM_LET: return Let(Frame);
    case FORM_WHILE: Frame->Result = While(Frame); return TRUE;
    case FORM_AND: return Junction(Frame, TRUE);
    case FORM_OR: return Junction(Frame, FALSE);
    default: Frame->Result = Catch(Part(Parts, 1), Frame->Environment); return TRUE;
    }
}

/* ---- Calls ----------------------------------------------------------------------------------- */

static VALUE CallBuiltin(DWORD Number, DWORD Base)
{
    const BUILTIN_ENTRY *Entry = &Builtins[Number];
    DWORD Count = StackTop - Base;
    if (Count < Entry->Least || Count > Entry->Most)
        RaiseText("wrong number of arguments", Intern(Entry->Name, (DWORD)strlen(Entry->Name)));
    return Entry->Function(&Stack[Base], Count);
}

static BOOL EvaluateCall(PFRAME Frame)
{
    VALUE Function = Evaluate(CAR(Frame->Expression), Frame->Environment), Arguments;
    DWORD Base;
    if (IS_BUILTIN(Function) && BUILTIN_OF(Function) >= FORM_QUOTE)
        return EvaluateForm(Frame, BUILTIN_OF(Function));
    Push(Function);
    Base = StackTop;
    for (Arguments = CDR(Frame->Expression); IS_PAIR(Arguments); Arguments = CDR(Arguments))
        Push(Evaluate(CAR(Arguments), Frame->Environment));
    if (IS_BUILTIN(Function)) {
        Frame->Result = CallBuiltin(BUILTIN_OF(Function), Base);
        return TRUE;
    }
    if (!IS_KIND(Function, KIND_CLOSURE))
        RaiseText("not a function", Function);
    Frame->Environment = Stack[Frame->Base + FRAME_ENVIRONMENT] = Bind(Function, Base);
    return EvaluateBody(Frame, SLOT(Function, CLOSURE_BODY));
}

VALUE Evaluate(VALUE Expression, VALUE Environment)
{
    FRAME Frame = {StackTop, Expression, Environment, UNSPECIFIED};
    if (Depth == MAX_DEPTH)
        RaiseText("calls are nested too deeply", NIL);
    Depth++;
    Push(Expression);
    Push(Environment);
    do {
        StackTop = Frame.Base + FRAME_WORK;
        Stack[Frame.Base + FRAME_EXPRESSION] = Frame.Expression;
        if (IS_KIND(Frame.Expression, KIND_SYMBOL)) {
            Frame.Result = *FindVariable(Frame.Expression, Frame.Environment);
            break;
        }
        Frame.Result = Frame.Expression;
    } while (IS_PAIR(Frame.Expression) && !EvaluateCall(&Frame));
    StackTop = Frame.Base;
    Depth--;
    return Frame.Result;
}
