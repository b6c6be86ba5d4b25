// SPDX-License-Identifier: MIT
#include "src/chat/permit.h"

#include "src/auth/auth.h"
#include "tests/support/chat_bed.h"

#define SLOW_DOWN \
    "{\"code\":\"RATE_LIMIT_EXCEEDED\",\"message\":\"Too many messages. Please slow down.\"}"
#define NO_MESSAGE "{\"code\":\"NOT_FOUND\",\"message\":\"There is no such message.\"}"

static void few(struct chat_limits *limits)
{
    limits->messages_per_user = 2;
    limits->typing_per_user = 2;
    limits->joins_per_user = 3;
    limits->queries_per_user = 2;
    limits->sends_per_user = 3;
    limits->presence_per_user = 2;
}

static void end(void)
{
    bed_end();
}

/* ---- how often ---- */

static const char say[] = "2[\"send_message\",{\"roomId\":\"r\",\"content\":\"x\"}]";

static void a_user_may_send_so_many_messages_a_minute(void)
{
    bed_start(&(struct bed_setup){.limit = few});
    struct peer *p = bed_join(0, "{\"userId\":\"ada\"}");
    check_answer(p, say, "");
    check_answer(p, say, "");
    check_answer(p, say, "|42[\"error\"," SLOW_DOWN "]");
    check_answer(p, "25[\"send_message\",{\"roomId\":\"r\",\"content\":\"x\"}]",
                 "|435[{\"ok\":false,\"code\":\"RATE_LIMIT_EXCEEDED\",\"message\":"
                 "\"Too many messages. Please slow down.\",\"retryable\":true}]");
    bed_advance(60000);
    check_answer(p, say, "");
    end();
}

static void the_rate_is_that_of_the_user_whatever_his_connections(void)
{
    bed_start(&(struct bed_setup){.loops = 2, .limit = few});
    struct peer *a = bed_join(0, "{\"userId\":\"ada\"}"), *b = bed_join(1, "{\"userId\":\"ada\"}");
    struct peer *other = bed_join(1, "{\"userId\":\"bob\"}");
    check_answer(a, say, "");
    check_answer(b, say, "");
    check_answer(b, say, "|42[\"error\"," SLOW_DOWN "]");
    check_answer(other, say, "");
    end();
}

static void edits_count_as_messages(void)
{
    bed_start(&(struct bed_setup){.limit = few});
    struct peer *p = bed_join(0, "{\"userId\":\"ada\"}");
    const char *edit = "2[\"edit_message\",{\"messageId\":\"none\",\"content\":\"y\"}]";
    check_answer(p, edit, "|42[\"error\"," NO_MESSAGE "]");
    check_answer(p, say, "");
    check_answer(p, edit, "|42[\"error\"," SLOW_DOWN "]");
    check_answer(p, "2[\"delete_message\",{\"messageId\":\"none\"}]",
                 "|42[\"error\"," NO_MESSAGE "]");
    end();
}

/* Sends it with an acknowledgement four times: the fourth is too much. */
static void check_send(const char *user, const char *event)
{
    char packet[256];
    struct peer *p = bed_join(0, user);

    (void)snprintf(packet, sizeof packet, "21[%s]", event);
    for (unsigned i = 0; i < 3; i++) {
        peer_send(p, packet);
        bed_settle();
        check(strstr(peer_got(p), "{\"ok\":true") != NULL);
    }
    check_answer(p, packet,
                 "|431[{\"ok\":false,\"code\":\"RATE_LIMIT_EXCEEDED\",\"message\":"
                 "\"Too many messages. Please slow down.\",\"retryable\":true}]");
}

static void messages_of_the_other_dialects_have_a_rate_of_their_own(void)
{
    bed_start(&(struct bed_setup){.limit = few});
    check_send("{\"userId\":\"a\"}",
               "\"new_msg\",{\"roomid\":\"r\",\"sender\":\"a\",\"message\":\"x\"}");
    check_send("{\"userId\":\"b\"}", "\"sendMessage\",{\"roomId\":\"r\",\"text\":\"x\"}");
    check_send("{\"userId\":\"c\"}",
               "\"send_message\",{\"recipientId\":\"bob\",\"content\":\"x\"}");
    check_send("{\"userId\":\"d\"}", "\"chat:event\",{\"eventType\":\"message\",\"userId\":\"d\","
                                     "\"chatRoomId\":\"r\",\"message\":\"x\"}");
    struct peer *p = bed_join(0, "{\"userId\":\"a\"}");
    check_answer(p, say, "");
    end();
}

