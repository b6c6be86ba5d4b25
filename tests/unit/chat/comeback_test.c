/* The chat and those who come back to their sessions. */
// SPDX-License-Identifier: MIT
#include "src/chat/comeback.h"

#include "src/auth/auth.h"
#include "tests/support/chat_bed.h"
#include "tests/support/returner.h"

enum { RECOVERY_MS = 60000, CONTENTS_MAX = 4096 };

static struct peer *ada;
static struct returner bob;

static void enter(struct peer *p, const char *packet)
{
    peer_send(p, packet);
    bed_settle();
}

/* A client that has connected, and knows its session. */
static void open_as(struct returner *r, unsigned loop, const char *auth)
{
    r->peer = peer_open(loop);
    check(returner_joined(r, bed_connect(r->peer, auth)));
}

/* What it has got, without offsets. */
static const char *got(struct returner *r)
{
    return returner_plain(r, peer_got(r->peer));
}

static const char *come_back_as(struct returner *r, unsigned loop, const char *claims)
{
    returner_ask(r, loop, claims);
    bed_settle();
    return got(r);
}

/* Was that an answer to its CONNECT, as that socket or as a new one? */
static bool is_former(const struct returner *r, const char *text)
{
    return strstr(text, r->sid) != NULL;
}

static bool is_new(const struct returner *r, const char *text)
{
    return strstr(text, "|40{\"sid\":\"") != NULL && !is_former(r, text);
}

/* The contents of all messages in it, in their order. */
static const char *contents(const char *text)
{
    static char out[CONTENTS_MAX];
    size_t len = 0;

    out[0] = '\0';
    while ((text = strpbrk(text, "ct")) != NULL) {
        const char *at = strncmp(text, "content\":\"", 10) == 0 ? text + 10
                         : strncmp(text, "text\":\"", 7) == 0   ? text + 7
                                                                : NULL;
        if (at != NULL) {
            len +=
                (size_t)snprintf(out + len, sizeof out - len, "%.*s ", (int)strcspn(at, "\""), at);
        }
        text++;
    }
    return out;
}

static unsigned times(const char *text, const char *part)
{
    unsigned n = 0;

    for (; (text = strstr(text, part)) != NULL; text++) {
        n++;
    }
    return n;
}

static void say(struct peer *p, const char *room, const char *content)
{
    char packet[160];

    (void)snprintf(packet, sizeof packet,
                   "2[\"send_message\",{\"roomId\":\"%s\",\"content\":\"%s\"}]", room, content);
    enter(p, packet);
}

/* Is that user, or socket, listed in the room? */
static bool is_listed(const char *room, const char *user)
{
    char packet[80], mark[80];

    (void)snprintf(packet, sizeof packet, "29[\"room_members\",{\"roomId\":\"%s\"}]", room);
    (void)snprintf(mark, sizeof mark, "{\"userId\":\"%s\",", user);
    (void)peer_got(ada);
    enter(ada, packet);
    return times(peer_got(ada), mark) == 1;
}

static void start_with(const struct bed_setup *setup)
{
    bed_start(setup);
    ada = bed_join(0, setup->auth == NULL ? "{\"userId\":\"a1\",\"username\":\"ada\"}" : "");
}

/* Ada and Bob are in "own" in the native dialect; he is alone in "other", in that of dialect 1. */
static void start(void)
{
    start_with(&(struct bed_setup){.loops = 3, .recovery_ms = RECOVERY_MS});
    open_as(&bob, 1, "{\"userId\":\"b1\",\"username\":\"bob\"}");
    enter(ada, "2[\"join_room\",{\"roomId\":\"own\",\"after\":0}]");
    enter(bob.peer, "2[\"join_room\",{\"roomId\":\"own\",\"after\":0}]");
    enter(bob.peer, "2[\"joinRoom\",\"other\"]");
    say(ada, "own", "first");
    (void)got(&bob);
    (void)peer_got(ada);
}

static void vanish(struct returner *r)
{
    peer_vanish(r->peer);
    bed_settle();
}

/* ---- rooms ---- */

