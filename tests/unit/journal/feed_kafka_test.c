/* What the feed of Kafka adds to what every feed promises (tests/contract/feed_contract.c): places,
 * where its partitions begin, records of other producers, and brokers that are away. */
// SPDX-License-Identifier: MIT
#include <time.h>

#include "src/journal/journal_kafka.h"
#include "src/journal/journal_value.h"
#include "src/journal/kafka_client.h"
#include "tests/support/kafka_mock.h"
#include "tests/support/tap.h"

enum { PARTITIONS = 4, BATCH = 16, WAIT_MS = 20, PATIENCE_S = 60, BASE = 1000 };

static struct kafka_mock mock;
static struct feed *feed; /* of most cases: it takes the mock three seconds to form a group */
static char said[256];
static uint64_t ends[PARTITIONS];
static struct feed_entry *entries[BATCH];

static void on_problem(void *arg, bool is_lost, const char *line)
{
    (void)snprintf(said, sizeof said, "%s%s", is_lost ? "lost: " : "", line);
}

static struct feed *open_feed(const uint64_t positions[PARTITIONS])
{
    static const uint64_t bases[PARTITIONS] = {BASE, BASE, BASE, BASE};
    const struct journal_kafka_options options = {
        .brokers = mock.brokers,
        .topic = "chat",
        .reject_topic = "chat-dlq",
        .group = "persister",
        .timeout_ms = 3000,
        .settings = "session.timeout.ms=6000, heartbeat.interval.ms=300, log_level=0",
        .on_problem = on_problem,
    };
    struct bytes why = {0};
    struct feed *opened = feed_kafka_open(&options, PARTITIONS, bases, positions, &why);

    check(opened != NULL && why.len == 0);
    bytes_finish(&why);
    return opened;
}

static struct feed_figures figures(void)
{
    struct feed_figures f;
    feed->ops->figures(feed, &f);
    return f;
}

