// SPDX-License-Identifier: MIT
#include "src/chat/message.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "tests/support/tap.h"

static struct bytes out;

static bool wrote(const char *want)
{
    struct json v;
    bool same =
        span_eq(bytes_span(&out), span_cstr(want)) && json_parse(bytes_span(&out), 8, &v) == 0;
    if (!same) {
        printf("# got %.*s\n", (int)out.len, (const char *)out.data);
    }
    bytes_clear(&out);
    return same;
}

#define TIME "\"2024-05-01T12:00:00.123Z\""
#define EXAMPLE                                                                                  \
    "{\"id\":\"018f-1\",\"roomId\":\"general\",\"userId\":\"u1\",\"username\":"                  \
    "\"<b>\\\"A\\\"\\n</b>\",\"content\":\"h\\u00e9 \\/\",\"type\":\"text\",\"timestamp\":" TIME \
    ",\"offset\":7}"
#define SECOND                                                                         \
    "{\"id\":\"018f-2\",\"roomId\":\"general\",\"userId\":\"u1\",\"username\":\"u1\"," \
    "\"content\":\"x\",\"type\":\"image\",\"timestamp\":" TIME                         \
    ",\"offset\":8,\"editedAt\":\"1970-01-01T00:00:00.001Z\",\"clientId\":\"c\"}"

static const struct message first = {
    .id = SPAN("018f-1"),
    .room = SPAN("general"),
    .offset = 7,
    .user_id = SPAN("u1"),
    .username = SPAN("<b>\"A\"\n</b>"),
    .content = SPAN("\"h\\u00e9 \\/\""),
    .type = SPAN("text"),
    .timestamp_ms = 1714564800123,
};

static const struct message second = {
    .id = SPAN("018f-2"),
    .room = SPAN("general"),
    .offset = 8,
    .changed = 9,
    .user_id = SPAN("u1"),
    .content = SPAN("\"x\""),
    .type = SPAN("image"),
    .timestamp_ms = 1714564800123,
    .edited_ms = 1,
    .client_id = SPAN("c"),
};

static struct message_page *page_of(struct message a, struct message b)
{
    struct message_page *page = xcalloc(1, sizeof *page + 2 * sizeof a);
    page->count = 2;
    page->messages[0] = a;
    page->messages[1] = b;
    return page;
}

static void answers_a_sender_with_the_place_of_his_message(void)
{
    struct message m = first;
    message_write_sent(&out, &m, m.timestamp_ms);
    check(wrote("{\"ok\":true,\"id\":\"018f-1\",\"offset\":7,\"timestamp\":" TIME "}"));
    m.offset = 0;
    message_write_sent(&out, &m, m.timestamp_ms);
    check(wrote("{\"ok\":true,\"id\":\"018f-1\",\"timestamp\":" TIME "}"));
}

static void answers_who_changes_a_message_with_the_place_of_the_change(void)
{
    struct message m = second;
    m.action = MESSAGE_EDIT;
    message_write_sent(&out, &m, 1);
    check(wrote("{\"ok\":true,\"id\":\"018f-2\",\"offset\":9,\"timestamp\":"
                "\"1970-01-01T00:00:00.001Z\"}"));
}

static void answers_what_is_done(void)
{
    message_write_done(&out);
    check(wrote("{\"ok\":true}"));
    message_write_room_done(&out, SPAN("gen\"eral"));
    check(wrote("{\"ok\":true,\"roomId\":\"gen\\\"eral\"}"));
    message_write_read(&out, &first);
    check(wrote("{\"ok\":true,\"roomId\":\"general\",\"messageId\":\"018f-1\"}"));
    message_write_room_made(&out, SPAN("r"), SPAN("The \"room\""));
    check(wrote("{\"ok\":true,\"roomId\":\"r\",\"name\":\"The \\\"room\\\"\"}"));
}

static void answers_who_resumes_with_the_latest_offset_and_the_gap(void)
{
    struct past past = {.room = SPAN("general"), .after = 5, .newest = 12};
    message_write_resumed(&out, &past);
    check(wrote("{\"ok\":true,\"roomId\":\"general\",\"offset\":12}"));
    past.next = 7;
    message_write_resumed(&out, &past);
    check(wrote("{\"ok\":true,\"roomId\":\"general\",\"offset\":12,"
                "\"gap\":{\"after\":5,\"next\":7}}"));
}

