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

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_FILE_INFO)
X(BOOL, GetFileInformationByHandle, (HANDLE a, LPBY_HANDLE_FILE_INFORMATION b), (a, b))
X(BOOL, GetFileInformationByHandleEx,
  (HANDLE a, FILE_INFO_BY_HANDLE_CLASS b, LPVOID c, DWORD d), (a, b, c, d))
X(BOOL, SetFileInformationByHandle,
  (HANDLE a, FILE_INFO_BY_HANDLE_CLASS b, LPVOID c, DWORD d), (a, b, c, d))
X(DWORD, GetFinalPathNameByHandleA, (HANDLE a, LPSTR b, DWORD c, DWORD d), (a, b, c, d))
X(DWORD, GetFinalPathNameByHandleW, (HANDLE a, LPWSTR b, DWORD c, DWORD d), (a, b, c, d))
X(BOOL, GetFileTime, (HANDLE a, LPFILETIME b, LPFILETIME c, LPFILETIME d), (a, b, c, d))
X(BOOL, SetFileTime,
  (HANDLE a, const FILETIME *b, const FILETIME *c, const FILETIME *d), (a, b, c, d))
X(BOOL, SetFileValidData, (HANDLE a, LONGLONG b), (a, b))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_FILE_LOCK)
X(BOOL, LockFile, (HANDLE a, DWORD b, DWORD c, DWORD d, DWORD e), (a, b, c, d, e))
X(BOOL, LockFileEx,
  (HANDLE a, DWORD b, DWORD c, DWORD d, DWORD e, LPOVERLAPPED f), (a, b, c, d, e, f))
X(BOOL, UnlockFile, (HANDLE a, DWORD b, DWORD c, DWORD d, DWORD e), (a, b, c, d, e))
X(BOOL, UnlockFileEx,
  (HANDLE a, DWORD b, DWORD c, DWORD d, LPOVERLAPPED e), (a, b, c, d, e))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_OVERLAPPED)
X(BOOL, GetOverlappedResult, (HANDLE a, LPOVERLAPPED b, LPDWORD c, BOOL d), (a, b, c, d))
X(BOOL, GetOverlappedResultEx,
  (HANDLE a, LPOVERLAPPED b, LPDWORD c, DWORD d, BOOL e), (a, b, c, d, e))
X(BOOL, CancelIo, (HANDLE a), (a))
X(BOOL, CancelIoEx, (HANDLE a, LPOVERLAPPED b), (a, b))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_FILE_CONTROL)
X(BOOL, DeviceIoControl,
  (HANDLE a, DWORD b, LPVOID c, DWORD d, LPVOID e, DWORD f, LPDWORD g, LPOVERLAPPED h),
  (a, b, c, d, e, f, g, h))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_PIPE)
X(BOOL, CreatePipe, (PHANDLE a, PHANDLE b, LPSECURITY_ATTRIBUTES c, DWORD d), (a, b, c, d))
X(BOOL, PeekNamedPipe,
  (HANDLE a, LPVOID b, DWORD c, LPDWORD d, LPDWORD e, LPDWORD f), (a, b, c, d, e, f))
#endif
