// SPDX-License-Identifier: MIT
#include "src/server/storage.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "src/base/digest.h"
#include "src/base/memory.h"
#include "src/journal/journal_kafka.h"
#include "src/journal/journal_rabbitmq.h"
#include "src/server/places.h"

static bool is(const char *name, const char *other)
{
    return strcmp(name, other) == 0;
}

/* ---- what goes wrong later ---- */

/* Called on threads of the store; peers decide how often a full disk is written to. */
static void on_store_problem(void *arg, const char *line, bool writing)
{
    struct storage *s = arg;

    if (writing) {
        vitals_store_failed(s->vitals);
    } else {
        vitals_reading_failed(s->vitals);
    }
    log_write_limited(&s->store_problems, LOG_ERROR, "the store has a problem",
                      LOG_FIELDS(LOG_TEXT("why", line)));
}

static void on_broker_state(void *arg, bool is_up, const char *line)
{
    struct storage *s = arg;

    log_write_limited(&s->broker_problems, is_up ? LOG_WARN : LOG_ERROR,
                      is_up ? "of the broker, which is there" : "the broker is away",
                      LOG_FIELDS(LOG_TEXT("what", line)));
}

/* Called on threads of the journal, or of the persister. */
static void on_found(void *arg, const struct rabbitmq_found *found)
{
    log_write(LOG_WARN,
              "it is there already, and differs from what this server would declare: it is used as "
              "it is, but unless it is durable acknowledged messages may not survive a restart of "
              "the broker",
              LOG_FIELDS(LOG_TEXT("option", found->option), LOG_TEXT("name", found->name),
                         LOG_SPAN("why", found->why)));
}

static void on_persist_problem(void *arg, const char *line)
{
    struct storage *s = arg;

    log_write_limited(&s->persist_problems, LOG_WARN, "bringing messages into the store",
                      LOG_FIELDS(LOG_TEXT("what", line)));
}

/* Each partition has its line. */
static void on_log_problem(void *arg, bool is_lost, const char *line)
{
    log_write(is_lost ? LOG_ERROR : LOG_WARN, "the log is not what it was",
              LOG_FIELDS(LOG_TEXT("what", line)));
}

static void on_progress(void *arg, unsigned partition, uint64_t position)
{
    struct storage *s = arg;

    if (s->behind.self != NULL) {
        behind_progress(&s->behind, partition, position);
    }
}

/* The store may well be there, and nobody bring anything into it. Called on all loops. */
static void on_late_read(void *arg)
{
    struct storage *s = arg;
    const char *why = s->options->persist
                          ? "what brings it there is away or slow (rookery_persist_lag)"
                          : "persist is no: does `rookery persist` run, and keep up?";

    vitals_reading_failed(s->vitals);
    log_write_limited(&s->late_reads, LOG_WARN,
                      "a read has waited in vain for the store to have what is in the log",
                      LOG_FIELDS(LOG_TEXT("why", why)));
}

/* ---- the store ---- */

static char *make_place(const struct daemon_options *o)
{
    char *path;

    if (place_make(o->data_dir) < 0) {
        log_write(LOG_ERROR, "cannot make the data folder",
                  LOG_FIELDS(LOG_TEXT("data", o->data_dir), LOG_TEXT("why", strerror(errno))));
        return NULL;
    }
    if (asprintf(&path, "%s/rookery.sqlite", o->data_dir) < 0) {
        abort();
    }
    return path;
}

static void tell_bad_store(const struct storage *s, bool replica, struct span why)
{
    const char *option = replica ? "database-replica-url" : s->choice.url_option;

    log_write(LOG_ERROR, "cannot open the store",
              LOG_FIELDS(LOG_TEXT("store", s->choice.store), LOG_TEXT("option", option),
                         LOG_SPAN("why", why)));
}

static int open_store(struct storage *s)
{
    const struct daemon_options *o = s->options;
    const char *name = s->choice.store;
    struct bytes why = {0};
    bool replica_fails = false;
    char *path = NULL;

    if (is(name, "sqlite") && (path = make_place(o)) == NULL) {
        return -1;
    }
    const struct store_options options = {
        .path = path,
        .url = s->choice.url,
        .replica_url = o->database_replica_url,
        .replica_fails = &replica_fails,
        .timeout_ms = (unsigned)o->store_timeout_ms,
        .readers = (unsigned)o->store_readers,
        .on_problem = on_store_problem,
        .on_problem_arg = s,
    };
    s->base = store_ops_by_name(name)->open(&options, &why);
    s->store = s->base;
    if (s->base == NULL) {
        tell_bad_store(s, replica_fails, bytes_span(&why));
    }
    free(path);
    bytes_finish(&why);
    return s->base == NULL ? -1 : 0;
}

