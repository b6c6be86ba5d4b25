// SPDX-License-Identifier: MIT
#include "tests/support/rabbitmq_raw.h"

#include <stdio.h>

#include "tests/support/tap.h"

enum { HEARTBEAT_S = 30, LIMIT_MS = 5000 };

void rabbitmq_raw_open(struct rabbitmq_link *raw, const struct journal_rabbitmq_options *options)
{
    struct bytes why = {0};

    check(rabbitmq_link_init(raw, options, &why) == 0);
    check(rabbitmq_link_open(raw, HEARTBEAT_S, LIMIT_MS, &why) == 0);
    check(rabbitmq_link_confirm(raw, &why) == 0);
    bytes_finish(&why);
}

void rabbitmq_raw_close(struct rabbitmq_link *raw)
{
    rabbitmq_link_close(raw);
    rabbitmq_link_finish(raw);
}

void rabbitmq_raw_delete(struct rabbitmq_link *raw, const char *suffix)
{
    char name[RABBITMQ_RAW_MAX];

    (void)snprintf(name, sizeof name, "%s%s", raw->queue, suffix);
    (void)amqp_queue_delete(raw->conn, RABBITMQ_MAIN, amqp_cstring_bytes(name), false, false);
}

void rabbitmq_raw_wipe(const struct journal_rabbitmq_options *options)
{
    struct rabbitmq_link raw;

    rabbitmq_raw_open(&raw, options);
    rabbitmq_raw_delete(&raw, "");
    rabbitmq_raw_delete(&raw, ".retry");
    rabbitmq_raw_delete(&raw, ".dlq");
    rabbitmq_raw_close(&raw);
}

void rabbitmq_raw_put(struct rabbitmq_link *raw, const char *key, struct span value)
{
    const struct rabbitmq_note note = {
        .exchange = raw->exchange,
        .key = key,
        .must_route = true,
        .properties = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG,
                       .delivery_mode = AMQP_DELIVERY_PERSISTENT},
        .body = value,
    };
    struct bytes why = {0};

    check(rabbitmq_link_publish(raw, &note, &why) == 0);
    bytes_finish(&why);
}

void rabbitmq_raw_publish(const struct journal_rabbitmq_options *options, const char *key,
                          struct span value)
{
    struct rabbitmq_link raw;

    rabbitmq_raw_open(&raw, options);
    rabbitmq_raw_put(&raw, key, value);
    rabbitmq_raw_close(&raw);
}

static void take_reason(const amqp_table_t *headers, char reason[RABBITMQ_RAW_MAX])
{
    for (int i = 0; i < headers->num_entries; i++) {
        const amqp_table_entry_t *e = &headers->entries[i];
        if (span_eq(rabbitmq_span(e->key), SPAN("reason"))) {
            (void)snprintf(reason, RABBITMQ_RAW_MAX, "%.*s", (int)e->value.value.bytes.len,
                           (const char *)e->value.value.bytes.bytes);
        }
    }
}

bool rabbitmq_raw_get(const struct journal_rabbitmq_options *options, const char *suffix,
                      char value[RABBITMQ_RAW_MAX], char reason[RABBITMQ_RAW_MAX])
{
    char name[RABBITMQ_RAW_MAX];
    struct rabbitmq_link raw;
    amqp_message_t m;

    value[0] = reason[0] = '\0';
    rabbitmq_raw_open(&raw, options);
    (void)snprintf(name, sizeof name, "%s%s", options->queue, suffix);
    amqp_rpc_reply_t reply =
        amqp_basic_get(raw.conn, RABBITMQ_MAIN, amqp_cstring_bytes(name), true);
    bool found =
        reply.reply_type == AMQP_RESPONSE_NORMAL && reply.reply.id == AMQP_BASIC_GET_OK_METHOD;
    if (found) {
        reply = amqp_read_message(raw.conn, RABBITMQ_MAIN, &m, 0);
        check(reply.reply_type == AMQP_RESPONSE_NORMAL);
        (void)snprintf(value, RABBITMQ_RAW_MAX, "%.*s", (int)m.body.len,
                       (const char *)m.body.bytes);
        take_reason(&m.properties.headers, reason);
        amqp_destroy_message(&m);
    }
    rabbitmq_raw_close(&raw);
    return found;
}
