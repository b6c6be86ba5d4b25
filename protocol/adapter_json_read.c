// SPDX-License-Identifier: MIT
#include "protocol/adapter_json.h"

#include <assert.h>

#include "protocol/msgpack_json.h"
#include "protocol/sio_packet.h"

int adapter_check_msgpack(struct span value)
{
    const struct msgpack_limits limits = {ADAPTER_DEPTH_MAX, value.len};
    int rc = msgpack_check(value, &limits);

    if (rc < 0) {
        return rc == MSGPACK_EDEPTH ? ADAPTER_ELIMIT : ADAPTER_ESYNTAX;
    }
    return 0;
}

int adapter_append_json(struct adapter_decoder *d, struct span value)
{
    int rc = msgpack_to_json(value, ADAPTER_BINS_MAX, &d->text, &d->spans);

    if (rc < 0) {
        return rc == MSGPACK_JSON_EBINS ? ADAPTER_ELIMIT : ADAPTER_ESHAPE;
    }
    return 0;
}

void adapter_members_find(struct json object, struct adapter_member *members, size_t count)
{
    struct json_iter it;
    struct json key, value;

    json_object_begin(&it, object);
    while (json_object_next(&it, &key, &value)) {
        struct span plain;
        bool is_plain = json_string_plain(key, &plain);
        for (size_t i = 0; i < count; i++) {
            if (is_plain ? span_eq(plain, members[i].key) : json_string_eq(key, members[i].key)) {
                members[i].value = value;
                break;
            }
        }
    }
}

/* The text of a string that is known to be one. */
static struct span text_of(struct adapter_decoder *d, struct json string)
{
    struct span plain;

    if (json_string_plain(string, &plain)) {
        return plain;
    }
    size_t at = d->text.len;
    const uint8_t *before = d->text.data;
    json_string_decode(string, &d->text);
    assert(d->text.data == before);
    return span_of(before + at, d->text.len - at);
}

int adapter_text_read(struct adapter_decoder *d, struct json v, struct span *out)
{
    if (v.text.len == 0 || v.type != JSON_STRING) {
        return ADAPTER_ESHAPE;
    }
    *out = text_of(d, v);
    return 0;
}

int adapter_text_read_opt(struct adapter_decoder *d, struct json v, struct span *out)
{
    if (!adapter_is_there(v)) {
        *out = SPAN("");
        return 0;
    }
    return adapter_text_read(d, v, out);
}

/* Adds the length of a list to *total, once it is known to hold nothing but names. */
static int count_names(struct json list, size_t *total)
{
    struct json_iter it;
    struct json item;
    size_t count = 0;

    if (!adapter_is_there(list)) {
        return 0;
    }
    if (list.type != JSON_ARRAY) {
        return ADAPTER_ESHAPE;
    }
    json_array_begin(&it, list);
    while (json_array_next(&it, &item)) {
        if (item.type != JSON_STRING && item.type != JSON_NUMBER) {
            return ADAPTER_ESHAPE;
        }
        if (++count > ADAPTER_NAMES_MAX) {
            return ADAPTER_ELIMIT;
        }
    }
    *total += count;
    return 0;
}

/* Where the next n bytes of d->spans are, which have been reserved. */
static void *take(struct adapter_decoder *d, size_t n)
{
    assert(d->spans.cap - d->spans.len >= n);

    void *place = d->spans.data + d->spans.len;
    d->spans.len += n;
    return place;
}

/* Reads a list that has been counted, and for which there is room. */
static struct adapter_names names_of(struct adapter_decoder *d, struct json list)
{
    struct json_iter it;
    struct json item;
    struct adapter_names names = {.items = take(d, 0)};

    if (!adapter_is_there(list)) {
        return (struct adapter_names){0};
    }
    json_array_begin(&it, list);
    while (json_array_next(&it, &item)) {
        struct span *name = take(d, sizeof *name);
        *name = item.type == JSON_STRING ? text_of(d, item) : item.text;
        names.count++;
    }
    return names;
}

int adapter_names_read(struct adapter_decoder *d, const struct adapter_list *lists, size_t count)
{
    size_t total = 0;

    for (size_t i = 0; i < count; i++) {
        int rc = count_names(lists[i].json, &total);
        if (rc < 0) {
            return rc;
        }
    }
    (void)bytes_reserve(&d->spans, total * sizeof(struct span));
    for (size_t i = 0; i < count; i++) {
        *lists[i].out = names_of(d, lists[i].json);
    }
    return 0;
}

