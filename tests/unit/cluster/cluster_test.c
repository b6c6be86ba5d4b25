/* Two and three nodes on each wire: what one says and asks, and what the others' clients get. */
#include "src/cluster/cluster.h"

#include <stdlib.h>

#include "tests/support/cluster_bed.h"
#include "tests/support/tap.h"

static struct peer *a, *b, *c;

static struct rookery_str lit(const char *text)
{
    return (struct rookery_str){text, strlen(text)};
}

static void on_ping(struct rookery_namespace *nsp, const struct rookery_event *event, void *arg)
{
    const struct rookery_target here = {.local = true};
    unsigned node = (unsigned)(uintptr_t)arg;
    char text[64];

    check(rookery_broadcast(nsp, &here, lit("pinged"), &event->args, NULL) == 0);
    (void)snprintf(text, sizeof text, "{\"node\":%u}", node);
    const struct rookery_args answer = {.json = lit(text)};
    if (node != 2) { /* that one leaves it unanswered */
        rookery_server_reply(event, &answer);
    }
}

static unsigned gaps;

static void on_gap(struct rookery_namespace *nsp, void *arg)
{
    (void)nsp, (void)arg;
    gaps++;
}

static void set_up(unsigned node, struct rookery_namespace *root)
{
    rookery_on_gap(root, on_gap, NULL);
    rookery_on_server_event(root, lit("ping"), on_ping, (void *)(uintptr_t)node);
}

static enum cluster_wire wire;
static size_t remembered_bytes; /* 0: as many as by default */

static void start(unsigned nodes, unsigned loops)
{
    gaps = 0;
    cluster_bed_start(&(struct cluster_bed_setup){.nodes = nodes,
                                                  .loops = loops,
                                                  .wire = wire,
                                                  .mode = CLUSTER_DYNAMIC,
                                                  .catch_up_bytes_max = remembered_bytes,
                                                  .set_up = set_up});
    a = cluster_bed_join(0, 0, "/");
    b = cluster_bed_join(1, loops - 1, "/");
    c = nodes > 2 ? cluster_bed_join(2, 0, "/") : NULL;
}

static void say(unsigned node, const char *room, const char *event, const char *json)
{
    const struct rookery_str name = lit(room);
    const struct rookery_target to = {.rooms = &name, .room_count = *room != '\0'};
    const struct rookery_args args = {.json = lit(json)};

    cluster_bed_enter(node);
    check(rookery_broadcast(cluster_bed_nsp(node), &to, lit(event), &args, NULL) == 0);
    cluster_bed_advance(20);
}

static void carries_broadcasts_to_everybody_and_to_rooms(void)
{
    start(3, 2);
    say(0, "", "all", "1,{\"x\":\"\xC3\xA9\"}");
    check_peer(a, "|42[\"all\",1,{\"x\":\"\xC3\xA9\"}]");
    check_peer(b, "|42[\"all\",1,{\"x\":\"\xC3\xA9\"}]");
    check_peer(c, "|42[\"all\",1,{\"x\":\"\xC3\xA9\"}]");
    cluster_bed_enter_room(b, "r");
    say(0, "r", "in", "");
    say(2, "r", "in", "2");
    check_peer(a, "");
    check_peer(b, "|42[\"in\"]|42[\"in\",2]");
    check_peer(c, "");
    peer_send(b, "2[\"leave\",\"r\"]");
    cluster_bed_advance(20);
    say(0, "r", "in", "3");
    check_peer(b, "");
    cluster_bed_end();
}

static void carries_broadcasts_to_one_socket_and_past_one(void)
{
    start(2, 1);
    say(0, b->id, "you", "");
    check_peer(a, "");
    check_peer(b, "|42[\"you\"]");
    const struct rookery_str out = lit(b->id);
    const struct rookery_target but = {.except = &out, .except_count = 1};
    cluster_bed_enter(0);
    check(rookery_broadcast(cluster_bed_nsp(0), &but, lit("but"), NULL, NULL) == 0);
    cluster_bed_advance(20);
    check_peer(a, "|42[\"but\"]");
    check_peer(b, "");
    cluster_bed_end();
}

