// SPDX-License-Identifier: MIT
#include "src/server/vitals.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- the store ---- */

static uint64_t clock_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Never 0. */
static int64_t clock_s(void)
{
    return (int64_t)(clock_us() / 1000000) + 1;
}

void vitals_store_failed(struct vitals *v)
{
    atomic_store_explicit(&v->store_failed_s, clock_s(), memory_order_relaxed);
}

void vitals_reading_failed(struct vitals *v)
{
    atomic_store_explicit(&v->reading_failed_s, clock_s(), memory_order_relaxed);
}

int vitals_append(struct vitals *v, struct store *store, struct message *const *messages,
                  size_t count)
{
    uint64_t begin_us = clock_us();
    int error = store_append(store, messages, count);

    histogram_add(&v->appends, clock_us() - begin_us);
    if (error < 0) {
        vitals_store_failed(v);
    } else {
        atomic_store_explicit(&v->store_failed_s, 0, memory_order_relaxed);
    }
    return error;
}

struct store *vitals_watch(struct vitals *v, struct store *store, unsigned loops)
{
    store_watch_init(&v->watch, store, loops);
    return &v->watch.store;
}

void vitals_see(struct vitals *v, struct journal *journal, const struct persister *persister,
                const struct behind *behind, const struct history_cache *cache)
{
    v->journal = journal;
    v->persister = persister;
    v->behind = behind;
    v->cache = cache;
}

void vitals_finish(struct vitals *v)
{
    store_watch_finish(&v->watch);
}

static bool works(const _Atomic int64_t *failed)
{
    int64_t failed_s = atomic_load_explicit(failed, memory_order_relaxed);
    return failed_s == 0 || clock_s() - failed_s >= VITALS_FAILED_S;
}

/* ---- health ---- */

/* Clients, that is; who asks by HTTP is none. */
static unsigned count_sockets(const struct rookery *io)
{
    return (unsigned)(server_stat(io, STAT_SOCKETS_CONNECTED) -
                      server_stat(io, STAT_SOCKETS_DISCONNECTED));
}

static bool has_broker(const struct vitals *v)
{
    return v->journal != NULL && v->journal->ops->figures != NULL;
}

void vitals_judge(struct web_health_report *report, bool broker_is_up,
                  const struct persister_figures *persisted)
{
    report->database = persisted->store_is_away ? SERVICE_DISCONNECTED : report->database;
    report->not_ready = !broker_is_up                ? "the broker is away"
                        : persisted->feed.shorts > 0 ? "the broker's log is shorter than the store"
                                                     : NULL;
}

static void look_at_broker(const struct vitals *v, struct web_health_report *report)
{
    struct persister_figures persisted = {0};
    struct journal_figures figures;

    v->journal->ops->figures(v->journal, &figures);
    if (strcmp(v->journal->ops->name, "kafka") == 0) {
        report->kafka = figures.is_up ? SERVICE_CONNECTED : SERVICE_DISCONNECTED;
    }
    if (v->persister != NULL) {
        persister_figures(v->persister, &persisted);
    }
    vitals_judge(report, figures.is_up, &persisted);
}

struct web_health_report vitals_look(void *arg)
{
    const struct vitals *v = arg;
    struct web_health_report report = {.connections = count_sockets(v->io)};

    bool stores = works(&v->store_failed_s), reads = works(&v->reading_failed_s);
    struct server_cluster cluster;

    if (server_look_at_cluster(v->io, &cluster)) {
        report.redis = cluster.up ? SERVICE_CONNECTED : SERVICE_DISCONNECTED;
    }
    if (v->has_store) {
        report.database = stores && reads ? SERVICE_CONNECTED : SERVICE_DISCONNECTED;
    }
    if (has_broker(v)) {
        look_at_broker(v, &report);
    } else if (v->has_store && !stores) {
        report.not_ready = "the store fails";
    }
    if (server_stopping(v->io)) {
        report.not_ready = "stopping";
    }
    return report;
}

/* ---- metrics ---- */

static const struct metric_label no_label;

static void write_gauge(struct bytes *out, const char *name, const char *help, uint64_t value)
{
    metrics_family(out, name, METRIC_GAUGE, help);
    metrics_sample(out, name, no_label, value);
}

/* Neighbours of one family are written under one head. */
static void write_stat(struct bytes *out, const struct rookery *io, enum stat_id which)
{
    const struct stat_info *info = stats_info(which);
    const struct stat_info *before = which == 0 ? NULL : stats_info(which - 1);
    struct metric_label label = no_label;
    char name[64];

    (void)snprintf(name, sizeof name, "rookery_%s%s", info->family, info->is_gauge ? "" : "_total");
    if (before == NULL || strcmp(before->family, info->family) != 0) {
        metrics_family(out, name, info->is_gauge ? METRIC_GAUGE : METRIC_COUNTER, info->help);
    }
    if (info->reason != NULL) {
        label = (struct metric_label){info->label == NULL ? "reason" : info->label,
                                      span_cstr(info->reason)};
    }
    metrics_sample(out, name, label, server_stat(io, which));
}

/* What has begun and not ended. A loop may count between the two reads: then it is not below 0. */
static uint64_t present(uint64_t ended, uint64_t begun)
{
    return begun > ended ? begun - ended : 0;
}

