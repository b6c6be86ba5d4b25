// SPDX-License-Identifier: MIT
#include "tests/unit/redis/redis_bed.h"

static const struct redis_options plain = {.url = "redis://h:1"};

static void greets_before_it_is_up(void)
{
    bed_begin(&(struct redis_options){.url = "rediss://me:pw@h:1/3", .client_name = "node"});
    struct fake_peer *p = fake_last(&bed_net);
    check(p->tls && p->port == 1 && strcmp(p->host, "h") == 0);
    fake_accept(p);
    check(fake_heard(p, "AUTH me pw\nSELECT 3\nCLIENT SETNAME node\nPING"));
    fake_drip(p, SPAN("+OK\r\n+OK\r\n-ERR unknown subcommand\r\n"));
    check(!redis_up(bed_redis) && bed_ups == 0);
    fake_drip(p, SPAN("+PONG\r\n"));
    check(redis_up(bed_redis) && bed_ups == 1 && bed_downs == 0);
    bed_end();
}

static void a_greeting_that_is_refused_is_told_and_tried_again(void)
{
    bed_begin(&(struct redis_options){.url = "redis://:pw@h:1"});
    fake_accept(fake_last(&bed_net));
    check(fake_heard(fake_last(&bed_net), "AUTH pw\nPING"));
    fake_say(fake_last(&bed_net), SPAN("-WRONGPASS no\r\n-NOAUTH\r\n"));
    check(bed_downs == 1 && strcmp(bed_why, "Redis has answered: WRONGPASS no") == 0);
    bed_pass(60);
    check(bed_net.count == 2);
    fake_accept(fake_last(&bed_net));
    fake_say(fake_last(&bed_net), SPAN("+OK\r\n-LOADING soon\r\n"));
    check(bed_downs == 2 && strcmp(bed_why, "Redis has answered: LOADING soon") == 0);
    bed_pass(60);
    fake_accept(fake_last(&bed_net));
    fake_say(fake_last(&bed_net), SPAN("+OK\r\n+PONG\r\n"));
    check(bed_ups == 1);
    bed_end();
}

static void answers_come_in_the_order_of_the_commands(void)
{
    struct bed_call a, b, c;

    bed_begin(&plain);
    struct fake_peer *p = bed_welcome(fake_last(&bed_net));
    bed_command(&a, "GET", "a");
    bed_command(&b, "GET", "b");
    bed_command(&c, "GET", "c");
    check(fake_heard(p, "GET a\nGET b\nGET c"));
    fake_drip(p, SPAN("$1\r\nA\r\n:7\r\n"));
    check(a.done == 1 && strcmp(a.text, "A") == 0 && b.integer == 7 && c.done == 0);
    fake_say(p, SPAN("-ERR no\r\n"));
    check(c.done == 1 && c.error == REDIS_EREPLY && strcmp(c.text, "ERR no") == 0);
    bed_end();
}

static void what_is_under_way_is_lost_and_what_comes_later_is_refused(void)
{
    struct bed_call a, b;

    bed_begin(&plain);
    struct fake_peer *p = bed_welcome(fake_last(&bed_net));
    bed_command(&a, "GET", "a");
    fake_break(p, "reset");
    check(a.done == 1 && a.error == REDIS_ELOST);
    check(bed_downs == 1 && strcmp(bed_why, "reset") == 0 && !redis_up(bed_redis));
    bed_command(&b, "GET", "b");
    check(b.done == 0);
    bed_pass(16);
    check(b.done == 1 && b.error == REDIS_EDOWN);
    bed_end();
}

static void whatever_is_under_way_ends_with_the_client(void)
{
    struct bed_call a, b;

    bed_begin(&plain);
    bed_command(&a, "GET", "a");
    check(a.done == 0);
    struct fake_peer *p = bed_welcome(fake_last(&bed_net));
    bed_command(&b, "GET", "b");
    bed_end();
    check(a.done == 1 && a.error == REDIS_EDOWN && b.done == 1 && b.error == REDIS_ELOST);
    (void)p;
}

