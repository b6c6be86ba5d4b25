// SPDX-License-Identifier: MIT
#include <assert.h>

#include "protocol/adapter_cluster_wire.h"
#include "protocol/adapter_json.h"
#include "protocol/base64.h"
#include "protocol/sio_attach.h"

/* What a peer sent, as JSON: text of its own, or in d->text; the binaries are the first things in
 * d->spans. */
struct input {
    struct span json;
    size_t bin_count;
};

static int take_msgpack(struct adapter_decoder *d, struct span value, struct input *in)
{
    int rc = adapter_check_msgpack(value);

    if (rc == 0) {
        rc = adapter_append_json(d, value);
    }
    if (rc == 0) {
        (void)bytes_reserve(&d->text, d->text.len); /* for strings without their escapes */
        *in = (struct input){bytes_span(&d->text), d->spans.len / sizeof(struct span)};
    }
    return rc;
}

/* The binaries point into bytes that will not stay: keeps those behind the JSON. */
static void keep_bytes(struct adapter_decoder *d, struct span bytes, struct input *in)
{
    struct span *bins = (struct span *)(void *)d->spans.data;
    size_t json_len = d->text.len;

    if (in->bin_count == 0) {
        return;
    }
    bytes_add_span(&d->text, bytes);
    (void)bytes_reserve(&d->text, json_len);
    for (size_t i = 0; i < in->bin_count; i++) {
        size_t at = (size_t)(bins[i].data - bytes.data);
        bins[i].data = d->text.data + json_len + at;
    }
    in->json = span_of(d->text.data, json_len);
}

static int take_base64(struct adapter_decoder *d, struct span text, struct input *in)
{
    struct bytes packed = {0};
    int rc = base64_decode(text, &packed) < 0 ? ADAPTER_ESYNTAX : 0;

    if (rc == 0) {
        rc = take_msgpack(d, bytes_span(&packed), in);
    }
    if (rc == 0) {
        keep_bytes(d, bytes_span(&packed), in);
    }
    bytes_finish(&packed);
    return rc;
}

/* Takes what is JSON if it begins so, and otherwise MessagePack, in text as Base64. */
static int take(struct adapter_decoder *d, struct span said, bool in_text, struct input *in)
{
    bytes_clear(&d->text);
    bytes_clear(&d->spans);
    *in = (struct input){.json = said};
    if (said.len != 0 && said.data[0] == '{') {
        (void)bytes_reserve(&d->text, said.len); /* for strings without their escapes */
        return 0;
    }
    return in_text ? take_base64(d, said, in) : take_msgpack(d, said, in);
}

/* Binaries where nothing but JSON can be said become what JSON.stringify makes of a Buffer. */
static void spell_out(struct adapter_decoder *d, struct input *in)
{
    static const char mark[] = "{\"_placeholder\":true,\"num\":";
    const struct span *bins = (const struct span *)(const void *)d->spans.data;
    const uint8_t *at = in->json.data, *end = at + in->json.len, *next;
    struct bytes out = {0};

    for (size_t num = 0; num < in->bin_count; num++) {
        next = memmem(at, (size_t)(end - at), mark, sizeof mark - 1);
        assert(next != NULL); /* the same bytes within a string would have backslashes */
        bytes_add(&out, at, (size_t)(next - at));
        bytes_add_cstr(&out, "{\"type\":\"Buffer\",\"data\":[");
        for (size_t i = 0; i < bins[num].len; i++) {
            json_write_comma(&out);
            json_write_u64(&out, bins[num].data[i]);
        }
        bytes_add_cstr(&out, "]}");
        at = (const uint8_t *)memchr(next, '}', (size_t)(end - next)) + 1;
    }
    bytes_add(&out, at, (size_t)(end - at));
    (void)bytes_reserve(&out, out.len);
    bytes_finish(&d->text);
    bytes_clear(&d->spans);
    d->text = out;
    *in = (struct input){.json = bytes_span(&out)};
}

static int parse_object(struct span json, struct json *object)
{
    int rc = json_parse(json, ADAPTER_DEPTH_MAX, object);

    if (rc < 0) {
        return rc == JSON_EDEPTH ? ADAPTER_ELIMIT : ADAPTER_ESYNTAX;
    }
    return object->type == JSON_OBJECT ? 0 : ADAPTER_ESHAPE;
}

enum { PACKET, REQUEST_ID, OPTIONS, ROOMS, CLOSE, SOCKETS, CLIENT_COUNT, SEEN, DATA_MEMBERS };

static int read_packet(struct adapter_decoder *d, struct json packet, struct adapter_message *m)
{
    struct adapter_member has[] = {{.key = SPAN("type")}, {.key = SPAN("data")}};
    uint64_t type;

    if (!adapter_is_object(packet)) {
        return ADAPTER_ESHAPE;
    }
    adapter_members_find(packet, has, 2);
    if (!adapter_is_there(has[0].value) || json_to_u64(has[0].value, UINT32_MAX, &type) < 0 ||
        type != CLUSTER_PACKET_EVENT) {
        return ADAPTER_ESHAPE;
    }
    return adapter_event_read(d, has[1].value, m);
}

