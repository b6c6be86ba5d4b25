// SPDX-License-Identifier: MIT
/* Who waits for what, with an inner store that answers when it is told to. */
#include "src/persist/behind.h"

#include <semaphore.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/store/store_queue.h"
#include "tests/support/fake_executor.h"
#include "tests/support/following_fake.h"
#include "tests/support/tap.h"
#include "tests/support/thread_executor.h"

enum { ASKED_MAX = 16, BASE = 100, TIMEOUT_MS = 2000, POLL_MS = 20 };

/* Keeps what it is asked; positions apart. */
static struct {
    struct store store;
    struct store_call *asked[ASKED_MAX];
    unsigned asked_count;
    struct store_positions *ask;
    unsigned asks, appends, adopts, marks, closes;
    bool busy;
} inner;

static struct following_fake journal;
static struct behind behind;
static struct fake_executor loops[2];
static uint64_t now_ms;
static struct store_call *done[ASKED_MAX];
static unsigned done_count;

static int inner_start(struct store *store, struct store_call *call)
{
    if (inner.busy) {
        return STORE_EBUSY;
    }
    if (call->op == STORE_POSITIONS) {
        inner.ask = container_of(call, struct store_positions, call);
        inner.asks++;
        return 0;
    }
    inner.asked[inner.asked_count++] = call;
    return 0;
}

static int inner_append(struct store *store, struct message *const *messages, size_t count)
{
    inner.appends += (unsigned)count;
    return STORE_EFULL;
}

static int inner_adopt(struct store *store, struct store_log *log, const uint64_t *ends)
{
    inner.adopts++;
    return STORE_EIO;
}

static int inner_mark(struct store *store, struct span log, unsigned partition, uint64_t position)
{
    inner.marks += partition == 3 && position == 9 && span_eq(log, SPAN("log"));
    return STORE_EBUSY;
}

static void inner_close(struct store *store)
{
    inner.closes++;
    if (inner.ask != NULL) {
        store_queue_answer(&inner.ask->call);
    }
}

static const struct store_ops inner_ops = {.name = "inner",
                                           .append = inner_append,
                                           .adopt = inner_adopt,
                                           .mark = inner_mark,
                                           .start = inner_start,
                                           .close = inner_close};

static void on_done(struct store_call *call)
{
    check(executor_inside(call->executor));
    done[done_count++] = call;
}

static void turn(uint64_t ms)
{
    now_ms += ms;
    for (unsigned i = 0; i < 2; i++) {
        do {
            fake_executor_turn(&loops[i], now_ms);
        } while (fake_executor_has_tasks(&loops[i]));
    }
}

static void setup_with(struct behind_options options)
{
    static const uint64_t bases[FOLLOWING_PARTITIONS] = {0, BASE, 0, 0};
    struct executor *executors[2];

    memset(&inner, 0, sizeof inner);
    inner.store.ops = &inner_ops;
    done_count = 0;
    now_ms = 1000;
    following_fake_init(&journal);
    for (unsigned i = 0; i < 2; i++) {
        fake_executor_init(&loops[i], i);
        executors[i] = &loops[i].executor;
    }
    options.inner = &inner.store;
    options.journal = &journal.journal;
    options.log = SPAN("log");
    options.partitions = FOLLOWING_PARTITIONS;
    options.bases = bases;
    options.executors = executors;
    options.executor_count = 2;
    behind_init(&behind, &options);
    following_fake_tell(&journal, 1, BASE + 3); /* what most tests wait for */
    (void)fake_executor_enter(&loops[0]);
}

static void setup(void)
{
    setup_with((struct behind_options){0});
}

static struct behind_figures figures(void)
{
    struct behind_figures figures;

    behind_figures(&behind, &figures);
    return figures;
}

static void teardown(void)
{
    store_close(&behind.store);
    turn(0);
    check(inner.closes == 1);
    (void)fake_executor_enter(NULL);
    fake_executor_finish(&loops[0]);
    fake_executor_finish(&loops[1]);
}

/* What the store says it has of the four partitions. */
static void answer(int error, uint64_t first, uint64_t second, uint64_t third, uint64_t fourth)
{
    struct store_positions *ask = inner.ask;

    inner.ask = NULL;
    ask->positions[0] = first;
    ask->positions[1] = second;
    ask->positions[2] = third;
    ask->positions[3] = fourth;
    ask->call.error = error;
    store_queue_answer(&ask->call);
    turn(0);
}

