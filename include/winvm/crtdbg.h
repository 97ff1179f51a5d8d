/* winvm/crtdbg.h: the debugging heap of Windows' C run time as its release builds have it: not at
 * all. _ASSERT and _ASSERTE are assert with _DEBUG, nothing without. */
#ifndef WINVM_CRTDBG_H
#define WINVM_CRTDBG_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define _CRT_WARN 0
#define _CRT_ERROR 1
#define _CRT_ASSERT 2
#define _CRTDBG_MODE_FILE 0x1
#define _CRTDBG_MODE_DEBUG 0x2
#define _CRTDBG_MODE_WNDW 0x4
#define _CRTDBG_REPORT_MODE (-1)
#define _CRTDBG_FILE_STDOUT ((void *)-4)
#define _CRTDBG_FILE_STDERR ((void *)-5)
#define _CRTDBG_ALLOC_MEM_DF 0x01
#define _CRTDBG_DELAY_FREE_MEM_DF 0x02
#define _CRTDBG_CHECK_ALWAYS_DF 0x04
#define _CRTDBG_LEAK_CHECK_DF 0x20
#define _CRTDBG_REPORT_FLAG (-1)
#define _NORMAL_BLOCK 1
#define _CRT_BLOCK 2

#ifdef _DEBUG
#define _ASSERT(e) assert(e)
#define _ASSERTE(e) assert(e)
#define _ASSERT_EXPR(e, text) assert(e)
#else
#define _ASSERT(e) ((void)0)
#define _ASSERTE(e) ((void)0)
#define _ASSERT_EXPR(e, text) ((void)0)
#endif
#define _RPT0(...) ((void)0)
#define _RPT1(...) ((void)0)
#define _RPT2(...) ((void)0)
#define _RPTF0(...) ((void)0)
#define _RPTF1(...) ((void)0)
#define _RPTF2(...) ((void)0)
#define _CrtSetReportMode(type, mode) ((int)0)
#define _CrtSetReportFile(type, file) ((void *)0)
#define _CrtSetReportHook(hook) ((void *)0)
#define _CrtSetDbgFlag(flags) ((int)0)
#define _CrtSetBreakAlloc(number) ((long)0)
#define _CrtCheckMemory() ((int)1)
#define _CrtDumpMemoryLeaks() ((int)0)
#define _CrtMemCheckpoint(state) ((void)0)
#define _CrtMemDifference(to, from, state) ((int)0)
#define _CrtDbgReport(...) ((int)0)
#define _CrtIsValidPointer(at, size, access) ((int)1)
#define _CrtIsValidHeapPointer(at) ((int)1)
#define _malloc_dbg(size, type, file, line) malloc(size)
#define _calloc_dbg(n, size, type, file, line) calloc(n, size)
#define _realloc_dbg(p, size, type, file, line) realloc(p, size)
#define _free_dbg(p, type) free(p)
#define _strdup_dbg(text, type, file, line) strdup(text)

#endif
