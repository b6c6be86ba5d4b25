/* What each wire says where, and what it takes from where. */
// SPDX-License-Identifier: MIT
#include "protocol/adapter_classic.h"
#include "src/cluster/cluster_internal.h"
#include "tests/support/lone_node.h"
#include "tests/support/tap.h"

static const struct span other = {(const uint8_t *)"other1", 6};

static void start(struct cluster_options options)
{
    options.id_prefix = SPAN("AAAA");
    lone_node_start(&options, 1);
    world_enter(0);
}

/* What it has said; %U stands for its uid. */
static void check_names(const char *said, const char *expected)
{
    struct bytes want = {0};

    for (; *expected != '\0'; expected++) {
        if (expected[0] == '%' && expected[1] == 'U') {
            bytes_add_cstr(&want, lone_node_uid());
            expected++;
        } else {
            bytes_add_byte(&want, (uint8_t)*expected);
        }
    }
    bytes_add_byte(&want, '\0');
    if (strcmp(said, (const char *)want.data) != 0) {
        printf("# said: %s\n", said);
    }
    check(strcmp(said, (const char *)want.data) == 0);
    bytes_finish(&want);
}

static void check_said(const char *expected)
{
    world_settle();
    check_names(bus_stub_said(&lone_node.bus), expected);
}

static void open_room(const char *room)
{
    lone_node.adapter->ops->room_opened(lone_node.adapter, lone_node.root, 0, str(room));
}

static void say(const char *room)
{
    const struct rookery_str name = str(room);
    const struct rookery_target to = {.rooms = &name, .room_count = 1};

    check(rookery_broadcast(lone_node.root, &to, str("e"), NULL, NULL) == 0);
}

static uint64_t malformed(void)
{
    return cluster_counts(lone_node.cluster)->malformed;
}

static struct adapter_message from_other(enum adapter_kind kind)
{
    return (struct adapter_message){.kind = kind, .uid = other, .nsp = SPAN("/")};
}

/* ---- classic ---- */

static void deliver_classic(const char *channel, struct adapter_message m)
{
    struct bytes payload = {0};

    classic_encode(&payload, &m);
    bus_stub_deliver(&lone_node.bus, BUS_CHANNEL, channel, bytes_span(&payload));
    bytes_finish(&payload);
    world_settle();
}

static void classic_hears_requests_answers_everybody_and_its_own_sockets(void)
{
    start((struct cluster_options){.wire = WIRE_CLASSIC});
    check(strstr(lone_node.first, "+p-request#/#|+p-response#/#|") != NULL);
    check(strstr(lone_node.first, "+p#/#|p+p#/#AAAA|") != NULL);
    say("r");
    check_said("!p#/#r#|");
    lone_node_end();
}

static void classic_answers_who_has_asked_or_everybody(void)
{
    struct adapter_message m = from_other(ADAPTER_FETCH);

    m.request_id = SPAN("asked");
    for (int common = 0; common < 2; common++) {
        start((struct cluster_options){.wire = WIRE_CLASSIC, .common_responses = common == 1});
        deliver_classic("p-request#/#", m);
        check_said(common == 1 ? "!p-response#/#|" : "!p-response#/#other1#|");
        lone_node_end();
    }
}

/* Has somebody been sent away? */
static bool obeys(const char *channel, struct peer *p)
{
    deliver_classic(channel, from_other(ADAPTER_DISCONNECT));
    return strstr(peer_got(p), "41") != NULL;
}

static void requests_for_a_namespace_with_a_hash_in_its_name_are_not_for_others(void)
{
    start((struct cluster_options){.wire = WIRE_CLASSIC});
    (void)rookery_of(world, ROOKERY_STR("/a"));
    (void)rookery_of(world, ROOKERY_STR("/a#b"));
    world_settle();
    struct peer *in_a = peer_join(0, "/a"), *in_ab = peer_join(0, "/a#b");
    world_settle();
    deliver_classic("p-request#/a#b#", from_other(ADAPTER_DISCONNECT));
    check_peer(in_a, "");
    check_peer(in_ab, "|41/a#b,");
    check(obeys("p-request#/a#", in_a));
    lone_node_end();
}

