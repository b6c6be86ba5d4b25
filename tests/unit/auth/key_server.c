// SPDX-License-Identifier: MIT
#include "tests/unit/auth/key_server.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Reads a request, which has no body; 0 if the client went away before its end. */
static int read_request(int fd)
{
    char text[4096];
    size_t len = 0;

    while (len < sizeof text) {
        ssize_t n = read(fd, text + len, sizeof text - len);
        if (n <= 0) {
            return 0;
        }
        len += (size_t)n;
        if (memmem(text, len, "\r\n\r\n", 4) != NULL) {
            return 1;
        }
    }
    return 0;
}

static void wait_for_end(int fd)
{
    char byte;
    while (read(fd, &byte, 1) > 0) {
    }
}

static void write_all(int fd, const char *text)
{
    size_t len = strlen(text);

    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        if (n <= 0) {
            return;
        }
        text += n;
        len -= (size_t)n;
    }
}

static void *serve(void *arg)
{
    struct key_server *s = arg;
    int fd;

    while ((fd = accept(s->listener, NULL, NULL)) >= 0) {
        if (read_request(fd)) {
            (void)pthread_mutex_lock(&s->lock);
            char *answer = s->answer != NULL ? strdup(s->answer) : NULL;
            s->requests++;
            s->unanswered += answer == NULL;
            (void)pthread_cond_broadcast(&s->changed);
            (void)pthread_mutex_unlock(&s->lock);
            if (answer != NULL) {
                write_all(fd, answer);
            } else {
                wait_for_end(fd);
            }
            free(answer);
        }
        (void)close(fd);
    }
    return NULL;
}

void key_server_start(struct key_server *s)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof any;

    memset(s, 0, sizeof *s);
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_cond_init(&s->changed, NULL);
    s->answer = strdup("");
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(s->listener, (struct sockaddr *)&any, sizeof any) != 0 ||
        listen(s->listener, 8) != 0 ||
        getsockname(s->listener, (struct sockaddr *)&any, &len) != 0 ||
        pthread_create(&s->thread, NULL, serve, s) != 0) {
        abort();
    }
    (void)snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d/jwks.json", ntohs(any.sin_port));
}

void key_server_stop(struct key_server *s)
{
    (void)shutdown(s->listener, SHUT_RDWR); /* wakes accept */
    (void)pthread_join(s->thread, NULL);
    (void)close(s->listener);
    free(s->answer);
}

static void set_answer(struct key_server *s, char *answer)
{
    (void)pthread_mutex_lock(&s->lock);
    free(s->answer);
    s->answer = answer;
    (void)pthread_mutex_unlock(&s->lock);
}

void key_server_answer(struct key_server *s, const char *head, const char *body)
{
    char *answer = NULL;

    if (asprintf(&answer, "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", head,
                 strlen(body), body) < 0) {
        abort();
    }
    set_answer(s, answer);
}

void key_server_be_silent(struct key_server *s)
{
    set_answer(s, NULL);
}

unsigned key_server_requests(struct key_server *s)
{
    (void)pthread_mutex_lock(&s->lock);
    unsigned requests = s->requests;
    (void)pthread_mutex_unlock(&s->lock);
    return requests;
}

void key_server_wait_unanswered(struct key_server *s)
{
    (void)pthread_mutex_lock(&s->lock);
    while (s->unanswered == 0) {
        (void)pthread_cond_wait(&s->changed, &s->lock);
    }
    (void)pthread_mutex_unlock(&s->lock);
}
