// SPDX-License-Identifier: MIT
#include "src/persist/persister.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>

#include "src/base/memory.h"
#include "src/base/sound.h"

enum {
    BATCH_MAX_DEFAULT = 2000,
    LINGER_MS_DEFAULT = 20,
    RETRY_MIN_MS_DEFAULT = 100,
    RETRY_MAX_MS_DEFAULT = 5000,
    SLICE_MIN = 16,
    PAUSED_POLL_MS = 100, /* how often a feed that is paused is polled */
    LINE_BYTES = 512,
};

/* What keeps batches from being dealt with. */
enum trouble { TROUBLE_NONE, TROUBLE_STORE, TROUBLE_DEAD_LETTERS };

/* What became of a batch. */
enum outcome {
    DONE,
    LOST,  /* another reader's by now */
    AGAIN, /* has to come again; trouble says why */
};

struct counters {
    atomic_uint_fast64_t stored, repeated, refused, rejected, deferred, batches, lost, retries;
};

struct persister {
    struct persister_options options;
    struct bytes log;
    pthread_t thread;
    struct feed_entry **entries; /* options.batch_max, as the next two; the thread's, as the rest */
    struct message **messages;   /* of those entries that are to be stored */
    const char **reasons;        /* by entry: why it is to be rejected; NULL: it is not */
    size_t count;                /* entries of the batch */
    unsigned attempts;           /* that have failed in a row */
    size_t slice;                /* messages that the store is given at once */

    struct counters counters; /* written by the thread, read by any */
    _Atomic enum trouble trouble;
    atomic_bool broker_is_away;

    pthread_mutex_t lock; /* for what follows; no other is taken under it */
    pthread_cond_t stop;
    bool stopping;
};

