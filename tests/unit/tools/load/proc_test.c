// SPDX-License-Identifier: MIT
#include "tools/load/proc.h"

#include <stdlib.h>
#include <unistd.h>

#include "tests/support/tap.h"

static void reads_the_times_behind_an_awkward_name(void)
{
    struct proc_cpu cpu = {0};

    check(proc_parse_stat("7 (a) (b c) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20", 100, &cpu) == 0);
    check(cpu.user_ns == 2500000000 && cpu.system_ns == 500000000);
    check(proc_parse_stat("nothing", 100, &cpu) < 0);
    check(proc_parse_stat("7 (a) S 1", 100, &cpu) < 0);
}

static void reads_a_line_of_kibibytes(void)
{
    const char *text = "VmPeak:   100 kB\nVmRSS:\t    12 kB\n";

    check(proc_parse_kib(text, "VmRSS:") == 12 * 1024);
    check(proc_parse_kib(text, "Pss:") == 0);
}

static void sees_this_process_use_cpu_and_memory(void)
{
    struct proc_cpu before;
    struct proc_cpu after;
    struct proc_memory small;
    struct proc_memory large;
    const size_t much = (size_t)32 << 20;

    check(proc_read_cpu(getpid(), &before) == 0);
    check(proc_read_memory(getpid(), &small) == 0);
    volatile char *p = malloc(much); /* volatile: clang leaves out what nobody reads */
    for (size_t i = 0; i < much; i += 4096) {
        p[i] = 1;
    }
    check(proc_read_memory(getpid(), &large) == 0);
    check(proc_read_cpu(getpid(), &after) == 0);
    check(after.total_ns > before.total_ns);
    check(large.rss_bytes >= small.rss_bytes + much / 2);
    free((void *)(uintptr_t)p);
}

static void knows_when_there_is_no_such_process(void)
{
    struct proc_cpu cpu;
    struct proc_memory memory;

    check(proc_read_cpu(1 << 29, &cpu) < 0);
    check(proc_read_memory(1 << 29, &memory) < 0);
}

int main(void)
{
    RUN(reads_the_times_behind_an_awkward_name);
    RUN(reads_a_line_of_kibibytes);
    RUN(sees_this_process_use_cpu_and_memory);
    RUN(knows_when_there_is_no_such_process);
    return tap_done();
}