/* Nodes with one store share the work. Of those with a file each, each is a group of its own, by
 * machine and folder: whether they know of each other (redis-url) or not, what one of a group has
 * brought into its file the others' lack. */
static void name_group(struct storage *s)
{
    const struct daemon_options *o = s->options;
    char machine[256] = "", folder[PATH_MAX] = "";
    uint8_t digest[16];

    if (!is(s->choice.store, "sqlite")) {
        (void)snprintf(s->group, sizeof s->group, "%s", o->kafka_group);
        return;
    }
    (void)gethostname(machine, sizeof machine - 1);
    (void)realpath(o->data_dir, folder);
    const struct span parts[] = {span_cstr(machine), span_cstr(folder)};
    digest_128(parts, sizeof parts / sizeof *parts, digest);
    (void)snprintf(s->group, sizeof s->group, "%.255s-%02x%02x%02x%02x%02x%02x", o->kafka_group,
                   digest[0], digest[1], digest[2], digest[3], digest[4], digest[5]);
}

/* Places in rooms that the store gives now the log gives as well, once it goes on; which of two
 * messages has it is no question of who was acknowledged. */
static void warn_of_log(struct storage *s)
{
    const char *topic = s->options->kafka_topic;

    if (is(s->choice.journal, "kafka")) {
        return;
    }
    if (store_mark(s->base, span_cstr(topic), 0, 0) == 0) { /* it knows it; that changes nothing */
        log_write(LOG_WARN,
                  "the store has what Kafka had, and this server goes on without it: go back to "
                  "Kafka with a new kafka-topic only, or messages will end in the dead letters",
                  LOG_FIELDS(LOG_TEXT("kafka-topic", topic)));
    }
}

int storage_open(struct storage *s, const struct daemon_options *options, struct vitals *vitals)
{
    s->options = options;
    s->vitals = vitals;
    s->choice = storage_choose(options);
    if (s->choice.contradiction != NULL) {
        log_write(LOG_ERROR, "these options do not go together",
                  LOG_FIELDS(LOG_TEXT("why", s->choice.contradiction)));
        return -1;
    }
    if (is(s->choice.journal, "none")) {
        return 0;
    }
    if (open_store(s) < 0) {
        return -1;
    }
    warn_of_log(s);
    name_group(s);
    return 0;
}

bool storage_is_shared(const struct storage *s)
{
    return s->base != NULL && (!is(s->base->ops->name, "sqlite") ||
                               (s->journal != NULL && journal_follows(s->journal)));
}

/* ---- the journal ---- */

static int write_to_store(void *arg, struct message *const *messages, size_t count)
{
    struct storage *s = arg;

    return vitals_append(s->vitals, s->store, messages, count);
}

static const char *unless_none(const char *topic)
{
    return is(topic, "none") ? NULL : topic;
}

static struct journal_kafka_options kafka_options(const struct storage *s)
{
    const struct daemon_options *o = s->options;

    return (struct journal_kafka_options){
        .brokers = o->kafka_brokers,
        .topic = o->kafka_topic,
        .presence_topic = unless_none(o->kafka_presence_topic),
        .push_topic = unless_none(o->kafka_push_topic),
        .reject_topic = o->kafka_reject_topic,
        .group = s->group,
        .client_id = o->service_id != NULL ? o->service_id : "rookery",
        .create = o->kafka_create,
        .partitions = (unsigned)o->kafka_partitions,
        .replicas = (unsigned)o->kafka_replicas,
        .min_in_sync = (unsigned)o->kafka_min_in_sync,
        .linger_ms = (unsigned)o->kafka_linger_ms,
        .timeout_ms = (unsigned)o->broker_timeout_ms,
        .away_ms = (unsigned)o->broker_away_ms,
        .compression = o->kafka_compression,
        .settings = o->kafka_settings,
        .on_problem = on_log_problem,
    };
}

/* Told is what is found there: by the feed only where there is no journal that does. */
static struct journal_rabbitmq_options rabbitmq_options(const struct storage *s)
{
    const struct daemon_options *o = s->options;

    return (struct journal_rabbitmq_options){
        .url = o->rabbitmq_url,
        .exchange = o->rabbitmq_exchange,
        .queue = o->rabbitmq_queue,
        .prefetch = (unsigned)o->rabbitmq_prefetch,
        .tries = (unsigned)o->rabbitmq_tries,
        .timeout_ms = (unsigned)o->broker_timeout_ms,
        .away_ms = (unsigned)o->broker_away_ms,
        .on_found = s->journal == NULL ? on_found : NULL,
    };
}

