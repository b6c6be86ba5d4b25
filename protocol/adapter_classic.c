// SPDX-License-Identifier: MIT
#include "protocol/adapter_classic.h"

#include <assert.h>

#include "protocol/adapter_classic_wire.h"
#include "protocol/adapter_json.h"
#include "protocol/msgpack_json.h"

void classic_channel_write(struct bytes *out, enum classic_channel which, struct span prefix,
                           struct span nsp, struct span name)
{
    static const char *const middles[] = {
        [CLASSIC_BROADCAST] = "#",
        [CLASSIC_REQUEST] = "-request#",
        [CLASSIC_RESPONSE] = "-response#",
    };

    assert(which != CLASSIC_REQUEST || name.len == 0);
    bytes_add_span(out, prefix);
    bytes_add_cstr(out, middles[which]);
    bytes_add_span(out, nsp);
    bytes_add_byte(out, '#');
    if (name.len != 0) {
        bytes_add_span(out, name);
        bytes_add_byte(out, '#');
    }
}

struct span classic_room_of(const struct adapter_message *m)
{
    return m->rooms.count == 1 ? m->rooms.items[0] : SPAN("");
}

struct span classic_peek_uid(struct span payload)
{
    struct msgpack_reader r;
    struct msgpack array, uid;

    msgpack_begin(&r, payload);
    if (msgpack_next(&r, &array) <= 0 || array.type != MSGPACK_ARRAY || array.item_count == 0 ||
        msgpack_next(&r, &uid) <= 0 || uid.type != MSGPACK_STR) {
        return SPAN("");
    }
    return uid.body;
}

/* --- broadcasts, as MessagePack at once ------------------------------------------------------ */

static void pack_names(struct bytes *out, struct span key, const struct adapter_names *names)
{
    msgpack_write_str(out, key);
    msgpack_write_array(out, names->count);
    for (size_t i = 0; i < names->count; i++) {
        msgpack_write_str(out, names->items[i]);
    }
}

static void pack_flags(struct bytes *out, const struct adapter_message *m)
{
    bool own = m->seq != 0 || m->note.len != 0;

    msgpack_write_str(out, SPAN("flags"));
    msgpack_write_map(out, (size_t)m->is_volatile + m->no_compress + (m->timeout_ms != 0) + own);
    if (m->is_volatile) {
        msgpack_write_str(out, SPAN("volatile"));
        msgpack_write_bool(out, true);
    }
    if (m->no_compress) {
        msgpack_write_str(out, SPAN("compress"));
        msgpack_write_bool(out, false);
    }
    if (m->timeout_ms != 0) {
        msgpack_write_str(out, SPAN("timeout"));
        msgpack_write_u64(out, m->timeout_ms);
    }
    if (own) {
        msgpack_write_str(out, SPAN("rookery"));
        msgpack_write_array(out, 2);
        msgpack_write_u64(out, m->seq);
        msgpack_write_str(out, m->note);
    }
}

static void pack_options(struct bytes *out, const struct adapter_message *m)
{
    msgpack_write_map(out, 3);
    pack_names(out, SPAN("rooms"), &m->rooms);
    pack_names(out, SPAN("except"), &m->except);
    pack_flags(out, m);
}

static void pack_packet(struct bytes *out, const struct adapter_message *m)
{
    const struct adapter_args *args = &m->args;

    assert(!adapter_event_reserved(m->kind, m->event));
    msgpack_write_map(out, 3);
    msgpack_write_str(out, SPAN("type"));
    msgpack_write_u64(out, CLASSIC_PACKET_EVENT);
    msgpack_write_str(out, SPAN("data"));
    size_t data = msgpack_container_begin(out);
    msgpack_write_str(out, m->event);
    size_t count =
        msgpack_write_json(out, MSGPACK_NOTEPACK, args->json, args->bins, args->bin_count);
    msgpack_array_end(out, data, 1 + count);
    msgpack_write_str(out, SPAN("nsp"));
    msgpack_write_str(out, m->nsp);
}

static void pack_broadcast(struct bytes *out, const struct adapter_message *m)
{
    msgpack_write_array(out, 3);
    msgpack_write_str(out, m->uid);
    pack_packet(out, m);
    pack_options(out, m);
}

static void pack_asking_broadcast(struct bytes *out, const struct adapter_message *m)
{
    msgpack_write_map(out, 5);
    msgpack_write_str(out, SPAN("uid"));
    msgpack_write_str(out, m->uid);
    msgpack_write_str(out, SPAN("requestId"));
    msgpack_write_str(out, m->request_id);
    msgpack_write_str(out, SPAN("type"));
    msgpack_write_u64(out, CLASSIC_BROADCAST_ASKING);
    msgpack_write_str(out, SPAN("packet"));
    pack_packet(out, m);
    msgpack_write_str(out, SPAN("opts"));
    pack_options(out, m);
}

static void pack_ack(struct bytes *out, const struct adapter_message *m)
{
    const struct adapter_args *args = &m->args;
    bool has_value = args->json.len != 0;

    assert(m->request_id.len != 0);
    msgpack_write_map(out, 2 + (size_t)has_value);
    msgpack_write_str(out, SPAN("type"));
    msgpack_write_u64(out, CLASSIC_BROADCAST_ACK);
    msgpack_write_str(out, SPAN("requestId"));
    msgpack_write_str(out, m->request_id);
    if (has_value) {
        msgpack_write_str(out, SPAN("packet"));
        struct span value = adapter_first_of(args->json);
        (void)msgpack_write_json(out, MSGPACK_NOTEPACK, value, args->bins, args->bin_count);
    }
}

