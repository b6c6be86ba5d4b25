// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "src/base/memory.h"
#include "src/journal/journal_kafka.h"
#include "src/journal/journal_value.h"
#include "src/journal/kafka_astray.h"
#include "src/journal/kafka_batch.h"
#include "src/journal/kafka_group.h"
#include "src/journal/kafka_sender.h"

enum {
    LOOK_MS = 1000, /* how often the brokers are asked, while nothing is fetched */
    LOOK_WAIT_MS = 500,
    JOIN_WAIT_MS = 5000, /* brokers gather members of a new group for 3 s */
    JOIN_POLL_MS = 50,
    CLOSE_WAIT_MS = 10000, /* a request to leave has 5 s */
    COMMIT_MS = 1000,
};

struct feed_kafka {
    struct feed feed;
    struct kafka_client client;
    struct kafka_sender sender;
    struct kafka_parts parts;
    rd_kafka_queue_t *queue;   /* records, rebalances, and all of the main one */
    rd_kafka_queue_t *commits; /* what becomes of them */
    char *topic, *reject_topic, *group;

    struct kafka_astray astray;
    struct kafka_batch batch;
    bool again; /* the batch is to be given once more */
    struct bytes value;

    bool is_gone;    /* the topic, which has been said */
    bool has_joined; /* the group has told what is ours, be it nothing */
    bool is_committing, is_lost;
    uint64_t committed_ms;
    uint64_t looked_ms;
    atomic_bool is_up;
    atomic_uint_fast64_t rejected, moved;
};

static struct feed_kafka *self(struct feed *feed)
{
    return container_of(feed, struct feed_kafka, feed);
}

static uint64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void drop_batch(struct feed_kafka *k)
{
    kafka_batch_drop(&k->batch);
    k->again = false;
}

/* ---- events ---- */

static void set_up(struct feed_kafka *k, bool is_up)
{
    k->is_gone = k->is_gone && !is_up;
    atomic_store(&k->is_up, is_up);
}

static void on_error(struct feed_kafka *k, rd_kafka_event_t *event)
{
    rd_kafka_resp_err_t error = rd_kafka_event_error(event);
    bool is_gone = error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
                   error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;

    if (is_gone && !k->is_gone) {
        kafka_astray_say(&k->astray, true,
                         "it is not there any more: nothing is stored until it is");
        k->is_gone = true;
    }
    if (is_gone || error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        atomic_store(&k->is_up, false);
        k->looked_ms = now_ms();
    } else {
        (void)kafka_astray_note(&k->astray, event, now_ms());
    }
}

/* Takes the event over. */
static void handle_event(struct feed_kafka *k, rd_kafka_event_t *event)
{
    switch (rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_FETCH:
        if (kafka_batch_hold(&k->batch, event)) {
            return;
        }
        break;
    case RD_KAFKA_EVENT_REBALANCE:
        kafka_parts_rebalance(&k->parts, event);
        kafka_batch_drop_lost(&k->batch);
        k->has_joined = true;
        set_up(k, !k->is_gone || atomic_load(&k->parts.ours) > 0);
        break;
    case RD_KAFKA_EVENT_ERROR:
        on_error(k, event);
        break;
    default:
        break;
    }
    rd_kafka_event_destroy(event);
}

/* Until the batch is full or the time is up. While paused the batch stays as it is, but the group
 * still wants to be answered. */
static void collect(struct feed_kafka *k, unsigned wait_ms, size_t max)
{
    uint64_t until = now_ms() + wait_ms;
    rd_kafka_event_t *event;

    while (k->parts.paused || kafka_batch_has_room(&k->batch, max)) {
        uint64_t now = now_ms();
        event = rd_kafka_queue_poll(k->queue, now < until ? (int)(until - now) : 0);
        if (event == NULL) {
            return;
        }
        handle_event(k, event);
    }
}

/* ---- commits ---- */

static bool means_lost(rd_kafka_resp_err_t error)
{
    return error == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION ||
           error == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
           error == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;
}

