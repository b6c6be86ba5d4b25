// SPDX-License-Identifier: MIT
#include "src/redis/redis_sub.h"

#include "tests/unit/redis/redis_bed.h"

static struct redis_sub *sub;
static unsigned ups, downs, messages;
static char heard[512];

static void on_message(void *arg, const struct redis_sub_message *m)
{
    messages++;
    (void)snprintf(heard, sizeof heard, "%d %.*s %.*s %.*s", (int)m->kind, (int)m->channel.len,
                   (const char *)m->channel.data, (int)m->pattern.len,
                   m->pattern.len == 0 ? "" : (const char *)m->pattern.data, (int)m->payload.len,
                   m->payload.len == 0 ? "" : (const char *)m->payload.data);
}

static void on_state(void *arg, bool up, const char *why)
{
    ups += up;
    downs += !up;
}

struct grant {
    struct redis_grant grant;
    unsigned done;
    int error;
};

static void on_done(struct redis_grant *grant, int error)
{
    struct grant *g = container_of(grant, struct grant, grant);
    g->done++;
    g->error = error;
}

static void add(enum redis_sub_kind kind, const char *name, struct grant *grant)
{
    if (grant != NULL) {
        *grant = (struct grant){.grant = {.on_done = on_done}};
    }
    redis_sub_add(sub, kind, span_cstr(name), grant == NULL ? NULL : &grant->grant);
}

static void drop(enum redis_sub_kind kind, const char *name)
{
    redis_sub_remove(sub, kind, span_cstr(name));
}

/* As the server answers: "subscribe" and a name. */
static void confirm(struct fake_peer *p, const char *what, const char *name)
{
    char wire[256];
    (void)snprintf(wire, sizeof wire, "*3\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n:1\r\n", strlen(what),
                   what, strlen(name), name);
    fake_drip(p, span_cstr(wire));
}

static void say_message(struct fake_peer *p, const char *what, const char *name)
{
    char wire[256];
    (void)snprintf(wire, sizeof wire, "*3\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n$2\r\nhi\r\n",
                   strlen(what), what, strlen(name), name);
    fake_drip(p, span_cstr(wire));
}

static void begin_at(const char *url)
{
    static const struct redis_sub_handlers handlers = {on_message, on_state, NULL};

    ups = downs = messages = 0;
    heard[0] = '\0';
    bed_begin(&(struct redis_options){.url = url});
    sub = redis_sub_create(bed_redis, &handlers);
}

static void end(void)
{
    redis_sub_destroy(sub);
    bed_end();
}

/* Its own connection is the second one. */
static struct fake_peer *begin(void)
{
    begin_at("redis://h:1");
    (void)bed_welcome(bed_net.peers[0]);
    struct fake_peer *p = bed_welcome(bed_net.peers[1]);
    bed_turn();
    check(ups == 1 && redis_sub_up(sub));
    return p;
}

static void names_of_a_turn_go_out_together(void)
{
    struct grant a, b, c;
    struct fake_peer *p = begin();

    add(REDIS_SUB_CHANNEL, "a", &a);
    add(REDIS_SUB_CHANNEL, "b", &b);
    add(REDIS_SUB_PATTERN, "c*", &c);
    add(REDIS_SUB_SHARD, "d", NULL);
    check(fake_heard(p, "") && redis_sub_count(sub) == 4);
    bed_turn();
    check(fake_heard(p, "SUBSCRIBE a b\nPSUBSCRIBE c*\nSSUBSCRIBE d"));
    confirm(p, "subscribe", "a");
    check(a.done == 1 && a.error == 0 && b.done == 0);
    confirm(p, "subscribe", "b");
    confirm(p, "psubscribe", "c*");
    check(b.done == 1 && c.done == 1 && c.error == 0);
    check(ups == 1 && downs == 0);
    end();
}

