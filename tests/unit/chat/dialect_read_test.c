// SPDX-License-Identifier: MIT
#include "src/chat/dialect.h"

#include "protocol/json.h"
#include "src/chat/text.h"
#include "tests/support/tap.h"

static const struct dialect_limits limits = {.content_units_max = 5000, .raw_bytes_max = 65536};
static struct dialect_scratch scratch;
static struct bytes text;

static const char *const dialect_names[DIALECT_COUNT] = {
    "none", "chatroom", "scalable", "groups", "direct", "realtime", "native",
};
static const char *const kind_names[COMMAND_COUNT] = {
    "ignore",      "join",        "leave",         "send",        "edit",
    "delete",      "read",        "typing",        "typing_stop", "arrive",
    "send_direct", "read_direct", "typing_direct", "presence",    "history",
    "search",      "list_rooms",  "create_room",   "members",
};

static void add(const char *name, struct span value)
{
    if (value.len > 0) {
        bytes_add_byte(&text, ' ');
        bytes_add_cstr(&text, name);
        bytes_add_byte(&text, '=');
        bytes_add_span(&text, value);
    }
}

static void add_number(const char *name, bool there, uint64_t n)
{
    if (there) {
        bytes_add_byte(&text, ' ');
        bytes_add_cstr(&text, name);
        bytes_add_byte(&text, '=');
        bytes_add_u64(&text, n);
    }
}

static void describe(const struct command *c, const struct refusal *why)
{
    static const struct span nothing = {0};
    bool says = c->kind == COMMAND_SEND || c->kind == COMMAND_SEND_DIRECT;

    bytes_clear(&text);
    bytes_add_cstr(&text, dialect_names[c->dialect]);
    bytes_add_byte(&text, ' ');
    bytes_add_cstr(&text, kind_names[c->kind]);
    if (why != NULL) {
        bytes_add_cstr(&text, ": ");
        bytes_add_cstr(&text, why->code);
        bytes_add_byte(&text, ' ');
        bytes_add_cstr(&text, why->message);
        return;
    }
    add("room", c->room);
    add("user", c->user_id);
    add("name", c->username);
    add("id", c->message_id);
    add("to", c->recipient);
    add("content", says || c->kind == COMMAND_EDIT ? c->content : nothing);
    add("type", says ? c->type : nothing);
    add("at", c->sent_at);
    add("client", c->client_id);
    add("status", c->status);
    add("query", c->query);
    add("called", c->name);
    add("raw", c->raw);
    add_number("after", c->has_after, c->after);
    add_number("before", c->has_before, c->before);
    add_number("around", c->has_around, c->around);
    add_number("limit", c->limit != 0, c->limit);
    add_number("on", c->kind == COMMAND_TYPING_DIRECT, c->is_on);
}

static struct span read_as(struct span event, struct span payload)
{
    struct command c;
    const struct refusal *why =
        dialect_read(str_of_span(event), str_of_span(payload), &limits, &scratch, &c);

    describe(&c, why);
    return bytes_span(&text);
}

/* Apostrophes stand for quotes, on both sides; exact text goes by read_as. */
static bool reads_as(const char *event, const char *payload, const char *want)
{
    struct bytes quoted = {0};
    struct json v;

    bytes_add_cstr(&quoted, payload);
    for (size_t i = 0; i < quoted.len; i++) {
        quoted.data[i] = quoted.data[i] == '\'' ? '"' : quoted.data[i];
    }
    bool valid = quoted.len == 0 || json_parse(bytes_span(&quoted), 128, &v) == 0;
    struct span got = read_as(span_cstr(event), bytes_span(&quoted));
    for (size_t i = 0; i < text.len; i++) {
        text.data[i] = text.data[i] == '"' ? '\'' : text.data[i];
    }
    bool same = valid && span_eq(got, span_cstr(want));
    if (!same) {
        printf("# %s %s\n#   got  %.*s\n#   want %s\n", event, payload, (int)got.len,
               (const char *)got.data, want);
    }
    bytes_finish(&quoted);
    return same;
}

#define ROOM_ID "roomId must be a string of 1 to 255 bytes of UTF-8."

