// SPDX-License-Identifier: MIT
/* In Redis. A key is the prefix and its name. Of a group:
 *
 *   <prefix>{<group>}:<member>   its value, with its time to live
 *   <prefix>{<group>}            a sorted set of the members by when their time is over (ms)
 *
 * all in one slot of a cluster, by the braces. The set only says where to look: who is listed is
 * who has a value. What is over for longer than STALE_MS goes from the set when the group is
 * listed; so much may the clocks of those who enrol and of those who list differ. */
#include <inttypes.h>
#include <stdio.h>

#include "src/base/list.h"
#include "src/base/memory.h"
#include "src/keyspace/keyspace.h"
#include "src/redis/redis.h"

enum { STALE_MS = 3600 * 1000, NUMBER_TEXT_MAX = 24 };

struct kept {
    struct keyspace keyspace;
    struct redis *redis;
    struct executor *executor;
    struct bytes prefix;
    struct list_queue asks; /* under way, oldest first */
};

/* A call under way. It outlives the keyspace if Redis has not answered by then. */
struct ask {
    struct redis_call call;
    struct list_node node;
    struct kept *kept;           /* NULL: closed */
    struct keyspace_call *outer; /* NULL: nobody waits for this one */
    void (*read)(struct ask *a, const struct redis_reply *reply);
    struct bytes group;
    struct bytes members; /* of a list: names, one after the other */
    size_t *ends;         /* where each ends */
    size_t member_count;
    struct keyspace_entry *entries; /* what the list says */
    bool again;                     /* the answer is still to come */
};

static struct kept *kept_of(struct keyspace *k)
{
    return container_of(k, struct kept, keyspace);
}

static void free_ask(struct ask *a)
{
    bytes_finish(&a->group);
    bytes_finish(&a->members);
    free(a->ends);
    free(a->entries);
    free(a);
}

static void on_reply(struct redis_call *call, int error, const struct redis_reply *reply)
{
    struct ask *a = container_of(call, struct ask, call);

    if (a->kept == NULL) {
        free_ask(a);
        return;
    }
    struct keyspace_call *outer = a->outer;
    a->again = false;
    if (outer != NULL) {
        outer->error = error == 0 ? 0 : error == REDIS_EREPLY ? KEYSPACE_EREPLY : KEYSPACE_EDOWN;
    }
    if (error == 0 && a->read != NULL) {
        a->read(a, reply);
    }
    if (a->again) {
        return;
    }
    list_queue_remove(&a->kept->asks, &a->node);
    if (outer != NULL) {
        outer->on_done(outer);
    }
    free_ask(a);
}

static struct ask *start(struct kept *k, struct keyspace_call *outer,
                         void (*read)(struct ask *a, const struct redis_reply *reply))
{
    struct ask *a = xcalloc(1, sizeof *a);

    a->call.on_reply = on_reply;
    a->kept = k;
    a->outer = outer;
    a->read = read;
    if (outer != NULL) {
        outer->error = 0;
        outer->found = false;
        outer->value = (struct span){0};
        outer->entries = NULL;
        outer->entry_count = 0;
    }
    list_queue_add(&k->asks, &a->node);
    return a;
}

static void write_key(const struct kept *k, struct bytes *out, struct span key)
{
    bytes_add_span(out, bytes_span(&k->prefix));
    bytes_add_span(out, key);
}

/* args[1] is the key. */
static void send(struct kept *k, struct ask *a, const struct span *args, size_t count)
{
    redis_command(k->redis, args[1], args, count, &a->call);
}

static struct span write_ttl(uint64_t ttl_ms, char text[NUMBER_TEXT_MAX])
{
    int len =
        snprintf(text, NUMBER_TEXT_MAX, "%llu", (unsigned long long)(ttl_ms == 0 ? 1 : ttl_ms));
    return span_of(text, (size_t)len);
}

/* Keys. */

static void put(struct keyspace *ks, struct span key, struct span value, uint64_t ttl_ms,
                struct keyspace_call *call)
{
    struct kept *k = kept_of(ks);
    char ttl[NUMBER_TEXT_MAX];
    struct bytes full = {0};