static void writes_a_page_oldest_first_whichever_way_it_was_read(void)
{
    struct store_history h = {.page = page_of(second, first), .more = true};
    message_write_page(&out, SPAN("general"), &h);
    check(wrote("{\"ok\":true,\"roomId\":\"general\",\"messages\":[" EXAMPLE "," SECOND
                "],\"more\":true}"));
    free(h.page);
    h = (struct store_history){.page = page_of(first, second), .around = 7, .more_before = true};
    message_write_page(&out, SPAN("general"), &h);
    check(wrote("{\"ok\":true,\"roomId\":\"general\",\"messages\":[" EXAMPLE "," SECOND
                "],\"more\":false,\"moreBefore\":true}"));
    h.page->count = 0;
    h.around = 0;
    h.after = 9;
    message_write_page(&out, SPAN("general"), &h);
    check(wrote("{\"ok\":true,\"roomId\":\"general\",\"messages\":[],\"more\":false}"));
    free(h.page);
}

static void writes_what_was_found_newest_first(void)
{
    struct store_search s = {.page = page_of(second, first)};
    message_write_found(&out, &s);
    check(wrote("{\"ok\":true,\"messages\":[" SECOND "," EXAMPLE "]}"));
    s.next = 123456789012345;
    s.page->count = 0;
    message_write_found(&out, &s);
    check(wrote("{\"ok\":true,\"messages\":[],\"before\":\"123456789012345\"}"));
    free(s.page);
}

static void writes_members_and_whether_they_are_away(void)
{
    struct identity people[] = {{SPAN("u1"), SPAN("Ada")}, {SPAN("u2"), SPAN("u2")}};
    bool away[] = {false, true};
    struct chat_people_request r = {.room = SPAN("r"), .people = people, .away = away, .count = 2};
    message_write_members(&out, &r);
    check(wrote("{\"ok\":true,\"roomId\":\"r\",\"users\":[{\"userId\":\"u1\",\"username\":\"Ada\","
                "\"status\":\"online\"},{\"userId\":\"u2\",\"username\":\"u2\","
                "\"status\":\"away\"}]}"));
    r.count = 0;
    message_write_members(&out, &r);
    check(wrote("{\"ok\":true,\"roomId\":\"r\",\"users\":[]}"));
}

static void writes_rooms_that_were_made_and_others(void)
{
    struct store_room_page *page = xcalloc(1, sizeof *page + 2 * sizeof *page->rooms);
    const uint32_t online[] = {3, 0};
    page->count = 2;
    page->rooms[0] = (struct store_room){.name = SPAN("r"),
                                         .title = SPAN("Room"),
                                         .created_by = SPAN("u1"),
                                         .created_ms = 1,
                                         .newest = 9,
                                         .unread = 2,
                                         .made = true};
    page->rooms[1] = (struct store_room){.name = SPAN("s"), .newest = 1};
    message_write_rooms(&out, page, online, true);
    check(wrote("{\"ok\":true,\"rooms\":[{\"roomId\":\"r\",\"name\":\"Room\",\"createdBy\":\"u1\","
                "\"createdAt\":\"1970-01-01T00:00:00.001Z\",\"online\":3,\"unread\":2,"
                "\"offset\":9},{\"roomId\":\"s\",\"name\":\"s\",\"online\":0,\"unread\":0,"
                "\"offset\":1}],\"more\":true}"));
    free(page);
}

static void says_what_is_wrong_and_whether_to_try_again(void)
{
    message_write_refused(&out, &refused_payload);
    check(wrote("{\"ok\":false,\"code\":\"INVALID_PAYLOAD\",\"message\":\"The payload must be an "
                "object.\",\"retryable\":false}"));
    message_write_error(&out, &refused_storage);
    check(wrote("{\"code\":\"NOT_STORED\",\"message\":\"The message could not be stored.\"}"));
}

int main(void)
{
    RUN(answers_a_sender_with_the_place_of_his_message);
    RUN(answers_who_changes_a_message_with_the_place_of_the_change);
    RUN(answers_what_is_done);
    RUN(answers_who_resumes_with_the_latest_offset_and_the_gap);
    RUN(writes_a_page_oldest_first_whichever_way_it_was_read);
    RUN(writes_what_was_found_newest_first);
    RUN(writes_members_and_whether_they_are_away);
    RUN(writes_rooms_that_were_made_and_others);
    RUN(says_what_is_wrong_and_whether_to_try_again);
    bytes_finish(&out);
    return tap_done();
}
