// SPDX-License-Identifier: MIT
#include "src/store/store_crew.h"

#include <semaphore.h>
#include <stdatomic.h>

#include "tests/support/tap.h"

enum { CALLS = 5 };

static struct store_crew crew;
static struct store_history reads[CALLS];
static struct store_room_put writes[CALLS];
static sem_t all_are_put;
static atomic_uint answered;
static unsigned served;
static int result; /* of what is served */

static void count_post(struct executor *ex, struct task *task)
{
    (void)ex;
    (void)task;
    (void)atomic_fetch_add(&answered, 1);
}

static const struct executor_ops counting = {.post = count_post};
static struct executor executor = {.ops = &counting};

static void *hire(void *store, struct bytes *why)
{
    (void)why;
    return store;
}

/* The first comes to its end when the others wait and the crew is to stop. */
static void serve(void *worker, struct store_call *call)
{
    if (served++ == 0) {
        while (sem_wait(&all_are_put) != 0) {
        }
        store_queue_stop(call->op < STORE_WRITES ? &crew.readers.queue : &crew.writer.queue);
    }
    (void)worker;
    call->error = result;
}

static void dismiss(void *worker)
{
    (void)worker;
}

static const struct store_crew_ops ops = {
    .hire = hire, .serve = serve, .dismiss = dismiss, .writes = true};

static void put(struct store_call *call, enum store_op op)
{
    call->op = op;
    call->executor = &executor;
    check(store_crew_put(&crew, call) == 0);
}

static void stop_with(enum store_op op, int error)
{
    const struct store_options options = {
        .readers = 1, .read_queue_max = CALLS, .write_queue_max = CALLS};
    struct bytes why = {0};

    served = 0;
    result = error;
    answered = 0;
    (void)sem_init(&all_are_put, 0, 0);
    check(store_crew_start(&crew, &ops, &crew, &options, &why) == 0);
    for (unsigned i = 0; i < CALLS; i++) {
        reads[i] = (struct store_history){.room = SPAN("r"), .limit = 1};
        writes[i] = (struct store_room_put){.room = SPAN("r")};
        put(op == STORE_HISTORY ? &reads[i].call : &writes[i].call, op);
    }
    (void)sem_post(&all_are_put);
    store_crew_stop(&crew);
    check(answered == CALLS);
    bytes_finish(&why);
}

static const enum store_op ops_of_a_lane[] = {STORE_HISTORY, STORE_ROOM_PUT};

static const struct store_call *call_of(enum store_op op, unsigned i)
{
    return op == STORE_HISTORY ? &reads[i].call : &writes[i].call;
}

static void what_waits_is_done_at_the_end(void)
{
    for (unsigned o = 0; o < 2; o++) {
        stop_with(ops_of_a_lane[o], 0);
        check(served == CALLS);
        for (unsigned i = 0; i < CALLS; i++) {
            check(call_of(ops_of_a_lane[o], i)->error == 0);
        }
    }
}

static void a_store_that_is_away_is_not_waited_for_again_and_again_at_the_end(void)
{
    for (unsigned o = 0; o < 2; o++) {
        stop_with(ops_of_a_lane[o], STORE_EIO);
        check(served == 1);
        for (unsigned i = 0; i < CALLS; i++) {
            check(call_of(ops_of_a_lane[o], i)->error == STORE_EIO);
        }
    }
}

static void another_failure_is_of_one_call_only(void)
{
    stop_with(STORE_ROOM_PUT, STORE_EMISSING);
    check(served == CALLS);
}

int main(void)
{
    RUN(what_waits_is_done_at_the_end);
    RUN(a_store_that_is_away_is_not_waited_for_again_and_again_at_the_end);
    RUN(another_failure_is_of_one_call_only);
    return tap_done();
}
