// SPDX-License-Identifier: MIT
#include "src/base/errand.h"

#include "src/base/memory.h"

struct errand_task {
    struct task task;
    struct errand *errand; /* NULL: cancelled */
};

static void run(struct task *task)
{
    struct errand_task *t = container_of(task, struct errand_task, task);
    struct errand *e = t->errand;

    free(t);
    if (e != NULL) {
        e->posted = NULL;
        e->run(e);
    }
}

void errand_post(struct errand *e)
{
    if (e->posted == NULL) {
        e->posted = xmalloc(sizeof *e->posted);
        *e->posted = (struct errand_task){.task.run = run, .errand = e};
        executor_post(e->executor, &e->posted->task);
    }
}

void errand_cancel(struct errand *e)
{
    if (e->posted != NULL) {
        e->posted->errand = NULL;
        e->posted = NULL;
    }
}
