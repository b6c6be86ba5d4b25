// SPDX-License-Identifier: MIT
/* What store.h promises of a room's log (edits, deletions, pages, what was missed), of direct
 * messages and of search, asked of every store. */
#include <time.h>

#include "tests/contract/store_fixture.h"

static void check_history(struct store_history r, const char *want, bool more)
{
    r.limit = r.limit != 0 ? r.limit : 10;
    check(CALL(&r, STORE_HISTORY) == 0);
    check(r.more == more);
    check_str(text_of(r.page), want);
}

static void check_changes(const char *room, uint64_t after, unsigned limit, const char *want,
                          uint64_t newest, bool more)
{
    struct store_changes r = {.room = span_cstr(room), .after = after, .limit = limit};

    check(CALL(&r, STORE_CHANGES) == 0);
    check(r.newest == newest && r.more == more);
    check_str(text_of(r.page), want);
}

static void gives_all_fields_of_a_message_back(void)
{
    struct message m = message("a", "one", "\"x\""), got = {0};

    setup();
    m.sent_at = SPAN("\"2020\"");
    m.raw = SPAN("{\"x\":1}");
    m.client_id = SPAN("c1");
    m.recipient = SPAN("u2");
    m.dialect = 3;
    check(append(&m) == 1);
    restart();
    struct store_find r = {.id = SPAN("a")};
    check(CALL(&r, STORE_FIND) == 0 && r.page->count == 1);
    got = r.page->messages[0];
    check(got.offset == 1 && got.changed == 0 && got.edited_ms == 0 && got.dialect == 3);
    check(got.action == MESSAGE_SAY && got.state == MESSAGE_SENT);
    for (unsigned i = 0; i < MESSAGE_TEXTS; i++) {
        check(span_eq(*message_text(&got, i), *message_text(&m, i)));
    }
    free(r.page);
    struct store_find none = {.id = SPAN("b")};
    check(CALL(&none, STORE_FIND) == 0 && none.page->count == 0);
    free(none.page);
    teardown();
}

static void edits_and_deletes_with_the_next_offsets_of_the_room(void)
{
    uint64_t offset;

    setup();
    check(say("a", "one", "1") == 1 && say("b", "one", "2") == 2);
    check(act(MESSAGE_EDIT, "a", "one", "u1", "11", &offset) == MESSAGE_STORED && offset == 3);
    check(act(MESSAGE_DELETE, "b", "one", "u1", "", &offset) == MESSAGE_STORED && offset == 4);
    restart();
    check(say("c", "one", "3") == 5);
    check_history((struct store_history){.room = SPAN("one")}, "c 5 3, a 1 11", false);
    check_history((struct store_history){.room = SPAN("one"), .with_deleted = true},
                  "c 5 3, b 2*, a 1 11", false);
    struct store_find r = {.id = SPAN("a")};
    check(CALL(&r, STORE_FIND) == 0 && r.page->count == 1);
    check(r.page->messages[0].changed == 3 && r.page->messages[0].edited_ms == 1700000005000);
    check(r.page->messages[0].timestamp_ms == 1700000000000);
    free(r.page);
    teardown();
}

static void refuses_to_change_what_is_missing_or_not_his_own_without_an_offset(void)
{
    uint64_t offset;

    setup();
    check(say("a", "one", "1") == 1);
    check(act(MESSAGE_EDIT, "x", "one", "u1", "2", &offset) == MESSAGE_MISSING && offset == 0);
    check(act(MESSAGE_EDIT, "a", "two", "u1", "2", &offset) == MESSAGE_MISSING && offset == 0);
    check(act(MESSAGE_EDIT, "a", "one", "u2", "2", &offset) == MESSAGE_FORBIDDEN && offset == 0);
    check(act(MESSAGE_DELETE, "a", "one", "u2", "", &offset) == MESSAGE_FORBIDDEN);
    check(act(MESSAGE_DELETE, "a", "one", "u1", "", &offset) == MESSAGE_STORED && offset == 2);
    check(act(MESSAGE_DELETE, "a", "one", "u1", "", &offset) == MESSAGE_REPEATED && offset == 2);
    check(act(MESSAGE_EDIT, "a", "one", "u1", "2", &offset) == MESSAGE_MISSING);
    check(say("b", "one", "1") == 3);
    struct message again = message("a", "one", "1");
    check(append(&again) == 1 && again.fate == MESSAGE_REPEATED);
    check_history((struct store_history){.room = SPAN("one")}, "b 3 1", false);
    teardown();
}

