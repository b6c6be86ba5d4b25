// SPDX-License-Identifier: MIT
#include "src/chat/dedup.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/base/ids.h"
#include "src/base/memory.h"

#define KEY_PREFIX "msg:"

enum { KEY_BYTES = sizeof KEY_PREFIX - 1 + ID_TEXT_LEN, VALUE_BYTES_MAX = 48 };

struct dedup_loop {
    struct dedup *dedup;
    struct executor *executor;
    struct stats *stats; /* NULL: nothing is counted */
    unsigned looks;      /* that have not been answered */
};

struct dedup {
    struct dedup_options options;
    atomic_bool is_late; /* an answer is owed for too long */
    atomic_uint asks;    /* under way, of both kinds */
    struct dedup_loop loops[];
};

/* A get or a put under way: it may outlive the look that it is for. */
struct dedup_ask {
    struct task task;
    struct keyspace_call call;
    struct dedup_loop *from;
    struct dedup_look *look; /* NULL: nobody waits any more; the loop's that asks */
    bool found;              /* what a get has found, as the next two; to be put */
    uint64_t place;
    int64_t timestamp_ms;
    uint8_t key[KEY_BYTES];
};

struct dedup *dedup_create(const struct dedup_options *options)
{
    struct dedup *d = xcalloc(1, sizeof *d + options->loop_count * sizeof d->loops[0]);

    d->options = *options;
    for (unsigned i = 0; i < options->loop_count; i++) {
        d->loops[i] = (struct dedup_loop){d, options->executors[i],
                                          options->stats == NULL ? NULL : options->stats[i], 0};
    }
    return d;
}

void dedup_destroy(struct dedup *d)
{
    assert(d == NULL || atomic_load(&d->asks) == 0);
    free(d);
}

static void count(struct dedup_loop *from, enum stat_id which)
{
    if (from->stats != NULL) {
        stats_add(from->stats, which, 1);
    }
}

/* ---- on its way to loop 0 and back ---- */

static struct dedup_ask *new_ask(struct dedup_loop *from, struct span id)
{
    struct dedup_ask *ask = xcalloc(1, sizeof *ask);

    assert(id.len == ID_TEXT_LEN);
    ask->from = from;
    memcpy(ask->key, KEY_PREFIX, sizeof KEY_PREFIX - 1);
    memcpy(ask->key + sizeof KEY_PREFIX - 1, id.data, id.len);
    (void)atomic_fetch_add(&from->dedup->asks, 1);
    return ask;
}

static void free_ask(struct dedup_ask *ask)
{
    (void)atomic_fetch_sub(&ask->from->dedup->asks, 1);
    free(ask);
}

static void go(struct dedup_ask *ask, struct executor *to, void (*fn)(struct task *task))
{
    if (executor_inside(to)) {
        fn(&ask->task);
        return;
    }
    ask->task.run = fn;
    executor_post(to, &ask->task);
}

static struct span key_of(const struct dedup_ask *ask)
{
    return span_of(ask->key, sizeof ask->key);
}

/* The keyspace owes nothing any more that is older than this. */
static void note_answer(struct dedup *d)
{
    if (atomic_load_explicit(&d->is_late, memory_order_relaxed)) {
        atomic_store(&d->is_late, false);
    }
}

/* ---- looking ---- */

static void answer(struct dedup_look *look)
{
    executor_timer_stop(look->ask->from->executor, &look->patience);
    look->ask->from->looks--;
    look->ask = NULL;
    look->on_done(look);
}

static void returned(struct task *task)
{
    struct dedup_ask *ask = container_of(task, struct dedup_ask, task);
    struct dedup_look *look = ask->look;

    if (look != NULL) {
        look->found = ask->found;
        look->place = ask->place;
        look->timestamp_ms = ask->timestamp_ms;
        if (look->found) {
            count(ask->from, STAT_REPEATS_FOUND);
        }
        answer(look);
    }
    free_ask(ask);
}

