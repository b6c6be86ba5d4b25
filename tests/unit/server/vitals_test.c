// SPDX-License-Identifier: MIT
#include "src/server/vitals.h"

#include <string.h>

#include "src/base/message.h"
#include "tests/support/feed_fake.h"
#include "tests/support/tap.h"

static struct rookery *io;
static struct vitals vitals;

static void start_with(bool has_store, unsigned recovery_ms)
{
    struct rookery_options options;
    rookery_options_init(&options);
    options.loops = 2;
    options.recovery.max_disconnection_ms = recovery_ms;
    io = rookery_create(&options);
    memset(&vitals, 0, sizeof vitals);
    vitals_add_routes(&vitals, io, has_store);
}

static void start(bool has_store)
{
    start_with(has_store, 0);
}

/* A store of which only appends are used. */
static int append_error;

static int append(struct store *store, struct message *const *messages, size_t count)
{
    return append_error;
}

static void close_store(struct store *store)
{
}

static const struct store_ops ops = {.name = "test", .append = append, .close = close_store};
static struct store store = {.ops = &ops};

/* A journal of which only figures are looked at. */
static struct journal_figures broker;

static void broker_figures(struct journal *journal, struct journal_figures *figures)
{
    *figures = broker;
}

static uint64_t broker_place(struct journal *journal, struct span room, unsigned *partition)
{
    *partition = 0;
    return 0;
}

static const struct journal_ops kafka_ops = {
    .name = "kafka", .figures = broker_figures, .place = broker_place};
static const struct journal_ops rabbitmq_ops = {.name = "rabbitmq", .figures = broker_figures};
static struct journal kafka = {.ops = &kafka_ops}, rabbitmq = {.ops = &rabbitmq_ops};

static bool has_line(const struct bytes *text, const char *line)
{
    size_t len = strlen(line);
    const char *at = memmem(text->data, text->len, line, len);
    return at != NULL && at[len] == '\n' && (at == (const char *)text->data || at[-1] == '\n');
}

static void is_ready_unless_the_store_fails(void)
{
    start(true);
    check(vitals_look(&vitals).not_ready == NULL);
    check(vitals_look(&vitals).database == SERVICE_CONNECTED);
    append_error = STORE_EIO;
    check(vitals_append(&vitals, &store, NULL, 1) == STORE_EIO);
    check(strcmp(vitals_look(&vitals).not_ready, "the store fails") == 0);
    check(vitals_look(&vitals).database == SERVICE_DISCONNECTED);
    append_error = 0;
    check(vitals_append(&vitals, &store, NULL, 1) == 0);
    check(vitals_look(&vitals).not_ready == NULL);
    vitals_store_failed(&vitals);
    check(vitals_look(&vitals).not_ready != NULL);
    atomic_fetch_sub(&vitals.store_failed_s, VITALS_FAILED_S); /* that long ago */
    check(vitals_look(&vitals).not_ready == NULL);
    rookery_destroy(io);
}

static void is_ready_while_only_reads_fail_and_says_so(void)
{
    start(true);
    vitals_reading_failed(&vitals);
    check(vitals_look(&vitals).not_ready == NULL);
    check(vitals_look(&vitals).database == SERVICE_DISCONNECTED);
    check(vitals_append(&vitals, &store, NULL, 1) == 0); /* which says nothing of reads */
    check(vitals_look(&vitals).database == SERVICE_DISCONNECTED);
    atomic_fetch_sub(&vitals.reading_failed_s, VITALS_FAILED_S); /* that long ago */
    check(vitals_look(&vitals).database == SERVICE_CONNECTED);
    rookery_destroy(io);
}

