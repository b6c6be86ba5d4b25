// SPDX-License-Identifier: MIT
#include "src/socket/event.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "src/socket/middleware.h"
#include "src/socket/socket.h"
#include "src/socket/text.h"

/* ---- receiving ---- */

/* Decoded; into memory that is good until the loop decodes the next one if that takes any. */
static struct span decode_name(struct rookery_loop *loop, struct json name)
{
    struct span plain;

    if (name.type != JSON_STRING) {
        return name.text;
    }
    if (json_string_plain(name, &plain)) {
        return plain;
    }
    bytes_clear(&loop->event_name);
    json_string_decode(name, &loop->event_name);
    return bytes_span(&loop->event_name);
}

static void run_handlers(struct rookery_socket *s, const struct callbacks *list,
                         const struct rookery_event *event)
{
    struct encoder *encoder = &s->share->loop->encoder;
    struct span outer = encoder->trusted;

    encoder->trusted = span_of_str(event->args.json);
    for (size_t i = 0; i < list->count; i++) {
        list->items[i].fn.on_event(s, event, list->items[i].arg);
    }
    encoder->trusted = outer;
}

void event_handle(struct rookery_socket *s, const struct rookery_event *event)
{
    const struct callbacks *list =
        handlers_of_event(&s->share->nsp->handlers->events, span_of_str(event->name));

    if (list != NULL) {
        run_handlers(s, list, event);
    }
}

void event_receive(struct rookery_socket *s, const struct sio_packet *packet,
                   const struct rookery_args *args)
{
    const struct handlers *handlers = s->share->nsp->handlers;
    struct rookery_ack_slot slot = {.id = packet->id, .open = packet->has_id};
    const struct rookery_event event = {
        .name = str_of_span(decode_name(s->share->loop, packet->event)),
        .args = *args,
        .wants_ack = packet->has_id,
        .slot = &slot,
    };

    (void)rookery_socket_hold(s);
    run_handlers(s, &handlers->any, &event);
    if (!socket_receives(s)) {
        /* A handler has disconnected it. */
    } else if (handlers->event_middlewares.count == 0) {
        event_handle(s, &event);
    } else {
        middleware_ask_event(s, &event);
    }
    rookery_socket_release(s);
}

/* ---- answering ---- */

static int send_answer(struct rookery_socket *s, uint64_t id, const struct rookery_args *args)
{
    const struct sio_head head = {
        .type = SIO_ACK, .nsp = namespace_name(s->share->nsp), .has_id = true, .id = id};
    struct span frames;

    if (!socket_receives(s)) {
        return ROOKERY_EGONE;
    }
    int error = encoder_ack(&s->share->loop->encoder, head, args, &frames);
    if (error == 0) {
        io_loop_count(s->share->loop, STAT_ACKS_SENT, 1);
        client_send(s->client, frames);
    }
    return error;
}

int rookery_reply(struct rookery_socket *s, const struct rookery_event *event,
                  const struct rookery_args *args)
{
    if (!event->slot->open) {
        return 0;
    }
    int error = send_answer(s, event->slot->id, args);
    event->slot->open = error != 0 && error != ROOKERY_EGONE;
    return error;
}

struct rookery_ack {
    struct rookery_socket *socket;
    uint64_t id;
};

struct rookery_ack *rookery_ack_take(struct rookery_socket *s, const struct rookery_event *event)
{
    if (!event->slot->open) {
        return NULL;
    }
    struct rookery_ack *ack = xmalloc(sizeof *ack);
    ack->socket = rookery_socket_hold(s);
    ack->id = event->slot->id;
    event->slot->open = false;
    return ack;
}

struct rookery_socket *rookery_ack_socket(const struct rookery_ack *ack)
{
    return ack->socket;
}

int rookery_ack_send(struct rookery_ack *ack, const struct rookery_args *args)
{
    int error = send_answer(ack->socket, ack->id, args);

    rookery_ack_drop(ack);
    return error;
}

void rookery_ack_drop(struct rookery_ack *ack)
{
    rookery_socket_release(ack->socket);
    free(ack);
}
