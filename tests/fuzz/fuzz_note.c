/* What a node takes from a note it writes again so that another one takes the same. */
// SPDX-License-Identifier: MIT
#include <assert.h>

#include "protocol/json.h"
#include "protocol/utf8.h"
#include "src/chat/dialect.h"
#include "src/chat/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_message(const struct message *m)
{
    const struct span names[] = {m->id, m->user_id, m->username, m->client_id, m->recipient};
    struct json v;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert(names[i].len <= NAME_BYTES_MAX && utf8_valid(names[i]));
    }
    assert(m->id.len > 0 && m->user_id.len > 0 && m->room.len > 0 && utf8_valid(m->room));
    assert(m->dialect > DIALECT_NONE && m->dialect < DIALECT_COUNT);
    assert(m->content.len == 0 || json_parse(m->content, JSON_DEPTH_MAX, &v) == 0);
    assert(m->raw.len == 0 || json_parse(m->raw, JSON_DEPTH_MAX, &v) == 0);
    assert(m->sent_at.len == 0 || json_parse(m->sent_at, JSON_DEPTH_MAX, &v) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bytes texts = {0}, again = {0}, out = {0}, third = {0};
    struct note note, copy;

    if (note_read(span_of(data, len), &texts, &note) == 0) {
        if (note.kind == NOTE_MESSAGE) {
            check_message(&note.message);
        }
        note_write(&note, &out);
        assert(note_read(bytes_span(&out), &again, &copy) == 0);
        note_write(&copy, &third);
        assert(span_eq(bytes_span(&out), bytes_span(&third)));
    }
    bytes_finish(&texts);
    bytes_finish(&again);
    bytes_finish(&out);
    bytes_finish(&third);
    return 0;
}