static void what_is_wished_and_unwished_costs_nothing(void)
{
    struct grant a, b;
    struct fake_peer *p = begin();

    add(REDIS_SUB_CHANNEL, "a", &a);
    drop(REDIS_SUB_CHANNEL, "a");
    drop(REDIS_SUB_CHANNEL, "a");
    drop(REDIS_SUB_CHANNEL, "never");
    bed_turn();
    check(fake_heard(p, ""));
    bed_pass(16);
    check(a.done == 1 && a.error == REDIS_EDOWN && redis_sub_count(sub) == 0);
    add(REDIS_SUB_CHANNEL, "a", NULL);
    bed_turn();
    confirm(p, "subscribe", "a");
    check(fake_heard(p, "SUBSCRIBE a"));
    drop(REDIS_SUB_CHANNEL, "a");
    add(REDIS_SUB_CHANNEL, "a", &b);
    check(b.done == 0);
    bed_pass(16);
    check(fake_heard(p, "") && b.done == 1 && b.error == 0);
    end();
}

static void a_name_has_one_command_under_way(void)
{
    struct grant a;
    struct fake_peer *p = begin();

    add(REDIS_SUB_CHANNEL, "a", NULL);
    bed_turn();
    drop(REDIS_SUB_CHANNEL, "a");
    bed_turn();
    check(fake_heard(p, "SUBSCRIBE a"));
    confirm(p, "subscribe", "a");
    bed_turn();
    check(fake_heard(p, "UNSUBSCRIBE a"));
    add(REDIS_SUB_CHANNEL, "a", &a);
    bed_turn();
    check(fake_heard(p, ""));
    confirm(p, "unsubscribe", "a");
    bed_turn();
    check(fake_heard(p, "SUBSCRIBE a") && a.done == 0);
    confirm(p, "subscribe", "a");
    check(a.done == 1 && a.error == 0);
    end();
}

static void commands_have_a_thousand_names_at_most(void)
{
    struct fake_peer *p = begin();
    char name[16];

    for (int i = 0; i < 2500; i++) {
        (void)snprintf(name, sizeof name, "n%d", i);
        add(REDIS_SUB_CHANNEL, name, NULL);
    }
    bed_turn();
    static const char *const heads[] = {"*1001\r\n$9\r\nSUBSCRIBE", "*1001\r\n", "*501\r\n"};
    const char *at = (const char *)p->heard.data;
    bytes_add_byte(&p->heard, 0);
    for (int i = 0; at != NULL && i < 3; i++) {
        at = strstr(at, heads[i]);
        check(at != NULL);
    }
    bytes_clear(&p->heard);
    end();
}

static void messages_are_handed_out_while_they_are_wished(void)
{
    struct fake_peer *p = begin();

    add(REDIS_SUB_CHANNEL, "a", NULL);
    add(REDIS_SUB_PATTERN, "p*", NULL);
    add(REDIS_SUB_SHARD, "s", NULL);
    bed_turn();
    confirm(p, "subscribe", "a");
    confirm(p, "psubscribe", "p*");
    confirm(p, "ssubscribe", "s");
    say_message(p, "message", "a");
    check(messages == 1 && strcmp(heard, "0 a  hi") == 0);
    fake_drip(p, SPAN("*4\r\n$8\r\npmessage\r\n$2\r\np*\r\n$2\r\npq\r\n$0\r\n\r\n"));
    check(messages == 2 && strcmp(heard, "1 pq p* ") == 0);
    say_message(p, "smessage", "s");
    check(messages == 3 && strcmp(heard, "2 s  hi") == 0);
    drop(REDIS_SUB_CHANNEL, "a");
    say_message(p, "message", "a");
    say_message(p, "message", "never");
    check(messages == 3);
    end();
}

static void after_a_break_it_is_up_when_all_are_confirmed(void)
{
    struct grant a, c;
    struct fake_peer *p = begin();

    add(REDIS_SUB_CHANNEL, "a", NULL);
    add(REDIS_SUB_CHANNEL, "b", NULL);
    bed_turn();
    confirm(p, "subscribe", "a");
    add(REDIS_SUB_CHANNEL, "b", &a);
    fake_break(p, "reset");
    check(downs == 1 && !redis_sub_up(sub));
    add(REDIS_SUB_PATTERN, "c", &c);
    bed_pass(60);
    check(a.done == 1 && a.error == REDIS_EDOWN && c.done == 1 && c.error == REDIS_EDOWN);
    p = bed_welcome(fake_last(&bed_net));
    bed_turn();
    bool first = memmem(p->heard.data, p->heard.len, "a\r\n$1\r\nb", 8) != NULL;
    check(fake_heard(p, first ? "SUBSCRIBE a b\nPSUBSCRIBE c" : "SUBSCRIBE b a\nPSUBSCRIBE c"));
    confirm(p, "subscribe", first ? "a" : "b"); /* the order is the map's */
    confirm(p, "subscribe", first ? "b" : "a");
    bed_turn();
    check(ups == 1);
    confirm(p, "psubscribe", "c");
    bed_turn();
    check(ups == 2 && downs == 1);
    end();
}

