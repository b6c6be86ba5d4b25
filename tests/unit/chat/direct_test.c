// SPDX-License-Identifier: MIT
#include "src/chat/direct.h"

#include <stdlib.h>

#include "src/auth/auth.h"
#include "tests/support/chat_bed.h"

#define CONNECTED(id, name, others)                                 \
    "|42[\"connected\",{\"userId\":\"" id "\",\"username\":\"" name \
    "\",\"serviceId\":\"node-1\",\"onlineUsers\":[" others "]}]"
#define USER(id, name) "{\"userId\":\"" id "\",\"username\":\"" name "\"}"
#define CAME(id, name) \
    "|42[\"user_joined\",{\"userId\":\"" id "\",\"username\":\"" name "\",\"timestamp\":\"~\"}]"
#define WENT(id, name) \
    "|42[\"user_left\",{\"userId\":\"" id "\",\"username\":\"" name "\",\"timestamp\":\"~\"}]"
#define MESSAGE(from, name, to, content, status)                                           \
    "|42[\"new_message\",{\"messageId\":\"~\",\"senderId\":\"" from                        \
    "\",\"senderUsername\":\"" name "\",\"recipientId\":\"" to "\",\"content\":\"" content \
    "\",\"messageType\":\"text\",\"status\":\"" status "\",\"timestamp\":\"~\"}]"

static struct peer *ada, *bob;

/* Ada and Bob have arrived, on two loops; their homes may be on the third. */
static void start(void)
{
    bed_start(&(struct bed_setup){.loops = 3});
    ada = bed_arrive(0, "{\"userId\":\"a1\"}", "ada");
    bob = bed_arrive(1, "{\"userId\":\"b1\"}", "bob");
    (void)peer_got(ada);
    (void)peer_got(bob);
}

/* The messageId of the latest new_message that p got. */
static const char *id_in(const char *got)
{
    static char id[64];
    const char *at = strstr(got, "\"messageId\":\"");

    id[0] = '\0';
    check(at != NULL && sscanf(at, "\"messageId\":\"%63[^\"]", id) == 1);
    return id;
}

static void send(struct peer *p, const char *to, const char *content)
{
    char packet[256];

    (void)snprintf(packet, sizeof packet,
                   "2[\"send_message\",{\"recipientId\":\"%s\",\"content\":\"%s\"}]", to, content);
    bed_say(p, packet);
}

static void mark(struct peer *p, const char *id)
{
    char packet[256];

    (void)snprintf(packet, sizeof packet, "21[\"mark_read\",{\"messageId\":\"%s\"}]", id);
    bed_say(p, packet);
}

/* ---- coming and going ---- */

static void who_arrives_is_told_who_is_here_and_the_others_are_told_of_him(void)
{
    bed_start(&(struct bed_setup){.loops = 3});
    struct peer *a = bed_arrive(0, "{\"userId\":\"a1\"}", "ada");
    check_like(a, CONNECTED("a1", "ada", USER("a1", "ada")));
    struct peer *b = bed_arrive(1, "", "bob");
    check_like(b, CONNECTED("~", "bob", USER("a1", "ada") "," USER("~", "bob")));
    check_like(a, CAME("~", "bob"));
    peer_vanish(b);
    bed_settle();
    check_like(a, WENT("~", "bob"));
    bed_end();
}

static void other_dialects_hear_nothing_of_it(void)
{
    start();
    struct peer *plain = bed_join(2, "{\"userId\":\"p\"}");
    bed_say(plain, "2[\"join_room\",{\"roomId\":\"r\"}]");
    (void)peer_got(plain);
    (void)bed_arrive(2, "", "carl");
    send(ada, "b1", "hi");
    check_like(plain, "");
    bed_end();
}

/* ---- messages ---- */

static void who_is_here_gets_it_as_delivered_and_so_does_the_sender(void)
{
    start();
    send(ada, "b1", "hi");
    check_like(bob, MESSAGE("a1", "ada", "b1", "hi", "delivered"));
    check_like(ada, MESSAGE("a1", "ada", "b1", "hi", "delivered"));
    send(ada, "bob", "ho");
    check_like(bob, MESSAGE("a1", "ada", "bob", "ho", "delivered"));
    check_like(ada, MESSAGE("a1", "ada", "bob", "ho", "delivered"));
    bed_end();
}

