// SPDX-License-Identifier: MIT
#include "src/cluster/registry.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>

#include "src/base/map.h"
#include "src/base/memory.h"
#include "src/cluster/node_view.h"

#define NODES_GROUP SPAN("rookery:nodes")

enum { NUMBER_KEY_SIZE = 32 };

/* Another node. */
struct peer {
    struct registry_node node;
    struct bytes texts; /* those of node */
    struct bytes value; /* its record as it was listed last */
    uint64_t changed_ms;
    uint64_t listed; /* the list that had it last */
    bool alive;
};

/* A call of ours that is under way or not: one of each kind at a time. */
struct asking {
    struct keyspace_call call;
    struct registry *registry;
    bool busy;
};

struct registry {
    struct executor *executor;
    struct keyspace *keyspace; /* NULL: not started, or left */
    struct registry_node self;
    struct bytes texts[4]; /* of self: id, name, address, adapter */
    unsigned heartbeat_ms;
    uint64_t (*connections)(void *arg);
    void (*on_node)(void *arg, const struct registry_node *node, bool alive);
    void (*on_number)(void *arg, unsigned number);
    void *arg;
    uint64_t begun_ms; /* for the uptime */

    struct timer beat;
    struct timer looking; /* runs for a while after a look */
    struct task look;
    atomic_bool look_wanted; /* and look is posted */
    struct asking number_asked, enrolled, listed, withdrawn, freed;
    unsigned candidate; /* the number that is being claimed */
    _Atomic unsigned number;

    struct map peers;
    uint64_t lists;
    bool changed;           /* its own record, while it was on its way */
    bool down;              /* the last call could not be made */
    uint64_t judge_from_ms; /* nobody is gone before that */
    struct bytes scratch, scratch_texts;
    struct node_shown shown;
    _Atomic uint64_t ignored;
};

/* ---- the view ---- */

static struct span peer_key(const void *value)
{
    return ((const struct peer *)value)->node.record.id;
}

static void show(struct registry *r)
{
    const struct registry_node **nodes = xcalloc(r->peers.count + 1, sizeof *nodes);
    const struct peer *p;
    size_t count = 1;

    nodes[0] = &r->self;
    for (uint32_t i = 0; (p = map_next(&r->peers, &i)) != NULL;) {
        if (p->alive) {
            nodes[count++] = &p->node;
        }
    }
    node_shown_set(&r->shown, nodes, count);
    free(nodes);
}

static void free_peer(struct peer *p)
{
    bytes_finish(&p->texts);
    bytes_finish(&p->value);
    free(p);
}

static uint64_t ttl_ms(const struct registry *r)
{
    return (uint64_t)NODE_TTL_BEATS * r->heartbeat_ms;
}

/* Everybody gets the time to say that he lives. */
static void postpone_judgement(struct registry *r)
{
    r->judge_from_ms = r->executor->now_ms + ttl_ms(r);
}

static void note_outcome(struct registry *r, int error)
{
    if (error == 0 && r->down) {
        postpone_judgement(r);
    }
    r->down = error != 0;
}

/* ---- others ---- */

/* Takes over a record, whose texts are in r->scratch_texts. */
static void take_record(struct registry *r, struct peer *p, const struct node_record *record,
                        struct span value)
{
    struct bytes before = p->texts;

    p->texts = r->scratch_texts;
    r->scratch_texts = before;
    p->node.record = *record;
    p->node.heard_wall_ms = executor_wall_ms(r->executor);
    p->changed_ms = r->executor->now_ms;
    bytes_clear(&p->value);
    bytes_add_span(&p->value, value);
}

static struct peer *add_peer(struct registry *r, const struct node_record *record,
                             struct span value)
{
    struct peer *p = xcalloc(1, sizeof *p);

    take_record(r, p, record, value);
    map_add(&r->peers, p);
    return p;
}

static void set_alive(struct registry *r, struct peer *p, bool alive)
{
    if (p->alive != alive) {
        p->alive = alive;
        r->on_node(r->arg, &p->node, alive);
    }
}

/* NULL if it is nothing that can be taken. */
static struct peer *read_peer(struct registry *r, const struct keyspace_entry *entry)
{
    struct peer *p = map_get(&r->peers, entry->key);
    struct node_record record;

