// SPDX-License-Identifier: MIT
/* Whether the topic is still the one that was begun with. */
#include <stdio.h>

#include "src/journal/kafka_journal.h"

enum { WHAT_BYTES_MAX = 256, LINE_BYTES_MAX = 768 };

static void say(const struct kafka_journal *j, const char *what)
{
    char line[LINE_BYTES_MAX];

    if (j->kafka.on_problem != NULL && !j->is_closed) {
        (void)snprintf(line, sizeof line, "kafka-topic: \"%s\": %s", j->kafka.topic, what);
        j->kafka.on_problem(j->kafka.on_problem_arg, true, line);
    }
}

bool kafka_error_is_gone(rd_kafka_resp_err_t error)
{
    return error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
           error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
           error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

bool kafka_topic_is_in(const struct kafka_journal *j, const struct rd_kafka_metadata *all)
{
    rd_kafka_resp_err_t error = all->topic_cnt == 1 ? all->topics[0].err : 0;

    return error == RD_KAFKA_RESP_ERR_NO_ERROR && all->topic_cnt == 1
               ? all->topics[0].partition_cnt >= (int)j->partitions
               : !kafka_error_is_gone(error);
}

void kafka_topic_is_gone(struct kafka_journal *j)
{
    lock_enter(&j->lock);
    bool is_new = !j->is_gone;
    j->is_gone = true;
    (void)kafka_breaker_break(&j->breaker, kafka_now_ms());
    lock_leave(&j->lock);
    if (is_new) {
        say(j, "it is not there any more: nothing is sent until it is");
    }
}

void kafka_topic_lost(struct kafka_journal *j, unsigned partition)
{
    char what[WHAT_BYTES_MAX];

    lock_enter(&j->lock);
    bool is_new = kafka_breaker_end(&j->breaker);
    lock_leave(&j->lock);
    if (is_new) {
        (void)snprintf(what, sizeof what,
                       "partition %u is shorter than it was: the topic was made anew, or has lost "
                       "its end; nothing is sent until all nodes are started again",
                       partition);
        say(j, what);
    }
}
