// SPDX-License-Identifier: MIT
/* What store.h promises of messages to which a journal has given their places: with holes between
 * them, and coming again after a crash. Asked of every store. */
#include "tests/contract/store_fixture.h"

static struct message at(uint64_t placed, enum message_action action, const char *id,
                         const char *content)
{
    struct message m = message(id, "one", content);

    m.placed = placed;
    m.action = (uint8_t)action;
    m.timestamp_ms += (int64_t)placed;
    return m;
}

static struct message said(uint64_t placed, const char *id)
{
    return at(placed, MESSAGE_SAY, id, "1");
}

/* user has read up to that offset, or, where that is 0, to the message of that id */
static struct message read_to(uint64_t placed, const char *user, uint64_t offset, const char *id)
{
    struct message m = at(placed, MESSAGE_MARK, id, "");

    m.user_id = span_cstr(user);
    m.said = offset;
    return m;
}

/* "stored 5, ..." */
static const char *fates_of(const struct message *messages, size_t count)
{
    static const char *const names[] = {"stored", "repeated", "missing", "forbidden", "invalid"};
    static char text[512];
    size_t len = 0;

    text[0] = 0;
    for (size_t i = 0; i < count; i++) {
        const struct message *m = &messages[i];
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s %d", i == 0 ? "" : ", ",
                                m->fate < 5 ? names[m->fate] : "none", (int)m->offset);
    }
    return text;
}

/* What is told of it by a store that may have done it before. */
static const char *in_faults(const char *want)
{
    static const char stored[] = "stored", repeated[] = "repeated";
    static char text[512];
    size_t len = 0;

    while (faulty && *want != 0) {
        bool found = strncmp(want, stored, strlen(stored)) == 0;
        len += (size_t)snprintf(text + len, sizeof text - len, "%.*s",
                                found ? (int)strlen(repeated) : 1, found ? repeated : want);
        want += found ? strlen(stored) : 1;
    }
    return faulty ? text : want;
}

static void check_put(struct message *messages, size_t count, const char *want)
{
    check(put(messages, count) == 0);
    for (size_t i = 0; i < count && faulty; i++) {
        messages[i].fate = messages[i].fate == MESSAGE_STORED ? MESSAGE_REPEATED : messages[i].fate;
    }
    check_str(fates_of(messages, count), in_faults(want));
}

static void check_put_one(struct message m, const char *want)
{
    check_put(&m, 1, want);
}

static void check_history(struct store_history r, const char *want, bool more)
{
    r.room = SPAN("one");
    r.limit = r.limit != 0 ? r.limit : 10;
    check(CALL(&r, STORE_HISTORY) == 0);
    check(r.more == more);
    check_str(text_of(r.page), want);
}

static void check_all(const char *want)
{
    check_history((struct store_history){.with_deleted = true, .from_start = true}, want, false);
}

static void check_changes(uint64_t after, unsigned limit, const char *want, bool more)
{
    struct store_changes r = {.room = SPAN("one"), .after = after, .limit = limit};

    check(CALL(&r, STORE_CHANGES) == 0 && r.more == more);
    check_str(text_of(r.page), want);
}

/* "newest unread" of a room for a user */
static const char *room_of(const char *user)
{
    static char text[64];
    struct store_room_get r = {.room = SPAN("one"), .user_id = span_cstr(user)};

    check(CALL(&r, STORE_ROOM_GET) == 0 && r.page->count == 1);
    (void)snprintf(text, sizeof text, "%d %d", (int)r.page->rooms[0].newest,
                   (int)r.page->rooms[0].unread);
    free(r.page);
    return text;
}

/* "user offset, ..." of who has read it */
static const char *reads(void)
{
    static char text[256];
    struct store_reads r = {.room = SPAN("one"), .limit = 10};
    size_t len = 0;

    text[0] = 0;
    check(CALL(&r, STORE_READS) == 0);
    for (size_t i = 0; i < r.page->count; i++) {
        const struct store_read *read = &r.page->reads[i];
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%.*s %d", i == 0 ? "" : ", ",
                                (int)read->user_id.len, (const char *)read->user_id.data,
                                (int)read->offset);
    }
    free(r.page);
    return text;
}

