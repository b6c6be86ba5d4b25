// SPDX-License-Identifier: MIT
#include "src/web/router.h"

#include <assert.h>
#include <stdio.h>

#include "protocol/utf8.h"

/* ---- patterns ---- */

/* Takes the next segment off *rest, which begins with '/'. */
static struct span take_segment(struct span *rest)
{
    struct span path = span_skip(*rest, 1);
    const uint8_t *end = path.len == 0 ? NULL : memchr(path.data, '/', path.len);
    size_t len = end == NULL ? path.len : (size_t)(end - path.data);

    *rest = span_skip(path, len);
    return span_of(path.data, len);
}

bool router_fits(const char *pattern, struct span path, struct span *parameter)
{
    struct span want = span_cstr(pattern);

    *parameter = (struct span){0};
    while (want.len > 0 && path.len > 0 && path.data[0] == '/') {
        struct span wanted = take_segment(&want);
        struct span segment = take_segment(&path);
        if (wanted.len > 0 && wanted.data[0] == ':' && segment.len > 0) {
            *parameter = segment;
        } else if (!span_eq(wanted, segment)) {
            return false;
        }
    }
    bool ends = path.len == 0 || (span_eq(path, SPAN("/")) && pattern[1] != '\0');
    return want.len == 0 && ends;
}

/* ---- finding ---- */

static bool serves(const struct web_action *action, struct span method)
{
    struct span own = span_cstr(action->method);

    return span_eq(method, own) || (span_eq(method, SPAN("HEAD")) && span_eq(own, SPAN("GET")));
}

static void allow(struct web_match *match, const struct web_action *action)
{
    size_t len = strlen(match->allow);
    const char *methods = strcmp(action->method, "GET") == 0 ? "GET, HEAD" : action->method;
    int n = snprintf(match->allow + len, sizeof match->allow - len, "%s%s", len > 0 ? ", " : "",
                     methods);

    assert(n > 0 && (size_t)n < sizeof match->allow - len);
    match->other = action;
}

void router_find(const struct web_actions *tables, size_t count, struct span method,
                 struct span path, struct web_match *out)
{
    struct span parameter;

    *out = (struct web_match){.action = NULL};
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < tables[i].count; j++) {
            const struct web_action *action = &tables[i].list[j];
            if (!router_fits(action->pattern, path, &parameter)) {
                continue;
            }
            if (serves(action, method)) {
                out->action = action;
                out->parameter = parameter;
                return;
            }
            allow(out, action);
        }
    }
}

/* ---- decoding ---- */

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20; /* to lower case */
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int router_decode(struct span encoded, struct bytes *out)
{
    size_t before = out->len;

    while (encoded.len > 0) {
        uint8_t byte = encoded.data[0];
        size_t taken = 1;
        if (byte == '%') {
            int high = encoded.len < 3 ? -1 : hex_digit(encoded.data[1]);
            int low = encoded.len < 3 ? -1 : hex_digit(encoded.data[2]);
            if (high < 0 || low < 0) {
                return -1;
            }
            byte = (uint8_t)(high << 4 | low);
            taken = 3;
        }
        bytes_add_byte(out, byte);
        encoded = span_skip(encoded, taken);
    }
    return utf8_valid(span_skip(bytes_span(out), before)) ? 0 : -1;
}
