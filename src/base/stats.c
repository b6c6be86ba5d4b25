// SPDX-License-Identifier: MIT
#include "src/base/stats.h"

#define CONNECTIONS_REFUSED "connections_refused", "Connections refused at a limit."
#define REQUESTS_REFUSED    "requests_refused", "HTTP requests refused or given up."
#define SESSIONS_CLOSED     "sessions_closed", "Engine.IO sessions that have ended."
#define MESSAGES            "messages", "Messages that were said in the chat."
#define NOTES               "cluster_notes_refused", "What other nodes told the chat and was not taken in."
#define REFUSALS            "chat_refusals", "What the chat has refused: events and connections."
#define DROPS               "drops", "What was dropped instead of being queued: connections or packets."

#define REPEATS \
    "dedup_lookups", "Messages looked up in what all nodes know of such with client ids."

#define PASSED "passed_on", "What was passed on to the node of its session."
#define PASSES_REFUSED \
    "passed_on_refused", "What was not passed on, or taken from another node, as it asked."

#define DEFLATED_BYTES \
    "ws_deflated_bytes", "Bytes of WebSocket messages that were compressed, before and after."
#define INFLATE_REFUSED \
    "ws_inflate_refused", "Compressed messages of clients that ended the connection."

#define COUNTER(family_, help_)              \
    {                                        \
        .family = (family_), .help = (help_) \
    }
#define REASON_(family_, help_, reason_)                          \
    {                                                             \
        .family = (family_), .help = (help_), .reason = (reason_) \
    }
#define REASON(both, reason_) REASON_(both, reason_)
#define FORM_(family_, help_, form_)                                              \
    {                                                                             \
        .family = (family_), .help = (help_), .reason = (form_), .label = "form", \
    }
#define FORM(both, form_) FORM_(both, form_)
#define DIALECT_(family_, help_, dialect_)                                              \
    {                                                                                   \
        .family = (family_), .help = (help_), .reason = (dialect_), .label = "dialect", \
    }
#define DIALECT(both, dialect_) DIALECT_(both, dialect_)

