/* Passwords: argon2id (RFC 9106) by libsodium, on worker threads.
 *
 *     hash    "$argon2id$v=19$m=65536,t=2,p=1$<salt>$<hash>", at most PASSWORD_HASH_MAX characters
 *
 * A hash takes memory and time on purpose: with the defaults 64 MiB and some 70 ms. No more of them
 * run at once than there are threads, which bounds the memory: threads x memory_bytes, or x
 * PASSWORD_MEMORY_MAX if the store has hashes that were made with more.
 *
 * Who asks for a user that does not exist waits as long as for one with another password: verify
 * takes an empty hash and does the same work against one that nothing matches.
 *
 * Ownership: a request is embedded in its owner, who keeps it until on_done. It holds the only copy
 * of the password and forgets it as soon as the work is done. Other hashes (bcrypt) are not
 * accepted. Threads: hash and verify on any loop. */
// SPDX-License-Identifier: MIT
#ifndef AUTH_PASSWORD_H
#define AUTH_PASSWORD_H

#include "src/auth/workers.h"

enum {
    PASSWORD_BYTES_MAX = 1024,
    PASSWORD_HASH_MAX = 127,
    PASSWORD_MEMORY_MAX = 256 << 20, /* bytes that a stored hash may ask for */
    PASSWORD_PASSES_MAX = 16,        /* over it, likewise */
};

enum password_error {
    PASSWORD_EBUSY = -1,    /* as many wait as may: try again later */
    PASSWORD_ESTOPPED = -2, /* the server stops */
    PASSWORD_ELENGTH = -3,  /* a password of more than PASSWORD_BYTES_MAX bytes */
    PASSWORD_EFORMAT = -4,  /* what is stored is not an argon2id hash within bounds */
    PASSWORD_EMEMORY = -5,  /* the machine has no memory for it now */
};

const char *password_strerror(int error);

struct password_cost {
    unsigned passes;     /* 0: 2 */
    size_t memory_bytes; /* 0: 64 MiB */
};

/* What all requests share. */
struct passwords {
    struct workers *workers; /* borrowed */
    struct password_cost cost;
    char unmatched[PASSWORD_HASH_MAX + 1]; /* costs what a hash of ours costs */
};

struct password_request {
    void (*on_done)(struct password_request *request); /* the caller fills this */

    /* Results. */
    int error;         /* 0 or enum password_error */
    bool matches;      /* verify: it is the password */
    bool needs_rehash; /* verify: it matches, but was hashed at another cost: hash it again */
    char hash[PASSWORD_HASH_MAX + 1]; /* hash: to be stored */

    /* For the module. */
    const struct passwords *by;
    struct worker_job job;
    size_t password_len;
    char password[PASSWORD_BYTES_MAX];
};

/* libsodium must be ready (sodium_init). Returns 0, or -1 when the cost is below what libsodium or
 * beyond what the bounds above allow. */
MUST_USE int passwords_init(struct passwords *passwords, struct workers *workers,
                            struct password_cost cost);

/* Starts hashing. Returns 0, PASSWORD_EBUSY or PASSWORD_ELENGTH; then on_done is not called. */
MUST_USE int password_hash(const struct passwords *passwords, struct executor *executor,
                           struct password_request *request, struct span password);

/* Starts comparing with what password_hash made; an empty hash stands for no such user. Returns as
 * password_hash does. */
MUST_USE int password_verify(const struct passwords *passwords, struct executor *executor,
                             struct password_request *request, struct span password,
                             struct span hash);

#endif
