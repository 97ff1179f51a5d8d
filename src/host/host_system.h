/* The machine and its times, as the host tells them now. Part of the host room: no malloc, errno is
 * preserved, safe in a signal handler. */
#ifndef WVM_HOST_HOST_SYSTEM_H
#define WVM_HOST_HOST_SYSTEM_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes. All but `machine` and the kernel's are lowered to the limits of the control groups around
 * this process. */
struct wvm_host_memory {
    uint64_t machine;  /* RAM of the machine */
    uint64_t ram;      /* RAM that this process and its group can have at most */
    uint64_t ram_left; /* of that, to be had now without swapping */
    uint64_t swap;
    uint64_t cache;        /* contents of files */
    uint64_t kernel_paged; /* the kernel's own, of the whole machine: what it can give up */
    uint64_t kernel_kept;  /* likewise: what it cannot */
};
void wvm_host_memory_now(struct wvm_host_memory *out);
/* Bytes of memory that the machine was built with; of the control group's when that has a limit. */
uint64_t wvm_host_installed(void);

/* Since the start of the machine, or now; what the host does not tell is 0. */
struct wvm_host_counts {
    uint64_t processes, threads; /* that this process can see */
    uint64_t handles;            /* open files of the whole machine */
    uint64_t faults, reads;      /* page faults; those of them that read from a disk */
    uint64_t kib_read, kib_written; /* pages and all other blocks */
    uint64_t swapped_out;        /* pages */
    uint64_t switches;           /* of threads on a processor */
};
void wvm_host_counts(struct wvm_host_counts *out);
/* Nanoseconds that a processor spent so, since the start; system: without the last two. */
struct wvm_host_cpu_times {
    uint64_t idle, user, system, irq, deferred;
    unsigned number;
};
/* Calls see for each processor that runs now. */
void wvm_host_each_cpu(void (*see)(const struct wvm_host_cpu_times *times, void *ctx), void *ctx);
/* Addresses of this process in mappings, in bytes; 0 when /proc cannot tell. */
uint64_t wvm_host_mapped_bytes(void);

/* Whether memory is short or plentiful now, for this process and its control group. Some 100 us. */
enum wvm_host_level { WVM_LEVEL_LOW, WVM_LEVEL_BETWEEN, WVM_LEVEL_HIGH };
enum wvm_host_level wvm_host_memory_level(void);

/* Nanoseconds that processors were idle since the start of the machine, their sum; 0 where the host
 * cannot tell. */
int64_t wvm_host_idle_time(void);
/* Minutes that the host's local time is behind UTC, as far as the kernel knows. */
int32_t wvm_host_minutes_west(void);

/* Words of the processor's answers to cpuid: leaf 1 (registers a, c, d), leaf 7 (b, c) and leaf
 * 0x80000001 (c, d); a leaf that it does not have is 0. */
enum wvm_cpu_word {
    WVM_CPU_1A,
    WVM_CPU_1C,
    WVM_CPU_1D,
    WVM_CPU_7B,
    WVM_CPU_7C,
    WVM_CPU_XC,
    WVM_CPU_XD,
    WVM_N_CPU_WORDS,
};
void wvm_host_cpu_words(uint32_t word[WVM_N_CPU_WORDS]);
/* What the processor is: its family, model and stepping, and the features in the bits of Windows'
 * KF_* that have a name here. */
struct wvm_host_processor {
    unsigned family, model, stepping;
    uint32_t features;
};
void wvm_host_processor(struct wvm_host_processor *out);

#endif
