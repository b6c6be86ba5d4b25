/* send_message: from the event to the room.
 *
 *   without a journal   on the sender's loop: broadcast, answer
 *   with one            sender's loop ──> home of the room: append ──(durable)──> broadcast
 *                       ──> sender's loop: answer
 *
 * The home does the appending and the broadcasting of all messages of a room, and the journal
 * completes those in the order of their offsets: so every member gets them in that order. */
// SPDX-License-Identifier: MIT
#include "src/base/map.h"
#include "src/base/memory.h"
#include "src/chat/chat_loop.h"
#include "src/chat/message.h"
#include "src/chat/text.h"

/* A message on its way through the journal. Owned by the loop that it is on. */
struct sending {
    struct journal_append op;
    struct traffic_item traffic;
    struct task task;
    struct chat_loop *own;         /* the sender's */
    struct chat_loop *home;        /* the room's */
    struct rookery_socket *socket; /* held */
    struct rookery_ack *ack;       /* NULL when no answer is wanted */
    const struct refusal *refusal; /* NULL: all went well */
    struct message message;        /* its texts lie behind */
    uint8_t texts[];
};

/* ---- with a journal ---- */

static void finish(struct sending *sending)
{
    struct chat_loop *cl = sending->own;

    if (sending->refusal != NULL) {
        chat_refuse_later(cl, sending->socket, sending->ack, sending->refusal);
    } else if (sending->ack != NULL) {
        bytes_clear(&cl->out);
        message_write_sent(&cl->out, &sending->message);
        struct rookery_args args = args_of_json(bytes_span(&cl->out));
        (void)rookery_ack_send(sending->ack, &args);
    }
    rookery_socket_release(sending->socket);
    free(sending);
}

static void finish_task(struct task *task)
{
    finish(container_of(task, struct sending, task));
}

static void go_back(struct sending *sending)
{
    if (sending->own == sending->home) {
        finish(sending);
        return;
    }
    sending->task.run = finish_task;
    executor_post(sending->own->executor, &sending->task);
}

static void on_durable(struct journal_append *op)
{
    struct sending *sending = container_of(op, struct sending, op);
    struct chat_loop *home = sending->home;

    traffic_send_ends(&home->traffic, &sending->traffic, op->error == 0 ? op->message.offset : 0);
    if (op->error == 0) {
        sending->message.offset = op->message.offset;
        bytes_clear(&home->out);
        message_write(&home->out, &sending->message);
        chat_broadcast(home, ROOKERY_STR("message"), sending->message.room);
    } else {
        sending->refusal = &refused_storage;
    }
    go_back(sending);
}

static void append(struct sending *sending)
{
    struct chat_loop *home = sending->home;

    traffic_send_begins(&home->traffic, &sending->traffic);
    sending->op.on_done = on_durable;
    if (journal_append(home->chat->journal, &sending->message, home->executor, &sending->op) < 0) {
        traffic_send_ends(&home->traffic, &sending->traffic, 0);
        sending->refusal = &refused_busy;
        go_back(sending);
    }
}

static void append_task(struct task *task)
{
    append(container_of(task, struct sending, task));
}

static struct sending *sending_create(const struct message *m)
{
    struct sending *sending = xmalloc(sizeof *sending + message_bytes(m));

    *sending = (struct sending){.message = *m};
    message_keep(&sending->message, sending->texts);
    return sending;
}

static void send_durably(struct chat_loop *cl, struct rookery_socket *s,
                         const struct rookery_event *e, const struct message *m)
{
    struct sending *sending = sending_create(m);
    uint64_t hash = map_hash(cl->chat->hash_secret, m->room);

    sending->own = cl;
    sending->home = chat_home_of(cl->chat, hash);
    sending->socket = rookery_socket_hold(s);
    sending->ack = rookery_ack_take(s, e);
    sending->traffic.room_hash = hash;
    sending->traffic.room = sending->message.room;
    sending->traffic.id = sending->message.id;
    if (sending->home == cl) {
        append(sending);
        return;
    }
    sending->task.run = append_task;
    executor_post(sending->home->executor, &sending->task);
}

/* ---- without one ---- */

static void send_at_once(struct chat_loop *cl, struct rookery_socket *s,
                         const struct rookery_event *e, const struct message *m)
{
    bytes_clear(&cl->out);
    message_write(&cl->out, m);
    chat_broadcast(cl, ROOKERY_STR("message"), m->room);
    if (e->wants_ack) {
        bytes_clear(&cl->out);
        message_write_sent(&cl->out, m);
        struct rookery_args args = args_of_json(bytes_span(&cl->out));
        (void)rookery_reply(s, e, &args);
    }
}

/* ---- the event ---- */

static const struct refusal *read_type(struct chat_loop *cl, const struct payload *p,
                                       struct span *type)
{
    if (!payload_has(p->type)) {
        *type = SPAN("text");
        return NULL;
    }
    return policy_text(p->type, TYPE_BYTES_MAX, &cl->type, type) ? NULL : &refused_type;
}

static const struct refusal *read_message(struct chat_loop *cl, const struct rookery_event *e,
                                          struct message *m)
{
    const struct refusal *refusal;
    struct payload p;

    if (!payload_read(rookery_arg(&e->args, 0), &p)) {
        return &refused_payload;
    }
    if ((refusal = chat_read_room(cl, &p, &m->room)) != NULL ||
        (refusal = policy_content(p.content)) != NULL) {
        return refusal;
    }
    m->content = p.content.text;
    return read_type(cl, &p, &m->type);
}

static void stamp(struct chat_loop *cl, struct message *m, char id[ID_TEXT_LEN])
{
    uint8_t random[ID_RANDOM_BYTES], bytes[ID_BYTES];

    m->timestamp_ms = rookery_loop_wall_ms(cl->loop);
    executor_random(cl->executor, random, sizeof random);
    id_source_next(&cl->ids, m->timestamp_ms, random, bytes);
    id_format(bytes, id);
    m->id = span_of(id, ID_TEXT_LEN);
}

void chat_on_send(struct rookery_socket *s, const struct rookery_event *e, void *arg)
{
    struct chat *chat = arg;
    struct chat_loop *cl = chat_loop_of(chat, s);
    struct identity who = chat_identity(s);
    struct message m = {.user_id = who.user_id, .username = who.username};
    char id[ID_TEXT_LEN];
    const struct refusal *refusal = read_message(cl, e, &m);

    if (refusal != NULL) {
        chat_refuse(cl, s, e, refusal);
        return;
    }
    stamp(cl, &m, id);
    if (chat->journal == NULL) {
        send_at_once(cl, s, e, &m);
    } else {
        send_durably(cl, s, e, &m);
    }
}
