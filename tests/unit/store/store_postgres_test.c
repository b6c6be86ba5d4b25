// SPDX-License-Identifier: MIT
/* What tests/contract cannot ask of every store: the server, what happens to it, and the schema. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "src/base/memory.h"
#include "tests/unit/store/postgres_bed.h"

static struct message message(const char *id, const char *room)
{
    return (struct message){.id = span_cstr(id),
                            .room = span_cstr(room),
                            .user_id = SPAN("u1"),
                            .username = SPAN("Ann"),
                            .content = SPAN("\"hello\""),
                            .type = SPAN("text")};
}

static int say(struct store *store, const char *id)
{
    struct message m = message(id, "one"), *list[] = {&m};
    return store_append(store, list, 1);
}

/* How many messages the room has; -1: that failed. */
static int count(struct store *store, struct span room)
{
    struct store_history r = {.room = room, .limit = STORE_PAGE_MAX};
    int error = store_place_call(&loop, store, &r.call, STORE_HISTORY);
    int messages = error == 0 ? (int)r.page->count : -1;

    check((error == 0) == (r.page != NULL));
    free(r.page);
    return messages;
}

static long number(const char *sql)
{
    long value = -1;
    return store_place_postgres_run(&place, sql, &value) ? value : -1;
}

/* ---- opening ---- */

static void refuses_urls_that_lead_nowhere_with_one_line_that_tells_no_password(void)
{
    setup();
    check_refused((struct store_options){.url = NULL}, "url: not the URL");
    check_refused((struct store_options){.url = "mongodb://u:s3cret@127.0.0.1/x"},
                  "url: not the URL");
    check_refused(
        (struct store_options){.url = "postgresql://u:s3cret@127.0.0.1/x?sslmode=off&schema=a"},
        "/database: invalid URI query parameter: \"schema\"");
    check_refused((struct store_options){.url = "postgresql://u:s3cret@127.0.0.1:1/x"},
                  "postgresql://u@127.0.0.1:1/x: ");
    check_refused((struct store_options){.url = url_with("rookery", "nowhere")},
                  "database \"nowhere\" does not exist");
    check_refused((struct store_options){.url = place.url,
                                         .replica_url = "postgresql://u:s3cret@127.0.0.1:1/x"},
                  "the replica: connection to server at \"127.0.0.1\", port 1 failed");
    check_refused((struct store_options){.url = place.url, .replica_url = "s3cret"},
                  "the replica: not the URL");
    teardown();
}

/* libpq's reason would quote them. */
static void tells_nothing_of_urls_in_which_it_could_be_a_password(void)
{
    static const char *const urls[] = {
        "postgresql://u:a/b?s3cret=c@127.0.0.1/x",
        "postgresql://127.0.0.1/x?user=u&password=a&s3cret=b",
        "postgresql://127.0.0.1/x?user=u&sslPassword=a&s3cret=b",
        "postgresql://127.0.0.1/x?user=u&s3cret",
        "postgresql://u:s3cret%zz@127.0.0.1/x?schema=a",
        "postgresql://u:pass[s3cret@[::1/x?schema=a",
        "host=127.0.0.1 user=u s3cret",
        "?s3cret=a",
    };

    setup();
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        check_refused((struct store_options){.url = urls[i]}, "host:5432/database");
    }
    teardown();
}

/* Makes the server ask that user for his password. */
static void ask_for_passwords(void)
{
    check(run_sql("DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'stranger')"
                  "  THEN CREATE ROLE stranger LOGIN PASSWORD 'other'; END IF;"
                  "  EXECUTE format($f$COPY (VALUES ('host all stranger 127.0.0.1/32"
                  " scram-sha-256'), ('host all all 127.0.0.1/32 trust')) TO %L$f$,"
                  "  current_setting('hba_file')); END $$; SELECT pg_reload_conf()"));
}

static void refuses_a_wrong_password_without_telling_it(void)
{
    setup();
    ask_for_passwords();
    struct store_options options = {.url = url_with("stranger", NULL), .timeout_ms = SHORT_MS * 10};
    struct bytes why = {0};
    const struct timespec pause = {.tv_nsec = 10000000};
    bool refused = false;
    for (int i = 0; i < 500 && !refused; i++) { /* the server reads its file a moment later */
        struct store *store = store_postgres.open(&options, &why);
        store_close(store);
        bytes_add_byte(&why, 0);
        refused = store == NULL && strstr((const char *)why.data, "password") != NULL;
        (void)nanosleep(&pause, NULL);
    }
    bytes_finish(&why);
    check(refused);
    check_refused(options, "password authentication failed for user \"stranger\"");
    teardown();
}