static void broadcasts_tell_a_room_from_a_namespace_with_a_hash(void)
{
    const struct span b = SPAN("b");
    struct adapter_message m = from_other(ADAPTER_BROADCAST);

    start((struct cluster_options){.wire = WIRE_CLASSIC});
    (void)rookery_of(world, ROOKERY_STR("/a"));
    (void)rookery_of(world, ROOKERY_STR("/a#b"));
    world_settle();
    struct peer *in_a = peer_join(0, "/a"), *in_ab = peer_join(0, "/a#b");
    lone_node.adapter->ops->room_opened(lone_node.adapter, rookery_of(world, ROOKERY_STR("/a")), 0,
                                        str("b"));
    world_settle();
    m.event = SPAN("e");
    m.nsp = SPAN("/a#b");
    deliver_classic("p#/a#b#", m);
    check_peer(in_a, "");
    check_peer(in_ab, "|42/a#b,[\"e\"]");
    m.nsp = SPAN("/a");
    m.rooms = (struct adapter_names){&b, 1};
    deliver_classic("p#/a#b#", m);
    check_peer(in_ab, "");
    lone_node_end();
}

static void classic_drops_what_is_for_a_room_without_members(void)
{
    start((struct cluster_options){.wire = WIRE_CLASSIC});
    bus_stub_deliver(&lone_node.bus, BUS_CHANNEL, "p#/#r#", SPAN("not even msgpack"));
    check(malformed() == 0);
    open_room("r");
    world_settle();
    bus_stub_deliver(&lone_node.bus, BUS_CHANNEL, "p#/#r#", SPAN("not even msgpack"));
    check(malformed() == 1);
    lone_node_end();
}

/* ---- sharded ---- */

static void sharded(enum cluster_mode mode)
{
    start((struct cluster_options){.wire = WIRE_SHARDED, .mode = mode});
}

static void sharded_static_has_no_channels_for_rooms(void)
{
    sharded(CLUSTER_STATIC);
    check(strstr(lone_node.first, "s+p#/#|s+p#/#") != NULL);
    open_room("r");
    say("r");
    check_said("s!p#/#|");
    lone_node_end();
}

static void sharded_dynamic_has_channels_for_public_rooms(void)
{
    sharded(CLUSTER_DYNAMIC);
    check(!lone_node.adapter->own_rooms);
    say("r");
    say("an id of 20 letters.");
    open_room("r");
    check_said("s!p#/#r#|s!p#/#|s+p#/#r#|");
    lone_node_end();
}

/* Others publish what is for it on its channel: only an id is known by its length. */
static void sharded_dynamic_hears_a_room_that_begins_like_our_ids(void)
{
    sharded(CLUSTER_DYNAMIC);
    open_room("AAAA of a client");
    say("AAAA of a client");
    check_said("s!p#/#AAAA of a client#|s+p#/#AAAA of a client#|");
    lone_node_end();
}

static void sharded_dynamic_private_has_channels_for_sockets_too(void)
{
    sharded(CLUSTER_DYNAMIC_PRIVATE);
    check(lone_node.adapter->own_rooms);
    struct peer *p = peer_join(0, "/");
    world_settle();
    check(strstr(bus_stub_said(&lone_node.bus), p->id) != NULL);
    say("an id of 20 letters.");
    check_said("s!p#/#an id of 20 letters.#|");
    lone_node_end();
}

/* ---- streams ---- */

static void streams_append_what_is_said_and_publish_what_is_asked(void)
{
    start((struct cluster_options){.wire = WIRE_STREAMS});
    check(strstr(lone_node.first, "=p|") != NULL);
    say("r");
    check_said(">p|");
    rookery_sockets_join(lone_node.root, NULL, &(struct rookery_str){"x", 1}, 1);
    check_said(">p|");
    bytes_add_byte(&lone_node.bus.payload, '\0');
    check(strstr((const char *)lone_node.bus.payload.data, "|nsp=/|type=4|data={") != NULL);
    check(rookery_server_emit(lone_node.root, str("e"), NULL, NULL) == 0);
    check_said("!p#/#|");
    open_room("r");
    check_said("");
    lone_node_end();
}

static void deliver_entry(const char *uid, const char *nsp, const char *type, const char *data)
{
    const struct bus_field fields[] = {{SPAN("uid"), span_cstr(uid)},
                                       {SPAN("nsp"), span_cstr(nsp)},
                                       {SPAN("type"), span_cstr(type)},
                                       {SPAN("data"), span_cstr(data)}};
    const struct bus_entry entry = {SPAN("1-0"), fields, 4};

    lone_node.bus.handlers.on_entry(lone_node.bus.handlers.arg, SPAN("p"), &entry);
    world_settle();
}