/* [seq, note], our own flag. */
static int read_own_flag(struct adapter_decoder *d, struct json pair, struct adapter_message *m)
{
    struct json_iter it;
    struct json seq, note;

    if (!adapter_is_there(pair)) {
        return 0;
    }
    if (pair.type != JSON_ARRAY) {
        return ADAPTER_ESHAPE;
    }
    json_array_begin(&it, pair);
    if (!json_array_next(&it, &seq) || !json_array_next(&it, &note) ||
        json_to_u64(seq, ADAPTER_INTEGER_MAX, &m->seq) < 0) {
        return ADAPTER_ESHAPE;
    }
    return adapter_text_read(d, note, &m->note);
}

static int read_flags(struct adapter_decoder *d, struct json flags, struct adapter_message *m)
{
    enum { VOLATILE, COMPRESS, TIMEOUT, OWN, FLAGS };
    struct adapter_member is[FLAGS] = {
        [VOLATILE] = {.key = SPAN("volatile")},
        [COMPRESS] = {.key = SPAN("compress")},
        [TIMEOUT] = {.key = SPAN("timeout")},
        [OWN] = {.key = SPAN("rookery")},
    };

    if (!adapter_is_object(flags)) {
        return adapter_is_there(flags) ? ADAPTER_ESHAPE : 0;
    }
    adapter_members_find(flags, is, FLAGS);
    m->is_volatile = adapter_is_there(is[VOLATILE].value) && json_is_true(is[VOLATILE].value);
    m->no_compress = adapter_is_there(is[COMPRESS].value) && is[COMPRESS].value.type == JSON_BOOL &&
                     !json_is_true(is[COMPRESS].value);
    if (!adapter_is_there(is[TIMEOUT].value) ||
        json_to_u64(is[TIMEOUT].value, ADAPTER_INTEGER_MAX, &m->timeout_ms) < 0) {
        m->timeout_ms = 0; /* Node takes anything, half milliseconds too; nothing hangs on it */
    }
    return read_own_flag(d, is[OWN].value, m);
}

int adapter_options_read(struct adapter_decoder *d, struct json options, struct json operands,
                         struct adapter_message *m)
{
    enum { ROOMS, EXCEPT, FLAGS, MEMBERS };
    struct adapter_member has[MEMBERS] = {
        [ROOMS] = {.key = SPAN("rooms")},
        [EXCEPT] = {.key = SPAN("except")},
        [FLAGS] = {.key = SPAN("flags")},
    };

    if (!adapter_is_object(options)) {
        return ADAPTER_ESHAPE;
    }
    adapter_members_find(options, has, MEMBERS);
    int rc = read_flags(d, has[FLAGS].value, m);
    if (rc < 0) {
        return rc;
    }
    const struct adapter_list lists[] = {
        {has[ROOMS].value, &m->rooms},
        {has[EXCEPT].value, &m->except},
        {operands, &m->operands},
    };
    return adapter_names_read(d, lists, sizeof lists / sizeof lists[0]);
}

/* Names that a server's own events have, and "error", which throws in Node when nobody listens. */
static const struct span server_events[] = {
    {(const uint8_t *)"connect", 7},
    {(const uint8_t *)"connection", 10},
    {(const uint8_t *)"new_namespace", 13},
    {(const uint8_t *)"error", 5},
};

bool adapter_event_reserved(enum adapter_kind kind, struct span event)
{
    if (kind != ADAPTER_EMIT) {
        return sio_name_reserved(event);
    }
    for (size_t i = 0; i < sizeof server_events / sizeof server_events[0]; i++) {
        if (span_eq(event, server_events[i])) {
            return true;
        }
    }
    return false;
}

int adapter_event_read(struct adapter_decoder *d, struct json array, struct adapter_message *m)
{
    struct json_iter it;
    struct json name;

    if (array.text.len == 0 || array.type != JSON_ARRAY) {
        return ADAPTER_ESHAPE;
    }
    json_array_begin(&it, array);
    if (!json_array_next(&it, &name)) {
        return ADAPTER_ESHAPE;
    }
    m->args.json = span_of(it.at, (size_t)(it.end - it.at));
    int rc = 0;
    if (name.type == JSON_NUMBER) {
        m->event = name.text;
    } else {
        rc = adapter_text_read(d, name, &m->event);
    }
    return rc == 0 && adapter_event_reserved(m->kind, m->event) ? ADAPTER_ESHAPE : rc;
}

enum { SOCKET_ID, SOCKET_HANDSHAKE, SOCKET_ROOMS, SOCKET_DATA, SOCKET_MEMBERS };

static int find_socket(struct json socket, struct adapter_member has[SOCKET_MEMBERS])
{
    static const struct adapter_member wanted[SOCKET_MEMBERS] = {
        [SOCKET_ID] = {.key = {(const uint8_t *)"id", 2}},
        [SOCKET_HANDSHAKE] = {.key = {(const uint8_t *)"handshake", 9}},
        [SOCKET_ROOMS] = {.key = {(const uint8_t *)"rooms", 5}},
        [SOCKET_DATA] = {.key = {(const uint8_t *)"data", 4}},
    };

    if (socket.type != JSON_OBJECT) {
        return ADAPTER_ESHAPE;
    }
    memcpy(has, wanted, sizeof wanted);
    adapter_members_find(socket, has, SOCKET_MEMBERS);
    return 0;
}

