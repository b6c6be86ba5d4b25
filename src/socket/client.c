// SPDX-License-Identifier: MIT
#include "src/socket/client.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "src/socket/acks.h"
#include "src/socket/eio3.h"
#include "src/socket/event.h"
#include "src/socket/handshake.h"
#include "src/socket/incoming.h"
#include "src/socket/io.h"
#include "src/socket/recovery.h"
#include "src/socket/socket.h"

/* Apart from the client, which outlives it by far. */
struct connect_deadline {
    struct timer timer;
    struct client *client;
};

/* ---- closing ---- */

void client_greeted(struct client *c)
{
    if (c->deadline != NULL) {
        executor_timer_stop(c->loop->executor, &c->deadline->timer);
        free(c->deadline);
        c->deadline = NULL;
    }
}

void client_bury_closed(struct turn_hook *hook)
{
    struct rookery_loop *loop = container_of(hook, struct rookery_loop, bury_hook);

    while (loop->closed_clients != NULL) {
        struct client *c = loop->closed_clients;
        loop->closed_clients = c->next_closed;
        free(c);
    }
}

/* Its first socket in that state, or NULL. */
static struct rookery_socket *first_in_state(const struct client *c, enum socket_state state)
{
    struct rookery_socket *s = c->sockets;

    while (s != NULL && s->state != state) {
        s = s->next;
    }
    return s;
}

void client_closed(struct session *session, enum session_reason reason)
{
    struct client *c = session->app;
    struct rookery_socket *s;

    client_greeted(c);
    while ((s = first_in_state(c, SOCKET_CONNECTING)) != NULL) {
        socket_abandon(s);
    }
    while ((s = first_in_state(c, SOCKET_CONNECTED)) != NULL) {
        socket_leave(s, session_reason_text(reason));
    }
    incoming_destroy(c->incoming);
    c->incoming = NULL;
    c->next_closed = c->loop->closed_clients;
    c->loop->closed_clients = c;
    executor_at_turn_end(c->loop->executor, &c->loop->bury_hook, TURN_FLUSH);
}

void client_disconnect(struct client *c)
{
    struct rookery_socket *s;

    while ((s = first_in_state(c, SOCKET_CONNECTED)) != NULL) {
        socket_disconnect(s);
    }
    session_close(c->session, REASON_FORCED_CLOSE);
}

/* ---- sockets ---- */

static struct rookery_socket *find(const struct client *c, struct span nsp)
{
    struct rookery_socket *s = c->sockets;

    while (s != NULL && !span_eq(namespace_name(s->share->nsp), nsp)) {
        s = s->next;
    }
    return s;
}

/* At the end; false if it has too many. */
static bool add(struct client *c, struct rookery_socket *s)
{
    struct rookery_socket **end = &c->sockets;
    unsigned count = 0;

    while (*end != NULL) {
        end = &(*end)->next;
        count++;
    }
    if (count >= CLIENT_SOCKETS_MAX) {
        return false;
    }
    *end = s;
    return true;
}

void client_forget(struct client *c, struct rookery_socket *s)
{
    struct rookery_socket **at = &c->sockets;

    while (*at != s) {
        at = &(*at)->next;
    }
    *at = s->next;
    s->next = NULL;
}

void client_send(struct client *c, struct span frames)
{
    struct frame *f = frame_copy(frames);

    session_send(c->session, f);
    frame_release(f);
    io_loop_count(c->loop, STAT_PACKETS_SENT, 1);
}

/* ---- receiving ---- */

static void violation(struct client *c)
{
    io_loop_count(c->loop, STAT_PARSE_ERRORS, 1);
    session_close(c->session, REASON_FORCED_CLOSE);
}

static void refuse_connect(struct client *c, struct span nsp, struct span message)
{
    struct encoder *encoder = &c->loop->encoder;
    struct span no_data = {0};

    client_send(c, encoder->msgpack && c->session->eio3
                       ? encoder_connect_error_eio3(encoder, nsp, message, no_data)
                       : encoder_connect_error(encoder, nsp, message, no_data));
}

static void connect_to(struct client *c, struct span nsp, struct span auth)
{
    struct rookery_socket *earlier = find(c, nsp);

    if (earlier != NULL) {
        if (earlier->state != SOCKET_CONNECTING || c->replaced++ == CLIENT_REPLACED_MAX) {
            violation(c);
            return;
        }
        socket_abandon(earlier);
    }
    struct share *share = share_open(c->loop, nsp, auth);
    if (share == NULL) {
        refuse_connect(c, nsp, SPAN("Invalid namespace"));
        return;
    }
    struct rookery_socket *s = socket_create(share, c, auth);
    if (!add(c, s)) {
        rookery_socket_release(s);
        refuse_connect(c, nsp, SPAN("Too many namespaces"));
        return;
    }
    recovery_admit(s);
}

static void receive_connect(struct client *c, const struct sio_packet *packet)
{
    struct bytes auth = {0};
    struct span query;

    if (!c->session->eio3) {
        connect_to(c, packet->nsp, packet->has_payload ? packet->payload.text : span_of(NULL, 0));
        return;
    }
    struct span nsp = eio3_namespace(packet->nsp, &query);
    handshake_query_write(&auth, query);
    connect_to(c, nsp, bytes_span(&auth));
    bytes_finish(&auth);
}

