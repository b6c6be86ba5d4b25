/* Key server: answers HTTP requests on 127.0.0.1 with what the test says, one connection after the
 * other, and counts them. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_UNIT_AUTH_KEY_SERVER_H
#define TESTS_UNIT_AUTH_KEY_SERVER_H

#include <pthread.h>

struct key_server {
    int listener;
    char url[64];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    char *answer; /* the whole answer; "" closes at once, NULL never answers */
    unsigned requests;
    unsigned unanswered;
};

void key_server_start(struct key_server *s);
void key_server_stop(struct key_server *s);

/* From now on answers so: a status line with further header lines, and a body. */
void key_server_answer(struct key_server *s, const char *head, const char *body);

/* Leaves whoever asks without an answer. */
void key_server_be_silent(struct key_server *s);

unsigned key_server_requests(struct key_server *s);

/* Waits until somebody waits for an answer that will not come. */
void key_server_wait_unanswered(struct key_server *s);

#endif
