// SPDX-License-Identifier: MIT
#include "src/redis/redis_sub_link.h"

#include <assert.h>
#include <stdlib.h>

#include "src/base/memory.h"

struct sub_command {
    struct sub_command *next;
    enum redis_sub_kind kind;
    bool add;
    unsigned slot; /* of its first name */
    size_t count;
    struct list_queue names; /* that have not been confirmed, in their order */
};

static const char *const verbs[REDIS_SUB_KINDS][2] = {
    {"UNSUBSCRIBE", "SUBSCRIBE"},
    {"PUNSUBSCRIBE", "PSUBSCRIBE"},
    {"SUNSUBSCRIBE", "SSUBSCRIBE"},
};

static struct sub_link *link_of(struct redis_conn *c)
{
    return container_of(c, struct sub_link, conn);
}

static struct sub_name *name_in(struct list_node *node)
{
    return container_of(node, struct sub_name, in_command);
}

static void send_command(struct sub_link *l, struct sub_command *command)
{
    struct span *args = xreallocarray(NULL, command->count + 1, sizeof *args);
    struct bytes wire = {0};
    size_t count = 0;

    args[count++] = span_cstr(verbs[command->kind][command->add]);
    for (struct list_node *i = command->names.first; i != NULL; i = i->next) {
        args[count++] = sub_name_span(name_in(i));
    }
    redis_format(&wire, args, count);
    redis_conn_send(&l->conn, bytes_span(&wire));
    bytes_finish(&wire);
    free(args);
    command->next = NULL;
    *l->sent_end = command;
    l->sent_end = &command->next;
}

void sub_link_change(struct sub_link *l, struct sub_name *name, bool add)
{
    struct sub_command **open = &l->open[name->kind][add];

    assert(name->state == (add ? SUB_OFF : SUB_ON));
    if (*open != NULL &&
        ((*open)->count == SUB_NAMES_MAX ||
         (l->by_slot && name->kind == REDIS_SUB_SHARD && (*open)->slot != name->slot))) {
        send_command(l, *open);
        *open = NULL;
    }
    if (*open == NULL) {
        *open = xcalloc(1, sizeof **open);
        **open = (struct sub_command){.kind = name->kind, .add = add, .slot = name->slot};
    }
    (*open)->count++;
    list_queue_add(&(*open)->names, &name->in_command);
    name->state = add ? SUB_ADDING : SUB_REMOVING;
}

void sub_link_flush(struct sub_link *l)
{
    for (int kind = 0; kind < REDIS_SUB_KINDS; kind++) {
        for (int add = 0; add < 2; add++) {
            if (l->open[kind][add] != NULL) {
                send_command(l, l->open[kind][add]);
                l->open[kind][add] = NULL;
            }
        }
    }
}

static void forget_commands(struct sub_link *l)
{
    struct sub_command *next;

    for (struct sub_command *i = l->sent; i != NULL; i = next) {
        next = i->next;
        free(i);
    }
    l->sent = NULL;
    l->sent_end = &l->sent;
    for (int kind = 0; kind < REDIS_SUB_KINDS; kind++) {
        for (int add = 0; add < 2; add++) {
            free(l->open[kind][add]);
            l->open[kind][add] = NULL;
        }
    }
}

/* Takes the first name that waits for its confirmation out of its command. */
static struct sub_name *next_name(struct sub_link *l)
{
    struct sub_command *command = l->sent;
    struct sub_name *name = name_in(command->names.first);

    list_queue_remove(&command->names, &name->in_command);
    if (command->names.first == NULL) {
        l->sent = command->next;
        l->sent_end = l->sent == NULL ? &l->sent : l->sent_end;
        free(command);
    }
    return name;
}

static void take_refusal(struct sub_link *l, struct span error)
{
    struct sub_command *command = l->sent;

    if (command == NULL) {
        redis_conn_break(&l->conn, "an error that answers nothing");
        return;
    }
    for (bool last = false; !last;) {
        last = command->names.first->next == NULL; /* and then the command is gone */
        l->handlers->on_refused(l, next_name(l), error);
    }
}

