// SPDX-License-Identifier: MIT
#include "tools/load/client.h"

#include <stdlib.h>
#include <time.h>

#include "protocol/eio_packet.h"
#include "protocol/sio_packet.h"

enum { JOIN_ACK_ID = 0, JSON_DEPTH = 64 };

static const char *const loss_names[CLIENT_LOSSES] = {
    [CLIENT_REFUSED] = "refused",           [CLIENT_NO_DESCRIPTOR] = "no_descriptor",
    [CLIENT_TIMEOUT] = "timeout",           [CLIENT_HTTP_STATUS] = "http_status",
    [CLIENT_PROTOCOL] = "protocol",         [CLIENT_CONNECT_ERROR] = "connect_error",
    [CLIENT_DISCONNECTED] = "disconnected", [CLIENT_DROPPED] = "dropped",
};

const char *client_loss_name(enum client_loss loss)
{
    return loss_names[loss];
}

void swarm_init(struct swarm *s, const struct load_options *options,
                const struct client_events *events)
{
    bool polling = strcmp(options->transport, "polling") == 0;

    s->options = options;
    s->events = events;
    s->transport = polling ? &transport_polling : &transport_websocket;
    s->random = (uint64_t)time(NULL) << 20 | 1;
    for (uint32_t i = 0; i < options->url_count; i++) {
        struct bytes *host = &s->servers[i].host;
        bytes_add_cstr(host, options->urls[i].host);
        bytes_add_byte(host, ':');
        bytes_add_u64(host, options->urls[i].port);
    }
    for (uint32_t i = 0; i < options->template_count; i++) {
        const struct template *t = &options->templates[i];
        template_write_prefix(t, "42", t->deliver, &s->prefixes[i].deliver);
        template_write_prefix(t, "43", NULL, &s->prefixes[i].ack);
    }
}

void swarm_finish(struct swarm *s)
{
    for (unsigned i = 0; i < URLS_MAX; i++) {
        bytes_finish(&s->servers[i].host);
    }
    for (unsigned i = 0; i < TEMPLATES_MAX; i++) {
        bytes_finish(&s->prefixes[i].deliver);
        bytes_finish(&s->prefixes[i].ack);
    }
    bytes_finish(&s->packet);
    bytes_finish(&s->message);
    inflater_finish(&s->inflater);
}

uint32_t swarm_random(struct swarm *s)
{
    s->random ^= s->random << 13; /* xorshift64 */
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return (uint32_t)(s->random >> 16);
}

void client_init(struct client *c, struct swarm *s, uint32_t id)
{
    const struct load_options *o = s->options;

    *c = (struct client){.swarm = s,
                         .id = id,
                         .template = (uint8_t)(id / o->rooms % o->template_count),
                         .server =
                             (uint8_t)((o->spread ? id / o->rooms : id % o->rooms) % o->url_count)};
}

int client_open_conn(struct client *c, struct conn *conn, const struct conn_ops *ops)
{
    return conn_open(conn, &c->swarm->loop, &c->swarm->servers[c->server].address, ops);
}

struct span client_host(const struct client *c)
{
    return bytes_span(&c->swarm->servers[c->server].host);
}

uint32_t client_room(const struct client *c)
{
    return c->id % c->swarm->options->rooms;
}

static const struct template *template_of(const struct client *c)
{
    return &c->swarm->options->templates[c->template];
}

void client_abandon(struct client *c, enum client_loss why)
{
    if (c->state == CLIENT_OFF) {
        return;
    }
    bool was_joined = c->state == CLIENT_JOINED;
    c->swarm->transport->close(c, false);
    c->state = CLIENT_OFF;
    c->swarm->events->on_lost(c, why, was_joined);
}

void client_start(struct client *c)
{
    c->state = CLIENT_OPENING;
    c->started_ns = loop_clock(&c->swarm->loop);
    c->upgraded = false;
    c->post_busy = false;
    c->sid[0] = '\0';
    bytes_clear(&c->pending);
    if (c->swarm->transport->open(c) < 0) {
        client_abandon(c, CLIENT_NO_DESCRIPTOR);
    }
}

static void end(struct client *c, bool goodbye)
{
    if (c->state != CLIENT_OFF) {
        c->swarm->transport->close(c, goodbye);
        c->state = CLIENT_OFF;
    }
}

void client_stop(struct client *c)
{
    end(c, true);
}

void client_drop(struct client *c)
{
    end(c, false);
}

void client_finish(struct client *c)
{
    client_stop(c);
    bytes_finish(&c->pending);
    bytes_finish(&c->conn.out);
    bytes_finish(&c->post.out);
}

void client_on_conn_lost(struct client *c, enum conn_loss why)
{
    static const enum client_loss losses[] = {
        [CONN_REFUSED] = CLIENT_REFUSED,
        [CONN_CLOSED] = CLIENT_DROPPED,
        [CONN_RESET] = CLIENT_DROPPED,
        [CONN_PROTOCOL] = CLIENT_PROTOCOL,
    };

    client_abandon(c, losses[why]);
}

static void send_event(struct client *c, const char *event, const char *args, struct span text,
                       uint64_t ack_id)
{
    const struct load_options *o = c->swarm->options;
    uint32_t peer = c->id + o->rooms;
    const struct template_fill fill = {
        .room = client_room(c),
        .user = c->id,
        .peer = peer < o->users ? peer : client_room(c),
        .seq = c->seq,
        .text = text,
        .rooms_are_hex = o->rooms_are_hex,
    };

    bytes_clear(&c->swarm->packet);
    template_write_event(template_of(c), event, args, &fill, ack_id, &c->swarm->packet);
    c->swarm->transport->send(c, bytes_span(&c->swarm->packet));
}