static void all_sockets_of_both_get_it_once(void)
{
    start();
    struct peer *ada2 = bed_arrive(2, "{\"userId\":\"a1\"}", "ada");
    struct peer *bob2 = bed_arrive(0, "{\"userId\":\"b1\"}", "bob");
    (void)peer_got(ada2);
    (void)peer_got(bob2);
    (void)peer_got(ada);
    send(ada, "b1", "hi");
    check_like(ada, MESSAGE("a1", "ada", "b1", "hi", "delivered"));
    check_like(ada2, MESSAGE("a1", "ada", "b1", "hi", "delivered"));
    check_like(bob, MESSAGE("a1", "ada", "b1", "hi", "delivered"));
    check_like(bob2, MESSAGE("a1", "ada", "b1", "hi", "delivered"));
    bed_end();
}

static void who_writes_to_himself_gets_it_once(void)
{
    start();
    send(ada, "a1", "note");
    check_like(ada, MESSAGE("a1", "ada", "a1", "note", "delivered"));
    send(ada, "ada", "note");
    check_like(ada, MESSAGE("a1", "ada", "ada", "note", "delivered"));
    bed_end();
}

static void what_is_sent_to_who_is_away_is_delivered_when_he_comes_once(void)
{
    start();
    send(ada, "c1", "one");
    check_like(ada, MESSAGE("a1", "ada", "c1", "one", "sent"));
    send(ada, "carl", "two");
    check_like(ada, MESSAGE("a1", "ada", "carl", "two", "sent"));
    struct peer *carl = bed_join(2, "{\"userId\":\"c1\"}");
    bed_say(carl, "2[\"join\",{\"username\":\"carl\"}]");
    const char *got = peer_got(carl);
    check(strstr(got, "\"content\":\"one\"") != NULL && strstr(got, "\"content\":\"two\"") != NULL);
    check(strstr(got, "\"status\":\"delivered\"") != NULL && strstr(got, "\"sent\"") == NULL);
    peer_vanish(carl);
    bed_settle();
    carl = bed_arrive(1, "{\"userId\":\"c1\"}", "carl");
    check(strstr(peer_got(carl), "new_message") == NULL);
    bed_end();
}

/* More than the store gives at once. */
static void all_that_was_missed_comes_in_its_order(void)
{
    enum { MESSAGES = 700, LEN = 4000 };
    static char packet[LEN + 100], want[32];

    start();
    for (unsigned i = 0; i < MESSAGES; i++) {
        (void)snprintf(packet, sizeof packet,
                       "2[\"send_message\",{\"recipientId\":\"c1\",\"content\":\"%u:%0*u\"}]", i,
                       LEN, 0);
        bed_say(ada, packet);
        (void)peer_got(ada);
    }
    struct peer *carl = bed_arrive(2, "{\"userId\":\"c1\"}", "carl");
    const char *at = peer_got(carl);
    for (unsigned i = 0; i < MESSAGES && at != NULL; i++) {
        (void)snprintf(want, sizeof want, "\"content\":\"%u:", i);
        at = strstr(at, "\"content\":\"");
        check(at != NULL && strncmp(at, want, strlen(want)) == 0);
        at = at == NULL ? NULL : at + 1;
    }
    check(at != NULL && strstr(at, "\"content\":\"") == NULL);
    peer_vanish(carl);
    bed_settle();
    carl = bed_arrive(1, "{\"userId\":\"c1\"}", "carl");
    check(strstr(peer_got(carl), "new_message") == NULL);
    bed_end();
}

