// SPDX-License-Identifier: MIT
#include <assert.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/keyspace/keyspace.h"
#include "tests/contract/redis_loop.h"
#include "tests/support/fake_executor.h"
#include "tests/support/tap.h"

enum { TRIES = 6000, SHORT_MS = 200, LONG_MS = 100000 };

struct back_end {
    const char *label;
    void (*start)(void);
    void (*stop)(void);
    struct keyspace *(*open)(void);
    void (*step)(void);
    bool shared; /* several see the same */
};

static const struct back_end *back_end;
static struct keyspace *k;

/* local: a virtual clock. */

static struct fake_executor fake;
static uint64_t now_ms;

static void start_local(void)
{
    now_ms = 1000;
    fake_executor_init(&fake, 0);
}

static void step_local(void)
{
    fake_executor_turn(&fake, now_ms += 5);
}

static void stop_local(void)
{
    step_local();
    fake_executor_finish(&fake);
}

static struct keyspace *open_local(void)
{
    return keyspace_local_open(&fake.executor);
}

static void start_redis(void)
{
    redis_loop_start();
    for (int i = 0; i < TRIES && !redis_up(redis_loop.bystander); i++) {
        redis_loop_step();
    }
}

static struct keyspace *open_redis(void)
{
    return keyspace_redis_open(redis_loop.bystander, redis_loop.executor, SPAN("p:"));
}

static const struct back_end local_back_end = {"local",    start_local, stop_local,
                                               open_local, step_local,  false};
static const struct back_end redis_back_end = {"redis",    start_redis,     redis_loop_stop,
                                               open_redis, redis_loop_step, true};

/* Calls. */

struct probe {
    struct keyspace_call call;
    unsigned done, order;
    int error;
    bool found;
    char value[256]; /* of a list: "key=value " of each, sorted by nobody */
    size_t listed;
};

static unsigned calls_done;

static void on_done(struct keyspace_call *call)
{
    struct probe *p = container_of(call, struct probe, call);

    p->done++;
    p->order = calls_done++;
    p->error = call->error;
    p->found = call->found;
    p->listed = call->entry_count;
    int at = snprintf(p->value, sizeof p->value, "%.*s", (int)call->value.len,
                      (const char *)call->value.data);
    for (size_t i = 0; i < call->entry_count; i++) {
        const struct keyspace_entry *e = &call->entries[i];
        at += snprintf(p->value + at, sizeof p->value - (size_t)at, "%.*s=%.*s ", (int)e->key.len,
                       (const char *)e->key.data, (int)e->value.len, (const char *)e->value.data);
    }
}

static struct keyspace_call *probe(struct probe *p)
{
    *p = (struct probe){.call.on_done = on_done};
    return &p->call;
}

#define wait_until(condition)                                \
    do {                                                     \
        for (int i_ = 0; i_ < TRIES && !(condition); i_++) { \
            back_end->step();                                \
        }                                                    \
        check(condition);                                    \
    } while (0)

static struct probe *wait_for(struct probe *p)
{
    check(p->done == 0);
    wait_until(p->done == 1);
    check(p->error == 0);
    return p;
}

static void put(const char *key, const char *value, uint64_t ttl_ms)
{
    struct probe p;
    k->ops->put(k, span_cstr(key), span_cstr(value), ttl_ms, probe(&p));
    (void)wait_for(&p);
}

static bool put_new(const char *key, const char *value)
{
    struct probe p;
    k->ops->put_new(k, span_cstr(key), span_cstr(value), LONG_MS, probe(&p));
    return wait_for(&p)->found;
}

/* Its value, "-" if there is none. */
static const char *get(const char *key)
{
    static struct probe p;
    k->ops->get(k, span_cstr(key), probe(&p));
    return wait_for(&p)->found ? p.value : "-";
}

static const char *take(const char *key)
{
    static struct probe p;
    k->ops->take(k, span_cstr(key), probe(&p));
    return wait_for(&p)->found ? p.value : "-";
}

