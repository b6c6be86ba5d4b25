// SPDX-License-Identifier: MIT
#include "src/journal/kafka_client.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <time.h>

#include "src/base/memory.h"

enum {
    REASON_BYTES_MAX = 512, /* of what librdkafka says is wrong */
    ASK_MS = 500,           /* one question for metadata, between looks at what went wrong */
    CREATE_MS = 15000,
};

static uint64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

__attribute__((format(printf, 2, 3))) static int refuse(struct bytes *why, const char *format, ...)
{
    char line[1024];
    va_list args;

    va_start(args, format);
    int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    bytes_clear(why);
    if (len > 0) {
        bytes_add(why, line, (size_t)len < sizeof line ? (size_t)len : sizeof line - 1);
    }
    return -1;
}

/* ---- settings ---- */

static int set(rd_kafka_conf_t *conf, const char *option, const char *name, const char *value,
               struct bytes *why)
{
    char reason[REASON_BYTES_MAX];

    if (rd_kafka_conf_set(conf, name, value, reason, sizeof reason) == RD_KAFKA_CONF_OK) {
        return 0;
    }
    return refuse(why, "%s: %s", option, reason);
}

static char *trim(char *text)
{
    char *end = text + strlen(text);

    while (end > text && strchr(" \t\r\n", end[-1]) != NULL) {
        end--;
    }
    *end = '\0';
    return text + strspn(text, " \t\r\n");
}

/* Where a setting ends: at the comma before the next "name=", since values have commas too. */
static char *setting_end(char *text)
{
    for (char *comma = strchr(text, ','); comma != NULL; comma = strchr(comma + 1, ',')) {
        size_t word = strcspn(comma + 1, ",=");
        if (comma[1 + word] == '=') {
            return comma;
        }
    }
    return NULL;
}

static int set_one(rd_kafka_conf_t *conf, char *text, struct bytes *why)
{
    char *equals = strchr(text, '=');

    if (equals == NULL) {
        return refuse(why, "kafka-settings: not name=value,name=value..."); /* may be a secret */
    }
    *equals = '\0';
    return set(conf, "kafka-settings", trim(text), trim(equals + 1), why);
}

static int set_all(rd_kafka_conf_t *conf, const char *settings, struct bytes *why)
{
    char *copy = settings == NULL ? NULL : xnonnull(strdup(settings));
    char *at = copy;
    int result = 0;

    while (result == 0 && at != NULL && *trim(at) != '\0') {
        char *end = setting_end(at);
        if (end != NULL) {
            *end++ = '\0';
        }
        result = set_one(conf, at, why);
        at = end;
    }
    free(copy);
    return result;
}

/* What those who run it may set otherwise. */
static const struct kafka_setting defaults[] = {
    {"reconnect.backoff.max.ms", "1000", .yields = true}, /* back soon, however long it was away */
    {"log.connection.close", "false", .yields = true},    /* brokers close what is idle */
    {NULL, NULL},
};

static int set_own(rd_kafka_conf_t *conf, const struct kafka_setting *settings, bool yields,
                   struct bytes *why)
{
    int result = 0;

    for (; result == 0 && settings->name != NULL; settings++) {
        if (settings->yields == yields) {
            result = set(conf, "kafka", settings->name, settings->value, why);
        }
    }
    return result;
}

static int configure(rd_kafka_conf_t *conf, const struct journal_kafka_options *options,
                     const struct kafka_setting *settings, struct bytes *why)
{
    int result = set_own(conf, defaults, true, why);

    if (result == 0) {
        result = set_own(conf, settings, true, why);
    }
    if (result == 0) {
        result = set_all(conf, options->settings, why);
    }
    if (result == 0 && (options->brokers == NULL || *options->brokers == '\0')) {
        result = refuse(why, "kafka-brokers: no broker is named");
    }
    if (result == 0) {
        result = set(conf, "kafka-brokers", "bootstrap.servers", options->brokers, why);
    }
    if (result == 0 && options->client_id != NULL) {
        result = set(conf, "kafka client", "client.id", options->client_id, why);
    }
    if (result == 0) {
        result = set(conf, "kafka", "log.queue", "true", why);
    }
    return result == 0 ? set_own(conf, settings, false, why) : result;
}

