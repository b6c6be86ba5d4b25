/* REST account: registering and logging in, for all dialects over one table of users.
 *
 *     register   is the address free? ──> hash the password (a worker) ──> add the user ──> token
 *     log in     find the user ──> compare the password (a worker) [──> hash it at the present
 *                cost ──> keep that] ──> token
 *
 * An address that nobody has costs as much as a wrong password. Addresses are trimmed and
 * lower-cased (ASCII letters).
 *
 * A voice is how a dialect talks about that. Threads: the loop of the exchange. */
// SPDX-License-Identifier: MIT
#ifndef WEB_REST_ACCOUNT_H
#define WEB_REST_ACCOUNT_H

#include "src/web/rest_call.h"

struct account_user {
    struct span id, username, email, display_name;
};

enum account_verdict {
    ACCOUNT_MISSING,  /* 400: a field is not there, or too long */
    ACCOUNT_TAKEN,    /* 400 or 409: the address or the name is another user's */
    ACCOUNT_FULL,     /* 503: there are as many users as may be */
    ACCOUNT_WRONG,    /* 401: no such user, or another password */
    ACCOUNT_FAILED,   /* 500 */
    ACCOUNT_BUSY,     /* 503: try again later */
    ACCOUNT_TOO_MANY, /* 429: likewise, since this address has tried too often */
};

struct account_voice {
    const char *error_key;
    const char *wanted_to_register; /* the texts of ACCOUNT_MISSING */
    const char *wanted_to_log_in;
    int taken_status;     /* of ACCOUNT_TAKEN */
    bool chooses_name;    /* a user has a name of his choice; else it is made of his address */
    bool token_has_email; /* beside the id; else it has the name */
    int64_t token_ms;     /* for which its tokens are good; 0: as configured */
    /* The body of a success; is_new: he has registered. */
    void (*write)(struct bytes *out, const struct account_user *user, struct span token,
                  bool is_new);
};

void account_register(struct rest_call *call, const struct account_voice *voice);
void account_login(struct rest_call *call, const struct account_voice *voice);

#endif