/* ---- holes ---- */

static void keeps_the_places_that_messages_have(void)
{
    struct message m[] = {said(5, "z"), said(9, "b"), said(30, "a"), said(7, "other")};

    setup();
    m[3].room = SPAN("two");
    check_put(m, 4, "stored 5, stored 9, stored 30, stored 7");
    restart();
    check_all("z 5 1, b 9 1, a 30 1");
    check_str(room_of(""), "30 0");
    check_put_one(said(31, "c"), "stored 31");
    check_put_one(at(40, MESSAGE_EDIT, "z", "2"), "stored 40");
    check_str(room_of(""), "40 0");
    teardown();
}

static void goes_on_behind_them_with_places_of_its_own(void)
{
    setup();
    check(say("a", "one", "1") == 1);
    check_put_one(said(30, "b"), "stored 30");
    check_put_one(at(35, MESSAGE_DELETE, "a", ""), "stored 35");
    check(say("c", "one", "1") == 36);
    restart();
    check(say("d", "one", "1") == 37);
    check_all("a 1*, b 30 1, c 36 1, d 37 1");
    teardown();
}

static void pages_in_every_direction_across_holes(void)
{
    const struct store_history r = {.limit = 3};
    struct store_history h = r;
    struct message m[9];
    char id[9][8];

    setup();
    for (int i = 0; i < 9; i++) {
        (void)snprintf(id[i], sizeof id[i], "m%d", i + 1);
        m[i] = said((uint64_t)i * 10 + 10, id[i]);
    }
    check(put(m, 9) == 0);
    check_history(h, "m9 90 1, m8 80 1, m7 70 1", true);
    h.before = 70;
    check_history(h, "m6 60 1, m5 50 1, m4 40 1", true);
    h.before = 39;
    check_history(h, "m3 30 1, m2 20 1, m1 10 1", false);
    h = r;
    h.after = 60;
    check_history(h, "m7 70 1, m8 80 1, m9 90 1", false);
    h.after = 55;
    check_history(h, "m6 60 1, m7 70 1, m8 80 1", true);
    h = r;
    h.from_start = true;
    check_history(h, "m1 10 1, m2 20 1, m3 30 1", true);
    h = r;
    h.limit = 4;
    h.around = 50;
    check_history(h, "m3 30 1, m4 40 1, m5 50 1, m6 60 1", true);
    h.around = 51;
    check_history(h, "m4 40 1, m5 50 1, m6 60 1, m7 70 1", true);
    h.around = 200;
    check_history(h, "m8 80 1, m9 90 1", false);
    teardown();
}

static void tells_what_happened_after_a_place_across_holes(void)
{
    struct message m[] = {said(3, "a"), said(8, "b"), at(20, MESSAGE_EDIT, "a", "2"), said(21, "c"),
                          at(40, MESSAGE_DELETE, "b", "")};

    setup();
    check(put(m, 5) == 0);
    check_changes(0, 10, "a 3 2, c 21 1", false);
    check_changes(8, 10, "a 3!2, c 21 1, b 8*", false);
    check_changes(10, 2, "a 3!2, c 21 1", true);
    check_changes(25, 10, "b 8*", false);
    check_changes(40, 10, "", false);
    teardown();
}

static void counts_unread_messages_and_not_places(void)
{
    struct message m[] = {said(100, "a"), said(250, "b"), said(1000, "c"), said(1001, "d"),
                          read_to(1002, "u2", 250, "")};

    setup();
    check(put(m, 5) == 0);
    check_str(room_of("u2"), "1001 2");
    check_put_one(at(1010, MESSAGE_DELETE, "c", ""), "stored 1010");
    check_str(room_of("u2"), "1010 1");
    teardown();
}

/* ---- again ---- */

enum { STORY = 8 };

static void tell_story(struct message m[STORY])
{
    m[0] = said(2, "a");
    m[1] = said(3, "b");
    m[2] = at(5, MESSAGE_EDIT, "a", "2");
    m[3] = read_to(6, "u2", 3, "");
    m[4] = at(7, MESSAGE_DELETE, "b", "");
    m[5] = said(8, "c");
    m[6] = at(9, MESSAGE_EDIT, "a", "3");
    m[7] = read_to(10, "u3", 0, "c");
}