void client_send_message(struct client *c, struct span text, uint64_t ack_id)
{
    const struct template *t = template_of(c);

    send_event(c, t->send, t->send_args, text, ack_id);
    c->seq++;
}

static void become_joined(struct client *c)
{
    c->state = CLIENT_JOINED;
    c->swarm->events->on_joined(c);
}

static void join(struct client *c)
{
    const struct template *t = template_of(c);

    if (c->swarm->options->no_join || t->join[0] == '\0') {
        become_joined(c);
        return;
    }
    bool by_ack = strcmp(t->join_reply, "ack") == 0;
    send_event(c, t->join, t->join_args, SPAN(""), by_ack ? JOIN_ACK_ID : TEMPLATE_NO_ACK);
    if (t->join_reply[0] == '\0') {
        become_joined(c);
    } else {
        c->state = CLIENT_JOINING;
    }
}

/* The open packet: for polling the session id and the most that one POST may carry. */
static void on_open(struct client *c, struct span payload)
{
    struct json open;
    struct json sid;
    struct json max;
    struct span text;
    uint64_t bytes_max = 0;

    if (c->state != CLIENT_OPENING || json_parse(payload, JSON_DEPTH, &open) < 0 ||
        open.type != JSON_OBJECT || !json_object_find(open, SPAN("sid"), &sid) ||
        sid.type != JSON_STRING || !json_string_plain(sid, &text) || text.len >= sizeof c->sid) {
        client_abandon(c, CLIENT_PROTOCOL);
        return;
    }
    memcpy(c->sid, text.data, text.len);
    c->sid[text.len] = '\0';
    if (json_object_find(open, SPAN("maxPayload"), &max) &&
        json_to_u64(max, UINT32_MAX, &bytes_max) < 0) {
        bytes_max = 0;
    }
    c->payload_bytes_max = bytes_max != 0 ? (uint32_t)bytes_max : 100000;
    c->state = CLIENT_CONNECTING;
    bytes_clear(&c->swarm->packet);
    template_write_connect(template_of(c), &c->swarm->packet);
    c->swarm->transport->send(c, bytes_span(&c->swarm->packet));
}

static void on_event(struct client *c, const struct sio_packet *packet)
{
    const char *reply = template_of(c)->join_reply;

    if (c->state == CLIENT_JOINING && json_string_eq(packet->event, span_cstr(reply))) {
        become_joined(c);
    } else {
        c->swarm->packets_ignored++;
    }
}

static void on_sio_packet(struct client *c, struct span text)
{
    static const struct sio_limits limits = {.attachments_max = 10, .depth_max = JSON_DEPTH};
    struct sio_packet packet;

    if (sio_packet_decode(text, &limits, &packet) < 0) {
        client_abandon(c, CLIENT_PROTOCOL);
        return;
    }
    switch (packet.type) {
    case SIO_CONNECT:
        if (c->state == CLIENT_CONNECTING) {
            join(c);
        }
        break;
    case SIO_CONNECT_ERROR:
        client_abandon(c, CLIENT_CONNECT_ERROR);
        break;
    case SIO_DISCONNECT:
        client_abandon(c, CLIENT_DISCONNECTED);
        break;
    case SIO_ACK:
        if (c->state == CLIENT_JOINING && packet.has_id && packet.id == JOIN_ACK_ID) {
            become_joined(c);
        }
        break;
    case SIO_EVENT:
        on_event(c, &packet);
        break;
    case SIO_BINARY_EVENT:
    case SIO_BINARY_ACK:
        c->swarm->packets_ignored++;
        break;
    }
}

/* The digits behind the prefix of acks; false when it is none of a message. */
static bool read_ack(const struct client *c, struct span packet, uint64_t *id)
{
    struct span prefix = bytes_span(&c->swarm->prefixes[c->template].ack);
    size_t digits = 0;

    if (c->state != CLIENT_JOINED || !span_starts(packet, prefix)) {
        return false;
    }
    packet = span_skip(packet, prefix.len);
    while (digits < packet.len && packet.data[digits] >= '0' && packet.data[digits] <= '9') {
        digits++;
    }
    c->swarm->acks_refusing += span_starts(span_skip(packet, digits), SPAN("[{\"ok\":false"));
    return span_to_u64(span_of(packet.data, digits), UINT64_MAX / 16, id) == 0;
}

/* Everything but the millions of deliveries and acks. */
static void on_other_packet(struct client *c, struct span text)
{
    struct eio_packet packet;

    if (eio_packet_decode(text, &packet) < 0) {
        client_abandon(c, CLIENT_PROTOCOL);
        return;
    }
    switch (packet.type) {
    case EIO_OPEN:
        on_open(c, packet.payload);
        break;
    case EIO_CLOSE:
        client_abandon(c, CLIENT_DISCONNECTED);
        break;
    case EIO_PING:
        c->swarm->transport->send(c, SPAN("3"));
        break;
    case EIO_MESSAGE:
        if (packet.base64) {
            c->swarm->packets_ignored++;
        } else {
            on_sio_packet(c, packet.payload);
        }
        break;
    case EIO_PONG:
    case EIO_UPGRADE:
    case EIO_NOOP:
        c->swarm->packets_ignored++;
        break;
    }
}

void client_on_packet(struct client *c, struct span packet)
{
    struct span deliver = bytes_span(&c->swarm->prefixes[c->template].deliver);
    uint64_t id;

    if (c->state == CLIENT_JOINED && span_starts(packet, deliver)) {
        c->swarm->events->on_delivery(c, packet);
    } else if (read_ack(c, packet, &id)) {
        c->swarm->events->on_ack(c, id);
    } else {
        on_other_packet(c, packet);
    }
}
