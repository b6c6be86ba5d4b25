// SPDX-License-Identifier: MIT
#include "protocol/sio_attach.h"

#include "protocol/json.h"
#include "tests/support/tap.h"

#define HOLD(num) "{\"_placeholder\":true,\"num\":" #num "}"

static int check_text(const char *args, unsigned attachments)
{
    return sio_attach_check(span_cstr(args), attachments);
}

static void accepts_placeholders_at_any_depth_in_any_order(void)
{
    check(check_text("", 1) == 0);
    check(sio_attach_check(span_of(NULL, 0), 1) == 0);
    check(check_text("1,\"_placeholder\",null", 1) == 0);
    check(check_text(HOLD(0), 1) == 0);
    check(check_text(HOLD(1) "," HOLD(0) " , " HOLD(1), 2) == 0);
    check(check_text("{\"a\":[1,[{\"b\":" HOLD(2) "}]]}," HOLD(9), 10) == 0);
    check(check_text(" { \"num\" : 0 , \"_placeholder\" : true } ", 1) == 0);
}

static void refuses_a_num_that_is_missing_or_out_of_range(void)
{
    check(check_text(HOLD(1), 1) == SIO_ATTACH_ENUM);
    check(check_text(HOLD(0), 0) == SIO_ATTACH_ENUM);
    check(check_text(HOLD(-1), 1) == SIO_ATTACH_ENUM);
    check(check_text(HOLD(0.5), 1) == SIO_ATTACH_ENUM);
    check(check_text(HOLD("0"), 1) == SIO_ATTACH_ENUM);
    check(check_text(HOLD(null), 1) == SIO_ATTACH_ENUM);
    check(check_text(HOLD([0]), 1) == SIO_ATTACH_ENUM);
    check(check_text(HOLD(1e999), 1) == SIO_ATTACH_ENUM);
    check(check_text(HOLD(4294967296), 4) == SIO_ATTACH_ENUM);
    check(check_text("{\"_placeholder\":true}", 1) == SIO_ATTACH_ENUM);
    check(check_text("[{\"a\":" HOLD(3) "}]," HOLD(0), 3) == SIO_ATTACH_ENUM);
    check(check_text(HOLD(3) "," HOLD(0), 3) == SIO_ATTACH_ENUM);
}

static void takes_a_num_in_any_notation(void)
{
    check(check_text(HOLD(1.0), 2) == 0);
    check(check_text(HOLD(1e0), 2) == 0);
    check(check_text(HOLD(-0), 1) == 0);
    check(check_text(HOLD(2.0), 2) == SIO_ATTACH_ENUM);
}

static void takes_only_objects_marked_with_true_for_placeholders(void)
{
    check(check_text("{\"_placeholder\":false,\"num\":7}", 1) == 0);
    check(check_text("{\"_placeholder\":1,\"num\":7}", 1) == 0);
    check(check_text("{\"_placeholder\":\"true\",\"num\":7}", 1) == 0);
    check(check_text("{\"_placeholder\":[true],\"num\":7}", 1) == 0);
    check(check_text("{\"num\":7}", 1) == 0);
    check(check_text("[\"_placeholder\",true,\"num\",7]", 1) == 0);
    check(check_text("{\"a\":\"_placeholder\",\"b\":true,\"num\":7}", 1) == 0);
    check(check_text("{\"x\":{\"_placeholder\":false},\"_placeholder\":false}", 1) == 0);
}

static void reads_keys_as_json_parse_does(void)
{
    check(check_text("{\"\\u005fplaceholder\":true,\"num\":7}", 1) == SIO_ATTACH_ENUM);
    check(check_text("{\"_placeholder\":true,\"n\\u0075m\":0}", 1) == 0);
    check(check_text("{\"_placeholder\":true,\"num\":7,\"num\":0}", 1) == 0);
    check(check_text("{\"_placeholder\":true,\"num\":0,\"num\":{}}", 1) == SIO_ATTACH_ENUM);
    check(check_text("{\"_placeholder\":true,\"_placeholder\":{},\"num\":7}", 1) == 0);
}

static void ignores_all_else_in_a_placeholder(void)
{
    check(check_text("{\"_placeholder\":true,\"num\":0,\"x\":" HOLD(7) "}", 1) == 0);
    check(check_text("{\"x\":[" HOLD(7) "],\"num\":0,\"_placeholder\":true}", 1) == 0);
    check(check_text("[{\"x\":" HOLD(7) ",\"num\":0,\"_placeholder\":true}," HOLD(7) "]", 1) ==
          SIO_ATTACH_ENUM);
    check(check_text(HOLD(7) ",{\"x\":" HOLD(7) ",\"num\":0,\"_placeholder\":true}", 1) ==
          SIO_ATTACH_ENUM);
}

