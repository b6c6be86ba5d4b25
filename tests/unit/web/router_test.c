// SPDX-License-Identifier: MIT
#include "src/web/router.h"

#include "tests/support/tap.h"

static bool fits(const char *pattern, const char *path, const char *parameter)
{
    struct span found;

    return router_fits(pattern, span_cstr(path), &found) && span_eq(found, span_cstr(parameter));
}

static bool misses(const char *pattern, const char *path)
{
    struct span found;

    return !router_fits(pattern, span_cstr(path), &found);
}

static void a_parameter_is_one_segment(void)
{
    check(fits("/rooms", "/rooms", ""));
    check(fits("/users/:id", "/users/a", "a"));
    check(fits("/users/:id", "/users/a%2Fb", "a%2Fb"));
    check(fits("/api/rooms/:id/messages", "/api/rooms/x/messages", "x"));
    check(misses("/users/:id", "/users"));
    check(misses("/users/:id", "/users/"));
    check(misses("/users/:id", "/users//"));
    check(misses("/users/:id", "/users/a/b"));
    check(misses("/api/rooms/:id/messages", "/api/rooms/x"));
    check(misses("/api/rooms/:id/messages", "/api/rooms//messages"));
    check(misses("/rooms", "/room"));
    check(misses("/rooms", "/roomss"));
    check(misses("/rooms", ""));
    check(misses("/rooms", "*"));
}

static void a_slash_at_the_end_does_not_matter(void)
{
    check(fits("/", "/", ""));
    check(fits("/rooms", "/rooms/", ""));
    check(fits("/users/:id", "/users/a/", "a"));
    check(misses("/rooms", "/rooms//"));
    check(misses("/", "//"));
}

static void run(struct rest_call *call)
{
}

static const struct web_action list[] = {
    {"GET", "/rooms", WEB_PLAIN, false, run},
    {"POST", "/rooms", WEB_PLAIN, false, run},
    {"GET", "/rooms/:id", WEB_PLAIN, false, run},
};
static const struct web_actions tables[] = {{list, 1}, {list + 1, 2}};

static void the_method_chooses_among_actions_of_one_path(void)
{
    struct web_match match;

    router_find(tables, 2, SPAN("POST"), SPAN("/rooms"), &match);
    check(match.action == &list[1]);
    router_find(tables, 2, SPAN("HEAD"), SPAN("/rooms/x"), &match);
    check(match.action == &list[2]);
    check_mem(match.parameter.data, match.parameter.len, "x", 1);
    router_find(tables, 2, SPAN("DELETE"), SPAN("/rooms"), &match);
    check(match.action == NULL && match.other != NULL);
    check(strcmp(match.allow, "GET, HEAD, POST") == 0);
    router_find(tables, 2, SPAN("GET"), SPAN("/nowhere"), &match);
    check(match.action == NULL && match.other == NULL);
}

static bool decodes(const char *encoded, const char *text, size_t len)
{
    struct bytes out = {0};
    bool same = router_decode(span_cstr(encoded), &out) == 0 &&
                span_eq(bytes_span(&out), span_of(text, len));

    bytes_finish(&out);
    return same;
}

static bool is_refused(const char *encoded)
{
    struct bytes out = {0};
    bool refused = router_decode(span_cstr(encoded), &out) < 0;

    bytes_finish(&out);
    return refused;
}

static void decodes_as_decode_uri_component(void)
{
    check(decodes("a%20b+c", "a b+c", 5));
    check(decodes("%2f%2F", "//", 2));
    check(decodes("%E2%82%ac", "\xe2\x82\xac", 3));
    check(decodes("%00", "\0", 1));
    check(decodes("", "", 0));
    check(is_refused("%"));
    check(is_refused("%a"));
    check(is_refused("%zz"));
    check(is_refused("%ff"));
    check(is_refused("%ED%A0%80"));
    check(is_refused("\xff"));
}

int main(void)
{
    RUN(a_parameter_is_one_segment);
    RUN(a_slash_at_the_end_does_not_matter);
    RUN(the_method_chooses_among_actions_of_one_path);
    RUN(decodes_as_decode_uri_component);
    return tap_done();
}
