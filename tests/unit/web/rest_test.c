// SPDX-License-Identifier: MIT
#include "src/web/rest.h"

#include "tests/support/tap.h"
#include "tests/unit/web/rest_world.h"

#define ERROR_PAGE(text)                                                                    \
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</" \
    "title>\n</head>\n<body>\n<pre>" text "</pre>\n</body>\n</html>\n"

static void unknown_paths_are_answered_as_by_express(void)
{
    struct rest_world w = rest_world_make();

    rest_get(&w, "/rooms/x");
    check(rest_answered(&w, 404, ERROR_PAGE("Cannot GET /rooms/x")));
    check(rest_has_field(&w, "Content-Type: text/html; charset=utf-8\n"));
    check(rest_has_field(&w, "Content-Security-Policy: default-src 'none'\n"));
    rest_ask(&w, "POST", "/history/<b>/x", "", "");
    check(rest_answered(&w, 404, ERROR_PAGE("Cannot POST /history/&lt;b&gt;/x")));
    rest_get(&w, "/api/nothing");
    check(rest_answered(&w, 404, "{\"error\":\"Not Found\"}"));
    rest_world_finish(&w);
}

static void paths_beside_its_own_are_left_to_others(void)
{
    struct rest_world w = rest_world_make();
    static const char *const others[] = {"/socket.io/",  "/socket.io/socket.io.js",
                                         "/health",      "/index.html",
                                         "/assets/x.js", "/roomsx"};

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        rest_get(&w, others[i]);
        check(w.status == 0);
    }
    rest_world_finish(&w);
}

static void what_nobody_serves_is_told_to_every_origin(void)
{
    static const char fields[] = "Origin: http://a\n";
    static struct cors_policy policy;
    struct rest_world w = rest_world_make();

    cors_policy_set(&policy, &(struct cors_options){.origin = "reflect", .max_age_s = -1});
    w.options.cors = &policy;
    w.is_all = true;
    rest_ask(&w, "GET", "/no/such/path", fields, "");
    check(rest_answered(&w, 404, ERROR_PAGE("Cannot GET /no/such/path")));
    check(rest_has_field(&w, "Access-Control-Allow-Origin: http://a\n"));
    rest_ask(&w, "PURGE", "/roomsx", fields, "");
    check(rest_answered(&w, 404, ERROR_PAGE("Cannot PURGE /roomsx")));
    rest_ask(&w, "OPTIONS", "/no/such/path", fields, "");
    check(rest_answered(&w, 204, ""));
    check(rest_has_field(&w, "Access-Control-Allow-Origin: http://a\n"));
    rest_world_finish(&w);
    cors_policy_finish(&policy);
}

static void another_method_is_told_which_are_there(void)
{
    struct rest_world w = rest_world_make();

    rest_ask(&w, "DELETE", "/rooms", "", "");
    check(rest_answered(&w, 405, ERROR_PAGE("Method Not Allowed")));
    check(rest_has_field(&w, "Allow: GET, HEAD, POST\n"));
    rest_ask(&w, "GET", "/api/auth/login", "", "");
    check(rest_answered(&w, 405, "{\"error\":\"Method Not Allowed\"}"));
    check(rest_has_field(&w, "Allow: POST\n"));
    rest_world_finish(&w);
}

static void a_head_request_is_one_of_get(void)
{
    struct rest_world w = rest_world_make();

    rest_ask(&w, "HEAD", "/rooms", "", "");
    check(w.status == 200);
    rest_world_finish(&w);
}

static void parameters_and_bodies_are_looked_at_before_anything_else(void)
{
    struct rest_world w = rest_world_make();

    rest_get(&w, "/chat-history/%zz");
    check(rest_answered(&w, 400, ERROR_PAGE("Bad Request")));
    rest_get(&w, "/active-users/%ff");
    check(rest_answered(&w, 400, ERROR_PAGE("Bad Request")));
    rest_get(&w, "/api/rooms/%ff/messages");
    check(rest_answered(&w, 400, "{\"error\":\"Bad Request\"}"));
    rest_post(&w, "/rooms", "{\"roomId\":");
    check(rest_answered(&w, 400, ERROR_PAGE("Bad Request")));
    rest_post(&w, "/api/auth/login", "nonsense");
    check(rest_answered(&w, 400, "{\"error\":\"Bad Request\"}"));
    rest_world_finish(&w);
}