static void renumbers(const char *args, unsigned attachments, const char *want, const char *numbers)
{
    struct bytes out = {0};
    unsigned order[4];

    bytes_add_cstr(&out, ">");
    int count = sio_attach_renumber(span_cstr(args), attachments, &out, order, 4);
    check(count == (int)strlen(numbers));
    for (int i = 0; i < count; i++) {
        check(order[i] == (unsigned)(numbers[i] - '0'));
    }
    if (!span_eq(span_skip(bytes_span(&out), 1), span_cstr(want))) {
        printf("# %.*s, not %s\n", (int)out.len, (const char *)out.data, want);
    }
    check(span_eq(span_skip(bytes_span(&out), 1), span_cstr(want)));
    bytes_finish(&out);
}

static void copies_arguments_whose_numbers_are_right_already(void)
{
    renumbers("", 1, "", "");
    renumbers("1, \"x\",{\"a\":[ ]}", 1, "1, \"x\",{\"a\":[ ]}", "");
    renumbers(HOLD(0) "," HOLD(1), 2, HOLD(0) "," HOLD(1), "01");
}

static void numbers_placeholders_in_the_order_met(void)
{
    renumbers(HOLD(1) ", {\"a\":[" HOLD(0) "]} ", 2, HOLD(0) ", {\"a\":[" HOLD(1) "]} ", "10");
    renumbers("\"s\"," HOLD(2), 3, "\"s\"," HOLD(0), "2");
    renumbers(HOLD(1) "," HOLD(1) "," HOLD(0), 2, HOLD(0) "," HOLD(1) "," HOLD(2), "110");
}

static void leaves_nothing_else_in_a_placeholder(void)
{
    renumbers("{ \"num\" : 1.0, \"x\":[" HOLD(0) "], \"_placeholder\":true },2," HOLD(0), 2,
              HOLD(0) ",2," HOLD(1), "10");
    renumbers("[[{\"x\":{\"y\":" HOLD(9) "},\"num\":0,\"_placeholder\":true}]]", 1,
              "[[" HOLD(0) "]]", "0");
    renumbers(HOLD(1) ",{\"x\":[" HOLD(0) "," HOLD(0) "," HOLD(0) "," HOLD(
                  0) "],\"num\":0,\"_placeholder\":true}",
              2, HOLD(0) "," HOLD(1), "10");
}

static void renumbering_an_illegal_placeholder_leaves_the_output_alone(void)
{
    struct bytes out = {0};
    unsigned order[2];

    bytes_add_cstr(&out, "2[");
    check(sio_attach_renumber(SPAN(HOLD(1) "," HOLD(2)), 2, &out, order, 2) == SIO_ATTACH_ENUM);
    check(span_eq(bytes_span(&out), SPAN("2[")));
    check(sio_attach_renumber(SPAN(HOLD(0) "," HOLD(0) "," HOLD(0)), 1, &out, order, 2) ==
          SIO_ATTACH_ETOOMANY);
    check(span_eq(bytes_span(&out), SPAN("2[")));
    check(sio_attach_renumber(span_of(NULL, 0), 1, &out, order, 2) == 0);
    check(span_eq(bytes_span(&out), SPAN("2[")));
    check(sio_attach_renumber(SPAN(HOLD(0) "," HOLD(0)), 1, &out, order, 2) == 2);
    bytes_finish(&out);
}

static void goes_as_deep_as_the_json_scanner(void)
{
    struct bytes args = {0}, array = {0};
    struct json json;

    for (unsigned i = 0; i < JSON_DEPTH_MAX - 2; i++) {
        bytes_add_byte(&args, '[');
    }
    sio_placeholder_write(&args, 3);
    for (unsigned i = 0; i < JSON_DEPTH_MAX - 2; i++) {
        bytes_add_byte(&args, ']');
    }
    bytes_add_byte(&array, '[');
    bytes_add_span(&array, bytes_span(&args));
    bytes_add_byte(&array, ']');
    check(json_parse(bytes_span(&array), JSON_DEPTH_MAX, &json) == 0);
    check(sio_attach_check(bytes_span(&args), 4) == 0);
    check(sio_attach_check(bytes_span(&args), 3) == SIO_ATTACH_ENUM);
    check(sio_attach_check(bytes_span(&array), 3) == SIO_ATTACH_ENUM);
    bytes_finish(&args);
    bytes_finish(&array);
}

int main(void)
{
    RUN(accepts_placeholders_at_any_depth_in_any_order);
    RUN(refuses_a_num_that_is_missing_or_out_of_range);
    RUN(takes_a_num_in_any_notation);
    RUN(takes_only_objects_marked_with_true_for_placeholders);
    RUN(reads_keys_as_json_parse_does);
    RUN(ignores_all_else_in_a_placeholder);
    RUN(copies_arguments_whose_numbers_are_right_already);
    RUN(numbers_placeholders_in_the_order_met);
    RUN(leaves_nothing_else_in_a_placeholder);
    RUN(renumbering_an_illegal_placeholder_leaves_the_output_alone);
    RUN(goes_as_deep_as_the_json_scanner);
    return tap_done();
}
