// SPDX-License-Identifier: MIT
#include "src/auth/password.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>

#include "protocol/base64.h"
#include "src/base/memory.h"

static_assert(PASSWORD_HASH_MAX + 1 == crypto_pwhash_STRBYTES, "as long as libsodium makes them");

enum { KIB = 1024, SALT_BYTES = 16, OUTPUT_BYTES = 32 };

const char *password_strerror(int error)
{
    switch ((enum password_error)error) {
    case PASSWORD_EBUSY:
        return "too many passwords are being checked";
    case PASSWORD_ESTOPPED:
        return "the server stops";
    case PASSWORD_ELENGTH:
        return "the password is too long";
    case PASSWORD_EFORMAT:
        return "the stored password is not an argon2id hash within bounds";
    case PASSWORD_EMEMORY:
        return "no memory to check the password";
    }
    return "unknown error";
}

/* A well-formed hash of nothing: salt and output are random, so that no password can be found for
 * it, and checking one costs the same as with a real hash of this cost. */
static void make_unmatched(struct passwords *passwords)
{
    uint8_t random[SALT_BYTES + OUTPUT_BYTES];
    char text[2][BASE64_ENCODED_LEN(OUTPUT_BYTES) + 1];

    randombytes_buf(random, sizeof random);
    (void)sodium_bin2base64(text[0], sizeof text[0], random, SALT_BYTES,
                            sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    (void)sodium_bin2base64(text[1], sizeof text[1], random + SALT_BYTES, OUTPUT_BYTES,
                            sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    (void)snprintf(passwords->unmatched, sizeof passwords->unmatched,
                   "$argon2id$v=19$m=%u,t=%u,p=1$%.22s$%.43s",
                   (unsigned)(passwords->cost.memory_bytes / KIB), passwords->cost.passes, text[0],
                   text[1]);
}

int passwords_init(struct passwords *passwords, struct workers *workers, struct password_cost cost)
{
    if (cost.passes == 0) {
        cost.passes = (unsigned)crypto_pwhash_OPSLIMIT_INTERACTIVE;
    }
    if (cost.memory_bytes == 0) {
        cost.memory_bytes = crypto_pwhash_MEMLIMIT_INTERACTIVE;
    }
    if (cost.passes < crypto_pwhash_OPSLIMIT_MIN || cost.passes > PASSWORD_PASSES_MAX ||
        cost.memory_bytes < crypto_pwhash_MEMLIMIT_MIN || cost.memory_bytes > PASSWORD_MEMORY_MAX) {
        return -1;
    }
    *passwords = (struct passwords){.workers = workers, .cost = cost};
    make_unmatched(passwords);
    return 0;
}

/* The bounds hold whatever the store says: it may have been filled by others. */
static bool within_bounds(const char *hash)
{
    unsigned long memory_kib, passes;
    const char *at = hash;

    if (strncmp(at, "$argon2id$v=19$m=", 17) != 0) {
        return false;
    }
    char *end;
    memory_kib = strtoul(at + 17, &end, 10);
    if (strncmp(end, ",t=", 3) != 0) {
        return false;
    }
    passes = strtoul(end + 3, &end, 10);
    return *end == ',' && memory_kib <= PASSWORD_MEMORY_MAX / KIB && passes <= PASSWORD_PASSES_MAX;
}

static void forget_password(struct password_request *request)
{
    sodium_memzero(request->password, request->password_len);
    request->password_len = 0;
}

static void hash(struct worker_job *job)
{
    struct password_request *request = container_of(job, struct password_request, job);
    struct password_cost cost = request->by->cost;

    if (crypto_pwhash_str_alg(request->hash, request->password, request->password_len, cost.passes,
                              cost.memory_bytes, crypto_pwhash_ALG_ARGON2ID13) != 0) {
        request->error = PASSWORD_EMEMORY;
    }
    forget_password(request);
}

static void verify(struct worker_job *job)
{
    struct password_request *request = container_of(job, struct password_request, job);
    struct password_cost cost = request->by->cost;

    errno = 0;
    if (crypto_pwhash_str_verify(request->hash, request->password, request->password_len) == 0) {
        request->matches = true;
        request->needs_rehash =
            crypto_pwhash_str_needs_rehash(request->hash, cost.passes, cost.memory_bytes) != 0;
    } else if (errno == ENOMEM) {
        request->error = PASSWORD_EMEMORY;
    } else if (errno != EINVAL && request->error == 0) { /* EINVAL: libsodium's "does not match" */
        request->error = PASSWORD_EFORMAT;
    }
    forget_password(request);
}

static void done(struct worker_job *job)
{
    struct password_request *request = container_of(job, struct password_request, job);

    if (job->error != 0) {
        request->error = PASSWORD_ESTOPPED;
        forget_password(request);
    }
    request->on_done(request);
}

static int submit(const struct passwords *passwords, struct executor *executor,
                  struct password_request *request, struct span password)
{
    if (password.len > PASSWORD_BYTES_MAX) {
        return PASSWORD_ELENGTH;
    }
    request->by = passwords;
    request->job.on_done = done;
    request->password_len = password.len;
    if (password.len > 0) {
        memcpy(request->password, password.data, password.len);
    }
    if (workers_submit(passwords->workers, executor, &request->job) != 0) {
        forget_password(request);
        return PASSWORD_EBUSY;
    }
    return 0;
}

int password_hash(const struct passwords *passwords, struct executor *executor,
                  struct password_request *request, struct span password)
{
    request->error = 0;
    request->matches = request->needs_rehash = false;
    request->job.work = hash;
    return submit(passwords, executor, request, password);
}

int password_verify(const struct passwords *passwords, struct executor *executor,
                    struct password_request *request, struct span password, struct span stored)
{
    request->error = 0;
    request->matches = request->needs_rehash = false;
    request->job.work = verify;
    memset(request->hash, 0, sizeof request->hash);
    if (stored.len > 0 && stored.len <= PASSWORD_HASH_MAX) {
        memcpy(request->hash, stored.data, stored.len);
    }
    if (!within_bounds(request->hash)) {
        /* A user with a hash that is no good must not be told apart by time either. */
        request->error = stored.len > 0 ? PASSWORD_EFORMAT : 0;
        memcpy(request->hash, passwords->unmatched, sizeof request->hash);
    }
    return submit(passwords, executor, request, password);
}
