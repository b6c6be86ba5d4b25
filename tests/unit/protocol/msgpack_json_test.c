// SPDX-License-Identifier: MIT
#include "protocol/msgpack_json.h"

#include "protocol/json.h"
#include "tests/support/tap.h"

#define HOLD(num) "{\"_placeholder\":true,\"num\":" #num "}"

static const struct span bins[] = {SPAN("\x01\x02\x03"), SPAN("second")};

static bool writes_as(enum msgpack_flavour flavour, const char *json, size_t bin_count,
                      struct span want)
{
    struct bytes out = {0};
    (void)msgpack_write_json(&out, flavour, span_cstr(json), bins, bin_count);
    bool same = span_eq(bytes_span(&out), want);
    bytes_finish(&out);
    return same;
}

static bool writes(const char *json, struct span want)
{
    return writes_as(MSGPACK_NOTEPACK, json, 0, want) && writes_as(MSGPACK_JS, json, 0, want);
}

static bool reads(struct span value, const char *want, size_t want_bins)
{
    static const struct msgpack_limits limits = {.depth_max = 8, .items_max = 1000};
    struct bytes out = {0}, found = {0};
    struct json json;

    check(msgpack_check(value, &limits) == 0);
    check(msgpack_to_json(value, 4, &out, &found) == 0);
    check(json_parse(bytes_span(&out), 10, &json) == 0);
    bool same =
        span_eq(bytes_span(&out), span_cstr(want)) && found.len == want_bins * sizeof(struct span);
    if (!same) {
        printf("# %.*s, not %s\n", (int)out.len, (const char *)out.data, want);
    }
    bytes_finish(&out);
    bytes_finish(&found);
    return same;
}

static void writes_values_one_after_another(void)
{
    struct bytes out = {0};

    check(msgpack_write_json(&out, MSGPACK_NOTEPACK, SPAN(" 1 , [2,{}], \"x\""), NULL, 0) == 3);
    check(span_eq(bytes_span(&out), SPAN("\x01\x92\x02\x80\xa1x")));
    bytes_clear(&out);
    check(msgpack_write_json(&out, MSGPACK_NOTEPACK, SPAN(""), NULL, 0) == 0 && out.len == 0);
    bytes_finish(&out);
    check(writes("{\"text\":\"\xc3\xa9\",\"n\":1}", SPAN("\x82\xa4"
                                                         "text\xa2\xc3\xa9\xa1n\x01")));
    check(writes("[null,true,false,[],{}]", SPAN("\x95\xc0\xc3\xc2\x90\x80")));
    check(writes("[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]",
                 SPAN("\xdc\x00\x10\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e"
                      "\x0f")));
}

static void writes_numbers_as_javascript_has_them(void)
{
    check(writes("-33", SPAN("\xd0\xdf")));
    check(writes("4294967296", SPAN("\xcf\x00\x00\x00\x01\x00\x00\x00\x00")));
    check(writes("1.0,1e3,-0,-0.0,-2e0", SPAN("\x01\xcd\x03\xe8\x00\x00\xfe")));
    check(writes("1.5", SPAN("\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00")));
    check(writes("1e21", SPAN("\xcb\x44\x4b\x1a\xe4\xd6\xe2\xef\x50")));
    check(writes("1000000000000000000000", SPAN("\xcb\x44\x4b\x1a\xe4\xd6\xe2\xef\x50")));
    check(writes("1e999", SPAN("\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00")));
    check(writes("-1e999", SPAN("\xcb\xff\xf0\x00\x00\x00\x00\x00\x00")));
    check(writes("9007199254740991", SPAN("\xcf\x00\x1f\xff\xff\xff\xff\xff\xff")));
}

static void the_flavours_differ_beyond_53_bits(void)
{
    check(writes_as(MSGPACK_NOTEPACK, "9007199254740992", 0,
                    SPAN("\xcf\x00\x20\x00\x00\x00\x00\x00\x00")));
    check(
        writes_as(MSGPACK_JS, "9007199254740992", 0, SPAN("\xcb\x43\x40\x00\x00\x00\x00\x00\x00")));
    check(writes_as(MSGPACK_NOTEPACK, "-9007199254740992", 0,
                    SPAN("\xd3\xff\xe0\x00\x00\x00\x00\x00\x00")));
    check(writes_as(MSGPACK_JS, "-9007199254740992", 0,
                    SPAN("\xcb\xc3\x40\x00\x00\x00\x00\x00\x00")));
    check(writes_as(MSGPACK_NOTEPACK, "18446744073709551615", 0,
                    SPAN("\xcf\xff\xff\xff\xff\xff\xff\xff\xff")));
}

static void a_number_that_nobody_wrote_becomes_nil(void)
{
    struct bytes json = {0}, out = {0};

    bytes_add_cstr(&json, "0.");
    for (unsigned i = 0; i < JSON_DOUBLE_BYTES_MAX; i++) {
        bytes_add_byte(&json, '1');
    }
    check(msgpack_write_json(&out, MSGPACK_JS, bytes_span(&json), NULL, 0) == 1);
    check(span_eq(bytes_span(&out), SPAN("\xc0")));
    bytes_finish(&json);
    bytes_finish(&out);
}

