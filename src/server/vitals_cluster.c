// SPDX-License-Identifier: MIT
#include <stdatomic.h>

#include "src/bus/bus.h"
#include "src/cluster/cluster.h"
#include "src/server/vitals.h"

static const struct metric_label no_label;

static uint64_t count_of(const _Atomic uint64_t *count)
{
    return atomic_load_explicit(count, memory_order_relaxed);
}

struct family {
    const char *name, *help;
    const _Atomic uint64_t *count;
};

static void write_families(struct bytes *out, enum metric_type type, const struct family *families,
                           size_t count)
{
    for (size_t i = 0; i < count; i++) {
        metrics_family(out, families[i].name, type, families[i].help);
        metrics_sample(out, families[i].name, no_label, count_of(families[i].count));
    }
}

static void write_gauge(struct bytes *out, const char *name, const char *help, uint64_t value)
{
    metrics_family(out, name, METRIC_GAUGE, help);
    metrics_sample(out, name, no_label, value);
}

static void write_dropped(struct bytes *out, const struct bus_counts *b)
{
    static const char name[] = "rookery_bus_dropped_total";

    metrics_family(out, name, METRIC_COUNTER, "Messages to other servers that were not sent.");
    metrics_sample(out, name, (struct metric_label){"reason", SPAN("full")},
                   count_of(&b->dropped_full));
    metrics_sample(out, name, (struct metric_label){"reason", SPAN("old")},
                   count_of(&b->dropped_old));
    metrics_sample(out, name, (struct metric_label){"reason", SPAN("refused")},
                   count_of(&b->dropped_refused));
}

static void write_bus(struct bytes *out, const struct bus_counts *b)
{
    const struct family counters[] = {
        {"rookery_bus_published_total", "Messages to other servers.", &b->published},
        {"rookery_bus_received_total", "Messages of other servers, and one's own.", &b->received},
        {"rookery_bus_published_bytes_total", "Bytes of messages to other servers.",
         &b->bytes_published},
        {"rookery_bus_received_bytes_total", "Bytes of messages of other servers.",
         &b->bytes_received},
        {"rookery_bus_kept_total", "Messages that had to wait for Redis to return.", &b->kept},
        {"rookery_bus_reconnects_total", "Connections to Redis that were made anew.",
         &b->reconnects},
    };

    write_families(out, METRIC_COUNTER, counters, sizeof counters / sizeof *counters);
    write_dropped(out, b);
    write_gauge(out, "rookery_bus_subscriptions", "Channels that are subscribed to.",
                count_of(&b->subscriptions));
}

static void write_cluster(struct bytes *out, const struct cluster_counts *c)
{
    const struct family counters[] = {
        {"rookery_cluster_broadcasts_sent_total", "Broadcasts to other servers.",
         &c->broadcasts_sent},
        {"rookery_cluster_broadcasts_received_total", "Broadcasts of other servers.",
         &c->broadcasts_received},
        {"rookery_cluster_requests_sent_total", "Questions to other servers.", &c->requests_sent},
        {"rookery_cluster_requests_answered_total", "Questions of other servers.",
         &c->requests_answered},
        {"rookery_cluster_requests_timed_out_total", "Questions that not all have answered.",
         &c->requests_timed_out},
        {"rookery_cluster_malformed_total", "Messages of others that were none.", &c->malformed},
        {"rookery_cluster_repeated_total", "Messages that had come before.", &c->repeated},
        {"rookery_cluster_sent_again_total", "Messages to servers that had been cut off.",
         &c->sent_again},
        {"rookery_cluster_gaps_total", "Servers that wanted more than was kept for them.",
         &c->gaps},
        {"rookery_cluster_sessions_saved_total", "Sessions that clients may come back to.",
         &c->sessions_saved},
        {"rookery_cluster_sessions_restored_total", "Sessions that clients came back to.",
         &c->sessions_restored},
        {"rookery_cluster_sessions_lost_total", "Sessions that clients came back to in vain.",
         &c->sessions_lost},
    };

    write_families(out, METRIC_COUNTER, counters, sizeof counters / sizeof *counters);
    write_gauge(out, "rookery_cluster_rooms", "Rooms of which other servers hear.",
                count_of(&c->rooms));
}

void vitals_write_cluster(struct bytes *out, const struct rookery *io)
{
    static const char ignored[] = "rookery_cluster_nodes_ignored_total";
    struct server_cluster cluster;

    if (!server_look_at_cluster(io, &cluster)) {
        return;
    }
    write_gauge(out, "rookery_cluster_up", "Whether Redis is there.", cluster.up ? 1 : 0);
    write_gauge(out, "rookery_cluster_nodes", "Rookery servers that live, this one included.",
                cluster.nodes);
    metrics_family(out, ignored, METRIC_COUNTER, "Records of servers that were none.");
    metrics_sample(out, ignored, no_label, cluster.ignored);
    write_bus(out, cluster.bus);
    write_cluster(out, cluster.counts);
}
