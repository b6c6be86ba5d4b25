/* A connection that has agreed on permessage-deflate. What ws_conn does otherwise: ws_conn_test.c.
 */
// SPDX-License-Identifier: MIT
#include "src/net/ws_conn.h"

#include <stdlib.h>
#include <unistd.h>

#include "src/base/memory.h"
#include "src/net/ws_deflate.h"
#include "tests/unit/net/ws_conn_bed.h"

enum {
    BITS = 15,
    LIMIT = 1000,
    THRESHOLD = 100,
    NOISE = 900, /* bytes of a message, which do not become fewer */
    HEAP = 200,  /* of such messages, more than a socket takes */
};

_Static_assert(sizeof(struct ws_conn) <= 104, "an idle connection pays nothing for compression");

static const struct ws_conn_options options = {.message_bytes_max = LIMIT,
                                               .deflate = true,
                                               .deflate_threshold = THRESHOLD,
                                               .close_timeout_ms = GUARD_MS};

static void start(void)
{
    ws_bed_start(&(struct ws_bed){.options = &options, .deflate_bits = BITS});
}

/* Message i of a heap: no two are alike, and none becomes shorter. */
static void write_noise(uint8_t out[NOISE], unsigned i)
{
    uint32_t seed = i + 1;
    for (size_t at = 0; at < NOISE; at++) {
        seed = seed * 1103515245 + 12345;
        out[at] = (uint8_t)(seed >> 16);
    }
}

static void push_noise(unsigned i)
{
    uint8_t head[WS_HEAD_MAX], noise[NOISE];
    struct frame *f = frame_create(WS_HEAD_MAX + NOISE);

    write_noise(noise, i);
    frame_append(f, span_of(head, ws_frame_encode_head(head, WS_BINARY, true, NOISE)));
    frame_append(f, span_of(noise, NOISE));
    check(outq_push(&owner->out, f));
    frame_release(f);
}

struct heap_reader {
    struct ws_reader reader;
    unsigned count; /* messages of the heap, all right so far */
    bool closed;
};

static void take_message(struct heap_reader *h, const struct ws_event *ev)
{
    uint8_t noise[NOISE];
    struct span data = {0};

    write_noise(noise, h->count++);
    check(ev->compressed && ws_deflate_inflate(loop.ws_deflate, ev->payload, NOISE, &data) == 0);
    check(span_eq(data, span_of(noise, NOISE)));
    ws_deflate_forget(loop.ws_deflate);
}

/* Reads what there is. */
static void read_heap(struct heap_reader *h)
{
    static uint8_t buffer[65536];
    struct ws_event ev;
    ssize_t n;

    while ((n = read(peer, buffer, sizeof buffer)) > 0) {
        uint8_t *p = buffer;
        do {
            int used = ws_reader_next(&h->reader, p, (size_t)n, &ev);
            check(used >= 0);
            p += used;
            n -= used;
            h->closed |= ev.type == WS_EVENT_CLOSE;
            if (ev.type == WS_EVENT_BINARY) {
                take_message(h, &ev);
            }
        } while (ev.type != WS_EVENT_NONE && !h->closed);
    }
}

/* ---- */

static void hands_up_what_it_has_inflated(void)
{
    start();
    client_sends(WS_TEXT, WS_RSV1, true, SPAN("\xf2\x48\xcd\xc9\xc9\x07\x00"));
    client_sends(WS_BINARY, WS_RSV1, false, SPAN("\xf2\x48\xcd"));
    client_sends(WS_CONTINUATION, 0, true, SPAN("\xc9\xc9\x07\x00"));
    client_sends(WS_TEXT, 0, true, SPAN("plain"));
    client_sends(WS_CLOSE, 0, true, SPAN(""));
    run_until("closed");
    check(strcmp(notes, "text(Hello)binary(Hello)text(plain)closed()") == 0);
    finish();
}

static void ends_the_connection_that_sends_no_compressed_data(void)
{
    static const struct span bad[] = {
        SPAN("Hello"),                        /* no DEFLATE */
        SPAN("\x00\x01\x00\xfe\xff\xc3\x00"), /* not UTF-8 once it is inflated */
        SPAN("\xf2\x48\xcd\xc9"),             /* cut off */
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        start();
        client_sends(WS_TEXT, WS_RSV1, true, bad[i]);
        run_until("error");
        client_got("\x88\x02\x03\xef", 4); /* 1007 */
        check(strcmp(notes, "error()") == 0);
        finish();
    }
}

static void ends_the_connection_that_sends_a_bomb(void)
{
    struct span packed;
    uint8_t *zeros = xcalloc(1, LIMIT + 1);
    struct outq q = {0};
    struct bytes message = {0};
    uint8_t head[WS_HEAD_MAX];

    start();
    bytes_add(&message, head, ws_frame_encode_head(head, WS_BINARY, true, LIMIT + 1));
    bytes_add(&message, zeros, LIMIT + 1);
    struct frame *f = frame_copy(bytes_span(&message));
    check(outq_push(&q, f));
    ws_deflate_queue(loop.ws_deflate, &q, 1, BITS, 0);
    const struct frame *twin;
    packed = outq_front(&q, &twin);
    check(packed.len < 30);
    client_sends(WS_BINARY, WS_RSV1, true, span_skip(packed, 2));
    run_until("error");
    client_got("\x88\x02\x03\xf1", 4); /* 1009 */
    check(stats_get(&loop.stats, STAT_INFLATE_TOO_BIG) == 1);
    outq_clear(&q);
    frame_release(f);
    bytes_finish(&message);
    free(zeros);
    finish();
}

static void goes_on_in_the_middle_of_a_compressed_message(void)
{
    struct heap_reader h = {0};

    start();
    ws_reader_init(&h.reader, LIMIT * 2, WS_READER_CLIENT | WS_READER_DEFLATE);
    for (unsigned i = 0; i < HEAP; i++) {
        push_noise(i);
    }
    ws_conn_flush(&owner->conn, &owner->out);
    for (int rounds = 0; !outq_empty(&owner->out) && rounds < HEAP; rounds++) {
        check(owner->conn.blocked);
        read_heap(&h);
        run_until_flush();
    }
    read_heap(&h);
    check(h.count == HEAP);
    check(stats_get(&loop.stats, STAT_DEFLATED_MESSAGES) == HEAP);
    ws_reader_finish(&h.reader);
    finish();
}

static void compresses_what_is_left_when_it_closes(void)
{
    struct heap_reader h = {0};

    start();
    ws_reader_init(&h.reader, LIMIT * 2, WS_READER_CLIENT | WS_READER_DEFLATE);
    for (unsigned i = 0; i < HEAP; i++) {
        push_noise(i);
    }
    ws_conn_flush(&owner->conn, &owner->out);
    ws_conn_close(&owner->conn, &owner->out, 0);
    for (int rounds = 0; !h.closed && rounds < HEAP; rounds++) {
        read_heap(&h);
        (void)event_base_loop(loop.base, EVLOOP_NONBLOCK);
    }
    check(h.count == HEAP && h.closed);
    ws_reader_finish(&h.reader);
    finish();
}

int main(void)
{
    RUN(hands_up_what_it_has_inflated);
    RUN(ends_the_connection_that_sends_no_compressed_data);
    RUN(ends_the_connection_that_sends_a_bomb);
    RUN(goes_on_in_the_middle_of_a_compressed_message);
    RUN(compresses_what_is_left_when_it_closes);
    return tap_done();
}
