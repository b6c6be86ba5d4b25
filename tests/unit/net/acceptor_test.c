// SPDX-License-Identifier: MIT
#include "src/net/acceptor.h"

#include <sys/resource.h>

#include "src/net/http_server.h"
#include "tests/support/http_fixture.h"

static struct fixture fixture;

static const char request[] = "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n";
static const char upgrade[] = "GET /keep HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
                              "Upgrade: websocket\r\n\r\n";

static void end(void)
{
    fixture_stop(&fixture);
    check(atomic_load(&fixture.connections) == 0);
}

static void accepting_pauses_while_too_many_have_not_asked_for_anything(void)
{
    struct tcp_client slow[2], c;

    fixture_prepare(&fixture);
    fixture.limits.handshakes_max = 2;
    fixture_start(&fixture);
    for (int i = 0; i < 2; i++) {
        slow[i] = tcp_open(fixture.port);
        check(tcp_say(&slow[i], "GET /echo HT"));
        check(fixture_reaches(&fixture.connections, (unsigned)i + 1));
    }
    c = tcp_open(fixture.port);
    check(tcp_say(&c, request));
    check(tcp_is_quiet(&c, 200));
    check(tcp_say(&slow[0], "TP/1.1\r\nHost: x\r\n\r\n"));
    check(tcp_status(&slow[0]) == 200);
    check(tcp_status(&c) == 200);
    tcp_close(&slow[1]); /* makes room as well */
    for (int i = 0; i < 5; i++) {
        struct tcp_client another = tcp_open(fixture.port);
        check(tcp_say(&another, request));
        check(tcp_status(&another) == 200);
        tcp_close(&another);
    }
    tcp_close(&slow[0]);
    tcp_close(&c);
    end();
}

static struct tcp_client half_spoken(const char *text, unsigned connections)
{
    struct tcp_client c = tcp_open(fixture.port);

    check(tcp_say(&c, text));
    check(fixture_reaches(&fixture.connections, connections));
    return c;
}

static void those_that_dawdle_keep_nobody_out(void)
{
    struct tcp_client slow[3], c;

    fixture_prepare(&fixture);
    fixture.limits.handshakes_max = 2;
    fixture_start(&fixture);
    slow[0] = half_spoken("GET /echo HT", 1);
    slow[1] = half_spoken("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbo", 2);
    for (int i = 0; i < 5; i++) {
        c = tcp_open(fixture.port);
        check(tcp_say(&c, request));
        check(tcp_status(&c) == 200);
        tcp_close(&c);
        check(fixture_reaches(&fixture.connections, 2));
    }
    /* Those had no need of a place. This one does, and gets the oldest's. */
    check(tcp_is_quiet(&slow[0], 1));
    slow[2] = tcp_open(fixture.port);
    check(tcp_say(&slow[2], "GET /echo HT"));
    check(tcp_status(&slow[0]) == 408);
    check(tcp_wait_closed(&slow[0]));
    check(tcp_say(&slow[1], "dy"));
    check(tcp_status(&slow[1]) == 200);
    check(tcp_say(&slow[2], "TP/1.1\r\nHost: x\r\n\r\n"));
    check(tcp_status(&slow[2]) == 200);
    for (int i = 0; i < 3; i++) {
        tcp_close(&slow[i]);
    }
    end();
    check(fixture_stat(&fixture, STAT_REQUESTS_CROWDED_OUT) == 1);
}

static void one_that_has_said_nothing_makes_room_without_a_word(void)
{
    struct tcp_client c[2];

    fixture_prepare(&fixture);
    fixture.limits.handshakes_max = 1;
    fixture_start(&fixture);
    c[0] = half_spoken("", 1); /* the kernel shows it after a while */
    c[1] = tcp_open(fixture.port);
    check(tcp_say(&c[1], "GET /echo HT"));
    check(tcp_wait_closed(&c[0]));
    check(c[0].len == 0);
    check(tcp_say(&c[1], "TP/1.1\r\nHost: x\r\n\r\n"));
    check(tcp_status(&c[1]) == 200);
    tcp_close(&c[0]);
    tcp_close(&c[1]);
    end();
}

