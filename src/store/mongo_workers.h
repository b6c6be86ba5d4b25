/* What the threads of store_mongo do with a call. All have the store's struct mongo_db for a
 * worker, and take a client out of its pool for each call. */
// SPDX-License-Identifier: MIT
#ifndef STORE_MONGO_WORKERS_H
#define STORE_MONGO_WORKERS_H

#include "src/store/mongo_db.h"
#include "src/store/store_crew.h"

extern const struct store_crew_ops mongo_crew;

#endif
