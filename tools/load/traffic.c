// SPDX-License-Identifier: MIT
#include "tools/load/traffic.h"

#include <assert.h>
#include <stdlib.h>

#include "tools/load/marker.h"

enum {
    ORDER_BYTES_MAX = 256 << 20,
    FLIGHTS_MAX = 1 << 20, /* of an open loop: so far may the server fall behind */
    NS_PER_S = 1000000000,
};

static void *must_calloc(size_t n, size_t size)
{
    void *p = calloc(n, size);

    if (p == NULL) {
        abort();
    }
    return p;
}

static uint32_t choose_senders(const struct load_options *o)
{
    uint64_t members = (o->users + o->rooms - 1) / o->rooms;
    uint64_t affordable = ORDER_BYTES_MAX / sizeof(struct order_cell) / o->users;
    uint64_t senders = o->senders != 0 && o->senders < members ? o->senders : members;

    return (uint32_t)(senders < affordable ? senders : affordable);
}

/* Words in no order: a server that compresses has as much to do with them as with what people say.
 */
static void write_words(uint8_t *text, size_t len)
{
    static const char *const words[] = {
        "there ", "was ",   "a ",     "message ", "for ",  "you ",    "in ",    "the ",
        "room ",  "when ",  "nobody", "had ",     "said ", "much, ",  "so ",    "we ",
        "sent ",  "it ",    "again ", "and ",     "then ", "waited ", "until ", "somebody ",
        "came ",  "back. ", "Who ",   "knows ",   "what ", "time ",   "that ",  "took? ",
    };
    uint32_t random = 1;

    for (size_t at = 0; at < len;) {
        random = random * 1664525 + 1013904223;
        const char *word = words[random >> 27];
        size_t n = strlen(word) < len - at ? strlen(word) : len - at;
        memcpy(text + at, word, n);
        at += n;
    }
}

void traffic_init(struct traffic *t, const struct load_options *options, struct client *clients,
                  struct loop *loop, uint32_t run_id)
{
    *t = (struct traffic){.options = options,
                          .clients = clients,
                          .loop = loop,
                          .measured_from_ns = UINT64_MAX,
                          .magic = marker_magic(run_id),
                          .senders = choose_senders(options)};
    t->to_nobody = strcmp(options->templates[0].to, "nobody") == 0 || options->no_join;
    t->to_others = strcmp(options->templates[0].to, "others") == 0;
    t->rooms = must_calloc(options->rooms, sizeof *t->rooms);
    t->order = must_calloc((size_t)options->users * t->senders, sizeof *t->order);
    t->text = must_calloc(1, options->text_bytes);
    write_words(t->text, options->text_bytes);
    flights_init(&t->flights, options->in_flight != 0 ? options->in_flight : FLIGHTS_MAX);
}

void traffic_finish(struct traffic *t)
{
    flights_finish(&t->flights);
    free(t->rooms);
    free(t->order);
    free(t->text);
}

void traffic_on_joined(struct traffic *t, const struct client *c)
{
    t->rooms[client_room(c)].joined++;
}

void traffic_on_left(struct traffic *t, const struct client *c)
{
    assert(t->rooms[client_room(c)].joined > 0);
    t->rooms[client_room(c)].joined--;
}

/* The next sender of a room whose turn it is and who is there, or NULL. */
static struct client *next_sender(struct traffic *t, uint32_t room)
{
    const struct load_options *o = t->options;
    uint32_t members = (o->users - room + o->rooms - 1) / o->rooms;
    uint32_t senders = members < t->senders ? members : t->senders;

    for (uint32_t tried = 0; tried < senders; tried++) {
        uint32_t k = t->rooms[room].next_sender++ % senders;
        struct client *c = &t->clients[room + k * o->rooms];
        if (c->state == CLIENT_JOINED) {
            return c;
        }
    }
    return NULL;
}

static uint32_t receivers(const struct traffic *t, uint32_t room)
{
    uint32_t joined = t->rooms[room].joined;

    return t->to_nobody ? 0 : joined - (t->to_others ? 1 : 0);
}

