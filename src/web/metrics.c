// SPDX-License-Identifier: MIT
#include "src/web/metrics.h"

#include "src/web/files.h"

/* ---- writing ---- */

/* In HELP lines quotes stay as they are. */
static void add_escaped(struct bytes *out, struct span text, bool quotes_too)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == '\n') {
            bytes_add_cstr(out, "\\n");
            continue;
        }
        if (c == '\\' || (c == '"' && quotes_too)) {
            bytes_add_byte(out, '\\');
        }
        bytes_add_byte(out, c);
    }
}

void metrics_family(struct bytes *out, const char *name, enum metric_type type, const char *help)
{
    static const char *const types[] = {
        [METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram"};

    bytes_add_cstr(out, "# HELP ");
    bytes_add_cstr(out, name);
    bytes_add_byte(out, ' ');
    add_escaped(out, span_cstr(help), false);
    bytes_add_cstr(out, "\n# TYPE ");
    bytes_add_cstr(out, name);
    bytes_add_byte(out, ' ');
    bytes_add_cstr(out, types[type]);
    bytes_add_byte(out, '\n');
}

static void add_label(struct bytes *out, const char *before, struct metric_label label)
{
    bytes_add_cstr(out, before);
    bytes_add_cstr(out, label.name);
    bytes_add_cstr(out, "=\"");
    add_escaped(out, label.value, true);
    bytes_add_byte(out, '"');
}

/* Seconds with as many digits as they need. */
static void add_seconds(struct bytes *out, uint64_t us)
{
    uint64_t rest = us % 1000000;

    bytes_add_u64(out, us / 1000000);
    if (rest != 0) {
        bytes_add_byte(out, '.');
    }
    for (uint64_t digit = 100000; rest != 0; digit /= 10) {
        bytes_add_byte(out, (uint8_t)('0' + rest / digit));
        rest %= digit;
    }
}

/* suffix: of the name. le: a second label, or without name. */
static void begin_sample(struct bytes *out, const char *name, const char *suffix,
                         struct metric_label label, struct metric_label le)
{
    const char *before = "{";

    bytes_add_cstr(out, name);
    bytes_add_cstr(out, suffix);
    if (label.name != NULL) {
        add_label(out, before, label);
        before = ",";
    }
    if (le.name != NULL) {
        add_label(out, before, le);
    }
    bytes_add_cstr(out, label.name != NULL || le.name != NULL ? "} " : " ");
}

static void add_sample(struct bytes *out, const char *name, const char *suffix,
                       struct metric_label label, struct metric_label le, uint64_t value)
{
    begin_sample(out, name, suffix, label, le);
    bytes_add_u64(out, value);
    bytes_add_byte(out, '\n');
}

void metrics_sample(struct bytes *out, const char *name, struct metric_label label, uint64_t value)
{
    add_sample(out, name, "", label, (struct metric_label){0}, value);
}

void metrics_histogram(struct bytes *out, const char *name, struct metric_label label,
                       const struct histogram_copy *h)
{
    struct bytes bound = {0};
    uint64_t count = 0;

    for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++) {
        bytes_clear(&bound);
        if (i < HISTOGRAM_BOUNDS) {
            add_seconds(&bound, histogram_bound_us(i));
        } else {
            bytes_add_cstr(&bound, "+Inf");
        }
        count += h->counts[i];
        add_sample(out, name, "_bucket", label, (struct metric_label){"le", bytes_span(&bound)},
                   count);
    }
    bytes_finish(&bound);
    begin_sample(out, name, "_sum", label, (struct metric_label){0});
    add_seconds(out, h->sum_us);
    bytes_add_byte(out, '\n');
    add_sample(out, name, "_count", label, (struct metric_label){0}, count);
}

/* ---- serving ---- */

static void answer(struct http_exchange *x, void *arg)
{
    const struct web_metrics *metrics = arg;
    const struct http_field fields[] = {
        {"Content-Type", SPAN("text/plain; version=0.0.4; charset=utf-8")},
        {"Cache-Control", SPAN("no-store")},
    };
    struct bytes body = {0};

    if (!web_may_read(x)) {
        return;
    }
    metrics->write(&body, metrics->arg);
    http_respond(x, 200, fields, sizeof fields / sizeof *fields, bytes_span(&body));
    bytes_finish(&body);
}

struct http_route web_metrics_route(struct web_metrics *metrics)
{
    return (struct http_route){.path = "/metrics", .handler = answer, .arg = metrics};
}
