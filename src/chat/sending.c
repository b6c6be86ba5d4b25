// SPDX-License-Identifier: MIT
#include "src/chat/sending.h"

#include <assert.h>

#include "src/base/memory.h"
#include "src/base/stats.h"
#include "src/chat/announce.h"
#include "src/chat/direct.h"
#include "src/chat/doubts.h"
#include "src/chat/membership.h"
#include "src/chat/message.h"

/* Owned by the loop that it is on. */
struct sending {
    struct journal_append op;
    struct list_node node; /* in room->sends */
    struct task task;
    struct chat_loop *own; /* the sender's */
    struct chat_loop *home;
    struct chat_room *room; /* while it is at the home */
    struct chat_reply reply;
    const struct refusal *refusal; /* NULL: all went well */
    int64_t now_ms;
    struct record *record;
};

const struct message *sending_message(const struct list_node *node)
{
    return &container_of(node, struct sending, node)->record->message;
}

/* ---- back at the sender ---- */

static void finish(struct task *task)
{
    struct sending *sending = container_of(task, struct sending, task);
    struct chat_loop *cl = sending->own;

    if (sending->refusal != NULL) {
        chat_reply_refuse(cl, &sending->reply, sending->refusal);
    } else if (sending->reply.ack != NULL) {
        bytes_clear(&cl->out);
        message_write_sent(&cl->out, &sending->record->message, sending->now_ms);
        chat_reply_send(cl, &sending->reply);
    }
    chat_reply_finish(&sending->reply);
    record_release(sending->record);
    free(sending);
}

static void go_back(struct sending *sending)
{
    chat_go(sending->home, sending->own, &sending->task, finish);
}

/* ---- at the home ---- */

static enum notice_kind notice_of(enum message_action action)
{
    return action == MESSAGE_SAY    ? NOTICE_MESSAGE
           : action == MESSAGE_EDIT ? NOTICE_EDITED
                                    : NOTICE_DELETED;
}

static enum stat_id said_in(unsigned dialect)
{
    assert(dialect > DIALECT_NONE && dialect < DIALECT_COUNT);
    return STAT_MESSAGES_CHATROOM + dialect - DIALECT_CHATROOM;
}

static void count(const struct sending *sending)
{
    const struct message *m = &sending->record->message;
    struct stats *stats = sending->home->stats;

    static_assert(STAT_MESSAGES_NATIVE - STAT_MESSAGES_CHATROOM + 1 == DIALECT_COUNT - 1,
                  "one for each dialect");
    if (stats == NULL) {
        return;
    }
    enum stat_id which = m->action == MESSAGE_EDIT     ? STAT_MESSAGES_EDITED
                         : m->action == MESSAGE_DELETE ? STAT_MESSAGES_DELETED
                                                       : said_in(m->dialect);
    stats_add(stats, which, 1);
    stats_add(stats, STAT_DELIVERIES, sending->room->roster.count);
}

static void tell(struct sending *sending)
{
    struct message *m = &sending->record->message;
    struct notice n = {.kind = notice_of(m->action),
                       .room = m->room,
                       .wall_ms = sending->now_ms,
                       .messages = m,
                       .message_count = 1};

    count(sending);
    if (chat_room_kind(m->room) == ROOM_TALK) {
        announce(sending->room, &n);
    } else {
        direct_deliver(sending->room, m);
    }
}

static const struct refusal *refusal_of(enum message_fate fate)
{
    return fate == MESSAGE_MISSING     ? &refused_missing
           : fate == MESSAGE_FORBIDDEN ? &refused_author
                                       : NULL;
}

/* The record is nobody else's yet. */
static void place(struct message *m, const struct message *appended)
{
    if (m->action == MESSAGE_SAY) {
        m->offset = appended->offset;
    } else {
        m->changed = appended->offset;
    }
}

/* What is in the store now has not been told yet. */
static void tell_members(struct sending *sending)
{
    tell(sending);
    chat_room_remember(sending->room, sending->record);
    if (message_place(&sending->record->message) == 1) {
        membership_put_all(sending->room);
    }
}

/* It was stored while its sender was told that it was not, and nobody else was told at all: now it
 * is his turn, as it was said then, unless what came after it has been told meanwhile. */
static void make_up(struct sending *sending)
{
    const struct message *m = &sending->op.message;
    struct record *r = doubts_take(sending->room->doubts, &sending->record->message);

    if (r == NULL) {
        return;
    }
    place(&r->message, m);
    if (message_place(&r->message) > sending->room->tail.newest) {
        r->message.timestamp_ms = m->timestamp_ms;
        record_release(sending->record);
        sending->record = record_hold(r);
        tell_members(sending);
    }
    record_release(r);
}

static void on_durable(struct journal_append *op)
{
    struct sending *sending = container_of(op, struct sending, op);
    struct chat_room *room = sending->room;

    list_remove(&sending->node);
    sending->refusal = op->error != 0 ? &refused_storage : refusal_of(op->message.fate);
    if (sending->refusal == NULL) {
        place(&sending->record->message, &op->message);
        sending->now_ms = op->message.timestamp_ms; /* of the first time, if it is repeated */
    }
    if (sending->refusal == NULL && op->message.fate == MESSAGE_STORED) {
        tell_members(sending);
    } else if (sending->refusal == NULL) {
        make_up(sending);
    } else if (op->error != 0 && op->message.action != MESSAGE_EDIT) {
        doubts_add(&room->doubts, sending->record);
    }
    chat_room_settle(room);
    go_back(sending);
}

static void append(struct sending *sending)
{
    struct chat_loop *home = sending->home;
    struct message m = sending->record->message;

    m.timestamp_ms = sending->now_ms;
    sending->op.on_done = on_durable;
    list_add(&sending->room->sends, &sending->node);
    if (home->chat->stopped ||
        journal_append(home->chat->journal, &m, home->executor, &sending->op) < 0) {
        list_remove(&sending->node);
        sending->refusal = &refused_busy;
        chat_room_settle(sending->room);
        go_back(sending);
    }
}

static void arrive(struct task *task)
{
    struct sending *sending = container_of(task, struct sending, task);

    sending->room = chat_room_get(sending->home, sending->record->message.room);
    if (sending->home->chat->journal != NULL) {
        append(sending);
        return;
    }
    tell(sending);
    chat_room_settle(sending->room);
    go_back(sending);
}

void sending_begin(struct chat_loop *cl, const struct message *m, int64_t now_ms,
                   struct chat_reply *reply)
{
    struct sending *sending = xmalloc(sizeof *sending);

    *sending = (struct sending){.own = cl,
                                .home = chat_home_of(cl->chat, m->room),
                                .reply = *reply,
                                .now_ms = now_ms,
                                .record = record_create(m)};
    chat_go(cl, sending->home, &sending->task, arrive);
}