static void reads_every_event_of_chatroom(void)
{
    check(reads_as("chat:event",
                   "{'eventType':'join','userId':'u','chatRoomId':'r','timestamp':'2024-05-01'}",
                   "chatroom join room=r user=u name=u at='2024-05-01'"));
    check(reads_as("chat:event",
                   "{'eventType':'leave','userId':'u','chatRoomId':'r','timestamp':'t'}",
                   "chatroom leave room=r user=u at='t'"));
    check(reads_as("chat:event",
                   "{'eventType':'message','userId':'u','chatRoomId':'r','message':'h\\u00e9',"
                   "'timestamp':'t','extra':[1],'clientId':'c'}",
                   "chatroom send room=r user=u name=u content='h\\u00e9' type=text at='t' "
                   "client=c"));
    check(reads_as("chat:event", "{'eventType':'dance','userId':'u'}", "chatroom ignore"));
    check(reads_as("chat:event", "{}", "chatroom ignore"));
    check(reads_as("chat:event", "{'eventType':['join']}", "chatroom ignore"));
    check(reads_as("chat:event", "null", "chatroom ignore"));
    check(reads_as("chat:event", "", "chatroom ignore"));
}

static void refuses_what_chatroom_refuses(void)
{
    check(reads_as("chat:event", "{'eventType':'join','userId':'u'}",
                   "chatroom join: INVALID_PAYLOAD chatRoomId must be a string of 1 to 255 bytes "
                   "of UTF-8."));
    check(reads_as("chat:event", "{'eventType':'leave','userId':'','chatRoomId':'r'}",
                   "chatroom leave: INVALID_PAYLOAD userId must be a string of 1 to 255 bytes of "
                   "UTF-8."));
    check(reads_as("chat:event",
                   "{'eventType':'message','userId':'u','chatRoomId':'r','message':''}",
                   "chatroom send: INVALID_PAYLOAD message must be a string that is not empty."));
    check(reads_as("chat:event", "{'eventType':'message','userId':'u','chatRoomId':'r'}",
                   "chatroom send: INVALID_PAYLOAD message must be a string."));
}

static void reads_every_event_of_scalable(void)
{
    check(reads_as("joinRoom", "'general'", "scalable join room=general"));
    check(reads_as("joinRoom", "7", "scalable join room=7"));
    check(reads_as("sendMessage",
                   "{'roomId':'r','userId':'u','username':'N','text':'hi','timestamp':'t','x':1}",
                   "scalable send room=r user=u name=N content='hi' type=text at='t' "
                   "raw={'roomId':'r','userId':'u','username':'N','text':'hi','timestamp':'t',"
                   "'x':1}"));
}

static void takes_of_scalable_whatever_has_a_room(void)
{
    check(reads_as("sendMessage", "{'roomId':'r'}",
                   "scalable send room=r content='' type=text raw={'roomId':'r'}"));
    check(reads_as("sendMessage", "{'roomId':9,'userId':{},'text':[1],'timestamp':{}}",
                   "scalable send room=9 content='' type=text "
                   "raw={'roomId':9,'userId':{},'text':[1],'timestamp':{}}"));
    check(reads_as("sendMessage", "{'text':'hi'}", "scalable send: INVALID_PAYLOAD " ROOM_ID));
    check(reads_as("sendMessage", "{'roomId':null}", "scalable send: INVALID_PAYLOAD " ROOM_ID));
    check(reads_as("joinRoom", "{'roomId':'r'}", "scalable join: INVALID_PAYLOAD " ROOM_ID));
    check(reads_as("joinRoom", "", "scalable join: INVALID_PAYLOAD " ROOM_ID));
}

static void reads_every_event_of_groups(void)
{
    check(reads_as("join_room", "{'roomid':'r','username':'Bo'}",
                   "groups join room=r user=Bo name=Bo"));
    check(reads_as("join_room", "{'roomid':'r','username':' \\t '}",
                   "groups join: INVALID_PAYLOAD username must be more than spaces."));
    check(reads_as("new_msg", "{'message':'hi','roomid':'r','sender':'Bo','more':{}}",
                   "groups send room=r user=Bo name=Bo content='hi' type=text "
                   "raw={'message':'hi','roomid':'r','sender':'Bo','more':{}}"));
    check(reads_as("new_msg", "{'roomid':'r'}",
                   "groups send room=r content='' type=text raw={'roomid':'r'}"));
    check(
        reads_as("new_msg", "null", "groups send: INVALID_PAYLOAD The payload must be an object."));
}

