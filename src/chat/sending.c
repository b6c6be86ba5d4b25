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
#include "src/chat/note.h"
#include "src/chat/recent.h"

/* Owned by the loop that it is on. */
struct sending {
    struct journal_append op;
    struct list_node node; /* in room->sends */
    struct task task;
    struct chat_loop *own; /* the sender's */
    struct chat_loop *home;
    struct chat_room *room; /* while it is at the home */
    struct chat_reply reply;
    struct sending_wait *waiting;  /* until it is stored */
    const struct refusal *refusal; /* NULL: all went well */
    bool from_afar;                /* by another node: nobody here waits for an answer */
    int64_t now_ms;
    struct record *record;
};

const struct message *sending_message(const struct list_node *node)
{
    return &container_of(node, struct sending, node)->record->message;
}

/* ---- back at the sender ---- */

/* A note that cannot be taken in is lost to this node; what is not there to be changed is no loss.
 */
static void count_lost(struct chat_loop *cl, const struct refusal *why)
{
    if (why == &refused_busy || why == &refused_storage) {
        chat_count(cl, STAT_NOTES_LOST);
    }
}

static void finish(struct task *task)
{
    struct sending *sending = container_of(task, struct sending, task);
    struct chat_loop *cl = sending->own;

    if (sending->from_afar) {
        count_lost(cl, sending->refusal);
    } else if (sending->refusal != NULL) {
        chat_reply_refuse(cl, &sending->reply, sending->refusal);
    } else if (sending->reply.ack != NULL) {
        bytes_clear(&cl->out);
        message_write_sent(&cl->out, &sending->record->message, sending->now_ms);
        chat_reply_send(cl, &sending->reply);
    }
    if (!sending->from_afar) {
        chat_reply_finish(&sending->reply);
    }
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
    stats_add(stats, which, !sending->from_afar);
    stats_add(stats, STAT_DELIVERIES, sending->room->roster.here);
}

static void tell(struct sending *sending)
{
    struct message *m = &sending->record->message;
    struct notice n = {.kind = notice_of(m->action),
                       .room = m->room,
                       .wall_ms = sending->now_ms,
                       .messages = m,
                       .message_count = 1};
    const struct note note = {.kind = NOTE_MESSAGE, .message = *m};
    const struct note *to_others = sending->from_afar ? NULL : &note;

    count(sending);
    if (chat_room_kind(m->room) == ROOM_TALK) {
        announce(sending->room, &n, to_others);
    } else {
        direct_deliver(sending->room, m, to_others);
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
        m->offset = m->offset == 0 ? appended->said : m->offset; /* another node's is another */
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

static void run_waiting(struct sending *sending)
{
    while (sending->waiting != NULL) {
        struct sending_wait *wait = sending->waiting;
        sending->waiting = wait->next;
        wait->fn(wait);
    }
}

void sending_after(struct chat_room *room, struct sending_wait *wait)
{
    struct list_node *latest = room == NULL ? NULL : room->sends.first;

    if (latest == NULL) {
        wait->fn(wait);
        return;
    }
    struct sending *sending = container_of(latest, struct sending, node);
    wait->next = sending->waiting;
    sending->waiting = wait;
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
    run_waiting(sending);
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

/* Has another node said that before? Where nothing is stored it takes this to know that something
 * comes again, and with edits always, since who edits twice has edited twice. */
static bool is_repeated(struct sending *sending)
{
    const struct message *m = &sending->record->message;
    bool stored = sending->home->chat->journal != NULL && m->action != MESSAGE_EDIT;
    bool known = !stored && chat_is_clustered(sending->home->chat) &&
                 recent_add(&sending->home->recent, sending->home->chat->hash_secret, m);

    return known && sending->from_afar;
}

/* Is it in the store already, at the place that it says? */
static bool is_placed(const struct sending *sending)
{
    return sending->from_afar && chat_store_is_shared(sending->home->chat);
}

static void arrive(struct task *task)
{
    struct sending *sending = container_of(task, struct sending, task);

    if (is_repeated(sending)) {
        go_back(sending);
        return;
    }
    sending->room = chat_room_get(sending->home, sending->record->message.room);
    if (sending->home->chat->journal != NULL && !is_placed(sending)) {
        append(sending);
        return;
    }
    if (is_placed(sending)) {
        tell_members(sending);
    } else {
        tell(sending);
    }
    chat_room_settle(sending->room);
    go_back(sending);
}

void sending_receive(struct chat_loop *cl, const struct message *m, int64_t now_ms)
{
    struct sending *sending = xcalloc(1, sizeof *sending);
    struct message ours = *m;

    if (!chat_store_is_shared(cl->chat)) {
        ours.offset = ours.changed = 0;
    }
    sending->own = cl;
    sending->home = chat_home_of(cl->chat, m->room);
    sending->from_afar = true;
    sending->now_ms = now_ms;
    sending->record = record_create(&ours);
    chat_go(cl, sending->home, &sending->task, arrive);
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
