// SPDX-License-Identifier: MIT
#include "src/server/vitals.h"

static const struct metric_label no_label;

struct sample {
    const char *name, *help;
    uint64_t value;
};

static void write_samples(struct bytes *out, enum metric_type type, const struct sample *samples,
                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        metrics_family(out, samples[i].name, type, samples[i].help);
        metrics_sample(out, samples[i].name, no_label, samples[i].value);
    }
}

static void write_refused(struct bytes *out, const struct journal_figures *f)
{
    static const char name[] = "rookery_journal_refused_total";

    metrics_family(out, name, METRIC_COUNTER, "Messages that were refused at once.");
    metrics_sample(out, name, (struct metric_label){"reason", SPAN("full")}, f->refused);
    metrics_sample(out, name, (struct metric_label){"reason", SPAN("away")}, f->refused_away);
}

static void write_journal(struct bytes *out, const struct journal_figures *f)
{
    const struct sample counters[] = {
        {"rookery_journal_failed_total", "Messages that the broker did not take.", f->failed},
        {"rookery_journal_repeated_total", "Records of the log that had come before.", f->repeated},
        {"rookery_journal_malformed_total", "Records of the log that nobody can read.",
         f->malformed},
        {"rookery_journal_gaps_total", "Times that the log had lost what was not read yet.",
         f->gaps},
        {"rookery_journal_side_lost_total", "Presence and push notifications that were not told.",
         f->side_lost},
    };
    const struct sample gauges[] = {
        {"rookery_journal_up", "Whether the broker is there.", f->is_up},
        {"rookery_journal_queue_messages", "Messages that the broker has not answered.",
         f->queue_messages},
        {"rookery_journal_queue_bytes", "Bytes of those.", f->queue_bytes},
    };

    write_refused(out, f);
    write_samples(out, METRIC_COUNTER, counters, sizeof counters / sizeof *counters);
    write_samples(out, METRIC_GAUGE, gauges, sizeof gauges / sizeof *gauges);
}

static void write_persister(struct bytes *out, const struct persister_figures *f)
{
    const struct sample counters[] = {
        {"rookery_persist_stored_total", "Messages that were brought into the store.", f->stored},
        {"rookery_persist_repeated_total", "Messages that it had already.", f->repeated},
        {"rookery_persist_rejected_total", "Messages that went to the dead letters.", f->rejected},
        {"rookery_persist_deferred_total",
         "Times that a message nobody can read yet was put aside to come again.", f->deferred},
        {"rookery_persist_moved_total", "Messages that stood in a wrong partition.", f->feed.moved},
        {"rookery_persist_missing_total",
         "Messages that the broker had deleted before they were stored.", f->feed.missing},
        {"rookery_persist_batches_total", "Writes to the store.", f->batches},
        {"rookery_persist_retries_total", "Writes that had failed and were tried again.",
         f->retries},
    };
    const struct sample gauges[] = {
        {"rookery_persist_lag", "Messages in the broker that are not in the store yet.",
         f->feed.lag},
        {"rookery_persist_partitions", "Partitions that this process reads.", f->feed.partitions},
        {"rookery_persist_short_partitions",
         "Those with fewer messages than are stored of them: none is stored.", f->feed.shorts},
        {"rookery_persist_store_away", "Whether the store is away.", f->store_is_away},
    };

    write_samples(out, METRIC_COUNTER, counters, sizeof counters / sizeof *counters);
    write_samples(out, METRIC_GAUGE, gauges, sizeof gauges / sizeof *gauges);
}

static void write_behind(struct bytes *out, const struct behind_figures *f)
{
    const struct sample counters[] = {
        {"rookery_reads_waited_total", "Reads that waited for what was not in the store yet.",
         f->waited},
        {"rookery_reads_timed_out_total", "Those that waited in vain.", f->timed_out},
    };

    write_samples(out, METRIC_COUNTER, counters, sizeof counters / sizeof *counters);
}

static void write_cache(struct bytes *out, const struct history_cache_figures *f)
{
    static const char name[] = "rookery_history_cache_total";
    const struct sample gauges[] = {
        {"rookery_history_cache_pages", "Pages of histories in memory.", f->pages},
        {"rookery_history_cache_bytes", "Bytes of those.", f->bytes},
    };

    metrics_family(out, name, METRIC_COUNTER, "Pages that were asked for.");
    metrics_sample(out, name, (struct metric_label){"from", SPAN("memory")}, f->hits);
    metrics_sample(out, name, (struct metric_label){"from", SPAN("redis")}, f->shared_hits);
    metrics_sample(out, name, (struct metric_label){"from", SPAN("store")}, f->misses);
    write_samples(out, METRIC_GAUGE, gauges, sizeof gauges / sizeof *gauges);
}

void vitals_write_storage(struct bytes *out, const struct vitals *v)
{
    if (v->journal != NULL && v->journal->ops->figures != NULL) {
        struct journal_figures figures;
        v->journal->ops->figures(v->journal, &figures);
        write_journal(out, &figures);
    }
    if (v->persister != NULL) {
        struct persister_figures figures;
        persister_figures(v->persister, &figures);
        write_persister(out, &figures);
    }
    if (v->behind != NULL) {
        struct behind_figures figures;
        behind_figures(v->behind, &figures);
        write_behind(out, &figures);
    }
    if (v->cache != NULL) {
        struct history_cache_figures figures;
        history_cache_figures(v->cache, &figures);
        write_cache(out, &figures);
    }
}