    if (p != NULL && span_eq(entry->value, bytes_span(&p->value))) {
        return p;
    }
    if (node_record_read(entry->value, &record, &r->scratch_texts) < 0 ||
        !span_eq(record.id, entry->key) || (p == NULL && r->peers.count >= NODES_MAX)) {
        atomic_fetch_add_explicit(&r->ignored, 1, memory_order_relaxed);
        return p;
    }
    if (p == NULL) {
        return add_peer(r, &record, entry->value);
    }
    take_record(r, p, &record, entry->value);
    return p;
}

static void see(struct registry *r, const struct keyspace_entry *entry)
{
    struct peer *p = NULL;

    if (!span_eq(entry->key, r->self.record.id)) {
        p = read_peer(r, entry);
    }
    if (p == NULL) {
        return;
    }
    p->listed = r->lists;
    if (r->executor->now_ms - p->changed_ms < ttl_ms(r)) {
        set_alive(r, p, true);
    }
}

/* Somebody who is listed still but silent stays in mind, or he would come again. */
static bool judge(struct registry *r, struct peer *p)
{
    if (p->listed == r->lists && r->executor->now_ms - p->changed_ms < ttl_ms(r)) {
        return false;
    }
    set_alive(r, p, false);
    return p->listed != r->lists;
}

static void judge_all(struct registry *r)
{
    struct peer *p;

    for (uint32_t i = 0; (p = map_next(&r->peers, &i)) != NULL;) {
        if (judge(r, p)) {
            (void)map_remove(&r->peers, p->node.record.id);
            free_peer(p);
            i = 0; /* the map has changed */
        }
    }
}

/* ---- calls ---- */

static void start_call(struct asking *a, void (*on_done)(struct keyspace_call *call))
{
    assert(!a->busy);
    a->busy = true;
    a->call = (struct keyspace_call){.on_done = on_done};
}

/* The registry, or NULL if it has left meanwhile. */
static struct registry *end_call(struct keyspace_call *call)
{
    struct asking *a = container_of(call, struct asking, call);
    struct registry *r = a->registry;

    a->busy = false;
    if (r->keyspace == NULL) {
        return NULL;
    }
    note_outcome(r, call->error);
    return r;
}

static void on_ended(struct keyspace_call *call)
{
    (void)end_call(call);
}

/* ---- its own record ---- */

static void enrol(struct registry *r);

static void on_enrolled(struct keyspace_call *call)
{
    struct registry *r = end_call(call);

    if (r != NULL && r->changed) {
        enrol(r);
    }
}

static void enrol(struct registry *r)
{
    struct node_record *self = &r->self.record;

    self->uptime_ms = r->executor->now_ms - r->begun_ms;
    self->connections = r->connections(r->arg);
    r->self.heard_wall_ms = executor_wall_ms(r->executor);
    r->changed = r->enrolled.busy;
    if (r->enrolled.busy) {
        return;
    }
    bytes_clear(&r->scratch);
    node_record_write(&r->scratch, self);
    start_call(&r->enrolled, on_enrolled);
    r->keyspace->ops->enrol(r->keyspace, NODES_GROUP, self->id, bytes_span(&r->scratch), ttl_ms(r),
                            &r->enrolled.call);
}

/* ---- meeting ---- */

static void on_listed(struct keyspace_call *call)
{
    struct registry *r = end_call(call);

    if (r == NULL || call->error != 0) {
        return;
    }
    r->lists++;
    for (size_t i = 0; i < call->entry_count; i++) {
        see(r, &call->entries[i]);
    }
    if (r->executor->now_ms >= r->judge_from_ms) {
        judge_all(r);
    }
    show(r);
}

static void list(struct registry *r)
{
    if (!r->listed.busy) {
        start_call(&r->listed, on_listed);
        r->keyspace->ops->list(r->keyspace, NODES_GROUP, &r->listed.call);
    }
}

/* Says that it lives, and looks who else does. */
static void meet(struct registry *r)
{
    enrol(r);
    list(r);
}

/* ---- the number ---- */

static struct span number_key(char key[NUMBER_KEY_SIZE], unsigned number)
{
    int len = snprintf(key, NUMBER_KEY_SIZE, "rookery:number:%u", number);
    return span_of(key, (size_t)len);
}

