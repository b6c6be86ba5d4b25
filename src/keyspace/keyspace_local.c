// SPDX-License-Identifier: MIT
/* In this process: a map of keys, a map of members, each with a timer. A call takes effect at once;
 * what came of it is copied and told in the next turn. */
#include "src/base/errand.h"
#include "src/base/map.h"
#include "src/base/memory.h"
#include "src/keyspace/keyspace.h"

enum { ENTRY_BYTES = 160, LOCAL_BYTES_MAX = 256 << 20 };

struct local;

struct entry {
    struct local *local;
    struct map *map; /* where it is in */
    struct timer timer;
    struct bytes key; /* of a member: the group's name, NUL, its own */
    struct bytes value;
    size_t group_len;
};

/* What came of a call. */
struct outcome {
    struct keyspace_call *call;
    struct outcome *next;
    struct bytes value;
    struct bytes *members; /* key, value, key... */
    struct keyspace_entry *entries;
    size_t member_count;
};

struct local {
    struct keyspace keyspace;
    struct executor *executor;
    struct map keys, members;
    size_t bytes;
    struct outcome *first, **end; /* to be told, oldest first */
    struct errand errand;
};

static struct local *local_of(struct keyspace *k)
{
    return container_of(k, struct local, keyspace);
}

static struct span entry_key(const void *value)
{
    return bytes_span(&((const struct entry *)value)->key);
}

/* Outcomes. */

static struct outcome *add_outcome(struct local *l, struct keyspace_call *call)
{
    struct outcome *o = xcalloc(1, sizeof *o);

    o->call = call;
    call->error = 0;
    call->found = false;
    call->value = (struct span){0};
    call->entries = NULL;
    call->entry_count = 0;
    *l->end = o;
    l->end = &o->next;
    errand_post(&l->errand);
    return o;
}

static void free_outcome(struct outcome *o)
{
    for (size_t i = 0; i < 2 * o->member_count; i++) {
        bytes_finish(&o->members[i]);
    }
    free(o->members);
    free(o->entries);
    bytes_finish(&o->value);
    free(o);
}

static void tell_one(struct outcome *o)
{
    o->call->value = bytes_span(&o->value);
    if (o->member_count != 0) {
        o->entries = xcalloc(o->member_count, sizeof o->entries[0]);
    }
    for (size_t i = 0; i < o->member_count; i++) {
        o->entries[i].key = bytes_span(&o->members[2 * i]);
        o->entries[i].value = bytes_span(&o->members[2 * i + 1]);
    }
    o->call->entries = o->entries;
    o->call->entry_count = o->member_count;
    o->call->on_done(o->call);
    free_outcome(o);
}

static void tell_all(struct local *l)
{
    struct outcome *o = l->first;

    l->first = NULL;
    l->end = &l->first;
    while (o != NULL) {
        struct outcome *next = o->next;
        tell_one(o);
        o = next;
    }
}

static void on_errand(struct errand *errand)
{
    tell_all(container_of(errand, struct local, errand));
}

/* Entries. */

static size_t entry_bytes(const struct entry *e)
{
    return ENTRY_BYTES + e->key.len + e->value.len;
}

static void drop(struct entry *e)
{
    struct local *l = e->local;

    l->bytes -= entry_bytes(e);
    executor_timer_stop(l->executor, &e->timer);
    (void)map_remove(e->map, bytes_span(&e->key));
    bytes_finish(&e->key);
    bytes_finish(&e->value);
    free(e);
}

static void expire(struct timer *timer)
{
    drop(container_of(timer, struct entry, timer));
}

static bool is_over(const struct entry *e)
{
    return e->timer.deadline_ms <= e->local->executor->now_ms;
}

static struct entry *find(struct map *m, struct span key)
{
    struct entry *e = map_get(m, key);

    return e == NULL || is_over(e) ? NULL : e;
}

/* 0, or KEYSPACE_EREPLY: there is too much already. */
static int put_entry(struct local *l, struct map *m, struct span key, struct span value,
                     uint64_t ttl_ms, size_t group_len)
{
    struct entry *e = map_get(m, key);
    size_t before = e == NULL ? 0 : entry_bytes(e);

    if (l->bytes - before + ENTRY_BYTES + key.len + value.len > LOCAL_BYTES_MAX) {
        return KEYSPACE_EREPLY;
    }
    if (e == NULL) {
        e = xcalloc(1, sizeof *e);
        *e = (struct entry){.local = l, .map = m, .timer.fire = expire, .group_len = group_len};
        bytes_add_span(&e->key, key);
        map_add(m, e);
    }
    bytes_finish(&e->value);
    bytes_add_span(&e->value, value);
    l->bytes += entry_bytes(e) - before;
    executor_timer_start(l->executor, &e->timer, ttl_ms);
    return 0;
}

/* The port. */

