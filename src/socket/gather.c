// SPDX-License-Identifier: MIT
#include "src/socket/gather.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "src/socket/acks.h"
#include "src/socket/args_copy.h"
#include "src/socket/io.h"
#include "src/socket/io_loop.h"
#include "src/socket/local.h"

struct gather {
    struct rookery_loop *loop;
    struct timer timeout;
    unsigned timeout_ms;
    rookery_acks_fn fn;
    void *arg;
    struct local_asking *asking; /* takes the place of fn; or NULL */
    size_t told;                 /* answers that it has got */
    bool told_count;
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
    size_t asked;                /* more */
    bool asked_all;              /* and no others */
    struct rookery_args *answer; /* or NULL */
    bool is_last;
};

/* ---- the gather ---- */

static void hand_over(struct gather *g, int error)
{
    struct rookery_args *answers = xcalloc(g->count + 1, sizeof *answers);

    for (size_t i = 0; i < g->count; i++) {
        answers[i] = *g->answers[i];
    }
    g->fn(error, answers, g->count, g->arg);
    free(answers);
}

/* What whoever is told as it comes does not know yet. */
static void tell(struct gather *g)
{
    if (!g->told_count) {
        g->told_count = true;
        g->asking->on_count(g->asking, g->expected);
    }
    while (g->told < g->count) {
        g->asking->on_answer(g->asking, g->answers[g->told++]);
    }
}

static void settle(struct gather *g, int error)
{
    g->settled = true;
    executor_timer_stop(g->loop->executor, &g->timeout);
    if (g->asking == NULL) {
        hand_over(g, error);
        return;
    }
    tell(g);
    g->asking->on_over(g->asking);
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

static struct gather *create(struct rookery_loop *loop, unsigned parts, unsigned timeout_ms)
{
    struct gather *g = xcalloc(1, sizeof *g);

    g->loop = loop;
    g->timeout.fire = on_timeout;
    g->timeout_ms = timeout_ms;
    g->counts_due = parts;
    g->parts_open = parts;
    executor_timer_start(loop->executor, &g->timeout, timeout_ms);
    return g;
}

struct gather *gather_create(struct rookery_loop *loop, bool remote, unsigned timeout_ms,
                             rookery_acks_fn fn, void *arg)
{
    struct gather *g = create(loop, loop->io->loop_count + remote, timeout_ms);

    g->fn = fn;
    g->arg = arg;
    return g;
}

struct gather *gather_create_told(struct rookery_loop *loop, unsigned timeout_ms,
                                  struct local_asking *asking)
{
    struct gather *g = create(loop, loop->io->loop_count, timeout_ms);

    g->asking = asking;
    return g;
}

static void add_answer(struct gather *g, struct rookery_args *answer)
{
    if (g->settled) { /* it is late */
        free(answer);
        return;
    }
    g->answers = xreallocarray(g->answers, g->count + 1, sizeof(struct rookery_args *));
    g->answers[g->count++] = answer;
}

static void receive_report(struct task *task)
{
    struct report *r = container_of(task, struct report, task);
    struct gather *g = r->gather;

    g->expected += r->asked;
    if (r->asked_all) {
        g->counts_due--;
    }
    if (r->answer != NULL) {
        add_answer(g, r->answer);
    }
    if (r->is_last) {
        g->parts_open--;
    }
    free(r);
    if (!g->settled && g->asking != NULL && g->counts_due == 0) {
        tell(g);
    }
    if (!g->settled && g->counts_due == 0 && g->count >= g->expected) {
        settle(g, 0);
    } else if (!g->settled && g->parts_open == 0) {
        settle(g, ROOKERY_ETIMEOUT); /* those who have not answered have left */
    }
    destroy_if_over(g);
}

/* ---- its parts ---- */

static void post(struct gather *g, struct report report)
{
    struct report *r = xmalloc(sizeof *r);

    *r = report;
    r->task.run = receive_report;
    r->gather = g;
    executor_post(g->loop->executor, &r->task);
}

/* Frees the part if that was its last. */
static void report(struct gather_part *part, bool is_count, struct rookery_args *answer)
{
    struct gather *g = part->gather;
    const struct report r = {
        .asked = is_count ? part->open : 0,
        .asked_all = is_count,
        .answer = answer,
        .is_last = part->asked && part->open == 0,
    };

    if (r.is_last) {
        free(part);
    }
    post(g, r);
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

/* ---- the adapter's ---- */

void gather_remote_count(struct gather *g, size_t n)
{
    post(g, (struct report){.asked = n});
}

void gather_remote_answer(struct gather *g, const struct rookery_args *answer)
{
    post(g, (struct report){.answer = args_copy(answer)});
}

/* Without a word on having asked all, there will be no time at which all have answered. */
void gather_remote_over(struct gather *g, bool complete)
{
    post(g, (struct report){.asked_all = complete, .is_last = true});
}
