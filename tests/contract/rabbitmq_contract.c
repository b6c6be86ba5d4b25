// SPDX-License-Identifier: MIT
/* The journal in RabbitMQ and its feed, with a broker of their own: what goes in comes out, once,
 * in order, whatever is killed, stopped or declared by others. */
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/base/memory.h"
#include "src/journal/journal_value.h"
#include "tests/support/rabbitmq_raw.h"
#include "tests/support/service.h"
#include "tests/support/tap.h"
#include "tests/support/thread_executor.h"

enum { LETTERS = 3000, SOME = 100, WAIT_MS = 5000, PATIENCE_MS = 60000, EMPTY_MS = 300 };

static struct service broker;
static char url[SERVICE_TEXT_MAX];
static struct journal_rabbitmq_options options;
static struct thread_executor loop;
static struct journal *journal;
static struct feed *feed;
static struct rabbitmq_link raw;

struct letter {
    struct journal_append op;
    char id[40], content[40];
    unsigned done;
};

static struct letter letters[LETTERS];
static unsigned order[LETTERS];
static unsigned done_count;
static sem_t some_done, all_done; /* SOME, and `expected`, since the start */
static unsigned expected;

static struct {
    atomic_uint count[2];
    bool told_password;
    char last[2][RABBITMQ_RAW_MAX];
    sem_t changed;
} states;

static void on_state(void *arg, bool is_up, const char *line)
{
    states.count[is_up]++;
    states.told_password |= strstr(line, "guest:guest") != NULL;
    (void)snprintf(states.last[is_up], RABBITMQ_RAW_MAX, "%s", line);
    (void)sem_post(&states.changed);
}

static void await(sem_t *sem)
{
    while (sem_wait(sem) != 0) {
    }
}

/* ---- journal ---- */

static void start_journal(void)
{
    struct bytes why = {0};

    memset(letters, 0, sizeof letters);
    memset(&states, 0, sizeof states);
    done_count = 0;
    (void)sem_init(&some_done, 0, 0);
    (void)sem_init(&all_done, 0, 0);
    (void)sem_init(&states.changed, 0, 0);
    thread_executor_start(&loop, 0);
    struct journal_options o = {
        .executor = &loop.executor, .rabbitmq = &options, .on_state = on_state};
    journal = journal_ops_by_name("rabbitmq")->open(&o, &why);
    check(journal != NULL);
    if (journal == NULL) {
        printf("# %.*s\n", (int)why.len, (const char *)why.data);
        abort();
    }
    bytes_finish(&why);
}

static void stop_journal(void)
{
    journal_close(journal);
    thread_executor_stop(&loop);
}

static void on_done(struct journal_append *op)
{
    struct letter *letter = container_of(op, struct letter, op);

    letter->done++;
    order[done_count++ % LETTERS] = (unsigned)(letter - letters);
    if (done_count == SOME) {
        (void)sem_post(&some_done);
    }
    if (done_count == expected) {
        (void)sem_post(&all_done);
    }
}

static int append(unsigned i, unsigned id, const char *room)
{
    struct letter *letter = &letters[i];

    (void)snprintf(letter->id, sizeof letter->id, "018bcfe5-6800-7000-8000-%012x", id);
    (void)snprintf(letter->content, sizeof letter->content, "\"hello %u\"", id);
    struct message m = {.id = span_cstr(letter->id),
                        .room = span_cstr(room),
                        .user_id = SPAN("u1"),
                        .username = SPAN("Ann"),
                        .content = span_cstr(letter->content),
                        .type = SPAN("text"),
                        .dialect = 1,
                        .timestamp_ms = 1700000000000};
    letter->op.on_done = on_done;
    return journal_append(journal, &m, &loop.executor, &letter->op);
}

static unsigned refused;

static void append_all(void *arg)
{
    unsigned count = *(unsigned *)arg;

    refused = 0;
    for (unsigned i = 0; i < count; i++) {
        if (append(i, i, i % 2 == 0 ? "even.room" : "odd") != 0) {
            refused++;
        }
    }
}

/* Appends the first `count` letters and waits for their completion. */
static void append_and_wait(unsigned count)
{
    expected = count;
    thread_executor_run(&loop, append_all, &count);
    check(refused == 0);
    await(&all_done);
}

/* ---- feed ---- */

static struct feed_entry *entries[LETTERS];

