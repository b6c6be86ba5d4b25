// SPDX-License-Identifier: MIT
#include "src/chat/admission.h"

#include "src/auth/auth.h"
#include "tests/support/chat_bed.h"

#define CONNECTED "|40{\"sid\":\"~\"}"

static struct auth *auth;

static void start(bool required)
{
    const struct auth_options options = {.secret = SPAN("0123456789abcdef0123456789abcdef")};
    struct bytes why = {0};

    auth = auth_open(&options, &why);
    check(auth != NULL);
    bytes_finish(&why);
    bed_start(&(struct bed_setup){.loops = 2, .auth = auth, .auth_required = required});
}

static void end(void)
{
    bed_end();
    auth_close(auth);
}

/* A token of user id and name that ends in that time. */
static const char *token(const char *id, const char *name, int64_t left_ms)
{
    static char text[1024];
    struct auth_claims claims = {0};
    struct bytes out = {0};
    int64_t now_ms = rookery_loop_wall_ms(rookery_loop_at(world, 0));

    check(auth_text_set(&claims.user_id, span_cstr(id)));
    check(auth_text_set(&claims.username, span_cstr(name)));
    claims.expires_ms = now_ms + left_ms;
    check(auth_issue(auth, &claims, now_ms, &out) == 0);
    (void)snprintf(text, sizeof text, "%.*s", (int)out.len, (const char *)out.data);
    bytes_finish(&out);
    return text;
}

static const char *auth_of(const char *token_text, const char *more)
{
    static char text[1100];

    (void)snprintf(text, sizeof text, "{\"token\":\"%s\"%s}", token_text, more);
    return text;
}

/* Who a peer is to the others of the room "r". */
static void check_who(struct peer *p, const char *want)
{
    check_answer(p, "21[\"join_room\",{\"roomId\":\"r\",\"after\":0}]",
                 "|431[{\"ok\":true,\"roomId\":\"r\",\"offset\":0}]");
    check_answer(p, "22[\"room_members\",{\"roomId\":\"r\"}]", want);
}

#define MEMBER(id, name)                                                                        \
    "|432[{\"ok\":true,\"roomId\":\"r\",\"users\":[{\"userId\":\"" id "\",\"username\":\"" name \
    "\",\"status\":\"online\"}]}]"
#define SOCKET_MEMBER(name)                                                                \
    "|432[{\"ok\":true,\"roomId\":\"r\",\"users\":[{\"userId\":\"~\",\"username\":\"" name \
    "\",\"status\":\"online\"}]}]"

static void an_open_chat_believes_what_it_is_told(void)
{
    start(false);
    check_who(bed_join(0, "{\"userId\":\"ada\",\"username\":\"Ada\"}"), MEMBER("ada", "Ada"));
    end();
    start(false);
    check_who(bed_join(1, "{\"username\":\"Ada\"}"), SOCKET_MEMBER("Ada"));
    end();
    start(false);
    check_who(bed_join(0, ""), SOCKET_MEMBER("Anonymous"));
    end();
}

static void a_valid_token_says_who_somebody_is_who_says_nothing_else(void)
{
    start(false);
    check_who(bed_join(0, auth_of(token("u1", "Ada", 60000), "")), MEMBER("u1", "Ada"));
    end();
}

static void what_the_handshake_says_counts_more_than_a_token_where_none_is_required(void)
{
    start(false);
    check_who(bed_join(0, auth_of(token("u1", "Ada", 60000), ",\"userId\":\"me\"")),
              MEMBER("me", "me"));
    end();
}

static void a_name_without_an_id_does_not_take_the_place_of_a_token(void)
{
    start(false);
    check_who(bed_join(0, auth_of(token("u1", "Ada", 60000), ",\"userId\":7,\"username\":\"Eve\"")),
              MEMBER("u1", "Ada"));
    end();
}

static void a_bad_token_is_as_none_in_an_open_chat(void)
{
    start(false);
    check_who(bed_join(0, "{\"token\":\"dummy\",\"userId\":\"ada\"}"), MEMBER("ada", "ada"));
    end();
    start(false);
    check_who(bed_join(0, auth_of(token("u1", "Ada", -60000), "")), SOCKET_MEMBER("Anonymous"));
    end();
}

static void refused(const char *payload, const char *want)
{
    struct peer *p = peer_open(0);
    const char *got = bed_connect(p, payload);

    if (!bed_like(got, want)) {
        printf("# got %s\n# want %s\n", got, want);
        tap_case_failed = 1;
    }
}

static void where_tokens_are_required_nobody_gets_in_without_a_valid_one(void)
{
    static const char unauthorized[] =
        "|44{\"message\":\"The token is not valid.\",\"data\":{\"code\":\"UNAUTHORIZED\","
        "\"message\":\"The token is not valid.\"}}";
    static const char none[] =
        "|44{\"message\":\"A token is needed: auth.token.\",\"data\":{\"code\":\"UNAUTHORIZED\","
        "\"message\":\"A token is needed: auth.token.\"}}";

    start(true);
    refused("", none);
    refused("{\"userId\":\"ada\"}", none);
    refused("{\"token\":7}", unauthorized);
    refused("{\"token\":\"dummy\"}", unauthorized);
    refused(auth_of(token("u1", "Ada", -60000), ""),
            "|44{\"message\":\"The token has expired.\",\"data\":{\"code\":\"TOKEN_EXPIRED\","
            "\"message\":\"The token has expired.\"}}");
    check(world_stat(STAT_SOCKETS_CONNECTED) == 0);
    check(bed_stat(STAT_REFUSED_UNAUTHORIZED) == 5);
    end();
}

