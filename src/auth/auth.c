// SPDX-License-Identifier: MIT
#include "src/auth/auth.h"

#include <sodium.h>
#include <stdlib.h>

#include "src/auth/jwks.h"
#include "src/auth/token.h"
#include "src/base/memory.h"

enum {
    THREADS_DEFAULT = 2,
    WAITING_MAX_DEFAULT = 512,
    EXPIRES_S_DEFAULT = 7 * 24 * 3600,
};

struct auth {
    struct token_key secret;
    bool secret_is_random;
    struct jwks *jwks; /* NULL: none is configured */
    struct claims_rules rules;
    int64_t expires_s;
    struct workers workers;
    struct passwords passwords;
};

static int say(struct bytes *why, const char *line)
{
    bytes_clear(why);
    bytes_add_cstr(why, line);
    return -1;
}

static int open_secret(struct auth *auth, const struct auth_options *options, struct bytes *why)
{
    uint8_t random[AUTH_SECRET_SAFE_BYTES];
    struct span secret = options->secret;

    auth->secret_is_random = secret.len == 0 || options->secret_is_own;
    if (secret.len == 0) {
        randombytes_buf(random, sizeof random);
        secret = span_of(random, sizeof random);
    }
    int result = token_key_from_secret(&auth->secret, secret);
    sodium_memzero(random, sizeof random);
    return result == 0 ? 0 : say(why, "cannot take the secret: no memory");
}

static int open_jwks(struct auth *auth, const struct auth_options *options, struct bytes *why)
{
    struct jwks_options jwks = {
        .file = options->jwks_file,
        .url = options->jwks_url,
        .refresh_ms = options->jwks_refresh_ms,
        .retry_ms = options->jwks_retry_ms,
        .on_problem = options->on_problem,
        .on_problem_arg = options->on_problem_arg,
    };

    if (jwks.file == NULL && jwks.url == NULL) {
        return 0;
    }
    if (jwks.file != NULL && jwks.url != NULL) {
        return say(why, "a JWKS can be in a file or at a URL, not both");
    }
    auth->jwks = jwks_open(&jwks, why);
    return auth->jwks != NULL ? 0 : -1;
}

static int open_workers(struct auth *auth, const struct auth_options *options, struct bytes *why)
{
    unsigned threads = options->threads != 0 ? options->threads : THREADS_DEFAULT;
    unsigned waiting_max = options->waiting_max != 0 ? options->waiting_max : WAITING_MAX_DEFAULT;

    if (passwords_init(&auth->passwords, &auth->workers, options->cost) != 0) {
        return say(why, "passwords can be hashed with 1 to 16 passes over 8 KiB to 256 MiB");
    }
    if (workers_start(&auth->workers, threads, waiting_max) != 0) {
        return say(why, "cannot start the threads for passwords");
    }
    return 0;
}

struct auth *auth_open(const struct auth_options *options, struct bytes *why)
{
    struct auth *auth = xcalloc(1, sizeof *auth);

    bytes_clear(why);
    auth->expires_s = options->expires_s != 0 ? options->expires_s : EXPIRES_S_DEFAULT;
    auth->rules = (struct claims_rules){.issuer = options->issuer,
                                        .audience = options->audience,
                                        .leeway_ms = (int64_t)options->leeway_s * 1000};
    if (sodium_init() < 0) {
        (void)say(why, "libsodium finds no source of random bytes");
        goto fail;
    }
    if (open_secret(auth, options, why) != 0) {
        goto fail;
    }
    if (open_jwks(auth, options, why) != 0) {
        goto fail_secret;
    }
    if (open_workers(auth, options, why) != 0) {
        goto fail_jwks;
    }
    return auth;

fail_jwks:
    jwks_close(auth->jwks);
fail_secret:
    token_key_finish(&auth->secret);
fail:
    free(auth);
    return NULL;
}

void auth_close(struct auth *auth)
{
    if (auth == NULL) {
        return;
    }
    workers_stop(&auth->workers);
    jwks_close(auth->jwks);
    token_key_finish(&auth->secret);
    free(auth);
}

bool auth_secret_is_random(const struct auth *auth)
{
    return auth->secret_is_random;
}

int auth_issue(const struct auth *auth, const struct auth_claims *claims, int64_t wall_ms,
               struct bytes *out)
{
    int64_t now_s = wall_ms / 1000;
    int64_t expires_s =
        claims->expires_ms != 0 ? claims->expires_ms / 1000 : now_s + auth->expires_s;
    struct token_rules rules = {.secret = &auth->secret, .claims = auth->rules};

    return token_issue(&rules, claims, now_s, expires_s, out);
}

int auth_check(struct auth *auth, struct span token, int64_t wall_ms, struct auth_claims *out)
{
    struct token_rules rules = {.secret = &auth->secret, .claims = auth->rules};

    if (auth->jwks == NULL) {
        return token_check(&rules, token, wall_ms, out);
    }
    struct key_set *keys = jwks_hold(auth->jwks);
    rules.keys = keys;
    int result = token_check(&rules, token, wall_ms, out);
    key_set_release(keys);
    if (result == TOKEN_EKEY) {
        jwks_want(auth->jwks);
    }
    return result;
}

int auth_hash_password(const struct auth *auth, struct executor *executor,
                       struct password_request *request, struct span password)
{
    return password_hash(&auth->passwords, executor, request, password);
}

int auth_verify_password(const struct auth *auth, struct executor *executor,
                         struct password_request *request, struct span password, struct span hash)
{
    return password_verify(&auth->passwords, executor, request, password, hash);
}
