// SPDX-License-Identifier: MIT
//
// A server whose packets are in MessagePack.
#include "protocol/msgpack_json.h"
#include "src/socket/client.h"
#include "src/socket/io.h"
#include "tests/support/tap.h"
#include "tests/support/world.h"

static const struct span bins[] = {SPAN("\x01\x02"), SPAN("")};
static struct bytes packed; /* what was packed last */

/* {"_placeholder":true,"num":N} stands for bins[N]. */
static struct span pack(const char *json)
{
    bytes_clear(&packed);
    (void)msgpack_write_json(&packed, MSGPACK_NOTEPACK, span_cstr(json), bins, 2);
    return bytes_span(&packed);
}

static void send_bytes(struct peer *p, struct span message)
{
    if (peer_is_open(p)) {
        session_receive_binary(p->transport.base.session, &p->transport.base, message);
    }
}

static void send(struct peer *p, const char *json)
{
    send_bytes(p, pack(json));
}

/* All that p has got since it was looked at: these packets, each in a binary message. */
static bool got(struct peer *p, const char *const packets[], size_t count)
{
    struct bytes want = {0};

    for (size_t i = 0; i < count; i++) {
        bytes_add_cstr(&want, "|<");
        bytes_add_span(&want, pack(packets[i]));
        bytes_add_byte(&want, '>');
    }
    bool same = span_eq(bytes_span(&want), bytes_span(&p->transport.sent));
    bytes_finish(&want);
    (void)peer_got(p);
    return same;
}

static bool got_one(struct peer *p, const char *packet)
{
    return got(p, &packet, 1);
}

static bool got_none(struct peer *p)
{
    return got(p, NULL, 0);
}

static void on_echo(struct rookery_socket *s, const struct rookery_event *e, void *arg)
{
    (void)rookery_emit(s, ROOKERY_STR("back"), &e->args, NULL);
    (void)rookery_reply(s, e, &e->args);
}

static void on_say(struct rookery_socket *s, const struct rookery_event *e, void *arg)
{
    const struct rookery_target to = {.rooms = &ROOKERY_STR("r"), .room_count = 1};

    rookery_join(s, ROOKERY_STR("r"));
    (void)rookery_broadcast(rookery_socket_namespace(s), &to, ROOKERY_STR("said"), &e->args, NULL);
}

static void on_answer(struct rookery_socket *s, int error, const struct rookery_args *args,
                      void *arg)
{
    (void)rookery_emit(s, ROOKERY_STR("answer"), args, NULL);
}

static void on_ask(struct rookery_socket *s, const struct rookery_event *e, void *arg)
{
    const struct rookery_emit how = {.on_ack = on_answer};
    (void)rookery_emit(s, ROOKERY_STR("question"), NULL, &how);
}

static void on_bad(struct rookery_socket *s, const struct rookery_event *e, void *arg)
{
    const struct rookery_args no_json = {.json = ROOKERY_STR("1,")};
    const struct rookery_args no_binary = {.json = ROOKERY_STR("{\"_placeholder\":true,\"num\":1}"),
                                           .bins = e->args.bins,
                                           .bin_count = 1};

    check(e->args.bin_count == 1);
    check(rookery_emit(s, ROOKERY_STR("x"), &no_json, NULL) == ROOKERY_EINVAL);
    check(rookery_emit(s, ROOKERY_STR("x"), &no_binary, NULL) == ROOKERY_EINVAL);
    check(rookery_emit(s, ROOKERY_STR("connect"), NULL, NULL) == ROOKERY_ERESERVED);
}

static void on_leave(struct rookery_socket *s, const struct rookery_event *e, void *arg)
{
    rookery_disconnect(s, false);
}

static void refuse(struct rookery_socket *s, struct rookery_next *next, void *arg)
{
    rookery_next_refuse(next, ROOKERY_STR("no"), ROOKERY_STR("{\"code\":7}"));
}

static void start(void)
{
    world_options.msgpack = true;
    world_start(1);
    struct rookery_namespace *root = rookery_of(world, ROOKERY_STR("/"));
    rookery_on(root, ROOKERY_STR("echo"), on_echo, NULL);
    rookery_on(root, ROOKERY_STR("say"), on_say, NULL);
    rookery_on(root, ROOKERY_STR("ask"), on_ask, NULL);
    rookery_on(root, ROOKERY_STR("bad"), on_bad, NULL);
    rookery_on(root, ROOKERY_STR("leave"), on_leave, NULL);
    rookery_use(rookery_of(world, ROOKERY_STR("/closed")), refuse, NULL);
}

