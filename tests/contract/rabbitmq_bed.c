// SPDX-License-Identifier: MIT
#include "tests/contract/rabbitmq_bed.h"

#include <stdio.h>
#include <stdlib.h>

#include "src/base/memory.h"

enum { WAIT_MS = 5000 };

struct service broker;
struct journal_rabbitmq_options options;
struct thread_executor loop;
struct journal *journal;
struct feed *feed;

struct letter letters[LETTERS];
unsigned order[LETTERS];
unsigned done_count, expected;
sem_t some_done, all_done;
struct rabbitmq_states states;
struct feed_entry *entries[LETTERS];

bool start_broker(void)
{
    static char url[SERVICE_TEXT_MAX];

    if (!service_begin(&broker, "rabbitmq")) {
        return false;
    }
    (void)snprintf(url, sizeof url, "amqp://guest:guest@127.0.0.1:%u", broker.port);
    options = (struct journal_rabbitmq_options){.url = url,
                                                .exchange = "chat_exchange",
                                                .queue = "message_persist_queue",
                                                .timeout_ms = 2000,
                                                .away_ms = 1000};
    return true;
}

void stop_broker(void)
{
    service_finish(&broker);
}

static void on_state(void *arg, bool is_up, const char *line)
{
    states.count[is_up]++;
    states.told_password |= strstr(line, "guest:guest") != NULL;
    (void)snprintf(states.last[is_up], RABBITMQ_RAW_MAX, "%s", line);
    (void)sem_post(&states.changed);
}

void await(sem_t *sem)
{
    while (sem_wait(sem) != 0) {
    }
}

void start_journal(void)
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

void stop_journal(void)
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

static void write_id(char id[40], unsigned n)
{
    (void)snprintf(id, 40, "018bcfe5-6800-7000-8000-%012x", n);
}

int append(unsigned i, unsigned id, const char *room)
{
    struct letter *letter = &letters[i];

    write_id(letter->id, id);
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

int append_letter(unsigned i)
{
    return append(i, i, i % 2 == 0 ? "even.room" : "odd");
}

static unsigned refused;

static void append_all(void *arg)
{
    unsigned count = *(unsigned *)arg;

    refused = 0;
    for (unsigned i = 0; i < count; i++) {
        if (append_letter(i) != 0) {
            refused++;
        }
    }
}

void append_and_wait(unsigned count)
{
    expected = count;
    thread_executor_run(&loop, append_all, &count);
    check(refused == 0);
    await(&all_done);
}

void start_feed(void)
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

void stop_feed(void)
{
    feed->ops->close(feed);
}

int poll_some(struct feed *from, unsigned max)
{
    uint64_t end_ms = rabbitmq_now_ms() + WAIT_MS;
    int n = 0;
    while (n <= 0 && rabbitmq_now_ms() < end_ms) {
        n = from->ops->poll(from, 200, entries, max);
    }
    return n;
}

unsigned read_letters(unsigned count)
{
    unsigned got = 0;
    int n;

    while (got < count && (n = poll_some(feed, count - got)) > 0) {
        for (int i = 0; i < n; i++) {
            char id[40];
            write_id(id, got++);
            check(entries[i]->reason == NULL);
            check(span_eq(entries[i]->message.id, span_cstr(id)));
        }
        check(feed->ops->commit(feed) == 0);
    }
    return got;
}

void check_empty(void)
{
    check(feed->ops->poll(feed, EMPTY_MS, entries, LETTERS) == 0);
}
