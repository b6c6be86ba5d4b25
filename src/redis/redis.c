// SPDX-License-Identifier: MIT
#include "src/redis/redis.h"

#include <assert.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/redis/redis_node.h"
#include "src/redis/redis_places.h"
#include "src/redis/redis_sentinel.h"
#include "src/redis/redis_slots.h"

enum {
    OPEN_TIMEOUT_MS_DEFAULT = 5000,
    REDIRECTS_MAX = 5,
    REFRESH_MIN_MS = 100,    /* between two questions after the slots */
    REFRESH_RETRY_MS = 500,  /* after one without an answer */
    REFRESH_IDLE_MS = 30000, /* without a reason */
};

struct redis {
    struct redis_url url;
    struct redis_settings settings;
    struct bytes client_name, ca_file;
    void (*on_state)(void *arg, bool up, const char *why);
    void *arg;
    bool up;
    bool told; /* that it is not up: why */
    struct bytes why;
    struct bytes scratch;
    struct list nodes;        /* struct redis_node: of a cluster many, otherwise one */
    struct redis_node *first; /* the first of the masters; outside a cluster the only one */
    struct list watches;
    struct redis_call *refused, **refused_end; /* calls to be told that it is down */
    struct timer refused_timer;
    struct redis_sentinel sentinel;
    /* of a cluster */
    struct redis_slots slots;
    struct redis_call slots_call;
    bool refreshing; /* slots_call is under way */
    struct redis_address asked;
    struct timer refresh_timer;
    uint64_t refreshed_ms;
    struct turn_hook sweep;
};

static const struct redis_node_handlers node_handlers;

const char *redis_strerror(int error)
{
    switch (error) {
    case 0:
        return "no error";
    case REDIS_EDOWN:
        return "there is no connection to Redis";
    case REDIS_ELOST:
        return "the connection to Redis broke before the answer came";
    case REDIS_EREPLY:
        return "Redis has answered with an error";
    case REDIS_EURL:
        return "not the URL of a Redis";
    default:
        return "unknown error";
    }
}

static struct executor *executor_of(const struct redis *r)
{
    return r->settings.dialer->executor;
}

bool redis_is_cluster(const struct redis *r)
{
    return r->url.mode == REDIS_CLUSTER;
}

static struct redis_node *node_in(struct list_node *node)
{
    return container_of(node, struct redis_node, in_list);
}

static struct redis_node *find_node(const struct redis *r, const struct redis_address *a)
{
    for (struct list_node *i = r->nodes.first; i != NULL; i = i->next) {
        if (redis_address_eq(&node_in(i)->address, a)) {
            return node_in(i);
        }
    }
    return NULL;
}

static struct redis_node *need_node(struct redis *r, const struct redis_address *a)
{
    struct redis_node *n = find_node(r, a);

    if (n == NULL) {
        n = redis_node_create(&r->settings, &node_handlers, a, r);
        list_add(&r->nodes, &n->in_list);
    }
    return n;
}

/* --- state --- */

static void tell_watches(struct redis *r)
{
    struct list_node *next;

    for (struct list_node *i = r->watches.first; i != NULL; i = next) {
        struct redis_watch *w = container_of(i, struct redis_watch, node);
        next = i->next;
        w->on_change(w);
    }
}

static bool all_up(const struct redis *r)
{
    bool up = !redis_is_cluster(r) || r->slots.node_count > 0;

    for (struct list_node *i = r->nodes.first; up && i != NULL; i = i->next) {
        up = !node_in(i)->listed || redis_conn_up(&node_in(i)->conn);
    }
    return up;
}

/* Tells the owner what he does not know yet. */
static void settle(struct redis *r, const char *why)
{
    bool up = all_up(r);

    if (up ? r->up : why[0] == '\0') {
        return;
    }
    if (!up && r->told && span_eq(bytes_span(&r->why), span_cstr(why))) {
        return;
    }
    r->up = up;
    r->told = !up;
    bytes_clear(&r->why);
    bytes_add_cstr(&r->why, up ? "" : why);
    if (r->on_state != NULL) {
        r->on_state(r->arg, up, up ? "" : why);
    }
}

