// SPDX-License-Identifier: MIT
#include "src/redis/redis_sub.h"

#include <stdlib.h>

#include "src/base/log.h"
#include "src/base/map.h"
#include "src/base/memory.h"
#include "src/redis/redis_places.h"
#include "src/redis/redis_slots.h"
#include "src/redis/redis_sub_link.h"

/* After a slot has moved away; by then it is known where to: redis.c asks every 100 ms. */
enum { RETRY_MS = 200 };

struct redis_sub {
    struct redis *redis;
    struct redis_sub_handlers handlers;
    struct executor *executor;
    struct redis_watch watch;
    struct redis_settings settings;
    struct map names[REDIS_SUB_KINDS];
    size_t wishes;
    size_t owed; /* names that `up` waits for */
    bool up;
    struct list links;
    struct sub_link *main; /* for channels and patterns; outside a cluster for all */
    struct list_queue dirty;
    struct turn_hook hook;
    struct timer retry;
    struct redis_grant *later, **later_end; /* to be told outside the call */
    struct timer later_timer;
};

/* --- grants --- */

static void tell_later(struct redis_sub *s, struct redis_grant *grant, int error)
{
    grant->error = error;
    grant->next = NULL;
    *s->later_end = grant;
    s->later_end = &grant->next;
    executor_timer_start(s->executor, &s->later_timer, 0);
}

static void tell_all(struct redis_grant *grant)
{
    while (grant != NULL) {
        struct redis_grant *next = grant->next;
        grant->on_done(grant, grant->error);
        grant = next;
    }
}

static void tell_those_later(struct redis_sub *s)
{
    struct redis_grant *grants = s->later;

    s->later = NULL;
    s->later_end = &s->later;
    tell_all(grants);
}

static void on_later_timer(struct timer *timer)
{
    tell_those_later(container_of(timer, struct redis_sub, later_timer));
}

static void end_grants(struct redis_sub *s, struct sub_name *name, int error)
{
    struct redis_grant *grant = name->grants, *next;

    name->grants = NULL;
    for (; grant != NULL; grant = next) {
        next = grant->next;
        tell_later(s, grant, error);
    }
}

/* --- names --- */

static struct span key_of_name(const void *value)
{
    return sub_name_span(value);
}

static void set_owed(struct redis_sub *s, struct sub_name *name, bool owed)
{
    if (name->owed != owed) {
        name->owed = owed;
        s->owed += owed ? 1 : (size_t)-1;
    }
}

/* It is looked at in the end of this turn. */
static void mark(struct redis_sub *s, struct sub_name *name)
{
    if (!name->dirty) {
        name->dirty = true;
        list_queue_add(&s->dirty, &name->in_dirty);
    }
    executor_at_turn_end(s->executor, &s->hook, TURN_SEAL);
}

static void attach(struct sub_name *name, struct sub_link *link)
{
    if (name->link != NULL) {
        name->link->names--;
    }
    name->link = link;
    if (link != NULL) {
        link->names++;
    }
}

static void free_name(struct redis_sub *s, struct sub_name *name)
{
    set_owed(s, name, false);
    attach(name, NULL);
    (void)map_remove(&s->names[name->kind], sub_name_span(name));
    free(name);
}

static struct sub_name *new_name(struct redis_sub *s, enum redis_sub_kind kind, struct span text)
{
    struct sub_name *name = xcalloc(1, sizeof *name + text.len);

    name->kind = kind;
    name->len = text.len;
    if (text.len != 0) {
        memcpy(name->text, text.data, text.len);
    }
    name->slot = kind == REDIS_SUB_SHARD ? redis_slot(text) : 0;
    map_add(&s->names[kind], name);
    return name;
}

/* Calls visit for every name; it may not free any. */
static void each_name(struct redis_sub *s,
                      void (*visit)(struct redis_sub *s, struct sub_name *name,
                                    struct sub_link *link),
                      struct sub_link *link)
{
    struct sub_name *name;

    for (int kind = 0; kind < REDIS_SUB_KINDS; kind++) {
        for (uint32_t i = 0; (name = map_next(&s->names[kind], &i)) != NULL;) {
            visit(s, name, link);
        }
    }
}

