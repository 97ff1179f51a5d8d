/* Every name of the kit, once, by families: a family is one file and one member of the archive.
 *
 * X(ret, name, params, args)   the meaning is wvm_kit_NAME, in the compiler's convention
 * F(ret, name, params, args)   the same, but it takes a function; for a caller of the Windows
 *                              convention it is wvm_kit_NAME_ms */
#ifndef WVM_KIT_KIT_LIST_H
#define WVM_KIT_KIT_LIST_H

#define WVM_KIT_HEAP(X, F)                                                                        \
    X(HANDLE, GetProcessHeap, (VOID), ())                                                         \
    X(HANDLE, HeapCreate, (DWORD a, SIZE_T b, SIZE_T c), (a, b, c))                               \
    X(BOOL, HeapDestroy, (HANDLE a), (a))                                                         \
    X(LPVOID, HeapAlloc, (HANDLE a, DWORD b, SIZE_T c), (a, b, c))                                \
    X(LPVOID, HeapReAlloc, (HANDLE a, DWORD b, LPVOID c, SIZE_T d), (a, b, c, d))                 \
    X(BOOL, HeapFree, (HANDLE a, DWORD b, LPVOID c), (a, b, c))                                   \
    X(SIZE_T, HeapSize, (HANDLE a, DWORD b, LPCVOID c), (a, b, c))                                \
    X(BOOL, HeapValidate, (HANDLE a, DWORD b, LPCVOID c), (a, b, c))

#define WVM_KIT_LOCAL(X, F)                                                                       \
    X(HLOCAL, LocalAlloc, (UINT a, SIZE_T b), (a, b))                                             \
    X(HLOCAL, LocalReAlloc, (HLOCAL a, SIZE_T b, UINT c), (a, b, c))                              \
    X(HLOCAL, LocalFree, (HLOCAL a), (a))                                                         \
    X(SIZE_T, LocalSize, (HLOCAL a), (a))                                                         \
    X(UINT, LocalFlags, (HLOCAL a), (a))                                                          \
    X(LPVOID, LocalLock, (HLOCAL a), (a))                                                         \
    X(BOOL, LocalUnlock, (HLOCAL a), (a))                                                         \
    X(HLOCAL, LocalHandle, (LPCVOID a), (a))                                                      \
    X(HGLOBAL, GlobalAlloc, (UINT a, SIZE_T b), (a, b))                                           \
    X(HGLOBAL, GlobalReAlloc, (HGLOBAL a, SIZE_T b, UINT c), (a, b, c))                           \
    X(HGLOBAL, GlobalFree, (HGLOBAL a), (a))                                                      \
    X(SIZE_T, GlobalSize, (HGLOBAL a), (a))                                                       \
    X(UINT, GlobalFlags, (HGLOBAL a), (a))                                                        \
    X(LPVOID, GlobalLock, (HGLOBAL a), (a))                                                       \
    X(BOOL, GlobalUnlock, (HGLOBAL a), (a))                                                       \
    X(HGLOBAL, GlobalHandle, (LPCVOID a), (a))

#define WVM_KIT_ALL(X, F) \
    WVM_KIT_HEAP(X, F)    \
    WVM_KIT_LOCAL(X, F)

#endif
