// SPDX-License-Identifier: MIT
#include "src/net/ws_deflate.h"

#include <assert.h>
#include <stdlib.h>

#include <zlib.h>

#include "protocol/ws_extensions.h"
#include "protocol/ws_frame.h"
#include "src/base/memory.h"

enum {
    WINDOW_SIZES = WS_WINDOW_BITS_MAX - WS_WINDOW_BITS_MIN + 1,
    MEMORY_LEVEL = 8, /* zlib's default */
    CHUNK_BYTES = 16 * 1024,
    FLUSH_BYTES_MAX = 16, /* what a sync flush adds to deflateBound, with room to spare */
    TAIL_BYTES = 4,       /* of what ends a message, and is not sent (RFC 7692 7.2.1) */
    AT_BLOCK_END = 128    /* of z_stream.data_type, see zlib.h at inflate() */
};

struct stream {
    z_stream z;
    bool is_open;
};

struct ws_deflate {
    struct stats *stats;
    unsigned level;
    struct stream deflaters[WINDOW_SIZES]; /* by window bits; opened when they are needed */
    struct stream inflater;
    struct bytes packed; /* the frame that is being compressed */
    struct bytes marks;
    struct bytes plain; /* the message that was inflated last */
};

struct ws_deflate *ws_deflate_create(unsigned level, struct stats *stats)
{
    struct ws_deflate *d = xcalloc(1, sizeof *d);

    assert(level >= 1 && level <= WS_DEFLATE_LEVEL_MAX);
    d->level = level;
    d->stats = stats;
    return d;
}

void ws_deflate_destroy(struct ws_deflate *d)
{
    if (d == NULL) {
        return;
    }
    for (unsigned i = 0; i < WINDOW_SIZES; i++) {
        if (d->deflaters[i].is_open) {
            (void)deflateEnd(&d->deflaters[i].z);
        }
    }
    if (d->inflater.is_open) {
        (void)inflateEnd(&d->inflater.z);
    }
    bytes_finish(&d->packed);
    bytes_finish(&d->marks);
    bytes_finish(&d->plain);
    free(d);
}

/* Empties a buffer, and gives its memory back after something unusually large. */
static void clear(struct bytes *b)
{
    if (b->cap > WS_DEFLATE_KEPT_BYTES) {
        bytes_finish(b);
    }
    bytes_clear(b);
}

static void set_input(z_stream *z, struct span in)
{
    z->next_in = (z_const Bytef *)(uintptr_t)in.data;
    z->avail_in = (uInt)in.len;
}

/* ---- compressing ---- */

/* NULL if there is no memory for it. */
static z_stream *deflater(struct ws_deflate *d, unsigned window_bits)
{
    struct stream *s = &d->deflaters[window_bits - WS_WINDOW_BITS_MIN];

    if (!s->is_open) {
        s->is_open = deflateInit2(&s->z, (int)d->level, Z_DEFLATED, -(int)window_bits, MEMORY_LEVEL,
                                  Z_DEFAULT_STRATEGY) == Z_OK;
    }
    return s->is_open ? &s->z : NULL;
}

/* Writes the message, for which there are `room` bytes, and returns how long it is; 0 if zlib was
 * wrong about the room that it needs. */
static size_t deflate_message(z_stream *z, struct span in, uint8_t *to, size_t room)
{
    set_input(z, in);
    z->next_out = to;
    z->avail_out = (uInt)room;
    int result = deflate(z, Z_SYNC_FLUSH);
    size_t used = room - z->avail_out;
    bool whole = result == Z_OK && z->avail_out > 0 && used > TAIL_BYTES;

    (void)deflateReset(z);
    return whole ? used - TAIL_BYTES : 0;
}

/* Appends the message, compressed and in a frame of its own, to d->packed. */
static bool add_packed(struct ws_deflate *d, z_stream *z, enum ws_opcode opcode,
                       struct span payload)
{
    struct ws_frame_head head = {.opcode = opcode, .rsv = WS_RSV1, .fin = true};
    size_t room = deflateBound(z, payload.len) + FLUSH_BYTES_MAX;
    uint8_t *at = bytes_reserve(&d->packed, WS_HEAD_MAX + room);

    head.payload_len = deflate_message(z, payload, at + WS_HEAD_MAX, room);
    if (head.payload_len == 0) {
        return false;
    }
    size_t head_len = ws_frame_encode(at, &head);
    memmove(at + head_len, at + WS_HEAD_MAX, head.payload_len);
    d->packed.len += head_len + head.payload_len;
    stats_add(d->stats, STAT_DEFLATED_MESSAGES, 1);
    stats_add(d->stats, STAT_DEFLATED_PLAIN_BYTES, payload.len);
    stats_add(d->stats, STAT_DEFLATED_BYTES, head.payload_len);
    return true;
}

static void add_mark(struct ws_deflate *d, size_t at)
{
    struct twin_mark mark = {.at = (uint32_t)at, .there = (uint32_t)d->packed.len};
    bytes_add(&d->marks, &mark, sizeof mark);
}

/* Adds the message of f that begins at `at` to d->packed, compressed or not. Returns where it ends.
 */
