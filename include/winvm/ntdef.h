/* winvm/ntdef.h: NTSTATUS and the counted strings of the native calls. */
#ifndef WINVM_NTDEF_H
#define WINVM_NTDEF_H

#include "winnt.h"

#ifndef WINVM_NO_TYPES

typedef LONG NTSTATUS, *PNTSTATUS;

/* The two top bits of a status: 0 success, 1 information, 2 warning, 3 error. */
#ifndef NT_SUCCESS
#define NT_SUCCESS(status) (((NTSTATUS)(status)) >= 0)
#endif
#ifndef NT_INFORMATION
#define NT_INFORMATION(status) ((((ULONG)(status)) >> 30) == 1)
#endif
#ifndef NT_WARNING
#define NT_WARNING(status) ((((ULONG)(status)) >> 30) == 2)
#endif
#ifndef NT_ERROR
#define NT_ERROR(status) ((((ULONG)(status)) >> 30) == 3)
#endif

/* Length and MaximumLength are bytes; Buffer need not end in a NUL. */
typedef struct _UNICODE_STRING {
    USHORT Length;
    USHORT MaximumLength;
    PWSTR Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
typedef const UNICODE_STRING *PCUNICODE_STRING;

typedef struct _STRING {
    USHORT Length;
    USHORT MaximumLength;
    PCHAR Buffer;
} STRING, *PSTRING, ANSI_STRING, *PANSI_STRING, OEM_STRING, *POEM_STRING;
typedef const STRING *PCANSI_STRING, *PCOEM_STRING;
typedef const char *PCSZ;
#define UNICODE_STRING_MAX_BYTES ((USHORT)65534)
#define UNICODE_STRING_MAX_CHARS (32767)
/* The string that a literal is. */
#define RTL_CONSTANT_STRING(s) {sizeof(s) - sizeof((s)[0]), sizeof(s), s}

/* What an object is to be called and how its handle behaves. Length: of this structure. */
typedef struct _OBJECT_ATTRIBUTES {
    ULONG Length;
    HANDLE RootDirectory;
    PUNICODE_STRING ObjectName;
    ULONG Attributes;
    PVOID SecurityDescriptor;
    PVOID SecurityQualityOfService;
} OBJECT_ATTRIBUTES, *POBJECT_ATTRIBUTES;

#define OBJ_INHERIT 0x00000002
#define OBJ_PERMANENT 0x00000010
#define OBJ_EXCLUSIVE 0x00000020
#define OBJ_CASE_INSENSITIVE 0x00000040
#define OBJ_OPENIF 0x00000080
#define OBJ_OPENLINK 0x00000100
#define OBJ_KERNEL_HANDLE 0x00000200

#define InitializeObjectAttributes(p, name, attributes, root, descriptor) \
    do {                                                                  \
        (p)->Length = sizeof(OBJECT_ATTRIBUTES);                          \
        (p)->RootDirectory = (root);                                      \
        (p)->Attributes = (attributes);                                   \
        (p)->ObjectName = (name);                                         \
        (p)->SecurityDescriptor = (descriptor);                           \
        (p)->SecurityQualityOfService = NULL;                             \
    } while (0)
#endif

#endif