/* The answer to the oldest command, or something that the server has done by itself. */
static void take_change(struct sub_link *l, enum redis_sub_kind kind, bool add, struct span text)
{
    const struct sub_command *command = l->sent;

    if (command != NULL && command->kind == kind && command->add == add &&
        span_eq(sub_name_span(name_in(command->names.first)), text)) {
        l->handlers->on_confirmed(l, next_name(l));
    } else if (!add) {
        l->handlers->on_lost(l, kind, text);
    } else {
        redis_conn_break(&l->conn, "a confirmation of something else");
    }
}

/* True if it is a change of a subscription. */
static bool is_change(struct span what, enum redis_sub_kind *kind, bool *add)
{
    for (int i = 0; i < 2 * REDIS_SUB_KINDS; i++) {
        if (span_eq_nocase(what, span_cstr(verbs[i / 2][i % 2]))) {
            *kind = (enum redis_sub_kind)(i / 2);
            *add = i % 2 != 0;
            return true;
        }
    }
    return false;
}

/* True if it is a message. */
static bool read_message(const struct redis_reply *reply, struct redis_sub_message *m)
{
    struct span what = reply->items[0].text;
    size_t pattern = 0;

    *m = (struct redis_sub_message){.kind = REDIS_SUB_CHANNEL};
    if (span_eq(what, SPAN("pmessage"))) {
        m->kind = REDIS_SUB_PATTERN;
        m->pattern = reply->items[1].text;
        pattern = 1;
    } else if (span_eq(what, SPAN("smessage"))) {
        m->kind = REDIS_SUB_SHARD;
    } else if (!span_eq(what, SPAN("message"))) {
        return false;
    }
    if (reply->count != 3 + pattern) {
        return false;
    }
    m->channel = reply->items[1 + pattern].text;
    m->payload = reply->items[2 + pattern].text;
    return true;
}

static void on_reply(struct redis_conn *c, const struct redis_reply *reply)
{
    struct sub_link *l = link_of(c);
    struct redis_sub_message message;
    enum redis_sub_kind kind;
    bool add;

    if (reply->type == REDIS_FAILURE) {
        take_refusal(l, reply->text);
    } else if (redis_reply_is(reply, "PONG")) {
        return;
    } else if (reply->type != REDIS_ARRAY || reply->count < 2) {
        redis_conn_break(c, "not understood: no answer to a subscription");
    } else if (read_message(reply, &message)) {
        l->handlers->on_message(l, &message);
    } else if (is_change(reply->items[0].text, &kind, &add)) {
        take_change(l, kind, add, reply->items[1].text);
    } else if (!redis_reply_is(&reply->items[0], "pong")) {
        redis_conn_break(c, "not understood: neither a message nor a confirmation");
    }
}

static void on_up(struct redis_conn *c)
{
    link_of(c)->handlers->on_up(link_of(c));
}

static void on_down(struct redis_conn *c, const char *why)
{
    forget_commands(link_of(c));
    link_of(c)->handlers->on_down(link_of(c), why);
}

static void on_retry(struct redis_conn *c)
{
    link_of(c)->handlers->on_retry(link_of(c));
}

static void on_silence(struct redis_conn *c)
{
    redis_conn_send(c, SPAN("*1\r\n$4\r\nPING\r\n"));
}

static const struct redis_conn_handlers conn_handlers = {on_up, on_reply, on_down, on_retry,
                                                         on_silence};

struct sub_link *sub_link_create(const struct redis_settings *settings,
                                 const struct sub_link_handlers *handlers, bool by_slot,
                                 void *owner)
{
    struct sub_link *l = xcalloc(1, sizeof *l);

    redis_conn_init(&l->conn, settings, &conn_handlers);
    l->handlers = handlers;
    l->by_slot = by_slot;
    l->owner = owner;
    l->sent_end = &l->sent;
    return l;
}

void sub_link_destroy(struct sub_link *l)
{
    redis_conn_close(&l->conn);
    forget_commands(l);
    free(l);
}
