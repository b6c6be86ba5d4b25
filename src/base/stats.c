// SPDX-License-Identifier: MIT
#include "src/base/stats.h"

const char *stats_name(enum stat_id which)
{
    static const char *const names[STAT_COUNT] = {
        [STAT_CONNECTIONS_ACCEPTED] = "connections_accepted",
        [STAT_CONNECTIONS_REFUSED] = "connections_refused",
        [STAT_DESCRIPTORS_EXHAUSTED] = "descriptors_exhausted",
        [STAT_REQUESTS] = "requests",
        [STAT_REQUESTS_REFUSED] = "requests_refused",
        [STAT_REQUESTS_TIMED_OUT] = "requests_timed_out",
        [STAT_SESSIONS_OPENED] = "sessions_opened",
        [STAT_SESSIONS_CLOSED] = "sessions_closed",
        [STAT_SESSIONS_UPGRADED] = "sessions_upgraded",
        [STAT_HANDSHAKES_REFUSED] = "handshakes_refused",
        [STAT_SLOW_CONSUMERS] = "slow_consumers",
        [STAT_VOLATILE_DROPPED] = "volatile_dropped",
        [STAT_PARSE_ERRORS] = "parse_errors",
        [STAT_PING_TIMEOUTS] = "ping_timeouts",
        [STAT_PACKETS_RECEIVED] = "packets_received",
        [STAT_PACKETS_SENT] = "packets_sent",
        [STAT_SOCKETS_CONNECTED] = "sockets_connected",
        [STAT_SOCKETS_DISCONNECTED] = "sockets_disconnected",
    };
    return names[which];
}