static void has_heard_everything_once_and_is_a_member_again(void)
{
    start();
    vanish(&bob);
    check(times(peer_got(ada), "\"offline\"") == 1 && !is_listed("own", "b1"));
    say(ada, "own", "1");
    say(ada, "other", "2");
    say(ada, "own", "3");
    (void)peer_got(ada);
    const char *text = come_back_as(&bob, 2, ",\"userId\":\"b1\",\"username\":\"bob\"");
    check(strcmp(contents(text), "1 2 3 ") == 0);
    check(times(text, "\"receiveMessage\"") == 1 && times(text, "\"offset\":") == 2);
    check(is_former(&bob, text) && times(text, "|") == 4 &&
          strstr(strstr(text, "|40"), "|42") == NULL);
    check(times(peer_got(ada), "\"user_joined\"") == 1);
    check(is_listed("own", "b1") && is_listed("other", "b1"));
    say(ada, "own", "4");
    say(ada, "other", "5");
    check(strcmp(contents(got(&bob)), "4 5 ") == 0);
    say(bob.peer, "own", "6");
    check(strstr(peer_got(ada), "\"userId\":\"b1\",\"username\":\"bob\",\"content\":\"6\"") !=
          NULL);
    bed_end();
}

static void hears_what_was_said_where_nobody_was_left(void)
{
    start();
    enter(bob.peer, "2[\"join_room\",{\"roomId\":\"lonely\"}]");
    (void)got(&bob);
    say(bob.peer, "own", "last");
    (void)got(&bob);
    vanish(&bob);
    say(ada, "lonely", "1");
    check(strcmp(contents(come_back_as(&bob, 1, ",\"userId\":\"b1\"")), "1 ") == 0);
    say(ada, "lonely", "2");
    check(strcmp(contents(got(&bob)), "2 ") == 0);
    bed_end();
}

/* Clients do that on each connect. */
static void may_join_again_as_if_nothing_had_been(void)
{
    start();
    vanish(&bob);
    say(ada, "own", "1");
    (void)come_back_as(&bob, 2, ",\"userId\":\"b1\"");
    (void)peer_got(ada);
    enter(bob.peer, "21[\"join_room\",{\"roomId\":\"own\",\"after\":2}]");
    check(strcmp(got(&bob), "|431[{\"ok\":true,\"roomId\":\"own\",\"offset\":2}]") == 0);
    check(strcmp(peer_got(ada), "") == 0);
    say(ada, "own", "2");
    check(strcmp(contents(got(&bob)), "2 ") == 0);
    bed_end();
}

static void may_go_again_at_once(void)
{
    start();
    vanish(&bob);
    returner_ask(&bob, 2, ",\"userId\":\"b1\"");
    peer_vanish(bob.peer);
    bed_settle();
    check(!is_listed("own", "b1"));
    say(ada, "own", "1");
    returner_ask(&bob, 1, ",\"userId\":\"b1\"");
    bed_settle();
    check(strcmp(contents(got(&bob)), "1 ") == 0 && is_listed("own", "b1"));
    enter(bob.peer, "2[\"leave_room\",{\"roomId\":\"own\"}]");
    (void)got(&bob);
    vanish(&bob);
    check(is_former(&bob, come_back_as(&bob, 0, ",\"userId\":\"b1\"")));
    check(!is_listed("own", "b1") && is_listed("other", "b1"));
    bed_end();
}

/* Its way out of a room's roster waits at the very loop that it comes back to. */
static void is_a_member_though_its_end_is_still_on_its_way(void)
{
    char packet[80], room[8];
    start();
    for (unsigned i = 0; i < 12; i++) {
        (void)snprintf(packet, sizeof packet, "2[\"join_room\",{\"roomId\":\"r%u\",\"after\":0}]",
                       i);
        enter(bob.peer, packet);
    }
    say(bob.peer, "own", "x");
    (void)got(&bob);
    for (unsigned loop = 0; loop < 3; loop++) {
        struct peer *peer = peer_open(loop);
        peer_vanish(bob.peer);
        returner_ask_by(&bob, peer, ",\"userId\":\"b1\"");
        bed_settle();
        check(is_former(&bob, got(&bob)));
        for (unsigned i = 0; i < 12; i++) {
            (void)snprintf(room, sizeof room, "r%u", i);
            check(is_listed(room, "b1"));
        }
    }
    bed_end();
}

