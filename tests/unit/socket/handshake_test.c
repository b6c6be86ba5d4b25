// SPDX-License-Identifier: MIT
#include "src/api/rookery.h"

#include "src/engine/request.h"
#include "tests/support/str.h"
#include "tests/support/tap.h"

static struct rookery_request *request_of(const char *head)
{
    return request_create(span_cstr(head), "::1", true, 99);
}

static char seen[256];

static void note(struct rookery_str name, struct rookery_str value, void *arg)
{
    size_t at = strlen(seen);
    (void)snprintf(seen + at, sizeof seen - at, "%.*s=%.*s|", (int)name.len, name.data,
                   (int)value.len, value.data);
}

static void reads_the_request_again_when_asked(void)
{
    struct rookery_request *r = request_of("GET /socket.io/?a=1&b=x%20y&a=2&c HTTP/1.1\r\n"
                                           "Host: h\r\nX-One:  1 \r\nx-one: 2\r\n\r\n");
    check(str_is(rookery_request_url(r), "/socket.io/?a=1&b=x%20y&a=2&c"));
    check(str_is(rookery_request_header(r, "x-ONE"), "1"));
    check(rookery_request_header(r, "x-two").len == 0);
    check(strcmp(rookery_request_address(r), "::1") == 0);
    check(rookery_request_secure(r) && rookery_request_time_ms(r) == 99);
    seen[0] = '\0';
    rookery_request_headers(r, note, NULL);
    check(strcmp(seen, "Host=h|X-One=1|x-one=2|") == 0);
    seen[0] = '\0';
    rookery_request_query(r, note, NULL);
    check(strcmp(seen, "a=1|b=x y|a=2|c=|") == 0);
    request_release(r);
}

static void has_no_query_without_one(void)
{
    struct rookery_request *r = request_of("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    seen[0] = '\0';
    rookery_request_query(r, note, NULL);
    check(seen[0] == '\0');
    request_release(r);
}

int main(void)
{
    RUN(reads_the_request_again_when_asked);
    RUN(has_no_query_without_one);
    return tap_done();
}