enum {
    LOOKS = 6,
    LOOK_MS = 500,
    /* Of the store's time limit: when a node leaves or comes, its partitions wait some seconds for
     * who brings them into the store from then on. */
    READ_PATIENCE = 3,
};

static bool is_shorter(const uint64_t *ends, const struct store_log *log)
{
    unsigned i = 0;

    while (i < log->partitions && ends[i] >= log->positions[i]) {
        i++;
    }
    return i < log->partitions;
}

/* Until the log is no shorter than what is stored of it, or has been so for some time: the replica
 * that has come to lead a partition just now may not know yet how far it goes. */
static int look_again(const struct storage *s, uint64_t *ends)
{
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
    const struct journal_kafka_options kafka = kafka_options(s);
    struct bytes why = {0};
    int partitions = (int)s->log.partitions;

    for (int i = 0; i < LOOKS && partitions > 0 && is_shorter(ends, &s->log); i++) {
        (void)nanosleep(&pause, NULL);
        partitions = journal_kafka_look(&kafka, ends, &why);
    }
    if (partitions < 0) {
        log_write(LOG_ERROR, "cannot look at the topic",
                  LOG_FIELDS(LOG_SPAN("why", bytes_span(&why))));
    }
    bytes_finish(&why);
    return partitions < 0 ? STORE_EIO : 0;
}

/* A log that is shorter than what is stored of it was made anew. But other nodes go on storing
 * while this one starts: that counts only if the log was asked after the store. */
static int adopt(struct storage *s, uint64_t *ends)
{
    uint64_t unknown[JOURNAL_KAFKA_PARTITIONS_MAX];

    memset(unknown, 0xff, sizeof unknown);
    int error = store_adopt(s->base, &s->log, unknown);
    if (error != 0 || !is_shorter(ends, &s->log)) {
        return error;
    }
    error = look_again(s, ends);
    return error == 0 && is_shorter(ends, &s->log) ? store_adopt(s->base, &s->log, ends) : error;
}

/* Where the places of the log's records are, which the store has to say. */
static int adopt_log(struct storage *s, unsigned partitions, uint64_t *ends)
{
    s->log.name = span_cstr(s->options->kafka_topic);
    s->log.partitions = partitions;
    int error = adopt(s, ends);
    if (error != 0) {
        log_write(LOG_ERROR, "the store cannot take the topic's messages",
                  LOG_FIELDS(LOG_TEXT("kafka-topic", s->options->kafka_topic),
                             LOG_TEXT("why", store_strerror(error))));
    }
    return error == 0 ? 0 : -1;
}

static int begin_kafka(struct storage *s, struct executor *const *executors, unsigned count)
{
    uint64_t ends[JOURNAL_KAFKA_PARTITIONS_MAX];
    unsigned partitions = journal_kafka_ends(s->journal, ends);

    if (adopt_log(s, partitions, ends) < 0) {
        return -1;
    }
    journal_kafka_begin(s->journal, s->log.bases);
    const struct behind_options options = {
        .inner = s->base,
        .journal = s->journal,
        .log = s->log.name,
        .partitions = partitions,
        .bases = s->log.bases,
        .executors = executors,
        .executor_count = count,
        .has_replica = s->options->database_replica_url != NULL,
        .timeout_ms = READ_PATIENCE * (unsigned)s->options->store_timeout_ms,
        .on_late = on_late_read,
        .arg = s,
    };
    behind_init(&s->behind, &options);
    s->store = &s->behind.store;
    return 0;
}

int storage_open_journal(struct storage *s, struct executor *const *executors, unsigned count)
{
    const char *name = s->choice.journal;
    const struct journal_kafka_options kafka = kafka_options(s);
    const struct journal_rabbitmq_options rabbitmq = rabbitmq_options(s);
    struct bytes why = {0};

    if (s->base == NULL) {
        return 0;
    }
    const struct journal_options options = {
        .sink = {.write = write_to_store, .arg = s},
        .queue_messages_max = s->options->queue_messages_max,
        .queue_bytes_max = s->options->journal_queue_bytes_max,
        .executor = executors[0],
        .kafka = &kafka,
        .rabbitmq = &rabbitmq,
        .on_state = on_broker_state,
        .on_state_arg = s,
    };
    s->journal = journal_ops_by_name(name)->open(&options, &why);
    if (s->journal == NULL) {
        log_write(LOG_ERROR, "cannot open the journal",
                  LOG_FIELDS(LOG_TEXT("journal", name), LOG_SPAN("why", bytes_span(&why))));
    }
    bytes_finish(&why);
    if (s->journal == NULL) {
        return -1;
    }
    return is(name, "kafka") ? begin_kafka(s, executors, count) : 0;
}

