// SPDX-License-Identifier: MIT
#include "tools/load/run.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum {
    NS_PER_S = 1000000000,
    SWEEP_NS = 100000000,
    LOOPBACK_SOURCES = 8, /* unless told otherwise */
};

static struct run *run_of(const struct client *c)
{
    return (struct run *)((char *)c->swarm - offsetof(struct run, swarm));
}

static void read_memory(struct run *r, struct proc_memory *out)
{
    if (r->options->pid != 0 && proc_read_memory((pid_t)r->options->pid, out) < 0) {
        r->server_known = false;
    }
}

static uint64_t own_cpu_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static void take_reading(struct run *r, struct run_reading *out)
{
    if (r->options->pid != 0 && proc_read_cpu((pid_t)r->options->pid, &out->server) < 0) {
        r->server_known = false;
    }
    out->at_ns = loop_clock(&r->swarm.loop);
    out->generator_ns = own_cpu_ns();
    out->softirq_ns = proc_read_softirq_ns();
    out->delivered = r->traffic.count.delivered;
    out->acked = r->traffic.count.acked;
    out->sent = r->traffic.count.sent;
    out->joined = r->joined;
    out->notices = r->swarm.packets_ignored;
}

static void enter(struct run *r, enum run_phase phase)
{
    r->phase = phase;
    r->phase_since_ns = loop_clock(&r->swarm.loop);
}

static bool passed(const struct run *r, uint64_t ns)
{
    return r->swarm.loop.now_ns - r->phase_since_ns >= ns;
}

/* --- what the clients tell ------------------------------------------------------------------- */

static void on_joined(struct client *c)
{
    struct run *r = run_of(c);

    r->coming_up--;
    r->standing++;
    r->joined++;
    histogram_record(&r->join_ns, loop_clock(&r->swarm.loop) - c->started_ns);
    traffic_on_joined(&r->traffic, c);
}

static void on_lost(struct client *c, enum client_loss why, bool was_joined)
{
    struct run *r = run_of(c);

    r->losses[why]++;
    if (was_joined) {
        r->standing--;
        traffic_on_left(&r->traffic, c);
    } else {
        r->coming_up--;
    }
}

static void on_delivery(struct client *c, struct span packet)
{
    traffic_on_delivery(&run_of(c)->traffic, c, packet);
}

static void on_ack(struct client *c, uint64_t id)
{
    traffic_on_ack(&run_of(c)->traffic, c, id);
}

static const struct client_events events = {
    .on_joined = on_joined, .on_delivery = on_delivery, .on_ack = on_ack, .on_lost = on_lost};

/* --- phases ---------------------------------------------------------------------------------- */

static void start_more(struct run *r)
{
    while (r->coming_up < r->options->parallel && r->started < r->options->users) {
        r->coming_up++;
        client_start(&r->clients[r->started++]);
    }
}

static void sweep(struct run *r)
{
    uint64_t now = r->swarm.loop.now_ns;

    if (now < r->next_sweep_ns) {
        return;
    }
    r->next_sweep_ns = now + SWEEP_NS;
    for (uint32_t i = 0; i < r->started; i++) {
        struct client *c = &r->clients[i];
        if (client_is_coming_up(c) && now - c->started_ns > r->options->connect_timeout_ns) {
            client_abandon(c, CLIENT_TIMEOUT);
        }
    }
}

static void stop_all(struct run *r)
{
    for (uint32_t i = 0; i < r->options->users; i++) {
        if (r->clients[i].state == CLIENT_JOINED) {
            traffic_on_left(&r->traffic, &r->clients[i]);
        }
        client_stop(&r->clients[i]);
    }
    r->standing = 0;
    r->coming_up = 0;
    r->started = 0;
}

