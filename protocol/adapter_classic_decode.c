// SPDX-License-Identifier: MIT
#include <assert.h>

#include "protocol/adapter_classic_wire.h"
#include "protocol/adapter_json.h"
#include "protocol/msgpack_json.h"

/* --- to JSON --------------------------------------------------------------------------------- */

static int take_json(struct adapter_decoder *d, struct span text, struct json *root)
{
    int rc = json_parse(text, ADAPTER_DEPTH_MAX, root);

    if (rc < 0) {
        return rc == JSON_EDEPTH ? ADAPTER_ELIMIT : ADAPTER_ESYNTAX;
    }
    (void)bytes_reserve(&d->text, text.len); /* for strings without their escapes */
    return 0;
}

/* Text that is JSON because we wrote it. Of no text: what is not there. */
static struct json own_json(struct span text)
{
    uint8_t first = text.len == 0 ? 0 : text.data[0];
    enum json_type type = first == '['                    ? JSON_ARRAY
                          : first == '{'                  ? JSON_OBJECT
                          : first == '"'                  ? JSON_STRING
                          : first == 't' || first == 'f'  ? JSON_BOOL
                          : first == 'n' || text.len == 0 ? JSON_NULL
                                                          : JSON_NUMBER;
    return (struct json){text, type};
}

static int take_msgpack(struct adapter_decoder *d, struct span value, struct json *root,
                        size_t *bin_count)
{
    int rc = adapter_check_msgpack(value);

    if (rc == 0) {
        rc = adapter_append_json(d, value);
    }
    if (rc == 0) {
        (void)bytes_reserve(&d->text, d->text.len);
        *root = own_json(bytes_span(&d->text));
        *bin_count = d->spans.len / sizeof(struct span);
    }
    return rc;
}

/* --- broadcasts ------------------------------------------------------------------------------ */

/* What a broadcast is made of, wherever it stands. The data is first, so that binaries of other
 * parts, if anybody sends such, do not count. */
enum { PART_DATA, PART_TYPE, PART_NSP, PART_OPTIONS, PARTS, PACKET_PARTS = PART_OPTIONS };

static int check_packet_type(struct json type)
{
    uint64_t n;

    if (!adapter_is_there(type) || json_to_u64(type, ADAPTER_INTEGER_MAX, &n) < 0 ||
        (n != CLASSIC_PACKET_EVENT && n != CLASSIC_PACKET_BINARY_EVENT)) {
        return ADAPTER_ESHAPE;
    }
    return 0;
}

/* m->nsp is that of the channel. */
static int read_broadcast(struct adapter_decoder *d, const struct json parts[PARTS],
                          struct adapter_message *m)
{
    struct span nsp;
    int rc = adapter_text_read_opt(d, parts[PART_NSP], &nsp);

    if (rc < 0) {
        return rc;
    }
    if (!span_eq(nsp.len == 0 ? SPAN("/") : nsp, m->nsp)) {
        m->kind = ADAPTER_IGNORED;
        return 0;
    }
    m->kind = ADAPTER_BROADCAST;
    rc = check_packet_type(parts[PART_TYPE]);
    if (rc == 0) {
        rc = adapter_event_read(d, parts[PART_DATA], m);
    }
    return rc < 0 ? rc : adapter_options_read(d, parts[PART_OPTIONS], (struct json){0}, m);
}

static bool is_array(struct span payload)
{
    struct msgpack_reader r;
    struct msgpack token;

    msgpack_begin(&r, payload);
    return msgpack_next(&r, &token) > 0 && token.type == MSGPACK_ARRAY;
}

/* The next value of a checked payload, as it is. */
static struct span next_value(struct msgpack_reader *r)
{
    const uint8_t *begin = r->at;
    int one = msgpack_skip(r);

    assert(one == 1);
    return span_of(begin, (size_t)(r->at - begin));
}

static int find_packet_parts(struct msgpack_reader *r, struct span parts[PARTS])
{
    const struct span keys[PACKET_PARTS] = {
        [PART_DATA] = SPAN("data"), [PART_TYPE] = SPAN("type"), [PART_NSP] = SPAN("nsp")};
    struct msgpack token;

    (void)msgpack_next(r, &token);
    if (token.type != MSGPACK_MAP) {
        return ADAPTER_ESHAPE;
    }
    for (size_t left = token.pair_count; left > 0; left--) {
        (void)msgpack_next(r, &token);
        if (token.type != MSGPACK_STR) {
            return ADAPTER_ESHAPE;
        }
        struct span value = next_value(r);
        for (size_t i = 0; i < PACKET_PARTS; i++) {
            if (span_eq(token.body, keys[i])) {
                parts[i] = value;
            }
        }
    }
    return 0;
}

