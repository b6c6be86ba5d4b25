/* Texts in BSON. BSON's strings are UTF-8, names and rooms any bytes: what is not UTF-8 is kept as
 * binary data, which no string equals. Their order is that of UTF-8 as bytes, and strings come
 * before all binary data: so what is listed in the order of bytes has an order key beside it, in
 * which each byte is a character (ISO 8859-1): the same text wherever it is ASCII.
 *
 * Any thread. */
// SPDX-License-Identifier: MIT
#ifndef STORE_MONGO_BSON_H
#define STORE_MONGO_BSON_H

#include <mongoc/mongoc.h>

#include "protocol/bytes.h"

void mongo_put_text(bson_t *doc, const char *key, struct span text);

/* As above, but nothing if it is empty: whoever reads it gets the same. */
void mongo_put_some(bson_t *doc, const char *key, struct span text);

/* The order key of a text. */
void mongo_put_order(bson_t *doc, const char *key, struct span text);

void mongo_put_u64(bson_t *doc, const char *key, uint64_t number);

/* Adds an item to an array that was begun, and counts. */
void mongo_put_item(bson_t *array, uint32_t *count, struct span text);

/* What a field holds: empty or 0 if it is of another type. The text lives as long as the document.
 */
struct span mongo_text(const bson_iter_t *field);
uint64_t mongo_u64(const bson_iter_t *field);

/* The same by name, also if there is no such field. */
struct span mongo_get_text(const bson_t *doc, const char *key);
uint64_t mongo_get_u64(const bson_t *doc, const char *key);
bool mongo_get_bool(const bson_t *doc, const char *key);

#endif
