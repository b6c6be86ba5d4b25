// SPDX-License-Identifier: MIT
/* A node has five flows: what it sends and gets by its connection for commands, the same by that
 * for subscriptions, and the entries it gets by that for streams. Parcels of a flow arrive in their
 * order, in turns of the node's executor; for what a node sends that is the moment at which the hub
 * has it. */
#include "tests/support/bus_hub.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>

#include "src/base/errand.h"
#include "src/base/map.h"
#include "src/base/memory.h"
#include "src/bus/outbox.h"

enum { DOWN_MS_MAX_DEFAULT = 1000, ID_TEXT_MAX = 48 };

enum flow_id { UP_COMMANDS, UP_SUBSCRIPTIONS, DOWN_REPLIES, DOWN_MESSAGES, DOWN_ENTRIES, FLOWS };

struct node;
struct parcel;

typedef void (*arrive_fn)(struct node *node, struct parcel *parcel);

struct flow {
    struct list_queue parcels;
    struct node *node;
    uint64_t last_ms; /* when the last one arrives */
    struct errand errand;
    struct timer timer;
};

/* A name that is subscribed to. */
struct name {
    enum bus_kind kind;
    struct bytes key; /* the kind as a byte, the name */
};

struct position {
    uint64_t ms, n;
};

/* A stream that a node follows. */
struct follow {
    struct follow *next;
    struct bytes stream;
    bool known; /* position is: false until it has been up */
    struct position position;
};

struct node {
    struct bus bus;
    struct bus_hub *hub;
    struct node *next;
    struct executor *executor;
    struct bus_handlers handlers;
    struct bus_counts *counts;
    struct outbox outbox;
    struct bus_calls done;
    struct map wishes, forced; /* struct name: the node's, the hub's of its connection */
    unsigned prefixes;         /* in forced */
    struct follow *follows;
    struct flow flows[FLOWS];
    bool up, told_up, was_up;
    const char *why;
    struct errand connect, tell;
    struct timer down;
    unsigned slow_ms;
    unsigned late_ms; /* subscriptions are back that much before the rest */
};

struct entry {
    struct position id;
    size_t field_count;
    struct bytes *fields; /* name, value, name... */
};

struct stream {
    struct stream *next;
    struct bytes name;
    struct entry *entries; /* oldest first */
    size_t count, cap;
    struct position last;
};

struct bus_hub {
    struct node *nodes;
    struct stream *streams;
    struct bus_hub_faults faults;
    struct bus_hub_events events;
    uint64_t random;
};

/* Something on its way. Only what its kind needs is set. */
struct parcel {
    struct list_node node;
    uint64_t due_ms;
    arrive_fn arrive;
    struct outbox_item *item;
    struct bus_call *call;
    struct bus_read *read;
    enum bus_kind kind; /* of name: the subscription that it is about or comes by */
    struct bytes name, channel, payload;
    struct entry *entries;
    size_t entry_count;
    struct position position;
    uint64_t number;
    bool exclusive;
};

static void break_node(struct node *node, unsigned down_ms, const char *why);
static void flush(struct node *node);

/* SplitMix64. */
static uint64_t random_below(struct bus_hub *hub, uint64_t n)
{
    uint64_t z = hub->random += 0x9e3779b97f4a7c15U;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return (z ^ z >> 31) % n;
}

