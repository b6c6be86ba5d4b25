// SPDX-License-Identifier: MIT
#include "protocol/msgpack.h"

#include "tests/support/tap.h"

static const struct msgpack_limits limits = {.depth_max = 4, .items_max = 100};

/* A literal with NULs in it as a span. */
#define HEX(literal) SPAN(literal)

static int check_bytes(struct span s)
{
    return msgpack_check(s, &limits);
}

/* The only token of s. */
static struct msgpack only(struct span s)
{
    struct msgpack_reader r;
    struct msgpack token = {.type = MSGPACK_NIL};

    msgpack_begin(&r, s);
    check(msgpack_next(&r, &token) == 1);
    check(msgpack_next(&r, &token) == 0);
    return token;
}

static bool is_uint(struct span s, uint64_t want)
{
    struct msgpack token = only(s);
    return token.type == MSGPACK_UINT && token.uint == want;
}

static bool is_negative(struct span s, int64_t want)
{
    struct msgpack token = only(s);
    return token.type == MSGPACK_NEGATIVE && token.negative == want;
}

static bool is_body(struct span s, enum msgpack_type type, struct span want)
{
    struct msgpack token = only(s);
    return token.type == type && span_eq(token.body, want);
}

static void reads_numbers_of_every_form(void)
{
    check(is_uint(HEX("\x00"), 0));
    check(is_uint(HEX("\x7f"), 127));
    check(is_uint(HEX("\xcc\xff"), 255));
    check(is_uint(HEX("\xcd\x01\x00"), 256));
    check(is_uint(HEX("\xce\xff\xff\xff\xff"), UINT32_MAX));
    check(is_uint(HEX("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), UINT64_MAX));
    check(is_negative(HEX("\xff"), -1));
    check(is_negative(HEX("\xe0"), -32));
    check(is_negative(HEX("\xd0\xdf"), -33));
    check(is_negative(HEX("\xd1\x80\x00"), INT16_MIN));
    check(is_negative(HEX("\xd2\x80\x00\x00\x00"), INT32_MIN));
    check(is_negative(HEX("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"), INT64_MIN));
    check(is_uint(HEX("\xd0\x05"), 5));
    check(is_uint(HEX("\xd3\x00\x00\x00\x00\x00\x00\x00\x00"), 0));
    check(only(HEX("\xca\x3f\xc0\x00\x00")).number == 1.5);
    check(only(HEX("\xcb\xbf\xf8\x00\x00\x00\x00\x00\x00")).number == -1.5);
    check(only(HEX("\xcb\xbf\xf8\x00\x00\x00\x00\x00\x00")).type == MSGPACK_DOUBLE);
    check(only(HEX("\xc0")).type == MSGPACK_NIL);
    check(only(HEX("\xc3")).truth);
    check(!only(HEX("\xc2")).truth);
}

static void reads_bodies_of_every_form(void)
{
    check(is_body(HEX("\xa3"
                      "abc"),
                  MSGPACK_STR, SPAN("abc")));
    check(is_body(HEX("\xa0"), MSGPACK_STR, SPAN("")));
    check(is_body(HEX("\xd9\x01"
                      "a"),
                  MSGPACK_STR, SPAN("a")));
    check(is_body(HEX("\xda\x00\x01"
                      "a"),
                  MSGPACK_STR, SPAN("a")));
    check(is_body(HEX("\xdb\x00\x00\x00\x01"
                      "a"),
                  MSGPACK_STR, SPAN("a")));
    check(is_body(HEX("\xc4\x02\x01\x02"), MSGPACK_BIN, SPAN("\x01\x02")));
    check(is_body(HEX("\xc5\x00\x01\xff"), MSGPACK_BIN, SPAN("\xff")));
    check(is_body(HEX("\xc6\x00\x00\x00\x00"), MSGPACK_BIN, SPAN("")));
    check(is_body(HEX("\xd4\x07x"), MSGPACK_EXT, SPAN("x")));
    check(is_body(HEX("\xd8\xff"
                      "0123456789abcdef"),
                  MSGPACK_EXT, SPAN("0123456789abcdef")));
    check(is_body(HEX("\xc7\x03\xff"
                      "abc"),
                  MSGPACK_EXT, SPAN("abc")));
    check(only(HEX("\xd4\xffx")).ext == -1 && !only(HEX("\xd4\xffx")).ext_form);
    check(only(HEX("\xc8\x00\x01\x05x")).ext == 5 && only(HEX("\xc8\x00\x01\x05x")).ext_form);
    check(only(HEX("\x82")).pair_count == 2 && only(HEX("\xde\x00\x02")).pair_count == 2);
    check(only(HEX("\x9f")).item_count == 15 &&
          only(HEX("\xdd\x00\x00\x01\x00")).item_count == 256);
}

static void refuses_every_value_that_is_cut_off(void)
{
    struct span whole = HEX("\x86\xa1"
                            "a\xcf\x00\x00\x00\x00\x00\x00\x00\x01\xa1"
                            "b\xd9\x01x\xa1"
                            "c\xc7\x01\x05x\xa1"
                            "d\xd5\x01xy\xa1"
                            "e\xdc\x00\x02\x01\xdf\x00\x00\x00\x01\x01\x02\xa1"
                            "f\xc6\x00\x00\x00\x01x");
    struct msgpack_reader r;

    check(check_bytes(whole) == 0);
    for (size_t len = 0; len < whole.len; len++) {
        struct span part = span_of(whole.data, len);
        check(check_bytes(part) == MSGPACK_ESYNTAX);
        msgpack_begin(&r, part);
        check(msgpack_skip(&r) == (len == 0 ? 0 : MSGPACK_ESYNTAX));
    }
    msgpack_begin(&r, whole);
    check(msgpack_skip(&r) == 1 && r.at == r.end);
}

static void refuses_what_follows_a_value_and_what_has_no_meaning(void)
{
    check(check_bytes(HEX("\xc0\xc0")) == MSGPACK_ESYNTAX);
    check(check_bytes(HEX("\x80\x80")) == MSGPACK_ESYNTAX);
    check(check_bytes(HEX("\xc1")) == MSGPACK_ESYNTAX);
    check(check_bytes(HEX("\x91\xc1")) == MSGPACK_ESYNTAX);
    check(check_bytes(span_of(NULL, 0)) == MSGPACK_ESYNTAX);
}

static void refuses_a_container_that_claims_more_than_there_is(void)
{
    struct msgpack_reader r;

    check(check_bytes(HEX("\xdd\xff\xff\xff\xff\x01")) == MSGPACK_ESYNTAX);
    check(check_bytes(HEX("\xdf\xff\xff\xff\xff\x01")) == MSGPACK_ESYNTAX);
    msgpack_begin(&r, HEX("\xdf\xff\xff\xff\xff\x01"));
    check(msgpack_skip(&r) == MSGPACK_ESYNTAX);
}

static void refuses_more_depth_and_more_items_than_allowed(void)
{
    static const struct msgpack_limits none = {.depth_max = 0, .items_max = 1};

    check(check_bytes(HEX("\x91\x91\x81\x01\x90")) == 0);
    check(check_bytes(HEX("\x91\x91\x81\x01\x91\x90")) == MSGPACK_EDEPTH);
    check(msgpack_check(HEX("\x05"), &none) == 0);
    check(msgpack_check(HEX("\x90"), &none) == MSGPACK_EDEPTH);
    struct bytes many = {0};
    msgpack_write_array(&many, limits.items_max);
    for (size_t i = 0; i < limits.items_max; i++) {
        msgpack_write_nil(&many);
    }
    check(check_bytes(bytes_span(&many)) == MSGPACK_EITEMS);
    bytes_finish(&many);
}

static bool writes_i64(int64_t n, struct span want)
{
    struct bytes out = {0};
    msgpack_write_i64(&out, n);
    bool same = span_eq(bytes_span(&out), want);
    bytes_finish(&out);
    return same;
}

static void writes_integers_in_the_smallest_form(void)
{
    check(writes_i64(0, HEX("\x00")));
    check(writes_i64(127, HEX("\x7f")));
    check(writes_i64(128, HEX("\xcc\x80")));
    check(writes_i64(256, HEX("\xcd\x01\x00")));
    check(writes_i64(65536, HEX("\xce\x00\x01\x00\x00")));
    check(writes_i64(INT64_C(1) << 32, HEX("\xcf\x00\x00\x00\x01\x00\x00\x00\x00")));
    check(writes_i64(-1, HEX("\xff")));
    check(writes_i64(-32, HEX("\xe0")));
    check(writes_i64(-33, HEX("\xd0\xdf")));
    check(writes_i64(-128, HEX("\xd0\x80")));
    check(writes_i64(-129, HEX("\xd1\xff\x7f")));
    check(writes_i64(-32769, HEX("\xd2\xff\xff\x7f\xff")));
    check(writes_i64(INT64_C(-2147483649), HEX("\xd3\xff\xff\xff\xff\x7f\xff\xff\xff")));
}

static void writes_lengths_and_counts_in_the_smallest_form(void)
{
    static const uint8_t block[65536];
    static const struct {
        size_t len;
        struct span str, bin;
    } rows[] = {
        {0, HEX("\xa0"), HEX("\xc4\x00")},
        {31, HEX("\xbf"), HEX("\xc4\x1f")},
        {32, HEX("\xd9\x20"), HEX("\xc4\x20")},
        {256, HEX("\xda\x01\x00"), HEX("\xc5\x01\x00")},
        {65536, HEX("\xdb\x00\x01\x00\x00"), HEX("\xc6\x00\x01\x00\x00")},
    };
    struct bytes out = {0};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bytes_clear(&out);
        msgpack_write_str(&out, span_of(block, rows[i].len));
        check(span_starts(bytes_span(&out), rows[i].str));
        check(out.len == rows[i].str.len + rows[i].len);
        bytes_clear(&out);
        msgpack_write_bin(&out, span_of(block, rows[i].len));
        check(span_starts(bytes_span(&out), rows[i].bin));
        check(out.len == rows[i].bin.len + rows[i].len);
    }
    bytes_clear(&out);
    msgpack_write_array(&out, 15);
    msgpack_write_array(&out, 16);
    msgpack_write_array(&out, 65536);
    msgpack_write_map(&out, 15);
    msgpack_write_map(&out, 16);
    msgpack_write_map(&out, 65536);
    check(span_eq(bytes_span(&out), HEX("\x9f\xdc\x00\x10\xdd\x00\x01\x00\x00"
                                        "\x8f\xde\x00\x10\xdf\x00\x01\x00\x00")));
    bytes_finish(&out);
}

static void writes_exts_and_other_values(void)
{
    struct bytes out = {0};

    msgpack_write_ext(&out, -1, SPAN("abcd"));
    msgpack_write_ext(&out, 5, SPAN("abc"));
    msgpack_write_ext(&out, 0, SPAN(""));
    check(span_eq(bytes_span(&out), HEX("\xd6\xff"
                                        "abcd\xc7\x03\x05"
                                        "abc\xc7\x00\x00")));
    bytes_clear(&out);
    msgpack_write_nil(&out);
    msgpack_write_bool(&out, true);
    msgpack_write_bool(&out, false);
    msgpack_write_double(&out, -1.5);
    check(span_eq(bytes_span(&out), HEX("\xc0\xc3\xc2\xcb\xbf\xf8\x00\x00\x00\x00\x00\x00")));
    bytes_finish(&out);
}

static void closes_containers_whose_count_came_late(void)
{
    struct bytes out = {0};
    size_t outer = msgpack_container_begin(&out);
    size_t inner = msgpack_container_begin(&out);

    for (unsigned i = 0; i < 16; i++) {
        msgpack_write_u64(&out, i);
    }
    msgpack_array_end(&out, inner, 16);
    size_t str = out.len;
    bytes_add_cstr(&out, "text");
    msgpack_str_end(&out, str);
    msgpack_map_end(&out, outer, 1);
    check(span_eq(bytes_span(&out),
                  HEX("\x81\xdc\x00\x10\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d"
                      "\x0e\x0f\xa4"
                      "text")));
    bytes_finish(&out);
}

int main(void)
{
    RUN(reads_numbers_of_every_form);
    RUN(reads_bodies_of_every_form);
    RUN(refuses_every_value_that_is_cut_off);
    RUN(refuses_what_follows_a_value_and_what_has_no_meaning);
    RUN(refuses_a_container_that_claims_more_than_there_is);
    RUN(refuses_more_depth_and_more_items_than_allowed);
    RUN(writes_integers_in_the_smallest_form);
    RUN(writes_lengths_and_counts_in_the_smallest_form);
    RUN(writes_exts_and_other_values);
    RUN(closes_containers_whose_count_came_late);
    return tap_done();
}
