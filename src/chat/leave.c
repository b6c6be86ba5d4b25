// SPDX-License-Identifier: MIT
#include "src/chat/leave.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "src/chat/announce.h"
#include "src/chat/crew.h"
#include "src/chat/join.h"
#include "src/chat/membership.h"
#include "src/chat/message.h"
#include "src/chat/text.h"
#include "src/chat/typing.h"

struct leaving {
    struct task task;
    struct chat_loop *own, *home;
    struct chat_reply reply; /* of no socket: nobody is to be told what came of it */
    struct person *person;   /* held; whose membership ends; NULL: nobody's */
    bool busy;               /* it could not be noted */
    enum notice_kind kind;
    char socket_id[ROSTER_SOCKET_ID_LEN];
    struct span room, sent_at;
    struct rookery_str people_event; /* who is still there, for the leaver; or empty */
    struct bytes people;
    uint8_t text[];
};

/* ---- back at the socket ---- */

static void destroy(struct leaving *l)
{
    bytes_finish(&l->people);
    person_release(l->person);
    if (l->reply.socket != NULL) {
        chat_reply_finish(&l->reply);
    }
    free(l);
}

static void finish(struct task *task)
{
    struct leaving *l = container_of(task, struct leaving, task);
    struct rookery_args args = args_of_json(bytes_span(&l->people));

    if (l->busy) {
        chat_reply_refuse(l->own, &l->reply, &refused_store_busy);
        destroy(l);
        return;
    }
    bytes_clear(&l->own->out);
    message_write_room_done(&l->own->out, l->room);
    chat_reply_send(l->own, &l->reply);
    if (l->people_event.len > 0) {
        (void)rookery_emit(l->reply.socket, l->people_event, &args, NULL);
    }
    destroy(l);
}

/* ---- at the home ---- */

void leave_room(struct chat_room *room, const char *socket_id, enum notice_kind kind,
                struct span sent_at)
{
    struct roster_member gone;
    enum roster_change change = roster_remove(&room->roster, socket_id, &gone);

    if (change == ROSTER_NONE) {
        return;
    }
    if (change == ROSTER_USER && kind != NOTICE_COUNT) {
        announce_presence(room, kind, &gone, sent_at);
    }
    if (gone.node == ROSTER_HERE) {
        chat_room_left(room);
    }
    crew_went(room, &gone, kind, sent_at);
    person_release(gone.person);
}

static void write_people(struct leaving *l, const struct chat_room *room)
{
    struct notice n = {.kind = NOTICE_PEOPLE, .room = l->room};

    if (l->reply.dialect == DIALECT_CHATROOM) {
        struct identity *people = roster_people(&room->roster, PEOPLE_MAX, &n.people_count);
        n.people = people;
        l->people_event = dialect_write(DIALECT_CHATROOM, &n, &l->people);
        free(people);
    }
}

static void arrive(struct task *task)
{
    struct leaving *l = container_of(task, struct leaving, task);
    struct chat_room *room = chat_room_get(l->home, l->room);

    leave_room(room, l->socket_id, l->kind, l->sent_at);
    l->busy = l->person != NULL && !membership_put(l->home, l->person, l->room, false);
    if (l->reply.socket == NULL) {
        destroy(l);
    } else {
        write_people(l, room);
        chat_go(l->home, l->own, &l->task, finish);
    }
    chat_room_settle(room);
}

/* ---- at the socket ---- */

static void start(struct chat_loop *cl, struct rookery_socket *s, struct span room,
                  enum notice_kind kind, struct span sent_at, const struct chat_reply *reply)
{
    struct leaving *l = xmalloc(sizeof *l + room.len + sent_at.len);

    *l = (struct leaving){.own = cl, .home = chat_home_of(cl->chat, room), .kind = kind};
    if (reply != NULL) {
        l->reply = *reply;
        l->person = person_hold(chat_person(s));
    }
    memcpy(l->socket_id, rookery_socket_id(s).data, sizeof l->socket_id);
    memcpy(l->text, room.data, room.len);
    l->room = span_of(l->text, room.len);
    if (sent_at.len > 0) {
        memcpy(l->text + room.len, sent_at.data, sent_at.len);
    }
    l->sent_at = span_of(l->text + room.len, sent_at.len);
    chat_go(cl, l->home, &l->task, arrive);
}

void leave_begin(struct chat_loop *cl, struct rookery_socket *s, struct span room,
                 enum notice_kind kind, struct span sent_at, struct chat_reply *reply)
{
    typing_forget(cl, s, room);
    rookery_leave(s, str_of_span(room));
    start(cl, s, room, kind, sent_at, reply);
}

struct departure {
    struct chat_loop *cl;
    struct rookery_socket *socket;
    enum notice_kind kind;
};

static void depart(struct span room, void *arg)
{
    const struct departure *d = arg;

    start(d->cl, d->socket, room, d->kind, SPAN(""), NULL);
}

static void depart_member(struct rookery_str room, void *arg)
{
    const struct departure *d = arg;
    struct span name = span_of_str(room);

    /* Everybody is in a room of his own, which is none of the chat's. */
    if (!span_eq(name, span_of_str(rookery_socket_id(d->socket)))) {
        depart(name, arg);
    }
}

/* Its memberships end by themselves, now that it is leaving the namespace. */
void leave_all(struct chat_loop *cl, struct rookery_socket *s, bool tell)
{
    struct departure d = {.cl = cl, .socket = s, .kind = tell ? NOTICE_GONE : NOTICE_COUNT};

    rookery_rooms(s, depart_member, &d);
    join_cancel(cl, s, SPAN(""), &refused_left, depart, &d);
}

/* ---- the event ---- */

void chat_on_leave(const struct chat_call *call)
{
    const struct command *c = call->command;
    struct chat_reply reply = chat_reply_take(call);

    join_cancel(call->cl, call->socket, c->room, &refused_left, NULL, NULL);
    leave_begin(call->cl, call->socket, c->room, NOTICE_LEFT, c->sent_at, &reply);
}
