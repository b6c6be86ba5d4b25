/* Notes: what is written is read again, and what is malformed is not. */
// SPDX-License-Identifier: MIT
#include "src/chat/note.h"

#include "src/chat/dialect.h"
#include "tests/support/tap.h"

static const struct message full = {
    .id = SPAN("01a1fdce-eb88-77d4-9eb1-30d6d8658182"),
    .room = SPAN("old \"elm\""),
    .offset = 7,
    .changed = 9,
    .user_id = SPAN("u1"),
    .username = SPAN("Ada\n"),
    .content = SPAN("\"caw \\u0041\""),
    .type = SPAN("text"),
    .sent_at = SPAN("\"2025-03-25T10:00:21.000Z\""),
    .raw = SPAN("{\"text\":[1,{}]}"),
    .client_id = SPAN("c1"),
    .timestamp_ms = 1700000000123,
    .edited_ms = 1700000000456,
    .dialect = DIALECT_SCALABLE,
    .action = MESSAGE_EDIT,
};

static bool same_message(const struct message *a, const struct message *b)
{
    struct message x = *a, y = *b;

    for (unsigned i = 0; i < MESSAGE_TEXTS; i++) {
        if (!span_eq(*message_text(&x, i), *message_text(&y, i))) {
            return false;
        }
    }
    return a->offset == b->offset && a->changed == b->changed &&
           a->timestamp_ms == b->timestamp_ms && a->edited_ms == b->edited_ms &&
           a->dialect == b->dialect && a->action == b->action;
}

static void a_message_comes_as_it_was(void)
{
    struct bytes out = {0}, texts = {0};
    struct note note = {.kind = NOTE_MESSAGE, .message = full}, got;

    note_write(&note, &out);
    check(note_read(bytes_span(&out), &texts, &got) == 0);
    check(got.kind == NOTE_MESSAGE && same_message(&full, &got.message));
    note.message.raw = note.message.sent_at = note.message.content = SPAN("");
    note.message.action = MESSAGE_DELETE;
    bytes_clear(&out);
    note_write(&note, &out);
    check(note_read(bytes_span(&out), &texts, &got) == 0);
    check(same_message(&note.message, &got.message));
    bytes_finish(&out);
    bytes_finish(&texts);
}

static void the_other_kinds_come_as_they_were(void)
{
    struct bytes out = {0}, texts = {0};
    struct note note = {.room = SPAN("r"), .who = {SPAN("u\t1"), SPAN("Ada")}}, got;

    for (unsigned kind = NOTE_TYPING; kind <= NOTE_READ; kind++) {
        note.kind = kind;
        note.is_on = kind == NOTE_DIRECT_TYPING;
        note.room = note.is_on ? SPAN("\x01@bob") : SPAN("r");
        note.message.id = kind == NOTE_READ ? SPAN("m1") : SPAN("");
        bytes_clear(&out);
        note_write(&note, &out);
        check(note_read(bytes_span(&out), &texts, &got) == 0);
        check(got.kind == note.kind && got.is_on == note.is_on && span_eq(got.room, note.room) &&
              span_eq(got.who.user_id, note.who.user_id) &&
              span_eq(got.who.username, note.who.username) &&
              span_eq(got.message.id, note.message.id));
    }
    bytes_finish(&out);
    bytes_finish(&texts);
}

#define SAY(id, room, user, recipient, dialect, time, content, sent_at, raw)               \
    "[\"say\"," id "," room "," user ",\"\",\"text\",\"\"," recipient "," dialect "," time \
    ",0,0,0," content "," sent_at "," raw "]"

