// SPDX-License-Identifier: MIT
/* The stores that the contracts are asked of. A new one is a kind of place and a line here; one
 * that is not built in, or whose server is not installed, is skipped with the reason. */
#include "tests/contract/store_fixture.h"
#include "tests/support/store_place_mongo.h"
#include "tests/support/store_place_postgres.h"

const struct store_place_kind *const store_back_ends[] = {
    &store_place_sqlite,
    &store_place_mongo,
    &store_place_postgres,
};
const size_t store_back_end_count = sizeof store_back_ends / sizeof store_back_ends[0];
