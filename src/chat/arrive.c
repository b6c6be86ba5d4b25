/* Arriving: the way of a socket into the rooms of dialect 3.
 *
 *   join {username} ──> [whose name is it?] ──> lobby ──> rooms of the user: id, name, id of that
 *                                                         name's owner
 *
 * Where tokens decide, there is one: that of the token's id. An open chat believes the name, so
 * what is sent to the registered user of that name, and goes to his id, is for this socket too. */
// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/chat/direct.h"
#include "src/chat/join.h"
#include "src/chat/leave.h"
#include "src/chat/pending.h"
#include "src/chat/text.h"

struct span direct_room_name(struct user_room *room, struct span user)
{
    room->name[0] = ROOM_OWN_MARK;
    room->name[1] = '@';
    memcpy(room->name + 2, user.data, user.len);
    return span_of(room->name, 2 + user.len);
}

static bool is_among(const struct span *texts, size_t count, struct span text)
{
    for (size_t i = 0; i < count; i++) {
        if (span_eq(texts[i], text)) {
            return true;
        }
    }
    return false;
}

size_t direct_addresses(const struct person *person, struct span out[ADDRESSES_MAX])
{
    struct identity who = person_identity(person);
    size_t count = 0;

    out[count++] = who.user_id;
    if (person->source == PERSON_TOKEN) {
        return count;
    }
    if (!is_among(out, count, who.username)) {
        out[count++] = who.username;
    }
    if (person_owner(person).len > 0 && !is_among(out, count, person_owner(person))) {
        out[count++] = person_owner(person);
    }
    return count;
}

/* ---- into the user's rooms ---- */

static void enter_user_room(struct chat_loop *cl, struct rookery_socket *s, struct span user,
                            uint64_t after)
{
    struct user_room name;
    struct chat_reply reply = {
        .socket = rookery_socket_hold(s), .kind = COMMAND_ARRIVE, .dialect = DIALECT_DIRECT};
    struct join_request request = {
        .room = direct_room_name(&name, user), .past = PAST_DIRECTS, .user = user, .after = after};

    join_begin(cl, &request, &reply);
}

/* The rooms of whom the socket has been before. */
struct former {
    struct span own[ADDRESSES_MAX]; /* he is now */
    size_t own_count;
    struct user_room rooms[ADDRESSES_MAX];
    struct span names[ADDRESSES_MAX];
    size_t count;
};

static void find_former(struct rookery_str room, void *arg)
{
    struct former *f = arg;
    struct span name = span_of_str(room);

    if (chat_room_kind(name) == ROOM_USER && f->count < ADDRESSES_MAX &&
        !is_among(f->own, f->own_count, direct_room_user(name))) {
        memcpy(f->rooms[f->count].name, name.data, name.len);
        f->names[f->count] = span_of(f->rooms[f->count].name, name.len);
        f->count++;
    }
}

static void leave_found(struct chat_loop *cl, struct rookery_socket *s, struct former *former)
{
    rookery_rooms(s, find_former, former);
    for (size_t i = 0; i < former->count; i++) {
        leave_begin(cl, s, former->names[i], NOTICE_COUNT, SPAN(""), NULL);
    }
}

static void leave_former(struct chat_loop *cl, struct rookery_socket *s)
{
    struct former former = {.count = 0};

    former.own_count = direct_addresses(chat_person(s), former.own);
    leave_found(cl, s, &former);
}

void direct_stay_out(struct chat_loop *cl, struct rookery_socket *s)
{
    struct former former = {.count = 0};

    leave_found(cl, s, &former);
    if (rookery_in_room(s, str_of_span(DIRECT_LOBBY))) {
        leave_begin(cl, s, DIRECT_LOBBY, NOTICE_COUNT, SPAN(""), NULL);
    }
}