static void comes_back_soon_after_an_outage_of_a_second(void)
{
    bed_begin(&plain);
    fake_break(bed_welcome(fake_last(&bed_net)), "reset");
    uint64_t began = bed_loop.executor.now_ms, last = began, longest = 0;
    for (size_t seen = bed_net.count; bed_loop.executor.now_ms < began + 30000;) {
        bed_pass(8);
        if (bed_net.count > seen) {
            uint64_t now = bed_loop.executor.now_ms;
            check(seen > 1 || now - began <= 66);
            if (now - began < 1300) {
                longest = now - last > longest ? now - last : longest;
            }
            seen = bed_net.count;
            last = now;
            fake_break(fake_last(&bed_net), "refused");
        }
    }
    check(longest <= 340);
    check(bed_net.count > 20 && bed_net.count < 60);
    check(bed_downs == 2); /* reset, refused: each reason once */
    bed_end();
}

static void silence_is_pinged_and_then_taken_for_death(void)
{
    bed_begin(&plain);
    struct fake_peer *p = bed_welcome(fake_last(&bed_net));
    bed_pass(2900);
    check(fake_heard(p, ""));
    bed_pass(200);
    check(fake_heard(p, "PING"));
    fake_say(p, SPAN("+PONG\r\n"));
    bed_pass(3100);
    check(fake_heard(p, "PING"));
    bed_pass(4800);
    check(redis_up(bed_redis));
    bed_pass(300);
    check(!redis_up(bed_redis) && strcmp(bed_why, "no answer to a ping") == 0);
    bed_end();
}

static void a_client_that_blocks_may_be_silent_for_longer(void)
{
    bed_begin(&(struct redis_options){.url = "redis://h:1", .block_ms = 5000});
    struct fake_peer *p = bed_welcome(fake_last(&bed_net));
    bed_pass(7900);
    check(fake_heard(p, ""));
    bed_pass(200);
    check(fake_heard(p, "PING"));
    bed_end();
}

static void what_is_no_redis_is_hung_up_on(void)
{
    bed_begin(&plain);
    struct fake_peer *p = fake_last(&bed_net);
    fake_accept(p);
    fake_say(p, SPAN("HTTP/1.1 400 Bad Request\r\n"));
    check(p->stream == NULL && strncmp(bed_why, "not understood: ", 16) == 0);
    bed_pass(100);
    p = bed_welcome(fake_last(&bed_net));
    fake_say(p, SPAN("+more\r\n"));
    check(p->stream == NULL && strcmp(bed_why, "a reply that nobody has asked for") == 0);
    bed_end();
}

static void a_master_that_becomes_a_replica_is_left(void)
{
    struct bed_call a;

    bed_begin(&plain);
    struct fake_peer *p = bed_welcome(fake_last(&bed_net));
    bed_command(&a, "SET", "a");
    fake_say(p, SPAN("-READONLY You can't write\r\n"));
    check(a.error == REDIS_EREPLY && p->stream == NULL && !redis_up(bed_redis));
    bed_end();
}

/* --- Sentinel --- */