static void nobody_has_to_go_while_there_is_room(void)
{
    struct tcp_client slow[2], c;

    fixture_prepare(&fixture);
    fixture.limits.handshakes_max = 3;
    fixture_start(&fixture);
    slow[0] = half_spoken("GET /echo HT", 1);
    slow[1] = half_spoken("GET /echo HT", 2);
    check(tcp_is_quiet(&slow[0], 2 * HANDSHAKE_GRACE_MS));
    c = half_spoken("GET /echo HT", 3);
    check(tcp_is_quiet(&slow[0], 2 * HANDSHAKE_GRACE_MS)); /* nor while nobody else comes */
    check(tcp_say(&slow[0], "TP/1.1\r\nHost: x\r\n\r\n"));
    check(tcp_status(&slow[0]) == 200);
    tcp_close(&slow[0]);
    tcp_close(&slow[1]);
    tcp_close(&c);
    end();
    check(fixture_stat(&fixture, STAT_REQUESTS_CROWDED_OUT) == 0);
}

static void upgrades_and_kept_connections_are_no_handshakes(void)
{
    enum { EACH = 10 };
    struct tcp_client c[2 * EACH];

    fixture_prepare(&fixture);
    fixture.limits.handshakes_max = 1;
    fixture_start(&fixture);
    for (int i = 0; i < 2 * EACH; i++) {
        c[i] = tcp_open(fixture.port);
        check(tcp_say(&c[i], i % 2 == 0 ? request : upgrade));
        check(i % 2 != 0 || tcp_status(&c[i]) == 200);
    }
    check(fixture_reaches(&fixture.connections, 2 * EACH));
    for (int i = 0; i < 2 * EACH; i++) {
        check(tcp_is_quiet(&c[i], 1));
        tcp_close(&c[i]);
    }
    check(fixture_reaches(&fixture.connections, EACH)); /* nobody says that the others are closed */
    atomic_store(&fixture.connections, 0);
    end();
}

static void a_connection_too_many_is_told_so_and_closed(void)
{
    struct tcp_client c[3];

    fixture_prepare(&fixture);
    fixture.limits.connections_max = 2;
    fixture_start(&fixture);
    for (int i = 0; i < 3; i++) {
        c[i] = tcp_open(fixture.port);
        check(tcp_say(&c[i], request));
        check(tcp_status(&c[i]) == (i < 2 ? 200 : 503));
    }
    check(tcp_wait_closed(&c[2]));
    check(atomic_load(&fixture.connections) == 2);
    tcp_close(&c[0]);
    check(fixture_reaches(&fixture.connections, 1));
    struct tcp_client next = tcp_open(fixture.port);
    check(tcp_say(&next, request));
    check(tcp_status(&next) == 200);
    tcp_close(&next);
    tcp_close(&c[1]);
    tcp_close(&c[2]);
    end();
    check(fixture_stat(&fixture, STAT_CONNECTIONS_REFUSED) == 1);
}

static unsigned most_accepted; /* in one turn */

static void note_accepted(struct http_exchange *x, void *arg)
{
    unsigned accepted = fixture.server->acceptor.accepted;

    most_accepted = accepted > most_accepted ? accepted : most_accepted;
    fixture_echo(x, NULL);
}

static void wait_for(struct task *task)
{
    (void)sem_wait(&container_of(task, struct fixture_call, task)->done);
}

static void a_storm_is_served_whole_but_not_in_one_turn(void)
{
    enum { STORM = 5 * ACCEPTS_PER_TURN_MAX };
    static struct tcp_client c[STORM];
    struct fixture_call busy = {.task.run = wait_for};

    fixture_prepare(&fixture);
    fixture.routes[0].handler = note_accepted;
    fixture_start(&fixture);
    (void)sem_init(&busy.done, 0, 0);
    executor_post(&fixture.loop.executor, &busy.task);
    for (int i = 0; i < STORM; i++) {
        c[i] = (struct tcp_client){.fd = tcp_connect(fixture.port)};
        check(tcp_say(&c[i], request));
    }
    (void)sem_post(&busy.done);
    for (int i = 0; i < STORM; i++) {
        c[i].in = calloc(1, TCP_INPUT_BYTES + 1);
        check(tcp_status(&c[i]) == 200);
        tcp_close(&c[i]);
    }
    end();
    (void)sem_destroy(&busy.done);
    check(fixture_stat(&fixture, STAT_CONNECTIONS_ACCEPTED) == STORM);
    check(most_accepted > 1 && most_accepted <= ACCEPTS_PER_TURN_MAX);
}

