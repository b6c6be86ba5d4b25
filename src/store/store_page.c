// SPDX-License-Identifier: MIT
#include "src/store/store_page.h"

#include <assert.h>
#include <stdlib.h>

#include "src/base/memory.h"

/* The texts have their lengths, and lie in the page's text from `at` on. */
struct store_page_row {
    struct message message;
    size_t at;
};

void store_page_begin(struct store_page *page, size_t max, size_t bytes_max)
{
    *page = (struct store_page){
        .rows = xmalloc((max + 1) * sizeof(struct store_page_row)),
        .max = max,
        .bytes_max = bytes_max,
    };
}

bool store_page_full(const struct store_page *page)
{
    return page->count == page->max ||
           (page->bytes_max != 0 && page->count > 0 && page->text.len >= page->bytes_max);
}

void store_page_add(struct store_page *page, const struct message *m)
{
    assert(page->count < page->max);
    struct store_page_row *row = &page->rows[page->count++];

    row->at = page->text.len;
    row->message = *m;
    for (unsigned i = 0; i < MESSAGE_TEXTS; i++) {
        bytes_add_span(&page->text, *message_text(&row->message, i));
    }
}

void store_page_reverse(struct store_page *page)
{
    for (size_t i = 0, j = page->count; i + 1 < j; i++) {
        struct store_page_row row = page->rows[i];
        page->rows[i] = page->rows[--j];
        page->rows[j] = row;
    }
}

struct message_page *store_page_end(struct store_page *page)
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
    store_page_drop(page);
    return out;
}

void store_page_drop(struct store_page *page)
{
    bytes_finish(&page->text);
    free(page->rows);
    page->rows = NULL;
}
