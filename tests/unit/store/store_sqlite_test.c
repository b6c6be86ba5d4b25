// SPDX-License-Identifier: MIT
/* What tests/contract cannot ask of every store: the file, its errors, its bounds. */
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/store/sqlite_rooms.h"
#include "src/store/store.h"
#include "tests/support/store_place.h"
#include "tests/support/tap.h"

static struct store_place place;

/* Opening must fail with a line that begins with the path and holds the cause. */
static void check_refused(const char *path, const char *cause)
{
    struct store_options options = {.path = path};
    struct bytes why = {0};
    struct store *store = store_sqlite.open(&options, &why);

    check(store == NULL);
    store_close(store);
    bytes_add_byte(&why, 0);
    int as_said = strncmp((char *)why.data, path, strlen(path)) == 0 &&
                  strstr((char *)why.data, cause) != NULL;
    check(as_said);
    if (!as_said) {
        printf("# said: %s\n", (char *)why.data);
    }
    bytes_finish(&why);
}

static void run_sql(const char *sql)
{
    sqlite3 *db;
    check(sqlite3_open(place.path, &db) == SQLITE_OK);
    check(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
    (void)sqlite3_close(db);
}

static void write_file(const char *text)
{
    FILE *f = fopen(place.path, "w");
    if (f != NULL) {
        (void)fputs(text, f);
        (void)fclose(f);
    }
}

static void refuses_a_file_that_is_open_already(void)
{
    store_place_make(&place);
    struct store *store = store_place_open(&place, &store_sqlite);
    check_refused(place.path, "locked by another process");
    store_close(store);
    store = store_place_open(&place, &store_sqlite);
    check(store != NULL);
    store_close(store);
    store_place_remove(&place);
}

static void refuses_a_file_that_is_no_database(void)
{
    store_place_make(&place);
    write_file("The quick brown fox jumps over the lazy dog, and it does so more than once, so "
               "that there are more than a hundred bytes, the length of a header.");
    check_refused(place.path, "not a SQLite database");
    store_place_remove(&place);
}

static void refuses_a_folder_that_is_not_there(void)
{
    check_refused("/nonexistent/rookery/store.db", "No such file or directory");
}

static void refuses_a_path_that_is_a_folder(void)
{
    store_place_make(&place);
    check(mkdir(place.path, 0700) == 0);
    check_refused(place.path, "Is a directory");
    check(rmdir(place.path) == 0);
    store_place_remove(&place);
}

static void refuses_a_file_of_a_newer_schema(void)
{
    store_place_make(&place);
    store_close(store_place_open(&place, &store_sqlite));
    run_sql("PRAGMA user_version = 1000");
    check_refused(place.path, "written by a newer version: its schema is 1000");
    store_place_remove(&place);
}

static void refuses_the_database_of_another_program(void)
{
    store_place_make(&place);
    run_sql("CREATE TABLE bookmarks (url TEXT)");
    check_refused(place.path, "a database of another program");
    store_place_remove(&place);
}

/* In a child, since root may write anything and has to become somebody else first. */
static void refuses_a_file_that_it_may_not_write(void)
{
    store_place_make(&place);
    store_close(store_place_open(&place, &store_sqlite));
    check(chmod(place.path, 0444) == 0 && chmod(place.folder, 0777) == 0);
    char lock[96];
    (void)snprintf(lock, sizeof lock, "%s-lock", place.path);
    check(chmod(lock, 0666) == 0);
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        tap_case_failed = geteuid() == 0 && seteuid(65534) != 0;
        if (faccessat(AT_FDCWD, place.folder, W_OK | X_OK, AT_EACCESS) == 0) {
            check_refused(place.path, "not writable");
        } else {
            printf("# not tried: others than root cannot reach %s\n", place.folder);
        }
        check(geteuid() != 65534 || seteuid(0) == 0);
        (void)fflush(stdout);
        _exit(tap_case_failed);
    }
    int status = 1;
    check(waitpid(child, &status, 0) == child && status == 0);
    store_place_remove(&place);
}

static int append(struct store *store, const char *id, struct span content)
{
    struct message m = {
        .id = span_cstr(id), .room = SPAN("one"), .content = content, .type = SPAN("text")};
    struct message *batch[] = {&m};
    int result = store_append(store, batch, 1);
    return result == 0 ? (int)m.offset : result;
}

