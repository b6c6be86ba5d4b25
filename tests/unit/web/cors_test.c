// SPDX-License-Identifier: MIT
#include "src/web/cors.h"

#include "tests/support/tap.h"
#include "tests/unit/web/exchange.h"

static struct cors_policy policy;

static void serve(struct http_exchange *x, void *arg)
{
    struct http_field fields[WEB_CORS_FIELDS_MAX];

    if (web_cors_preflight(&policy, x)) {
        return;
    }
    size_t n = web_cors_fields(&policy, x, fields);
    http_respond(x, 500, fields, n, SPAN("no"));
}

static const struct http_route route = {.path = "/", .handler = serve};

static bool answers(const char *method, int status, const char *fields)
{
    struct answer a = ask(&route, 1, method, "/", NULL);
    bool same = a.status == status && strcmp(a.fields, fields) == 0;

    if (!same) {
        printf("# %d %s", a.status, a.fields);
    }
    bytes_finish(&a.body);
    return same;
}

static void an_error_carries_the_fields_too(void)
{
    cors_policy_set(&policy, &(struct cors_options){.origin = "reflect",
                                                    .exposed_headers = "x-a",
                                                    .credentials = true,
                                                    .max_age_s = -1});
    ask_with("Origin", "http://a");
    check(answers("GET", 500,
                  "Access-Control-Allow-Origin: http://a\nVary: Origin\n"
                  "Access-Control-Allow-Credentials: true\nAccess-Control-Expose-Headers: x-a\n"));
}

static void a_preflight_is_answered_with_all_that_it_asks_for(void)
{
    cors_policy_set(&policy, &(struct cors_options){.origin = "http://a, http://b",
                                                    .exposed_headers = "x-a",
                                                    .credentials = true,
                                                    .max_age_s = 600});
    ask_with("Origin", "http://b");
    ask_with("Access-Control-Request-Headers", "content-type,x-b");
    check(answers("OPTIONS", 204,
                  "Access-Control-Allow-Origin: http://b\nVary: Origin\n"
                  "Access-Control-Allow-Credentials: true\nAccess-Control-Expose-Headers: x-a\n"
                  "Access-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE\n"
                  "Access-Control-Allow-Headers: content-type,x-b\n"
                  "Vary: Access-Control-Request-Headers\nAccess-Control-Max-Age: 600\n"));
}

static void without_cors_there_are_no_fields_and_no_preflight(void)
{
    cors_policy_set(&policy, &(struct cors_options){.origin = NULL});
    ask_with("Origin", "http://a");
    check(answers("OPTIONS", 500, ""));
}

int main(void)
{
    RUN(an_error_carries_the_fields_too);
    RUN(a_preflight_is_answered_with_all_that_it_asks_for);
    RUN(without_cors_there_are_no_fields_and_no_preflight);
    cors_policy_finish(&policy);
    return tap_done();
}
