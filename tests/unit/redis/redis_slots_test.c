// SPDX-License-Identifier: MIT
#include "src/redis/redis_slots.h"

#include "src/redis/redis_reply.h"
#include "tests/support/tap.h"

static const struct redis_address asked = {"10.0.0.9", 7000};

static struct redis_reply *reply_of(const char *wire)
{
    struct redis_reader *reader = redis_reader_create();
    struct redis_reply *reply = NULL;

    check(redis_reader_feed(reader, span_cstr(wire)) == 0);
    check(redis_reader_next(reader, &reply) == 1);
    redis_reader_destroy(reader);
    return reply;
}

static int parse(struct redis_slots *slots, const char *wire)
{
    struct redis_reply *reply = reply_of(wire);
    int error = redis_slots_parse(slots, reply, &asked);

    redis_reply_free(reply);
    return error;
}

static void a_key_has_the_slot_that_redis_gives_it(void)
{
    check(redis_slot(SPAN("123456789")) == 0x31c3);
    check(redis_slot(SPAN("")) == 0);
    check(redis_slot(SPAN("foo")) == 12182);
    check(redis_slot(SPAN("a{foo}b{bar}")) == 12182);
    check(redis_slot(SPAN("foo{}{bar}")) == 8363);
    check(redis_slot(SPAN("foo{{bar}}zap")) == redis_slot(SPAN("{bar")));
}

static void the_map_says_who_has_a_slot(void)
{
    struct redis_slots slots = {0};

    check(redis_slots_node(&slots, 5) == NULL);
    check(parse(&slots, "*3\r\n"
                        "*4\r\n:0\r\n:5\r\n*3\r\n$9\r\n127.0.0.1\r\n:7001\r\n$1\r\nx\r\n"
                        "*2\r\n$1\r\nr\r\n:1\r\n"
                        "*3\r\n:7\r\n:16383\r\n*2\r\n$-1\r\n:7002\r\n"
                        "*3\r\n:6\r\n:6\r\n*2\r\n$9\r\n127.0.0.1\r\n:7001\r\n") == 0);
    check(slots.node_count == 2 && slots.owned == REDIS_SLOTS);
    check(redis_slots_node(&slots, 6)->port == 7001);
    check(strcmp(redis_slots_node(&slots, 16383)->host, "10.0.0.9") == 0);
    check(redis_slots_has(&slots, &(struct redis_address){"10.0.0.9", 7002}));
    check(!redis_slots_has(&slots, &asked));
    check(parse(&slots, "*1\r\n*3\r\n:1\r\n:1\r\n*2\r\n$1\r\na\r\n:1\r\n") == 0);
    check(redis_slots_node(&slots, 0) == NULL);
    redis_slots_finish(&slots);
}

static void what_is_no_map_leaves_the_old_one(void)
{
    static const char *const wires[] = {
        "$1\r\nx\r\n",
        "*0\r\n",
        "*1\r\n:1\r\n",
        "*1\r\n*2\r\n:1\r\n:1\r\n",
        "*1\r\n*3\r\n:2\r\n:1\r\n*2\r\n$1\r\na\r\n:1\r\n",
        "*1\r\n*3\r\n:0\r\n:16384\r\n*2\r\n$1\r\na\r\n:1\r\n",
        "*1\r\n*3\r\n:-1\r\n:1\r\n*2\r\n$1\r\na\r\n:1\r\n",
        "*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$1\r\na\r\n:0\r\n",
        "*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$1\r\na\r\n:-1\r\n",
        "*1\r\n*3\r\n:0\r\n:1\r\n*1\r\n$1\r\na\r\n",
        "*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n*0\r\n:1\r\n",
    };
    struct redis_slots slots = {0};

    check(parse(&slots, "*1\r\n*3\r\n:1\r\n:1\r\n*2\r\n$1\r\na\r\n:1\r\n") == 0);
    for (size_t i = 0; i < sizeof wires / sizeof wires[0]; i++) {
        check(parse(&slots, wires[i]) == -1);
    }
    check(redis_slots_node(&slots, 1) != NULL);
    redis_slots_finish(&slots);
}

static void redirects_are_read(void)
{
    struct redis_redirect r;

    check(redis_redirect_parse(&r, SPAN("MOVED 3999 127.0.0.1:6381"), &asked) == 0);
    check(!r.ask && r.slot == 3999 && strcmp(r.to.host, "127.0.0.1") == 0 && r.to.port == 6381);
    check(redis_redirect_parse(&r, SPAN("ASK 1 ::1:7"), &asked) == 0);
    check(r.ask && strcmp(r.to.host, "::1") == 0 && r.to.port == 7);
    check(redis_redirect_parse(&r, SPAN("MOVED 1 :7"), &asked) == 0);
    check(strcmp(r.to.host, asked.host) == 0);
    check(redis_redirect_parse(&r, SPAN("MOVED 16384 a:7"), &asked) == -1);
    check(redis_redirect_parse(&r, SPAN("MOVED 1 a"), &asked) == -1);
    check(redis_redirect_parse(&r, SPAN("MOVED 1"), &asked) == -1);
    check(redis_redirect_parse(&r, SPAN("MOVED 1 a:0"), &asked) == -1);
    check(redis_redirect_parse(&r, SPAN("ERR MOVED 1 a:7"), &asked) == -1);
}

int main(void)
{
    RUN(a_key_has_the_slot_that_redis_gives_it);
    RUN(the_map_says_who_has_a_slot);
    RUN(what_is_no_map_leaves_the_old_one);
    RUN(redirects_are_read);
    return tap_done();
}