static void pages_of_other_origins_may_read_every_answer_but_pages(void)
{
    static const char fields[] = "Origin: http://a\nAccess-Control-Request-Headers: x-b\n";
    static struct cors_policy policy;
    struct rest_world w = rest_world_make();

    cors_policy_set(&policy, &(struct cors_options){.origin = "reflect", .max_age_s = -1});
    w.options.cors = &policy;
    rest_ask(&w, "GET", "/rooms", fields, "");
    check(rest_has_field(&w, "Access-Control-Allow-Origin: http://a\n"));
    rest_ask(&w, "GET", "/rooms/nothing/x", fields, "");
    check(w.status == 404 && rest_has_field(&w, "Access-Control-Allow-Origin: http://a\n"));
    rest_ask(&w, "OPTIONS", "/rooms", fields, "");
    check(rest_answered(&w, 204, ""));
    check(rest_has_field(&w, "Access-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE\n"));
    check(rest_has_field(&w, "Access-Control-Allow-Headers: x-b\n"));
    rest_ask(&w, "GET", "/group", fields, "");
    check(w.status == 200 && strstr(w.fields, "Access-Control") == NULL);
    rest_ask(&w, "OPTIONS", "/group", fields, "");
    check(w.status == 405 && strstr(w.fields, "Access-Control") == NULL);
    rest_world_finish(&w);
    cors_policy_finish(&policy);
}

static const char *const guarded[] = {
    "/rooms",     "/active-users/r", "/chat-history/r",       "/messages/history/r",  "/history/r",
    "/api/rooms", "/api/search?q=x", "/api/rooms/r/messages", "/api/rooms/r/members",
};

static void where_auth_is_required_rooms_are_shown_with_a_token_only(void)
{
    struct rest_world w = rest_world_make();

    w.options.auth_required = true;
    for (size_t i = 0; i < sizeof guarded / sizeof *guarded; i++) {
        rest_get(&w, guarded[i]);
        check(rest_answered(&w, 401, "{\"error\":\"Unauthorized\"}"));
        check(rest_has_field(&w, "WWW-Authenticate: Bearer\n"));
        rest_ask(&w, "GET", guarded[i], "Authorization: Bearer wrong\n", "");
        check(w.status == 401);
        rest_ask(&w, "GET", guarded[i], "Authorization: Basic token-of-ada\n", "");
        check(w.status == 401);
        rest_ask(&w, "GET", guarded[i], "Authorization: bearer token-of-ada\n", "");
        check(w.status == 200);
    }
    rest_get(&w, "/group");
    check(rest_answered(&w, 401, ERROR_PAGE("Unauthorized")));
    rest_get(&w, "/chat/r?user=a");
    check(w.status == 401);
    rest_get(&w, "/api/config");
    check(rest_answered_with(&w, 200, "\"required\""));
    rest_get(&w, "/");
    check(w.status == 200);
    rest_world_finish(&w);
}

static void where_it_is_open_a_bad_token_does_not_matter(void)
{
    struct rest_world w = rest_world_make();

    for (size_t i = 0; i < sizeof guarded / sizeof *guarded; i++) {
        rest_ask(&w, "GET", guarded[i], "Authorization: Bearer wrong\n", "");
        check(w.status == 200);
    }
    rest_world_finish(&w);
}

static void a_store_that_fails_or_is_busy_is_an_error(void)
{
    static const char *const paths[] = {"/rooms",     "/chat-history/r",       "/history/r",
                                        "/api/rooms", "/api/rooms/r/messages", "/api/search?q=x",
                                        "/group",     "/chat/r?user=a"};
    struct rest_world w = rest_world_make();

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        w.store_error = STORE_EIO;
        rest_get(&w, paths[i]);
        check(w.status == 500);
        w.store_error = 0;
        w.store_busy = true;
        rest_get(&w, paths[i]);
        check(w.status == 500 || w.status == 503);
        w.store_busy = false;
    }
    rest_world_finish(&w);
}

