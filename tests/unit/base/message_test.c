// SPDX-License-Identifier: MIT
#include "src/base/message.h"

#include "tests/support/tap.h"

static void keeps_every_text_of_a_message_one_behind_the_other(void)
{
    struct message m = {.offset = 7};
    char text[MESSAGE_TEXTS + 1] = "0123456789";
    uint8_t memory[MESSAGE_TEXTS];

    for (unsigned i = 0; i < MESSAGE_TEXTS; i++) {
        *message_text(&m, i) = span_of(text + i, 1);
    }
    check(message_bytes(&m) == MESSAGE_TEXTS);
    message_keep(&m, memory);
    memset(text, 'x', sizeof text);
    check(memcmp(memory, "0123456789", MESSAGE_TEXTS) == 0);
    check(span_eq(m.id, SPAN("0")) && span_eq(m.room, SPAN("1")));
    check(span_eq(m.recipient, SPAN("9")) && m.offset == 7);
}

static void names_each_text_once(void)
{
    struct message m = {0};

    for (unsigned i = 0; i < MESSAGE_TEXTS; i++) {
        check(message_text(&m, i)->len == 0);
        message_text(&m, i)->len = 1;
    }
    check(m.id.len + m.room.len + m.user_id.len + m.username.len + m.content.len + m.type.len +
              m.sent_at.len + m.raw.len + m.client_id.len + m.recipient.len ==
          MESSAGE_TEXTS);
}

int main(void)
{
    RUN(keeps_every_text_of_a_message_one_behind_the_other);
    RUN(names_each_text_once);
    return tap_done();
}
