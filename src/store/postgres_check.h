/* Is a database what the statements of store_postgres need? Its tables with their columns and
 * unique indexes, and the right to read and to write them. A database that was restored in part,
 * that somebody changed, or that is another one altogether, is found at the start, and not by the
 * first message.
 *
 * One query of the catalogue, which reads no rows. */
// SPDX-License-Identifier: MIT
#ifndef STORE_POSTGRES_CHECK_H
#define STORE_POSTGRES_CHECK_H

#include "src/store/postgres_conn.h"

/* For everything, or only for reading histories, as of a replica. */
enum postgres_purpose { POSTGRES_FOR_ALL, POSTGRES_FOR_HISTORIES };

/* Looks at the database of a connection that has begun. Returns 0, or -1 and a line in conn->why
 * with the first thing that is wrong. */
MUST_USE int postgres_check(struct postgres_conn *conn, enum postgres_purpose purpose);

/* Whether it takes writes at all, in a transaction that has begun. Returns likewise. */
MUST_USE int postgres_check_writable(struct postgres_conn *conn);

#endif
