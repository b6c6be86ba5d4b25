// SPDX-License-Identifier: MIT
#include "protocol/sio_msgpack.h"

#include <assert.h>

#include "protocol/msgpack_json.h"
#include "protocol/utf8.h"

/* ---- decoding ---- */

void sio_msgpack_finish(struct sio_msgpack *in)
{
    bytes_finish(&in->json);
    bytes_finish(&in->bins);
}

/* The values of the members that count, still packed; empty: not there, or undefined. */
struct members {
    struct span type, nsp, id, data;
};

static struct span *member_of(struct members *m, const struct msgpack *key)
{
    if (key->type != MSGPACK_STR) {
        return NULL;
    }
    return span_eq(key->body, SPAN("type"))   ? &m->type
           : span_eq(key->body, SPAN("nsp"))  ? &m->nsp
           : span_eq(key->body, SPAN("id"))   ? &m->id
           : span_eq(key->body, SPAN("data")) ? &m->data
                                              : NULL;
}

static struct msgpack first_token(struct span packed)
{
    struct msgpack_reader r;
    struct msgpack token;

    msgpack_begin(&r, packed);
    int found = msgpack_next(&r, &token);
    assert(found == 1);
    return token;
}

static bool is_undefined(struct span packed)
{
    struct msgpack token = first_token(packed);

    return token.type == MSGPACK_EXT && token.ext == 0 && !token.ext_form && token.body.len == 1;
}

/* Of a message that has been checked; false if it is no map. A key that is a container takes its
 * own items with it. */
static bool read_members(struct span message, struct members *m)
{
    struct msgpack_reader r;
    struct msgpack map;

    msgpack_begin(&r, message);
    if (msgpack_next(&r, &map) != 1 || map.type != MSGPACK_MAP) {
        return false;
    }
    for (size_t i = 0; i < map.pair_count; i++) {
        const uint8_t *key = r.at;
        (void)msgpack_skip(&r);
        const uint8_t *value = r.at;
        struct msgpack name = first_token(span_of(key, (size_t)(value - key)));
        struct span *member = member_of(m, &name);
        (void)msgpack_skip(&r);
        if (member != NULL) {
            struct span packed = span_of(value, (size_t)(r.at - value));
            *member = is_undefined(packed) ? span_of(NULL, 0) : packed;
        }
    }
    return true;
}

/* An integer of JavaScript's, which some encoders write as a double. */
static bool to_u64(struct span packed, uint64_t *out)
{
    static const double two_53 = 9007199254740992.0;
    struct msgpack token = first_token(packed);

    if (token.type == MSGPACK_UINT) {
        *out = token.uint;
        return true;
    }
    if (token.type != MSGPACK_DOUBLE || !(token.number >= 0 && token.number <= two_53) ||
        token.number != (double)(uint64_t)token.number) {
        return false;
    }
    *out = (uint64_t)token.number;
    return true;
}

static int read_type(struct span packed, bool version_2, struct sio_packet *p)
{
    uint64_t type;

    if (packed.len == 0 || !to_u64(packed, &type)) {
        return SIO_ETYPE;
    }
    if (version_2 && (type == SIO_BINARY_EVENT || type == SIO_BINARY_ACK)) {
        type = type == SIO_BINARY_EVENT ? SIO_EVENT : SIO_ACK;
    }
    if (type > SIO_CONNECT_ERROR) {
        return SIO_ETYPE;
    }
    p->type = (enum sio_type)type;
    return 0;
}

static bool is_namespace(struct span name)
{
    return span_starts(name, SPAN("/")) && utf8_valid(name);
}

static int read_nsp(struct span packed, struct sio_packet *p)
{
    if (packed.len == 0) {
        return SIO_ENAMESPACE;
    }
    struct msgpack token = first_token(packed);
    if (token.type != MSGPACK_STR || !is_namespace(token.body)) {
        return SIO_ENAMESPACE;
    }
    p->nsp = token.body;
    return 0;
}

static int read_id(struct span packed, struct sio_packet *p)
{
    p->has_id = packed.len != 0;
    return p->has_id && !to_u64(packed, &p->id) ? SIO_EID : 0;
}

static int read_data(struct span packed, const struct sio_limits *limits, struct sio_msgpack *in,
                     struct sio_packet *p)
{
    if (packed.len == 0) {
        return p->type == SIO_CONNECT || p->type == SIO_DISCONNECT ? 0 : SIO_EPAYLOAD;
    }
    int error = msgpack_to_json(packed, limits->attachments_max, &in->json, &in->bins);
    if (error < 0) {
        return error == MSGPACK_JSON_EBINS ? SIO_ETOOMANY : SIO_EJSON;
    }
    if (in->bins.len != 0 && (p->type == SIO_EVENT || p->type == SIO_ACK)) {
        p->type = p->type == SIO_EVENT ? SIO_BINARY_EVENT : SIO_BINARY_ACK;
        p->attachments = (unsigned)(in->bins.len / sizeof(struct span));
    }
    return sio_packet_read_payload(p, bytes_span(&in->json), limits->depth_max);
}

/* With the map around the data. */
static struct msgpack_limits limits_of(struct span message, const struct sio_limits *limits)
{
    bool deep = limits->depth_max >= MSGPACK_DEPTH_MAX;

    return (struct msgpack_limits){.depth_max = deep ? MSGPACK_DEPTH_MAX : limits->depth_max + 1,
                                   .items_max = message.len};
}