static void streams_take_entries_of_others(void)
{
    static const char away[] =
        "{\"opts\":{\"rooms\":[],\"except\":[],\"flags\":{}},\"close\":false}";

    start((struct cluster_options){.wire = WIRE_STREAMS});
    struct peer *p = peer_join(0, "/");
    deliver_entry(lone_node_uid(), "/", "6", away);
    deliver_entry("other", "/unknown", "6", away);
    check_peer(p, "");
    check(malformed() == 0);
    deliver_entry("other", "/", "6", "{");
    deliver_entry("other", "/", "six", away);
    lone_node.bus.handlers.on_entry(lone_node.bus.handlers.arg, SPAN("p"),
                                    &(struct bus_entry){SPAN("1-1"), NULL, 0});
    check_peer(p, "");
    check(malformed() == 2);
    deliver_entry("other", "/", "6", away);
    check_peer(p, "|41");
    lone_node_end();
}

/* ---- all ---- */

static void what_is_malformed_is_counted_and_leaves_no_trace(void)
{
    static const struct {
        enum cluster_wire wire;
        enum bus_kind kind;
        const char *channel;
    } ways[] = {
        {WIRE_CLASSIC, BUS_CHANNEL, "p#/#"},          {WIRE_CLASSIC, BUS_CHANNEL, "p-request#/#"},
        {WIRE_CLASSIC, BUS_CHANNEL, "p-response#/#"}, {WIRE_SHARDED, BUS_SHARD, "p#/#"},
        {WIRE_STREAMS, BUS_CHANNEL, "p#/#"},
    };

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        start((struct cluster_options){.wire = ways[i].wire});
        bus_stub_deliver(&lone_node.bus, ways[i].kind, ways[i].channel, SPAN("{\"type\":"));
        bus_stub_deliver(&lone_node.bus, ways[i].kind, ways[i].channel, SPAN("\xC1"));
        bus_stub_deliver(&lone_node.bus, ways[i].kind, ways[i].channel, SPAN(""));
        check(malformed() == 3);
        check_said("");
        lone_node_end();
    }
}

static void channels_that_are_none_of_ours_are_left_alone(void)
{
    static const char *const channels[] = {"",           "p",        "p#",         "p#/",
                                           "q#/#",       "p#/none#", "p-other#/#", "p-request",
                                           "p-request#", "#",        "p##"};
    static const enum cluster_wire wires[] = {WIRE_CLASSIC, WIRE_SHARDED, WIRE_STREAMS};

    for (size_t w = 0; w < sizeof wires / sizeof *wires; w++) {
        start((struct cluster_options){.wire = wires[w]});
        for (size_t i = 0; i < sizeof channels / sizeof *channels; i++) {
            bus_stub_deliver(&lone_node.bus, BUS_CHANNEL, channels[i], SPAN("?"));
        }
        check(malformed() == 0);
        lone_node_end();
    }
}

static void a_question_without_an_id_is_malformed(void)
{
    start((struct cluster_options){.wire = WIRE_SHARDED});
    bus_stub_deliver(&lone_node.bus, BUS_SHARD, "p#/#",
                     SPAN("{\"type\":3,\"uid\":\"other\",\"nsp\":\"/\",\"data\":{\"opts\":{"
                          "\"rooms\":[],\"except\":[],\"flags\":{}},\"packet\":{\"type\":2,"
                          "\"data\":[\"e\"],\"nsp\":\"/\"},\"requestId\":7}}"));
    world_settle();
    check(malformed() == 1);
    check_said("");
    lone_node_end();
}

int main(void)
{
    RUN(classic_hears_requests_answers_everybody_and_its_own_sockets);
    RUN(classic_answers_who_has_asked_or_everybody);
    RUN(requests_for_a_namespace_with_a_hash_in_its_name_are_not_for_others);
    RUN(broadcasts_tell_a_room_from_a_namespace_with_a_hash);
    RUN(classic_drops_what_is_for_a_room_without_members);
    RUN(sharded_static_has_no_channels_for_rooms);
    RUN(sharded_dynamic_has_channels_for_public_rooms);
    RUN(sharded_dynamic_hears_a_room_that_begins_like_our_ids);
    RUN(sharded_dynamic_private_has_channels_for_sockets_too);
    RUN(streams_append_what_is_said_and_publish_what_is_asked);
    RUN(streams_take_entries_of_others);
    RUN(what_is_malformed_is_counted_and_leaves_no_trace);
    RUN(channels_that_are_none_of_ours_are_left_alone);
    RUN(a_question_without_an_id_is_malformed);
    return tap_done();
}
