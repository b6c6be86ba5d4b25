// SPDX-License-Identifier: MIT
/* The client against the real server: alone, with TLS, behind a Sentinel, and three as a cluster.
 */
#include <stdarg.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/net/dialer.h"
#include "src/redis/redis_sub.h"
#include "tests/support/redis_server.h"
#include "tests/support/tap.h"

enum { PATIENCE_MS = 20000 };

static struct loop loop;
static struct dialer *dialer;
static struct redis *redis;
static struct redis_sub *sub;
static bool redis_is_up, sub_is_up;
static unsigned messages, replies;
static char last[256];
static int64_t number;
static unsigned errors;

/* --- waiting on the loop's own thread --- */

struct wait {
    struct timer timer;
    uint64_t until_ms;
    bool (*done)(void);
    bool reached;
};

static void look(struct timer *timer)
{
    struct wait *w = container_of(timer, struct wait, timer);

    w->reached = w->done();
    if (w->reached || loop.executor.now_ms >= w->until_ms) {
        loop_stop(&loop);
    } else {
        executor_timer_start(&loop.executor, timer, 1);
    }
}

static bool reaches(bool (*done)(void))
{
    struct wait w = {.timer = {.fire = look}, .done = done};

    w.until_ms = loop.executor.now_ms + PATIENCE_MS;
    executor_timer_start(&loop.executor, &w.timer, 0);
    atomic_store(&loop.stopping, false);
    loop_run(&loop);
    return w.reached;
}

static bool all_up(void)
{
    return redis_is_up && sub_is_up;
}

static bool all_down(void)
{
    return !redis_is_up && !sub_is_up;
}

static unsigned wanted;

static bool enough_messages(void)
{
    return messages >= wanted;
}

static bool enough_replies(void)
{
    return replies >= wanted;
}

/* --- what the client tells --- */

static void on_state(void *arg, bool up, const char *why)
{
    *(bool *)arg = up;
}

static void on_message(void *arg, const struct redis_sub_message *m)
{
    messages++;
    (void)snprintf(last, sizeof last, "%d %.*s %.*s", (int)m->kind, (int)m->channel.len,
                   (const char *)m->channel.data, (int)m->payload.len,
                   m->payload.len == 0 ? "" : (const char *)m->payload.data);
}

static void on_reply(struct redis_call *call, int error, const struct redis_reply *reply)
{
    replies++;
    errors += error != 0;
    number = reply == NULL                  ? 0
             : reply->type == REDIS_INTEGER ? reply->integer
                                            : (int64_t)reply->text.len;
}

static void command(const char *key, const char *const *words)
{
    static struct redis_call calls[16];
    static unsigned next;
    struct span args[8];
    size_t count = 0;

    for (; words[count] != NULL; count++) {
        args[count] = span_cstr(words[count]);
    }
    struct redis_call *call = &calls[next++ % 16];
    *call = (struct redis_call){.on_reply = on_reply};
    redis_command(redis, span_cstr(key), args, count, call);
}

#define COMMAND(key, ...) command(key, (const char *const[]){__VA_ARGS__, NULL})

static unsigned granted;
static int grant_error;

static void on_grant(struct redis_grant *grant, int error)
{
    granted++;
    grant_error = error;
}

static bool enough_grants(void)
{
    return granted >= wanted;
}

static bool subscribe(enum redis_sub_kind kind, const char *name)
{
    static struct redis_grant grant;

    grant = (struct redis_grant){.on_done = on_grant};
    granted = 0;
    wanted = 1;
    redis_sub_add(sub, kind, span_cstr(name), &grant);
    return reaches(enough_grants) && grant_error == 0;
}

static void begin_with(const char *url, const char *ca_file)
{
    static const struct redis_sub_handlers handlers = {on_message, on_state, &sub_is_up};
    struct bytes why = {0};

    check(loop_init(&loop, 0) == 0);
    dialer = net_dialer_create(&loop);
    redis_is_up = sub_is_up = false;
    messages = replies = errors = 0;
    redis = redis_create(dialer,
                         &(struct redis_options){.url = url,
                                                 .client_name = "test",
                                                 .ca_file = ca_file,
                                                 .on_state = on_state,
                                                 .arg = &redis_is_up},
                         &why);
    sub = redis_sub_create(redis, &handlers);
    bytes_finish(&why);
    check(reaches(all_up));
}

static void begin(const char *url)
{
    begin_with(url, NULL);
}

static void end(void)
{
    redis_sub_destroy(sub);
    redis_destroy(redis);
    net_dialer_destroy(dialer);
    loop_finish(&loop);
}

/* --- one server --- */

