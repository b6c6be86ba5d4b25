// SPDX-License-Identifier: MIT
/* A feed on a topic of a real broker, for what brokers that are made up cannot do: transactions,
 * records that are deleted. */
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/journal/journal_kafka.h"
#include "src/journal/kafka_client.h"
#include "tests/support/kafka_other.h"
#include "tests/support/service.h"
#include "tests/support/tap.h"

enum { AT_ONCE = 16, POLL_MS = 50, POLLS = 600, PATIENCE_MS = 20000 };

static struct service broker;
static struct feed *feed;
static struct feed_entry *entries[AT_ONCE];
static const char *topic;
static char said[256];
static int sayings;

static void on_problem(void *arg, bool is_lost, const char *line)
{
    (void)snprintf(said, sizeof said, "%s%s", is_lost ? "lost: " : "", line);
    sayings++;
}

static void open_feed(const char *name, uint64_t position)
{
    static const uint64_t base;
    char dead[64];
    const struct journal_kafka_options options = {
        .brokers = broker.url,
        .topic = topic = name,
        .reject_topic = dead,
        .group = name,
        .create = true,
        .partitions = 1,
        .on_problem = on_problem,
    };
    struct bytes why = {0};

    (void)snprintf(dead, sizeof dead, "%s-dlq", name);
    feed = xnonnull(feed_kafka_open(&options, 1, &base, &position, &why));
    bytes_finish(&why);
}

/* Polls until something comes. */
static int next_batch(void)
{
    int count = 0;

    for (int i = 0; i < POLLS && count == 0; i++) {
        count = feed->ops->poll(feed, POLL_MS, entries, AT_ONCE);
    }
    return count;
}

static bool worked(rd_kafka_error_t *error)
{
    bool ok = error == NULL;

    if (!ok) {
        printf("# %s\n", rd_kafka_error_string(error));
        rd_kafka_error_destroy(error);
    }
    return ok;
}

static void expect(const char *id)
{
    int count = next_batch();

    check(count == 1);
    check(count == 1 && span_eq(entries[0]->message.id, span_cstr(id)));
    check(feed->ops->commit(feed) == 0);
}

/* As it is told to members at once: what they have read is in the history, too. */
static void what_a_transaction_has_not_ended_yet_comes_and_so_does_what_is_behind_it(void)
{
    open_feed("transaction", 0);
    rd_kafka_t *theirs = kafka_other_open(broker.url, "theirs"),
               *ours = kafka_other_open(broker.url, NULL);

    check(worked(rd_kafka_init_transactions(theirs, PATIENCE_MS)));
    check(worked(rd_kafka_begin_transaction(theirs)));
    kafka_other_put(theirs, topic, 1);
    expect("m1");
    kafka_other_put(ours, topic, 2);
    expect("m2");
    check(worked(rd_kafka_abort_transaction(theirs, PATIENCE_MS)));
    kafka_other_put(ours, topic, 3);
    expect("m3");
    feed->ops->close(feed);
    rd_kafka_destroy(theirs);
    rd_kafka_destroy(ours);
}

/* Takes a batch: of first nothing to store, up to that position; then that many of them. */
static void expect_skipped(uint64_t until, int others)
{
    int count = 0;

    do {
        int some = next_batch();
        check(some > 0);
        if (count == 0) {
            check(entries[0]->moved && entries[0]->position + 1 == until);
            check(entries[0]->reason == NULL && entries[0]->partition == 0);
        }
        for (int i = count == 0; i < some; i++) {
            check(!entries[i]->moved && entries[i]->position == until++);
        }
        count = some > 0 ? count + some : 1 + others;
        check(feed->ops->commit(feed) == 0);
    } while (count < 1 + others);
}

/* The store comes to where the log goes on, also if there is no record yet. */
static void what_was_deleted_before_it_was_stored_is_said_and_counted(void)
{
    struct feed_figures f;

    open_feed("deleted", 0);
    feed->ops->close(feed);
    rd_kafka_t *ours = kafka_other_open(broker.url, NULL);
    for (int i = 0; i < 10; i++) {
        kafka_other_put(ours, topic, i);
    }
    kafka_other_delete_before(ours, topic, 6);
    open_feed("deleted", 2);
    expect_skipped(6, 4);
    check(sayings == 1);
    check(strncmp(said, "kafka-topic: \"deleted\": 4 records of partition 0 were deleted", 61) ==
          0);
    feed->ops->close(feed);
    kafka_other_delete_before(ours, topic, 10);
    open_feed("deleted", 9);
    expect_skipped(10, 0);
    kafka_other_put(ours, topic, 10);
    expect("m10");
    feed->ops->figures(feed, &f);
    check(sayings == 2 && f.missing == 1 && f.shorts == 0 && f.lag <= 1);
    feed->ops->close(feed);
    rd_kafka_destroy(ours);
}

/* What comes into it has positions that are stored already. */
static void a_topic_that_is_made_anew_is_told_and_not_read(void)
{
    struct feed_figures f;
    rd_kafka_t *ours = kafka_other_open(broker.url, NULL);

    open_feed("anew", 0);
    kafka_other_put(ours, topic, 1);
    expect("m1");
    kafka_other_put(ours, topic, 2);
    expect("m2");
    sayings = 0;
    kafka_other_change(ours, topic, 0);
    for (int i = 0, rc = 0; i < POLLS && rc != FEED_EAWAY; i++) {
        rc = feed->ops->poll(feed, POLL_MS, entries, AT_ONCE);
        check(rc <= 0);
    }
    feed->ops->figures(feed, &f);
    check(!f.is_up && sayings == 1 && strstr(said, "lost: kafka-topic: \"anew\": it is not there"));
    kafka_other_change(ours, topic, 1);
    kafka_other_put(ours, topic, 3);
    for (int i = 0; i < POLLS && f.shorts == 0; i++) {
        check(feed->ops->poll(feed, POLL_MS, entries, AT_ONCE) <= 0);
        feed->ops->figures(feed, &f);
    }
    check(f.shorts == 1 && strstr(said, "lost: kafka-topic: \"anew\": partition 0 ends at 1,"));
    feed->ops->close(feed);
    rd_kafka_destroy(ours);
}

int main(void)
{
    (void)setvbuf(stdout, NULL, _IOLBF, 0); /* what a test that hangs has said is seen */
    if (!service_begin(&broker, "kafka")) {
        return tap_skip("Kafka is not installed");
    }
    RUN(what_a_transaction_has_not_ended_yet_comes_and_so_does_what_is_behind_it);
    RUN(what_was_deleted_before_it_was_stored_is_said_and_counted);
    RUN(a_topic_that_is_made_anew_is_told_and_not_read);
    service_finish(&broker);
    return tap_done();
}
