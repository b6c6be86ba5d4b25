// SPDX-License-Identifier: MIT
#include "src/persist/behind.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>

#include "src/base/list.h"
#include "src/base/memory.h"
#include "src/persist/door.h"

enum {
    TIMEOUT_MS_DEFAULT = 2000,
    POLL_MS_DEFAULT = 20,
    WAITING_MAX_DEFAULT = 4096,
    ROOM_TEXT_BYTES = 12,
    ROOM_TRIES = 64, /* for each partition */
};

/* The partition is to be stored up to that position. */
struct need {
    unsigned partition;
    uint64_t position;
};

/* A call that waits. */
struct waiter {
    struct list_node node;
    struct store_call *call;
    uint64_t deadline_ms;
    size_t count;
    struct need needs[];
};

/* The calls of one executor; its thread's, but for what is atomic. */
struct lane {
    struct behind_inner *self;
    struct executor *executor;
    struct list_queue reads, writes; /* that wait, oldest first */
    struct timer timer;              /* runs while there are some */
    struct store_positions ask;      /* under way if this lane is the one that asks */
    struct task wake, end;
    atomic_bool woken; /* wake is posted */
    atomic_uint waiting;
};

/* Lives until the store is closed and nothing of it is in an executor's or the inner store's hands
 * any more, each of which holds it. */
struct behind_inner {
    struct behind_options options;
    struct bytes log;
    uint64_t *bases;                 /* by partition, as the next two */
    atomic_uint_fast64_t *positions; /* that the store is known to have come to */
    char (*rooms)[ROOM_TEXT_BYTES];  /* the name of one that lies there; "": none does */
    struct lane *lanes;              /* by executor */
    atomic_uint holders;             /* see above */
    struct door door;                /* to the inner store, for what has waited */
    atomic_bool asking;              /* for positions */
    atomic_uint_fast64_t asked_ms;   /* when that began last */
    atomic_uint_fast64_t waited, timed_out, refused, asked;
};

static void hold(struct behind_inner *self)
{
    (void)atomic_fetch_add(&self->holders, 1);
}

static void release(struct behind_inner *self)
{
    if (atomic_fetch_sub(&self->holders, 1) > 1) {
        return;
    }
    bytes_finish(&self->log);
    free(self->bases);
    free(self->positions);
    free(self->rooms);
    free(self->lanes);
    free(self);
}

