// SPDX-License-Identifier: MIT
#include "tools/load/progress.h"

#include <inttypes.h>
#include <unistd.h>

enum { INTERVAL_NS = 100000000, BAR_WIDTH = 24 };

static const char *const phase_names[] = {
    [RUN_RAMP] = "joining",     [RUN_SETTLE] = "settling",   [RUN_AWAY] = "away",
    [RUN_RETURN] = "returning", [RUN_WARMUP] = "warming up", [RUN_MEASURE] = "measuring",
    [RUN_DRAIN] = "draining",   [RUN_DONE] = "done",
};

void progress_init(struct progress *p, FILE *out, bool quiet)
{
    *p = (struct progress){.terminal = !quiet && isatty(fileno(out)) ? out : NULL};
}

void progress_bar(char *out, unsigned width, double done)
{
    unsigned full = (unsigned)(done * width + 0.5);

    memset(out, '.', width);
    memset(out, '#', full < width ? full : width);
    out[width] = '\0';
}

void progress_update(struct progress *p, const struct run *r)
{
    char bar[BAR_WIDTH + 1];
    uint64_t now = r->swarm.loop.now_ns;
    const struct traffic *t = &r->traffic;

    if (p->terminal == NULL || now < p->next_ns) {
        return;
    }
    double rate = (double)(t->count.delivered + t->count.acked - p->delivered) * 1e9 /
                  (double)(now - p->drawn_ns);
    progress_bar(bar, BAR_WIDTH, run_progress(r));
    (void)fprintf(p->terminal, "\r[%s] %-10s %" PRIu32 " joined, %.0f/s in, p99 %.2f ms\033[K", bar,
                  phase_names[r->phase], r->standing, rate,
                  (double)histogram_quantile(&t->delivery_ns, 0.99) / 1e6);
    (void)fflush(p->terminal);
    p->delivered = t->count.delivered + t->count.acked;
    p->drawn_ns = now;
    p->next_ns = now + INTERVAL_NS;
}

void progress_finish(struct progress *p)
{
    if (p->terminal != NULL) {
        (void)fprintf(p->terminal, "\r\033[K");
        (void)fflush(p->terminal);
    }
}