/* How many sockets there are, and names in all their lists of rooms. */
static int count_sockets(struct json array, size_t *sockets, size_t *names)
{
    struct adapter_member has[SOCKET_MEMBERS];
    struct json_iter it;
    struct json item;

    json_array_begin(&it, array);
    while (json_array_next(&it, &item)) {
        int rc = find_socket(item, has);
        if (rc == 0) {
            rc = count_names(has[SOCKET_ROOMS].value, names);
        }
        if (rc < 0) {
            return rc;
        }
        if (++*sockets > ADAPTER_SOCKETS_MAX) {
            return ADAPTER_ELIMIT;
        }
    }
    return 0;
}

static int read_socket(struct adapter_decoder *d, struct json item, struct adapter_socket *socket)
{
    struct adapter_member has[SOCKET_MEMBERS];

    int rc = find_socket(item, has);
    if (rc == 0) {
        rc = adapter_text_read(d, has[SOCKET_ID].value, &socket->id);
    }
    if (rc == 0) {
        socket->handshake = adapter_object_of(has[SOCKET_HANDSHAKE].value);
        socket->data = adapter_object_of(has[SOCKET_DATA].value);
        socket->rooms = names_of(d, has[SOCKET_ROOMS].value);
    }
    return rc;
}

int adapter_sockets_read(struct adapter_decoder *d, struct json array, struct adapter_message *m)
{
    struct json_iter it;
    struct json item;
    size_t sockets = 0, names = 0;

    if (array.text.len == 0 || array.type != JSON_ARRAY) {
        return ADAPTER_ESHAPE;
    }
    int rc = count_sockets(array, &sockets, &names);
    if (rc < 0) {
        return rc;
    }
    (void)bytes_reserve(&d->spans,
                        sockets * sizeof(struct adapter_socket) + names * sizeof(struct span));
    struct adapter_socket *socket = take(d, sockets * sizeof *socket);
    m->sockets = socket;
    m->socket_count = sockets;
    json_array_begin(&it, array);
    while (rc == 0 && json_array_next(&it, &item)) {
        rc = read_socket(d, item, socket++);
    }
    return rc;
}

static int read_seen_of(struct adapter_decoder *d, struct json object, struct adapter_message *m)
{
    struct json_iter it;
    struct json uid, seq;

    (void)bytes_reserve(&d->spans, 0); /* so that none at all have a place, too */
    json_object_begin(&it, object);
    while (json_object_next(&it, &uid, &seq)) {
        struct adapter_seen seen = {.uid = text_of(d, uid)};
        if (json_to_u64(seq, ADAPTER_INTEGER_MAX, &seen.seq) < 0) {
            return ADAPTER_ESHAPE;
        }
        if (++m->seen_count > ADAPTER_NAMES_MAX) {
            return ADAPTER_ELIMIT;
        }
        bytes_add(&d->spans, &seen, sizeof seen);
    }
    m->seen = (const void *)(d->spans.data + d->spans.len - m->seen_count * sizeof *m->seen);
    return 0;
}

static int read_number(struct json v, uint64_t *out)
{
    return !adapter_is_there(v) || json_to_u64(v, ADAPTER_INTEGER_MAX, out) < 0 ? ADAPTER_ESHAPE
                                                                                : 0;
}

int adapter_seen_read(struct adapter_decoder *d, struct json object, struct adapter_message *m)
{
    enum { SEQ, LATELY, ASK, PHASE, OF, COUNT };
    struct adapter_member has[COUNT] = {
        [SEQ] = {.key = SPAN("seq")}, [LATELY] = {.key = SPAN("lately")},
        [ASK] = {.key = SPAN("ask")}, [PHASE] = {.key = SPAN("phase")},
        [OF] = {.key = SPAN("of")},
    };
    uint64_t phase = 0;

    if (!adapter_is_object(object)) {
        return ADAPTER_ESHAPE;
    }
    adapter_members_find(object, has, COUNT);
    if (read_number(has[SEQ].value, &m->seq) < 0 ||
        read_number(has[LATELY].value, &m->lately_ms) < 0 ||
        read_number(has[ASK].value, &m->ask) < 0 || read_number(has[PHASE].value, &phase) < 0 ||
        phase > ADAPTER_ENDS || !adapter_is_object(has[OF].value)) {
        return ADAPTER_ESHAPE;
    }
    m->phase = (enum adapter_phase)phase;
    return read_seen_of(d, has[OF].value, m);
}