static void refuses_a_schema_that_it_does_not_know(void)
{
    setup();
    store_close(open_here());
    check(number("SELECT version FROM rookery_schema") == 1);
    check(run_sql("UPDATE rookery_schema SET version = 99"));
    check_refused((struct store_options){.url = place.url}, "written by a newer version");
    check(run_sql("UPDATE rookery_schema SET version = 0"));
    check_refused((struct store_options){.url = place.url}, "a database of another program");
    check(run_sql("DROP TABLE rookery_schema"));
    check_refused((struct store_options){.url = place.url}, "a database of another program");
    teardown();
}

enum { NODES = 6 };

static void *open_and_close(void *arg)
{
    struct store_options options = {.url = place.url};
    struct bytes why = {0};
    struct store *store = store_postgres.open(&options, &why);

    store_close(store);
    bytes_finish(&why);
    return store; /* only whether there was one */
}

static void makes_its_tables_once_when_several_nodes_start_together(void)
{
    pthread_t threads[NODES];
    void *opened[NODES];

    setup();
    for (int i = 0; i < NODES; i++) {
        check(pthread_create(&threads[i], NULL, open_and_close, NULL) == 0);
    }
    for (int i = 0; i < NODES; i++) {
        check(pthread_join(threads[i], &opened[i]) == 0 && opened[i] != NULL);
    }
    check(number("SELECT version FROM rookery_schema") == 1);
    check(number("SELECT count(*) FROM rookery_schema") == 1);
    teardown();
}

/* ---- several nodes ---- */

enum { APPENDS = 60, BATCH = 5 };

struct node {
    struct store *store;
    char ids[APPENDS * BATCH][16];
    bool failed;
};

/* Batches that name three rooms, in an order that differs from node to node. */
static void *append_much(void *arg)
{
    struct node *node = arg;

    for (int i = 0; i < APPENDS; i++) {
        static const char *const rooms[] = {"one", "two", "three"};
        struct message messages[BATCH], *list[BATCH];
        for (int j = 0; j < BATCH; j++) {
            messages[j] = message(node->ids[i * BATCH + j], rooms[(i + j + node->ids[0][0]) % 3]);
            list[j] = &messages[j];
        }
        node->failed |= store_append(node->store, list, BATCH) != 0;
    }
    return NULL;
}

static void gives_places_without_hole_or_double_to_several_nodes(void)
{
    enum { WRITERS = 3 };
    static struct node nodes[WRITERS];
    pthread_t threads[WRITERS];

    setup();
    for (int i = 0; i < WRITERS; i++) {
        nodes[i].failed = false;
        nodes[i].store = open_here();
        for (int j = 0; j < APPENDS * BATCH; j++) {
            (void)snprintf(nodes[i].ids[j], sizeof nodes[i].ids[j], "%c%d", 'a' + i, j);
        }
        check(pthread_create(&threads[i], NULL, append_much, &nodes[i]) == 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        check(pthread_join(threads[i], NULL) == 0 && !nodes[i].failed);
        store_close(nodes[i].store);
    }
    check(number("SELECT count(*) FROM messages") == (long)WRITERS * APPENDS * BATCH);
    check(number("SELECT count(*) FROM (SELECT max(place) AS last, count(*) AS said FROM messages"
                 " GROUP BY room_id) AS r WHERE last = said") == 3);
    teardown();
}

/* ---- what happens to the server ---- */

/* Tries until the server is there again; false: it never was. */
static bool say_at_last(struct store *store, const char *id)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    int error = say(store, id);

    for (int i = 0; i < 1000 && error != 0; i++) {
        (void)nanosleep(&pause, NULL);
        error = say(store, id);
    }
    return error == 0;
}

static int count_at_last(struct store *store)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    int messages = count(store, SPAN("one"));

    for (int i = 0; i < 1000 && messages < 0; i++) {
        (void)nanosleep(&pause, NULL);
        messages = count(store, SPAN("one"));
    }
    return messages;
}

static void comes_back_after_the_server_was_killed(void)
{
    struct service *service = store_place_postgres_service();

    setup();
    struct store *store = open_with((struct store_options){.timeout_ms = SHORT_MS * 10});
    check(say(store, "a") == 0 && count(store, SPAN("one")) == 1);
    check(service_kill(service, NULL));
    check(say(store, "b") == STORE_EIO && strncmp(problem, "w postgresql://", 15) == 0);
    check(count(store, SPAN("one")) == -1);
    check(service_up(service));
    check(say_at_last(store, "c"));
    check(count_at_last(store) == 2);
    store_close(store);
    teardown();
}

