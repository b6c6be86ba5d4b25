/* tcp_client.h - a blocking client for tests of servers on 127.0.0.1. What it waits for comes
 * within TCP_PATIENCE_MS or counts as never. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_SUPPORT_TCP_CLIENT_H
#define TESTS_SUPPORT_TCP_CLIENT_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TCP_PATIENCE_MS = 10000, TCP_INPUT_BYTES = 1 << 22 };

struct tcp_client {
    int fd;
    char *in; /* what has come and has not been taken; NUL-terminated */
    size_t len;
    bool closed; /* by the server, in order */
    bool reset;
};

static inline int tcp_connect(unsigned port)
{
    const struct sockaddr_in to = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) < 0) {
        (void)close(fd);
        return -1;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static inline struct tcp_client tcp_open(unsigned port)
{
    struct tcp_client c = {.fd = tcp_connect(port), .in = calloc(1, TCP_INPUT_BYTES + 1)};
    return c;
}

static inline void tcp_close(struct tcp_client *c)
{
    (void)close(c->fd);
    free(c->in);
}

/* Returns whether all of it could be written. */
static inline bool tcp_send(struct tcp_client *c, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(c->fd, bytes, n, MSG_NOSIGNAL);
        if (sent < 0) {
            return false;
        }
        bytes += sent;
        n -= (size_t)sent;
    }
    return true;
}

static inline bool tcp_say(struct tcp_client *c, const char *text)
{
    return tcp_send(c, text, strlen(text));
}

/* Reads what is there within the time; false if nothing has come, and nothing more will. */
static inline bool tcp_receive(struct tcp_client *c, int wait_ms)
{
    struct pollfd p = {.fd = c->fd, .events = POLLIN};

    if (c->closed || c->reset || c->len == TCP_INPUT_BYTES || poll(&p, 1, wait_ms) <= 0) {
        return false;
    }
    ssize_t n = recv(c->fd, c->in + c->len, TCP_INPUT_BYTES - c->len, 0);
    c->closed = n == 0;
    c->reset = n < 0;
    if (n <= 0) {
        return false;
    }
    c->len += (size_t)n;
    c->in[c->len] = '\0';
    return true;
}

/* Waits until the server has closed; c->in is all that came before. */
static inline bool tcp_wait_closed(struct tcp_client *c)
{
    while (tcp_receive(c, TCP_PATIENCE_MS)) {
    }
    return c->closed;
}

/* Nothing comes for that long, and the connection stays open. */
static inline bool tcp_is_quiet(struct tcp_client *c, int wait_ms)
{
    return c->len == 0 && !tcp_receive(c, wait_ms) && !c->closed && !c->reset;
}

static inline void tcp_take(struct tcp_client *c, size_t n)
{
    memmove(c->in, c->in + n, c->len - n + 1);
    c->len -= n;
}

/* The next answer as one string, head and body; to be freed. Empty if it does not come. The body of
 * an answer to HEAD is nothing, whatever its head says. */
static inline char *tcp_answer(struct tcp_client *c, bool to_head)
{
    for (;;) {
        const char *end = strstr(c->in, "\r\n\r\n");
        const char *length = strstr(c->in, "Content-Length: ");
        size_t n = 0;

        if (end != NULL) {
            n = (size_t)(end + 4 - c->in);
            n += length != NULL && length < end && !to_head ? strtoul(length + 16, NULL, 10) : 0;
        }
        if (end != NULL && c->len >= n) {
            char *answer = strndup(c->in, n);
            tcp_take(c, n);
            return answer;
        }
        if (!tcp_receive(c, TCP_PATIENCE_MS)) {
            return strdup("");
        }
    }
}

/* The status of the next answer, which is dropped; 0 if none comes. */
static inline int tcp_status(struct tcp_client *c)
{
    char *answer = tcp_answer(c, false);
    int status = strncmp(answer, "HTTP/1.1 ", 9) == 0 ? (int)strtol(answer + 9, NULL, 10) : 0;
    free(answer);
    return status;
}

static inline uint64_t tcp_clock_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

#endif
