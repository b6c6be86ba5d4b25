// SPDX-License-Identifier: MIT
#include "src/web/form.h"

#include "tests/support/tap.h"

static bool says(const char *type, const char *body, const char *text)
{
    struct form form;
    struct bytes out = {0};
    bool same = form_read(span_cstr(type), span_cstr(body), &form) == 0;

    if (same) {
        form_text(&form, SPAN("name"), &out);
        same = span_eq(bytes_span(&out), span_cstr(text));
    }
    bytes_finish(&out);
    return same;
}

static bool is_refused(const char *body)
{
    struct form form;

    return form_read(SPAN("application/json"), span_cstr(body), &form) < 0;
}

static void reads_strings_and_numbers_of_json(void)
{
    check(says("application/json", "{\"name\":\"a\\n\\u00e9\"}", "a\n\xc3\xa9"));
    check(says("Application/JSON ; charset=utf-8", "{\"name\":42}", "42"));
    check(says("application/json", "{\"name\":\"a\",\"name\":\"b\"}", "b"));
    check(says("application/json", "{\"name\":null}", ""));
    check(says("application/json", "{\"name\":0}", ""));
    check(says("application/json", "{\"name\":[\"a\"]}", ""));
    check(says("application/json", "{}", ""));
    check(says("application/json", "[1]", ""));
    check(says("application/json", "", ""));
}

static void reads_pairs(void)
{
    check(says("application/x-www-form-urlencoded", "x=1&name=a+b%26c", "a b&c"));
    check(says("application/x-www-form-urlencoded", "x=1", ""));
    check(says("application/x-www-form-urlencoded", "name=%ff%zz", "\xef\xbf\xbd%zz"));
}

static void other_types_have_no_fields(void)
{
    check(says("", "{\"name\":\"a\"}", ""));
    check(says("text/plain", "{bad", ""));
    check(says("application/jsonx", "{bad", ""));
}

static void refuses_what_only_says_that_it_is_json(void)
{
    char deep[200] = "";

    check(is_refused("{bad"));
    check(is_refused("\"text\""));
    check(is_refused("7"));
    check(is_refused("{\"name\":\"\xff\"}"));
    memset(deep, '[', sizeof deep - 1);
    check(is_refused(deep));
    memset(deep, '[', 33);
    memset(deep + 33, ']', 33);
    deep[66] = '\0';
    check(is_refused(deep));
}

int main(void)
{
    RUN(reads_strings_and_numbers_of_json);
    RUN(reads_pairs);
    RUN(other_types_have_no_fields);
    RUN(refuses_what_only_says_that_it_is_json);
    return tap_done();
}
