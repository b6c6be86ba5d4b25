// SPDX-License-Identifier: MIT
#include "tests/unit/persist/persister_bed.h"

#include <stdio.h>
#include <string.h>

#include "src/base/sound.h"

struct sink sink;
struct feed_fake feed;
struct feed_entry entries[ENTRIES];
struct persister *persister;
struct told told = {.lock = PTHREAD_MUTEX_INITIALIZER};

static char ids[ENTRIES][8];

/* ---- the store ---- */

static bool has(struct span id)
{
    for (size_t i = 0; i < sink.count; i++) {
        if (span_eq(span_cstr(sink.ids[i]), id)) {
            return true;
        }
    }
    return false;
}

static bool is_bad(const struct message *m)
{
    return span_eq(m->content, SPAN("bad"));
}

static void keep(struct message *m)
{
    m->fate = has(m->id) ? MESSAGE_REPEATED : MESSAGE_STORED;
    if (m->fate == MESSAGE_STORED) {
        memcpy(sink.ids[sink.count++], m->id.data, m->id.len);
    }
}

static bool take_fault(unsigned *left)
{
    bool hit = *left != 0;

    *left -= hit && *left != ~0u;
    return hit;
}

static int write_batch(struct message *const *messages, size_t count)
{
    bool bad = false,
         fail = take_fault(&sink.append_errors) || (sink.most != 0 && count > sink.most);

    sink.appends++;
    sink.greatest_batch = count > sink.greatest_batch ? count : sink.greatest_batch;
    if (fail && !sink.fails_after) {
        return sink.append_error;
    }
    for (size_t i = 0; i < count; i++) {
        bad |= is_bad(messages[i]);
        messages[i]->fate =
            is_bad(messages[i]) && !sink.tells_none ? MESSAGE_INVALID : MESSAGE_STORED;
    }
    if (bad) {
        return STORE_EINVALID;
    }
    for (size_t i = 0; i < count; i++) {
        keep(messages[i]);
    }
    return fail ? sink.append_error : 0;
}

static int append(struct store *store, struct message *const *messages, size_t count)
{
    if (sink.entered != NULL) {
        (void)sem_post(sink.entered);
        while (sem_wait(sink.leave) != 0) {
        }
    }
    (void)pthread_mutex_lock(&sink.lock);
    int error = write_batch(messages, count);
    (void)pthread_mutex_unlock(&sink.lock);
    return error;
}

static int mark(struct store *store, struct span log, unsigned partition, uint64_t position)
{
    (void)pthread_mutex_lock(&sink.lock);
    bool fail = take_fault(&sink.mark_errors);
    sink.mark_calls++;
    if (!fail && span_eq(log, SPAN("log")) && sink.marks[partition] < position) {
        sink.marks[partition] = position;
    }
    (void)pthread_mutex_unlock(&sink.lock);
    return fail ? sink.mark_error : 0;
}

static const struct store_ops sink_ops = {.name = "sink", .append = append, .mark = mark};

/* ---- the persister's listener ---- */

static void on_problem(void *arg, const char *line)
{
    (void)pthread_mutex_lock(&told.lock);
    if (told.count < LINES) {
        (void)snprintf(told.lines[told.count++], sizeof told.lines[0], "%s", line);
    }
    (void)pthread_mutex_unlock(&told.lock);
}

static void on_progress(void *arg, unsigned partition, uint64_t position)
{
    (void)pthread_mutex_lock(&sink.lock);
    bool marked = sink.marks[partition] >= position;
    (void)pthread_mutex_unlock(&sink.lock);
    told.early |= !marked || feed_fake_seen(&feed).commits != 0;
    told.progress++;
}

bool was_told(const char *what)
{
    bool found = false;

    (void)pthread_mutex_lock(&told.lock);
    for (unsigned i = 0; i < told.count; i++) {
        found |= strstr(told.lines[i], what) != NULL;
    }
    (void)pthread_mutex_unlock(&told.lock);
    return found;
}

/* ---- the bed ---- */

void setup(size_t count)
{
    memset(&sink, 0, sizeof sink);
    sink.store.ops = &sink_ops;
    (void)pthread_mutex_init(&sink.lock, NULL);
    told.count = told.progress = 0;
    told.early = false;
    for (unsigned i = 0; i < ENTRIES; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "%u", i);
        entries[i] = (struct feed_entry){.message = {.id = span_cstr(ids[i]),
                                                     .room = SPAN("room"),
                                                     .user_id = SPAN("ann"),
                                                     .content = SPAN("1"),
                                                     .dialect = DIALECT_REALTIME},
                                         .partition = i % 2,
                                         .position = i / 2};
        entries[i].message.placed = i / 2 + 1;
    }
    feed_fake_init(&feed, entries, count, NULL);
}

void start_with(struct persister_options options)
{
    options.feed = &feed.feed;
    options.store = &sink.store;
    options.linger_ms = 1;
    options.retry_min_ms = options.retry_min_ms != 0 ? options.retry_min_ms : 1;
    options.retry_max_ms = options.retry_max_ms != 0 ? options.retry_max_ms : 4;
    options.on_problem = on_problem;
    options.on_progress = on_progress;
    persister = persister_create(&options);
}

void start(void)
{
    start_with((struct persister_options){.log = SPAN("log")});
}

bool is_stored(size_t count)
{
    size_t at = 0;

    for (size_t i = 0; i < count; i++) {
        if (!is_bad(&entries[i].message) && entries[i].reason == NULL &&
            (at == sink.count || strcmp(sink.ids[at++], ids[i]) != 0)) {
            return false;
        }
    }
    return at == sink.count;
}

struct persister_figures stop(void)
{
    struct persister_figures figures;

    persister_figures(persister, &figures);
    persister_destroy(persister);
    return figures;
}

void teardown(void)
{
    feed_fake_finish(&feed);
    (void)pthread_mutex_destroy(&sink.lock);
}