static void set_number(struct registry *r, unsigned number)
{
    atomic_store_explicit(&r->number, number, memory_order_relaxed);
    r->self.record.number = number;
    show(r);
    r->on_number(r->arg, number);
}

/* With the next heartbeat another one is tried. */
static void give_up_number(struct registry *r)
{
    uint16_t random;

    executor_random(r->executor, &random, sizeof random);
    r->candidate = random % NODE_NUMBER_MAX + 1;
    set_number(r, 0);
}

static void on_number_claimed(struct keyspace_call *call)
{
    struct registry *r = end_call(call);

    if (r == NULL || call->error == KEYSPACE_EDOWN) {
        return;
    }
    if (call->error == 0 && call->found) {
        set_number(r, r->candidate);
    } else if (call->error == 0) {
        give_up_number(r);
    }
    meet(r);
}

static void claim_number(struct registry *r)
{
    char key[NUMBER_KEY_SIZE];

    start_call(&r->number_asked, on_number_claimed);
    r->keyspace->ops->put_new(r->keyspace, number_key(key, r->candidate), r->self.record.id,
                              ttl_ms(r), &r->number_asked.call);
}

/* An outage may have ended its time, and somebody else have claimed it since. */
static void on_number_got(struct keyspace_call *call)
{
    struct registry *r = end_call(call);
    char key[NUMBER_KEY_SIZE];

    if (r == NULL || call->error != 0) {
        return;
    }
    if (!call->found) {
        claim_number(r);
    } else if (!span_eq(call->value, r->self.record.id)) {
        give_up_number(r);
    } else {
        start_call(&r->number_asked, on_ended);
        r->keyspace->ops->put(r->keyspace, number_key(key, r->candidate), r->self.record.id,
                              ttl_ms(r), &r->number_asked.call);
    }
}

static void keep_number(struct registry *r)
{
    char key[NUMBER_KEY_SIZE];

    if (r->number_asked.busy) {
        return;
    }
    if (r->self.record.number == 0) {
        claim_number(r);
        return;
    }
    start_call(&r->number_asked, on_number_got);
    r->keyspace->ops->get(r->keyspace, number_key(key, r->candidate), &r->number_asked.call);
}

/* ---- heartbeats ---- */

/* Whoever claims a number meets the others when he knows it: those who saw him without it would not
 * ask again before their next heartbeat. */
static void beat(struct timer *timer)
{
    struct registry *r = container_of(timer, struct registry, beat);

    executor_timer_start(r->executor, &r->beat, r->heartbeat_ms);
    keep_number(r);
    if (r->self.record.number != 0) {
        meet(r);
    }
}

static void on_look(struct task *task)
{
    struct registry *r = container_of(task, struct registry, look);

    atomic_store_explicit(&r->look_wanted, false, memory_order_release);
    if (r->keyspace != NULL && !timer_running(&r->looking)) {
        executor_timer_start(r->executor, &r->looking, REGISTRY_LOOK_MS);
        list(r);
    }
}

/* Who asks meanwhile finds it running, and asks again when his own time has come. */
static void on_looked(struct timer *timer)
{
    (void)timer;
}

/* ---- making and ending ---- */

static void set_text(struct registry *r, unsigned which, struct span *place, struct span text)
{
    size_t len = text.len > NODE_TEXT_BYTES_MAX ? NODE_TEXT_BYTES_MAX : text.len;

    bytes_clear(&r->texts[which]);
    bytes_add(&r->texts[which], text.data, len);
    *place = len == 0 ? SPAN("") : bytes_span(&r->texts[which]);
}

static void init_askings(struct registry *r)
{
    struct asking *all[] = {&r->number_asked, &r->enrolled, &r->listed, &r->withdrawn, &r->freed};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        all[i]->registry = r;
    }
}

struct registry *registry_create(struct executor *executor, const struct registry_options *options)
{
    struct registry *r = xcalloc(1, sizeof *r);
    struct node_record *self = &r->self.record;
    uint64_t secret[2];