static struct store_history read_of(struct span room)
{
    return (struct store_history){.call.on_done = on_done, .room = room, .limit = 1};
}

static int read_room(struct store_history *history)
{
    return store_history(&behind.store, &loops[0].executor, history);
}

/* ---- reads ---- */

static void a_read_of_what_the_store_has_goes_on_at_once(void)
{
    struct store_history history = read_of(SPAN("room-1")), other = read_of(SPAN("room-2"));

    setup();
    behind_progress(&behind, 1, 3);
    check(read_room(&history) == 0 && inner.asked_count == 1 && inner.asked[0] == &history.call);
    check(read_room(&other) == 0 && inner.asked_count == 2); /* nothing has been told of it */
    check(figures().waited == 0 && inner.asks == 0);
    teardown();
    check(done_count == 0);
}

static void a_read_waits_until_the_persister_has_stored_what_was_told(void)
{
    struct store_history history = read_of(SPAN("room-1"));

    setup();
    check(read_room(&history) == 0 && inner.asked_count == 0);
    behind_progress(&behind, 1, 2);
    behind_progress(&behind, 2, 7);
    turn(0);
    check(inner.asked_count == 0 && figures().waiting == 1);
    behind_progress(&behind, 1, 3);
    check(inner.asked_count == 0); /* not on that thread */
    turn(0);
    check(inner.asked_count == 1 && inner.asked[0] == &history.call && done_count == 0);
    check(history.call.on_done == on_done && history.call.error == 0);
    check(figures().waited == 1 && figures().waiting == 0 && figures().timed_out == 0);
    teardown();
}

static void what_is_told_later_is_not_waited_for(void)
{
    struct store_history history = read_of(SPAN("room-1"));

    setup();
    check(read_room(&history) == 0);
    following_fake_tell(&journal, 1, BASE + 50);
    behind_progress(&behind, 1, 3);
    turn(0);
    check(inner.asked_count == 1);
    teardown();
}

static void positions_never_go_back(void)
{
    struct store_history history = read_of(SPAN("room-1"));

    setup();
    behind_progress(&behind, 1, 3);
    behind_progress(&behind, 1, 1);
    check(read_room(&history) == 0 && inner.asked_count == 1);
    teardown();
}

static void the_store_is_asked_at_once_and_then_every_while_once_for_all(void)
{
    struct store_history first = read_of(SPAN("room-1")), second = read_of(SPAN("1"));
    struct store_history third = read_of(SPAN("room-1"));

    setup();
    check(read_room(&first) == 0 && read_room(&second) == 0 && inner.asks == 1);
    check(span_eq(inner.ask->log, SPAN("log")) && inner.ask->partitions == 4);
    (void)fake_executor_enter(&loops[1]);
    check(store_history(&behind.store, &loops[1].executor, &third) == 0 && inner.asks == 1);
    answer(0, 0, 2, 0, 0);
    check(inner.asked_count == 0 && inner.asks == 1);
    turn(POLL_MS + 8);
    check(inner.asks == 2);
    turn(POLL_MS + 8);
    check(inner.asks == 2); /* which has not answered yet */
    answer(0, 0, 3, 0, 0);
    check(inner.asked_count == 3);
    turn(100);
    check(inner.asks == 2 && figures().asked == 2); /* nobody waits */
    teardown();
}

static void a_store_that_cannot_tell_is_asked_again(void)
{
    struct store_history history = read_of(SPAN("room-1"));

    setup();
    check(read_room(&history) == 0 && inner.asks == 1);
    answer(STORE_EIO, 0, 99, 0, 0);
    check(inner.asked_count == 0);
    inner.busy = true;
    turn(POLL_MS + 8);
    inner.busy = false;
    turn(POLL_MS + 8);
    check(inner.asks == 2 && done_count == 0);
    answer(0, 0, 3, 0, 0);
    check(inner.asked_count == 1);
    teardown();
}

static void of_a_replica_only_the_store_knows(void)
{
    struct store_history history = read_of(SPAN("room-1"));

    setup_with((struct behind_options){.has_replica = true});
    behind_progress(&behind, 1, 3);
    check(read_room(&history) == 0 && inner.asked_count == 0);
    answer(0, 0, 3, 0, 0);
    check(inner.asked_count == 1);
    teardown();
}

