// SPDX-License-Identifier: MIT
#include "protocol/sio_packet.h"

#include <assert.h>

const char *sio_strerror(enum sio_error error)
{
    switch (error) {
    case SIO_ETYPE:
        return "unknown packet type";
    case SIO_EATTACHMENTS:
        return "illegal attachments";
    case SIO_ETOOMANY:
        return "too many attachments";
    case SIO_EID:
        return "illegal ack id";
    case SIO_EJSON:
        return "payload is not JSON";
    case SIO_EPAYLOAD:
        return "invalid payload";
    case SIO_ERESERVED:
        return "reserved event name";
    case SIO_ENAMESPACE:
        return "no namespace";
    }
    return "no Socket.IO packet error";
}

static bool is_event(enum sio_type type)
{
    return type == SIO_EVENT || type == SIO_BINARY_EVENT;
}

static bool is_ack(enum sio_type type)
{
    return type == SIO_ACK || type == SIO_BINARY_ACK;
}

static bool is_binary(enum sio_type type)
{
    return type == SIO_BINARY_EVENT || type == SIO_BINARY_ACK;
}

/* Each take_ function below cuts its part off the front of *rest. */

static int take_type(struct span *rest, struct sio_packet *p)
{
    if (rest->len == 0 || rest->data[0] < '0' || rest->data[0] > '6') {
        return SIO_ETYPE;
    }
    p->type = (enum sio_type)(rest->data[0] - '0');
    *rest = span_skip(*rest, 1);
    return 0;
}

static struct span take_digits(struct span *rest)
{
    size_t n = 0;
    while (n < rest->len && rest->data[n] >= '0' && rest->data[n] <= '9') {
        n++;
    }
    struct span digits = span_of(rest->data, n);
    *rest = span_skip(*rest, n);
    return digits;
}

static int take_attachments(struct span *rest, unsigned attachments_max, struct sio_packet *p)
{
    struct span digits = take_digits(rest);
    uint64_t count;

    if (digits.len == 0 || rest->len == 0 || rest->data[0] != '-') {
        return SIO_EATTACHMENTS;
    }
    *rest = span_skip(*rest, 1);
    if (span_to_u64(digits, attachments_max, &count) != 0) {
        return SIO_ETOOMANY;
    }
    p->attachments = (unsigned)count;
    return count == 0 ? SIO_EATTACHMENTS : 0;
}

static void take_namespace(struct span *rest, struct sio_packet *p)
{
    p->nsp = SPAN("/");
    if (rest->len == 0 || rest->data[0] != '/') {
        return;
    }
    const uint8_t *comma = memchr(rest->data, ',', rest->len);
    size_t len = comma == NULL ? rest->len : (size_t)(comma - rest->data);
    p->nsp = span_of(rest->data, len);
    *rest = span_skip(*rest, comma == NULL ? len : len + 1);
}

static int take_id(struct span *rest, struct sio_packet *p)
{
    struct span digits = take_digits(rest);

    p->has_id = digits.len != 0;
    return p->has_id && span_to_u64(digits, UINT64_MAX, &p->id) != 0 ? SIO_EID : 0;
}

/* Names that the libraries emit themselves: coming from a peer they would be mistaken for that. */
static const struct span reserved[] = {
    {(const uint8_t *)"connect", 7},      {(const uint8_t *)"connect_error", 13},
    {(const uint8_t *)"disconnect", 10},  {(const uint8_t *)"disconnecting", 13},
    {(const uint8_t *)"newListener", 11}, {(const uint8_t *)"removeListener", 14},
};

bool sio_name_reserved(struct span name)
{
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (span_eq(name, reserved[i])) {
            return true;
        }
    }
    return false;
}

static bool is_reserved(struct json name)
{
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (json_string_eq(name, reserved[i])) {
            return true;
        }
    }
    return false;
}

static int slice_arguments(struct sio_packet *p)
{
    struct json_iter it;

    json_array_begin(&it, p->payload);
    if (is_event(p->type)) {
        if (!json_array_next(&it, &p->event)) {
            return SIO_EPAYLOAD;
        }
        if (p->event.type != JSON_STRING && p->event.type != JSON_NUMBER) {
            return SIO_EPAYLOAD;
        }
        if (is_reserved(p->event)) {
            return SIO_ERESERVED;
        }
    }
    p->args = span_of(it.at, (size_t)(it.end - it.at));
    return 0;
}

