/* Values of the journal's log: what is written is read again, whatever it holds; what others write
 * is understood by its shape; what is malformed is refused. */
// SPDX-License-Identifier: MIT
#include "src/journal/journal_value.h"

#include "protocol/json.h"
#include "tests/support/message_same.h"
#include "tests/support/tap.h"

enum { CHATROOM = 1, SCALABLE = 2, REALTIME = 5 }; /* dialects */

static const struct message said = {
    .id = SPAN("01a1fdce-eb88-77d4-9eb1-30d6d8658182"),
    .room = SPAN("old \"elm\""),
    .user_id = SPAN("u1"),
    .username = SPAN("Ada\n"),
    .content = SPAN("\"caw \\u0041\\ud800\""),
    .type = SPAN("text"),
    .timestamp_ms = 1700000000123,
    .dialect = REALTIME,
};

static struct bytes value, scratch;

/* Writes m, reads that, and tells whether it is the same. */
static bool comes_back(const struct message *m)
{
    struct message got;

    bytes_clear(&value);
    journal_value_write(&value, m);
    return journal_value_is_ours(bytes_span(&value)) &&
           journal_value_read(bytes_span(&value), &scratch, &got) == 0 && message_same(m, &got);
}

static bool says(const char *json)
{
    return span_eq(bytes_span(&value), span_cstr(json));
}

static void a_message_is_written_for_readers_of_every_dialect(void)
{
    check(comes_back(&said));
    check(says("{\"id\":\"01a1fdce-eb88-77d4-9eb1-30d6d8658182\",\"roomId\":\"old \\\"elm\\\"\","
               "\"chatRoomId\":\"old \\\"elm\\\"\",\"userId\":\"u1\",\"username\":\"Ada\\n\","
               "\"message\":\"caw \\u0041\\ud800\",\"content\":\"caw \\u0041\\ud800\","
               "\"type\":\"text\",\"timestamp\":\"2023-11-14T22:13:20.123Z\","
               "\"rookery\":{\"v\":1,\"dialect\":5,\"ms\":1700000000123}}"));
}

static void everything_that_a_message_has_comes_back(void)
{
    struct message m = said;

    m.sent_at = SPAN("\"2025-03-25T10:00:21.000Z\"");
    m.raw = SPAN("{\"text\":[1,{}], \"x\":null}");
    m.client_id = SPAN("c\\1");
    m.recipient = SPAN("bob");
    m.edited_ms = 1700000000456;
    m.said = INT64_MAX;
    m.action = MESSAGE_EDIT;
    check(comes_back(&m));
    m.sent_at = SPAN("1.70e12"); /* outside it is a time that any reader understands */
    check(comes_back(&m));
    struct json v, t;
    check(json_parse(bytes_span(&value), 8, &v) == 0 &&
          json_object_find(v, SPAN("timestamp"), &t) &&
          json_string_eq(t, SPAN("2023-11-14T22:13:20.123Z")));
    m.sent_at = SPAN("\"soon\\t\"");
    check(comes_back(&m));
}

static void every_action_comes_back(void)
{
    struct message m = said;

    for (unsigned i = MESSAGE_SAY; i <= MESSAGE_MARK; i++) {
        m.action = (uint8_t)i;
        check(comes_back(&m));
    }
    m.content = m.username = m.type = SPAN("");
    m.action = MESSAGE_DELETE;
    check(comes_back(&m));
    m.id = SPAN("");
    m.said = 17;
    m.action = MESSAGE_MARK;
    check(comes_back(&m));
}

static void a_content_that_is_no_string_is_carried_as_it_is(void)
{
    static const char *const contents[] = {"null", "false", "12.50", "[]",
                                           "{\"a\" : [\"\\u00e9\"]}"};
    struct message m = said;

    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
        m.content = span_cstr(contents[i]);
        check(comes_back(&m));
    }
}