static struct span channel(const char *room)
{
    static char name[64];
    (void)snprintf(name, sizeof name, "socket.io#/#%s#", room);
    return span_cstr(name);
}

/* A client may give it any name, so that it looks like the id of a socket, or have none. */
static void carries_broadcasts_to_rooms_with_odd_names(void)
{
    char like_an_id[] = "A000x";

    start(2, 1);
    memcpy(like_an_id, b->id, 4);
    const char *const names[] = {like_an_id, "#", "a#b", "*", "[x]", "12345678901234567890"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        cluster_bed_enter_room(b, names[i]);
        say(0, names[i], "in", "");
        check_peer(b, "|42[\"in\"]");
    }
    cluster_bed_enter_room(b, "");
    struct bus *bus = cluster_bed_bus(0);
    cluster_bed_enter(0);
    if (wire == WIRE_CLASSIC) { /* as Node.js does */
        bus->ops->publish(bus, BUS_CHANNEL, channel(""),
                          SPAN("\x93\xA4node\x82\xA4type\x02\xA4"
                               "data\x91\xA2in\x81\xA5rooms\x91\xA0"),
                          NULL);
    } else if (wire == WIRE_SHARDED) {
        bus->ops->publish(bus, BUS_SHARD, channel(""),
                          SPAN("{\"type\":3,\"data\":{\"packet\":{\"type\":2,\"data\":[\"in\"]},"
                               "\"opts\":{\"rooms\":[\"\"],\"except\":[],\"flags\":{}}},"
                               "\"uid\":\"0123456789abcdef\",\"nsp\":\"/\"}"),
                          NULL);
    }
    cluster_bed_advance(20);
    check_peer(b, wire == WIRE_STREAMS ? "" : "|42[\"in\"]");
    cluster_bed_end();
}

static void carries_binary(void)
{
    start(2, 1);
    const struct rookery_bin bins[] = {{"\x01\x02", 2}, {"\x03", 1}};
    const struct rookery_args args = {
        .json = lit("{\"_placeholder\":true,\"num\":1},[{\"_placeholder\":true,\"num\":0}]"),
        .bins = bins,
        .bin_count = 2};
    cluster_bed_enter(0);
    check(rookery_broadcast(cluster_bed_nsp(0), NULL, lit("bin"), &args, NULL) == 0);
    cluster_bed_advance(20);
    check_peer(b,
               "|452-[\"bin\",{\"_placeholder\":true,\"num\":0},[{\"_placeholder\":true,\"num\":1}]"
               "]|<\x03>|<\x01\x02>");
    cluster_bed_end();
}

/* ---- what comes back ---- */

static char told[512];

static void add(const char *text, size_t len)
{
    size_t at = strlen(told);
    (void)snprintf(told + at, sizeof told - at, "%.*s;", (int)len, text);
}

static void on_acks(int error, const struct rookery_args *answers, size_t count, void *arg)
{
    (void)arg;
    for (size_t i = 0; i < count; i++) {
        add(answers[i].json.data, answers[i].json.len);
    }
    add(error == 0 ? "ok" : error == ROOKERY_ETIMEOUT ? "timeout" : "gone", 7);
}

static const struct rookery_broadcast asking = {.timeout_ms = 500, .on_acks = on_acks};

static void gathers_answers_of_all_nodes(void)
{
    start(2, 2);
    *told = '\0';
    cluster_bed_enter(0);
    check(rookery_broadcast(cluster_bed_nsp(0), NULL, lit("q"), NULL, &asking) == 0);
    cluster_bed_advance(50);
    check_peer(a, "|420[\"q\"]");
    const char *got = peer_got(b); /* the id is the other node's own */
    check(strncmp(got, "|42", 3) == 0);
    char ack[64];
    (void)snprintf(ack, sizeof ack, "3%lu[\"from b\",2]", strtoul(got + 3, NULL, 10));
    peer_send(a, "30[\"from a\"]");
    peer_send(b, ack);
    cluster_bed_advance(50);
    check(strcmp(told, "\"from a\";\"from b\";ok;") == 0);
    cluster_bed_end();
}