    assert(options->number >= 1 && options->number <= NODE_NUMBER_MAX);
    r->executor = executor;
    r->heartbeat_ms = options->heartbeat_ms;
    r->connections = options->connections;
    r->on_node = options->on_node;
    r->on_number = options->on_number;
    r->arg = options->arg;
    r->candidate = options->number;
    r->beat.fire = beat;
    r->looking.fire = on_looked;
    r->look.run = on_look;
    r->begun_ms = executor->now_ms;
    r->self.self = true;
    self->started_ms = options->started_ms;
    set_text(r, 0, &self->id, options->id);
    set_text(r, 1, &self->name, options->name);
    set_text(r, 2, &self->address, options->address);
    set_text(r, 3, &self->adapter, options->adapter);
    init_askings(r);
    executor_random(executor, secret, sizeof secret);
    map_init(&r->peers, peer_key, secret);
    node_shown_init(&r->shown);
    show(r);
    return r;
}

void registry_set_address(struct registry *r, struct span address)
{
    set_text(r, 2, &r->self.record.address, address);
    show(r);
}

void registry_set_name(struct registry *r, struct span name)
{
    set_text(r, 1, &r->self.record.name, name);
    show(r);
}

void registry_start(struct registry *r, struct keyspace *keyspace)
{
    r->keyspace = keyspace;
    executor_timer_start(r->executor, &r->beat, 0);
}

void registry_set_up(struct registry *r, bool up)
{
    if (r->keyspace == NULL) {
        return;
    }
    if (up) {
        postpone_judgement(r);
        executor_timer_start(r->executor, &r->beat, 0);
    }
    r->down = !up;
}

void registry_leave(struct registry *r)
{
    struct keyspace *k = r->keyspace;
    char key[NUMBER_KEY_SIZE];

    if (k == NULL) {
        return;
    }
    r->keyspace = NULL;
    executor_timer_stop(r->executor, &r->beat);
    executor_timer_stop(r->executor, &r->looking);
    start_call(&r->withdrawn, on_ended);
    k->ops->withdraw(k, NODES_GROUP, r->self.record.id, &r->withdrawn.call);
    if (r->self.record.number != 0) {
        start_call(&r->freed, on_ended);
        k->ops->remove(k, number_key(key, r->candidate), &r->freed.call);
    }
}

void registry_destroy(struct registry *r)
{
    struct peer *p;

    if (r == NULL) {
        return;
    }
    assert(r->keyspace == NULL && !r->number_asked.busy && !r->enrolled.busy && !r->listed.busy &&
           !r->withdrawn.busy && !r->freed.busy);
    for (uint32_t i = 0; (p = map_next(&r->peers, &i)) != NULL;) {
        free_peer(p);
    }
    map_finish(&r->peers);
    node_shown_finish(&r->shown);
    for (size_t i = 0; i < sizeof r->texts / sizeof *r->texts; i++) {
        bytes_finish(&r->texts[i]);
    }
    bytes_finish(&r->scratch);
    bytes_finish(&r->scratch_texts);
    free(r);
}

/* ---- from any thread ---- */

unsigned registry_number(const struct registry *r)
{
    return atomic_load_explicit(&r->number, memory_order_relaxed);
}

bool registry_address_of(const struct registry *r, unsigned number, char out[NODE_ADDRESS_SIZE])
{
    const struct node_view *view = node_view_take(&r->shown);
    bool found = false;

    for (size_t i = 0; i < view->count && !found; i++) {
        const struct node_record *record = &view->nodes[i].record;
        if (number != 0 && record->number == number && record->address.len > 0) {
            (void)snprintf(out, NODE_ADDRESS_SIZE, "%.*s", (int)record->address.len,
                           (const char *)record->address.data);
            found = true;
        }
    }
    node_view_give_back(view);
    return found;
}

void registry_look(struct registry *r)
{
    if (!atomic_exchange_explicit(&r->look_wanted, true, memory_order_acq_rel)) {
        executor_post(r->executor, &r->look);
    }
}

void registry_each(const struct registry *r, registry_node_fn fn, void *arg)
{
    const struct node_view *view = node_view_take(&r->shown);

    for (size_t i = 0; i < view->count; i++) {
        fn(&view->nodes[i], arg);
    }
    node_view_give_back(view);
}

size_t registry_count(const struct registry *r)
{
    const struct node_view *view = node_view_take(&r->shown);
    size_t count = view->count;

    node_view_give_back(view);
    return count;
}

uint64_t registry_ignored(const struct registry *r)
{
    return atomic_load_explicit(&r->ignored, memory_order_relaxed);
}