/* The descriptor that would be opened next: all below are in use. */
static unsigned next_descriptor(void)
{
    int fd = dup(0);
    (void)close(fd);
    return (unsigned)fd;
}

static void without_descriptors_it_says_so_and_serves_on(void)
{
    enum { CLIENTS = 30, SPARE = 5 };
    struct tcp_client c[CLIENTS];
    struct rlimit before, little;
    unsigned served = 0, refused = 0;

    fixture_prepare(&fixture);
    fixture_start(&fixture);
    for (int i = 0; i < CLIENTS; i++) {
        c[i] = tcp_open(fixture.port); /* not accepted before it sends something */
    }
    (void)getrlimit(RLIMIT_NOFILE, &before);
    little = before;
    little.rlim_cur = next_descriptor() + SPARE;
    check(setrlimit(RLIMIT_NOFILE, &little) == 0);
    for (int i = 0; i < CLIENTS; i++) {
        check(tcp_say(&c[i], request));
    }
    for (int i = 0; i < CLIENTS; i++) {
        int status = tcp_status(&c[i]);
        served += status == 200;
        refused += status == 503;
    }
    check(served == SPARE);
    check(refused == CLIENTS - SPARE);
    uint64_t failures = fixture_stat(&fixture, STAT_DESCRIPTORS_EXHAUSTED);
    check(failures >= 1 && failures < CLIENTS);

    for (int i = 0; i < CLIENTS; i++) {
        tcp_close(&c[i]);
    }
    check(fixture_reaches(&fixture.connections, 0));
    struct tcp_client next = tcp_open(fixture.port);
    check(tcp_say(&next, request));
    check(tcp_status(&next) == 200);
    tcp_close(&next);
    (void)setrlimit(RLIMIT_NOFILE, &before);
    end();
    check(fixture_stat(&fixture, STAT_CONNECTIONS_REFUSED) == CLIENTS - SPARE);
}

/* While there is none to be had, not even the spare one, it tries ten times a second and no more.
 */
static void without_descriptors_it_does_not_spin(void)
{
    struct tcp_client c;
    struct rlimit before, none;

    fixture_prepare(&fixture);
    fixture_start(&fixture);
    c = tcp_open(fixture.port);
    (void)getrlimit(RLIMIT_NOFILE, &before);
    none = before;
    none.rlim_cur = 3;
    check(setrlimit(RLIMIT_NOFILE, &none) == 0);
    check(tcp_say(&c, request));
    check(tcp_is_quiet(&c, 10 * ACCEPT_PAUSE_MS));
    uint64_t failures = fixture_stat(&fixture, STAT_DESCRIPTORS_EXHAUSTED);
    check(failures >= 1 && failures <= 11);
    (void)setrlimit(RLIMIT_NOFILE, &before);
    check(tcp_status(&c) == 200);
    tcp_close(&c);
    end();
}

static void listen_again(struct fixture *f, void *arg)
{
    int fd = http_listen_socket("127.0.0.1", arg);
    check(fd >= 0);
    check(http_server_accept(f->server, fd) == 0);
}

static void a_server_listens_on_as_many_ports_as_it_is_given(void)
{
    unsigned second = 0;

    fixture_prepare(&fixture);
    fixture_start(&fixture);
    fixture_call(&fixture, listen_again, &second);
    check(second != 0 && second != fixture.port);
    struct tcp_client a = tcp_open(fixture.port), b = tcp_open(second);
    check(tcp_say(&a, request) && tcp_say(&b, request));
    check(tcp_status(&a) == 200);
    check(tcp_status(&b) == 200);
    tcp_close(&a);
    tcp_close(&b);
    end();
}

int main(void)
{
    RUN(accepting_pauses_while_too_many_have_not_asked_for_anything);
    RUN(those_that_dawdle_keep_nobody_out);
    RUN(one_that_has_said_nothing_makes_room_without_a_word);
    RUN(nobody_has_to_go_while_there_is_room);
    RUN(upgrades_and_kept_connections_are_no_handshakes);
    RUN(a_connection_too_many_is_told_so_and_closed);
    RUN(a_storm_is_served_whole_but_not_in_one_turn);
    RUN(without_descriptors_it_says_so_and_serves_on);
    RUN(without_descriptors_it_does_not_spin);
    RUN(a_server_listens_on_as_many_ports_as_it_is_given);
    return tap_done();
}
