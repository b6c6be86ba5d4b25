// SPDX-License-Identifier: MIT
/* What becomes of messages, wishes and questions when the connection is lost or closed. */
#include "tests/contract/bus_bed.h"

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
    wait_until(a->heard_count == MESSAGES && probes[MESSAGES - 1].done);
    check(a->ups == 2 && heard_all(a, 0, MESSAGES, 0));
    check(a->counts.kept == MESSAGES && a->counts.reconnects == 1);
    check(all_went_well(probes, MESSAGES));
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
    wait_until(probes[MESSAGES - 1].done == 1 && a->heard_count != 0 &&
               heard_number(a, a->heard_count - 1) == MESSAGES - 1);
    check(all_went_well(probes, MESSAGES));
    unsigned back = 0;
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
    struct member *a = join_with(&(struct bus_limits){.keep_bytes_max = (size_t)FIT * (128 + 6)});

    wait_until(a->ups == 1);
    subscribe(a, BUS_CHANNEL, "c");
    outage(true, a);
    for (unsigned i = 0; i < MESSAGES; i++) {
        publish_number(a, "c", i, probe(&probes[i]));
        check(probes[i].done == 0);
    }
    wait_until(probes[MESSAGES - FIT - 1].done == 1);
    check(probes[0].error == BUS_EFULL && probes[MESSAGES - FIT - 1].error == BUS_EFULL);
    check(a->counts.dropped_full == MESSAGES - FIT && probes[MESSAGES - FIT].done == 0);
    back_end->bring_back();
    wait_until(a->heard_count == FIT);
    check(heard_all(a, MESSAGES - FIT, MESSAGES, 0));
    wait_until(a->counts.kept == FIT);
    stop();
}

static void what_is_too_old_is_dropped(void)
{
    struct probe p, later;
    start();
    struct member *a = join_with(&(struct bus_limits){.keep_ms = 100});

    wait_until(a->ups == 1);
    subscribe(a, BUS_CHANNEL, "c");
    outage(true, a);
    publish(a, BUS_CHANNEL, "c", "old", probe(&p));
    wait_until(p.done == 1);
    check(p.error == BUS_EDOWN && a->counts.dropped_old == 1);
    back_end->bring_back();
    wait_until(a->ups == 2);
    publish(a, BUS_CHANNEL, "c", "new", probe(&later));
    wait_until(a->heard_count == 1);
    check_text(a->heard, "C c new\n");
    stop();
}

/* What only a bus that is up can answer. */
struct wishes {
    struct probe subscription, count;
    struct read_probe read;
};

static void wish(struct member *m, const char *channel, struct wishes *w)
{
    m->bus->ops->subscribe(m->bus, BUS_CHANNEL, span_cstr(channel), probe(&w->subscription));
    m->bus->ops->count(m->bus, BUS_CHANNEL, SPAN("c"), probe(&w->count));
    m->bus->ops->read(m->bus, SPAN("s"), SPAN("-"), false, 1, read_probe(&w->read));
    check(w->subscription.done == 0 && w->count.done == 0 && w->read.done == 0);
}

static bool have_failed(const struct wishes *w)
{
    return w->subscription.done == 1 && w->subscription.error == BUS_EDOWN && w->count.done == 1 &&
           w->count.error == BUS_EDOWN && w->read.done == 1 && w->read.error == BUS_EDOWN;
}

static void publish_up(struct member *m)
{
    publish(m, BUS_CHANNEL, "wished meanwhile", "up", NULL);
}

static void when_it_says_up_what_was_wished_meanwhile_is_in_force(void)
{
    struct probe kept;
    struct wishes wishes;
    start();
    struct member *a = join();

    subscribe(a, BUS_CHANNEL, "unwished");
    outage(true, a);
    a->on_up = publish_up;
    wish(a, "wished meanwhile", &wishes);
    a->bus->ops->unsubscribe(a->bus, BUS_CHANNEL, SPAN("unwished"));
    publish(a, BUS_CHANNEL, "unwished", "no", probe(&kept));
    wait_until(have_failed(&wishes));
    back_end->bring_back();
    wait_until(a->heard_count == 1 && kept.done == 1);
    check_text(a->heard, "C wished meanwhile up\n");
    stop();
}

static void closing_fails_what_is_under_way(void)
{
    struct probe p;
    struct wishes wishes;
    start();
    struct member *a = join(), *b = join();

    publish(a, BUS_CHANNEL, "c", "x", probe(&p));
    wish(a, "c", &wishes);
    leave(a);
    check(p.done == 1 && p.error == BUS_EDOWN && have_failed(&wishes));
    outage(true, b);
    publish(b, BUS_CHANNEL, "c", "x", probe(&p));
    leave(b);
    check(p.done == 1 && p.error == BUS_EDOWN);
    back_end->bring_back();
    stop();
}

static void all(void)
{
    RUN(what_is_published_in_an_outage_is_published_after_it);
    RUN(what_had_no_answer_goes_out_again_in_its_place);
    RUN(what_does_not_fit_is_dropped_the_oldest_first);
    RUN(what_is_too_old_is_dropped);
    RUN(when_it_says_up_what_was_wished_meanwhile_is_in_force);
    RUN(closing_fails_what_is_under_way);
}

int main(void)
{
    return ask_each_bus(all);
}