static void fails_in_time_while_the_server_stands_still(void)
{
    struct service *service = store_place_postgres_service();

    setup();
    struct store *store = open_with((struct store_options){.timeout_ms = SHORT_MS});
    check(say(store, "a") == 0 && count(store, SPAN("one")) == 1);
    check(service_pause(service, NULL));
    check(say(store, "b") == STORE_EIO && strstr(problem, "no answer in time") != NULL);
    check(count(store, SPAN("one")) == -1);
    check(say(store, "b") == STORE_EIO); /* and it cannot be connected to */
    check(service_resume(service, NULL));
    check(say_at_last(store, "c"));
    check(count_at_last(store) >= 2); /* b may have been stored after all */
    store_close(store);
    teardown();
}

static void goes_on_when_the_server_has_closed_idle_connections(void)
{
    setup();
    struct store *store = open_here();
    struct store_member_put member = {.room = SPAN("one"), .user_id = SPAN("u1"), .present = true};
    check(say(store, "a") == 0 && count(store, SPAN("one")) == 1);
    check(store_place_call(&loop, store, &member.call, STORE_MEMBER_PUT) == 0);
    check(run_sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                  " WHERE datname = current_database() AND pid <> pg_backend_pid()"));
    struct store_room_put put = {.room = SPAN("two")};
    check(store_place_call(&loop, store, &put.call, STORE_ROOM_PUT) == 0);
    check(say(store, "b") == 0 && count(store, SPAN("one")) == 2);
    check(problem[0] == 0);
    store_close(store);
    teardown();
}

static void tells_what_failed_and_where_but_no_password(void)
{
    setup();
    store_close(open_here());
    struct store *store = open_with((struct store_options){.url = url_with("rookery", NULL)});
    check(run_sql("ALTER TABLE messages RENAME TO gone"));
    check(say(store, "a") == STORE_EIO);
    check(strncmp(problem, "w postgresql://rookery@127.0.0.1:", 33) == 0);
    check(strstr(problem, "messages") != NULL && strstr(problem, "s3cret") == NULL);
    check(count(store, SPAN("one")) == -1 && strncmp(problem, "r postgresql://", 15) == 0);
    check(run_sql("ALTER TABLE gone RENAME TO messages"));
    check(say(store, "a") == 0);
    store_close(store);
    teardown();
}

static void tells_a_full_disk_from_other_failures_and_stores_nothing(void)
{
    setup();
    struct store *store = open_here();
    check(run_sql("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                  " $$ BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = '53100'; END $$;"
                  "CREATE TRIGGER refuse BEFORE INSERT ON messages FOR EACH ROW"
                  " EXECUTE FUNCTION refuse()"));
    check(say(store, "a") == STORE_EFULL && strstr(problem, "no space") != NULL);
    check(number("SELECT count(*) FROM rooms") == 0);
    check(run_sql("DROP TRIGGER refuse ON messages"));
    check(say(store, "a") == 0);
    store_close(store);
    teardown();
}

static void commits_to_disk_where_the_database_would_not(void)
{
    setup();
    check(run_sql("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off',"
                  " current_database()); END $$"));
    struct store *store = open_here();
    check(run_sql("CREATE TABLE seen (how text);"
                  "CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                  " INSERT INTO seen VALUES (current_setting('synchronous_commit'));"
                  " RETURN NEW; END $$; CREATE TRIGGER see BEFORE INSERT ON messages"
                  " FOR EACH ROW EXECUTE FUNCTION see()"));
    check(say(store, "a") == 0);
    check(number("SELECT count(*) FROM seen WHERE how = 'on'") == 1);
    store_close(store);
    teardown();
}

/* ---- what it keeps ---- */

static void keeps_bytes_that_are_no_text(void)
{
    struct message m = message("", ""), *list[] = {&m};

    setup();
    struct store *store = open_here();
    m.id = SPAN("i\0d\xff");
    m.room = SPAN("r\0\xfe");
    m.user_id = SPAN("\0");
    m.content = SPAN("\"nul\\u0000here\\ud800\"");
    check(store_append(store, list, 1) == 0);
    struct store_find find = {.id = SPAN("i\0d\xff")};
    check(store_place_call(&loop, store, &find.call, STORE_FIND) == 0 && find.page->count == 1);
    check(span_eq(find.page->messages[0].room, m.room));
    check(span_eq(find.page->messages[0].user_id, m.user_id));
    check(span_eq(find.page->messages[0].content, m.content));
    free(find.page);
    struct store_search search = {.query = SPAN("here"), .room = SPAN("r\0\xfe"), .limit = 1};
    check(store_place_call(&loop, store, &search.call, STORE_SEARCH) == 0);
    check(search.page != NULL && search.page->count == 1);
    free(search.page);
    check(number("SELECT count(*) FROM messages_text WHERE room = 'r\\000\\376'") == 1);
    store_close(store);
    teardown();
}

