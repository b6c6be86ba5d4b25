/* Places of store_postgres: databases of their own on one server, which is started when the first
 * is asked for and ends with the program; or on that of ROOKERY_TEST_POSTGRES_URL
 * ("postgresql://user@host:port"). */
// SPDX-License-Identifier: MIT
#ifndef TESTS_SUPPORT_STORE_PLACE_POSTGRES_H
#define TESTS_SUPPORT_STORE_PLACE_POSTGRES_H

#include "tests/support/service.h"
#include "tests/support/store_place.h"

extern const struct store_place_kind store_place_postgres;

/* The server, for tests that do something to it; NULL: it is not this program's. */
struct service *store_place_postgres_service(void);

/* Runs SQL in that place's database; false after a comment when it failed. *number, if not NULL, is
 * the only one that it gives. */
bool store_place_postgres_run(const struct store_place *place, const char *sql, long *number);

#endif
