/* Store words: what a search compares, for back-ends: the words of messages and of queries.
 *
 *   content  ──> text: its strings ─┐
 *   query    ──> bounded ──> next ──┴──> fold: words without case, accents and punctuation
 *
 * Pure; any thread. */
// SPDX-License-Identifier: MIT
#ifndef STORE_STORE_WORDS_H
#define STORE_STORE_WORDS_H

#include "protocol/bytes.h"

enum { STORE_WORD_BYTES_MAX = 255 }; /* of a folded one: what is longer is cut off */

/* Appends the strings of a JSON text, decoded, each with a space behind. */
void store_words_text(struct bytes *out, struct span content);

/* The first STORE_QUERY_BYTES_MAX bytes of a query, without half a character at the end. */
struct span store_words_bounded(struct span query);

/* Cuts the next word off a query, as spaces separate them; empty at the end. */
struct span store_words_next(struct span *query);

/* Appends the words of a text, each with a space behind: runs of letters and digits (Unicode's L*,
 * N* and Co), decomposed, without marks, in folded case. Returns how many. */
unsigned store_words_fold(struct bytes *out, struct span text);

#endif
