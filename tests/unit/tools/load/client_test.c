// SPDX-License-Identifier: MIT
#include "tools/load/client.h"

#include "tests/support/tap.h"

#define OPEN "0{\"sid\":\"abc\",\"upgrades\":[],\"pingInterval\":25000,\"maxPayload\":1000}"

static struct load_options options;
static struct swarm swarm;
static struct client client;
static struct bytes sent; /* every packet and a line feed */
static int joined, deliveries, losses;
static uint64_t last_ack;
static enum client_loss last_loss;

static int fake_open(struct client *c)
{
    return 0;
}

static void fake_send(struct client *c, struct span packet)
{
    bytes_add_span(&sent, packet);
    bytes_add_byte(&sent, '\n');
}

static void fake_close(struct client *c, bool goodbye)
{
}

static const struct transport fake = {
    .name = "fake", .open = fake_open, .send = fake_send, .close = fake_close};

static void on_joined(struct client *c)
{
    joined++;
}

static void on_delivery(struct client *c, struct span packet)
{
    deliveries++;
}

static void on_ack(struct client *c, uint64_t id)
{
    last_ack = id;
}

static void on_lost(struct client *c, enum client_loss why, bool was_joined)
{
    losses++;
    last_loss = why;
}

static const struct client_events events = {on_joined, on_delivery, on_ack, on_lost};

static void begin(const char *template, const char *set)
{
    swarm_finish(&swarm);
    swarm = (struct swarm){0};
    options = (struct load_options){.urls = {{"h", 1}},
                                    .url_count = 1,
                                    .transport = "websocket",
                                    .template_count = 1,
                                    .users = 4,
                                    .rooms = 2};
    check(template_find(template, &options.templates[0]) == 0);
    check(set == NULL || template_set(&options.templates[0], set) == 0);
    swarm_init(&swarm, &options, &events);
    swarm.transport = &fake;
    bytes_finish(&sent);
    joined = deliveries = losses = 0;
    last_ack = UINT64_MAX;
    client_init(&client, &swarm, 3);
    client_start(&client);
}

static void check_has(const char *text)
{
    check(memmem(sent.data, sent.len, text, strlen(text)) != NULL);
}

static void get(const char *packet)
{
    client_on_packet(&client, span_cstr(packet));
}

static void check_sent(const char *want)
{
    check_mem(sent.data, sent.len, want, strlen(want));
    bytes_clear(&sent);
}

static void come_up(void)
{
    get(OPEN);
    get("40{\"sid\":\"x\"}");
    get("430[{\"ok\":true}]");
    check(client.state == CLIENT_JOINED);
    bytes_clear(&sent);
}

static void connects_then_joins_then_is_joined(void)
{
    begin("chat", NULL);
    check(client.state == CLIENT_OPENING);
    get(OPEN);
    check_sent("40\n");
    get("40{\"sid\":\"x\"}");
    check(client.state == CLIENT_JOINING && joined == 0);
    check_sent("420[\"join_room\",{\"roomId\":\"room-1\",\"userId\":\"user-3\"}]\n");
    get("42[\"user_joined\",{}]");
    get("431[]");
    check(joined == 0);
    get("430[{\"ok\":true}]");
    check(client.state == CLIENT_JOINED && joined == 1 && losses == 0);
}

static void an_event_can_confirm_the_join(void)
{
    begin("realtime", NULL);
    get(OPEN);
    get("40{\"sid\":\"x\"}");
    get("42[\"user_joined\",{}]");
    check(joined == 0);
    get("42[\"message_history\",[]]");
    check(joined == 1);
}

/* The server of user 0 to 3, in rooms 0, 1, 0, 1. */
static void check_servers(bool spread, const char *want)
{
    struct client others[4];

    begin("chat", NULL);
    options.urls[1] = (struct load_url){"i", 2};
    options.url_count = 2;
    options.spread = spread;
    swarm_finish(&swarm);
    swarm = (struct swarm){0};
    swarm_init(&swarm, &options, &events);
    swarm.transport = &fake;
    for (uint32_t i = 0; i < 4; i++) {
        client_init(&others[i], &swarm, i);
        check(span_eq(client_host(&others[i]), want[i] == 'h' ? SPAN("h:1") : SPAN("i:2")));
    }
}

static void rooms_take_turns_with_servers_or_their_members_do(void)
{
    check_servers(false, "hihi");
    check_servers(true, "hhii");
}

