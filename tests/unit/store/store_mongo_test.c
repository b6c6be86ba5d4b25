// SPDX-License-Identifier: MIT
/* What the contracts of stores cannot show of store_mongo: a server that dies, hangs or is in the
 * way, one without transactions, and names that are no text. */
#include "src/store/store.h"

#include <mongoc/mongoc.h>

#include "src/store/mongo_append.h"
#include "src/store/mongo_schema.h"
#include "src/store/mongo_url.h"
#include "tests/support/service.h"
#include "tests/support/store_place.h"
#include "tests/support/tap.h"

enum { TIMEOUT_MS = 1000 };

static struct service server;
static char url[SERVICE_TEXT_MAX + 32], last_line[512];
static struct thread_executor loop;

static void note(void *arg, const char *line, bool writing)
{
    (void)snprintf(last_line, sizeof last_line, "%s", line);
}

static struct store_options options(void)
{
    return (struct store_options){.url = url, .timeout_ms = TIMEOUT_MS, .on_problem = note};
}

/* Of a database of its own. */
static void use_database(const char *name)
{
    (void)snprintf(url, sizeof url, "%s/%s", server.url, name);
    last_line[0] = 0;
}

static struct store *open_store(void)
{
    const struct store_options o = options();
    return store_place_open_with(&store_mongo, &o);
}

/* The line that says why the URL cannot be opened. */
static const char *refusal(const char *bad)
{
    static char line[512];
    const struct store_options o = {.url = bad, .timeout_ms = TIMEOUT_MS};
    struct bytes why = {0};
    struct store *store = store_mongo.open(&o, &why);

    check(store == NULL && why.len > 0 && memchr(why.data, '\n', why.len) == NULL);
    (void)snprintf(line, sizeof line, "%.*s", (int)why.len, (const char *)why.data);
    bytes_finish(&why);
    return line;
}

static struct message said(const char *id, uint64_t placed)
{
    return (struct message){.id = span_cstr(id),
                            .room = SPAN("one"),
                            .user_id = SPAN("u1"),
                            .content = SPAN("\"x\""),
                            .type = SPAN("text"),
                            .placed = placed};
}

static int say(struct store *store, const char *id)
{
    struct message m = said(id, 0), *p = &m;
    return store_append(store, &p, 1);
}

static int read_history(struct store *store, size_t *count)
{
    struct store_history r = {.room = SPAN("one"), .limit = 100};
    int error = store_place_call(&loop, store, &r.call, STORE_HISTORY);

    *count = r.page != NULL ? r.page->count : 0;
    free(r.page);
    return error;
}

/* ---- URLs ---- */

static void check_shown(const char *given, const char *want)
{
    struct bytes shown = {0};

    mongo_url_show(&shown, given);
    check_mem(shown.data, shown.len, want, strlen(want));
    bytes_finish(&shown);
}

static void shows_urls_without_password_and_options(void)
{
    check_shown("mongodb://h:1/chat", "mongodb://h:1/chat");
    check_shown("mongodb://ann:secret@h1:1,h2:2/chat?tls=true", "mongodb://ann@h1:1,h2:2/chat");
    check_shown("mongodb+srv://ann:sec@ret/1@h/chat", "mongodb+srv://ann@h/chat");
    check_shown("mongodb://ann:sec?ret@h/chat", "mongodb://...");
    check_shown("mongodb://ann@h", "mongodb://ann@h");
    check_shown("ann:secret@h", "(no URL)");
    check_shown("", "(no URL)");
}

static void says_in_one_line_why_it_cannot_open_and_never_the_password(void)
{
    static const char *const bad[] = {
        "",
        "nonsense",
        "postgres://ann:secret@h/chat",
        "mongodb://ann:secret/@127.0.0.1:1/chat",
        "mongodb://ann:secret%@127.0.0.1:1/chat",
        "mongodb://ann:secret@127.0.0.1:1/chat",
        "mongodb+srv://ann:secret@db.nowhere.invalid/chat",
        "mongodb://ann:secret@127.0.0.1:1/chat?authMechanism=NONE",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *line = refusal(bad[i]);
        check(strstr(line, "secret") == NULL);
        printf("# %s\n", line);
    }
}

