// SPDX-License-Identifier: MIT
#include "src/auth/auth.h"

#include <semaphore.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/base/memory.h"
#include "tests/support/tap.h"
#include "tests/support/thread_executor.h"
#include "tests/unit/auth/key_server.h"
#include "tests/unit/auth/tokens.h"

#define NOW_MS INT64_C(1700000000000)

static struct auth_claims claims;

static struct auth *open_with(struct auth_options options)
{
    struct bytes why = {0};

    options.cost = (struct password_cost){1, 8192};
    struct auth *auth = auth_open(&options, &why);
    check(auth != NULL);
    check(why.len == 0);
    bytes_finish(&why);
    return auth;
}

static void issue(const struct auth *auth, int64_t expires_ms, struct bytes *token)
{
    struct auth_claims some = {.expires_ms = expires_ms};

    bytes_clear(token);
    check(auth_text_set(&some.user_id, SPAN("u1")));
    check(auth_issue(auth, &some, NOW_MS, token) == 0);
}

static void checks_what_it_issued(void)
{
    struct auth *auth = open_with((struct auth_options){.secret = SPAN("devsecret")});
    struct bytes token = {0};

    check(!auth_secret_is_random(auth));
    issue(auth, 0, &token);
    check(auth_check(auth, bytes_span(&token), NOW_MS, &claims) == 0);
    check(span_eq(auth_text_span(&claims.user_id), SPAN("u1")));
    check(claims.expires_ms == NOW_MS + INT64_C(7) * 86400 * 1000);
    issue(auth, NOW_MS + 5000, &token);
    check(auth_check(auth, bytes_span(&token), NOW_MS + 4999, &claims) == 0);
    check(auth_check(auth, bytes_span(&token), NOW_MS + 5000, &claims) == TOKEN_EEXPIRED);
    bytes_finish(&token);
    auth_close(auth);
}

static void checks_its_own_tokens_by_the_rules_for_all(void)
{
    struct auth_options options = {.secret = SPAN("devsecret"), .expires_s = 60, .leeway_s = 2};
    struct auth *plain = open_with(options);
    options.issuer = "rookery";
    options.audience = "chat";
    struct auth *picky = open_with(options);
    struct bytes token = {0};

    issue(picky, 0, &token);
    check(auth_check(picky, bytes_span(&token), NOW_MS, &claims) == 0);
    check(claims.expires_ms == NOW_MS + 62000);
    issue(plain, 0, &token);
    check(auth_check(picky, bytes_span(&token), NOW_MS, &claims) == TOKEN_EISSUER);
    bytes_finish(&token);
    auth_close(plain);
    auth_close(picky);
}

static void makes_a_secret_of_its_own_if_there_is_none(void)
{
    struct auth *a = open_with((struct auth_options){0});
    struct auth *b = open_with((struct auth_options){0});
    struct bytes token = {0};

    check(auth_secret_is_random(a) && auth_secret_is_random(b));
    issue(a, 0, &token);
    check(auth_check(a, bytes_span(&token), NOW_MS, &claims) == 0);
    check(auth_check(b, bytes_span(&token), NOW_MS, &claims) == TOKEN_ESIGNATURE);
    check(auth_check(a, SPAN(TOKENS_RS256_R1), NOW_MS, &claims) == TOKEN_EALGORITHM);
    bytes_finish(&token);
    auth_close(a);
    auth_close(b);
}

static void tells_a_secret_of_the_node_from_one_that_all_nodes_have(void)
{
    const struct span secret = SPAN("one that is long enough for HS256");
    struct auth *own = open_with((struct auth_options){.secret = secret, .secret_is_own = true});
    struct auth *after_a_restart =
        open_with((struct auth_options){.secret = secret, .secret_is_own = true});
    struct bytes token = {0};

    check(auth_secret_is_random(own));
    issue(own, 0, &token);
    check(auth_check(after_a_restart, bytes_span(&token), NOW_MS, &claims) == 0);
    bytes_finish(&token);
    auth_close(own);
    auth_close(after_a_restart);
}