static void writes_strings_without_their_escapes(void)
{
    check(writes("\"\\u00e9\\n\"", SPAN("\xa3\xc3\xa9\n")));
    check(writes("{\"\\u0061\":\"\\ud83d\\ude00\"}", SPAN("\x81\xa1"
                                                          "a\xa4\xf0\x9f\x98\x80")));
    check(writes("\"\\ud83d\"", SPAN("\xa3\xef\xbf\xbd")));
    check(writes("\"0123456789012345678901234567890\\n\"",
                 SPAN("\xd9\x20"
                      "0123456789012345678901234567890\n")));
}

static void writes_binaries_for_placeholders(void)
{
    enum msgpack_flavour f = MSGPACK_NOTEPACK;

    check(writes_as(f, HOLD(0), 1, SPAN("\xc4\x03\x01\x02\x03")));
    check(writes_as(f, "[" HOLD(1) ",{\"f\":" HOLD(0) "}]", 2,
                    SPAN("\x92\xc4\x06second\x81\xa1"
                         "f\xc4\x03\x01\x02\x03")));
    check(writes_as(f, "{\"num\":0.0,\"x\":[" HOLD(1) "],\"\\u005fplaceholder\":true}", 2,
                    SPAN("\xc4\x03\x01\x02\x03")));
}

static void what_names_no_binary_is_written_as_it_is(void)
{
    struct span plain = SPAN("\x82\xac_placeholder\xc3\xa3num\x00");

    check(writes(HOLD(0), plain));
    check(writes_as(MSGPACK_NOTEPACK, HOLD(2), 2, SPAN("\x82\xac_placeholder\xc3\xa3num\x02")));
    check(writes_as(MSGPACK_NOTEPACK, "{\"_placeholder\":false,\"num\":0}", 2,
                    SPAN("\x82\xac_placeholder\xc2\xa3num\x00")));
    check(writes_as(MSGPACK_NOTEPACK, "{\"_placeholder\":true}", 2,
                    SPAN("\x81\xac_placeholder\xc3")));
}

static void reads_containers_and_values(void)
{
    check(reads(SPAN("\x93\x90\x80\x81\xa1"
                     "a\x92\x01\xc0"),
                "[[],{},{\"a\":[1,null]}]", 0));
    check(reads(SPAN("\x82\xa1"
                     "b\xc3\xa1"
                     "a\xc2"),
                "{\"b\":true,\"a\":false}", 0));
    check(reads(SPAN("\x92\xa1[\xa1{"), "[\"[\",\"{\"]", 0));
    check(reads(SPAN("\x82\x05\xa1x\xff\xa1y"), "{\"5\":\"x\",\"-1\":\"y\"}", 0));
    check(reads(SPAN("\xa3\"\\\n"), "\"\\\"\\\\\\n\"", 0));
    check(reads(SPAN("\x92\xa2\xc3\x28\xa1\xff"), "[\"\xef\xbf\xbd(\",\"\xef\xbf\xbd\"]", 0));
    check(reads(SPAN("\x81\xa1\xff\x01"), "{\"\xef\xbf\xbd\":1}", 0));
}