static void check_story(void)
{
    check_all("a 2 3, b 3*, c 8 1");
    check_str(reads(), "u2 3, u3 8");
    check_str(room_of("u2"), "9 1");
}

static void knows_a_batch_that_comes_again(void)
{
    struct message m[STORY], again[STORY];

    setup();
    tell_story(m);
    check_put(m, STORY,
              "stored 2, stored 3, stored 5, stored 0, stored 7, stored 8, stored 9, stored 0");
    check(m[2].said == 2 && m[3].said == 3 && m[4].said == 3 && m[7].said == 8);
    check_story();
    restart();
    tell_story(again);
    again[0].timestamp_ms++;
    check_put(again, STORY,
              "repeated 2, repeated 3, repeated 5, repeated 0, repeated 7, repeated 8, "
              "repeated 9, repeated 0");
    check(again[0].timestamp_ms == m[0].timestamp_ms);
    check(again[2].said == 2 && again[3].said == 3 && again[4].said == 3 && again[7].said == 8);
    check_story();
    teardown();
}

static void knows_each_beginning_of_a_batch_that_comes_again(void)
{
    struct message m[STORY], again[STORY];

    for (size_t half = 1; half < STORY; half++) {
        setup();
        tell_story(m);
        check(put(m, half) == 0);
        tell_story(again);
        check(put(again, STORY) == 0);
        for (size_t i = 0; i < STORY; i++) {
            check(again[i].fate == (i < half ? MESSAGE_REPEATED : MESSAGE_STORED) || faulty);
        }
        check_story();
        teardown();
    }
}

static void keeps_the_first_place_of_an_id_that_is_said_again(void)
{
    struct message again = said(9, "a");

    setup();
    check_put_one(said(2, "a"), "stored 2");
    check_put(&again, 1, "repeated 2");
    check(again.timestamp_ms == said(2, "a").timestamp_ms);
    again = said(11, "a");
    again.room = SPAN("two");
    check_put(&again, 1, "repeated 2");
    check_all("a 2 1");
    check_str(room_of(""), "2 0");
    teardown();
}

static void does_not_undo_a_later_change_by_an_earlier_one_that_comes_again(void)
{
    setup();
    check_put_one(said(1, "a"), "stored 1");
    check_put_one(at(3, MESSAGE_EDIT, "a", "3"), "stored 3");
    check_put_one(at(5, MESSAGE_EDIT, "a", "5"), "stored 5");
    check_put_one(at(3, MESSAGE_EDIT, "a", "3"), "repeated 3");
    check_all("a 1 5");
    check_put_one(at(9, MESSAGE_DELETE, "a", ""), "stored 9");
    check_put_one(at(5, MESSAGE_EDIT, "a", "5"), "repeated 5");
    check_put_one(at(9, MESSAGE_DELETE, "a", ""), "repeated 9");
    check_put_one(at(12, MESSAGE_DELETE, "a", ""), "repeated 9");
    check_put_one(at(14, MESSAGE_EDIT, "a", "6"), "missing 0");
    check_all("a 1*");
    check_str(room_of(""), "9 0");
    teardown();
}

/* The first time it was not there yet, so it must not be there the second time either. */
static void changes_nothing_that_was_said_after_the_change(void)
{
    struct message m[] = {at(1, MESSAGE_EDIT, "a", "2"), at(2, MESSAGE_DELETE, "a", ""),
                          read_to(3, "u2", 0, "a"), said(4, "a")};

    setup();
    check_put(m, 4, "missing 0, missing 0, missing 0, stored 4");
    check_put(m, 4, "missing 0, missing 0, missing 0, repeated 4");
    check_all("a 4 1");
    check_str(reads(), "");
    teardown();
}