/* Messages wait in the broker then, and people are served. */
static void with_a_broker_it_is_ready_while_the_broker_is_there(void)
{
    start(true);
    broker = (struct journal_figures){.is_up = true};
    vitals_see(&vitals, &kafka, NULL, NULL, NULL);
    check(vitals_look(&vitals).not_ready == NULL);
    check(vitals_look(&vitals).kafka == SERVICE_CONNECTED);
    vitals_store_failed(&vitals);
    check(vitals_look(&vitals).not_ready == NULL);
    check(vitals_look(&vitals).database == SERVICE_DISCONNECTED);
    broker.is_up = false;
    check(strcmp(vitals_look(&vitals).not_ready, "the broker is away") == 0);
    check(vitals_look(&vitals).kafka == SERVICE_DISCONNECTED);
    vitals_see(&vitals, &rabbitmq, NULL, NULL, NULL);
    check(strcmp(vitals_look(&vitals).not_ready, "the broker is away") == 0);
    check(vitals_look(&vitals).kafka == SERVICE_NOT_CONFIGURED);
    broker.is_up = true;
    check(vitals_look(&vitals).not_ready == NULL);
    rookery_stop(io);
    check(strcmp(vitals_look(&vitals).not_ready, "stopping") == 0);
    rookery_destroy(io);
}

/* Of what is acknowledged then nothing would be stored. */
static void is_not_ready_while_the_log_is_shorter_than_what_is_stored_of_it(void)
{
    struct feed_fake feed;

    start(true);
    broker = (struct journal_figures){.is_up = true};
    feed_fake_init(&feed, NULL, 0, NULL);
    feed.shorts = 1;
    struct persister *persister =
        persister_create(&(struct persister_options){.feed = &feed.feed, .store = &store});
    vitals_see(&vitals, &kafka, persister, NULL, NULL);
    check(strcmp(vitals_look(&vitals).not_ready, "the broker's log is shorter than the store") ==
          0);
    persister_destroy(persister);
    feed_fake_finish(&feed);
    rookery_destroy(io);
}

static void is_not_ready_once_it_stops(void)
{
    start(false);
    check(vitals_look(&vitals).not_ready == NULL);
    check(vitals_look(&vitals).database == SERVICE_NOT_CONFIGURED);
    rookery_stop(io);
    check(strcmp(vitals_look(&vitals).not_ready, "stopping") == 0);
    rookery_destroy(io);
}

