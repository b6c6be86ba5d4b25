// SPDX-License-Identifier: MIT
/* Streams. One that is followed has a client of its own, since XREAD BLOCK holds its connection up:
 *
 *   up ──> XINFO: where the stream ends ──> XREAD BLOCK after the position ─┬─> entries ──> XREAD
 *                   ^                                                       └─> nothing new
 *                   └───────────────────────────────────────────────────────────┘
 *
 * A position behind the stream's end would never be reached, so XREAD would wait for ever. That is
 * when the stream has been deleted, or Redis came back with less than it had (a dump, a replica
 * that lagged), and the clock that makes the ids was set back or has not got there yet. Between two
 * looks over one connection only the former can be: the position becomes the beginning. After a
 * break it becomes the end: what is there is older than what has been read. */
#include <assert.h>

#include "src/base/memory.h"
#include "src/bus/bus_redis.h"

enum { FOLLOW_BLOCK_MS = 5000, NUMBER_TEXT_MAX = 24 };

struct position {
    uint64_t ms, number;
};

struct bus_redis_follower {
    struct bus_redis_follower *next;
    struct bus_redis *bus;
    struct redis *redis;
    struct redis_call call;
    struct timer retry;
    struct bytes stream, id; /* id: of the last entry; empty: not known yet */
    bool asking;             /* call is under way */
    bool looked;             /* since the connection came up */
    bool ready;
    bool late; /* it was wished while the bus was up, and has not been ready yet */
};

static int parse_id(struct span id, struct position *p)
{
    size_t dash = 0;

    *p = (struct position){0};
    while (dash < id.len && id.data[dash] != '-') {
        dash++;
    }
    if (span_to_u64(span_of(id.data, dash), UINT64_MAX, &p->ms) != 0) {
        return -1;
    }
    return dash == id.len ? 0 : span_to_u64(span_skip(id, dash + 1), UINT64_MAX, &p->number);
}

/* An id that cannot be read is before all others. */
static bool is_after(struct span a, struct span b)
{
    struct position x, y;

    if (parse_id(a, &x) != 0) {
        return false;
    }
    if (parse_id(b, &y) != 0) {
        return true;
    }
    return x.ms != y.ms ? x.ms > y.ms : x.number > y.number;
}

/* Entries. */

/* [id, [name, value, ...]]; false: it is none, but *id is set if there was one. */
static bool read_entry(const struct redis_reply *reply, struct bus_entry *entry,
                       struct bus_field *fields)
{
    *entry = (struct bus_entry){.fields = fields};
    if (reply->type != REDIS_ARRAY || reply->count != 2 || reply->items[0].type != REDIS_TEXT) {
        return false;
    }
    entry->id = reply->items[0].text;
    if (reply->items[1].type != REDIS_ARRAY) {
        return false;
    }
    const struct redis_reply *items = reply->items[1].items;
    for (size_t i = 0; i + 1 < reply->items[1].count; i += 2) {
        if (items[i].type != REDIS_TEXT || items[i + 1].type != REDIS_TEXT) {
            return false;
        }
        fields[entry->field_count++] = (struct bus_field){items[i].text, items[i + 1].text};
    }
    return true;
}

/* Upper bound of the fields in an array of entries. */
static size_t count_fields(const struct redis_reply *entries)
{
    size_t n = 1;

    for (size_t i = 0; i < entries->count; i++) {
        const struct redis_reply *entry = &entries->items[i];
        if (entry->type == REDIS_ARRAY && entry->count == 2) {
            n += entry->items[1].count / 2;
        }
    }
    return n;
}

/* Reading once. */

struct reading {
    struct redis_call call;
    struct bus_read *outer;
};

static void on_range(struct redis_call *call, int error, const struct redis_reply *reply)
{
    struct reading *r = container_of(call, struct reading, call);
    struct bus_read *outer = r->outer;
    struct bus_entry *entries = NULL;
    struct bus_field *fields = NULL;
    size_t count = 0, used = 0;

    free(r);
    if (error == 0 && reply->type == REDIS_ARRAY) {
        entries = xmalloc((reply->count + 1) * sizeof entries[0]);
        fields = xmalloc(count_fields(reply) * sizeof fields[0]);
        for (size_t i = 0; i < reply->count; i++) {
            if (read_entry(&reply->items[i], &entries[count], fields + used)) {
                used += entries[count++].field_count;
            }
        }
    }
    outer->on_done(outer, bus_redis_error(error), entries, count);
    free(entries);
    free(fields);
}

void bus_redis_read(struct bus *bus, struct span stream, struct span from, bool exclusive,
                    uint64_t entries_max, struct bus_read *read)
{
    struct reading *r = xmalloc(sizeof *r);
    struct bytes start = {0}, max = {0};

    if (exclusive) {
        bytes_add_byte(&start, '(');
    }
    bytes_add_span(&start, from);
    bytes_add_u64(&max, entries_max);
    const struct span args[] = {SPAN("XRANGE"), stream,        bytes_span(&start),
                                SPAN("+"),      SPAN("COUNT"), bytes_span(&max)};
    *r = (struct reading){.call.on_reply = on_range, .outer = read};
    redis_command(bus_redis_of(bus)->redis, stream, args, 6, &r->call);
    bytes_finish(&start);
    bytes_finish(&max);
}

/* Following. */

static void look_at_stream(struct bus_redis_follower *f);

static void set_ready(struct bus_redis_follower *f, bool ready, const char *why)
{
    f->ready = ready;
    f->late = f->late && !ready;
    bus_redis_look(f->bus, why);
}

static void ask_later(struct bus_redis_follower *f)
{
    executor_timer_start(f->bus->executor, &f->retry, BUS_REDIS_RETRY_MS);
}

