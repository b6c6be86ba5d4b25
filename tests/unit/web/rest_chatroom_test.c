// SPDX-License-Identifier: MIT
#include "tests/support/tap.h"
#include "tests/unit/web/folder.h"
#include "tests/unit/web/rest_world.h"

static void browsers_get_the_page_and_others_the_sentence(void)
{
    struct folder folder = folder_make();
    struct rest_world w = rest_world_make();

    folder_add(&folder, "index.html", "<p>page</p>");
    struct web_files *page = web_files_open(folder.path, "/");
    rest_ask(&w, "GET", "/", "Accept: text/html,application/xhtml+xml\n", "");
    check(rest_answered(&w, 200, "Chatroom microservice is running!"));
    rest_world_finish(&w);

    w = rest_world_make();
    w.options.page = page;
    rest_ask(&w, "GET", "/", "Accept: text/html,application/xhtml+xml\n", "");
    check(rest_answered(&w, 200, "<p>page</p>"));
    rest_ask(&w, "GET", "/", "Accept: */*\n", "");
    check(rest_answered(&w, 200, "Chatroom microservice is running!"));
    rest_get(&w, "/");
    check(rest_answered(&w, 200, "Chatroom microservice is running!"));
    rest_world_finish(&w);
    web_files_close(page);
    folder_remove(&folder);
}

static void lists_the_rooms_that_were_made(void)
{
    struct rest_world w = rest_world_make();

    rest_get(&w, "/rooms");
    check(rest_answered(&w, 200, "[]"));
    check(rest_has_field(&w, "Content-Type: application/json; charset=utf-8\n"));
    rest_world_add_room(&w, "r\"1", "First", true);
    rest_world_add_room(&w, "talked in", "", false);
    rest_world_add_room(&w, "r2", "Second", true);
    rest_get(&w, "/rooms/");
    check(rest_answered(
        &w, 200,
        "[{\"roomId\":\"r\\\"1\",\"name\":\"First\",\"createdBy\":\"ada\",\"createdAt\":"
        "\"2023-11-14T22:13:20.000Z\"},{\"roomId\":\"r2\",\"name\":\"Second\",\"createdBy\":"
        "\"ada\",\"createdAt\":\"2023-11-14T22:13:20.000Z\"}]"));
    w.store_error = STORE_EIO;
    rest_get(&w, "/rooms");
    check(rest_answered(&w, 500, "{\"error\":\"Internal server error\"}"));
    rest_world_finish(&w);
}

static unsigned count_listed(struct rest_world *w)
{
    unsigned count = 0;

    rest_get(w, "/rooms");
    for (size_t i = 0; i < w->body.len; i++) {
        count += w->body.data[i] == '{';
    }
    return count;
}

static void lists_the_rooms_of_all_pages_but_not_without_end(void)
{
    enum { ROOMS = 30 };
    struct rest_world w = rest_world_make();
    char names[ROOMS][8];

    for (unsigned i = 0; i < ROOMS; i++) {
        (void)snprintf(names[i], sizeof names[i], "r%02u", i);
        rest_world_add_room(&w, names[i], "Room", true);
    }
    w.rooms_per_page = 4;
    check(count_listed(&w) == ROOMS);
    w.rooms_per_page = 2;
    check(count_listed(&w) == 20);
    rest_world_finish(&w);
}

static void makes_rooms(void)
{
    struct rest_world w = rest_world_make();

    rest_post(&w, "/rooms", "{\"roomId\":7,\"name\":\"R\",\"createdBy\":\"u\",\"more\":[]}");
    check(rest_answered(&w, 201, "{\"success\":true}"));
    check(w.room_count == 1 && span_eq(w.rooms[0].name, SPAN("7")));
    check(span_eq(w.rooms[0].title, SPAN("R")) && span_eq(w.rooms[0].created_by, SPAN("u")));
    check(w.rooms[0].created_ms == 1700000001000);
    rest_world_finish(&w);
}

