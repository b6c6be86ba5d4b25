// SPDX-License-Identifier: MIT
#include "tools/load/report.h"

#include <inttypes.h>
#include <math.h>

#include "protocol/json.h"

enum { NS_PER_S = 1000000000, NS_PER_MS = 1000000, MIB = 1 << 20 };

static const double million = 1e6;
static const double storm_unit = 1e4; /* joins that the CPU of a storm is stated for */

/* A share of a core above which the generator, not the server, may set the pace. */
static const double generator_busy = 0.9;

struct figures {
    double seconds;
    double messages;
    double deliveries;
    double acks;
    double joins;
    double notices;
    double server_s;
    double generator_s;
    double softirq_s;
};

static struct figures figure(const struct run *r)
{
    const struct run_reading *a = &r->from;
    const struct run_reading *b = &r->to;

    return (struct figures){
        .seconds = run_measured_s(r),
        .messages = (double)(b->sent - a->sent),
        .deliveries = (double)(b->delivered - a->delivered),
        .acks = (double)(b->acked - a->acked),
        .joins = (double)(b->joined - a->joined),
        .notices = (double)(b->notices - a->notices),
        .server_s = (double)(b->server.total_ns - a->server.total_ns) / NS_PER_S,
        .generator_s = (double)(b->generator_ns - a->generator_ns) / NS_PER_S,
        .softirq_s = (double)(b->softirq_ns - a->softirq_ns) / NS_PER_S,
    };
}

static double per(double what, double of)
{
    return of > 0 ? what / of : 0;
}