static void refuses_names_that_no_index_holds(void)
{
    static char name[5000];
    struct message m[] = {message("a", "one"), message("b", name)}, *list[] = {&m[0], &m[1]};

    setup();
    struct store *store = open_here();
    for (size_t i = 0; i + 1 < sizeof name; i++) {
        name[i] = (char)('a' + random() % 26); /* which the server cannot compress */
    }
    m[1].room = span_cstr(name);
    m[0].fate = 99;
    check(store_append(store, list, 2) == STORE_EINVALID);
    check(m[0].fate != MESSAGE_INVALID && m[1].fate == MESSAGE_INVALID);
    check(store_append(store, list, 1) == 0);
    check(count(store, span_cstr(name)) == 0);
    store_close(store);
    teardown();
}

static void shows_people_what_is_there_as_text(void)
{
    setup();
    struct store *store = open_here();
    check(say(store, "018bcfe5-6800-7000-8000-000000000001") == 0);
    check(number("SELECT count(*) FROM messages_text WHERE room = 'one' AND username = 'Ann'"
                 " AND id = '018bcfe5-6800-7000-8000-000000000001'") == 1);
    check(number("SELECT count(*) FROM rooms_text WHERE name = 'one'") == 1);
    store_close(store);
    teardown();
}

static void reads_histories_from_the_replica(void)
{
    struct store_place other = {.url = ""};

    setup();
    store_place_postgres.make(&other);
    struct store *replica = open_with((struct store_options){.url = other.url});
    check(say(replica, "a") == 0 && say(replica, "b") == 0);
    struct store *store =
        open_with((struct store_options){.url = place.url, .replica_url = other.url});
    check(say(store, "c") == 0);
    check(count(store, SPAN("one")) == 2);
    struct store_room_get room = {.room = SPAN("one")};
    check(store_place_call(&loop, store, &room.call, STORE_ROOM_GET) == 0);
    check(room.page->count == 1 && room.page->rooms[0].newest == 1); /* from where it is written */
    free(room.page);
    store_close(store);
    store_close(replica);
    store_place_postgres.remove(&other);
    teardown();
}

static void tells_that_the_replica_cannot_be_read(void)
{
    struct store_place other = {.url = ""};

    setup();
    store_place_postgres.make(&other);
    store_close(open_with((struct store_options){.url = other.url}));
    struct store *store = open_with((struct store_options){.replica_url = other.url});
    check(store_place_postgres_run(&other, "DROP TABLE messages CASCADE", NULL));
    check(count(store, SPAN("one")) == -1);
    check(strncmp(problem, "r the replica postgresql://", 27) == 0);
    check(say(store, "a") == 0);
    store_close(store);
    store_place_postgres.remove(&other);
    teardown();
}

int main(void)
{
    const char *missing = store_place_postgres.unavailable();

    if (missing != NULL) {
        return tap_skip(missing);
    }
    RUN(refuses_urls_that_lead_nowhere_with_one_line_that_tells_no_password);
    RUN(tells_nothing_of_urls_in_which_it_could_be_a_password);
    RUN(refuses_a_schema_that_it_does_not_know);
    RUN(makes_its_tables_once_when_several_nodes_start_together);
    RUN(gives_places_without_hole_or_double_to_several_nodes);
    RUN(goes_on_when_the_server_has_closed_idle_connections);
    RUN(tells_what_failed_and_where_but_no_password);
    RUN(tells_a_full_disk_from_other_failures_and_stores_nothing);
    RUN(commits_to_disk_where_the_database_would_not);
    RUN(keeps_bytes_that_are_no_text);
    RUN(refuses_names_that_no_index_holds);
    RUN(shows_people_what_is_there_as_text);
    RUN(reads_histories_from_the_replica);
    RUN(tells_that_the_replica_cannot_be_read);
    if (store_place_postgres_service() != NULL) { /* one of our own, to do as we like with */
        RUN(refuses_a_wrong_password_without_telling_it);
        RUN(comes_back_after_the_server_was_killed);
        RUN(fails_in_time_while_the_server_stands_still);
    }
    return tap_done();
}
