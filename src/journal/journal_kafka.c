// SPDX-License-Identifier: MIT
/* How a journal in Kafka is opened, appended to and closed: see kafka_journal.h for its parts. */
#include "src/journal/journal_kafka.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>

#include "src/base/memory.h"
#include "src/journal/kafka_journal.h"

enum {
    QUEUE_MESSAGES_MAX_DEFAULT = 65536,
    QUEUE_BYTES_MAX_DEFAULT = 64 << 20,
    RECENT_MAX = 65536, /* positions, of all partitions together */
    RECENT_MIN = 1024,  /* of one */
};

static struct kafka_journal *kafka(struct journal *journal)
{
    return container_of(journal, struct kafka_journal, journal);
}

static const struct kafka_journal *kafka_const(const struct journal *journal)
{
    return container_of(journal, struct kafka_journal, journal);
}

/* ---- opening ---- */

static const char *copy(const char *text)
{
    return xnonnull(strdup(text != NULL ? text : ""));
}

static void copy_options(struct kafka_journal *j, const struct journal_options *options)
{
    const struct journal_kafka_options *from = options->kafka;

    j->options = *options;
    j->options.kafka = &j->kafka;
    if (j->options.queue_messages_max == 0) {
        j->options.queue_messages_max = QUEUE_MESSAGES_MAX_DEFAULT;
    }
    if (j->options.queue_bytes_max == 0) {
        j->options.queue_bytes_max = QUEUE_BYTES_MAX_DEFAULT;
    }
    j->kafka = *from;
    j->kafka.brokers = copy(from->brokers);
    j->kafka.topic = copy(from->topic);
    j->kafka.presence_topic = copy(from->presence_topic);
    j->kafka.push_topic = copy(from->push_topic);
    j->kafka.reject_topic = copy(from->reject_topic);
    j->kafka.group = copy(from->group);
    j->kafka.client_id = copy(from->client_id);
    j->kafka.compression = copy(from->compression != NULL ? from->compression : "none");
    j->kafka.settings = copy(from->settings);
}

static void free_options(struct kafka_journal *j)
{
    const char *const texts[] = {
        j->kafka.brokers,    j->kafka.topic,        j->kafka.presence_topic,
        j->kafka.push_topic, j->kafka.reject_topic, j->kafka.group,
        j->kafka.client_id,  j->kafka.compression,  j->kafka.settings,
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        free((void *)(uintptr_t)texts[i]);
    }
}

static struct span flight_key(const void *value)
{
    const struct kafka_flight *flight = value;
    return span_of(&flight->hash, sizeof flight->hash);
}

static void init(struct kafka_journal *j)
{
    if (getentropy(j->secret, sizeof j->secret) != 0) {
        abort();
    }
    (void)pthread_rwlock_init(&j->producing, NULL);
    lock_init(&j->turn);
    lock_init(&j->lock);
    j->flights_end = &j->flights;
    j->asked_end = &j->asked;
    map_init(&j->by_hash, flight_key, j->secret);
    kafka_breaker_init(&j->breaker, j->kafka.away_ms != 0 ? j->kafka.away_ms : KAFKA_AWAY_MS,
                       kafka_now_ms());
    kafka_turn_begin(j);
}

static void destroy(struct kafka_journal *j)
{
    assert(j->flights == NULL && j->asked == NULL && j->waiting == NULL);
    for (unsigned i = 0; j->parts != NULL && i < j->partitions; i++) {
        kafka_sequence_finish(&j->parts[i].sequence);
    }
    free(j->parts);
    map_finish(&j->by_hash);
    bytes_finish(&j->scratch);
    lock_finish(&j->lock);
    lock_finish(&j->turn);
    (void)pthread_rwlock_destroy(&j->producing);
    free_options(j);
    free(j);
}

static struct journal *open_kafka(const struct journal_options *options, struct bytes *why)
{
    struct kafka_journal *j = xcalloc(1, sizeof *j);

    bytes_clear(why);
    j->journal.ops = &journal_kafka;
    j->executor = options->executor;
    copy_options(j, options);
    init(j);
    if (kafka_follower_open(j, why) == 0 && kafka_producer_open(j, why) == 0) {
        return &j->journal;
    }
    kafka_readers_close(j);
    destroy(j);
    return NULL;
}

unsigned journal_kafka_ends(const struct journal *journal,
                            uint64_t ends[JOURNAL_KAFKA_PARTITIONS_MAX])
{
    const struct kafka_journal *j = kafka_const(journal);

    memcpy(ends, j->ends, j->partitions * sizeof ends[0]);
    return j->partitions;
}