static void other_events_have_rates_of_their_own(void)
{
    static const char too_many[] =
        "|42[\"error\",{\"code\":\"RATE_LIMIT_EXCEEDED\","
        "\"message\":\"Too many events of this kind. Please slow down.\"}]";

    bed_start(&(struct bed_setup){.limit = few});
    struct peer *p = bed_join(0, "{\"userId\":\"ada\"}");
    check_answer(p, "2[\"join_room\",{\"roomId\":\"r\",\"after\":0}]", "");
    check_answer(p, "2[\"leave_room\",{\"roomId\":\"r\"}]", "");
    check_answer(p, "2[\"join_room\",{\"roomId\":\"r\",\"after\":0}]", "");
    check_answer(p, "2[\"leave_room\",{\"roomId\":\"r\"}]", too_many);
    check_answer(p, "2[\"typing_start\",{\"roomId\":\"r\"}]", "");
    check_answer(p, "2[\"typing_stop\",{\"roomId\":\"r\"}]", "");
    check_answer(p, "2[\"typing_start\",{\"roomId\":\"r\"}]", too_many);
    check_answer(p, "2[\"history\",{\"roomId\":\"r\"}]", "");
    check_answer(p, "2[\"room_members\",{\"roomId\":\"r\"}]", "");
    check_answer(p, "2[\"list_rooms\",{}]", too_many);
    check_answer(p, "2[\"set_presence\",{\"status\":\"away\"}]", "");
    check_answer(p, "2[\"set_presence\",{\"status\":\"online\"}]", "");
    check_answer(p, "2[\"set_presence\",{\"status\":\"away\"}]", too_many);
    end();
}

static void refusals_are_counted_by_their_reasons(void)
{
    bed_start(&(struct bed_setup){.loops = 2, .limit = few});
    struct peer *p = bed_join(1, "{\"userId\":\"ada\"}");
    for (unsigned i = 0; i < 4; i++) {
        peer_send(p, say);
    }
    peer_send(p, "2[\"send_message\",{\"content\":\"x\"}]");
    peer_send(p, "21[\"history\",7]");
    peer_send(p, "21[\"join_room\",{\"roomId\":\"\\u0001x\"}]");
    peer_send(p, "2[\"typing_start\",{\"roomId\":\"r\"}]");
    bed_settle();
    check(bed_stat(STAT_REFUSED_RATE) == 2);
    check(bed_stat(STAT_REFUSED_INVALID) == 3);
    check(bed_stat(STAT_REFUSED_OTHER) == 1);
    check(bed_stat(STAT_REFUSED_UNAUTHORIZED) == 0 && bed_stat(STAT_REFUSED_FULL) == 0);
    end();
}

/* ---- names of our own ---- */

static void clients_cannot_name_rooms_of_the_chat_s_own(void)
{
    static const char *const fields[] = {
        "\"join_room\",{\"roomId\":\"\\u0001lobby\"}",
        "\"join_room\",{\"roomId\":\"\\u0001lobby\",\"after\":0}",
        "\"leave_room\",{\"roomId\":\"\\u0001@bob\"}",
        "\"send_message\",{\"roomId\":\"\\u0001@bob\",\"content\":\"x\"}",
        "\"typing_start\",{\"roomId\":\"\\u0001@bob\"}",
        "\"typing_stop\",{\"roomId\":\"\\u0001@bob\"}",
        "\"mark_read\",{\"roomId\":\"\\u0001@bob\",\"messageId\":\"m\"}",
        "\"history\",{\"roomId\":\"\\u0001@bob\"}",
        "\"search\",{\"roomId\":\"\\u0001@bob\",\"query\":\"x\"}",
        "\"create_room\",{\"roomId\":\"\\u0001@bob\",\"name\":\"x\"}",
        "\"room_members\",{\"roomId\":\"\\u0001lobby\"}",
        "\"join_room\",{\"roomid\":\"\\u0001lobby\",\"username\":\"ada\"}",
        "\"joinRoom\",\"\\u0001lobby\"",
        "\"new_msg\",{\"roomid\":\"\\u0001@bob\",\"sender\":\"ada\",\"message\":\"x\"}",
        "\"sendMessage\",{\"roomId\":\"\\u0001@bob\",\"text\":\"x\"}",
        "\"chat:event\",{\"eventType\":\"join\",\"userId\":\"ada\",\"chatRoomId\":\"\\u0001@bob\"}",
        "\"chat:event\",{\"eventType\":\"leave\",\"userId\":\"ada\",\"chatRoomId\":\"\\u0001@b\"}",
        "\"chat:event\",{\"eventType\":\"message\",\"userId\":\"ada\",\"chatRoomId\":\"\\u0001@"
        "bob\","
        "\"message\":\"x\"}",
    };
    char packet[256];

    bed_start(&(struct bed_setup){.loops = 1});
    struct peer *bob = bed_join(0, "{\"userId\":\"bob\"}");
    peer_send(bob, "2[\"join\",{\"username\":\"bob\"}]");
    bed_settle();
    (void)peer_got(bob);
    struct peer *p = bed_join(0, "{\"userId\":\"eve\"}");
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        (void)snprintf(packet, sizeof packet, "27[%s]", fields[i]);
        check_answer(p, packet,
                     "|437[{\"ok\":false,\"code\":\"INVALID_PAYLOAD\",\"message\":"
                     "\"A room's name must not begin with the character U+0001.\","
                     "\"retryable\":false}]");
    }
    check_like(bob, "");
    end();
}

