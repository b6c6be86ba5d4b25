/* Places of store_mongo, for the tests of stores (store_place.h). */
// SPDX-License-Identifier: MIT
#ifndef TESTS_SUPPORT_STORE_PLACE_MONGO_H
#define TESTS_SUPPORT_STORE_PLACE_MONGO_H

#include "tests/support/store_place.h"

extern const struct store_place_kind store_place_mongo;

#endif
