/* Proc: CPU time and memory of a process, from outside.
 *
 * CPU is the sum over all its threads, ended ones too, to the nanosecond (the process's CPU clock).
 * On loopback the kernel delivers a packet within the sender's own system call, so the soft
 * interrupt is part of the sender's CPU time, unless the kernel was built with
 * CONFIG_IRQ_TIME_ACCOUNTING; then the machine's soft interrupt time is seen to grow instead.
 * The split into user and system comes from /proc/PID/stat, in clock ticks. */
// SPDX-License-Identifier: MIT
#ifndef TOOLS_LOAD_PROC_H
#define TOOLS_LOAD_PROC_H

#include <stdint.h>
#include <sys/types.h>

#include "protocol/bytes.h"

struct proc_cpu {
    uint64_t total_ns;
    uint64_t user_ns;
    uint64_t system_ns;
};

struct proc_memory {
    uint64_t rss_bytes;
    uint64_t pss_bytes; /* 0 when it may not be read */
};

/* 0, or -1: no such process, or it may not be looked at. */
MUST_USE int proc_read_cpu(pid_t pid, struct proc_cpu *out);
MUST_USE int proc_read_memory(pid_t pid, struct proc_memory *out);

/* Time all CPUs of the machine spent in soft interrupts that no process was charged for. */
uint64_t proc_read_softirq_ns(void);

/* Parts that read what the files say; for the tests. */
MUST_USE int proc_parse_stat(const char *text, uint64_t ticks_per_s, struct proc_cpu *out);
uint64_t proc_parse_kib(const char *text, const char *name); /* bytes; 0 when the line is missing */

#endif