static void where_tokens_are_required_theirs_is_the_only_word(void)
{
    start(true);
    check_who(
        bed_join(0, auth_of(token("u1", "Ada", 60000), ",\"userId\":\"eve\",\"username\":\"Eve\"")),
        MEMBER("u1", "Ada"));
    end();
}

static void a_token_may_come_in_the_field_authorization(void)
{
    char field[1100];

    start(true);
    (void)snprintf(field, sizeof field, "Authorization: bearer %s\r\n", token("u2", "Bob", 60000));
    struct peer *p = peer_open_as(0, field, "127.0.0.1");
    check(bed_like(bed_connect(p, ""), CONNECTED));
    check_who(p, MEMBER("u2", "Bob"));

    (void)snprintf(field, sizeof field, "Authorization: Basic %s\r\n", token("u2", "Bob", 60000));
    p = peer_open_as(0, field, "127.0.0.1");
    check(strstr(bed_connect(p, ""), "UNAUTHORIZED") != NULL);
    end();
}

static void a_connection_ends_with_its_token(void)
{
    start(true);
    struct peer *brief = bed_join(0, auth_of(token("u1", "Ada", 3000), ""));
    struct peer *other = bed_join(1, auth_of(token("u2", "Bob", 60000), ""));
    bed_advance(2900);
    check_like(brief, "");
    bed_advance(200);
    check_like(brief, "|42[\"error\",{\"code\":\"TOKEN_EXPIRED\","
                      "\"message\":\"The token has expired.\"}]|41");
    check(!peer_is_open(brief));
    check(peer_is_open(other));
    end();
}

static void who_leaves_before_his_token_ends_is_forgotten(void)
{
    start(true);
    struct peer *p = bed_join(0, auth_of(token("u1", "Ada", 1000), ""));
    peer_vanish(p);
    bed_settle();
    bed_advance(2000);
    check(world_stat(STAT_SOCKETS_DISCONNECTED) == 1);
    end();
}

static void two_at_most(struct chat_limits *limits)
{
    limits->sockets_max = 2;
}

static void who_is_too_many_is_told_so_and_disconnected(void)
{
    bed_start(&(struct bed_setup){.loops = 2, .limit = two_at_most});
    struct peer *a = bed_join(0, ""), *b = bed_join(1, "");
    struct peer *c = peer_open(0);
    check(bed_like(bed_connect(c, ""), CONNECTED
                   "|42[\"error\",{\"code\":\"SERVER_FULL\",\"message\":\"The server takes "
                   "no more connections.\"}]|41"));
    check(peer_is_open(a) && peer_is_open(b) && !peer_is_open(c));
    check(bed_stat(STAT_REFUSED_FULL) == 1);

    peer_vanish(a);
    bed_settle();
    struct peer *d = bed_join(0, "");
    check(peer_is_open(d));
    check_like(d, "");
    bed_end();
}

static void two_from_one_place(struct chat_limits *limits)
{
    limits->connections_per_address = 2;
}

static void an_address_may_connect_so_often_in_a_minute(void)
{
    static const char full[] =
        "|44{\"message\":\"Too many connections from this address.\",\"data\":{\"code\":"
        "\"RATE_LIMIT_EXCEEDED\",\"message\":\"Too many connections from this address.\"}}";

    bed_start(&(struct bed_setup){.loops = 2, .limit = two_from_one_place});
    check(bed_like(bed_connect(peer_open_as(0, "", "10.0.0.1"), ""), CONNECTED));
    check(bed_like(bed_connect(peer_open_as(1, "", "10.0.0.1"), ""), CONNECTED));
    check(bed_like(bed_connect(peer_open_as(1, "", "10.0.0.1"), ""), full));
    check(bed_like(bed_connect(peer_open_as(1, "", "10.0.0.2"), ""), CONNECTED));
    bed_advance(60000);
    check(bed_like(bed_connect(peer_open_as(0, "", "10.0.0.1"), ""), CONNECTED));
    bed_end();
}

int main(void)
{
    RUN(an_open_chat_believes_what_it_is_told);
    RUN(a_valid_token_says_who_somebody_is_who_says_nothing_else);
    RUN(what_the_handshake_says_counts_more_than_a_token_where_none_is_required);
    RUN(a_name_without_an_id_does_not_take_the_place_of_a_token);
    RUN(a_bad_token_is_as_none_in_an_open_chat);
    RUN(where_tokens_are_required_nobody_gets_in_without_a_valid_one);
    RUN(where_tokens_are_required_theirs_is_the_only_word);
    RUN(a_token_may_come_in_the_field_authorization);
    RUN(a_connection_ends_with_its_token);
    RUN(who_leaves_before_his_token_ends_is_forgotten);
    RUN(who_is_too_many_is_told_so_and_disconnected);
    RUN(an_address_may_connect_so_often_in_a_minute);
    return tap_done();
}