/* --- all else, as JSON ----------------------------------------------------------------------- */

/* The beginning of a request: who asks, and by which id if there is an answer to it. */
static void write_request(struct bytes *out, const struct adapter_message *m,
                          enum classic_type type)
{
    bytes_add_byte(out, '{');
    if (m->uid.len != 0) {
        json_member_string(out, SPAN("uid"), m->uid);
    }
    if (m->request_id.len != 0) {
        json_member_string(out, SPAN("requestId"), m->request_id);
    }
    json_member_u64(out, SPAN("type"), type);
}

static void write_order(struct bytes *out, const struct adapter_message *m)
{
    static const enum classic_type types[] = {
        [ADAPTER_JOIN] = CLASSIC_REMOTE_JOIN,
        [ADAPTER_LEAVE] = CLASSIC_REMOTE_LEAVE,
        [ADAPTER_DISCONNECT] = CLASSIC_REMOTE_DISCONNECT,
    };

    assert(!m->wants_done && m->request_id.len == 0);
    write_request(out, m, types[m->kind]);
    adapter_options_write(out, m, false);
    if (m->kind == ADAPTER_DISCONNECT) {
        json_member_bool(out, SPAN("close"), m->close);
    } else {
        adapter_names_write(out, SPAN("rooms"), &m->operands);
    }
}

static void write_question(struct bytes *out, const struct adapter_message *m)
{
    assert(m->request_id.len != 0);
    if (m->kind == ADAPTER_FETCH) {
        write_request(out, m, CLASSIC_REMOTE_FETCH);
        adapter_options_write(out, m, false);
    } else if (m->kind == ADAPTER_IDS) {
        write_request(out, m, CLASSIC_SOCKETS);
        adapter_names_write(out, SPAN("rooms"), &m->rooms);
    } else {
        write_request(out, m, CLASSIC_ALL_ROOMS);
    }
}

/* The beginning of an answer. */
static void write_answer(struct bytes *out, const struct adapter_message *m)
{
    assert(m->request_id.len != 0);
    bytes_add_byte(out, '{');
    if (m->kind == ADAPTER_COUNT) {
        json_member_u64(out, SPAN("type"), CLASSIC_CLIENT_COUNT);
    } else if (m->kind == ADAPTER_EMIT_ANSWER) {
        json_member_u64(out, SPAN("type"), CLASSIC_SERVER_SIDE_EMIT);
    }
    json_member_string(out, SPAN("requestId"), m->request_id);
}

/* The members that are a message's own, and what comes before them. */
static void write_members(struct bytes *out, const struct adapter_message *m)
{
    switch (m->kind) {
    case ADAPTER_JOIN:
    case ADAPTER_LEAVE:
    case ADAPTER_DISCONNECT:
        write_order(out, m);
        break;
    case ADAPTER_FETCH:
    case ADAPTER_ROOMS:
    case ADAPTER_IDS:
        write_question(out, m);
        break;
    case ADAPTER_EMIT:
        write_request(out, m, CLASSIC_SERVER_SIDE_EMIT);
        adapter_event_write(out, SPAN("data"), m);
        break;
    case ADAPTER_CATCH_UP:
        write_request(out, m, CLASSIC_CATCH_UP);
        adapter_seen_write(out, m);
        break;
    case ADAPTER_COUNT:
        write_answer(out, m);
        json_member_u64(out, SPAN("clientCount"), m->count);
        break;
    case ADAPTER_SOCKETS:
        write_answer(out, m);
        adapter_sockets_write(out, m);
        break;
    case ADAPTER_ROOM_NAMES:
        write_answer(out, m);
        adapter_names_write(out, SPAN("rooms"), &m->operands);
        break;
    case ADAPTER_ID_NAMES:
        write_answer(out, m);
        adapter_names_write(out, SPAN("sockets"), &m->operands);
        break;
    case ADAPTER_EMIT_ANSWER:
        write_answer(out, m);
        json_member_json(out, SPAN("data"), adapter_first_of(m->args.json));
        break;
    case ADAPTER_DONE:
        write_answer(out, m);
        break;
    case ADAPTER_BROADCAST:
    case ADAPTER_ACK:
    case ADAPTER_IGNORED:
        assert(!"a kind that is JSON");
    }
}

static void write_json(struct bytes *out, const struct adapter_message *m)
{
    write_members(out, m);
    bytes_add_byte(out, '}');
}

void classic_encode(struct bytes *out, const struct adapter_message *m)
{
    struct bytes json = {0};

    if (m->kind == ADAPTER_BROADCAST && m->request_id.len == 0) {
        pack_broadcast(out, m);
    } else if (m->kind == ADAPTER_BROADCAST) {
        pack_asking_broadcast(out, m);
    } else if (m->kind == ADAPTER_ACK) {
        pack_ack(out, m);
    } else if (m->args.bin_count == 0) {
        write_json(out, m);
    } else {
        write_json(&json, m);
        (void)msgpack_write_json(out, MSGPACK_NOTEPACK, bytes_span(&json), m->args.bins,
                                 m->args.bin_count);
        bytes_finish(&json);
    }
}
