// SPDX-License-Identifier: MIT
/* The journal in RabbitMQ and its feed: what goes in comes out, once, in order, whatever is
 * declared by others. A broker that is killed or stopped: rabbitmq_outages.c. */
#include <stdio.h>
#include <time.h>

#include "src/journal/journal_value.h"
#include "tests/contract/rabbitmq_bed.h"

enum { PATIENCE_MS = 60000, FOUND_TEXT_MAX = 64 };

static struct rabbitmq_link raw;

static void gives_back_what_was_appended_once_and_in_order(void)
{
    const struct journal_rabbitmq_options hasty = options;

    rabbitmq_raw_wipe(&options);
    options.timeout_ms = options.away_ms = PATIENCE_MS; /* so many take their time */
    start_journal();
    options = hasty;
    append_and_wait(LETTERS);
    for (unsigned i = 0; i < LETTERS; i++) {
        check(letters[i].done == 1 && letters[i].op.error == 0 && letters[i].op.in_turn);
        check(letters[i].op.message.offset == 0 && order[i] == i);
    }
    start_feed();
    check(read_letters(LETTERS) == LETTERS);
    check_empty();
    stop_feed();
    start_feed(); /* what was committed does not come again */
    check_empty();
    struct feed_figures figures;
    feed->ops->figures(feed, &figures);
    check(figures.is_up && figures.lag == 0 && figures.partitions == 1);
    stop_feed();
    stop_journal();
}

static void appends_an_id_once_whether_it_is_under_way_or_done(void)
{
    rabbitmq_raw_wipe(&options);
    start_journal();
    append_and_wait(1);
    expected = 3;
    check(append(1, 7, "room") == 0);
    check(append(2, 7, "room") == 0);
    await(&all_done);
    expected = 5;
    check(append(3, 7, "room") == 0);
    check(append(4, 0, "room") == 0);
    await(&all_done);
    for (unsigned i = 0; i < 5; i++) {
        check(letters[i].done == 1 && letters[i].op.error == 0);
        check(letters[i].op.message.fate == (i < 2 ? MESSAGE_STORED : MESSAGE_REPEATED));
    }
    start_feed();
    check(poll_some(feed, LETTERS) + feed->ops->poll(feed, EMPTY_MS, entries, LETTERS) == 2 + 2);
    stop_feed();
    stop_journal();
}

static void brings_again_what_was_not_committed_to_the_next_reader_only(void)
{
    rabbitmq_raw_wipe(&options);
    start_journal();
    append_and_wait(10);
    start_feed();
    struct feed *first = feed;
    start_feed();
    check(poll_some(first, 4) == 4);
    check(first->ops->commit(first) == 0);
    check(poll_some(first, 4) == 4);
    check_empty();
    first->ops->close(first);
    check(poll_some(feed, LETTERS) > 0);
    check(span_eq(entries[0]->message.id, span_cstr(letters[4].id)));
    stop_feed();
    stop_journal();
}

static void gives_nothing_while_paused_and_the_same_again_after(void)
{
    rabbitmq_raw_wipe(&options);
    options.prefetch = 8;
    start_journal();
    append_and_wait(10);
    start_feed();
    check(poll_some(feed, 4) == 4);
    feed->ops->pause(feed);
    uint64_t before_ms = rabbitmq_now_ms();
    check_empty();
    check_empty();
    check(rabbitmq_now_ms() - before_ms >= EMPTY_MS); /* it waits, though it holds all it may */
    feed->ops->resume(feed);
    check(read_letters(10) == 10);
    stop_feed();
    stop_journal();
    options.prefetch = 0;
}

static void declare_as_others_do(void)
{
    rabbitmq_raw_wipe(&options);
    rabbitmq_raw_open(&raw, &options);
    rabbitmq_raw_delete(&raw, "");
    (void)amqp_queue_declare(raw.conn, RABBITMQ_MAIN, amqp_cstring_bytes(options.queue), false,
                             true, false, false, amqp_empty_table);
    (void)amqp_queue_bind(raw.conn, RABBITMQ_MAIN, amqp_cstring_bytes(options.queue),
                          amqp_cstring_bytes(options.exchange), amqp_cstring_bytes("messages.*"),
                          amqp_empty_table);
    check(amqp_get_rpc_reply(raw.conn).reply_type == AMQP_RESPONSE_NORMAL);
    rabbitmq_raw_close(&raw);
}

