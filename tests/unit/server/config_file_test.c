// SPDX-License-Identifier: MIT
#include "src/server/config_file.h"

#include "tests/support/tap.h"

/* Does text hold exactly this? Each setting is `line name=value;`, each problem `line !name:...;`.
 */
static bool reads(const char *text, const char *want)
{
    struct bytes got = {0};
    struct config_reader r;
    struct config_setting s;
    enum config_step step;

    config_begin(&r, span_cstr(text));
    while ((step = config_next(&r, &s)) != CONFIG_END) {
        bytes_add_u64(&got, r.line);
        bytes_add_cstr(&got, step == CONFIG_WRONG ? " !" : " ");
        bytes_add_span(&got, s.name);
        bytes_add_cstr(&got, step == CONFIG_WRONG ? ":" : "=");
        if (step == CONFIG_WRONG) {
            bytes_add_cstr(&got, s.problem);
        } else {
            bytes_add_span(&got, s.value);
        }
        bytes_add_byte(&got, ';');
    }
    bool same = span_eq(bytes_span(&got), span_cstr(want));
    if (!same) {
        printf("# %.*s\n", (int)got.len, (const char *)got.data);
    }
    config_finish(&r);
    bytes_finish(&got);
    return same;
}

static void reads_names_and_values(void)
{
    check(reads("", ""));
    check(reads("port 3000", "1 port=3000;"));
    check(reads("\n  # nothing\n\n\tport \t 3000, 3001  \nhost ::\n",
                "4 port=3000, 3001;5 host=::;"));
    check(reads("port 1\r\nhost x\r\n", "1 port=1;2 host=x;"));
    check(reads("\xef\xbb\xbfport 1", "1 port=1;"));
    check(reads("#port 1\n", ""));
}

static void a_comment_begins_behind_white_space(void)
{
    check(reads("a b # c", "1 a=b;"));
    check(reads("a b#c", "1 a=b#c;"));
    check(reads("a http://h/#x \t# c", "1 a=http://h/#x;"));
}

static void quotes_keep_what_is_between_them(void)
{
    check(reads("a \" b # c \" # d", "1 a= b # c ;"));
    check(reads("a \"\"", "1 a=;"));
    check(reads("a \"q\\\"b\\\\\"#x", "1 a=q\"b\\;"));
    check(reads("a 'x\\y\"'", "1 a=x\\y\";"));
    check(reads("a it's", "1 a=it's;"));
}

static void says_what_is_wrong_and_goes_on(void)
{
    check(reads("a\nb 1", "1 !a:a value is missing;2 b=1;"));
    check(reads("a # 1", "1 !a:a value is missing;"));
    check(reads("a=1", "1 !a=1:a value stands behind a space, without '=';"));
    check(reads("a = 1", "1 !a:a value stands behind a space, without '=';"));
    check(reads("a \"b", "1 !a:the closing quote is missing;"));
    check(reads("a \"b\\\"", "1 !a:the closing quote is missing;"));
    check(reads("a 'b' c", "1 !a:there is text behind the closing quote;"));
    check(reads("a \"\\n\"",
                "1 !a:within \"\" a \\ stands before \" or \\ only ('' take it as it is);"));
    check(reads("a b\x01\nb \xff\nc d", "1 !:a control character, or no UTF-8;"
                                        "2 !:a control character, or no UTF-8;3 c=d;"));
    check(reads("a b\tc", "1 !a:a tab within a value;"));
}

static void writes_what_it_would_read(void)
{
    static const char *const values[] = {"",    "a",      " a",  "a ",      "a #b", "#a",
                                         "a#b", "\"a",    "'a'", "=a",      "a=b",  "a\"b",
                                         "\\",  "\\ #\"", "a b", "\xc3\xa4"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct bytes text = {0};
        struct config_reader r;
        struct config_setting s;
        bytes_add_cstr(&text, "name ");
        config_write_value(&text, span_cstr(values[i]));
        bytes_add_cstr(&text, " # comment\n");
        config_begin(&r, bytes_span(&text));
        check(config_next(&r, &s) == CONFIG_SETTING && span_eq(s.value, span_cstr(values[i])));
        config_finish(&r);
        bytes_finish(&text);
    }
}

int main(void)
{
    RUN(reads_names_and_values);
    RUN(a_comment_begins_behind_white_space);
    RUN(quotes_keep_what_is_between_them);
    RUN(says_what_is_wrong_and_goes_on);
    RUN(writes_what_it_would_read);
    return tap_done();
}