static void start_feed(void)
{
    struct bytes why = {0};
    feed = feed_rabbitmq_open(&options, &why);
    check(feed != NULL);
    if (feed == NULL) {
        printf("# %.*s\n", (int)why.len, (const char *)why.data);
        abort();
    }
    bytes_finish(&why);
}

static void stop_feed(void)
{
    feed->ops->close(feed);
}

/* Polls until something comes; 0 when nothing does. */
static int poll_some(struct feed *from, unsigned max)
{
    uint64_t end_ms = rabbitmq_now_ms() + WAIT_MS;
    int n = 0;
    while (n <= 0 && rabbitmq_now_ms() < end_ms) {
        n = from->ops->poll(from, 200, entries, max);
    }
    return n;
}

/* Reads and commits what is there, up to count; returns how many came, and checks their order in
 * their rooms where they are the letters. */
static unsigned read_letters(unsigned count)
{
    unsigned got = 0;
    int n;

    while (got < count && (n = poll_some(feed, count - got)) > 0) {
        for (int i = 0; i < n; i++) {
            char id[40];
            (void)snprintf(id, sizeof id, "018bcfe5-6800-7000-8000-%012x", got++);
            check(entries[i]->reason == NULL);
            check(span_eq(entries[i]->message.id, span_cstr(id)));
        }
        check(feed->ops->commit(feed) == 0);
    }
    return got;
}

static void check_empty(void)
{
    check(feed->ops->poll(feed, EMPTY_MS, entries, LETTERS) == 0);
}

/* ---- tests ---- */

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
        check(feed->ops->reject(feed, entries[0], entries[0]->reason) == 0);
        check(feed->ops->commit(feed) == 0);
    }
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

static unsigned errors_of(unsigned count, int error)
{
    unsigned n = 0;
    for (unsigned i = 0; i < count; i++) {
        n += letters[i].op.error == error;
    }
    return n;
}

/* Appends until one is taken and confirmed, under new ids. */
static void await_return(unsigned i)
{
    for (;;) {
        expected = done_count + 1;
        if (append(i, LETTERS + i, "room") == 0) {
            await(&all_done);
            if (letters[i].op.error == 0) {
                return;
            }
        }
        (void)usleep(50000);
    }
}

static void survives_a_broker_that_is_killed(void)
{
    rabbitmq_raw_wipe(&options);
    start_journal();
    append_and_wait(10);
    check(service_kill(&broker, NULL));
    expected = 20;
    for (unsigned i = 10; i < 20; i++) {
        check(append(i, i, "room") == 0);
    }
    await(&all_done);
    check(errors_of(20, JOURNAL_ESINK) == 10);
    check(append(20, 20, "room") == JOURNAL_EAWAY);
    struct journal_figures figures;
    journal->ops->figures(journal, &figures);
    check(!figures.is_up && figures.refused_away == 1 && figures.failed == 10);
    check(figures.queue_messages == 0 && figures.queue_bytes == 0);
    check(service_up(&broker));
    await_return(21);
    check(states.count[0] > 0 && states.count[1] == 1 && !states.told_password);
    printf("# %s\n# %s\n", states.last[0], states.last[1]);
    start_feed();
    check(read_letters(10) == 10);
    stop_feed();
    stop_journal();
}

/* Sends those that failed or were refused again, under their ids, until none is left. */
static void send_until_acknowledged(void)
{
    bool left = true;

    while (left) {
        left = false;
        for (unsigned i = 0; i < LETTERS; i++) {
            if (letters[i].done == 0 || letters[i].op.error != 0) {
                left = true;
                letters[i].done = 0;
                expected = done_count + 1;
                if (append(i, i, i % 2 == 0 ? "even.room" : "odd") == 0) {
                    await(&all_done);
                } else {
                    (void)usleep(20000);
                }
            }
        }
    }
}

static void append_what_is_taken(void *arg)
{
    for (unsigned i = 0; i < LETTERS; i++) {
        if (append(i, i, i % 2 == 0 ? "even.room" : "odd") != 0) {
            letters[i].op.error = JOURNAL_EAWAY;
            letters[i].done = 1;
            expected--;
        }
    }
    if (done_count == expected) {
        (void)sem_post(&all_done);
    }
}