static void uses_a_queue_that_others_declared_one_reader_at_a_time(void)
{
    declare_as_others_do();
    options.prefetch = 2; /* the first leaves something in the queue */
    start_journal();
    append_and_wait(10);
    start_feed();
    struct feed *first = feed;
    check(poll_some(first, 4) == 1);
    start_feed();
    check_empty();
    first->ops->close(first);
    check(read_letters(10) == 10);
    stop_feed();
    stop_journal();
    options.prefetch = 0;
}

static void reads_what_producers_of_the_other_system_publish(void)
{
    static const char value[] =
        "{\"roomId\":\"a.b\",\"userId\":\"u2\",\"username\":\"Bob\",\"text\":\"hi\","
        "\"timestamp\":\"2024-01-02T03:04:05.678Z\"}";
    char id[JOURNAL_VALUE_ID_BYTES];

    rabbitmq_raw_wipe(&options);
    rabbitmq_raw_publish(&options, "messages.a.b", span_cstr(value));
    start_feed();
    check(poll_some(feed, LETTERS) == 1 && entries[0]->reason == NULL);
    const struct message *m = &entries[0]->message;
    check(span_eq(m->room, SPAN("a.b")) && span_eq(m->content, SPAN("\"hi\"")));
    check(m->id.len == sizeof id);
    memcpy(id, m->id.data, sizeof id);
    stop_feed();
    start_feed(); /* the id is the same when it comes again */
    check(poll_some(feed, LETTERS) == 1);
    check(span_eq(entries[0]->message.id, span_of(id, sizeof id)));
    stop_feed();
}

static void publish_as_of(uint64_t timestamp, struct span value)
{
    const struct rabbitmq_note note = {
        .exchange = raw.exchange,
        .key = "messages.room",
        .must_route = true,
        .properties = {._flags = timestamp != 0 ? AMQP_BASIC_TIMESTAMP_FLAG : 0,
                       .timestamp = timestamp},
        .body = value,
    };
    struct bytes why = {0};

    check(rabbitmq_link_publish(&raw, &note, &why) == 0);
    bytes_finish(&why);
}

static void takes_a_value_without_a_time_for_as_old_as_its_publication(void)
{
    enum { COUNT = 3 };
    static const uint64_t stamps[COUNT] = {1700000000, 0, 1700000000000}; /* ms, by mistake */
    static const char *const values[COUNT] = {
        "{\"roomId\":\"room\",\"userId\":\"u\",\"text\":\"0\"}",
        "{\"roomId\":\"room\",\"userId\":\"u\",\"text\":\"1\"}",
        "{\"roomId\":\"room\",\"userId\":\"u\",\"text\":\"2\"}",
    };
    int64_t begin_ms = (int64_t)time(NULL) * 1000;

    rabbitmq_raw_wipe(&options);
    rabbitmq_raw_open(&raw, &options);
    for (int i = 0; i < COUNT; i++) {
        publish_as_of(stamps[i], span_cstr(values[i]));
    }
    rabbitmq_raw_close(&raw);
    start_feed();
    for (int seen = 0; seen < COUNT;) {
        int count = poll_some(feed, LETTERS);
        check(count > 0);
        for (int i = 0; i < count; i++, seen++) {
            int64_t ms = entries[i]->message.timestamp_ms;
            check(seen == 0 ? ms == 1700000000000 : ms >= begin_ms && ms <= begin_ms + PATIENCE_MS);
        }
        check(feed->ops->commit(feed) == 0);
    }
    stop_feed();
}

static void writes_values_that_consumers_of_the_other_system_take(void)
{
    char value[RABBITMQ_RAW_MAX], reason[RABBITMQ_RAW_MAX];

    rabbitmq_raw_wipe(&options);
    start_journal();
    append_and_wait(1);
    stop_journal();
    check(rabbitmq_raw_get(&options, "", value, reason));
    check(strstr(value, "\"roomId\":\"even.room\"") != NULL);
    check(strstr(value, "\"userId\":\"u1\"") != NULL);
    check(strstr(value, "\"username\":\"Ann\"") != NULL);
    check(strstr(value, "\"text\":\"hello 0\"") != NULL);
    check(strstr(value, "\"timestamp\":\"") != NULL);
}