static void texts_that_are_not_utf_8_come_back_to_the_byte(void)
{
    struct message m = said;

    m.room = SPAN("\xff\0r\xed\xa0\x80");
    check(comes_back(&m));
    struct json v, room;
    check(json_parse(bytes_span(&value), 8, &v) == 0 &&
          json_object_find(v, SPAN("roomId"), &room) &&
          json_string_eq(room, SPAN("\xef\xbf\xbd\0r\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd")));
    m.id = m.user_id = m.username = m.type = m.client_id = m.recipient = SPAN("\x80");
    check(comes_back(&m));
    static char longest[JOURNAL_VALUE_TEXT_BYTES_MAX];
    memset(longest, 0xff, sizeof longest);
    m.room = span_of(longest, sizeof longest);
    check(comes_back(&m));
}

static void what_is_carried_may_be_as_deep_as_what_a_client_sends(void)
{
    enum { DEPTH = JSON_DEPTH_MAX - 1 }; /* the event's array is the outermost */
    static char deep[2 * DEPTH + 4];
    struct message m = said;

    memcpy(deep, "{\"\":", 4); /* one level is the object itself */
    memset(deep + 4, '[', DEPTH - 1);
    memset(deep + 4 + DEPTH - 1, ']', DEPTH - 1);
    deep[2 * DEPTH + 2] = '}';
    m.raw = m.content = span_of(deep, 2 * DEPTH + 3);
    check(comes_back(&m));
}

/* Reads what another producer wrote. */
static struct message foreign(const char *json, int error)
{
    struct message m;

    bytes_clear(&value);
    bytes_add_cstr(&value, json);
    check(!journal_value_is_ours(bytes_span(&value)));
    check(journal_value_read(bytes_span(&value), &scratch, &m) == error);
    check(error != 0 || m.timestamp_ms == 0);
    return m;
}

static void a_value_of_dialect_0_is_understood(void)
{
    struct message m =
        foreign("{\"userId\":\"ann\",\"chatRoomId\":\"r\\u00e9\",\"message\":\"hi\\n\","
                "\"timestamp\":\"2025-01-01T00:00:00.000Z\"}",
                0);

    check(m.id.len == 0 && m.dialect == CHATROOM && m.action == MESSAGE_SAY && m.raw.len == 0);
    check(span_eq(m.user_id, SPAN("ann")) && span_eq(m.username, SPAN("ann")));
    check(span_eq(m.room, SPAN("r\xc3\xa9")) && span_eq(m.content, SPAN("\"hi\\n\"")));
    check(span_eq(m.sent_at, SPAN("\"2025-01-01T00:00:00.000Z\"")) &&
          span_eq(m.type, SPAN("text")));
}

static void a_value_of_dialect_4_is_understood(void)
{
    struct message m =
        foreign("{\"id\":\"b7a0\",\"roomId\":\"general\",\"userId\":7,\"username\":\"Ann\","
                "\"content\":{\"url\":1},\"type\":\"image\",\"timestamp\":1700000000000}",
                0);

    check(span_eq(m.id, SPAN("b7a0")) && m.dialect == REALTIME && m.raw.len == 0);
    check(span_eq(m.user_id, SPAN("7")) && span_eq(m.username, SPAN("Ann")));
    check(span_eq(m.room, SPAN("general")) && span_eq(m.content, SPAN("{\"url\":1}")));
    check(span_eq(m.sent_at, SPAN("1700000000000")) && span_eq(m.type, SPAN("image")));
}

static void a_value_of_dialect_1_is_understood_and_keeps_all_it_has(void)
{
    static const char json[] = "{\"roomId\":\"r\",\"userId\":\"u\",\"username\":null,"
                               "\"text\":\"hi\",\"timestamp\":\"t\",\"mood\":[1]}";
    struct message m = foreign(json, 0);

    check(m.id.len == 0 && m.dialect == SCALABLE && span_eq(m.raw, span_cstr(json)));
    check(span_eq(m.user_id, SPAN("u")) && m.username.len == 0);
    check(span_eq(m.room, SPAN("r")) && span_eq(m.content, SPAN("\"hi\"")));
    check(span_eq(m.sent_at, SPAN("\"t\"")));
}