static size_t add_message(struct ws_deflate *d, z_stream *z, const struct frame *f, size_t at,
                          size_t threshold)
{
    struct span in = span_skip(span_of(f->data, f->len), at);
    struct ws_frame_head head;
    int head_len = ws_frame_decode_head(in.data, in.len, &head);

    assert(head_len > 0 && head.payload_len <= in.len - (size_t)head_len);
    in.len = (size_t)head_len + head.payload_len;
    if (head.payload_len >= threshold && !ws_opcode_is_control(head.opcode) &&
        add_packed(d, z, head.opcode, span_skip(in, (size_t)head_len))) {
        add_mark(d, at + in.len);
    } else {
        bytes_add_span(&d->packed, in);
    }
    return at + in.len;
}

static struct twin *make_twin(struct ws_deflate *d, const struct frame *f, unsigned window_bits,
                              size_t threshold)
{
    z_stream *z = deflater(d, window_bits);
    struct frame *packed = NULL;

    for (size_t at = 0; z != NULL && at < f->len;) {
        at = add_message(d, z, f, at, threshold);
    }
    uint32_t count = (uint32_t)(d->marks.len / sizeof(struct twin_mark));
    if (count > 0) {
        packed = frame_copy(bytes_span(&d->packed));
        packed->no_compress = true;
    }
    struct twin *twin =
        twin_create(window_bits, packed, (const struct twin_mark *)(void *)d->marks.data, count);
    clear(&d->packed);
    clear(&d->marks);
    return twin;
}

struct choice {
    struct ws_deflate *d;
    unsigned window_bits;
    size_t threshold;
};

/* Whatever is decided of a frame holds for as long as there is the frame: what was sent in part in
 * one form never goes on in the other. */
static const struct twin *choose(void *arg, struct frame *f, size_t len)
{
    const struct choice *c = arg;

    if (len < c->threshold || f->no_compress) {
        return NULL;
    }
    const struct twin *twin = twin_find(f, c->window_bits);
    if (twin == NULL) {
        twin = twin_keep(f, make_twin(c->d, f, c->window_bits, c->threshold));
    }
    return twin;
}

void ws_deflate_queue(struct ws_deflate *d, struct outq *q, int max, unsigned window_bits,
                      size_t threshold)
{
    outq_convert(q, max, choose, &(struct choice){d, window_bits, threshold});
}

/* ---- inflating ---- */

static bool open_inflater(struct ws_deflate *d)
{
    struct stream *s = &d->inflater;

    if (!s->is_open) {
        s->is_open = inflateInit2(&s->z, -WS_WINDOW_BITS_MAX) == Z_OK;
    }
    return s->is_open;
}

/* Inflates what is set as input: 1 when the stream says that it has ended, 0, or an error. One byte
 * beyond the limit is made room for, which tells a message that is too big from one that is not. */
static int inflate_input(struct ws_deflate *d, size_t bytes_max)
{
    z_stream *z = &d->inflater.z;
    struct bytes *plain = &d->plain;

    for (;;) {
        size_t left = bytes_max + 1 - plain->len;
        z->next_out = bytes_reserve(plain, left < CHUNK_BYTES ? left : CHUNK_BYTES);
        size_t room = plain->cap - plain->len < left ? plain->cap - plain->len : left;
        z->avail_out = (uInt)room;
        int result = inflate(z, Z_SYNC_FLUSH);
        plain->len += room - z->avail_out;
        if (plain->len > bytes_max) {
            return WS_ETOOBIG;
        }
        if (result == Z_STREAM_END) {
            return 1;
        }
        if (result != Z_OK && result != Z_BUF_ERROR) {
            return WS_EDEFLATE;
        }
        if (z->avail_in == 0 && z->avail_out > 0) {
            return 0;
        }
    }
}

/* A stream that ends by itself may do so before the message does; the rest is nothing, as the
 * reference has it. Any other ends where a block does, once its tail is there again. */
static int inflate_message(struct ws_deflate *d, struct span packed, size_t bytes_max)
{
    static const uint8_t tail[TAIL_BYTES] = {0x00, 0x00, 0xFF, 0xFF};

    set_input(&d->inflater.z, packed);
    int ended = inflate_input(d, bytes_max);
    if (ended == 0) {
        set_input(&d->inflater.z, span_of(tail, sizeof tail));
        ended = inflate_input(d, bytes_max);
    }
    if (ended == 0 && (d->inflater.z.data_type & AT_BLOCK_END) == 0) {
        return WS_EDEFLATE;
    }
    return ended < 0 ? ended : 0;
}

void ws_deflate_forget(struct ws_deflate *d)
{
    clear(&d->plain);
}

int ws_deflate_inflate(struct ws_deflate *d, struct span packed, size_t bytes_max, struct span *out)
{
    int error = 0;

    assert(d->plain.len == 0);
    if (packed.len > 0) { /* else it is nothing, which some clients send as nothing */
        error = open_inflater(d) ? inflate_message(d, packed, bytes_max) : WS_EDEFLATE;
        (void)inflateReset(&d->inflater.z);
    }
    stats_add(d->stats, STAT_INFLATED_BYTES, d->plain.len);
    if (error < 0) {
        ws_deflate_forget(d);
        stats_add(d->stats, error == WS_ETOOBIG ? STAT_INFLATE_TOO_BIG : STAT_INFLATE_MALFORMED, 1);
        return error;
    }
    stats_add(d->stats, STAT_INFLATED_MESSAGES, 1);
    *out = bytes_span(&d->plain);
    return 0;
}
