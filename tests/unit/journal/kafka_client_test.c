// SPDX-License-Identifier: MIT
/* What the options of Kafka become, and what is said of those that cannot be: without a broker, or
 * with the one that librdkafka makes up for tests. */
#include "src/journal/kafka_client.h"

#include <librdkafka/rdkafka_mock.h>
#include <stdlib.h>

#include "tests/support/tap.h"

static const struct kafka_setting none[] = {{NULL, NULL}};
static const struct kafka_setting mocked[] = {{"test.mock.num.brokers", "1"}, {NULL, NULL}};

static struct journal_kafka_options options_of(const char *brokers, const char *settings)
{
    return (struct journal_kafka_options){
        .brokers = brokers, .topic = "chat", .settings = settings, .timeout_ms = 400};
}

static bool says(const struct bytes *why, const char *part)
{
    return why->len > 0 && memmem(why->data, why->len, part, strlen(part)) != NULL;
}

static void puts_a_room_where_java_and_kafkajs_put_it(void)
{
    /* org.apache.kafka.common.utils.Utils.murmur2, as its own test has them */
    check(kafka_partition_of(SPAN("21"), 1 << 30) ==
          ((unsigned)-973932308 & 0x7fffffff) % (1 << 30));
    check(kafka_partition_of(SPAN("foobar"), 1 << 30) ==
          ((unsigned)-790332482 & 0x7fffffff) % (1 << 30));
    check(kafka_partition_of(SPAN("a-little-bit-long-string"), 1 << 30) ==
          ((unsigned)-985981536 & 0x7fffffff) % (1 << 30));
    check(kafka_partition_of(SPAN(""), 10) < 10);
    check(kafka_partition_of((struct span){NULL, 0}, 10) == kafka_partition_of(SPAN(""), 10));
}

static bool is_set(const struct kafka_client *c, const char *name, const char *want)
{
    char value[64];
    size_t size = sizeof value;

    return rd_kafka_conf_get(rd_kafka_conf(c->handle), name, value, &size) == RD_KAFKA_CONF_OK &&
           strcmp(value, want) == 0;
}

static void hands_settings_of_librdkafka_on(void)
{
    struct journal_kafka_options o =
        options_of("127.0.0.1:1", " message.max.bytes = 5000 ,ssl.cipher.suites=A,B, linger.ms=7,");
    struct kafka_client c;
    struct bytes why = {0};

    check(kafka_client_open(&c, RD_KAFKA_PRODUCER, &o, none, &why) == 0);
    check(is_set(&c, "message.max.bytes", "5000"));
    check(is_set(&c, "ssl.cipher.suites", "A,B"));
    kafka_client_close(&c);
    bytes_finish(&why);
}

static void lets_no_setting_overrule_what_correctness_rests_on(void)
{
    static const struct kafka_setting idempotent[] = {{"enable.idempotence", "true"}, {NULL, NULL}};
    struct journal_kafka_options o = options_of("127.0.0.1:1", "enable.idempotence=false");
    struct kafka_client c;
    struct bytes why = {0};

    check(kafka_client_open(&c, RD_KAFKA_PRODUCER, &o, idempotent, &why) == 0);
    check(is_set(&c, "enable.idempotence", "true"));
    kafka_client_close(&c);
    bytes_finish(&why);
}

static void lets_a_setting_overrule_what_is_merely_better(void)
{
    static const struct kafka_setting eager[] = {
        {"fetch.min.bytes", "65536", .yields = true},
        {"fetch.wait.max.ms", "10", .yields = true},
        {NULL, NULL},
    };
    struct journal_kafka_options o = options_of("127.0.0.1:1", "fetch.min.bytes=1");
    struct kafka_client c;
    struct bytes why = {0};

    check(kafka_client_open(&c, RD_KAFKA_CONSUMER, &o, eager, &why) == 0);
    check(is_set(&c, "fetch.min.bytes", "1"));
    check(is_set(&c, "fetch.wait.max.ms", "10"));
    kafka_client_close(&c);
    bytes_finish(&why);
}