static void reads_numbers(void)
{
    check(reads(SPAN("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), "18446744073709551615", 0));
    check(reads(SPAN("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"), "-9223372036854775808", 0));
    check(reads(SPAN("\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a"), "0.1", 0));
    check(reads(SPAN("\xca\x3f\xc0\x00\x00"), "1.5", 0));
    check(reads(SPAN("\xcb\x44\x4b\x1a\xe4\xd6\xe2\xef\x50"), "1e+21", 0));
    check(reads(SPAN("\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"), "null", 0));
    check(reads(SPAN("\xcb\xff\xf0\x00\x00\x00\x00\x00\x00"), "null", 0));
    check(reads(SPAN("\xca\x7f\x80\x00\x00"), "null", 0));
}

static void reads_dates_as_their_json(void)
{
    check(
        reads(SPAN("\xd7\xff\x1d\x53\x53\x00\x65\x53\xf1\x00"), "\"2023-11-14T22:13:20.123Z\"", 0));
    check(reads(SPAN("\xd6\xff\x00\x00\x00\x00"), "\"1970-01-01T00:00:00.000Z\"", 0));
    check(reads(SPAN("\xc7\x0c\xff\x3b\x8b\x87\xc0\xff\xff\xff\xff\xff\xff\xff\xff"),
                "\"1969-12-31T23:59:59.999Z\"", 0));
    check(reads(SPAN("\xc7\x0c\xff\x00\x00\x00\x00\x00\x00\x00\x3a\xff\xf4\x41\x80"),
                "\"+010000-01-01T00:00:00.000Z\"", 0));
    check(reads(SPAN("\xc7\x0c\xff\x00\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff"), "null", 0));
    check(
        reads(SPAN("\xd7\x00\x00\x00\x01\x8b\xcf\xe5\x68\x7b"), "\"2023-11-14T22:13:20.123Z\"", 0));
}

static void reads_other_exts(void)
{
    check(reads(SPAN("\x91\xd4\x00\x00"), "[null]", 0));
    check(reads(SPAN("\xc7\x02\x00xy"), HOLD(0), 1));
    check(reads(SPAN("\xc7\x01\x00x"), HOLD(0), 1));
    check(reads(SPAN("\xd5\x05xy"), "[5," HOLD(0) "]", 1));
    check(reads(SPAN("\xc7\x03\xffxyz"), "[-1," HOLD(0) "]", 1));
    check(reads(SPAN("\xd5\x00xy"), "[0," HOLD(0) "]", 1));
}

static void numbers_binaries_in_order_and_borrows_them(void)
{
    struct span value = SPAN("\x92\xc4\x01x\x81\xa1"
                             "a\xc4\x02yz");
    struct bytes out = {0}, found = {0};

    check(msgpack_to_json(value, 2, &out, &found) == 0);
    check(span_eq(bytes_span(&out), SPAN("[" HOLD(0) ",{\"a\":" HOLD(1) "}]")));
    const struct span *spans = (const struct span *)(const void *)found.data;
    check(found.len == 2 * sizeof *spans && spans[0].data == value.data + 3);
    check(span_eq(spans[0], SPAN("x")) && span_eq(spans[1], SPAN("yz")));
    check(msgpack_to_json(value, 3, &out, &found) == MSGPACK_JSON_EBINS);
    check(found.len == 2 * sizeof *spans);
    check(msgpack_to_json(SPAN("\xc4\x01x"), 3, &out, &found) == 0);
    check(span_eq(bytes_span(&out), SPAN("[" HOLD(0) ",{\"a\":" HOLD(1) "}]" HOLD(2))));
    bytes_finish(&out);
    bytes_finish(&found);
}

static void plain_data_cannot_stand_for_a_binary(void)
{
    check(reads(SPAN("\x82\xac_placeholder\xc3\xa3num\x00"), HOLD(0), 0));
    check(reads(SPAN("\x92\x82\xac_placeholder\xc3\xa3num\x05\xc4\x01x"),
                "[{\"_placeholder\":false,\"num\":5}," HOLD(0) "]", 1));
    check(reads(SPAN("\x83\xa1"
                     "f\xc4\x01x\xac_placeholder\xc3\xa3num\x00"),
                "{\"f\":" HOLD(0) ",\"_placeholder\":false,\"num\":0}", 1));
    check(reads(SPAN("\x92\x81\xac_placeholder\x91\xc3\xc4\x00"),
                "[{\"_placeholder\":[true]}," HOLD(0) "]", 1));
}

static void refuses_keys_that_no_encoder_writes(void)
{
    static const struct span values[] = {
        SPAN("\x81\xc0\x01"), SPAN("\x81\xc3\x01"),      SPAN("\x81\x90\x01"),
        SPAN("\x81\x80\x01"), SPAN("\x81\xc4\x01x\x01"), SPAN("\x81\xd4\x00x\x01"),
    };
    struct bytes out = {0}, found = {0};

    bytes_add_cstr(&out, "before");
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        check(msgpack_to_json(values[i], 3, &out, &found) == MSGPACK_JSON_EKEY);
        check(span_eq(bytes_span(&out), SPAN("before")) && found.len == 0);
    }
    bytes_finish(&out);
    bytes_finish(&found);
}

static void goes_as_deep_as_it_may(void)
{
    static const struct msgpack_limits limits = {.depth_max = MSGPACK_DEPTH_MAX, .items_max = 1000};
    struct bytes json = {0}, packed = {0}, back = {0}, found = {0};

    for (unsigned i = 0; i < MSGPACK_DEPTH_MAX; i++) {
        bytes_add_byte(&json, '[');
    }
    for (unsigned i = 0; i < MSGPACK_DEPTH_MAX; i++) {
        bytes_add_byte(&json, ']');
    }
    check(msgpack_write_json(&packed, MSGPACK_JS, bytes_span(&json), NULL, 0) == 1);
    check(msgpack_check(bytes_span(&packed), &limits) == 0);
    check(msgpack_to_json(bytes_span(&packed), 0, &back, &found) == 0);
    check(span_eq(bytes_span(&back), bytes_span(&json)));
    bytes_finish(&json);
    bytes_finish(&packed);
    bytes_finish(&back);
    bytes_finish(&found);
}

int main(void)
{
    RUN(writes_values_one_after_another);
    RUN(writes_numbers_as_javascript_has_them);
    RUN(the_flavours_differ_beyond_53_bits);
    RUN(a_number_that_nobody_wrote_becomes_nil);
    RUN(writes_strings_without_their_escapes);
    RUN(writes_binaries_for_placeholders);
    RUN(what_names_no_binary_is_written_as_it_is);
    RUN(reads_containers_and_values);
    RUN(reads_numbers);
    RUN(reads_dates_as_their_json);
    RUN(reads_other_exts);
    RUN(numbers_binaries_in_order_and_borrows_them);
    RUN(plain_data_cannot_stand_for_a_binary);
    RUN(refuses_keys_that_no_encoder_writes);
    RUN(goes_as_deep_as_it_may);
    return tap_done();
}