static void add(atomic_uint_fast64_t *counter, uint64_t n)
{
    (void)atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static uint64_t read_counter(const atomic_uint_fast64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* ---- telling ---- */

__attribute__((format(printf, 2, 3))) static void tell(const struct persister *p,
                                                       const char *format, ...)
{
    char line[LINE_BYTES];
    va_list args;

    if (p->options.on_problem == NULL) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    p->options.on_problem(p->options.arg, line);
}

static void set_trouble(struct persister *p, enum trouble trouble, const char *cause)
{
    static const char *const whats[] = {"", "the store", "the place for what cannot be stored"};
    enum trouble before = atomic_load_explicit(&p->trouble, memory_order_relaxed);

    if (trouble == before) {
        return;
    }
    atomic_store_explicit(&p->trouble, trouble, memory_order_relaxed);
    if (trouble != TROUBLE_NONE) {
        tell(p, "%s is away: %s; messages wait in the log", whats[trouble], cause);
    } else {
        tell(p, "%s is back", whats[before]);
    }
}

static void set_broker(struct persister *p, bool away)
{
    if (away != atomic_load_explicit(&p->broker_is_away, memory_order_relaxed)) {
        atomic_store_explicit(&p->broker_is_away, away, memory_order_relaxed);
        tell(p, away ? "the log's broker is away: nothing is stored" : "the log's broker is back");
    }
}

/* ---- waiting ---- */

static uint64_t clock_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static bool is_stopping(struct persister *p)
{
    (void)pthread_mutex_lock(&p->lock);
    bool stopping = p->stopping;
    (void)pthread_mutex_unlock(&p->lock);
    return stopping;
}

/* Returns early when it is time to stop. */
static void nap_until(struct persister *p, uint64_t until_ms)
{
    const struct timespec until = {.tv_sec = (time_t)(until_ms / 1000),
                                   .tv_nsec = (long)(until_ms % 1000) * 1000000};

    (void)pthread_mutex_lock(&p->lock);
    while (!p->stopping && clock_ms() < until_ms) {
        (void)pthread_cond_timedwait(&p->stop, &p->lock, &until);
    }
    (void)pthread_mutex_unlock(&p->lock);
}

/* Exponential, and somewhere in its second half, so that the nodes of a cluster do not all come
 * back at once. */
static uint64_t backoff_ms(struct persister *p)
{
    uint64_t most = p->options.retry_max_ms, ms = p->options.retry_min_ms;
    uint32_t random = 0;

    for (unsigned i = 0; i < p->attempts && ms < most; i++) {
        ms *= 2;
    }
    p->attempts++;
    ms = ms < most ? ms : most;
    (void)getrandom(&random, sizeof random, GRND_NONBLOCK);
    return ms - random % (ms / 2 + 1);
}

/* What was given and not committed comes again, as far as it is still ours. Otherwise it would not,
 * and the next mark would be behind it. */
static void rewind_feed(struct persister *p)
{
    p->options.feed->ops->pause(p->options.feed);
    p->options.feed->ops->resume(p->options.feed);
}

/* The feed is told to give nothing, and polled so that it remains ours. */
static void back_off(struct persister *p)
{
    const struct feed_ops *ops = p->options.feed->ops;
    uint64_t now_ms = clock_ms(), until_ms = now_ms + backoff_ms(p);

    add(&p->counters.retries, 1);
    ops->pause(p->options.feed);
    for (; now_ms < until_ms && !is_stopping(p); now_ms = clock_ms()) {
        (void)ops->poll(p->options.feed, 0, p->entries, p->options.batch_max);
        uint64_t next_ms = now_ms + PAUSED_POLL_MS;
        nap_until(p, next_ms < until_ms ? next_ms : until_ms);
    }
    ops->resume(p->options.feed);
}

/* ---- a batch ---- */

static bool is_to_be_stored(const struct persister *p, size_t i)
{
    return p->reasons[i] == NULL && !p->entries[i]->moved;
}

/* Fills messages with those of the batch that are to be stored. Returns how many. */
static size_t choose(struct persister *p)
{
    size_t count = 0;

    for (size_t i = 0; i < p->count; i++) {
        if (is_to_be_stored(p, i)) {
            p->entries[i]->message.fate = MESSAGE_STORED;
            p->messages[count++] = &p->entries[i]->message;
        }
    }
    return count;
}

/* Gives those that the store has called invalid a reason; where it has called none so, the one that
 * it was asked for alone. Returns how many. */
static size_t find_invalid(struct persister *p, const struct message *alone)
{
    size_t found = 0;

    for (size_t i = 0; i < p->count; i++) {
        const struct message *m = &p->entries[i]->message;
        if (is_to_be_stored(p, i) && (m->fate == MESSAGE_INVALID || m == alone)) {
            p->reasons[i] = store_strerror(STORE_EINVALID);
            found++;
        }
    }
    return found;
}

/* For a store that has not told which of them it cannot keep. Returns 0 or an enum store_error. */
static int append_one_by_one(struct persister *p, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int error = store_append(p->options.store, &p->messages[i], 1);
        if (error == STORE_EINVALID) {
            (void)find_invalid(p, p->messages[i]);
        } else if (error < 0) {
            return error;
        }
    }
    return 0;
}

/* It failed with so many. */
static void shrink(struct persister *p, int error, size_t count)
{
    if (error != STORE_EINVALID) {
        p->slice = count / 2 > SLICE_MIN ? count / 2 : SLICE_MIN;
    }
}

/* Not more at once than the store has lately proved to manage: what takes it too long fails as a
 * whole, and would for ever. Returns 0 or an enum store_error. */
static int append_chosen(struct persister *p, size_t count)
{
    for (size_t i = 0, n; i < count; i += n) {
        n = count - i < p->slice ? count - i : p->slice;
        int error = store_append(p->options.store, &p->messages[i], n);
        if (error < 0) {
            shrink(p, error, n);
            return error;
        }
    }
    return 0;
}

/* Returns 0 or an enum store_error, never STORE_EINVALID: what that is about has a reason then. */
static int append(struct persister *p)
{
    size_t count;

    while ((count = choose(p)) > 0) {
        int error = append_chosen(p, count);
        if (error != STORE_EINVALID) {
            return error;
        }
        if (find_invalid(p, NULL) == 0) {
            return append_one_by_one(p, count);
        }
    }
    return 0;
}

static void count_rejected(struct persister *p, uint64_t count, const char *first, uint64_t later)
{
    add(&p->counters.deferred, later);
    if (count > 0) {
        add(&p->counters.rejected, count);
        tell(p, "%" PRIu64 " records rejected to the dead letters: %s", count, first);
    }
}

/* Returns 0 or an enum feed_error. */
static int reject(struct persister *p)
{
    const char *first = NULL;
    uint64_t count = 0, later = 0;
    int error = 0;

    for (size_t i = 0; i < p->count && error >= 0; i++) {
        if (p->reasons[i] == NULL) {
            continue;
        }
        error = p->options.feed->ops->reject(p->options.feed, p->entries[i], p->reasons[i]);
        if (error == 0) {
            first = first == NULL ? p->reasons[i] : first;
            count++;
        }
        later += error == FEED_LATER;
    }
    count_rejected(p, count, first, later);
    return error < 0 ? error : 0;
}

/* Returns 0 or an enum store_error. */
static int mark(struct persister *p)
{
    uint64_t ends[STORE_PARTITIONS_MAX] = {0};

    if (p->log.len == 0) {
        return 0;
    }
    for (size_t i = 0; i < p->count; i++) {
        const struct feed_entry *e = p->entries[i];
        assert(e->partition < STORE_PARTITIONS_MAX);
        if (ends[e->partition] <= e->position) {
            ends[e->partition] = e->position + 1;
        }
    }
    for (unsigned i = 0; i < STORE_PARTITIONS_MAX; i++) {
        if (ends[i] == 0) {
            continue;
        }
        int error = store_mark(p->options.store, bytes_span(&p->log), i, ends[i]);
        if (error < 0) {
            return error;
        }
        if (p->options.on_progress != NULL) {
            p->options.on_progress(p->options.arg, i, ends[i]);
        }
    }
    return 0;
}

static void count_fates(struct persister *p)
{
    uint64_t stored = 0, repeated = 0, refused = 0;

    for (size_t i = 0; i < p->count; i++) {
        uint8_t fate = p->entries[i]->message.fate;
        if (is_to_be_stored(p, i)) {
            stored += fate == MESSAGE_STORED;
            repeated += fate == MESSAGE_REPEATED;
            refused += fate == MESSAGE_MISSING || fate == MESSAGE_FORBIDDEN;
        }
    }
    add(&p->counters.stored, stored);
    add(&p->counters.repeated, repeated);
    add(&p->counters.refused, refused);
    add(&p->counters.batches, 1);
}

static enum outcome store_failed(struct persister *p, int error)
{
    set_trouble(p, TROUBLE_STORE, store_strerror(error));
    return AGAIN;
}

/* What members are not told of they do not find in histories either. */
static const char *why_not(const struct feed_entry *e)
{
    return e->reason != NULL || e->moved ? e->reason : message_fault(&e->message);
}

static enum outcome handle(struct persister *p)
{
    for (size_t i = 0; i < p->count; i++) {
        p->reasons[i] = why_not(p->entries[i]);
    }
    int error = append(p);
    if (error < 0) {
        return store_failed(p, error);
    }
    count_fates(p);
    error = reject(p);
    if (error == FEED_ELOST) {
        return LOST;
    }
    if (error < 0) {
        set_trouble(p, TROUBLE_DEAD_LETTERS, feed_strerror(error));
        return AGAIN;
    }
    error = mark(p);
    if (error < 0) {
        return store_failed(p, error);
    }
    set_trouble(p, TROUBLE_NONE, NULL);
    /* What failed to be committed comes again, to be known as repeated. */
    return p->options.feed->ops->commit(p->options.feed) == FEED_ELOST ? LOST : DONE;
}

/* ---- the thread ---- */

static void turn(struct persister *p)
{
    int count = p->options.feed->ops->poll(p->options.feed, p->options.linger_ms, p->entries,
                                           p->options.batch_max);

    if (count < 0) {
        set_broker(p, count == FEED_EAWAY);
        nap_until(p, clock_ms() + p->options.retry_min_ms);
        return;
    }
    set_broker(p, false);
    if (count == 0) {
        return;
    }
    p->count = (size_t)count;
    switch (handle(p)) {
    case DONE:
        p->attempts = 0;
        p->slice = p->slice < p->options.batch_max / 2 ? 2 * p->slice : p->options.batch_max;
        break;
    case LOST:
        add(&p->counters.lost, 1);
        rewind_feed(p);
        break;
    case AGAIN:
        back_off(p);
        break;
    }
}

static void *run(void *arg)
{
    struct persister *p = arg;

    while (!is_stopping(p)) {
        turn(p);
    }
    return NULL;
}

static unsigned or_default(unsigned value, unsigned fallback)
{
    return value != 0 ? value : fallback;
}

struct persister *persister_create(const struct persister_options *options)
{
    struct persister *p = xcalloc(1, sizeof *p);
    pthread_condattr_t monotonic;

    p->options = *options;
    p->options.batch_max = or_default(options->batch_max, BATCH_MAX_DEFAULT);
    p->slice = p->options.batch_max;
    p->options.linger_ms = or_default(options->linger_ms, LINGER_MS_DEFAULT);
    p->options.retry_min_ms = or_default(options->retry_min_ms, RETRY_MIN_MS_DEFAULT);
    p->options.retry_max_ms = or_default(options->retry_max_ms, RETRY_MAX_MS_DEFAULT);
    bytes_add_span(&p->log, options->log);
    p->entries = xcalloc(p->options.batch_max, sizeof(struct feed_entry *));
    p->messages = xcalloc(p->options.batch_max, sizeof(struct message *));
    p->reasons = xcalloc(p->options.batch_max, sizeof(const char *));
    (void)pthread_mutex_init(&p->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&p->stop, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    if (pthread_create(&p->thread, NULL, run, p) != 0) {
        abort(); /* at start, when a machine without a thread to spare cannot serve either */
    }
    return p;
}

void persister_figures(const struct persister *p, struct persister_figures *figures)
{
    const struct counters *c = &p->counters;
    enum trouble trouble = atomic_load_explicit(&p->trouble, memory_order_relaxed);

    *figures = (struct persister_figures){
        .stored = read_counter(&c->stored),
        .repeated = read_counter(&c->repeated),
        .refused = read_counter(&c->refused),
        .rejected = read_counter(&c->rejected),
        .deferred = read_counter(&c->deferred),
        .batches = read_counter(&c->batches),
        .lost = read_counter(&c->lost),
        .retries = read_counter(&c->retries),
        .store_is_away = trouble == TROUBLE_STORE,
        .dead_letters_are_away = trouble == TROUBLE_DEAD_LETTERS,
        .broker_is_away = atomic_load_explicit(&p->broker_is_away, memory_order_relaxed),
    };
    p->options.feed->ops->figures(p->options.feed, &figures->feed);
}

void persister_destroy(struct persister *p)
{
    if (p == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&p->lock);
    p->stopping = true;
    (void)pthread_cond_signal(&p->stop);
    (void)pthread_mutex_unlock(&p->lock);
    (void)pthread_join(p->thread, NULL);
    (void)pthread_cond_destroy(&p->stop);
    (void)pthread_mutex_destroy(&p->lock);
    free(p->reasons);
    free(p->messages);
    free(p->entries);
    bytes_finish(&p->log);
    free(p);
}
