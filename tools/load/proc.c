// SPDX-License-Identifier: MIT
#include "tools/load/proc.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 8192, NS_PER_S = 1000000000 };

static int read_file(const char *path, char *out, size_t cap)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0) {
        return -1;
    }
    n = read(fd, out, cap - 1);
    (void)close(fd);
    if (n < 0) {
        return -1;
    }
    out[n] = '\0';
    return 0;
}

/* Skips n words of a line. */
static const char *skip_words(const char *p, unsigned n)
{
    while (n-- > 0) {
        p += strspn(p, " ");
        p += strcspn(p, " ");
    }
    return p;
}

int proc_parse_stat(const char *text, uint64_t ticks_per_s, struct proc_cpu *out)
{
    const char *after_name = strrchr(text, ')'); /* the name may hold blanks and brackets */
    char *end;

    if (after_name == NULL) {
        return -1;
    }
    const char *p = skip_words(after_name + 1, 11); /* state .. cmajflt; then utime, stime */
    uint64_t user = strtoull(p, &end, 10);
    if (end == p) {
        return -1;
    }
    out->user_ns = user * (NS_PER_S / ticks_per_s);
    out->system_ns = strtoull(end, NULL, 10) * (NS_PER_S / ticks_per_s);
    return 0;
}

uint64_t proc_parse_kib(const char *text, const char *name)
{
    const char *line = strstr(text, name);

    return line != NULL ? strtoull(line + strlen(name), NULL, 10) * 1024 : 0;
}

int proc_read_cpu(pid_t pid, struct proc_cpu *out)
{
    char path[64];
    char text[FILE_BYTES_MAX];
    clockid_t clock;
    struct timespec t;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) < 0) {
        return -1;
    }
    out->total_ns = (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (read_file(path, text, sizeof text) < 0) {
        return -1;
    }
    return proc_parse_stat(text, (uint64_t)sysconf(_SC_CLK_TCK), out);
}

int proc_read_memory(pid_t pid, struct proc_memory *out)
{
    char path[64];
    char text[FILE_BYTES_MAX];

    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    if (read_file(path, text, sizeof text) < 0) {
        return -1;
    }
    out->rss_bytes = proc_parse_kib(text, "VmRSS:");
    (void)snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    out->pss_bytes = read_file(path, text, sizeof text) < 0 ? 0 : proc_parse_kib(text, "Pss:");
    return 0;
}

uint64_t proc_read_softirq_ns(void)
{
    char text[FILE_BYTES_MAX];

    if (read_file("/proc/stat", text, sizeof text) < 0) {
        return 0;
    }
    const char *p = skip_words(text, 7); /* cpu user nice system idle iowait irq; then softirq */
    return strtoull(p, NULL, 10) * (NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
}
