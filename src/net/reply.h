/* Reply: the answer that is owed to an HTTP exchange by the loop that owns a session, which need
 * not be the loop that the exchange came in on. Reading the request is free of both; answering and
 * the news that the client has gone travel as tasks.
 *
 * Ownership: made on the exchange's loop; from reply_hand_over on it is the owner's, who ends it by
 * reply_send or reply_cut, exactly once. The request's slices (r->exchange->...) may be read by the
 * owner until then.
 * Threads: as said at each function. */
// SPDX-License-Identifier: MIT
#ifndef NET_REPLY_H
#define NET_REPLY_H

#include <stdatomic.h>

#include "src/base/executor.h"
#include "src/net/http.h"

enum { REPLY_FIELDS_MAX = 16 };

struct reply_field {
    const char *name; /* a literal */
    size_t at, len;   /* its value in reply.values */
};

struct reply {
    struct http_exchange *exchange;
    struct executor *home;  /* the exchange's loop */
    struct executor *owner; /* the session's loop */
    atomic_uint refs;
    struct task task;
    struct task gone_task;
    void (*run)(struct reply *r);     /* on the owner's loop, after reply_hand_over */
    void (*on_gone)(struct reply *r); /* on the owner's loop: the client has gone; still owed */
    void *data;                       /* the owner's */
    bool done;                        /* answered; the owner's loop only */
    bool announced;                   /* the exchange had been told of before it was whole */
    int status;
    size_t field_count;
    struct reply_field fields[REPLY_FIELDS_MAX];
    struct bytes values; /* of the fields */
    struct bytes body;   /* only when it has to travel */
};

/* On the exchange's loop. Calls run(r) on the owner's loop: at once if that is the present one. */
void reply_hand_over(struct http_exchange *x, struct executor *owner, void (*run)(struct reply *r),
                     void *data);

/* On the owner's loop: adds a field to the answer. The value is copied. */
void reply_add_field(struct reply *r, const char *name, struct span value);

/* On the owner's loop: answers, and frees r. */
void reply_send(struct reply *r, int status, struct span body);

/* On the owner's loop: cuts the client's connection instead, and frees r. */
void reply_cut(struct reply *r);

#endif
