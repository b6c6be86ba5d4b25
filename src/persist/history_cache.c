// SPDX-License-Identifier: MIT
#include "src/persist/history_cache.h"

#include <assert.h>
#include <stdio.h>
#include <unistd.h>

#include "src/base/frame.h"
#include "src/base/list.h"
#include "src/base/lock.h"
#include "src/base/map.h"
#include "src/base/memory.h"
#include "src/persist/door.h"
#include "src/persist/history_page.h"
#include "src/persist/history_seen.h"
#include "src/store/store_queue.h"

enum {
    TTL_MS_DEFAULT = 60000,
    BYTES_MAX_DEFAULT = 32 << 20,
    ROOMS_MAX_DEFAULT = 65536,
    ENTRY_BYTES = 160, /* of a page in memory, beside its key and value */
    PAGES_MIN = 8,     /* that fit into memory: a greater one is not kept */
    PATIENCE_MS = 200, /* with the keyspace */
};

/* A page in memory. */
struct cached {
    struct list_node node;
    struct bytes key;
    struct frame *value; /* as history_page.h writes it */
    uint64_t upto;
};

/* Lives until the store is closed and no read is under way. */
struct history_cache_inner {
    struct history_cache_options options;
    struct bytes scope;
    struct door door; /* to the inner store and the keyspace, for reads under way */
    atomic_uint holders;

    struct lock lock; /* for what follows; a leaf */
    struct map pages;
    struct list_queue order; /* of the pages, by use: the oldest first */
    struct history_seen seen;
    uint64_t clock; /* without a journal: appends so far, which places are made of */
    struct history_cache_figures figures;
};

/* A read that memory has no page for. */
struct fetch {
    struct history_cache_inner *self;
    struct store_history *outer, inner; /* the caller's, and what the inner store is asked */
    struct task task;
    struct keyspace_call call;
    struct timer patience;   /* while the keyspace is asked */
    struct bytes key, value; /* value: to be put */
    uint64_t upto;
};

static void hold(struct history_cache_inner *self)
{
    (void)atomic_fetch_add(&self->holders, 1);
}

static void free_cached(struct cached *c)
{
    frame_release(c->value);
    bytes_finish(&c->key);
    free(c);
}

static void release(struct history_cache_inner *self)
{
    struct cached *c;

    if (atomic_fetch_sub(&self->holders, 1) > 1) {
        return;
    }
    for (uint32_t i = 0; (c = map_next(&self->pages, &i)) != NULL;) {
        free_cached(c);
    }
    map_finish(&self->pages);
    history_seen_finish(&self->seen);
    lock_finish(&self->lock);
    bytes_finish(&self->scope);
    free(self);
}

/* ---- memory; all of it under the lock ---- */

static struct span key_of(const void *value)
{
    return bytes_span(&((const struct cached *)value)->key);
}

static size_t bytes_of(const struct cached *c)
{
    return ENTRY_BYTES + c->key.len + c->value->len;
}

static void drop(struct history_cache_inner *self, struct cached *c)
{
    (void)map_remove(&self->pages, bytes_span(&c->key));
    list_queue_remove(&self->order, &c->node);
    self->figures.bytes -= bytes_of(c);
    self->figures.pages--;
    free_cached(c);
}

/* Makes room first, at the cost of those that were not used for the longest time. */
static void keep(struct history_cache_inner *self, struct span key, struct span value,
                 uint64_t upto)
{
    struct cached *c = map_get(&self->pages, key);
    size_t bytes = ENTRY_BYTES + key.len + value.len;

    if (bytes > self->options.bytes_max / PAGES_MIN || (c != NULL && c->upto > upto)) {
        return;
    }
    if (c != NULL) {
        drop(self, c);
    }
    while (self->figures.bytes + bytes > self->options.bytes_max) {
        drop(self, container_of(self->order.first, struct cached, node));
    }
    c = xcalloc(1, sizeof *c);
    bytes_add_span(&c->key, key);
    c->value = frame_copy(value);
    c->upto = upto;
    map_add(&self->pages, c);
    list_queue_add(&self->order, &c->node);
    self->figures.bytes += bytes;
    self->figures.pages++;
}

/* The page in memory, if it is good, held; or NULL. */
static struct frame *find(struct history_cache_inner *self, struct span key, uint64_t latest)
{
    struct cached *c = map_get(&self->pages, key);

