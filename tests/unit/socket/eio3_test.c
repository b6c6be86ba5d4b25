// SPDX-License-Identifier: MIT
#include "src/socket/eio3.h"
#include "src/socket/handshake.h"

#include "src/socket/io.h"
#include "src/socket/socket.h"
#include "tests/support/fake_adapter.h"
#include "tests/support/tap.h"
#include "tests/support/world.h"

static bool splits(struct span name, const char *nsp, const char *query)
{
    struct span its_query;
    struct span its_nsp = eio3_namespace(name, &its_query);
    return span_eq(its_nsp, span_cstr(nsp)) && span_eq(its_query, span_cstr(query));
}

static void takes_the_query_off_a_namespace(void)
{
    check(splits(SPAN("/chat?a=b&c?d"), "/chat", "a=b&c?d"));
    check(splits(SPAN("/chat"), "/chat", ""));
    check(splits(SPAN("/?x"), "/", "x"));
    check(splits(SPAN("/chat?a#b"), "/chat", "a"));
    check(splits(SPAN("/chat#b?a"), "/chat", ""));
}

static void makes_an_object_of_strings_of_a_query(void)
{
    struct bytes out = {0};

    handshake_query_write(&out, SPAN("token=a%20b+c&%22=%22&d"));
    check(span_eq(bytes_span(&out), SPAN("{\"token\":\"a b c\",\"\\\"\":\"\\\"\",\"d\":\"\"}")));
    bytes_clear(&out);
    handshake_query_write(&out, SPAN(""));
    check(span_eq(bytes_span(&out), SPAN("{}")));
    bytes_finish(&out);
}

static bool refuses(const char *data, const char *want)
{
    struct bytes out = {0};

    eio3_refusal_write(&out, SPAN("no \"way\""), span_cstr(data));
    bool as_wanted = span_eq(bytes_span(&out), span_cstr(want));
    bytes_finish(&out);
    return as_wanted;
}

static void refuses_with_data_that_counts_or_else_the_message(void)
{
    static const char *const nothing[] = {"", "null", "false", "0", "-0.0e5", "\"\"", "{broken"};
    static const char *const something[] = {"{\"code\":42}", "[]", "true", "1e999", "0.1", "\"x\""};

    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
        check(refuses(nothing[i], "\"no \\\"way\\\"\""));
    }
    for (size_t i = 0; i < sizeof something / sizeof *something; i++) {
        check(refuses(something[i], something[i]));
    }
}

/* ---- clients of it ---- */

static struct rookery_socket *last_socket;
static char last_auth[128];

static void on_connection(struct rookery_socket *s, void *arg)
{
    struct rookery_str auth = rookery_socket_auth(s);

    last_socket = s;
    (void)snprintf(last_auth, sizeof last_auth, "%.*s", (int)auth.len, auth.data);
}

static void refuse(struct rookery_socket *s, struct rookery_next *next, void *arg)
{
    rookery_next_refuse(next, ROOKERY_STR("no"), ROOKERY_STR(""));
}

static void start(void)
{
    world_start(1);
    rookery_on_connection(rookery_of(world, ROOKERY_STR("/")), on_connection, NULL);
    rookery_on_connection(rookery_of(world, ROOKERY_STR("/chat")), on_connection, NULL);
    rookery_use(rookery_of(world, ROOKERY_STR("/deny")), refuse, NULL);
}

/* The id of the session, which stands in its open packet. */
static void check_greeting(struct peer *p, char sid[SID_LEN + 1], const char *then)
{
    const char *text = peer_got(p);
    const char *end = strchr(text, '}');

    check(strncmp(text, "|0{\"sid\":\"", 10) == 0 && end != NULL);
    memcpy(sid, text + 10, SID_LEN);
    sid[SID_LEN] = '\0';
    check(end != NULL && strcmp(end + 1, then) == 0);
}