static void everything_is_in_force_again_after_a_crash(void)
{
    static const char *const rights[] = {"--requirepass", "p@ss", NULL};
    struct redis_server server = {0};
    char url[64];

    redis_server_start(&server, rights);
    (void)snprintf(url, sizeof url, "redis://:p%%40ss@127.0.0.1:%u/2", server.port);
    begin(url);
    check(subscribe(REDIS_SUB_CHANNEL, "news") && subscribe(REDIS_SUB_PATTERN, "n?ws*"));
    check(subscribe(REDIS_SUB_SHARD, "shard"));
    for (int round = 0; round < 2; round++) {
        messages = replies = 0;
        COMMAND("", "PUBLISH", "news", "a");
        COMMAND("", "SPUBLISH", "shard", "b");
        wanted = 3;
        check(reaches(enough_messages));
        wanted = 2;
        check(reaches(enough_replies) && errors == 0 && number == 1);
        if (round == 0) {
            redis_server_kill(&server);
            check(reaches(all_down));
            redis_server_start(&server, rights);
            check(reaches(all_up));
        }
    }
    check(strcmp(last, "2 shard b") == 0);
    end();
    redis_server_finish(&server);
}

static void big_values_go_both_ways(void)
{
    enum { BIG = 8 << 20 };
    struct redis_server server = {0};
    char url[64], *big = xmalloc(BIG + 1);

    memset(big, 'x', BIG);
    big[BIG] = '\0';
    redis_server_start(&server, NULL);
    (void)snprintf(url, sizeof url, "redis://127.0.0.1:%u", server.port);
    begin(url);
    COMMAND("k", "SET", "k", big);
    COMMAND("k", "GET", "k");
    wanted = 2;
    check(reaches(enough_replies) && errors == 0 && number == BIG);
    end();
    free(big);
    redis_server_finish(&server);
}

static void a_command_that_blocks_is_no_silence(void)
{
    struct redis_server server = {0};
    char url[64];

    redis_server_start(&server, NULL);
    (void)snprintf(url, sizeof url, "redis://127.0.0.1:%u", server.port);
    begin(url);
    COMMAND("", "XREAD", "BLOCK", "50", "STREAMS", "s", "$");
    wanted = 1;
    check(reaches(enough_replies) && errors == 0);
    end();
    redis_server_finish(&server);
}

/* --- a cluster --- */

static struct redis_server nodes[3];

static bool run(const char *format, ...) __attribute__((format(printf, 1, 2)));

static bool run(const char *format, ...)
{
    char line[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    return system(line) == 0; // NOLINT(cert-env33-c): words of ours
}

static void begin_cluster(void)
{
    static const char *const options[] = {"--cluster-enabled", "yes", "--cluster-node-timeout",
                                          "2000", NULL};

    for (int i = 0; i < 3; i++) {
        redis_server_start(&nodes[i], options);
        check(run("for i in $(seq 200); do redis-cli -p %u ping >/dev/null 2>&1 && exit 0; "
                  "sleep 0.02; done; exit 1",
                  nodes[i].port));
    }
    check(run("redis-cli --cluster create 127.0.0.1:%u 127.0.0.1:%u 127.0.0.1:%u --cluster-yes "
              ">/dev/null",
              nodes[0].port, nodes[1].port, nodes[2].port));
    for (int i = 0; i < 3; i++) {
        check(run("for i in $(seq 200); do redis-cli -p %u cluster info | "
                  "grep -q cluster_state:ok && exit 0; sleep 0.02; done; exit 1",
                  nodes[i].port));
    }
}

static void a_cluster_is_known_from_one_of_its_nodes(void)
{
    char url[64];

    (void)snprintf(url, sizeof url, "redis-cluster://127.0.0.1:%u", nodes[1].port);
    begin(url);
    COMMAND("foo", "SET", "foo", "1"); /* slots 12182, 5061, 0.. */
    COMMAND("bar", "SET", "bar", "1");
    COMMAND("hello", "INCR", "hello");
    wanted = 3;
    check(reaches(enough_replies) && errors == 0);
    check(subscribe(REDIS_SUB_CHANNEL, "c") && subscribe(REDIS_SUB_SHARD, "foo"));
    check(subscribe(REDIS_SUB_SHARD, "bar") && subscribe(REDIS_SUB_SHARD, "hello"));
    COMMAND("", "PUBLISH", "c", "x");
    COMMAND("foo", "SPUBLISH", "foo", "x");
    COMMAND("bar", "SPUBLISH", "bar", "x");
    COMMAND("hello", "SPUBLISH", "hello", "x");
    wanted = 4;
    check(reaches(enough_messages));
    end();
}

static bool lost_and_back(void)
{
    static bool lost;

    lost |= !sub_is_up;
    return lost && sub_is_up;
}

/* As redis-cli --cluster reshard does, with the keys thrown away. */
static bool move_slot(const struct redis_server *from, const struct redis_server *to, int slot)
{
    return run("from=%u to=%u slot=%d; cli() { redis-cli -p \"$@\" >/dev/null; }; "
               "source=$(redis-cli -p $from cluster myid) target=$(redis-cli -p $to cluster myid); "
               "cli $to cluster setslot $slot importing $source && "
               "cli $from cluster setslot $slot migrating $target && cli $from flushall && "
               "cli $to cluster setslot $slot node $target && "
               "cli $from cluster setslot $slot node $target",
               from->port, to->port, slot);
}

static void a_slot_that_moves_takes_its_channel_with_it(void)
{
    char url[64];

    (void)snprintf(url, sizeof url, "redis-cluster://127.0.0.1:%u", nodes[0].port);
    begin(url);
    check(subscribe(REDIS_SUB_SHARD, "abc{foo}"));
    check(move_slot(&nodes[2], &nodes[0], 12182));
    check(reaches(lost_and_back));
    COMMAND("abc{foo}", "SPUBLISH", "abc{foo}", "moved");
    wanted = 1;
    check(reaches(enough_messages) && strcmp(last, "2 abc{foo} moved") == 0);
    check(reaches(enough_replies) && errors == 0);
    end();
    for (int i = 0; i < 3; i++) {
        redis_server_finish(&nodes[i]);
    }
}

/* --- TLS --- */

static void speaks_tls_to_a_server_that_it_can_verify(void)
{
    struct redis_server server = {0};
    char url[64], port[16], cert[96], key[96];

    redis_server_configure(&server, "");
    (void)snprintf(cert, sizeof cert, "%s/cert.pem", server.folder);
    (void)snprintf(key, sizeof key, "%s/key.pem", server.folder);
    (void)snprintf(port, sizeof port, "%u", server.port);
    check(run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
              "-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout %s -out %s "
              "2>/dev/null",
              key, cert));
    const char *const options[] = {"--port",
                                   "0",
                                   "--tls-port",
                                   port,
                                   "--tls-cert-file",
                                   cert,
                                   "--tls-key-file",
                                   key,
                                   "--tls-ca-cert-file",
                                   cert,
                                   "--tls-auth-clients",
                                   "no",
                                   NULL};
    redis_server_start(&server, options);
    (void)snprintf(url, sizeof url, "rediss://127.0.0.1:%u", server.port);
    begin_with(url, cert);
    check(subscribe(REDIS_SUB_CHANNEL, "news"));
    COMMAND("", "PUBLISH", "news", "a");
    wanted = 1;
    check(reaches(enough_messages) && errors == 0);
    end();
    (void)remove(cert);
    (void)remove(key);
    redis_server_finish(&server);
}

