// SPDX-License-Identifier: MIT
#include <assert.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "tests/contract/bus_fixture.h"
#include "tests/contract/redis_loop.h"
#include "tests/support/tap.h"

static const struct back_end *back_end;
static struct member members[MEMBERS_MAX];
static unsigned member_count;

/* A call, and what came of it. */
struct probe {
    struct bus_call call;
    unsigned done;
    int error;
    uint64_t count;
    char id[48];
};

struct read_probe {
    struct bus_read read;
    unsigned done;
    int error;
    struct bytes got; /* "name=value\n"... */
};

static void on_done(struct bus_call *call)
{
    struct probe *p = container_of(call, struct probe, call);

    p->done++;
    p->error = call->error;
    p->count = call->count;
    (void)snprintf(p->id, sizeof p->id, "%.*s", (int)call->id.len, (const char *)call->id.data);
}

static struct bus_call *probe(struct probe *p)
{
    *p = (struct probe){.call.on_done = on_done};
    return &p->call;
}

static void add_field(struct bytes *out, const struct bus_field *field)
{
    bytes_add_span(out, field->name);
    bytes_add_byte(out, '=');
    bytes_add_span(out, field->value);
    bytes_add_byte(out, '\n');
}

static void on_read(struct bus_read *read, int error, const struct bus_entry *entries, size_t count)
{
    struct read_probe *p = container_of(read, struct read_probe, read);

    p->done++;
    p->error = error;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < entries[i].field_count; j++) {
            add_field(&p->got, &entries[i].fields[j]);
        }
    }
}

static void on_message(void *arg, enum bus_kind kind, struct span channel, struct span payload)
{
    struct member *m = arg;

    m->heard_count++;
    bytes_add_byte(&m->heard, (uint8_t)("CPS"[kind]));
    bytes_add_byte(&m->heard, ' ');
    bytes_add_span(&m->heard, channel);
    bytes_add_byte(&m->heard, ' ');
    bytes_add_span(&m->heard, payload);
    bytes_add_byte(&m->heard, '\n');
}

static void on_entry(void *arg, struct span stream, const struct bus_entry *entry)
{
    struct member *m = arg;

    m->entry_count++;
    for (size_t i = 0; i < entry->field_count; i++) {
        bytes_add_span(&m->entries, stream);
        bytes_add_byte(&m->entries, ' ');
        add_field(&m->entries, &entry->fields[i]);
    }
}

static void on_state(void *arg, bool up, const char *why)
{
    struct member *m = arg;

    m->ups += up;
    m->downs += !up;
    check(up == (why[0] == '\0'));
    if (up && m->on_up != NULL) {
        m->on_up(m);
    }
}

static struct member *join_with(const struct bus_limits *limits)
{
    assert(member_count < MEMBERS_MAX);
    struct member *m = &members[member_count++];
    memset(m, 0, sizeof *m);
    m->bus = back_end->open(
        m, limits,
        &(struct bus_handlers){
            .on_message = on_message, .on_entry = on_entry, .on_state = on_state, .arg = m});
    return m;
}

static struct member *join(void)
{
    struct member *m = join_with(NULL);

    check(m->ups == 0);
    wait_until(back_end, m->ups == 1);
    return m;
}

static void start(void)
{
    member_count = 0;
    back_end->start();
}

static void leave(struct member *m)
{
    bus_close(m->bus);
    m->bus = NULL;
}

static void stop(void)
{
    for (unsigned i = 0; i < member_count; i++) {
        leave(&members[i]);
        bytes_finish(&members[i].heard);
        bytes_finish(&members[i].entries);
    }
    back_end->stop();
}

static void subscribe(struct member *m, enum bus_kind kind, const char *name)
{
    struct probe p;

    m->bus->ops->subscribe(m->bus, kind, span_cstr(name), probe(&p));
    check(p.done == 0);
    wait_until(back_end, p.done == 1);
    check(p.error == 0);
}

static void publish(struct member *m, enum bus_kind kind, const char *channel, const char *payload,
                    struct bus_call *call)
{
    m->bus->ops->publish(m->bus, kind, span_cstr(channel), span_cstr(payload), call);
}

static void publish_number(struct member *m, const char *channel, unsigned n, struct bus_call *call)
{
    char text[16];

    (void)snprintf(text, sizeof text, "%05u", n);
    publish(m, BUS_CHANNEL, channel, text, call);
}