/* [uid, packet, opts]: finds the parts of a checked payload. */
static int find_parts(struct span payload, struct span parts[PARTS], struct adapter_message *m)
{
    struct msgpack_reader r;
    struct msgpack token;

    msgpack_begin(&r, payload);
    if (msgpack_next(&r, &token) <= 0 || token.type != MSGPACK_ARRAY || token.item_count < 3) {
        return ADAPTER_ESHAPE;
    }
    (void)msgpack_next(&r, &token);
    if (token.type != MSGPACK_STR && token.type != MSGPACK_NIL) {
        return ADAPTER_ESHAPE;
    }
    m->uid = token.type == MSGPACK_STR ? token.body : SPAN("");
    int rc = find_packet_parts(&r, parts);
    if (rc == 0) {
        parts[PART_OPTIONS] = next_value(&r);
    }
    return rc;
}

/* What comes most: only what is looked into becomes JSON. */
static int read_plain_broadcast(struct adapter_decoder *d, struct span payload,
                                struct adapter_message *m)
{
    struct span values[PARTS] = {0};
    struct json parts[PARTS];
    size_t ends[PARTS] = {0}, begin = 0;
    int rc = adapter_check_msgpack(payload);

    if (rc == 0) {
        rc = find_parts(payload, values, m);
    }
    for (size_t i = 0; rc == 0 && i < PARTS; i++) {
        rc = values[i].len == 0 ? 0 : adapter_append_json(d, values[i]);
        ends[i] = d->text.len;
        if (i == PART_DATA) {
            m->args.bin_count = d->spans.len / sizeof(struct span);
        }
    }
    if (rc < 0) {
        return rc;
    }
    (void)bytes_reserve(&d->text, d->text.len);
    for (size_t i = 0; i < PARTS; begin = ends[i], i++) {
        parts[i] = own_json(span_of(d->text.data + begin, ends[i] - begin));
    }
    return read_broadcast(d, parts, m);
}

/* --- requests -------------------------------------------------------------------------------- */

/* All that a request or an answer may have, of whatever type. */
enum member {
    TYPE,
    UID,
    REQUEST_ID,
    OPTIONS,
    ROOMS,
    CLOSE,
    DATA,
    PACKET,
    SEEN,
    SID,
    ROOM,
    SOCKETS,
    CLIENT_COUNT,
    MEMBERS
};

static void find_members(struct json object, struct adapter_member has[MEMBERS])
{
    const struct adapter_member wanted[MEMBERS] = {
        [TYPE] = {.key = SPAN("type")},
        [UID] = {.key = SPAN("uid")},
        [REQUEST_ID] = {.key = SPAN("requestId")},
        [OPTIONS] = {.key = SPAN("opts")},
        [ROOMS] = {.key = SPAN("rooms")},
        [CLOSE] = {.key = SPAN("close")},
        [DATA] = {.key = SPAN("data")},
        [PACKET] = {.key = SPAN("packet")},
        [SEEN] = {.key = SPAN("seen")},
        [SID] = {.key = SPAN("sid")},
        [ROOM] = {.key = SPAN("room")},
        [SOCKETS] = {.key = SPAN("sockets")},
        [CLIENT_COUNT] = {.key = SPAN("clientCount")},
    };

    memcpy(has, wanted, sizeof wanted);
    adapter_members_find(object, has, MEMBERS);
}

/* The old form, of one socket and one room. */
static int read_old_order(struct adapter_decoder *d, const struct adapter_member *has,
                          struct adapter_message *m)
{
    struct span names[2] = {0};
    int rc = adapter_text_read(d, has[SID].value, &names[0]);

    if (rc == 0 && m->kind != ADAPTER_DISCONNECT) {
        struct json room = has[ROOM].value;
        bool number = adapter_is_there(room) && room.type == JSON_NUMBER;
        names[1] = room.text;
        rc = number ? 0 : adapter_text_read(d, room, &names[1]);
    }
    if (rc < 0) {
        return rc;
    }
    bytes_add(&d->spans, names, sizeof names);
    const struct span *kept =
        (const struct span *)(const void *)(d->spans.data + d->spans.len - sizeof names);
    m->rooms = (struct adapter_names){kept, 1};
    if (m->kind != ADAPTER_DISCONNECT) {
        m->operands = (struct adapter_names){kept + 1, 1};
    }
    m->wants_done = m->request_id.len != 0;
    return 0;
}

static int read_order(struct adapter_decoder *d, const struct adapter_member *has,
                      struct adapter_message *m)
{
    m->close = adapter_is_there(has[CLOSE].value) && json_is_true(has[CLOSE].value);
    if (!adapter_is_there(has[OPTIONS].value)) {
        return read_old_order(d, has, m);
    }
    m->request_id = SPAN("");
    if (m->kind == ADAPTER_DISCONNECT) {
        return adapter_options_read(d, has[OPTIONS].value, (struct json){0}, m);
    }
    if (!adapter_is_there(has[ROOMS].value)) {
        return ADAPTER_ESHAPE;
    }
    return adapter_options_read(d, has[OPTIONS].value, has[ROOMS].value, m);
}

