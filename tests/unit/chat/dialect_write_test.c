// SPDX-License-Identifier: MIT
#include "src/chat/dialect.h"

#include "protocol/json.h"
#include "src/chat/text.h"
#include "tests/support/tap.h"

static struct bytes out;

/* Nobody can be a member without a dialect, but a socket can be there. */
static const char untold[] = "";

/* want: the event's name, a space, and its argument with apostrophes for quotes; or untold. */
static bool is_written(struct rookery_str event, const char *want)
{
    struct bytes got = {0};
    struct json v;
    bool valid = event.len == 0 ? out.len == 0 : json_parse(bytes_span(&out), 8, &v) == 0;

    bytes_add(&got, event.data, event.len);
    if (event.len > 0) {
        bytes_add_byte(&got, ' ');
    }
    for (size_t i = 0; i < out.len; i++) {
        bytes_add_byte(&got, out.data[i] == '"' ? '\'' : out.data[i]);
    }
    bool same = valid && span_eq(bytes_span(&got), span_cstr(want));
    if (!same) {
        printf("# got  %.*s\n# want %s\n", (int)got.len, (const char *)got.data, want);
    }
    bytes_finish(&got);
    bytes_clear(&out);
    return same;
}

static bool writes(enum dialect_id dialect, const struct notice *n, const char *want)
{
    return is_written(dialect_write(dialect, n, &out), want);
}

static struct message example(void)
{
    return (struct message){
        .id = SPAN("m1"),
        .room = SPAN("r"),
        .offset = 7,
        .user_id = SPAN("u"),
        .username = SPAN("Ada"),
        .content = SPAN("\"h\\u00e9\""),
        .type = SPAN("text"),
        .timestamp_ms = 1714564800123,
        .dialect = DIALECT_REALTIME,
    };
}

#define NOW "'2024-05-01T12:00:00.123Z'"

static struct notice of_message(enum notice_kind kind, const struct message *m)
{
    return (struct notice){.kind = kind,
                           .room = m->room,
                           .messages = m,
                           .message_count = 1,
                           .wall_ms = m->timestamp_ms};
}

static struct notice of_person(enum notice_kind kind)
{
    return (struct notice){.kind = kind,
                           .who_dialect = DIALECT_CHATROOM,
                           .room = SPAN("r"),
                           .who = {SPAN("u"), SPAN("Ada")},
                           .wall_ms = 1714564800123};
}

static bool writes_all(const struct notice *n, const char *const want[DIALECT_COUNT])
{
    bool same = true;

    for (unsigned id = 0; id < DIALECT_COUNT; id++) {
        same &= writes(id, n, want[id] != NULL ? want[id] : untold);
    }
    return same;
}

static void writes_a_message_in_the_form_of_each_dialect(void)
{
    struct message m = example();
    struct notice n = of_message(NOTICE_MESSAGE, &m);
    static const char *const want[DIALECT_COUNT] = {
        [DIALECT_CHATROOM] = "chat:message {'userId':'u','chatRoomId':'r','message':'h\\u00e9',"
                             "'timestamp':" NOW "}",
        [DIALECT_SCALABLE] = "receiveMessage {'roomId':'r','userId':'u','username':'Ada',"
                             "'text':'h\\u00e9','timestamp':" NOW "}",
        [DIALECT_GROUPS] = "msg_rcvd {'message':'h\\u00e9','roomid':'r','sender':'Ada'}",
        [DIALECT_REALTIME] = "message {'id':'m1','roomId':'r','userId':'u','username':'Ada',"
                             "'content':'h\\u00e9','type':'text','timestamp':" NOW "}",
        [DIALECT_NATIVE] = "message {'id':'m1','roomId':'r','userId':'u','username':'Ada',"
                           "'content':'h\\u00e9','type':'text','timestamp':" NOW ",'offset':7}",
    };
    check(writes_all(&n, want));
}