static void write_gauges(struct bytes *out, const struct rookery *io)
{
    uint64_t closed = 0;

    for (enum stat_id i = STAT_CLOSED_TRANSPORT_CLOSE; i <= STAT_CLOSED_SERVER_SHUTDOWN; i++) {
        closed += server_stat(io, i);
    }
    uint64_t disconnected = server_stat(io, STAT_SOCKETS_DISCONNECTED);
    uint64_t rooms_closed = server_stat(io, STAT_ROOMS_CLOSED);
    write_gauge(out, "rookery_connections", "TCP connections that are open.",
                server_connections(io));
    write_gauge(out, "rookery_sessions", "Engine.IO sessions that are open.",
                present(closed, server_stat(io, STAT_SESSIONS_OPENED)));
    write_gauge(out, "rookery_sockets", "Clients in namespaces.",
                present(disconnected, server_stat(io, STAT_SOCKETS_CONNECTED)));
    write_gauge(out, "rookery_rooms", "Rooms that have members, counted on each loop.",
                present(rooms_closed, server_stat(io, STAT_ROOMS_OPENED)));
}

static void write_per_loop(struct bytes *out, const struct rookery *io, const char *name,
                           const char *help,
                           const struct histogram *(*of)(const struct rookery *io, unsigned loop))
{
    metrics_family(out, name, METRIC_HISTOGRAM, help);
    for (unsigned i = 0; i < rookery_loop_count(io); i++) {
        struct histogram_copy copy = {0};
        char loop[16];
        int len = snprintf(loop, sizeof loop, "%u", i);
        histogram_read(of(io, i), &copy);
        metrics_histogram(out, name, (struct metric_label){"loop", span_of(loop, (size_t)len)},
                          &copy);
    }
}

static void write_appends(struct bytes *out, const struct vitals *v)
{
    static const char name[] = "rookery_store_append_seconds";
    struct histogram_copy copy = {0};

    histogram_read(&v->appends, &copy);
    metrics_family(out, name, METRIC_HISTOGRAM, "How long the store takes for a batch.");
    metrics_histogram(out, name, no_label, &copy);
}

static void write_calls(struct bytes *out, const struct vitals *v)
{
    static const char name[] = "rookery_store_call_seconds";

    metrics_family(out, name, METRIC_HISTOGRAM,
                   "How long the store takes for other calls, with the wait for their turn.");
    for (enum store_watch_kind i = 0; i < STORE_WATCH_KINDS; i++) {
        struct histogram_copy copy = {0};
        store_watch_read(&v->watch, i, &copy);
        metrics_histogram(out, name, (struct metric_label){"kind", span_cstr(store_watch_name(i))},
                          &copy);
    }
}

static void write_tls(struct bytes *out, const struct rookery *io)
{
    static const char failed[] = "rookery_tls_reloads_failed_total";
    struct server_tls tls;

    if (server_look_at_tls(io, &tls)) {
        metrics_family(out, failed, METRIC_COUNTER,
                       "Certificates that were to be read again and could not be used.");
        metrics_sample(out, failed, no_label, tls.failed_reloads);
        write_gauge(out, "rookery_tls_certificate_expires_timestamp_seconds",
                    "When the certificate in force ends.", (uint64_t)tls.expires_s);
    }
}

static void write_recovery(struct bytes *out, const struct rookery *io)
{
    struct keeper_figures f;

    if (!server_look_at_recovery(io, &f)) {
        return;
    }
    const struct {
        const char *name, *help;
        uint64_t value;
    } counters[] = {
        {"rookery_recovery_saved_total", "Sessions that clients may come back to.", f.saved},
        {"rookery_recovery_restored_total", "Sessions that clients came back to.", f.restored},
        {"rookery_recovery_refused_total", "Clients that came back and began anew.", f.refused},
        {"rookery_recovery_dropped_total",
         "Events and sessions that recovery-bytes had no room for.", f.dropped},
    };
    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++) {
        metrics_family(out, counters[i].name, METRIC_COUNTER, counters[i].help);
        metrics_sample(out, counters[i].name, no_label, counters[i].value);
    }
    write_gauge(out, "rookery_recovery_bytes", "Memory for sessions and what was said lately.",
                f.bytes);
}

void vitals_write(struct bytes *out, void *arg)
{
    const struct vitals *v = arg;

    write_gauges(out, v->io);
    for (enum stat_id i = 0; i < STAT_COUNT; i++) {
        write_stat(out, v->io, i);
    }
    write_tls(out, v->io);
    write_recovery(out, v->io);
    vitals_write_cluster(out, v->io);
    vitals_write_storage(out, v);
    write_per_loop(out, v->io, "rookery_loop_turn_seconds",
                   "How long a loop works before it waits again.", server_turns);
    write_per_loop(out, v->io, "rookery_loop_lag_seconds",
                   "How late a loop wakes for its next timer.", server_lags);
    if (v->has_store) {
        write_appends(out, v);
        write_calls(out, v);
    }
}

/* ---- routes ---- */

static void add_route(void *server, const struct http_route *route)
{
    server_add_route(server, route);
}

void vitals_add_routes(struct vitals *v, struct rookery *io, bool has_store)
{
    v->io = io;
    v->has_store = has_store;
    v->health = (struct web_health){.cors = server_cors(io), .look = vitals_look, .arg = v};
    v->metrics = (struct web_metrics){.write = vitals_write, .arg = v};
    struct http_route metrics = web_metrics_route(&v->metrics);
    web_health_add_routes(&v->health, add_route, io);
    server_add_route(io, &metrics);
}
