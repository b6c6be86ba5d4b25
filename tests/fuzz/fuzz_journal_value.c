/* What is taken from a value is written so that the same is taken from it. */
// SPDX-License-Identifier: MIT
#include <assert.h>

#include "protocol/json.h"
#include "src/journal/journal_value.h"
#include "tests/support/message_same.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_message(const struct message *m)
{
    const struct span names[] = {m->id,   m->room,      m->user_id,  m->username,
                                 m->type, m->client_id, m->recipient};
    struct json v;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert(names[i].len <= JOURNAL_VALUE_TEXT_BYTES_MAX);
    }
    assert(m->room.len > 0 && m->action <= MESSAGE_MARK);
    assert(m->timestamp_ms >= 0 && m->edited_ms >= 0);
    assert(m->content.len == 0 || json_parse(m->content, JSON_DEPTH_MAX, &v) == 0);
    assert(m->sent_at.len == 0 || json_parse(m->sent_at, 0, &v) == 0);
    assert(m->raw.len == 0 ||
           (json_parse(m->raw, JSON_DEPTH_MAX, &v) == 0 && v.type == JSON_OBJECT));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bytes texts = {0}, again = {0}, out = {0};
    struct message m, copy;

    if (journal_value_read(span_of(data, len), &texts, &m) == 0) {
        check_message(&m);
        journal_value_write(&out, &m);
        assert(journal_value_is_ours(bytes_span(&out)));
        assert(journal_value_read(bytes_span(&out), &again, &copy) == 0);
        assert(message_same(&m, &copy));
    }
    bytes_finish(&texts);
    bytes_finish(&again);
    bytes_finish(&out);
    return 0;
}
