// SPDX-License-Identifier: MIT
#include "src/web/metrics.h"

#include <stdio.h>

#include "tests/support/tap.h"
#include "tests/unit/web/exchange.h"

static const struct metric_label no_label;

#define check_text(out, want)                                   \
    do {                                                        \
        check_mem((out).data, (out).len, (want), strlen(want)); \
        bytes_finish(&(out));                                   \
    } while (0)

static void writes_a_family_and_its_samples(void)
{
    struct bytes out = {0};
    metrics_family(&out, "rookery_x_total", METRIC_COUNTER, "How many x.");
    metrics_sample(&out, "rookery_x_total", no_label, 0);
    metrics_family(&out, "rookery_y", METRIC_GAUGE, "Now.");
    metrics_sample(&out, "rookery_y", (struct metric_label){"loop", SPAN("0")}, 7);
    metrics_sample(&out, "rookery_y", (struct metric_label){"loop", SPAN("1")}, UINT64_MAX);
    check_text(out, "# HELP rookery_x_total How many x.\n"
                    "# TYPE rookery_x_total counter\n"
                    "rookery_x_total 0\n"
                    "# HELP rookery_y Now.\n"
                    "# TYPE rookery_y gauge\n"
                    "rookery_y{loop=\"0\"} 7\n"
                    "rookery_y{loop=\"1\"} 18446744073709551615\n");
}

static void escapes_what_the_format_has_a_meaning_for(void)
{
    struct bytes out = {0};
    metrics_family(&out, "a", METRIC_GAUGE, "one\ntwo \\ \"three\"");
    metrics_sample(&out, "a", (struct metric_label){"b", SPAN("one\ntwo \\ \"three\" {}")}, 1);
    check_text(out, "# HELP a one\\ntwo \\\\ \"three\"\n"
                    "# TYPE a gauge\n"
                    "a{b=\"one\\ntwo \\\\ \\\"three\\\" {}\"} 1\n");
}

static void expect_bucket(struct bytes *want, unsigned i, unsigned count)
{
    char bound[32], line[100];
    int len = snprintf(bound, sizeof bound, "%.6f", (double)histogram_bound_us(i) / 1e6);
    while (bound[len - 1] == '0') {
        bound[--len] = '\0';
    }
    (void)snprintf(line, sizeof line, "t_seconds_bucket{loop=\"3\",le=\"%s\"} %u\n", bound, count);
    bytes_add_cstr(want, line);
}

static void writes_a_histogram_in_seconds_with_counts_that_add_up(void)
{
    static const uint64_t values[] = {16, 17, 1000000, 20000000};
    struct histogram h = {0};
    struct histogram_copy copy = {0};
    struct bytes out = {0}, want = {0};
    for (int i = 0; i < 4; i++) {
        histogram_add(&h, values[i]);
    }
    histogram_read(&h, &copy);
    metrics_histogram(&out, "t_seconds", (struct metric_label){"loop", SPAN("3")}, &copy);
    bytes_add_cstr(&want, "t_seconds_bucket{loop=\"3\",le=\"0.000016\"} 1\n"
                          "t_seconds_bucket{loop=\"3\",le=\"0.000024\"} 2\n");
    for (unsigned i = 2; i < HISTOGRAM_BOUNDS; i++) {
        expect_bucket(&want, i, histogram_bound_us(i) < 1000000 ? 2 : 3);
    }
    bytes_add_cstr(&want, "t_seconds_bucket{loop=\"3\",le=\"+Inf\"} 4\n"
                          "t_seconds_sum{loop=\"3\"} 21.000033\n"
                          "t_seconds_count{loop=\"3\"} 4\n");
    check_mem(out.data, out.len, want.data, want.len);
    bytes_finish(&out);
    bytes_finish(&want);
}

static void write_one(struct bytes *out, void *arg)
{
    metrics_sample(out, arg, no_label, 1);
}

static void serves_them_to_readers(void)
{
    char name[] = "x";
    struct web_metrics metrics = {.write = write_one, .arg = name};
    struct http_route route = web_metrics_route(&metrics);
    struct answer a = ask(&route, 1, "GET", "/metrics", NULL);
    check(a.status == 200);
    check(answer_has(&a, "Content-Type: text/plain; version=0.0.4; charset=utf-8\n"));
    check_text(a.body, "x 1\n");
    a = ask(&route, 1, "POST", "/metrics", NULL);
    check(a.status == 405);
    bytes_finish(&a.body);
}

int main(void)
{
    RUN(writes_a_family_and_its_samples);
    RUN(escapes_what_the_format_has_a_meaning_for);
    RUN(writes_a_histogram_in_seconds_with_counts_that_add_up);
    RUN(serves_them_to_readers);
    return tap_done();
}