static void append(struct member *m, const char *stream, const char *value, struct bus_call *call)
{
    const struct bus_field field = {SPAN("v"), span_cstr(value)};
    m->bus->ops->append(m->bus, span_cstr(stream), &field, 1, 10000, call);
}

/* The n-th line of what it has heard on channel c, as a number. */
static unsigned heard_number(const struct member *m, size_t n)
{
    return (unsigned)strtoul((const char *)m->heard.data + n * strlen("C c 00000\n") + 4, NULL, 10);
}

static bool heard_all(const struct member *m, unsigned from, unsigned to, size_t at)
{
    for (unsigned n = from; n < to; n++, at++) {
        if (at >= m->heard_count || heard_number(m, at) != n) {
            return false;
        }
    }
    return at == m->heard_count;
}

#define check_text(bytes, want) check_mem((bytes).data, (bytes).len, (want), strlen(want))

static uint64_t number_of(struct member *m, enum bus_kind kind, const char *channel)
{
    struct probe p;

    m->bus->ops->count(m->bus, kind, span_cstr(channel), probe(&p));
    check(p.done == 0);
    wait_until(back_end, p.done == 1);
    check(p.error == 0);
    return p.count;
}

static void all_that_are_subscribed_hear_it_in_order_the_publisher_too(void)
{
    enum { MESSAGES = 2000 };
    static struct probe probes[MESSAGES];
    start();
    struct member *a = join(), *b = join(), *c = join();

    subscribe(a, BUS_CHANNEL, "c");
    subscribe(b, BUS_CHANNEL, "c");
    for (unsigned i = 0; i < MESSAGES; i++) {
        publish_number(a, "c", i, probe(&probes[i]));
        check(probes[i].done == 0);
    }
    wait_until(back_end, b->heard_count == MESSAGES && a->heard_count == MESSAGES);
    check(heard_all(a, 0, MESSAGES, 0));
    check(heard_all(b, 0, MESSAGES, 0));
    check(c->heard_count == 0);
    wait_until(back_end, a->counts.published == MESSAGES);
    unsigned wrong = 0;
    for (unsigned i = 0; i < MESSAGES; i++) {
        wrong += probes[i].done != 1 || probes[i].error != 0;
    }
    check(wrong == 0);
    check(a->counts.received == MESSAGES && a->counts.bytes_received == 5 * MESSAGES);
    check(a->counts.bytes_published == 6 * MESSAGES && a->counts.kept == 0);
    stop();
}

static void a_prefix_is_not_a_pattern(void)
{
    start();
    struct member *a = join();

    subscribe(a, BUS_PREFIX, "r[*]?\\^-]#");
    publish(a, BUS_CHANNEL, "r[*]?\\^-]#1", "x", NULL);
    publish(a, BUS_CHANNEL, "r*", "no", NULL);
    publish(a, BUS_CHANNEL, "r**\\^-]#", "no", NULL);
    publish(a, BUS_CHANNEL, "r[*]?\\^-]#", "y", NULL);
    wait_until(back_end, a->heard_count == 2);
    check_text(a->heard, "P r[*]?\\^-]#1 x\nP r[*]?\\^-]# y\n");
    a->bus->ops->unsubscribe(a->bus, BUS_PREFIX, SPAN("r[*]?\\^-]#"));
    check(a->counts.subscriptions == 0);
    stop();
}

static void a_name_of_one_kind_is_not_that_of_another(void)
{
    start();
    struct member *a = join();

    subscribe(a, BUS_CHANNEL, "c");
    subscribe(a, BUS_SHARD, "c");
    subscribe(a, BUS_SHARD, "s");
    publish(a, BUS_SHARD, "c", "1", NULL);
    wait_until(back_end, a->heard_count == 1);
    publish(a, BUS_CHANNEL, "s", "no", NULL);
    publish(a, BUS_CHANNEL, "c", "2", NULL);
    wait_until(back_end, a->heard_count == 2);
    check_text(a->heard, "S c 1\nC c 2\n");
    check(a->counts.subscriptions == 3);
    check(number_of(a, BUS_SHARD, "c") == 1 && number_of(a, BUS_SHARD, "t") == 0);
    stop();
}