/* Every sample belongs to the family of the last TYPE, and no family comes twice. */
static void check_families(struct bytes *text)
{
    char seen[8192] = "|", family[80] = "", mark[96];
    bytes_add_byte(text, '\0');
    for (char *line = strtok((char *)text->data, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (strncmp(line, "# TYPE ", 7) == 0) {
            (void)snprintf(family, sizeof family, "%.*s", (int)strcspn(line + 7, " "), line + 7);
            (void)snprintf(mark, sizeof mark, "|%s|", family);
            check(strstr(seen, mark) == NULL);
            (void)snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s|", family);
        } else if (line[0] != '#') {
            check(family[0] != '\0' && strncmp(line, family, strlen(family)) == 0);
        }
    }
}

static void writes_every_family_once(void)
{
    struct bytes text = {0};
    start(true);
    append_error = 0;
    check(vitals_append(&vitals, &store, NULL, 1) == 0);
    vitals_write(&text, &vitals);
    check(has_line(&text, "# TYPE rookery_sessions_closed_total counter"));
    check(has_line(&text, "rookery_sessions_closed_total{reason=\"ping timeout\"} 0"));
    check(has_line(&text, "rookery_chat_refusals_total{reason=\"rate limited\"} 0"));
    check(has_line(&text, "rookery_messages_total{dialect=\"native\"} 0"));
    check(has_line(&text, "rookery_deliveries_total 0"));
    check(has_line(&text, "rookery_connections 0"));
    check(has_line(&text, "# TYPE rookery_queue_bytes gauge"));
    check(has_line(&text, "rookery_loop_turn_seconds_count{loop=\"1\"} 0"));
    check(has_line(&text, "rookery_store_append_seconds_count 1"));
    check(has_line(&text, "rookery_store_call_seconds_count{kind=\"search\"} 0"));
    check_families(&text);
    bytes_finish(&text);
    rookery_destroy(io);
}

static void writes_of_sessions_that_are_come_back_to_where_there_are_some(void)
{
    struct bytes text = {0};
    start(false);
    vitals_write(&text, &vitals);
    check(memmem(text.data, text.len, "rookery_recovery", 16) == NULL);
    rookery_destroy(io);
    bytes_clear(&text);
    start_with(false, 1000);
    vitals_write(&text, &vitals);
    check(has_line(&text, "# TYPE rookery_recovery_saved_total counter"));
    check(has_line(&text, "rookery_recovery_restored_total 0"));
    check(has_line(&text, "rookery_recovery_refused_total 0"));
    check(has_line(&text, "rookery_recovery_dropped_total 0"));
    check(has_line(&text, "# TYPE rookery_recovery_bytes gauge"));
    check_families(&text);
    bytes_finish(&text);
    rookery_destroy(io);
}

static void writes_what_journal_persister_reads_and_cache_count(void)
{
    struct bytes text = {0};
    struct feed_fake feed;
    struct behind behind;
    struct history_cache cache;
    const uint64_t base = 0;

    start(true);
    broker = (struct journal_figures){.queue_messages = 1,
                                      .queue_bytes = 2,
                                      .refused = 3,
                                      .refused_away = 4,
                                      .failed = 5,
                                      .repeated = 6,
                                      .malformed = 7,
                                      .gaps = 8,
                                      .side_lost = 9,
                                      .is_up = true};
    feed_fake_init(&feed, NULL, 0, NULL);
    feed.missing = 6;
    struct persister *persister =
        persister_create(&(struct persister_options){.feed = &feed.feed, .store = &store});
    behind_init(&behind, &(struct behind_options){.inner = &store,
                                                  .journal = &kafka,
                                                  .log = SPAN("log"),
                                                  .partitions = 1,
                                                  .bases = &base});
    history_cache_init(&cache, &(struct history_cache_options){.inner = &store, .bytes_max = 4096});
    vitals_see(&vitals, &kafka, persister, &behind, &cache);
    vitals_write(&text, &vitals);
    static const char *const lines[] = {
        "rookery_journal_queue_messages 1",
        "rookery_journal_queue_bytes 2",
        "rookery_journal_refused_total{reason=\"full\"} 3",
        "rookery_journal_refused_total{reason=\"away\"} 4",
        "rookery_journal_failed_total 5",
        "rookery_journal_repeated_total 6",
        "rookery_journal_malformed_total 7",
        "rookery_journal_gaps_total 8",
        "rookery_journal_side_lost_total 9",
        "rookery_journal_up 1",
        "rookery_persist_stored_total 0",
        "rookery_persist_repeated_total 0",
        "rookery_persist_rejected_total 0",
        "rookery_persist_deferred_total 0",
        "rookery_persist_moved_total 0",
        "rookery_persist_missing_total 6",
        "rookery_persist_batches_total 0",
        "rookery_persist_retries_total 0",
        "# TYPE rookery_persist_lag gauge",
        "# TYPE rookery_persist_partitions gauge",
        "rookery_persist_short_partitions 0",
        "rookery_persist_store_away 0",
        "rookery_reads_waited_total 0",
        "rookery_reads_timed_out_total 0",
        "rookery_history_cache_total{from=\"memory\"} 0",
        "rookery_history_cache_total{from=\"redis\"} 0",
        "rookery_history_cache_total{from=\"store\"} 0",
        "rookery_history_cache_pages 0",
        "rookery_history_cache_bytes 0",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        check(has_line(&text, lines[i]));
    }
    check_families(&text);
    bytes_finish(&text);
    persister_destroy(persister);
    store_close(&cache.store);
    store_close(&behind.store);
    feed_fake_finish(&feed);
    rookery_destroy(io);
}

int main(void)
{
    RUN(is_ready_unless_the_store_fails);
    RUN(is_ready_while_only_reads_fail_and_says_so);
    RUN(with_a_broker_it_is_ready_while_the_broker_is_there);
    RUN(is_not_ready_while_the_log_is_shorter_than_what_is_stored_of_it);
    RUN(is_not_ready_once_it_stops);
    RUN(writes_every_family_once);
    RUN(writes_of_sessions_that_are_come_back_to_where_there_are_some);
    RUN(writes_what_journal_persister_reads_and_cache_count);
    return tap_done();
}