/* Every letter is in the queue; all that were acknowledged at first, before those that failed. */
static void check_all_are_kept(const bool *was_acknowledged)
{
    static bool seen[LETTERS];
    unsigned count = 0, newest = 0;
    bool ordered = true;
    int n;

    memset(seen, 0, sizeof seen);
    while (count < LETTERS && (n = poll_some(feed, LETTERS)) > 0) {
        for (int i = 0; i < n; i++) {
            char digits[13];
            (void)snprintf(digits, sizeof digits, "%.12s",
                           (const char *)entries[i]->message.id.data + 24);
            unsigned letter = (unsigned)strtoul(digits, NULL, 16) % LETTERS;
            if (!seen[letter] && was_acknowledged[letter]) {
                ordered &= letter >= newest;
                newest = letter;
            }
            count += !seen[letter];
            seen[letter] = true;
        }
        check(feed->ops->commit(feed) == 0);
    }
    check(count == LETTERS);
    check(ordered);
}

static void loses_nothing_that_it_acknowledged_when_the_broker_is_killed_under_load(void)
{
    static bool was_acknowledged[LETTERS];
    unsigned acknowledged = 0;

    rabbitmq_raw_wipe(&options);
    start_journal();
    expected = LETTERS;
    thread_executor_run(&loop, append_what_is_taken, NULL);
    await(&some_done);
    check(service_kill(&broker, NULL));
    await(&all_done);
    for (unsigned i = 0; i < LETTERS; i++) {
        was_acknowledged[i] = letters[i].op.error == 0;
        acknowledged += was_acknowledged[i];
    }
    printf("# %u of %u acknowledged before the kill\n", acknowledged, LETTERS);
    check(service_up(&broker));
    send_until_acknowledged();
    start_feed();
    check_all_are_kept(was_acknowledged);
    stop_feed();
    stop_journal();
}

static void notices_a_broker_that_is_stopped(void)
{
    rabbitmq_raw_wipe(&options);
    start_journal();
    append_and_wait(10);
    check(service_pause(&broker, NULL));
    expected = 11;
    check(append(10, 10, "room") == 0);
    await(&all_done);
    check(letters[10].op.error == JOURNAL_ESINK);
    check(append(11, 11, "room") == JOURNAL_EAWAY);
    check(service_resume(&broker, NULL));
    await_return(12);
    stop_journal();
}

static void closes_though_the_broker_is_gone(void)
{
    rabbitmq_raw_wipe(&options);
    start_journal();
    check(service_kill(&broker, NULL));
    check(append(0, 0, "room") == 0);
    stop_journal();
    check(letters[0].done == 1 && letters[0].op.error == JOURNAL_ESINK);
    check(service_up(&broker));
}

int main(void)
{
    if (!service_installed("rabbitmq")) {
        printf("1..0 # SKIP RabbitMQ is not installed\n");
        return 0;
    }
    if (!service_start(&broker, "rabbitmq")) {
        return 1;
    }
    (void)snprintf(url, sizeof url, "amqp://guest:guest@127.0.0.1:%u", broker.port);
    options = (struct journal_rabbitmq_options){.url = url,
                                                .exchange = "chat_exchange",
                                                .queue = "message_persist_queue",
                                                .timeout_ms = 2000,
                                                .away_ms = 1000};
    RUN(gives_back_what_was_appended_once_and_in_order);
    RUN(appends_an_id_once_whether_it_is_under_way_or_done);
    RUN(brings_again_what_was_not_committed_to_the_next_reader_only);
    RUN(gives_nothing_while_paused_and_the_same_again_after);
    RUN(uses_a_queue_that_others_declared_one_reader_at_a_time);
    RUN(reads_what_producers_of_the_other_system_publish);
    RUN(writes_values_that_consumers_of_the_other_system_take);
    RUN(puts_away_what_the_store_refuses_with_the_reason);
    RUN(tries_again_what_it_cannot_read_before_it_puts_it_away);
    RUN(fails_what_no_queue_takes_and_declares_it_again);
    RUN(says_in_one_line_why_it_cannot_open);
    RUN(survives_a_broker_that_is_killed);
    RUN(loses_nothing_that_it_acknowledged_when_the_broker_is_killed_under_load);
    RUN(notices_a_broker_that_is_stopped);
    RUN(closes_though_the_broker_is_gone);
    service_finish(&broker);
    return tap_done();
}