static void put(struct keyspace *k, struct span key, struct span value, uint64_t ttl_ms,
                struct keyspace_call *call)
{
    struct local *l = local_of(k);

    (void)add_outcome(l, call);
    call->error = put_entry(l, &l->keys, key, value, ttl_ms, 0);
}

static void put_new(struct keyspace *k, struct span key, struct span value, uint64_t ttl_ms,
                    struct keyspace_call *call)
{
    struct local *l = local_of(k);

    (void)add_outcome(l, call);
    if (find(&l->keys, key) == NULL) {
        call->error = put_entry(l, &l->keys, key, value, ttl_ms, 0);
        call->found = call->error == 0;
    }
}

static struct entry *get_entry(struct local *l, struct span key, struct keyspace_call *call)
{
    struct outcome *o = add_outcome(l, call);
    struct entry *e = find(&l->keys, key);

    call->found = e != NULL;
    if (e != NULL) {
        bytes_add_span(&o->value, bytes_span(&e->value));
    }
    return e;
}

static void get(struct keyspace *k, struct span key, struct keyspace_call *call)
{
    (void)get_entry(local_of(k), key, call);
}

static void take(struct keyspace *k, struct span key, struct keyspace_call *call)
{
    struct entry *e = get_entry(local_of(k), key, call);

    if (e != NULL) {
        drop(e);
    }
}

static void remove_entry(struct local *l, struct map *m, struct span key,
                         struct keyspace_call *call)
{
    struct entry *e = map_get(m, key);

    (void)add_outcome(l, call);
    if (e != NULL) {
        drop(e);
    }
}

static void remove_key(struct keyspace *k, struct span key, struct keyspace_call *call)
{
    struct local *l = local_of(k);
    remove_entry(l, &l->keys, key, call);
}

static void write_member(struct bytes *out, struct span group, struct span key)
{
    bytes_add_span(out, group);
    bytes_add_byte(out, 0);
    bytes_add_span(out, key);
}

static void enrol(struct keyspace *k, struct span group, struct span key, struct span value,
                  uint64_t ttl_ms, struct keyspace_call *call)
{
    struct local *l = local_of(k);
    struct bytes member = {0};

    write_member(&member, group, key);
    (void)add_outcome(l, call);
    call->error = put_entry(l, &l->members, bytes_span(&member), value, ttl_ms, group.len);
    bytes_finish(&member);
}

static void withdraw(struct keyspace *k, struct span group, struct span key,
                     struct keyspace_call *call)
{
    struct local *l = local_of(k);
    struct bytes member = {0};

    write_member(&member, group, key);
    remove_entry(l, &l->members, bytes_span(&member), call);
    bytes_finish(&member);
}

static void list(struct keyspace *k, struct span group, struct keyspace_call *call)
{
    struct local *l = local_of(k);
    struct outcome *o = add_outcome(l, call);
    struct entry *e;

    o->members = xcalloc(2 * (size_t)l->members.count + 1, sizeof o->members[0]);
    for (uint32_t i = 0; (e = map_next(&l->members, &i)) != NULL;) {
        if (!is_over(e) && span_eq(span_of(e->key.data, e->group_len), group)) {
            struct bytes *member = &o->members[2 * o->member_count++];
            bytes_add_span(&member[0], span_skip(bytes_span(&e->key), group.len + 1));
            bytes_add_span(&member[1], bytes_span(&e->value));
        }
    }
}

static void drop_all(struct map *m)
{
    struct entry *e;

    for (uint32_t i = 0; (e = map_next(m, &i)) != NULL;) {
        executor_timer_stop(e->local->executor, &e->timer);
        bytes_finish(&e->key);
        bytes_finish(&e->value);
        free(e);
    }
    map_finish(m);
}

static void close_local(struct keyspace *k)
{
    struct local *l = local_of(k);

    for (struct outcome *o = l->first; o != NULL; o = o->next) {
        o->call->error = KEYSPACE_EDOWN;
        o->call->found = false;
    }
    tell_all(l);
    errand_cancel(&l->errand);
    drop_all(&l->keys);
    drop_all(&l->members);
    free(l);
}

static const struct keyspace_ops local_ops = {
    .name = "local",
    .put = put,
    .put_new = put_new,
    .get = get,
    .take = take,
    .remove = remove_key,
    .enrol = enrol,
    .withdraw = withdraw,
    .list = list,
    .close = close_local,
};

struct keyspace *keyspace_local_open(struct executor *executor)
{
    struct local *l = xcalloc(1, sizeof *l);
    uint64_t secret[2];

    l->keyspace.ops = &local_ops;
    l->executor = executor;
    l->end = &l->first;
    executor_random(executor, secret, sizeof secret);
    map_init(&l->keys, entry_key, secret);
    map_init(&l->members, entry_key, secret);
    errand_init(&l->errand, executor, on_errand);
    return &l->keyspace;
}
