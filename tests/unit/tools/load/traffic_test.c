// SPDX-License-Identifier: MIT
#include "tools/load/traffic.h"

#include "tests/support/tap.h"

enum { USERS = 6, ROOMS = 2, MEMBERS = 3, PACKETS_MAX = 64 };

static struct load_options options;
static struct swarm swarm;
static struct client clients[USERS];
static struct traffic traffic;

/* What the users sent, as the server would have it. */
static struct {
    uint32_t user;
    size_t len;
    uint8_t text[256];
} packets[PACKETS_MAX];
static unsigned packet_count;

static void fake_send(struct client *c, struct span packet)
{
    check(packet_count < PACKETS_MAX && packet.len <= sizeof packets[0].text);
    packets[packet_count].user = c->id;
    packets[packet_count].len = packet.len;
    memcpy(packets[packet_count++].text, packet.data, packet.len);
}

static const struct transport fake = {.name = "fake", .send = fake_send};
static const struct client_events events;

static void begin(uint32_t in_flight, double rate, bool acks, const char *to)
{
    options = (struct load_options){.urls = {{"h", 1}},
                                    .url_count = 1,
                                    .transport = "websocket",
                                    .template_count = 1,
                                    .users = USERS,
                                    .rooms = ROOMS,
                                    .in_flight = in_flight,
                                    .rate = rate,
                                    .acks = acks,
                                    .text_bytes = 64};
    check(template_find("chat", &options.templates[0]) == 0);
    options.templates[0].to = to;
    swarm = (struct swarm){0};
    swarm_init(&swarm, &options, &events);
    swarm.transport = &fake;
    packet_count = 0;
    traffic_init(&traffic, &options, clients, &swarm.loop, 1);
    for (uint32_t i = 0; i < USERS; i++) {
        client_init(&clients[i], &swarm, i);
        clients[i].state = CLIENT_JOINED;
        traffic_on_joined(&traffic, &clients[i]);
    }
    traffic_measure(&traffic);
}

static void end(void)
{
    traffic_finish(&traffic);
    swarm_finish(&swarm);
}

/* The server hands packet i to a user. */
static void deliver(unsigned i, uint32_t user)
{
    traffic_on_delivery(&traffic, &clients[user], span_of(packets[i].text, packets[i].len));
}

static void deliver_to_room(unsigned i)
{
    for (uint32_t k = 0; k < MEMBERS; k++) {
        deliver(i, packets[i].user % ROOMS + k * ROOMS);
    }
}

static uint64_t ack_id(unsigned i)
{
    uint64_t id = 0;

    for (const uint8_t *p = packets[i].text + 2; *p >= '0' && *p <= '9'; p++) {
        id = id * 10 + (*p - '0');
    }
    return id;
}

static void a_closed_loop_sends_the_next_when_all_have_the_last(void)
{
    begin(2, 0, false, "room");
    traffic_start(&traffic);
    check(packet_count == 2 && packets[0].user == 0 && packets[1].user == 1);
    deliver(0, 0);
    deliver(0, 2);
    check(packet_count == 2);
    deliver(0, 4);
    check(packet_count == 3 && packets[2].user == 2); /* same room, its next member */
    traffic_stop(&traffic);
    deliver_to_room(1);
    deliver_to_room(2);
    check(packet_count == 3 && traffic.flights.busy == 0);
    check(traffic.count.due == 9 && traffic.count.delivered == 9);
    check(traffic_lost(&traffic) == 0 && traffic.delivery_ns.count == 9);
    end();
}

static void with_acks_it_waits_for_the_ack_too(void)
{
    begin(1, 0, true, "room");
    traffic_start(&traffic);
    deliver_to_room(0);
    check(packet_count == 1);
    traffic_on_ack(&traffic, &clients[4], ack_id(0)); /* not its sender */
    check(packet_count == 1 && traffic.count.acks_unexpected == 1);
    traffic_on_ack(&traffic, &clients[0], ack_id(0));
    check(packet_count == 2 && traffic.count.acked == 1);
    traffic_on_ack(&traffic, &clients[0], ack_id(0)); /* a second time */
    check(traffic.count.acked == 1 && traffic.count.acks_unexpected == 2);
    end();
}

static void what_did_not_come_is_lost_and_what_came_twice_is_not_counted(void)
{
    begin(2, 0, false, "room");
    traffic_start(&traffic);
    deliver(0, 0);
    deliver(0, 0);
    deliver(0, 2);
    deliver_to_room(1);
    check(traffic.count.duplicated == 1);
    check(traffic.count.delivered == 5);
    check(traffic_lost(&traffic) == 1 + 3); /* user 4, and the whole room of the one sent since */
    end();
}

