// SPDX-License-Identifier: MIT
#include <assert.h>
#include <stdlib.h>

#include "protocol/ws_reader.h"

enum { LIMIT = 300, PIECE_MAX = 32 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 16;
}

static void record(struct bytes *log, const struct ws_event *e)
{
    uint8_t len[8];

    assert(e->payload.len <= LIMIT || e->type >= WS_EVENT_PING);
    assert(e->type < WS_EVENT_PING || e->payload.len <= WS_CONTROL_MAX);
    assert(e->type != WS_EVENT_TEXT || e->compressed || utf8_valid(e->payload));
    bytes_add_byte(log, (uint8_t)e->type);
    bytes_add_byte(log, e->compressed);
    bytes_add_u64(log, e->close_code);
    store_be64(len, e->payload.len);
    bytes_add(log, len, sizeof len);
    bytes_add_span(log, e->payload);
}

/* One piece, in a block of its own that ends where it ends. 0 or the error. */
static int read_piece(struct ws_reader *r, struct span piece, struct bytes *log)
{
    uint8_t *block = malloc(piece.len);
    size_t used = 0;
    int k = 0;

    assert(block != NULL);
    memcpy(block, piece.data, piece.len);
    for (struct ws_event e = {.type = WS_EVENT_PING}; e.type != WS_EVENT_NONE;) {
        k = ws_reader_next(r, block + used, piece.len - used, &e);
        if (k < 0) {
            break;
        }
        used += (size_t)k;
        assert(used <= piece.len);
        if (e.type != WS_EVENT_NONE) {
            record(log, &e);
        } else {
            assert(used == piece.len);
        }
    }
    free(block);
    return k < 0 ? k : 0;
}

/* Reads the stream in pieces of 1..piece_max bytes and logs what came out, the error last. */
static void read_stream(struct span stream, unsigned options, size_t piece_max, uint32_t seed,
                        struct bytes *log)
{
    struct ws_reader r;
    int error = 0;

    ws_reader_init(&r, LIMIT, options);
    while (stream.len > 0 && error == 0) {
        size_t n = 1 + next_random(&seed) % piece_max;
        n = n < stream.len ? n : stream.len;
        error = read_piece(&r, span_of(stream.data, n), log);
        stream = span_skip(stream, n);
        bool idle = !r.in_payload && r.tail_len == 0 && r.message_opcode == WS_CONTINUATION;
        assert(error < 0 || !idle || r.partial.data == NULL);
        assert(r.partial.cap <= 2 * (LIMIT + WS_CONTROL_MAX));
    }
    bytes_add_u64(log, (uint64_t)-error);
    ws_reader_finish(&r);
}

/* How the network cuts a stream must not change what comes out of it. */
static void check_cuts_do_not_matter(struct span stream, unsigned options, uint32_t seed)
{
    struct bytes whole = {0}, cut = {0}, single = {0};

    read_stream(stream, options, 1 << 30, seed, &whole);
    read_stream(stream, options, PIECE_MAX, seed, &cut);
    read_stream(stream, options, 1, seed, &single);
    assert(span_eq(bytes_span(&whole), bytes_span(&cut)));
    assert(span_eq(bytes_span(&whole), bytes_span(&single)));
    bytes_finish(&whole);
    bytes_finish(&cut);
    bytes_finish(&single);
}

static void add_frame(struct bytes *out, enum ws_opcode opcode, bool fin, struct span payload,
                      unsigned options, uint32_t *seed)
{
    struct ws_frame_head head = {.opcode = opcode, .fin = fin, .payload_len = payload.len};

    head.masked = (options & WS_READER_CLIENT) == 0;
    for (size_t i = 0; head.masked && i < WS_MASK_BYTES; i++) {
        head.mask[i] = (uint8_t)next_random(seed);
    }
    out->len += ws_frame_encode(bytes_reserve(out, WS_HEAD_MAX), &head);
    bytes_add_span(out, payload);
    if (payload.len > 0) {
        ws_mask(out->data + out->len - payload.len, payload.len, head.mask, 0);
    }
}

/* A message sent in fragments, with pings between them, comes out as it was. */
static void check_round_trip(struct span message, unsigned options, uint32_t seed)
{
    struct bytes stream = {0}, want = {0}, got = {0};
    struct span left = message;
    enum ws_opcode opcode = WS_BINARY;

    while (opcode == WS_BINARY || left.len > 0) {
        size_t n = next_random(&seed) % (left.len + 1);
        struct span ping = span_of(left.data, n < 5 ? n : 5);
        bool last = n == left.len;
        if (next_random(&seed) % 4 == 0) {
            add_frame(&stream, WS_PING, true, ping, options, &seed);
            record(&want, &(struct ws_event){.type = WS_EVENT_PING, .payload = ping});
        }
        add_frame(&stream, opcode, last, span_of(left.data, n), options, &seed);
        left = span_skip(left, n);
        opcode = WS_CONTINUATION;
    }
    record(&want, &(struct ws_event){.type = WS_EVENT_BINARY, .payload = message});
    bytes_add_u64(&want, 0);
    read_stream(bytes_span(&stream), options, PIECE_MAX, seed, &got);
    assert(span_eq(bytes_span(&want), bytes_span(&got)));
    bytes_finish(&stream);
    bytes_finish(&want);
    bytes_finish(&got);
}

/* The first byte is the reader's options and the seed of the cuts; the rest is the stream. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 2) {
        return 0;
    }
    unsigned options = data[0] & (WS_READER_CLIENT | WS_READER_DEFLATE);
    struct span rest = span_of(data + 1, len - 1);

    check_cuts_do_not_matter(rest, options, data[0]);
    check_round_trip(span_of(rest.data, rest.len < LIMIT ? rest.len : LIMIT), options, data[0]);
    return 0;
}
