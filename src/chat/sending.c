// SPDX-License-Identifier: MIT
#include "src/chat/sending.h"

#include <assert.h>

#include "src/base/memory.h"
#include "src/chat/beside.h"
#include "src/chat/dedup.h"
#include "src/chat/doubts.h"
#include "src/chat/message.h"
#include "src/chat/recent.h"
#include "src/chat/telling.h"

/* Owned by the loop that it is on. */
struct sending {
    struct journal_append op;
    struct list_node node; /* in room->sends */
    struct list_node held; /* in room->held, until it is appended */
    struct dedup_look look;
    bool is_looking;
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
    if (why == &refused_busy || why == &refused_storage || why == &refused_size) {
        chat_count(cl, STAT_NOTES_LOST);
    }
}

static void answer(struct sending *sending)
{
    struct chat_loop *cl = sending->own;
    const struct message *m = &sending->record->message;

    bytes_clear(&cl->out);
    if (m->action == MESSAGE_MARK) {
        message_write_read(&cl->out, m);
    } else {
        message_write_sent(&cl->out, m, sending->now_ms);
    }
    chat_reply_send(cl, &sending->reply);
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
        answer(sending);
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
    } else if (m->action != MESSAGE_MARK) {
        m->offset = m->offset == 0 ? appended->said : m->offset; /* another node's is another */
        m->changed = appended->offset;
    }
}

static void tell(const struct sending *sending)
{
    tell_members(sending->room, sending->record, sending->now_ms,
                 sending->from_afar ? TELLING_OTHERS : TELLING_OWN);
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
        tell(sending);
    }
    record_release(r);
}

static void add_waiting(struct sending *sending, struct sending_wait *wait)
{
    wait->next = sending->waiting;
    sending->waiting = wait;
}

/* What comes again is done before what was sent before it: then that is still to be waited for. */
static void run_waiting(struct sending *sending, struct list_node *older)
{
    while (sending->waiting != NULL) {
        struct sending_wait *wait = sending->waiting;
        sending->waiting = wait->next;
        if (older != NULL) {
            add_waiting(container_of(older, struct sending, node), wait);
        } else {
            wait->fn(wait);
        }
    }
}

void sending_after(struct chat_room *room, struct sending_wait *wait)
{
    struct list_node *latest = room == NULL ? NULL : room->sends.first;

    if (latest == NULL) {
        wait->fn(wait);
        return;
    }
    add_waiting(container_of(latest, struct sending, node), wait);
}

/* It is stored or refused, and whoever is to be told has been. */
static void leave(struct sending *sending, struct list_node *older)
{
    run_waiting(sending, older);
    chat_room_settle(sending->room);
    go_back(sending);
}

/* What is not in turn the log tells later, after what comes before it. */
static void tell_in_turn(struct sending *sending)
{
    if (sending->op.in_turn) {
        tell(sending);
    } else {
        tell_elsewhere(sending->room, &sending->record->message, sending->now_ms);
    }
}

/* Of what is in a log that we follow we hear, whatever its append was answered. */
static bool may_be_doubted(const struct sending *sending)
{
    return sending->op.message.action != MESSAGE_EDIT && !chat_follows(sending->home->chat);
}

static const struct refusal *refusal_of_append(int error)
{
    return error == JOURNAL_EAWAY ? &refused_away : &refused_busy;
}

static const struct refusal *refusal_of_end(const struct journal_append *op)
{
    return op->error == JOURNAL_ESIZE ? &refused_size
           : op->error != 0           ? &refused_storage
                                      : refusal_of(op->message.fate);
}

/* Is it one that its client may send again? */
static bool is_named(const struct sending *sending)
{
    const struct message *m = &sending->record->message;

    return sending->home->chat->dedup != NULL && !sending->from_afar && m->action == MESSAGE_SAY &&
           m->client_id.len > 0;
}

static unsigned index_of(const struct chat_loop *cl)
{
    return (unsigned)(cl - cl->chat->loops);
}

static void make_known(const struct sending *sending)
{
    const struct message *m = &sending->op.message;

    if (is_named(sending) && !sending->look.found) {
        dedup_put(sending->home->chat->dedup, index_of(sending->home), m->id, m->offset,
                  m->timestamp_ms);
    }
}

