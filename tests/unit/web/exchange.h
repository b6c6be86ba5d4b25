/* An exchange without a connection: requests are made here, and http_respond notes the answer. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_UNIT_WEB_EXCHANGE_H
#define TESTS_UNIT_WEB_EXCHANGE_H

#include "src/net/http.h"

struct answer {
    int status;        /* 0: none yet */
    char fields[1024]; /* "Name: value\n" each */
    struct bytes body;
};

/* Asks the first route that matches, as the server would; status 0 when none does. */
struct answer ask(const struct http_route *routes, size_t count, const char *method,
                  const char *path, const char *if_none_match);

/* A field that the next request has beside If-None-Match. */
void ask_with(const char *name, const char *value);

bool answer_has(const struct answer *a, const char *field);

/* Routes collected by routes_add (a web_add_route_fn on a zeroed struct). */
struct routes {
    struct http_route list[64];
    size_t count;
};

void routes_add(void *routes, const struct http_route *route);

#endif
