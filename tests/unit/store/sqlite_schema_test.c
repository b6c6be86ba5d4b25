// SPDX-License-Identifier: MIT
/* Files of earlier versions: everything in them is found again. */
#include "src/store/sqlite_schema.h"

#include <sqlite3.h>
#include <stdlib.h>

#include "src/store/store.h"
#include "tests/support/store_place.h"
#include "tests/support/tap.h"

static struct store_place place;

/* A file as the first release wrote it: its text must never change, whatever becomes of the tables.
 */
static const char first_release[] =
    "PRAGMA journal_mode = WAL;"
    "CREATE TABLE rooms (room_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
    "CREATE TABLE messages (message_id INTEGER PRIMARY KEY,"
    "  room_id INTEGER NOT NULL, offset INTEGER NOT NULL, id ANY NOT NULL,"
    "  user_id TEXT NOT NULL, username TEXT NOT NULL, type TEXT NOT NULL,"
    "  timestamp_ms INTEGER NOT NULL, content TEXT NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX messages_offset ON messages (room_id, offset);"
    "CREATE UNIQUE INDEX messages_id ON messages (id);"
    "PRAGMA application_id = 0x526f6f6b; PRAGMA user_version = 1;"
    "INSERT INTO rooms (name) VALUES ('lobby'), ('other');"
    "INSERT INTO messages (room_id, offset, id, user_id, username, type, timestamp_ms, content)"
    " VALUES (1, 1, x'018bcfe5680070008000000000000001', 'u1', 'Ann', 'text', 1700000000000,"
    "   '\"hello there\"'),"
    "  (1, 2, 'plain', 'u2', 'Bob', 'image', 1700000000001, '\"x\"'),"
    "  (2, 1, 'third', 'u2', 'Bob', 'text', 1700000000002, '\"y\"');";

static void write_first_release(void)
{
    sqlite3 *db;
    check(sqlite3_open(place.path, &db) == SQLITE_OK);
    check(sqlite3_exec(db, first_release, NULL, NULL, NULL) == SQLITE_OK);
    (void)sqlite3_close(db);
}

static void check_first(const struct message *m)
{
    check(span_eq(m->id, SPAN("018bcfe5-6800-7000-8000-000000000001")) && m->offset == 1);
    check(span_eq(m->room, SPAN("lobby")) && span_eq(m->user_id, SPAN("u1")));
    check(span_eq(m->username, SPAN("Ann")) && span_eq(m->type, SPAN("text")));
    check(span_eq(m->content, SPAN("\"hello there\"")) && m->timestamp_ms == 1700000000000);
    check(m->dialect == 4 && m->action == MESSAGE_SAY && m->changed == 0 && m->edited_ms == 0);
    check(m->raw.len == 0 && m->sent_at.len == 0 && m->recipient.len == 0);
}

static void finds_all_that_the_first_release_wrote(void)
{
    struct thread_executor loop;
    struct store_rooms rooms = {.limit = 10};

    store_place_make(&place);
    write_first_release();
    thread_executor_start(&loop, 0);
    struct store *store = store_place_open(&place, &store_sqlite);
    check(store != NULL);
    struct message_page *p = store_place_page(&loop, store, SPAN("lobby"), 0, 10, 0);
    check(p != NULL && p->count == 2 && span_eq(p->messages[0].id, SPAN("plain")));
    if (p != NULL && p->count == 2) {
        check_first(&p->messages[1]);
    }
    free(p);
    check(store_place_call(&loop, store, &rooms.call, STORE_ROOMS) == 0 && rooms.page->count == 2);
    check(span_eq(rooms.page->rooms[1].name, SPAN("other")) && rooms.page->rooms[1].newest == 1);
    free(rooms.page);
    struct message edit = {.action = MESSAGE_EDIT,
                           .id = SPAN("plain"),
                           .room = SPAN("lobby"),
                           .user_id = SPAN("u2"),
                           .content = SPAN("\"z\"")};
    struct message *batch[] = {&edit};
    check(store_append(store, batch, 1) == 0 && edit.offset == 3 && edit.fate == MESSAGE_STORED);
    store_close(store);
    thread_executor_stop(&loop);
    store_place_remove(&place);
}

static void begins_with_what_was_released(void)
{
    check(sqlite_schema_version > 1);
    check(strstr(first_release, sqlite_migrations[0]) != NULL);
}

int main(void)
{
    RUN(finds_all_that_the_first_release_wrote);
    RUN(begins_with_what_was_released);
    return tap_done();
}
