// SPDX-License-Identifier: MIT
/* What all nodes know of a message that its client has named, on its way into a log; and the order
 * of what is sent behind it. send_test has the rest. */
#include "src/chat/sending.h"

#include "src/base/memory.h"
#include "src/chat/dedup.h"
#include "tests/support/tap.h"
#include "tests/unit/chat/chat_world.h"

#define MINUTE_2023 "1700000000000"
#define AS_TEXT     "2023-11-14T22:13:20.000Z"

enum { CALLS_MAX = 16 };

/* A keyspace that answers when the test says so. */
static struct {
    struct keyspace keyspace;
    struct keyspace_call *gets[CALLS_MAX];
    size_t count, answered, puts;
    char key[64], put[64]; /* the latest asked for, the latest value */
} slow;

static void get(struct keyspace *k, struct span key, struct keyspace_call *call)
{
    call->error = 0;
    call->found = false;
    (void)snprintf(slow.key, sizeof slow.key, "%.*s", (int)key.len, (const char *)key.data);
    slow.gets[slow.count++] = call;
}

static void run_put(struct task *task)
{
    struct keyspace_call *call = container_of(task, struct keyspace_call, task);
    call->on_done(call);
}

static void put_new(struct keyspace *k, struct span key, struct span value, uint64_t ttl_ms,
                    struct keyspace_call *call)
{
    (void)snprintf(slow.put, sizeof slow.put, "%.*s=%.*s", (int)key.len, (const char *)key.data,
                   (int)value.len, (const char *)value.data);
    slow.puts++;
    call->task.run = run_put;
    executor_post(world_executor(0), &call->task);
}

/* The oldest of those that wait is answered; NULL: there is no such key. */
static void tell(const char *value)
{
    struct keyspace_call *call = slow.gets[slow.answered++];

    call->found = value != NULL;
    call->value = span_cstr(value == NULL ? "" : value);
    world_enter(0);
    call->on_done(call);
    world_settle();
}

static struct keyspace *keyspace(void *arg)
{
    return arg;
}

static struct peer *ada, *bob;

static void start_in(void (*begin_as)(struct chat_options options))
{
    static const struct keyspace_ops ops = {.name = "slow", .get = get, .put_new = put_new};
    struct chat_options options = plain_options();

    memset(&slow, 0, sizeof slow);
    slow.keyspace.ops = &ops;
    options.keyspace = keyspace;
    options.keyspace_arg = &slow.keyspace;
    options.dedup_ms = 1000;
    begin_as(options);
    ada = peer_join(1, "/");
    bob = peer_join(2, "/");
    peer_send(ada, "2[\"join_room\",{\"roomId\":\"busy\",\"userId\":\"ada\",\"after\":0}]");
    peer_send(bob, "2[\"join_room\",{\"roomId\":\"busy\",\"userId\":\"bob\",\"after\":0}]");
    settle();
    (void)peer_got(ada);
    (void)peer_got(bob);
}

static void start(void)
{
    start_in(begin_log);
}

/* Ada sends it and wants an answer; named: under a name of hers. */
static void send(unsigned n, bool named)
{
    char packet[160];

    (void)snprintf(packet, sizeof packet,
                   "2%u[\"send_message\",{\"roomId\":\"busy\",\"content\":\"m%u\"%s}]", n, n,
                   named ? ",\"clientId\":\"c\"" : "");
    peer_send(ada, packet);
    world_settle();
}

static unsigned place_of(const char *text, const char *what)
{
    const char *at = strstr(text, what);
    return at == NULL ? 0 : (unsigned)(at - text) + 1;
}

static void what_another_node_has_is_answered_as_there_and_not_said_again(void)
{
    start();
    send(1, true);
    check(slow.count == 1 && strncmp(slow.key, "msg:", 4) == 0);
    tell("55 " MINUTE_2023);
    settle();
    char want[200];
    (void)snprintf(want, sizeof want,
                   "|431[{\"ok\":true,\"id\":\"%s\",\"offset\":55,\"timestamp\":\"" AS_TEXT "\"}]",
                   slow.key + 4);
    check_peer(ada, want);
    check_peer(bob, "");
    check(disk.all.count == 0 && slow.puts == 0);
    end();
}

