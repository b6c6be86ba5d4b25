// SPDX-License-Identifier: MIT
#include "src/cluster/node_record.h"

#include "tests/support/tap.h"

static struct bytes text, texts;

static void finish(void)
{
    bytes_finish(&text);
    bytes_finish(&texts);
}

static void what_is_written_is_read_back(void)
{
    const struct node_record want = {
        .id = SPAN("0198-a"),
        .name = SPAN("ch\"at \xc3\xa9"),
        .address = SPAN("[::1]:3000"),
        .adapter = SPAN("classic"),
        .number = NODE_NUMBER_MAX,
        .started_ms = 1795237195693,
        .uptime_ms = 52000,
        .connections = 12,
    };
    struct node_record got;

    node_record_write(&text, &want);
    check(node_record_read(bytes_span(&text), &got, &texts) == 0);
    check(span_eq(got.id, want.id) && span_eq(got.name, want.name));
    check(span_eq(got.address, want.address) && span_eq(got.adapter, want.adapter));
    check(got.number == want.number && got.started_ms == want.started_ms);
    check(got.uptime_ms == want.uptime_ms && got.connections == want.connections);
    finish();
}

static void a_record_is_json_with_these_names(void)
{
    static const char want[] =
        "{\"id\":\"a\",\"name\":\"n\",\"address\":\"h:1\",\"number\":7,\"adapter\":\"streams\","
        "\"started\":5,\"uptime\":3,\"connections\":2}";
    const struct node_record r = {.id = SPAN("a"),
                                  .name = SPAN("n"),
                                  .address = SPAN("h:1"),
                                  .adapter = SPAN("streams"),
                                  .number = 7,
                                  .started_ms = 5,
                                  .uptime_ms = 3,
                                  .connections = 2};

    node_record_write(&text, &r);
    check_mem(text.data, text.len, want, sizeof want - 1);
    finish();
}

static void all_but_the_id_may_be_missing_and_there_may_be_more(void)
{
    struct node_record got;

    check(node_record_read(SPAN("{\"id\":\"a\",\"load\":[1,{}]}"), &got, &texts) == 0);
    check(span_eq(got.id, SPAN("a")) && got.name.len == 0 && got.address.len == 0);
    check(got.number == 0 && got.started_ms == 0 && got.connections == 0);
    finish();
}

static void what_is_no_record_is_refused(void)
{
    static const char *const bad[] = {
        "",
        "x",
        "[]",
        "{}",
        "{\"id\":\"\"}",
        "{\"id\":1}",
        "{\"id\":\"a\"",
        "{\"id\":\"a\",\"name\":null}",
        "{\"id\":\"a\",\"number\":65536}",
        "{\"id\":\"a\",\"number\":-1}",
        "{\"id\":\"a\",\"number\":\"1\"}",
        "{\"id\":\"a\",\"started\":1e3}",
        "{\"id\":\"a\",\"connections\":18446744073709551615}",
        "{\"id\":\"a\",\"x\":[[[[[[[[[]]]]]]]]]}",
    };
    struct node_record got;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        check(node_record_read(span_cstr(bad[i]), &got, &texts) < 0);
    }
    finish();
}

static void what_is_too_long_is_refused(void)
{
    char name[NODE_TEXT_BYTES_MAX + 1], long_one[NODE_RECORD_BYTES_MAX + 1];
    struct node_record r = {.id = SPAN("a"), .name = span_of(name, NODE_TEXT_BYTES_MAX)}, got;

    memset(name, 'n', sizeof name);
    node_record_write(&text, &r);
    check(node_record_read(bytes_span(&text), &got, &texts) == 0);
    bytes_clear(&text);
    r.name = span_of(name, NODE_TEXT_BYTES_MAX + 1);
    node_record_write(&text, &r);
    check(node_record_read(bytes_span(&text), &got, &texts) < 0);
    memset(long_one, ' ', sizeof long_one);
    memcpy(long_one, "{\"id\":\"a\"}", 10);
    check(node_record_read(span_of(long_one, sizeof long_one - 1), &got, &texts) == 0);
    check(node_record_read(span_of(long_one, sizeof long_one), &got, &texts) < 0);
    finish();
}

int main(void)
{
    RUN(what_is_written_is_read_back);
    RUN(a_record_is_json_with_these_names);
    RUN(all_but_the_id_may_be_missing_and_there_may_be_more);
    RUN(what_is_no_record_is_refused);
    RUN(what_is_too_long_is_refused);
    return tap_done();
}
