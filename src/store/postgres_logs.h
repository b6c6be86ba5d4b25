/* What store_postgres has of the logs of journals, as store_ops in store.h says; each on a
 * connection that has begun. */
// SPDX-License-Identifier: MIT
#ifndef STORE_POSTGRES_LOGS_H
#define STORE_POSTGRES_LOGS_H

#include "src/store/postgres_conn.h"
#include "src/store/store.h"

/* May leave a transaction that has failed. */
MUST_USE int postgres_logs_adopt(struct postgres_conn *conn, struct store_log *log,
                                 const uint64_t *ends);
MUST_USE int postgres_logs_mark(struct postgres_conn *conn, struct span log, unsigned partition,
                                uint64_t position);

#endif