static void enrol(const char *group, const char *key, const char *value, uint64_t ttl_ms)
{
    struct probe p;
    k->ops->enrol(k, span_cstr(group), span_cstr(key), span_cstr(value), ttl_ms, probe(&p));
    (void)wait_for(&p);
}

static struct probe *list(const char *group)
{
    static struct probe p;
    k->ops->list(k, span_cstr(group), probe(&p));
    return wait_for(&p);
}

static void start(void)
{
    back_end->start();
    k = back_end->open();
}

static void stop(void)
{
    keyspace_close(k);
    back_end->stop();
}

static void what_is_put_is_got_until_it_is_removed(void)
{
    struct probe p;
    start();

    check_str(get("a"), "-");
    put("a", "1", LONG_MS);
    check_str(get("a"), "1");
    put("a", "", LONG_MS);
    check_str(get("a"), "");
    k->ops->remove(k, SPAN("a"), probe(&p));
    (void)wait_for(&p);
    check_str(get("a"), "-");
    k->ops->remove(k, SPAN("a"), probe(&p));
    (void)wait_for(&p);
    stop();
}

static void a_key_lives_as_long_as_was_said_last(void)
{
    start();

    put("short", "1", SHORT_MS);
    put("longer", "1", SHORT_MS);
    put("longer", "2", LONG_MS);
    check_str(get("short"), "1");
    wait_until(strcmp(get("short"), "-") == 0);
    check_str(get("longer"), "2");
    check(put_new("short", "again"));
    stop();
}

static void of_several_one_is_the_first(void)
{
    start();

    check(put_new("a", "1"));
    check(!put_new("a", "2"));
    check_str(get("a"), "1");
    check_str(take("a"), "1");
    check_str(take("a"), "-");
    check(put_new("a", "3"));
    check_str(get("a"), "3");
    stop();
}

static void calls_take_effect_in_their_order_and_are_done_later(void)
{
    struct probe p[6];
    start();

    calls_done = 0;
    k->ops->put(k, SPAN("a"), SPAN("1"), LONG_MS, probe(&p[0]));
    k->ops->get(k, SPAN("a"), probe(&p[1]));
    k->ops->put(k, SPAN("a"), SPAN("2"), LONG_MS, probe(&p[2]));
    k->ops->take(k, SPAN("a"), probe(&p[3]));
    k->ops->get(k, SPAN("a"), probe(&p[4]));
    k->ops->remove(k, SPAN("a"), probe(&p[5]));
    check(calls_done == 0);
    wait_until(calls_done == 6);
    for (unsigned i = 0; i < 6; i++) {
        check(p[i].done == 1 && p[i].order == i && p[i].error == 0);
    }
    check_str(p[1].value, "1");
    check_str(p[3].value, "2");
    check(!p[4].found);
    stop();
}

static void a_group_lists_whose_time_is_not_over(void)
{
    struct probe p;
    start();

    check(list("nodes")->listed == 0);
    enrol("nodes", "a", "at a", LONG_MS);
    enrol("nodes", "b", "at b", SHORT_MS);
    enrol("nodes2", "c", "at c", LONG_MS);
    check(list("nodes")->listed == 2);
    check(strstr(list("nodes")->value, "a=at a ") != NULL);
    check(strstr(list("nodes")->value, "b=at b ") != NULL);
    wait_until(list("nodes")->listed == 1);
    check_str(list("nodes")->value, "a=at a ");
    enrol("nodes", "a", "moved", LONG_MS);
    check_str(list("nodes")->value, "a=moved ");
    k->ops->withdraw(k, SPAN("nodes"), SPAN("a"), probe(&p));
    (void)wait_for(&p);
    check(list("nodes")->listed == 0 && list("nodes2")->listed == 1);
    check_str(get("nodes"), "-");
    stop();
}

