/* The layer: see layer.h. */
#include "layer.h"

static __thread DWORD layer_error;
static int is_set, depth, waits, errors_set;

int layer_waits(void)
{
    return waits;
}

int layer_errors_set(void)
{
    return errors_set;
}

LAYER_CALL HANDLE CreateEventA(void *security, BOOL manual, BOOL set, const char *name)
{
    (void)security, (void)manual, (void)name;
    is_set = set;
    return LAYER_EVENT;
}

LAYER_CALL BOOL SetEvent(HANDLE event)
{
    is_set = event == LAYER_EVENT;
    return is_set ? 77 : 0;
}

LAYER_CALL DWORD WaitForSingleObject(HANDLE object, DWORD ms)
{
    waits++;
    return object == LAYER_EVENT ? (is_set ? 1000 + ms : 2000 + ms) : 3000;
}

LAYER_CALL DWORD WaitForMultipleObjects(DWORD n, const HANDLE *objects, BOOL all, DWORD ms)
{
    waits++;
    return objects[0] == LAYER_EVENT ? 4000 + 100 * n + 10 * (DWORD)all + ms : 5000;
}

LAYER_CALL void EnterCriticalSection(void *section)
{
    *(int *)section = ++depth;
}

LAYER_CALL void LeaveCriticalSection(void *section)
{
    *(int *)section = --depth;
}

LAYER_CALL BOOL CloseHandle(HANDLE handle)
{
    return handle == LAYER_EVENT ? 88 : 0;
}

LAYER_CALL DWORD GetLastError(void)
{
    return layer_error;
}

LAYER_CALL void SetLastError(DWORD error)
{
    layer_error = error;
    errors_set++;
}

int layer_calls_itself(void)
{
    HANDLE event = CreateEventA(NULL, 0, 0, NULL);
    return event == LAYER_EVENT && SetEvent(event) == 77 && WaitForSingleObject(event, 1) == 1001;
}
