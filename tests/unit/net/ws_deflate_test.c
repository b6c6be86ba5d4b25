// SPDX-License-Identifier: MIT
#include "src/net/ws_deflate.h"

#include <pthread.h>
#include <stdlib.h>
#include <zlib.h>

#include "protocol/ws_frame.h"
#include "tests/support/tap.h"

enum { LEVEL = 3, BITS = 15, SMALL_BITS = 9, THRESHOLD = 100, LONG = 2000, MANY = 16, PIECE = 50 };

static struct stats stats;
static struct ws_deflate *d;
static uint8_t text[LONG]; /* that can be compressed */
static uint8_t noise[LONG];

static void start(void)
{
    uint32_t seed = 1;

    memset(&stats, 0, sizeof stats);
    d = ws_deflate_create(LEVEL, &stats);
    for (size_t i = 0; i < LONG; i++) {
        text[i] = (uint8_t)("a message to many "[i % 18]);
        seed = seed * 1103515245 + 12345;
        noise[i] = (uint8_t)(seed >> 16);
    }
}

/* ---- frames ---- */

static void add_message(struct bytes *out, enum ws_opcode opcode, struct span payload)
{
    uint8_t head[WS_HEAD_MAX];

    bytes_add(out, head, ws_frame_encode_head(head, opcode, true, payload.len));
    bytes_add_span(out, payload);
}

static struct frame *frame_of(struct bytes *messages)
{
    struct frame *f = frame_copy(bytes_span(messages));
    bytes_finish(messages);
    return f;
}

static struct frame *frame_with(enum ws_opcode opcode, struct span payload)
{
    struct bytes out = {0};
    add_message(&out, opcode, payload);
    return frame_of(&out);
}

/* What is queued, in one piece. */
static struct bytes content(const struct outq *q)
{
    struct bytes out = {0};
    struct iovec iov[MANY];
    int n = outq_iovec(q, iov, MANY);

    for (int i = 0; i < n; i++) {
        bytes_add(&out, iov[i].iov_base, iov[i].iov_len);
    }
    return out;
}

/* ---- a client ---- */

/* Takes the next message off what a client got: is it that one, compressed or not? */
static bool next_is(struct span *in, enum ws_opcode opcode, bool packed, struct span want)
{
    struct ws_frame_head h;
    int n = ws_frame_decode_head(in->data, in->len, &h);

    if (n <= 0 || h.opcode != opcode || h.rsv != (packed ? WS_RSV1 : 0)) {
        return false;
    }
    struct span payload = span_of(in->data + n, h.payload_len);
    *in = span_skip(*in, (size_t)n + h.payload_len);
    if (!packed) {
        return span_eq(payload, want);
    }
    bool same = ws_deflate_inflate(d, payload, want.len, &payload) == 0 && span_eq(payload, want);
    ws_deflate_forget(d);
    return same;
}

static void convert(struct outq *q, unsigned bits)
{
    ws_deflate_queue(d, q, MANY, bits, THRESHOLD);
}

static bool counted(uint64_t messages, uint64_t plain_bytes)
{
    uint64_t bytes = stats_get(&stats, STAT_DEFLATED_BYTES);

    return stats_get(&stats, STAT_DEFLATED_MESSAGES) == messages &&
           stats_get(&stats, STAT_DEFLATED_PLAIN_BYTES) == plain_bytes && bytes > 0 &&
           bytes < plain_bytes;
}

static void what_is_long_enough_is_compressed_and_comes_back_the_same(void)
{
    struct outq q = {0};
    struct bytes out = {0};

    start();
    add_message(&out, WS_TEXT, span_of(text, THRESHOLD - 1));
    add_message(&out, WS_TEXT, span_of(text, LONG));
    add_message(&out, WS_PING, span_of(text, 120));
    add_message(&out, WS_BINARY, span_of(noise, LONG));
    add_message(&out, WS_BINARY, span_of(text, THRESHOLD));
    struct frame *f = frame_of(&out);
    check(outq_push(&q, f));
    convert(&q, BITS);
    struct bytes got = content(&q);
    struct span in = bytes_span(&got);
    check(in.len < f->len - LONG + 200);
    check(next_is(&in, WS_TEXT, false, span_of(text, THRESHOLD - 1)));
    check(next_is(&in, WS_TEXT, true, span_of(text, LONG)));
    check(next_is(&in, WS_PING, false, span_of(text, 120)));
    check(next_is(&in, WS_BINARY, true, span_of(noise, LONG))); /* though it is longer so */
    check(next_is(&in, WS_BINARY, true, span_of(text, THRESHOLD)));
    check(in.len == 0);
    check(counted(3, 2 * LONG + THRESHOLD));
    bytes_finish(&got);
    outq_clear(&q);
    frame_release(f);
    ws_deflate_destroy(d);
}

