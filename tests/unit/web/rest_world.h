/* REST without connections, threads and files: a store, a chat and passwords that are kept in
 * arrays, and requests that are made of texts. Whatever the store is asked is done when the request
 * has been handled, as if a thread had done it. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_UNIT_WEB_REST_WORLD_H
#define TESTS_UNIT_WEB_REST_WORLD_H

#include "src/auth/auth.h"
#include "src/chat/dialect.h"
#include "src/store/store.h"
#include "src/web/rest.h"
#include "tests/support/fake_executor.h"

enum { REST_WORLD_MAX = 160 };

struct rest_world {
    struct fake_executor executor;
    struct rest_options options; /* what rest is made with, at the first request */
    struct rest *rest;
    struct store store;

    struct message messages[REST_WORLD_MAX]; /* of all rooms, in the order of their offsets */
    size_t message_count;
    struct store_room rooms[REST_WORLD_MAX];
    size_t room_count;
    size_t rooms_per_page; /* 0: as many as are asked for */
    struct store_user users[8];
    size_t user_count;
    struct identity people[8]; /* in every room */
    bool away[8];
    size_t people_count;
    struct store_read reads[8]; /* of every room */
    size_t read_count;
    bool people_later;            /* they are told with the store's answers, not at once */
    int store_error;              /* of every call */
    bool store_busy;              /* takes no call */
    int password_error;           /* of every request */
    bool needs_rehash;            /* what every comparison finds */
    unsigned rehashed;            /* hashes that have been replaced */
    unsigned logins_left;         /* before an address has tried too often */
    uint64_t search_next;         /* of every search */
    struct store_search searched; /* the last one */
    bool stops;                   /* rest is stopped before the first answer of the store */
    bool stopped;                 /* nothing may be asked any more */
    bool is_all;                  /* its last route is there too */

    struct store_call *calls; /* under way, newest first */
    struct chat_people_request *asked;
    struct password_request *password;

    /* The answer to the last request. */
    int status;
    char fields[1024]; /* "Name: value\n" each */
    struct bytes body;
    void *memory[256]; /* freed at the end */
    size_t memory_count;
};

struct rest_world rest_world_make(void);
void rest_world_finish(struct rest_world *w);

/* A message of the room of that name, at the next offset; content is JSON text. */
struct message *rest_world_say(struct rest_world *w, const char *room, const char *user,
                               const char *content);
void rest_world_add_room(struct rest_world *w, const char *name, const char *title, bool made);

/* target: path and query; fields: "Name: value\n" each. */
void rest_ask(struct rest_world *w, const char *method, const char *target, const char *fields,
              const char *body);
void rest_get(struct rest_world *w, const char *target);
void rest_post(struct rest_world *w, const char *target, const char *json);

/* Was that the answer? A comment with what it was if not. */
bool rest_answered(const struct rest_world *w, int status, const char *body);
bool rest_answered_with(const struct rest_world *w, int status, const char *part);
bool rest_has_field(const struct rest_world *w, const char *field);

#endif
