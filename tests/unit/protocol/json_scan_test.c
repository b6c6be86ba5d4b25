// SPDX-License-Identifier: MIT
#include "protocol/json.h"
#include "tests/support/tap.h"

#include <stdlib.h>

/* The text is copied to the end of a block of its own, so that ASan sees a byte read too far. */
static int parse(struct span text, unsigned depth_max)
{
    enum { FRONT = 16 };
    uint8_t *block = malloc(FRONT + text.len);
    struct json v;

    if (block == NULL) {
        abort();
    }
    memcpy(block + FRONT, text.data, text.len);
    int result = json_parse(span_of(block + FRONT, text.len), depth_max, &v);
    free(block);
    return result;
}

static int parse_cstr(const char *text)
{
    return parse(span_cstr(text), JSON_DEPTH_MAX);
}

static void accepts_every_kind_of_value(void)
{
    static const struct {
        const char *text;
        enum json_type type;
    } good[] = {
        {"null", JSON_NULL},
        {"true", JSON_BOOL},
        {"false", JSON_BOOL},
        {"0", JSON_NUMBER},
        {"-0", JSON_NUMBER},
        {"-12.50e+3", JSON_NUMBER},
        {"1E9", JSON_NUMBER},
        {"1e-99999", JSON_NUMBER},
        {"\"\"", JSON_STRING},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uABCD\"", JSON_STRING},
        {"\"\\ud800\"", JSON_STRING}, /* half a pair: JSON.parse takes it */
        {"\"\x7f \xe2\x80\xa8 \xf0\x9f\x98\x80\"", JSON_STRING},
        {"[]", JSON_ARRAY},
        {"[ ]", JSON_ARRAY},
        {"[1,[],{},\"a\" , null]", JSON_ARRAY},
        {"{}", JSON_OBJECT},
        {"{ \"a\" : 1 , \"a\" : { \"\" : [ ] } }", JSON_OBJECT},
    };

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct json v;
        check(json_parse(span_cstr(good[i].text), JSON_DEPTH_MAX, &v) == 0);
        check(v.type == good[i].type);
        check(span_eq(v.text, span_cstr(good[i].text)));
        check(parse_cstr(good[i].text) == 0);
    }
}

static void refuses_what_json_parse_of_javascript_refuses(void)
{
    static const char *const wrong[] = {
        "",
        " ",
        "nul",
        "nulL",
        "True",
        "undefined",
        "NaN",
        "Infinity",
        "+1",
        "-",
        "01",
        "-01",
        "1.",
        ".5",
        "1.e3",
        "1e",
        "1e+",
        "0x10",
        "1 2",
        "1,",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "]",
        "[}",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{,}",
        "{a:1}",
        "{1:1}",
        "{\"a\" 1}",
        "{\"a\":}",
        "{\"a\":1]",
        "{\"a\":1 \"b\":2}",
        "{]",
        "\"",
        "\"a",
        "\"\\\"",
        "\"\\",
        "\"\\x41\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\u123",
        "\"\t\"",
        "\"a\nb\"",
        "'a'",
        "//\n1",
        "1/**/",
        "[]]",
        "{}}",
        "\v1",
        "\xef\xbb\xbf"
        "1",
        "\xc2\xa0"
        "1",
        "\"a\"\"b\"",
        "[\"a\":1]",
        "{[]:1}",
        "{\"a\",1}",
        ":",
        ",",
    };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        check(parse_cstr(wrong[i]) == JSON_ESYNTAX);
    }
    check(parse(SPAN("1\0"), 9) == JSON_ESYNTAX);
    check(parse(SPAN("\0"), 9) == JSON_ESYNTAX);
    check(parse(SPAN("\"\0\""), 9) == JSON_ESYNTAX);
    check(parse(SPAN("[\0]"), 9) == JSON_ESYNTAX);
}

static void finds_a_wrong_byte_at_every_place_of_a_string(void)
{
    for (size_t at = 1; at < 20; at++) {
        char text[] = "\"0123456789abcdefghi\"";
        text[at] = 0x1f;
        check(parse_cstr(text) == JSON_ESYNTAX);
        text[at] = '\xff';
        check(parse_cstr(text) == JSON_EUTF8);
        text[at] = '"';
        check(parse_cstr(text) == JSON_ESYNTAX);
    }
}

static void wants_utf8_in_strings(void)
{
    check(parse_cstr("\"\xc0\x80\"") == JSON_EUTF8);
    check(parse_cstr("\"\xed\xa0\x80\"") == JSON_EUTF8);
    check(parse_cstr("\"\xe2\x82\"") == JSON_EUTF8);
    check(parse_cstr("\"\xe2\x82") == JSON_EUTF8);
    check(parse_cstr("{\"\x80\":1}") == JSON_EUTF8);
    check(parse_cstr("\"\xc3\xa9") == JSON_ESYNTAX);
}

static void leaves_white_space_around_the_value_out(void)
{
    struct json v;

    check(json_parse(SPAN(" \t\r\n[ 1 ] \n"), 1, &v) == 0);
    check(span_eq(v.text, SPAN("[ 1 ]")));
}

static void leaves_the_result_alone_when_it_fails(void)
{
    struct json v = {SPAN("kept"), JSON_NULL};

    check(json_parse(SPAN("[1"), 1, &v) == JSON_ESYNTAX);
    check(json_parse(span_of(NULL, 0), 1, &v) == JSON_ESYNTAX);
    check(span_eq(v.text, SPAN("kept")) && v.type == JSON_NULL);
}

static void counts_depth_in_containers(void)
{
    check(parse(SPAN("1"), 0) == 0);
    check(parse(SPAN("[]"), 0) == JSON_EDEPTH);
    check(parse(SPAN("[{},[]]"), 2) == 0);
    check(parse(SPAN("[{\"a\":[]}]"), 2) == JSON_EDEPTH);
    check(parse(SPAN("[[],[[]]]"), 2) == JSON_EDEPTH);
}

static void nests_as_deep_as_allowed_and_no_deeper(void)
{
    char text[2 * JSON_DEPTH_MAX + 2];

    memset(text, '[', JSON_DEPTH_MAX + 1);
    memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    check(parse(span_of(text + 1, 2 * JSON_DEPTH_MAX), JSON_DEPTH_MAX) == 0);
    check(parse(span_of(text, sizeof text), JSON_DEPTH_MAX) == JSON_EDEPTH);
    check(parse(span_of(text + 2, 2 * JSON_DEPTH_MAX), JSON_DEPTH_MAX) == JSON_ESYNTAX);
}

int main(void)
{
    RUN(accepts_every_kind_of_value);
    RUN(refuses_what_json_parse_of_javascript_refuses);
    RUN(finds_a_wrong_byte_at_every_place_of_a_string);
    RUN(wants_utf8_in_strings);
    RUN(leaves_white_space_around_the_value_out);
    RUN(leaves_the_result_alone_when_it_fails);
    RUN(counts_depth_in_containers);
    RUN(nests_as_deep_as_allowed_and_no_deeper);
    return tap_done();
}