static void two_at_most(struct chat_limits *limits)
{
    limits->members_per_room = 2;
}

static void leaves_a_room_that_is_full_by_now_and_is_told_so(void)
{
    start_with(&(struct bed_setup){.loops = 2, .recovery_ms = RECOVERY_MS, .limit = two_at_most});
    open_as(&bob, 1, "{\"userId\":\"b1\"}");
    enter(ada, "2[\"join_room\",{\"roomId\":\"r\",\"after\":0}]");
    enter(bob.peer, "2[\"join_room\",{\"roomId\":\"r\",\"after\":0}]");
    enter(bob.peer, "2[\"join_room\",{\"roomId\":\"s\",\"after\":0}]");
    say(ada, "r", "x");
    (void)got(&bob);
    vanish(&bob);
    struct peer *carl = bed_join(0, "{\"userId\":\"c1\"}");
    enter(carl, "2[\"join_room\",{\"roomId\":\"r\",\"after\":0}]");
    const char *text = come_back_as(&bob, 1, ",\"userId\":\"b1\"");
    check(is_former(&bob, text) && times(text, "\"error\",{\"code\":\"ROOM_FULL\"") == 1);
    say(ada, "r", "1");
    say(ada, "s", "2");
    check(strcmp(contents(got(&bob)), "2 ") == 0);
    check(!is_listed("r", "b1") && is_listed("s", "b1"));
    bed_end();
}

static void forms_are_written_as_long_as_somebody_may_come_back(void)
{
    start();
    check(comeback_dialects(&bed_chat->loops[0]) == 0);
    vanish(&bob);
    check(comeback_dialects(&bed_chat->loops[0]) ==
          (1u << DIALECT_NATIVE | 1u << DIALECT_SCALABLE));
    bed_advance(2 * RECOVERY_MS);
    check(comeback_dialects(&bed_chat->loops[2]) == 0);
    check(is_new(&bob, come_back_as(&bob, 1, ",\"userId\":\"b1\"")));
    check(!is_listed("own", "b1"));
    bed_end();
    start_with(&(struct bed_setup){.loops = 1});
    enter(ada, "2[\"join_room\",{\"roomId\":\"r\",\"after\":0}]");
    peer_vanish(ada);
    bed_settle();
    check(comeback_dialects(&bed_chat->loops[0]) == 0);
    bed_end();
}

/* ---- who it is ---- */

/* One of dialect 2, which names the user with the join. */
static void start_named_by_event(const char *auth)
{
    start_with(&(struct bed_setup){.loops = 2, .recovery_ms = RECOVERY_MS});
    open_as(&bob, 1, auth);
    enter(bob.peer, "2[\"join_room\",{\"roomid\":\"r\",\"username\":\"robert\"}]");
    check(strstr(got(&bob), "update_online_users\",[\"robert\"]") != NULL);
    vanish(&bob);
}

static void is_whom_an_event_has_named(void)
{
    start_named_by_event("");
    check(is_former(&bob, come_back_as(&bob, 0, "")) && is_listed("r", "robert"));
    say(ada, "r", "x"); /* an event, for an offset */
    (void)got(&bob);
    vanish(&bob);
    check(is_former(&bob, come_back_as(&bob, 0, "")) && is_listed("r", "robert"));
    bed_end();
    start_named_by_event("{\"userId\":\"b1\"}");
    check(is_former(&bob, come_back_as(&bob, 0, ",\"userId\":\"b1\"")) && is_listed("r", "robert"));
    bed_end();
}