const struct stat_info *stats_info(enum stat_id which)
{
    static const struct stat_info infos[STAT_COUNT] = {
        [STAT_CONNECTIONS_ACCEPTED] = COUNTER("connections_accepted", "TCP connections."),
        [STAT_CONNECTIONS_REFUSED] = REASON(CONNECTIONS_REFUSED, "limit"),
        [STAT_DESCRIPTORS_EXHAUSTED] = REASON(CONNECTIONS_REFUSED, "descriptors"),
        [STAT_REQUESTS] = COUNTER("requests", "HTTP requests."),
        [STAT_REQUESTS_REFUSED] = REASON(REQUESTS_REFUSED, "malformed"),
        [STAT_REQUESTS_TIMED_OUT] = REASON(REQUESTS_REFUSED, "timeout"),
        [STAT_REQUESTS_CROWDED_OUT] = REASON(REQUESTS_REFUSED, "crowded out"),
        [STAT_HANDSHAKES_REFUSED] = REASON(REQUESTS_REFUSED, "handshake"),
        [STAT_HANDSHAKES_UNDECIDED] = REASON(REQUESTS_REFUSED, "undecided"),
        [STAT_SESSIONS_OPENED] = COUNTER("sessions_opened", "Engine.IO handshakes."),
        [STAT_SESSIONS_UPGRADED] =
            COUNTER("sessions_upgraded", "Engine.IO sessions that went on to a WebSocket."),
        [STAT_CLOSED_TRANSPORT_CLOSE] = REASON(SESSIONS_CLOSED, "transport close"),
        [STAT_CLOSED_TRANSPORT_ERROR] = REASON(SESSIONS_CLOSED, "transport error"),
        [STAT_CLOSED_PING_TIMEOUT] = REASON(SESSIONS_CLOSED, "ping timeout"),
        [STAT_CLOSED_PARSE_ERROR] = REASON(SESSIONS_CLOSED, "parse error"),
        [STAT_CLOSED_FORCED_CLOSE] = REASON(SESSIONS_CLOSED, "forced close"),
        [STAT_CLOSED_SERVER_SHUTDOWN] = REASON(SESSIONS_CLOSED, "server shutting down"),
        [STAT_SLOW_CONSUMERS] = REASON(DROPS, "slow consumer"),
        [STAT_VOLATILE_DROPPED] = REASON(DROPS, "volatile"),
        [STAT_QUEUE_BYTES] = {.family = "queue_bytes",
                              .help = "Bytes that connections could not be given yet.",
                              .is_gauge = true},
        [STAT_PARSE_ERRORS] = COUNTER("parse_errors", "Packets of clients that were no packets."),
        [STAT_PACKETS_RECEIVED] = COUNTER("packets_received", "Packets from clients."),
        [STAT_PACKETS_SENT] =
            COUNTER("packets_sent", "Socket.IO packets queued for clients, one per receiver."),
        [STAT_ACKS_RECEIVED] = COUNTER("acks_received", "Answers of clients to events."),
        [STAT_ACKS_SENT] = COUNTER("acks_sent", "Answers to events of clients."),
        [STAT_ACKS_TIMED_OUT] = COUNTER("acks_timed_out", "Events that no client answered."),
        [STAT_SOCKETS_CONNECTED] =
            COUNTER("sockets_connected", "Clients that have joined a namespace."),
        [STAT_SOCKETS_DISCONNECTED] =
            COUNTER("sockets_disconnected", "Clients that have left a namespace."),
        [STAT_ROOMS_OPENED] = COUNTER("rooms_opened", "Rooms made by a first member, per loop."),
        [STAT_ROOMS_CLOSED] = COUNTER("rooms_closed", "Rooms that went with the last."),
        [STAT_MESSAGES_CHATROOM] = DIALECT(MESSAGES, "chatroom"),
        [STAT_MESSAGES_SCALABLE] = DIALECT(MESSAGES, "scalable"),
        [STAT_MESSAGES_GROUPS] = DIALECT(MESSAGES, "groups"),
        [STAT_MESSAGES_DIRECT] = DIALECT(MESSAGES, "direct"),
        [STAT_MESSAGES_REALTIME] = DIALECT(MESSAGES, "realtime"),
        [STAT_MESSAGES_NATIVE] = DIALECT(MESSAGES, "native"),
        [STAT_MESSAGES_EDITED] = COUNTER("messages_edited", "Messages that were changed."),
        [STAT_MESSAGES_DELETED] = COUNTER("messages_deleted", "Messages that were taken back."),
        [STAT_DELIVERIES] = COUNTER(
            "deliveries",
            "Messages, edits and deletions given to the members of their rooms, one per member."),
        [STAT_REFUSED_RATE] = REASON(REFUSALS, "rate limited"),
        [STAT_REFUSED_UNAUTHORIZED] = REASON(REFUSALS, "unauthorized"),
        [STAT_REFUSED_FULL] = REASON(REFUSALS, "server full"),
        [STAT_REFUSED_INVALID] = REASON(REFUSALS, "invalid payload"),
        [STAT_REFUSED_OTHER] = REASON(REFUSALS, "other"),
        [STAT_NOTES_MALFORMED] = REASON(NOTES, "malformed"),
        [STAT_NOTES_LOST] = REASON(NOTES, "not stored"),
        [STAT_NOTES_CROWDED] = REASON(NOTES, "too many members"),
        [STAT_REPEATS_FOUND] = REASON(REPEATS, "found"),
        [STAT_REPEATS_UNKNOWN] = REASON(REPEATS, "no answer"),
        [STAT_PASSED_REQUESTS] = REASON(PASSED, "request"),
        [STAT_PASSED_TUNNELS] = REASON(PASSED, "websocket"),
        [STAT_PASS_FAILED] = REASON(PASSES_REFUSED, "no answer"),
        [STAT_HOPS_FORGED] = REASON(PASSES_REFUSED, "forged"),
        [STAT_DEFLATED_MESSAGES] =
            COUNTER("ws_deflated_messages",
                    "WebSocket messages that were compressed, each once for all its receivers."),
        [STAT_DEFLATED_PLAIN_BYTES] = FORM(DEFLATED_BYTES, "plain"),
        [STAT_DEFLATED_BYTES] = FORM(DEFLATED_BYTES, "compressed"),
        [STAT_INFLATED_MESSAGES] =
            COUNTER("ws_inflated_messages", "WebSocket messages that came compressed."),
        [STAT_INFLATED_BYTES] =
            COUNTER("ws_inflated_bytes", "Bytes that these have become, refused ones as well."),
        [STAT_INFLATE_TOO_BIG] = REASON(INFLATE_REFUSED, "too big"),
        [STAT_INFLATE_MALFORMED] = REASON(INFLATE_REFUSED, "malformed"),
        [STAT_TLS_HANDSHAKES] = COUNTER("tls_handshakes", "TLS connections that were made."),
        [STAT_TLS_FAILED] = COUNTER("tls_handshakes_failed", "TLS handshakes that have failed."),
        [STAT_PROXY_HEADERS_REFUSED] = COUNTER("proxy_headers_refused", "Bad PROXY headers."),
    };
    return &infos[which];
}
