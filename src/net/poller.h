/* Poller: readiness of very many descriptors for eight bytes each. An epoll instance of the loop's
 * own, which is itself one descriptor in the loop's event_base.
 *
 * A struct event takes 128 bytes of its owner and about 45 more inside libevent; of an idle
 * WebSocket connection that would be a fifth. What else libevent does for a loop it goes on doing.
 *
 * Level-triggered. Threads: the loop's. */
// SPDX-License-Identifier: MIT
#ifndef NET_POLLER_H
#define NET_POLLER_H

#include <stdbool.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "protocol/bytes.h"

/* Embedded in the owner of a descriptor. */
struct watch {
    /* Called in a turn in which the descriptor is ready. An error or a hang-up counts as readable.
     * It may close any descriptor; the owners of those that it closes live on until the end of the
     * turn, and take a call that comes for them too late. */
    void (*on_ready)(struct watch *w, bool readable, bool writable);
};

struct poller {
    int fd;
    struct event event;
    void (*on_wake)(void *arg); /* before the first on_ready of a batch */
    void *arg;
};

/* 0, or -1 with errno. */
MUST_USE int poller_init(struct poller *p, struct event_base *base, void (*on_wake)(void *arg),
                         void *arg);

/* All descriptors must be closed. */
void poller_finish(struct poller *p);

/* Watches fd for reading from now on, until it is closed. 0, or -1 with errno. */
MUST_USE int poller_add(struct poller *p, int fd, struct watch *w);

/* Watches it for writing as well, or no longer. */
void poller_want_write(struct poller *p, int fd, struct watch *w, bool wanted);

#endif
