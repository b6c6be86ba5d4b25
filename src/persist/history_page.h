/* History page: the newest messages of a room, as the history cache keeps them here and in Redis.
 *
 *   "RHP" version upto more room count message* check
 *   message   offset changed timestamp_ms edited_ms dialect action state text*
 *   text      length bytes; all texts of struct message in their order but for the room
 *   check     digest_128 of all before it
 *
 * Numbers are varints: seven bits a byte, lowest first, the high bit tells that more follow. What
 * is broken, of another version or about another room is no page.
 *
 * Pure; any thread. */
// SPDX-License-Identifier: MIT
#ifndef PERSIST_HISTORY_PAGE_H
#define PERSIST_HISTORY_PAGE_H

#include "src/base/message.h"

enum { HISTORY_PAGE_VERSION = 1, HISTORY_PAGE_MESSAGES_MAX = 100 };

struct history_page {
    uint64_t upto; /* the place of the log that it is complete up to */
    bool more;     /* there are older ones */
    struct message_page *page;
};

/* Appends it. Of messages of that room, at most HISTORY_PAGE_MESSAGES_MAX. */
void history_page_write(struct bytes *out, struct span room, const struct history_page *page);

/* Reads one of that room into one allocation, page->page, for the caller to free(). Returns 0, or
 * -1 and leaves *page alone. */
MUST_USE int history_page_read(struct span value, struct span room, struct history_page *page);

#endif