int kafka_client_open(struct kafka_client *c, rd_kafka_type_t type,
                      const struct journal_kafka_options *options,
                      const struct kafka_setting *settings, struct bytes *why)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char reason[REASON_BYTES_MAX];

    *c = (struct kafka_client){0};
    if (configure(conf, options, settings, why) < 0) {
        rd_kafka_conf_destroy(conf);
        return -1;
    }
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG |
                                       RD_KAFKA_EVENT_REBALANCE);
    c->handle = rd_kafka_new(type, conf, reason, sizeof reason);
    if (c->handle == NULL) {
        rd_kafka_conf_destroy(conf);
        return refuse(why, "kafka-brokers, kafka-settings: %s", reason);
    }
    c->main = rd_kafka_queue_get_main(c->handle);
    (void)rd_kafka_set_log_queue(c->handle, NULL);
    return 0;
}

void kafka_linger_write(char text[KAFKA_LINGER_MAX], unsigned linger_ms)
{
    const char *under_one = linger_ms == 0 ? "0" : "0.1";

    if (linger_ms > 1) {
        (void)snprintf(text, KAFKA_LINGER_MAX, "%u", linger_ms - 1);
    } else {
        (void)snprintf(text, KAFKA_LINGER_MAX, "%s", under_one);
    }
}

void kafka_client_close(struct kafka_client *c)
{
    if (c->handle != NULL) {
        rd_kafka_queue_destroy(c->main);
        rd_kafka_destroy(c->handle);
        *c = (struct kafka_client){0};
    }
}

/* ---- what it says ---- */

static void one_line(char line[KAFKA_LINE_MAX], const char *text)
{
    size_t len = strnlen(text, KAFKA_LINE_MAX - 1);

    for (size_t i = 0; i < len; i++) {
        line[i] = text[i];
        if ((unsigned char)text[i] < ' ') {
            line[i] = ' ';
        }
    }
    line[len] = '\0';
}

bool kafka_event_line(rd_kafka_event_t *event, char line[KAFKA_LINE_MAX])
{
    const char *facility, *text;
    int level;

    if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR) {
        one_line(line, rd_kafka_event_error_string(event));
        return true;
    }
    if (rd_kafka_event_type(event) != RD_KAFKA_EVENT_LOG ||
        rd_kafka_event_log(event, &facility, &text, &level) < 0 || level > LOG_WARNING) {
        return false;
    }
    one_line(line, text);
    return true;
}

/* What has gone wrong since the last look: the newest line that tells a cause, which "all brokers
 * are down" does not. Returns whether waiting is of no use. */
static bool look_for_cause(struct kafka_client *c, char cause[KAFKA_LINE_MAX])
{
    rd_kafka_event_t *event;
    bool hopeless = false;

    while ((event = rd_kafka_queue_poll(c->main, 0)) != NULL) {
        rd_kafka_resp_err_t error = rd_kafka_event_error(event);
        if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR &&
            error != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && !hopeless) {
            (void)kafka_event_line(event, cause);
            hopeless =
                error == RD_KAFKA_RESP_ERR__AUTHENTICATION || rd_kafka_event_error_is_fatal(event);
        }
        rd_kafka_event_destroy(event);
    }
    return hopeless;
}

/* ---- topics ---- */

static bool may_pass(rd_kafka_resp_err_t error)
{
    return error == RD_KAFKA_RESP_ERR__TIMED_OUT || error == RD_KAFKA_RESP_ERR__TRANSPORT ||
           error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
}