/* ---- what is in the way ---- */

static void names_an_index_that_is_in_the_way(void)
{
    static const char json[] = "{\"createIndexes\":\"messages\",\"indexes\":[{\"name\":"
                               "\"room_changed\",\"key\":{\"other\":1}}]}";
    bson_t command;

    use_database("conflict");
    mongoc_client_t *client = mongoc_client_new(url);
    check(bson_init_from_json(&command, json, -1, NULL));
    check(mongoc_client_command_simple(client, "conflict", &command, NULL, NULL, NULL));
    bson_destroy(&command);
    mongoc_client_destroy(client);
    const char *line = refusal(url);
    check(strstr(line, "room_changed") != NULL && strstr(line, "messages") != NULL);
    printf("# %s\n", line);
}

/* ---- texts ---- */

static void check_rooms(struct store *store, struct span after, const struct span *want,
                        size_t count)
{
    struct store_rooms r = {.after_name = after, .limit = 10};

    check(store_place_call(&loop, store, &r.call, STORE_ROOMS) == 0);
    check(r.page != NULL && r.page->count == count);
    for (size_t i = 0; r.page != NULL && i < r.page->count && i < count; i++) {
        check_mem(r.page->rooms[i].name.data, r.page->rooms[i].name.len, want[i].data, want[i].len);
    }
    free(r.page);
}

static void keeps_names_that_are_no_text_in_the_order_of_bytes(void)
{
    const struct span rooms[] = {SPAN("a"),     SPAN("a\0b"),      SPAN("b\x80"),
                                 SPAN("b\xc3"), SPAN("b\xc3\xa9"), SPAN("\xff")};
    enum { ROOMS = sizeof rooms / sizeof rooms[0] };
    char id[4] = "m0";

    use_database("bytes");
    struct store *store = open_store();
    check(store != NULL);
    for (size_t i = 0; i < ROOMS; i++) {
        id[1] = (char)('0' + i);
        struct message m = said(id, 0), *p = &m;
        m.room = rooms[i];
        m.user_id = m.username = SPAN("\xfe\x00");
        check(store_append(store, &p, 1) == 0 && m.offset == 1);
    }
    check_rooms(store, (struct span){0}, rooms, ROOMS);
    check_rooms(store, rooms[2], rooms + 3, ROOMS - 3);
    struct message_page *page = store_place_page(&loop, store, rooms[3], 0, 1, 0);
    check(page != NULL && page->count == 1 && span_eq(page->messages[0].user_id, SPAN("\xfe\x00")));
    free(page);
    store_close(store);
}

/* ---- a single server ---- */

static void gives_the_next_places_without_transactions_too(void)
{
    struct message m[] = {said("a", 0), said("b", 0), said("a", 0), said("c", 0)};
    struct message *batch[] = {&m[0], &m[1], &m[2], &m[3]};
    const struct store_options o = {.url = url, .timeout_ms = TIMEOUT_MS, .on_problem = note};
    struct bytes why = {0};
    struct mongo_db db;

    use_database("single");
    check(mongo_db_open(&db, &o, 4, &why) == 0 && mongo_schema_make(&db, &why) == 0);
    check(db.transactions);
    db.transactions = false;
    check(mongo_append(&db, batch, 3) == 0);
    check(m[0].offset == 1 && m[1].offset == 2 && m[2].fate == MESSAGE_REPEATED);
    m[1].action = MESSAGE_EDIT;
    check(mongo_append(&db, batch + 1, 3) == 0);
    check(m[1].offset == 3 && m[1].said == 2 && m[3].offset == 4);
    db.transactions = true;
    m[3].id = SPAN("d");
    check(mongo_append(&db, batch + 3, 1) == 0 && m[3].offset == 5);
    mongo_db_close(&db);
    bytes_finish(&why);
}

