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

/* The JSON goes to d->text, the binaries are the first things in d->spans. */
static int take_msgpack(struct adapter_decoder *d, struct span value, struct json *root)
{
    const struct msgpack_limits limits = {ADAPTER_DEPTH_MAX, value.len};
    int rc = msgpack_check(value, &limits);

    if (rc < 0) {
        return rc == MSGPACK_EDEPTH ? ADAPTER_ELIMIT : ADAPTER_ESYNTAX;
    }
    rc = msgpack_to_json(value, ADAPTER_BINS_MAX, &d->text, &d->spans);
    if (rc < 0) {
        return rc == MSGPACK_JSON_EBINS ? ADAPTER_ELIMIT : ADAPTER_ESHAPE;
    }
    (void)bytes_reserve(&d->text, d->text.len);
    root->text = bytes_span(&d->text); /* valid by construction */
    root->type = d->text.data[0] == '['   ? JSON_ARRAY
                 : d->text.data[0] == '{' ? JSON_OBJECT
                                          : JSON_NULL; /* no message is one of the others */
    return 0;
}

/* --- broadcasts ------------------------------------------------------------------------------ */

/* What a broadcast is made of, wherever it stands. */
struct parcel {
    struct span nsp; /* of the channel */
    struct json packet, options;
};

enum { PACKET_TYPE, PACKET_DATA, PACKET_NSP, PACKET_MEMBERS };

static int read_packet_type(struct json type)
{
    uint64_t n;

    if (!adapter_is_there(type) || json_to_u64(type, ADAPTER_INTEGER_MAX, &n) < 0 ||
        (n != CLASSIC_PACKET_EVENT && n != CLASSIC_PACKET_BINARY_EVENT)) {
        return ADAPTER_ESHAPE;
    }
    return 0;
}

static int read_broadcast(struct adapter_decoder *d, const struct parcel *in,
                          struct adapter_message *m)
{
    struct adapter_member has[PACKET_MEMBERS] = {
        [PACKET_TYPE] = {.key = SPAN("type")},
        [PACKET_DATA] = {.key = SPAN("data")},
        [PACKET_NSP] = {.key = SPAN("nsp")},
    };
    struct span nsp;

    if (!adapter_is_object(in->packet)) {
        return ADAPTER_ESHAPE;
    }
    adapter_members_find(in->packet, has, PACKET_MEMBERS);
    int rc = adapter_text_read_opt(d, has[PACKET_NSP].value, &nsp);
    if (rc < 0) {
        return rc;
    }
    if (!span_eq(nsp.len == 0 ? SPAN("/") : nsp, in->nsp)) {
        m->kind = ADAPTER_IGNORED;
        return 0;
    }
    m->kind = ADAPTER_BROADCAST;
    rc = read_packet_type(has[PACKET_TYPE].value);
    if (rc == 0) {
        rc = adapter_event_read(d, has[PACKET_DATA].value, m);
    }
    return rc < 0 ? rc : adapter_options_read(d, in->options, (struct json){0}, m);
}

/* [uid, packet, opts] */
static int read_plain_broadcast(struct adapter_decoder *d, struct json array,
                                struct adapter_message *m)
{
    struct parcel in = {.nsp = m->nsp};
    struct json_iter it;
    struct json uid;

    json_array_begin(&it, array);
    if (!json_array_next(&it, &uid) || !json_array_next(&it, &in.packet) ||
        !json_array_next(&it, &in.options)) {
        return ADAPTER_ESHAPE;
    }
    int rc = adapter_text_read_opt(d, uid, &m->uid);
    return rc < 0 ? rc : read_broadcast(d, &in, m);
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
    const struct parcel in = {m->nsp, has[PACKET].value, has[OPTIONS].value};

    return read_broadcast(d, &in, m);
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

static int read_message(struct adapter_decoder *d, enum classic_channel which, struct json root,
                        struct adapter_message *m)
{
    if (root.type == JSON_ARRAY && which != CLASSIC_REQUEST) {
        return read_plain_broadcast(d, root, m);
    }
    if (root.type != JSON_OBJECT || which == CLASSIC_BROADCAST) {
        return ADAPTER_ESHAPE;
    }
    return which == CLASSIC_REQUEST ? read_request(d, root, m) : read_answer(d, root, m);
}

int classic_decode(struct adapter_decoder *d, enum classic_channel which, struct span nsp,
                   struct span payload, struct adapter_message *out)
{
    struct adapter_message m = {.nsp = nsp};
    bool is_json = which != CLASSIC_BROADCAST && payload.len != 0 && payload.data[0] == '{';
    struct json root;

    bytes_clear(&d->text);
    bytes_clear(&d->spans);
    int rc = is_json ? take_json(d, payload, &root) : take_msgpack(d, payload, &root);
    size_t bin_count = d->spans.len / sizeof(struct span);
    if (rc == 0) {
        rc = read_message(d, which, root, &m);
    }
    if (rc < 0) {
        return rc;
    }
    if (bin_count != 0 && m.args.json.len != 0) {
        m.args.bins = (const struct span *)(const void *)d->spans.data;
        m.args.bin_count = bin_count;
    }
    *out = m;
    return 0;
}