static void count(_Atomic uint64_t *counter, uint64_t n)
{
    (void)atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

/* Names. */

static struct span name_key(const void *value)
{
    return bytes_span(&((const struct name *)value)->key);
}

static void make_key(struct bytes *key, enum bus_kind kind, struct span name)
{
    bytes_clear(key);
    bytes_add_byte(key, (uint8_t)kind);
    bytes_add_span(key, name);
}

static bool has_name(const struct map *m, enum bus_kind kind, struct span name)
{
    struct bytes key = {0};

    make_key(&key, kind, name);
    bool found = map_get(m, bytes_span(&key)) != NULL;
    bytes_finish(&key);
    return found;
}

static bool add_name(struct map *m, enum bus_kind kind, struct span name)
{
    struct name *n = xcalloc(1, sizeof *n);

    n->kind = kind;
    make_key(&n->key, kind, name);
    if (map_get(m, bytes_span(&n->key)) != NULL) {
        bytes_finish(&n->key);
        free(n);
        return false;
    }
    map_add(m, n);
    return true;
}

static bool remove_name(struct map *m, enum bus_kind kind, struct span name)
{
    struct bytes key = {0};

    make_key(&key, kind, name);
    struct name *n = map_remove(m, bytes_span(&key));
    bytes_finish(&key);
    if (n == NULL) {
        return false;
    }
    bytes_finish(&n->key);
    free(n);
    return true;
}

static void clear_names(struct map *m)
{
    struct name *n;

    for (uint32_t i = 0; (n = map_next(m, &i)) != NULL;) {
        bytes_finish(&n->key);
        free(n);
    }
    map_finish(m);
}

static void init_names(struct bus_hub *hub, struct map *m)
{
    uint64_t secret[2] = {random_below(hub, UINT64_MAX), random_below(hub, UINT64_MAX)};
    map_init(m, name_key, secret);
}

/* Streams. */

static bool after(struct position a, struct position b)
{
    return a.ms != b.ms ? a.ms > b.ms : a.n > b.n;
}

static struct position parse_id(struct span text)
{
    struct position p = {0};
    size_t dash = 0;

    while (dash < text.len && text.data[dash] != '-') {
        dash++;
    }
    if (span_to_u64(span_of(text.data, dash), UINT64_MAX, &p.ms) != 0 ||
        (dash < text.len && span_to_u64(span_skip(text, dash + 1), UINT64_MAX, &p.n) != 0)) {
        return (struct position){0};
    }
    return p;
}

static struct span format_id(struct position p, char text[ID_TEXT_MAX])
{
    int len =
        snprintf(text, ID_TEXT_MAX, "%llu-%llu", (unsigned long long)p.ms, (unsigned long long)p.n);
    return span_of(text, (size_t)len);
}

static struct stream *find_stream(struct bus_hub *hub, struct span name)
{
    struct stream *s = hub->streams;

    while (s != NULL && !span_eq(bytes_span(&s->name), name)) {
        s = s->next;
    }
    return s;
}

static void finish_entry(struct entry *e)
{
    for (size_t i = 0; i < e->field_count * 2; i++) {
        bytes_finish(&e->fields[i]);
    }
    free(e->fields);
}

static void copy_entry(struct entry *to, const struct entry *from)
{
    *to = (struct entry){.id = from->id, .field_count = from->field_count};
    to->fields = xcalloc(from->field_count * 2 + 1, sizeof to->fields[0]);
    for (size_t i = 0; i < from->field_count * 2; i++) {
        bytes_add_span(&to->fields[i], bytes_span(&from->fields[i]));
    }
}

static struct stream *make_stream(struct bus_hub *hub, struct span name)
{
    struct stream *s = find_stream(hub, name);

    if (s == NULL) {
        s = xcalloc(1, sizeof *s);
        bytes_add_span(&s->name, name);
        s->next = hub->streams;
        hub->streams = s;
    }
    return s;
}

static void trim(struct stream *s, uint64_t entries_max)
{
    size_t over = s->count > entries_max ? s->count - (size_t)entries_max : 0;

    for (size_t i = 0; i < over; i++) {
        finish_entry(&s->entries[i]);
    }
    if (over != 0) {
        memmove(s->entries, s->entries + over, (s->count - over) * sizeof s->entries[0]);
        s->count -= over;
    }
}

/* args: name, value, name... */
static struct entry *add_entry(struct stream *s, int64_t wall_ms, const struct span *args,
                               size_t arg_count)
{
    if (s->count == s->cap) {
        s->cap = s->cap == 0 ? 16 : s->cap * 2;
        s->entries = xreallocarray(s->entries, s->cap, sizeof s->entries[0]);
    }
    struct entry *e = &s->entries[s->count++];
    if ((uint64_t)wall_ms > s->last.ms) {
        s->last = (struct position){.ms = (uint64_t)wall_ms};
    } else {
        s->last.n++;
    }
    *e = (struct entry){.id = s->last, .field_count = arg_count / 2};
    e->fields = xcalloc(arg_count + 1, sizeof e->fields[0]);
    for (size_t i = 0; i < arg_count; i++) {
        bytes_add_span(&e->fields[i], args[i]);
    }
    return e;
}

static void drop_streams(struct bus_hub *hub)
{
    while (hub->streams != NULL) {
        struct stream *s = hub->streams;
        hub->streams = s->next;
        trim(s, 0);
        free(s->entries);
        bytes_finish(&s->name);
        free(s);
    }
}

/* Entries as the bus shows them; *fields is freed by the caller. */
static struct bus_entry *show_entries(const struct entry *entries, size_t n, char *ids,
                                      struct bus_field **fields)
{
    struct bus_entry *shown = xcalloc(n + 1, sizeof *shown);
    size_t total = 0;

    for (size_t i = 0; i < n; i++) {
        total += entries[i].field_count;
    }
    struct bus_field *field = *fields = xcalloc(total + 1, sizeof *field);
    for (size_t i = 0; i < n; i++) {
        shown[i] = (struct bus_entry){.fields = field, .field_count = entries[i].field_count};
        shown[i].id = format_id(entries[i].id, ids + i * ID_TEXT_MAX);
        for (size_t j = 0; j < entries[i].field_count; j++, field++) {
            field->name = bytes_span(&entries[i].fields[2 * j]);
            field->value = bytes_span(&entries[i].fields[2 * j + 1]);
        }
    }
    return shown;
}

/* Flows. */

static struct parcel *make_parcel(arrive_fn arrive)
{
    struct parcel *p = xcalloc(1, sizeof *p);
    p->arrive = arrive;
    return p;
}

static void free_parcel(struct parcel *p)
{
    for (size_t i = 0; i < p->entry_count; i++) {
        finish_entry(&p->entries[i]);
    }
    free(p->entries);
    bytes_finish(&p->name);
    bytes_finish(&p->channel);
    bytes_finish(&p->payload);
    free(p);
}

static struct parcel *first_parcel(struct flow *f)
{
    struct list_node *first = f->parcels.first;
    return first == NULL ? NULL : container_of(first, struct parcel, node);
}

/* Sees to it that the flow runs when its first parcel is due. */
static void plan(struct flow *f)
{
    struct parcel *p = first_parcel(f);

    if (p != NULL && p->due_ms <= f->node->executor->now_ms) {
        errand_post(&f->errand);
    } else if (p != NULL) {
        timers_add(&f->node->executor->timers, &f->timer, p->due_ms);
    }
}

static void send_parcel(struct node *node, enum flow_id id, struct parcel *p)
{
    struct flow *f = &node->flows[id];
    struct bus_hub *hub = node->hub;
    uint64_t delay = node->slow_ms;

    if (hub->faults.delay_ms_max != 0) {
        delay += random_below(hub, hub->faults.delay_ms_max + 1);
    }
    p->due_ms = node->executor->now_ms + delay;
    if (p->due_ms < f->last_ms) {
        p->due_ms = f->last_ms;
    }
    f->last_ms = p->due_ms;
    list_queue_add(&f->parcels, &p->node);
    plan(f);
}

static bool breaks_here(struct node *node)
{
    struct bus_hub *hub = node->hub;
    const struct bus_hub_faults *f = &hub->faults;

    if (!node->up || f->breaks_per_10000 == 0 || random_below(hub, 10000) >= f->breaks_per_10000) {
        return false;
    }
    unsigned down = f->down_ms_max == 0 ? DOWN_MS_MAX_DEFAULT : f->down_ms_max;
    down = 1 + (unsigned)random_below(hub, down);
    if (random_below(hub, 100) < f->restarts_percent) {
        bus_hub_restart(hub, down, random_below(hub, 100) >= f->lose_percent);
    } else {
        break_node(node, down, "the connection broke");
    }
    return true;
}

static void run_flow(struct flow *f)
{
    struct parcel *p;

    while ((p = first_parcel(f)) != NULL && p->due_ms <= f->node->executor->now_ms) {
        if (breaks_here(f->node)) {
            return;
        }
        list_queue_remove(&f->parcels, &p->node);
        p->arrive(f->node, p);
        free_parcel(p);
    }
    plan(f);
}

static void flow_errand(struct errand *e)
{
    run_flow(container_of(e, struct flow, errand));
}

static void flow_timer(struct timer *t)
{
    run_flow(container_of(t, struct flow, timer));
}

/* Subscriptions. */

static void granted(struct node *node, struct parcel *p)
{
    struct span name = bytes_span(&p->name);
    bus_calls_add(&node->done, p->call, has_name(&node->wishes, p->kind, name) ? 0 : BUS_EDOWN);
    p->call = NULL;
}

static void hub_subscribe(struct node *node, struct parcel *p)
{
    if (add_name(&node->forced, p->kind, bytes_span(&p->name)) && p->kind == BUS_PREFIX) {
        node->prefixes++;
    }
    struct parcel *back = make_parcel(granted);
    back->kind = p->kind;
    bytes_add_span(&back->name, bytes_span(&p->name));
    back->call = p->call;
    p->call = NULL;
    send_parcel(node, DOWN_MESSAGES, back);
}

static void hub_unsubscribe(struct node *node, struct parcel *p)
{
    if (remove_name(&node->forced, p->kind, bytes_span(&p->name)) && p->kind == BUS_PREFIX) {
        node->prefixes--;
    }
}

static void message_arrives(struct node *node, struct parcel *p)
{
    if (has_name(&node->wishes, p->kind, bytes_span(&p->name))) {
        count(&node->counts->received, 1);
        count(&node->counts->bytes_received, p->payload.len);
        node->handlers.on_message(node->handlers.arg, p->kind, bytes_span(&p->channel),
                                  bytes_span(&p->payload));
    }
}

static void send_message(struct node *node, enum bus_kind kind, struct span name,
                         struct span channel, struct span payload)
{
    struct parcel *p = make_parcel(message_arrives);

    p->kind = kind;
    bytes_add_span(&p->name, name);
    bytes_add_span(&p->channel, channel);
    bytes_add_span(&p->payload, payload);
    send_parcel(node, DOWN_MESSAGES, p);
}

static void route(struct bus_hub *hub, enum bus_kind kind, struct span channel, struct span payload)
{
    for (struct node *node = hub->nodes; node != NULL; node = node->next) {
        if (has_name(&node->forced, kind, channel)) {
            send_message(node, kind, channel, channel, payload);
        }
        struct name *n;
        for (uint32_t i = 0; kind == BUS_CHANNEL && node->prefixes != 0 &&
                             (n = map_next(&node->forced, &i)) != NULL;) {
            struct span prefix = span_skip(bytes_span(&n->key), 1);
            if (n->kind == BUS_PREFIX && span_starts(channel, prefix)) {
                send_message(node, BUS_PREFIX, prefix, channel, payload);
            }
        }
    }
}

/* Entries. */

static void entry_arrives(struct node *node, struct parcel *p)
{
    struct follow *f = node->follows;
    char ids[ID_TEXT_MAX];
    struct bus_field *fields;

    while (f != NULL && !span_eq(bytes_span(&f->stream), bytes_span(&p->name))) {
        f = f->next;
    }
    if (f == NULL || !after(p->entries[0].id, f->position)) {
        return;
    }
    f->position = p->entries[0].id;
    count(&node->counts->received, 1);
    struct bus_entry *shown = show_entries(p->entries, 1, ids, &fields);
    node->handlers.on_entry(node->handlers.arg, bytes_span(&p->name), shown);
    free(fields);
    free(shown);
}

static void send_entry(struct node *node, const struct stream *s, const struct entry *e)
{
    struct parcel *p = make_parcel(entry_arrives);

    bytes_add_span(&p->name, bytes_span(&s->name));
    p->entries = xcalloc(1, sizeof p->entries[0]);
    p->entry_count = 1;
    copy_entry(p->entries, e);
    send_parcel(node, DOWN_ENTRIES, p);
}

/* From the position that the node knows on: all that the stream keeps. */
static void catch_up(struct node *node, struct follow *f)
{
    struct stream *s = find_stream(node->hub, bytes_span(&f->stream));
    struct position last = s == NULL ? (struct position){0} : s->last;

    if (!f->known) {
        f->known = true;
        f->position = last;
    } else if (after(f->position, last)) {
        f->position = (struct position){0}; /* recreated, and the clock has gone back */
    }
    for (size_t i = 0; s != NULL && i < s->count; i++) {
        if (after(s->entries[i].id, f->position)) {
            send_entry(node, s, &s->entries[i]);
        }
    }
}

static void hub_append(struct node *from, const struct outbox_item *item, struct position *id)
{
    struct stream *s = make_stream(from->hub, item->args[0]);
    struct entry *e =
        add_entry(s, executor_wall_ms(from->executor), item->args + 1, item->count - 1);

    *id = e->id;
    for (struct node *node = from->hub->nodes; node != NULL; node = node->next) {
        for (struct follow *f = node->follows; node->up && f != NULL; f = f->next) {
            if (span_eq(bytes_span(&f->stream), bytes_span(&s->name))) {
                send_entry(node, s, e);
            }
        }
    }
    trim(s, item->entries_max);
}

/* Commands. */

static void item_answered(struct node *node, struct parcel *p)
{
    char text[ID_TEXT_MAX];
    struct span id = {0};

    if (p->item->kind == OUTBOX_ENTRY) {
        id = format_id(p->position, text);
    }
    struct bus_call *call = outbox_take(&node->outbox, p->item, true);
    if (call != NULL) {
        call->error = 0;
        call->id = id;
        call->on_done(call);
    }
    flush(node);
}

static void hub_publish(struct node *node, struct parcel *p)
{
    const struct outbox_item *item = p->item;
    struct parcel *back = make_parcel(item_answered);

    if (item->kind == OUTBOX_ENTRY) {
        hub_append(node, item, &back->position);
    } else {
        route(node->hub, item->kind == OUTBOX_CHANNEL ? BUS_CHANNEL : BUS_SHARD, item->args[0],
              item->args[1]);
    }
    back->item = p->item;
    send_parcel(node, DOWN_REPLIES, back);
}

static void counted(struct node *node, struct parcel *p)
{
    struct bus_call *call = p->call;

    p->call = NULL;
    call->error = 0;
    call->count = p->number;
    call->on_done(call);
}

static void hub_count(struct node *node, struct parcel *p)
{
    struct parcel *back = make_parcel(counted);

    for (struct node *other = node->hub->nodes; other != NULL; other = other->next) {
        back->number += other->up && has_name(&other->forced, p->kind, bytes_span(&p->name));
    }
    back->call = p->call;
    p->call = NULL;
    send_parcel(node, DOWN_REPLIES, back);
}

static void finish_read(struct bus_read *read, int error, const struct entry *entries, size_t n)
{
    char *ids = xcalloc(n + 1, ID_TEXT_MAX);
    struct bus_field *fields;
    struct bus_entry *shown = show_entries(entries, n, ids, &fields);

    read->on_done(read, error, shown, n);
    free(shown);
    free(fields);
    free(ids);
}

static void read_answered(struct node *node, struct parcel *p)
{
    struct bus_read *read = p->read;

    p->read = NULL;
    finish_read(read, 0, p->entries, p->entry_count);
}

static void hub_read(struct node *node, struct parcel *p)
{
    struct stream *s = find_stream(node->hub, bytes_span(&p->name));
    struct parcel *back = make_parcel(read_answered);

    back->entries = xcalloc(s == NULL ? 1 : s->count + 1, sizeof back->entries[0]);
    for (size_t i = 0; s != NULL && i < s->count && back->entry_count < p->number; i++) {
        const struct entry *e = &s->entries[i];
        if (p->exclusive ? after(e->id, p->position) : !after(p->position, e->id)) {
            copy_entry(&back->entries[back->entry_count++], e);
        }
    }
    back->read = p->read;
    p->read = NULL;
    send_parcel(node, DOWN_REPLIES, back);
}

static void flush(struct node *node)
{
    struct outbox_item *item;

    while (node->up && (item = outbox_next(&node->outbox)) != NULL) {
        struct parcel *p = make_parcel(hub_publish);
        p->item = item;
        send_parcel(node, UP_COMMANDS, p);
    }
}

/* Up and down. */

/* Nothing may be called back while a connection breaks: it may break inside a call. */
static void fail_parcel(struct node *node, struct parcel *p)
{
    bus_calls_add(&node->done, p->call, BUS_EDOWN);
    p->call = NULL;
    if (p->item != NULL) {
        outbox_lost(&node->outbox, p->item);
    }
}

/* A read that fails goes the way of a parcel of its own, so that it is done in the next turn. */
static void read_failed(struct node *node, struct parcel *p)
{
    struct bus_read *read = p->read;

    p->read = NULL;
    finish_read(read, BUS_EDOWN, NULL, 0);
}

static void drop_flow(struct node *node, struct flow *f, struct list_queue *reads)
{
    struct parcel *p;

    while ((p = first_parcel(f)) != NULL) {
        list_queue_remove(&f->parcels, &p->node);
        node->hub->events.lost++;
        if (p->read != NULL) {
            p->arrive = read_failed;
            list_queue_add(reads, &p->node);
        } else {
            fail_parcel(node, p);
            free_parcel(p);
        }
    }
    f->last_ms = 0;
    executor_timer_stop(node->executor, &f->timer);
    errand_cancel(&f->errand);
}

/* Of what is on its way to the hub some still arrives. */
static void deliver_some(struct node *node)
{
    struct flow *f = &node->flows[UP_COMMANDS];
    uint64_t n = 0;

    for (struct list_node *at = f->parcels.first; at != NULL; at = at->next) {
        n++;
    }
    for (n = n == 0 ? 0 : random_below(node->hub, n + 1); n > 0; n--) {
        struct parcel *p = first_parcel(f);
        list_queue_remove(&f->parcels, &p->node);
        node->hub->events.repeated += p->item != NULL;
        p->arrive(node, p);
        free_parcel(p);
    }
}

static void tell_state(struct errand *e)
{
    struct node *node = container_of(e, struct node, tell);

    if (node->up != node->told_up) {
        node->told_up = node->up;
        node->handlers.on_state(node->handlers.arg, node->up, node->up ? "" : node->why);
    }
}

static void break_node(struct node *node, unsigned down_ms, const char *why)
{
    struct list_queue reads = {0};

    if (node->up) {
        deliver_some(node);
        node->hub->events.breaks++;
    }
    node->up = false;
    node->why = why;
    for (int i = 0; i < FLOWS; i++) {
        drop_flow(node, &node->flows[i], &reads);
    }
    while (reads.first != NULL) {
        struct parcel *p = container_of(reads.first, struct parcel, node);
        list_queue_remove(&reads, &p->node);
        send_parcel(node, DOWN_REPLIES, p);
    }
    clear_names(&node->forced);
    init_names(node->hub, &node->forced);
    node->prefixes = 0;
    errand_cancel(&node->connect);
    errand_post(&node->tell);
    executor_timer_start(node->executor, &node->down, down_ms);
}

static void subscribe_again(struct node *node)
{
    struct name *n;

    for (uint32_t i = 0; (n = map_next(&node->wishes, &i)) != NULL;) {
        bool is_new = add_name(&node->forced, n->kind, span_skip(bytes_span(&n->key), 1));
        node->prefixes += is_new && n->kind == BUS_PREFIX;
    }
}

static void come_up(struct node *node)
{
    tell_state(&node->tell); /* that it was down */
    subscribe_again(node);
    if (node->late_ms > 0) {
        executor_timer_start(node->executor, &node->down, node->late_ms);
        node->late_ms = 0;
        return;
    }
    node->up = true;
    if (node->was_up) {
        count(&node->counts->reconnects, 1);
    }
    node->was_up = true;
    for (struct follow *f = node->follows; f != NULL; f = f->next) {
        catch_up(node, f);
    }
    tell_state(&node->tell);
    flush(node);
}

static void connect_now(struct errand *e)
{
    come_up(container_of(e, struct node, connect));
}

static void connect_again(struct timer *t)
{
    come_up(container_of(t, struct node, down));
}

/* The port. */

static struct node *node_of(const struct bus *bus)
{
    return container_of(bus, struct node, bus);
}

static void node_publish(struct bus *bus, enum bus_kind kind, struct span channel,
                         struct span payload, struct bus_call *call)
{
    struct node *node = node_of(bus);
    const struct span args[] = {channel, payload};

    assert(kind != BUS_PREFIX);
    const struct outbox_order order = {
        .kind = kind == BUS_CHANNEL ? OUTBOX_CHANNEL : OUTBOX_SHARD,
        .args = args,
        .count = 2,
        .late = !node->up,
        .call = call,
    };
    outbox_add(&node->outbox, &order);
    flush(node);
}

static void node_append(struct bus *bus, struct span stream, const struct bus_field *fields,
                        size_t field_count, uint64_t entries_max, struct bus_call *call)
{
    struct node *node = node_of(bus);
    struct span *args = xcalloc(1 + 2 * field_count, sizeof args[0]);

    args[0] = stream;
    for (size_t i = 0; i < field_count; i++) {
        args[1 + 2 * i] = fields[i].name;
        args[2 + 2 * i] = fields[i].value;
    }
    const struct outbox_order order = {
        .kind = OUTBOX_ENTRY,
        .entries_max = entries_max,
        .args = args,
        .count = 1 + 2 * field_count,
        .late = !node->up,
        .call = call,
    };
    outbox_add(&node->outbox, &order);
    free(args);
    flush(node);
}

static struct parcel *named_parcel(arrive_fn arrive, enum bus_kind kind, struct span name)
{
    struct parcel *p = make_parcel(arrive);

    p->kind = kind;
    bytes_add_span(&p->name, name);
    return p;
}

static void node_subscribe(struct bus *bus, enum bus_kind kind, struct span name,
                           struct bus_call *call)
{
    struct node *node = node_of(bus);

    if (add_name(&node->wishes, kind, name)) {
        count(&node->counts->subscriptions, 1);
    }
    if (!node->up) {
        bus_calls_add(&node->done, call, BUS_EDOWN);
        return;
    }
    struct parcel *p = named_parcel(hub_subscribe, kind, name);
    p->call = call;
    send_parcel(node, UP_SUBSCRIPTIONS, p);
}

static void node_unsubscribe(struct bus *bus, enum bus_kind kind, struct span name)
{
    struct node *node = node_of(bus);

    if (remove_name(&node->wishes, kind, name)) {
        (void)atomic_fetch_sub(&node->counts->subscriptions, 1);
        if (node->up) {
            send_parcel(node, UP_SUBSCRIPTIONS, named_parcel(hub_unsubscribe, kind, name));
        }
    }
}

static void node_count(struct bus *bus, enum bus_kind kind, struct span channel,
                       struct bus_call *call)
{
    struct node *node = node_of(bus);

    assert(kind != BUS_PREFIX);
    if (!node->up) {
        bus_calls_add(&node->done, call, BUS_EDOWN);
        return;
    }
    struct parcel *p = named_parcel(hub_count, kind, channel);
    p->call = call;
    send_parcel(node, UP_COMMANDS, p);
}

static void node_follow(struct bus *bus, struct span stream, struct span after_id)
{
    struct node *node = node_of(bus);
    struct follow *f = xcalloc(1, sizeof *f);

    bytes_add_span(&f->stream, stream);
    f->known = after_id.len != 0;
    f->position = parse_id(after_id);
    f->next = node->follows;
    node->follows = f;
    if (node->up) {
        catch_up(node, f);
    }
}

static void node_read(struct bus *bus, struct span stream, struct span from, bool exclusive,
                      uint64_t entries_max, struct bus_read *read)
{
    struct node *node = node_of(bus);
    struct parcel *p = named_parcel(node->up ? hub_read : read_failed, BUS_CHANNEL, stream);

    p->position = parse_id(from);
    p->exclusive = exclusive;
    p->number = entries_max;
    p->read = read;
    send_parcel(node, node->up ? UP_COMMANDS : DOWN_REPLIES, p);
}

static bool node_up(const struct bus *bus)
{
    return node_of(bus)->told_up && node_of(bus)->up;
}

static void finish_flows(struct node *node)
{
    struct list_queue reads = {0};

    for (int i = 0; i < FLOWS; i++) {
        drop_flow(node, &node->flows[i], &reads);
    }
    while (reads.first != NULL) {
        struct parcel *p = container_of(reads.first, struct parcel, node);
        list_queue_remove(&reads, &p->node);
        read_failed(node, p);
        free_parcel(p);
    }
}

static void node_close(struct bus *bus)
{
    struct node *node = node_of(bus), **at = &node->hub->nodes;

    while (*at != node) {
        at = &(*at)->next;
    }
    *at = node->next;
    finish_flows(node);
    outbox_finish(&node->outbox);
    bus_calls_finish(&node->done);
    errand_cancel(&node->connect);
    errand_cancel(&node->tell);
    executor_timer_stop(node->executor, &node->down);
    clear_names(&node->wishes);
    clear_names(&node->forced);
    while (node->follows != NULL) {
        struct follow *f = node->follows;
        node->follows = f->next;
        bytes_finish(&f->stream);
        free(f);
    }
    free(node);
}

static const struct bus_ops node_ops = {
    .name = "hub",
    .publish = node_publish,
    .subscribe = node_subscribe,
    .unsubscribe = node_unsubscribe,
    .count = node_count,
    .append = node_append,
    .follow = node_follow,
    .read = node_read,
    .up = node_up,
    .close = node_close,
};

struct bus *bus_hub_join(struct bus_hub *hub, struct executor *executor,
                         const struct bus_limits *limits, const struct bus_handlers *handlers,
                         struct bus_counts *counts)
{
    struct node *node = xcalloc(1, sizeof *node);

    *node = (struct node){.bus.ops = &node_ops, .hub = hub, .next = hub->nodes};
    node->executor = executor;
    node->handlers = *handlers;
    node->counts = counts;
    hub->nodes = node;
    bus_calls_init(&node->done, executor);
    outbox_init(&node->outbox, executor, limits, counts, &node->done);
    init_names(hub, &node->wishes);
    init_names(hub, &node->forced);
    for (int i = 0; i < FLOWS; i++) {
        node->flows[i].node = node;
        node->flows[i].timer.fire = flow_timer;
        errand_init(&node->flows[i].errand, executor, flow_errand);
    }
    node->down.fire = connect_again;
    errand_init(&node->tell, executor, tell_state);
    errand_init(&node->connect, executor, connect_now);
    errand_post(&node->connect);
    return &node->bus;
}

struct bus_hub *bus_hub_create(uint64_t seed)
{
    struct bus_hub *hub = xcalloc(1, sizeof *hub);

    hub->random = seed;
    return hub;
}

void bus_hub_destroy(struct bus_hub *hub)
{
    if (hub != NULL) {
        assert(hub->nodes == NULL);
        drop_streams(hub);
        free(hub);
    }
}

void bus_hub_faults(struct bus_hub *hub, const struct bus_hub_faults *faults)
{
    hub->faults = faults == NULL ? (struct bus_hub_faults){0} : *faults;
}

void bus_hub_break(struct bus *bus, unsigned down_ms)
{
    break_node(node_of(bus), down_ms, "the connection broke");
}

void bus_hub_restart(struct bus_hub *hub, unsigned down_ms, bool keep_streams)
{
    hub->events.restarts++;
    for (struct node *node = hub->nodes; node != NULL; node = node->next) {
        break_node(node, down_ms + (unsigned)random_below(hub, 1 + down_ms / 8), "Redis restarts");
    }
    if (!keep_streams) {
        drop_streams(hub);
    }
}

void bus_hub_slow(struct bus *bus, unsigned delay_ms)
{
    node_of(bus)->slow_ms = delay_ms;
}

void bus_hub_come_late(struct bus *bus, unsigned late_ms)
{
    node_of(bus)->late_ms = late_ms;
}

bool bus_hub_quiet(const struct bus_hub *hub)
{
    for (struct node *node = hub->nodes; node != NULL; node = node->next) {
        if (!node_up(&node->bus) || node->outbox.items.first != NULL || node->done.first != NULL) {
            return false;
        }
        for (int i = 0; i < FLOWS; i++) {
            if (node->flows[i].parcels.first != NULL) {
                return false;
            }
        }
    }
    return true;
}

const struct bus_hub_events *bus_hub_events(const struct bus_hub *hub)
{
    return &hub->events;
}