/* --- the slots of a cluster --- */

void redis_places_refresh(struct redis *r)
{
    struct executor *ex = executor_of(r);
    uint64_t since = ex->now_ms - r->refreshed_ms;

    if (redis_is_cluster(r) && !r->refreshing) {
        executor_timer_start(ex, &r->refresh_timer,
                             since >= REFRESH_MIN_MS ? 0 : REFRESH_MIN_MS - since);
    }
}

static struct redis_node *node_that_is_up(const struct redis *r)
{
    for (struct list_node *i = r->nodes.first; i != NULL; i = i->next) {
        if (redis_conn_up(&node_in(i)->conn)) {
            return node_in(i);
        }
    }
    return NULL;
}

static void open_seeds(struct redis *r)
{
    for (size_t i = 0; i < r->url.host_count; i++) {
        struct redis_node *n = need_node(r, &r->url.hosts[i]);
        if (n->conn.state == CONN_CLOSED) {
            redis_node_open(n);
        }
    }
}

static void ask_for_slots(struct redis *r)
{
    static const struct span args[] = {SPAN("CLUSTER"), SPAN("SLOTS")};
    struct redis_node *n = node_that_is_up(r);

    if (n == NULL) {
        open_seeds(r); /* each asks when it is up */
        return;
    }
    r->refreshing = true;
    r->refreshed_ms = executor_of(r)->now_ms;
    r->asked = n->address;
    bytes_clear(&r->scratch);
    redis_format(&r->scratch, args, 2);
    redis_node_send(n, redis_command_create(&r->slots_call, bytes_span(&r->scratch), false),
                    bytes_span(&r->scratch));
}

static void on_refresh_timer(struct timer *timer)
{
    ask_for_slots(container_of(timer, struct redis, refresh_timer));
}

/* Nodes that are no masters any more and have nothing under way. */
static void sweep(struct turn_hook *hook)
{
    struct redis *r = container_of(hook, struct redis, sweep);
    struct list_node *next;

    for (struct list_node *i = r->nodes.first; i != NULL; i = next) {
        struct redis_node *n = node_in(i);
        next = i->next;
        if (!n->listed && redis_node_idle(n)) {
            list_remove(&n->in_list);
            redis_node_destroy(n);
        }
    }
}

static void take_slots(struct redis *r)
{
    for (struct list_node *i = r->nodes.first; i != NULL; i = i->next) {
        node_in(i)->listed = redis_slots_has(&r->slots, &node_in(i)->address);
    }
    for (size_t i = 0; i < r->slots.node_count; i++) {
        struct redis_node *n = need_node(r, &r->slots.nodes[i]);
        n->listed = true;
        if (n->conn.state == CONN_CLOSED) {
            redis_node_open(n);
        }
    }
    r->first = find_node(r, &r->slots.nodes[0]);
    executor_at_turn_end(executor_of(r), &r->sweep, TURN_SEAL);
    settle(r, "not connected to all masters yet");
    tell_watches(r);
}

static void on_slots(struct redis_call *call, int error, const struct redis_reply *reply)
{
    struct redis *r = container_of(call, struct redis, slots_call);
    bool read = error == 0 && redis_slots_parse(&r->slots, reply, &r->asked) == 0;
    bool settled = read && r->slots.owned == REDIS_SLOTS; /* and not being put together yet */

    r->refreshing = false;
    executor_timer_start(executor_of(r), &r->refresh_timer,
                         settled ? REFRESH_IDLE_MS : REFRESH_RETRY_MS);
    if (read) {
        take_slots(r);
    } else if (error == REDIS_EREPLY) {
        settle(r, "CLUSTER SLOTS is answered with an error: no cluster, or no right to ask");
    }
}

/* --- what nodes tell --- */

static void finish(struct redis_command *command, int error, const struct redis_reply *reply)
{
    struct redis_call *call = command->call;

    free(command);
    if (call != NULL) {
        call->on_reply(call, error, reply);
    }
}

