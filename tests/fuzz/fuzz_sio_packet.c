#include <assert.h>

#include "protocol/sio_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct sio_limits limits = {.attachments_max = 10, .depth_max = 16};

static void assert_inside(struct span part, const uint8_t *data, size_t len)
{
    assert(part.data >= data && part.len <= len);
    assert((size_t)(part.data - data) <= len - part.len);
}

static void encode_again(struct bytes *out, const struct sio_packet *p)
{
    const struct sio_head head = {
        .type = p->type,
        .attachments = p->attachments,
        .nsp = p->nsp,
        .has_id = p->has_id,
        .id = p->id,
    };
    if (p->type == SIO_ACK || p->type == SIO_BINARY_ACK) {
        sio_ack_encode(out, &head, p->args);
    } else if (p->has_payload && p->event.type == JSON_STRING) {
        struct bytes name = {0};
        json_string_decode(p->event, &name);
        sio_event_encode(out, &head, bytes_span(&name), p->args);
        bytes_finish(&name);
    } else {
        sio_head_encode(out, &head);
        bytes_add_span(out, p->has_payload ? p->payload.text : SPAN(""));
    }
}

/* What was decoded, encoded and decoded again is the same packet, and the second encoding is the
 * first: there is one way to write a packet, however the peer wrote it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct sio_packet p, q;
    struct bytes once = {0}, twice = {0};

    if (sio_packet_decode(span_of(data, len), &limits, &p) != 0) {
        return 0;
    }
    bool event = p.type == SIO_EVENT || p.type == SIO_BINARY_EVENT;
    bool ack = p.type == SIO_ACK || p.type == SIO_BINARY_ACK;
    assert(p.attachments <= limits.attachments_max);
    assert((p.attachments != 0) == (p.type == SIO_BINARY_EVENT || p.type == SIO_BINARY_ACK));
    assert(p.nsp.len > 0 && p.nsp.data[0] == '/');
    assert(p.has_payload || !event);
    if (p.has_payload && (event || ack)) {
        assert_inside(p.args, data, len);
    }

    encode_again(&once, &p);
    assert(sio_packet_decode(bytes_span(&once), &limits, &q) == 0);
    assert(q.type == p.type && q.attachments == p.attachments && span_eq(q.nsp, p.nsp));
    assert(q.has_id == p.has_id && q.id == p.id && span_eq(q.args, p.args));
    assert(q.has_payload == (p.has_payload || ack));
    assert(event || ack || !p.has_payload || span_eq(q.payload.text, p.payload.text));
    encode_again(&twice, &q);
    assert(span_eq(bytes_span(&twice), bytes_span(&once)));
    bytes_finish(&once);
    bytes_finish(&twice);
    return 0;
}