static void a_time_that_is_none_is_left_out(void)
{
    struct message m = foreign("{\"userId\":\"u\",\"chatRoomId\":\"r\",\"message\":\"m\","
                               "\"timestamp\":{\"now\":true}}",
                               0);
    check(m.sent_at.len == 0);
}

static void what_others_write_and_cannot_be_is_refused(void)
{
    static const struct {
        const char *json;
        int error;
    } values[] = {
        {"", JOURNAL_VALUE_EMALFORMED},
        {"{", JOURNAL_VALUE_EMALFORMED},
        {"[1]", JOURNAL_VALUE_EMALFORMED},
        {"\"hi\"", JOURNAL_VALUE_EMALFORMED},
        {"{}", JOURNAL_VALUE_EUNKNOWN},
        {"{\"rookery\":1}", JOURNAL_VALUE_EUNKNOWN},
        {"{\"roomid\":\"r\",\"sender\":\"u\",\"message\":\"m\"}", JOURNAL_VALUE_EUNKNOWN},
        {"{\"chatRoomId\":\"r\",\"userId\":\"u\",\"message\":null}", JOURNAL_VALUE_EUNKNOWN},
        {"{\"chatRoomId\":\"r\",\"message\":\"m\"}", JOURNAL_VALUE_EINVALID},
        {"{\"chatRoomId\":\"\",\"userId\":\"u\",\"message\":\"m\"}", JOURNAL_VALUE_EINVALID},
        {"{\"chatRoomId\":[],\"userId\":\"u\",\"message\":\"m\"}", JOURNAL_VALUE_EINVALID},
        {"{\"chatRoomId\":\"r\",\"userId\":true,\"message\":\"m\"}", JOURNAL_VALUE_EINVALID},
        {"{\"roomId\":\"r\",\"userId\":\"u\",\"content\":1,\"id\":{}}", JOURNAL_VALUE_EINVALID},
        {"{\"roomId\":\"r\",\"userId\":\"u\",\"content\":1,\"type\":1}", JOURNAL_VALUE_EINVALID},
        {"{\"roomId\":\"r\",\"userId\":\"u\",\"text\":1,\"username\":[]}", JOURNAL_VALUE_EINVALID},
    };

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        (void)foreign(values[i].json, values[i].error);
    }
}

static void a_text_that_is_too_long_is_refused(void)
{
    static char json[JOURNAL_VALUE_TEXT_BYTES_MAX + 64];
    int at = snprintf(json, sizeof json, "{\"userId\":\"u\",\"message\":1,\"chatRoomId\":\"");

    memset(json + at, 'r', JOURNAL_VALUE_TEXT_BYTES_MAX);
    memcpy(json + at + JOURNAL_VALUE_TEXT_BYTES_MAX, "\"}", 3);
    check(foreign(json, 0).room.len == JOURNAL_VALUE_TEXT_BYTES_MAX);
    memcpy(json + at + JOURNAL_VALUE_TEXT_BYTES_MAX, "r\"}", 4);
    (void)foreign(json, JOURNAL_VALUE_EINVALID);
}

#define OURS(outside, inside) "{\"id\":\"i\",\"roomId\":\"r\"" outside ",\"rookery\":{" inside "}}"

