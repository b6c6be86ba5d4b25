// SPDX-License-Identifier: MIT
/* The index of words as a file: it is made anew when it is of no use. */
#include "src/store/sqlite_search.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "src/store/sqlite_query.h"
#include "tests/support/store_place.h"
#include "tests/support/tap.h"

static struct store_place place;
static struct store *store;
static struct thread_executor loop;
static char index_path[100];

static void setup(void)
{
    store_place_make(&place);
    thread_executor_start(&loop, 0);
    (void)snprintf(index_path, sizeof index_path, "%s-search", place.path);
    store = store_place_open(&place, &store_sqlite);
    check(store != NULL);
}

static void teardown(void)
{
    store_close(store);
    thread_executor_stop(&loop);
    store_place_remove(&place);
}

static void say(const char *id, const char *content)
{
    struct message m = {.id = span_cstr(id), .room = SPAN("one"), .content = span_cstr(content)};
    struct message *batch[] = {&m};
    check(store_append(store, batch, 1) == 0);
}

/* How many messages have that word; waits until there is one. */
static size_t find(const char *word)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    size_t count = 0;

    for (int i = 0; i < 1000 && count == 0; i++) {
        struct store_search r = {.query = span_cstr(word), .limit = 10};
        check(store_place_call(&loop, store, &r.call, STORE_SEARCH) == 0);
        count = r.page == NULL ? 0 : r.page->count;
        free(r.page);
        (void)nanosleep(&pause, NULL);
    }
    return count;
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db;
    check(sqlite3_open(path, &db) == SQLITE_OK);
    check(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
    (void)sqlite3_close(db);
}

static void reopen(void)
{
    store = store_place_open(&place, &store_sqlite);
    check(store != NULL);
}

static void makes_an_index_that_is_gone_anew(void)
{
    setup();
    say("a", "\"word\"");
    check(find("word") == 1);
    store_close(store);
    check(unlink(index_path) == 0);
    reopen();
    check(find("word") == 1);
    teardown();
}

static void makes_an_index_that_is_damaged_anew(void)
{
    setup();
    say("a", "\"word\"");
    check(find("word") == 1);
    store_close(store);
    FILE *f = fopen(index_path, "w");
    check(f != NULL && fputs("The quick brown fox jumps over the lazy dog.", f) >= 0);
    check(f != NULL && fclose(f) == 0);
    reopen();
    check(find("word") == 1);
    teardown();
}

static void makes_an_index_of_another_version_anew(void)
{
    setup();
    say("a", "\"word\"");
    check(find("word") == 1);
    store_close(store);
    run_sql(index_path, "PRAGMA user_version = 99; DELETE FROM words");
    reopen();
    check(find("word") == 1);
    teardown();
}

static void makes_an_index_that_is_ahead_of_the_store_anew(void)
{
    setup();
    say("a", "\"word\"");
    check(find("word") == 1);
    store_close(store);
    run_sql(index_path, "UPDATE progress SET messages = 1000");
    reopen();
    say("b", "\"other\"");
    check(find("other") == 1 && find("word") == 1);
    teardown();
}

static void indexes_what_was_stored_while_it_lagged(void)
{
    setup();
    say("a", "\"word\"");
    store_close(store); /* most likely before the index is written */
    reopen();
    check(find("word") == 1);
    teardown();
}

static int64_t number_in(const char *path, const char *sql)
{
    sqlite3 *db;
    check(sqlite3_open(path, &db) == SQLITE_OK);
    int64_t value = sqlite_db_number(db, sql);
    (void)sqlite3_close(db);
    return value;
}

static int64_t number(const char *sql)
{
    return number_in(place.path, sql);
}

static void edit(const char *id, const char *content)
{
    struct message m = {.id = span_cstr(id),
                        .room = SPAN("one"),
                        .content = span_cstr(content),
                        .action = MESSAGE_EDIT};
    struct message *batch[] = {&m};
    check(store_append(store, batch, 1) == 0 && m.fate == MESSAGE_STORED);
}

static void forgets_changes_that_are_in_the_index(void)
{
    setup();
    say("a", "\"word\"");
    for (unsigned i = 0; i < 9; i++) {
        edit("a", "\"first\"");
    }
    edit("a", "\"second\"");
    check(find("second") == 1);
    store_close(store);
    check(number("SELECT count(*) FROM changes") == 10);
    reopen();
    check(number("SELECT count(*) FROM changes") == 1);
    edit("a", "\"third\"");
    check(find("third") == 1);
    store_close(store);
    check(number("SELECT max(change_id) FROM changes") == 11);
    check(unlink(index_path) == 0);
    reopen(); /* with all there is to be indexed anew */
    check(find("third") == 1);
    teardown();
}

/* As if the machine had crashed: the file says that it was written during another boot. */
static void makes_an_index_that_a_crash_may_have_damaged_anew(void)
{
    setup();
    say("a", "\"word\"");
    check(find("word") == 1);
    store_close(store);
    run_sql(index_path, "DELETE FROM words; UPDATE progress SET boot = 'another'");
    reopen();
    check(find("word") == 1);
    check(number_in(index_path, "SELECT length(boot) FROM progress") > 0);
    store_close(store);
    check(number_in(index_path, "SELECT length(boot) FROM progress") == 0);
    reopen();
    teardown();
}

static void quotes_each_word_and_bounds_their_number(void)
{
    struct bytes text = {0};

    check(sqlite_query_write(&text, SPAN(" one t\"o\tthree "), 0));
    check(span_eq(bytes_span(&text), SPAN("text : ( \"one\" \"t\"\"o\" \"three\" * )")));
    bytes_clear(&text);
    check(sqlite_query_write(&text, SPAN("one"), 17));
    check(span_eq(bytes_span(&text), SPAN("room : \"17\" AND text : ( \"one\" * )")));
    bytes_clear(&text);
    check(sqlite_query_write(&text, SPAN("of"), 0)); /* too short for a beginning */
    check(span_eq(bytes_span(&text), SPAN("text : ( \"of\" )")));
    bytes_clear(&text);
    check(!sqlite_query_write(&text, SPAN(" \n"), 17) && text.len == 0);
    check(sqlite_query_write(&text, SPAN("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18"), 0));
    check(span_eq(bytes_span(&text),
                  SPAN("text : ( \"1\" \"2\" \"3\" \"4\" \"5\" \"6\" \"7\" \"8\" \"9\" \"10\" "
                       "\"11\" \"12\" \"13\" \"14\" \"15\" \"16\" )")));
    bytes_finish(&text);
}

int main(void)
{
    RUN(makes_an_index_that_is_gone_anew);
    RUN(makes_an_index_that_is_damaged_anew);
    RUN(makes_an_index_of_another_version_anew);
    RUN(makes_an_index_that_is_ahead_of_the_store_anew);
    RUN(indexes_what_was_stored_while_it_lagged);
    RUN(forgets_changes_that_are_in_the_index);
    RUN(makes_an_index_that_a_crash_may_have_damaged_anew);
    RUN(quotes_each_word_and_bounds_their_number);
    return tap_done();
}
