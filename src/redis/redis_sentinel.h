/* Sentinel: asks the Sentinels of a deployment, one after the other, which server is the master of
 * that name. Asked anew whenever there is a connection to be made, which is when a master that has
 * been replaced is noticed: it disconnects its clients, or is dead.
 *
 * Threads: the executor's own. */
// SPDX-License-Identifier: MIT
#ifndef REDIS_REDIS_SENTINEL_H
#define REDIS_REDIS_SENTINEL_H

#include "src/redis/redis_conn.h"

enum { SENTINEL_TIMEOUT_MS = 1000 }; /* of each */

struct redis_sentinel {
    const struct redis_url *url;
    /* The answer, or NULL and why nobody gave one. Never inside a call. */
    void (*on_answer)(struct redis_sentinel *s, const struct redis_address *master,
                      const char *why);
    struct redis_settings settings;
    struct redis_conn conn;
    size_t next; /* the host that is asked next: the one that answered comes first next time */
    size_t left; /* hosts that have not been asked in this round; while asking */
    bool asking;
};

/* url and settings outlive it; of settings it takes how to connect. on_answer is set by the caller
 * afterwards. */
void redis_sentinel_init(struct redis_sentinel *s, const struct redis_url *url,
                         const struct redis_settings *settings);

/* Harmless while it is asking already. */
void redis_sentinel_ask(struct redis_sentinel *s);

/* Stops asking; on_answer does not come. */
void redis_sentinel_finish(struct redis_sentinel *s);

#endif