/* Until the brokers say something of the topic. Returns its partitions, 0: it is missing, or -1. */
static int find_topic(struct kafka_client *c, const struct journal_kafka_options *options,
                      const char *topic, struct bytes *why)
{
    uint64_t until = now_ms() + kafka_timeout_ms(options);
    char cause[KAFKA_LINE_MAX] = "no broker answers";
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(c->handle, topic, NULL);
    rd_kafka_resp_err_t error;
    bool hopeless;
    int found = 0;

    if (rkt == NULL) {
        return refuse(why, "kafka-topic: \"%s\" cannot be a topic's name", topic);
    }
    do {
        const rd_kafka_metadata_t *all = NULL;
        error = rd_kafka_metadata(c->handle, 0, rkt, &all, ASK_MS);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
            error = all->topic_cnt == 1 ? all->topics[0].err : RD_KAFKA_RESP_ERR__FAIL;
            found = all->topic_cnt == 1 ? all->topics[0].partition_cnt : 0;
            rd_kafka_metadata_destroy(all);
        }
        hopeless = look_for_cause(c, cause);
    } while (may_pass(error) && !hopeless && now_ms() < until);
    rd_kafka_topic_destroy(rkt);
    if (error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
        return 0;
    }
    if (may_pass(error)) {
        return refuse(why, "kafka-brokers: %s: %s", options->brokers, cause);
    }
    return error == 0 ? found
                      : refuse(why, "kafka-topic: \"%s\": %s", topic, rd_kafka_err2str(error));
}

static rd_kafka_NewTopic_t *new_topic(const struct journal_kafka_options *options,
                                      const char *topic, struct bytes *why)
{
    unsigned partitions = options->partitions != 0 ? options->partitions : KAFKA_PARTITIONS;
    int replicas = options->replicas != 0 ? (int)options->replicas : -1;
    char reason[REASON_BYTES_MAX], number[12];
    rd_kafka_NewTopic_t *made =
        rd_kafka_NewTopic_new(topic, (int)partitions, replicas, reason, sizeof reason);

    if (made == NULL) {
        (void)refuse(why, "kafka-topic, kafka-partitions, kafka-replicas: \"%s\": %s", topic,
                     reason);
    } else if (options->min_in_sync != 0) {
        (void)snprintf(number, sizeof number, "%u", options->min_in_sync);
        (void)rd_kafka_NewTopic_set_config(made, "min.insync.replicas", number);
    }
    return made;
}

static const char *culprit(rd_kafka_resp_err_t error)
{
    return error == RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR ? "kafka-replicas"
           : error == RD_KAFKA_RESP_ERR_INVALID_PARTITIONS       ? "kafka-partitions"
           : error == RD_KAFKA_RESP_ERR_INVALID_CONFIG           ? "kafka-min-in-sync"
           : error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
                   error == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED
               ? "kafka-create"
               : "kafka-topic";
}

/* What the broker says to the wish for a topic: two nodes may have it at once. */
static int judge(rd_kafka_event_t *event, const char *topic, struct bytes *why)
{
    size_t count = 0;
    const rd_kafka_CreateTopics_result_t *result =
        event == NULL ? NULL : rd_kafka_event_CreateTopics_result(event);

    if (result == NULL || rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return refuse(why, "kafka-topic: \"%s\" cannot be created: %s", topic,
                      event == NULL ? "no answer" : rd_kafka_event_error_string(event));
    }
    const rd_kafka_topic_result_t **topics = rd_kafka_CreateTopics_result_topics(result, &count);
    rd_kafka_resp_err_t error =
        count == 1 ? rd_kafka_topic_result_error(topics[0]) : RD_KAFKA_RESP_ERR__FAIL;
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
        return 0;
    }
    const char *reason = count == 1 ? rd_kafka_topic_result_error_string(topics[0]) : NULL;
    return refuse(why, "%s: topic \"%s\" cannot be created: %s", culprit(error), topic,
                  reason != NULL ? reason : rd_kafka_err2str(error));
}