static void without_a_store_there_is_nothing_to_show(void)
{
    struct rest_world w = rest_world_make();

    w.options.store = NULL;
    rest_get(&w, "/rooms");
    check(rest_answered(&w, 200, "[]"));
    rest_get(&w, "/chat-history/r");
    check(rest_answered(&w, 200, "{\"chatRoomId\":\"r\",\"messages\":[]}"));
    rest_get(&w, "/history/r");
    check(rest_answered(&w, 200, "[]"));
    rest_get(&w, "/api/rooms");
    check(rest_answered(&w, 200, "{\"rooms\":[],\"more\":false}"));
    rest_get(&w, "/api/rooms/r/messages");
    check(rest_answered(&w, 200, "{\"roomId\":\"r\",\"messages\":[],\"more\":false}"));
    rest_get(&w, "/api/search?q=x");
    check(rest_answered(&w, 200, "{\"messages\":[]}"));
    rest_get(&w, "/group");
    check(w.status == 200);
    rest_post(&w, "/rooms", "{\"roomId\":\"r\",\"name\":\"R\",\"createdBy\":\"u\"}");
    check(rest_answered(&w, 500, "{\"error\":\"Internal server error\"}"));
    rest_post(&w, "/login", "{\"email\":\"a@b\",\"password\":\"p\"}");
    check(rest_answered(&w, 503, "{\"message\":\"Error logging in\"}"));
    rest_world_finish(&w);
}

static void a_server_that_stops_asks_nothing_more_and_answers_all(void)
{
    static const char *const paths[] = {"/rooms", "/chat/r?user=a", "/api/rooms", "/history/r"};

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct rest_world w = rest_world_make();
        rest_world_add_room(&w, "r", "R", true);
        w.stops = true;
        rest_get(&w, paths[i]);
        check(w.status != 0);
        rest_world_finish(&w);
    }
    struct rest_world w = rest_world_make();
    w.stops = true;
    rest_post(&w, "/register", "{\"email\":\"a@b\",\"password\":\"p\"}");
    check(rest_answered(&w, 503, "{\"message\":\"Error registering user\"}"));
    rest_world_finish(&w);
}

static void rooms_that_are_the_chats_own_are_not_there(void)
{
    static const char *const plain[] = {"/active-users/%01lobby", "/chat-history/%01@u1",
                                        "/messages/history/%01@u1", "/history/%01",
                                        "/chat/%01@u1?user=u"};
    static const char *const native[] = {"/api/rooms/%01@u1/messages", "/api/rooms/%01/members"};
    struct rest_world w = rest_world_make();

    w.people_count = 1;
    rest_world_say(&w, "\x01@u1", "u2", "\"hush\"");
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        rest_get(&w, plain[i]);
        check(w.status == 404 && rest_has_field(&w, "Content-Type: text/html; charset=utf-8\n"));
    }
    for (size_t i = 0; i < sizeof native / sizeof *native; i++) {
        rest_get(&w, native[i]);
        check(rest_answered(&w, 404, "{\"error\":\"Not Found\"}"));
    }
    rest_get(&w, "/api/search?q=hush&room=%01@u1");
    check(rest_answered(&w, 400, "{\"error\":\"room must not begin with the character U+0001\"}"));
    rest_post(&w, "/rooms", "{\"roomId\":\"\\u0001lobby\",\"name\":\"n\",\"createdBy\":\"c\"}");
    check(
        rest_answered(&w, 400, "{\"error\":\"roomId must not begin with the character U+0001\"}"));
    check(w.room_count == 0);
    rest_world_finish(&w);
}

int main(void)
{
    RUN(unknown_paths_are_answered_as_by_express);
    RUN(paths_beside_its_own_are_left_to_others);
    RUN(what_nobody_serves_is_told_to_every_origin);
    RUN(another_method_is_told_which_are_there);
    RUN(a_head_request_is_one_of_get);
    RUN(parameters_and_bodies_are_looked_at_before_anything_else);
    RUN(pages_of_other_origins_may_read_every_answer_but_pages);
    RUN(rooms_that_are_the_chats_own_are_not_there);
    RUN(where_auth_is_required_rooms_are_shown_with_a_token_only);
    RUN(where_it_is_open_a_bad_token_does_not_matter);
    RUN(a_store_that_fails_or_is_busy_is_an_error);
    RUN(without_a_store_there_is_nothing_to_show);
    RUN(a_server_that_stops_asks_nothing_more_and_answers_all);
    return tap_done();
}