static void what_nobody_has_is_said_and_made_known(void)
{
    char want[128];

    start();
    send(1, true);
    tell(NULL);
    settle();
    const char *got = peer_got(bob);
    check(strstr(got, "\"content\":\"m1\"") != NULL);
    check(disk.all.count == 1 && slow.puts == 1);
    const struct message *m = &disk.all.messages[0]->message;
    (void)snprintf(want, sizeof want, "%s=%llu %lld", slow.key, (unsigned long long)m->offset,
                   (long long)m->timestamp_ms);
    check(strcmp(slow.put, want) == 0);
    end();
}

static void what_has_no_name_or_changes_something_is_not_looked_up(void)
{
    start();
    send(1, false);
    settle();
    change(ada, disk.all.messages[0]->message.id, 2);
    settle();
    check(slow.count == 0 && slow.puts == 0);
    end();
}

static void nothing_is_looked_up_by_who_sees_what_is_stored(void)
{
    start_in(begin_with);
    send(1, true);
    settle();
    check(slow.count == 0 && slow.puts == 0 && disk.all.count == 1);
    end();
}

static void what_is_sent_behind_one_that_waits_stays_behind_it(void)
{
    start();
    send(1, true);
    send(2, false);
    send(3, true);
    send(4, false);
    check(slow.count == 2 && disk_is_idle());
    tell(NULL);
    check(!disk_is_idle());
    settle();
    const char *got = peer_got(bob);
    check(place_of(got, "m1") > 0 && place_of(got, "m1") < place_of(got, "m2"));
    check(place_of(got, "m3") == 0 && place_of(got, "m4") == 0);
    tell("55 " MINUTE_2023);
    settle();
    got = peer_got(bob);
    check(place_of(got, "m4") > 0 && place_of(got, "m3") == 0);
    check(disk.all.count == 3);
    end();
}

static void who_does_not_answer_is_done_without(void)
{
    start();
    send(1, true);
    send(2, false);
    world_advance(DEDUP_PATIENCE_MS + 20);
    settle();
    send(3, true); /* it still owes the first answer */
    settle();
    const char *got = peer_got(bob);
    check(place_of(got, "m1") > 0 && place_of(got, "m1") < place_of(got, "m2"));
    check(slow.count == 1 && slow.puts == 0);
    tell("55 " MINUTE_2023); /* nobody listens any more */
    settle();
    check_peer(bob, "");
    check(disk.all.count == 2); /* the third was the first again */
    end();
}

/* ---- waiting for what was sent ---- */

struct waiter {
    struct sending_wait wait;
    bool ran;
};

static void run(struct sending_wait *wait)
{
    container_of(wait, struct waiter, wait)->ran = true;
}

static void who_waits_for_all_that_was_sent_waits_for_what_is_older_than_a_repeated_one_too(void)
{
    struct waiter w = {.wait.fn = run};
    struct chat_loop *home;

    start();
    send(1, false);
    send(2, true);
    home = chat_home_of(the_chat, SPAN("busy"));
    world_enter((int)home->executor->index);
    sending_after(chat_room_find(home, SPAN("busy")), &w.wait);
    check(!w.ran);
    tell("55 " MINUTE_2023);
    check(!w.ran && strstr(peer_got(ada), "\"offset\":55") != NULL);
    settle();
    check(w.ran);
    end();
}

static void what_waits_at_the_end_is_said_without_an_answer(void)
{
    start();
    send(1, true);
    tell(NULL); /* as a keyspace does that is closed: it fails what is under way */
    chat_stop(the_chat);
    settle();
    check(disk.all.count == 1);
    end();
}

int main(void)
{
    RUN(what_another_node_has_is_answered_as_there_and_not_said_again);
    RUN(what_nobody_has_is_said_and_made_known);
    RUN(what_has_no_name_or_changes_something_is_not_looked_up);
    RUN(nothing_is_looked_up_by_who_sees_what_is_stored);
    RUN(what_is_sent_behind_one_that_waits_stays_behind_it);
    RUN(who_does_not_answer_is_done_without);
    RUN(who_waits_for_all_that_was_sent_waits_for_what_is_older_than_a_repeated_one_too);
    RUN(what_waits_at_the_end_is_said_without_an_answer);
    return tap_done();
}
