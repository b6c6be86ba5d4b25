// SPDX-License-Identifier: MIT
#include "protocol/bytes.h"
#include "tests/support/tap.h"

static void compares_spans_with_and_without_case(void)
{
    check(span_eq(SPAN("a"), span_cstr("a")));
    check(!span_eq(SPAN("a"), SPAN("A")));
    check(span_eq(SPAN(""), span_of(NULL, 0)));
    check(span_eq_nocase(SPAN("Content-Length"), SPAN("content-LENGTH")));
    check(!span_eq_nocase(SPAN("@"), SPAN("`")));
    check(span_starts(SPAN("/socket.io/x"), SPAN("/socket.io/")));
    check(!span_starts(SPAN("/s"), SPAN("/socket.io/")));
    check(span_eq(span_skip(SPAN("42[]"), 2), SPAN("[]")));
}

static void reads_decimal_numbers_within_their_bound(void)
{
    uint64_t n = 7;
    check(span_to_u64(SPAN("18446744073709551615"), UINT64_MAX, &n) == 0 && n == UINT64_MAX);
    check(span_to_u64(SPAN("18446744073709551616"), UINT64_MAX, &n) == -1);
    check(span_to_u64(SPAN("10"), 10, &n) == 0 && n == 10);
    n = 7;
    check(span_to_u64(SPAN("11"), 10, &n) == -1);
    check(span_to_u64(SPAN("9"), 5, &n) == -1);
    check(span_to_u64(SPAN(""), 10, &n) == -1);
    check(span_to_u64(SPAN("+1"), 10, &n) == -1);
    check(span_to_u64(SPAN("1 "), 10, &n) == -1);
    check(n == 7);
}

static void grows_and_keeps_what_was_written(void)
{
    struct bytes b = {0};
    for (unsigned i = 0; i < 1000; i++) {
        bytes_add_u64(&b, i % 10);
    }
    bytes_add_cstr(&b, "end");
    bytes_add_span(&b, SPAN("!"));
    bytes_add_byte(&b, '.');
    check(b.len == 1005);
    check_mem(b.data, 12, "012345678901", 12);
    check_mem(b.data + 1000, 5, "end!.", 5);
    bytes_clear(&b);
    bytes_add_u64(&b, UINT64_MAX);
    check(span_eq(bytes_span(&b), SPAN("18446744073709551615")));
    bytes_finish(&b);
    check(b.data == NULL && b.len == 0 && b.cap == 0);
}

static void finds_a_place_for_nothing(void)
{
    struct bytes b = {0};
    check(bytes_reserve(&b, 0) != NULL);
    bytes_finish(&b);
}

static void stores_big_endian_numbers(void)
{
    uint8_t p[9];
    store_be16(p + 1, 0x1234);
    check(p[1] == 0x12 && load_be16(p + 1) == 0x1234);
    store_be64(p + 1, 0x0102030405060708);
    check(p[1] == 1 && p[8] == 8 && load_be64(p + 1) == 0x0102030405060708);
}

int main(void)
{
    RUN(compares_spans_with_and_without_case);
    RUN(reads_decimal_numbers_within_their_bound);
    RUN(grows_and_keeps_what_was_written);
    RUN(finds_a_place_for_nothing);
    RUN(stores_big_endian_numbers);
    return tap_done();
}