static void a_subscriber_is_counted_once_and_no_longer_when_it_is_gone(void)
{
    start();
    struct member *a = join(), *b = join();

    subscribe(a, BUS_CHANNEL, "c");
    subscribe(a, BUS_CHANNEL, "c");
    subscribe(a, BUS_PREFIX, "c");
    subscribe(b, BUS_CHANNEL, "c");
    check(number_of(a, BUS_CHANNEL, "c") == 2);
    b->bus->ops->unsubscribe(b->bus, BUS_CHANNEL, SPAN("c"));
    wait_until(back_end, number_of(a, BUS_CHANNEL, "c") == 1);
    leave(a);
    wait_until(back_end, number_of(b, BUS_CHANNEL, "c") == 0);
    stop();
}

static void what_is_unwished_in_the_same_turn_is_not_heard(void)
{
    struct probe p;
    start();
    struct member *a = join();

    a->bus->ops->subscribe(a->bus, BUS_CHANNEL, SPAN("c"), probe(&p));
    a->bus->ops->unsubscribe(a->bus, BUS_CHANNEL, SPAN("c"));
    wait_until(back_end, p.done == 1);
    subscribe(a, BUS_CHANNEL, "d");
    publish(a, BUS_CHANNEL, "c", "no", NULL);
    publish(a, BUS_CHANNEL, "d", "yes", NULL);
    wait_until(back_end, a->heard_count == 1);
    check_text(a->heard, "C d yes\n");
    stop();
}

/* INFO commandstats: how many of those commands there have been. */
struct stats_probe {
    struct redis_call call;
    bool done;
    unsigned subscribes, unsubscribes;
};

static unsigned calls_of(const char *info, const char *command)
{
    const char *at = strstr(info, command);
    return at == NULL ? 0 : (unsigned)strtoul(at + strlen(command), NULL, 10);
}

static void on_stats(struct redis_call *call, int error, const struct redis_reply *reply)
{
    struct stats_probe *p = container_of(call, struct stats_probe, call);
    struct bytes text = {0};

    check(error == 0);
    bytes_add_span(&text, reply->text);
    bytes_add_byte(&text, 0);
    p->subscribes = calls_of((const char *)text.data, "cmdstat_subscribe:calls=");
    p->unsubscribes = calls_of((const char *)text.data, "cmdstat_unsubscribe:calls=");
    bytes_finish(&text);
    p->done = true;
}

static void check_few_commands(void)
{
    struct stats_probe p = {.call.on_reply = on_stats};
    const struct span args[] = {SPAN("INFO"), SPAN("commandstats")};

    wait_until(back_end, redis_up(redis_loop.bystander));
    redis_command(redis_loop.bystander, (struct span){0}, args, 2, &p.call);
    wait_until(back_end, p.done);
    printf("# SUBSCRIBE %u times, UNSUBSCRIBE %u times\n", p.subscribes, p.unsubscribes);
    check(p.subscribes >= 1 && p.subscribes <= 20 && p.unsubscribes <= 20);
}

static void ten_thousand_names_cost_few_round_trips(void)
{
    enum { NAMES = 10000 };
    static struct probe probes[NAMES];
    char name[16];
    start();
    struct member *a = join();

    for (unsigned i = 0; i < NAMES; i++) {
        (void)snprintf(name, sizeof name, "room%u", i);
        a->bus->ops->subscribe(a->bus, BUS_CHANNEL, span_cstr(name), probe(&probes[i]));
    }
    check(a->counts.subscriptions == NAMES);
    wait_until(back_end, probes[NAMES - 1].done == 1);
    unsigned granted = 0;
    for (unsigned i = 0; i < NAMES; i++) {
        granted += probes[i].done == 1 && probes[i].error == 0;
    }
    check(granted == NAMES);
    check(number_of(a, BUS_CHANNEL, "room9999") == 1);
    for (unsigned i = 0; i < NAMES; i++) {
        (void)snprintf(name, sizeof name, "room%u", i);
        a->bus->ops->unsubscribe(a->bus, BUS_CHANNEL, span_cstr(name));
    }
    check(a->counts.subscriptions == 0);
    wait_until(back_end, number_of(a, BUS_CHANNEL, "room9999") == 0);
    if (back_end == &redis_back_end) {
        check_few_commands();
    }
    stop();
}

static void outage(bool keep, struct member *m)
{
    unsigned downs = m->downs;

    back_end->take_away(keep);
    wait_until(back_end, m->downs == downs + 1);
    check(!m->bus->ops->up(m->bus));
}