static int read_asking_broadcast(struct adapter_decoder *d, const struct adapter_member *has,
                                 struct adapter_message *m)
{
    struct adapter_member packet[PACKET_PARTS] = {
        [PART_DATA] = {.key = SPAN("data")},
        [PART_TYPE] = {.key = SPAN("type")},
        [PART_NSP] = {.key = SPAN("nsp")},
    };

    if (!adapter_is_object(has[PACKET].value)) {
        return ADAPTER_ESHAPE;
    }
    adapter_members_find(has[PACKET].value, packet, PACKET_PARTS);
    const struct json parts[PARTS] = {
        [PART_DATA] = packet[PART_DATA].value,
        [PART_TYPE] = packet[PART_TYPE].value,
        [PART_NSP] = packet[PART_NSP].value,
        [PART_OPTIONS] = has[OPTIONS].value,
    };
    return read_broadcast(d, parts, m);
}

static int read_catch_up(struct adapter_decoder *d, const struct adapter_member *has,
                         struct adapter_message *m)
{
    m->kind = ADAPTER_CATCH_UP;
    m->request_id = SPAN("");
    return m->uid.len == 0 ? ADAPTER_ESHAPE : adapter_seen_read(d, has[SEEN].value, m);
}

/* Questions: without an id nobody could tell what an answer is to. */
static bool needs_request_id(uint64_t type)
{
    return type == CLASSIC_SOCKETS || type == CLASSIC_ALL_ROOMS || type == CLASSIC_REMOTE_FETCH ||
           type == CLASSIC_BROADCAST_ASKING;
}

static int read_request_of(struct adapter_decoder *d, uint64_t type,
                           const struct adapter_member *has, struct adapter_message *m)
{
    const struct adapter_list rooms = {has[ROOMS].value, &m->rooms};

    switch (type) {
    case CLASSIC_SOCKETS:
        m->kind = ADAPTER_IDS;
        return adapter_names_read(d, &rooms, 1);
    case CLASSIC_ALL_ROOMS:
        m->kind = ADAPTER_ROOMS;
        return 0;
    case CLASSIC_REMOTE_JOIN:
        m->kind = ADAPTER_JOIN;
        return read_order(d, has, m);
    case CLASSIC_REMOTE_LEAVE:
        m->kind = ADAPTER_LEAVE;
        return read_order(d, has, m);
    case CLASSIC_REMOTE_DISCONNECT:
        m->kind = ADAPTER_DISCONNECT;
        return read_order(d, has, m);
    case CLASSIC_REMOTE_FETCH:
        m->kind = ADAPTER_FETCH;
        return adapter_options_read(d, has[OPTIONS].value, (struct json){0}, m);
    case CLASSIC_SERVER_SIDE_EMIT:
        m->kind = ADAPTER_EMIT;
        return adapter_event_read(d, has[DATA].value, m);
    case CLASSIC_BROADCAST_ASKING:
        return read_asking_broadcast(d, has, m);
    case CLASSIC_CATCH_UP:
        return read_catch_up(d, has, m);
    default:
        m->kind = ADAPTER_IGNORED;
        return 0;
    }
}

static int read_request(struct adapter_decoder *d, struct json request, struct adapter_message *m)
{
    struct adapter_member has[MEMBERS];
    uint64_t type;

    find_members(request, has);
    if (!adapter_is_there(has[TYPE].value) ||
        json_to_u64(has[TYPE].value, ADAPTER_INTEGER_MAX, &type) < 0) {
        return ADAPTER_ESHAPE;
    }
    int rc = adapter_text_read_opt(d, has[UID].value, &m->uid);
    if (rc == 0) {
        rc = adapter_text_read_opt(d, has[REQUEST_ID].value, &m->request_id);
    }
    if (rc == 0 && m->request_id.len == 0 && needs_request_id(type)) {
        rc = ADAPTER_ESHAPE;
    }
    return rc < 0 ? rc : read_request_of(d, type, has, m);
}

/* --- answers --------------------------------------------------------------------------------- */

/* One value; of what JSON leaves out, null. */
static struct span value_of(struct json v)
{
    return v.text.len == 0 ? SPAN("null") : v.text;
}