static void passes_on_what_was_sent_within_scalable_and_within_groups(void)
{
    struct message m = example();
    struct notice n = of_message(NOTICE_MESSAGE, &m);
    m.raw = SPAN("{ \"x\" : [1] }");
    m.dialect = DIALECT_SCALABLE;
    check(writes(DIALECT_SCALABLE, &n, "receiveMessage { 'x' : [1] }"));
    check(
        writes(DIALECT_GROUPS, &n, "msg_rcvd {'message':'h\\u00e9','roomid':'r','sender':'Ada'}"));
    m.dialect = DIALECT_GROUPS;
    check(writes(DIALECT_GROUPS, &n, "msg_rcvd { 'x' : [1] }"));
    m.raw = SPAN("");
    check(
        writes(DIALECT_GROUPS, &n, "msg_rcvd {'message':'h\\u00e9','roomid':'r','sender':'Ada'}"));
}

static void writes_the_user_id_for_a_name_and_an_empty_string_for_a_content_that_is_missing(void)
{
    struct message m = example();
    struct notice n = of_message(NOTICE_MESSAGE, &m);
    m.username = m.content = SPAN("");
    check(writes(DIALECT_GROUPS, &n, "msg_rcvd {'message':'','roomid':'r','sender':'u'}"));
    check(writes(DIALECT_REALTIME, &n,
                 "message {'id':'m1','roomId':'r','userId':'u','username':'u','content':'',"
                 "'type':'text','timestamp':" NOW "}"));
    m.user_id = SPAN("");
    check(writes(DIALECT_GROUPS, &n, "msg_rcvd {'message':'','roomid':'r','sender':''}"));
}

static bool writes_time(enum dialect_id dialect, struct span sent_at, const char *want)
{
    struct message m = example();
    struct notice n = of_message(NOTICE_MESSAGE, &m);
    struct json value, timestamp;

    m.sent_at = sent_at;
    (void)dialect_write(dialect, &n, &out);
    bool same = json_parse(bytes_span(&out), 8, &value) == 0 &&
                json_object_find(value, SPAN("timestamp"), &timestamp) &&
                span_eq(timestamp.text, span_cstr(want));
    bytes_clear(&out);
    return same;
}

static void keeps_the_time_of_the_sender_where_it_can_be_read(void)
{
    static const char ours[] = "\"2024-05-01T12:00:00.123Z\"";

    check(writes_time(DIALECT_CHATROOM, SPAN("12"), "12"));
    check(writes_time(DIALECT_SCALABLE, SPAN("\"noon\""), "\"noon\""));
    check(writes_time(DIALECT_REALTIME, SPAN("\"2020-01-01T00:00:00.000Z\""),
                      "\"2020-01-01T00:00:00.000Z\""));
    check(writes_time(DIALECT_NATIVE, SPAN("\"2020-01-01T00:00:00+02:00\""),
                      "\"2020-01-01T00:00:00+02:00\""));
    check(writes_time(DIALECT_REALTIME, SPAN("12"), ours));
    check(writes_time(DIALECT_REALTIME, SPAN("\"noon\""), ours));
    check(writes_time(DIALECT_REALTIME, SPAN("\"2020-01-01T00:00:00\\u0000\""), ours));
    check(
        writes_time(DIALECT_REALTIME, SPAN("\"2020-01-01T00:00:00.0000000000000000000Z\""), ours));
    check(writes_time(DIALECT_REALTIME, SPAN("\"2020-01-01T00:00\""), ours));
}

