/* Idle time and local time of the machine.
 *
 * Owns     nothing.
 * I1       What the host does not tell is 0.
 * Locking  none.   Failure: I1.
 * Signal safety  all of it; errno is preserved. */
#include "host/host_system.h"

#include <sys/auxv.h>

#include "host/host_kernel.h"
#include "host/host_private.h"

#define NS_PER_S INT64_C(1000000000)
enum { STAT_CAP = 256 };

/* The fourth number of "cpu  USER NICE SYSTEM IDLE ...", in ticks. */
int64_t wvm_host_idle_time(void)
{
    char text[STAT_CAP];
    const char *s = text + 3;
    uint64_t ticks = 0;
    unsigned long hz = getauxval(AT_CLKTCK);
    if (wvm_host_read_text(wvm_host_proc_root, "stat", text, sizeof(text)) <= 3 || hz == 0)
        return 0;
    for (int i = 0; i < 4; i++)
        if (!wvm_host_parse_dec(&s, &ticks))
            return 0;
    return (int64_t)(ticks * (uint64_t)(NS_PER_S / (int64_t)hz));
}

/* The kernel's own idea of local time, which the administrator sets; 0 nearly everywhere. */
int32_t wvm_host_minutes_west(void)
{
    struct {
        int minutes, dst;
    } zone = {0, 0};
    return WVM_SYS(syscall(SYS_gettimeofday, NULL, &zone)) == 0 ? zone.minutes : 0;
}