static void on_committed(struct feed_kafka *k, rd_kafka_event_t *event)
{
    rd_kafka_resp_err_t error = rd_kafka_event_error(event);

    k->is_committing = false;
    if (means_lost(error)) {
        k->is_lost = true;
    } else if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        kafka_parts_not_committed(&k->parts, rd_kafka_event_topic_partition_list(event));
    } else {
        set_up(k, true);
    }
}

/* Seldom, and nobody waits for it, since the store's positions are what counts. A commit that meets
 * a rebalance has an old generation, and makes librdkafka (2.0) give all partitions up and join the
 * group anew. */
static void go_on_committing(struct feed_kafka *k, int wait_ms)
{
    rd_kafka_event_t *event;

    while (k->is_committing && (event = rd_kafka_queue_poll(k->commits, wait_ms)) != NULL) {
        on_committed(k, event);
        rd_kafka_event_destroy(event);
    }
    bool is_due = wait_ms > 0 || now_ms() - k->committed_ms >= COMMIT_MS;
    rd_kafka_topic_partition_list_t *list =
        k->is_committing || !is_due ? NULL : kafka_parts_to_commit(&k->parts);
    if (list != NULL) {
        k->committed_ms = now_ms();
        k->is_committing = rd_kafka_commit_queue(k->client.handle, list, k->commits, NULL, NULL) ==
                           RD_KAFKA_RESP_ERR_NO_ERROR;
        if (!k->is_committing) {
            kafka_parts_not_committed(&k->parts, list);
        }
        rd_kafka_topic_partition_list_destroy(list);
    }
}

static int feed_commit(struct feed *feed)
{
    struct feed_kafka *k = self(feed);

    drop_batch(k);
    kafka_parts_stored(&k->parts);
    go_on_committing(k, 0);
    bool lost = k->is_lost;
    k->is_lost = false;
    return lost ? FEED_ELOST : 0;
}

/* ---- what is in the wrong partition ---- */

static void send_moved(struct feed_kafka *k, struct kafka_held *h)
{
    const struct message *m = &h->entry.message;

    bytes_clear(&k->value);
    journal_value_write(&k->value, m);
    h->parcel = (struct kafka_parcel){
        .topic = k->topic,
        .partition = (int32_t)kafka_partition_of(m->room, k->parts.count),
        .key = m->room,
        .value = bytes_span(&k->value),
    };
    kafka_sender_add(&k->sender, &h->parcel);
}

/* Too large for the broker in our form: nobody can store that. */
static bool settle_moved(struct feed_kafka *k, struct kafka_held *h)
{
    if (h->parcel.error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
        h->entry.moved = false;
        h->entry.reason = "it stands in another partition than its room's, and is too large to be "
                          "moved";
        return true;
    }
    if (h->parcel.error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return false;
    }
    atomic_fetch_add(&k->moved, 1);
    h->entry.message = (struct message){.room = h->entry.message.room};
    return true;
}

/* Returns false if some of them are not where they belong: they are sent once more then, and those
 * that are there already have an id. */
static bool move_misplaced(struct feed_kafka *k)
{
    bool all = true;
    size_t sent = 0;

    for (size_t i = 0; i < k->batch.count; i++) {
        struct kafka_held *h = &k->batch.held[i];
        if (kafka_held_is_to_move(h)) {
            send_moved(k, h);
            sent++;
        }
    }
    if (sent == 0) {
        return true;
    }
    kafka_sender_wait(&k->sender);
    for (size_t i = 0; i < k->batch.count; i++) {
        struct kafka_held *h = &k->batch.held[i];
        if (kafka_held_is_to_move(h)) {
            all = settle_moved(k, h) && all;
        }
    }
    return all;
}

/* ---- the port ---- */

