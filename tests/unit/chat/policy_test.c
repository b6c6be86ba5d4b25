// SPDX-License-Identifier: MIT
#include "src/chat/policy.h"

#include "tests/support/tap.h"

static struct json json_of(struct span text)
{
    struct json v = {0};
    check(json_parse(text, 8, &v) == 0);
    return v;
}

static bool takes(struct json v, size_t bytes_max, const char *want)
{
    struct bytes decoded = {0};
    struct span out = {0};
    bool ok = policy_text(v, bytes_max, &decoded, &out) && span_eq(out, span_cstr(want));
    bytes_finish(&decoded);
    return ok;
}

/* A string of n times the same piece, with its quotes. */
static struct json repeated(struct bytes *b, const char *piece, size_t n)
{
    bytes_clear(b);
    bytes_add_byte(b, '"');
    for (size_t i = 0; i < n; i++) {
        bytes_add_cstr(b, piece);
    }
    bytes_add_byte(b, '"');
    return json_of(bytes_span(b));
}

static void takes_a_name_as_it_stands_or_decoded(void)
{
    check(takes(json_of(SPAN("\"general\"")), 255, "general"));
    check(takes(json_of(SPAN("\"caf\\u00e9 \\\"x\\\"\"")), 255, "café \"x\""));
}

static void refuses_what_is_no_name(void)
{
    check(!takes((struct json){0}, 255, ""));
    check(!takes(json_of(SPAN("\"\"")), 255, ""));
    check(!takes(json_of(SPAN("7")), 255, "7"));
    check(!takes(json_of(SPAN("[\"a\"]")), 255, "a"));
}

static void counts_a_name_in_decoded_bytes(void)
{
    struct bytes b = {0};
    check(policy_text(repeated(&b, "x", 255), 255, &(struct bytes){0}, &(struct span){0}));
    check(!policy_text(repeated(&b, "x", 256), 255, &(struct bytes){0}, &(struct span){0}));
    check(takes(repeated(&b, "\\u0041", 3), 3, "AAA"));
    check(!takes(repeated(&b, "\\u0041", 4), 3, "AAAA"));
    check(!takes(repeated(&b, "\\u00e9", 2), 3, "éé"));
    bytes_finish(&b);
}

static void counts_content_as_javascript_does(void)
{
    check(policy_utf16_units(json_of(SPAN("\"\""))) == 0);
    check(policy_utf16_units(json_of(SPAN("\"ab\\n\\\"\\\\\\u0041\""))) == 6);
    check(policy_utf16_units(json_of(SPAN("\"é€\""))) == 2);
    check(policy_utf16_units(json_of(SPAN("\"😀\""))) == 2);
    check(policy_utf16_units(json_of(SPAN("\"\\ud83d\\ude00\""))) == 2);
}

static void keeps_the_names_of_the_chat_s_own_rooms(void)
{
    check(policy_room_name(SPAN("r")) == NULL && policy_room_name(SPAN("")) == NULL);
    check(policy_room_name(SPAN("r\x01")) == NULL);
    check(policy_room_name(SPAN("\x01")) == &refused_own_name);
    check(policy_room_name(SPAN("\x01@bob")) == &refused_own_name);
}

int main(void)
{
    RUN(takes_a_name_as_it_stands_or_decoded);
    RUN(refuses_what_is_no_name);
    RUN(counts_a_name_in_decoded_bytes);
    RUN(counts_content_as_javascript_does);
    RUN(keeps_the_names_of_the_chat_s_own_rooms);
    return tap_done();
}