static void changes_a_message_of_the_same_batch(void)
{
    struct message m[] = {message("a", "one", "1"), message("a", "one", "2"),
                          message("b", "one", "3"), message("b", "one", "")};
    struct message *batch[] = {&m[0], &m[1], &m[2], &m[3]};

    setup();
    m[1].action = MESSAGE_EDIT;
    m[3].action = MESSAGE_DELETE;
    check(store_append(store, batch, 4) == 0);
    check(m[0].offset == 1 && m[1].offset == 2 && m[2].offset == 3 && m[3].offset == 4);
    check(m[1].said == 1 && m[3].said == 3);
    check_history((struct store_history){.room = SPAN("one")}, "a 1 2", false);
    teardown();
}

static void pages_in_every_direction(void)
{
    char id[8];

    setup();
    for (int i = 1; i <= 9; i++) {
        (void)snprintf(id, sizeof id, "m%d", i);
        check(say(id, "one", "0") == (uint64_t)i);
    }
    const struct store_history r = {.room = SPAN("one"), .limit = 3};
    struct store_history h = r;
    check_history(h, "m9 9 0, m8 8 0, m7 7 0", true);
    h.before = 4;
    check_history(h, "m3 3 0, m2 2 0, m1 1 0", false);
    h.before = UINT64_MAX;
    check_history(h, "m9 9 0, m8 8 0, m7 7 0", true);
    h = r;
    h.after = 6;
    check_history(h, "m7 7 0, m8 8 0, m9 9 0", false);
    h.after = 5;
    check_history(h, "m6 6 0, m7 7 0, m8 8 0", true);
    h.after = UINT64_MAX;
    check_history(h, "", false);
    h = r;
    h.from_start = true;
    check_history(h, "m1 1 0, m2 2 0, m3 3 0", true);
    h = r;
    h.limit = 4;
    h.around = 5;
    check_history(h, "m3 3 0, m4 4 0, m5 5 0, m6 6 0", true);
    h.around = 1;
    check_history(h, "m1 1 0, m2 2 0, m3 3 0, m4 4 0", true);
    h.around = 100;
    check_history(h, "m8 8 0, m9 9 0", false);
    teardown();
}

static void tells_what_happened_after_an_offset(void)
{
    uint64_t offset;

    setup();
    check(say("a", "one", "1") == 1 && say("b", "one", "2") == 2 && say("c", "one", "3") == 3);
    check(act(MESSAGE_EDIT, "a", "one", "u1", "11", &offset) == MESSAGE_STORED); /* 4 */
    check(say("d", "one", "4") == 5 && say("e", "one", "5") == 6);
    check(act(MESSAGE_EDIT, "d", "one", "u1", "44", &offset) == MESSAGE_STORED); /* 7 */
    check(act(MESSAGE_DELETE, "e", "one", "u1", "", &offset) == MESSAGE_STORED); /* 8 */
    check(act(MESSAGE_DELETE, "b", "one", "u1", "", &offset) == MESSAGE_STORED); /* 9 */
    check_changes("one", 0, 10, "a 1 11, c 3 3, d 5 44", 9, false);
    check_changes("one", 3, 10, "a 1!11, d 5 44, b 2*", 9, false);
    check_changes("one", 3, 2, "a 1!11, d 5 44", 9, true);
    check_changes("one", 5, 10, "d 5!44, b 2*", 9, false);
    check_changes("one", 9, 10, "", 9, false);
    check_changes("none", 0, 10, "", 0, false);
    teardown();
}

/* ---- direct messages ---- */

