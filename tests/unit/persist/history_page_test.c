// SPDX-License-Identifier: MIT
#include "src/persist/history_page.h"

#include <stdlib.h>

#include "src/base/digest.h"
#include "src/base/memory.h"
#include "tests/support/tap.h"

static struct bytes written;

static void write_page(struct span room)
{
    struct message_page *page = xcalloc(1, sizeof *page + 2 * sizeof page->messages[0]);

    page->count = 2;
    page->messages[0] = (struct message){.id = SPAN("id-1"),
                                         .room = room,
                                         .offset = UINT64_MAX,
                                         .changed = 300,
                                         .user_id = SPAN("u"),
                                         .username = SPAN("Ann"),
                                         .content = SPAN("\"hello\""),
                                         .type = SPAN("text"),
                                         .raw = SPAN("{}"),
                                         .client_id = SPAN("c"),
                                         .timestamp_ms = 1700000000000,
                                         .edited_ms = -1,
                                         .dialect = 255,
                                         .state = MESSAGE_READ};
    page->messages[1] =
        (struct message){.id = SPAN("id-2"), .room = room, .offset = 5, .action = MESSAGE_DELETE};
    bytes_clear(&written);
    history_page_write(&written, room, &(struct history_page){400, true, page});
    free(page);
}

static bool is_read(struct span value, struct span room)
{
    struct history_page page = {.page = NULL};
    bool is = history_page_read(value, room, &page) == 0;

    check(is == (page.page != NULL));
    free(page.page);
    return is;
}

static void what_was_written_is_read(void)
{
    struct history_page page;

    write_page(SPAN("room"));
    check(history_page_read(bytes_span(&written), SPAN("room"), &page) == 0);
    check(page.upto == 400 && page.more && page.page->count == 2);
    const struct message *m = &page.page->messages[0];
    check(m->offset == UINT64_MAX && m->changed == 300 && m->timestamp_ms == 1700000000000);
    check(m->edited_ms == -1 && m->dialect == 255 && m->state == MESSAGE_READ && m->action == 0);
    check(span_eq(m->id, SPAN("id-1")) && span_eq(m->room, SPAN("room")));
    check(span_eq(m->user_id, SPAN("u")) && span_eq(m->username, SPAN("Ann")));
    check(span_eq(m->content, SPAN("\"hello\"")) && span_eq(m->type, SPAN("text")));
    check(span_eq(m->raw, SPAN("{}")) && span_eq(m->client_id, SPAN("c")));
    check(m->recipient.len == 0 && m->sent_at.len == 0);
    check(page.page->messages[1].action == MESSAGE_DELETE && page.page->messages[1].offset == 5);
    free(page.page);
}

static void a_page_of_another_room_is_none(void)
{
    write_page(SPAN("room"));
    check(!is_read(bytes_span(&written), SPAN("rooms")) &&
          !is_read(bytes_span(&written), SPAN("")));
}

static void each_byte_that_is_another_makes_it_none(void)
{
    write_page(SPAN("room"));
    for (size_t i = 0; i < written.len; i++) {
        written.data[i] ^= 0x10;
        check(!is_read(bytes_span(&written), SPAN("room")));
        written.data[i] ^= 0x10;
    }
    check(is_read(bytes_span(&written), SPAN("room")));
}

static void each_length_that_is_another_makes_it_none(void)
{
    write_page(SPAN("room"));
    for (size_t len = 0; len < written.len; len++) {
        uint8_t *exact = xmalloc(len + 1); /* which ends where the value does, for ASan */
        memcpy(exact + 1, written.data, len);
        check(!is_read(span_of(exact + 1, len), SPAN("room")));
        free(exact);
    }
    bytes_add_byte(&written, 0);
    check(!is_read(bytes_span(&written), SPAN("room")));
}

/* With a check that agrees, as whoever can write to Redis could. */
static bool is_read_signed(struct span body)
{
    struct bytes value = {0};
    uint8_t digest[DIGEST_BYTES];

    bytes_add_span(&value, body);
    struct span signed_part = bytes_span(&value);
    digest_128(&signed_part, 1, digest);
    bytes_add(&value, digest, sizeof digest);
    bool is = is_read(bytes_span(&value), SPAN("r"));
    bytes_finish(&value);
    return is;
}

static void numbers_are_within_their_bounds(void)
{
    check(is_read_signed(SPAN("RHP\x01\x05\x00\x01r\x00")));
    check(!is_read_signed(SPAN("RHP\x02\x05\x00\x01r\x00"))); /* another version */
    check(!is_read_signed(SPAN("RHP\x01\x05\x02\x01r\x00"))); /* more: 2 */
    check(!is_read_signed(SPAN("RHP\x01\x05\x00\x01r\x01"))); /* a message is missing */
    check(!is_read_signed(SPAN("RHP\x01\x05\x00\x01r\x65"))); /* 101 of them */
    check(!is_read_signed(SPAN("RHP\x01\x05\x00\x7fr\x00"))); /* a text that is longer than all */
    check(!is_read_signed(SPAN("RHP\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02\x00\x01r\x00")));
    check(is_read_signed(SPAN("RHP\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x01r\x00")));
}

int main(void)
{
    RUN(what_was_written_is_read);
    RUN(a_page_of_another_room_is_none);
    RUN(each_byte_that_is_another_makes_it_none);
    RUN(each_length_that_is_another_makes_it_none);
    RUN(numbers_are_within_their_bounds);
    bytes_finish(&written);
    return tap_done();
}
