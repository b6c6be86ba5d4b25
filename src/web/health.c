// SPDX-License-Identifier: MIT
#include "src/web/health.h"

#include "protocol/json.h"
#include "src/base/iso_time.h"
#include "src/web/cors.h"

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
    struct span service = report->not_ready == NULL ? SPAN("healthy") : SPAN("unhealthy");
    bool away = report->redis == SERVICE_DISCONNECTED || report->database == SERVICE_DISCONNECTED;
    bool degraded = report->not_ready == NULL && away;
    char now[ISO_TIME_LEN + 1];

    iso_time_write(wall_ms, now);
    bytes_add_byte(out, '{');
    json_member_string(out, SPAN("status"), degraded ? SPAN("degraded") : service);
    json_member_string(out, SPAN("service"), service);
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

/* An answer under way. */
struct answer {
    struct http_exchange *x;
    struct http_field fields[WEB_CORS_FIELDS_MAX + 2];
    size_t count;
    struct bytes body;
};

/* False if it is answered already: a preflight, or a method that there is not. */
static bool begin(struct answer *a, const struct web_health *health, struct http_exchange *x)
{
    a->x = x;
    a->body = (struct bytes){0};
    if (web_cors_preflight(health->cors, x)) {
        return false;
    }
    a->count = web_cors_fields(health->cors, x, a->fields);
    return web_may_read_with(x, a->fields, a->count);
}

static void respond(struct answer *a, bool well)
{
    a->fields[a->count++] =
        (struct http_field){"Content-Type", SPAN("application/json; charset=utf-8")};
    a->fields[a->count++] = (struct http_field){"Cache-Control", SPAN("no-store")};
    http_respond(a->x, well ? 200 : 503, a->fields, a->count, bytes_span(&a->body));
    bytes_finish(&a->body);
}

static void answer_health(struct http_exchange *x, void *arg)
{
    const struct web_health *health = arg;
    struct answer a;

    if (begin(&a, health, x)) {
        const struct web_health_report report = health->look(health->arg);
        web_health_write(&a.body, &report, executor_wall_ms(x->executor));
        respond(&a, report.not_ready == NULL);
    }
}

static void answer_ready(struct http_exchange *x, void *arg)
{
    const struct web_health *health = arg;
    struct answer a;

    if (begin(&a, health, x)) {
        const struct web_health_report report = health->look(health->arg);
        bool ready = report.not_ready == NULL;
        write_status(&a.body, ready ? SPAN("ready") : SPAN("not ready"), &report);
        respond(&a, ready);
    }
}

static void answer_live(struct http_exchange *x, void *arg)
{
    static const struct web_health_report nothing;
    struct answer a;

    if (begin(&a, arg, x)) {
        write_status(&a.body, SPAN("alive"), &nothing);
        respond(&a, true);
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