/* --- state --- */

static void set_up(struct redis_sub *s, bool up, const char *why)
{
    if (s->up != up) {
        s->up = up;
        s->handlers.on_state(s->handlers.arg, up, why);
    }
}

static void settle(struct redis_sub *s)
{
    if (!redis_conn_up(&s->main->conn)) {
        return; /* told when it went down */
    }
    set_up(s, s->owed == 0, s->owed == 0 ? "" : "subscriptions are moving to another server");
}

/* --- where a name is subscribed to --- */

static const struct sub_link_handlers link_handlers;

static struct sub_link *link_in(struct list_node *node)
{
    return container_of(node, struct sub_link, in_list);
}

static struct sub_link *new_link(struct redis_sub *s)
{
    struct sub_link *l =
        sub_link_create(&s->settings, &link_handlers, redis_is_cluster(s->redis), s);

    list_add(&s->links, &l->in_list);
    return l;
}

static bool apart(const struct redis_sub *s, const struct sub_name *name)
{
    return name->kind == REDIS_SUB_SHARD && redis_is_cluster(s->redis);
}

static struct sub_link *link_to(struct redis_sub *s, const struct redis_address *a)
{
    for (struct list_node *i = s->links.first; i != NULL; i = i->next) {
        struct sub_link *l = link_in(i);
        if (l->conn.state != CONN_CLOSED && redis_address_eq(&l->conn.address, a)) {
            return l;
        }
    }
    struct sub_link *l = new_link(s);
    redis_conn_open(&l->conn, a);
    return l;
}

static struct sub_link *link_for(struct redis_sub *s, const struct sub_name *name)
{
    if (!apart(s, name)) {
        return s->main;
    }
    const struct redis_address *a = redis_place_of_slot(s->redis, name->slot);
    return a == NULL ? NULL : link_to(s, a);
}

/* Does its slot belong to another server than the one that it is subscribed at? */
static bool has_moved(const struct redis_sub *s, const struct sub_name *name)
{
    if (!apart(s, name) || name->link == NULL) {
        return false;
    }
    const struct redis_address *a = redis_place_of_slot(s->redis, name->slot);
    return a != NULL && !redis_address_eq(a, &name->link->conn.address);
}

static void begin(struct redis_sub *s, struct sub_name *name)
{
    attach(name, link_for(s, name));
    name->state = SUB_OFF;
    if (name->link == NULL) {
        end_grants(s, name, REDIS_EDOWN);
    } else if (redis_conn_up(&name->link->conn)) {
        sub_link_change(name->link, name, true);
    }
}

/* Brings the name one step nearer to what is wished. */
static void step(struct redis_sub *s, struct sub_name *name)
{
    bool moved = has_moved(s, name);

    if (name->state == SUB_ADDING || name->state == SUB_REMOVING) {
        return; /* again when that is confirmed */
    }
    if (name->state == SUB_ON) {
        if (!name->wished || moved) {
            set_owed(s, name, name->wished);
            sub_link_change(name->link, name, false);
        }
    } else if (!name->wished) {
        free_name(s, name);
    } else if (name->state == SUB_OFF || moved) {
        begin(s, name);
    }
}

static void drop_links(struct redis_sub *s)
{
    struct list_node *next;

    for (struct list_node *i = s->links.first; i != NULL; i = next) {
        struct sub_link *l = link_in(i);
        next = i->next;
        if (l != s->main && l->names == 0) {
            list_remove(&l->in_list);
            sub_link_destroy(l);
        }
    }
}

static void at_turn_end(struct turn_hook *hook)
{
    struct redis_sub *s = container_of(hook, struct redis_sub, hook);

    while (s->dirty.first != NULL) {
        struct sub_name *name = container_of(s->dirty.first, struct sub_name, in_dirty);
        list_queue_remove(&s->dirty, &name->in_dirty);
        name->dirty = false;
        step(s, name);
    }
    for (struct list_node *i = s->links.first; i != NULL; i = i->next) {
        sub_link_flush(link_in(i));
    }
    drop_links(s);
    settle(s);
}

/* --- what links tell --- */

static void mark_of_link(struct redis_sub *s, struct sub_name *name, struct sub_link *link)
{
    if (name->link == link || name->link == NULL) {
        mark(s, name);
    }
}

