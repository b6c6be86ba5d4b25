// SPDX-License-Identifier: MIT
#include "src/web/health.h"

#include "protocol/json.h"
#include "src/base/iso_time.h"

/* ---- what is said ---- */

static struct span service_text(enum web_service service)
{
    static const char *const texts[] = {
        [SERVICE_NOT_CONFIGURED] = "not configured",
        [SERVICE_CONNECTED] = "connected",
        [SERVICE_DISCONNECTED] = "disconnected",
    };
    return span_cstr(texts[service]);
}

static void add_error(struct bytes *out, const struct web_health_report *report)
{
    if (report->not_ready != NULL) {
        json_member_string(out, SPAN("error"), span_cstr(report->not_ready));
    }
}

void web_health_write(struct bytes *out, const struct web_health_report *report, int64_t wall_ms)
{
    struct span status = report->not_ready == NULL ? SPAN("healthy") : SPAN("unhealthy");
    char now[ISO_TIME_LEN + 1];

    iso_time_write(wall_ms, now);
    bytes_add_byte(out, '{');
    json_member_string(out, SPAN("status"), status);
    json_member_string(out, SPAN("service"), status);
    add_error(out, report);
    json_member_string(out, SPAN("database"), service_text(report->database));
    json_member_string(out, SPAN("redis"), service_text(report->redis));
    json_member_string(out, SPAN("kafka"), service_text(report->kafka));
    json_member_u64(out, SPAN("connections"), report->connections);
    json_member_string(out, SPAN("timestamp"), span_of(now, ISO_TIME_LEN));
    bytes_add_byte(out, '}');
}

static void write_status(struct bytes *out, struct span status,
                         const struct web_health_report *report)
{
    bytes_add_byte(out, '{');
    json_member_string(out, SPAN("status"), status);
    add_error(out, report);
    bytes_add_byte(out, '}');
}

/* ---- serving ---- */

static void respond(struct http_exchange *x, bool well, struct bytes *body)
{
    const struct http_field fields[] = {
        {"Content-Type", SPAN("application/json; charset=utf-8")},
        {"Cache-Control", SPAN("no-store")},
    };

    http_respond(x, well ? 200 : 503, fields, sizeof fields / sizeof *fields, bytes_span(body));
    bytes_finish(body);
}

static void answer_health(struct http_exchange *x, void *arg)
{
    const struct web_health *health = arg;
    struct bytes body = {0};

    if (web_may_read(x)) {
        const struct web_health_report report = health->look(health->arg);
        web_health_write(&body, &report, executor_wall_ms(x->executor));
        respond(x, report.not_ready == NULL, &body);
    }
}

static void answer_ready(struct http_exchange *x, void *arg)
{
    const struct web_health *health = arg;
    struct bytes body = {0};

    if (web_may_read(x)) {
        const struct web_health_report report = health->look(health->arg);
        bool ready = report.not_ready == NULL;
        write_status(&body, ready ? SPAN("ready") : SPAN("not ready"), &report);
        respond(x, ready, &body);
    }
}

static void answer_live(struct http_exchange *x, void *arg)
{
    static const struct web_health_report nothing;
    struct bytes body = {0};

    if (web_may_read(x)) {
        write_status(&body, SPAN("alive"), &nothing);
        respond(x, true, &body);
    }
}

void web_health_add_routes(struct web_health *health, web_add_route_fn add, void *server)
{
    const struct http_route routes[] = {
        {.path = "/health", .handler = answer_health, .arg = health},
        {.path = "/health/live", .handler = answer_live, .arg = health},
        {.path = "/health/ready", .handler = answer_ready, .arg = health},
    };

    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        add(server, &routes[i]);
    }
}