static void members_of_a_room_take_turns_with_templates_and_name_one_room(void)
{
    struct client others[4];

    begin("realtime", NULL);
    check(template_find("groups", &options.templates[1]) == 0);
    options.template_count = 2;
    options.rooms_are_hex = true;
    swarm_finish(&swarm);
    swarm = (struct swarm){0};
    swarm_init(&swarm, &options, &events);
    swarm.transport = &fake;
    for (uint32_t i = 0; i < 4; i++) { /* rooms 0, 1, 0, 1 */
        client_init(&others[i], &swarm, i);
        client_start(&others[i]);
        client_on_packet(&others[i], SPAN(OPEN));
        bytes_clear(&sent);
        client_on_packet(&others[i], SPAN("40{\"sid\":\"x\"}"));
        check_has(i < 2 ? "42[\"join_room\",{\"roomId\":\"0000"
                        : "42[\"join_room\",{\"roomid\":\"0000");
    }
    joined = deliveries = 0;
    client_on_packet(&others[2], SPAN("42[\"update_online_users\",[]]"));
    client_on_packet(&others[2], SPAN("42[\"message\",{}]")); /* another dialect's */
    check(joined == 1 && deliveries == 0);
    client_on_packet(&others[2], SPAN("42[\"msg_rcvd\",{}]"));
    check(deliveries == 1);
}

static void without_a_join_the_connect_is_enough(void)
{
    begin("echo", NULL);
    get(OPEN);
    get("40{\"sid\":\"x\"}");
    check(joined == 1);
    check_sent("40\n");
}

static void deliveries_and_acks_go_to_the_owner(void)
{
    begin("chat", NULL);
    come_up();
    get("42[\"message\",{\"content\":\"x\"}]");
    get("42[\"messages\",1]");
    get("42[\"user_left\",{}]");
    check(deliveries == 1);
    get("4317[{\"ok\":true}]");
    check(last_ack == 17);
    get("43[]");
    check(last_ack == 17 && losses == 0 && swarm.acks_refusing == 0);
    get("4318[{\"ok\":false,\"code\":\"BUSY\"}]");
    check(last_ack == 18 && swarm.acks_refusing == 1);
}

static void a_namespace_is_part_of_every_packet(void)
{
    begin("chat", "nsp=/n");
    get(OPEN);
    check_sent("40/n,\n");
    get("40/n,{\"sid\":\"x\"}");
    get("43/n,0[]");
    check(joined == 1);
    get("42/n,[\"message\",1]");
    get("43/n,5[]");
    check(deliveries == 1 && last_ack == 5);
}

static void pings_are_answered(void)
{
    begin("chat", NULL);
    come_up();
    get("2");
    check_sent("3\n");
}

static void messages_carry_the_text_and_count_up(void)
{
    begin("chat", NULL);
    come_up();
    client_send_message(&client, SPAN("t"), 9);
    client_send_message(&client, SPAN("t"), TEMPLATE_NO_ACK);
    check(client.seq == 2);
    check_sent(
        "429[\"send_message\",{\"roomId\":\"room-1\",\"content\":\"t\",\"type\":\"text\"}]\n"
        "42[\"send_message\",{\"roomId\":\"room-1\",\"content\":\"t\",\"type\":\"text\"}]\n");
}

static void every_end_has_its_reason(void)
{
    static const struct {
        const char *packet;
        enum client_loss why;
    } ends[] = {
        {"1", CLIENT_DISCONNECTED},
        {"41", CLIENT_DISCONNECTED},
        {"44{\"message\":\"no\"}", CLIENT_CONNECT_ERROR},
        {"42[", CLIENT_PROTOCOL},
        {"x", CLIENT_PROTOCOL},
        {"", CLIENT_PROTOCOL},
        {OPEN, CLIENT_PROTOCOL}, /* a second one */
    };

    for (unsigned i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        begin("chat", NULL);
        come_up();
        get(ends[i].packet);
        check(losses == 1 && last_loss == ends[i].why);
        check(client.state == CLIENT_OFF);
    }
}

static void a_bad_open_packet_is_refused(void)
{
    static const char *const bad[] = {"0", "0[]", "0{}", "0{\"sid\":7}", "0{\"sid\":\"a"};

    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        begin("chat", NULL);
        get(bad[i]);
        check(losses == 1 && last_loss == CLIENT_PROTOCOL);
    }
}

int main(void)
{
    RUN(connects_then_joins_then_is_joined);
    RUN(an_event_can_confirm_the_join);
    RUN(rooms_take_turns_with_servers_or_their_members_do);
    RUN(members_of_a_room_take_turns_with_templates_and_name_one_room);
    RUN(without_a_join_the_connect_is_enough);
    RUN(deliveries_and_acks_go_to_the_owner);
    RUN(a_namespace_is_part_of_every_packet);
    RUN(pings_are_answered);
    RUN(messages_carry_the_text_and_count_up);
    RUN(every_end_has_its_reason);
    RUN(a_bad_open_packet_is_refused);
    swarm_finish(&swarm);
    bytes_finish(&sent);
    return tap_done();
}