static void joins_the_root_by_itself(void)
{
    char sid[SID_LEN + 1];
    start();
    struct peer *p = peer_open_eio3(0);
    check_greeting(p, sid, "|40");
    check(span_eq(socket_id(last_socket), span_cstr(sid)));
    check(strcmp(last_auth, "{}") == 0);
    peer_send(p, "0");
    check(!peer_is_open(p));
    world_end();
}

static void joins_others_by_their_query_and_has_their_name_in_its_ids(void)
{
    char sid[SID_LEN + 1], want[64];
    start();
    struct peer *p = peer_open_eio3(0);
    check_greeting(p, sid, "|40");
    peer_send(p, "0/chat?token=a%20b,{\"token\":\"x\"}");
    world_settle();
    check_peer(p, "|40/chat,");
    check(strcmp(last_auth, "{\"token\":\"a b\"}") == 0);
    (void)snprintf(want, sizeof want, "/chat#%s", sid);
    check(span_eq(socket_id(last_socket), span_cstr(want)));
    const struct rookery_str room = rookery_socket_id(last_socket);
    const struct rookery_target to = {.rooms = &room, .room_count = 1};
    check(rookery_broadcast(rookery_of(world, ROOKERY_STR("/chat")), &to, ROOKERY_STR("e"), NULL,
                            NULL) == 0);
    world_settle();
    check_peer(p, "|42/chat,[\"e\"]");
    check(rookery_in_room(last_socket, room));
    peer_send(p, "1/chat?token=a%20b,");
    world_settle();
    check(rookery_broadcast(rookery_of(world, ROOKERY_STR("/chat")), NULL, ROOKERY_STR("e"), NULL,
                            NULL) == 0);
    world_settle();
    check_peer(p, "");
    check(peer_is_open(p));
    world_end();
}

static void is_refused_by_a_bare_value(void)
{
    char sid[SID_LEN + 1];
    start();
    struct peer *p = peer_open_eio3(0);
    check_greeting(p, sid, "|40");
    peer_send(p, "0/deny");
    peer_send(p, "0/nope");
    world_settle();
    check_peer(p, "|44/deny,\"no\"|44/nope,{\"message\":\"Invalid namespace\"}");
    world_end();
}

static void closes_a_connection_whose_root_refuses_in_time(void)
{
    char sid[SID_LEN + 1];
    world_start(1);
    rookery_use(rookery_of(world, ROOKERY_STR("/")), refuse, NULL);
    struct peer *p = peer_open_eio3(0);
    check_greeting(p, sid, "|44\"no\"");
    world_advance(900);
    check(peer_is_open(p));
    world_advance(200);
    check(!peer_is_open(p));
    world_end();
}

/* Other nodes do not know by the id of such a socket that it is here. */
static void its_own_room_is_told_to_the_adapter(void)
{
    static struct fake_adapter adapter;
    char sid[SID_LEN + 1], want[80];
    world_start(1);
    fake_adapter_init(&adapter);
    io_set_adapter(io_of(world), &adapter.base);
    check_said(&adapter, "|open /");
    (void)peer_join(0, "/");
    check_said(&adapter, "");
    struct peer *p = peer_open_eio3(0);
    check_greeting(p, sid, "|40");
    (void)snprintf(want, sizeof want, "|opened / %s on 0", sid);
    check_said(&adapter, want);
    peer_vanish(p);
    world_settle();
    (void)snprintf(want, sizeof want, "|closed / %s on 0", sid);
    check_said(&adapter, want);
    world_end();
    fake_adapter_finish(&adapter);
}

int main(void)
{
    RUN(takes_the_query_off_a_namespace);
    RUN(makes_an_object_of_strings_of_a_query);
    RUN(refuses_with_data_that_counts_or_else_the_message);
    RUN(joins_the_root_by_itself);
    RUN(joins_others_by_their_query_and_has_their_name_in_its_ids);
    RUN(is_refused_by_a_bare_value);
    RUN(closes_a_connection_whose_root_refuses_in_time);
    RUN(its_own_room_is_told_to_the_adapter);
    return tap_done();
}