static void on_durable(struct journal_append *op)
{
    struct sending *sending = container_of(op, struct sending, op);
    struct list_node *older = sending->node.next;

    list_remove(&sending->node);
    sending->refusal = refusal_of_end(op);
    if (sending->refusal == NULL) {
        place(&sending->record->message, &op->message);
        sending->now_ms = op->message.timestamp_ms; /* of the first time, if it is repeated */
        make_known(sending);
    }
    if (sending->refusal == NULL && op->message.fate == MESSAGE_STORED) {
        chat_watched(sending->home->chat, &op->message, op->message.offset);
        tell_in_turn(sending);
        beside_push(sending->home, sending->record);
    } else if (sending->refusal == NULL) {
        make_up(sending);
    } else if (sending->refusal == &refused_storage && may_be_doubted(sending)) {
        doubts_add(&sending->room->doubts, sending->record);
    }
    leave(sending, older);
}

static void append(struct sending *sending)
{
    struct chat_loop *home = sending->home;
    struct message m = sending->record->message;

    m.said = m.action == MESSAGE_SAY || m.action == MESSAGE_MARK ? m.said : m.offset;
    m.timestamp_ms = sending->now_ms;
    sending->op.on_done = on_durable;
    int error = home->chat->stopped
                    ? JOURNAL_EBUSY
                    : journal_append(home->chat->journal, &m, home->executor, &sending->op);
    if (error != 0) {
        struct list_node *older = sending->node.next;
        list_remove(&sending->node);
        sending->refusal = refusal_of_append(error);
        leave(sending, older);
    }
}

/* ---- what others know of it ---- */

/* As the journal would have answered. */
static void take_known(struct sending *sending)
{
    struct message *m = &sending->op.message;

    sending->op.error = 0;
    *m = sending->record->message;
    m->fate = MESSAGE_REPEATED;
    m->offset = sending->look.place;
    m->timestamp_ms = sending->look.timestamp_ms;
    on_durable(&sending->op);
}

static struct sending *first_held(const struct chat_room *room)
{
    struct list_node *first = room->held.first;

    return first == NULL ? NULL : container_of(first, struct sending, held);
}

/* The room may be gone with the last of them. */
static void let_go(struct chat_room *room)
{
    struct sending *sending = first_held(room);

    while (sending != NULL && !sending->is_looking) {
        list_queue_remove(&room->held, &sending->held);
        struct sending *next = first_held(room);
        if (sending->look.found) {
            take_known(sending);
        } else {
            append(sending);
        }
        sending = next;
    }
}

static void on_looked(struct dedup_look *look)
{
    struct sending *sending = container_of(look, struct sending, look);

    sending->is_looking = false;
    let_go(sending->room);
}

/* What is sent while others wait for an answer waits behind them. */
static void begin(struct sending *sending)
{
    struct chat_loop *home = sending->home;

    list_add(&sending->room->sends, &sending->node);
    sending->look.on_done = on_looked;
    sending->is_looking =
        is_named(sending) &&
        dedup_look(home->chat->dedup, index_of(home), sending->record->message.id, &sending->look);
    if (sending->is_looking || sending->room->held.first != NULL) {
        list_queue_add(&sending->room->held, &sending->held);
    } else {
        append(sending);
    }
}

/* Has another node said that before? Where nothing is stored it takes this to know that something
 * comes again, and with edits always, since who edits twice has edited twice. What a log tells once
 * is noted when it is told (telling.c). */
static bool is_repeated(struct sending *sending)
{
    const struct message *m = &sending->record->message;
    bool stored = sending->home->chat->journal != NULL && m->action != MESSAGE_EDIT &&
                  !chat_store_is_shared(sending->home->chat);
    bool known = !stored && !chat_follows(sending->home->chat) &&
                 chat_is_clustered(sending->home->chat) &&
                 recent_add(&sending->home->recent, sending->home->chat->hash_secret, m);

    return known && sending->from_afar;
}

/* Is it kept by the node that says it, for all? */
static bool is_kept(const struct sending *sending)
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
    if (sending->home->chat->journal != NULL && !is_kept(sending)) {
        begin(sending);
        return;
    }
    tell(sending);
    chat_room_settle(sending->room);
    go_back(sending);
}

void sending_receive(struct chat_loop *cl, const struct message *m, int64_t now_ms)
{
    struct sending *sending = xcalloc(1, sizeof *sending);
    struct message ours = *m;

    ours.offset = ours.changed = 0; /* they are places of the other node's log */
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