/* Whether a payload of that kind may come with a packet of that type. */
static bool payload_fits(enum sio_type type, enum json_type kind)
{
    switch (type) {
    case SIO_CONNECT:
        return kind == JSON_OBJECT;
    case SIO_DISCONNECT:
        return false;
    case SIO_CONNECT_ERROR:
        return kind == JSON_OBJECT || kind == JSON_STRING;
    case SIO_EVENT:
    case SIO_ACK:
    case SIO_BINARY_EVENT:
    case SIO_BINARY_ACK:
        break;
    }
    return kind == JSON_ARRAY;
}

int sio_packet_read_payload(struct sio_packet *p, struct span json, unsigned depth_max)
{
    p->has_payload = true;
    if (json_parse(json, depth_max, &p->payload) != 0) {
        return SIO_EJSON;
    }
    if (!payload_fits(p->type, p->payload.type)) {
        return SIO_EPAYLOAD;
    }
    return p->payload.type == JSON_ARRAY ? slice_arguments(p) : 0;
}

static int take_payload(struct span rest, unsigned depth_max, struct sio_packet *p)
{
    if (rest.len == 0) {
        return is_event(p->type) ? SIO_EPAYLOAD : 0;
    }
    return sio_packet_read_payload(p, rest, depth_max);
}

int sio_packet_decode(struct span text, const struct sio_limits *limits, struct sio_packet *out)
{
    struct sio_packet p = {0};
    int rc = take_type(&text, &p);

    if (rc == 0 && is_binary(p.type)) {
        rc = take_attachments(&text, limits->attachments_max, &p);
    }
    if (rc == 0) {
        take_namespace(&text, &p);
        rc = take_id(&text, &p);
    }
    if (rc == 0) {
        rc = take_payload(text, limits->depth_max, &p);
    }
    if (rc == 0) {
        *out = p;
    }
    return rc;
}

void sio_head_encode(struct bytes *out, const struct sio_head *head)
{
    assert(is_binary(head->type) == (head->attachments != 0));

    bytes_add_byte(out, (uint8_t)('0' + (unsigned)head->type));
    if (head->attachments != 0) {
        bytes_add_u64(out, head->attachments);
        bytes_add_byte(out, '-');
    }
    if (head->nsp.len > 1) {
        bytes_add_span(out, head->nsp);
        bytes_add_byte(out, ',');
    }
    if (head->has_id) {
        bytes_add_u64(out, head->id);
    }
}

void sio_event_encode(struct bytes *out, const struct sio_head *head, struct span name,
                      struct span args)
{
    assert(is_event(head->type));

    sio_head_encode(out, head);
    bytes_add_byte(out, '[');
    json_write_string(out, name);
    if (args.len != 0) {
        bytes_add_byte(out, ',');
        bytes_add_span(out, args);
    }
    bytes_add_byte(out, ']');
}

void sio_ack_encode(struct bytes *out, const struct sio_head *head, struct span args)
{
    assert(is_ack(head->type));

    sio_head_encode(out, head);
    bytes_add_byte(out, '[');
    bytes_add_span(out, args);
    bytes_add_byte(out, ']');
}

void sio_connect_encode(struct bytes *out, struct span nsp, struct span sid, struct span pid)
{
    assert(sid.len > 0);

    sio_head_encode(out, &(struct sio_head){.type = SIO_CONNECT, .nsp = nsp});
    bytes_add_cstr(out, "{\"sid\":\"");
    bytes_add_span(out, sid);
    if (pid.len != 0) {
        bytes_add_cstr(out, "\",\"pid\":\"");
        bytes_add_span(out, pid);
    }
    bytes_add_cstr(out, "\"}");
}

void sio_connect_error_encode(struct bytes *out, struct span nsp, struct span message,
                              struct span data)
{
    sio_head_encode(out, &(struct sio_head){.type = SIO_CONNECT_ERROR, .nsp = nsp});
    bytes_add_byte(out, '{');
    json_member_string(out, SPAN("message"), message);
    if (data.len != 0) {
        json_member_json(out, SPAN("data"), data);
    }
    bytes_add_byte(out, '}');
}
