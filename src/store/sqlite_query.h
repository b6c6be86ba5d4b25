/* The search of store_sqlite: from the words of a user to FTS5's syntax.
 *
 * Pure; any thread. */
// SPDX-License-Identifier: MIT
#ifndef STORE_SQLITE_QUERY_H
#define STORE_SQLITE_QUERY_H

#include "protocol/bytes.h"

/* Appends an expression that all words of the query fulfil: each is quoted, so
 * none of it is syntax, and the last may be a beginning if it has STORE_PREFIX_BYTES_MIN bytes. At
 * most STORE_WORDS_MAX words of the first STORE_QUERY_BYTES_MAX bytes count. room: the number of
 * one; 0: all. False, and nothing is appended, if there is no word. */
bool sqlite_query_write(struct bytes *out, struct span query, uint64_t room);

#endif
