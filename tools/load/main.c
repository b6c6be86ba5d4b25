// SPDX-License-Identifier: MIT
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "tools/load/progress.h"
#include "tools/load/report.h"

enum { EXIT_UNCLEAN = 1, EXIT_USAGE = 2, SPARE_DESCRIPTORS = 32, WAIT_NS = 10000000 };

static volatile sig_atomic_t stop_wanted;

static void on_signal(int number)
{
    stop_wanted = 1;
}

/* The first signal ends the run in order, a second one at once. */
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

/* As many descriptors as allowed; -1 when the users need more than that. */
static int raise_descriptors(const struct load_options *o)
{
    struct rlimit limit;
    unsigned each = strcmp(o->transport, "polling") == 0 ? transport_polling.descriptors
                                                         : transport_websocket.descriptors;
    rlim_t needed = (rlim_t)o->users * each + SPARE_DESCRIPTORS;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
        return -1;
    }
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max < needed) {
        (void)fprintf(stderr, "rookery-load: %u users need %lu descriptors, the limit is %lu\n",
                      o->users, (unsigned long)needed, (unsigned long)limit.rlim_max);
        return -1;
    }
    return 0;
}

static int execute(const struct load_options *o)
{
    static struct run run; /* three histograms: too much for a stack */
    struct progress progress;
    bool clean;

    if (run_init(&run, o) < 0) {
        if (errno != 0) {
            (void)fprintf(stderr, "rookery-load: %s: %m\n", run.url->host);
        } else {
            (void)fprintf(stderr, "rookery-load: no such host: %s\n", run.url->host);
        }
        return EXIT_USAGE;
    }
    progress_init(&progress, stderr, o->quiet);
    while (run.phase != RUN_DONE) {
        run_turn(&run, WAIT_NS);
        progress_update(&progress, &run);
        if (stop_wanted && !run.interrupted) {
            run_interrupt(&run);
        }
    }
    progress_finish(&progress);
    (o->json ? report_json : report_text)(&run, stdout);
    clean = run_is_clean(&run);
    run_finish(&run);
    return clean ? 0 : EXIT_UNCLEAN;
}

int main(int argc, char **argv)
{
    struct load_options options;
    char why[256];

    switch (options_parse(&options, argc, argv, why, sizeof why)) {
    case OPTIONS_HELP:
        options_help(stdout);
        return 0;
    case OPTIONS_BAD:
        (void)fprintf(stderr, "rookery-load: %s (--help lists what there is)\n", why);
        return EXIT_USAGE;
    case OPTIONS_OK:
        break;
    }
    if (raise_descriptors(&options) < 0) {
        return EXIT_USAGE;
    }
    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); /* open loops send at their times */
    catch_signals();
    return execute(&options);
}