static void asks_the_sentinels_for_the_master(void)
{
    bed_begin(&(struct redis_options){.url = "redis-sentinel://a:1,b:2/main"});
    fake_break(fake_at(&bed_net, 1), "refused");
    struct fake_peer *p = bed_welcome(fake_at(&bed_net, 2));
    check(fake_heard(p, "SENTINEL get-master-addr-by-name main"));
    fake_say(p, SPAN("*2\r\n$1\r\nm\r\n$1\r\n7\r\n"));
    check(p->stream == NULL);
    p = fake_at(&bed_net, 7);
    fake_accept(p);
    check(fake_heard(p, "ROLE\nPING"));
    fake_say(p, SPAN("*1\r\n$6\r\nmaster\r\n+PONG\r\n"));
    check(redis_up(bed_redis));
    /* After a break they are asked again; one who is a replica still is not taken. */
    fake_break(p, "reset");
    bed_pass(60);
    p = bed_welcome(fake_at(&bed_net, 2));
    fake_say(p, SPAN("*2\r\n$1\r\nm\r\n$1\r\n8\r\n"));
    fake_accept(fake_at(&bed_net, 8));
    fake_say(fake_at(&bed_net, 8), SPAN("*1\r\n$5\r\nslave\r\n"));
    check(!redis_up(bed_redis));
    check(strcmp(bed_why, "the server is a replica, not the master") == 0);
    bed_end();
}

static void sentinels_that_know_nothing_are_asked_again_later(void)
{
    bed_begin(&(struct redis_options){.url = "redis-sentinel://a:1,b:2/main"});
    fake_say(bed_welcome(fake_at(&bed_net, 1)), SPAN("*-1\r\n"));
    fake_break(fake_at(&bed_net, 2), "refused");
    check(bed_downs == 1 && strcmp(bed_why, "refused") == 0);
    bed_pass(60);
    check(fake_at(&bed_net, 1) != NULL);
    bed_end();
}

/* --- Cluster --- */

/* Slots up to 9999 at port 1, the others at port 2. */
#define MAP                                                                               \
    "*2\r\n*3\r\n:0\r\n:9999\r\n*2\r\n$1\r\nh\r\n:1\r\n*3\r\n:10000\r\n:16383\r\n*2\r\n$" \
    "1\r\nh\r\n:2\r\n"

static void begin_cluster(struct fake_peer *nodes[2])
{
    bed_begin(&(struct redis_options){.url = "redis-cluster://h:1"});
    nodes[0] = bed_welcome(fake_last(&bed_net));
    bed_pass(120);
    check(fake_heard(nodes[0], "CLUSTER SLOTS"));
    fake_say(nodes[0], SPAN(MAP));
    check(!redis_up(bed_redis));
    nodes[1] = bed_welcome(fake_at(&bed_net, 2));
    check(redis_up(bed_redis));
    bed_pass(120); /* who comes up has the slots asked for anew */
    for (int i = 0; i < 2; i++) {
        if (nodes[i]->heard.len > 0) {
            check(fake_heard(nodes[i], "CLUSTER SLOTS"));
            fake_say(nodes[i], SPAN(MAP));
        }
    }
    bed_turn();
}

static void a_key_goes_to_the_node_of_its_slot(void)
{
    struct fake_peer *nodes[2];
    struct bed_call a, b;

    begin_cluster(nodes);
    bed_command(&a, "GET", "foo"); /* 12182 */
    bed_command(&b, "GET", "bar"); /* 5061 */
    check(fake_heard(nodes[1], "GET foo") && fake_heard(nodes[0], "GET bar"));
    fake_say(nodes[1], SPAN("$1\r\nx\r\n"));
    check(a.done == 1 && b.done == 0);
    fake_break(nodes[0], "reset");
    check(b.error == REDIS_ELOST && !redis_up(bed_redis));
    bed_command(&a, "GET", "foo");
    bed_command(&b, "GET", "bar");
    check(fake_heard(nodes[1], "GET foo"));
    bed_pass(8);
    check(b.error == REDIS_EDOWN);
    bed_end();
}

static void follows_where_a_slot_has_gone(void)
{
    struct fake_peer *nodes[2];
    struct bed_call a, b;

    begin_cluster(nodes);
    bed_command(&a, "GET", "foo");
    check(fake_heard(nodes[1], "GET foo"));
    fake_say(nodes[1], SPAN("-MOVED 12182 h:1\r\n"));
    check(fake_heard(nodes[0], "GET foo"));
    fake_say(nodes[0], SPAN("$1\r\nx\r\n"));
    check(a.done == 1 && strcmp(a.text, "x") == 0);
    bed_command(&b, "GET", "foo");
    fake_say(nodes[1], SPAN("-ASK 12182 h:1\r\n"));
    check(fake_heard(nodes[0], "ASKING\nGET foo"));
    fake_say(nodes[0], SPAN("+OK\r\n$1\r\ny\r\n"));
    check(b.done == 1 && strcmp(b.text, "y") == 0);
    bed_end();
}

