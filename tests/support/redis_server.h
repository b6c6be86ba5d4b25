/* Redis servers for tests: the real one, on a free port of the loopback, which keeps nothing on
 * disk unless it is told to. They die with the test. */
#ifndef TESTS_SUPPORT_REDIS_SERVER_H
#define TESTS_SUPPORT_REDIS_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

struct redis_server {
    unsigned port;
    pid_t pid; /* 0: not running */
    char folder[64];
    char config[80]; /* its file, if it has one */
};

/* Is there a redis-server to be started at all? */
bool redis_server_installed(void);

/* Gives it a configuration file, before it is started. */
void redis_server_configure(struct redis_server *s, const char *text);

/* Starts it; it takes connections a moment later. options: more arguments, NULL at the end, or
 * NULL. A server that has run before gets its old port. */
void redis_server_start(struct redis_server *s, const char *const *options);

/* Until it takes connections. */
void redis_server_wait(const struct redis_server *s);

/* As a crash would. */
void redis_server_kill(struct redis_server *s);

/* Forgets what it has on disk, while it does not run. */
void redis_server_wipe(struct redis_server *s);

/* And forgets what it had. */
void redis_server_finish(struct redis_server *s);

#endif