static void what_our_own_form_cannot_be_is_refused(void)
{
    static const struct {
        const char *json;
        int error;
    } values[] = {
        {OURS(",\"content\":1", "\"v\":1,\"dialect\":1,\"ms\":1"), 0},
        {OURS(",\"content\":1,\"more\":{}", "\"v\":1,\"more\":{}"), 0},
        {OURS(",\"content\":1,\"action\":\"edit\"", "\"v\":1,\"bytes\":{\"id\":\"\\/w==\"}"), 0},
        {OURS(",\"content\":1", "\"v\":2"), JOURNAL_VALUE_EUNKNOWN},
        {OURS(",\"content\":1", "\"v\":\"1\""), JOURNAL_VALUE_EUNKNOWN},
        {OURS(",\"content\":1", ""), JOURNAL_VALUE_EUNKNOWN},
        {OURS("", "\"v\":1"), JOURNAL_VALUE_EINVALID},
        {OURS(",\"roomId\":\"\",\"content\":1", "\"v\":1"), JOURNAL_VALUE_EINVALID},
        {OURS(",\"userId\":7,\"content\":1", "\"v\":1"), JOURNAL_VALUE_EINVALID},
        {OURS(",\"content\":1,\"raw\":[]", "\"v\":1"), JOURNAL_VALUE_EINVALID},
        {OURS(",\"content\":1,\"action\":\"dance\"", "\"v\":1"), JOURNAL_VALUE_EINVALID},
        {OURS(",\"content\":1,\"action\":7", "\"v\":1"), JOURNAL_VALUE_EINVALID},
        {OURS(",\"action\":\"edit\"", "\"v\":1"), JOURNAL_VALUE_EINVALID},
        {OURS(",\"id\":\"\",\"action\":\"delete\"", "\"v\":1"), JOURNAL_VALUE_EINVALID},
        {OURS(",\"id\":\"\",\"action\":\"mark\"", "\"v\":1"), JOURNAL_VALUE_EINVALID},
        {OURS(",\"content\":1", "\"v\":1,\"dialect\":256"), JOURNAL_VALUE_EINVALID},
        {OURS(",\"content\":1", "\"v\":1,\"ms\":-1"), JOURNAL_VALUE_EINVALID},
        {OURS(",\"content\":1", "\"v\":1,\"ms\":9223372036854775808"), JOURNAL_VALUE_EINVALID},
        {OURS(",\"content\":1", "\"v\":1,\"editedMs\":1.5"), JOURNAL_VALUE_EINVALID},
        {OURS(",\"content\":1", "\"v\":1,\"said\":\"1\""), JOURNAL_VALUE_EINVALID},
        {OURS(",\"content\":1", "\"v\":1,\"clientId\":1"), JOURNAL_VALUE_EINVALID},
        {OURS(",\"content\":1", "\"v\":1,\"ownTime\":true"), JOURNAL_VALUE_EINVALID},
        {OURS(",\"content\":1,\"timestamp\":1", "\"v\":1,\"ownTime\":true"),
         JOURNAL_VALUE_EINVALID},
        {OURS(",\"content\":1", "\"v\":1,\"sentAt\":{}"), JOURNAL_VALUE_EINVALID},
        {OURS(",\"content\":1", "\"v\":1,\"bytes\":[]"), JOURNAL_VALUE_EINVALID},
        {OURS(",\"content\":1", "\"v\":1,\"bytes\":{\"id\":\"*\"}"), JOURNAL_VALUE_EINVALID},
        {OURS(",\"content\":1", "\"v\":1,\"bytes\":{\"to\":1}"), JOURNAL_VALUE_EINVALID},
        {OURS(",\"content\":1", "\"v\":1,\"bytes\":{\"roomId\":\"\"}"), JOURNAL_VALUE_EINVALID},
    };
    struct message m;

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct span json = span_cstr(values[i].json);
        if (journal_value_read(json, &scratch, &m) != values[i].error) {
            printf("# %s\n", values[i].json);
            check(false);
        }
        check(journal_value_is_ours(json));
    }
}

static void of_members_that_come_twice_the_last_counts(void)
{
    struct message m = foreign("{\"\\u0075serId\":\"a\",\"chatRoomId\":\"x\\t\",\"message\":1,"
                               "\"chatRoomId\":\"y\\t\",\"message\":2}",
                               0);

    check(span_eq(m.user_id, SPAN("a")) && span_eq(m.room, SPAN("y\t")));
    check(span_eq(m.content, SPAN("2")));
}