static void times_out_when_a_client_elsewhere_does_not_answer(void)
{
    start(2, 1);
    *told = '\0';
    cluster_bed_enter(0);
    check(rookery_broadcast(cluster_bed_nsp(0), NULL, lit("q"), NULL, &asking) == 0);
    cluster_bed_advance(20);
    peer_send(a, "30[1]");
    cluster_bed_advance(700);
    check(strcmp(told, "1;timeout;") == 0);
    check(cluster_bed_counts(0)->requests_timed_out == 1);
    cluster_bed_end();
}

static void on_sockets(int error, const struct rookery_socket_info *sockets, size_t count,
                       void *arg)
{
    (void)arg;
    for (size_t i = 0; i < count; i++) {
        add(sockets[i].id.data, 1); /* the node's letter */
        add(sockets[i].info_json.data, sockets[i].info_json.len);
        check(sockets[i].handshake_json.len > 2);
        check(sockets[i].room_count == 1);
    }
    add(error == 0 ? "ok" : "not", 3);
}

static void fetches_the_sockets_of_all_nodes(void)
{
    start(3, 1);
    *told = '\0';
    cluster_bed_enter(0);
    rookery_fetch_sockets(cluster_bed_nsp(0), NULL, on_sockets, NULL);
    cluster_bed_advance(50);
    check(strcmp(told, "A;{};B;{};C;{};ok;") == 0 || strcmp(told, "A;{};C;{};B;{};ok;") == 0);
    cluster_bed_end();
}

static void commands_the_sockets_of_all_nodes(void)
{
    const struct rookery_str rooms[] = {lit("x"), lit("y")};
    const struct rookery_str x = lit("x");
    const struct rookery_target in_x = {.rooms = &x, .room_count = 1};

    start(2, 2);
    cluster_bed_enter(0);
    rookery_sockets_join(cluster_bed_nsp(0), NULL, rooms, 2);
    cluster_bed_advance(50);
    say(1, "y", "in y", "");
    check_peer(a, "|42[\"in y\"]");
    check_peer(b, "|42[\"in y\"]");
    cluster_bed_enter(1);
    rookery_sockets_leave(cluster_bed_nsp(1), &in_x, &rooms[1], 1);
    cluster_bed_advance(50);
    say(0, "y", "in y", "");
    check_peer(a, "");
    check_peer(b, "");
    cluster_bed_enter(0);
    rookery_disconnect_sockets(cluster_bed_nsp(0), &in_x, false);
    cluster_bed_advance(50);
    check_peer(a, "|41");
    check_peer(b, "|41");
    cluster_bed_end();
}

static void servers_hear_and_answer_each_other(void)
{
    start(3, 1);
    const struct rookery_args args = {.json = lit("5")};
    cluster_bed_enter(0);
    check(rookery_server_emit(cluster_bed_nsp(0), lit("ping"), &args, NULL) == 0);
    cluster_bed_advance(20);
    check_peer(a, "");
    check_peer(b, "|42[\"pinged\",5]");
    check_peer(c, "|42[\"pinged\",5]");
    *told = '\0';
    cluster_bed_enter(0);
    check(rookery_server_emit(cluster_bed_nsp(0), lit("ping"), &args, &asking) == 0);
    cluster_bed_advance(50);
    check(strcmp(told, "{\"node\":1};null;ok;") == 0 || strcmp(told, "null;{\"node\":1};ok;") == 0);
    cluster_bed_end();
}

static void on_names(int error, const struct rookery_str *names, size_t count, void *arg)
{
    (void)arg;
    check(error == 0);
    for (size_t i = 0; i < count; i++) {
        add(names[i].data, names[i].len == 20 ? 1 : names[i].len);
    }
}

