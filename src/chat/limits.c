// SPDX-License-Identifier: MIT
#include "src/chat/limits.h"

void chat_limits_init(struct chat_limits *limits)
{
    *limits = (struct chat_limits){
        .content_units_max = 5000,
        .history_max = 100,
        .rooms_per_socket = 1000,
        .rooms_made_max = 100000,
        .typing_timeout_ms = 5000,
        .presence_interval_ms = 500,
        .messages_per_user = 60,
        .typing_per_user = 300,
        .joins_per_user = 600,
        .queries_per_user = 600,
        .logins_per_address = 600,
    };
}