static void nobody_joins_or_leaves_the_room_that_each_socket_has(void)
{
    char packet[256];

    bed_start(&(struct bed_setup){.loops = 2});
    struct peer *p = bed_join(0, "{\"userId\":\"ada\"}");
    (void)snprintf(packet, sizeof packet, "27[\"join_room\",{\"roomId\":\"%s\"}]", p->id);
    check_answer(p, packet,
                 "|437[{\"ok\":false,\"code\":\"INVALID_PAYLOAD\",\"message\":"
                 "\"The socket's id is no name of a room.\",\"retryable\":false}]");
    (void)snprintf(packet, sizeof packet, "27[\"leave_room\",{\"roomId\":\"%s\"}]", p->id);
    check_answer(p, packet,
                 "|437[{\"ok\":false,\"code\":\"INVALID_PAYLOAD\",\"message\":"
                 "\"The socket's id is no name of a room.\",\"retryable\":false}]");
    end();
}

/* ---- as whom ---- */

static void start_required(struct auth **auth)
{
    const struct auth_options options = {.secret = SPAN("0123456789abcdef0123456789abcdef")};
    struct bytes why = {0};

    *auth = auth_open(&options, &why);
    check(*auth != NULL);
    bytes_finish(&why);
    bed_start(&(struct bed_setup){.auth = *auth, .auth_required = true});
}

static struct peer *join_with_token(struct auth *auth, const char *id, const char *name)
{
    struct auth_claims claims = {0};
    struct bytes out = {0};
    char text[1100];

    check(auth_text_set(&claims.user_id, span_cstr(id)));
    check(auth_text_set(&claims.username, span_cstr(name)));
    check(auth_issue(auth, &claims, rookery_loop_wall_ms(rookery_loop_at(world, 0)), &out) == 0);
    (void)snprintf(text, sizeof text, "{\"token\":\"%.*s\"}", (int)out.len, (const char *)out.data);
    bytes_finish(&out);
    return bed_join(0, text);
}

static void where_tokens_are_required_another_s_id_is_refused(void)
{
    static const char refused[] = "|437[{\"ok\":false,\"code\":\"FORBIDDEN\",\"message\":"
                                  "\"userId is not that of the token.\",\"retryable\":false}]";
    struct auth *auth;

    start_required(&auth);
    struct peer *p = join_with_token(auth, "u1", "Ada");
    check_answer(p, "27[\"join_room\",{\"roomId\":\"r\",\"userId\":\"u2\"}]", refused);
    check_answer(p, "27[\"join_room\",{\"roomid\":\"r\",\"username\":\"Bob\"}]", refused);
    check_answer(p,
                 "27[\"chat:event\",{\"eventType\":\"message\",\"userId\":\"u2\",\"chatRoomId\":"
                 "\"r\",\"message\":\"x\"}]",
                 refused);
    check_answer(p, "27[\"sendMessage\",{\"roomId\":\"r\",\"userId\":\"u2\",\"text\":\"x\"}]",
                 refused);
    check_answer(p, "27[\"new_msg\",{\"roomid\":\"r\",\"sender\":\"Bob\",\"message\":\"x\"}]",
                 refused);
    check_answer(p, "27[\"sendMessage\",{\"roomId\":\"r\",\"userId\":\"u1\",\"username\":\"Eve\"}]",
                 refused);
    check_answer(p, "27[\"typing_start\",{\"roomId\":\"r\",\"userId\":\"u2\"}]", refused);
    check_answer(p, "27[\"join\",{\"username\":\"Ada\",\"userId\":\"u2\"}]", refused);
    end();
    auth_close(auth);
}

