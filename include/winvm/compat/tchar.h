/* <tchar.h> for unmodified Windows sources: TCHAR text and the generic names of libc's functions.
 *
 * With _UNICODE only the types and _T exist: libc has no functions for 16-bit characters. */
#ifndef WINVM_COMPAT_TCHAR_H
#define WINVM_COMPAT_TCHAR_H

#if defined(_UNICODE) && !defined(UNICODE) && !defined(WINVM_WINNT_H)
#define UNICODE 1
#endif
#include "../winnt.h"

typedef TCHAR _TCHAR;
#if defined(_UNICODE)
typedef WCHAR _TSCHAR, _TUCHAR, _TXCHAR;
#define __T(s) WINVM_WIDE_(s)
#else
typedef signed char _TSCHAR;
typedef unsigned char _TUCHAR;
typedef char _TXCHAR;
#define __T(s) s

#define _tmain main
#define _tprintf printf
#define _ftprintf fprintf
#define _stprintf sprintf
#define _sntprintf snprintf
#define _vtprintf vprintf
#define _vftprintf vfprintf
#define _tscanf scanf
#define _stscanf sscanf
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