static void a_message_that_is_known_by_its_id_is_waited_for_in_all_partitions(void)
{
    struct store_find find = {.call.on_done = on_done, .id = SPAN("id")};
    struct store_directs directs = {.call.on_done = on_done, .user_id = SPAN("u"), .limit = 1};

    setup();
    following_fake_tell(&journal, 3, 5);
    check(store_find(&behind.store, &loops[0].executor, &find) == 0);
    check(store_directs(&behind.store, &loops[0].executor, &directs) == 0);
    behind_progress(&behind, 1, 3);
    turn(0);
    check(inner.asked_count == 0);
    following_fake_tell(&journal, 0, 50);
    behind_progress(&behind, 3, 5);
    turn(0);
    check(inner.asked_count == 2);
    teardown();
}

static void progress_while_the_third_is_looked_at(unsigned partition)
{
    if (partition == 2) {
        behind_progress(&behind, 1, 3);
    }
}

static void what_is_stored_while_somebody_begins_to_wait_is_not_missed(void)
{
    struct store_find find = {.call.on_done = on_done, .id = SPAN("id")};

    setup();
    journal.on_place = progress_while_the_third_is_looked_at;
    check(store_find(&behind.store, &loops[0].executor, &find) == 0 && inner.asked_count == 0);
    turn(0);
    check(inner.asked_count == 1);
    teardown();
}

static void what_is_about_no_message_waits_for_none(void)
{
    struct store_search search = {.call.on_done = on_done, .limit = 1, .room = SPAN("room-1")};
    struct store_rooms rooms = {.call.on_done = on_done, .limit = 1};
    struct store_user_get user = {.call.on_done = on_done, .key = SPAN("u")};
    struct store_room_put put = {.call.on_done = on_done, .room = SPAN("room-1")};

    setup();
    check(store_search(&behind.store, &loops[0].executor, &search) == 0);
    check(store_rooms(&behind.store, &loops[0].executor, &rooms) == 0);
    check(store_user_get(&behind.store, &loops[0].executor, &user) == 0);
    check(store_room_put(&behind.store, &loops[0].executor, &put) == 0);
    check(inner.asked_count == 4 && figures().waited == 0);
    teardown();
}

static void each_call_about_a_room_waits_for_its_partition(void)
{
    struct span room = SPAN("room-1");
    struct store_changes changes = {.call.on_done = on_done, .room = room, .limit = 1};
    struct store_room_get get = {.call.on_done = on_done, .room = room};
    struct store_reads reads = {.call.on_done = on_done, .room = room, .limit = 1};
    struct store_member_put member = {.call.on_done = on_done, .room = room};
    struct store_read_mark mark = {.call.on_done = on_done, .room = room};

    setup();
    check(store_changes(&behind.store, &loops[0].executor, &changes) == 0);
    check(store_room_get(&behind.store, &loops[0].executor, &get) == 0);
    check(store_reads(&behind.store, &loops[0].executor, &reads) == 0);
    check(store_member_put(&behind.store, &loops[0].executor, &member) == 0);
    check(store_read_mark(&behind.store, &loops[0].executor, &mark) == 0);
    check(inner.asked_count == 0 && figures().waiting == 5);
    behind_progress(&behind, 1, 3);
    turn(0);
    check(inner.asked_count == 5);
    teardown();
}

/* ---- writes ---- */

static void a_write_that_waits_holds_back_the_later_ones_of_its_executor(void)
{
    struct store_read_mark mark = {.call.on_done = on_done, .room = SPAN("room-1")};
    struct store_room_put put = {.call.on_done = on_done, .room = SPAN("x")}, other = put;
    struct store_member_put member = {.call.on_done = on_done, .room = SPAN("room-2")};
    struct store_history history = read_of(SPAN("room-2"));

    setup();
    check(store_read_mark(&behind.store, &loops[0].executor, &mark) == 0);
    check(store_room_put(&behind.store, &loops[0].executor, &put) == 0);
    check(store_member_put(&behind.store, &loops[0].executor, &member) == 0);
    check(inner.asked_count == 0);
    check(read_room(&history) == 0 && inner.asked_count == 1); /* reads go by */
    (void)fake_executor_enter(&loops[1]);
    check(store_room_put(&behind.store, &loops[1].executor, &other) == 0);
    check(inner.asked_count == 2 && inner.asked[1] == &other.call);
    behind_progress(&behind, 1, 3);
    turn(0);
    check(inner.asked_count == 5 && inner.asked[2] == &mark.call);
    check(inner.asked[3] == &put.call && inner.asked[4] == &member.call);
    teardown();
}