static void on_retry(struct timer *timer)
{
    struct bus_redis_follower *f = container_of(timer, struct bus_redis_follower, retry);

    if (redis_up(f->redis) && !f->asking) {
        look_at_stream(f);
    }
}

static void set_id(struct bus_redis_follower *f, struct span id)
{
    bytes_clear(&f->id);
    bytes_add_span(&f->id, id);
}

/* Past every entry, whatever is in it: what cannot be read must not come again for ever. */
static void deliver(struct bus_redis_follower *f, const struct redis_reply *entries)
{
    struct bus_redis *b = f->bus;
    struct bus_field *fields = xmalloc(count_fields(entries) * sizeof fields[0]);
    struct bus_entry entry;

    for (size_t i = 0; i < entries->count; i++) {
        bool whole = read_entry(&entries->items[i], &entry, fields);
        if (entry.id.len != 0) {
            set_id(f, entry.id);
        }
        if (whole) {
            bus_redis_count(&b->counts->received, 1);
            for (size_t j = 0; j < entry.field_count; j++) {
                bus_redis_count(&b->counts->bytes_received, fields[j].value.len);
            }
            b->handlers.on_entry(b->handlers.arg, bytes_span(&f->stream), &entry);
        }
    }
    free(fields);
}

static void read_on(struct bus_redis_follower *f);

static void on_entries(struct redis_call *call, int error, const struct redis_reply *reply)
{
    struct bus_redis_follower *f = container_of(call, struct bus_redis_follower, call);

    f->asking = false;
    if (error != 0) {
        if (!f->bus->closing) {
            ask_later(f);
        }
        return;
    }
    if (reply->type != REDIS_ARRAY || reply->count != 1 || reply->items[0].type != REDIS_ARRAY ||
        reply->items[0].count != 2 || reply->items[0].items[1].type != REDIS_ARRAY) {
        look_at_stream(f);
        return;
    }
    deliver(f, &reply->items[0].items[1]);
    read_on(f);
}

static void read_on(struct bus_redis_follower *f)
{
    const struct span args[] = {SPAN("XREAD"),          SPAN("BLOCK"),     SPAN("5000"),
                                SPAN("COUNT"),          SPAN("100"),       SPAN("STREAMS"),
                                bytes_span(&f->stream), bytes_span(&f->id)};

    static_assert(FOLLOW_BLOCK_MS == 5000, "as it is written above");
    f->asking = true;
    f->call.on_reply = on_entries;
    redis_command(f->redis, bytes_span(&f->stream), args, 8, &f->call);
}

/* The id that the stream gave out last, of XINFO's pairs. */
static struct span last_id(const struct redis_reply *reply)
{
    for (size_t i = 0; reply->type == REDIS_ARRAY && i + 1 < reply->count; i += 2) {
        if (span_eq(reply->items[i].text, SPAN("last-generated-id"))) {
            return reply->items[i + 1].text;
        }
    }
    return SPAN("0-0");
}

static void on_look(struct redis_call *call, int error, const struct redis_reply *reply)
{
    struct bus_redis_follower *f = container_of(call, struct bus_redis_follower, call);
    struct span last = SPAN("0-0");

    f->asking = false;
    if (error == 0) {
        last = last_id(reply);
    } else if (error != REDIS_EREPLY || !span_starts(reply->text, SPAN("ERR no such key"))) {
        if (!f->bus->closing) {
            ask_later(f);
        }
        return;
    }
    if (f->id.len == 0) {
        set_id(f, last);
    } else if (is_after(bytes_span(&f->id), last)) {
        set_id(f, f->looked ? SPAN("0-0") : last);
    }
    f->looked = true;
    read_on(f);
    if (!f->ready) {
        set_ready(f, true, "");
    }
}

static void look_at_stream(struct bus_redis_follower *f)
{
    const struct span args[] = {SPAN("XINFO"), SPAN("STREAM"), bytes_span(&f->stream)};

    executor_timer_stop(f->bus->executor, &f->retry);
    f->asking = true;
    f->call.on_reply = on_look;
    redis_command(f->redis, bytes_span(&f->stream), args, 3, &f->call);
}

static void on_state(void *arg, bool up, const char *why)
{
    struct bus_redis_follower *f = arg;

    if (!up) {
        f->looked = false;
        set_ready(f, false, why);
    } else if (!f->asking) {
        look_at_stream(f);
    }
}

void bus_redis_follow(struct bus *bus, struct span stream, struct span after)
{
    struct bus_redis *b = bus_redis_of(bus);
    struct bus_redis_follower *f = xcalloc(1, sizeof *f);
    struct redis_options options = b->options;

    f->bus = b;
    f->late = b->up;
    f->retry.fire = on_retry;
    bytes_add_span(&f->stream, stream);
    bytes_add_span(&f->id, after);
    options.block_ms = FOLLOW_BLOCK_MS;
    options.on_state = on_state;
    options.arg = f;
    f->redis = redis_create(b->dialer, &options, &(struct bytes){0});
    f->next = b->followers;
    b->followers = f;
}

bool bus_redis_follows(const struct bus_redis *b)
{
    const struct bus_redis_follower *f = b->followers;

    while (f != NULL && (f->ready || f->late)) {
        f = f->next;
    }
    return f == NULL;
}

void bus_redis_unfollow_all(struct bus_redis *b)
{
    while (b->followers != NULL) {
        struct bus_redis_follower *f = b->followers;
        redis_destroy(f->redis);
        b->followers = f->next;
        executor_timer_stop(b->executor, &f->retry);
        bytes_finish(&f->stream);
        bytes_finish(&f->id);
        free(f);
    }
}