static void what_was_missed_comes_to_those_who_come_at_once_and_not_later(void)
{
    start();
    send(ada, "c1", "one");
    struct peer *one = bed_join(1, "{\"userId\":\"c1\"}"),
                *two = bed_join(2, "{\"userId\":\"c1\"}");
    peer_send(one, "2[\"join\",{\"username\":\"carl\"}]");
    peer_send(two, "2[\"join\",{\"username\":\"carl\"}]");
    bed_settle();
    bool first = strstr(peer_got(one), "\"content\":\"one\"") != NULL;
    bool second = strstr(peer_got(two), "\"content\":\"one\"") != NULL;
    check(first || second);
    struct peer *three = bed_arrive(0, "{\"userId\":\"c1\"}", "carl");
    check(strstr(peer_got(three), "new_message") == NULL);
    send(ada, "c1", "two");
    check_like(one, MESSAGE("a1", "ada", "c1", "two", "delivered"));
    check_like(two, MESSAGE("a1", "ada", "c1", "two", "delivered"));
    check_like(three, MESSAGE("a1", "ada", "c1", "two", "delivered"));
    bed_end();
}

/* Names are looked up, and the store may answer in any order. */
static void who_arrives_again_gets_what_comes_meanwhile_once(void)
{
    for (unsigned turns = 0; turns < 8; turns++) {
        start();
        peer_send(bob, "2[\"join\",{\"username\":\"bob\"}]");
        for (unsigned i = 0; i < turns; i++) {
            world_turn(i % 3);
        }
        peer_send(ada, "2[\"send_message\",{\"recipientId\":\"b1\",\"content\":\"hi\"}]");
        bed_settle();
        const char *first = strstr(peer_got(bob), "\"content\":\"hi\"");
        check(first != NULL && strstr(first + 1, "\"content\":\"hi\"") == NULL);
        bed_end();
    }
}

static void messages_of_one_sender_come_in_his_order(void)
{
    start();
    bed_backwards = true;
    peer_send(ada, "2[\"send_message\",{\"recipientId\":\"b1\",\"content\":\"one\"}]");
    peer_send(ada, "2[\"send_message\",{\"recipientId\":\"b1\",\"content\":\"two\"}]");
    peer_send(ada, "2[\"send_message\",{\"recipientId\":\"b1\",\"content\":\"three\"}]");
    bed_settle();
    check_like(bob, MESSAGE("a1", "ada", "b1", "one", "delivered")
                        MESSAGE("a1", "ada", "b1", "two", "delivered")
                            MESSAGE("a1", "ada", "b1", "three", "delivered"));
    bed_end();
}

static void a_message_is_answered_once_durable_and_sent_once_under_one_name(void)
{
    static const char packet[] =
        "21[\"send_message\",{\"recipientId\":\"b1\",\"content\":\"hi\",\"clientId\":\"c\"}]";
    start();
    check_answer(
        ada, packet,
        MESSAGE("a1", "ada", "b1", "hi",
                "delivered") "|431[{\"ok\":true,\"id\":\"~\",\"offset\":1,\"timestamp\":\"~\"}]");
    check_answer(ada, packet, "|431[{\"ok\":true,\"id\":\"~\",\"offset\":1,\"timestamp\":\"~\"}]");
    check_like(bob, MESSAGE("a1", "ada", "b1", "hi", "delivered"));
    bed_end();
}

static void without_a_store_who_is_here_gets_it(void)
{
    bed_start(&(struct bed_setup){.loops = 2, .without_store = true});
    ada = bed_arrive(0, "{\"userId\":\"a1\"}", "ada");
    bob = bed_arrive(1, "{\"userId\":\"b1\"}", "bob");
    (void)peer_got(bob);
    send(ada, "b1", "hi");
    check_like(bob, MESSAGE("a1", "ada", "b1", "hi", "delivered"));
    bed_end();
}

/* ---- reading ---- */

static void the_author_is_told_once_that_it_was_read(void)
{
    char id[64];

    start();
    send(ada, "b1", "hi");
    (void)snprintf(id, sizeof id, "%s", id_in(peer_got(bob)));
    (void)peer_got(ada);
    mark(bob, id);
    check_like(bob, "|431[{\"ok\":true}]");
    check_like(ada, "|42[\"message_read\",{\"messageId\":\"~\",\"userId\":\"b1\",\"readBy\":\"b1\","
                    "\"timestamp\":\"~\"}]");
    mark(bob, id);
    check_like(bob, "|431[{\"ok\":true}]");
    check_like(ada, "");
    bed_end();
}