static void lets_no_message_wait_for_longer_than_the_linger(void)
{
    static const struct {
        unsigned linger_ms;
        const char *text;
    } cases[] = {{0, "0"}, {1, "0.1"}, {2, "1"}, {3, "2"}, {60000, "59999"}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[KAFKA_LINGER_MAX];
        const struct kafka_setting lingers[] = {{"linger.ms", text}, {NULL, NULL}};
        struct journal_kafka_options o = options_of("127.0.0.1:1", NULL);
        struct kafka_client c;
        struct bytes why = {0};

        kafka_linger_write(text, cases[i].linger_ms);
        check(strcmp(text, cases[i].text) == 0);
        check(kafka_client_open(&c, RD_KAFKA_PRODUCER, &o, lingers, &why) == 0);
        kafka_client_close(&c);
        bytes_finish(&why);
    }
}

static void says_which_option_cannot_be(void)
{
    static const struct {
        const char *brokers, *settings, *part;
    } cases[] = {
        {"", NULL, "kafka-brokers: no broker"},
        {NULL, NULL, "kafka-brokers: no broker"},
        {"127.0.0.1:1", "no.such.thing=1", "kafka-settings: No such configuration property"},
        {"127.0.0.1:1", "acks", "kafka-settings: not name=value,name=value..."},
        {"127.0.0.1:1", "message.max.bytes=five", "kafka-settings: "},
        {"127.0.0.1:1", "security.protocol=SASL_PLAINTEXT,sasl.mechanisms=NOBODYS",
         "kafka-settings"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct journal_kafka_options o = options_of(cases[i].brokers, cases[i].settings);
        struct kafka_client c;
        struct bytes why = {0};
        check(kafka_client_open(&c, RD_KAFKA_CONSUMER, &o, none, &why) < 0);
        check(says(&why, cases[i].part));
        check(memchr(why.data, '\n', why.len) == NULL);
        kafka_client_close(&c);
        bytes_finish(&why);
    }
}

static void says_that_nobody_answers_and_why(void)
{
    struct journal_kafka_options o = options_of("127.0.0.1:1", NULL);
    struct kafka_client c;
    struct bytes why = {0};

    check(kafka_client_open(&c, RD_KAFKA_CONSUMER, &o, none, &why) == 0);
    check(kafka_topic_prepare(&c, &o, "chat", &why) < 0);
    check(says(&why, "kafka-brokers: 127.0.0.1:1: "));
    check(says(&why, "refused"));
    kafka_client_close(&c);
    bytes_finish(&why);
}

static void says_that_a_topic_is_missing_and_may_not_be_made(void)
{
    struct journal_kafka_options o = options_of("127.0.0.1:1", NULL);
    struct kafka_client c;
    struct bytes why = {0};

    check(kafka_client_open(&c, RD_KAFKA_CONSUMER, &o, mocked, &why) == 0);
    rd_kafka_mock_topic_set_error(rd_kafka_handle_mock_cluster(c.handle), "chat",
                                  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    check(kafka_topic_prepare(&c, &o, "chat", &why) < 0);
    check(says(&why, "kafka-topic: \"chat\" does not exist, and kafka-create is off"));
    kafka_client_close(&c);
    bytes_finish(&why);
}

static void finds_a_topic_with_its_partitions_and_their_ends(void)
{
    struct journal_kafka_options o = options_of("127.0.0.1:1", NULL);
    struct kafka_client c;
    struct bytes why = {0};
    int64_t low = -1, high = -1;

    check(kafka_client_open(&c, RD_KAFKA_CONSUMER, &o, mocked, &why) == 0);
    check(rd_kafka_mock_topic_create(rd_kafka_handle_mock_cluster(c.handle), "chat", 7, 1) == 0);
    check(kafka_topic_prepare(&c, &o, "chat", &why) == 7);
    check(kafka_topic_watermarks(&c, &o, 6, &low, &high, &why) == 0);
    check(low == 0 && high == 0);
    kafka_client_close(&c);
    bytes_finish(&why);
}

int main(void)
{
    RUN(puts_a_room_where_java_and_kafkajs_put_it);
    RUN(hands_settings_of_librdkafka_on);
    RUN(lets_no_setting_overrule_what_correctness_rests_on);
    RUN(lets_a_setting_overrule_what_is_merely_better);
    RUN(lets_no_message_wait_for_longer_than_the_linger);
    RUN(says_which_option_cannot_be);
    RUN(says_that_nobody_answers_and_why);
    RUN(says_that_a_topic_is_missing_and_may_not_be_made);
    RUN(finds_a_topic_with_its_partitions_and_their_ends);
    return tap_done();
}
