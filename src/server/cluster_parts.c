// SPDX-License-Identifier: MIT
#include "src/server/cluster_parts.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "protocol/base64.h"
#include "src/base/ids.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/cluster/cluster.h"
#include "src/net/dialer.h"
#include "src/redis/redis.h"
#include "src/redis/redis_url.h"
#include "src/server/own_address.h"

enum {
    PATIENCE_MS = 3000, /* for the first connection, before the log says that there is none */
    WHY_BYTES = 256,
};

/* Who wants to be told, in a list. */
struct listener {
    struct listener *next;
    rookery_node_change_fn on_node; /* or the other */
    rookery_cluster_fn on_state;
    void *arg;
};

struct cluster_parts {
    struct cluster_parts_options options;
    struct executor *executor; /* that of loop 0 */
    char id[ID_TEXT_LEN + 1];
    char id_prefix[NODE_PREFIX_LEN + 1];
    struct dialer *dialer;
    struct redis *redis; /* the keyspace's */
    struct keyspace *keyspace;
    struct keyspace *sessions; /* the same without our prefix: Node.js has such keys, too */
    struct registry *registry;
    struct cluster *cluster;
    struct bus *bus;
    struct bus_handlers inner; /* the cluster's */
    struct bus_counts bus_counts;
    struct listener *listeners;
    struct timer patience;
    char why[WHY_BYTES]; /* Redis is away, as far as is known */
    atomic_bool up;
};

/* ---- who this is ---- */

static void choose_id(struct cluster_parts *p)
{
    struct id_source source = {0};
    uint8_t random[ID_RANDOM_BYTES], id[ID_BYTES];

    executor_random(p->executor, random, sizeof random);
    id_source_next(&source, executor_wall_ms(p->executor), random, id);
    id_format(id, p->id);
}

/* The ids of all sockets begin with the number that is claimed first and 8 random bits: if that is
 * somebody else's, nodes with one prefix hear of each other's sockets, and no more. */
static unsigned choose_number(struct cluster_parts *p)
{
    uint8_t random[3];

    executor_random(p->executor, random, sizeof random);
    unsigned number = load_be16(random) % NODE_NUMBER_MAX + 1;
    store_be16(random, (uint16_t)number);
    base64url_encode(span_of(random, sizeof random), (uint8_t *)p->id_prefix);
    return number;
}

/* ---- what is heard ---- */

static void on_message(void *arg, enum bus_kind kind, struct span channel, struct span payload)
{
    struct cluster_parts *p = arg;

    p->inner.on_message(p->inner.arg, kind, channel, payload);
}

static void on_entry(void *arg, struct span stream, const struct bus_entry *entry)
{
    struct cluster_parts *p = arg;

    p->inner.on_entry(p->inner.arg, stream, entry);
}

static void log_state(bool up, const char *why)
{
    if (up) {
        log_write(LOG_INFO, "Redis is there, this server is one of the cluster", NULL);
    } else {
        log_write(LOG_WARN, "Redis is away, other servers are out of reach",
                  LOG_FIELDS(LOG_TEXT("why", why)));
    }
}

static void on_bus_state(void *arg, bool up, const char *why)
{
    struct cluster_parts *p = arg;
    bool was_up = atomic_exchange_explicit(&p->up, up, memory_order_relaxed);

    p->inner.on_state(p->inner.arg, up, why);
    if (was_up == up) {
        return;
    }
    log_state(up, why);
    for (struct listener *l = p->listeners; l != NULL; l = l->next) {
        if (l->on_state != NULL) {
            l->on_state(up, l->arg);
        }
    }
}

static void on_redis_state(void *arg, bool up, const char *why)
{
    struct cluster_parts *p = arg;

    (void)snprintf(p->why, sizeof p->why, "%s", why);
    registry_set_up(p->registry, up);
}

static void lose_patience(struct timer *timer)
{
    struct cluster_parts *p = container_of(timer, struct cluster_parts, patience);

    if (!atomic_load_explicit(&p->up, memory_order_relaxed)) {
        log_state(false, p->why[0] == '\0' ? "it has not answered yet" : p->why);
    }
}

struct rookery_node cluster_parts_node(const struct registry_node *node)
{
    const struct node_record *r = &node->record;

    return (struct rookery_node){
        .id = {(const char *)r->id.data, r->id.len},
        .name = {(const char *)r->name.data, r->name.len},
        .address = {(const char *)r->address.data, r->address.len},
        .started_ms = r->started_ms,
        .connections = r->connections,
        .self = node->self,
    };
}