int sio_msgpack_decode(struct span message, const struct sio_limits *limits, struct sio_msgpack *in,
                       struct sio_packet *out)
{
    const struct msgpack_limits all = limits_of(message, limits);
    struct members members = {0};
    struct sio_packet p = {0};

    bytes_clear(&in->json);
    bytes_clear(&in->bins);
    if (msgpack_check(message, &all) < 0 || !read_members(message, &members)) {
        return SIO_EJSON;
    }
    int error = read_type(members.type, in->version_2, &p);
    if (error == 0) {
        error = read_nsp(members.nsp, &p);
    }
    if (error == 0) {
        error = read_id(members.id, &p);
    }
    if (error == 0) {
        error = read_data(members.data, limits, in, &p);
    }
    if (error == 0) {
        *out = p;
    }
    return error;
}

int sio_msgpack_decode_text(struct span message, const struct sio_limits *limits,
                            struct sio_msgpack *in, struct sio_packet *out)
{
    struct json packet, type, nsp;
    uint64_t number;

    bytes_clear(&in->json);
    if (json_parse(message, limits->depth_max, &packet) < 0 || packet.type != JSON_OBJECT) {
        return SIO_EJSON;
    }
    if (!json_object_find(packet, SPAN("type"), &type) ||
        json_to_u64(type, SIO_DISCONNECT, &number) < 0) {
        return SIO_ETYPE;
    }
    if (!json_object_find(packet, SPAN("nsp"), &nsp) || nsp.type != JSON_STRING) {
        return SIO_ENAMESPACE;
    }
    json_string_decode(nsp, &in->json);
    if (!is_namespace(bytes_span(&in->json))) {
        return SIO_ENAMESPACE;
    }
    *out = (struct sio_packet){.type = (enum sio_type)number, .nsp = bytes_span(&in->json)};
    return 0;
}

/* ---- encoding ---- */

static void write_type(struct bytes *out, enum sio_type type)
{
    msgpack_write_str(out, SPAN("type"));
    msgpack_write_u64(out, type);
}

static void write_nsp(struct bytes *out, struct span nsp)
{
    msgpack_write_str(out, SPAN("nsp"));
    msgpack_write_str(out, nsp.len == 0 ? SPAN("/") : nsp);
}

static void write_id(struct bytes *out, const struct sio_head *head)
{
    if (head->has_id) {
        msgpack_write_str(out, SPAN("id"));
        msgpack_write_u64(out, head->id);
    }
}

/* name: NULL for an ACK. */
static void write_data(struct bytes *out, const struct span *name,
                       const struct sio_msgpack_args *args)
{
    msgpack_write_str(out, SPAN("data"));
    size_t begin = msgpack_container_begin(out), count = 0;
    if (name != NULL) {
        msgpack_write_str(out, *name);
        count++;
    }
    count += msgpack_write_json(out, MSGPACK_NOTEPACK, args->json, args->bins, args->bin_count);
    if (args->offset.len != 0) {
        msgpack_write_str(out, args->offset);
        count++;
    }
    msgpack_array_end(out, begin, count);
}

void sio_msgpack_event_encode(struct bytes *out, const struct sio_head *head, struct span name,
                              const struct sio_msgpack_args *args)
{
    msgpack_write_map(out, head->has_id ? 4 : 3);
    write_type(out, SIO_EVENT);
    write_data(out, &name, args);
    write_id(out, head);
    write_nsp(out, head->nsp);
}

void sio_msgpack_ack_encode(struct bytes *out, const struct sio_head *head,
                            const struct sio_msgpack_args *args)
{
    msgpack_write_map(out, head->has_id ? 4 : 3);
    write_id(out, head);
    write_type(out, SIO_ACK);
    write_data(out, NULL, args);
    write_nsp(out, head->nsp);
}

static void write_member(struct bytes *out, struct span key, struct span text)
{
    msgpack_write_str(out, key);
    msgpack_write_str(out, text);
}

void sio_msgpack_connect_encode(struct bytes *out, struct span nsp, struct span sid,
                                struct span pid)
{
    assert(sid.len > 0);

    msgpack_write_map(out, 3);
    write_type(out, SIO_CONNECT);
    msgpack_write_str(out, SPAN("data"));
    msgpack_write_map(out, pid.len != 0 ? 2 : 1);
    write_member(out, SPAN("sid"), sid);
    if (pid.len != 0) {
        write_member(out, SPAN("pid"), pid);
    }
    write_nsp(out, nsp);
}

void sio_msgpack_connect_error_encode(struct bytes *out, struct span nsp, struct span message,
                                      struct span data)
{
    msgpack_write_map(out, 3);
    write_type(out, SIO_CONNECT_ERROR);
    msgpack_write_str(out, SPAN("data"));
    msgpack_write_map(out, data.len != 0 ? 2 : 1);
    write_member(out, SPAN("message"), message);
    if (data.len != 0) {
        msgpack_write_str(out, SPAN("data"));
        (void)msgpack_write_json(out, MSGPACK_NOTEPACK, data, NULL, 0);
    }
    write_nsp(out, nsp);
}

void sio_msgpack_bare_encode(struct bytes *out, enum sio_type type, struct span nsp,
                             struct span data)
{
    msgpack_write_map(out, data.len != 0 ? 3 : 2);
    write_type(out, type);
    if (data.len != 0) {
        msgpack_write_str(out, SPAN("data"));
        (void)msgpack_write_json(out, MSGPACK_NOTEPACK, data, NULL, 0);
    }
    write_nsp(out, nsp);
}