static void is_nobody_still_under_the_name_that_he_has_given(void)
{
    start_with(&(struct bed_setup){.loops = 2, .recovery_ms = RECOVERY_MS});
    open_as(&bob, 1, "{\"username\":\"rob\"}");
    enter(bob.peer, "2[\"join_room\",{\"roomId\":\"r\"}]");
    say(bob.peer, "r", "x");
    (void)got(&bob);
    vanish(&bob);
    check(is_former(&bob, come_back_as(&bob, 0, "")) && is_listed("r", bob.sid));
    say(bob.peer, "r", "y");
    check(strstr(got(&bob), "\"username\":\"rob\"") != NULL);
    vanish(&bob);
    (void)come_back_as(&bob, 0, ",\"username\":\"robert\"");
    say(bob.peer, "r", "z");
    check(strstr(got(&bob), "\"username\":\"robert\"") != NULL);
    bed_end();
}

static void begins_anew_as_another_user(void)
{
    static const char *const claims[] = {",\"userId\":\"m1\"", "", ",\"username\":\"m\""};
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        start();
        vanish(&bob);
        say(ada, "own", "secret");
        const char *text = come_back_as(&bob, 2, claims[i]);
        check(is_new(&bob, text) && strstr(text, "secret") == NULL);
        say(ada, "own", "secret");
        check(strcmp(got(&bob), "") == 0 && !is_listed("own", "b1"));
        check(returner_joined(&bob, text) || true);
        enter(bob.peer, "2[\"join_room\",{\"roomId\":\"own\",\"after\":3}]");
        check(!is_listed("own", "b1"));
        bed_end();
    }
    start_named_by_event("{\"userId\":\"b1\"}");
    check(is_new(&bob, come_back_as(&bob, 0, ",\"userId\":\"robert\"")));
    bed_end();
}

/* ---- tokens ---- */

static struct auth *auth;

static const char *claim_of(const char *id, int64_t left_ms)
{
    static char text[1024];
    struct auth_claims claims = {0};
    struct bytes out = {0};
    int64_t now_ms = rookery_loop_wall_ms(rookery_loop_at(world, 0));

    check(auth_text_set(&claims.user_id, span_cstr(id)));
    claims.expires_ms = now_ms + left_ms;
    check(auth_issue(auth, &claims, now_ms, &out) == 0);
    (void)snprintf(text, sizeof text, "\"token\":\"%.*s\"", (int)out.len, (const char *)out.data);
    bytes_finish(&out);
    return text;
}

static const char *in_braces(const char *claim, bool begins)
{
    static char text[1100];

    (void)snprintf(text, sizeof text, begins ? "{%s}" : ",%s", claim);
    return text;
}

static void start_required(bool trusts)
{
    const struct auth_options options = {.secret = SPAN("0123456789abcdef0123456789abcdef")};
    struct bytes why = {0};

    auth = auth_open(&options, &why);
    check(auth != NULL);
    bytes_finish(&why);
    bed_start(&(struct bed_setup){.loops = 2,
                                  .auth = auth,
                                  .auth_required = true,
                                  .recovery_ms = RECOVERY_MS,
                                  .recovery_trusts = trusts});
    ada = bed_join(0, in_braces(claim_of("a1", 1000000), true));
    open_as(&bob, 1, in_braces(claim_of("b1", RECOVERY_MS / 2), true));
    enter(bob.peer, "2[\"join_room\",{\"roomId\":\"r\"}]");
    say(ada, "r", "x");
    (void)got(&bob);
    vanish(&bob);
    say(ada, "r", "1");
}

static void end_required(void)
{
    bed_end();
    auth_close(auth);
}

static void is_asked_for_his_token_again(void)
{
    start_required(false);
    const char *text = come_back_as(&bob, 0, "");
    check(strncmp(text, "|44{\"message\":", 14) == 0 && strstr(text, "UNAUTHORIZED") != NULL);
    check(strstr(text, "content") == NULL && !is_listed("r", "b1"));
    end_required();
    start_required(false);
    text = come_back_as(&bob, 0, in_braces(claim_of("b1", 1000), false));
    check(is_former(&bob, text) && strcmp(contents(text), "1 ") == 0 && is_listed("r", "b1"));
    bed_advance(2000);
    check(strstr(got(&bob), "TOKEN_EXPIRED") != NULL && !is_listed("r", "b1"));
    end_required();
    start_required(false);
    text = come_back_as(&bob, 0, in_braces(claim_of("m1", 1000), false));
    check(is_new(&bob, text) && strstr(text, "content") == NULL && !is_listed("r", "b1"));
    end_required();
    start_required(false);
    text = come_back_as(&bob, 0, in_braces(claim_of("b1", -1000), false));
    check(strncmp(text, "|44{\"message\":", 14) == 0 && strstr(text, "TOKEN_EXPIRED") != NULL);
    end_required();
}

