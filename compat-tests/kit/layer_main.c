/* A program with a platform layer that has some of the kit's names (layer.h), and that leaves
 * others to the kit. One TAP line a check. LAYER_INSIDE: the layer is part of the executable. */
#include "layer.h"

#include <stdio.h>

static int n;

static void check(int good, const char *what)
{
    printf("%sok %d - %s\n", good ? "" : "not ", ++n, what);
}

static void own_names(void)
{
    int section = -1;
    HANDLE event = CreateEventA(NULL, 0, 0, NULL), events[2];
    events[0] = events[1] = event;
    check(event == LAYER_EVENT, "the layer's CreateEvent");
    check(WaitForSingleObject(event, 5) == 2005, "its wait");
    check(SetEvent(event) == 77 && WaitForSingleObject(event, 6) == 1006, "its SetEvent");
    check(WaitForMultipleObjects(2, events, 1, 3) == 4213, "its wait for several");
    check(CloseHandle(event) == 88, "its CloseHandle");
    EnterCriticalSection(&section);
    check(section == 1, "its critical section");
    LeaveCriticalSection(&section);
    check(section == 0, "and the end of that");
    check(layer_calls_itself(), "the layer reaches itself");
    check(WaitForSingleObject((HANDLE)(size_t)0x99, 0) == 3000,
          "a handle of nobody is the layer's");
}

static LAYER_CALL DWORD start(void *arg)
{
    Sleep(2);
    *(int *)arg = 5;
    return 9;
}

static void kit_names(void)
{
    static int value; /* the thread may write to it when this function has returned */
    int before = layer_errors_set();
    SetLastError(0);
    check(TlsGetValue(5000) == NULL && GetLastError() == 87 && layer_errors_set() > before + 1,
          "a failure of the kit's is in the layer's last error");
    HANDLE thread = CreateThread(NULL, 0, start, &value, 0, NULL);
    check(thread != NULL, "a name that the layer has not is the kit's");
#ifndef LAYER_INSIDE
    HANDLE mutex = CreateMutexA(NULL, 0, NULL), both[2];
    both[0] = thread, both[1] = mutex;
    int waits = layer_waits();
    check(WaitForSingleObject(thread, 0xffffffff) == 0 && value == 5,
          "a wait for the kit's object is the kit's");
    check(WaitForMultipleObjects(2, both, 1, 1000) == 0 && ReleaseMutex(mutex) == 1,
          "and one for several");
    check(layer_waits() == waits, "the layer did not see them");
    check(CloseHandle(thread) == 1 && CloseHandle(mutex) == 1, "their handles");
    check(WaitForSingleObject(thread, 0) == 3000, "closed: the layer's again");
#endif
}

static void by_name(void)
{
    HANDLE kernel = GetModuleHandleA("kernel32");
    LAYER_CALL void (*sleep_of)(DWORD) = GetProcAddress(kernel, "Sleep");
    check(sleep_of == Sleep, "GetProcAddress of a name of the kit's");
    sleep_of(1);
#ifndef LAYER_INSIDE
    int section = -1;
    LAYER_CALL void (*enter)(void *) = GetProcAddress(kernel, "EnterCriticalSection");
    LAYER_CALL void (*leave)(void *) = GetProcAddress(kernel, "LeaveCriticalSection");
    enter(&section);
    check(section == 1, "of a name that the layer has: the layer's");
    leave(&section);
    LAYER_CALL DWORD (*wait)(HANDLE, DWORD) = GetProcAddress(kernel, "WaitForSingleObject");
    check(wait(LAYER_EVENT, 4) == 1004, "and with the layer's handle");
#endif
}

int main(void)
{
    own_names();
    kit_names();
    by_name();
    return 0;
}
