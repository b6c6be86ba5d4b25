// SPDX-License-Identifier: MIT
#include <assert.h>
#include <stdio.h>

#include "protocol/adapter_cluster_wire.h"
#include "protocol/adapter_json.h"
#include "protocol/base64.h"
#include "protocol/msgpack_json.h"

/* What the wire calls each kind. 0: it has none. CATCH_UP is ours; Node lets it pass. */
static const uint8_t types[] = {
    [ADAPTER_BROADCAST] = 3,  [ADAPTER_JOIN] = 4,         [ADAPTER_LEAVE] = 5,
    [ADAPTER_DISCONNECT] = 6, [ADAPTER_FETCH] = 7,        [ADAPTER_SOCKETS] = 8,
    [ADAPTER_EMIT] = 9,       [ADAPTER_EMIT_ANSWER] = 10, [ADAPTER_COUNT] = 11,
    [ADAPTER_ACK] = 12,       [ADAPTER_CATCH_UP] = 100,   [ADAPTER_IGNORED] = 0,
};

unsigned cluster_type_of(enum adapter_kind kind)
{
    assert(types[kind] != 0);

    return types[kind];
}

enum adapter_kind cluster_kind_of(uint64_t type)
{
    unsigned kind = 0;

    while (kind < ADAPTER_IGNORED && (type == 0 || types[kind] != type)) {
        kind++;
    }
    return (enum adapter_kind)kind;
}

static void write_request_id(struct bytes *out, const struct adapter_message *m)
{
    if (m->request_id.len != 0) {
        json_member_string(out, SPAN("requestId"), m->request_id);
    }
}

static void write_packet(struct bytes *out, const struct adapter_message *m)
{
    json_write_key(out, SPAN("packet"));
    bytes_add_byte(out, '{');
    json_member_u64(out, SPAN("type"), CLUSTER_PACKET_EVENT);
    adapter_event_write(out, SPAN("data"), m);
    bytes_add_byte(out, '}');
}

/* The members of what asks for no more than that something be done. */
static void write_order(struct bytes *out, const struct adapter_message *m)
{
    adapter_options_write(out, m, true);
    if (m->kind == ADAPTER_DISCONNECT) {
        json_member_bool(out, SPAN("close"), m->close);
    } else {
        adapter_names_write(out, SPAN("rooms"), &m->operands);
    }
}

static void write_answer(struct bytes *out, const struct adapter_message *m)
{
    assert(m->request_id.len != 0);

    write_request_id(out, m);
    if (m->kind == ADAPTER_SOCKETS) {
        adapter_sockets_write(out, m);
    } else if (m->kind == ADAPTER_COUNT) {
        assert(m->count <= ADAPTER_INTEGER_MAX);
        json_member_u64(out, SPAN("clientCount"), m->count);
    } else {
        adapter_answer_write(out, SPAN("packet"), m);
    }
}

/* The `data` of a message, in the order in which Node puts its members. */
static void write_data(struct bytes *out, const struct adapter_message *m)
{
    bytes_add_byte(out, '{');
    switch (m->kind) {
    case ADAPTER_BROADCAST:
        write_packet(out, m);
        write_request_id(out, m);
        adapter_options_write(out, m, true);
        break;
    case ADAPTER_JOIN:
    case ADAPTER_LEAVE:
    case ADAPTER_DISCONNECT:
        write_order(out, m);
        break;
    case ADAPTER_FETCH:
        assert(m->request_id.len != 0);
        adapter_options_write(out, m, true);
        write_request_id(out, m);
        break;
    case ADAPTER_EMIT:
        write_request_id(out, m);
        adapter_event_write(out, SPAN("packet"), m);
        break;
    case ADAPTER_CATCH_UP:
        adapter_seen_write(out, m);
        break;
    case ADAPTER_SOCKETS:
    case ADAPTER_COUNT:
    case ADAPTER_ACK:
    case ADAPTER_EMIT_ANSWER:
        write_answer(out, m);
        break;
    case ADAPTER_ROOMS:
    case ADAPTER_IDS:
    case ADAPTER_ROOM_NAMES:
    case ADAPTER_ID_NAMES:
    case ADAPTER_DONE:
    case ADAPTER_IGNORED:
        assert(!"a kind of this wire");
    }
    bytes_add_byte(out, '}');
}

static void write_message(struct bytes *out, const struct adapter_message *m)
{
    bytes_add_byte(out, '{');
    json_member_u64(out, SPAN("type"), cluster_type_of(m->kind));
    json_write_key(out, SPAN("data"));
    write_data(out, m);
    json_member_string(out, SPAN("uid"), m->uid);
    json_member_string(out, SPAN("nsp"), m->nsp);
    bytes_add_byte(out, '}');
}

/* Only what has arguments can hold binaries. */
static bool is_binary(const struct adapter_message *m)
{
    return m->args.json.len != 0 && m->args.bin_count != 0;
}

/* Appends JSON of ours as MessagePack, with the message's binaries. */
static void write_msgpack(struct bytes *out, enum msgpack_flavour flavour, const struct bytes *json,
                          const struct adapter_message *m)
{
    size_t bins = is_binary(m) ? m->args.bin_count : 0;

    (void)msgpack_write_json(out, flavour, bytes_span(json), m->args.bins, bins);
}

void cluster_encode(struct bytes *out, enum cluster_format format, const struct adapter_message *m)
{
    struct bytes json = {0};

    if (format == CLUSTER_SHARDED && !is_binary(m)) {
        write_message(out, m);
        return;
    }
    write_message(&json, m);
    write_msgpack(out, format == CLUSTER_SHARDED ? MSGPACK_NOTEPACK : MSGPACK_JS, &json, m);
    bytes_finish(&json);
}

void cluster_entry_encode(struct bytes *out, char type[4], const struct adapter_message *m)
{
    struct bytes json = {0}, packed = {0};

    (void)snprintf(type, 4, "%u", cluster_type_of(m->kind));
    if (!is_binary(m)) {
        write_data(out, m);
        return;
    }
    write_data(&json, m);
    write_msgpack(&packed, MSGPACK_JS, &json, m);
    base64_encode(bytes_span(&packed), out);
    bytes_finish(&packed);
    bytes_finish(&json);
}

void cluster_session_encode(struct bytes *out, const struct cluster_session *session)
{
    struct bytes json = {0}, packed = {0};

    bytes_add_byte(&json, '{');
    json_member_string(&json, SPAN("sid"), session->sid);
    json_member_string(&json, SPAN("pid"), session->pid);
    adapter_names_write(&json, SPAN("rooms"), &session->rooms);
    json_member_json(&json, SPAN("data"), session->data.len == 0 ? SPAN("{}") : session->data);
    bytes_add_byte(&json, '}');
    (void)msgpack_write_json(&packed, MSGPACK_JS, bytes_span(&json), NULL, 0);
    base64_encode(bytes_span(&packed), out);
    bytes_finish(&packed);
    bytes_finish(&json);
}