/* ---- pages of histories ---- */

/* RabbitMQ's log is not followed: what others append does not pass here. */
static bool may_cache(const struct storage *s)
{
    return s->journal != NULL && s->options->history_cache_bytes > 0 &&
           (journal_follows(s->journal) || !s->journal->ops->blind);
}

enum { SCOPE_LEN = 32 };

/* Another store and another log have other pages; who they are is nobody else's to read. */
static void scope_of(const struct storage *s, char scope[SCOPE_LEN + 1])
{
    const char *url = s->choice.url;
    const struct span parts[] = {span_cstr(s->base->ops->name), span_cstr(url == NULL ? "" : url),
                                 s->log.name};

    uint8_t digest[SCOPE_LEN / 2];
    digest_128(parts, sizeof parts / sizeof *parts, digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        (void)snprintf(scope + 2 * i, 3, "%02x", digest[i]);
    }
}

void storage_begin_cache(struct storage *s, struct keyspace *keyspace, struct executor *executor)
{
    char scope[SCOPE_LEN + 1];

    if (!may_cache(s)) {
        return;
    }
    scope_of(s, scope);
    bool follows = journal_follows(s->journal);
    const struct history_cache_options options = {
        .inner = s->store,
        .journal = follows ? s->journal : NULL,
        .keyspace = follows ? keyspace : NULL,
        .keyspace_executor = executor,
        .scope = span_cstr(scope),
        .ttl_ms = s->options->history_cache_ms,
        .bytes_max = s->options->history_cache_bytes,
    };
    history_cache_init(&s->cache, &options);
    s->store = &s->cache.store;
}

static void on_record(void *arg, struct span room, uint64_t place)
{
    struct storage *s = arg;

    history_cache_saw(&s->cache, room, place);
}

static void on_gap(void *arg)
{
    struct storage *s = arg;

    history_cache_gap(&s->cache);
}

struct chat_watcher storage_watcher(struct storage *s)
{
    if (s->cache.self == NULL || !journal_follows(s->journal)) {
        return (struct chat_watcher){0};
    }
    return (struct chat_watcher){on_record, on_gap, s};
}

/* ---- from the broker into the store ---- */

static int look_at_kafka(struct storage *s, const struct journal_kafka_options *kafka,
                         struct bytes *why)
{
    uint64_t ends[JOURNAL_KAFKA_PARTITIONS_MAX];
    int partitions = s->log.partitions != 0 ? 0 : journal_kafka_look(kafka, ends, why);

    return partitions > 0 ? adopt_log(s, (unsigned)partitions, ends) : partitions;
}

static struct feed *open_feed(struct storage *s, struct bytes *why)
{
    if (is(s->choice.journal, "rabbitmq")) {
        const struct journal_rabbitmq_options rabbitmq = rabbitmq_options(s);
        return feed_rabbitmq_open(&rabbitmq, why);
    }
    const struct journal_kafka_options kafka = kafka_options(s);
    if (look_at_kafka(s, &kafka, why) < 0) {
        return NULL;
    }
    return feed_kafka_open(&kafka, s->log.partitions, s->log.bases, s->log.positions, why);
}

int storage_begin(struct storage *s)
{
    const char *name = s->choice.journal;
    struct bytes why = {0};

    if (!s->choice.has_broker) {
        return 0;
    }
    s->feed = open_feed(s, &why);
    if (s->feed == NULL) {
        log_write(LOG_ERROR, "cannot read what is to be stored",
                  LOG_FIELDS(LOG_TEXT("journal", name), LOG_SPAN("why", bytes_span(&why))));
        bytes_finish(&why);
        return -1;
    }
    bytes_finish(&why);
    const struct persister_options options = {
        .feed = s->feed,
        .store = s->base,
        .log = s->log.name,
        .batch_max = (unsigned)s->options->persist_batch,
        .linger_ms = (unsigned)s->options->persist_linger_ms,
        .on_problem = on_persist_problem,
        .on_progress = on_progress,
        .arg = s,
    };
    s->persister = persister_create(&options);
    return 0;
}

void storage_leave_keyspace(struct storage *s)
{
    if (s->cache.self != NULL) {
        history_cache_leave_keyspace(&s->cache);
    }
}

void storage_close(struct storage *s, struct store *store)
{
    journal_close(s->journal);
    persister_destroy(s->persister);
    if (s->feed != NULL) {
        s->feed->ops->close(s->feed);
    }
    store_close(store != NULL ? store : s->store);
}
