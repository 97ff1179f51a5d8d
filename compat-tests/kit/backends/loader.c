/* A loader of PE files from memory. */
#include <windows.h>
#include <winnt.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <tchar.h>
#ifdef DEBUG_OUTPUT
#include <stdio.h>
#endif
#pragma warning(disable : 4055)

#define HEADER_DICTIONARY(module, idx) &(module)->headers->OptionalHeader.DataDirectory[idx]
#define ALIGN_UP(v, a) (((v) + (a)-1) & ~((a)-1))

typedef BOOL(WINAPI *DllEntryProc)(HINSTANCE, DWORD, LPVOID);
typedef struct {
    PIMAGE_NT_HEADERS headers;
    unsigned char *codeBase;
    HMODULE *modules;
    int numModules;
    BOOL initialized;
    DllEntryProc entry;
} MODULE_DATA, *PMODULE_DATA;

static int protections[2][2][2] = {
    {{PAGE_NOACCESS, PAGE_WRITECOPY}, {PAGE_READONLY, PAGE_READWRITE}},
    {{PAGE_EXECUTE, PAGE_EXECUTE_WRITECOPY}, {PAGE_EXECUTE_READ, PAGE_EXECUTE_READWRITE}},
};

BOOL CopySections(const unsigned char *data, size_t size, PMODULE_DATA module)
{
    int i;
    PIMAGE_SECTION_HEADER section = IMAGE_FIRST_SECTION(module->headers);
    for (i = 0; i < module->headers->FileHeader.NumberOfSections; i++, section++) {
        unsigned char *dest;
        if (section->PointerToRawData + section->SizeOfRawData > size) {
            SetLastError(ERROR_BAD_EXE_FORMAT);
            return FALSE;
        }
        dest = (unsigned char *)VirtualAlloc(module->codeBase + section->VirtualAddress,
                                             section->SizeOfRawData, MEM_COMMIT, PAGE_READWRITE);
        if (dest == NULL) return FALSE;
        memcpy(dest, data + section->PointerToRawData, section->SizeOfRawData);
        section->Misc.PhysicalAddress = (DWORD)((uintptr_t)dest & 0xffffffff);
    }
    return TRUE;
}

BOOL Relocate(PMODULE_DATA module, ptrdiff_t delta)
{
    PIMAGE_DATA_DIRECTORY dir = HEADER_DICTIONARY(module, IMAGE_DIRECTORY_ENTRY_BASERELOC);
    PIMAGE_BASE_RELOCATION block =
        (PIMAGE_BASE_RELOCATION)(module->codeBase + dir->VirtualAddress);
    while (dir->Size && block->VirtualAddress > 0) {
        unsigned char *dest = module->codeBase + block->VirtualAddress;
        WORD *info = (WORD *)((BYTE *)block + IMAGE_SIZEOF_BASE_RELOCATION);
        DWORD i, n = (block->SizeOfBlock - IMAGE_SIZEOF_BASE_RELOCATION) / sizeof(WORD);
        for (i = 0; i < n; i++, info++) {
            switch (*info >> 12) {
            case IMAGE_REL_BASED_ABSOLUTE: break;
            case IMAGE_REL_BASED_HIGHLOW: *(DWORD *)(dest + (*info & 0xfff)) += (DWORD)delta; break;
#ifdef _WIN64
            case IMAGE_REL_BASED_DIR64:
                *(ULONGLONG *)(dest + (*info & 0xfff)) += (ULONGLONG)delta;
                break;
#endif
            default: return FALSE;
            }
        }
        block = (PIMAGE_BASE_RELOCATION)((char *)block + block->SizeOfBlock);
    }
    return TRUE;
}