static int create_topic(struct kafka_client *c, const struct journal_kafka_options *options,
                        const char *topic, struct bytes *why)
{
    rd_kafka_NewTopic_t *wanted = new_topic(options, topic, why);
    char reason[REASON_BYTES_MAX];

    if (wanted == NULL) {
        return -1;
    }
    rd_kafka_queue_t *queue = rd_kafka_queue_new(c->handle);
    rd_kafka_AdminOptions_t *how =
        rd_kafka_AdminOptions_new(c->handle, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    (void)rd_kafka_AdminOptions_set_operation_timeout(how, CREATE_MS, reason, sizeof reason);
    (void)rd_kafka_AdminOptions_set_request_timeout(how, CREATE_MS, reason, sizeof reason);
    rd_kafka_CreateTopics(c->handle, &wanted, 1, how, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, CREATE_MS + ASK_MS);
    int result = judge(event, topic, why);
    if (event != NULL) {
        rd_kafka_event_destroy(event);
    }
    rd_kafka_AdminOptions_destroy(how);
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewTopic_destroy(wanted);
    return result;
}

/* A topic that has just been made is not known to all brokers at once. */
static int await_topic(struct kafka_client *c, const struct journal_kafka_options *options,
                       const char *topic, struct bytes *why)
{
    uint64_t until = now_ms() + CREATE_MS;
    int partitions;

    while ((partitions = find_topic(c, options, topic, why)) == 0 && now_ms() < until) {
        const struct timespec pause = {.tv_nsec = 50 * 1000000L};
        (void)nanosleep(&pause, NULL);
    }
    return partitions != 0
               ? partitions
               : refuse(why, "kafka-topic: \"%s\" was created and does not appear", topic);
}

int kafka_topic_prepare(struct kafka_client *c, const struct journal_kafka_options *options,
                        const char *topic, struct bytes *why)
{
    assert(rd_kafka_type(c->handle) == RD_KAFKA_CONSUMER);
    int partitions = find_topic(c, options, topic, why);

    if (partitions == 0 && !options->create) {
        return refuse(why, "kafka-topic: \"%s\" does not exist, and kafka-create is off", topic);
    }
    if (partitions == 0) {
        partitions =
            create_topic(c, options, topic, why) < 0 ? -1 : await_topic(c, options, topic, why);
    }
    if (partitions > JOURNAL_KAFKA_PARTITIONS_MAX) {
        return refuse(why, "kafka-topic: \"%s\" has %d partitions; at most %d are followed", topic,
                      partitions, JOURNAL_KAFKA_PARTITIONS_MAX);
    }
    return partitions;
}

rd_kafka_resp_err_t kafka_offsets_ask(rd_kafka_t *handle, rd_kafka_topic_partition_list_t *list,
                                      int64_t which, int wait_ms)
{
    for (int i = 0; i < list->cnt; i++) {
        list->elems[i].offset = which;
    }
    rd_kafka_resp_err_t error = rd_kafka_offsets_for_times(handle, list, wait_ms);
    for (int i = 0; i < list->cnt && error == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
        error = list->elems[i].err;
    }
    return error;
}

static rd_kafka_resp_err_t ask_watermarks(struct kafka_client *c, const char *topic,
                                          unsigned partition, int64_t *low, int64_t *high,
                                          int wait_ms)
{
    rd_kafka_topic_partition_list_t *list = xnonnull(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_t *part =
        rd_kafka_topic_partition_list_add(list, topic, (int32_t)partition);
    rd_kafka_resp_err_t error =
        kafka_offsets_ask(c->handle, list, RD_KAFKA_OFFSET_BEGINNING, wait_ms);

    *low = part->offset;
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        error = kafka_offsets_ask(c->handle, list, RD_KAFKA_OFFSET_END, wait_ms);
        *high = part->offset;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return error;
}

int kafka_topic_watermarks(struct kafka_client *c, const struct journal_kafka_options *options,
                           unsigned partition, int64_t *low, int64_t *high, struct bytes *why)
{
    int wait_ms = (int)kafka_timeout_ms(options);
    uint64_t until = now_ms() + (uint64_t)wait_ms;
    rd_kafka_resp_err_t error;

    do { /* a leader may just be elected */
        error = ask_watermarks(c, options->topic, partition, low, high, wait_ms);
    } while (error != RD_KAFKA_RESP_ERR_NO_ERROR && now_ms() < until);
    return error == RD_KAFKA_RESP_ERR_NO_ERROR
               ? 0
               : refuse(why, "kafka-topic: \"%s\": where partition %u ends: %s", options->topic,
                        partition, rd_kafka_err2str(error));
}

unsigned kafka_partition_of(struct span room, unsigned partitions)
{
    static const uint8_t none;
    const void *key = room.len > 0 ? room.data : &none;

    return (unsigned)rd_kafka_msg_partitioner_murmur2(NULL, key, room.len, (int32_t)partitions,
                                                      NULL, NULL);
}
