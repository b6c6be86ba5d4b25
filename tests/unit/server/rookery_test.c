// SPDX-License-Identifier: MIT
#include "src/api/rookery.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "src/base/log.h"
#include "src/server/server.h"
#include "tests/support/tap.h"
#include "tests/support/tcp_client.h"

enum { DRAIN_TIMEOUT_MS = 8000, PROMPT_MS = 4000 };

static struct rookery *io;
static unsigned port;
static pthread_t thread;

static struct rookery *create(void)
{
    struct rookery_options options;

    rookery_options_init(&options);
    options.loops = 2;
    options.drain_timeout_ms = DRAIN_TIMEOUT_MS;
    return rookery_create(&options);
}

static void *run(void *arg)
{
    (void)rookery_run(io);
    return NULL;
}

static void start(void)
{
    io = create();
    int bound = rookery_listen(io, "127.0.0.1", 0);
    check(bound > 0);
    port = (unsigned)bound;
    check(pthread_create(&thread, NULL, run, NULL) == 0);
}

/* Returns how long rookery_run took to end. */
static uint64_t finish(void)
{
    uint64_t began_ms = tcp_clock_ms();

    rookery_stop(io);
    (void)pthread_join(thread, NULL);
    rookery_destroy(io);
    return tcp_clock_ms() - began_ms;
}

