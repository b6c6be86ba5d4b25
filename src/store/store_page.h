/* Store page: puts messages that a back-end reads into one allocation.
 *
 *   begin ──> add, while it is not full ──> end, or drop
 *
 * While they are gathered the texts may move, so rows hold their lengths, and `end` resolves them.
 * One thread. */
// SPDX-License-Identifier: MIT
#ifndef STORE_STORE_PAGE_H
#define STORE_STORE_PAGE_H

#include "protocol/bytes.h"
#include "src/base/message.h"

struct store_page_row;

struct store_page {
    struct store_page_row *rows;
    size_t count, max;
    size_t bytes_max; /* 0: none */
    struct bytes text;
};

/* max: of all messages that it will ever hold, also if page->max is set lower for a while. */
void store_page_begin(struct store_page *page, size_t max, size_t bytes_max);

/* Has it room for another message? */
bool store_page_full(const struct store_page *page);

/* Adds a copy of the message to a page that is not full. */
void store_page_add(struct store_page *page, const struct message *m);

/* Turns the order of the messages so far around. */
void store_page_reverse(struct store_page *page);

/* What the page holds, for the caller to free(). The page is over. */
struct message_page *store_page_end(struct store_page *page);

/* Instead of end. */
void store_page_drop(struct store_page *page);

#endif