/* Nothing comes from the brokers by itself now, neither records nor a sign of life. */
static void look(struct feed_kafka *k)
{
    uint64_t now = now_ms();

    if (now - k->looked_ms < LOOK_MS) {
        return;
    }
    if (k->parts.paused || !atomic_load(&k->is_up)) {
        set_up(k, kafka_parts_measure(&k->parts, true, LOOK_WAIT_MS));
    }
    k->looked_ms = now_ms();
}

static int feed_poll(struct feed *feed, unsigned wait_ms, struct feed_entry **entries, size_t max)
{
    struct feed_kafka *k = self(feed);

    if (!k->again) {
        drop_batch(k);
    }
    kafka_batch_reserve(&k->batch, max);
    if (k->batch.count == 0 && !k->parts.paused) {
        kafka_astray_look(&k->astray, now_ms(), LOOK_WAIT_MS);
    }
    if (k->parts.paused || !k->again) {
        collect(k, wait_ms, max);
    }
    go_on_committing(k, 0);
    look(k);
    if (k->parts.paused) {
        k->again = true;
        return 0;
    }
    if (k->again) {
        kafka_batch_read_again(&k->batch);
        k->again = false;
    }
    if (!move_misplaced(k)) {
        k->again = true;
        return FEED_EAWAY;
    }
    if (k->batch.count > 0) {
        set_up(k, true);
    }
    (void)kafka_parts_measure(&k->parts, false, 0);
    return k->batch.count == 0 && !atomic_load(&k->is_up)
               ? FEED_EAWAY
               : (int)kafka_batch_give(&k->batch, entries);
}

static void feed_pause(struct feed *feed)
{
    struct feed_kafka *k = self(feed);

    kafka_parts_pause(&k->parts, true);
    k->again = true;
}

static void feed_resume(struct feed *feed)
{
    kafka_parts_pause(&self(feed)->parts, false);
}

static const struct kafka_held *held_of(const struct feed_entry *entry)
{
    return container_of(entry, const struct kafka_held, entry);
}

static rd_kafka_headers_t *headers_of(const struct feed_kafka *k, const struct kafka_held *h,
                                      const char *reason)
{
    rd_kafka_headers_t *theirs = NULL, *out;
    char number[24];

    out = rd_kafka_message_headers(h->record, &theirs) == RD_KAFKA_RESP_ERR_NO_ERROR
              ? rd_kafka_headers_copy(theirs)
              : rd_kafka_headers_new(4);
    (void)rd_kafka_header_add(out, "reason", -1, reason, -1);
    (void)rd_kafka_header_add(out, "topic", -1, k->topic, -1);
    (void)snprintf(number, sizeof number, "%u", h->entry.partition);
    (void)rd_kafka_header_add(out, "partition", -1, number, -1);
    (void)snprintf(number, sizeof number, "%llu", (unsigned long long)h->entry.position);
    (void)rd_kafka_header_add(out, "offset", -1, number, -1);
    return out;
}

static rd_kafka_resp_err_t send_rejected(struct feed_kafka *k, const struct kafka_held *h,
                                         const char *reason, struct span value)
{
    struct kafka_parcel parcel = {
        .topic = k->reject_topic,
        .partition = RD_KAFKA_PARTITION_UA,
        .key = span_of(h->record->key, h->record->key_len),
        .value = value,
        .headers = headers_of(k, h, reason),
    };

    kafka_sender_add(&k->sender, &parcel);
    kafka_sender_wait(&k->sender);
    return parcel.error;
}

/* One that does not fit in with the reason beside it is known by where it stands. */
static int feed_reject(struct feed *feed, const struct feed_entry *entry, const char *reason)
{
    struct feed_kafka *k = self(feed);
    const struct kafka_held *h = held_of(entry);
    rd_kafka_resp_err_t error = send_rejected(k, h, reason, kafka_held_value(h));

    if (error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
        error = send_rejected(k, h, reason, SPAN(""));
    }
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return FEED_EAWAY;
    }
    atomic_fetch_add(&k->rejected, 1);
    return 0;
}

