// SPDX-License-Identifier: MIT
#include "src/base/log.h"

#include <unistd.h>

#include "protocol/json.h"
#include "tests/support/tap.h"

enum { NOON_S = 1714564800 };

static struct log_line line;

static void compose(enum log_form form, const char *message, const struct log_field *fields)
{
    log_compose(&line, form,
                &(struct log_event){.level = LOG_INFO,
                                    .wall_ms = NOON_S * INT64_C(1000),
                                    .message = message,
                                    .fields = fields});
}

static bool composed(enum log_form form, const struct log_field *fields, const char *want)
{
    compose(form, "listening", fields);
    bool same = span_eq(span_of(line.data, line.len), span_cstr(want));
    if (!same) {
        printf("# %.*s", (int)line.len, line.data);
    }
    return same;
}

static void writes_json(void)
{
    check(composed(
        LOG_AS_JSON, NULL,
        "{\"time\":\"2024-05-01T12:00:00.000Z\",\"level\":\"info\",\"msg\":\"listening\"}\n"));
    check(
        composed(LOG_AS_JSON,
                 LOG_FIELDS(LOG_TEXT("host", "a b"), LOG_NUMBER("port", -3), LOG_FLAG("all", true)),
                 "{\"time\":\"2024-05-01T12:00:00.000Z\",\"level\":\"info\",\"msg\":\"listening\","
                 "\"host\":\"a b\",\"port\":-3,\"all\":true}\n"));
}

static void writes_text_with_quotes_where_they_are_needed(void)
{
    check(
        composed(LOG_AS_TEXT,
                 LOG_FIELDS(LOG_TEXT("host", "::1"), LOG_TEXT("why", "no \"such\" a=b"),
                            LOG_TEXT("none", "")),
                 "12:00:00.000 INFO  listening host=::1 why=\"no \\\"such\\\" a=b\" none=\"\"\n"));
    check(composed(LOG_AS_COLOUR, LOG_FIELDS(LOG_NUMBER("port", 1)),
                   "12:00:00.000 \033[32mINFO \033[0m listening \033[2mport=\033[0m1\n"));
}

static void escapes_whatever_could_fake_a_line_or_a_terminal(void)
{
    const struct log_field *fields = LOG_FIELDS(LOG_TEXT(
        "name",
        "a\n{\"level\":\"error\"}\r\033[2J\x7f\xc2\x9b\xe2\x80\xae\xe2\x80\xa8\xef\xbb\xbf"));
    static const char value[] = "\"a\\u000a{\\\"level\\\":\\\"error\\\"}\\u000d\\u001b[2J\\u007f"
                                "\\u009b\\u202e\\u2028\\ufeff\"";
    for (int form = LOG_AS_JSON; form <= LOG_AS_TEXT; form++) {
        compose((enum log_form)form, "m", fields);
        check(memmem(line.data, line.len, value, sizeof value - 1) != NULL);
        check(memchr(line.data, '\n', line.len) == line.data + line.len - 1);
        check(memchr(line.data, '\033', line.len) == NULL);
    }
}

static void replaces_what_is_no_utf8_and_keeps_what_is(void)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"\xff", "\"\xef\xbf\xbd\""},
        {"a\xc3", "\"a\xef\xbf\xbd\""},
        {"\xc0\x8a", "\"\xef\xbf\xbd\xef\xbf\xbd\""}, /* an overlong newline */
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa6", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa6\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        compose(LOG_AS_JSON, "m", LOG_FIELDS(LOG_TEXT("v", cases[i].in)));
        check(memmem(line.data, line.len, cases[i].out, strlen(cases[i].out)) != NULL);
    }
}

static bool is_json(void)
{
    struct json whole;
    return json_parse(span_of(line.data, line.len), 1, &whole) == 0;
}

static void cuts_long_values_and_counts_fields_that_have_no_room(void)
{
    static char text[8000];
    const struct log_field one = LOG_SPAN("v", span_of(text, sizeof text));

    memset(text, 'x', sizeof text);
    compose(LOG_AS_JSON, "m", LOG_FIELDS(one));
    check(is_json() && line.len < LOG_VALUE_BYTES_MAX + 100);
    check(memmem(line.data, line.len, "x…\"}", 6) != NULL);
    memset(text, 1, sizeof text);
    compose(LOG_AS_JSON, "m", LOG_FIELDS(one, one, one, one, one));
    check(is_json() && line.len <= LOG_LINE_MAX && line.data[line.len - 1] == '\n');
    check(memmem(line.data, line.len, "\"left_out\":2}", 13) != NULL);
}

static void knows_its_levels_by_name(void)
{
    enum log_level level;
    check(log_level_of("error", &level) && level == LOG_ERROR);
    check(log_level_of("debug", &level) && level == LOG_DEBUG);
    check(!log_level_of("loud", &level));
}

/* ---- what is written ---- */

static int ends[2];

/* What has been written since the last call. */
static struct span written(void)
{
    static char got[1 << 15];
    ssize_t n = 0;

    if (write(ends[1], "#", 1) == 1) {
        n = read(ends[0], got, sizeof got);
    }
    return span_of(got, n > 0 ? (size_t)n - 1 : 0);
}

static void leaves_out_what_is_above_its_level(void)
{
    log_start(ends[1], LOG_AS_JSON, LOG_WARN);
    check(log_shows(LOG_ERROR) && log_shows(LOG_WARN) && !log_shows(LOG_INFO));
    log_write(LOG_INFO, "hidden", NULL);
    check(written().len == 0);
    log_set_level(LOG_INFO);
    log_write(LOG_INFO, "shown", NULL);
    check(written().len > 0);
}

static void says_once_a_second_what_peers_can_repeat(void)
{
    enum { TIMES = 1000 };
    struct log_limit limit = {0};
    size_t lines = 0;

    log_start(ends[1], LOG_AS_JSON, LOG_INFO);
    for (int i = 0; i < TIMES; i++) {
        log_write_limited(&limit, LOG_WARN, "again", NULL);
    }
    struct span out = written();
    for (size_t i = 0; i < out.len; i++) {
        lines += out.data[i] == '\n';
    }
    check(lines >= 1 && lines < TIMES / 10);
    uint64_t unsaid = atomic_load(&limit.unsaid);
    check(unsaid > 0 && unsaid < TIMES);
    atomic_store(&limit.second, 0);
    log_write_limited(&limit, LOG_WARN, "again", NULL);
    out = written();
    check(memmem(out.data, out.len, "\"unsaid\":", 9) != NULL && atomic_load(&limit.unsaid) == 0);
}

int main(void)
{
    RUN(writes_json);
    RUN(writes_text_with_quotes_where_they_are_needed);
    RUN(escapes_whatever_could_fake_a_line_or_a_terminal);
    RUN(replaces_what_is_no_utf8_and_keeps_what_is);
    RUN(cuts_long_values_and_counts_fields_that_have_no_room);
    RUN(knows_its_levels_by_name);
    if (pipe(ends) < 0) {
        return 1;
    }
    RUN(leaves_out_what_is_above_its_level);
    RUN(says_once_a_second_what_peers_can_repeat);
    return tap_done();
}
