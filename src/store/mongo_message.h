/* A message as a document of the collection messages, and back.
 *
 * Any thread. */
// SPDX-License-Identifier: MIT
#ifndef STORE_MONGO_MESSAGE_H
#define STORE_MONGO_MESSAGE_H

#include <mongoc/mongoc.h>

#include "src/base/message.h"

enum { MONGO_DOCUMENT_BYTES_MAX = 16 << 20 }; /* of MongoDB */

/* The document of a message that is said; arrival: see mongo_schema.h. */
bson_t *mongo_message_write(const struct message *m, uint64_t offset, uint64_t arrival);

/* The update of one that is edited or deleted at that place; edited_ms: when it was edited just
 * before it is deleted; 0: it was not. */
bson_t *mongo_message_change(const struct message *m, uint64_t place, int64_t edited_ms);

/* Can such a document hold it? */
bool mongo_message_fits(const struct message *m);

/* Reads a document; the texts lie in it. */
void mongo_message_read(const bson_t *doc, struct message *m);

#endif