static void reads_every_event_of_direct(void)
{
    check(reads_as("join", "{'username':'Cy'}", "direct arrive name=Cy"));
    check(reads_as("join", "{'name':'Cy','id':12}", "direct arrive user=12 name=Cy"));
    check(reads_as("join", "'Cy'", "direct arrive name=Cy"));
    check(reads_as("join", "{}",
                   "direct arrive: INVALID_PAYLOAD username must be a string of 1 to 255 bytes of "
                   "UTF-8."));
    check(reads_as("send_message", "{'recipientId':'u','content':'hi','messageType':'image'}",
                   "direct send_direct to=u content='hi' type=image"));
    check(reads_as("mark_read", "{'messageId':'m'}", "direct read_direct id=m"));
    check(reads_as("typing", "{'recipientId':'u','isTyping':false}",
                   "direct typing_direct to=u on=0"));
    check(reads_as("typing", "{'recipientId':'u'}", "direct typing_direct to=u on=1"));
    check(reads_as("typing", "{'recipientId':'u','isTyping':'yes'}",
                   "direct typing_direct: INVALID_PAYLOAD isTyping must be true or false."));
}

static void takes_synonyms_and_the_first_that_is_there(void)
{
    static const char *const keys[] = {"recipientId", "recipient", "receiverId",
                                       "receiver",    "toUserId",  "to"};
    char payload[64];

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        (void)snprintf(payload, sizeof payload, "{'%s':'u','text':'hi'}", keys[i]);
        check(reads_as("send_message", payload, "direct send_direct to=u content='hi' type=text"));
    }
    check(reads_as("send_message",
                   "{'to':'b','recipient':'a','recipientId':null,'message':'hi',"
                   "'type':'image'}",
                   "direct send_direct to=a content='hi' type=image"));
    check(reads_as("typing", "{'to':5,'typing':false}", "direct typing_direct to=5 on=0"));
    check(reads_as("mark_read", "{'id':'m'}", "direct read_direct id=m"));
}

static void reads_every_event_of_realtime(void)
{
    check(reads_as("join_room", "{'roomId':'r','userId':'u'}", "realtime join room=r user=u"));
    check(reads_as("leave_room", "{'roomId':'r','userId':'u'}", "realtime leave room=r user=u"));
    check(reads_as("send_message", "{'roomId':'r','content':'hi'}",
                   "realtime send room=r content='hi' type=text"));
    check(reads_as("send_message", "{'roomId':'r','content':'','type':'image'}",
                   "realtime send room=r content='' type=image"));
    check(reads_as("edit_message", "{'messageId':'m','content':'ho'}",
                   "realtime edit id=m content='ho'"));
    check(reads_as("delete_message", "{'messageId':'m'}", "realtime delete id=m"));
    check(reads_as("mark_read", "{'roomId':'r','messageId':'m'}", "realtime read room=r id=m"));
    check(reads_as("typing_start", "{'roomId':'r','userId':'u'}", "realtime typing room=r user=u"));
    check(reads_as("typing_stop", "{'roomId':'r'}", "realtime typing_stop room=r"));
}

static void refuses_of_realtime_the_first_field_that_is_wrong_by_its_name(void)
{
    check(reads_as("leave_room", "[]",
                   "realtime leave: INVALID_PAYLOAD The payload must be an object."));
    check(reads_as("leave_room", "{'roomId':5}", "realtime leave: INVALID_PAYLOAD " ROOM_ID));
    check(reads_as("leave_room", "{'roomId':'r','userId':''}",
                   "realtime leave: INVALID_PAYLOAD userId must be a string of 1 to 255 bytes of "
                   "UTF-8."));
    check(reads_as("send_message", "{'roomId':'r','content':7}",
                   "realtime send: INVALID_PAYLOAD content must be a string."));
    check(reads_as("send_message", "{'roomId':'r','content':'x','type':''}",
                   "realtime send: INVALID_PAYLOAD type must be a string of 1 to 64 bytes of "
                   "UTF-8."));
    check(reads_as("edit_message", "{'messageId':'m','content':''}",
                   "realtime edit: INVALID_PAYLOAD content must be a string that is not empty."));
    check(reads_as("mark_read", "{'roomId':'r'}",
                   "realtime read: INVALID_PAYLOAD messageId must be a string of 1 to 255 bytes "
                   "of UTF-8."));
}

