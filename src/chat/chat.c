// SPDX-License-Identifier: MIT
#include "src/chat/chat.h"

#include <assert.h>

#include "src/base/memory.h"
#include "src/chat/chat_loop.h"
#include "src/chat/message.h"
#include "src/chat/text.h"

/* ---- sending and answering ---- */

void chat_broadcast(struct chat_loop *cl, struct rookery_str event, struct span room)
{
    struct rookery_str name = str_of_span(room);
    struct rookery_target to = {.rooms = &name, .room_count = 1};
    struct rookery_args args = args_of_json(bytes_span(&cl->out));

    (void)rookery_broadcast(cl->chat->nsp, &to, event, &args, NULL);
}

void chat_emit(struct chat_loop *cl, struct rookery_socket *s, struct rookery_str event)
{
    struct rookery_args args = args_of_json(bytes_span(&cl->out));

    (void)rookery_emit(s, event, &args, NULL);
}

static void emit_error(struct chat_loop *cl, struct rookery_socket *s, const struct refusal *r)
{
    bytes_clear(&cl->out);
    message_write_error(&cl->out, r);
    chat_emit(cl, s, ROOKERY_STR("error"));
}

void chat_refuse(struct chat_loop *cl, struct rookery_socket *s, const struct rookery_event *e,
                 const struct refusal *r)
{
    if (!e->wants_ack) {
        emit_error(cl, s, r);
        return;
    }
    bytes_clear(&cl->out);
    message_write_refused(&cl->out, r);
    struct rookery_args args = args_of_json(bytes_span(&cl->out));
    (void)rookery_reply(s, e, &args);
}

void chat_refuse_later(struct chat_loop *cl, struct rookery_socket *s, struct rookery_ack *ack,
                       const struct refusal *r)
{
    if (ack == NULL) {
        emit_error(cl, s, r);
        return;
    }
    bytes_clear(&cl->out);
    message_write_refused(&cl->out, r);
    struct rookery_args args = args_of_json(bytes_span(&cl->out));
    (void)rookery_ack_send(ack, &args);
}

const struct refusal *chat_read_room(struct chat_loop *cl, const struct payload *p,
                                     struct span *room)
{
    return policy_text(p->room_id, NAME_BYTES_MAX, &cl->room, room) ? NULL : &refused_room_id;
}

/* ---- coming and going ---- */

/* What is absent is unknown; what is there and unusable is said, and unknown too. */
static struct span read_name(struct chat_loop *cl, struct rookery_socket *s, struct json v,
                             struct bytes *decoded, const struct refusal *otherwise)
{
    struct span name = SPAN("");

    if (payload_has(v) && !policy_text(v, NAME_BYTES_MAX, decoded, &name)) {
        emit_error(cl, s, otherwise);
        return SPAN("");
    }
    return name;
}

static void on_connection(struct rookery_socket *s, void *arg)
{
    struct chat_loop *cl = chat_loop_of(arg, s);
    struct payload auth;

    if (!payload_read(rookery_socket_auth(s), &auth)) {
        return;
    }
    struct span user_id = read_name(cl, s, auth.user_id, &cl->user_id, &refused_user_id);
    struct span username = read_name(cl, s, auth.username, &cl->room, &refused_username);
    if (user_id.len > 0 || username.len > 0) {
        rookery_socket_set_data(s, person_create(user_id, user_id.len > 0, username),
                                person_destroy);
    }
}

struct farewell {
    struct chat_loop *cl;
    struct rookery_socket *socket;
};

static void say_left(struct rookery_str room, void *arg)
{
    const struct farewell *f = arg;
    struct chat_loop *cl = f->cl;
    struct identity who = chat_identity(f->socket);

    if (span_eq(span_of_str(room), span_of_str(rookery_socket_id(f->socket)))) {
        return; /* everybody is in a room of his own, which is none of the chat's */
    }
    who.username = SPAN("");
    bytes_clear(&cl->out);
    message_write_presence(&cl->out, span_of_str(room), who, rookery_loop_wall_ms(cl->loop));
    chat_broadcast(cl, ROOKERY_STR("user_left"), span_of_str(room));
}

static void on_disconnecting(struct rookery_socket *s, const char *reason, void *arg)
{
    struct farewell farewell = {.cl = chat_loop_of(arg, s), .socket = s};

    /* When all leave at once there is nobody to tell, and telling those that are still there would
     * cost the square of their number. */
    if (strcmp(reason, "server shutting down") != 0) {
        rookery_rooms(s, say_left, &farewell);
    }
}

/* ---- making ---- */

static void init_loop(struct chat *chat, struct rookery *io, unsigned i, struct executor *executor)
{
    struct chat_loop *cl = &chat->loops[i];

    cl->chat = chat;
    cl->executor = executor;
    cl->loop = rookery_loop_at(io, i);
}

struct chat *chat_create(struct rookery *io, const struct chat_options *options)
{
    unsigned loops = rookery_loop_count(io);
    struct chat *chat = xcalloc(1, sizeof *chat + loops * sizeof *chat->loops);

    assert((options->journal == NULL) == (options->store == NULL));
    chat->nsp = rookery_of(io, ROOKERY_STR("/"));
    chat->journal = options->journal;
    chat->store = options->store;
    chat->loop_count = loops;
    executor_random(options->executors[0], chat->hash_secret, sizeof chat->hash_secret);
    for (unsigned i = 0; i < loops; i++) {
        init_loop(chat, io, i, options->executors[i]);
    }
    rookery_on_connection(chat->nsp, on_connection, chat);
    rookery_on_disconnecting(chat->nsp, on_disconnecting, chat);
    rookery_on(chat->nsp, ROOKERY_STR("join_room"), chat_on_join, chat);
    rookery_on(chat->nsp, ROOKERY_STR("leave_room"), chat_on_leave, chat);
    rookery_on(chat->nsp, ROOKERY_STR("send_message"), chat_on_send, chat);
    return chat;
}

void chat_destroy(struct chat *chat)
{
    if (chat == NULL) {
        return;
    }
    for (unsigned i = 0; i < chat->loop_count; i++) {
        struct chat_loop *cl = &chat->loops[i];
        assert(cl->joinings.first == NULL);
        bytes_finish(&cl->out);
        bytes_finish(&cl->room);
        bytes_finish(&cl->user_id);
        bytes_finish(&cl->type);
    }
    free(chat);
}