static void puts_away_what_the_store_refuses_with_the_reason(void)
{
    char value[RABBITMQ_RAW_MAX], reason[RABBITMQ_RAW_MAX];

    rabbitmq_raw_wipe(&options);
    start_journal();
    append_and_wait(2);
    start_feed();
    check(poll_some(feed, LETTERS) > 0);
    check(feed->ops->reject(feed, entries[0], "too long") == 0);
    check(feed->ops->commit(feed) == 0);
    struct feed_figures figures;
    feed->ops->figures(feed, &figures);
    check(figures.rejected == 1);
    check(rabbitmq_raw_get(&options, ".dlq", value, reason));
    check(strcmp(reason, "too long") == 0 && strstr(value, letters[0].id) != NULL);
    stop_feed();
    stop_journal();
}

static void tries_again_what_it_cannot_read_before_it_puts_it_away(void)
{
    char value[RABBITMQ_RAW_MAX], reason[RABBITMQ_RAW_MAX];

    rabbitmq_raw_wipe(&options);
    options.tries = 2;
    rabbitmq_raw_publish(&options, "messages.room", SPAN("[1, 2]"));
    start_feed();
    for (int i = 0; i < 2; i++) {
        check(!rabbitmq_raw_get(&options, ".dlq", value, reason));
        check(poll_some(feed, LETTERS) == 1 && entries[0]->reason != NULL);
        check(feed->ops->reject(feed, entries[0], entries[0]->reason) == (i == 0 ? FEED_LATER : 0));
        check(feed->ops->commit(feed) == 0);
    }
    struct feed_figures figures;
    feed->ops->figures(feed, &figures);
    check(figures.rejected == 1);
    check(rabbitmq_raw_get(&options, ".dlq", value, reason) && strcmp(value, "[1, 2]") == 0 &&
          reason[0] != '\0');
    stop_feed();
    options.tries = 0;
}

static void fails_what_no_queue_takes_and_declares_it_again(void)
{
    rabbitmq_raw_wipe(&options);
    start_journal();
    rabbitmq_raw_open(&raw, &options);
    rabbitmq_raw_delete(&raw, "");
    expected = 1;
    check(append(0, 0, "room") == 0);
    await(&all_done);
    check(letters[0].op.error == JOURNAL_ESINK);
    while (states.count[1] == 0) {
        await(&states.changed);
    }
    rabbitmq_raw_close(&raw);
    expected = 2;
    check(append(1, 0, "room") == 0); /* the same id again */
    await(&all_done);
    check(letters[1].op.error == 0);
    start_feed();
    check(read_letters(1) == 1);
    stop_feed();
    stop_journal();
}

/* ---- what is there already, and differs ---- */

static struct found {
    atomic_uint count;
    char option[FOUND_TEXT_MAX], name[FOUND_TEXT_MAX], why[RABBITMQ_RAW_MAX];
} found[2];

static void on_found(void *arg, const struct rabbitmq_found *told)
{
    struct found *f = &found[strcmp(told->option, "rabbitmq-queue") == 0];

    f->count++;
    (void)snprintf(f->option, sizeof f->option, "%s", told->option);
    (void)snprintf(f->name, sizeof f->name, "%s", told->name);
    (void)snprintf(f->why, sizeof f->why, "%.*s", (int)told->why.len, (const char *)told->why.data);
}

static void declare_transient(const char *exchange, const char *queue)
{
    rabbitmq_raw_open(&raw, &options);
    (void)amqp_exchange_declare(raw.conn, RABBITMQ_MAIN, amqp_cstring_bytes(exchange),
                                amqp_cstring_bytes("topic"), false, false, false, false,
                                amqp_empty_table);
    check(amqp_get_rpc_reply(raw.conn).reply_type == AMQP_RESPONSE_NORMAL);
    (void)amqp_queue_declare(raw.conn, RABBITMQ_MAIN, amqp_cstring_bytes(queue), false, false,
                             false, false, amqp_empty_table);
    check(amqp_get_rpc_reply(raw.conn).reply_type == AMQP_RESPONSE_NORMAL);
    rabbitmq_raw_close(&raw);
}

static void unbind(const char *exchange, const char *queue)
{
    rabbitmq_raw_open(&raw, &options);
    (void)amqp_queue_unbind(raw.conn, RABBITMQ_MAIN, amqp_cstring_bytes(queue),
                            amqp_cstring_bytes(exchange), amqp_cstring_bytes("messages.#"),
                            amqp_empty_table);
    check(amqp_get_rpc_reply(raw.conn).reply_type == AMQP_RESPONSE_NORMAL);
    rabbitmq_raw_close(&raw);
}