static void check_directs(const char *user, const char *want)
{
    struct store_directs r = {.user_id = span_cstr(user), .limit = 10};
    check(CALL(&r, STORE_DIRECTS) == 0 && !r.more);
    check_str(text_of(r.page), want);
}

/* "changed sender" or "none" */
static const char *set_state(const char *id, const char *user, enum message_state state)
{
    static char text[64];
    struct store_direct_state r = {.id = span_cstr(id), .user_id = span_cstr(user), .state = state};

    check(CALL(&r, STORE_DIRECT_STATE) == 0);
    if (r.page == NULL || r.page->count == 0) {
        free(r.page);
        return "none";
    }
    const struct message *m = &r.page->messages[0];
    (void)snprintf(text, sizeof text, "%d %.*s %d", r.changed, (int)m->user_id.len,
                   (const char *)m->user_id.data, m->state);
    free(r.page);
    return text;
}

static void keeps_direct_messages_until_they_are_delivered(void)
{
    struct message a = message("a", "u1+u2", "1"), b = message("b", "u1+u2", "2");

    setup();
    a.recipient = b.recipient = SPAN("u2");
    check(append(&a) == 1 && append(&b) == 2 && say("c", "one", "3") == 1);
    check_directs("u2", "a 1 1, b 2 2");
    check_directs("u1", "");
    check_directs("", "");
    check_str(set_state("a", "u2", MESSAGE_DELIVERED), "1 u1 1");
    check_str(set_state("a", "u2", MESSAGE_DELIVERED), "0 u1 1");
    check_str(set_state("a", "u1", MESSAGE_READ), "none");
    check_str(set_state("c", "u2", MESSAGE_READ), "none");
    check_str(set_state("c", "", MESSAGE_READ), "none");
    check_directs("u2", "b 2 2");
    check_str(set_state("b", "u2", MESSAGE_READ), "1 u1 2");
    check_str(set_state("b", "u2", MESSAGE_DELIVERED), "0 u1 2");
    restart();
    check_directs("u2", "");
    teardown();
}

/* ---- search ---- */

static const char *search(const char *query, const char *room, const char *user)
{
    struct store_search r = {.query = span_cstr(query),
                             .room = span_cstr(room),
                             .user_id = span_cstr(user),
                             .limit = 10};
    check(CALL(&r, STORE_SEARCH) == 0 && r.next == 0);
    return text_of(r.page);
}

/* Searches until it gives that, since the index follows a moment later. */
static void check_search(const char *query, const char *room, const char *user, const char *want)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    const char *got = search(query, room, user);

    for (int i = 0; i < 1000 && strcmp(got, want) != 0; i++) {
        (void)nanosleep(&pause, NULL);
        got = search(query, room, user);
    }
    check_str(got, want);
}

static void finds_messages_by_their_words_newest_first(void)
{
    setup();
    check(say("a", "one", "\"The quick brown fox\"") == 1);
    check(say("b", "two", "\"a QUICK r\\u00e9sum\\u00e9\"") == 1);
    check(say("c", "one", "{\"key\":[\"slow\",\"brownish\"]}") == 2);
    check_search("quick", "", "",
                 "b 1 \"a QUICK r\\u00e9sum\\u00e9\", a 1 \"The quick brown fox\"");
    check_search("resume", "", "", "b 1 \"a QUICK r\\u00e9sum\\u00e9\"");
    check_search("quick", "one", "", "a 1 \"The quick brown fox\"");
    check_search("bro", "one", "",
                 "c 2 {\"key\":[\"slow\",\"brownish\"]}, a 1 \"The quick brown fox\"");
    check_search("fox the", "", "", "a 1 \"The quick brown fox\"");
    check_search("qui fox", "", "", ""); /* only the last may be a beginning */
    check_search("key", "", "", "");
    check_search("quick", "none", "", "");
    restart();
    check_search("résumé", "", "", "b 1 \"a QUICK r\\u00e9sum\\u00e9\"");
    teardown();
}