static void a_circle_of_redirects_ends(void)
{
    struct fake_peer *nodes[2];
    struct bed_call a;

    begin_cluster(nodes);
    bed_command(&a, "GET", "foo");
    for (int i = 0; i < 10 && a.done == 0; i++) {
        fake_say(nodes[(i + 1) % 2],
                 i % 2 == 0 ? SPAN("-MOVED 12182 h:1\r\n") : SPAN("-MOVED 12182 h:2\r\n"));
    }
    check(a.done == 1 && a.error == REDIS_EREPLY);
    bed_end();
}

static void a_node_that_is_gone_for_good_is_forgotten(void)
{
    struct fake_peer *nodes[2];

    begin_cluster(nodes);
    fake_break(nodes[1], "reset");
    check(!redis_up(bed_redis));
    bed_pass(8);
    check(fake_heard(nodes[0], "CLUSTER SLOTS"));
    fake_say(nodes[0], SPAN("*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$1\r\nh\r\n:1\r\n"));
    check(redis_up(bed_redis));
    bed_pass(3000);
    check(fake_at(&bed_net, 2) == NULL);
    bed_end();
}

static void a_moved_to_a_new_node_waits_for_its_connection(void)
{
    struct fake_peer *nodes[2];
    struct bed_call a, b;

    begin_cluster(nodes);
    bed_command(&a, "GET", "foo");
    fake_say(nodes[1], SPAN("-MOVED 12182 h:3\r\n"));
    struct fake_peer *p = bed_welcome(fake_at(&bed_net, 3));
    check(fake_heard(p, "GET foo"));
    fake_say(p, SPAN("$1\r\nx\r\n"));
    check(a.done == 1);
    bed_command(&b, "GET", "foo");
    fake_say(nodes[1], SPAN("-MOVED 12182 h:4\r\n"));
    fake_break(fake_at(&bed_net, 4), "refused");
    check(b.done == 1 && b.error == REDIS_EDOWN);
    bed_end();
}

static void a_url_that_is_none_is_refused(void)
{
    struct bytes why = {0};

    check(redis_create(NULL, &(struct redis_options){.url = "redis://"}, &why) == NULL);
    check(why.len > 0);
    bytes_finish(&why);
}

int main(void)
{
    RUN(greets_before_it_is_up);
    RUN(a_greeting_that_is_refused_is_told_and_tried_again);
    RUN(answers_come_in_the_order_of_the_commands);
    RUN(what_is_under_way_is_lost_and_what_comes_later_is_refused);
    RUN(whatever_is_under_way_ends_with_the_client);
    RUN(comes_back_soon_after_an_outage_of_a_second);
    RUN(silence_is_pinged_and_then_taken_for_death);
    RUN(a_client_that_blocks_may_be_silent_for_longer);
    RUN(what_is_no_redis_is_hung_up_on);
    RUN(a_master_that_becomes_a_replica_is_left);
    RUN(asks_the_sentinels_for_the_master);
    RUN(sentinels_that_know_nothing_are_asked_again_later);
    RUN(a_key_goes_to_the_node_of_its_slot);
    RUN(follows_where_a_slot_has_gone);
    RUN(a_circle_of_redirects_ends);
    RUN(a_node_that_is_gone_for_good_is_forgotten);
    RUN(a_moved_to_a_new_node_waits_for_its_connection);
    RUN(a_url_that_is_none_is_refused);
    return tap_done();
}