    if (c == NULL) {
        return NULL;
    }
    if (c->upto < latest) {
        self->figures.stale++;
        drop(self, c);
        return NULL;
    }
    list_queue_remove(&self->order, &c->node);
    list_queue_add(&self->order, &c->node);
    return frame_hold(c->value);
}

/* ---- places ---- */

/* Where the log is for that room, and the place of the latest that happened in the room. Asked
 * under the lock, so that what is said of a gap is not followed by a place from before it; the
 * journal answers from an atomic. */
static uint64_t look(struct history_cache_inner *self, struct span room, uint64_t *latest)
{
    struct journal *journal = self->options.journal;
    unsigned partition = 0;
    uint64_t place = journal == NULL ? self->clock : journal->ops->place(journal, room, &partition);

    assert(partition < STORE_PARTITIONS_MAX);
    history_seen_at(&self->seen, partition, place);
    *latest = history_seen_latest(&self->seen, room, partition);
    return place;
}

static uint64_t place_of(struct history_cache_inner *self, struct span room)
{
    uint64_t latest;

    lock_enter(&self->lock);
    uint64_t place = look(self, room, &latest);
    lock_leave(&self->lock);
    return place;
}

static void count_one(struct history_cache_inner *self, uint64_t *counter)
{
    lock_enter(&self->lock);
    (*counter)++;
    lock_leave(&self->lock);
}

/* ---- a read that memory has no page for ---- */

static void free_fetch(struct fetch *f)
{
    struct history_cache_inner *self = f->self;

    bytes_finish(&f->key);
    bytes_finish(&f->value);
    free(f);
    release(self);
}

static void on_put(struct keyspace_call *call)
{
    free_fetch(container_of(call, struct fetch, call)); /* one that failed is not there */
}

/* On the keyspace's executor, as on_got. */
static void put(struct task *task)
{
    struct fetch *f = container_of(task, struct fetch, task);
    struct keyspace *keyspace = f->self->options.keyspace;

    if (keyspace == NULL || !door_enter(&f->self->door)) {
        free_fetch(f);
        return;
    }
    f->call = (struct keyspace_call){.on_done = on_put};
    keyspace->ops->put(keyspace, bytes_span(&f->key), bytes_span(&f->value),
                       f->self->options.ttl_ms, &f->call);
    door_leave(&f->self->door);
}

static bool may_be_kept(const struct message_page *page)
{
    for (size_t i = 0; i < page->count; i++) {
        if (page->messages[i].recipient.len != 0) {
            return false;
        }
    }
    return page->count > 0 && page->count <= HISTORY_PAGE_MESSAGES_MAX;
}

/* Returns whether the fetch goes on, to the keyspace. */
static bool fill(struct fetch *f)
{
    struct history_cache_inner *self = f->self;
    const struct history_page page = {f->upto, f->inner.more, f->inner.page};

    if (f->inner.call.error != 0 || !may_be_kept(page.page)) {
        return false;
    }
    history_page_write(&f->value, f->outer->room, &page);
    lock_enter(&self->lock);
    keep(self, bytes_span(&f->key), bytes_span(&f->value), f->upto);
    lock_leave(&self->lock);
    return self->options.keyspace != NULL;
}

static void on_read(struct store_call *call)
{
    struct fetch *f = container_of(call, struct fetch, inner.call);
    struct store_history *outer = f->outer;

    outer->page = f->inner.page;
    outer->more = f->inner.more;
    outer->more_before = f->inner.more_before;
    outer->call.error = call->error;
    if (fill(f)) {
        f->task.run = put;
        executor_post(f->self->options.keyspace_executor, &f->task);
    } else {
        free_fetch(f);
    }
    outer->call.on_done(&outer->call);
}

/* On the caller's executor. Returns 0 or an enum store_error. */
static int read_inner(struct fetch *f)
{
    struct history_cache_inner *self = f->self;
    int error = STORE_EIO;

    f->inner = *f->outer;
    f->inner.call.on_done = on_read;
    f->upto = place_of(self, f->outer->room);
    if (door_enter(&self->door)) {
        error = self->options.inner->ops->start(self->options.inner, &f->inner.call);
        door_leave(&self->door);
    }
    return error;
}

static void after_miss(struct task *task)
{
    struct fetch *f = container_of(task, struct fetch, task);
    struct store_call *call = &f->outer->call;

    int error = read_inner(f);
    if (error < 0) {
        free_fetch(f);
        call->error = error;
        call->on_done(call);
    }
}

