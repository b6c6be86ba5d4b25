// SPDX-License-Identifier: MIT
#include "src/journal/kafka_group.h"

#include <string.h>

static bool is_moving(const char *state)
{
    static const char *const names[] = {
        "PreparingRebalance", "CompletingRebalance", "AwaitingSync" /* before Kafka 1.0 */
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(state, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* The newer rd_kafka_DescribeConsumerGroups ends the program by an assertion when the coordinator
 * does not know the request (2.0.2). */
bool kafka_group_ask(rd_kafka_t *handle, const char *name, int wait_ms, struct kafka_group *group)
{
    const struct rd_kafka_group_list *list = NULL;
    rd_kafka_resp_err_t error = rd_kafka_list_groups(handle, name, &list, wait_ms);
    bool ok = false;

    if (error != RD_KAFKA_RESP_ERR_NO_ERROR && error != RD_KAFKA_RESP_ERR__PARTIAL) {
        return false;
    }
    if (list->group_cnt == 1 && list->groups[0].err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        group->is_moving = is_moving(list->groups[0].state);
        group->members = (size_t)list->groups[0].member_cnt;
        ok = true;
    }
    rd_kafka_group_list_destroy(list);
    return ok;
}
