/* What store_mongo has of journals' logs: a document for each partition, so that nodes which adopt
 * or mark at the same time do not disturb each other.
 *
 * Any thread. */
// SPDX-License-Identifier: MIT
#ifndef STORE_MONGO_LOGS_H
#define STORE_MONGO_LOGS_H

#include "src/store/mongo_db.h"

/* As store_ops. */
MUST_USE int mongo_adopt(struct mongo_db *db, struct store_log *log, const uint64_t *ends);
MUST_USE int mongo_mark(struct mongo_db *db, struct span log, unsigned partition,
                        uint64_t position);

#endif
