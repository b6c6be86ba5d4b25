// SPDX-License-Identifier: MIT
#include "src/store/sqlite_page.h"

#include <assert.h>
#include <stdlib.h>

#include "src/base/ids.h"
#include "src/base/memory.h"

/* In the order of SQLITE_PAGE_COLUMNS; the texts are in that of message_text. */
enum {
    COLUMN_OFFSET,
    COLUMN_CHANGED,
    COLUMN_TIMESTAMP,
    COLUMN_EDITED,
    COLUMN_DIALECT,
    COLUMN_DELETED,
    COLUMN_STATE,
    COLUMN_ID,
};
_Static_assert(COLUMN_ID + MESSAGE_TEXTS == SQLITE_PAGE_COLUMN_COUNT, "one column for each text");

/* The texts have their lengths, and lie in the page's text from `at` on. */
struct sqlite_page_row {
    struct message message;
    size_t at;
};

void sqlite_page_begin(struct sqlite_page *page, size_t max, size_t bytes_max)
{
    *page = (struct sqlite_page){
        .rows = xmalloc((max + 1) * sizeof(struct sqlite_page_row)),
        .max = max,
        .bytes_max = bytes_max,
    };
}

bool sqlite_page_full(const struct sqlite_page *page)
{
    return page->count == page->max ||
           (page->bytes_max != 0 && page->count > 0 && page->text.len >= page->bytes_max);
}

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

void sqlite_page_add_row(struct sqlite_page *page, sqlite3_stmt *statement)
{
    assert(page->count < page->max);
    struct sqlite_page_row *row = &page->rows[page->count++];
    struct message *m = &row->message;

    row->at = page->text.len;
    *m = (struct message){
        .offset = (uint64_t)sqlite3_column_int64(statement, COLUMN_OFFSET),
        .changed = (uint64_t)sqlite3_column_int64(statement, COLUMN_CHANGED),
        .timestamp_ms = sqlite3_column_int64(statement, COLUMN_TIMESTAMP),
        .edited_ms = sqlite3_column_int64(statement, COLUMN_EDITED),
        .dialect = (uint8_t)sqlite3_column_int(statement, COLUMN_DIALECT),
        .action = sqlite3_column_int(statement, COLUMN_DELETED) ? MESSAGE_DELETE : MESSAGE_SAY,
        .state = (uint8_t)sqlite3_column_int(statement, COLUMN_STATE),
    };
    message_text(m, 0)->len = add_id(&page->text, statement);
    for (unsigned i = 1; i < MESSAGE_TEXTS; i++) {
        struct span text = sqlite_column(statement, COLUMN_ID + (int)i);
        message_text(m, i)->len = text.len;
        bytes_add_span(&page->text, text);
    }
}

int sqlite_page_add(struct sqlite_page *page, sqlite3_stmt *statement, bool *more)
{
    int result;

    *more = false;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        if (sqlite_page_full(page)) {
            *more = true;
            result = SQLITE_DONE;
            break;
        }
        sqlite_page_add_row(page, statement);
    }
    (void)sqlite3_reset(statement);
    return result == SQLITE_DONE ? SQLITE_OK : result;
}

void sqlite_page_reverse(struct sqlite_page *page)
{
    for (size_t i = 0, j = page->count; i + 1 < j; i++) {
        struct sqlite_page_row row = page->rows[i];
        page->rows[i] = page->rows[--j];
        page->rows[j] = row;
    }
}

static struct message_page *build(const struct sqlite_page *page)
{
    struct message_page *out =
        xmalloc(sizeof *out + page->count * sizeof out->messages[0] + page->text.len);
    uint8_t *memory = (uint8_t *)&out->messages[page->count];

    out->count = page->count;
    if (page->text.len > 0) {
        memcpy(memory, page->text.data, page->text.len);
    }
    for (size_t i = 0; i < page->count; i++) {
        const uint8_t *at = memory + page->rows[i].at;
        out->messages[i] = page->rows[i].message;
        for (unsigned j = 0; j < MESSAGE_TEXTS; j++) {
            struct span *text = message_text(&out->messages[i], j);
            text->data = at;
            at += text->len;
        }
    }
    return out;
}

int sqlite_page_end(struct sqlite_page *page, int result, struct message_page **out)
{
    *out = result == SQLITE_OK ? build(page) : NULL;
    bytes_finish(&page->text);
    free(page->rows);
    return result;
}