static void what_many_get_is_compressed_once(void)
{
    struct outq queues[MANY] = {0};
    struct outq plain = {0};
    struct frame *f;

    start();
    f = frame_with(WS_TEXT, span_of(text, LONG));
    check(outq_push(&plain, f));
    for (int i = 0; i < MANY; i++) {
        check(outq_push(&queues[i], f));
        convert(&queues[i], BITS);
        check(outq_bytes(&queues[i]) < LONG / 10);
    }
    check(stats_get(&stats, STAT_DEFLATED_MESSAGES) == 1);
    check(atomic_load(&f->refs) == 2); /* ours, and the plain queue's */
    check(atomic_load(&twin_find(f, BITS)->frame->refs) == MANY + 1);
    check(outq_bytes(&plain) == f->len);
    frame_release(f);
    outq_clear(&plain);
    for (int i = 0; i < MANY; i++) {
        outq_clear(&queues[i]);
    }
    ws_deflate_destroy(d);
}

/* ---- loops ---- */

enum { LOOPS = 4, SHARED = 50 };

static struct frame *shared[SHARED];

/* One that has clients with a large window and with a small one, and some without. */
struct place {
    struct stats stats;
    struct outq large[SHARED], small[SHARED], plain[SHARED];
    pthread_t thread;
};

static void *deliver(void *arg)
{
    struct place *p = arg;
    struct ws_deflate *own = ws_deflate_create(LEVEL, &p->stats);

    for (int i = 0; i < SHARED; i++) {
        bool queued = outq_push(&p->large[i], shared[i]) && outq_push(&p->small[i], shared[i]) &&
                      outq_push(&p->plain[i], shared[i]);
        check(queued);
        frame_release(shared[i]); /* the reference that this loop was given */
        ws_deflate_queue(own, &p->large[i], MANY, BITS, THRESHOLD);
        ws_deflate_queue(own, &p->small[i], MANY, SMALL_BITS, THRESHOLD);
    }
    ws_deflate_destroy(own);
    return NULL;
}

static bool has_only(const struct outq *q, const struct frame *f)
{
    struct iovec iov;

    return outq_iovec(q, &iov, 1) == 1 && iov.iov_base == (const void *)f->data &&
           outq_bytes(q) == f->len;
}

static void check_shared(const struct frame *f, const struct place *p, int i)
{
    struct bytes got = content(&p->large[i]);
    struct span in = bytes_span(&got);

    check(next_is(&in, WS_TEXT, true, span_of(text, (size_t)(LONG - i))) && in.len == 0);
    check(has_only(&p->large[i], twin_find(f, BITS)->frame));
    check(has_only(&p->small[i], twin_find(f, SMALL_BITS)->frame));
    check(has_only(&p->plain[i], f));
    bytes_finish(&got);
}

static void loops_that_compress_a_frame_at_a_time_send_the_same(void)
{
    static struct place places[LOOPS];

    start();
    memset(places, 0, sizeof places);
    for (int i = 0; i < SHARED; i++) {
        shared[i] = frame_with(WS_TEXT, span_of(text, (size_t)(LONG - i)));
        for (int j = 0; j < LOOPS; j++) {
            (void)frame_hold(shared[i]);
        }
    }
    for (int j = 0; j < LOOPS; j++) {
        check(pthread_create(&places[j].thread, NULL, deliver, &places[j]) == 0);
    }
    for (int j = 0; j < LOOPS; j++) {
        (void)pthread_join(places[j].thread, NULL);
    }
    for (int i = 0; i < SHARED; i++) {
        for (int j = 0; j < LOOPS; j++) {
            check_shared(shared[i], &places[j], i);
            outq_clear(&places[j].large[i]);
            outq_clear(&places[j].small[i]);
            outq_clear(&places[j].plain[i]);
        }
        check(atomic_load(&shared[i]->refs) == 1);
        frame_release(shared[i]);
    }
    ws_deflate_destroy(d);
}

