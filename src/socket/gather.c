// SPDX-License-Identifier: MIT
#include "src/socket/gather.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "src/socket/acks.h"
#include "src/socket/args_copy.h"
#include "src/socket/io.h"
#include "src/socket/io_loop.h"

struct gather {
    struct rookery_loop *loop;
    struct timer timeout;
    unsigned timeout_ms;
    rookery_acks_fn fn;
    void *arg;
    bool settled;        /* fn has been called */
    unsigned counts_due; /* parts that have not said yet how many they have asked */
    unsigned parts_open;
    size_t expected;
    struct rookery_args **answers;
    size_t count;
};

struct gather_part {
    struct gather *gather;
    bool asked; /* everybody, and the gather knows how many */
    size_t open;
};

/* From a part to its gather. */
struct report {
    struct task task;
    struct gather *gather;
    bool is_count;
    size_t asked;                /* if is_count */
    struct rookery_args *answer; /* or NULL */
    bool is_last;
};

/* ---- the gather ---- */

static void settle(struct gather *g, int error)
{
    struct rookery_args *answers = xcalloc(g->count + 1, sizeof *answers);

    for (size_t i = 0; i < g->count; i++) {
        answers[i] = *g->answers[i];
    }
    g->settled = true;
    executor_timer_stop(g->loop->executor, &g->timeout);
    g->fn(error, answers, g->count, g->arg);
    free(answers);
}

static void destroy(struct gather *g)
{
    for (size_t i = 0; i < g->count; i++) {
        free(g->answers[i]);
    }
    free(g->answers);
    free(g);
}

static void destroy_if_over(struct gather *g)
{
    if (g->settled && g->parts_open == 0) {
        destroy(g);
    }
}

static void on_timeout(struct timer *timer)
{
    struct gather *g = container_of(timer, struct gather, timeout);

    settle(g, ROOKERY_ETIMEOUT);
    destroy_if_over(g);
}

struct gather *gather_create(struct rookery_loop *loop, unsigned timeout_ms, rookery_acks_fn fn,
                             void *arg)
{
    struct gather *g = xmalloc(sizeof *g);

    *g = (struct gather){
        .loop = loop,
        .timeout = {.fire = on_timeout},
        .timeout_ms = timeout_ms,
        .fn = fn,
        .arg = arg,
        .counts_due = loop->io->loop_count,
        .parts_open = loop->io->loop_count,
    };
    executor_timer_start(loop->executor, &g->timeout, timeout_ms);
    return g;
}

static void add_answer(struct gather *g, struct rookery_args *answer)
{
    g->answers = xreallocarray(g->answers, g->count + 1, sizeof(struct rookery_args *));
    g->answers[g->count++] = answer;
}

static void receive_report(struct task *task)
{
    struct report *r = container_of(task, struct report, task);
    struct gather *g = r->gather;

    if (r->is_count) {
        g->counts_due--;
        g->expected += r->asked;
    }
    if (r->answer != NULL) {
        add_answer(g, r->answer);
    }
    if (r->is_last) {
        g->parts_open--;
    }
    free(r);
    if (!g->settled && g->counts_due == 0 && g->count == g->expected) {
        settle(g, 0);
    } else if (!g->settled && g->parts_open == 0) {
        settle(g, ROOKERY_ETIMEOUT); /* those who have not answered have left */
    }
    destroy_if_over(g);
}

/* ---- its parts ---- */

/* Frees the part if that was its last. */
static void report(struct gather_part *part, bool is_count, struct rookery_args *answer)
{
    struct report *r = xmalloc(sizeof *r);

    *r = (struct report){
        .task = {.run = receive_report},
        .gather = part->gather,
        .is_count = is_count,
        .asked = is_count ? part->open : 0,
        .answer = answer,
        .is_last = part->asked && part->open == 0,
    };
    if (r->is_last) {
        free(part);
    }
    executor_post(r->gather->loop->executor, &r->task);
}

static void on_answer(struct rookery_socket *s, int error, const struct rookery_args *args,
                      void *arg)
{
    struct gather_part *part = arg;

    part->open--;
    report(part, false, error == 0 ? args_copy(args) : NULL);
}

struct gather_part *gather_part_begin(struct gather *g)
{
    struct gather_part *part = xcalloc(1, sizeof *part);

    part->gather = g;
    return part;
}

void gather_part_ask(struct gather_part *part, struct rookery_socket *s, uint64_t id)
{
    part->open++;
    acks_expect(s, id, part->gather->timeout_ms, on_answer, part);
}

void gather_part_asked(struct gather_part *part)
{
    part->asked = true;
    report(part, true, NULL);
}
