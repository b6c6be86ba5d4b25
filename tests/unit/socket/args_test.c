// SPDX-License-Identifier: MIT
#include "src/api/rookery.h"

#include <stdlib.h>

#include "tests/support/str.h"
#include "tests/support/tap.h"

static bool arg_is(const char *args, unsigned index, const char *want)
{
    struct rookery_args a = json(args);
    return str_is(rookery_arg(&a, index), want);
}

static void slices_arguments(void)
{
    static const char args[] = " \"a,]\\\"\" , {\"x\":[1,2],\"y\":\"}\"},[\"[\"] , 1e3";
    check(arg_is(args, 0, "\"a,]\\\"\""));
    check(arg_is(args, 1, "{\"x\":[1,2],\"y\":\"}\"}"));
    check(arg_is(args, 2, "[\"[\"]"));
    check(arg_is(args, 3, "1e3"));
    check(arg_is(args, 4, "") && arg_is(args, 1000, "") && arg_is("", 0, ""));
}

/* The block ends where the text ends, so that ASan sees a byte too far. */
static void stays_within_arguments_that_are_not_json(void)
{
    static const char *const odd[] = {"\"", "\"a\\", "[[[", "]],1", "{\"a",
                                      ",",  ",,",    "\\",  "1,\""};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        size_t len = strlen(odd[i]);
        char *block = malloc(len);
        memcpy(block, odd[i], len);
        struct rookery_args args = {.json = {block, len}};
        for (unsigned index = 0; index < 4; index++) {
            struct rookery_str arg = rookery_arg(&args, index);
            check(arg.data >= block && arg.data + arg.len <= block + len);
        }
        free(block);
    }
}

static void decodes_strings(void)
{
    char out[8];
    check(rookery_json_text(ROOKERY_STR(" \"abc\""), out, sizeof out) == 3);
    check(strcmp(out, "abc") == 0);
    check(rookery_json_text(ROOKERY_STR("\"\\u00e9\\n\""), out, sizeof out) == 3);
    check(strcmp(out, "\xc3\xa9\n") == 0);
    check(rookery_json_text(ROOKERY_STR("\"\""), out, 1) == 0 && out[0] == '\0');
    check(rookery_json_text(ROOKERY_STR("\"1234567\""), out, sizeof out) == 7);
    check(rookery_json_text(ROOKERY_STR("\"12345678\""), out, sizeof out) == ROOKERY_ELIMIT);
    check(rookery_json_text(ROOKERY_STR("\"\""), out, 0) == ROOKERY_ELIMIT);
    check(rookery_json_text(ROOKERY_STR("1"), out, sizeof out) == ROOKERY_EINVAL);
    check(rookery_json_text(ROOKERY_STR("\"a"), out, sizeof out) == ROOKERY_EINVAL);
    check(rookery_json_text(ROOKERY_STR(""), out, sizeof out) == ROOKERY_EINVAL);
}

static void finds_members(void)
{
    struct rookery_str object = ROOKERY_STR("{\"a\":{\"b\":1},\"c\\u0064\": \"x\"}");
    check(str_is(rookery_json_member(object, ROOKERY_STR("a")), "{\"b\":1}"));
    check(str_is(rookery_json_member(object, ROOKERY_STR("cd")), "\"x\""));
    check(rookery_json_member(object, ROOKERY_STR("b")).len == 0);
    check(rookery_json_member(ROOKERY_STR("[1]"), ROOKERY_STR("a")).len == 0);
    check(rookery_json_member(ROOKERY_STR("{\"a\":1"), ROOKERY_STR("a")).len == 0);
    check(rookery_json_member(ROOKERY_STR(""), ROOKERY_STR("a")).len == 0);
}

static void quotes_text(void)
{
    char out[6 * 2 + 3];
    check(rookery_json_quote(ROOKERY_STR("\x01\x02"), out, sizeof out) == 14);
    check(strcmp(out, "\"\\u0001\\u0002\"") == 0);
    check(rookery_json_quote(ROOKERY_STR("\x01\x02"), out, sizeof out - 1) == ROOKERY_ELIMIT);
    check(rookery_json_quote(ROOKERY_STR(""), out, 3) == 2);
    check(strcmp(out, "\"\"") == 0);
}

int main(void)
{
    RUN(slices_arguments);
    RUN(stays_within_arguments_that_are_not_json);
    RUN(decodes_strings);
    RUN(finds_members);
    RUN(quotes_text);
    return tap_done();
}