static void what_is_published_in_an_outage_is_published_after_it(void)
{
    enum { MESSAGES = 500 };
    static struct probe probes[MESSAGES];
    start();
    struct member *a = join();

    subscribe(a, BUS_CHANNEL, "c");
    outage(true, a);
    for (unsigned i = 0; i < MESSAGES; i++) {
        publish_number(a, "c", i, probe(&probes[i]));
        back_end->step();
    }
    check(probes[0].done == 0 && a->heard_count == 0);
    back_end->bring_back();
    wait_until(back_end, a->heard_count == MESSAGES && probes[MESSAGES - 1].done);
    check(a->ups == 2 && heard_all(a, 0, MESSAGES, 0));
    check(a->counts.kept == MESSAGES && a->counts.reconnects == 1);
    unsigned right = 0;
    for (unsigned i = 0; i < MESSAGES; i++) {
        right += probes[i].done == 1 && probes[i].error == 0;
    }
    check(right == MESSAGES);
    stop();
}

/* What had no answer goes out again before what came later, so each run that is heard counts up. */
static void what_had_no_answer_goes_out_again_in_its_place(void)
{
    enum { BEFORE = 3000, MESSAGES = 4000 };
    static struct probe probes[MESSAGES];
    start();
    struct member *a = join();

    subscribe(a, BUS_CHANNEL, "c");
    for (unsigned i = 0; i < BEFORE; i++) {
        publish_number(a, "c", i, probe(&probes[i]));
        if (i == BEFORE - 500) {
            back_end->step(); /* it is under way now, and the rest just sent */
        }
    }
    outage(true, a);
    for (unsigned i = BEFORE; i < MESSAGES; i++) {
        publish_number(a, "c", i, probe(&probes[i]));
    }
    back_end->bring_back();
    wait_until(back_end, probes[MESSAGES - 1].done == 1 && a->heard_count != 0 &&
                             heard_number(a, a->heard_count - 1) == MESSAGES - 1);
    unsigned wrong = 0, back = 0;
    for (unsigned i = 0; i < MESSAGES; i++) {
        wrong += probes[i].done != 1 || probes[i].error != 0;
    }
    check(wrong == 0);
    for (size_t i = 1; i < a->heard_count; i++) {
        back += heard_number(a, i) != heard_number(a, i - 1) + 1;
    }
    check(back <= 1); /* where the connection broke */
    check(a->counts.published == MESSAGES);
    check(a->counts.kept >= MESSAGES - BEFORE);
    stop();
}

static void what_does_not_fit_is_dropped_the_oldest_first(void)
{
    enum { MESSAGES = 300, FIT = 100 };
    static struct probe probes[MESSAGES];
    start();
    struct member *a = join_with(&(struct bus_limits){.keep_bytes_max = FIT * (128 + 6)});

    wait_until(back_end, a->ups == 1);
    subscribe(a, BUS_CHANNEL, "c");
    outage(true, a);
    for (unsigned i = 0; i < MESSAGES; i++) {
        publish_number(a, "c", i, probe(&probes[i]));
        check(probes[i].done == 0);
    }
    wait_until(back_end, probes[MESSAGES - FIT - 1].done == 1);
    check(probes[0].error == BUS_EFULL && probes[MESSAGES - FIT - 1].error == BUS_EFULL);
    check(a->counts.dropped_full == MESSAGES - FIT && probes[MESSAGES - FIT].done == 0);
    back_end->bring_back();
    wait_until(back_end, a->heard_count == FIT);
    check(heard_all(a, MESSAGES - FIT, MESSAGES, 0));
    wait_until(back_end, a->counts.kept == FIT);
    stop();
}

static void what_is_too_old_is_dropped(void)
{
    struct probe p, later;
    start();
    struct member *a = join_with(&(struct bus_limits){.keep_ms = 100});

    wait_until(back_end, a->ups == 1);
    subscribe(a, BUS_CHANNEL, "c");
    outage(true, a);
    publish(a, BUS_CHANNEL, "c", "old", probe(&p));
    wait_until(back_end, p.done == 1);
    check(p.error == BUS_EDOWN && a->counts.dropped_old == 1);
    back_end->bring_back();
    wait_until(back_end, a->ups == 2);
    publish(a, BUS_CHANNEL, "c", "new", probe(&later));
    wait_until(back_end, a->heard_count == 1);
    check_text(a->heard, "C c new\n");
    stop();
}