static int read_broadcast(struct adapter_decoder *d, const struct adapter_member *has,
                          struct adapter_message *m)
{
    int rc = read_packet(d, has[PACKET].value, m);

    if (rc == 0) {
        rc = adapter_options_read(d, has[OPTIONS].value, (struct json){0}, m);
    }
    return rc;
}

static int read_order(struct adapter_decoder *d, const struct adapter_member *has,
                      struct adapter_message *m)
{
    if (m->kind == ADAPTER_DISCONNECT) {
        m->close = adapter_is_there(has[CLOSE].value) && json_is_true(has[CLOSE].value);
        return adapter_options_read(d, has[OPTIONS].value, (struct json){0}, m);
    }
    if (!adapter_is_there(has[ROOMS].value)) {
        return ADAPTER_ESHAPE;
    }
    return adapter_options_read(d, has[OPTIONS].value, has[ROOMS].value, m);
}

static int read_answer(struct adapter_decoder *d, const struct adapter_member *has,
                       struct adapter_message *m)
{
    if (m->kind == ADAPTER_SOCKETS) {
        return adapter_sockets_read(d, has[SOCKETS].value, m);
    }
    if (m->kind == ADAPTER_COUNT) {
        struct json count = has[CLIENT_COUNT].value;
        bool good =
            adapter_is_there(count) && json_to_u64(count, ADAPTER_INTEGER_MAX, &m->count) == 0;
        return good ? 0 : ADAPTER_ESHAPE;
    }
    m->args.json = has[PACKET].value.text;
    if (m->kind == ADAPTER_EMIT_ANSWER && m->args.json.len == 0) {
        m->args.json = SPAN("null"); /* undefined */
    }
    return 0;
}

static bool needs_request_id(enum adapter_kind kind)
{
    return kind == ADAPTER_FETCH || kind == ADAPTER_SOCKETS || kind == ADAPTER_COUNT ||
           kind == ADAPTER_ACK || kind == ADAPTER_EMIT_ANSWER;
}

static int read_members(struct adapter_decoder *d, const struct adapter_member *has,
                        struct adapter_message *m)
{
    int rc = adapter_text_read_opt(d, has[REQUEST_ID].value, &m->request_id);

    if (rc < 0) {
        return rc;
    }
    if (needs_request_id(m->kind) && m->request_id.len == 0) {
        return ADAPTER_ESHAPE;
    }
    switch (m->kind) {
    case ADAPTER_BROADCAST:
        return read_broadcast(d, has, m);
    case ADAPTER_JOIN:
    case ADAPTER_LEAVE:
    case ADAPTER_DISCONNECT:
        return read_order(d, has, m);
    case ADAPTER_FETCH:
        return adapter_options_read(d, has[OPTIONS].value, (struct json){0}, m);
    case ADAPTER_EMIT:
        return adapter_event_read(d, has[PACKET].value, m);
    case ADAPTER_CATCH_UP:
        return adapter_seen_read(d, has[SEEN].value, m);
    case ADAPTER_SOCKETS:
    case ADAPTER_COUNT:
    case ADAPTER_ACK:
    case ADAPTER_EMIT_ANSWER:
        return read_answer(d, has, m);
    case ADAPTER_IGNORED:
    case ADAPTER_ROOMS:
    case ADAPTER_IDS:
    case ADAPTER_ROOM_NAMES:
    case ADAPTER_ID_NAMES:
    case ADAPTER_DONE:
        break; /* has no type that it could come from */
    }
    return 0;
}

static int read_data(struct adapter_decoder *d, struct json data, const struct input *in,
                     struct adapter_message *m)
{
    struct adapter_member has[DATA_MEMBERS] = {
        [PACKET] = {.key = SPAN("packet")},
        [REQUEST_ID] = {.key = SPAN("requestId")},
        [OPTIONS] = {.key = SPAN("opts")},
        [ROOMS] = {.key = SPAN("rooms")},
        [CLOSE] = {.key = SPAN("close")},
        [SOCKETS] = {.key = SPAN("sockets")},
        [CLIENT_COUNT] = {.key = SPAN("clientCount")},
        [SEEN] = {.key = SPAN("seen")},
    };

    if (m->kind == ADAPTER_IGNORED) {
        return 0;
    }
    if (!adapter_is_object(data)) {
        return ADAPTER_ESHAPE;
    }
    adapter_members_find(data, has, DATA_MEMBERS);
    int rc = read_members(d, has, m);
    if (rc == 0 && in->bin_count != 0 && m->args.json.len != 0) {
        m->args.bins = (const void *)d->spans.data;
        m->args.bin_count = in->bin_count;
    }
    return rc;
}

enum { TYPE, DATA, UID, NSP, PAYLOAD_MEMBERS };