static void reads_every_event_of_native(void)
{
    check(reads_as("join_room", "{'roomId':'r','after':0}", "native join room=r after=0"));
    check(reads_as("send_message", "{'roomId':'r','content':'hi','clientId':'c'}",
                   "native send room=r content='hi' type=text client=c"));
    check(reads_as("set_presence", "{'status':'away'}", "native presence status=away"));
    check(reads_as("history", "{'roomId':'r'}", "native history room=r limit=50"));
    check(reads_as("history", "{'roomId':'r','before':18446744073709551615,'limit':100}",
                   "native history room=r before=18446744073709551615 limit=100"));
    check(reads_as("history", "{'roomId':'r','around':7,'after':1}",
                   "native history room=r after=1 around=7 limit=50"));
    check(reads_as("search", "{'query':'a b','roomId':'r','before':'12','limit':5}",
                   "native search room=r query=a b before=12 limit=5"));
    check(reads_as("search", "{'query':'a'}", "native search query=a limit=20"));
    check(reads_as("list_rooms", "{}", "native list_rooms"));
    check(reads_as("list_rooms", "", "native list_rooms"));
    check(reads_as("list_rooms", "{'after':'r'}", "native list_rooms called=r"));
    check(reads_as("create_room", "{'name':'N'}", "native create_room called=N"));
    check(
        reads_as("create_room", "{'roomId':'r','name':'N'}", "native create_room room=r called=N"));
    check(reads_as("room_members", "{'roomId':'r'}", "native members room=r"));
}

static void refuses_of_native_what_is_out_of_range(void)
{
    check(reads_as("join_room", "{'roomId':'r','after':-1}",
                   "native join: INVALID_PAYLOAD after must be a whole number."));
    check(reads_as("join_room", "{'roomId':'r','after':'7'}",
                   "native join: INVALID_PAYLOAD after must be a whole number."));
    check(reads_as("send_message", "{'roomId':'r','content':'','clientId':'c'}",
                   "native send: INVALID_PAYLOAD content must be a string that is not empty."));
    check(reads_as("set_presence", "{'status':'offline'}",
                   "native presence: INVALID_PAYLOAD status must be online|away."));
    check(reads_as("history", "{'roomId':'r','limit':101}",
                   "native history: INVALID_PAYLOAD limit must be a whole number from 1 to 100."));
    check(reads_as("history", "{'roomId':'r','limit':0}",
                   "native history: INVALID_PAYLOAD limit must be a whole number from 1 to 100."));
    check(reads_as("search", "{'query':'a','before':12}",
                   "native search: INVALID_PAYLOAD before must be the string that came with the "
                   "page before."));
    check(reads_as("search", "{'query':'a','before':'-'}",
                   "native search: INVALID_PAYLOAD before must be the string that came with the "
                   "page before."));
}

static void tells_dialects_with_one_event_apart_by_the_payload(void)
{
    check(reads_as("join_room", "{'roomId':'r'}", "realtime join room=r"));
    check(reads_as("join_room", "{'roomId':'r','after':null}", "realtime join room=r"));
    check(reads_as("join_room", "{}", "realtime join: INVALID_PAYLOAD " ROOM_ID));
    check(reads_as("join_room", "'r'",
                   "realtime join: INVALID_PAYLOAD The payload must be an object."));
    check(reads_as("send_message", "{'roomId':'r','recipientId':'u','content':'hi'}",
                   "realtime send room=r content='hi' type=text"));
    check(reads_as("send_message", "{'content':'hi'}", "realtime send: INVALID_PAYLOAD " ROOM_ID));
    check(reads_as("mark_read", "{}", "realtime read: INVALID_PAYLOAD " ROOM_ID));
}

