// SPDX-License-Identifier: MIT
#include "protocol/json.h"
#include "tests/support/tap.h"

static struct json parsed(const char *text)
{
    struct json v = {0};

    check(json_parse(span_cstr(text), JSON_DEPTH_MAX, &v) == 0);
    return v;
}

static bool decodes_to(const char *text, struct span want)
{
    struct bytes b = {0};
    struct json v = parsed(text);

    json_string_decode(v, &b);
    bool same = span_eq(bytes_span(&b), want) && json_string_eq(v, want);
    bytes_finish(&b);
    return same;
}

static void resolves_escapes(void)
{
    check(decodes_to("\"\"", SPAN("")));
    check(decodes_to("\"plain \xc3\xa9\"", SPAN("plain \xc3\xa9")));
    check(decodes_to("\"a\\\"\\\\\\/\\b\\f\\n\\r\\tz\"", SPAN("a\"\\/\b\f\n\r\tz")));
    check(
        decodes_to("\"\\u0041\\u00e9\\u20AC\\u20ac\"", SPAN("A\xc3\xa9\xe2\x82\xac\xe2\x82\xac")));
    check(decodes_to("\"\\u0000\"", SPAN("\0")));
    check(decodes_to("\"\\ud83d\\ude00!\"", SPAN("\xf0\x9f\x98\x80!")));
}

static void replaces_halves_of_surrogate_pairs(void)
{
    check(decodes_to("\"\\ud83d\"", SPAN("\xef\xbf\xbd")));
    check(decodes_to("\"\\ude00x\"", SPAN("\xef\xbf\xbdx")));
    check(decodes_to("\"\\ud83dx\\ude00\"", SPAN("\xef\xbf\xbdx\xef\xbf\xbd")));
    check(decodes_to("\"\\ud83d\\ud83d\\ude00\"", SPAN("\xef\xbf\xbd\xf0\x9f\x98\x80")));
    check(decodes_to("\"\\ud83d\\u0041\"", SPAN("\xef\xbf\xbd"
                                                "A")));
    check(decodes_to("\"\\ud83d\\n\"", SPAN("\xef\xbf\xbd\n")));
    check(decodes_to("\"\\ud83d\\ue000\"", SPAN("\xef\xbf\xbd\xee\x80\x80")));
}

static void tells_strings_apart_without_decoding_them(void)
{
    check(!json_string_eq(parsed("\"ab\""), SPAN("a")));
    check(!json_string_eq(parsed("\"ab\""), SPAN("abc")));
    check(!json_string_eq(parsed("\"\\u0061b\""), SPAN("a")));
    check(!json_string_eq(parsed("\"\\u0061b\""), SPAN("abc")));
    check(!json_string_eq(parsed("\"\\u0061b\""), SPAN("bb")));
    check(!json_string_eq(parsed("12"), SPAN("1")));
    check(!json_string_eq(parsed("1"), SPAN("")));
}

static void lends_strings_without_escapes(void)
{
    struct span inner = SPAN("kept");

    check(!json_string_plain(parsed("\"a\\n\""), &inner));
    check(span_eq(inner, SPAN("kept")));
    check(json_string_plain(parsed("\"caf\xc3\xa9\""), &inner) &&
          span_eq(inner, SPAN("caf\xc3\xa9")));
    check(json_string_plain(parsed("\"\""), &inner) && inner.len == 0);
}

int main(void)
{
    RUN(resolves_escapes);
    RUN(replaces_halves_of_surrogate_pairs);
    RUN(tells_strings_apart_without_decoding_them);
    RUN(lends_strings_without_escapes);
    return tap_done();
}