static void give(struct store_history *outer, const struct history_page *page)
{
    outer->page = page->page;
    outer->more = page->more;
    store_queue_answer(&outer->call);
}

/* Is a page of the keyspace good? Then memory has it too. */
static bool take_over(struct fetch *f, uint64_t upto)
{
    struct history_cache_inner *self = f->self;
    uint64_t latest;

    lock_enter(&self->lock);
    uint64_t place = look(self, f->outer->room, &latest);
    bool is_good = latest <= upto && upto <= place;
    if (is_good) {
        self->figures.shared_hits++;
        keep(self, bytes_span(&f->key), f->call.value, upto);
    } else {
        self->figures.stale++;
    }
    lock_leave(&self->lock);
    return is_good;
}

/* Returns whether the caller has been answered. */
static bool answer_shared(struct fetch *f)
{
    struct history_page page;

    if (f->call.error != 0 || !f->call.found) {
        return false;
    }
    if (history_page_read(f->call.value, f->outer->room, &page) != 0 ||
        page.page->count > f->outer->limit) {
        count_one(f->self, &f->self->figures.malformed);
        return false;
    }
    if (!take_over(f, page.upto)) {
        free(page.page);
        return false;
    }
    give(f->outer, &page);
    return true;
}

static void miss(struct fetch *f)
{
    count_one(f->self, &f->self->figures.misses);
    f->task.run = after_miss;
    executor_post(f->outer->call.executor, &f->task);
}

static void on_got(struct keyspace_call *call)
{
    struct fetch *f = container_of(call, struct fetch, call);

    executor_timer_stop(f->self->options.keyspace_executor, &f->patience);
    if (f->outer == NULL || answer_shared(f)) {
        free_fetch(f);
    } else {
        miss(f);
    }
}

/* A keyspace that hangs holds nobody up: what was asked goes on as another fetch, and this one only
 * waits for its answer. */
static void on_impatience(struct timer *timer)
{
    struct fetch *f = container_of(timer, struct fetch, patience);
    struct fetch *other = xcalloc(1, sizeof *other);

    other->self = f->self;
    other->outer = f->outer;
    bytes_add_span(&other->key, bytes_span(&f->key));
    hold(f->self);
    f->outer = NULL;
    miss(other);
}

static void get(struct task *task)
{
    struct fetch *f = container_of(task, struct fetch, task);
    struct keyspace *keyspace = f->self->options.keyspace;

    f->call = (struct keyspace_call){.on_done = on_got};
    f->patience.fire = on_impatience;
    if (keyspace == NULL || !door_enter(&f->self->door)) {
        miss(f);
        return;
    }
    executor_timer_start(f->self->options.keyspace_executor, &f->patience, PATIENCE_MS);
    keyspace->ops->get(keyspace, bytes_span(&f->key), &f->call);
    door_leave(&f->self->door);
}

/* Takes the key over. Returns 0 or an enum store_error. */
static int fetch(struct history_cache_inner *self, struct store_history *history, struct bytes key)
{
    struct fetch *f = xcalloc(1, sizeof *f);

    f->self = self;
    f->outer = history;
    f->key = key;
    hold(self);
    if (self->options.keyspace != NULL) {
        f->task.run = get;
        executor_post(self->options.keyspace_executor, &f->task);
        return 0;
    }
    count_one(self, &self->figures.misses);
    int error = read_inner(f);
    if (error < 0) {
        free_fetch(f);
    }
    return error;
}

/* ---- the store ---- */

static struct history_cache_inner *self_of(struct store *store)
{
    return container_of(store, struct history_cache, store)->self;
}

static bool is_answered(const struct store_call *call)
{
    const struct store_history *h = container_of(call, struct store_history, call);

    return call->op == STORE_HISTORY && h->before == 0 && h->after == 0 && h->around == 0 &&
           !h->from_start && h->limit >= 1 && h->limit <= HISTORY_PAGE_MESSAGES_MAX;
}

static struct bytes write_key(const struct history_cache_inner *self, const struct store_history *h)
{
    struct bytes key = {0};
    char numbers[64];

    int len = snprintf(numbers, sizeof numbers, "history:%u:%zu:%d:", h->limit, h->bytes_max,
                       h->with_deleted);
    bytes_add(&key, numbers, (size_t)len);
    bytes_add_span(&key, bytes_span(&self->scope));
    bytes_add_byte(&key, ':');
    bytes_add_span(&key, h->room);
    return key;
}

