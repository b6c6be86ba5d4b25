#include <assert.h>

#include "protocol/base64.h"
#include "protocol/eio3_payload.h"
#include "protocol/ws_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void add_frame(struct bytes *queue, enum ws_opcode opcode, struct span message)
{
    uint8_t head[WS_HEAD_MAX];

    bytes_add(queue, head, ws_frame_encode_head(head, opcode, true, message.len));
    bytes_add_span(queue, message);
}

/* Puts what has been read into a queue. */
static void queue_packet(struct bytes *queue, const struct eio3_packet *p)
{
    struct bytes content = {0};

    if (p->is_binary) {
        add_frame(queue, WS_BINARY, p->packet.payload);
    } else if (!p->packet.base64) {
        add_frame(queue, WS_TEXT, span_of(p->packet.payload.data - 1, p->packet.payload.len + 1));
    } else if (base64_decode(p->packet.payload, &content) == 0) {
        add_frame(queue, WS_BINARY, bytes_span(&content));
    }
    bytes_finish(&content);
}

/* Returns what ended the payload. */
static int queue_payload(struct bytes *queue, struct span body, bool binary)
{
    struct eio3_payload_reader r;
    struct eio3_packet p;
    int rc;

    eio3_payload_begin(&r, body, binary);
    while ((rc = eio3_payload_next(&r, &p)) > 0) {
        queue_packet(queue, &p);
    }
    assert(eio3_payload_next(&r, &p) == 0);
    return rc;
}

/* What is queued is read again from a payload just as it was written. */
static void check_payload(struct span queued, bool base64_only)
{
    struct eio3_payload_writer w;
    struct bytes out = {0}, again = {0};

    eio3_payload_open(&w, &out, base64_only);
    size_t taken = eio3_payload_add_frames(&w, queued, 2);
    taken += eio3_payload_add_frames(&w, span_skip(queued, taken), UINT32_MAX);
    assert(taken == queued.len);
    assert(w.binary == (!base64_only && eio3_frames_differ(queued)));
    assert(queue_payload(&again, bytes_span(&out), w.binary) == 0);
    assert(span_eq(bytes_span(&again), queued));
    bytes_finish(&out);
    bytes_finish(&again);
}

/* And so is each message from the frames for a WebSocket. */
static void check_frames(struct span queued)
{
    struct bytes out = {0};

    eio3_frames_encode(&out, queued);
    for (struct span rest = bytes_span(&out); rest.len != 0;) {
        bool is_binary, was_binary;
        struct span message = ws_frames_take(&rest, &is_binary);
        struct span was = ws_frames_take(&queued, &was_binary);
        int rc = is_binary ? eio3_message_decode(message, &message) : 0;
        assert(rc == 0 && is_binary == was_binary && span_eq(message, was));
    }
    assert(queued.len == 0);
    bytes_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    for (int binary = 0; binary < 2; binary++) {
        struct bytes queue = {0};
        int rc = queue_payload(&queue, span_of(data, len), binary != 0);
        assert(rc <= 0 && (rc != 0 || len != 0));
        if (queue.len != 0) {
            check_payload(bytes_span(&queue), false);
            check_payload(bytes_span(&queue), true);
            check_frames(bytes_span(&queue));
        }
        bytes_finish(&queue);
    }
    return 0;
}