static void on_node(void *arg, const struct registry_node *node, bool alive)
{
    struct cluster_parts *p = arg;
    const struct rookery_node told = cluster_parts_node(node);

    log_write(LOG_INFO, alive ? "another server has come" : "another server is gone",
              LOG_FIELDS(LOG_SPAN("id", node->record.id), LOG_SPAN("name", node->record.name),
                         LOG_SPAN("address", node->record.address)));
    for (struct listener *l = p->listeners; l != NULL; l = l->next) {
        if (l->on_node != NULL) {
            l->on_node(&told, alive, l->arg);
        }
    }
}

static uint64_t count_connections(void *arg)
{
    struct cluster_parts *p = arg;

    return p->options.connections(p->options.arg);
}

static void on_number(void *arg, unsigned number)
{
    struct cluster_parts *p = arg;

    p->options.on_number(p->options.arg, number);
}

static void add_listener(struct cluster_parts *p, const struct listener *listener)
{
    struct listener **end = &p->listeners;

    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = xmalloc(sizeof **end);
    **end = *listener;
}

void cluster_parts_on_node(struct cluster_parts *p, rookery_node_change_fn fn, void *arg)
{
    add_listener(p, &(struct listener){.on_node = fn, .arg = arg});
}

void cluster_parts_on_state(struct cluster_parts *p, rookery_cluster_fn fn, void *arg)
{
    add_listener(p, &(struct listener){.on_state = fn, .arg = arg});
}

/* ---- options ---- */

static const char *or_else(const char *text, const char *otherwise)
{
    return text == NULL ? otherwise : text;
}

/* The place in the list, or -1. */
static int find_word(const char *word, const char *const words[], int count)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(word, words[i]) == 0) {
            return i;
        }
    }
    return -1;
}

static int wire_of(const struct rookery_cluster *o)
{
    static const char *const names[] = {
        [WIRE_CLASSIC] = "classic", [WIRE_SHARDED] = "sharded", [WIRE_STREAMS] = "streams"};
    return find_word(or_else(o->adapter, "classic"), names, 3);
}

static int mode_of(const struct rookery_cluster *o)
{
    static const char *const names[] = {[CLUSTER_DYNAMIC] = "dynamic",
                                        [CLUSTER_STATIC] = "static",
                                        [CLUSTER_DYNAMIC_PRIVATE] = "dynamic-private"};
    return find_word(or_else(o->mode, "dynamic"), names, 3);
}

bool cluster_parts_usable(const struct rookery_cluster *o)
{
    return o->redis_url == NULL ||
           (wire_of(o) >= 0 && mode_of(o) >= 0 && o->prefix != NULL && o->prefix[0] != '\0' &&
            o->request_timeout_ms > 0 && o->heartbeat_ms > 0 && o->stream_entries_max > 0);
}

/* ---- making ---- */

static void create_registry(struct cluster_parts *p)
{
    const struct rookery_cluster *o = p->options.cluster;
    const struct registry_options options = {
        .id = span_cstr(p->id),
        .name = span_cstr(or_else(o->name, "")),
        .address = span_cstr(or_else(o->address, "")),
        .adapter = span_cstr(or_else(o->adapter, "classic")),
        .number = choose_number(p),
        .started_ms = executor_wall_ms(p->executor),
        .heartbeat_ms = o->heartbeat_ms,
        .connections = count_connections,
        .on_node = on_node,
        .on_number = on_number,
        .arg = p,
    };

    p->registry = registry_create(p->executor, &options);
    on_number(p, options.number); /* nearly always it will be ours, and sessions begin before */
}

static void create_cluster(struct cluster_parts *p)
{
    const struct rookery_cluster *o = p->options.cluster;
    const struct cluster_options options = {
        .prefix = o->prefix,
        .wire = (enum cluster_wire)wire_of(o),
        .mode = (enum cluster_mode)mode_of(o),
        .common_responses = o->common_responses,
        .request_timeout_ms = o->request_timeout_ms,
        .stream_entries_max = o->stream_entries_max,
        .recovery_ms = p->options.recovery_ms,
        .catch_up_bytes_max = o->keep_bytes_max, /* others may miss what is published on return */
        .id_prefix = span_cstr(p->id_prefix),
    };

    p->cluster = cluster_create(p->options.executors, p->options.loop_count, &options);
    p->inner = cluster_bus_handlers(p->cluster);
}