static void feed_figures(struct feed *feed, struct feed_figures *figures)
{
    struct feed_kafka *k = self(feed);

    *figures = (struct feed_figures){
        .lag = atomic_load(&k->parts.lag),
        .rejected = atomic_load(&k->rejected),
        .moved = atomic_load(&k->moved),
        .missing = atomic_load(&k->parts.missing),
        .shorts = atomic_load(&k->parts.shorts),
        .partitions = atomic_load(&k->parts.ours),
        .is_up = atomic_load(&k->is_up),
    };
}

static void destroy(struct feed_kafka *k)
{
    if (k->queue != NULL) {
        rd_kafka_queue_destroy(k->queue);
        rd_kafka_queue_destroy(k->commits);
    }
    kafka_client_close(&k->client);
    kafka_sender_close(&k->sender);
    kafka_parts_finish(&k->parts);
    kafka_batch_finish(&k->batch);
    free(k->topic);
    free(k->reject_topic);
    free(k->group);
    bytes_finish(&k->value);
    free(k);
}

static bool is_moving(struct feed_kafka *k)
{
    struct kafka_group group;

    return atomic_load(&k->is_up) &&
           kafka_group_ask(k->client.handle, k->group, LOOK_WAIT_MS, &group) && group.is_moving;
}

static void serve_one(struct feed_kafka *k, rd_kafka_queue_t *queue)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, JOIN_POLL_MS);

    if (event != NULL) {
        handle_event(k, event);
        drop_batch(k);
    }
}

/* librdkafka before 2.3 fails an assertion when a member of a group is destroyed that waits for its
 * first assignment (its issue 4312); and none (2.0 to 2.15) tells the group that it leaves while it
 * is asking to join it anew, so that all others wait for it until its session is over. So the end
 * of both is waited for; a group that tells nothing for so long keeps its member, which has left
 * it, or asked to, and does nothing any more. */
static void outlive_joining(struct feed_kafka *k)
{
    uint64_t until = now_ms() + JOIN_WAIT_MS;

    while ((!k->has_joined || is_moving(k)) && now_ms() < until) {
        serve_one(k, k->queue);
    }
    serve_one(k, k->queue); /* what is whose, if it is on its way */
}

/* A broker that stands still while it is asked to join the group is waited for by
 * rd_kafka_consumer_close for minutes. Is the member closed in time? */
static bool close_member(struct feed_kafka *k)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(k->client.handle);
    rd_kafka_error_t *error = rd_kafka_consumer_close_queue(k->client.handle, queue);
    uint64_t until = now_ms() + CLOSE_WAIT_MS;

    while (error == NULL && !rd_kafka_consumer_closed(k->client.handle) && now_ms() < until) {
        serve_one(k, queue);
    }
    bool is_closed = rd_kafka_consumer_closed(k->client.handle) != 0;
    if (error != NULL) {
        rd_kafka_error_destroy(error);
    }
    rd_kafka_queue_destroy(queue);
    return is_closed;
}

/* librdkafka (2.15 still) closes a member without partitions and does not tell its group, which
 * then waits for it, with all others, until its session is over. One that unsubscribes first does
 * leave. */
static bool leave(struct feed_kafka *k)
{
    if (k->has_joined && atomic_load(&k->parts.ours) == 0) {
        (void)rd_kafka_unsubscribe(k->client.handle);
    }
    return close_member(k);
}

static void feed_close(struct feed *feed)
{
    enum { COMMITS = 2 }; /* the one under way, and what has come meanwhile */
    struct feed_kafka *k = self(feed);

    drop_batch(k);
    for (int i = 0; i < COMMITS && atomic_load(&k->is_up); i++) {
        go_on_committing(k, LOOK_WAIT_MS);
    }
    outlive_joining(k);
    if (!leave(k) || !k->has_joined) {
        rd_kafka_queue_destroy(k->client.main);
        k->client = (struct kafka_client){0};
    }
    destroy(k);
}

