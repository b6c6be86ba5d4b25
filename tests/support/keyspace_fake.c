// SPDX-License-Identifier: MIT
#include "tests/support/keyspace_fake.h"

#include <assert.h>

#include "src/base/memory.h"

static const struct span no_group = {(const uint8_t *)"", 0};

static struct keyspace_fake *fake_of(struct keyspace *k)
{
    return container_of(k, struct keyspace_fake, keyspace);
}

static bool lives(const struct keyspace_fake *f, const struct fake_key *at)
{
    return at->used && at->until_ms > f->ex->now_ms;
}

static struct fake_key *find(const struct keyspace_fake *f, struct span group, struct span key)
{
    for (size_t i = 0; i < FAKE_KEYS_MAX; i++) {
        const struct fake_key *at = &f->keys[i];
        if (lives(f, at) && span_eq(bytes_span(&at->group), group) &&
            span_eq(bytes_span(&at->key), key)) {
            return (struct fake_key *)(uintptr_t)at;
        }
    }
    return NULL;
}

static void set(struct bytes *b, struct span text)
{
    bytes_clear(b);
    bytes_add_span(b, text);
}

void keyspace_fake_set(struct keyspace_fake *f, struct span group, struct span key,
                       struct span value, uint64_t ttl_ms)
{
    struct fake_key *at = find(f, group, key);

    for (size_t i = 0; at == NULL && i < FAKE_KEYS_MAX; i++) {
        at = lives(f, &f->keys[i]) ? NULL : &f->keys[i];
    }
    assert(at != NULL);
    at->used = true;
    at->until_ms = f->ex->now_ms + ttl_ms;
    set(&at->group, group);
    set(&at->key, key);
    set(&at->value, value);
}

struct span keyspace_fake_get(const struct keyspace_fake *f, struct span group, struct span key)
{
    const struct fake_key *at = find(f, group, key);
    return at == NULL ? (struct span){0} : bytes_span(&at->value);
}

/* ---- completing: in a later task, with what was found at the time of the call ---- */

struct answer {
    struct bytes value;
    struct keyspace_entry *entries;
    struct bytes *texts; /* two for each entry */
};

static void run(struct task *task)
{
    struct keyspace_call *call = container_of(task, struct keyspace_call, task);
    struct answer *a = call->state;
    size_t count = call->entry_count;

    call->on_done(call); /* call may be used again from here on */
    for (size_t i = 0; i < 2 * count; i++) {
        bytes_finish(&a->texts[i]);
    }
    bytes_finish(&a->value);
    free(a->entries);
    free(a->texts);
    free(a);
}

/* False if it fails. */
static bool begin(struct keyspace_fake *f, struct keyspace_call *call)
{
    call->state = xcalloc(1, sizeof(struct answer));
    call->error = f->down ? KEYSPACE_EDOWN : 0;
    call->task.run = run;
    if (f->hung) {
        f->hung = false;
        f->held = call;
    } else {
        executor_post(f->ex, &call->task);
    }
    return !f->down;
}

void keyspace_fake_wake(struct keyspace_fake *f)
{
    executor_post(f->ex, &f->held->task);
    f->held = NULL;
}

static void put(struct keyspace *k, struct span key, struct span value, uint64_t ttl_ms,
                struct keyspace_call *call)
{
    if (begin(fake_of(k), call)) {
        keyspace_fake_set(fake_of(k), no_group, key, value, ttl_ms);
    }
}

static void put_new(struct keyspace *k, struct span key, struct span value, uint64_t ttl_ms,
                    struct keyspace_call *call)
{
    if (begin(fake_of(k), call) && find(fake_of(k), no_group, key) == NULL) {
        call->found = true;
        keyspace_fake_set(fake_of(k), no_group, key, value, ttl_ms);
    }
}

static void get(struct keyspace *k, struct span key, struct keyspace_call *call)
{
    const struct fake_key *at = find(fake_of(k), no_group, key);

    if (begin(fake_of(k), call) && at != NULL) {
        struct answer *a = call->state;
        set(&a->value, bytes_span(&at->value));
        call->found = true;
        call->value = bytes_span(&a->value);
    }
}

static void drop(struct keyspace *k, struct span group, struct span key, struct keyspace_call *call)
{
    struct fake_key *at = find(fake_of(k), group, key);

    if (begin(fake_of(k), call) && at != NULL) {
        at->used = false;
    }
}

static void take(struct keyspace *k, struct span key, struct keyspace_call *call)
{
    struct fake_key *at = find(fake_of(k), no_group, key);

    get(k, key, call);
    if (call->found) {
        at->used = false;
    }
}

static void drop_key(struct keyspace *k, struct span key, struct keyspace_call *call)
{
    drop(k, no_group, key, call);
}

static void enrol(struct keyspace *k, struct span group, struct span key, struct span value,
                  uint64_t ttl_ms, struct keyspace_call *call)
{
    if (begin(fake_of(k), call)) {
        keyspace_fake_set(fake_of(k), group, key, value, ttl_ms);
    }
}

static void list(struct keyspace *k, struct span group, struct keyspace_call *call)
{
    struct keyspace_fake *f = fake_of(k);

    if (!begin(f, call)) {
        return;
    }
    struct answer *a = call->state;
    a->entries = xcalloc(FAKE_KEYS_MAX, sizeof *a->entries);
    a->texts = xcalloc((size_t)2 * FAKE_KEYS_MAX, sizeof *a->texts);
    for (size_t i = 0; i < FAKE_KEYS_MAX; i++) {
        struct bytes *texts = &a->texts[2 * call->entry_count];
        if (lives(f, &f->keys[i]) && span_eq(bytes_span(&f->keys[i].group), group)) {
            set(&texts[0], bytes_span(&f->keys[i].key));
            set(&texts[1], bytes_span(&f->keys[i].value));
            a->entries[call->entry_count++] =
                (struct keyspace_entry){bytes_span(&texts[0]), bytes_span(&texts[1])};
        }
    }
    call->entries = a->entries;
}

static void close_it(struct keyspace *k)
{
}

static const struct keyspace_ops ops = {
    "fake", put, put_new, get, take, drop_key, enrol, drop, list, close_it,
};

void keyspace_fake_init(struct keyspace_fake *f, struct executor *ex)
{
    *f = (struct keyspace_fake){.keyspace = {&ops}, .ex = ex};
}

void keyspace_fake_forget(struct keyspace_fake *f)
{
    for (size_t i = 0; i < FAKE_KEYS_MAX; i++) {
        f->keys[i].used = false;
    }
}

void keyspace_fake_finish(struct keyspace_fake *f)
{
    for (size_t i = 0; i < FAKE_KEYS_MAX; i++) {
        bytes_finish(&f->keys[i].group);
        bytes_finish(&f->keys[i].key);
        bytes_finish(&f->keys[i].value);
    }
}