static void writes_edits_and_deletions_to_realtime_and_native(void)
{
    struct message m = example();
    m.edited_ms = 1000;
    m.changed = 9;
    struct notice n = of_message(NOTICE_EDITED, &m);
    static const char *const edited[DIALECT_COUNT] = {
        [DIALECT_REALTIME] = "message_edited {'id':'m1','roomId':'r','userId':'u','username':'Ada',"
                             "'content':'h\\u00e9','type':'text','timestamp':" NOW
                             ",'editedAt':'1970-01-01T00:00:01.000Z'}",
        [DIALECT_NATIVE] = "message_edited {'id':'m1','roomId':'r','userId':'u','username':'Ada',"
                           "'content':'h\\u00e9','type':'text','timestamp':" NOW
                           ",'offset':7,'editedAt':'1970-01-01T00:00:01.000Z','changed':9}",
    };
    check(writes_all(&n, edited));
    n.kind = NOTICE_DELETED;
    static const char *const deleted[DIALECT_COUNT] = {
        [DIALECT_REALTIME] = "message_deleted {'roomId':'r','messageId':'m1'}",
        [DIALECT_NATIVE] = "message_deleted {'roomId':'r','messageId':'m1','changed':9}",
    };
    check(writes_all(&n, deleted));
    m.changed = 0; /* of a journal that knows no places */
    static const char *const placeless[DIALECT_COUNT] = {
        [DIALECT_REALTIME] = "message_deleted {'roomId':'r','messageId':'m1'}",
        [DIALECT_NATIVE] = "message_deleted {'roomId':'r','messageId':'m1'}",
    };
    check(writes_all(&n, placeless));
}

static void writes_a_history_to_realtime_alone(void)
{
    struct message page[] = {example(), example()};
    struct notice n = {.kind = NOTICE_HISTORY, .messages = page, .message_count = 2};
    static const char *const want[DIALECT_COUNT] = {
        [DIALECT_REALTIME] =
            "message_history [{'id':'m1','roomId':'r','userId':'u','username':'Ada',"
            "'content':'h\\u00e9','type':'text','timestamp':" NOW "},"
            "{'id':'m1','roomId':'r','userId':'u','username':'Ada',"
            "'content':'h\\u00e9','type':'text','timestamp':" NOW "}]",
    };
    check(writes_all(&n, want));
    n.message_count = 0;
    check(writes(DIALECT_REALTIME, &n, "message_history []"));
}

static void writes_who_joined(void)
{
    struct notice n = of_person(NOTICE_JOINED);
    static const char *const want[DIALECT_COUNT] = {
        [DIALECT_CHATROOM] = "user:joined {'userId':'u','chatRoomId':'r','timestamp':" NOW "}",
        [DIALECT_REALTIME] =
            "user_joined {'roomId':'r','userId':'u','username':'Ada','timestamp':" NOW "}",
        [DIALECT_NATIVE] =
            "user_joined {'roomId':'r','userId':'u','username':'Ada','timestamp':" NOW "}",
    };
    check(writes_all(&n, want));
    n.sent_at = SPAN("\"noon\"");
    check(writes(DIALECT_CHATROOM, &n,
                 "user:joined {'userId':'u','chatRoomId':'r','timestamp':'noon'}"));
    check(writes(DIALECT_REALTIME, &n, want[DIALECT_REALTIME]));
}

static void writes_who_left(void)
{
    struct notice n = of_person(NOTICE_LEFT);
    static const char *const want[DIALECT_COUNT] = {
        [DIALECT_CHATROOM] = "user:left {'userId':'u','chatRoomId':'r','timestamp':" NOW "}",
        [DIALECT_GROUPS] = "user_left 'Ada'",
        [DIALECT_REALTIME] = "user_left {'roomId':'r','userId':'u','timestamp':" NOW "}",
        [DIALECT_NATIVE] = "user_left {'roomId':'r','userId':'u','timestamp':" NOW "}",
    };
    check(writes_all(&n, want));
}