/* True if the command has gone elsewhere. */
static bool redirected(struct redis *r, const struct redis_node *n, struct redis_command *command,
                       const struct redis_reply *reply)
{
    struct redis_redirect redirect;

    if (command->kept == 0 || redis_redirect_parse(&redirect, reply->text, &n->address) != 0) {
        return false;
    }
    if (!redirect.ask) {
        redis_places_refresh(r);
    }
    if (command->redirects == REDIRECTS_MAX) {
        return false;
    }
    command->redirects++;
    redis_node_queue(need_node(r, &redirect.to), command, redirect.ask);
    return true;
}

static void on_answer(struct redis_node *n, struct redis_command *command, int error,
                      const struct redis_reply *reply)
{
    struct redis *r = n->owner;
    bool readonly = false;

    if (error == REDIS_EREPLY) {
        if (redirected(r, n, command, reply)) {
            return;
        }
        if (span_starts(reply->text, SPAN("CLUSTERDOWN"))) {
            redis_places_refresh(r);
        }
        readonly = span_starts(reply->text, SPAN("READONLY"));
    }
    finish(command, error, reply);
    if (readonly) {
        redis_conn_break(&n->conn, "the server has become a replica");
    }
}

static void on_node_state(struct redis_node *n, bool up, const char *why)
{
    struct redis *r = n->owner;

    if (up || n->listed) {
        redis_places_refresh(r);
    }
    settle(r, why);
    tell_watches(r);
}

static void on_node_retry(struct redis_node *n)
{
    struct redis *r = n->owner;

    if (r->url.mode == REDIS_SENTINEL) {
        redis_sentinel_ask(&r->sentinel);
    } else {
        redis_node_open(n);
    }
}

static const struct redis_node_handlers node_handlers = {on_answer, on_node_state, on_node_retry};

static void on_sentinel_answer(struct redis_sentinel *s, const struct redis_address *master,
                               const char *why)
{
    struct redis *r = container_of(s, struct redis, sentinel);

    if (master == NULL) {
        redis_conn_wait(&r->first->conn);
        settle(r, why);
        return;
    }
    r->first->address = *master;
    redis_node_open(r->first);
    tell_watches(r);
}

/* --- the client --- */

static void start(struct redis *r)
{
    if (redis_is_cluster(r)) {
        open_seeds(r);
        return;
    }
    r->first = need_node(r, &r->url.hosts[0]);
    r->first->listed = true;
    if (r->url.mode == REDIS_SINGLE) {
        redis_node_open(r->first);
        return;
    }
    r->first->address = (struct redis_address){.port = 0};
    redis_sentinel_init(&r->sentinel, &r->url, &r->settings);
    r->sentinel.on_answer = on_sentinel_answer;
    redis_sentinel_ask(&r->sentinel);
}

static void tell_refused(struct redis *r)
{
    struct redis_call *call = r->refused, *next;

    r->refused = NULL;
    r->refused_end = &r->refused;
    for (; call != NULL; call = next) {
        next = call->next;
        call->on_reply(call, REDIS_EDOWN, NULL);
    }
}

static void on_refused_timer(struct timer *timer)
{
    tell_refused(container_of(timer, struct redis, refused_timer));
}

static void copy_settings(struct redis *r, struct dialer *dialer,
                          const struct redis_options *options)
{
    if (options->client_name != NULL) {
        bytes_add_cstr(&r->client_name, options->client_name);
    }
    if (options->ca_file != NULL) {
        bytes_add(&r->ca_file, options->ca_file, strlen(options->ca_file) + 1);
    }
    r->settings = (struct redis_settings){
        .dialer = dialer,
        .user = bytes_span(&r->url.user),
        .password = bytes_span(&r->url.password),
        .client_name = bytes_span(&r->client_name),
        .database = r->url.database,
        .tls = r->url.tls,
        .verify = !options->insecure,
        .want_master = r->url.mode == REDIS_SENTINEL,
        .ca_file = (const char *)r->ca_file.data,
        .open_timeout_ms =
            options->open_timeout_ms != 0 ? options->open_timeout_ms : OPEN_TIMEOUT_MS_DEFAULT,
        .block_ms = options->block_ms,
    };
}

