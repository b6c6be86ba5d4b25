/* A server of tools/services for tests: Kafka, MongoDB's stand-in, PostgreSQL, RabbitMQ, Redis, as
 * processes on free ports of the loopback, with a folder of their own.
 *
 *     struct service kafka;
 *     if (!service_begin(&kafka, "kafka3")) { return tap_skip("Kafka is not installed"); }
 *                                            kafka.url is "127.0.0.1:p1,127.0.0.1:p2,127.0.0.1:p3"
 *     service_kill(&kafka, "kafka3-2");      a crash of one broker; "kafka3" would be all of them
 *     service_up(&kafka);                    ... which starts again, on what it had
 *     service_finish(&kafka);
 *
 * `tools/services hold` is at the other end of a socket, and ends all of it when the test's end of
 * that is closed: however the test dies, it leaves nothing behind. All calls wait until it is done.
 * They return false if it failed; why is on stderr. */
#ifndef TESTS_SUPPORT_SERVICE_H
#define TESTS_SUPPORT_SERVICE_H

#include <stdbool.h>
#include <sys/types.h>

enum { SERVICE_NAME_MAX = 32, SERVICE_TEXT_MAX = 256 };

struct service {
    char name[SERVICE_NAME_MAX];
    char url[SERVICE_TEXT_MAX];    /* kafka: host:port, by commas; others: scheme://host:port... */
    char folder[SERVICE_TEXT_MAX]; /* a folder for each node in it: pid, port, log, data */
    unsigned port;                 /* of the first node */
    pid_t holder;                  /* 0: not started */
    int fd;                        /* to its input and from its output */
};

/* Is all there that it needs? Nothing is installed for a test. */
bool service_installed(const char *name);

/* On the caller's memory, whatever is in it. After false there is nothing to finish. */
bool service_start(struct service *s, const char *name);

/* Starts what is installed, false if it is not; a program that cannot start what is there has
 * failed and ends here. */
bool service_begin(struct service *s, const char *name);

/* node: one of several ("kafka3-1"), or NULL for all. kill: SIGKILL to all of its processes, gone
 * on return. pause: SIGSTOP; what connects to it waits. */
bool service_kill(struct service *s, const char *node);
bool service_pause(struct service *s, const char *node);
bool service_resume(struct service *s, const char *node);

/* In good order, as an operator would stop it. */
bool service_down(struct service *s, const char *node);

/* Starts all that does not run, where it was: the URL stays. */
bool service_up(struct service *s);

/* Ends it, and removes what it had. Nothing happens if it did not start. */
void service_finish(struct service *s);

#endif
