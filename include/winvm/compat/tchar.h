/* <tchar.h> for unmodified Windows sources: TCHAR text and the generic names of libc's functions.
 *
 * With _UNICODE the names are those of crt_wide.h, which needs a wchar_t of 16 bits
 * (-fshort-wchar); main keeps its name in both. */
#ifndef WINVM_COMPAT_TCHAR_H
#define WINVM_COMPAT_TCHAR_H

#if defined(_UNICODE) && !defined(UNICODE) && !defined(WINVM_WINNT_H)
#define UNICODE 1
#endif
#include "../winnt.h"

typedef TCHAR _TCHAR;
#define _tmain main
#if defined(_UNICODE)
typedef WCHAR _TSCHAR, _TUCHAR, _TXCHAR;
#define __T(s) WINVM_WIDE_(s)

#define _tcslen wcslen
#define _tcscpy wcscpy
#define _tcsncpy wcsncpy
#define _tcscat wcscat
#define _tcsncat wcsncat
#define _tcscmp wcscmp
#define _tcsncmp wcsncmp
#define _tcsicmp _wcsicmp
#define _tcsnicmp _wcsnicmp
#define _tcschr wcschr
#define _tcsrchr wcsrchr
#define _tcsstr wcsstr
#define _tcsspn wcsspn
#define _tcscspn wcscspn
#define _tcsdup _wcsdup
#define _tcstol wcstol
#define _tcstoul wcstoul
#define _tcstoui64 _wcstoui64
#define _tcstoi64 _wcstoi64
#define _tcstod wcstod
#define _ttoi _wtoi
#define _ttol _wtol
#define _ttoi64 _wtoi64
#define _tgetenv _wgetenv
#define _tgetenv_s _wgetenv_s
#define _tdupenv_s _wdupenv_s
#define _tputenv_s _wputenv_s
#define _tfopen _wfopen
#define _tfopen_s _wfopen_s
#define _taccess _waccess
#define _tunlink _wunlink
#define _tcscpy_s wcscpy_s
#define _tcsncpy_s wcsncpy_s
#define _tcscat_s wcscat_s
#define _tcsncat_s wcsncat_s
#define _tcsnlen wcsnlen
#define _tcstok_s wcstok_s
#define _stscanf_s swscanf_s
#define _stprintf_s swprintf_s
#define _sntprintf _snwprintf
#define _sntprintf_s _snwprintf_s
#define _vsntprintf _vsnwprintf
#define _vsntprintf_s _vsnwprintf_s
#define _vstprintf_s vswprintf_s
#define _sctprintf _scwprintf
#define _vsctprintf _vscwprintf
#define _tcslwr _wcslwr
#define _tcsupr _wcsupr
#define _tcsrev _wcsrev
#define _itot _itow
#define _itot_s _itow_s
#define _topen _wopen
#define _tsopen_s _wsopen_s
#define _tstat64 _wstat64
#define _tmkdir _wmkdir
#define _trmdir _wrmdir
#define _tchdir _wchdir
#define _tgetcwd _wgetcwd
#define _tsystem _wsystem
#define _tputenv _wputenv
#define _tfullpath _wfullpath
#define _tsplitpath _wsplitpath
#define _tsplitpath_s _wsplitpath_s
#define _tmakepath _wmakepath
#define _tmakepath_s _wmakepath_s
#define _tcserror _wcserror
#define __targv __wargv
#else
typedef signed char _TSCHAR;
typedef unsigned char _TUCHAR;
typedef char _TXCHAR;
#define __T(s) s

#define _topen _open
#define _tsopen_s _sopen_s
#define _tstat64 _stat64
#define _tmkdir _mkdir
#define _trmdir _rmdir
#define _tchdir _chdir
#define _tgetcwd _getcwd
#define _tsystem system
#define _tputenv _putenv
#define _tfullpath _fullpath
#define _tsplitpath _splitpath
#define _tsplitpath_s _splitpath_s
#define _tmakepath _makepath
#define _tmakepath_s _makepath_s
#define _tcserror strerror
#define __targv __argv

#define _tprintf printf
#define _ftprintf fprintf
#define _stprintf sprintf
#define _sntprintf snprintf
#define _vtprintf vprintf
#define _vftprintf vfprintf
#define _tscanf scanf
#define _stscanf sscanf
#define _stscanf_s sscanf_s
#define _ftscanf_s fscanf_s
#define _tscanf_s scanf_s
#define _putts puts
#define _fputts fputs
#define _fgetts fgets
#define _puttchar putchar
#define _fputtc fputc
#define _fgettc fgetc
#define _tfopen fopen
#define _tremove remove
#define _trename rename
#define _tgetenv getenv
#define _tperror perror
#define _tcslen strlen
#define _tcscpy strcpy
#define _tcsncpy strncpy
#define _tcscat strcat
#define _tcsncat strncat
#define _tcscmp strcmp
#define _tcsncmp strncmp
#define _tcsicmp strcasecmp
#define _tcsnicmp strncasecmp
#define _tcschr strchr
#define _tcsrchr strrchr
#define _tcsstr strstr
#define _tcsspn strspn
#define _tcscspn strcspn
#define _tcspbrk strpbrk
#define _tcsdup strdup
#define _tcstol strtol
#define _tcstoul strtoul
#define _tcstod strtod
#define _ttoi atoi
#define _ttol atol
#define _ttoi64 atoll
#define _tcscpy_s strcpy_s
#define _tcsncpy_s strncpy_s
#define _tcscat_s strcat_s
#define _tcsncat_s strncat_s
#define _tcsnlen strnlen
#define _tcstok_s strtok_s
#define _stprintf_s sprintf_s
#define _sntprintf_s _snprintf_s
#define _vsntprintf _vsnprintf
#define _vsntprintf_s _vsnprintf_s
#define _vstprintf_s vsprintf_s
#define _sctprintf _scprintf
#define _vsctprintf _vscprintf
#define _tcslwr _strlwr
#define _tcsupr _strupr
#define _tcsrev _strrev
#define _itot _itoa
#define _itot_s _itoa_s
#define _tgetenv_s getenv_s
#define _tdupenv_s _dupenv_s
#define _tputenv_s _putenv_s
#define _tfopen_s fopen_s
#define _taccess access
#define _tunlink unlink
#define _tcstoui64 strtoull
#define _tcstoi64 strtoll
#define _istalnum isalnum
#define _istalpha isalpha
#define _istdigit isdigit
#define _istspace isspace
#define _istupper isupper
#define _istlower islower
#define _totupper toupper
#define _totlower tolower
#endif
#define _T(s) __T(s)
#define _TEXT(s) __T(s)

#endif