static void writes_who_is_gone_but_not_to_realtime_of_its_own(void)
{
    struct notice n = of_person(NOTICE_GONE);
    static const char *const want[DIALECT_COUNT] = {
        [DIALECT_CHATROOM] = "user:left {'userId':'u','chatRoomId':'r'}",
        [DIALECT_GROUPS] = "user_left 'Ada'",
        [DIALECT_REALTIME] = "user_left {'roomId':'r','userId':'u','timestamp':" NOW "}",
        [DIALECT_NATIVE] = "user_left {'roomId':'r','userId':'u','timestamp':" NOW "}",
    };
    check(writes_all(&n, want));
    for (enum dialect_id of = DIALECT_REALTIME; of <= DIALECT_NATIVE; of++) {
        n.who_dialect = of;
        check(writes(DIALECT_REALTIME, &n, untold));
        check(writes(DIALECT_NATIVE, &n, untold));
    }
}

static void writes_who_is_there(void)
{
    static const struct identity people[] = {{SPAN("u"), SPAN("Ada")}, {SPAN("v"), SPAN("")}};
    struct notice n = {
        .kind = NOTICE_PEOPLE, .room = SPAN("r"), .people = people, .people_count = 2};
    static const char *const want[DIALECT_COUNT] = {
        [DIALECT_CHATROOM] = "room:active-users {'chatRoomId':'r','users':['u','v']}",
        [DIALECT_GROUPS] = "update_online_users ['Ada','v']",
    };
    check(writes_all(&n, want));
    n.people_count = 0;
    check(writes(DIALECT_GROUPS, &n, "update_online_users []"));
}

static void writes_presence_typing_and_read_marks(void)
{
    struct message m = example();
    struct notice n = of_person(NOTICE_PRESENCE);
    n.status = SPAN("away");
    static const char *const presence[DIALECT_COUNT] = {
        [DIALECT_REALTIME] = "presence_update {'userId':'u','status':'away'}",
        [DIALECT_NATIVE] = "presence_update {'roomId':'r','userId':'u','status':'away'}",
    };
    check(writes_all(&n, presence));
    n.kind = NOTICE_TYPING;
    static const char *const typing[DIALECT_COUNT] = {
        [DIALECT_REALTIME] = "typing {'roomId':'r','userId':'u','username':'Ada'}",
        [DIALECT_NATIVE] = "typing {'roomId':'r','userId':'u','username':'Ada'}",
    };
    check(writes_all(&n, typing));
    n.kind = NOTICE_TYPING_STOP;
    static const char *const stop[DIALECT_COUNT] = {
        [DIALECT_REALTIME] = "typing_stop {'roomId':'r','userId':'u'}",
        [DIALECT_NATIVE] = "typing_stop {'roomId':'r','userId':'u'}",
    };
    check(writes_all(&n, stop));
    n.kind = NOTICE_READ;
    n.messages = &m;
    n.message_count = 1;
    static const char *const read[DIALECT_COUNT] = {
        [DIALECT_REALTIME] = "message_read {'roomId':'r','messageId':'m1','userId':'u'}",
        [DIALECT_NATIVE] = "message_read {'roomId':'r','messageId':'m1','userId':'u','offset':7}",
    };
    check(writes_all(&n, read));
}

static void writes_to_direct_who_is_online(void)
{
    static const struct identity people[] = {{SPAN("u"), SPAN("Ada")}, {SPAN("v"), SPAN("")}};
    struct notice n = of_person(NOTICE_CONNECTED);
    n.service_id = SPAN("s");
    n.people = people;
    n.people_count = 2;
    static const char *const connected[DIALECT_COUNT] = {
        [DIALECT_DIRECT] = "connected {'userId':'u','username':'Ada','serviceId':'s',"
                           "'onlineUsers':[{'userId':'u','username':'Ada'},"
                           "{'userId':'v','username':'v'}]}",
    };
    check(writes_all(&n, connected));
    n.kind = NOTICE_ARRIVED;
    static const char *const arrived[DIALECT_COUNT] = {
        [DIALECT_DIRECT] = "user_joined {'userId':'u','username':'Ada','timestamp':" NOW "}"};
    check(writes_all(&n, arrived));
    n.kind = NOTICE_DEPARTED;
    static const char *const departed[DIALECT_COUNT] = {
        [DIALECT_DIRECT] = "user_left {'userId':'u','username':'Ada','timestamp':" NOW "}"};
    check(writes_all(&n, departed));
    n.kind = NOTICE_DIRECT_TYPING;
    n.is_on = true;
    static const char *const typing[DIALECT_COUNT] = {
        [DIALECT_DIRECT] = "typing {'userId':'u','username':'Ada','isTyping':true}"};
    check(writes_all(&n, typing));
}

