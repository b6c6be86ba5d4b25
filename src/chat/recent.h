/* Recent: what of messages has been seen lately, where no store knows: so that what another node
 * says again after an outage, or a client through another node, is not told twice.
 *
 * A table of RECENT_MAX hashes with a secret key, in sets of which each forgets its oldest: about
 * the last thousand of a loop, 8 KiB, made at the first. Threads: the room's home. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_RECENT_H
#define CHAT_RECENT_H

#include <stdbool.h>

#include "src/base/message.h"

enum { RECENT_SETS = 128, RECENT_SET = 8, RECENT_MAX = RECENT_SETS * RECENT_SET };

struct recent;

/* Notes that this is said, edited or deleted; true if it is known already. A zeroed pointer is an
 * empty one, to be freed with free(). */
bool recent_add(struct recent **recent, const uint64_t secret[2], const struct message *m);

/* Is it known? */
bool recent_has(const struct recent *recent, const uint64_t secret[2], const struct message *m);

#endif
