// SPDX-License-Identifier: MIT
#include "src/web/health.h"

#include "protocol/json.h"
#include "src/base/iso_time.h"
#include "src/web/files.h"

void web_health_write(struct bytes *out, unsigned connections, int64_t wall_ms)
{
    char now[ISO_TIME_LEN + 1];

    iso_time_write(wall_ms, now);
    bytes_add_byte(out, '{');
    json_member_string(out, SPAN("status"), SPAN("healthy"));
    json_member_string(out, SPAN("service"), SPAN("healthy"));
    json_member_u64(out, SPAN("connections"), connections);
    json_member_string(out, SPAN("timestamp"), span_of(now, ISO_TIME_LEN));
    bytes_add_byte(out, '}');
}

static void answer(struct http_exchange *x, void *arg)
{
    const struct web_health *health = arg;
    const struct http_field fields[] = {
        {"Content-Type", SPAN("application/json; charset=utf-8")},
        {"Cache-Control", SPAN("no-store")},
    };
    struct bytes body = {0};

    if (!web_may_read(x)) {
        return;
    }
    web_health_write(&body, health->connections(health->server), executor_wall_ms(x->executor));
    http_respond(x, 200, fields, sizeof fields / sizeof *fields, bytes_span(&body));
    bytes_finish(&body);
}

struct http_route web_health_route(struct web_health *health)
{
    return (struct http_route){.path = "/health", .handler = answer, .arg = health};
}