static const struct feed_ops feed_kafka = {
    .name = "kafka",
    .poll = feed_poll,
    .commit = feed_commit,
    .reject = feed_reject,
    .pause = feed_pause,
    .resume = feed_resume,
    .figures = feed_figures,
    .close = feed_close,
};

/* ---- opening ---- */

static int open_consumer(struct feed_kafka *k, const struct journal_kafka_options *options,
                         struct bytes *why)
{
    /* An answer to a fetch is waited for until it is worth it (enum kafka_pace), and what is there
     * under a transaction counts, as it does for those who were told at once. So long as the
     * session lasts a dead node's partitions wait for another. */
    const struct kafka_setting settings[] = {
        {"group.id", options->group},
        {"partition.assignment.strategy", "cooperative-sticky"},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"auto.offset.reset", "error"}, /* kafka_astray.h */
        {"isolation.level", "read_uncommitted"},
        {"topic.metadata.refresh.interval.ms", "10000", .yields = true}, /* it may come back */
        {"queued.max.messages.kbytes", "16384"},
        {"fetch.min.bytes", "262144", .yields = true},
        {"fetch.wait.max.ms", "20", .yields = true},
        /* so long a dead node's parts wait for another, and so long those of one that has left */
        {"session.timeout.ms", "10000", .yields = true},
        {"heartbeat.interval.ms", "1000", .yields = true},
        {NULL, NULL},
    };

    return kafka_client_open(&k->client, RD_KAFKA_CONSUMER, options, settings, why);
}

static int prepare_topics(struct feed_kafka *k, const struct journal_kafka_options *options,
                          unsigned partitions, struct bytes *why)
{
    int found = kafka_topic_prepare(&k->client, options, k->topic, why);
    char line[256];

    if (found >= 0 && (unsigned)found != partitions) {
        (void)snprintf(line, sizeof line,
                       "kafka-topic: \"%s\" has %d partitions, and what is stored came from %u",
                       k->topic, found, partitions);
        bytes_clear(why);
        bytes_add_cstr(why, line);
        return -1;
    }
    return found < 0 ? -1 : kafka_topic_prepare(&k->client, options, k->reject_topic, why);
}

static int subscribe(struct feed_kafka *k, struct bytes *why)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

    (void)rd_kafka_topic_partition_list_add(list, k->topic, RD_KAFKA_PARTITION_UA);
    (void)rd_kafka_poll_set_consumer(k->client.handle);
    rd_kafka_resp_err_t error = rd_kafka_subscribe(k->client.handle, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        bytes_clear(why);
        bytes_add_cstr(why, "kafka-group: ");
        bytes_add_cstr(why, rd_kafka_err2str(error));
        return -1;
    }
    return 0;
}

struct feed *feed_kafka_open(const struct journal_kafka_options *options, unsigned partitions,
                             const uint64_t *bases, const uint64_t *positions, struct bytes *why)
{
    struct feed_kafka *k = xcalloc(1, sizeof *k);

    k->feed.ops = &feed_kafka;
    k->topic = xnonnull(strdup(options->topic));
    k->reject_topic = xnonnull(strdup(options->reject_topic));
    k->group = xnonnull(strdup(options->group));
    if (open_consumer(k, options, why) < 0 || prepare_topics(k, options, partitions, why) < 0 ||
        kafka_sender_open(&k->sender, options, why) < 0) {
        goto fail;
    }
    kafka_parts_init(&k->parts, k->client.handle, k->topic, partitions, bases, positions);
    k->parts.ask_ms = (int)kafka_timeout_ms(options);
    kafka_batch_init(&k->batch, &k->parts);
    k->astray = (struct kafka_astray){
        .batch = &k->batch, .on_problem = options->on_problem, .arg = options->on_problem_arg};
    k->queue = rd_kafka_queue_get_consumer(k->client.handle);
    k->commits = rd_kafka_queue_new(k->client.handle);
    atomic_store(&k->is_up, true);
    if (subscribe(k, why) < 0) {
        goto fail;
    }
    return &k->feed;

fail:
    destroy(k);
    return NULL;
}
