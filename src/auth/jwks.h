/* JWKS: keeps the public keys of a token issuer fresh, from a file or a URL.
 *
 *     its thread:  load ─> wait ┬─ a URL's refresh_ms is over; every file_check_ms if the file
 * changed ^           ├─ a key was missing (jwks_want), no sooner than retry_ms after a load │ └─
 * retry_ms after a load that failed └───────────┘ any loop:    jwks_hold ─> key_set_find ─>
 * key_set_release
 *
 * When a load fails the set that is there stays, and on_problem is told. An issuer that changes its
 * keys usually announces them earlier than it signs with them; where it does not, the first tokens
 * of a new key are refused and make the keys be loaded, once in retry_ms however many come: nobody
 * can make us storm an issuer by inventing names of keys.
 *
 * Threads: open, close on one; hold, want on any. One lock, held for a few instructions. */
// SPDX-License-Identifier: MIT
#ifndef AUTH_JWKS_H
#define AUTH_JWKS_H

#include "src/auth/key_set.h"

struct jwks_options {
    const char *file;       /* one of the two; borrowed until close */
    const char *url;        /* http or https */
    unsigned refresh_ms;    /* of a URL; 0: 300 s */
    unsigned retry_ms;      /* 0: 30 s for a URL, 1 s for a file */
    unsigned file_check_ms; /* 0: 5 s */
    /* Told one line about each load that fails, on the thread of this module; may be NULL. */
    void (*on_problem)(void *arg, const char *line);
    void *on_problem_arg;
};

struct jwks;

/* Loads for the first time, so it blocks (for a URL at most JWKS_FETCH_MS_MAX), and starts the
 * thread. A file that cannot be used is an error; a URL that does not answer is but a problem,
 * since it may answer later. Returns NULL and one line in *why (cleared first) that names the
 * place. */
struct jwks *jwks_open(const struct jwks_options *options, struct bytes *why);

/* Stops the thread, waits for a load under way to give up (a second or so). NULL is harmless. */
void jwks_close(struct jwks *jwks);

/* The keys as they are now, perhaps none; key_set_release them. */
struct key_set *jwks_hold(struct jwks *jwks);

/* A token named a key that is not there: have a look for it soon. */
void jwks_want(struct jwks *jwks);

#endif