/* Returns the page if memory has one that is good. */
static struct frame *find_good(struct history_cache_inner *self, struct span room, struct span key)
{
    uint64_t latest;

    lock_enter(&self->lock);
    (void)look(self, room, &latest);
    struct frame *value = find(self, key, latest);
    self->figures.hits += value != NULL;
    lock_leave(&self->lock);
    return value;
}

static int start(struct store *store, struct store_call *call)
{
    struct history_cache_inner *self = self_of(store);
    struct store_history *history = container_of(call, struct store_history, call);
    struct history_page page;

    if (!is_answered(call)) {
        return self->options.inner->ops->start(self->options.inner, call);
    }
    struct bytes key = write_key(self, history);
    struct frame *value = find_good(self, history->room, bytes_span(&key));
    if (value == NULL) {
        return fetch(self, history, key);
    }
    bytes_finish(&key);
    int error = history_page_read(span_of(value->data, value->len), history->room, &page);
    assert(error == 0); /* as it was written, or read before */
    frame_release(value);
    give(history, &page);
    return 0;
}

/* What an append may have changed is stale as soon as anybody is told of it. One that failed may
 * have changed it too. */
static int append(struct store *store, struct message *const *messages, size_t count)
{
    struct history_cache_inner *self = self_of(store);
    int error = store_append(self->options.inner, messages, count);

    if (self->options.journal == NULL) {
        lock_enter(&self->lock);
        self->clock++;
        for (size_t i = 0; i < count; i++) {
            if (messages[i]->action != MESSAGE_MARK) {
                history_seen_record(&self->seen, messages[i]->room, 0, self->clock);
            }
        }
        lock_leave(&self->lock);
    }
    return error;
}

static int adopt(struct store *store, struct store_log *log, const uint64_t *ends)
{
    return store_adopt(self_of(store)->options.inner, log, ends);
}

static int mark(struct store *store, struct span log, unsigned partition, uint64_t position)
{
    return store_mark(self_of(store)->options.inner, log, partition, position);
}

static void close_cache(struct store *store)
{
    struct history_cache_inner *self = self_of(store);

    door_close(&self->door);
    store_close(self->options.inner);
    release(self);
}

/* Not found by name: there is nothing to open. */
static const struct store_ops ops = {
    .name = "history cache",
    .append = append,
    .adopt = adopt,
    .mark = mark,
    .start = start,
    .close = close_cache,
};

void history_cache_init(struct history_cache *cache, const struct history_cache_options *options)
{
    struct history_cache_inner *self = xcalloc(1, sizeof *self);
    struct history_cache_options *o = &self->options;
    uint64_t secret[2];

    assert(options->keyspace == NULL || options->journal != NULL);
    *cache = (struct history_cache){.store.ops = &ops, .self = self};
    *o = *options;
    o->ttl_ms = o->ttl_ms != 0 ? o->ttl_ms : TTL_MS_DEFAULT;
    o->bytes_max = o->bytes_max != 0 ? o->bytes_max : BYTES_MAX_DEFAULT;
    o->rooms_max = o->rooms_max != 0 ? o->rooms_max : ROOMS_MAX_DEFAULT;
    bytes_add_span(&self->scope, options->scope);
    atomic_store(&self->holders, 1);
    lock_init(&self->lock);
    history_seen_init(&self->seen, o->rooms_max);
    if (getentropy(secret, sizeof secret) != 0) {
        abort(); /* as in history_seen.c */
    }
    map_init(&self->pages, key_of, secret);
}

void history_cache_leave_keyspace(struct history_cache *cache)
{
    cache->self->options.keyspace = NULL;
}

void history_cache_saw(struct history_cache *cache, struct span room, uint64_t place)
{
    struct history_cache_inner *self = cache->self;
    unsigned partition;

    (void)self->options.journal->ops->place(self->options.journal, room, &partition);
    assert(partition < STORE_PARTITIONS_MAX);
    lock_enter(&self->lock);
    history_seen_record(&self->seen, room, partition, place);
    lock_leave(&self->lock);
}

void history_cache_gap(struct history_cache *cache)
{
    lock_enter(&cache->self->lock);
    history_seen_gap(&cache->self->seen);
    lock_leave(&cache->self->lock);
}

void history_cache_figures(const struct history_cache *cache, struct history_cache_figures *figures)
{
    lock_enter(&cache->self->lock);
    *figures = cache->self->figures;
    lock_leave(&cache->self->lock);
}
