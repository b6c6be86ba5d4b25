// SPDX-License-Identifier: MIT
#include "tests/support/tap.h"
#include "tests/unit/web/rest_world.h"

#define HOSTILE  "<script>alert(1)</script>\" onclick='x'"
#define HARMLESS "&lt;script&gt;alert(1)&lt;/script&gt;&quot; onclick=&#39;x&#39;"

static bool lacks(const struct rest_world *w, const char *part)
{
    return memmem(w->body.data, w->body.len, part, strlen(part)) == NULL;
}

static void groups_are_listed_as_forms(void)
{
    struct rest_world w = rest_world_make();

    rest_world_add_room(&w, "65f0c0ffee65f0c0ffee65f0", "Rooks", true);
    rest_world_add_room(&w, "talked-in", "", false);
    rest_get(&w, "/group");
    check(rest_answered_with(&w, 200,
                             "<input type=\"hidden\" name=\"roomid\" "
                             "value=\"65f0c0ffee65f0c0ffee65f0\"><button "
                             "type=\"submit\">Rooks</button>"));
    check(rest_answered_with(&w, 200, "<form action=\"/group\" method=\"post\""));
    check(lacks(&w, "talked-in"));
    check(rest_has_field(&w, "Content-Type: text/html; charset=utf-8\n"));
    check(rest_has_field(&w, "Content-Security-Policy: default-src 'self'; "));
    w.store_error = STORE_EIO;
    rest_get(&w, "/group");
    check(rest_answered(&w, 500, "Error fetching groups"));
    rest_world_finish(&w);
}

static void groups_are_listed_in_the_order_in_which_they_were_made(void)
{
    struct rest_world w = rest_world_make();

    rest_world_add_room(&w, "c", "Cooks", true);
    rest_world_add_room(&w, "b", "Bakers", true);
    rest_world_add_room(&w, "a", "Anglers", true);
    w.rooms[2].created_ms--;
    rest_get(&w, "/group");
    check(rest_answered_with(&w, 200, ">Anglers<"));
    const uint8_t *anglers = memmem(w.body.data, w.body.len, "Anglers", 7);
    const uint8_t *bakers = memmem(w.body.data, w.body.len, "Bakers", 6);
    const uint8_t *cooks = memmem(w.body.data, w.body.len, "Cooks", 5);
    check(anglers < cooks && cooks < bakers);
    rest_world_finish(&w);
}

static bool is_hex(struct span id)
{
    for (size_t i = 0; i < id.len; i++) {
        if (strchr("0123456789abcdef", id.data[i]) == NULL) {
            return false;
        }
    }
    return id.len == 24;
}

static void a_group_is_made_by_a_form_or_json(void)
{
    struct rest_world w = rest_world_make();

    rest_ask(&w, "POST", "/group", "Content-Type: application/x-www-form-urlencoded\n",
             "name=Old+elm%21");
    check(rest_answered(&w, 302, "") && rest_has_field(&w, "Location: /group\n"));
    check(w.room_count == 1 && is_hex(w.rooms[0].name));
    check(span_eq(w.rooms[0].title, SPAN("Old elm!")));
    rest_post(&w, "/group", "{\"name\":\"Young elm\"}");
    check(w.status == 302 && w.room_count == 2);
    check(!span_eq(w.rooms[0].name, w.rooms[1].name));
    rest_post(&w, "/group", "{\"name\":\"\"}");
    check(w.status == 400 && w.room_count == 2);
    w.store_error = STORE_EIO;
    rest_post(&w, "/group", "{\"name\":\"x\"}");
    check(rest_answered(&w, 500, "Error creating group"));
    rest_world_finish(&w);
}

static void a_name_is_asked_for_before_the_chat(void)
{
    struct rest_world w = rest_world_make();

    rest_get(&w, "/join?roomid=65f0c0ffee65f0c0ffee65f0");
    check(rest_answered_with(
        &w, 200,
        "<form action=\"/chat/65f0c0ffee65f0c0ffee65f0\" method=\"get\">\n<input "
        "type=\"text\" name=\"user\""));
    rest_get(&w, "/join?roomid=%22%3E%3Cscript%3E%2f..%2f");
    check(rest_answered_with(&w, 200, "action=\"/chat/%22%3E%3Cscript%3E%2F..%2F\""));
    check(lacks(&w, "<script"));
    rest_world_finish(&w);
}