/* As after a restore that brought the room back without its latest messages. */
static void forget_places(int32_t taken)
{
    mongoc_client_t *client = mongoc_client_new(url);
    mongoc_collection_t *rooms = mongoc_client_get_collection(client, "undone", "rooms");
    bson_t *filter = BCON_NEW("_id", BCON_UTF8("one"));
    bson_t *update = BCON_NEW("$set", "{", "taken", BCON_INT64(taken), "}");

    check(mongoc_collection_update_one(rooms, filter, update, NULL, NULL, NULL));
    bson_destroy(filter);
    bson_destroy(update);
    mongoc_collection_destroy(rooms);
    mongoc_client_destroy(client);
}

static void takes_out_what_a_failed_append_left_without_transactions(void)
{
    struct message m[] = {said("a", 0), said("b", 0), said("c", 0), said("d", 0), said("e", 0)};
    struct message *batch[] = {&m[0], &m[1], &m[2], &m[3], &m[4]};
    const struct store_options o = {.url = url, .timeout_ms = TIMEOUT_MS, .on_problem = note};
    struct bytes why = {0};
    struct mongo_db db;

    use_database("undone");
    check(mongo_db_open(&db, &o, 4, &why) == 0 && mongo_schema_make(&db, &why) == 0);
    db.transactions = false;
    check(mongo_append(&db, batch, 2) == 0 && m[1].offset == 2);
    forget_places(1);
    check(mongo_append(&db, batch + 2, 3) == 0); /* c at 2 is refused, d at 3 and e at 4 are not */
    check(m[2].fate == MESSAGE_STORED && m[2].offset == 5);
    check(m[3].fate == MESSAGE_STORED && m[3].offset == 6);
    check(m[4].fate == MESSAGE_STORED && m[4].offset == 7);
    mongo_db_close(&db);
    bytes_finish(&why);
}

/* ---- a server that is away ---- */

enum { TRIES = 20 };

static void goes_on_by_itself_after_the_server_was_killed(void)
{
    size_t count;

    use_database("killed");
    struct store *store = open_store();
    check(store != NULL && say(store, "a") == 0);
    check(service_kill(&server, NULL));
    check(say(store, "b") == STORE_EIO && read_history(store, &count) == STORE_EIO);
    check(strstr(last_line, url) == last_line && strchr(last_line, '\n') == NULL);
    printf("# %s\n", last_line);
    check(service_up(&server));
    int tries = TRIES; /* on a busy machine it is there before it answers in time */
    while (say(store, "b") != 0 && --tries > 0) {
    }
    check(tries > 0);
    while (read_history(store, &count) != 0 && --tries > 0) {
    }
    check(tries > 0 && count == 2);
    store_close(store);
}

static void waits_for_a_silent_server_no_longer_than_it_may(void)
{
    size_t count;

    use_database("silent");
    struct store *store = open_store();
    check(store != NULL && say(store, "a") == 0);
    check(service_pause(&server, NULL));
    int64_t began_us = bson_get_monotonic_time();
    check(say(store, "b") == STORE_EIO);
    printf("# append: %d ms\n", (int)((bson_get_monotonic_time() - began_us) / 1000));
    began_us = bson_get_monotonic_time();
    check(read_history(store, &count) == STORE_EIO);
    printf("# history: %d ms\n", (int)((bson_get_monotonic_time() - began_us) / 1000));
    check(service_resume(&server, NULL));
    while (say(store, "b") != 0) { /* what it had begun is still under way, perhaps */
    }
    check(read_history(store, &count) == 0 && count == 2);
    store_close(store);
}

int main(void)
{
    RUN(shows_urls_without_password_and_options);
    RUN(says_in_one_line_why_it_cannot_open_and_never_the_password);
    if (!service_begin(&server, "mongo")) {
        printf("ok %d - with a server # SKIP MongoDB's stand-in is not installed\n", ++tap_cases);
        return tap_done();
    }
    thread_executor_start(&loop, 0);
    RUN(names_an_index_that_is_in_the_way);
    RUN(keeps_names_that_are_no_text_in_the_order_of_bytes);
    RUN(gives_the_next_places_without_transactions_too);
    RUN(takes_out_what_a_failed_append_left_without_transactions);
    RUN(goes_on_by_itself_after_the_server_was_killed);
    RUN(waits_for_a_silent_server_no_longer_than_it_may);
    thread_executor_stop(&loop);
    service_finish(&server);
    return tap_done();
}
