// SPDX-License-Identifier: MIT
#include "src/journal/completions.h"

#include "src/base/memory.h"

/* Runs on the loop; on_done may free the op. */
static void deliver(struct task *task)
{
    struct journal_append *op = container_of(task, struct journal_append, task);

    while (op != NULL) {
        struct journal_append *next = op->next;
        op->on_done(op);
        op = next;
    }
}

void completions_post(struct completions *c)
{
    for (size_t i = 0; i < c->count; i++) {
        struct journal_append *first = c->groups[i].first;
        c->groups[i].last->next = NULL;
        first->task.run = deliver;
        executor_post(c->groups[i].executor, &first->task);
    }
    c->count = 0;
}

void completions_add(struct completions *c, struct journal_append *op)
{
    size_t i = 0;

    while (i < c->count && c->groups[i].executor != op->executor) {
        i++;
    }
    if (i < c->count) {
        c->groups[i].last->next = op;
        c->groups[i].last = op;
        return;
    }
    if (c->count == COMPLETIONS_LOOPS) {
        completions_post(c);
    }
    c->groups[c->count++] = (struct completions_group){op->executor, op, op};
}
