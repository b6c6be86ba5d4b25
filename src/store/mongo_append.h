/* How store_mongo appends.
 *
 *   placed      insert all, unordered; what is there already is told by the unique indexes
 *               ──> change ──> marks ──> rooms: newest
 *   unplaced    look everything up, give out the next places of the rooms, and then the same, in
 *               one transaction
 *
 * What a failure leaves:
 *   placed                       some of the batch; it comes again, and each step does nothing to
 *                                what it has been done to
 *   unplaced, in a transaction   nothing; if the answer to its commit is lost, all or nothing
 *   without transactions         (a single server) places are given out first, and may be lost;
 *                                what was inserted is taken out again as far as the server lets
 *                                it. Messages of which the sender was told that they failed may be
 *                                left, and changes. Whoever repeats them finds them
 *
 * In each case a room's `newest` is written last, and readers of its log look no further: they see
 * a beginning of what was appended, without holes. */
// SPDX-License-Identifier: MIT
#ifndef STORE_MONGO_APPEND_H
#define STORE_MONGO_APPEND_H

#include "src/store/mongo_db.h"

/* As store_ops. */
MUST_USE int mongo_append(struct mongo_db *db, struct message *const *messages, size_t count);

#endif