/* What no queue takes ends the connection of the journal, which then declares all of it again. */
static void make_journal_connect_again(const struct journal_rabbitmq_options *others)
{
    unsigned before = states.count[1];

    unbind(others->exchange, others->queue);
    expected = done_count + 1;
    check(append(0, 0, "room") == 0);
    await(&all_done);
    check(letters[0].op.error == JOURNAL_ESINK);
    while (states.count[1] == before) {
        await(&states.changed);
    }
}

static void tells_once_what_is_there_and_not_as_it_would_be_declared(void)
{
    const struct journal_rabbitmq_options usual = options;

    declare_transient("transient_exchange", "transient_queue");
    options.exchange = "transient_exchange";
    options.queue = "transient_queue";
    options.on_found = on_found;
    start_journal();
    options.on_found = NULL; /* of what else is opened here nobody is told */
    check(found[0].count == 1 && strcmp(found[0].option, "rabbitmq-exchange") == 0);
    check(found[1].count == 1 && strcmp(found[1].name, "transient_queue") == 0);
    check(strstr(found[0].why, "'durable'") != NULL && strstr(found[1].why, "'durable'") != NULL);
    check(strstr(found[0].why, "guest:guest") == NULL);
    make_journal_connect_again(&options);
    check(found[0].count == 1 && found[1].count == 1);
    stop_journal();

    options.on_found = on_found; /* a feed alone tells of it too, by one of its connections */
    start_feed();
    check(found[0].count == 2 && found[1].count == 2);
    stop_feed();
    options = usual;
}

static void tells_nothing_of_what_it_has_declared(void)
{
    rabbitmq_raw_wipe(&options);
    memset(found, 0, sizeof found);
    options.on_found = on_found;
    start_journal();
    start_feed();
    check(found[0].count == 0 && found[1].count == 0);
    stop_feed();
    stop_journal();
    options.on_found = NULL;
}

static void one_line(const char *bad_url, const char *part)
{
    struct journal_rabbitmq_options bad = options;
    struct journal_options o = {.rabbitmq = &bad};
    struct bytes why = {0};

    bad.url = bad_url;
    check(journal_ops_by_name("rabbitmq")->open(&o, &why) == NULL);
    bytes_add_byte(&why, '\0');
    printf("# %s\n", (const char *)why.data);
    check(strstr((const char *)why.data, part) != NULL);
    check(strchr((const char *)why.data, '\n') == NULL);
    check(strstr((const char *)why.data, "hush") == NULL);
    check(feed_rabbitmq_open(&bad, &why) == NULL);
    check(why.len > 0);
    bytes_finish(&why);
}

static void says_in_one_line_why_it_cannot_open(void)
{
    char text[RABBITMQ_RAW_MAX];

    one_line("http://127.0.0.1", "rabbitmq-url");
    (void)snprintf(text, sizeof text, "amqp://guest:hush@127.0.0.1:%u", broker.port);
    one_line(text, "ACCESS_REFUSED");
    (void)snprintf(text, sizeof text, "amqp://guest:guest@127.0.0.1:%u/nowhere", broker.port);
    one_line(text, "nowhere");
    one_line("amqp://guest:hush@127.0.0.1:1", "127.0.0.1:1");
}

int main(void)
{
    if (!start_broker()) {
        return tap_skip("RabbitMQ is not installed");
    }
    RUN(gives_back_what_was_appended_once_and_in_order);
    RUN(appends_an_id_once_whether_it_is_under_way_or_done);
    RUN(brings_again_what_was_not_committed_to_the_next_reader_only);
    RUN(gives_nothing_while_paused_and_the_same_again_after);
    RUN(uses_a_queue_that_others_declared_one_reader_at_a_time);
    RUN(reads_what_producers_of_the_other_system_publish);
    RUN(takes_a_value_without_a_time_for_as_old_as_its_publication);
    RUN(writes_values_that_consumers_of_the_other_system_take);
    RUN(puts_away_what_the_store_refuses_with_the_reason);
    RUN(tries_again_what_it_cannot_read_before_it_puts_it_away);
    RUN(fails_what_no_queue_takes_and_declares_it_again);
    RUN(tells_once_what_is_there_and_not_as_it_would_be_declared);
    RUN(tells_nothing_of_what_it_has_declared);
    RUN(says_in_one_line_why_it_cannot_open);
    run_outages();
    stop_broker();
    return tap_done();
}
