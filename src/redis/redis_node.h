/* Redis node: a connection for commands: what has been sent waits in a queue for its answer.
 *
 *   redis_node_send ──> sent ──> on_answer          while it is up
 *   redis_node_queue ──> waiting ──> sent           as soon as it is
 *
 * When it goes down on_answer comes for all of them: REDIS_ELOST for what has been sent,
 * REDIS_EDOWN for what has waited. Within src/redis only. */
// SPDX-License-Identifier: MIT
#ifndef REDIS_REDIS_NODE_H
#define REDIS_REDIS_NODE_H

#include "src/base/list.h"
#include "src/redis/redis_conn.h"

struct redis_command {
    struct redis_command *next;
    struct redis_call *call; /* NULL: nobody wants the reply */
    unsigned redirects;      /* that it has followed */
    size_t kept;             /* bytes of wire that are here; 0: none */
    uint8_t wire[];
};

/* keep: it may have to be sent again. */
struct redis_command *redis_command_create(struct redis_call *call, struct span wire, bool keep);

struct redis_command_queue {
    struct redis_command *first, **end;
};

struct redis_node;

struct redis_node_handlers {
    /* The command is the owner's again. reply: NULL unless error is 0 or REDIS_EREPLY. */
    void (*on_answer)(struct redis_node *n, struct redis_command *command, int error,
                      const struct redis_reply *reply);
    void (*on_state)(struct redis_node *n, bool up, const char *why);
    void (*on_retry)(struct redis_node *n);
};

struct redis_node {
    struct list_node in_list; /* the owner's, as the next three */
    void *owner;
    struct redis_address address;
    bool listed;
    const struct redis_node_handlers *handlers;
    struct redis_conn conn;
    struct redis_command_queue sent, waiting;
};

struct redis_node *redis_node_create(const struct redis_settings *settings,
                                     const struct redis_node_handlers *handlers,
                                     const struct redis_address *address, void *owner);

/* Closes it; on_answer comes for all commands, before it returns. */
void redis_node_destroy(struct redis_node *n);

/* Opens the connection to n->address. */
void redis_node_open(struct redis_node *n);

/* While it is up. wire: of the command, if it has not kept it. */
void redis_node_send(struct redis_node *n, struct redis_command *command, struct span wire);

/* Of a command that has kept its wire. asking: it is let in by an ASKING. */
void redis_node_queue(struct redis_node *n, struct redis_command *command, bool asking);

static inline bool redis_node_idle(const struct redis_node *n)
{
    return n->sent.first == NULL && n->waiting.first == NULL;
}

#endif
