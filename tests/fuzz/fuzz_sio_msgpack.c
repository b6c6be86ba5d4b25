#include <assert.h>

#include "protocol/sio_msgpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct sio_limits limits = {.attachments_max = 10, .depth_max = 16};

static void encode_again(struct bytes *out, const struct sio_packet *p,
                         const struct sio_msgpack *in)
{
    const struct sio_head head = {.type = p->type, .nsp = p->nsp, .has_id = p->has_id, .id = p->id};
    const struct sio_msgpack_args args = {p->args, sio_msgpack_bins(in), p->attachments, SPAN("")};
    struct bytes name = {0};

    if (p->type == SIO_ACK || p->type == SIO_BINARY_ACK) {
        sio_msgpack_ack_encode(out, &head, &args);
    } else if (p->has_payload && p->event.type == JSON_STRING) {
        json_string_decode(p->event, &name);
        sio_msgpack_event_encode(out, &head, bytes_span(&name), &args);
    } else if (p->type == SIO_DISCONNECT) {
        sio_msgpack_bare_encode(out, SIO_DISCONNECT, p->nsp, span_of(NULL, 0));
    }
    bytes_finish(&name);
}

static void decode_text(struct span text)
{
    struct sio_msgpack in = {0};
    struct sio_packet p;

    if (sio_msgpack_decode_text(text, &limits, &in, &p) == 0) {
        assert(p.type <= SIO_DISCONNECT && p.nsp.data[0] == '/' && p.attachments == 0);
    }
    sio_msgpack_finish(&in);
}

/* What was decoded, encoded and decoded again is the same packet with the same binaries, but for
 * numeric event names, which do not come back. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct sio_msgpack in = {0}, again = {0};
    struct bytes once = {0};
    struct sio_packet p, q;

    decode_text(span_of(data, len));
    in.version_2 = len > 0 && (data[len - 1] & 1) != 0;
    if (sio_msgpack_decode(span_of(data, len), &limits, &in, &p) == 0) {
        assert(p.attachments <= limits.attachments_max && p.nsp.data[0] == '/');
        assert((p.attachments != 0) == (p.type == SIO_BINARY_EVENT || p.type == SIO_BINARY_ACK));
        encode_again(&once, &p, &in);
        if (once.len != 0) {
            assert(sio_msgpack_decode(bytes_span(&once), &limits, &again, &q) == 0);
            assert(q.type == p.type && span_eq(q.nsp, p.nsp) && span_eq(q.args, p.args));
            assert(q.attachments == p.attachments);
            assert(q.has_id == p.has_id || p.type == SIO_DISCONNECT);
            assert(!q.has_id || q.id == p.id);
            for (unsigned i = 0; i < p.attachments; i++) {
                assert(span_eq(sio_msgpack_bins(&in)[i], sio_msgpack_bins(&again)[i]));
            }
        }
    }
    sio_msgpack_finish(&in);
    sio_msgpack_finish(&again);
    bytes_finish(&once);
    return 0;
}