static void is_not_asked_where_that_is_not_wanted(void)
{
    start_required(true);
    const char *text = come_back_as(&bob, 0, "");
    check(is_former(&bob, text) && strcmp(contents(text), "1 ") == 0 && is_listed("r", "b1"));
    bed_advance(RECOVERY_MS / 2);
    check(strstr(got(&bob), "TOKEN_EXPIRED") != NULL);
    end_required();
}

/* ---- direct messages ---- */

static void send_direct(const char *to, const char *content)
{
    char packet[160];

    (void)snprintf(packet, sizeof packet,
                   "2[\"send_message\",{\"recipientId\":\"%s\",\"content\":\"%s\"}]", to, content);
    enter(ada, packet);
}

static void arrive_both(bool without_store)
{
    start_with(&(struct bed_setup){
        .loops = 3, .recovery_ms = RECOVERY_MS, .without_store = without_store});
    enter(ada, "2[\"join\",{\"username\":\"ada\"}]");
    open_as(&bob, 1, "{\"userId\":\"b1\"}");
    enter(bob.peer, "2[\"join\",{\"username\":\"bob\"}]");
    (void)got(&bob);
    (void)peer_got(ada);
}

static void gets_direct_messages_once(void)
{
    arrive_both(false);
    vanish(&bob);
    check(times(peer_got(ada), "\"user_left\"") == 1);
    send_direct("b1", "1");
    send_direct("bob", "2");
    const char *text = come_back_as(&bob, 2, ",\"userId\":\"b1\"");
    check(is_former(&bob, text) && times(text, "\"connected\"") == 0);
    check(times(text, "\"content\":\"1\"") == 1 && times(text, "\"content\":\"2\"") == 1);
    check(times(text, "\"status\":\"delivered\"") == 2);
    check(times(peer_got(ada), "\"user_joined\"") == 1);
    enter(bob.peer, "2[\"join\",{\"username\":\"bob\"}]");
    text = got(&bob);
    check(times(text, "\"connected\"") == 1 && times(text, "\"new_message\"") == 0);
    send_direct("b1", "3");
    send_direct("bob", "4");
    check(strcmp(contents(got(&bob)), "3 4 ") == 0);
    check(times(peer_got(ada), "\"status\":\"delivered\"") == 2);
    bed_end();
}

static void gets_what_another_socket_of_his_was_given(void)
{
    struct returner second;
    arrive_both(false);
    open_as(&second, 2, "{\"userId\":\"b1\"}");
    enter(second.peer, "2[\"join\",{\"username\":\"bob\"}]");
    (void)got(&second);
    vanish(&bob);
    send_direct("b1", "1");
    check(strcmp(contents(got(&second)), "1 ") == 0);
    check(strcmp(contents(come_back_as(&bob, 0, ",\"userId\":\"b1\"")), "1 ") == 0);
    send_direct("b1", "2");
    check(strcmp(contents(got(&second)), "2 ") == 0 && strcmp(contents(got(&bob)), "2 ") == 0);
    bed_end();
}

static void gets_a_message_that_comes_while_he_arrives_once(void)
{
    for (unsigned turns = 0; turns < 8; turns++) {
        arrive_both(false);
        vanish(&bob);
        send_direct("b1", "1");
        returner_ask(&bob, 2, ",\"userId\":\"b1\"");
        for (unsigned i = 0; i < turns; i++) {
            world_turn(i % 3);
        }
        peer_send(ada, "2[\"send_message\",{\"recipientId\":\"b1\",\"content\":\"2\"}]");
        bed_settle();
        send_direct("b1", "3");
        check(strcmp(contents(got(&bob)), "1 2 3 ") == 0);
        bed_end();
    }
}