static void on_link_up(struct sub_link *l)
{
    struct redis_sub *s = l->owner;

    each_name(s, mark_of_link, l);
    executor_at_turn_end(s->executor, &s->hook, TURN_SEAL); /* there may be no names */
}

static void lose_link(struct redis_sub *s, struct sub_name *name, struct sub_link *link)
{
    if (name->link != link) {
        return;
    }
    name->state = SUB_OFF;
    attach(name, NULL);
    set_owed(s, name, name->wished);
    end_grants(s, name, REDIS_EDOWN);
    mark(s, name);
}

static void on_link_down(struct sub_link *l, const char *why)
{
    struct redis_sub *s = l->owner;

    each_name(s, lose_link, l);
    if (l == s->main || s->owed > 0) {
        set_up(s, false, why);
    }
    redis_places_refresh(s->redis);
}

static void open_main(struct redis_sub *s)
{
    const struct redis_address *a = redis_place_any(s->redis);

    if (a != NULL) {
        redis_conn_open(&s->main->conn, a);
    }
}

static void on_link_retry(struct sub_link *l)
{
    struct redis_sub *s = l->owner;

    if (l == s->main) {
        open_main(s);
    } else {
        redis_conn_open(&l->conn, &l->conn.address);
    }
}

static void on_confirmed(struct sub_link *l, struct sub_name *name)
{
    struct redis_sub *s = l->owner;
    struct redis_grant *grants = name->grants;

    if (name->state == SUB_REMOVING) {
        name->state = SUB_OFF;
        mark(s, name);
        return;
    }
    name->state = SUB_ON;
    name->grants = NULL;
    set_owed(s, name, false);
    mark(s, name); /* it may not be wished any more */
    for (struct redis_grant *i = grants; i != NULL; i = i->next) {
        i->error = 0;
    }
    tell_all(grants);
}

/* Not for good: it is elsewhere, or the server is not ready. */
static bool is_passing(struct span error)
{
    static const char *const words[] = {"MOVED ",      "ASK ",    "TRYAGAIN",
                                        "CLUSTERDOWN", "LOADING", "MASTERDOWN"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (span_starts(error, span_cstr(words[i]))) {
            return true;
        }
    }
    return false;
}

static void try_again(struct redis_sub *s, struct sub_name *name)
{
    name->state = SUB_OFF;
    set_owed(s, name, name->wished);
    redis_places_refresh(s->redis);
    if (!timer_running(&s->retry)) {
        executor_timer_start(s->executor, &s->retry, RETRY_MS);
    }
    executor_at_turn_end(s->executor, &s->hook, TURN_SEAL);
}

static void on_refused(struct sub_link *l, struct sub_name *name, struct span error)
{
    struct redis_sub *s = l->owner;

    if (name->state == SUB_ADDING && is_passing(error)) {
        try_again(s, name);
        return;
    }
    log_write(LOG_WARN, "Redis refuses a subscription",
              LOG_FIELDS(LOG_SPAN("name", sub_name_span(name)), LOG_SPAN("error", error)));
    name->state = SUB_REFUSED;
    set_owed(s, name, false);
    end_grants(s, name, REDIS_EREPLY);
    mark(s, name);
}

static void on_lost(struct sub_link *l, enum redis_sub_kind kind, struct span text)
{
    struct redis_sub *s = l->owner;
    struct sub_name *name = map_get(&s->names[kind], text);

    if (name != NULL && name->link == l && name->state == SUB_ON) {
        try_again(s, name);
    }
}

static void on_message(struct sub_link *l, const struct redis_sub_message *message)
{
    struct redis_sub *s = l->owner;
    bool pattern = message->kind == REDIS_SUB_PATTERN;
    const struct sub_name *name =
        map_get(&s->names[message->kind], pattern ? message->pattern : message->channel);

    if (name != NULL && name->wished && name->link == l) {
        s->handlers.on_message(s->handlers.arg, message);
    }
}

static const struct sub_link_handlers link_handlers = {
    on_link_up, on_link_down, on_link_retry, on_confirmed, on_refused, on_lost, on_message};

/* --- what the commands' client tells --- */

