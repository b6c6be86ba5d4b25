// SPDX-License-Identifier: MIT
#include "src/chat/message.h"

#include "tests/support/tap.h"

static struct bytes out;

static bool wrote(const char *want)
{
    struct json v;
    bool same =
        span_eq(bytes_span(&out), span_cstr(want)) && json_parse(bytes_span(&out), 8, &v) == 0;
    bytes_clear(&out);
    return same;
}

static struct message example(void)
{
    return (struct message){
        .id = SPAN("018f-1"),
        .room = SPAN("general"),
        .offset = 7,
        .user_id = SPAN("u1"),
        .username = SPAN("<b>\"A\"\n</b>"),
        .content = SPAN("\"h\\u00e9 \\/\""),
        .type = SPAN("text"),
        .timestamp_ms = 1714564800123,
    };
}

static const char example_json[] =
    "{\"id\":\"018f-1\",\"roomId\":\"general\",\"userId\":\"u1\",\"username\":"
    "\"<b>\\\"A\\\"\\n</b>\",\"content\":\"h\\u00e9 \\/\",\"type\":\"text\",\"timestamp\":"
    "\"2024-05-01T12:00:00.123Z\"}";

static void writes_a_message_with_its_content_as_it_was_sent(void)
{
    struct message m = example();
    message_write(&out, &m);
    check(wrote(example_json));
}

static void writes_a_history_as_an_array_even_if_empty(void)
{
    char want[sizeof example_json * 2 + 4];
    struct message page[] = {example(), example()};
    message_write_history(&out, NULL, 0);
    check(wrote("[]"));
    message_write_history(&out, page, 2);
    (void)snprintf(want, sizeof want, "[%s,%s]", example_json, example_json);
    check(wrote(want));
}

static void writes_who_came_and_who_left(void)
{
    struct identity who = {SPAN("u1"), SPAN("Ada")};
    message_write_presence(&out, SPAN("a\"b"), who, 0);
    check(wrote("{\"roomId\":\"a\\\"b\",\"userId\":\"u1\",\"username\":\"Ada\",\"timestamp\":"
                "\"1970-01-01T00:00:00.000Z\"}"));
    who.username = SPAN("");
    message_write_presence(&out, SPAN("r"), who, 0);
    check(wrote("{\"roomId\":\"r\",\"userId\":\"u1\",\"timestamp\":\"1970-01-01T00:00:00.000Z\"}"));
}

static void answers_a_sender_with_the_place_of_his_message(void)
{
    struct message m = example();
    message_write_sent(&out, &m);
    check(wrote("{\"ok\":true,\"id\":\"018f-1\",\"offset\":7,\"timestamp\":"
                "\"2024-05-01T12:00:00.123Z\"}"));
    m.offset = 0;
    message_write_sent(&out, &m);
    check(wrote("{\"ok\":true,\"id\":\"018f-1\",\"timestamp\":\"2024-05-01T12:00:00.123Z\"}"));
}

static void answers_who_joined_or_left(void)
{
    message_write_room_done(&out, SPAN("general"));
    check(wrote("{\"ok\":true,\"roomId\":\"general\"}"));
}

static void says_what_is_wrong_and_whether_to_try_again(void)
{
    message_write_refused(&out, &refused_content);
    check(wrote("{\"ok\":false,\"code\":\"INVALID_PAYLOAD\",\"message\":\"content must be a "
                "string.\",\"retryable\":false}"));
    message_write_error(&out, &refused_storage);
    check(wrote("{\"code\":\"NOT_STORED\",\"message\":\"The message could not be stored.\"}"));
}

int main(void)
{
    RUN(writes_a_message_with_its_content_as_it_was_sent);
    RUN(writes_a_history_as_an_array_even_if_empty);
    RUN(writes_who_came_and_who_left);
    RUN(answers_a_sender_with_the_place_of_his_message);
    RUN(answers_who_joined_or_left);
    RUN(says_what_is_wrong_and_whether_to_try_again);
    bytes_finish(&out);
    return tap_done();
}
