// SPDX-License-Identifier: MIT
#include "src/chat/record.h"

#include "tests/support/tap.h"

static void is_a_copy_of_the_message(void)
{
    char content[] = "\"hello\"";
    struct message m = {.id = SPAN("m1"), .content = span_cstr(content), .offset = 3};
    struct record *r = record_create(&m);
    memset(content, 'x', sizeof content - 1);
    check(span_eq(r->message.id, SPAN("m1")) && span_eq(r->message.content, SPAN("\"hello\"")));
    check(r->message.offset == 3 && r->message.room.len == 0);
    check(record_bytes(r) == sizeof *r + 9);
    check(record_hold(r) == r);
    record_release(r);
    check(r->message.content.data[0] == '"'); /* ASan would tell */
    record_release(r);
}

static void has_the_place_at_which_it_happened(void)
{
    struct message m = {.offset = 3, .changed = 9};
    check(message_place(&m) == 3); /* said, with what it has become */
    m.action = MESSAGE_EDIT;
    check(message_place(&m) == 9);
    m.action = MESSAGE_DELETE;
    check(message_place(&m) == 9);
}

int main(void)
{
    RUN(is_a_copy_of_the_message);
    RUN(has_the_place_at_which_it_happened);
    return tap_done();
}
