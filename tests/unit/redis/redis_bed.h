/* What the tests of src/redis have in common: a fake network under a virtual clock, and an owner
 * that remembers what he was told. */
#ifndef TESTS_UNIT_REDIS_REDIS_BED_H
#define TESTS_UNIT_REDIS_REDIS_BED_H

#include "src/base/memory.h"
#include "src/redis/redis.h"
#include "tests/support/fake_dialer.h"
#include "tests/support/fake_executor.h"
#include "tests/support/tap.h"

static struct fake_executor bed_loop;
static struct fake_dialer bed_net;
static struct redis *bed_redis;
static unsigned bed_ups, bed_downs;
static char bed_why[256];

static inline void bed_on_state(void *arg, bool up, const char *why)
{
    bed_ups += up;
    bed_downs += !up;
    (void)snprintf(bed_why, sizeof bed_why, "%s", why);
}

/* Turns of the loop over that time, in steps of the clock. */
static inline void bed_pass(uint64_t ms)
{
    uint64_t until = bed_loop.executor.now_ms + ms;

    do {
        uint64_t now = bed_loop.executor.now_ms + TIMER_TICK_MS;
        fake_executor_turn(&bed_loop, now < until ? now : until);
    } while (bed_loop.executor.now_ms < until);
}

static inline void bed_turn(void)
{
    fake_executor_turn(&bed_loop, bed_loop.executor.now_ms);
}

static inline void bed_begin(const struct redis_options *options)
{
    struct bytes why = {0};

    fake_executor_init(&bed_loop, 0);
    (void)fake_executor_enter(&bed_loop);
    fake_dialer_init(&bed_net, &bed_loop.executor);
    bed_ups = bed_downs = 0;
    bed_why[0] = '\0';
    struct redis_options own = *options;
    own.on_state = bed_on_state;
    bed_redis = redis_create(&bed_net.dialer, &own, &why);
    check(bed_redis != NULL);
    bytes_finish(&why);
}

static inline void bed_end(void)
{
    redis_destroy(bed_redis);
    fake_dialer_finish(&bed_net);
    fake_executor_finish(&bed_loop);
}

/* Accepts, and answers the greeting PING. */
static inline struct fake_peer *bed_welcome(struct fake_peer *p)
{
    fake_accept(p);
    check(fake_heard(p, "PING"));
    fake_say(p, SPAN("+PONG\r\n"));
    return p;
}

struct bed_call {
    struct redis_call call;
    unsigned done;
    int error;
    char text[128];
    int64_t integer;
};

static inline void bed_on_reply(struct redis_call *call, int error, const struct redis_reply *reply)
{
    struct bed_call *c = container_of(call, struct bed_call, call);

    c->done++;
    c->error = error;
    if (reply != NULL) {
        c->integer = reply->integer;
        (void)snprintf(c->text, sizeof c->text, "%.*s", (int)reply->text.len,
                       reply->text.len == 0 ? "" : (const char *)reply->text.data);
    }
}

/* A command of words; the second one is the key. */
static inline void bed_command(struct bed_call *c, const char *first, const char *key)
{
    const struct span args[] = {span_cstr(first), span_cstr(key)};

    *c = (struct bed_call){.call = {.on_reply = bed_on_reply}};
    redis_command(bed_redis, span_cstr(key), args, 2, &c->call);
}

#endif