/* The answers to two questions are told apart by what is in the list, if anything is. */
static int read_sockets(struct adapter_decoder *d, struct json array, struct adapter_message *m)
{
    const struct adapter_list ids = {array, &m->operands};
    struct json_iter it;
    struct json first = {.type = JSON_OBJECT};

    if (array.type != JSON_ARRAY) {
        return ADAPTER_ESHAPE;
    }
    json_array_begin(&it, array);
    (void)json_array_next(&it, &first);
    if (first.type == JSON_OBJECT) {
        m->kind = ADAPTER_SOCKETS;
        /* A socket is JSON and no more: there is nowhere to put binaries. */
        return d->spans.len != 0 ? ADAPTER_ESHAPE : adapter_sockets_read(d, array, m);
    }
    m->kind = ADAPTER_ID_NAMES;
    return adapter_names_read(d, &ids, 1);
}

/* Answers that do not say their type. */
static int read_listed(struct adapter_decoder *d, const struct adapter_member *has,
                       struct adapter_message *m)
{
    const struct adapter_list rooms = {has[ROOMS].value, &m->operands};

    if (adapter_is_there(has[SOCKETS].value)) {
        return read_sockets(d, has[SOCKETS].value, m);
    }
    if (adapter_is_there(has[ROOMS].value)) {
        m->kind = ADAPTER_ROOM_NAMES;
        return adapter_names_read(d, &rooms, 1);
    }
    m->kind = ADAPTER_DONE;
    return 0;
}

static int read_typed(const struct adapter_member *has, uint64_t type, struct adapter_message *m)
{
    struct json count = has[CLIENT_COUNT].value;

    switch (type) {
    case CLASSIC_CLIENT_COUNT:
        m->kind = ADAPTER_COUNT;
        if (!adapter_is_there(count) || json_to_u64(count, ADAPTER_INTEGER_MAX, &m->count) < 0) {
            return ADAPTER_ESHAPE;
        }
        return 0;
    case CLASSIC_BROADCAST_ACK:
        m->kind = ADAPTER_ACK;
        m->args.json = has[PACKET].value.text;
        return 0;
    case CLASSIC_SERVER_SIDE_EMIT:
        m->kind = ADAPTER_EMIT_ANSWER;
        m->args.json = value_of(has[DATA].value);
        return 0;
    default:
        m->kind = ADAPTER_IGNORED;
        return 0;
    }
}

/* What comes to one node alone need not be an answer to a question with an id. */
static bool is_catch_up(const struct adapter_member *has)
{
    uint64_t type;

    return adapter_is_there(has[TYPE].value) &&
           json_to_u64(has[TYPE].value, CLASSIC_CATCH_UP, &type) == 0 && type == CLASSIC_CATCH_UP;
}

static int read_answer(struct adapter_decoder *d, struct json answer, struct adapter_message *m)
{
    struct adapter_member has[MEMBERS];
    uint64_t type;

    find_members(answer, has);
    if (is_catch_up(has)) {
        return read_request(d, answer, m);
    }
    int rc = adapter_text_read(d, has[REQUEST_ID].value, &m->request_id);
    if (rc < 0) {
        return rc;
    }
    if (m->request_id.len == 0) {
        return ADAPTER_ESHAPE;
    }
    if (!adapter_is_there(has[TYPE].value)) {
        return read_listed(d, has, m);
    }
    if (json_to_u64(has[TYPE].value, ADAPTER_INTEGER_MAX, &type) < 0) {
        return ADAPTER_ESHAPE;
    }
    return read_typed(has, type, m);
}

/* --------------------------------------------------------------------------------------------- */

static int read_object(struct adapter_decoder *d, enum classic_channel which, struct span payload,
                       struct adapter_message *m)
{
    bool is_json = payload.len != 0 && payload.data[0] == '{';
    struct json root;
    int rc = is_json ? take_json(d, payload, &root)
                     : take_msgpack(d, payload, &root, &m->args.bin_count);

    if (rc != 0) {
        return rc;
    }
    if (root.type != JSON_OBJECT) {
        return ADAPTER_ESHAPE;
    }
    return which == CLASSIC_REQUEST ? read_request(d, root, m) : read_answer(d, root, m);
}

int classic_decode(struct adapter_decoder *d, enum classic_channel which, struct span nsp,
                   struct span payload, struct adapter_message *out)
{
    struct adapter_message m = {.nsp = nsp};
    bool plain = which == CLASSIC_BROADCAST || (which == CLASSIC_RESPONSE && is_array(payload));

    bytes_clear(&d->text);
    bytes_clear(&d->spans);
    int rc = plain ? read_plain_broadcast(d, payload, &m) : read_object(d, which, payload, &m);
    if (rc < 0) {
        return rc;
    }
    if (m.args.json.len == 0) {
        m.args.bin_count = 0;
    } else if (m.args.bin_count != 0) {
        m.args.bins = (const struct span *)(const void *)d->spans.data;
    }
    *out = m;
    return 0;
}