static void makes_no_more_rooms_than_allowed(void)
{
    struct rest_world w = rest_world_make();

    rest_post(&w, "/rooms", "{\"roomId\":\"r\",\"name\":\"R\",\"createdBy\":\"u\"}");
    check(w.status == 201);
    rest_set_limits(w.rest, &(struct rest_limits){.rooms_made_max = 1});
    rest_post(&w, "/rooms", "{\"roomId\":\"s\",\"name\":\"S\",\"createdBy\":\"u\"}");
    check(rest_answered(&w, 503, "{\"error\":\"The server takes no more rooms\"}"));
    rest_post(&w, "/group", "{\"name\":\"S\"}");
    check(rest_answered(&w, 503, "The server takes no more groups"));
    rest_world_finish(&w);
}

static void refuses_rooms_that_lack_something(void)
{
    static const char missing[] = "{\"error\":\"Missing roomId, name, or createdBy\"}";
    struct rest_world w = rest_world_make();
    char body[600], name[300];

    rest_post(&w, "/rooms", "{\"roomId\":\"r\",\"name\":\"R\"}");
    check(rest_answered(&w, 400, missing));
    rest_post(&w, "/rooms", "{\"roomId\":\"\",\"name\":\"R\",\"createdBy\":\"u\"}");
    check(rest_answered(&w, 400, missing));
    rest_post(&w, "/rooms", "[]");
    check(rest_answered(&w, 400, missing));
    rest_ask(&w, "POST", "/rooms", "Content-Type: text/plain\n",
             "{\"roomId\":\"r\",\"name\":\"R\",\"createdBy\":\"u\"}");
    check(rest_answered(&w, 400, missing));
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    (void)snprintf(body, sizeof body, "{\"roomId\":\"r\",\"name\":\"%s\",\"createdBy\":\"u\"}",
                   name);
    rest_post(&w, "/rooms", body);
    check(w.status == 400 && w.room_count == 0);
    rest_world_finish(&w);
}

static void with_tokens_a_room_is_made_by_its_maker(void)
{
    struct rest_world w = rest_world_make();

    w.options.auth_required = true;
    rest_ask(&w, "POST", "/rooms",
             "Authorization: Bearer token-of-ada\nContent-Type: application/json\n",
             "{\"roomId\":\"r\",\"name\":\"R\",\"createdBy\":\"bob\"}");
    check(w.status == 403 && w.room_count == 0);
    rest_ask(&w, "POST", "/rooms",
             "Authorization: Bearer token-of-ada\nContent-Type: application/json\n",
             "{\"roomId\":\"r\",\"name\":\"R\",\"createdBy\":\"ada\"}");
    check(w.status == 201 && w.room_count == 1);
    rest_world_finish(&w);
}

static void tells_who_is_in_a_room(void)
{
    struct rest_world w = rest_world_make();

    w.people[0] = (struct identity){SPAN("u1"), SPAN("Ada")};
    w.people[1] = (struct identity){SPAN("u\"2"), SPAN("Bob")};
    w.people_count = 2;
    rest_get(&w, "/active-users/r%20x");
    check(rest_answered(&w, 200, "{\"users\":[\"u1\",\"u\\\"2\"]}"));
    w.people_later = true;
    rest_get(&w, "/active-users/r");
    check(rest_answered(&w, 200, "{\"users\":[\"u1\",\"u\\\"2\"]}"));
    rest_world_finish(&w);
}

static void say_numbers(struct rest_world *w, unsigned count)
{
    static char texts[REST_WORLD_MAX][16];

    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(texts[i], sizeof texts[i], "\"%u\"", i + 1);
        (void)rest_world_say(w, "r", "ada", texts[i]);
    }
}

/* Are the messages those of that many numbers from `first` on? */
static bool shows(const struct rest_world *w, unsigned first, unsigned count)
{
    struct json answer, messages, item, text;
    struct json_iter it;
    unsigned n = 0;

    if (w->status != 200 || json_parse(bytes_span(&w->body), 8, &answer) < 0 ||
        !json_object_find(answer, SPAN("messages"), &messages)) {
        return false;
    }
    json_array_begin(&it, messages);
    while (json_array_next(&it, &item)) {
        char want[16];
        (void)snprintf(want, sizeof want, "%u", first + n++);
        if (!json_object_find(item, SPAN("message"), &text) ||
            !json_string_eq(text, span_cstr(want))) {
            return false;
        }
    }
    return n == count;
}