    write_key(k, &full, key);
    const struct span args[] = {SPAN("SET"), bytes_span(&full), value, SPAN("PX"),
                                write_ttl(ttl_ms, ttl)};
    send(k, start(k, call, NULL), args, 5);
    bytes_finish(&full);
}

/* Nil: the key was there. */
static void read_new(struct ask *a, const struct redis_reply *reply)
{
    a->outer->found = reply->type == REDIS_TEXT;
}

static void put_new(struct keyspace *ks, struct span key, struct span value, uint64_t ttl_ms,
                    struct keyspace_call *call)
{
    struct kept *k = kept_of(ks);
    char ttl[NUMBER_TEXT_MAX];
    struct bytes full = {0};

    write_key(k, &full, key);
    const struct span args[] = {SPAN("SET"), bytes_span(&full),      value,
                                SPAN("PX"),  write_ttl(ttl_ms, ttl), SPAN("NX")};
    send(k, start(k, call, read_new), args, 6);
    bytes_finish(&full);
}

static void read_value(struct ask *a, const struct redis_reply *reply)
{
    a->outer->found = reply->type == REDIS_TEXT;
    if (a->outer->found) {
        a->outer->value = reply->text;
    }
}

static void ask_key(struct keyspace *ks, struct span command, struct span key,
                    struct keyspace_call *call,
                    void (*read)(struct ask *a, const struct redis_reply *reply))
{
    struct kept *k = kept_of(ks);
    struct bytes full = {0};

    write_key(k, &full, key);
    const struct span args[] = {command, bytes_span(&full)};
    send(k, start(k, call, read), args, 2);
    bytes_finish(&full);
}

static void get(struct keyspace *ks, struct span key, struct keyspace_call *call)
{
    ask_key(ks, SPAN("GET"), key, call, read_value);
}

static void take(struct keyspace *ks, struct span key, struct keyspace_call *call)
{
    ask_key(ks, SPAN("GETDEL"), key, call, read_value);
}

static void remove_key(struct keyspace *ks, struct span key, struct keyspace_call *call)
{
    ask_key(ks, SPAN("DEL"), key, call, NULL);
}

/* Groups. */

static void write_index(const struct kept *k, struct bytes *out, struct span group)
{
    bytes_add_span(out, bytes_span(&k->prefix));
    bytes_add_byte(out, '{');
    bytes_add_span(out, group);
    bytes_add_byte(out, '}');
}

static void write_member(const struct kept *k, struct bytes *out, struct span group,
                         struct span key)
{
    write_index(k, out, group);
    bytes_add_byte(out, ':');
    bytes_add_span(out, key);
}

/* Milliseconds since the Epoch, as text. */
static struct span write_time(const struct kept *k, int64_t more_ms, char text[NUMBER_TEXT_MAX])
{
    int64_t at = executor_wall_ms(k->executor) + more_ms;
    int len = snprintf(text, NUMBER_TEXT_MAX, "%" PRId64, at);

    return span_of(text, (size_t)len);
}

static void enrol(struct keyspace *ks, struct span group, struct span key, struct span value,
                  uint64_t ttl_ms, struct keyspace_call *call)
{
    struct kept *k = kept_of(ks);
    char ttl[NUMBER_TEXT_MAX], over[NUMBER_TEXT_MAX];
    struct bytes index = {0}, member = {0};

    write_index(k, &index, group);
    write_member(k, &member, group, key);
    /* The set first: a value that is not in it would not be found. */
    const struct span add[] = {SPAN("ZADD"), bytes_span(&index),
                               write_time(k, (int64_t)ttl_ms, over), key};
    send(k, start(k, NULL, NULL), add, 4);
    const struct span set[] = {SPAN("SET"), bytes_span(&member), value, SPAN("PX"),
                               write_ttl(ttl_ms, ttl)};
    send(k, start(k, call, NULL), set, 5);
    bytes_finish(&index);
    bytes_finish(&member);
}

static void withdraw(struct keyspace *ks, struct span group, struct span key,
                     struct keyspace_call *call)
{
    struct kept *k = kept_of(ks);
    struct bytes index = {0}, member = {0};