static void lose_patience(struct timer *timer)
{
    struct dedup_look *look = container_of(timer, struct dedup_look, patience);

    atomic_store(&look->ask->from->dedup->is_late, true);
    count(look->ask->from, STAT_REPEATS_UNKNOWN);
    look->ask->look = NULL;
    answer(look);
}

/* It may hold anything: others write there, too. */
static bool read_value(struct span value, struct dedup_ask *ask)
{
    const uint8_t *space = value.len == 0 ? NULL : memchr(value.data, ' ', value.len);
    uint64_t timestamp_ms;

    if (space == NULL) {
        return false;
    }
    size_t len = (size_t)(space - value.data);
    if (span_to_u64(span_of(value.data, len), INT64_MAX, &ask->place) != 0 ||
        span_to_u64(span_skip(value, len + 1), INT64_MAX, &timestamp_ms) != 0) {
        return false;
    }
    ask->timestamp_ms = (int64_t)timestamp_ms;
    return true;
}

static void on_got(struct keyspace_call *call)
{
    struct dedup_ask *ask = container_of(call, struct dedup_ask, call);

    note_answer(ask->from->dedup);
    ask->found = call->error == 0 && call->found && read_value(call->value, ask);
    go(ask, ask->from->executor, returned);
}

static struct keyspace *keyspace_of(const struct dedup_ask *ask)
{
    const struct dedup_options *o = &ask->from->dedup->options;

    return o->keyspace(o->arg);
}

static void get(struct task *task)
{
    struct dedup_ask *ask = container_of(task, struct dedup_ask, task);
    struct keyspace *keyspace = keyspace_of(ask);

    if (keyspace == NULL) {
        ask->task.run = returned; /* never within the call that has asked */
        executor_post(ask->from->executor, &ask->task);
        return;
    }
    ask->call.on_done = on_got;
    keyspace->ops->get(keyspace, key_of(ask), &ask->call);
}

bool dedup_look(struct dedup *d, unsigned loop, struct span id, struct dedup_look *look)
{
    struct dedup_loop *from = &d->loops[loop];

    look->found = false;
    if (atomic_load_explicit(&d->is_late, memory_order_relaxed) || from->looks >= DEDUP_LOOKS_MAX) {
        count(from, STAT_REPEATS_UNKNOWN);
        return false;
    }
    from->looks++;
    look->ask = new_ask(from, id);
    look->ask->look = look;
    look->patience = (struct timer){.fire = lose_patience};
    executor_timer_start(from->executor, &look->patience, DEDUP_PATIENCE_MS);
    go(look->ask, d->loops[0].executor, get);
    return true;
}

/* ---- putting ---- */

static void on_put(struct keyspace_call *call)
{
    struct dedup_ask *ask = container_of(call, struct dedup_ask, call);

    note_answer(ask->from->dedup);
    free_ask(ask);
}

static void put(struct task *task)
{
    struct dedup_ask *ask = container_of(task, struct dedup_ask, task);
    struct keyspace *keyspace = keyspace_of(ask);
    char text[VALUE_BYTES_MAX];

    if (keyspace == NULL) {
        free_ask(ask);
        return;
    }
    int len = snprintf(text, sizeof text, "%" PRIu64 " %" PRId64, ask->place, ask->timestamp_ms);
    ask->call.on_done = on_put;
    keyspace->ops->put_new(keyspace, key_of(ask), span_of(text, (size_t)len),
                           ask->from->dedup->options.ttl_ms, &ask->call);
}

void dedup_put(struct dedup *d, unsigned loop, struct span id, uint64_t place, int64_t timestamp_ms)
{
    if (atomic_load_explicit(&d->is_late, memory_order_relaxed)) {
        return;
    }
    struct dedup_ask *ask = new_ask(&d->loops[loop], id);
    ask->place = place;
    ask->timestamp_ms = timestamp_ms;
    go(ask, d->loops[0].executor, put);
}