static void learns_a_new_key_because_a_token_names_it(void)
{
    struct key_server server;
    struct bytes token = {0};

    key_server_start(&server);
    key_server_answer(&server, "200 OK", TOKENS_KEYS);
    struct auth *auth = open_with((struct auth_options){
        .jwks_url = server.url, .jwks_refresh_ms = 3600000, .jwks_retry_ms = 1});
    check(auth_check(auth, SPAN(TOKENS_RS256_R1), NOW_MS, &claims) == 0);
    check(auth_check(auth, SPAN(TOKENS_ES256_E1), NOW_MS, &claims) == 0);
    key_server_answer(&server, "200 OK", TOKENS_KEYS_OF_TWO);
    check(auth_check(auth, SPAN(TOKENS_RS256_R2), NOW_MS, &claims) == TOKEN_EKEY);
    while (auth_check(auth, SPAN(TOKENS_RS256_R2), NOW_MS, &claims) == TOKEN_EKEY) {
        (void)usleep(1000);
    }
    check(auth_check(auth, SPAN(TOKENS_RS256_R2), NOW_MS, &claims) == 0);
    issue(auth, 0, &token);
    check(auth_check(auth, bytes_span(&token), NOW_MS, &claims) == 0);
    bytes_finish(&token);
    auth_close(auth);
    key_server_stop(&server);
}

struct login {
    struct password_request request;
    struct auth *auth;
    struct executor *executor;
    struct span password, stored;
    sem_t ended;
};

static void on_done(struct password_request *request)
{
    (void)sem_post(&container_of(request, struct login, request)->ended);
}

static void start_hash(void *arg)
{
    struct login *l = arg;
    check(auth_hash_password(l->auth, l->executor, &l->request, l->password) == 0);
}

static void start_verify(void *arg)
{
    struct login *l = arg;
    check(auth_verify_password(l->auth, l->executor, &l->request, l->password, l->stored) == 0);
}

static void run(struct thread_executor *loop, void (*start)(void *arg), struct login *login)
{
    thread_executor_run(loop, start, login);
    while (sem_wait(&login->ended) != 0) {
    }
}

static void registers_and_logs_in(void)
{
    struct thread_executor loop;
    char stored[PASSWORD_HASH_MAX + 1];
    struct login login = {.request = {.on_done = on_done}, .password = SPAN("pw")};

    thread_executor_start(&loop, 0);
    (void)sem_init(&login.ended, 0, 0);
    login.auth = open_with((struct auth_options){.threads = 1, .waiting_max = 4});
    login.executor = &loop.executor;
    run(&loop, start_hash, &login);
    check(login.request.error == 0);
    memcpy(stored, login.request.hash, sizeof stored);
    login.stored = span_cstr(stored);
    run(&loop, start_verify, &login);
    check(login.request.matches);
    login.password = SPAN("PW");
    run(&loop, start_verify, &login);
    check(!login.request.matches && login.request.error == 0);
    auth_close(login.auth);
    thread_executor_stop(&loop);
}

static void says_why_it_cannot_be_opened(void)
{
    struct bytes why = {0};

    check(auth_open(&(struct auth_options){.jwks_file = "/nonexistent/keys"}, &why) == NULL);
    check(span_starts(bytes_span(&why), SPAN("/nonexistent/keys: ")));
    check(auth_open(&(struct auth_options){.jwks_file = "a", .jwks_url = "b"}, &why) == NULL);
    check(span_starts(bytes_span(&why), SPAN("a JWKS can be")));
    check(auth_open(&(struct auth_options){.cost = {.memory_bytes = 1}}, &why) == NULL);
    check(span_starts(bytes_span(&why), SPAN("passwords can be")));
    bytes_finish(&why);
}

int main(void)
{
    if (setenv("no_proxy", "*", 1) != 0) {
        return 1;
    }
    RUN(checks_what_it_issued);
    RUN(checks_its_own_tokens_by_the_rules_for_all);
    RUN(makes_a_secret_of_its_own_if_there_is_none);
    RUN(tells_a_secret_of_the_node_from_one_that_all_nodes_have);
    RUN(learns_a_new_key_because_a_token_names_it);
    RUN(registers_and_logs_in);
    RUN(says_why_it_cannot_be_opened);
    return tap_done();
}
