// SPDX-License-Identifier: MIT
#include "protocol/adapter_cluster.h"
#include "tests/support/tap.h"

#define FACE "\xf0\x9f\x98\x80" /* one character, two units of UTF-16 */

static bool channel_is(struct span name, const char *want)
{
    struct bytes out = {0};

    cluster_channel_write(&out, SPAN("socket.io"), SPAN("/chat"), name);
    bool same = span_eq(bytes_span(&out), span_cstr(want));
    bytes_finish(&out);
    return same;
}

static void a_channel_is_of_all_or_of_a_room_or_of_who_asks(void)
{
    check(channel_is(SPAN(""), "socket.io#/chat#"));
    check(channel_is(SPAN("r1"), "socket.io#/chat#r1#"));
    check(channel_is(SPAN("7936d48b1db1eeac"), "socket.io#/chat#7936d48b1db1eeac#"));
}

/* The name of the channel's room for a broadcast to that one room. */
static struct span one(struct span room, enum cluster_mode mode)
{
    struct adapter_message m = {.rooms = {&room, 1}};

    return cluster_room_of(&m, mode);
}

static void one_room_has_a_channel_where_the_mode_is_dynamic(void)
{
    check(one(SPAN("r1"), CLUSTER_STATIC).len == 0);
    check(span_eq(one(SPAN("r1"), CLUSTER_DYNAMIC), SPAN("r1")));
    check(span_eq(one(SPAN("r1"), CLUSTER_DYNAMIC_PRIVATE), SPAN("r1")));
}

static void what_is_as_long_as_a_socket_id_in_utf16_looks_like_one(void)
{
    static const char *const like[] = {
        "8Lb8Q7CDyEQk7pbDAAAB", "twenty letters long!",
        "\xc3\xa9\xe2\x82\xac" FACE FACE FACE FACE FACE FACE FACE FACE FACE,
        "\xff\xfe\xc3(2345678901234567", /* to Node these wrong bytes are one character each */
    };
    static const char *const unlike[] = {
        "nineteen letters lo",
        "twenty-one letters lo",
        FACE FACE FACE FACE FACE FACE FACE FACE FACE "x",
        FACE FACE FACE FACE FACE FACE FACE FACE FACE "x" FACE,
        "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9",
    };

    for (size_t i = 0; i < sizeof like / sizeof like[0]; i++) {
        check(one(span_cstr(like[i]), CLUSTER_DYNAMIC).len == 0);
        check(one(span_cstr(like[i]), CLUSTER_DYNAMIC_PRIVATE).len == strlen(like[i]));
    }
    for (size_t i = 0; i < sizeof unlike / sizeof unlike[0]; i++) {
        check(one(span_cstr(unlike[i]), CLUSTER_DYNAMIC).len == strlen(unlike[i]));
    }
}

static void all_but_a_broadcast_to_one_room_goes_to_all(void)
{
    struct span rooms[] = {SPAN("r1"), SPAN("r2")};
    struct adapter_message all = {.except = {rooms, 1}}, both = {.rooms = {rooms, 2}};
    struct adapter_message asks = {.rooms = {rooms, 1}, .request_id = SPAN("5827d19e3973fe16")};
    struct adapter_message join = {.kind = ADAPTER_JOIN, .rooms = {rooms, 1}};
    const struct adapter_message *const common[] = {&all, &both, &asks, &join};

    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++) {
        check(cluster_room_of(common[i], CLUSTER_DYNAMIC).len == 0);
        check(cluster_room_of(common[i], CLUSTER_DYNAMIC_PRIVATE).len == 0);
    }
}

static void nodes_listen_for_rooms_and_if_private_for_sockets(void)
{
    struct span room = SPAN("twenty letters long!");

    check(!cluster_room_has_channel(room, false, CLUSTER_STATIC));
    check(!cluster_room_has_channel(room, true, CLUSTER_STATIC));
    check(cluster_room_has_channel(room, false, CLUSTER_DYNAMIC));
    check(!cluster_room_has_channel(room, true, CLUSTER_DYNAMIC));
    check(cluster_room_has_channel(room, false, CLUSTER_DYNAMIC_PRIVATE));
    check(cluster_room_has_channel(room, true, CLUSTER_DYNAMIC_PRIVATE));
    check(cluster_room_has_channel(SPAN(""), false, CLUSTER_DYNAMIC));
    check(cluster_room_has_channel(SPAN(""), false, CLUSTER_DYNAMIC_PRIVATE));
}

static bool stream_is(const char *nsp, unsigned streams, const char *want)
{
    struct bytes out = {0};

    cluster_stream_name(&out, SPAN("socket.io"), streams, span_cstr(nsp));
    bool same = span_eq(bytes_span(&out), span_cstr(want));
    bytes_finish(&out);
    return same;
}

/* Wanted are the names that Node computes. */
static void a_namespace_has_the_stream_of_its_hash(void)
{
    check(stream_is("/", 1, "socket.io"));
    check(stream_is("/chat", 1, "socket.io"));
    check(stream_is("/", 3, "socket.io-2"));
    check(stream_is("/", 16, "socket.io-15"));
    check(stream_is("/chat", 4, "socket.io-3"));
    check(stream_is("/\xc3\xa9", 16, "socket.io-10"));
    check(stream_is("/" FACE, 4, "socket.io-2"));
    check(stream_is("/a-long-namespace", 16, "socket.io-5"));
    check(stream_is("/zzzzzzzz", 3, "socket.io--1"));
    check(stream_is("/zzzzzzzz", 961036753, "socket.io-0"));
}

static void an_entry_id_is_two_numbers(void)
{
    static const char *const wrong[] = {
        "",     "-",    "1",     "1-",        "-1", "1-2-3", "1-2 ",
        " 1-2", "1-+2", "0x1-2", "Q7yWrHh.1", "$",  "*",     "18446744073709551616-0",
    };

    check(cluster_entry_id_valid(SPAN("1795237380711-0")));
    check(cluster_entry_id_valid(SPAN("0-1")));
    check(cluster_entry_id_valid(SPAN("18446744073709551615-18446744073709551615")));
    check(!cluster_entry_id_valid((struct span){0}));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        check(!cluster_entry_id_valid(span_cstr(wrong[i])));
    }
}

int main(void)
{
    RUN(a_channel_is_of_all_or_of_a_room_or_of_who_asks);
    RUN(one_room_has_a_channel_where_the_mode_is_dynamic);
    RUN(what_is_as_long_as_a_socket_id_in_utf16_looks_like_one);
    RUN(all_but_a_broadcast_to_one_room_goes_to_all);
    RUN(nodes_listen_for_rooms_and_if_private_for_sockets);
    RUN(a_namespace_has_the_stream_of_its_hash);
    RUN(an_entry_id_is_two_numbers);
    return tap_done();
}