struct redis *redis_create(struct dialer *dialer, const struct redis_options *options,
                           struct bytes *why)
{
    struct redis *r = xcalloc(1, sizeof *r);

    if (redis_url_parse(&r->url, span_cstr(options->url), why) != 0) {
        free(r);
        return NULL;
    }
    copy_settings(r, dialer, options);
    r->on_state = options->on_state;
    r->arg = options->arg;
    r->refused_end = &r->refused;
    r->refused_timer.fire = on_refused_timer;
    r->refresh_timer.fire = on_refresh_timer;
    r->slots_call.on_reply = on_slots;
    r->sweep.run = sweep;
    start(r);
    return r;
}

void redis_destroy(struct redis *r)
{
    if (r == NULL) {
        return;
    }
    assert(r->watches.first == NULL);
    r->on_state = NULL;
    if (r->url.mode == REDIS_SENTINEL) {
        redis_sentinel_finish(&r->sentinel);
    }
    r->first = NULL;
    while (r->nodes.first != NULL) {
        struct redis_node *n = node_in(r->nodes.first);
        list_remove(&n->in_list);
        redis_node_destroy(n);
    }
    tell_refused(r);
    executor_timer_stop(executor_of(r), &r->refused_timer);
    executor_timer_stop(executor_of(r), &r->refresh_timer);
    executor_cancel_hook(executor_of(r), &r->sweep);
    redis_slots_finish(&r->slots);
    redis_url_finish(&r->url);
    bytes_finish(&r->client_name);
    bytes_finish(&r->ca_file);
    bytes_finish(&r->why);
    bytes_finish(&r->scratch);
    free(r);
}

bool redis_up(const struct redis *r)
{
    return r->up;
}

static struct redis_node *route(const struct redis *r, struct span key)
{
    if (redis_is_cluster(r) && key.len != 0) {
        const struct redis_address *a = redis_slots_node(&r->slots, redis_slot(key));
        return a == NULL ? NULL : find_node(r, a);
    }
    return r->first;
}

void redis_command(struct redis *r, struct span key, const struct span *args, size_t count,
                   struct redis_call *call)
{
    struct redis_node *n = route(r, key);

    if (n != NULL && redis_is_cluster(r) && key.len == 0 && !redis_conn_up(&n->conn)) {
        n = node_that_is_up(r);
    }
    if (n != NULL && redis_conn_up(&n->conn)) {
        bytes_clear(&r->scratch);
        redis_format(&r->scratch, args, count);
        struct span wire = bytes_span(&r->scratch);
        redis_node_send(n, redis_command_create(call, wire, redis_is_cluster(r)), wire);
    } else if (call != NULL) {
        call->next = NULL;
        *r->refused_end = call;
        r->refused_end = &call->next;
        executor_timer_start(executor_of(r), &r->refused_timer, 0);
    }
}

/* --- where the servers are (redis_places.h) --- */

void redis_watch_add(struct redis *r, struct redis_watch *w)
{
    list_add(&r->watches, &w->node);
}

const struct redis_settings *redis_settings_of(const struct redis *r)
{
    return &r->settings;
}

const struct redis_address *redis_place_any(const struct redis *r)
{
    const struct redis_node *n = r->first;

    if (redis_is_cluster(r) && (n == NULL || !redis_conn_up(&n->conn))) {
        n = node_that_is_up(r);
    }
    return n == NULL || n->address.port == 0 ? NULL : &n->address;
}

const struct redis_address *redis_place_of_slot(const struct redis *r, unsigned slot)
{
    return redis_is_cluster(r) ? redis_slots_node(&r->slots, slot) : redis_place_any(r);
}

bool redis_place_known(const struct redis *r, const struct redis_address *a)
{
    return redis_is_cluster(r) ? redis_slots_has(&r->slots, a)
                               : redis_address_eq(&r->first->address, a);
}
