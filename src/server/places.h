/* Places: folders that the daemon finds or makes. Apart from daemon.c, since <sys/stat.h> and
 * base/stats.h both want the tag `stat`. Any thread. */
// SPDX-License-Identifier: MIT
#ifndef SERVER_PLACES_H
#define SERVER_PLACES_H

#include "protocol/bytes.h"

/* The option if there is one, else the first of the two folders that has anything in it (a build
 * that could not make the page leaves an empty one), else NULL. */
const char *place_choose(const char *option, const char *built, const char *installed);

/* Makes a folder that only its owner can look into, unless it is there already (its parents must
 * be). Returns 0, or -1 with errno. */
MUST_USE int place_make(const char *folder);

#endif