BOOL BuildImports(PMODULE_DATA module)
{
    PIMAGE_DATA_DIRECTORY dir = HEADER_DICTIONARY(module, IMAGE_DIRECTORY_ENTRY_IMPORT);
    PIMAGE_IMPORT_DESCRIPTOR import =
        (PIMAGE_IMPORT_DESCRIPTOR)(module->codeBase + dir->VirtualAddress);
    for (; !IsBadReadPtr(import, sizeof(IMAGE_IMPORT_DESCRIPTOR)) && import->Name; import++) {
        uintptr_t *thunk;
        FARPROC *func;
        HMODULE handle = LoadLibraryA((LPCSTR)(module->codeBase + import->Name));
        if (handle == NULL) {
            SetLastError(ERROR_MOD_NOT_FOUND);
            return FALSE;
        }
        thunk = (uintptr_t *)(module->codeBase + (import->OriginalFirstThunk
                                                      ? import->OriginalFirstThunk
                                                      : import->FirstThunk));
        func = (FARPROC *)(module->codeBase + import->FirstThunk);
        for (; *thunk; thunk++, func++) {
            if (IMAGE_SNAP_BY_ORDINAL(*thunk)) {
                *func = GetProcAddress(handle, (LPCSTR)IMAGE_ORDINAL(*thunk));
            } else {
                PIMAGE_IMPORT_BY_NAME data = (PIMAGE_IMPORT_BY_NAME)(module->codeBase + (*thunk));
                *func = GetProcAddress(handle, (LPCSTR)&data->Name);
            }
            if (*func == 0) {
                SetLastError(ERROR_PROC_NOT_FOUND);
                return FALSE;
            }
        }
    }
    return TRUE;
}

BOOL ExecuteTLS(PMODULE_DATA module)
{
    PIMAGE_TLS_DIRECTORY tls;
    PIMAGE_TLS_CALLBACK *callback;
    PIMAGE_DATA_DIRECTORY dir = HEADER_DICTIONARY(module, IMAGE_DIRECTORY_ENTRY_TLS);
    if (dir->VirtualAddress == 0) return TRUE;
    tls = (PIMAGE_TLS_DIRECTORY)(module->codeBase + dir->VirtualAddress);
    callback = (PIMAGE_TLS_CALLBACK *)tls->AddressOfCallBacks;
    for (; callback && *callback; callback++)
        (*callback)((LPVOID)module->codeBase, DLL_PROCESS_ATTACH, NULL);
    return TRUE;
}

BOOL Finalize(PMODULE_DATA module, PIMAGE_SECTION_HEADER section)
{
    DWORD old, c = section->Characteristics;
    DWORD protect = (DWORD)protections[(c & IMAGE_SCN_MEM_EXECUTE) != 0]
                                      [(c & IMAGE_SCN_MEM_READ) != 0]
                                      [(c & IMAGE_SCN_MEM_WRITE) != 0];
    if (c & IMAGE_SCN_MEM_NOT_CACHED) protect |= PAGE_NOCACHE;
    if (c & IMAGE_SCN_MEM_DISCARDABLE)
        return VirtualFree(module->codeBase + section->VirtualAddress, section->SizeOfRawData,
                           MEM_DECOMMIT);
    return VirtualProtect(module->codeBase + section->VirtualAddress, section->SizeOfRawData,
                          protect, &old);
}

HRSRC FindIn(PMODULE_DATA module, LPCTSTR name, LPCTSTR type)
{
    PIMAGE_RESOURCE_DIRECTORY root = (PIMAGE_RESOURCE_DIRECTORY)module->codeBase;
    PIMAGE_RESOURCE_DIRECTORY_ENTRY entries = (PIMAGE_RESOURCE_DIRECTORY_ENTRY)(root + 1);
    if (IS_INTRESOURCE(name) && type == RT_VERSION && entries->Id == (WORD)(ULONG_PTR)name)
        return (HRSRC)(module->codeBase + entries->OffsetToData);
    return (HRSRC)(ULONG_PTR)(MAKELANGID(LANG_NEUTRAL, SUBLANG_NEUTRAL) + entries->NameIsString);
}
