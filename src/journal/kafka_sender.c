// SPDX-License-Identifier: MIT
#include "src/journal/kafka_sender.h"

#include <stdio.h>

int kafka_sender_open(struct kafka_sender *s, const struct journal_kafka_options *options,
                      struct bytes *why)
{
    char timeout[12];
    const struct kafka_setting settings[] = {
        {"enable.idempotence", "true"},
        {"linger.ms", "1"},
        {"message.timeout.ms", timeout},
        {NULL, NULL},
    };

    (void)snprintf(timeout, sizeof timeout, "%u", kafka_timeout_ms(options));
    s->under_way = 0;
    return kafka_client_open(&s->client, RD_KAFKA_PRODUCER, options, settings, why);
}

void kafka_sender_add(struct kafka_sender *s, struct kafka_parcel *p)
{
    rd_kafka_resp_err_t error = rd_kafka_producev(
        s->client.handle, RD_KAFKA_V_TOPIC(p->topic), RD_KAFKA_V_PARTITION(p->partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY((void *)(uintptr_t)p->key.data, p->key.len),
        RD_KAFKA_V_VALUE((void *)(uintptr_t)p->value.data, p->value.len),
        RD_KAFKA_V_HEADERS(p->headers), RD_KAFKA_V_OPAQUE(p), RD_KAFKA_V_END);

    p->error = error;
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        s->under_way++;
    } else if (p->headers != NULL) {
        rd_kafka_headers_destroy(p->headers);
    }
    p->headers = NULL;
}

/* Every record gets its report, at the latest when its time is up. */
void kafka_sender_wait(struct kafka_sender *s)
{
    enum { LOOK_MS = 1000 };

    while (s->under_way > 0) {
        rd_kafka_event_t *event = rd_kafka_queue_poll(s->client.main, LOOK_MS);
        const rd_kafka_message_t *report;
        if (event == NULL) {
            continue;
        }
        while (rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR &&
               (report = rd_kafka_event_message_next(event)) != NULL) {
            struct kafka_parcel *parcel = report->_private;
            parcel->error = report->err;
            s->under_way--;
        }
        rd_kafka_event_destroy(event);
    }
}

void kafka_sender_close(struct kafka_sender *s)
{
    kafka_client_close(&s->client);
}
