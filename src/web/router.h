/* Router: which action a request is for, by its method and path.
 *
 *     pattern "/active-users/:id"    a segment that begins with ':' is a parameter, one at most;
 *                                    it fits every text but an empty one
 *     path    "/active-users/a%20b/" one '/' at the end does not matter, as with Express
 *
 * A HEAD request finds the action of GET. Nothing here is decoded before it is taken apart, so an
 * encoded '/' is part of a parameter.
 *
 * Pure; any thread. */
// SPDX-License-Identifier: MIT
#ifndef WEB_ROUTER_H
#define WEB_ROUTER_H

#include "protocol/bytes.h"

struct rest_call;

/* What somebody is answered who asks for something in the wrong way. */
enum web_style {
    WEB_PLAIN, /* as the servers of the dialects: HTML by Express */
    WEB_JSON,  /* {"error"} */
    WEB_PAGE,  /* as WEB_PLAIN, and never to other origins */
};

struct web_action {
    const char *method; /* GET or POST */
    const char *pattern;
    enum web_style style;
    bool guarded; /* shows or changes what is said in rooms: needs a token where auth is required */
    void (*run)(struct rest_call *call);
};

struct web_actions {
    const struct web_action *list;
    size_t count;
};

struct web_match {
    const struct web_action *action; /* NULL: none of that method; at[...] tells the others */
    const struct web_action *other;  /* one of that path but another method, or NULL */
    struct span parameter;           /* of action, not decoded; or empty */
    char allow[32];                  /* the methods of that path: "GET, HEAD, POST" */
};

/* Does the path fit? Then *parameter is that segment, or empty where the pattern has none. */
bool router_fits(const char *pattern, struct span path, struct span *parameter);

void router_find(const struct web_actions *tables, size_t count, struct span method,
                 struct span path, struct web_match *out);

/* Appends what decodeURIComponent gives. 0, or -1 where that throws (an escape that is none, bytes
 * that are no UTF-8); what has been appended is then worth nothing. */
MUST_USE int router_decode(struct span encoded, struct bytes *out);

#endif