/* Sends one message to a room; `due_ns` is when it should have been sent. */
static void launch(struct traffic *t, uint32_t room, uint64_t due_ns)
{
    struct client *sender = next_sender(t, room);
    uint32_t i = sender != NULL ? flights_take(&t->flights) : FLIGHT_NONE;
    bool measured = due_ns >= t->measured_from_ns;

    if (i == FLIGHT_NONE) {
        t->count.unsent++;
        return;
    }
    struct flight *flight = &t->flights.table[i];
    flight->sent_ns = due_ns;
    flight->sender = sender->id;
    flight->room = room;
    flight->deliveries = receivers(t, room);
    flight->wants_ack = t->options->acks;
    marker_write(
        t->text, t->magic,
        &(struct marker){.sender = sender->id, .seq = sender->seq, .flight = i, .time_ns = due_ns});
    t->count.sent++;
    t->measured_sent += measured;
    t->count.due += flight->deliveries;
    t->count.acks_due += flight->wants_ack;
    uint64_t ack_id = flight->wants_ack ? flights_ack_id(&t->flights, flight) : TEMPLATE_NO_ACK;
    if (flight_is_over(flight)) {
        flights_release(&t->flights, flight);
    }
    client_send_message(sender, span_of(t->text, t->options->text_bytes), ack_id);
}

/* A message is over when nothing of it is to come; a closed loop then sends the next one. */
static void land(struct traffic *t, struct flight *flight)
{
    uint32_t room = flight->room;

    if (!flight_is_over(flight)) {
        return;
    }
    flights_release(&t->flights, flight);
    if (t->flowing && t->options->in_flight != 0) {
        launch(t, (room + t->options->in_flight) % t->options->rooms, t->loop->now_ns);
    }
}

static void record(const struct traffic *t, struct histogram *h, uint64_t since_ns)
{
    if (since_ns >= t->measured_from_ns) {
        histogram_record(h, t->loop->now_ns > since_ns ? t->loop->now_ns - since_ns : 0);
    }
}

/* The cell for messages of m's sender to c; NULL when c should not get any of it. */
static struct order_cell *find_cell(const struct traffic *t, const struct client *c,
                                    const struct marker *m)
{
    const struct load_options *o = t->options;
    uint32_t k = m->sender / o->rooms;

    if (m->sender >= o->users || m->sender % o->rooms != client_room(c) || k >= t->senders ||
        t->to_nobody || (t->to_others && m->sender == c->id)) {
        return NULL;
    }
    return &t->order[(size_t)c->id * t->senders + k];
}

void traffic_on_delivery(struct traffic *t, struct client *c, struct span packet)
{
    struct marker m;
    struct order_cell *cell = NULL;

    if (marker_find(packet, t->magic, &t->marker_hint, &m)) {
        cell = find_cell(t, c, &m);
    }
    if (cell == NULL) {
        t->count.stray++;
        return;
    }
    enum order_verdict verdict = order_see(cell, m.seq);
    if (verdict == ORDER_DUPLICATE) {
        t->count.duplicated++;
        return;
    }
    t->count.out_of_order += verdict == ORDER_LATE;
    t->count.delivered++;
    t->last_arrival_ns = t->loop->now_ns;
    record(t, &t->delivery_ns, m.time_ns);
    struct flight *flight = flights_get(&t->flights, m.flight);
    if (flight != NULL && flight->sender == m.sender && flight->sent_ns == m.time_ns &&
        flight->deliveries > 0) {
        flight->deliveries--;
        land(t, flight);
    }
}

void traffic_on_ack(struct traffic *t, struct client *c, uint64_t id)
{
    struct flight *flight = flights_by_ack(&t->flights, id);

    if (flight == NULL || flight->sender != c->id) {
        t->count.acks_unexpected++;
        return;
    }
    flight->wants_ack = false;
    t->count.acked++;
    t->last_arrival_ns = t->loop->now_ns;
    record(t, &t->ack_ns, flight->sent_ns);
    land(t, flight);
}

void traffic_start(struct traffic *t)
{
    t->flowing = true;
    t->open_start_ns = t->loop->now_ns;
    for (uint32_t i = 0; i < t->options->in_flight; i++) {
        launch(t, i % t->options->rooms, t->loop->now_ns);
    }
}

void traffic_stop(struct traffic *t)
{
    t->flowing = false;
}

void traffic_measure(struct traffic *t)
{
    t->measured_from_ns = t->loop->now_ns;
}

uint64_t traffic_send_due(struct traffic *t)
{
    if (!t->flowing || t->options->rate <= 0) {
        return UINT64_MAX;
    }
    for (;;) {
        double after_s = (double)t->open_sent / t->options->rate;
        uint64_t due_ns = t->open_start_ns + (uint64_t)(after_s * NS_PER_S);
        if (due_ns > t->loop->now_ns) {
            return due_ns;
        }
        launch(t, (uint32_t)(t->open_sent++ % t->options->rooms), due_ns);
    }
}