static void refuses_changes_by_others_without_failing_the_batch(void)
{
    struct message m[] = {said(1, "a"), at(2, MESSAGE_EDIT, "a", "2"),
                          at(3, MESSAGE_DELETE, "a", ""), said(4, "b")};

    setup();
    m[1].user_id = m[2].user_id = SPAN("u2");
    check_put(m, 4, "stored 1, forbidden 0, forbidden 0, stored 4");
    check_put(m, 4, "repeated 1, forbidden 0, forbidden 0, repeated 4");
    m[1] = at(5, MESSAGE_EDIT, "a", "2");
    m[1].room = SPAN("two");
    check_put(m + 1, 1, "missing 0");
    check_all("a 1 1, b 4 1");
    teardown();
}

/* ---- marks ---- */

static void moves_read_marks_forward_only(void)
{
    struct message elsewhere = read_to(13, "u2", 1, "");

    setup();
    struct message m[] = {said(2, "a"), said(5, "b"), said(8, "c")};
    check(put(m, 3) == 0);
    check_put_one(read_to(9, "u2", 0, "b"), "stored 0");
    check_put_one(read_to(10, "u2", 2, ""), "repeated 0");
    check_put_one(read_to(11, "u2", 0, "a"), "repeated 0");
    check_put_one(read_to(12, "u2", 0, "x"), "missing 0");
    elsewhere.room = SPAN("two");
    check_put_one(elsewhere, "missing 0");
    elsewhere = read_to(14, "u2", 0, "c");
    elsewhere.room = SPAN("two");
    check_put_one(elsewhere, "missing 0");
    check_str(reads(), "u2 5");
    check_str(room_of("u2"), "8 1");
    check_put_one(read_to(15, "u2", 1000, ""), "stored 0"); /* all that there is */
    restart();
    check_str(reads(), "u2 8");
    teardown();
}

static void does_not_mark_by_a_repetition_what_came_after_it(void)
{
    struct message m[] = {said(2, "a"), read_to(4, "u2", 1000, ""), said(6, "b")};

    setup();
    check(put(m, 3) == 0);
    check_str(room_of("u2"), "6 1");
    m[1] = read_to(4, "u2", 1000, "");
    check(put(m, 3) == 0);
    check_str(room_of("u2"), "6 1");
    teardown();
}

static void gives_no_place_of_the_room_to_a_mark(void)
{
    setup();
    check(say("a", "one", "1") == 1);
    struct message mark = read_to(0, "u2", 0, "a");
    check_put(&mark, 1, "stored 0");
    check(mark.said == 1);
    check(say("b", "one", "1") == 2);
    check_put_one(read_to(7, "u2", 2, ""), "stored 0");
    check_changes(0, 10, "a 1 1, b 2 1", false);
    check_str(room_of("u2"), "2 0");
    teardown();
}

/* ---- what no store can keep ---- */

/* All but the message at `bad`, which are tried one by one, are kept. */
static void check_refused(struct message *messages, size_t count, size_t bad)
{
    check(put(messages, count) == STORE_EINVALID);
    for (size_t i = 0; i < count; i++) {
        check((messages[i].fate == MESSAGE_INVALID) == (i == bad));
    }
    for (size_t i = 0; i < count; i++) {
        check(put(&messages[i], 1) == (i == bad ? STORE_EINVALID : 0));
    }
}

static void refuses_a_place_that_another_message_has(void)
{
    struct message m[] = {said(5, "b"), said(3, "c"), said(7, "d")};

    setup();
    check_put_one(said(3, "a"), "stored 3");
    check_refused(m, 3, 1);
    check_all("a 3 1, b 5 1, d 7 1");
    teardown();
}

static void refuses_a_place_beyond_all_numbers(void)
{
    struct message m[] = {said(5, "b"), said((uint64_t)INT64_MAX + 1, "c"),
                          at(UINT64_MAX, MESSAGE_EDIT, "b", "2")};

    setup();
    check_refused(m, 2, 1);
    check_refused(m + 2, 1, 0);
    check_all("b 5 1");
    teardown();
}

/* ---- a log that is read with crashes ---- */

enum { RECORDS = 400, SAYS = RECORDS / 2 };

static struct log {
    struct message records[RECORDS];
    char ids[SAYS][8], contents[RECORDS][8];
    uint32_t random;
} record;

static uint32_t below(uint32_t n)
{
    record.random = record.random * 1664525 + 1013904223;
    return (record.random >> 8) % n;
}