static void a_refusal_is_told_and_does_not_keep_it_down(void)
{
    struct grant a, again;
    struct fake_peer *p = begin();

    add(REDIS_SUB_CHANNEL, "a", &a);
    bed_turn();
    fake_drip(p, SPAN("-NOPERM no\r\n"));
    bed_pass(16);
    check(a.done == 1 && a.error == REDIS_EREPLY && p->stream != NULL);
    fake_break(p, "reset");
    bed_pass(60);
    p = bed_welcome(fake_last(&bed_net));
    bed_turn();
    check(fake_heard(p, "SUBSCRIBE a") && ups == 1);
    fake_say(p, SPAN("-NOPERM no\r\n"));
    bed_turn();
    check(ups == 2);
    add(REDIS_SUB_CHANNEL, "a", &again);
    bed_turn();
    check(fake_heard(p, "SUBSCRIBE a"));
    confirm(p, "subscribe", "a");
    check(again.done == 1 && again.error == 0);
    end();
}

static void what_makes_no_sense_ends_the_connection(void)
{
    static const char *const wires[] = {"+OK\r\n",
                                        ":1\r\n",
                                        "-ERR x\r\n",
                                        "*1\r\n$1\r\nx\r\n",
                                        "*2\r\n$1\r\nx\r\n$1\r\ny\r\n",
                                        "*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n",
                                        "*2\r\n$7\r\nmessage\r\n$1\r\nx\r\n",
                                        "x\r\n"};

    for (size_t i = 0; i < sizeof wires / sizeof wires[0]; i++) {
        struct fake_peer *p = begin();
        fake_say(p, span_cstr(wires[i]));
        check(p->stream == NULL && downs == 1);
        end();
    }
}

static void pings_are_answered_in_either_form(void)
{
    struct fake_peer *p = begin();

    bed_pass(3100);
    check(fake_heard(p, "PING"));
    fake_say(p, SPAN("+PONG\r\n*2\r\n$4\r\npong\r\n$0\r\n\r\n"));
    check(p->stream != NULL && downs == 0);
    end();
}

static void grants_end_with_the_client(void)
{
    struct grant a, b;
    struct fake_peer *p = begin();

    add(REDIS_SUB_CHANNEL, "a", &a);
    bed_turn();
    add(REDIS_SUB_CHANNEL, "b", &b);
    end();
    check(a.done == 1 && a.error == REDIS_EDOWN && b.done == 1 && b.error == REDIS_EDOWN);
    (void)p;
}

static void follows_the_master_that_sentinel_names(void)
{
    begin_at("redis-sentinel://s:1/m");
    struct fake_peer *p = bed_welcome(fake_at(&bed_net, 1));
    fake_say(p, SPAN("*2\r\n$1\r\nh\r\n$1\r\n7\r\n"));
    struct fake_peer *commands = bed_net.peers[1], *own = bed_net.peers[2];
    fake_accept(commands);
    fake_say(commands, SPAN("*1\r\n$6\r\nmaster\r\n+PONG\r\n"));
    fake_accept(own);
    fake_say(own, SPAN("*1\r\n$6\r\nmaster\r\n+PONG\r\n"));
    bed_turn();
    check(ups == 1);
    fake_break(commands, "reset");
    bed_pass(60);
    p = bed_welcome(fake_at(&bed_net, 1));
    fake_say(p, SPAN("*2\r\n$1\r\nh\r\n$1\r\n8\r\n"));
    check(own->stream == NULL && downs == 1);
    bed_pass(60);
    check(fake_last(&bed_net)->port == 8);
    end();
}