static void order_is_kept_per_sender(void)
{
    begin(0, 1e9, false, "room");
    traffic.senders = 1; /* user 0 speaks for room 0, user 1 for room 1 */
    traffic_start(&traffic);
    for (int i = 0; i < 3; i++) {
        swarm.loop.now_ns = (uint64_t)i * 2 + 1;
        (void)traffic_send_due(&traffic);
    }
    check(packet_count == 6 && packets[2].user == 0 && packets[4].user == 0);
    deliver(0, 2);
    deliver(4, 2);
    check(traffic.count.out_of_order == 0);
    deliver(2, 2);
    check(traffic.count.out_of_order == 1 && traffic.count.delivered == 3);
    end();
}

static void what_is_for_others_is_stray(void)
{
    begin(1, 0, false, "room");
    traffic_start(&traffic);
    deliver(0, 1); /* another room */
    traffic_on_delivery(&traffic, &clients[0], SPAN("42[\"message\",{}]"));
    packets[0].text[packets[0].len - 1] = ']';
    uint8_t *magic = memmem(packets[0].text, packets[0].len, "rk", 2);
    check(magic != NULL);
    magic[8] = 'f'; /* a sender that does not exist */
    deliver(0, 0);
    check(traffic.count.stray == 3 && traffic.count.delivered == 0);
    end();
}

static void a_template_may_leave_the_sender_out(void)
{
    begin(1, 0, false, "others");
    traffic_start(&traffic);
    check(traffic.count.due == 2);
    deliver(0, 0);
    check(traffic.count.stray == 1);
    deliver(0, 2);
    deliver(0, 4);
    check(packet_count == 2 && traffic_lost(&traffic) == 2);
    end();
}

static void an_open_loop_counts_from_the_time_a_message_was_due(void)
{
    begin(0, 1000, false, "room");
    swarm.loop.now_ns = 0;
    traffic_start(&traffic);
    swarm.loop.now_ns = 3500000; /* the generator was held up for 3.5 ms */
    check(traffic_send_due(&traffic) == 4000000);
    check(packet_count == 4);
    deliver(0, 0);
    check(traffic.delivery_ns.max == 3500000);
    deliver(3, 1);
    check(histogram_quantile(&traffic.delivery_ns, 0.5) / 10000 == 50);
    traffic_stop(&traffic);
    check(traffic_send_due(&traffic) == UINT64_MAX);
    end();
}

static void who_has_left_is_neither_sender_nor_receiver(void)
{
    begin(1, 0, false, "room");
    clients[0].state = CLIENT_OFF;
    traffic_on_left(&traffic, &clients[0]);
    traffic_start(&traffic);
    check(packets[0].user == 2 && traffic.count.due == 2);
    end();
}

static void an_empty_room_sends_nothing_and_says_so(void)
{
    begin(1, 0, false, "room");
    for (uint32_t i = 0; i < USERS; i += ROOMS) {
        clients[i].state = CLIENT_OFF;
        traffic_on_left(&traffic, &clients[i]);
    }
    traffic_start(&traffic);
    check(packet_count == 0 && traffic.count.unsent == 1);
    end();
}

static void latencies_count_only_from_when_measuring_began(void)
{
    begin(0, 1000, false, "room");
    traffic.measured_from_ns = UINT64_MAX;
    swarm.loop.now_ns = 0;
    traffic_start(&traffic);
    (void)traffic_send_due(&traffic);
    swarm.loop.now_ns = 500000;
    traffic_measure(&traffic);
    deliver_to_room(0); /* sent before, arrives after */
    check(traffic.delivery_ns.count == 0 && traffic.count.delivered == 3);
    swarm.loop.now_ns = 1000000;
    (void)traffic_send_due(&traffic);
    deliver_to_room(1);
    check(traffic.delivery_ns.count == 3 && traffic.measured_sent == 1);
    end();
}

int main(void)
{
    RUN(a_closed_loop_sends_the_next_when_all_have_the_last);
    RUN(with_acks_it_waits_for_the_ack_too);
    RUN(what_did_not_come_is_lost_and_what_came_twice_is_not_counted);
    RUN(order_is_kept_per_sender);
    RUN(what_is_for_others_is_stray);
    RUN(a_template_may_leave_the_sender_out);
    RUN(an_open_loop_counts_from_the_time_a_message_was_due);
    RUN(who_has_left_is_neither_sender_nor_receiver);
    RUN(an_empty_room_sends_nothing_and_says_so);
    RUN(latencies_count_only_from_when_measuring_began);
    return tap_done();
}