static bool writes_state(uint8_t state, const char *want)
{
    struct message m = example();
    struct notice n = of_message(NOTICE_DIRECT, &m);
    char all[300];

    m.recipient = SPAN("v");
    m.state = state;
    (void)snprintf(all, sizeof all,
                   "new_message {'messageId':'m1','senderId':'u','senderUsername':'Ada',"
                   "'recipientId':'v','content':'h\\u00e9','messageType':'text','status':'%s',"
                   "'timestamp':" NOW "}",
                   want);
    return writes(DIALECT_DIRECT, &n, all) && writes(DIALECT_NATIVE, &n, untold);
}

static void writes_direct_messages_and_how_far_they_have_come(void)
{
    struct message m = example();
    struct notice n = of_person(NOTICE_DIRECT_READ);

    check(writes_state(MESSAGE_SENT, "sent"));
    check(writes_state(MESSAGE_DELIVERED, "delivered"));
    check(writes_state(MESSAGE_READ, "read"));
    n.messages = &m;
    n.message_count = 1;
    check(writes(DIALECT_DIRECT, &n,
                 "message_read {'messageId':'m1','userId':'u','readBy':'u','timestamp':" NOW "}"));
}

static void escapes_texts(void)
{
    struct notice n = of_person(NOTICE_LEFT);
    n.who.username = SPAN("<b>\"\n</b>\xff");
    n.room = SPAN("a\\b");
    (void)dialect_write(DIALECT_GROUPS, &n, &out);
    check(span_eq(bytes_span(&out), SPAN("\"<b>\\\"\\n</b>\xef\xbf\xbd\"")));
    bytes_clear(&out);
    check(writes(DIALECT_REALTIME, &n,
                 "user_left {'roomId':'a\\\\b','userId':'u','timestamp':" NOW "}"));
}

static void appends_to_what_is_there(void)
{
    struct notice n = of_person(NOTICE_TYPING_STOP);
    bytes_add_cstr(&out, "[0,");
    (void)dialect_write(DIALECT_REALTIME, &n, &out);
    check(span_eq(bytes_span(&out), SPAN("[0,{\"roomId\":\"r\",\"userId\":\"u\"}")));
    bytes_clear(&out);
}

static bool writes_view(enum dialect_view view, const struct message *m, const char *want)
{
    dialect_write_view(view, m, &out);
    return is_written(ROOKERY_STR("view"), want);
}

static void writes_the_views_of_rest(void)
{
    struct message m = example();
    m.sent_at = SPAN("\"noon\"");
    check(writes_view(VIEW_CHATROOM, &m,
                      "view {'userId':'u','message':'h\\u00e9','timestamp':'noon'}"));
    check(writes_view(VIEW_SCALABLE, &m,
                      "view {'_id':'m1','roomId':'r','userId':'u','username':'Ada',"
                      "'text':'h\\u00e9','timestamp':'noon','__v':0}"));
    m.client_id = SPAN("c");
    m.edited_ms = 1000;
    m.changed = 9;
    check(writes_view(VIEW_NATIVE, &m,
                      "view {'id':'m1','roomId':'r','userId':'u','username':'Ada',"
                      "'content':'h\\u00e9','type':'text','timestamp':" NOW ",'offset':7,"
                      "'editedAt':'1970-01-01T00:00:01.000Z','clientId':'c'}"));
}