static void end(void)
{
    world_end();
    world_options.msgpack = false;
    bytes_finish(&packed);
}

static struct peer *join(void)
{
    struct peer *p = peer_open(0);

    send(p, "{\"type\":0,\"nsp\":\"/\"}");
    world_settle();
    (void)peer_got(p);
    return p;
}

static void answers_a_connect_in_one_binary_message(void)
{
    start();
    struct peer *p = peer_open(0);
    send(p, "{\"type\":0,\"nsp\":\"/\",\"options\":{\"compress\":true}}");
    world_settle();
    static const uint8_t begins[] = "|<\x83\xa4type\x00\xa4"
                                    "data\x81\xa3sid\xb4";
    check(span_starts(bytes_span(&p->transport.sent), span_of(begins, sizeof begins - 1)));
    check(p->transport.sent.len == sizeof begins - 1 + SID_LEN + strlen("\xa3nsp\xa1/>"));
    end();
}

static void echoes_what_it_gets_binary_or_not(void)
{
    static const char *const wants[] = {
        "{\"type\":2,\"data\":[\"back\",1.5,{\"a\":[{\"_placeholder\":true,\"num\":0},null]},"
        "{\"_placeholder\":true,\"num\":1}],\"nsp\":\"/\"}",
        "{\"id\":12,\"type\":3,\"data\":[1.5,{\"a\":[{\"_placeholder\":true,\"num\":0},null]},"
        "{\"_placeholder\":true,\"num\":1}],\"nsp\":\"/\"}"};
    start();
    struct peer *p = join();
    send(p, "{\"type\":2,\"data\":[\"echo\",\"x\"],\"nsp\":\"/\"}");
    world_settle();
    check(got_one(p, "{\"type\":2,\"data\":[\"back\",\"x\"],\"nsp\":\"/\"}"));
    send(p, "{\"type\":2,\"data\":[\"echo\",1.5,{\"a\":[{\"_placeholder\":true,\"num\":0},null]},"
            "{\"_placeholder\":true,\"num\":1}],\"id\":12,\"nsp\":\"/\"}");
    world_settle();
    check(got(p, wants, 2));
    end();
}

static void asks_and_takes_the_answer(void)
{
    start();
    struct peer *p = join();
    send(p, "{\"type\":2,\"data\":[\"ask\"],\"nsp\":\"/\"}");
    world_settle();
    check(got_one(p, "{\"type\":2,\"data\":[\"question\"],\"id\":0,\"nsp\":\"/\"}"));
    send(p, "{\"type\":3,\"data\":[{\"_placeholder\":true,\"num\":0}],\"id\":0,\"nsp\":\"/\"}");
    world_settle();
    check(got_one(p, "{\"type\":2,\"data\":[\"answer\",{\"_placeholder\":true,\"num\":0}],"
                     "\"nsp\":\"/\"}"));
    end();
}

static void broadcasts_to_rooms(void)
{
    start();
    struct peer *a = join(), *b = join(), *c = join();
    send(b, "{\"type\":2,\"data\":[\"say\",1],\"nsp\":\"/\"}");
    send(a, "{\"type\":2,\"data\":[\"say\",{\"_placeholder\":true,\"num\":0}],\"nsp\":\"/\"}");
    world_settle();
    static const char *const wants[] = {
        "{\"type\":2,\"data\":[\"said\",1],\"nsp\":\"/\"}",
        "{\"type\":2,\"data\":[\"said\",{\"_placeholder\":true,\"num\":0}],\"nsp\":\"/\"}"};
    check(got(b, wants, 2));
    check(got(a, wants + 1, 1));
    check(got_none(c));
    end();
}

static void refuses_and_disconnects_in_messagepack_too(void)
{
    start();
    struct peer *p = join();
    send(p, "{\"type\":0,\"nsp\":\"/closed\"}");
    send(p, "{\"type\":0,\"nsp\":\"/nope\"}");
    world_settle();
    static const char *const wants[] = {
        "{\"type\":4,\"data\":{\"message\":\"no\",\"data\":{\"code\":7}},\"nsp\":\"/closed\"}",
        "{\"type\":4,\"data\":{\"message\":\"Invalid namespace\"},\"nsp\":\"/nope\"}"};
    check(got(p, wants, 2));
    send(p, "{\"type\":2,\"data\":[\"leave\"],\"nsp\":\"/\"}");
    world_settle();
    check(got_one(p, "{\"type\":1,\"nsp\":\"/\"}"));
    check(peer_is_open(p));
    end();
}

