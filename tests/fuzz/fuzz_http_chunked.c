// SPDX-License-Identifier: MIT
#include <assert.h>
#include <stdio.h>

#include "protocol/http_chunked.h"

enum { LIMIT = 1000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 16;
}

/* Feeds s in pieces of 1..piece_max bytes. Bytes taken, or the error. */
static int feed_pieces(struct span s, size_t piece_max, uint32_t seed, struct bytes *body)
{
    struct http_chunked c = {0};
    size_t taken = 0;

    while (taken < s.len && !http_chunked_done(&c)) {
        size_t n = 1 + next_random(&seed) % piece_max;
        n = n < s.len - taken ? n : s.len - taken;
        int k = http_chunked_feed(&c, s.data + taken, n, body, LIMIT);
        if (k < 0) {
            return k;
        }
        assert(k == (int)n || http_chunked_done(&c));
        assert(body->len <= LIMIT && c.body_bytes <= LIMIT);
        taken += (size_t)k;
    }
    return (int)taken;
}

/* How the network cuts a body must not change what comes out of it. */
static void check_cuts_do_not_matter(struct span s)
{
    struct bytes whole = {0}, cut = {0}, single = {0};
    int taken = feed_pieces(s, s.len + 1, 1, &whole);

    assert(feed_pieces(s, 7, (uint32_t)s.len, &cut) == taken);
    assert(feed_pieces(s, 1, 0, &single) == taken);
    assert(span_eq(bytes_span(&whole), bytes_span(&cut)));
    assert(span_eq(bytes_span(&whole), bytes_span(&single)));
    bytes_finish(&whole);
    bytes_finish(&cut);
    bytes_finish(&single);
}

/* What is put into chunks comes out of them. */
static void check_round_trip(struct span s)
{
    struct bytes coded = {0}, body = {0};
    uint32_t seed = (uint32_t)s.len;

    for (size_t at = 0, n; at < s.len; at += n) {
        char size[40];
        n = 1 + next_random(&seed) % 300;
        n = n < s.len - at ? n : s.len - at;
        (void)snprintf(size, sizeof size, n % 2 == 0 ? "%zx;ext=%zu\r\n" : "0%zX\r\n", n, at);
        bytes_add_cstr(&coded, size);
        bytes_add(&coded, s.data + at, n);
        bytes_add_cstr(&coded, "\r\n");
    }
    bytes_add_cstr(&coded, "0\r\nTrailer: 1\r\n\r\n");
    size_t coded_len = coded.len;
    bytes_add_cstr(&coded, "GET /");
    assert(feed_pieces(bytes_span(&coded), 50, seed, &body) == (int)coded_len);
    assert(span_eq(bytes_span(&body), s));
    bytes_finish(&coded);
    bytes_finish(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    check_cuts_do_not_matter(span_of(data, len));
    check_round_trip(span_of(data, len < LIMIT ? len : LIMIT));
    return 0;
}