/* --- Sentinel --- */

static void goes_to_the_new_master_after_a_failover(void)
{
    static const char *const as_sentinel[] = {"--sentinel", NULL};
    struct redis_server master = {0}, replica = {0}, sentinel = {0};
    char url[80], text[256], port[16];

    redis_server_start(&master, NULL);
    (void)snprintf(port, sizeof port, "%u", master.port);
    redis_server_start(&replica, (const char *const[]){"--replicaof", "127.0.0.1", port,
                                                       "--repl-diskless-sync-delay", "0", NULL});
    check(run("for i in $(seq 400); do redis-cli -p %u info replication | "
              "grep -q master_link_status:up && exit 0; sleep 0.05; done; exit 1",
              replica.port));
    /* A failover that finds no replica fit is tried again after twice the time that it may take:
     * six minutes, if nobody says otherwise. */
    (void)snprintf(text, sizeof text,
                   "sentinel monitor main 127.0.0.1 %s 1\n"
                   "sentinel down-after-milliseconds main 500\n"
                   "sentinel failover-timeout main 1000\n",
                   port);
    redis_server_configure(&sentinel, text);
    redis_server_start(&sentinel, as_sentinel);
    (void)snprintf(url, sizeof url, "redis-sentinel://127.0.0.1:%u/main", sentinel.port);
    begin(url);
    check(subscribe(REDIS_SUB_CHANNEL, "news"));
    check(run("for i in $(seq 400); do redis-cli -p %u sentinel replicas main | "
              "grep -A1 master-link-status | grep -q ok && exit 0; sleep 0.05; done; exit 1",
              sentinel.port));
    redis_server_kill(&master);
    check(reaches(all_down));
    check(reaches(all_up));
    COMMAND("", "PUBLISH", "news", "from the new master");
    wanted = 1;
    check(reaches(enough_messages) && reaches(enough_replies) && errors == 0);
    end();
    redis_server_finish(&sentinel);
    redis_server_finish(&replica);
    redis_server_finish(&master);
}

int main(void)
{
    if (!redis_server_installed()) {
        return tap_skip("redis-server is not installed (tools/setup test)");
    }
    RUN(everything_is_in_force_again_after_a_crash);
    RUN(big_values_go_both_ways);
    RUN(a_command_that_blocks_is_no_silence);
    RUN(speaks_tls_to_a_server_that_it_can_verify);
    RUN(goes_to_the_new_master_after_a_failover);
    begin_cluster();
    RUN(a_cluster_is_known_from_one_of_its_nodes);
    RUN(a_slot_that_moves_takes_its_channel_with_it);
    return tap_done();
}