/* Growth of the server's memory from before the first connection to all of them joined. */
static double per_connection(const struct run *r, uint64_t before, uint64_t joined)
{
    return r->standing > 0 ? ((double)joined - (double)before) / r->standing : 0;
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void member_double(struct bytes *b, const char *key, double value)
{
    char text[40];

    (void)snprintf(text, sizeof text, "%.6g", isfinite(value) ? value : 0);
    json_member_json(b, span_cstr(key), span_cstr(text));
}

static void member_u64(struct bytes *b, const char *key, uint64_t value)
{
    json_member_u64(b, span_cstr(key), value);
}

static void open_object(struct bytes *b, const char *key)
{
    json_write_key(b, span_cstr(key));
    bytes_add_byte(b, '{');
}

static void close_object(struct bytes *b)
{
    bytes_add_byte(b, '}');
}

static void write_templates(struct bytes *b, const struct load_options *o)
{
    struct bytes names = {0};

    for (uint32_t i = 0; i < o->template_count; i++) {
        bytes_add_cstr(&names, i > 0 ? "," : "");
        bytes_add_cstr(&names, o->templates[i].name);
    }
    json_member_string(b, SPAN("template"), bytes_span(&names));
    bytes_finish(&names);
}

static void write_settings(struct bytes *b, const struct run *r)
{
    const struct load_options *o = r->options;

    json_member_string(b, SPAN("scenario"), span_cstr(o->scenario->name));
    json_member_string(b, SPAN("transport"), span_cstr(o->transport));
    write_templates(b, o);
    member_u64(b, "users", o->users);
    member_u64(b, "rooms", o->rooms);
    member_u64(b, "in_flight", o->in_flight);
    member_double(b, "rate", o->rate);
    member_u64(b, "text_bytes", o->text_bytes);
    member_double(b, "seconds", run_measured_s(r));
    json_member_bool(b, SPAN("interrupted"), r->interrupted);
    json_member_bool(b, SPAN("clean"), run_is_clean(r));
}

static uint64_t lost_connections(const struct run *r)
{
    uint64_t lost = 0;

    for (unsigned i = 0; i < CLIENT_LOSSES; i++) {
        lost += r->losses[i];
    }
    return lost;
}

static void write_connections(struct bytes *b, const struct run *r)
{
    member_u64(b, "joined", r->joined);
    member_u64(b, "standing", r->standing);
    open_object(b, "lost_connections");
    for (unsigned i = 0; i < CLIENT_LOSSES; i++) {
        member_u64(b, client_loss_name(i), r->losses[i]);
    }
    close_object(b);
    member_u64(b, "lost_connection_count", lost_connections(r));
}

/* What the server told besides messages, while it was measured. */
static void write_notices(struct bytes *b, const struct run *r, const struct figures *f)
{
    open_object(b, "notices");
    member_double(b, "count", f->notices);
    member_double(b, "per_user", per(f->notices, r->options->users));
    close_object(b);
}

static void write_count(struct bytes *b, const struct run *r)
{
    const struct traffic *t = &r->traffic;
    const struct traffic_count *n = &t->count;

    open_object(b, "count");
    member_u64(b, "sent", n->sent);
    member_u64(b, "due", n->due);
    member_u64(b, "delivered", n->delivered);
    member_u64(b, "lost", traffic_lost(t));
    member_u64(b, "duplicated", n->duplicated);
    member_u64(b, "out_of_order", n->out_of_order);
    member_u64(b, "stray", n->stray);
    member_u64(b, "acked", n->acked);
    member_u64(b, "unacked", n->acks_due - n->acked);
    member_u64(b, "acks_unexpected", n->acks_unexpected);
    member_u64(b, "acks_refusing", r->swarm.acks_refusing);
    member_u64(b, "unsent", n->unsent);
    close_object(b);
}

static void write_rates(struct bytes *b, const struct figures *f)
{
    open_object(b, "per_s");
    member_double(b, "messages", per(f->messages, f->seconds));
    member_double(b, "deliveries", per(f->deliveries, f->seconds));
    member_double(b, "acks", per(f->acks, f->seconds));
    member_double(b, "joins", per(f->joins, f->seconds));
    close_object(b);
}

static double quantile_ms(const struct histogram *h, double q)
{
    return (double)histogram_quantile(h, q) / NS_PER_MS;
}

static void write_histogram(struct bytes *b, const char *key, const struct histogram *h)
{
    open_object(b, key);
    member_double(b, "p50", quantile_ms(h, 0.5));
    member_double(b, "p90", quantile_ms(h, 0.9));
    member_double(b, "p99", quantile_ms(h, 0.99));
    member_double(b, "p999", quantile_ms(h, 0.999));
    member_double(b, "max", (double)h->max / NS_PER_MS);
    member_u64(b, "count", h->count);
    close_object(b);
}

static void write_memory(struct bytes *b, const struct run *r)
{
    const struct proc_memory *before = &r->memory_before;
    const struct proc_memory *joined = &r->memory_joined;

    member_u64(b, "rss_bytes_before", before->rss_bytes);
    member_u64(b, "rss_bytes_joined", joined->rss_bytes);
    member_u64(b, "rss_bytes_end", r->memory_end.rss_bytes);
    member_u64(b, "pss_bytes_before", before->pss_bytes);
    member_u64(b, "pss_bytes_joined", joined->pss_bytes);
    member_u64(b, "pss_bytes_end", r->memory_end.pss_bytes);
    member_double(b, "rss_bytes_per_connection",
                  per_connection(r, before->rss_bytes, joined->rss_bytes));
    member_double(b, "pss_bytes_per_connection",
                  per_connection(r, before->pss_bytes, joined->pss_bytes));
}

static void write_server(struct bytes *b, const struct run *r, const struct figures *f)
{
    if (!r->server_known) {
        json_member_json(b, SPAN("server"), SPAN("null"));
        return;
    }
    open_object(b, "server");
    member_u64(b, "pid", r->options->pid);
    member_double(b, "cpu_s", f->server_s);
    member_double(b, "user_s", (double)(r->to.server.user_ns - r->from.server.user_ns) / NS_PER_S);
    member_double(b, "system_s",
                  (double)(r->to.server.system_ns - r->from.server.system_ns) / NS_PER_S);
    member_double(b, "cpu_share", per(f->server_s, f->seconds));
    member_double(b, "cpu_s_per_1m_deliveries", per(f->server_s * million, f->deliveries));
    member_double(b, "cpu_s_per_1m_acks", per(f->server_s * million, f->acks));
    member_double(b, "cpu_s_per_10k_joins", per(f->server_s * storm_unit, f->joins));
    write_memory(b, r);
    close_object(b);
}

void report_json(const struct run *r, FILE *out)
{
    struct figures f = figure(r);
    struct bytes b = {0};

    bytes_add_byte(&b, '{');
    write_settings(&b, r);
    write_connections(&b, r);
    write_count(&b, r);
    write_rates(&b, &f);
    write_notices(&b, r, &f);
    open_object(&b, "latency_ms");
    write_histogram(&b, "delivery", &r->traffic.delivery_ns);
    write_histogram(&b, "ack", &r->traffic.ack_ns);
    write_histogram(&b, "join", &r->join_ns);
    close_object(&b);
    write_server(&b, r, &f);
    open_object(&b, "generator");
    member_double(&b, "cpu_s", f.generator_s);
    member_double(&b, "cpu_share", per(f.generator_s, f.seconds));
    close_object(&b);
    member_double(&b, "softirq_s", f.softirq_s);
    bytes_add_cstr(&b, "}\n");
    (void)fwrite(b.data, 1, b.len, out);
    bytes_finish(&b);
}

/* --- text ------------------------------------------------------------------------------------ */

static void print_connections(const struct run *r, FILE *out)
{
    (void)fprintf(out, "connections  %" PRIu64 " joined, %" PRIu32 " standing", r->joined,
                  r->standing);
    for (unsigned i = 0; i < CLIENT_LOSSES; i++) {
        if (r->losses[i] > 0) {
            (void)fprintf(out, ", %" PRIu64 " lost: %s", r->losses[i], client_loss_name(i));
        }
    }
    (void)fprintf(out, "\n");
}

static void print_count(const struct run *r, FILE *out)
{
    const struct traffic *t = &r->traffic;
    const struct traffic_count *n = &t->count;

    if (n->sent == 0 && n->unsent == 0) {
        return;
    }
    (void)fprintf(out,
                  "messages     %" PRIu64 " sent (%" PRIu64 " could not be), %" PRIu64
                  " of %" PRIu64 " acknowledged (%" PRIu64 " refusing, %" PRIu64 " unexpected)\n",
                  n->sent, n->unsent, n->acked, n->acks_due, r->swarm.acks_refusing,
                  n->acks_unexpected);
    (void)fprintf(out,
                  "deliveries   %" PRIu64 " of %" PRIu64 ": %" PRIu64 " lost, %" PRIu64
                  " duplicated, %" PRIu64 " out of order, %" PRIu64 " stray\n",
                  n->delivered, n->due, traffic_lost(t), n->duplicated, n->out_of_order, n->stray);
}

static void print_histogram(const char *name, const struct histogram *h, FILE *out)
{
    if (h->count > 0) {
        (void)fprintf(out, "%-12s p50 %.3f  p90 %.3f  p99 %.3f  p99.9 %.3f  max %.3f ms\n", name,
                      quantile_ms(h, 0.5), quantile_ms(h, 0.9), quantile_ms(h, 0.99),
                      quantile_ms(h, 0.999), (double)h->max / NS_PER_MS);
    }
}

static void print_server(const struct run *r, const struct figures *f, FILE *out)
{
    const struct proc_memory *joined = &r->memory_joined;

    if (!r->server_known) {
        return;
    }
    (void)fprintf(out, "server       %.3f CPU-s (%.0f %% of a core)", f->server_s,
                  100 * per(f->server_s, f->seconds));
    if (f->deliveries > 0) {
        (void)fprintf(out, ", %.3f per 1M deliveries", per(f->server_s * million, f->deliveries));
    }
    if (f->acks > 0) {
        (void)fprintf(out, ", %.3f per 1M acks", per(f->server_s * million, f->acks));
    }
    if (f->joins > 0) {
        (void)fprintf(out, ", %.3f per 10,000 joins", per(f->server_s * storm_unit, f->joins));
    }
    (void)fprintf(out,
                  "\nmemory       RSS %.1f MiB, PSS %.1f MiB; %.0f bytes per connection (RSS)\n",
                  (double)joined->rss_bytes / MIB, (double)joined->pss_bytes / MIB,
                  per_connection(r, r->memory_before.rss_bytes, joined->rss_bytes));
}

void report_text(const struct run *r, FILE *out)
{
    struct figures f = figure(r);
    double busy = per(f.generator_s, f.seconds);

    (void)fprintf(out, "%s, %s, %s%s\n", r->options->scenario->name, r->options->transport,
                  run_is_clean(r) ? "all went well" : "NOT CLEAN",
                  r->interrupted ? " (interrupted)" : "");
    print_connections(r, out);
    print_count(r, out);
    (void)fprintf(out,
                  "per second   %.0f messages, %.0f deliveries, %.0f acks, %.0f joins (%.2f s)\n",
                  per(f.messages, f.seconds), per(f.deliveries, f.seconds), per(f.acks, f.seconds),
                  per(f.joins, f.seconds), f.seconds);
    if (f.notices > 0) {
        (void)fprintf(out, "notices      %.0f, %.1f per user\n", f.notices,
                      per(f.notices, r->options->users));
    }
    print_histogram("delivery", &r->traffic.delivery_ns, out);
    print_histogram("ack", &r->traffic.ack_ns, out);
    print_histogram("join", &r->join_ns, out);
    print_server(r, &f, out);
    (void)fprintf(out, "generator    %.3f CPU-s (%.0f %% of a core)%s\n", f.generator_s, 100 * busy,
                  busy > generator_busy ? ": it may be the bottleneck" : "");
}
