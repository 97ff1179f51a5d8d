/* What winvm-run needs to know about a program file before it starts it. */
#ifndef WINVM_TOOLS_PROGRAM_H
#define WINVM_TOOLS_PROGRAM_H

#include <stdbool.h>
#include <sys/types.h>

enum program_kind {
    PROGRAM_ELF,        /* an executable for x86-64 or i386 */
    PROGRAM_ELF_OTHER,  /* for another machine */
    PROGRAM_SCRIPT,     /* starts with #! */
    PROGRAM_OTHER,      /* none of these: left to the kernel to judge */
};

struct program {
    enum program_kind kind;
    bool raised;            /* with other rights: set-user-ID, set-group-ID, capabilities */
    bool is_32;             /* for i386 */
    bool is_static;         /* has no program interpreter */
    bool is_fixed;          /* lies at fixed addresses: not position-independent */
    bool note_sysv;         /* winvm's notes (winvm/abi.h): the compiler's own convention */
    bool note_ms;           /* the Windows convention */
    bool needs_plain;       /* DT_NEEDED libwinvm.so */
    bool needs_ms;          /* DT_NEEDED libwinvm-ms.so */
    bool needs_cdecl;       /* DT_NEEDED libwinvm-cdecl.so */
    char import[64];        /* a memory call, else a name of the kit, that is left undefined under
                             * its plain name, or "" */
    char interpreter[256];  /* of a script, or "" */
    char loader[256];       /* what the kernel starts a dynamic program with, or "" */
};

/* Reads the file. 0, or errno. */
int program_read(const char *path, struct program *out);
/* An ELF file of this class? */
bool program_is_elf(const char *path, bool is_32);

#endif
