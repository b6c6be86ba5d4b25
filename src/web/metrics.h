/* Metrics: GET /metrics answers in the text format of Prometheus, version 0.0.4:
 *
 *     # HELP rookery_sessions_closed_total Engine.IO sessions that have ended.
 *     # TYPE rookery_sessions_closed_total counter
 *     rookery_sessions_closed_total{reason="ping timeout"} 3
 *
 * What the chat server shows (src/server/vitals.c; the counters are in src/base/stats.c):
 *
 *   counters, with _total     connections_accepted, requests, sessions_opened, sessions_upgraded,
 *                             packets_received, packets_sent, parse_errors, acks_received,
 *                             acks_sent, acks_timed_out, sockets_connected, sockets_disconnected,
 *                             rooms_opened, rooms_closed, messages_edited, messages_deleted,
 *                             deliveries (of messages and their changes, to members of rooms)
 *   counters by reason        connections_refused, requests_refused, sessions_closed, drops,
 *                             chat_refusals
 *   counter by dialect        messages
 *   gauges                    connections, sessions, sockets, rooms, queue_bytes
 *   of a cluster, counters    bus_published, bus_received, bus_published_bytes, bus_received_bytes,
 *                             bus_kept, bus_reconnects, cluster_broadcasts_sent,
 *                             cluster_broadcasts_received, cluster_requests_sent,
 *                             cluster_requests_answered, cluster_requests_timed_out,
 *                             cluster_malformed, cluster_repeated, cluster_sent_again,
 *                             cluster_sessions_saved, cluster_sessions_restored,
 *                             cluster_sessions_lost,
 *                             cluster_gaps, cluster_nodes_ignored; by reason: bus_dropped
 *   of a cluster, gauges      cluster_up, cluster_nodes, cluster_rooms, bus_subscriptions
 *   of a broker, counters     journal_failed, journal_repeated, journal_malformed, journal_gaps,
 *                             journal_side_lost, persist_stored, persist_repeated,
 *                             persist_rejected, persist_deferred, persist_moved, persist_missing,
 *                             persist_batches, persist_retries, reads_waited, reads_timed_out; by
 *                             reason: journal_refused
 *   of histories              history_cache by from; gauges history_cache_pages,
 *                             history_cache_bytes
 *   of a broker, gauges       journal_up, journal_queue_messages, journal_queue_bytes, persist_lag,
 *                             persist_partitions, persist_short_partitions, persist_store_away
 *   histograms, per loop      loop_turn_seconds, loop_lag_seconds
 *   histograms                store_append_seconds: a batch, with its sync
 *   histograms, by kind       store_call_seconds: read, search, write
 *
 * A family is a metrics_family and then its samples. Names are ours and valid; values of labels may
 * be anything.
 *
 * Threads: set up on one, answers on all; what writes reads counters that may be read anywhere.
 * Format: https://prometheus.io/docs/instrumenting/exposition_formats/ */
// SPDX-License-Identifier: MIT
#ifndef WEB_METRICS_H
#define WEB_METRICS_H

#include "src/base/histogram.h"
#include "src/net/http.h"

/* Lives as long as the server that its route was added to. */
struct web_metrics {
    void (*write)(struct bytes *out, void *arg); /* from any thread */
    void *arg;
};

/* The route; its arg is metrics. */
struct http_route web_metrics_route(struct web_metrics *metrics);

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

/* A family: what its samples have in common. Of a counter, name ends in "_total". */
void metrics_family(struct bytes *out, const char *name, enum metric_type type, const char *help);

/* A label of a sample. */
struct metric_label {
    const char *name; /* NULL: there is none */
    struct span value;
};

/* A sample of a counter or a gauge. */
void metrics_sample(struct bytes *out, const char *name, struct metric_label label, uint64_t value);

/* The samples of a histogram, in seconds. */
void metrics_histogram(struct bytes *out, const char *name, struct metric_label label,
                       const struct histogram_copy *h);

#endif