static void step_ramp(struct run *r)
{
    bool is_measured = !r->options->scenario->sends && !r->options->scenario->holds;

    sweep(r);
    start_more(r);
    if (r->coming_up > 0 || r->started < r->options->users) {
        return;
    }
    if (is_measured && --r->cycles_left > 0) {
        stop_all(r);
        start_more(r);
        return;
    }
    if (is_measured) {
        take_reading(r, &r->to);
    }
    enter(r, RUN_SETTLE);
}

static void begin_measuring(struct run *r)
{
    take_reading(r, &r->from);
    traffic_measure(&r->traffic);
    enter(r, RUN_MEASURE);
}

static void lose_connections(struct run *r)
{
    for (uint32_t i = r->options->stay; i < r->options->users; i++) {
        if (r->clients[i].state == CLIENT_JOINED) {
            traffic_on_left(&r->traffic, &r->clients[i]);
            r->standing--;
        }
        client_drop(&r->clients[i]);
    }
    r->started = r->options->stay;
}

static void step_return(struct run *r)
{
    sweep(r);
    start_more(r);
    if (r->coming_up == 0 && r->started == r->options->users) {
        enter(r, RUN_MEASURE); /* what they are told of it may come later */
    }
}

static void step_settle(struct run *r)
{
    const struct scenario *s = r->options->scenario;

    if (!passed(r, r->options->settle_ns)) {
        return;
    }
    read_memory(r, &r->memory_joined);
    if (s->sends && r->standing > 0) {
        traffic_start(&r->traffic);
        enter(r, RUN_WARMUP);
    } else if (s->returns) {
        begin_measuring(r);
        lose_connections(r);
        enter(r, RUN_AWAY);
    } else if (s->holds) {
        begin_measuring(r);
    } else {
        enter(r, RUN_DONE);
    }
}

static void step_measure(struct run *r)
{
    uint64_t limit = r->options->messages;

    if (!passed(r, r->options->seconds_ns) && (limit == 0 || r->traffic.measured_sent < limit) &&
        !r->interrupted) {
        return;
    }
    traffic_stop(&r->traffic);
    take_reading(r, &r->to);
    read_memory(r, &r->memory_end);
    enter(r, RUN_DRAIN);
}

/* An open loop has fallen behind by what is still under way: that belongs to what it measures. */
static void step_drain(struct run *r)
{
    if (r->traffic.flights.busy > 0 && !passed(r, r->options->drain_ns)) {
        return;
    }
    if (r->options->rate > 0 && r->options->scenario->sends) {
        take_reading(r, &r->to);
        if (r->traffic.last_arrival_ns > r->from.at_ns) {
            r->to.at_ns = r->traffic.last_arrival_ns;
        }
        read_memory(r, &r->memory_end);
    }
    enter(r, RUN_DONE);
}

static void step(struct run *r)
{
    switch (r->phase) {
    case RUN_RAMP:
        step_ramp(r);
        break;
    case RUN_SETTLE:
        step_settle(r);
        break;
    case RUN_AWAY:
        if (passed(r, r->options->away_ns)) {
            enter(r, RUN_RETURN);
        }
        break;
    case RUN_RETURN:
        step_return(r);
        break;
    case RUN_WARMUP:
        if (passed(r, r->options->warmup_ns)) {
            begin_measuring(r);
        }
        break;
    case RUN_MEASURE:
        step_measure(r);
        break;
    case RUN_DRAIN:
        step_drain(r);
        break;
    case RUN_DONE:
        break;
    }
}

void run_turn(struct run *r, uint64_t wait_ns)
{
    uint64_t until;
    uint64_t due;

    step(r);
    due = traffic_send_due(&r->traffic);
    loop_flush(&r->swarm.loop);
    until = loop_clock(&r->swarm.loop) + wait_ns;
    (void)loop_turn(&r->swarm.loop, due < until ? due : until);
}

void run_interrupt(struct run *r)
{
    r->interrupted = true;
    if (r->phase != RUN_MEASURE && r->phase != RUN_DRAIN) {
        take_reading(r, &r->to);
        enter(r, RUN_DONE);
    }
}