void journal_kafka_begin(struct journal *journal, const uint64_t *bases)
{
    struct kafka_journal *j = kafka(journal);
    uint32_t window = RECENT_MAX / j->partitions;

    assert(!atomic_load(&j->is_begun));
    window = window < RECENT_MIN ? RECENT_MIN : window;
    j->parts = xcalloc(j->partitions, sizeof *j->parts);
    for (unsigned i = 0; i < j->partitions; i++) {
        kafka_sequence_init(&j->parts[i].sequence, j->ends[i], window, j->secret);
        j->parts[i].base = bases[i];
        atomic_store(&j->parts[i].place, bases[i] + j->ends[i]);
    }
    kafka_follower_begin(j);
    atomic_store(&j->is_begun, true);
    kafka_turn_wake(j);
}

/* ---- appending ---- */

static struct kafka_flight *flight_of(const struct kafka_journal *j, const struct message *m)
{
    struct kafka_flight *flight = xcalloc(1, sizeof *flight);

    flight->hash = kafka_recent_hash(j->secret, m);
    flight->partition = kafka_partition_of(m->room, j->partitions);
    flight->bytes = message_bytes(m);
    flight->since_ms = kafka_now_ms();
    return flight;
}

/* What librdkafka does not take has failed as what it cannot deliver. */
static void send_flight(struct kafka_journal *j, struct kafka_flight *flight,
                        struct completions *done)
{
    int error = kafka_produce(j, flight);

    if (error < 0) {
        lock_enter(&j->lock);
        kafka_flight_fail(j, flight, error, done);
        lock_leave(&j->lock);
    }
}

/* `producing` is held from when the append is among those under way until it is sent, so that one
 * who gives a producer up finds all that it had. */
static int append(struct journal *journal, const struct message *message, struct executor *executor,
                  struct journal_append *op)
{
    struct kafka_journal *j = kafka(journal);
    struct completions done = {.count = 0};
    bool is_placed;

    if (!atomic_load(&j->is_begun)) {
        return JOURNAL_EAWAY;
    }
    op->message = *message;
    op->executor = executor;
    op->error = 0;
    op->in_turn = false;
    op->next = NULL;
    struct kafka_flight *flight = flight_of(j, message);
    (void)pthread_rwlock_rdlock(&j->producing);
    lock_enter(&j->lock);
    int result = kafka_flight_take(j, op, flight, &is_placed);
    lock_leave(&j->lock);
    if (result == 0) {
        send_flight(j, flight, &done);
    } else {
        free(flight);
    }
    (void)pthread_rwlock_unlock(&j->producing);
    if (result > 0 && is_placed) {
        completions_add(&done, op);
    }
    completions_post(&done);
    return result < 0 ? result : 0;
}

/* ---- asking ---- */

static void listen_to(struct journal *journal, const struct journal_listener *listener)
{
    struct kafka_journal *j = kafka(journal);

    lock_enter(&j->turn);
    j->listener = *listener;
    lock_leave(&j->turn);
}

static void fence(struct journal *journal, struct executor *executor, struct journal_fence *f)
{
    struct kafka_journal *j = kafka(journal);

    f->executor = executor;
    f->next = NULL;
    f->late = false;
    lock_enter(&j->lock);
    *j->asked_end = f;
    j->asked_end = &f->next;
    lock_leave(&j->lock);
    kafka_turn_wake(j);
}

static uint64_t place(struct journal *journal, struct span room, unsigned *partition)
{
    struct kafka_journal *j = kafka(journal);

    *partition = kafka_partition_of(room, j->partitions);
    return atomic_load_explicit(&j->parts[*partition].place, memory_order_acquire);
}

static void figures(struct journal *journal, struct journal_figures *out)
{
    struct kafka_journal *j = kafka(journal);

    lock_enter(&j->lock);
    *out = j->figures;
    out->is_up = atomic_load(&j->is_begun) && !j->breaker.open;
    lock_leave(&j->lock);
}

/* ---- closing ---- */

/* Behind whatever was posted to the executor for this journal. */
static void bury(struct task *task)
{
    struct kafka_journal *j = container_of(task, struct kafka_journal, bury_task);

    executor_timer_stop(j->executor, &j->tick);
    destroy(j);
}

static void close_kafka(struct journal *journal)
{
    struct kafka_journal *j = kafka(journal);
    bool has_begun = atomic_load(&j->is_begun);

    lock_enter(&j->turn);
    j->is_closed = true;
    if (has_begun) {
        kafka_producer_flush(j, kafka_timeout_ms(&j->kafka));
        kafka_fences_finish(j);
    }
    kafka_asker_finish(j);
    lock_leave(&j->turn);
    kafka_producer_close(j);
    kafka_readers_close(j);
    if (has_begun) {
        j->bury_task.run = bury;
        executor_post(j->executor, &j->bury_task);
    } else {
        destroy(j);
    }
}

const struct journal_ops journal_kafka = {
    .name = "kafka",
    .blind = true,
    .open = open_kafka,
    .append = append,
    .listen = listen_to,
    .fence = fence,
    .place = place,
    .tell = kafka_tell,
    .figures = figures,
    .close = close_kafka,
};