static void ignores_events_that_no_dialect_has(void)
{
    check(reads_as("leaveRoom", "'r'", "none ignore"));
    check(reads_as("", "{}", "none ignore"));
    check(reads_as("an event name that is longer than any of ours", "{}", "none ignore"));
}

static void takes_keys_as_javascript_does(void)
{
    check(reads_as("leave_room", "{'roomId':'a','roomId':'b'}", "realtime leave room=b"));
    check(reads_as("leave_room", "{'room\\u0049d':'a'}", "realtime leave room=a"));
    check(reads_as("leave_room", "{'roomId':'a','userId':'u','userId':null}",
                   "realtime leave room=a"));
    check(reads_as("leave_room", "{'x':{'roomId':'b'},'':1,'\\\\':2,'roomId':'a'}",
                   "realtime leave room=a"));
    check(reads_as("chat:event", "{'eventType':'l\\u0065ave','userId':'u','chatRoomId':'r'}",
                   "chatroom leave room=r user=u"));
}

static void decodes_texts_and_leaves_contents_alone(void)
{
    check(span_eq(read_as(SPAN("send_message"),
                          SPAN("{\"roomId\":\"\\ud800\\/\",\"content\":\"\\ud83d\\ude00\","
                               "\"type\":\"\\u0061\"}")),
                  SPAN("realtime send room=\xef\xbf\xbd/ content=\"\\ud83d\\ude00\" type=a")));
    check(span_eq(read_as(SPAN("new_msg"), SPAN("{\"roomid\":\"\\u0062\",\"sender\":\"\\u0063\"}")),
                  SPAN("groups send room=b user=c name=c content=\"\" type=text "
                       "raw={\"roomid\":\"\\u0062\",\"sender\":\"\\u0063\"}")));
}

/* {"roomId":"<n times unit>","content":"c"} */
static struct span long_room(struct bytes *b, const char *unit, size_t n)
{
    bytes_clear(b);
    bytes_add_cstr(b, "{\"content\":\"c\",\"roomId\":\"");
    while (n-- > 0) {
        bytes_add_cstr(b, unit);
    }
    bytes_add_cstr(b, "\"}");
    return bytes_span(b);
}

static bool takes_room(struct bytes *b, const char *unit, size_t n)
{
    struct span got = read_as(SPAN("send_message"), long_room(b, unit, n));
    return span_starts(got, SPAN("realtime send room="));
}

static void limits_texts_by_their_bytes_whatever_their_escapes(void)
{
    struct bytes b = {0};

    check(takes_room(&b, "x", 255) && !takes_room(&b, "x", 256));
    check(takes_room(&b, "\\u0078", 255) && !takes_room(&b, "\\u0078", 256));
    check(takes_room(&b, "\\u00e9", 127) && !takes_room(&b, "\\u00e9", 128));
    check(!takes_room(&b, "\\ud800", 1 << 18)); /* some 1.5 MB */
    bytes_finish(&b);
}

static bool is_all(struct span s, uint8_t letter, size_t len)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] != letter) {
            return false;
        }
    }
    return s.len == len;
}

static void keeps_every_text_while_the_next_is_decoded(void)
{
    static const char *const keys[] = {"{\"roomId", ",\"userId", ",\"username", ",\"clientId"};
    struct bytes payload = {0};
    struct command c;

    for (int i = 0; i < 4; i++) {
        bytes_add_cstr(&payload, keys[i]);
        bytes_add_cstr(&payload, "\":\"");
        for (size_t j = 0; j < 255; j++) {
            bytes_add_cstr(&payload, "\\u006");
            bytes_add_byte(&payload, (uint8_t)('1' + i));
        }
        bytes_add_byte(&payload, '"');
    }
    bytes_add_byte(&payload, '}');
    dialect_scratch_finish(&scratch); /* so that it has to grow */
    check(dialect_read(ROOKERY_STR("sendMessage"), str_of_span(bytes_span(&payload)), &limits,
                       &scratch, &c) == NULL);
    check(is_all(c.room, 'a', 255) && is_all(c.user_id, 'b', 255));
    check(is_all(c.username, 'c', 255) && is_all(c.client_id, 'd', 255));
    bytes_finish(&payload);
}