/* 0, or -1 and *why says what is wrong with the URL. */
static int connect_redis(struct cluster_parts *p, struct bytes *why)
{
    const struct rookery_cluster *o = p->options.cluster;
    struct redis_options redis = {
        .url = o->redis_url, .ca_file = o->ca_file, .client_name = "rookery"};
    const struct bus_limits limits = {.keep_bytes_max = o->keep_bytes_max, .keep_ms = o->keep_ms};
    const struct bus_handlers handlers = {
        .on_message = on_message, .on_entry = on_entry, .on_state = on_bus_state, .arg = p};
    struct bytes prefix = {0};

    p->bus = bus_redis_open(p->dialer, &redis, &limits, &handlers, &p->bus_counts, why);
    if (p->bus == NULL) {
        return -1;
    }
    cluster_attach(p->cluster, p->bus);
    redis.on_state = on_redis_state;
    redis.arg = p;
    p->redis = redis_create(p->dialer, &redis, why);
    if (p->redis == NULL) {
        return -1;
    }
    bytes_add_cstr(&prefix, o->prefix);
    bytes_add_byte(&prefix, ':');
    p->keyspace = keyspace_redis_open(p->redis, p->executor, bytes_span(&prefix));
    bytes_finish(&prefix);
    p->sessions = keyspace_redis_open(p->redis, p->executor, span_of(NULL, 0));
    cluster_keep_sessions(p->cluster, p->sessions);
    return 0;
}

struct cluster_parts *cluster_parts_create(const struct cluster_parts_options *options,
                                           struct bytes *why)
{
    struct cluster_parts *p = xcalloc(1, sizeof *p);
    struct bytes cause = {0};

    p->options = *options;
    p->executor = options->executors[0];
    p->patience.fire = lose_patience;
    choose_id(p);
    create_registry(p);
    create_cluster(p);
    p->dialer = net_dialer_create(options->loop);
    if (connect_redis(p, &cause) < 0) {
        bytes_add_cstr(why, "redis-url: ");
        bytes_add_span(why, bytes_span(&cause));
        cluster_parts_stop(p);
        cluster_parts_destroy(p);
        p = NULL;
    }
    bytes_finish(&cause);
    return p;
}

struct adapter *cluster_parts_adapter(struct cluster_parts *p)
{
    return cluster_adapter(p->cluster);
}

const char *cluster_parts_id_prefix(const struct cluster_parts *p)
{
    return p->id_prefix;
}

void cluster_parts_set_port(struct cluster_parts *p, const char *host, unsigned port)
{
    const struct rookery_cluster *o = p->options.cluster;
    struct redis_url url;
    struct bytes address = {0}, why = {0};

    if (o->address == NULL && redis_url_parse(&url, span_cstr(o->redis_url), &why) == 0) {
        own_address_find(&address, host, port, url.hosts[0].host);
        registry_set_address(p->registry, bytes_span(&address));
        redis_url_finish(&url);
    }
    bytes_finish(&address);
    bytes_finish(&why);
}

void cluster_parts_set_name(struct cluster_parts *p, const char *name)
{
    registry_set_name(p->registry, span_cstr(name));
}

/* ---- running and ending ---- */

void cluster_parts_open(struct cluster_parts *p)
{
    executor_timer_start(p->executor, &p->patience, PATIENCE_MS);
    registry_start(p->registry, p->keyspace);
}

void cluster_parts_leave(struct cluster_parts *p)
{
    executor_timer_stop(p->executor, &p->patience);
    registry_leave(p->registry);
}

void cluster_parts_stop(struct cluster_parts *p)
{
    if (p == NULL || p->dialer == NULL) {
        return;
    }
    cluster_parts_leave(p);
    cluster_stop(p->cluster);
    bus_close(p->bus);
    keyspace_close(p->keyspace);
    keyspace_close(p->sessions);
    redis_destroy(p->redis);
    net_dialer_destroy(p->dialer);
    p->bus = NULL;
    p->keyspace = NULL;
    p->sessions = NULL;
    p->redis = NULL;
    p->dialer = NULL;
}

void cluster_parts_destroy(struct cluster_parts *p)
{
    struct listener *next;

    if (p == NULL) {
        return;
    }
    cluster_destroy(p->cluster);
    registry_destroy(p->registry);
    for (struct listener *l = p->listeners; l != NULL; l = next) {
        next = l->next;
        free(l);
    }
    free(p);
}

/* ---- questions ---- */

const char *cluster_parts_node_id(const struct cluster_parts *p)
{
    return p->id;
}

struct registry *cluster_parts_registry(const struct cluster_parts *p)
{
    return p->registry;
}

void cluster_parts_look(const struct cluster_parts *p, struct server_cluster *out)
{
    *out = (struct server_cluster){
        .up = atomic_load_explicit(&p->up, memory_order_relaxed),
        .bus = &p->bus_counts,
        .counts = cluster_counts(p->cluster),
        .nodes = registry_count(p->registry),
        .ignored = registry_ignored(p->registry),
    };
}

struct keyspace *cluster_parts_keyspace(const struct cluster_parts *p)
{
    return p->keyspace;
}