static void closing_fails_what_is_under_way(void)
{
    struct probe got, listed;
    start();

    enrol("nodes", "a", "1", LONG_MS);
    k->ops->get(k, SPAN("a"), probe(&got));
    k->ops->list(k, SPAN("nodes"), probe(&listed));
    keyspace_close(k);
    check(got.done == 1 && got.error == KEYSPACE_EDOWN && !got.found);
    check(listed.done == 1 && listed.error == KEYSPACE_EDOWN);
    k = NULL;
    for (int i = 0; i < 20; i++) {
        back_end->step();
    }
    stop();
}

/* What is only so with Redis. */

static void two_see_the_same(void)
{
    start();
    struct keyspace *mine = k, *others = back_end->open();

    put("a", "1", LONG_MS);
    enrol("nodes", "a", "1", LONG_MS);
    k = others;
    check(!put_new("a", "2"));
    check_str(take("a"), "1");
    check(list("nodes")->listed == 1);
    k = mine;
    check_str(take("a"), "-");
    keyspace_close(others);
    stop();
}

struct count_probe {
    struct redis_call call;
    int64_t count;
};

static void on_count(struct redis_call *call, int error, const struct redis_reply *reply)
{
    container_of(call, struct count_probe, call)->count = error == 0 ? reply->integer : -2;
}

static void the_dead_are_cleared_from_a_group_when_it_is_listed(void)
{
    struct count_probe p = {.call.on_reply = on_count, .count = -1};
    const struct span ghost[] = {SPAN("ZADD"), SPAN("p:{nodes}"), SPAN("1"), SPAN("ghost")};
    const struct span count[] = {SPAN("ZCARD"), SPAN("p:{nodes}")};
    start();

    enrol("nodes", "a", "1", LONG_MS);
    redis_command(redis_loop.bystander, ghost[1], ghost, 4, NULL);
    check(list("nodes")->listed == 1);
    redis_command(redis_loop.bystander, count[1], count, 2, &p.call);
    wait_until(p.count != -1);
    check(p.count == 1);
    stop();
}

static void calls_fail_while_redis_is_away_and_work_again_after(void)
{
    struct probe sent, p;
    start();

    put("a", "1", LONG_MS);
    redis_loop_kill_server();
    k->ops->get(k, SPAN("a"), probe(&sent));
    wait_until(sent.done == 1 && !redis_up(redis_loop.bystander));
    check(sent.error == KEYSPACE_EDOWN);
    k->ops->list(k, SPAN("nodes"), probe(&p));
    check(p.done == 0);
    wait_until(p.done == 1);
    check(p.error == KEYSPACE_EDOWN && p.listed == 0);
    redis_loop_start_server(true);
    wait_until(redis_up(redis_loop.bystander));
    check_str(get("a"), "1");
    stop();
}

static void a_key_of_another_kind_is_a_refusal(void)
{
    const struct span args[] = {SPAN("RPUSH"), SPAN("p:a"), SPAN("1")};
    struct probe p;
    start();

    redis_command(redis_loop.bystander, args[1], args, 3, NULL);
    k->ops->get(k, SPAN("a"), probe(&p));
    wait_until(p.done == 1);
    check(p.error == KEYSPACE_EREPLY && !p.found);
    stop();
}

static void run_all(const struct back_end *tested)
{
    back_end = tested;
    printf("# %s\n", back_end->label);
    RUN(what_is_put_is_got_until_it_is_removed);
    RUN(a_key_lives_as_long_as_was_said_last);
    RUN(of_several_one_is_the_first);
    RUN(calls_take_effect_in_their_order_and_are_done_later);
    RUN(a_group_lists_whose_time_is_not_over);
    RUN(closing_fails_what_is_under_way);
    if (back_end->shared) {
        RUN(two_see_the_same);
        RUN(the_dead_are_cleared_from_a_group_when_it_is_listed);
        RUN(calls_fail_while_redis_is_away_and_work_again_after);
        RUN(a_key_of_another_kind_is_a_refusal);
    }
}

int main(void)
{
    run_all(&local_back_end);
    if (redis_server_installed()) {
        run_all(&redis_back_end);
    } else {
        printf("ok %d - redis # SKIP there is no redis-server\n", ++tap_cases);
    }
    return tap_done();
}