static void frames_without_a_long_message_are_looked_at_once(void)
{
    struct outq q = {0};
    struct bytes out = {0};

    start();
    for (int i = 0; i < 10; i++) {
        add_message(&out, WS_TEXT, span_of(text, THRESHOLD / 2));
    }
    struct frame *f = frame_of(&out);
    check(outq_push(&q, f));
    convert(&q, BITS);
    check(outq_bytes(&q) == f->len && twin_find(f, BITS)->frame == NULL);
    convert(&q, BITS);
    check(twin_find(f, BITS)->next == NULL);
    outq_clear(&q);
    frame_release(f);
    ws_deflate_destroy(d);
}

static void what_its_sender_wants_sent_as_it_is_stays_so(void)
{
    struct outq q = {0};

    start();
    struct frame *f = frame_with(WS_TEXT, span_of(text, LONG));
    f->no_compress = true;
    check(outq_push(&q, f));
    convert(&q, BITS);
    check(outq_bytes(&q) == f->len && twin_find(f, BITS) == NULL);
    outq_clear(&q);
    frame_release(f);
    ws_deflate_destroy(d);
}

static void what_is_sent_in_part_goes_on_as_it_was(void)
{
    struct outq q = {0};

    start();
    struct frame *f = frame_with(WS_BINARY, span_of(noise, LONG));
    check(outq_push(&q, f));
    convert(&q, BITS);
    size_t len = outq_bytes(&q);
    outq_consume(&q, 5);
    convert(&q, BITS);
    convert(&q, SMALL_BITS);
    check(outq_bytes(&q) == len - 5);
    check(stats_get(&stats, STAT_DEFLATED_MESSAGES) == 1);
    outq_clear(&q);
    frame_release(f);
    ws_deflate_destroy(d);
}

static bool inflates_with(struct span packed, int bits, struct span want)
{
    static uint8_t back[LONG];
    z_stream z = {.next_in = (uint8_t *)(uintptr_t)packed.data, .avail_in = (uInt)packed.len};

    check(inflateInit2(&z, -bits) == Z_OK);
    z.next_out = back;
    int result = Z_OK;
    while (result == Z_OK && z.total_out < sizeof back) {
        z.avail_out = PIECE; /* what was put out before is only known by the window */
        result = inflate(&z, Z_SYNC_FLUSH);
    }
    bool same = result == Z_OK && span_eq(span_of(back, z.total_out), want);
    (void)inflateEnd(&z);
    return same;
}

static void a_client_with_a_small_window_gets_what_fits_into_it(void)
{
    struct outq a = {0}, b = {0};
    struct ws_frame_head h;

    start();
    memcpy(noise + LONG / 2, noise, LONG / 2); /* the same again, too far back for 512 bytes */
    memset(noise, 'x', 300);
    struct frame *f = frame_with(WS_BINARY, span_of(noise, LONG));
    check(outq_push(&a, f) && outq_push(&b, f));
    convert(&a, BITS);
    convert(&b, SMALL_BITS);
    check(outq_bytes(&a) < outq_bytes(&b) && outq_bytes(&b) < LONG);
    struct bytes got = content(&b);
    int n = ws_frame_decode_head(got.data, got.len, &h);
    check(inflates_with(span_skip(bytes_span(&got), (size_t)n), SMALL_BITS, span_of(noise, LONG)));
    bytes_finish(&got);
    got = content(&a);
    n = ws_frame_decode_head(got.data, got.len, &h);
    check(!inflates_with(span_skip(bytes_span(&got), (size_t)n), SMALL_BITS, span_of(noise, LONG)));
    bytes_finish(&got);
    outq_clear(&a);
    outq_clear(&b);
    frame_release(f);
    ws_deflate_destroy(d);
}

/* ---- inflating ---- */

/* By zlib, at its best: with a sync flush and without its end, or finished. */
static struct bytes pack(struct span in, bool finished)
{
    struct bytes out = {0};
    z_stream z = {.next_in = (uint8_t *)(uintptr_t)in.data, .avail_in = (uInt)in.len};