static void what_has_to_wait_behind_what_goes_on_waits_alone(void)
{
    struct store_read_mark first = {.call.on_done = on_done, .room = SPAN("room-1")};
    struct store_read_mark second = {.call.on_done = on_done, .room = SPAN("room-2")};

    setup();
    following_fake_tell(&journal, 2, 8);
    check(store_read_mark(&behind.store, &loops[0].executor, &first) == 0);
    check(store_read_mark(&behind.store, &loops[0].executor, &second) == 0);
    behind_progress(&behind, 2, 8);
    turn(0);
    check(inner.asked_count == 0);
    behind_progress(&behind, 1, 3);
    turn(0);
    check(inner.asked_count == 2 && inner.asked[0] == &first.call);
    teardown();
}

/* ---- limits ---- */

static void on_late(void *arg)
{
    ++*(unsigned *)arg;
}

static void who_has_waited_too_long_is_told_so(void)
{
    unsigned late = 0;
    struct store_history history = read_of(SPAN("room-1"));
    struct store_read_mark mark = {.call.on_done = on_done, .room = SPAN("room-1")};
    struct store_room_put put = {.call.on_done = on_done, .room = SPAN("x")};

    setup_with((struct behind_options){.on_late = on_late, .arg = &late});
    check(read_room(&history) == 0);
    check(store_read_mark(&behind.store, &loops[0].executor, &mark) == 0);
    turn(TIMEOUT_MS / 2);
    check(store_room_put(&behind.store, &loops[0].executor, &put) == 0);
    check(done_count == 0 && inner.asked_count == 0);
    turn(TIMEOUT_MS / 2 + 8);
    check(done_count == 2 && history.call.error == STORE_EIO && mark.call.error == STORE_EIO);
    check(inner.asked_count == 1 && inner.asked[0] == &put.call); /* nothing holds it back */
    check(figures().timed_out == 2 && figures().waiting == 0 && late == 2);
    teardown();
}

static void more_than_may_wait_are_refused(void)
{
    struct store_history histories[3];

    setup_with((struct behind_options){.waiting_max = 2});
    for (unsigned i = 0; i < 3; i++) {
        histories[i] = read_of(SPAN("room-1"));
        check(read_room(&histories[i]) == (i < 2 ? 0 : STORE_EBUSY));
    }
    check(figures().waiting == 2 && figures().refused == 1);
    (void)fake_executor_enter(&loops[1]);
    check(store_history(&behind.store, &loops[1].executor, &histories[2]) == 0);
    behind_progress(&behind, 1, 3);
    turn(0);
    check(inner.asked_count == 3);
    teardown();
}

static void a_store_that_is_busy_when_the_waiting_is_over_fails_the_call(void)
{
    struct store_history history = read_of(SPAN("room-1"));

    setup();
    check(read_room(&history) == 0);
    inner.busy = true;
    behind_progress(&behind, 1, 3);
    turn(0);
    check(done_count == 1 && done[0] == &history.call && history.call.error == STORE_EBUSY);
    inner.busy = false;
    teardown();
}

static void calls_that_wait_fail_when_the_store_is_closed(void)
{
    struct store_history history = read_of(SPAN("room-1"));
    struct store_read_mark mark = {.call.on_done = on_done, .room = SPAN("room-1")};
    struct store_find find = {.call.on_done = on_done, .id = SPAN("id")};

    setup();
    check(read_room(&history) == 0);
    check(store_read_mark(&behind.store, &loops[0].executor, &mark) == 0);
    (void)fake_executor_enter(&loops[1]);
    check(store_find(&behind.store, &loops[1].executor, &find) == 0);
    behind_progress(&behind, 1, 3); /* too late: they have not been handed on yet */
    teardown();
    check(done_count == 3 && inner.asked_count == 0);
    check(history.call.error == STORE_EIO && mark.call.error == STORE_EIO);
    check(find.call.error == STORE_EIO);
}

static void appends_and_marks_are_those_of_the_store(void)
{
    struct store_log log = {.partitions = 1};

    setup();
    check(store_append(&behind.store, NULL, 3) == STORE_EFULL && inner.appends == 3);
    check(store_adopt(&behind.store, &log, NULL) == STORE_EIO && inner.adopts == 1);
    check(store_mark(&behind.store, SPAN("log"), 3, 9) == STORE_EBUSY && inner.marks == 1);
    teardown();
}