static void what_was_sent_to_a_name_is_read_by_who_has_it(void)
{
    start();
    send(ada, "bob", "hi");
    (void)peer_got(ada);
    mark(bob, id_in(peer_got(bob)));
    check_like(bob, "|431[{\"ok\":true}]");
    check(strstr(peer_got(ada), "message_read") != NULL);
    bed_end();
}

static void nobody_else_reads_it(void)
{
    char id[64];

    start();
    struct peer *eve = bed_arrive(2, "{\"userId\":\"e1\"}", "eve");
    (void)peer_got(eve);
    (void)peer_got(ada);
    (void)peer_got(bob);
    send(ada, "b1", "hi");
    (void)snprintf(id, sizeof id, "%s", id_in(peer_got(bob)));
    (void)peer_got(ada);
    mark(eve, id);
    check_like(eve, "|431[{\"ok\":false,\"code\":\"NOT_FOUND\",\"message\":"
                    "\"There is no such message.\",\"retryable\":false}]");
    mark(ada, id);
    check(strstr(peer_got(ada), "NOT_FOUND") != NULL);
    bed_end();
}

static void who_is_gone_when_the_store_answers_has_read_it_still(void)
{
    char packet[160];

    start();
    send(ada, "b1", "hi");
    (void)snprintf(packet, sizeof packet, "21[\"mark_read\",{\"messageId\":\"%s\"}]",
                   id_in(peer_got(bob)));
    (void)peer_got(ada);
    peer_send(bob, packet);
    peer_vanish(bob);
    bed_settle();
    check(strstr(peer_got(ada), "message_read") != NULL);
    bed_end();
}

/* ---- typing ---- */

static void the_recipient_sees_who_types(void)
{
    start();
    check_answer(ada, "21[\"typing\",{\"recipientId\":\"b1\",\"isTyping\":true}]",
                 "|431[{\"ok\":true}]");
    check_like(bob, "|42[\"typing\",{\"userId\":\"a1\",\"username\":\"ada\",\"isTyping\":true}]");
    bed_say(ada, "2[\"typing\",{\"recipientId\":\"bob\",\"isTyping\":false}]");
    check_like(bob, "|42[\"typing\",{\"userId\":\"a1\",\"username\":\"ada\",\"isTyping\":false}]");
    bed_end();
}

/* ---- names that change ---- */

static void who_arrives_as_another_no_longer_gets_what_is_sent_to_the_former(void)
{
    start();
    bed_say(bob, "2[\"join\",{\"username\":\"robert\",\"userId\":\"b2\"}]");
    (void)peer_got(bob);
    (void)peer_got(ada);
    send(ada, "b1", "hi");
    check_like(ada, MESSAGE("a1", "ada", "b1", "hi", "sent"));
    send(ada, "bob", "hi");
    check_like(ada, MESSAGE("a1", "ada", "bob", "hi", "sent"));
    check_like(bob, "");
    send(ada, "b2", "ho");
    check_like(bob, MESSAGE("a1", "ada", "b2", "ho", "delivered"));
    send(ada, "robert", "ho");
    check_like(bob, MESSAGE("a1", "ada", "robert", "ho", "delivered"));
    bed_end();
}

/* The rooms of whom he was are still being entered, at each stage of it. */
static void who_becomes_another_while_he_arrives_is_that_one_only(void)
{
    for (unsigned turns = 0; turns < 9; turns++) {
        bed_start(&(struct bed_setup){.loops = 3});
        ada = bed_arrive(0, "{\"userId\":\"a1\"}", "ada");
        bob = bed_join(1, "{\"userId\":\"b1\"}");
        peer_send(bob, "2[\"join\",{\"username\":\"bob\"}]");
        for (unsigned i = 0; i < turns; i++) {
            world_turn(i % 3);
        }
        bed_say(bob, "2[\"join\",{\"username\":\"robert\",\"userId\":\"b2\"}]");
        (void)peer_got(bob);
        send(ada, "b1", "hi");
        send(ada, "bob", "hi");
        check_like(bob, "");
        send(ada, "robert", "ho");
        check_like(bob, MESSAGE("a1", "ada", "robert", "ho", "delivered"));
        bed_end();
    }
}

