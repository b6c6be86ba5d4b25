/* A redis-server of a test's own, on a free port, with its data in a folder of its own. It dies
 * with the test. */
#ifndef TESTS_SUPPORT_REDIS_PLACE_H
#define TESTS_SUPPORT_REDIS_PLACE_H

#include <stdbool.h>
#include <sys/types.h>

struct redis_place {
    unsigned port;
    pid_t pid; /* 0: it does not run */
    char dir[64];
    char url[64];
};

/* Is there a redis-server to run? */
bool redis_place_available(void);

/* Picks port and folder, starts it, and waits until it takes connections. */
void redis_place_make(struct redis_place *place);

/* kill -9. */
void redis_place_kill(struct redis_place *place);

/* Again on its port, with what it had on disk (each write is) or with nothing. */
void redis_place_start(struct redis_place *place, bool keep);

void redis_place_remove(struct redis_place *place);

#endif
