// SPDX-License-Identifier: MIT
#include <assert.h>

#include "protocol/ws_extensions.h"
#include "protocol/ws_frame.h"
#include "src/net/ws_deflate.h"

enum { LEVEL = 3, LIMIT = 4096, MESSAGES_MAX = 8, IOV_MAX_HERE = 4 };

static struct ws_deflate *d;
static struct stats stats;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What comes from a peer: whatever it is, no more than the limit comes of it. */
static void inflate_anything(struct span packed)
{
    struct span out;
    int error = ws_deflate_inflate(d, packed, LIMIT, &out);

    assert(error == 0 || error == WS_ETOOBIG || error == WS_EDEFLATE);
    assert(error < 0 || out.len <= LIMIT);
    ws_deflate_forget(d);
}

/* Each message's length and kind are in its first byte. */
static unsigned cut_messages(struct span in, struct span messages[MESSAGES_MAX])
{
    unsigned count = 0;

    while (in.len > 0 && count < MESSAGES_MAX) {
        size_t len = in.data[0] * 4U;
        len = len < in.len ? len : in.len;
        messages[count++] = span_of(in.data, len == 0 ? 1 : len);
        in = span_skip(in, messages[count - 1].len);
    }
    return count;
}

static enum ws_opcode opcode_of(struct span message)
{
    return message.data[0] % 2 == 0 ? WS_TEXT : WS_BINARY;
}

static void on_full(struct outq *q)
{
    assert(!"full");
}

/* A cork with all the messages, on which the queue opens before the one at `first`. */
static void fill(struct outq *q, const struct span *messages, unsigned count, unsigned first)
{
    uint8_t head[WS_HEAD_MAX];
    struct cork c;

    cork_init(&c);
    for (unsigned i = 0; i < count; i++) {
        struct span m = messages[i];
        struct bytes frame = {0};
        if (i == first && !cork_open(&c, q)) {
            assert(!"room");
        }
        bytes_add(&frame, head, ws_frame_encode_head(head, opcode_of(m), true, m.len));
        bytes_add_span(&frame, m);
        cork_append(&c, bytes_span(&frame), NULL, 0, on_full);
        bytes_finish(&frame);
    }
    cork_seal(&c);
}

static void check_messages(struct span in, const struct span *messages, unsigned count,
                           size_t threshold)
{
    for (unsigned i = 0; i < count; i++) {
        struct ws_frame_head h;
        int n = ws_frame_decode_head(in.data, in.len, &h);
        assert(n > 0 && h.fin && h.opcode == opcode_of(messages[i]));
        struct span payload = span_of(in.data + n, h.payload_len);
        in = span_skip(in, (size_t)n + h.payload_len);
        assert((h.rsv == WS_RSV1) == (messages[i].len >= threshold));
        if (h.rsv == WS_RSV1 && ws_deflate_inflate(d, payload, LIMIT, &payload) < 0) {
            assert(!"inflated");
        }
        assert(span_eq(payload, messages[i]));
        ws_deflate_forget(d);
    }
    assert(in.len == 0);
}

/* What goes to a peer, which joined a room between any two of its messages: the same comes out. */
static void deflate_from_anywhere(struct span in, unsigned choice)
{
    struct span messages[MESSAGES_MAX];
    unsigned count = cut_messages(in, messages);
    unsigned first = count == 0 ? 0 : choice % count;
    unsigned bits = WS_WINDOW_BITS_MIN + choice % (WS_WINDOW_BITS_MAX - WS_WINDOW_BITS_MIN + 1);
    size_t threshold = choice % 3 * 40;
    struct outq q = {0};
    struct iovec iov[IOV_MAX_HERE];
    struct bytes got = {0};

    fill(&q, messages, count, first);
    size_t before = outq_bytes(&q);
    ws_deflate_queue(d, &q, IOV_MAX_HERE, bits, threshold);
    int n = outq_iovec(&q, iov, IOV_MAX_HERE);
    for (int i = 0; i < n; i++) {
        bytes_add(&got, iov[i].iov_base, iov[i].iov_len);
    }
    /* A queue below the threshold as a whole is not looked at, and has no such message. */
    check_messages(bytes_span(&got), messages + first, count - first,
                   before < threshold ? SIZE_MAX : threshold);
    bytes_finish(&got);
    outq_clear(&q);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct span in = span_of(data, len);

    if (d == NULL) {
        d = ws_deflate_create(LEVEL, &stats);
    }
    inflate_anything(in);
    if (len > 1) {
        deflate_from_anywhere(span_skip(in, 1), data[0]);
    }
    return 0;
}
