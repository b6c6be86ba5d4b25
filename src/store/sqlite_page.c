// SPDX-License-Identifier: MIT
#include "src/store/sqlite_page.h"

#include <stdlib.h>

#include "src/base/ids.h"
#include "src/base/memory.h"

const char sqlite_page_sql[] =
    "SELECT offset, timestamp_ms, id, user_id, username, content, type FROM messages"
    " WHERE room_id = (SELECT room_id FROM rooms WHERE name = ?1) AND offset < ?2"
    " ORDER BY offset DESC LIMIT ?3";
enum { COLUMN_OFFSET, COLUMN_TIMESTAMP, COLUMN_ID };
enum { TEXTS = 5 }; /* id, user_id, username, content, type */

/* What a row holds, while it is not yet known where its text will lie. */
struct row {
    uint64_t offset;
    int64_t timestamp_ms;
    size_t len[TEXTS];
};

static size_t add_id(struct bytes *text, sqlite3_stmt *statement)
{
    size_t len = (size_t)sqlite3_column_bytes(statement, COLUMN_ID);
    const void *id = sqlite3_column_blob(statement, COLUMN_ID);

    if (sqlite3_column_type(statement, COLUMN_ID) == SQLITE_BLOB && len == ID_BYTES) {
        id_format(id, (char *)bytes_reserve(text, ID_TEXT_LEN));
        text->len += ID_TEXT_LEN;
        return ID_TEXT_LEN;
    }
    bytes_add(text, id, len);
    return len;
}

static void add_row(struct bytes *text, sqlite3_stmt *statement, struct row *row)
{
    row->offset = (uint64_t)sqlite3_column_int64(statement, COLUMN_OFFSET);
    row->timestamp_ms = sqlite3_column_int64(statement, COLUMN_TIMESTAMP);
    row->len[0] = add_id(text, statement);
    for (int i = 1; i < TEXTS; i++) {
        const void *data = sqlite3_column_blob(statement, COLUMN_ID + i);
        row->len[i] = (size_t)sqlite3_column_bytes(statement, COLUMN_ID + i);
        bytes_add(text, data, row->len[i]);
    }
}

static struct span take(const uint8_t **at, size_t len)
{
    struct span s = {*at, len};
    *at += len;
    return s;
}

static struct message_page *build(const struct row *rows, size_t count, struct span room,
                                  struct span text)
{
    struct message_page *page =
        xmalloc(sizeof *page + count * sizeof page->messages[0] + room.len + text.len);
    uint8_t *memory = (uint8_t *)&page->messages[count];
    const uint8_t *at = memory + room.len;

    page->count = count;
    if (room.len > 0) {
        memcpy(memory, room.data, room.len);
    }
    if (text.len > 0) {
        memcpy(memory + room.len, text.data, text.len);
    }
    for (size_t i = 0; i < count; i++) {
        struct message *m = &page->messages[i];
        *m = (struct message){.offset = rows[i].offset};
        m->timestamp_ms = rows[i].timestamp_ms;
        m->room = span_of(memory, room.len);
        m->id = take(&at, rows[i].len[0]);
        m->user_id = take(&at, rows[i].len[1]);
        m->username = take(&at, rows[i].len[2]);
        m->content = take(&at, rows[i].len[3]);
        m->type = take(&at, rows[i].len[4]);
    }
    return page;
}

int sqlite_page_read(sqlite3_stmt *statement, struct store_history *request)
{
    struct row *rows = xmalloc(request->limit * sizeof *rows);
    struct bytes text = {0};
    size_t count = 0;
    int result;

    sqlite_bind_text(statement, 1, request->room);
    sqlite_bind_u64(statement, 2, request->before == 0 ? INT64_MAX : request->before);
    sqlite_bind_u64(statement, 3, request->limit);
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        add_row(&text, statement, &rows[count++]);
        if (request->bytes_max != 0 && text.len >= request->bytes_max) {
            result = SQLITE_DONE;
            break;
        }
    }
    (void)sqlite3_reset(statement);
    if (result == SQLITE_DONE) {
        request->page = build(rows, count, request->room, bytes_span(&text));
        result = SQLITE_OK;
    }
    bytes_finish(&text);
    free(rows);
    return result;
}
