/* Feeds of RabbitMQ, over a broker of their own; or over that of ROOKERY_TEST_RABBITMQ, a URL,
 * whose queue is then emptied. */
// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/journal/journal_value.h"
#include "tests/contract/feed_bed.h"
#include "tests/support/rabbitmq_raw.h"
#include "tests/support/service.h"

enum { REJECTED_TRIES = 100, REJECTED_STEP_US = 50000 };

const bool feed_bed_has_places = false;
const bool feed_bed_is_shared = false;

static struct service broker;
static struct rabbitmq_link producer; /* open while messages are put into one log */
static char url[FEED_BED_ADDRESS_MAX];
static struct journal_rabbitmq_options options = {
    .url = url, .exchange = "chat_exchange", .queue = "message_persist_queue", .tries = 1};

const char *feed_bed_start(void)
{
    if (!service_begin(&broker, "rabbitmq")) {
        return "RabbitMQ is not installed";
    }
    feed_bed_join(broker.url);
    return NULL;
}

static void close_producer(void)
{
    if (producer.conn != NULL) {
        rabbitmq_raw_close(&producer);
    }
}

void feed_bed_stop(void)
{
    close_producer();
    service_finish(&broker);
}

void feed_bed_fresh(void)
{
    close_producer();
    rabbitmq_raw_wipe(&options);
}

void feed_bed_address(char address[FEED_BED_ADDRESS_MAX])
{
    (void)snprintf(address, FEED_BED_ADDRESS_MAX, "%s", url);
}

void feed_bed_join(const char *address)
{
    (void)snprintf(url, sizeof url, "%s", address);
}

struct feed *feed_bed_open(const uint64_t positions[FEED_BED_PARTITIONS])
{
    struct bytes why = {0};
    struct feed *feed = feed_rabbitmq_open(&options, &why);

    (void)positions; /* the broker knows what was committed */
    if (feed == NULL) {
        (void)fprintf(stderr, "# %.*s\n", (int)why.len, (const char *)why.data);
        abort();
    }
    bytes_finish(&why);
    return feed;
}

void feed_bed_append(const struct message *m)
{
    struct bytes value = {0};

    journal_value_write(&value, m);
    feed_bed_put(bytes_span(&value));
    bytes_finish(&value);
}

void feed_bed_put(struct span value)
{
    if (producer.conn == NULL) {
        rabbitmq_raw_open(&producer, &options);
    }
    rabbitmq_raw_put(&producer, "messages.room", value);
}

bool feed_bed_take_rejected(struct bytes *value, struct bytes *reason)
{
    char texts[2][RABBITMQ_RAW_MAX];

    for (int i = 0; i < REJECTED_TRIES; i++) {
        if (rabbitmq_raw_get(&options, ".dlq", texts[0], texts[1])) {
            bytes_add_cstr(value, texts[0]);
            bytes_add_cstr(reason, texts[1]);
            return true;
        }
        (void)usleep(REJECTED_STEP_US);
    }
    return false;
}