static void on_count(int error, uint64_t count, void *arg)
{
    (void)arg;
    check(error == 0);
    add(count == 2 ? "two" : "not two", 7);
}

static void names_rooms_and_counts_servers(void)
{
    start(2, 1);
    cluster_bed_enter_room(a, "mine");
    cluster_bed_enter_room(b, "mine");
    *told = '\0';
    cluster_bed_enter(0);
    rookery_all_rooms(cluster_bed_nsp(0), on_names, NULL);
    cluster_bed_advance(50);
    check(strlen(told) == strlen("A;B;mine;"));
    check(strstr(told, "A;") != NULL && strstr(told, "B;") != NULL &&
          strstr(told, "mine;") != NULL);
    *told = '\0';
    cluster_bed_enter(0);
    rookery_server_count(cluster_bed_nsp(0), on_count, NULL);
    cluster_bed_advance(50);
    check(strcmp(told, "two;") == 0);
    cluster_bed_end();
}

/* ---- outages ---- */

static void keeps_what_is_said_while_the_bus_is_away(void)
{
    start(2, 1);
    cluster_bed_enter_room(a, "r");
    cluster_bed_enter_room(b, "r");
    say(0, "r", "m", "0");
    bus_hub_restart(cluster_bed_hub(), 1000, true);
    cluster_bed_advance(100);
    for (char n = '1'; n <= '5'; n++) {
        say(0, "r", "m", (char[]){n, '\0'});
    }
    check_peer(a, "|42[\"m\",0]|42[\"m\",1]|42[\"m\",2]|42[\"m\",3]|42[\"m\",4]|42[\"m\",5]");
    check_peer(b, "|42[\"m\",0]");
    cluster_bed_advance(4000);
    check_peer(a, "");
    check_peer(b, "|42[\"m\",1]|42[\"m\",2]|42[\"m\",3]|42[\"m\",4]|42[\"m\",5]");
    cluster_bed_end();
}

static void catches_up_with_what_others_have_said(void)
{
    start(3, 1);
    cluster_bed_enter_room(b, "r");
    cluster_bed_enter_room(c, "r");
    say(0, "r", "m", "0");
    bus_hub_break(cluster_bed_bus(1), 1000);
    cluster_bed_advance(100);
    for (char n = '1'; n <= '5'; n++) {
        say(n == '3' ? 2 : 0, "r", "m", (char[]){n, '\0'});
    }
    check_peer(c, "|42[\"m\",0]|42[\"m\",1]|42[\"m\",2]|42[\"m\",3]|42[\"m\",4]|42[\"m\",5]");
    check_peer(b, "|42[\"m\",0]");
    cluster_bed_advance(4000);
    const char *got = peer_got(b); /* each node's in its order */
    check(strlen(got) == 5 * strlen("|42[\"m\",1]") && strstr(got, "3]") != NULL);
    check(strstr(got, "1]|") < strstr(got, "2]|") && strstr(got, "4]") < strstr(got, "5]"));
    check_peer(c, "");
    say(0, "r", "m", "6");
    check_peer(b, "|42[\"m\",6]");
    check(gaps == 0);
    cluster_bed_end();
}

/* Streams remember more than that. */
static void says_when_more_was_said_than_is_remembered(void)
{
    if (wire == WIRE_STREAMS) {
        return;
    }
    remembered_bytes = wire == WIRE_CLASSIC ? 230 : 420; /* two messages or three */
    start(2, 1);
    cluster_bed_enter_room(b, "r");
    say(0, "r", "m", "0");
    bus_hub_break(cluster_bed_bus(1), 1000);
    cluster_bed_advance(100);
    for (char n = '1'; n <= '5'; n++) {
        say(0, "r", "m", (char[]){n, '\0'});
    }
    cluster_bed_advance(4000);
    const char *got = peer_got(b);
    check(strncmp(got, "|42[\"m\",0]", 10) == 0 && strstr(got, "1]") == NULL);
    check(strstr(got, "4]|42[\"m\",5]") != NULL);
    check(gaps == 1 && cluster_bed_counts(0)->gaps == 1);
    remembered_bytes = 0;
    cluster_bed_end();
}

