/* A journal that follows a log, as far as whoever asks for places can see: a test says how far the
 * log has been told.
 *
 * Threads: any. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_SUPPORT_FOLLOWING_FAKE_H
#define TESTS_SUPPORT_FOLLOWING_FAKE_H

#include <stdatomic.h>

#include "src/journal/journal.h"

enum { FOLLOWING_PARTITIONS = 4 };

/* A room lies in the partition that its last digit says. */
struct following_fake {
    struct journal journal;
    atomic_uint_fast64_t places[FOLLOWING_PARTITIONS];
    void (*on_place)(unsigned partition); /* somebody asks; NULL: nobody is told */
};

void following_fake_init(struct following_fake *fake);

/* All records of the partition up to that place have been told. */
void following_fake_tell(struct following_fake *fake, unsigned partition, uint64_t place);

#endif
