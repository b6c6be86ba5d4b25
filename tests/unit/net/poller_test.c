// SPDX-License-Identifier: MIT
#include "src/net/poller.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/base/memory.h"
#include "tests/support/tap.h"

struct end {
    struct watch watch;
    int fd, peer;
    unsigned calls;
    bool readable, writable;
    struct end *victim; /* closed when this one is called */
};

static struct event_base *base;
static struct poller poller;
static unsigned wakes;

static void on_wake(void *arg)
{
    wakes++;
}

static void on_ready(struct watch *w, bool readable, bool writable)
{
    struct end *e = container_of(w, struct end, watch);

    e->calls++;
    e->readable = readable;
    e->writable = writable;
    if (e->victim != NULL && e->victim->fd >= 0) {
        (void)close(e->victim->fd);
        e->victim->fd = -1;
    }
}

static void start(void)
{
    base = event_base_new();
    wakes = 0;
    check(poller_init(&poller, base, on_wake, NULL) == 0);
}

static void open_end(struct end *e)
{
    int fds[2];

    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    *e = (struct end){.watch.on_ready = on_ready, .fd = fds[0], .peer = fds[1]};
    check(poller_add(&poller, e->fd, &e->watch) == 0);
}

static void close_end(struct end *e)
{
    if (e->fd >= 0) {
        (void)close(e->fd);
    }
    (void)close(e->peer);
}

static void turn(void)
{
    (void)event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

static void finish(void)
{
    poller_finish(&poller);
    event_base_free(base);
}

static void tells_of_input_for_as_long_as_it_is_there(void)
{
    struct end e;
    char byte;

    start();
    open_end(&e);
    turn();
    check(e.calls == 0 && wakes == 0);
    check(write(e.peer, "x", 1) == 1);
    turn();
    turn();
    check(e.calls == 2 && wakes == 2 && e.readable && !e.writable);
    check(read(e.fd, &byte, 1) == 1);
    turn();
    check(e.calls == 2);
    close_end(&e);
    finish();
}

static void tells_of_room_only_to_those_who_want_to_write(void)
{
    struct end e;

    start();
    open_end(&e);
    poller_want_write(&poller, e.fd, &e.watch, true);
    turn();
    check(e.calls == 1 && !e.readable && e.writable);
    poller_want_write(&poller, e.fd, &e.watch, false);
    turn();
    check(e.calls == 1);
    close_end(&e);
    finish();
}

static void a_hang_up_counts_as_readable(void)
{
    struct end e;

    start();
    open_end(&e);
    (void)shutdown(e.peer, SHUT_RDWR);
    turn();
    check(e.calls == 1 && e.readable);
    close_end(&e);
    finish();
}

static void one_that_is_closed_within_a_batch_hears_at_most_one_late_call(void)
{
    struct end a, b;

    start();
    open_end(&a);
    open_end(&b);
    a.victim = &b;
    b.victim = &a; /* whichever comes first */
    check(write(a.peer, "x", 1) == 1 && write(b.peer, "x", 1) == 1);
    turn();
    check(a.calls == 1 && b.calls == 1); /* the second came too late for its descriptor */
    check(a.fd < 0 && b.fd < 0);
    turn();
    check(a.calls == 1 && b.calls == 1);
    close_end(&a);
    close_end(&b);
    finish();
}

static void serves_more_than_fit_in_a_batch(void)
{
    enum { MANY = 520 };
    static struct end ends[MANY];
    unsigned served = 0;

    start();
    for (int i = 0; i < MANY; i++) {
        open_end(&ends[i]);
        check(write(ends[i].peer, "x", 1) == 1);
    }
    turn();
    turn();
    for (int i = 0; i < MANY; i++) {
        served += ends[i].calls > 0;
        close_end(&ends[i]);
    }
    check(served == MANY);
    finish();
}

int main(void)
{
    RUN(tells_of_input_for_as_long_as_it_is_there);
    RUN(tells_of_room_only_to_those_who_want_to_write);
    RUN(a_hang_up_counts_as_readable);
    RUN(one_that_is_closed_within_a_batch_hears_at_most_one_late_call);
    RUN(serves_more_than_fit_in_a_batch);
    return tap_done();
}