static time_t later(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* Polls until something comes. */
static int next_batch(void)
{
    int count = 0;

    for (time_t until = later() + PATIENCE_S; count == 0 && later() < until;) {
        count = feed->ops->poll(feed, WAIT_MS, entries, BATCH);
    }
    return count;
}

static struct feed_entry *next_entry(void)
{
    static struct feed_entry none;
    int count = next_batch();

    check(count == 1);
    return count == 1 ? entries[0] : &none;
}

static int room_partition(const char *room)
{
    return (int)kafka_partition_of(span_cstr(room), PARTITIONS);
}

static void put(int partition, const char *room, const char *value)
{
    kafka_mock_put(&mock, partition, room, value);
    ends[partition]++;
}

/* The number of the last record there. */
static uint64_t last(unsigned partition)
{
    return ends[partition] - 1;
}

static void put_ours(int partition, const char *room, const char *id)
{
    struct bytes value = {0};

    journal_value_write(&value, &(struct message){.id = span_cstr(id),
                                                  .room = span_cstr(room),
                                                  .user_id = SPAN("ann"),
                                                  .content = SPAN("1"),
                                                  .timestamp_ms = 17,
                                                  .dialect = 5});
    bytes_add_byte(&value, 0);
    put(partition, room, (const char *)value.data);
    bytes_finish(&value);
}

static bool is_id(struct span id, unsigned partition, uint64_t position)
{
    char want[JOURNAL_VALUE_ID_BYTES];

    journal_value_id(SPAN("chat"), partition, position, want);
    return span_eq(id, span_of(want, sizeof want));
}

#define CHATROOM(room) "{\"userId\":\"bob\",\"chatRoomId\":\"" room "\",\"message\":\"hi\"}"

static void a_partition_begins_where_the_store_is(void)
{
    int at = room_partition("r");
    uint64_t positions[PARTITIONS] = {0};

    for (int i = 0; i < 5; i++) {
        put_ours(at, "r", (const char *[]){"a", "b", "c", "d", "e"}[i]);
    }
    positions[at] = 4;
    feed = open_feed(positions);
    const struct feed_entry *e = next_entry();
    check(e->position == 4 && e->partition == (unsigned)at && e->message.placed == BASE + 5);
    check(span_eq(e->message.id, SPAN("e")) && e->message.timestamp_ms == 17 && !e->moved);
    check(figures().lag == 1 && figures().partitions == PARTITIONS);
    check(feed->ops->commit(feed) == 0);
    check(feed->ops->poll(feed, 0, entries, BATCH) == 0);
    check(figures().lag == 0 && figures().is_up);
}

static void a_record_of_another_producer_gets_an_id_and_a_time(void)
{
    int at = room_partition("r");

    put(at, "r", CHATROOM("r"));
    const struct feed_entry *e = next_entry();
    check(!e->moved && is_id(e->message.id, (unsigned)at, last((unsigned)at)) &&
          e->message.placed == BASE + ends[at]);
    check(span_eq(e->message.user_id, SPAN("bob")) && e->message.timestamp_ms > 0);
    check(feed->ops->commit(feed) == 0);
}

static void a_record_in_another_partition_than_its_rooms_is_moved(void)
{
    unsigned home = (unsigned)room_partition("r"), other = (home + 1) % PARTITIONS;

    put((int)other, "", CHATROOM("r"));
    ends[home]++;
    const struct feed_entry *e = next_entry();
    check(e->moved && e->reason == NULL && e->partition == other && e->position == last(other));
    check(feed->ops->commit(feed) == 0);
    e = next_entry();
    check(!e->moved && e->reason == NULL && e->partition == home && e->position == last(home));
    check(is_id(e->message.id, other, last(other)) && span_eq(e->message.room, SPAN("r")));
    check(span_eq(e->message.content, SPAN("\"hi\"")) && e->message.timestamp_ms > 0);
    check(feed->ops->commit(feed) == 0);
    check(figures().moved == 1);
}

static void a_record_of_ours_stays_where_it_is(void)
{
    int other = (room_partition("r") + 1) % PARTITIONS;

    put_ours(other, "r", "a");
    const struct feed_entry *e = next_entry();
    check(!e->moved && e->partition == (unsigned)other && span_eq(e->message.id, SPAN("a")));
    check(feed->ops->commit(feed) == 0);
}

static void what_the_store_wrote_into_an_entry_is_gone_when_it_comes_again(void)
{
    put_ours(room_partition("r"), "r", "a");
    struct feed_entry *e = next_entry();
    e->message.offset = e->message.timestamp_ms = 99;
    feed->ops->pause(feed);
    check(feed->ops->poll(feed, 0, entries, BATCH) == 0);
    feed->ops->resume(feed);
    e = next_entry();
    check(e->message.offset == 0 && e->message.timestamp_ms == 17 &&
          e->position == last(e->partition));
    check(feed->ops->commit(feed) == 0);
}

static void the_lag_grows_while_the_feed_is_paused(void)
{
    int at = room_partition("r");

    put_ours(at, "r", "a");
    (void)next_entry();
    check(feed->ops->commit(feed) == 0);
    feed->ops->pause(feed);
    put_ours(at, "r", "b");
    put_ours(at, "r", "c");
    for (time_t until = later() + PATIENCE_S; figures().lag < 2 && later() < until;) {
        check(feed->ops->poll(feed, WAIT_MS, entries, BATCH) == 0);
    }
    check(figures().lag == 2);
    feed->ops->resume(feed);
    for (uint64_t next = last((unsigned)at) - 1; next < ends[at];) {
        int count = next_batch();
        for (int i = 0; i < count; i++) {
            check(entries[i]->position == next++);
        }
        check(count > 0 && feed->ops->commit(feed) == 0);
        next = count > 0 ? next : ends[at];
    }
}

static void brokers_that_are_away_are_told_and_come_back(void)
{
    int at = room_partition("r"), rc = 0;

    put_ours(at, "r", "a");
    (void)next_entry();
    check(feed->ops->commit(feed) == 0);
    (void)rd_kafka_mock_broker_set_down(mock.cluster, 1);
    for (time_t until = later() + PATIENCE_S; rc != FEED_EAWAY && later() < until;) {
        rc = feed->ops->poll(feed, WAIT_MS, entries, BATCH);
    }
    check(rc == FEED_EAWAY && !figures().is_up);
    (void)rd_kafka_mock_broker_set_up(mock.cluster, 1);
    put_ours(at, "r", "b");
    for (time_t until = later() + PATIENCE_S; rc <= 0 && later() < until;) {
        rc = feed->ops->poll(feed, WAIT_MS, entries, BATCH);
    }
    check(rc == 1 && entries[0]->position == last((unsigned)at) && figures().is_up);
    check(feed->ops->commit(feed) == 0);
}

/* What a reader got of each partition. */
struct reading {
    uint64_t lowest[PARTITIONS], highest[PARTITIONS];
    bool any[PARTITIONS];
};

/* One turn of a reader that stores what it gets. */
static void read_some(struct feed *reader, struct reading *r)
{
    int count = reader->ops->poll(reader, WAIT_MS, entries, BATCH);

    for (int i = 0; i < count; i++) {
        unsigned part = entries[i]->partition;
        uint64_t position = entries[i]->position;
        r->lowest[part] = r->any[part] && r->lowest[part] < position ? r->lowest[part] : position;
        r->highest[part] = r->highest[part] > position ? r->highest[part] : position;
        r->any[part] = true;
    }
    if (count > 0) {
        (void)reader->ops->commit(reader);
    }
}

static unsigned parts_of(struct feed *reader)
{
    struct feed_figures f;
    reader->ops->figures(reader, &f);
    return f.partitions;
}

static void put_everywhere(void)
{
    for (int i = 0; i < PARTITIONS; i++) {
        put_ours(i, "any", "id");
    }
}

/* Has one of them got the last record of each partition? Who took one over may first get what the
 * other had not committed yet. */
static bool all_read(const struct reading *one, const struct reading *other)
{
    unsigned count = 0;

    for (unsigned i = 0; i < PARTITIONS; i++) {
        count += one->highest[i] == last(i) || other->highest[i] == last(i);
    }
    return count == PARTITIONS;
}

static void what_is_taken_over_later_begins_where_the_other_reader_was(void)
{
    struct reading before = {0}, mine = {0}, its = {0}, after = {0};
    unsigned taken = 0;

    /* from zero it would move the record in the wrong partition once more, to the end of its own */
    struct feed *other = open_feed(ends);
    put_everywhere();
    for (time_t until = later() + PATIENCE_S; parts_of(other) < 2 && later() < until;) {
        read_some(feed, &before);
        read_some(other, &before);
    }
    put_everywhere();
    for (time_t until = later() + PATIENCE_S; !all_read(&mine, &its) && later() < until;) {
        read_some(feed, &mine);
        read_some(other, &its);
    }
    feed->ops->close(feed);
    feed = other;
    for (time_t until = later() + PATIENCE_S; parts_of(feed) < PARTITIONS && later() < until;) {
        read_some(feed, &after);
    }
    put_everywhere();
    for (time_t until = later() + PATIENCE_S; !all_read(&after, &after) && later() < until;) {
        read_some(feed, &after);
    }
    for (unsigned i = 0; i < PARTITIONS; i++) {
        check(after.lowest[i] == last(i)); /* without a gap, and nothing twice */
        taken += mine.any[i] && !its.any[i];
    }
    check(parts_of(feed) == PARTITIONS && taken > 0);
}

/* librdkafka keeps a partition paused that is given up so. */
static void what_was_paused_when_it_was_given_up_is_read_when_it_comes_back(void)
{
    struct reading any = {0}, after = {0};
    struct feed *other = open_feed(ends);

    feed->ops->pause(feed);
    for (time_t until = later() + PATIENCE_S; parts_of(other) < 2 && later() < until;) {
        read_some(feed, &any);
        read_some(other, &any);
    }
    check(parts_of(other) == 2);
    feed->ops->resume(feed);
    other->ops->close(other);
    for (time_t until = later() + PATIENCE_S; parts_of(feed) < PARTITIONS && later() < until;) {
        read_some(feed, &any);
    }
    put_everywhere();
    for (time_t until = later() + PATIENCE_S; !all_read(&after, &after) && later() < until;) {
        read_some(feed, &after);
    }
    check(all_read(&after, &after));
}

static void a_topic_with_other_partitions_than_the_stores_is_refused(void)
{
    const struct journal_kafka_options options = {
        .topic = "chat", .reject_topic = "chat-dlq", .group = "g", .settings = "log_level=0"};
    struct journal_kafka_options with_brokers = options;
    static const uint64_t zeros[PARTITIONS + 1];
    struct bytes why = {0};

    with_brokers.brokers = mock.brokers;
    check(feed_kafka_open(&with_brokers, PARTITIONS + 1, zeros, zeros, &why) == NULL);
    check(why.len > 0 && memmem(why.data, why.len, "has 4 partitions", 16) != NULL);
    check(feed_kafka_open(&options, PARTITIONS, zeros, zeros, &why) == NULL && why.len > 0);
    bytes_finish(&why);
}

/* It may have been made anew: what has those numbers now is not what is stored. */
static void a_log_that_is_shorter_than_what_is_stored_is_told_and_not_read(void)
{
    unsigned at = (unsigned)room_partition("r");
    uint64_t positions[PARTITIONS];
    char want[128];

    memcpy(positions, ends, sizeof positions);
    positions[at] += 2;
    (void)snprintf(want, sizeof want, "lost: kafka-topic: \"chat\": partition %u ends at %llu,", at,
                   (unsigned long long)ends[at]);
    feed = open_feed(positions);
    for (time_t until = later() + PATIENCE_S; figures().shorts == 0 && later() < until;) {
        check(feed->ops->poll(feed, WAIT_MS, entries, BATCH) == 0);
    }
    check(figures().shorts == 1 && strncmp(said, want, strlen(want)) == 0);
    for (int i = 0; i < 3; i++) { /* as a broker that had not known them yet */
        put_ours((int)at, "r", (const char *[]){"x", "y", "z"}[i]);
    }
    const struct feed_entry *e = next_entry();
    check(e->position == last(at) && span_eq(e->message.id, SPAN("z")) && figures().shorts == 0);
    check(feed->ops->commit(feed) == 0);
    check(figures().missing == 0);
    feed->ops->close(feed);
}

/* Its assertion of a member without an assignment would end the program. */
static void a_group_that_never_tells_what_is_whose_can_be_left(void)
{
    enum { SYNC_GROUP = 14 };
    static const uint64_t zeros[PARTITIONS];
    static rd_kafka_resp_err_t errors[64];

    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        errors[i] = RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
    }
    rd_kafka_mock_push_request_errors_array(mock.cluster, SYNC_GROUP,
                                            sizeof errors / sizeof *errors, errors);
    feed = open_feed(zeros);
    feed->ops->close(feed);
    rd_kafka_mock_clear_request_errors(mock.cluster, SYNC_GROUP);
}

int main(void)
{
    kafka_mock_start(&mock, PARTITIONS);
    RUN(a_partition_begins_where_the_store_is);
    RUN(a_record_of_another_producer_gets_an_id_and_a_time);
    RUN(a_record_in_another_partition_than_its_rooms_is_moved);
    RUN(a_record_of_ours_stays_where_it_is);
    RUN(what_the_store_wrote_into_an_entry_is_gone_when_it_comes_again);
    RUN(the_lag_grows_while_the_feed_is_paused);
    RUN(brokers_that_are_away_are_told_and_come_back);
    RUN(what_is_taken_over_later_begins_where_the_other_reader_was);
    RUN(what_was_paused_when_it_was_given_up_is_read_when_it_comes_back);
    RUN(a_topic_with_other_partitions_than_the_stores_is_refused);
    feed->ops->close(feed);
    RUN(a_log_that_is_shorter_than_what_is_stored_is_told_and_not_read);
    RUN(a_group_that_never_tells_what_is_whose_can_be_left);
    kafka_mock_stop(&mock);
    return tap_done();
}