/* --- Cluster --- */

#define MAP(first, second)                                \
    "*2\r\n*3\r\n:0\r\n:9999\r\n*2\r\n$1\r\nh\r\n:" first \
    "\r\n*3\r\n:10000\r\n:16383\r\n*2\r\n$1\r\nh\r\n:" second "\r\n"

/* All connections to nodes are accepted; who asks for the slots is told. */
static void serve(const char *map)
{
    for (int round = 0; round < 30; round++) {
        bed_pass(8);
        for (size_t i = 0; i < bed_net.count; i++) {
            struct fake_peer *p = bed_net.peers[i];
            bytes_add_byte(&p->heard, 0);
            p->heard.len--;
            if (p->stream != NULL && !p->open) {
                (void)bed_welcome(p);
            } else if (p->stream != NULL &&
                       strstr((const char *)p->heard.data, "CLUSTER") != NULL) {
                bytes_clear(&p->heard);
                fake_say(p, span_cstr(map));
            }
        }
    }
}

/* The connection that has been asked to subscribe, to exactly that. */
static struct fake_peer *who_heard(const char *command)
{
    struct fake_peer *found = NULL;

    for (size_t i = 0; i < bed_net.count; i++) {
        struct fake_peer *p = bed_net.peers[i];
        if (p->stream != NULL && p->heard.len > 0 &&
            memmem(p->heard.data, p->heard.len, "SSUBSCRIBE", 10) != NULL) {
            check(fake_heard(p, command));
            found = p;
        }
    }
    return found;
}

static void shard_channels_are_at_the_node_of_their_slot(void)
{
    struct grant foo;

    begin_at("redis-cluster://h:1");
    serve(MAP("1", "2"));
    check(redis_up(bed_redis) && ups == 1);
    add(REDIS_SUB_SHARD, "foo", &foo); /* 12182 */
    bed_turn();
    serve(MAP("1", "2"));
    struct fake_peer *p = who_heard("SSUBSCRIBE foo");
    check(p != NULL && p->port == 2);
    confirm(p, "ssubscribe", "foo");
    check(foo.done == 1 && foo.error == 0);
    bed_turn();
    /* The slot moves: the server ends the subscription, and says so. */
    confirm(p, "sunsubscribe", "foo");
    serve(MAP("1", "3"));
    p = who_heard("SSUBSCRIBE foo");
    check(p != NULL && p->port == 3 && downs == 1);
    confirm(p, "ssubscribe", "foo");
    bed_turn();
    check(ups == 2);
    say_message(p, "smessage", "foo");
    check(messages == 1);
    end();
}

static void a_shard_channel_elsewhere_is_sought_anew(void)
{
    struct grant foo;

    begin_at("redis-cluster://h:1");
    serve(MAP("1", "2"));
    add(REDIS_SUB_SHARD, "foo", &foo);
    bed_turn();
    serve(MAP("1", "2"));
    struct fake_peer *p = who_heard("SSUBSCRIBE foo");
    fake_say(p, SPAN("-MOVED 12182 h:1\r\n"));
    check(foo.done == 0);
    serve(MAP("2", "1"));
    p = who_heard("SSUBSCRIBE foo");
    check(p != NULL && p->port == 1);
    confirm(p, "ssubscribe", "foo");
    check(foo.done == 1 && foo.error == 0);
    end();
}

int main(void)
{
    RUN(names_of_a_turn_go_out_together);
    RUN(what_is_wished_and_unwished_costs_nothing);
    RUN(a_name_has_one_command_under_way);
    RUN(commands_have_a_thousand_names_at_most);
    RUN(messages_are_handed_out_while_they_are_wished);
    RUN(after_a_break_it_is_up_when_all_are_confirmed);
    RUN(a_refusal_is_told_and_does_not_keep_it_down);
    RUN(what_makes_no_sense_ends_the_connection);
    RUN(pings_are_answered_in_either_form);
    RUN(grants_end_with_the_client);
    RUN(follows_the_master_that_sentinel_names);
    RUN(shard_channels_are_at_the_node_of_their_slot);
    RUN(a_shard_channel_elsewhere_is_sought_anew);
    return tap_done();
}