/* --- beginning and end ----------------------------------------------------------------------- */

static int resolve(const struct load_url *url, struct sockaddr_in *out)
{
    const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;

    if (getaddrinfo(url->host, NULL, &hints, &found) != 0) {
        errno = 0;
        return -1;
    }
    memcpy(out, found->ai_addr, sizeof *out);
    out->sin_port = htons((uint16_t)url->port);
    freeaddrinfo(found);
    return 0;
}

static int resolve_all(struct run *r)
{
    for (uint32_t i = 0; i < r->options->url_count; i++) {
        r->url = &r->options->urls[i];
        if (resolve(r->url, &r->swarm.servers[i].address) < 0) {
            return -1;
        }
    }
    return 0;
}

static uint32_t choose_sources(const struct run *r)
{
    for (uint32_t i = 0; i < r->options->url_count; i++) {
        if (ntohl(r->swarm.servers[i].address.sin_addr.s_addr) >> 24 != 127) {
            return 0;
        }
    }
    return r->options->sources != 0 ? r->options->sources : LOOPBACK_SOURCES;
}

int run_init(struct run *r, const struct load_options *options)
{
    uint32_t run_id;

    *r = (struct run){
        .options = options, .cycles_left = options->cycles, .server_known = options->pid != 0};
    if (resolve_all(r) < 0 || loop_init(&r->swarm.loop, choose_sources(r)) < 0) {
        return -1;
    }
    r->clients = calloc(options->users, sizeof *r->clients);
    if (r->clients == NULL || getrandom(&run_id, sizeof run_id, 0) != sizeof run_id) {
        abort();
    }
    swarm_init(&r->swarm, options, &events);
    traffic_init(&r->traffic, options, r->clients, &r->swarm.loop, run_id);
    for (uint32_t i = 0; i < options->users; i++) {
        client_init(&r->clients[i], &r->swarm, i);
    }
    read_memory(r, &r->memory_before);
    take_reading(r, &r->from);
    enter(r, RUN_RAMP);
    return 0;
}

void run_finish(struct run *r)
{
    for (uint32_t i = 0; i < r->options->users; i++) {
        client_finish(&r->clients[i]);
    }
    loop_flush(&r->swarm.loop);
    traffic_finish(&r->traffic);
    swarm_finish(&r->swarm);
    loop_finish(&r->swarm.loop);
    free(r->clients);
}

static double share(uint64_t part, uint64_t whole)
{
    return whole == 0 || part >= whole ? 1 : (double)part / (double)whole;
}

double run_progress(const struct run *r)
{
    uint64_t in_phase = r->swarm.loop.now_ns - r->phase_since_ns;

    switch (r->phase) {
    case RUN_RAMP:
    case RUN_RETURN:
        return share(r->started - r->coming_up, r->options->users);
    case RUN_SETTLE:
        return share(in_phase, r->options->settle_ns);
    case RUN_AWAY:
        return share(in_phase, r->options->away_ns);
    case RUN_WARMUP:
        return share(in_phase, r->options->warmup_ns);
    case RUN_MEASURE:
        return share(in_phase, r->options->seconds_ns);
    case RUN_DRAIN:
        return share(in_phase, r->options->drain_ns);
    case RUN_DONE:
        break;
    }
    return 1;
}

double run_measured_s(const struct run *r)
{
    return r->to.at_ns > r->from.at_ns ? (double)(r->to.at_ns - r->from.at_ns) / NS_PER_S : 0;
}

bool run_is_clean(const struct run *r)
{
    const struct traffic_count *n = &r->traffic.count;
    uint64_t bad = traffic_lost(&r->traffic) + n->duplicated + n->out_of_order + n->stray +
                   (n->acks_due - n->acked) + n->acks_unexpected + n->unsent +
                   r->swarm.acks_refusing;

    for (unsigned i = 0; i < CLIENT_LOSSES; i++) {
        bad += r->losses[i];
    }
    return bad == 0;
}
