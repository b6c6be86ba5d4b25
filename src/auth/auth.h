/* Auth: who somebody is. The one header of this layer that others need.
 *
 *     register   auth_hash_password ──(a worker)──> on_done: request->hash goes into the store
 *     log in     auth_verify_password ──(a worker)──> on_done: request->matches; then auth_issue
 *     connect    auth_check: the claims of a token, at once
 *
 * Tokens are taken if they are signed with our secret (HS256) or, where a JWKS is configured, with
 * a key in it (RS256, ES256); token.h has the rules, password.h those of passwords.
 *
 * Threads: open, close on one; everything else on any loop. auth_check costs its loop 4 us for
 * HS256, 20 for RS256, 65 for ES256; where a JWKS is configured it takes its lock (jwks.h) for a
 * moment. */
// SPDX-License-Identifier: MIT
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include "src/auth/claims.h"
#include "src/auth/password.h"

struct auth_options {
    struct span secret; /* HS256; copied. Empty: a random one, and tokens end with the process */
    bool secret_is_own; /* this node has made it, and no other has it */
    int64_t expires_s;  /* after which issued tokens expire; 0: 7 days */

    const char *jwks_file; /* at most one of the two; NULL: none. Borrowed until close */
    const char *jwks_url;
    unsigned jwks_refresh_ms; /* of the URL; 0: 300 s */
    unsigned jwks_retry_ms;   /* see jwks.h; 0: its default */

    const char *issuer; /* wanted of the tokens that are taken, said in ours; NULL: any. Borrowed */
    const char *audience; /* likewise */
    unsigned leeway_s;    /* by which the clock of an issuer may be off */

    unsigned threads;          /* for passwords; 0: 2 */
    unsigned waiting_max;      /* passwords that may wait; 0: 512 */
    struct password_cost cost; /* zeroed: libsodium's INTERACTIVE, 64 MiB a thread */

    /* Told one line about each failure to load the JWKS, on a thread of this module or the one that
     * called auth_open; may be NULL. */
    void (*on_problem)(void *arg, const char *line);
    void *on_problem_arg;
};

enum { AUTH_SECRET_SAFE_BYTES = 32 }; /* RFC 7518, section 3.2; shorter ones can be guessed */

struct auth;

/* Loads keys (see jwks_open: it may block for seconds) and starts the threads. Returns NULL and one
 * line in *why (cleared first). */
struct auth *auth_open(const struct auth_options *options, struct bytes *why);

/* Ends the password requests that wait with PASSWORD_ESTOPPED, joins the threads. Executors must
 * still take tasks; no other call may be under way or follow. NULL is harmless. */
void auth_close(struct auth *auth);

/* True if no secret was given, or one of its own: other nodes do not take our tokens. */
bool auth_secret_is_random(const struct auth *auth);

/* Appends a token with these claims. It expires at claims->expires_ms or, if that is 0, expires_s
 * after wall_ms. Returns 0, or -1 when there is no memory. */
MUST_USE int auth_issue(const struct auth *auth, const struct auth_claims *claims, int64_t wall_ms,
                        struct bytes *out);

/* Returns 0 and fills *out, or an enum token_error and leaves *out undefined. After TOKEN_EKEY the
 * keys are looked up again, so another try in a while may go well. */
MUST_USE int auth_check(struct auth *auth, struct span token, int64_t wall_ms,
                        struct auth_claims *out);

/* As password_hash and password_verify. */
MUST_USE int auth_hash_password(const struct auth *auth, struct executor *executor,
                                struct password_request *request, struct span password);
MUST_USE int auth_verify_password(const struct auth *auth, struct executor *executor,
                                  struct password_request *request, struct span password,
                                  struct span hash);

#endif
