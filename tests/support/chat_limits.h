/* Chat limits: those of the chat's tests, in which no rate is counted. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_SUPPORT_CHAT_LIMITS_H
#define TESTS_SUPPORT_CHAT_LIMITS_H

#include "src/chat/limits.h"

static inline struct chat_limits chat_test_limits(void)
{
    return (struct chat_limits){
        .content_units_max = 5000,
        .history_max = 100,
        .rooms_per_socket = 1000,
        .typing_timeout_ms = 5000,
        .presence_interval_ms = 500,
    };
}

#endif
