// SPDX-License-Identifier: MIT
#include "src/redis/redis_reply.h"

#include "tests/support/tap.h"

static void replies_come_out_of_any_pieces(void)
{
    static const char wire[] = "+OK\r\n:-7\r\n$-1\r\n$5\r\na\r\nb\0\r\n*3\r\n*2\r\n$1\r\nx\r\n:"
                               "1\r\n*0\r\n-ERR no\r\n*-1\r\n";
    struct redis_reader *reader = redis_reader_create();
    struct redis_reply *got[6] = {0};
    size_t count = 0;

    for (size_t i = 0; i + 1 < sizeof wire; i++) {
        struct redis_reply *reply;
        check(redis_reader_feed(reader, span_of(wire + i, 1)) == 0);
        while (redis_reader_next(reader, &reply) == 1 && count < 6) {
            got[count++] = reply;
        }
    }
    check(count == 6);
    check(redis_reply_is(got[0], "OK"));
    check(got[1]->type == REDIS_INTEGER && got[1]->integer == -7);
    check(got[2]->type == REDIS_NIL && got[5]->type == REDIS_NIL);
    check_mem(got[3]->text.data, got[3]->text.len, "a\r\nb\0", 5);
    check(got[4]->type == REDIS_ARRAY && got[4]->count == 3);
    check(got[4]->items[0].count == 2 && got[4]->items[0].items[1].integer == 1);
    check(got[4]->items[1].type == REDIS_ARRAY && got[4]->items[1].count == 0);
    check(got[4]->items[2].type == REDIS_FAILURE);
    for (size_t i = 0; i < count; i++) {
        redis_reply_free(got[i]);
    }
    redis_reader_destroy(reader);
}

static int error_of(const char *wire)
{
    struct redis_reader *reader = redis_reader_create();
    struct redis_reply *reply = NULL;
    int got = redis_reader_feed(reader, span_cstr(wire));

    if (got == 0) {
        got = redis_reader_next(reader, &reply);
    }
    check(got != -1 || redis_reader_why(reader)[0] != '\0');
    redis_reply_free(got == 1 ? reply : NULL);
    redis_reader_destroy(reader);
    return got;
}

static void what_is_no_reply_is_refused(void)
{
    check(error_of("HTTP/1.1 400\r\n") == -1);
    check(error_of("$-2\r\n") == -1);
    check(error_of("*-2\r\n") == -1);
    check(error_of("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n") == -1);
    check(error_of("%1\r\n+a\r\n+b\r\n") == -1);
    check(error_of(",1.5\r\n") == -1);
}

static void a_big_promise_costs_nothing(void)
{
    check(error_of("*2000000000\r\n:1\r\n") == 0);
    check(error_of("$536870912\r\nx") == 0);
}

/* What is too much is refused before it is looked at, so it need not be there. */
static void too_many_bytes_for_one_reply_are_refused(void)
{
    struct redis_reader *reader = redis_reader_create();
    struct redis_reply *reply;

    check(redis_reader_feed(reader, SPAN("$2000000000\r\n")) == 0);
    check(redis_reader_feed(reader, span_of("x", REPLY_BYTES_MAX - 12)) == -1);
    check(strcmp(redis_reader_why(reader), "a reply of too many bytes") == 0);
    check(redis_reader_next(reader, &reply) == -1);
    redis_reader_destroy(reader);
}

static void a_command_goes_out_as_it_is(void)
{
    struct bytes out = {0};
    const struct span args[] = {SPAN("SET"), SPAN("k\0"), SPAN("")};

    redis_format(&out, args, 3);
    check_mem(out.data, out.len, "*3\r\n$3\r\nSET\r\n$2\r\nk\0\r\n$0\r\n\r\n", 27);
    bytes_finish(&out);
}

int main(void)
{
    RUN(replies_come_out_of_any_pieces);
    RUN(what_is_no_reply_is_refused);
    RUN(a_big_promise_costs_nothing);
    RUN(too_many_bytes_for_one_reply_are_refused);
    RUN(a_command_goes_out_as_it_is);
    return tap_done();
}
