// SPDX-License-Identifier: MIT
#include <string.h>

#include "src/base/stats.h"
#include "src/chat/chat_loop.h"
#include "src/chat/message.h"
#include "src/chat/text.h"

static void emit(struct chat_loop *cl, struct rookery_socket *s, struct rookery_str event)
{
    struct rookery_args args = args_of_json(bytes_span(&cl->out));

    if (event.len > 0) {
        (void)rookery_emit(s, event, &args, NULL);
    }
}

void chat_tell(struct chat_loop *cl, struct rookery_socket *s, enum dialect_id dialect,
               const struct notice *n)
{
    bytes_clear(&cl->out);
    emit(cl, s, dialect_write(dialect, n, &cl->out));
}

static void emit_refusal(struct chat_loop *cl, struct rookery_socket *s, const struct command *c,
                         const struct refusal *r)
{
    bytes_clear(&cl->out);
    emit(cl, s, dialect_write_refusal(c, r, &cl->out));
}

static enum stat_id counter_of(const struct refusal *r)
{
    static const struct {
        const char *code;
        enum stat_id counter;
    } counters[] = {
        {"RATE_LIMIT_EXCEEDED", STAT_REFUSED_RATE}, {"UNAUTHORIZED", STAT_REFUSED_UNAUTHORIZED},
        {"FORBIDDEN", STAT_REFUSED_UNAUTHORIZED},   {"TOKEN_EXPIRED", STAT_REFUSED_UNAUTHORIZED},
        {"SERVER_FULL", STAT_REFUSED_FULL},         {"INVALID_PAYLOAD", STAT_REFUSED_INVALID},
        {"MESSAGE_TOO_LONG", STAT_REFUSED_INVALID},
    };

    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++) {
        if (strcmp(r->code, counters[i].code) == 0) {
            return counters[i].counter;
        }
    }
    return STAT_REFUSED_OTHER;
}

void chat_count_refusal(struct chat_loop *cl, const struct refusal *r)
{
    if (cl->stats != NULL) {
        stats_add(cl->stats, counter_of(r), 1);
    }
}

/* ---- later ---- */

struct chat_reply chat_reply_take(const struct chat_call *call)
{
    return (struct chat_reply){
        .socket = rookery_socket_hold(call->socket),
        .ack = rookery_ack_take(call->socket, call->event),
        .kind = (uint8_t)call->command->kind,
        .dialect = (uint8_t)call->command->dialect,
    };
}

void chat_reply_send(struct chat_loop *cl, struct chat_reply *reply)
{
    struct rookery_args args = args_of_json(bytes_span(&cl->out));

    if (reply->ack != NULL) {
        (void)rookery_ack_send(reply->ack, &args);
        reply->ack = NULL;
    }
}

void chat_reply_done(struct chat_loop *cl, struct chat_reply *reply)
{
    bytes_clear(&cl->out);
    message_write_done(&cl->out);
    chat_reply_send(cl, reply);
}

void chat_reply_refuse(struct chat_loop *cl, struct chat_reply *reply, const struct refusal *r)
{
    const struct command c = {.kind = reply->kind, .dialect = reply->dialect};

    chat_count_refusal(cl, r);
    if (reply->ack == NULL) {
        emit_refusal(cl, reply->socket, &c, r);
        return;
    }
    bytes_clear(&cl->out);
    message_write_refused(&cl->out, r);
    chat_reply_send(cl, reply);
}

void chat_reply_finish(struct chat_reply *reply)
{
    if (reply->ack != NULL) {
        rookery_ack_drop(reply->ack);
    }
    rookery_socket_release(reply->socket);
}

/* ---- at once ---- */

void chat_answer(const struct chat_call *call)
{
    struct rookery_args args = args_of_json(bytes_span(&call->cl->out));

    if (call->event->wants_ack) {
        (void)rookery_reply(call->socket, call->event, &args);
    }
}

void chat_answer_done(const struct chat_call *call)
{
    bytes_clear(&call->cl->out);
    message_write_done(&call->cl->out);
    chat_answer(call);
}

void chat_refuse(const struct chat_call *call, const struct refusal *r)
{
    chat_count_refusal(call->cl, r);
    if (!call->event->wants_ack) {
        emit_refusal(call->cl, call->socket, call->command, r);
        return;
    }
    bytes_clear(&call->cl->out);
    message_write_refused(&call->cl->out, r);
    chat_answer(call);
}

const struct refusal *chat_store_refusal(int error)
{
    switch (error) {
    case STORE_EBUSY:
        return &refused_store_busy;
    case STORE_EEXISTS:
        return &refused_exists;
    case STORE_EMISSING:
        return &refused_missing;
    case STORE_ETOOMANY:
        return &refused_rooms;
    default:
        return &refused_store;
    }
}