static void two_of_one_name_are_announced_once_each(void)
{
    start();
    struct peer *other = bed_arrive(2, "{\"userId\":\"b2\"}", "bob");
    check_like(bob, CAME("b2", "bob"));
    check_like(ada, CAME("b2", "bob"));
    (void)peer_got(other);
    send(ada, "bob", "hi");
    check_like(bob, MESSAGE("a1", "ada", "bob", "hi", "delivered"));
    check_like(other, MESSAGE("a1", "ada", "bob", "hi", "delivered"));
    peer_vanish(other);
    bed_settle();
    check_like(bob, WENT("b2", "bob"));
    bed_end();
}

/* ---- names of registered users, where nobody needs a token ---- */

static void add_user(const char *id, const char *name)
{
    struct store_user_add add = {.id = span_cstr(id),
                                 .username = span_cstr(name),
                                 .password_hash = SPAN("x"),
                                 .display_name = span_cstr(name),
                                 .username_chosen = true};
    check(bed_call(&add.call, STORE_USER_ADD) == 0);
}

static void who_has_the_name_of_a_registered_user_gets_what_is_sent_to_it(void)
{
    bed_start(&(struct bed_setup){.loops = 3});
    add_user("r1", "bob");
    ada = bed_arrive(0, "{\"userId\":\"a1\"}", "ada");
    send(ada, "bob", "before");
    (void)peer_got(ada);
    bob = bed_arrive(1, "", "bob");
    check(strstr(peer_got(bob), "\"content\":\"before\"") != NULL);
    (void)peer_got(ada);
    send(ada, "bob", "hi");
    check_like(ada, MESSAGE("a1", "ada", "r1", "hi", "delivered"));
    const char *got = peer_got(bob);
    check(bed_like(got, MESSAGE("a1", "ada", "r1", "hi", "delivered")));
    mark(bob, id_in(got));
    check_like(bob, "|431[{\"ok\":true}]");
    check(strstr(peer_got(ada), "message_read") != NULL);
    send(bob, "Bob", "note");
    check_like(bob, MESSAGE("~", "bob", "r1", "note", "delivered"));
    bed_say(bob, "2[\"join\",{\"username\":\"robert\"}]");
    (void)peer_got(bob);
    (void)peer_got(ada);
    send(ada, "bob", "gone");
    check_like(ada, MESSAGE("a1", "ada", "r1", "gone", "sent"));
    check_like(bob, "");
    bed_end();
}

/* ---- where tokens are required ---- */

static struct auth *auth;

static void start_required(void)
{
    const struct auth_options options = {.secret = SPAN("0123456789abcdef0123456789abcdef")};
    struct bytes why = {0};

    auth = auth_open(&options, &why);
    check(auth != NULL);
    bytes_finish(&why);
    bed_start(&(struct bed_setup){.loops = 3, .auth = auth, .auth_required = true});
}

static struct peer *arrive_with_token(unsigned loop, const char *id, const char *name)
{
    struct auth_claims claims = {0};
    struct bytes out = {0};
    char text[1100];

    check(auth_text_set(&claims.user_id, span_cstr(id)));
    check(auth_text_set(&claims.username, span_cstr(name)));
    check(auth_issue(auth, &claims, rookery_loop_wall_ms(rookery_loop_at(world, 0)), &out) == 0);
    (void)snprintf(text, sizeof text, "{\"token\":\"%.*s\"}", (int)out.len, (const char *)out.data);
    bytes_finish(&out);
    struct peer *p = bed_arrive(loop, text, name);
    (void)peer_got(p);
    return p;
}

