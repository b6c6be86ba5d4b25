#include <assert.h>

#include "protocol/base64.h"
#include "protocol/eio_payload.h"
#include "protocol/ws_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void add_frame(struct bytes *queue, enum ws_opcode opcode, struct span message)
{
    uint8_t head[WS_HEAD_MAX];

    bytes_add(queue, head, ws_frame_encode_head(head, opcode, true, message.len));
    bytes_add_span(queue, message);
}

/* Writes the packet both ways that a server knows: into a payload, and into a queue of frames. */
static void send(const struct eio_packet *p, struct eio_payload_writer *w, struct bytes *queue)
{
    struct bytes content = {0};

    if (p->base64 && base64_decode(p->payload, &content) == 0) {
        eio_payload_add_binary(w, bytes_span(&content));
        add_frame(queue, WS_BINARY, bytes_span(&content));
    } else {
        struct span text = span_of(p->payload.data - 1, p->payload.len + 1);
        eio_payload_add_text(w, text);
        add_frame(queue, WS_TEXT, text);
    }
    bytes_finish(&content);
}

/* Writes all packets of body; true if there was no error. */
static bool send_all(struct span body, struct eio_payload_writer *w, struct bytes *queue)
{
    struct eio_payload_reader r;
    struct eio_packet p;
    int rc;

    eio_payload_begin(&r, body);
    while ((rc = eio_payload_next(&r, &p)) > 0) {
        assert(memchr(p.payload.data - 1, EIO_SEPARATOR, p.payload.len + 1) == NULL);
        send(&p, w, queue);
    }
    return rc == 0;
}

/* A payload read and written is the same but for the notation of its base64; written from frames,
 * in pieces or not, it is the same as written directly. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bytes once = {0}, twice = {0}, framed = {0}, queue = {0}, again = {0};
    struct eio_payload_writer w1 = {.out = &once}, w2 = {.out = &twice}, w3 = {.out = &framed};
    struct span body = span_of(data, len);

    bool whole = send_all(body, &w1, &queue);
    bool text_only = len == 0 || memchr(data, 'b', len) == NULL;
    assert(!whole || !text_only || span_eq(bytes_span(&once), body));

    if (w1.packets != 0) {
        assert(send_all(bytes_span(&once), &w2, &again));
        assert(w2.packets == w1.packets && span_eq(bytes_span(&twice), bytes_span(&once)));
        assert(span_eq(bytes_span(&again), bytes_span(&queue)));

        struct span frames = bytes_span(&queue);
        size_t taken = eio_payload_add_frames(&w3, frames, 2);
        assert(w3.packets == (w1.packets < 2 ? w1.packets : 2));
        taken += eio_payload_add_frames(&w3, span_skip(frames, taken), w1.packets);
        assert(taken == frames.len && w3.packets == w1.packets);
        assert(span_eq(bytes_span(&framed), bytes_span(&once)));
    }
    bytes_finish(&once);
    bytes_finish(&twice);
    bytes_finish(&framed);
    bytes_finish(&queue);
    bytes_finish(&again);
    return 0;
}