/* Of a packet that is for a socket. */
static struct span namespace_of(const struct client *c, const struct sio_packet *packet)
{
    struct span ignored;
    return c->session->eio3 ? eio3_namespace(packet->nsp, &ignored) : packet->nsp;
}

static void receive_for_socket(struct client *c, const struct sio_packet *packet,
                               const struct rookery_args *args)
{
    struct rookery_socket *s = find(c, namespace_of(c, packet));

    if (s == NULL || !socket_receives(s)) {
        violation(c);
    } else if (packet->type == SIO_DISCONNECT) {
        socket_leave(s, "client namespace disconnect");
    } else if (packet->type == SIO_ACK || packet->type == SIO_BINARY_ACK) {
        if (packet->has_id) {
            acks_receive(s, packet->id, args);
        }
    } else {
        event_receive(s, packet, args);
    }
}

static void receive(struct client *c, const struct sio_packet *packet,
                    const struct rookery_bin *bins)
{
    const struct rookery_args args = {
        .json = {(const char *)packet->args.data, packet->args.len},
        .bins = bins,
        .bin_count = packet->attachments,
    };

    if (packet->type == SIO_CONNECT) {
        receive_connect(c, packet);
    } else if (packet->type == SIO_CONNECT_ERROR) {
        violation(c);
    } else {
        receive_for_socket(c, packet, &args);
    }
}

/* False if it may not come now, or is no packet. */
static bool take_text(struct client *c, struct span text)
{
    const struct io_options *options = &c->loop->io->options;
    const struct sio_limits limits = {options->attachments_max, options->json_depth_max};
    struct sio_packet packet;

    if (c->incoming != NULL) {
        return false;
    }
    if (incoming_announced(text)) {
        c->incoming = incoming_create(text, &limits);
        return c->incoming != NULL;
    }
    if (sio_packet_decode(text, &limits, &packet) < 0) {
        return false;
    }
    receive(c, &packet, NULL);
    return true;
}

/* ---- in MessagePack ---- */

enum { KEPT_BYTES = 64 * 1024 };

static void give_back(struct sio_msgpack *unpacked)
{
    if (unpacked->json.cap > KEPT_BYTES) {
        sio_msgpack_finish(unpacked);
    }
}

/* Clients of Engine.IO 3 have some packets in JSON. */
static void receive_old_text(struct client *c, struct span text)
{
    struct rookery_loop *loop = c->loop;
    const struct sio_limits limits = {0, loop->io->options.json_depth_max};
    struct sio_packet packet;

    if (!c->session->eio3 || sio_msgpack_decode_text(text, &limits, &loop->unpacked, &packet) < 0) {
        violation(c);
    } else {
        receive(c, &packet, NULL);
    }
    give_back(&loop->unpacked);
}

void client_receive_text(struct session *session, struct span text)
{
    struct client *c = session->app;

    if (c->loop->io->options.msgpack) {
        receive_old_text(c, text);
    } else if (!take_text(c, text)) {
        violation(c);
    }
}

static void receive_unpacked(struct client *c, const struct sio_packet *packet,
                             const struct span *spans)
{
    struct rookery_bin bins[ENCODER_ATTACHMENTS_MAX];

    for (unsigned i = 0; i < packet->attachments; i++) {
        bins[i] = (struct rookery_bin){spans[i].data, spans[i].len};
    }
    receive(c, packet, bins);
}

/* What may come in, may go out again. */
static void receive_msgpack(struct client *c, struct span message)
{
    struct rookery_loop *loop = c->loop;
    const struct sio_limits limits = {ENCODER_ATTACHMENTS_MAX, loop->io->options.json_depth_max};
    struct sio_packet packet;

    loop->unpacked.version_2 = c->session->eio3;
    if (sio_msgpack_decode(message, &limits, &loop->unpacked, &packet) < 0) {
        violation(c);
    } else {
        receive_unpacked(c, &packet, sio_msgpack_bins(&loop->unpacked));
    }
    give_back(&loop->unpacked);
}

void client_receive_binary(struct session *session, struct span data)
{
    struct client *c = session->app;
    struct incoming *in = c->incoming;

    if (c->loop->io->options.msgpack) {
        receive_msgpack(c, data);
    } else if (in == NULL) {
        violation(c);
    } else if (incoming_add(in, data)) {
        c->incoming = NULL; /* handlers may close the session */
        receive(c, &in->packet, in->bins);
        incoming_destroy(in);
    }
}

/* ---- opening ---- */

static void on_deadline(struct timer *timer)
{
    struct connect_deadline *d = container_of(timer, struct connect_deadline, timer);
    session_close(d->client->session, REASON_FORCED_CLOSE);
}

void client_open(struct session *session, void *arg)
{
    struct rookery_loop *loop = arg;
    struct client *c = xcalloc(1, sizeof *c);

    loop->stats = session->engine->stats;
    c->session = session;
    c->loop = loop;
    c->deadline = xcalloc(1, sizeof *c->deadline);
    c->deadline->client = c;
    c->deadline->timer.fire = on_deadline;
    executor_timer_start(loop->executor, &c->deadline->timer, loop->io->options.connect_timeout_ms);
    session->app = c;
    if (session->eio3) {
        connect_to(c, SPAN("/"), span_of(NULL, 0));
    }
}