static void the_chat_shows_what_was_said_oldest_first(void)
{
    struct rest_world w = rest_world_make();

    rest_world_add_room(&w, "g", "Rooks", true);
    (void)rest_world_say(&w, "g", "ada", "\"caw\"");
    (void)rest_world_say(&w, "g", "bob", "\"caw \\u00e9\"");
    rest_get(&w, "/chat/g?user=ada");
    check(rest_answered_with(
        &w, 200,
        "<div class=\"message self\"><div class=\"sender\">ada</div>caw</div>\n"
        "<div class=\"message other\"><div class=\"sender\">bob</div>caw \xc3\xa9</div>\n"));
    check(
        rest_answered_with(&w, 200, "data-path=\"/sockets\" data-roomid=\"g\" data-user=\"ada\""));
    static const char *const ids[] = {"chat_box", "send", "messages", "online_users"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        char id[40];
        (void)snprintf(id, sizeof id, " id=\"%s\"", ids[i]);
        check(rest_answered_with(&w, 200, id));
    }
    check(rest_answered_with(&w, 200, "<script src=\"/sockets/socket.io.js\" defer>"));
    rest_world_finish(&w);
}

static void nothing_that_users_write_becomes_markup(void)
{
    struct rest_world w = rest_world_make();

    rest_world_add_room(&w, HOSTILE, HOSTILE, true);
    rest_world_say(&w, HOSTILE, HOSTILE, "\"<script>alert(1)</script>\\\" onclick='x'\"");
    rest_get(&w, "/group");
    check(rest_answered_with(&w, 200, "value=\"" HARMLESS "\">"));
    check(lacks(&w, "<script"));
    rest_get(&w, "/chat/%3Cscript%3Ealert(1)%3C%2Fscript%3E%22%20onclick='x'"
                 "?user=%3Cscript%3Ealert(1)%3C%2Fscript%3E%22%20onclick='x'");
    check(rest_answered_with(&w, 200,
                             "<div class=\"message self\"><div class=\"sender\">" HARMLESS
                             "</div>" HARMLESS "</div>"));
    check(
        rest_answered_with(&w, 200, "data-roomid=\"" HARMLESS "\" data-user=\"" HARMLESS "\">\n"));
    check(rest_answered_with(&w, 200, "<title>Chat Room - " HARMLESS "</title>"));
    check(lacks(&w, "<script>") && lacks(&w, "\" onclick"));
    rest_world_finish(&w);
}

static void a_content_that_is_no_string_is_shown_as_text(void)
{
    struct rest_world w = rest_world_make();

    rest_world_add_room(&w, "g", "Rooks", true);
    (void)rest_world_say(&w, "g", "ada", "{\"a\":\"<b>\"}");
    rest_get(&w, "/chat/g?user=ada");
    check(rest_answered_with(&w, 200, "</div>{&quot;a&quot;:&quot;&lt;b&gt;&quot;}</div>"));
    rest_world_finish(&w);
}

static void an_unknown_room_cannot_be_loaded(void)
{
    struct rest_world w = rest_world_make();

    rest_get(&w, "/chat/65f0c0ffee65f0c0ffee65f0?user=ada");
    check(rest_answered(&w, 500, "Error loading chat room"));
    rest_get(&w, "/chat/no-id");
    check(rest_answered(&w, 500, "Error loading chat room"));
    rest_get(&w, "/chat");
    check(w.status == 404);
    rest_world_finish(&w);
}

static void whoever_has_no_name_is_sent_to_choose_one(void)
{
    struct rest_world w = rest_world_make();

    rest_world_add_room(&w, "a b", "Rooks", true);
    rest_get(&w, "/chat/a%20b");
    check(rest_answered(&w, 302, "") && rest_has_field(&w, "Location: /join?roomid=a%20b\n"));
    rest_world_finish(&w);
}

int main(void)
{
    RUN(groups_are_listed_as_forms);
    RUN(groups_are_listed_in_the_order_in_which_they_were_made);
    RUN(a_group_is_made_by_a_form_or_json);
    RUN(a_name_is_asked_for_before_the_chat);
    RUN(the_chat_shows_what_was_said_oldest_first);
    RUN(nothing_that_users_write_becomes_markup);
    RUN(a_content_that_is_no_string_is_shown_as_text);
    RUN(an_unknown_room_cannot_be_loaded);
    RUN(whoever_has_no_name_is_sent_to_choose_one);
    return tap_done();
}