static void gets_them_without_a_store_too(void)
{
    arrive_both(true);
    vanish(&bob);
    send_direct("b1", "1");
    check(strcmp(contents(come_back_as(&bob, 2, ",\"userId\":\"b1\"")), "1 ") == 0);
    send_direct("b1", "2");
    check(strcmp(contents(got(&bob)), "2 ") == 0);
    bed_end();
}

static void to_oneself_is_for_oneself_alone(void)
{
    arrive_both(false);
    peer_send(ada, "2[\"send_message\",{\"recipientId\":\"a1\",\"content\":\"note\"}]");
    peer_vanish(ada);
    bed_settle();
    check(strcmp(contents(got(&bob)), "") == 0);
    ada = bed_join(0, "{\"userId\":\"a1\"}");
    enter(ada, "2[\"join\",{\"username\":\"ada\"}]");
    check(strcmp(contents(peer_got(ada)), "note ") == 0);
    bed_end();
}

/* Of what he sends his own sockets get a copy, those that have arrived. */
static void check_has_not_arrived(void)
{
    enter(bob.peer, "2[\"send_message\",{\"recipientId\":\"a1\",\"content\":\"copy\"}]");
    check(strcmp(got(&bob), "") == 0);
    check(times(peer_got(ada), "\"content\":\"copy\"") == 1);
}

static void who_cannot_be_looked_up_is_out_and_is_told_so(void)
{
    arrive_both(false);
    vanish(&bob);
    bed_busy_op = STORE_USER_GET;
    const char *text = come_back_as(&bob, 2, ",\"userId\":\"b1\"");
    check(is_former(&bob, text) && times(text, "BUSY") == 1);
    bed_busy_op = -1;
    (void)peer_got(ada);
    send_direct("b1", "1");
    check(times(peer_got(ada), "\"status\":\"sent\"") == 1);
    check_has_not_arrived();
    enter(bob.peer, "2[\"join\",{\"username\":\"bob\"}]");
    check(strcmp(contents(got(&bob)), "1 ") == 0);
    bed_end();
}

static void is_out_of_all_of_it_where_the_lobby_is_full(void)
{
    start_with(&(struct bed_setup){.loops = 2, .recovery_ms = RECOVERY_MS, .limit = two_at_most});
    enter(ada, "2[\"join\",{\"username\":\"ada\"}]");
    open_as(&bob, 1, "{\"userId\":\"b1\"}");
    enter(bob.peer, "2[\"join\",{\"username\":\"bob\"}]");
    (void)got(&bob);
    vanish(&bob);
    struct peer *carl = bed_join(0, "{\"userId\":\"c1\"}");
    enter(carl, "2[\"join\",{\"username\":\"carl\"}]");
    const char *text = come_back_as(&bob, 1, ",\"userId\":\"b1\"");
    check(is_former(&bob, text) && times(text, "ROOM_FULL") == 1);
    check_has_not_arrived();
    bed_end();
}

int main(void)
{
    RUN(has_heard_everything_once_and_is_a_member_again);
    RUN(hears_what_was_said_where_nobody_was_left);
    RUN(may_join_again_as_if_nothing_had_been);
    RUN(may_go_again_at_once);
    RUN(is_a_member_though_its_end_is_still_on_its_way);
    RUN(leaves_a_room_that_is_full_by_now_and_is_told_so);
    RUN(forms_are_written_as_long_as_somebody_may_come_back);
    RUN(is_whom_an_event_has_named);
    RUN(is_nobody_still_under_the_name_that_he_has_given);
    RUN(begins_anew_as_another_user);
    RUN(is_asked_for_his_token_again);
    RUN(is_not_asked_where_that_is_not_wanted);
    RUN(gets_direct_messages_once);
    RUN(gets_what_another_socket_of_his_was_given);
    RUN(gets_a_message_that_comes_while_he_arrives_once);
    RUN(gets_them_without_a_store_too);
    RUN(to_oneself_is_for_oneself_alone);
    RUN(who_cannot_be_looked_up_is_out_and_is_told_so);
    RUN(is_out_of_all_of_it_where_the_lobby_is_full);
    return tap_done();
}