static void count_one(atomic_uint_fast64_t *counter)
{
    (void)atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* ---- what a call needs ---- */

#define ROOM_OF(name) offsetof(struct name, room) - offsetof(struct name, call)

/* Where the room is that the call is about; 0: it is about none. */
static const size_t room_at[STORE_OPS] = {
    [STORE_HISTORY] = ROOM_OF(store_history),       [STORE_CHANGES] = ROOM_OF(store_changes),
    [STORE_ROOM_GET] = ROOM_OF(store_room_get),     [STORE_READS] = ROOM_OF(store_reads),
    [STORE_MEMBER_PUT] = ROOM_OF(store_member_put), [STORE_READ_MARK] = ROOM_OF(store_read_mark),
};

/* Is it about messages of any room? */
static const bool is_anywhere[STORE_OPS] = {
    [STORE_FIND] = true,
    [STORE_DIRECTS] = true,
    [STORE_DIRECT_STATE] = true,
};

static bool is_met(const struct behind_inner *self, const struct need *need)
{
    return atomic_load(&self->positions[need->partition]) >= need->position;
}

/* Adds what the log of that room has had and the store is not known to have. */
static size_t add_need(const struct behind_inner *self, struct span room, struct need *needs,
                       size_t count)
{
    struct journal *journal = self->options.journal;
    struct need need;
    uint64_t place = journal->ops->place(journal, room, &need.partition);

    assert(need.partition < self->options.partitions);
    uint64_t base = self->bases[need.partition];
    need.position = place > base ? place - base : 0;
    if (!is_met(self, &need)) {
        needs[count++] = need;
    }
    return count;
}

/* needs: room for STORE_PARTITIONS_MAX. Returns how many are not met. */
static size_t list_needs(const struct behind_inner *self, const struct store_call *call,
                         struct need *needs)
{
    size_t count = 0;
    struct span room;

    if (room_at[call->op] != 0) {
        memcpy(&room, (const char *)call + room_at[call->op], sizeof room);
        return add_need(self, room, needs, 0);
    }
    for (unsigned i = 0; is_anywhere[call->op] && i < self->options.partitions; i++) {
        if (self->rooms[i][0] != '\0') {
            count = add_need(self, span_cstr(self->rooms[i]), needs, count);
        }
    }
    return count;
}

/* The journal tells of rooms, not of partitions: finds a room for each. Where none lies after so
 * many, nobody's does. */
static void find_rooms(struct behind_inner *self)
{
    struct journal *journal = self->options.journal;
    unsigned tries = self->options.partitions * ROOM_TRIES;
    char text[ROOM_TEXT_BYTES];
    unsigned found = 0, partition;

    for (unsigned i = 0; i < tries && found < self->options.partitions; i++) {
        (void)snprintf(text, sizeof text, "%u", i);
        (void)journal->ops->place(journal, span_cstr(text), &partition);
        assert(partition < self->options.partitions);
        if (self->rooms[partition][0] == '\0') {
            memcpy(self->rooms[partition], text, sizeof text);
            found++;
        }
    }
}

/* ---- handing on ---- */

static bool is_ready(const struct behind_inner *self, const struct waiter *w)
{
    for (size_t i = 0; i < w->count; i++) {
        if (!is_met(self, &w->needs[i])) {
            return false;
        }
    }
    return true;
}

/* Starts a call that has waited, unless the inner store is about to be closed. */
static int start_inner(struct behind_inner *self, struct store_call *call)
{
    int result = STORE_EIO;

    if (door_enter(&self->door)) {
        result = self->options.inner->ops->start(self->options.inner, call);
        door_leave(&self->door);
    }
    return result;
}

/* Ends the waiting of one that is in no list any more: with an error, or by handing it on. */
static void settle(struct lane *lane, struct waiter *w, int error)
{
    struct store_call *call = w->call;

    (void)atomic_fetch_sub(&lane->waiting, 1);
    free(w);
    if (error == 0) {
        error = start_inner(lane->self, call);
    }
    if (error < 0) {
        call->error = error;
        call->on_done(call);
    }
}

static struct waiter *first_of(const struct list_queue *queue)
{
    return queue->first == NULL ? NULL : container_of(queue->first, struct waiter, node);
}

static void settle_late(struct lane *lane, struct waiter *w)
{
    const struct behind_options *options = &lane->self->options;

    count_one(&lane->self->timed_out);
    if (options->on_late != NULL) {
        options->on_late(options->arg);
    }
    settle(lane, w, STORE_EIO);
}

/* Those that are ready, and those whose time is over; each in its order. */
static void settle_reads(struct lane *lane)
{
    struct list_queue ready = {0}, late = {0};
    struct waiter *w;

    for (struct list_node *node = lane->reads.first, *next; node != NULL; node = next) {
        next = node->next;
        w = container_of(node, struct waiter, node);
        struct list_queue *to = is_ready(lane->self, w)                    ? &ready
                                : w->deadline_ms <= lane->executor->now_ms ? &late
                                                                           : NULL;
        if (to != NULL) {
            list_queue_remove(&lane->reads, node);
            list_queue_add(to, node);
        }
    }
    while ((w = first_of(&ready)) != NULL) {
        list_queue_remove(&ready, &w->node);
        settle(lane, w, 0);
    }
    while ((w = first_of(&late)) != NULL) {
        list_queue_remove(&late, &w->node);
        settle_late(lane, w);
    }
}

/* The oldest first, and no further than to the first that has to wait on. */
static void settle_writes(struct lane *lane)
{
    struct waiter *w;

    while ((w = first_of(&lane->writes)) != NULL) {
        bool ready = is_ready(lane->self, w);
        if (!ready && w->deadline_ms > lane->executor->now_ms) {
            return;
        }
        list_queue_remove(&lane->writes, &w->node);
        if (ready) {
            settle(lane, w, 0);
        } else {
            settle_late(lane, w);
        }
    }
}

static bool has_waiters(const struct lane *lane)
{
    return lane->reads.first != NULL || lane->writes.first != NULL;
}

static void keep_timer(struct lane *lane)
{
    if (has_waiters(lane) && !timer_running(&lane->timer)) {
        executor_timer_start(lane->executor, &lane->timer, lane->self->options.poll_ms);
    }
}

static void serve(struct lane *lane)
{
    settle_reads(lane);
    settle_writes(lane);
    keep_timer(lane);
}

/* ---- progress ---- */

static void on_wake(struct task *task)
{
    struct lane *lane = container_of(task, struct lane, wake);
    struct behind_inner *self = lane->self;

    atomic_store(&lane->woken, false);
    serve(lane);
    release(self);
}

/* Any thread. */
static void wake(struct lane *lane)
{
    if (atomic_load(&lane->waiting) != 0 && !atomic_exchange(&lane->woken, true)) {
        hold(lane->self);
        executor_post(lane->executor, &lane->wake);
    }
}

/* Who begins to wait says so (lane->waiting) and then looks at the positions; here it is the other
 * way round: so one of the two sees the other. Any thread. */
static void wake_all(struct behind_inner *self)
{
    for (unsigned i = 0; i < self->options.executor_count; i++) {
        wake(&self->lanes[i]);
    }
}

/* Returns whether that is news. */
static bool raise_position(struct behind_inner *self, unsigned partition, uint64_t position)
{
    uint64_t before = atomic_load(&self->positions[partition]);

    while (before < position) {
        if (atomic_compare_exchange_weak(&self->positions[partition], &before, position)) {
            return true;
        }
    }
    return false;
}

static void on_positions(struct store_call *call)
{
    struct lane *lane = container_of(call, struct lane, ask.call);
    struct behind_inner *self = lane->self;
    bool news = false;

    for (unsigned i = 0; call->error == 0 && i < self->options.partitions; i++) {
        news |= raise_position(self, i, lane->ask.positions[i]);
    }
    atomic_store(&self->asking, false);
    if (news) {
        wake_all(self);
    }
    release(self);
}

/* Unless somebody does, or did a moment ago. */
static void ask(struct lane *lane)
{
    struct behind_inner *self = lane->self;
    uint64_t now_ms = lane->executor->now_ms;

    if (now_ms - atomic_load(&self->asked_ms) < self->options.poll_ms ||
        atomic_exchange(&self->asking, true)) {
        return;
    }
    atomic_store(&self->asked_ms, now_ms);
    count_one(&self->asked);
    lane->ask = (struct store_positions){
        .call = {.on_done = on_positions, .executor = lane->executor, .op = STORE_POSITIONS},
        .log = bytes_span(&self->log),
        .partitions = self->options.partitions,
    };
    hold(self);
    if (start_inner(self, &lane->ask.call) < 0) {
        atomic_store(&self->asking, false);
        release(self);
    }
}

static void on_timer(struct timer *timer)
{
    struct lane *lane = container_of(timer, struct lane, timer);

    serve(lane);
    if (has_waiters(lane)) {
        ask(lane);
    }
}

/* ---- the store ---- */

static struct behind_inner *self_of(struct store *store)
{
    return container_of(store, struct behind, store)->self;
}

static void begin_to_wait(struct lane *lane, struct store_call *call, const struct need *needs,
                          size_t count)
{
    struct behind_inner *self = lane->self;
    struct waiter *w = xmalloc(sizeof *w + count * sizeof *needs);

    w->call = call;
    w->deadline_ms = lane->executor->now_ms + self->options.timeout_ms;
    w->count = count;
    memcpy(w->needs, needs, count * sizeof *needs);
    list_queue_add(call->op >= STORE_WRITES ? &lane->writes : &lane->reads, &w->node);
    count_one(&self->waited);
    (void)atomic_fetch_add(&lane->waiting, 1);
    if (is_ready(self, w)) { /* meanwhile; see wake_all */
        wake(lane);
    }
    keep_timer(lane);
    ask(lane);
}

static int start(struct store *store, struct store_call *call)
{
    struct behind_inner *self = self_of(store);
    struct need needs[STORE_PARTITIONS_MAX];

    assert(call->executor->index < self->options.executor_count);
    struct lane *lane = &self->lanes[call->executor->index];
    size_t count = list_needs(self, call, needs);
    if (count == 0 && (call->op < STORE_WRITES || lane->writes.first == NULL)) {
        return self->options.inner->ops->start(self->options.inner, call);
    }
    if (atomic_load(&lane->waiting) >= self->options.waiting_max) {
        count_one(&self->refused);
        return STORE_EBUSY;
    }
    begin_to_wait(lane, call, needs, count);
    return 0;
}

static int append(struct store *store, struct message *const *messages, size_t count)
{
    return store_append(self_of(store)->options.inner, messages, count);
}

static int adopt(struct store *store, struct store_log *log, const uint64_t *ends)
{
    return store_adopt(self_of(store)->options.inner, log, ends);
}

static int mark(struct store *store, struct span log, unsigned partition, uint64_t position)
{
    return store_mark(self_of(store)->options.inner, log, partition, position);
}

static void fail_all(struct lane *lane, struct list_queue *queue)
{
    struct waiter *w;

    while ((w = first_of(queue)) != NULL) {
        list_queue_remove(queue, &w->node);
        settle(lane, w, STORE_EIO);
    }
}

static void on_end(struct task *task)
{
    struct lane *lane = container_of(task, struct lane, end);
    struct behind_inner *self = lane->self;

    executor_timer_stop(lane->executor, &lane->timer);
    fail_all(lane, &lane->reads);
    fail_all(lane, &lane->writes);
    release(self);
}

static void close_behind(struct store *store)
{
    struct behind_inner *self = self_of(store);

    door_close(&self->door);
    for (unsigned i = 0; i < self->options.executor_count; i++) {
        hold(self);
        executor_post(self->lanes[i].executor, &self->lanes[i].end);
    }
    store_close(self->options.inner);
    release(self);
}

/* Not found by name: there is nothing to open. */
static const struct store_ops ops = {
    .name = "behind",
    .append = append,
    .adopt = adopt,
    .mark = mark,
    .start = start,
    .close = close_behind,
};

/* ---- making one ---- */

static unsigned or_default(unsigned value, unsigned fallback)
{
    return value != 0 ? value : fallback;
}

static void init_lane(struct behind_inner *self, unsigned i)
{
    struct lane *lane = &self->lanes[i];

    lane->self = self;
    lane->executor = self->options.executors[i];
    assert(lane->executor->index == i);
    lane->timer.fire = on_timer;
    lane->wake.run = on_wake;
    lane->end.run = on_end;
}

void behind_init(struct behind *behind, const struct behind_options *options)
{
    struct behind_inner *self = xcalloc(1, sizeof *self);
    unsigned partitions = options->partitions;

    assert(partitions >= 1 && partitions <= STORE_PARTITIONS_MAX);
    *behind = (struct behind){.store.ops = &ops, .self = self};
    self->options = *options;
    self->options.timeout_ms = or_default(options->timeout_ms, TIMEOUT_MS_DEFAULT);
    self->options.poll_ms = or_default(options->poll_ms, POLL_MS_DEFAULT);
    self->options.waiting_max = or_default(options->waiting_max, WAITING_MAX_DEFAULT);
    bytes_add_span(&self->log, options->log);
    self->bases = xcalloc(partitions, sizeof *self->bases);
    memcpy(self->bases, options->bases, partitions * sizeof *self->bases);
    self->positions = xcalloc(partitions, sizeof *self->positions);
    self->rooms = xcalloc(partitions, sizeof *self->rooms);
    self->lanes = xcalloc(options->executor_count, sizeof *self->lanes);
    atomic_store(&self->holders, 1);
    atomic_store(&self->asked_ms, 0 - (uint64_t)self->options.poll_ms); /* long ago */
    for (unsigned i = 0; i < options->executor_count; i++) {
        init_lane(self, i);
    }
    find_rooms(self);
}

void behind_progress(struct behind *behind, unsigned partition, uint64_t position)
{
    struct behind_inner *self = behind->self;

    assert(partition < self->options.partitions);
    if (!self->options.has_replica && raise_position(self, partition, position)) {
        wake_all(self);
    }
}

static uint64_t read_counter(const atomic_uint_fast64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void behind_figures(const struct behind *behind, struct behind_figures *figures)
{
    const struct behind_inner *self = behind->self;

    *figures = (struct behind_figures){
        .waited = read_counter(&self->waited),
        .timed_out = read_counter(&self->timed_out),
        .refused = read_counter(&self->refused),
        .asked = read_counter(&self->asked),
    };
    for (unsigned i = 0; i < self->options.executor_count; i++) {
        figures->waiting += atomic_load(&self->lanes[i].waiting);
    }
}