static void stores_nothing_of_a_batch_that_fails_and_goes_on_afterwards(void)
{
    struct rlimit limit, small;
    static uint8_t big[1 << 20];

    memset(big, 'x', sizeof big);
    store_place_make(&place);
    struct store *store = store_place_open(&place, &store_sqlite);
    check(append(store, "a", SPAN("1")) == 1);
    check(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    small = (struct rlimit){256 << 10, limit.rlim_max};
    check(setrlimit(RLIMIT_FSIZE, &small) == 0);
    int result = append(store, "b", span_of(big, sizeof big));
    check(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    check(result == STORE_EIO || result == STORE_EFULL);
    check(append(store, "c", SPAN("2")) == 2);
    check(append(store, "b", SPAN("3")) == 3);
    store_close(store);
    store_place_remove(&place);
}

static void stores_nothing_of_a_batch_with_a_message_that_it_cannot_keep(void)
{
    struct message m[] = {{.id = SPAN("a"), .room = SPAN("one"), .placed = 3},
                          {.id = SPAN("b"), .room = SPAN("one"), .placed = 3},
                          {.id = SPAN("c"), .room = SPAN("one"), .placed = 4}};
    struct message *batch[] = {&m[0], &m[1], &m[2]};

    store_place_make(&place);
    struct store *store = store_place_open(&place, &store_sqlite);
    check(store_append(store, batch, 3) == STORE_EINVALID && m[1].fate == MESSAGE_INVALID);
    check(append(store, "d", SPAN("1")) == 1);
    store_close(store);
    store_place_remove(&place);
}

static void forgets_the_rooms_used_longest_ago_and_finds_them_again(void)
{
    struct bytes why = {0};
    struct sqlite_rooms rooms;
    char name[8];

    store_place_make(&place);
    sqlite3 *db = sqlite_db_open_writer(place.path, &why);
    check(sqlite_rooms_init(&rooms, db, 10 * (sizeof(struct sqlite_room) + 3)) == 0);
    uint64_t first = sqlite_rooms_get(&rooms, SPAN("r00"), false)->number;
    for (int i = 1; i < 50; i++) {
        (void)snprintf(name, sizeof name, "r%02d", i);
        check(sqlite_rooms_get(&rooms, span_cstr(name), false)->number != first);
        check(sqlite_rooms_get(&rooms, SPAN("r00"), false)->number == first); /* in use: stays */
        check(rooms.by_name.count <= 10 && rooms.bytes <= rooms.bytes_max);
    }
    check(map_get(&rooms.by_name, SPAN("r00")) != NULL);
    check(map_get(&rooms.by_name, SPAN("r01")) == NULL);
    check(sqlite_rooms_get(&rooms, SPAN("r01"), false)->number == first + 1);
    sqlite_rooms_finish(&rooms);
    (void)sqlite3_close(db);
    bytes_finish(&why);
    store_place_remove(&place);
}

static unsigned problems, writing_problems;

static void count_problem(void *arg, const char *line, bool writing)
{
    problems++;
    writing_problems += writing;
    (void)arg;
    (void)line;
}

static void says_whether_it_was_writing_that_failed(void)
{
    struct store_user_get get = {.key = SPAN("1")};
    struct store_user_password put = {.id = SPAN("1"), .password_hash = SPAN("h")};
    struct bytes why = {0};
    struct thread_executor loop;

    store_place_make(&place);
    struct store_options options = {.path = place.path, .on_problem = count_problem};
    struct store *store = store_sqlite.open(&options, &why);
    thread_executor_start(&loop, 0);
    check(store != NULL);
    run_sql("ALTER TABLE users RENAME TO gone");
    check(store_place_call(&loop, store, &get.call, STORE_USER_GET) == STORE_EIO);
    check(problems == 1 && writing_problems == 0);
    check(store_place_call(&loop, store, &put.call, STORE_USER_PASSWORD) == STORE_EIO);
    check(problems == 2 && writing_problems == 1);
    store_close(store);
    thread_executor_stop(&loop);
    bytes_finish(&why);
    store_place_remove(&place);
}

int main(void)
{
    RUN(refuses_a_file_that_is_open_already);
    RUN(refuses_a_file_that_is_no_database);
    RUN(refuses_a_folder_that_is_not_there);
    RUN(refuses_a_path_that_is_a_folder);
    RUN(refuses_a_file_of_a_newer_schema);
    RUN(refuses_the_database_of_another_program);
    RUN(refuses_a_file_that_it_may_not_write);
    RUN(stores_nothing_of_a_batch_that_fails_and_goes_on_afterwards);
    RUN(stores_nothing_of_a_batch_with_a_message_that_it_cannot_keep);
    RUN(says_whether_it_was_writing_that_failed);
    RUN(forgets_the_rooms_used_longest_ago_and_finds_them_again);
    return tap_done();
}