static int read_kind(struct adapter_decoder *d, struct span json, struct adapter_member *has,
                     struct adapter_message *m)
{
    struct json object;
    uint64_t type;
    int rc = parse_object(json, &object);

    if (rc < 0) {
        return rc;
    }
    adapter_members_find(object, has, PAYLOAD_MEMBERS);
    if (!adapter_is_there(has[TYPE].value) ||
        json_to_u64(has[TYPE].value, ADAPTER_INTEGER_MAX, &type) < 0) {
        return ADAPTER_ESHAPE;
    }
    m->kind = cluster_kind_of(type);
    rc = adapter_text_read_opt(d, has[UID].value, &m->uid);
    return rc < 0 ? rc : adapter_text_read(d, has[NSP].value, &m->nsp);
}

int cluster_decode(struct adapter_decoder *d, struct span payload, struct adapter_message *out)
{
    struct adapter_member has[PAYLOAD_MEMBERS] = {
        [TYPE] = {.key = SPAN("type")},
        [DATA] = {.key = SPAN("data")},
        [UID] = {.key = SPAN("uid")},
        [NSP] = {.key = SPAN("nsp")},
    };
    struct adapter_message m = {0};
    struct input in;
    int rc = take(d, payload, false, &in);

    if (rc == 0) {
        rc = read_kind(d, in.json, has, &m);
    }
    if (rc == 0 && in.bin_count != 0 && m.kind == ADAPTER_SOCKETS) {
        spell_out(d, &in);
        rc = read_kind(d, in.json, has, &m);
    }
    if (rc == 0) {
        rc = read_data(d, has[DATA].value, &in, &m);
    }
    if (rc == 0) {
        *out = m;
    }
    return rc;
}

static int read_entry_data(struct adapter_decoder *d, struct span data, struct adapter_message *m)
{
    struct json object;
    struct input in;
    int rc = take(d, data, true, &in);

    if (rc == 0 && in.bin_count != 0 && m->kind == ADAPTER_SOCKETS) {
        spell_out(d, &in);
    }
    if (rc == 0) {
        rc = parse_object(in.json, &object);
    }
    return rc < 0 ? rc : read_data(d, object, &in, m);
}

int cluster_entry_decode(struct adapter_decoder *d, const struct cluster_entry *entry,
                         struct adapter_message *out)
{
    struct adapter_message m = {.uid = entry->uid, .nsp = entry->nsp};
    uint64_t type;
    int rc = 0;

    if (span_to_u64(entry->type, UINT64_MAX, &type) < 0) {
        return ADAPTER_ESHAPE;
    }
    m.kind = cluster_kind_of(type);
    if (m.kind != ADAPTER_IGNORED) {
        rc = read_entry_data(d, entry->data, &m);
    }
    if (rc == 0) {
        *out = m;
    }
    return rc;
}

/* Is it an id as servers give them? It will be written into packets as it is. */
static bool is_id(struct span id)
{
    for (size_t i = 0; i < id.len; i++) {
        uint8_t c = id.data[i], letter = c | 0x20;
        bool digit = c >= '0' && c <= '9';
        if (!(letter >= 'a' && letter <= 'z') && !digit && c != '-' && c != '_') {
            return false;
        }
    }
    return id.len != 0;
}

enum { SID, PID, SESSION_ROOMS, SESSION_DATA, SESSION_MEMBERS };

static int read_session(struct adapter_decoder *d, struct span json, struct cluster_session *out)
{
    struct adapter_member has[SESSION_MEMBERS] = {
        [SID] = {.key = SPAN("sid")},
        [PID] = {.key = SPAN("pid")},
        [SESSION_ROOMS] = {.key = SPAN("rooms")},
        [SESSION_DATA] = {.key = SPAN("data")},
    };
    struct cluster_session session = {0};
    struct json object;
    int rc = parse_object(json, &object);

    if (rc < 0) {
        return rc;
    }
    adapter_members_find(object, has, SESSION_MEMBERS);
    const struct adapter_list rooms = {has[SESSION_ROOMS].value, &session.rooms};
    rc = adapter_text_read(d, has[SID].value, &session.sid);
    if (rc == 0) {
        rc = adapter_text_read(d, has[PID].value, &session.pid);
    }
    if (rc == 0) {
        rc = adapter_names_read(d, &rooms, 1);
    }
    if (rc == 0 && (!is_id(session.sid) || !is_id(session.pid))) {
        rc = ADAPTER_ESHAPE;
    }
    if (rc == 0) {
        session.data = adapter_object_of(has[SESSION_DATA].value);
        *out = session;
    }
    return rc;
}

int cluster_session_decode(struct adapter_decoder *d, struct span value,
                           struct cluster_session *out)
{
    struct input in;
    int rc = take(d, value, true, &in);

    if (rc == 0 && in.bin_count != 0) {
        spell_out(d, &in);
    }
    return rc < 0 ? rc : read_session(d, in.json, out);
}