static void takes_a_query_for_text_whatever_is_in_it(void)
{
    static const char *const queries[] = {
        "\"",         "\"\"", "a OR b",    "NOT x",        "text : x", "*",  "(", ") AND (",
        "{text} : x", "^x",   "a NEAR(b)", "!!!",          "'",        "--", ";", " ",
        "",           "\x01", "+ -",       "room : \"1\"", "\xff\xfe",
    };
    char big[4000];

    setup();
    check(say("a", "one", "\"say OR or NOT\"") == 1);
    check_search("say or NOT", "", "", "a 1 \"say OR or NOT\"");
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        check_str(search(queries[i], "", ""), "");
    }
    memset(big, '"', sizeof big - 1);
    big[sizeof big - 1] = 0;
    check_str(search(big, "", ""), "");
    for (size_t i = 0; i + 1 < sizeof big; i++) {
        big[i] = i % 2 ? ' ' : 'x';
    }
    check_str(search(big, "", ""), "");
    teardown();
}

static void follows_edits_and_deletions(void)
{
    uint64_t offset;

    setup();
    check(say("a", "one", "\"first words\"") == 1 && say("b", "one", "\"second words\"") == 2);
    check_search("words", "", "", "b 2 \"second words\", a 1 \"first words\"");
    check(act(MESSAGE_EDIT, "a", "one", "u1", "\"other thing\"", &offset) == MESSAGE_STORED);
    check(act(MESSAGE_DELETE, "b", "one", "u1", "", &offset) == MESSAGE_STORED);
    check_str(search("second", "", ""), ""); /* at once */
    check_search("thing", "", "", "a 1 \"other thing\"");
    check_search("words", "", "", "");
    teardown();
}

static void finds_direct_messages_for_their_two_users_only(void)
{
    struct message m = message("a", "u1+u2", "\"secret\"");

    setup();
    m.recipient = SPAN("u2");
    check(append(&m) == 1);
    check_search("secret", "", "u2", "a 1 \"secret\"");
    check_str(search("secret", "", "u1"), "a 1 \"secret\"");
    check_str(search("secret", "", "u3"), "");
    check_str(search("secret", "", ""), "");
    check_str(search("secret", "u1+u2", "u3"), "");
    teardown();
}

static void pages_through_what_it_finds(void)
{
    struct store_search r = {.query = SPAN("word"), .limit = 2};
    char id[8];

    setup();
    for (int i = 1; i <= 5; i++) {
        (void)snprintf(id, sizeof id, "m%d", i);
        check(say(id, "one", "\"word\"") == (uint64_t)i);
    }
    check_search("word", "", "",
                 "m5 5 \"word\", m4 4 \"word\", m3 3 \"word\", m2 2 \"word\", "
                 "m1 1 \"word\"");
    check(CALL(&r, STORE_SEARCH) == 0 && r.next != 0);
    check_str(text_of(r.page), "m5 5 \"word\", m4 4 \"word\"");
    r.before = r.next;
    check(CALL(&r, STORE_SEARCH) == 0 && r.next != 0);
    check_str(text_of(r.page), "m3 3 \"word\", m2 2 \"word\"");
    r.before = r.next;
    check(CALL(&r, STORE_SEARCH) == 0 && r.next == 0);
    check_str(text_of(r.page), "m1 1 \"word\"");
    teardown();
}

static void suite(void)
{
    RUN(gives_all_fields_of_a_message_back);
    RUN(edits_and_deletes_with_the_next_offsets_of_the_room);
    RUN(refuses_to_change_what_is_missing_or_not_his_own_without_an_offset);
    RUN(changes_a_message_of_the_same_batch);
    RUN(pages_in_every_direction);
    RUN(tells_what_happened_after_an_offset);
    RUN(keeps_direct_messages_until_they_are_delivered);
    RUN(finds_messages_by_their_words_newest_first);
    RUN(takes_a_query_for_text_whatever_is_in_it);
    RUN(follows_edits_and_deletions);
    RUN(finds_direct_messages_for_their_two_users_only);
    RUN(pages_through_what_it_finds);
}

int main(void)
{
    return ask_each_store(ALONE, suite);
}