static void where_tokens_are_required_what_is_said_bears_the_name_of_the_token(void)
{
    static const char *const disguised[] = {
        "",
        "\"userId\":\"u1\",",
        "\"username\":\"Ada\",",
        "\"userId\":\"u1\",\"username\":[\"Eve\"],",
        "\"userId\":{\"id\":\"u2\"},\"username\":\"Ada\",",
        "\"userId\":null,\"username\":null,",
    };
    char packet[256];
    struct auth *auth;

    start_required(&auth);
    struct peer *p = join_with_token(auth, "u1", "Ada");
    check_answer(p, "2[\"joinRoom\",\"r\"]", "");
    check_answer(p,
                 "2[\"sendMessage\",{\"roomId\":\"r\",\"userId\":\"u1\",\"username\":\"Ada\","
                 "\"text\":\"x\",\"timestamp\":\"t\",\"more\":[1]}]",
                 "|42[\"receiveMessage\",{\"roomId\":\"r\",\"userId\":\"u1\",\"username\":\"Ada\","
                 "\"text\":\"x\",\"timestamp\":\"t\",\"more\":[1]}]");
    /* What is no text names nobody, but a client might show it. */
    for (size_t i = 0; i < sizeof disguised / sizeof *disguised; i++) {
        (void)snprintf(packet, sizeof packet,
                       "2[\"sendMessage\",{\"roomId\":\"r\",%s\"text\":\"x\",\"timestamp\":\"t\"}]",
                       disguised[i]);
        check_answer(
            p, packet,
            "|42[\"receiveMessage\",{\"roomId\":\"r\",\"userId\":\"u1\",\"username\":\"Ada\","
            "\"text\":\"x\",\"timestamp\":\"t\"}]");
    }
    check_answer(p, "2[\"join_room\",{\"roomid\":\"g\",\"username\":\"Ada\"}]",
                 "|42[\"update_online_users\",[\"Ada\"]]");
    end();
    auth_close(auth);
}

static void an_open_chat_takes_the_userid_of_the_latest_join(void)
{
    bed_start(&(struct bed_setup){.loops = 1});
    struct peer *p = bed_join(0, "");
    check_answer(p, "2[\"join_room\",{\"roomId\":\"r\",\"userId\":\"ada\"}]",
                 "|42[\"message_history\",[]]");
    check_answer(p, say,
                 "|42[\"message\",{\"id\":\"~\",\"roomId\":\"r\",\"userId\":\"ada\",\"username\":"
                 "\"ada\",\"content\":\"x\",\"type\":\"text\",\"timestamp\":\"~\"}]");
    end();
}

static void an_id_of_the_handshake_counts_more_than_that_of_a_join(void)
{
    bed_start(&(struct bed_setup){.loops = 1});
    struct peer *p = bed_join(0, "{\"userId\":\"me\"}");
    check_answer(p, "2[\"join_room\",{\"roomId\":\"r\",\"userId\":\"ada\"}]",
                 "|42[\"message_history\",[]]");
    check_answer(p, say,
                 "|42[\"message\",{\"id\":\"~\",\"roomId\":\"r\",\"userId\":\"me\",\"username\":"
                 "\"me\",\"content\":\"x\",\"type\":\"text\",\"timestamp\":\"~\"}]");
    end();
}

int main(void)
{
    RUN(a_user_may_send_so_many_messages_a_minute);
    RUN(the_rate_is_that_of_the_user_whatever_his_connections);
    RUN(edits_count_as_messages);
    RUN(messages_of_the_other_dialects_have_a_rate_of_their_own);
    RUN(other_events_have_rates_of_their_own);
    RUN(refusals_are_counted_by_their_reasons);
    RUN(clients_cannot_name_rooms_of_the_chat_s_own);
    RUN(nobody_joins_or_leaves_the_room_that_each_socket_has);
    RUN(where_tokens_are_required_another_s_id_is_refused);
    RUN(where_tokens_are_required_what_is_said_bears_the_name_of_the_token);
    RUN(an_open_chat_takes_the_userid_of_the_latest_join);
    RUN(an_id_of_the_handshake_counts_more_than_that_of_a_join);
    return tap_done();
}
