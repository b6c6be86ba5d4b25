// SPDX-License-Identifier: MIT
#include "tools/load/marker.h"

#include "tests/support/tap.h"

static const struct marker sample = {
    .sender = 0x1234abcd, .seq = 0xfffffffe, .flight = 9, .time_ns = UINT64_C(0x0000123456789abc)};

static bool same(const struct marker *a, const struct marker *b)
{
    return a->sender == b->sender && a->seq == b->seq && a->flight == b->flight &&
           a->time_ns == b->time_ns;
}

static void is_written_as_its_header_draws_it(void)
{
    uint8_t out[MARKER_BYTES];

    marker_write(out, marker_magic(0x77a1b2c3), &sample);
    check_mem(out, sizeof out, "rka1b2c31234abcdfffffffe000000090000123456789abc", 48);
}

static void is_found_wherever_it_stands(void)
{
    uint64_t magic = marker_magic(7);
    uint8_t text[100];
    struct marker got;

    for (size_t at = 0; at + MARKER_BYTES <= sizeof text; at++) {
        size_t hint = 0;
        memset(text, 'r', sizeof text);
        marker_write(text + at, magic, &sample);
        check(marker_find(span_of(text, sizeof text), magic, &hint, &got));
        check(same(&got, &sample));
        check(hint == at);
    }
}

static void a_wrong_hint_does_no_harm(void)
{
    uint64_t magic = marker_magic(7);
    uint8_t text[MARKER_BYTES + 5];
    struct marker got;
    size_t hint = 99999;

    memset(text, 'x', sizeof text);
    marker_write(text + 5, magic, &sample);
    check(marker_find(span_of(text, sizeof text), magic, &hint, &got));
    check(same(&got, &sample));
    check(hint == 5);
}

static void that_of_another_run_is_none(void)
{
    uint8_t text[MARKER_BYTES];
    struct marker got;
    size_t hint = 0;

    marker_write(text, marker_magic(1), &sample);
    check(!marker_find(span_of(text, sizeof text), marker_magic(2), &hint, &got));
}

static void a_cut_one_is_none(void)
{
    uint64_t magic = marker_magic(7);
    uint8_t text[MARKER_BYTES];
    struct marker got;

    marker_write(text, magic, &sample);
    for (size_t len = 0; len < sizeof text; len++) {
        size_t hint = 0;
        check(!marker_find(span_of(text, len), magic, &hint, &got));
    }
}

int main(void)
{
    RUN(is_written_as_its_header_draws_it);
    RUN(is_found_wherever_it_stands);
    RUN(a_wrong_hint_does_no_harm);
    RUN(that_of_another_run_is_none);
    RUN(a_cut_one_is_none);
    return tap_done();
}
