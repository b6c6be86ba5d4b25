// SPDX-License-Identifier: MIT
#include "src/web/cors.h"

#include <assert.h>

struct field_list {
    struct http_field *fields;
    size_t count;
};

static void add(void *arg, const char *name, struct span value)
{
    struct field_list *list = arg;

    assert(list->count < WEB_CORS_FIELDS_MAX);
    list->fields[list->count++] = (struct http_field){name, value};
}

size_t web_cors_fields(const struct cors_policy *policy, const struct http_exchange *x,
                       struct http_field fields[WEB_CORS_FIELDS_MAX])
{
    const struct cors_options *o = cors_policy_get(policy);
    struct field_list list = {.fields = fields};

    if (o != NULL) {
        cors_fields(o, http_exchange_field(x, "Origin"), add, &list);
    }
    return list.count;
}

/* Of a preflight one value is made while it is emitted, so all are copied. */
struct preflight {
    struct http_field fields[2 * WEB_CORS_FIELDS_MAX];
    size_t ends[2 * WEB_CORS_FIELDS_MAX];
    size_t count;
    struct bytes values;
};

static void add_copy(void *arg, const char *name, struct span value)
{
    struct preflight *p = arg;

    assert(p->count < sizeof p->fields / sizeof *p->fields);
    bytes_add_span(&p->values, value);
    p->fields[p->count].name = name;
    p->ends[p->count++] = p->values.len;
}

bool web_cors_preflight(const struct cors_policy *policy, struct http_exchange *x)
{
    const struct cors_options *o = cors_policy_get(policy);
    struct preflight p = {.count = 0};

    if (o == NULL || !span_eq(x->method, SPAN("OPTIONS"))) {
        return false;
    }
    cors_preflight_fields(o, http_exchange_field(x, "Origin"),
                          http_exchange_field(x, "Access-Control-Request-Headers"), add_copy, &p);
    for (size_t i = 0; i < p.count; i++) {
        size_t begin = i == 0 ? 0 : p.ends[i - 1];
        p.fields[i].value = span_of(p.values.data + begin, p.ends[i] - begin);
    }
    http_respond(x, 204, p.fields, p.count, SPAN(""));
    bytes_finish(&p.values);
    return true;
}