static void mark_unsettled(struct redis_sub *s, struct sub_name *name, struct sub_link *link)
{
    if (name->state == SUB_OFF || has_moved(s, name)) {
        mark(s, name);
    }
}

static void on_retry_timer(struct timer *timer)
{
    each_name(container_of(timer, struct redis_sub, retry), mark_unsettled, NULL);
}

static void on_places_change(struct redis_watch *w)
{
    struct redis_sub *s = container_of(w, struct redis_sub, watch);
    struct redis_conn *c = &s->main->conn;

    if (c->state == CONN_CLOSED) {
        open_main(s);
    } else if (c->state >= CONN_OPENING && !redis_place_known(s->redis, &c->address) &&
               (!redis_is_cluster(s->redis) || redis_up(s->redis))) {
        redis_conn_break(c, "the server is not in use any more");
    }
    each_name(s, mark_unsettled, NULL);
}

/* --- the interface --- */

struct redis_sub *redis_sub_create(struct redis *redis, const struct redis_sub_handlers *handlers)
{
    struct redis_sub *s = xcalloc(1, sizeof *s);
    uint64_t secret[2];

    s->redis = redis;
    s->handlers = *handlers;
    s->settings = *redis_settings_of(redis);
    s->settings.block_ms = 0;
    s->executor = s->settings.dialer->executor;
    executor_random(s->executor, secret, sizeof secret);
    for (int kind = 0; kind < REDIS_SUB_KINDS; kind++) {
        map_init(&s->names[kind], key_of_name, secret);
    }
    s->hook.run = at_turn_end;
    s->retry.fire = on_retry_timer;
    s->later_end = &s->later;
    s->later_timer.fire = on_later_timer;
    s->main = new_link(s);
    s->watch.on_change = on_places_change;
    redis_watch_add(redis, &s->watch);
    open_main(s);
    return s;
}

void redis_sub_destroy(struct redis_sub *s)
{
    struct sub_name *name;

    if (s == NULL) {
        return;
    }
    redis_watch_remove(&s->watch);
    executor_cancel_hook(s->executor, &s->hook);
    executor_timer_stop(s->executor, &s->retry);
    for (int kind = 0; kind < REDIS_SUB_KINDS; kind++) {
        for (uint32_t i = 0; (name = map_next(&s->names[kind], &i)) != NULL;) {
            end_grants(s, name, REDIS_EDOWN);
            free(name);
        }
        map_finish(&s->names[kind]);
    }
    while (s->links.first != NULL) {
        struct sub_link *l = link_in(s->links.first);
        list_remove(&l->in_list);
        sub_link_destroy(l);
    }
    tell_those_later(s);
    executor_timer_stop(s->executor, &s->later_timer);
    free(s);
}

void redis_sub_add(struct redis_sub *s, enum redis_sub_kind kind, struct span text,
                   struct redis_grant *grant)
{
    struct sub_name *name = map_get(&s->names[kind], text);

    if (name == NULL) {
        name = new_name(s, kind, text);
    }
    if (!name->wished || name->state == SUB_REFUSED) {
        s->wishes += name->wished ? 0 : 1;
        name->wished = true;
        name->state = name->state == SUB_REFUSED ? SUB_OFF : name->state;
        set_owed(s, name, name->state != SUB_ON && !s->up);
        mark(s, name);
    }
    if (grant == NULL) {
        return;
    }
    if (name->state == SUB_ON || !redis_conn_up(&s->main->conn)) {
        tell_later(s, grant, name->state == SUB_ON ? 0 : REDIS_EDOWN);
    } else {
        grant->next = name->grants;
        name->grants = grant;
    }
}

void redis_sub_remove(struct redis_sub *s, enum redis_sub_kind kind, struct span text)
{
    struct sub_name *name = map_get(&s->names[kind], text);

    if (name != NULL && name->wished) {
        s->wishes--;
        name->wished = false;
        set_owed(s, name, false);
        end_grants(s, name, REDIS_EDOWN);
        mark(s, name);
    }
}

bool redis_sub_up(const struct redis_sub *s)
{
    return s->up;
}

size_t redis_sub_count(const struct redis_sub *s)
{
    return s->wishes;
}