    write_index(k, &index, group);
    write_member(k, &member, group, key);
    const struct span drop[] = {SPAN("DEL"), bytes_span(&member)};
    send(k, start(k, NULL, NULL), drop, 2);
    const struct span leave[] = {SPAN("ZREM"), bytes_span(&index), key};
    send(k, start(k, call, NULL), leave, 3);
    bytes_finish(&index);
    bytes_finish(&member);
}

static struct span member_of(const struct ask *a, size_t i)
{
    size_t from = i == 0 ? 0 : a->ends[i - 1];
    return span_of(a->members.data + from, a->ends[i] - from);
}

static void read_values(struct ask *a, const struct redis_reply *reply)
{
    struct keyspace_call *outer = a->outer;
    struct keyspace_entry *entries = xcalloc(a->member_count, sizeof entries[0]);

    for (size_t i = 0; i < a->member_count && i < reply->count; i++) {
        if (reply->items[i].type == REDIS_TEXT) {
            entries[outer->entry_count++] =
                (struct keyspace_entry){member_of(a, i), reply->items[i].text};
        }
    }
    outer->entries = a->entries = entries;
}

static void ask_values(struct kept *k, struct ask *a)
{
    struct span *args = xmalloc((1 + a->member_count) * sizeof args[0]);
    struct bytes keys = {0};
    size_t at = 0;

    for (size_t i = 0; i < a->member_count; i++) {
        write_member(k, &keys, bytes_span(&a->group), member_of(a, i));
    }
    args[0] = SPAN("MGET");
    for (size_t i = 0; i < a->member_count; i++) {
        size_t len = k->prefix.len + a->group.len + 3 + member_of(a, i).len;
        args[1 + i] = span_of(keys.data + at, len);
        at += len;
    }
    a->read = read_values;
    a->again = true;
    send(k, a, args, 1 + a->member_count);
    free(args);
    bytes_finish(&keys);
}

static void read_members(struct ask *a, const struct redis_reply *reply)
{
    if (reply->type != REDIS_ARRAY || reply->count == 0) {
        return;
    }
    a->ends = xmalloc(reply->count * sizeof a->ends[0]);
    for (size_t i = 0; i < reply->count; i++) {
        bytes_add_span(&a->members, reply->items[i].text);
        a->ends[i] = a->members.len;
    }
    a->member_count = reply->count;
    ask_values(a->kept, a);
}

static void list(struct keyspace *ks, struct span group, struct keyspace_call *call)
{
    struct kept *k = kept_of(ks);
    char stale[NUMBER_TEXT_MAX];
    struct bytes index = {0};

    write_index(k, &index, group);
    const struct span clean[] = {SPAN("ZREMRANGEBYSCORE"), bytes_span(&index), SPAN("-inf"),
                                 write_time(k, -STALE_MS, stale)};
    send(k, start(k, NULL, NULL), clean, 4);
    const struct span range[] = {SPAN("ZRANGE"), bytes_span(&index), SPAN("0"), SPAN("-1")};
    struct ask *a = start(k, call, read_members);
    bytes_add_span(&a->group, group);
    send(k, a, range, 4);
    bytes_finish(&index);
}

static void close_kept(struct keyspace *ks)
{
    struct kept *k = kept_of(ks);

    while (k->asks.first != NULL) {
        struct ask *a = container_of(k->asks.first, struct ask, node);
        list_queue_remove(&k->asks, &a->node);
        a->kept = NULL;
        if (a->outer != NULL) {
            a->outer->error = KEYSPACE_EDOWN;
            a->outer->on_done(a->outer);
        }
    }
    bytes_finish(&k->prefix);
    free(k);
}

static const struct keyspace_ops kept_ops = {
    .name = "redis",
    .put = put,
    .put_new = put_new,
    .get = get,
    .take = take,
    .remove = remove_key,
    .enrol = enrol,
    .withdraw = withdraw,
    .list = list,
    .close = close_kept,
};

struct keyspace *keyspace_redis_open(struct redis *redis, struct executor *executor,
                                     struct span prefix)
{
    struct kept *k = xcalloc(1, sizeof *k);

    k->keyspace.ops = &kept_ops;
    k->redis = redis;
    k->executor = executor;
    bytes_add_span(&k->prefix, prefix);
    return &k->keyspace;
}