/* It takes seconds until a connection that brings nothing is given up. */
static void catches_up_with_what_was_said_before_the_outage_was_noticed(void)
{
    start(2, 1);
    cluster_bed_enter_room(a, "r");
    cluster_bed_enter_room(b, "r");
    say(0, "r", "m", "0");
    check_peer(b, "|42[\"m\",0]");
    bus_hub_slow(cluster_bed_bus(1), BUS_NOTICE_MS);
    say(0, "r", "m", "1");
    say(0, "r", "m", "2");
    cluster_bed_advance(8000);
    bus_hub_slow(cluster_bed_bus(1), 0);
    bus_hub_break(cluster_bed_bus(1), 50);
    cluster_bed_advance(1000);
    check_peer(b, "|42[\"m\",1]|42[\"m\",2]");
    cluster_bed_end();
}

static void holds_back_what_comes_before_it_is_up_again(void)
{
    start(2, 1);
    cluster_bed_enter_room(a, "r");
    cluster_bed_enter_room(b, "r");
    say(0, "r", "m", "0");
    bus_hub_come_late(cluster_bed_bus(1), 200);
    bus_hub_break(cluster_bed_bus(1), 100);
    say(0, "r", "m", "1");
    cluster_bed_advance(150);
    say(0, "r", "m", "2"); /* comes by the subscription that is there again */
    cluster_bed_advance(1000);
    check_peer(b, "|42[\"m\",0]|42[\"m\",1]|42[\"m\",2]");
    cluster_bed_end();
}

/* Everybody who waits is told that it is in vain for now. */
static void answers_at_once_while_the_bus_is_away(void)
{
    start(2, 1);
    bus_hub_restart(cluster_bed_hub(), 100000, true);
    cluster_bed_advance(100);
    *told = '\0';
    cluster_bed_enter(0);
    rookery_fetch_sockets(cluster_bed_nsp(0), NULL, on_sockets, NULL);
    cluster_bed_advance(20);
    check(strcmp(told, "A;{};not;") == 0);
    *told = '\0';
    check(rookery_server_emit(cluster_bed_nsp(0), lit("ping"), NULL, &asking) == 0);
    cluster_bed_advance(20);
    check(strcmp(told, "gone;") == 0);
    say(0, "", "here", "");
    check_peer(a, "|42[\"here\"]");
    cluster_bed_end();
}

static void all(const char *name, enum cluster_wire which)
{
    wire = which;
    printf("# %s\n", name);
    RUN(carries_broadcasts_to_everybody_and_to_rooms);
    RUN(carries_broadcasts_to_one_socket_and_past_one);
    RUN(carries_broadcasts_to_rooms_with_odd_names);
    RUN(carries_binary);
    RUN(gathers_answers_of_all_nodes);
    RUN(times_out_when_a_client_elsewhere_does_not_answer);
    RUN(fetches_the_sockets_of_all_nodes);
    RUN(commands_the_sockets_of_all_nodes);
    RUN(servers_hear_and_answer_each_other);
    RUN(names_rooms_and_counts_servers);
    RUN(keeps_what_is_said_while_the_bus_is_away);
    RUN(catches_up_with_what_others_have_said);
    RUN(says_when_more_was_said_than_is_remembered);
    RUN(catches_up_with_what_was_said_before_the_outage_was_noticed);
    RUN(holds_back_what_comes_before_it_is_up_again);
    RUN(answers_at_once_while_the_bus_is_away);
}

int main(void)
{
    all("classic", WIRE_CLASSIC);
    all("sharded", WIRE_SHARDED);
    all("streams", WIRE_STREAMS);
    return tap_done();
}