/* ---- several threads ---- */

enum { CALLS = 300, PATIENCE_MS = 20000 };

/* Answers everything at once, and knows of no positions. */
static int quick_start(struct store *store, struct store_call *call)
{
    store_queue_answer(call);
    return 0;
}

static const struct store_ops quick_ops = {
    .name = "quick", .start = quick_start, .close = inner_close};

static struct {
    struct thread_executor loop;
    struct store_history calls[CALLS];
    unsigned started;
    sem_t done;
} crowd[2];

static void on_crowd_done(struct store_call *call)
{
    check(call->error == 0);
    (void)sem_post(&crowd[call->executor->index].done);
}

static void start_one(void *arg)
{
    struct store_history *history = arg;
    unsigned index = executor_inside(&crowd[1].loop.executor);

    check(store_history(&behind.store, &crowd[index].loop.executor, history) == 0);
}

/* Each call waits for one more record, while another thread brings them. */
static void *bring(void *arg)
{
    for (uint64_t i = 1; i <= CALLS; i++) {
        behind_progress(&behind, 1, i);
        (void)sched_yield();
    }
    return NULL;
}

static void nobody_is_forgotten_whoever_comes_first(void)
{
    static const uint64_t bases[FOLLOWING_PARTITIONS];
    struct executor *executors[2];
    pthread_t persister;

    memset(&inner, 0, sizeof inner);
    inner.store.ops = &quick_ops;
    following_fake_init(&journal);
    for (unsigned i = 0; i < 2; i++) {
        thread_executor_start(&crowd[i].loop, i);
        (void)sem_init(&crowd[i].done, 0, 0);
        executors[i] = &crowd[i].loop.executor;
    }
    behind_init(&behind, &(struct behind_options){.inner = &inner.store,
                                                  .journal = &journal.journal,
                                                  .partitions = FOLLOWING_PARTITIONS,
                                                  .bases = bases,
                                                  .executors = executors,
                                                  .executor_count = 2,
                                                  .timeout_ms = PATIENCE_MS});
    check(pthread_create(&persister, NULL, bring, NULL) == 0);
    for (unsigned n = 0; n < CALLS; n++) {
        following_fake_tell(&journal, 1, n + 1);
        for (unsigned i = 0; i < 2; i++) {
            crowd[i].calls[n] =
                (struct store_history){.call.on_done = on_crowd_done, .room = SPAN("1")};
            thread_executor_run(&crowd[i].loop, start_one, &crowd[i].calls[n]);
        }
    }
    (void)pthread_join(persister, NULL);
    for (unsigned n = 0; n < 2 * CALLS; n++) {
        while (sem_wait(&crowd[n % 2].done) != 0) {
        }
    }
    check(figures().timed_out == 0);
    store_close(&behind.store);
    for (unsigned i = 0; i < 2; i++) {
        thread_executor_stop(&crowd[i].loop);
        (void)sem_destroy(&crowd[i].done);
    }
}

int main(void)
{
    RUN(a_read_of_what_the_store_has_goes_on_at_once);
    RUN(a_read_waits_until_the_persister_has_stored_what_was_told);
    RUN(what_is_told_later_is_not_waited_for);
    RUN(positions_never_go_back);
    RUN(the_store_is_asked_at_once_and_then_every_while_once_for_all);
    RUN(a_store_that_cannot_tell_is_asked_again);
    RUN(of_a_replica_only_the_store_knows);
    RUN(a_message_that_is_known_by_its_id_is_waited_for_in_all_partitions);
    RUN(what_is_stored_while_somebody_begins_to_wait_is_not_missed);
    RUN(what_is_about_no_message_waits_for_none);
    RUN(each_call_about_a_room_waits_for_its_partition);
    RUN(a_write_that_waits_holds_back_the_later_ones_of_its_executor);
    RUN(what_has_to_wait_behind_what_goes_on_waits_alone);
    RUN(who_has_waited_too_long_is_told_so);
    RUN(more_than_may_wait_are_refused);
    RUN(a_store_that_is_busy_when_the_waiting_is_over_fails_the_call);
    RUN(calls_that_wait_fail_when_the_store_is_closed);
    RUN(appends_and_marks_are_those_of_the_store);
    RUN(nobody_is_forgotten_whoever_comes_first);
    return tap_done();
}