static void a_name_is_that_of_a_registered_user(void)
{
    start_required();
    add_user("b1", "bob");
    ada = arrive_with_token(0, "a1", "ada");
    bob = arrive_with_token(1, "b1", "bob");
    (void)peer_got(ada);
    send(ada, "bob", "hi");
    check_like(bob, MESSAGE("a1", "ada", "b1", "hi", "delivered"));
    check_like(ada, MESSAGE("a1", "ada", "b1", "hi", "delivered"));
    send(ada, "b1", "ho");
    check_like(bob, MESSAGE("a1", "ada", "b1", "ho", "delivered"));
    bed_say(ada, "2[\"typing\",{\"recipientId\":\"bob\"}]");
    check_like(bob, "|42[\"typing\",{\"userId\":\"a1\",\"username\":\"ada\",\"isTyping\":true}]");
    bed_end();
    auth_close(auth);
}

static void who_takes_the_id_of_another_as_his_name_gets_nothing_of_his(void)
{
    start_required();
    add_user("b1", "bob");
    add_user("e1", "b1");
    ada = arrive_with_token(0, "a1", "ada");
    bob = arrive_with_token(1, "b1", "bob");
    struct peer *eve = arrive_with_token(2, "e1", "b1");
    (void)peer_got(ada);
    (void)peer_got(bob);
    send(ada, "b1", "secret");
    check_like(bob, MESSAGE("a1", "ada", "b1", "secret", "delivered"));
    check_like(eve, "");
    bed_end();
    auth_close(auth);
}

static void who_is_gone_while_a_name_is_looked_up_has_sent_it_still(void)
{
    start_required();
    add_user("b1", "bob");
    ada = arrive_with_token(0, "a1", "ada");
    bob = arrive_with_token(1, "b1", "bob");
    peer_send(ada, "2[\"send_message\",{\"recipientId\":\"bob\",\"content\":\"hi\"}]");
    peer_vanish(ada);
    bed_settle();
    check(strstr(peer_got(bob), "\"content\":\"hi\"") != NULL);
    bed_end();
    auth_close(auth);
}

static void a_busy_store_is_named_as_the_cause(void)
{
    start_required();
    ada = arrive_with_token(0, "a1", "ada");
    bed_busy_op = STORE_USER_GET;
    check_answer(ada, "21[\"send_message\",{\"recipientId\":\"bob\",\"content\":\"hi\"}]",
                 "|431[{\"ok\":false,\"code\":\"BUSY\",\"message\":\"~\",\"retryable\":true}]");
    bed_end();
    auth_close(auth);
}

int main(void)
{
    RUN(who_arrives_is_told_who_is_here_and_the_others_are_told_of_him);
    RUN(other_dialects_hear_nothing_of_it);
    RUN(who_is_here_gets_it_as_delivered_and_so_does_the_sender);
    RUN(all_sockets_of_both_get_it_once);
    RUN(who_writes_to_himself_gets_it_once);
    RUN(what_is_sent_to_who_is_away_is_delivered_when_he_comes_once);
    RUN(all_that_was_missed_comes_in_its_order);
    RUN(what_was_missed_comes_to_those_who_come_at_once_and_not_later);
    RUN(who_arrives_again_gets_what_comes_meanwhile_once);
    RUN(messages_of_one_sender_come_in_his_order);
    RUN(a_message_is_answered_once_durable_and_sent_once_under_one_name);
    RUN(without_a_store_who_is_here_gets_it);
    RUN(the_author_is_told_once_that_it_was_read);
    RUN(what_was_sent_to_a_name_is_read_by_who_has_it);
    RUN(nobody_else_reads_it);
    RUN(who_is_gone_when_the_store_answers_has_read_it_still);
    RUN(the_recipient_sees_who_types);
    RUN(who_arrives_as_another_no_longer_gets_what_is_sent_to_the_former);
    RUN(who_becomes_another_while_he_arrives_is_that_one_only);
    RUN(two_of_one_name_are_announced_once_each);
    RUN(who_has_the_name_of_a_registered_user_gets_what_is_sent_to_it);
    RUN(a_name_is_that_of_a_registered_user);
    RUN(who_takes_the_id_of_another_as_his_name_gets_nothing_of_his);
    RUN(who_is_gone_while_a_name_is_looked_up_has_sent_it_still);
    RUN(a_busy_store_is_named_as_the_cause);
    return tap_done();
}
