// SPDX-License-Identifier: MIT
#include "src/chat/tail.h"

#include <stdlib.h>

#include "tests/support/tap.h"

static struct tail tail;
static bool sparse; /* are its places? */

static void push(struct message m)
{
    struct record *r = record_create(&m);
    tail_push(&tail, r, sparse);
    record_release(r);
}

static void say(uint64_t offset)
{
    push((struct message){.offset = offset, .content = SPAN("\"said\"")});
}

static void change(uint64_t offset, uint64_t place, enum message_action action)
{
    push((struct message){.offset = offset,
                          .changed = place,
                          .action = (uint8_t)action,
                          .content = action == MESSAGE_EDIT ? SPAN("\"edited\"") : SPAN("")});
}

/* The offsets of the newest messages as text, an e behind those that were edited. */
static const char *history_within(size_t max, size_t bytes_max)
{
    static char text[1024];
    struct record **records;
    size_t count, len = 0;
    if (!tail_history(&tail, max, bytes_max, &records, &count)) {
        return "no";
    }
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        const struct message *m = &records[i]->message;
        len += (size_t)snprintf(text + len, sizeof text - len, "%u%s ", (unsigned)m->offset,
                                m->action == MESSAGE_EDIT ? "e" : "");
    }
    records_release(records, count);
    return text;
}

static const char *history(size_t max)
{
    return history_within(max, 1000);
}

static size_t count_after(uint64_t after)
{
    size_t count;
    struct record **records = tail_after(&tail, after, &count);
    for (size_t i = 0; i < count; i++) {
        check(message_place(&records[i]->message) == tail.newest - count + 1 + i);
    }
    records_release(records, count);
    return count;
}

static void is_empty_at_first(void)
{
    check(tail.count == 0 && tail.newest == 0);
    check(!tail_covers(&tail, 0) && count_after(0) == 0);
    check(strcmp(history(1), "no") == 0);
}

static void knows_what_happened_after_a_place(void)
{
    say(5);
    say(6);
    change(5, 7, MESSAGE_EDIT);
    check(tail.floor == 4 && tail.newest == 7);
    check(!tail_covers(&tail, 3) && tail_covers(&tail, 4) && tail_covers(&tail, 7));
    check(tail_covers(&tail, 100));
    check(count_after(4) == 3 && count_after(5) == 2 && count_after(7) == 0);
    check(count_after(100) == 0 && count_after(0) == 3);
    tail_clear(&tail);
}

static void shows_messages_as_they_are_now(void)
{
    say(1);
    say(2);
    say(3);
    change(2, 4, MESSAGE_EDIT);
    check(strcmp(history(10), "3 2e 1 ") == 0);
    change(3, 5, MESSAGE_DELETE);
    change(1, 6, MESSAGE_EDIT);
    change(2, 7, MESSAGE_DELETE);
    check(strcmp(history(10), "1e ") == 0);
    say(8);
    check(strcmp(history(1), "8 ") == 0);
    tail_clear(&tail);
}

static void shows_no_history_that_takes_older_messages(void)
{
    say(2);
    say(3);
    change(1, 4, MESSAGE_EDIT);
    check(strcmp(history(2), "3 2 ") == 0);
    check(strcmp(history(3), "no") == 0);
    tail_clear(&tail);
}

static void ends_a_history_that_is_large_enough(void)
{
    say(7);
    say(8);
    say(9); /* six bytes each */
    check(strcmp(history_within(3, 7), "9 8 ") == 0);
    check(strcmp(history_within(3, 6), "9 ") == 0);
    check(strcmp(history_within(4, 18), "9 8 7 ") == 0);
    check(strcmp(history_within(4, 19), "no") == 0);
    tail_clear(&tail);
}

static void forgets_the_oldest_when_it_is_full(void)
{
    uint64_t before = tail.pushed;
    for (unsigned i = 1; i <= TAIL_RECORDS_MAX + 10; i++) {
        say(i);
    }
    check(tail.count == TAIL_RECORDS_MAX && tail.cap == TAIL_RECORDS_MAX);
    check(tail.floor == 10 && tail.newest == TAIL_RECORDS_MAX + 10);
    check(tail.pushed == before + TAIL_RECORDS_MAX + 10);
    check(count_after(0) == TAIL_RECORDS_MAX);
    check(strcmp(history(2), "138 137 ") == 0);
    size_t bytes = record_bytes(tail.records[0]) * TAIL_RECORDS_MAX;
    check(tail.bytes == bytes);
    tail_clear(&tail);
    check(tail.bytes == 0 && tail.records == NULL && tail.changes == 0);
}

static void begins_anew_with_what_does_not_follow(void)
{
    uint64_t before = tail.pushed;
    say(1);
    say(2);
    say(4);
    check(tail.count == 1 && tail.floor == 3 && tail.newest == 4);
    check(tail.pushed == before + 3);
    check(!tail_covers(&tail, 2) && tail_covers(&tail, 3));
    tail_clear(&tail);
    check(tail.newest == 4 && tail.pushed == before + 3);
}

static void shares_its_records(void)
{
    size_t count;
    say(1);
    struct record **records = tail_after(&tail, 0, &count);
    tail_clear(&tail);
    check(count == 1 && span_eq(records[0]->message.content, SPAN("\"said\"")));
    records_release(records, count);
    records_release(NULL, 0);
}

int main(void)
{
    RUN(is_empty_at_first);
    RUN(knows_what_happened_after_a_place);
    RUN(shows_messages_as_they_are_now);
    RUN(shows_no_history_that_takes_older_messages);
    RUN(ends_a_history_that_is_large_enough);
    RUN(forgets_the_oldest_when_it_is_full);
    RUN(begins_anew_with_what_does_not_follow);
    RUN(shares_its_records);
    return tap_done();
}
