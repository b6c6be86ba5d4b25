/* Tuple: a JSON array whose items have their meaning by their places, as nodes of a cluster write
 * them to each other (note.h, fact.h). What is read was written by others: the first item that is
 * not as it should be ends the reading, and all that is read after it is empty.
 *
 *     tuple_begin(&t, array, &texts);
 *     id = tuple_text(&t, 1, NAME_BYTES_MAX);
 *     dialect = tuple_number(&t, DIALECT_COUNT - 1);
 *     if (!t.ok) { ... refuse ... }
 *
 * Items that are left over are ignored, so that later versions can say more.
 *
 * Texts are borrowed from the array or, if they had escapes, from *texts. Pure; any thread. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_TUPLE_H
#define CHAT_TUPLE_H

#include "protocol/json.h"

struct tuple {
    struct json_iter it;
    struct bytes *texts;
    bool ok;
};

/* Anything but an array is not ok. *texts must have room for as many bytes as the array has:
 * tuple_reserve makes it, once for all tuples of a document. */
void tuple_begin(struct tuple *t, struct json array, struct bytes *texts);
void tuple_reserve(struct bytes *texts, struct span document);

/* A string of min to max bytes of UTF-8. */
struct span tuple_text(struct tuple *t, size_t min, size_t max);

/* The JSON text of a value of one of the types (1u << enum json_type, or-ed), of at most max bytes;
 * null stands for an empty one. */
struct span tuple_json(struct tuple *t, unsigned types, size_t max);

/* A whole number of 0 to max. */
uint64_t tuple_number(struct tuple *t, uint64_t max);

/* An array, which is empty if it is none. */
struct json tuple_array(struct tuple *t);

/* ---- writing: after the '[' ---- */

void tuple_add_text(struct bytes *out, struct span utf8);
/* An empty one as null. */
void tuple_add_json(struct bytes *out, struct span json);
void tuple_add_number(struct bytes *out, uint64_t n);

#endif