static void what_is_malformed_is_refused(void)
{
    static const struct {
        const char *text;
        int error;
    } notes[] = {
        {SAY("\"i\"", "\"r\"", "\"u\"", "\"\"", "5", "1", "\"x\"", "null", "null"), 0},
        {SAY("\"i\"", "\"\\u0001@b\"", "\"u\"", "\"b\"", "4", "1", "\"x\"", "1", "null"), 0},
        {SAY("\"i\"", "\"r\"", "\"u\"", "\"\"", "2", "1", "null", "null", "{}"), 0},
        {"[\"dance\",1]", NOTE_EUNKNOWN},
        {"", NOTE_EINVALID},
        {"[", NOTE_EINVALID},
        {"[]", NOTE_EINVALID},
        {"{}", NOTE_EINVALID},
        {"[\"say\"]", NOTE_EINVALID},
        {SAY("\"\"", "\"r\"", "\"u\"", "\"\"", "5", "1", "\"x\"", "null", "null"), -2},
        {SAY("1", "\"r\"", "\"u\"", "\"\"", "5", "1", "\"x\"", "null", "null"), -2},
        {SAY("\"i\"", "\"\"", "\"u\"", "\"\"", "5", "1", "\"x\"", "null", "null"), -2},
        {SAY("\"i\"", "\"\\u0001lobby\"", "\"u\"", "\"\"", "5", "1", "\"x\"", "null", "null"), -2},
        {SAY("\"i\"", "\"\\u0001@b\"", "\"u\"", "\"\"", "4", "1", "\"x\"", "null", "null"), -2},
        {SAY("\"i\"", "\"\\u0001@b\"", "\"u\"", "\"c\"", "4", "1", "\"x\"", "null", "null"), -2},
        {SAY("\"i\"", "\"\\u0001@b\"", "\"u\"", "\"b\"", "5", "1", "\"x\"", "null", "null"), -2},
        {SAY("\"i\"", "\"\\u0001\"", "\"u\"", "\"b\"", "4", "1", "\"x\"", "null", "null"), -2},
        {SAY("\"i\"", "\"r\"", "\"\"", "\"\"", "5", "1", "\"x\"", "null", "null"), -2},
        {SAY("\"i\"", "\"r\"", "\"u\"", "\"\"", "0", "1", "\"x\"", "null", "null"), -2},
        {SAY("\"i\"", "\"r\"", "\"u\"", "\"\"", "7", "1", "\"x\"", "null", "null"), -2},
        {SAY("\"i\"", "\"r\"", "\"u\"", "\"\"", "5", "-1", "\"x\"", "null", "null"), -2},
        {SAY("\"i\"", "\"r\"", "\"u\"", "\"\"", "5", "253402300800000", "\"x\"", "null", "null"),
         -2},
        {SAY("\"i\"", "\"r\"", "\"u\"", "\"\"", "5", "1", "null", "null", "null"), -2},
        {SAY("\"i\"", "\"r\"", "\"u\"", "\"\"", "5", "1", "{}", "null", "null"), -2},
        {SAY("\"i\"", "\"r\"", "\"u\"", "\"\"", "5", "1", "\"x\"", "[]", "null"), -2},
        {SAY("\"i\"", "\"r\"", "\"u\"", "\"\"", "5", "1", "\"x\"", "null", "{}"), -2},
        {SAY("\"i\"", "\"r\"", "\"u\"", "\"\"", "2", "1", "\"x\"", "null", "[]"), -2},
        {"[\"typing\",\"r\"]", NOTE_EINVALID},
        {"[\"typing\",\"\\u0001lobby\",\"u\",\"\"]", NOTE_EINVALID},
        {"[\"direct_typing\",\"r\",\"u\",\"\",1]", NOTE_EINVALID},
        {"[\"direct_typing\",\"\\u0001@r\",\"u\",\"\",2]", NOTE_EINVALID},
        {"[\"read\",\"r\",\"u\",\"\",\"\"]", NOTE_EINVALID},
    };
    struct bytes texts = {0};
    struct note got;

    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        if (note_read(span_cstr(notes[i].text), &texts, &got) != notes[i].error) {
            printf("# %s\n", notes[i].text);
            check(false);
        }
    }
    bytes_finish(&texts);
}

static void what_later_versions_add_is_ignored(void)
{
    struct bytes texts = {0};
    struct note got;

    check(note_read(SPAN("[\"typing\",\"r\",\"u\",\"\",{\"more\":1}]"), &texts, &got) == 0);
    check(got.kind == NOTE_TYPING);
    bytes_finish(&texts);
}

int main(void)
{
    RUN(a_message_comes_as_it_was);
    RUN(the_other_kinds_come_as_they_were);
    RUN(what_is_malformed_is_refused);
    RUN(what_later_versions_add_is_ignored);
    return tap_done();
}
