// SPDX-License-Identifier: MIT
#include "src/chat/limits.h"

#include "src/chat/policy.h"
#include "tests/support/tap.h"

static void are_by_default_what_the_header_says(void)
{
    struct chat_limits limits;
    memset(&limits, 0xff, sizeof limits);
    chat_limits_init(&limits);
    check(limits.content_units_max == 5000 && limits.rooms_per_socket == 1000);
    check(limits.history_max >= 1 && limits.history_max <= HISTORY_MESSAGES_MAX);
    check(limits.members_per_room == 0 && limits.sockets_max == 0);
    check(limits.typing_timeout_ms == 5000 && limits.presence_interval_ms == 500);
    check(limits.messages_per_user == 60 && limits.typing_per_user == 300);
    check(limits.joins_per_user == 600 && limits.queries_per_user == 600);
    check(limits.connections_per_address == 0);
}

int main(void)
{
    RUN(are_by_default_what_the_header_says);
    return tap_done();
}