static void publish_up(struct member *m)
{
    publish(m, BUS_CHANNEL, "wished meanwhile", "up", NULL);
}

static void when_it_says_up_what_was_wished_meanwhile_is_in_force(void)
{
    struct probe wish, count, kept;
    struct read_probe read = {.read.on_done = on_read};
    start();
    struct member *a = join();

    subscribe(a, BUS_CHANNEL, "unwished");
    outage(true, a);
    a->on_up = publish_up;
    a->bus->ops->subscribe(a->bus, BUS_CHANNEL, SPAN("wished meanwhile"), probe(&wish));
    a->bus->ops->unsubscribe(a->bus, BUS_CHANNEL, SPAN("unwished"));
    a->bus->ops->count(a->bus, BUS_CHANNEL, SPAN("c"), probe(&count));
    a->bus->ops->read(a->bus, SPAN("s"), SPAN("-"), false, 1, &read.read);
    publish(a, BUS_CHANNEL, "unwished", "no", probe(&kept));
    check(wish.done == 0 && count.done == 0 && read.done == 0);
    wait_until(back_end, wish.done == 1 && count.done == 1 && read.done == 1);
    check(wish.error == BUS_EDOWN && count.error == BUS_EDOWN && read.error == BUS_EDOWN);
    back_end->bring_back();
    wait_until(back_end, a->heard_count == 1 && kept.done == 1);
    check_text(a->heard, "C wished meanwhile up\n");
    stop();
}

static void closing_fails_what_is_under_way(void)
{
    struct probe p, wish, count;
    struct read_probe read = {.read.on_done = on_read};
    start();
    struct member *a = join(), *b = join();

    publish(a, BUS_CHANNEL, "c", "x", probe(&p));
    a->bus->ops->subscribe(a->bus, BUS_CHANNEL, SPAN("c"), probe(&wish));
    a->bus->ops->count(a->bus, BUS_CHANNEL, SPAN("c"), probe(&count));
    a->bus->ops->read(a->bus, SPAN("s"), SPAN("-"), false, 1, &read.read);
    leave(a);
    check(p.done == 1 && wish.done == 1 && count.done == 1 && read.done == 1);
    check(p.error == BUS_EDOWN && wish.error == BUS_EDOWN && count.error == BUS_EDOWN);
    check(read.error == BUS_EDOWN);
    outage(true, b);
    publish(b, BUS_CHANNEL, "c", "x", probe(&p));
    leave(b);
    check(p.done == 1 && p.error == BUS_EDOWN);
    back_end->bring_back();
    stop();
}

static void entries_are_read_again_by_their_ids(void)
{
    static struct probe ids[5];
    struct read_probe all = {.read.on_done = on_read}, some = all, none = all;
    start();
    struct member *a = join();

    for (unsigned i = 0; i < 5; i++) {
        append(a, "s", (const char *[]){"0", "1", "2", "3", "4"}[i], probe(&ids[i]));
    }
    wait_until(back_end, ids[4].done == 1);
    check(ids[0].error == 0 && strchr(ids[0].id, '-') != NULL);
    a->bus->ops->read(a->bus, SPAN("s"), span_cstr(ids[1].id), false, 100, &all.read);
    a->bus->ops->read(a->bus, SPAN("s"), span_cstr(ids[1].id), true, 2, &some.read);
    a->bus->ops->read(a->bus, SPAN("no such"), SPAN("0-0"), true, 2, &none.read);
    check(all.done == 0);
    wait_until(back_end, all.done == 1 && some.done == 1 && none.done == 1);
    check_text(all.got, "v=1\nv=2\nv=3\nv=4\n");
    check_text(some.got, "v=2\nv=3\n");
    check(none.error == 0 && none.got.len == 0);
    bytes_finish(&all.got);
    bytes_finish(&some.got);
    stop();
}

static void a_stream_is_followed_from_a_place_or_from_now_on(void)
{
    struct probe first, second, third;
    start();
    struct member *a = join();

    append(a, "s", "1", probe(&first));
    append(a, "s", "2", probe(&second));
    wait_until(back_end, second.done == 1);
    struct member *b = join_with(NULL), *c = join_with(NULL);
    b->bus->ops->follow(b->bus, SPAN("s"), span_cstr(first.id));
    c->bus->ops->follow(c->bus, SPAN("s"), (struct span){0});
    wait_until(back_end, b->ups == 1 && c->ups == 1);
    append(a, "s", "3", probe(&third));
    wait_until(back_end, b->entry_count == 2 && c->entry_count == 1);
    check_text(b->entries, "s v=2\ns v=3\n");
    check_text(c->entries, "s v=3\n");
    stop();
}

