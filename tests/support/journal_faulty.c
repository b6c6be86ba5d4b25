// SPDX-License-Identifier: MIT
#include "tests/support/journal_faulty.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "src/base/memory.h"

struct faulty {
    struct journal journal;
    struct journal *inner;
    struct journal_faults faults;
    atomic_uint appends;
};

/* One append on its way; passed on as `ops`, the second only when it is duplicated. */
struct call {
    struct faulty *faulty;
    struct journal_append *outer;
    struct executor *executor;
    struct journal_append ops[2];
    unsigned waiting; /* for completions of ops */
    unsigned turns;
    bool fail;
    struct task task;
};

static bool hit(unsigned every, unsigned n)
{
    return every != 0 && n % every == every - 1;
}

static void turn(struct task *task)
{
    struct call *call = container_of(task, struct call, task);

    if (call->turns > 0) {
        call->turns--;
        executor_post(call->executor, &call->task);
        return;
    }
    struct journal_append *outer = call->outer;
    if (call->fail) {
        outer->error = JOURNAL_ESINK;
    }
    free(call);
    outer->on_done(outer);
}

/* Once both are done, since the outer op's bytes are needed until then. */
static void passed_on(struct call *call, struct journal_append *op)
{
    if (op == &call->ops[0]) { /* the second is a repeated one */
        call->outer->message.fate = op->message.fate;
        call->outer->message.timestamp_ms = op->message.timestamp_ms;
    }
    call->outer->error = op->error;
    call->outer->in_turn = op->in_turn;
    call->outer->message.offset = op->message.offset;
    if (--call->waiting == 0) {
        turn(&call->task);
    }
}

static void first_done(struct journal_append *op)
{
    passed_on(container_of(op, struct call, ops[0]), op);
}

static void second_done(struct journal_append *op)
{
    passed_on(container_of(op, struct call, ops[1]), op);
}

static int pass_on(struct call *call, const struct message *message, bool twice)
{
    call->ops[0].on_done = first_done;
    call->ops[1].on_done = second_done;
    int result = journal_append(call->faulty->inner, message, call->executor, &call->ops[0]);
    if (result != 0) {
        return result;
    }
    call->waiting = 1;
    if (twice && journal_append(call->faulty->inner, message, call->executor, &call->ops[1]) == 0) {
        call->waiting = 2;
    }
    return 0;
}

static int append(struct journal *journal, const struct message *message, struct executor *executor,
                  struct journal_append *op)
{
    struct faulty *faulty = container_of(journal, struct faulty, journal);
    const struct journal_faults *faults = &faulty->faults;
    unsigned n = atomic_fetch_add(&faulty->appends, 1);

    if (hit(faults->refuse, n)) {
        return JOURNAL_EBUSY;
    }
    struct call *call = xcalloc(1, sizeof *call);
    op->message = *message;
    *call = (struct call){.faulty = faulty,
                          .outer = op,
                          .executor = executor,
                          .turns = faults->delay_turns,
                          .task = {.run = turn}};
    call->fail = hit(faults->fail_before, n) || hit(faults->fail_after, n);
    if (hit(faults->fail_before, n)) {
        executor_post(executor, &call->task);
        return 0;
    }
    int result = pass_on(call, message, hit(faults->duplicate, n));
    if (result != 0) {
        free(call);
    }
    return result;
}

static void close_faulty(struct journal *journal)
{
    struct faulty *faulty = container_of(journal, struct faulty, journal);
    journal_close(faulty->inner);
    free(faulty);
}

static const struct journal_ops ops = {
    .name = "faulty",
    .open = NULL, /* journal_faulty_create */
    .append = append,
    .close = close_faulty,
};

struct journal *journal_faulty_create(struct journal *inner, const struct journal_faults *faults)
{
    struct faulty *faulty = xcalloc(1, sizeof *faulty);
    faulty->journal.ops = &ops;
    faulty->inner = inner;
    faulty->faults = *faults;
    return &faulty->journal;
}
