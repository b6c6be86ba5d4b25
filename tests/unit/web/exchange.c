// SPDX-License-Identifier: MIT
#include "tests/unit/web/exchange.h"

#include <assert.h>
#include <stdio.h>

static struct answer *under_way;
static struct http_field asked[4];
static size_t asked_count;

void ask_with(const char *name, const char *value)
{
    assert(asked_count < sizeof asked / sizeof *asked);
    asked[asked_count++] = (struct http_field){name, span_cstr(value)};
}

struct span http_exchange_field(const struct http_exchange *x, const char *name)
{
    for (size_t i = 0; i < asked_count; i++) {
        if (strcmp(asked[i].name, name) == 0) {
            return asked[i].value;
        }
    }
    return SPAN("");
}

void http_respond(struct http_exchange *x, int status, const struct http_field *fields,
                  size_t field_count, struct span body)
{
    size_t at = 0;

    assert(under_way->status == 0);
    under_way->status = status;
    for (size_t i = 0; i < field_count; i++) {
        int n =
            snprintf(under_way->fields + at, sizeof under_way->fields - at, "%s: %.*s\n",
                     fields[i].name, (int)fields[i].value.len, (const char *)fields[i].value.data);
        at += (size_t)n;
        assert(at < sizeof under_way->fields);
    }
    bytes_add_span(&under_way->body, body);
}

static int64_t noon(const struct executor *ex)
{
    return INT64_C(1714564800000);
}

struct answer ask(const struct http_route *routes, size_t count, const char *method,
                  const char *path, const char *if_none_match)
{
    const struct executor_ops ops = {.wall_ms = noon};
    struct executor executor = {.ops = &ops};
    struct answer answer = {0};
    struct http_exchange x = {
        .executor = &executor, .method = span_cstr(method), .path = span_cstr(path)};

    under_way = &answer;
    if (if_none_match != NULL) {
        ask_with("If-None-Match", if_none_match);
    }
    for (size_t i = 0; i < count && answer.status == 0; i++) {
        if (strcmp(routes[i].path, path) == 0) {
            routes[i].handler(&x, routes[i].arg);
            assert(answer.status != 0);
        }
    }
    under_way = NULL;
    asked_count = 0;
    return answer;
}

bool answer_has(const struct answer *a, const char *field)
{
    return strstr(a->fields, field) != NULL;
}

void routes_add(void *routes, const struct http_route *route)
{
    struct routes *r = routes;
    assert(r->count < sizeof r->list / sizeof *r->list);
    r->list[r->count++] = *route;
}