/* Opens a polling session; its poll is "GET ...&sid=<sid>". */
static void handshake(struct tcp_client *c, char poll[256])
{
    check(tcp_say(c, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n"));
    char *answer = tcp_answer(c, false);
    const char *sid = strstr(answer, "\"sid\":\"");
    check(sid != NULL);
    (void)snprintf(poll, 256,
                   "GET /socket.io/?EIO=4&transport=polling&sid=%.20s HTTP/1.1\r\nHost: x\r\n\r\n",
                   sid == NULL ? "" : sid + 7);
    free(answer);
}

/* Is the next answer a payload that ends with a close packet? */
static bool is_told(struct tcp_client *c)
{
    char *answer = tcp_answer(c, false);
    bool told = strstr(answer, " 200 ") != NULL && answer[strlen(answer) - 1] == '1';

    free(answer);
    return told;
}

static void a_stop_before_it_has_run_is_taken(void)
{
    struct rookery *idle = create();

    rookery_stop(idle);
    rookery_destroy(idle);
}

static void refuses_options_that_its_frames_cannot_hold(void)
{
    struct rookery_options options;

    rookery_options_init(&options);
    options.payload_bytes_max = (size_t)1 << 30;
    check(rookery_create(&options) == NULL && errno == EINVAL);
}

static void refuses_a_parser_that_there_is_not(void)
{
    struct rookery_options options;

    rookery_options_init(&options);
    options.loops = 1;
    options.parser = "xml";
    check(rookery_create(&options) == NULL && errno == EINVAL);
    options.parser = "msgpack";
    struct rookery *idle = rookery_create(&options);
    check(idle != NULL);
    rookery_destroy(idle);
}

/* ---- one of a cluster, whose Redis is away ---- */

static struct rookery *create_node(const char *redis_url, const char *adapter, const char *mode)
{
    struct rookery_options options;

    rookery_options_init(&options);
    options.loops = 2;
    options.cluster.redis_url = redis_url;
    options.cluster.adapter = adapter;
    options.cluster.mode = mode;
    options.cluster.name = "here";
    options.cluster.secret = "secret";
    return rookery_create(&options);
}

static void refuses_a_cluster_that_there_cannot_be(void)
{
    log_start(STDERR_FILENO, LOG_AS_TEXT, LOG_ERROR);
    check(create_node("redis://127.0.0.1:1", "classical", NULL) == NULL && errno == EINVAL);
    check(create_node("redis://127.0.0.1:1", "sharded", "dyn") == NULL && errno == EINVAL);
    errno = 0;
    check(create_node("http://127.0.0.1:1", NULL, NULL) == NULL && errno == EINVAL);
    errno = 0;
    check(create_node("redis://127.0.0.1:x", NULL, NULL) == NULL && errno == EINVAL);
}

static void see_node(const struct rookery_node *node, void *arg)
{
    unsigned *seen = arg;

    check(node->self && node->name.len == 4 && memcmp(node->name.data, "here", 4) == 0);
    check(node->address.len > 10 && memcmp(node->address.data, "127.0.0.1:", 10) == 0);
    *seen += 1;
}

static void serves_without_its_redis_and_ends_in_good_order(void)
{
    static const char *const adapters[] = {"classic", "sharded", "streams"};
    struct server_cluster cluster;
    unsigned seen = 0;

    for (size_t i = 0; i < sizeof adapters / sizeof *adapters; i++) {
        io = create_node("redis://127.0.0.1:1", adapters[i], NULL);
        int bound = rookery_listen(io, "127.0.0.1", 0);
        check(bound > 0);
        check(pthread_create(&thread, NULL, run, NULL) == 0);
        struct tcp_client c = tcp_open((unsigned)bound);
        char poll[256];
        handshake(&c, poll);
        check(server_look_at_cluster(io, &cluster) && !cluster.up && cluster.nodes == 1);
        rookery_nodes(io, see_node, &seen);
        check(rookery_node_id(io).len == 36);
        tcp_close(&c);
        (void)finish();
    }
    check(seen == 3);
}

static void alone_there_are_no_nodes(void)
{
    struct server_cluster cluster;
    struct rookery *alone = create();
    unsigned seen = 0;

    rookery_nodes(alone, see_node, &seen);
    check(seen == 0 && rookery_node_id(alone).len == 0);
    check(!server_look_at_cluster(alone, &cluster) && server_keyspace(alone) == NULL);
    rookery_destroy(alone);
}

/* Puts something that cannot listen in the place of the last socket that is bound to that port. */
static void break_last_listener(unsigned of_port)
{
    struct sockaddr_in at = {0};
    int last = -1;

    for (int fd = 0; fd < 1024; fd++) {
        socklen_t len = sizeof at;
        if (getsockname(fd, (struct sockaddr *)&at, &len) == 0 && at.sin_family == AF_INET &&
            ntohs(at.sin_port) == of_port) {
            last = fd;
        }
    }
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    check(last >= 0 && dup2(null, last) == last);
    (void)close(null);
}

static void says_so_when_it_cannot_accept(void)
{
    struct rookery *deaf = create();
    int bound = rookery_listen(deaf, "127.0.0.1", 0);
    check(bound > 0);
    break_last_listener((unsigned)bound);
    check(rookery_run(deaf) == ROOKERY_ESYSTEM && errno == ENOTSOCK);
    rookery_destroy(deaf);
    check(tcp_connect((unsigned)bound) < 0);
}

static void tells_a_poll_that_waits_and_goes(void)
{
    char poll[256];

    start();
    struct tcp_client c = tcp_open(port);
    handshake(&c, poll);
    check(tcp_say(&c, poll));
    while (server_stat(io, STAT_REQUESTS) < 2) {
        (void)usleep(1000);
    }
    check(finish() < PROMPT_MS);
    check(is_told(&c));
    tcp_close(&c);
}

static void a_client_between_polls_does_not_hold_up_the_end(void)
{
    char poll[256];

    start();
    struct tcp_client c = tcp_open(port);
    handshake(&c, poll);
    check(finish() < PROMPT_MS);
    check(tcp_wait_closed(&c));
    tcp_close(&c);
}

static void a_client_that_comes_back_at_once_is_told(void)
{
    char poll[256];

    start();
    struct tcp_client c = tcp_open(port);
    handshake(&c, poll);
    rookery_stop(io);
    check(tcp_say(&c, poll));
    check(is_told(&c));
    (void)finish();
    tcp_close(&c);
}

int main(void)
{
    RUN(refuses_a_cluster_that_there_cannot_be);
    RUN(serves_without_its_redis_and_ends_in_good_order);
    RUN(alone_there_are_no_nodes);
    RUN(a_stop_before_it_has_run_is_taken);
    RUN(refuses_options_that_its_frames_cannot_hold);
    RUN(refuses_a_parser_that_there_is_not);
    RUN(says_so_when_it_cannot_accept);
    RUN(tells_a_poll_that_waits_and_goes);
    RUN(a_client_between_polls_does_not_hold_up_the_end);
    RUN(a_client_that_comes_back_at_once_is_told);
    return tap_done();
}
