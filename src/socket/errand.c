// SPDX-License-Identifier: MIT
#include "src/socket/errand.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "src/socket/args_copy.h"
#include "src/socket/io.h"

/* Its part on one loop. */
struct errand_leg {
    struct task task;
    struct errand *errand;
    struct rookery_loop *loop;
};

void *errand_create(size_t size, struct rookery_namespace *nsp, const struct rookery_target *target)
{
    struct errand *e = xcalloc(1, size);

    e->nsp = nsp;
    e->target = target_copy(target);
    atomic_init(&e->refs, 1);
    return e;
}

void errand_drop(struct errand *e)
{
    if (atomic_fetch_sub_explicit(&e->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    if (e->finish != NULL) {
        e->finish(e);
    }
    free(e->target);
    free(e->legs);
    free(e);
}

static void run_leg(struct task *task)
{
    struct errand_leg *leg = container_of(task, struct errand_leg, task);
    struct errand *e = leg->errand;

    e->run(e, leg->loop);
    errand_drop(e);
}

static void post_leg(struct errand *e, struct rookery_loop *loop)
{
    struct errand_leg *leg = &e->legs[loop->executor->index];

    *leg = (struct errand_leg){{.run = run_leg}, e, loop};
    atomic_fetch_add_explicit(&e->refs, 1, memory_order_relaxed);
    executor_post(loop->executor, &leg->task);
}

void errand_send(struct errand *e, const struct rookery_loop *but)
{
    struct io *io = e->nsp->io;
    struct rookery_loop *here = io_current(io);

    e->legs = xcalloc(io->loop_count, sizeof *e->legs);
    for (unsigned i = 0; i < io->loop_count; i++) {
        struct rookery_loop *loop = &io->loops[i];
        if (loop != here && loop != but) {
            post_leg(e, loop);
        }
    }
    if (here != NULL && here != but) {
        e->run(e, here);
    }
    errand_drop(e);
}
