/* More names of the kit, a part of kit_list.h and included by it: files, folders and pipes. */

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_FOLDER)
X(BOOL, CreateDirectoryA, (LPCSTR a, LPSECURITY_ATTRIBUTES b), (a, b))
X(BOOL, CreateDirectoryW, (LPCWSTR a, LPSECURITY_ATTRIBUTES b), (a, b))
X(BOOL, RemoveDirectoryA, (LPCSTR a), (a))
X(BOOL, RemoveDirectoryW, (LPCWSTR a), (a))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_MOVE)
X(BOOL, MoveFileA, (LPCSTR a, LPCSTR b), (a, b))
X(BOOL, MoveFileW, (LPCWSTR a, LPCWSTR b), (a, b))
X(BOOL, MoveFileExA, (LPCSTR a, LPCSTR b, DWORD c), (a, b, c))
X(BOOL, MoveFileExW, (LPCWSTR a, LPCWSTR b, DWORD c), (a, b, c))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_COPY)
X(BOOL, CopyFileA, (LPCSTR a, LPCSTR b, BOOL c), (a, b, c))
X(BOOL, CopyFileW, (LPCWSTR a, LPCWSTR b, BOOL c), (a, b, c))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_ATTRIBUTES)
X(DWORD, GetFileAttributesA, (LPCSTR a), (a))
X(DWORD, GetFileAttributesW, (LPCWSTR a), (a))
X(BOOL, GetFileAttributesExA, (LPCSTR a, GET_FILEEX_INFO_LEVELS b, LPVOID c), (a, b, c))
X(BOOL, GetFileAttributesExW, (LPCWSTR a, GET_FILEEX_INFO_LEVELS b, LPVOID c), (a, b, c))
X(BOOL, SetFileAttributesA, (LPCSTR a, DWORD b), (a, b))
X(BOOL, SetFileAttributesW, (LPCWSTR a, DWORD b), (a, b))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_FIND)
X(HANDLE, FindFirstFileA, (LPCSTR a, LPWIN32_FIND_DATAA b), (a, b))
X(HANDLE, FindFirstFileW, (LPCWSTR a, LPWIN32_FIND_DATAW b), (a, b))
X(HANDLE, FindFirstFileExA,
  (LPCSTR a, FINDEX_INFO_LEVELS b, LPVOID c, FINDEX_SEARCH_OPS d, LPVOID e, DWORD f),
  (a, b, c, d, e, f))
X(HANDLE, FindFirstFileExW,
  (LPCWSTR a, FINDEX_INFO_LEVELS b, LPVOID c, FINDEX_SEARCH_OPS d, LPVOID e, DWORD f),
  (a, b, c, d, e, f))
X(BOOL, FindNextFileA, (HANDLE a, LPWIN32_FIND_DATAA b), (a, b))
X(BOOL, FindNextFileW, (HANDLE a, LPWIN32_FIND_DATAW b), (a, b))
X(BOOL, FindClose, (HANDLE a), (a))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_VOLUME)
X(BOOL, GetDiskFreeSpaceA,
  (LPCSTR a, LPDWORD b, LPDWORD c, LPDWORD d, LPDWORD e), (a, b, c, d, e))
X(BOOL, GetDiskFreeSpaceW,
  (LPCWSTR a, LPDWORD b, LPDWORD c, LPDWORD d, LPDWORD e), (a, b, c, d, e))
X(BOOL, GetDiskFreeSpaceExA,
  (LPCSTR a, PULARGE_INTEGER b, PULARGE_INTEGER c, PULARGE_INTEGER d), (a, b, c, d))
X(BOOL, GetDiskFreeSpaceExW,
  (LPCWSTR a, PULARGE_INTEGER b, PULARGE_INTEGER c, PULARGE_INTEGER d), (a, b, c, d))
X(UINT, GetDriveTypeA, (LPCSTR a), (a))
X(UINT, GetDriveTypeW, (LPCWSTR a), (a))
X(DWORD, GetLogicalDrives, (VOID), ())
X(BOOL, GetVolumeInformationA,
  (LPCSTR a, LPSTR b, DWORD c, LPDWORD d, LPDWORD e, LPDWORD f, LPSTR g, DWORD h),
  (a, b, c, d, e, f, g, h))
X(BOOL, GetVolumeInformationW,
  (LPCWSTR a, LPWSTR b, DWORD c, LPDWORD d, LPDWORD e, LPDWORD f, LPWSTR g, DWORD h),
  (a, b, c, d, e, f, g, h))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_SEARCH)
X(DWORD, GetLongPathNameA, (LPCSTR a, LPSTR b, DWORD c), (a, b, c))
X(DWORD, GetLongPathNameW, (LPCWSTR a, LPWSTR b, DWORD c), (a, b, c))
X(DWORD, GetShortPathNameA, (LPCSTR a, LPSTR b, DWORD c), (a, b, c))
X(DWORD, GetShortPathNameW, (LPCWSTR a, LPWSTR b, DWORD c), (a, b, c))
X(DWORD, SearchPathA,
  (LPCSTR a, LPCSTR b, LPCSTR c, DWORD d, LPSTR e, LPSTR *f), (a, b, c, d, e, f))
X(DWORD, SearchPathW,
  (LPCWSTR a, LPCWSTR b, LPCWSTR c, DWORD d, LPWSTR e, LPWSTR *f), (a, b, c, d, e, f))
#endif