static struct span long_content(struct bytes *b, const char *event_text, const char *unit, size_t n)
{
    bytes_clear(b);
    bytes_add_cstr(b, event_text);
    while (n-- > 0) {
        bytes_add_cstr(b, unit);
    }
    bytes_add_cstr(b, "\"}");
    return bytes_span(b);
}

static void limits_contents_as_javascript_counts(void)
{
    static const char realtime[] = "{\"roomId\":\"r\",\"content\":\"";
    static const char scalable[] = "{\"roomId\":\"r\",\"text\":\"";
    struct bytes b = {0};

    check(span_starts(read_as(SPAN("send_message"), long_content(&b, realtime, "\xc3\xa9", 5000)),
                      SPAN("realtime send room=r")));
    check(span_eq(read_as(SPAN("send_message"), long_content(&b, realtime, "x", 5001)),
                  SPAN("realtime send: MESSAGE_TOO_LONG content must have no more than 5000 "
                       "characters.")));
    check(span_eq(read_as(SPAN("sendMessage"), long_content(&b, scalable, "x", 5001)),
                  SPAN("scalable send: MESSAGE_TOO_LONG text must have no more than 5000 "
                       "characters.")));
    check(span_eq(
        read_as(SPAN("sendMessage"), long_content(&b, "{\"roomId\":\"r\",\"x\":\"", "x", 1000000)),
        SPAN("scalable send: MESSAGE_TOO_LONG The payload must have no more than 65536 "
             "bytes.")));
    bytes_finish(&b);
}

static void looks_over_what_is_deep_or_strange(void)
{
    struct bytes b = {0};

    bytes_add_cstr(&b, "{\"roomId\":\"r\",\"x\":");
    for (int i = 0; i < 127; i++) {
        bytes_add_byte(&b, '[');
    }
    for (int i = 0; i < 127; i++) {
        bytes_add_byte(&b, ']');
    }
    bytes_add_cstr(&b, "}");
    check(span_eq(read_as(SPAN("leave_room"), bytes_span(&b)), SPAN("realtime leave room=r")));
    for (size_t i = 0; i < dialect_event_count(); i++) {
        static const char *const odd[] = {"",         "null", "true", "[]", "[[{}]]",
                                          "-1.5e300", "\"\"", "{}",   "0",  "false"};
        for (size_t j = 0; j < sizeof odd / sizeof *odd; j++) {
            struct rookery_str name = dialect_event_name(i);
            check(read_as(span_of_str(name), span_cstr(odd[j])).len > 0);
        }
    }
    bytes_finish(&b);
}

static void names_each_event_once(void)
{
    for (size_t i = 0; i < dialect_event_count(); i++) {
        for (size_t j = 0; j < i; j++) {
            check(!span_eq(span_of_str(dialect_event_name(i)), span_of_str(dialect_event_name(j))));
        }
    }
    check(dialect_event_count() == 20);
}

int main(void)
{
    RUN(reads_every_event_of_chatroom);
    RUN(refuses_what_chatroom_refuses);
    RUN(reads_every_event_of_scalable);
    RUN(takes_of_scalable_whatever_has_a_room);
    RUN(reads_every_event_of_groups);
    RUN(reads_every_event_of_direct);
    RUN(takes_synonyms_and_the_first_that_is_there);
    RUN(reads_every_event_of_realtime);
    RUN(refuses_of_realtime_the_first_field_that_is_wrong_by_its_name);
    RUN(reads_every_event_of_native);
    RUN(refuses_of_native_what_is_out_of_range);
    RUN(tells_dialects_with_one_event_apart_by_the_payload);
    RUN(ignores_events_that_no_dialect_has);
    RUN(takes_keys_as_javascript_does);
    RUN(decodes_texts_and_leaves_contents_alone);
    RUN(limits_texts_by_their_bytes_whatever_their_escapes);
    RUN(keeps_every_text_while_the_next_is_decoded);
    RUN(limits_contents_as_javascript_counts);
    RUN(looks_over_what_is_deep_or_strange);
    RUN(names_each_event_once);
    dialect_scratch_finish(&scratch);
    bytes_finish(&text);
    return tap_done();
}