/* Every second record says something; the others change or mark something said before. */
static void write_log(uint32_t seed)
{
    static const char *const rooms[] = {"one", "two", "three"};

    record.random = seed;
    for (unsigned i = 0; i < RECORDS; i++) {
        unsigned about = i % 2 == 0 ? i / 2 : below(i / 2 + 1);
        struct message *m = &record.records[i];
        (void)snprintf(record.ids[about], sizeof record.ids[about], "m%u", about);
        (void)snprintf(record.contents[i], sizeof record.contents[i], "%u", i);
        *m = at(i + 1, MESSAGE_SAY, record.ids[about], record.contents[i]);
        m->room = span_cstr(rooms[about % 3]);
        if (i % 2 != 0) {
            m->action = (uint8_t)(MESSAGE_EDIT + below(3));
            m->content = m->action == MESSAGE_EDIT ? m->content : SPAN("");
        }
    }
}

/* What the store has of it now, as text of no particular form. Freed by the caller. */
static struct bytes look(void)
{
    static const char *const rooms[] = {"one", "two", "three"};
    struct bytes out = {0};

    for (size_t i = 0; i < 3; i++) {
        struct store_history r = {
            .room = span_cstr(rooms[i]), .with_deleted = true, .limit = STORE_PAGE_MAX};
        check(CALL(&r, STORE_HISTORY) == 0 && !r.more);
        for (size_t j = 0; r.page != NULL && j < r.page->count; j++) {
            const struct message *m = &r.page->messages[j];
            const uint64_t numbers[] = {m->offset, m->changed, m->action, (uint64_t)m->edited_ms,
                                        (uint64_t)m->timestamp_ms};
            bytes_add(&out, numbers, sizeof numbers);
            bytes_add_span(&out, m->id);
            bytes_add_span(&out, m->content);
        }
        free(r.page);
    }
    bytes_add_cstr(&out, reads());
    return out;
}

static struct bytes read_log(bool crashing)
{
    for (unsigned from = 0, to; from < RECORDS; from = to) {
        unsigned count = 1 + below(BATCH_MAX);
        to = from + count < RECORDS ? from + count : RECORDS;
        check(put(&record.records[from], to - from) == 0);
        if (crashing && below(2) == 0) {
            to = below(to + 1); /* was not marked, and all from there on comes again */
        }
    }
    return look();
}

static void has_the_same_of_a_log_however_often_parts_of_it_come(void)
{
    for (uint32_t seed = 1; seed <= (kind->slow ? 1 : 3); seed++) {
        write_log(seed);
        setup();
        struct bytes once = read_log(false);
        teardown();
        write_log(seed);
        setup();
        struct bytes often = read_log(true);
        teardown();
        check(once.len > 0);
        check(span_eq(bytes_span(&often), bytes_span(&once)));
        bytes_finish(&once);
        bytes_finish(&often);
    }
}

static void suite(void)
{
    RUN(keeps_the_places_that_messages_have);
    RUN(goes_on_behind_them_with_places_of_its_own);
    RUN(pages_in_every_direction_across_holes);
    RUN(tells_what_happened_after_a_place_across_holes);
    RUN(counts_unread_messages_and_not_places);
    RUN(knows_a_batch_that_comes_again);
    RUN(knows_each_beginning_of_a_batch_that_comes_again);
    RUN(keeps_the_first_place_of_an_id_that_is_said_again);
    RUN(does_not_undo_a_later_change_by_an_earlier_one_that_comes_again);
    RUN(changes_nothing_that_was_said_after_the_change);
    RUN(refuses_changes_by_others_without_failing_the_batch);
    RUN(moves_read_marks_forward_only);
    RUN(does_not_mark_by_a_repetition_what_came_after_it);
    RUN(gives_no_place_of_the_room_to_a_mark);
    RUN(refuses_a_place_that_another_message_has);
    RUN(refuses_a_place_beyond_all_numbers);
    RUN(has_the_same_of_a_log_however_often_parts_of_it_come);
}

int main(void)
{
    return ask_each_store(ALONE_AND_FAULTY, suite);
}
