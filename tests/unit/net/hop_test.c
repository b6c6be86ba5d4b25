// SPDX-License-Identifier: MIT
#include "src/net/hop.h"

#include "tests/support/fake_executor.h"
#include "tests/support/tap.h"

/* A head that carries a hop field, and what is read from it: the fields and the clock are the
 * tests' to spoil. */

static struct bytes text;
static struct hop_key key, other_key;
static struct fake_executor loop;
static void start(void)
{
    fake_executor_init(&loop, 0);
    loop.executor.now_ms = 1000000; /* its wall clock goes with it */
    hop_key_make(&key, SPAN("secret"));
    hop_key_make(&other_key, SPAN("another"));
}

static void finish(void)
{
    bytes_finish(&text);
    fake_executor_finish(&loop);
}

static void write_head(const char *target, const char *signed_target, const struct hop *hop)
{
    bytes_clear(&text);
    bytes_add_cstr(&text, "GET ");
    bytes_add_cstr(&text, target);
    bytes_add_cstr(&text, " HTTP/1.1\r\nHost: x\r\n");
    hop_write(&key, SPAN("GET"), span_cstr(signed_target), hop, &loop.executor, &text);
    bytes_add_cstr(&text, "\r\n");
}

static enum hop_verdict read_with(const struct hop_key *k, struct hop *hop)
{
    const struct http_head_limits limits = {text.len + 1, text.len, HTTP_HEADERS_MAX};
    struct http_head head;

    check(http_head_parse(text.data, text.len, 0, &limits, &head) == (int)text.len);
    return hop_read(k, &head, &loop.executor, hop);
}

static const struct hop client = {.address = "203.0.113.9", .secure = true};

static void says_whose_request_it_is(void)
{
    struct hop hop, v6 = {.address = "2001:db8::1"};

    start();
    write_head("/e/?sid=1", "/e/?sid=1", &client);
    check(read_with(&key, &hop) == HOP_VALID);
    check(strcmp(hop.address, "203.0.113.9") == 0 && hop.secure);
    write_head("/", "/", &v6);
    check(read_with(&key, &hop) == HOP_VALID);
    check(strcmp(hop.address, "2001:db8::1") == 0 && !hop.secure);
    finish();
}

static void holds_for_its_key_and_its_request_only(void)
{
    struct hop hop;

    start();
    write_head("/a", "/a", &client);
    check(read_with(&other_key, &hop) == HOP_FORGED);
    write_head("/a", "/b", &client);
    check(read_with(&key, &hop) == HOP_FORGED);
    write_head("/a", "/a", &client);
    memcpy(text.data, "PUT", 3);
    check(read_with(&key, &hop) == HOP_FORGED);
    finish();
}

static void every_byte_of_it_counts(void)
{
    struct hop hop;

    start();
    write_head("/a", "/a", &client);
    size_t from = (size_t)((uint8_t *)memmem(text.data, text.len, "Hop: ", 5) - text.data) + 5;
    for (size_t i = from; i < text.len - 4; i++) {
        uint8_t was = text.data[i];
        text.data[i] = was == 'x' ? 'y' : 'x';
        check(read_with(&key, &hop) == HOP_FORGED);
        text.data[i] = was;
    }
    check(read_with(&key, &hop) == HOP_VALID);
    finish();
}

static void holds_for_a_minute_by_either_clock(void)
{
    struct hop hop;

    start();
    write_head("/a", "/a", &client);
    loop.executor.now_ms += 60000;
    check(read_with(&key, &hop) == HOP_VALID);
    loop.executor.now_ms += 1000;
    check(read_with(&key, &hop) == HOP_FORGED);
    loop.executor.now_ms -= 121000;
    check(read_with(&key, &hop) == HOP_VALID);
    loop.executor.now_ms -= 1000;
    check(read_with(&key, &hop) == HOP_FORGED);
    finish();
}

static void is_missed_where_there_is_none(void)
{
    struct hop hop;

    start();
    bytes_add_cstr(&text, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    check(read_with(&key, &hop) == HOP_NONE);
    bytes_clear(&text);
    bytes_add_cstr(&text, "GET / HTTP/1.1\r\nHost: x\r\nrookery-hop:\r\n\r\n");
    check(read_with(&key, &hop) == HOP_FORGED);
    finish();
}

int main(void)
{
    RUN(says_whose_request_it_is);
    RUN(holds_for_its_key_and_its_request_only);
    RUN(every_byte_of_it_counts);
    RUN(holds_for_a_minute_by_either_clock);
    RUN(is_missed_where_there_is_none);
    return tap_done();
}
