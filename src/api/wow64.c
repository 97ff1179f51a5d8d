/* IsWow64Process and its kin.
 *
 * I1  This process is a 32-bit one on a 64-bit system when its layout says so, and a based space
 *     always is. Of other processes nothing is known: they are not.
 * Locking: none.   Failure: nothing written. */
#include "api/api.h"
#include "api/last_error.h"
#include "nt/nt_system.h"
#include "nt/nt_target.h"
#include "nt/nt_user.h"

static wvm_status ask(HANDLE process, bool *is_wow64)
{
    struct wvm_target t;
    wvm_status status = wvm_target_of(process, PROCESS_QUERY_LIMITED_INFORMATION, &t);
    if (status < 0)
        return status;
    *is_wow64 = t.pid == 0 && (t.window != NULL || wvm_nt_is_wow64());
    wvm_target_drop(&t);
    return STATUS_SUCCESS;
}

BOOL wvm_IsWow64Process(HANDLE process, PBOOL out)
{
    bool is_wow64;
    wvm_status status = ask(process, &is_wow64);
    if (status >= 0 && !wvm_user_writable(out, sizeof *out))
        status = STATUS_ACCESS_VIOLATION;
    if (status >= 0) {
        BOOL answer = is_wow64;
        wvm_user_store(out, &answer, sizeof answer);
    }
    return wvm_win32_result(status);
}

BOOL wvm_IsWow64Process2(HANDLE process, USHORT *machine, USHORT *native)
{
    bool is_wow64;
    wvm_status status = ask(process, &is_wow64);
    if (status >= 0 && (!wvm_user_writable(machine, sizeof *machine) ||
                        (native && !wvm_user_writable(native, sizeof *native))))
        status = STATUS_ACCESS_VIOLATION;
    if (status >= 0) {
        USHORT answer = is_wow64 ? IMAGE_FILE_MACHINE_I386 : IMAGE_FILE_MACHINE_UNKNOWN;
        USHORT system = wvm_nt_native_machine();
        wvm_user_store(machine, &answer, sizeof answer);
        wvm_user_store_if(native, &system, sizeof system);
    }
    return wvm_win32_result(status);
}

HRESULT wvm_IsWow64GuestMachineSupported(USHORT machine, PBOOL out)
{
    BOOL answer = machine == IMAGE_FILE_MACHINE_I386 &&
                  wvm_nt_native_machine() == IMAGE_FILE_MACHINE_AMD64;
    if (!wvm_user_writable(out, sizeof *out))
        return E_POINTER;
    wvm_user_store(out, &answer, sizeof answer);
    return S_OK;
}