static void checks_what_the_application_sends_as_in_text(void)
{
    start();
    struct peer *p = join();
    send(p, "{\"type\":2,\"data\":[\"bad\",{\"_placeholder\":true,\"num\":0}],\"nsp\":\"/\"}");
    world_settle();
    check(got_none(p) && peer_is_open(p));
    end();
}

static void closes_on_what_is_no_packet(void)
{
    static const struct span bad[] = {SPAN("\xc1"), SPAN(""), SPAN("\x80"),
                                      SPAN("\x83\xa4type\x05\xa3nsp\xa1/\xa4"
                                           "data\x91\xa1"
                                           "e")};
    start();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct peer *p = join();
        send_bytes(p, bad[i]);
        world_settle();
        check(!peer_is_open(p));
    }
    check(world_stat(STAT_PARSE_ERRORS) == sizeof bad / sizeof *bad);
    end();
}

static void closes_on_text(void)
{
    start();
    struct peer *p = join();
    peer_send(p, "2[\"echo\"]");
    world_settle();
    check(!peer_is_open(p));
    p = join();
    peer_send(p, "{\"type\":1,\"nsp\":\"/\"}");
    world_settle();
    check(!peer_is_open(p) && world_stat(STAT_PARSE_ERRORS) == 2);
    end();
}

static void clients_of_engine_io_3_are_of_the_parser_s_version_2(void)
{
    start();
    (void)rookery_of(world, ROOKERY_STR("/other"));
    struct peer *p = peer_open_eio3(0);
    world_settle();
    struct span sent = bytes_span(&p->transport.sent), joined = pack("{\"type\":0,\"nsp\":\"/\"}");
    check(memmem(sent.data, sent.len, joined.data, joined.len) != NULL); /* the open packet first */
    (void)peer_got(p);
    send(p, "{\"type\":5,\"data\":[\"echo\",{\"_placeholder\":true,\"num\":0}],\"nsp\":\"/\"}");
    world_settle();
    check(got_one(p, "{\"type\":2,\"data\":[\"back\",{\"_placeholder\":true,\"num\":0}],"
                     "\"nsp\":\"/\"}"));
    peer_send(p, "{\"type\":0,\"nsp\":\"/other?token=x\"}");
    peer_send(p, "{\"type\":0,\"nsp\":\"/closed\"}");
    world_settle();
    static const char *const wants[] = {"{\"type\":0,\"nsp\":\"/other\"}",
                                        "{\"type\":4,\"data\":\"no\",\"nsp\":\"/closed\"}"};
    check(got(p, wants, 2));
    peer_send(p, "{\"type\":1,\"nsp\":\"/other\"}");
    world_settle();
    check(got_none(p) && peer_is_open(p));
    check(world_stat(STAT_SOCKETS_DISCONNECTED) == 1);
    peer_send(p, "{\"type\":2,\"nsp\":\"/\",\"data\":[\"echo\"]}");
    world_settle();
    check(!peer_is_open(p));
    end();
}

static void closes_on_what_does_not_fit_the_state(void)
{
    start();
    struct peer *p = join();
    send(p, "{\"type\":2,\"data\":[\"echo\"],\"nsp\":\"/other\"}");
    world_settle();
    check(!peer_is_open(p));
    p = join();
    send(p, "{\"type\":0,\"nsp\":\"/\"}");
    world_settle();
    check(!peer_is_open(p));
    end();
}

int main(void)
{
    RUN(answers_a_connect_in_one_binary_message);
    RUN(echoes_what_it_gets_binary_or_not);
    RUN(asks_and_takes_the_answer);
    RUN(broadcasts_to_rooms);
    RUN(refuses_and_disconnects_in_messagepack_too);
    RUN(checks_what_the_application_sends_as_in_text);
    RUN(closes_on_what_is_no_packet);
    RUN(closes_on_text);
    RUN(clients_of_engine_io_3_are_of_the_parser_s_version_2);
    RUN(closes_on_what_does_not_fit_the_state);
    return tap_done();
}
