/* The search of store_postgres: from the words of a user, and of messages, to the text forms of
 * tsquery and tsvector. Words are folded by us (store_words.h), so the server's configurations,
 * extensions and locales do not matter.
 *
 * Pure; any thread. */
// SPDX-License-Identifier: MIT
#ifndef STORE_POSTGRES_QUERY_H
#define STORE_POSTGRES_QUERY_H

#include "protocol/bytes.h"

enum { POSTGRES_WORDS_BYTES_MAX = 256 << 10 }; /* of one message; further words are not found */

/* Appends a tsquery that all words of the query fulfil; the last may be a beginning if it has
 * STORE_PREFIX_BYTES_MIN bytes. False, and nothing is appended, if there is no word. */
bool postgres_query_write(struct bytes *out, struct span query);

/* Appends a tsvector of the words of a message. */
void postgres_words_write(struct bytes *out, struct span content);

#endif