static void history_is_the_last_messages_oldest_first(void)
{
    struct rest_world w = rest_world_make();

    (void)rest_world_say(&w, "other", "eve", "\"no\"");
    rest_world_say(&w, "a b", "ada", "\"\\u00e9\\n\"")->sent_at = SPAN("\"yesterday\"");
    (void)rest_world_say(&w, "a b", "bob", "\"<b>\"");
    rest_get(&w, "/chat-history/a%20b");
    check(rest_answered(&w, 200,
                        "{\"chatRoomId\":\"a b\",\"messages\":[{\"userId\":\"ada\",\"message\":"
                        "\"\\u00e9\\n\",\"timestamp\":\"yesterday\"},{\"userId\":\"bob\","
                        "\"message\":\"<b>\",\"timestamp\":\"2023-11-14T22:13:20.002Z\"}]}"));
    rest_get(&w, "/chat-history/nowhere");
    check(rest_answered(&w, 200, "{\"chatRoomId\":\"nowhere\",\"messages\":[]}"));
    rest_world_finish(&w);
}

static void the_limit_is_what_the_seed_makes_of_it(void)
{
    struct rest_world w = rest_world_make();

    say_numbers(&w, 120);
    rest_get(&w, "/chat-history/r");
    check(shows(&w, 71, 50));
    rest_get(&w, "/chat-history/r?limit=");
    check(shows(&w, 71, 50));
    rest_get(&w, "/chat-history/r?limit=3");
    check(shows(&w, 118, 3));
    rest_get(&w, "/chat-history/r?limit=%202.9x");
    check(shows(&w, 119, 2));
    rest_get(&w, "/chat-history/r?limit=1000");
    check(shows(&w, 21, 100));
    rest_get(&w, "/chat-history/r?limit=99999999999999999999999");
    check(shows(&w, 21, 100));
    rest_get(&w, "/chat-history/r?limit=0");
    check(shows(&w, 21, 100));
    rest_get(&w, "/chat-history/r?limit=-90");
    check(shows(&w, 111, 10));
    rest_get(&w, "/chat-history/r?limit=-500");
    check(shows(&w, 0, 0));
    rest_get(&w, "/chat-history/r?limit=abc");
    check(rest_answered(&w, 500, "{\"error\":\"Failed to get chat history\"}"));
    rest_get(&w, "/chat-history/r?limit=-");
    check(w.status == 500);
    rest_world_finish(&w);
}

static void direct_messages_are_nobodys_history(void)
{
    struct rest_world w = rest_world_make();

    rest_world_say(&w, "r", "ada", "\"secret\"")->recipient = SPAN("bob");
    rest_get(&w, "/chat-history/r");
    check(rest_answered(&w, 200, "{\"chatRoomId\":\"r\",\"messages\":[]}"));
    rest_get(&w, "/history/r");
    check(rest_answered(&w, 200, "[]"));
    rest_get(&w, "/api/rooms/r/messages");
    check(rest_answered(&w, 200, "{\"roomId\":\"r\",\"messages\":[],\"more\":false}"));
    rest_world_add_room(&w, "r", "R", true);
    rest_get(&w, "/chat/r?user=bob");
    check(w.status == 200 && memmem(w.body.data, w.body.len, "secret", 6) == NULL);
    rest_world_finish(&w);
}

int main(void)
{
    RUN(browsers_get_the_page_and_others_the_sentence);
    RUN(lists_the_rooms_that_were_made);
    RUN(lists_the_rooms_of_all_pages_but_not_without_end);
    RUN(makes_rooms);
    RUN(makes_no_more_rooms_than_allowed);
    RUN(refuses_rooms_that_lack_something);
    RUN(with_tokens_a_room_is_made_by_its_maker);
    RUN(tells_who_is_in_a_room);
    RUN(history_is_the_last_messages_oldest_first);
    RUN(the_limit_is_what_the_seed_makes_of_it);
    RUN(direct_messages_are_nobodys_history);
    return tap_done();
}
