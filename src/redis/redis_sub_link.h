/* Redis subscription link: one connection that subscribes: names go into commands, confirmations
 * and messages come back. What is wished, and where, redis_sub.c knows. Within src/redis only.
 *
 *   sub_link_change ──> the command being put together, one of each kind
 *   sub_link_flush  ──> sent; its names wait for their confirmations in the order of sending
 *
 * A name has at most one command under way. When the link goes down all are forgotten. */
// SPDX-License-Identifier: MIT
#ifndef REDIS_REDIS_SUB_LINK_H
#define REDIS_REDIS_SUB_LINK_H

#include "src/base/list.h"
#include "src/redis/redis_conn.h"
#include "src/redis/redis_sub.h"

enum sub_state {
    SUB_OFF,
    SUB_ADDING, /* a command is under way */
    SUB_ON,
    SUB_REMOVING, /* likewise */
    SUB_REFUSED,
};

struct sub_link;

/* A name that is wished, or is still subscribed to. */
struct sub_name {
    enum redis_sub_kind kind;
    enum sub_state state;
    bool wished;
    bool owed;  /* `up` waits for it */
    bool dirty; /* to be looked at in the turn's end */
    unsigned slot;
    struct sub_link *link; /* where it is, or shall be; NULL: nowhere yet */
    struct list_node in_command, in_dirty;
    struct redis_grant *grants;
    size_t len;
    uint8_t text[];
};

static inline struct span sub_name_span(const struct sub_name *name)
{
    return span_of(name->text, name->len);
}

struct sub_link_handlers {
    void (*on_up)(struct sub_link *l);
    void (*on_down)(struct sub_link *l, const char *why);
    void (*on_retry)(struct sub_link *l);
    /* Of the command under way; name->state is as it was when it was sent. */
    void (*on_confirmed)(struct sub_link *l, struct sub_name *name);
    void (*on_refused)(struct sub_link *l, struct sub_name *name, struct span error);
    /* The server has ended that subscription by itself. */
    void (*on_lost)(struct sub_link *l, enum redis_sub_kind kind, struct span name);
    void (*on_message)(struct sub_link *l, const struct redis_sub_message *message);
};

struct sub_command;

struct sub_link {
    struct list_node in_list; /* the owner's, as the next two */
    void *owner;
    size_t names; /* whose link it is */
    const struct sub_link_handlers *handlers;
    bool by_slot; /* shard channels of one command must be of one slot */
    struct redis_conn conn;
    struct sub_command *open[REDIS_SUB_KINDS][2]; /* being put together: [kind][adds] */
    struct sub_command *sent, **sent_end;         /* oldest first */
};

struct sub_link *sub_link_create(const struct redis_settings *settings,
                                 const struct sub_link_handlers *handlers, bool by_slot,
                                 void *owner);

void sub_link_destroy(struct sub_link *l);

/* While it is up: subscribes to the name, which is SUB_OFF, or ends that, when it is SUB_ON. */
void sub_link_change(struct sub_link *l, struct sub_name *name, bool add);

void sub_link_flush(struct sub_link *l);

#endif
