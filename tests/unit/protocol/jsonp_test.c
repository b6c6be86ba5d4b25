// SPDX-License-Identifier: MIT
#include "protocol/jsonp.h"
#include "tests/support/tap.h"

static bool writes(struct span number, struct span payload, struct span want)
{
    struct bytes out = {0};

    jsonp_write(&out, number, payload);
    bool as_wanted = span_eq(bytes_span(&out), want);
    if (!as_wanted) {
        printf("# %.*s\n", (int)out.len, (const char *)out.data);
    }
    bytes_finish(&out);
    return as_wanted;
}

static bool reads(struct span form, struct span want)
{
    struct bytes out = {0};
    bool as_wanted = jsonp_read(form, &out) == 0 && span_eq(bytes_span(&out), want);

    if (!as_wanted) {
        printf("# %.*s\n", (int)out.len, (const char *)out.data);
    }
    bytes_finish(&out);
    return as_wanted;
}

static void writes_a_payload_as_a_string_of_javascript(void)
{
    check(writes(SPAN("0"), SPAN("2:40"), SPAN("___eio[0](\"2:40\");")));
    check(writes(SPAN("12"),
                 SPAN("0{\"sid\":\"x\"}\x1e"
                      "40"),
                 SPAN("___eio[12](\"0{\\\"sid\\\":\\\"x\\\"}\\u001e40\");")));
    check(writes(SPAN(""), SPAN(""), SPAN("___eio[](\"\");")));
}

static void escapes_the_line_ends_that_json_allows_and_javascript_does_not(void)
{
    check(writes(SPAN("0"),
                 SPAN("\xe2\x80\xa8"
                      "a\xe2\x80\xa9"),
                 SPAN("___eio[0](\"\\u2028a\\u2029\");")));
    check(writes(SPAN("0"), SPAN("\xe2\x80\xa7\xe2\x80\xaa\xe2\x82\xa8"),
                 SPAN("___eio[0](\"\xe2\x80\xa7\xe2\x80\xaa\xe2\x82\xa8\");")));
}

static void takes_digits_only_for_the_number(void)
{
    struct bytes out = {0};

    jsonp_number(&out, SPAN("1](alert(2));//3"));
    check(span_eq(bytes_span(&out), SPAN("123")));
    bytes_clear(&out);
    jsonp_number(&out, SPAN(""));
    check(out.len == 0);
    bytes_finish(&out);
}

static void reads_the_payload_of_a_form(void)
{
    check(reads(SPAN("d=5%3A42%5B1%5D+x"), SPAN("5:42[1] x")));
    check(reads(SPAN("a=b&d=2&d=3"), SPAN("2")));
    check(reads(SPAN("d="), SPAN("")));
    check(reads(SPAN("d=%C3%A9"), SPAN("\xc3\xa9")));
}

static void refuses_a_form_without_a_payload(void)
{
    struct bytes out = {0};

    check(jsonp_read(SPAN(""), &out) == -1);
    check(jsonp_read(SPAN("e=1"), &out) == -1);
    check(out.len == 0);
}

static void takes_back_what_the_client_did_to_newlines(void)
{
    check(reads(SPAN("d=a\\nb"), SPAN("a\nb")));
    check(reads(SPAN("d=a\\\\nb"), SPAN("a\\nb")));
    check(reads(SPAN("d=a\\\\\\nb"), SPAN("a\\\\nb")));
    check(reads(SPAN("d=\\\\"), SPAN("\\\\")));
    check(reads(SPAN("d=\\\\x\\t\\"), SPAN("\\\\x\\t\\")));
    check(reads(SPAN("d=\\n\\nn"), SPAN("\n\nn")));
}

int main(void)
{
    RUN(writes_a_payload_as_a_string_of_javascript);
    RUN(escapes_the_line_ends_that_json_allows_and_javascript_does_not);
    RUN(takes_digits_only_for_the_number);
    RUN(reads_the_payload_of_a_form);
    RUN(refuses_a_form_without_a_payload);
    RUN(takes_back_what_the_client_did_to_newlines);
    return tap_done();
}