static bool refuses(enum dialect_id dialect, enum command_kind kind, const struct refusal *why,
                    const char *want)
{
    struct command c = {.dialect = dialect, .kind = kind};
    return is_written(dialect_write_refusal(&c, why, &out), want);
}

static void says_no_in_the_words_of_each_dialect(void)
{
    static const struct refusal wrong = {"INVALID_PAYLOAD", "content must be a string.", false};
    static const struct refusal too_long = {"MESSAGE_TOO_LONG", "That is too long.", false};
    static const struct refusal too_many = {"TOO_MANY_ROOMS", "These are too many.", false};

    check(refuses(DIALECT_CHATROOM, COMMAND_JOIN, &wrong,
                  "error {'message':'Missing userId or chatRoomId'}"));
    check(refuses(DIALECT_CHATROOM, COMMAND_LEAVE, &wrong,
                  "error {'message':'Missing userId or chatRoomId'}"));
    check(refuses(DIALECT_CHATROOM, COMMAND_SEND, &wrong,
                  "error {'message':'Invalid message payload'}"));
    check(refuses(DIALECT_CHATROOM, COMMAND_SEND, &too_long,
                  "error {'message':'Invalid message payload'}"));
    check(refuses(DIALECT_CHATROOM, COMMAND_SEND, &refused_storage,
                  "error {'message':'Failed to send message'}"));
    check(refuses(DIALECT_CHATROOM, COMMAND_JOIN, &too_many,
                  "error {'message':'These are too many.'}"));
    check(refuses(DIALECT_SCALABLE, COMMAND_SEND, &refused_storage, untold));
    check(refuses(DIALECT_GROUPS, COMMAND_JOIN, &refused_payload, untold));
    check(refuses(DIALECT_DIRECT, COMMAND_SEND_DIRECT, &wrong,
                  "error {'code':'INVALID_PAYLOAD','message':'content must be a string.'}"));
    check(refuses(DIALECT_REALTIME, COMMAND_JOIN, &refused_history,
                  "error {'code':'HISTORY_UNAVAILABLE','message':'Failed to join room'}"));
    check(refuses(DIALECT_REALTIME, COMMAND_SEND, &refused_storage,
                  "error {'code':'NOT_STORED','message':'Failed to send message'}"));
    check(refuses(DIALECT_REALTIME, COMMAND_SEND, &refused_rate,
                  "error {'code':'RATE_LIMIT_EXCEEDED','message':'Too many messages. Please slow "
                  "down.'}"));
    check(refuses(DIALECT_NATIVE, COMMAND_JOIN, &refused_history,
                  "error {'code':'HISTORY_UNAVAILABLE','message':'The room was joined, but its "
                  "history cannot be read now.'}"));
    check(refuses(DIALECT_NONE, COMMAND_IGNORE, &refused_payload, untold));
}

int main(void)
{
    RUN(writes_a_message_in_the_form_of_each_dialect);
    RUN(passes_on_what_was_sent_within_scalable_and_within_groups);
    RUN(writes_the_user_id_for_a_name_and_an_empty_string_for_a_content_that_is_missing);
    RUN(keeps_the_time_of_the_sender_where_it_can_be_read);
    RUN(writes_edits_and_deletions_to_realtime_and_native);
    RUN(writes_a_history_to_realtime_alone);
    RUN(writes_who_joined);
    RUN(writes_who_left);
    RUN(writes_who_is_gone_but_not_to_realtime_of_its_own);
    RUN(writes_who_is_there);
    RUN(writes_presence_typing_and_read_marks);
    RUN(writes_to_direct_who_is_online);
    RUN(writes_direct_messages_and_how_far_they_have_come);
    RUN(escapes_texts);
    RUN(appends_to_what_is_there);
    RUN(writes_the_views_of_rest);
    RUN(says_no_in_the_words_of_each_dialect);
    bytes_finish(&out);
    return tap_done();
}