/* Who arrives again may be another now, and may have been so before he was in his rooms. */
void direct_entered(struct chat_loop *cl, struct rookery_socket *s, struct span room)
{
    struct span own[ADDRESSES_MAX];
    enum room_kind kind = chat_room_kind(room);

    if (kind != ROOM_TALK) {
        leave_former(cl, s);
    }
    if (kind == ROOM_LOBBY) {
        size_t count = direct_addresses(chat_person(s), own);
        for (size_t i = 0; i < count; i++) {
            enter_user_room(cl, s, own[i], 0);
        }
    }
}

void direct_go_on(struct chat_loop *cl, struct rookery_socket *s, const struct past *past)
{
    if (rookery_in_room(s, str_of_span(past->room))) {
        enter_user_room(cl, s, past->user, past->messages[past->count - 1].offset);
    }
}

/* ---- whose name it is ---- */

/* Owned by the store's call. */
struct arrival {
    struct store_user_get call;
    struct chat_loop *cl;
    struct pending *pending;
    struct person *person; /* held: who he was when he asked */
    struct chat_reply reply;
    bool comes_back;
};

static void enter_lobby(struct chat_loop *cl, struct chat_reply *reply, bool comes_back)
{
    struct join_request request = {
        .room = DIRECT_LOBBY, .past = PAST_NONE, .comes_back = comes_back};

    join_begin(cl, &request, reply);
}

static void refuse(struct arrival *a, const struct refusal *why)
{
    if (a->comes_back && rookery_socket_connected(a->reply.socket)) {
        direct_stay_out(a->cl, a->reply.socket);
    }
    chat_reply_refuse(a->cl, &a->reply, why);
    chat_reply_finish(&a->reply);
}

static void end(struct arrival *a)
{
    a->pending->arrivals--;
    pending_settle(a->cl, a->pending);
    person_release(a->person);
    free(a);
}

static void on_owner(struct store_call *call)
{
    struct store_user_get *get = container_of(call, struct store_user_get, call);
    struct arrival *a = container_of(get, struct arrival, call);

    if (call->error != 0) {
        refuse(a, chat_store_refusal(call->error));
    } else if (!rookery_socket_connected(a->reply.socket)) {
        chat_reply_finish(&a->reply);
    } else {
        if (get->user != NULL) {
            person_set_owner(a->person, get->user->id);
        }
        enter_lobby(a->cl, &a->reply, a->comes_back);
    }
    free(get->user);
    end(a);
}

static void find_owner(struct chat_loop *cl, const struct chat_reply *reply, bool comes_back)
{
    struct arrival *a = xcalloc(1, sizeof *a);

    a->cl = cl;
    a->person = person_hold(chat_person(reply->socket));
    a->reply = *reply;
    a->comes_back = comes_back;
    a->pending = pending_get(cl, reply->socket);
    a->pending->arrivals++;
    a->call = (struct store_user_get){.call.on_done = on_owner,
                                      .by = STORE_BY_USERNAME,
                                      .key = person_identity(a->person).username};
    int error = store_user_get(chat_store(cl->chat), cl->executor, &a->call);
    if (error != 0) {
        refuse(a, chat_store_refusal(error));
        end(a);
    }
}

static void arrive(struct chat_loop *cl, struct chat_reply *reply, bool comes_back)
{
    const struct person *person = chat_person(reply->socket);

    if (chat_store(cl->chat) == NULL || person->source == PERSON_TOKEN) {
        enter_lobby(cl, reply, comes_back);
    } else {
        find_owner(cl, reply, comes_back);
    }
}

void direct_come_back(struct chat_loop *cl, struct rookery_socket *s)
{
    struct chat_reply reply = {
        .socket = rookery_socket_hold(s), .kind = COMMAND_ARRIVE, .dialect = DIALECT_DIRECT};

    arrive(cl, &reply, true);
}

/* ---- the event ---- */

void chat_on_arrive(const struct chat_call *call)
{
    const struct pending *p = pending_find(call->cl, call->socket);
    struct chat_reply reply;

    if (p != NULL && p->joining_count + p->arrivals >= call->cl->limits.rooms_per_socket) {
        join_refuse_count(call);
        return;
    }
    reply = chat_reply_take(call);
    arrive(call->cl, &reply, false);
}