static void no_entry_is_missed_over_an_outage(void)
{
    struct probe p;
    start();
    struct member *a = join(), *b = join_with(NULL);

    b->bus->ops->follow(b->bus, SPAN("s"), (struct span){0});
    wait_until(back_end, b->ups == 1);
    append(a, "s", "1", probe(&p));
    wait_until(back_end, p.done == 1 && b->entry_count == 1);
    outage(true, a);
    append(a, "s", "2", NULL);
    append(a, "s", "3", probe(&p));
    back_end->bring_back();
    wait_until(back_end, p.done == 1 && b->entry_count == 3);
    append(a, "s", "4", NULL);
    wait_until(back_end, b->entry_count == 4);
    check_text(b->entries, "s v=1\ns v=2\ns v=3\ns v=4\n");
    stop();
}

static void a_stream_that_was_lost_is_followed_anew(void)
{
    struct probe p;
    start();
    struct member *a = join(), *b = join_with(NULL);

    b->bus->ops->follow(b->bus, SPAN("s"), (struct span){0});
    wait_until(back_end, b->ups == 1);
    append(a, "s", "1", probe(&p));
    wait_until(back_end, p.done == 1 && b->entry_count == 1);
    outage(false, a);
    append(a, "s", "2", NULL);
    back_end->bring_back();
    wait_until(back_end, b->entry_count == 2);
    check_text(b->entries, "s v=1\ns v=2\n");
    stop();
}

/* As if the clock had been set back. */
static void ids_that_went_back_do_not_stall_who_follows(void)
{
    if (back_end != &redis_back_end) {
        return;
    }
    start();
    struct member *b = join_with(NULL);
    const struct span far[] = {SPAN("XADD"), SPAN("s"), SPAN("9000000000000-0"), SPAN("v"),
                               SPAN("1")};
    const struct span del[] = {SPAN("DEL"), SPAN("s")};
    const struct span near[] = {SPAN("XADD"), SPAN("s"), SPAN("5-0"), SPAN("v"), SPAN("2")};

    b->bus->ops->follow(b->bus, SPAN("s"), (struct span){0});
    wait_until(back_end, b->ups == 1 && redis_up(redis_loop.bystander));
    redis_command(redis_loop.bystander, far[1], far, 5, NULL);
    wait_until(back_end, b->entry_count == 1);
    redis_command(redis_loop.bystander, del[1], del, 2, NULL);
    redis_command(redis_loop.bystander, near[1], near, 5, NULL);
    wait_until(back_end, b->entry_count == 2);
    check_text(b->entries, "s v=1\ns v=2\n");
    stop();
}

static void run_all(const struct back_end *tested)
{
    back_end = tested;
    printf("# %s\n", back_end->label);
    RUN(all_that_are_subscribed_hear_it_in_order_the_publisher_too);
    RUN(a_prefix_is_not_a_pattern);
    RUN(a_name_of_one_kind_is_not_that_of_another);
    RUN(a_subscriber_is_counted_once_and_no_longer_when_it_is_gone);
    RUN(what_is_unwished_in_the_same_turn_is_not_heard);
    RUN(ten_thousand_names_cost_few_round_trips);
    RUN(what_is_published_in_an_outage_is_published_after_it);
    RUN(what_had_no_answer_goes_out_again_in_its_place);
    RUN(what_does_not_fit_is_dropped_the_oldest_first);
    RUN(what_is_too_old_is_dropped);
    RUN(when_it_says_up_what_was_wished_meanwhile_is_in_force);
    RUN(closing_fails_what_is_under_way);
    RUN(entries_are_read_again_by_their_ids);
    RUN(a_stream_is_followed_from_a_place_or_from_now_on);
    RUN(no_entry_is_missed_over_an_outage);
    RUN(a_stream_that_was_lost_is_followed_anew);
    RUN(ids_that_went_back_do_not_stall_who_follows);
}

int main(void)
{
    run_all(&hub_back_end);
    run_all(&slow_hub_back_end);
    if (redis_server_installed()) {
        run_all(&redis_back_end);
    } else {
        printf("ok %d - redis # SKIP there is no redis-server\n", ++tap_cases);
    }
    return tap_done();
}
