// SPDX-License-Identifier: MIT
#include "src/redis/redis_node.h"

#include <stdlib.h>

#include "src/base/memory.h"

static const struct span ping = SPAN("*1\r\n$4\r\nPING\r\n");
static const struct span asking_word = SPAN("*1\r\n$6\r\nASKING\r\n");

static struct redis_node *node_of(struct redis_conn *c)
{
    return container_of(c, struct redis_node, conn);
}

static void push(struct redis_command_queue *q, struct redis_command *command)
{
    command->next = NULL;
    *q->end = command;
    q->end = &command->next;
}

static struct redis_command *pop(struct redis_command_queue *q)
{
    struct redis_command *command = q->first;

    if (command != NULL) {
        q->first = command->next;
        q->end = q->first == NULL ? &q->first : q->end;
    }
    return command;
}

struct redis_command *redis_command_create(struct redis_call *call, struct span wire, bool keep)
{
    struct redis_command *command = xmalloc(sizeof *command + (keep ? wire.len : 0));

    *command = (struct redis_command){.call = call, .kept = keep ? wire.len : 0};
    if (keep) {
        memcpy(command->wire, wire.data, wire.len);
    }
    return command;
}

void redis_node_send(struct redis_node *n, struct redis_command *command, struct span wire)
{
    push(&n->sent, command);
    redis_conn_send(&n->conn, wire);
}

static void send_own(struct redis_node *n, struct span wire)
{
    redis_node_send(n, redis_command_create(NULL, wire, false), wire);
}

static void send_kept(struct redis_node *n, struct redis_command *command, bool asking)
{
    if (asking) {
        send_own(n, asking_word);
    }
    redis_node_send(n, command, span_of(command->wire, command->kept));
}

/* One that has to wait for a connection is sent without ASKING: it is redirected once more. */
void redis_node_queue(struct redis_node *n, struct redis_command *command, bool asking)
{
    if (redis_conn_up(&n->conn)) {
        send_kept(n, command, asking);
    } else {
        push(&n->waiting, command);
        redis_node_open(n);
    }
}

void redis_node_open(struct redis_node *n)
{
    redis_conn_open(&n->conn, &n->address);
}

static void on_up(struct redis_conn *c)
{
    struct redis_node *n = node_of(c);
    struct redis_command *command;

    while ((command = pop(&n->waiting)) != NULL) {
        send_kept(n, command, false);
    }
    n->handlers->on_state(n, true, "");
}

static void on_reply(struct redis_conn *c, const struct redis_reply *reply)
{
    struct redis_node *n = node_of(c);
    struct redis_command *command = pop(&n->sent);

    if (command == NULL) {
        redis_conn_break(c, "a reply that nobody has asked for");
        return;
    }
    n->handlers->on_answer(n, command, reply->type == REDIS_FAILURE ? REDIS_EREPLY : 0, reply);
}

/* Those that are there now: who is told may add others. */
static void fail_all(struct redis_node *n)
{
    struct redis_command_queue sent = n->sent, waiting = n->waiting;
    struct redis_command *command;

    n->sent = (struct redis_command_queue){NULL, &n->sent.first};
    n->waiting = (struct redis_command_queue){NULL, &n->waiting.first};
    while ((command = sent.first) != NULL) {
        sent.first = command->next;
        n->handlers->on_answer(n, command, REDIS_ELOST, NULL);
    }
    while ((command = waiting.first) != NULL) {
        waiting.first = command->next;
        n->handlers->on_answer(n, command, REDIS_EDOWN, NULL);
    }
}

static void on_down(struct redis_conn *c, const char *why)
{
    struct redis_node *n = node_of(c);

    fail_all(n);
    n->handlers->on_state(n, false, why);
}

static void on_retry(struct redis_conn *c)
{
    struct redis_node *n = node_of(c);
    n->handlers->on_retry(n);
}

static void on_silence(struct redis_conn *c)
{
    send_own(node_of(c), ping);
}

static const struct redis_conn_handlers conn_handlers = {on_up, on_reply, on_down, on_retry,
                                                         on_silence};

struct redis_node *redis_node_create(const struct redis_settings *settings,
                                     const struct redis_node_handlers *handlers,
                                     const struct redis_address *address, void *owner)
{
    struct redis_node *n = xcalloc(1, sizeof *n);

    redis_conn_init(&n->conn, settings, &conn_handlers);
    n->handlers = handlers;
    n->address = *address;
    n->owner = owner;
    n->sent.end = &n->sent.first;
    n->waiting.end = &n->waiting.first;
    return n;
}

void redis_node_destroy(struct redis_node *n)
{
    redis_conn_close(&n->conn);
    fail_all(n);
    free(n);
}
