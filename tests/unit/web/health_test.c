// SPDX-License-Identifier: MIT
#include "src/web/health.h"

#include "tests/support/tap.h"
#include "tests/unit/web/exchange.h"

static unsigned twelve(void *server)
{
    return 12;
}

static void says_that_it_is_well_and_how_many_there_are(void)
{
    static const char want[] = "{\"status\":\"healthy\",\"service\":\"healthy\",\"connections\":12,"
                               "\"timestamp\":\"2024-05-01T12:00:00.000Z\"}";
    struct web_health health = {.connections = twelve};
    struct http_route route = web_health_route(&health);
    struct answer a = ask(&route, 1, "GET", "/health", NULL);
    check(a.status == 200);
    check_mem(a.body.data, a.body.len, want, sizeof want - 1);
    check(answer_has(&a, "Content-Type: application/json; charset=utf-8\n"));
    bytes_finish(&a.body);
}

static void is_read_only(void)
{
    struct web_health health = {.connections = twelve};
    struct http_route route = web_health_route(&health);
    struct answer a = ask(&route, 1, "DELETE", "/health", NULL);
    check(a.status == 405);
    bytes_finish(&a.body);
}

int main(void)
{
    RUN(says_that_it_is_well_and_how_many_there_are);
    RUN(is_read_only);
    return tap_done();
}