    check(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    size_t cap = deflateBound(&z, in.len) + 16;
    z.next_out = bytes_reserve(&out, cap);
    z.avail_out = (uInt)cap;
    check(deflate(&z, finished ? Z_FINISH : Z_SYNC_FLUSH) >= 0);
    out.len = cap - z.avail_out - (finished ? 0 : 4);
    (void)deflateEnd(&z);
    return out;
}

static int inflate_to(struct span packed, size_t bytes_max, struct span *out)
{
    *out = (struct span){0};
    ws_deflate_forget(d);
    return ws_deflate_inflate(d, packed, bytes_max, out);
}

static void inflates_up_to_the_limit_and_no_further(void)
{
    struct bytes packed;
    struct span out;

    start();
    packed = pack(span_of(text, LONG), false);
    check(inflate_to(bytes_span(&packed), LONG, &out) == 0);
    check(span_eq(out, span_of(text, LONG)));
    check(inflate_to(bytes_span(&packed), LONG - 1, &out) == WS_ETOOBIG);
    check(inflate_to(bytes_span(&packed), LONG, &out) == 0); /* the next one is not harmed */
    check(stats_get(&stats, STAT_INFLATED_MESSAGES) == 2);
    check(stats_get(&stats, STAT_INFLATE_TOO_BIG) == 1);
    bytes_finish(&packed);
    ws_deflate_destroy(d);
}

static void a_bomb_is_inflated_no_further_than_a_message_may_be_long(void)
{
    enum { BOMB = 100 << 20, LIMIT = 100 * 1000 };
    uint8_t *zeros = calloc(1, BOMB);
    struct span out;

    start();
    check(zeros != NULL);
    struct bytes packed = pack(span_of(zeros, BOMB), false);
    free(zeros);
    check(packed.len < LIMIT + LIMIT); /* 1000:1, so as much as the reader may let through */
    check(inflate_to(bytes_span(&packed), LIMIT, &out) == WS_ETOOBIG);
    check(stats_get(&stats, STAT_INFLATED_BYTES) == LIMIT + 1);
    bytes_finish(&packed);
    ws_deflate_destroy(d);
}

static void takes_the_examples_of_the_rfc(void)
{
    static const struct {
        struct span packed;
        struct span want;
    } examples[] = {
        {SPAN("\xf2\x48\xcd\xc9\xc9\x07\x00"), SPAN("Hello")},
        {SPAN("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"), SPAN("Hello")}, /* not compressed */
        {SPAN("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), SPAN("Hello")},             /* BFINAL is set */
        {SPAN("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"),
         SPAN("Hello")}, /* 2 blocks */
        {SPAN("\x00"), SPAN("")},
        {SPAN(""), SPAN("")},
    };
    struct span out;

    start();
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        check(inflate_to(examples[i].packed, 5, &out) == 0 && span_eq(out, examples[i].want));
    }
    ws_deflate_destroy(d);
}

static void takes_a_stream_that_is_finished(void)
{
    struct bytes packed;
    struct span out;

    start();
    packed = pack(span_of(text, LONG), true);
    check(inflate_to(bytes_span(&packed), LONG, &out) == 0);
    check(span_eq(out, span_of(text, LONG)));
    bytes_finish(&packed);
    ws_deflate_destroy(d);
}

static void refuses_what_is_not_compressed_data(void)
{
    struct bytes packed;
    struct span out;

    start();
    check(inflate_to(SPAN("\xff\xff\xff\xff"), LONG, &out) == WS_EDEFLATE);
    check(inflate_to(SPAN("Hello, world"), LONG, &out) == WS_EDEFLATE);
    packed = pack(span_of(noise, LONG), false);
    for (size_t cut = 10; cut < packed.len; cut += 97) { /* it ends within a block */
        check(inflate_to(span_of(packed.data, cut), LONG, &out) == WS_EDEFLATE);
    }
    bytes_finish(&packed);
    packed = pack(span_of(text, LONG), false);
    check(inflate_to(span_of(packed.data, packed.len / 2), LONG, &out) == WS_EDEFLATE);
    check(inflate_to(bytes_span(&packed), LONG, &out) == 0);
    check(stats_get(&stats, STAT_INFLATE_MALFORMED) > 4);
    bytes_finish(&packed);
    ws_deflate_destroy(d);
}

int main(void)
{
    RUN(what_is_long_enough_is_compressed_and_comes_back_the_same);
    RUN(what_many_get_is_compressed_once);
    RUN(loops_that_compress_a_frame_at_a_time_send_the_same);
    RUN(frames_without_a_long_message_are_looked_at_once);
    RUN(what_its_sender_wants_sent_as_it_is_stays_so);
    RUN(what_is_sent_in_part_goes_on_as_it_was);
    RUN(a_client_with_a_small_window_gets_what_fits_into_it);
    RUN(inflates_up_to_the_limit_and_no_further);
    RUN(a_bomb_is_inflated_no_further_than_a_message_may_be_long);
    RUN(takes_the_examples_of_the_rfc);
    RUN(takes_a_stream_that_is_finished);
    RUN(refuses_what_is_not_compressed_data);
    return tap_done();
}