static void an_id_comes_from_where_a_record_stands(void)
{
    char first[JOURNAL_VALUE_ID_BYTES], again[JOURNAL_VALUE_ID_BYTES];

    journal_value_id(SPAN("chat-messages"), 3, 7, first);
    check_mem(first, sizeof first, "b904d975-aadf-8a07-a7ab-c0567f467a37", 36);
    journal_value_id(SPAN("chat-messages"), 3, 7, again);
    check(memcmp(first, again, sizeof first) == 0);
    journal_value_id(SPAN("chat-messages"), 3, 8, again);
    check(memcmp(first, again, sizeof first) != 0);
    journal_value_id(SPAN("chat-messages"), 7, 3, again);
    check(memcmp(first, again, sizeof first) != 0);
    journal_value_id(SPAN("chat-message"), 3, 7, again);
    check(memcmp(first, again, sizeof first) != 0);
}

/* ---- any message ---- */

static uint64_t seed = 1;

static unsigned below(unsigned n)
{
    seed = seed * 6364136223846793005 + 1442695040888963407;
    return (unsigned)(seed >> 33) % n;
}

static struct span any_bytes(uint8_t *room, unsigned max)
{
    unsigned len = below(max + 1);

    for (unsigned i = 0; i < len; i++) {
        room[i] = (uint8_t)below(below(4) == 0 ? 256 : 128);
    }
    return span_of(room, len);
}

static void any_message_comes_back(void)
{
    enum { ROUNDS = 2000, LEN_MAX = 40 };
    static const struct span times[] = {SPAN(""), SPAN("-3"), SPAN("\"\""), SPAN("\"\\u0000\"")};
    static uint8_t texts[7][LEN_MAX];

    for (int i = 0; i < ROUNDS; i++) {
        struct message m = {
            .id = any_bytes(texts[0], LEN_MAX),
            .room = any_bytes(texts[1], LEN_MAX),
            .user_id = any_bytes(texts[2], LEN_MAX),
            .username = any_bytes(texts[3], LEN_MAX),
            .type = any_bytes(texts[4], LEN_MAX),
            .client_id = any_bytes(texts[5], LEN_MAX),
            .recipient = any_bytes(texts[6], LEN_MAX),
            .content = below(2) == 0 ? SPAN("[null]") : SPAN("\"\""),
            .raw = below(2) == 0 ? SPAN("{}") : SPAN(""),
            .sent_at = times[below(4)],
            .timestamp_ms = below(1u << 30),
            .edited_ms = below(2),
            .said = below(2),
            .dialect = (uint8_t)below(256),
            .action = (uint8_t)below(4),
        };
        if (m.room.len > 0 && m.id.len > 0) {
            check(comes_back(&m));
        }
    }
}

static void errors_have_sentences(void)
{
    for (int i = JOURNAL_VALUE_EINVALID; i <= 0; i++) {
        check(strcmp(journal_value_strerror(i), "unknown error") != 0);
    }
    check(strcmp(journal_value_strerror(1), "unknown error") == 0);
}

int main(void)
{
    RUN(a_message_is_written_for_readers_of_every_dialect);
    RUN(everything_that_a_message_has_comes_back);
    RUN(every_action_comes_back);
    RUN(a_content_that_is_no_string_is_carried_as_it_is);
    RUN(texts_that_are_not_utf_8_come_back_to_the_byte);
    RUN(what_is_carried_may_be_as_deep_as_what_a_client_sends);
    RUN(a_value_of_dialect_0_is_understood);
    RUN(a_value_of_dialect_4_is_understood);
    RUN(a_value_of_dialect_1_is_understood_and_keeps_all_it_has);
    RUN(a_time_that_is_none_is_left_out);
    RUN(what_others_write_and_cannot_be_is_refused);
    RUN(a_text_that_is_too_long_is_refused);
    RUN(what_our_own_form_cannot_be_is_refused);
    RUN(of_members_that_come_twice_the_last_counts);
    RUN(an_id_comes_from_where_a_record_stands);
    RUN(any_message_comes_back);
    RUN(errors_have_sentences);
    bytes_finish(&value);
    bytes_finish(&scratch);
    return tap_done();
}
