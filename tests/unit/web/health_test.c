// SPDX-License-Identifier: MIT
#include "src/web/health.h"

#include "tests/support/tap.h"
#include "tests/unit/web/exchange.h"

static struct web_health_report report;

static struct web_health_report look(void *arg)
{
    return report;
}

static void check_answer(const char *method, const char *path, int status, const char *body)
{
    struct web_health health = {.look = look};
    struct routes routes = {0};
    web_health_add_routes(&health, routes_add, &routes);
    struct answer a = ask(routes.list, routes.count, method, path, NULL);
    check(a.status == status);
    if (body != NULL) {
        check_mem(a.body.data, a.body.len, body, strlen(body));
        check(answer_has(&a, "Content-Type: application/json; charset=utf-8\n"));
        check(answer_has(&a, "Cache-Control: no-store\n"));
    }
    bytes_finish(&a.body);
}

static void says_that_it_is_well_and_what_it_stands_on(void)
{
    report = (struct web_health_report){.database = SERVICE_CONNECTED, .connections = 12};
    check_answer("GET", "/health", 200,
                 "{\"status\":\"healthy\",\"service\":\"healthy\",\"database\":\"connected\","
                 "\"redis\":\"not configured\",\"kafka\":\"not configured\",\"connections\":12,"
                 "\"timestamp\":\"2024-05-01T12:00:00.000Z\"}");
    check_answer("GET", "/health/ready", 200, "{\"status\":\"ready\"}");
    check_answer("GET", "/health/live", 200, "{\"status\":\"alive\"}");
}

/* Its own clients are served. */
static void a_redis_that_is_away_degrades_it_and_no_more(void)
{
    report = (struct web_health_report){.redis = SERVICE_DISCONNECTED};
    check_answer("GET", "/health", 200,
                 "{\"status\":\"degraded\",\"service\":\"healthy\",\"database\":\"not "
                 "configured\",\"redis\":\"disconnected\",\"kafka\":\"not configured\","
                 "\"connections\":0,\"timestamp\":\"2024-05-01T12:00:00.000Z\"}");
    check_answer("GET", "/health/ready", 200, "{\"status\":\"ready\"}");
}

/* What is said waits in the broker meanwhile. */
static void a_database_that_is_away_behind_a_broker_degrades_it(void)
{
    report =
        (struct web_health_report){.database = SERVICE_DISCONNECTED, .kafka = SERVICE_CONNECTED};
    check_answer("GET", "/health", 200,
                 "{\"status\":\"degraded\",\"service\":\"healthy\",\"database\":"
                 "\"disconnected\",\"redis\":\"not configured\",\"kafka\":\"connected\","
                 "\"connections\":0,\"timestamp\":\"2024-05-01T12:00:00.000Z\"}");
    check_answer("GET", "/health/ready", 200, "{\"status\":\"ready\"}");
}

static void says_why_nobody_should_come(void)
{
    report = (struct web_health_report){
        .not_ready = "disk \"full\"", .database = SERVICE_DISCONNECTED, .kafka = SERVICE_CONNECTED};
    check_answer("GET", "/health", 503,
                 "{\"status\":\"unhealthy\",\"service\":\"unhealthy\",\"error\":\"disk "
                 "\\\"full\\\"\",\"database\":\"disconnected\",\"redis\":\"not configured\","
                 "\"kafka\":\"connected\",\"connections\":0,"
                 "\"timestamp\":\"2024-05-01T12:00:00.000Z\"}");
    check_answer("GET", "/health/ready", 503,
                 "{\"status\":\"not ready\",\"error\":\"disk \\\"full\\\"\"}");
    check_answer("GET", "/health/live", 200, "{\"status\":\"alive\"}");
}

static void is_read_only(void)
{
    report = (struct web_health_report){0};
    check_answer("DELETE", "/health", 405, NULL);
    check_answer("POST", "/health/live", 405, NULL);
    check_answer("PUT", "/health/ready", 405, NULL);
}

static void lets_pages_of_other_origins_read_it(void)
{
    static struct cors_policy policy;
    struct web_health health = {.look = look, .cors = &policy};
    struct routes routes = {0};
    static const char *const methods[] = {"GET", "DELETE"};

    report = (struct web_health_report){0};
    web_health_add_routes(&health, routes_add, &routes);
    cors_policy_set(&policy, &(struct cors_options){.origin = "reflect", .max_age_s = -1});
    for (int i = 0; i < 2; i++) {
        ask_with("Origin", "http://a");
        struct answer a = ask(routes.list, routes.count, methods[i], "/health", NULL);
        check(a.status == (i == 0 ? 200 : 405));
        check(answer_has(&a, "Access-Control-Allow-Origin: http://a\nVary: Origin\n"));
        bytes_finish(&a.body);
    }
    struct answer a = ask(routes.list, routes.count, "OPTIONS", "/health", NULL);
    check(a.status == 204 && a.body.len == 0);
    bytes_finish(&a.body);
    cors_policy_finish(&policy);
}

int main(void)
{
    RUN(says_that_it_is_well_and_what_it_stands_on);
    RUN(a_redis_that_is_away_degrades_it_and_no_more);
    RUN(a_database_that_is_away_behind_a_broker_degrades_it);
    RUN(says_why_nobody_should_come);
    RUN(is_read_only);
    RUN(lets_pages_of_other_origins_read_it);
    return tap_done();
}
