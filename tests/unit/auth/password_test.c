// SPDX-License-Identifier: MIT
#include "src/auth/password.h"

#include <semaphore.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "tests/support/tap.h"
#include "tests/support/thread_executor.h"

enum { STORM = 200 };

static const struct password_cost cheap = {1, 8192}; /* tests need no strength */

static struct workers workers;
static struct passwords passwords;
static struct thread_executor loop;

struct login {
    struct password_request request;
    struct span password, stored;
    int started, done;
    sem_t ended;
};

static void on_done(struct password_request *request)
{
    struct login *login = container_of(request, struct login, request);
    login->done++;
    (void)sem_post(&login->ended);
}

static void start_hash(void *arg)
{
    struct login *login = arg;
    login->started = password_hash(&passwords, &loop.executor, &login->request, login->password);
}

static void start_verify(void *arg)
{
    struct login *login = arg;
    login->started = password_verify(&passwords, &loop.executor, &login->request, login->password,
                                     login->stored);
}

static void prepare(struct login *login, const char *password, const char *stored)
{
    memset(login, 0, sizeof *login);
    login->request.on_done = on_done;
    login->password = span_cstr(password);
    login->stored = span_cstr(stored);
    (void)sem_init(&login->ended, 0, 0);
}

static void run(struct login *login, void (*start)(void *arg))
{
    thread_executor_run(&loop, start, login);
    while (login->started == 0 && sem_wait(&login->ended) != 0) {
    }
}

static void open_pool(unsigned threads, unsigned waiting_max, struct password_cost cost)
{
    thread_executor_start(&loop, 0);
    check(workers_start(&workers, threads, waiting_max) == 0);
    check(passwords_init(&passwords, &workers, cost) == 0);
}

static void close_pool(void)
{
    workers_stop(&workers);
    thread_executor_stop(&loop);
}

static void hash_of(const char *password, char out[PASSWORD_HASH_MAX + 1])
{
    struct login login;
    prepare(&login, password, "");
    run(&login, start_hash);
    check(login.started == 0 && login.request.error == 0 && login.done == 1);
    memcpy(out, login.request.hash, sizeof login.request.hash);
}

static void verifies_what_it_hashed(void)
{
    char stored[PASSWORD_HASH_MAX + 1];
    struct login login;

    open_pool(1, 8, cheap);
    hash_of("correct horse", stored);
    check(strncmp(stored, "$argon2id$v=19$m=8,t=1,p=1$", 27) == 0);
    prepare(&login, "correct horse", stored);
    run(&login, start_verify);
    check(login.request.error == 0 && login.request.matches && !login.request.needs_rehash);
    prepare(&login, "correct horse ", stored);
    run(&login, start_verify);
    check(login.request.error == 0 && !login.request.matches);
    prepare(&login, "", stored);
    run(&login, start_verify);
    check(login.request.error == 0 && !login.request.matches);
    close_pool();
}

static void salts_each_hash(void)
{
    char a[PASSWORD_HASH_MAX + 1], b[PASSWORD_HASH_MAX + 1];

    open_pool(1, 8, cheap);
    hash_of("same", a);
    hash_of("same", b);
    check(strcmp(a, b) != 0);
    close_pool();
}

/* A vector of the reference implementation (argon2's test.c): argon2id, t=2, m=256, p=1, password
 * "password", salt "somesalt". */
static void verifies_a_hash_of_the_reference_implementation(void)
{
    static const char stored[] = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$"
                                 "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    struct login login;

    open_pool(1, 8, cheap);
    prepare(&login, "password", stored);
    run(&login, start_verify);
    check(login.request.error == 0 && login.request.matches);
    check(login.request.needs_rehash);
    close_pool();
}

static void matches_nothing_where_there_is_no_user(void)
{
    struct login login;

    open_pool(1, 8, cheap);
    prepare(&login, "", "");
    run(&login, start_verify);
    check(login.request.error == 0 && !login.request.matches && login.done == 1);
    close_pool();
}

/* The work is what the parameters say, so it is enough that these are the same. */
static void does_the_same_work_where_there_is_no_user(void)
{
    char stored[PASSWORD_HASH_MAX + 1];

    open_pool(1, 8, (struct password_cost){3, 16384});
    hash_of("x", stored);
    check(strlen(passwords.unmatched) == strlen(stored));
    check(strncmp(passwords.unmatched, stored, sizeof "$argon2id$v=19$m=16,t=3,p=1$" - 1) == 0);
    close_pool();
}

static void refuses_hashes_of_other_kinds_but_works_for_them(void)
{
    static const char *const others[] = {
        "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
        "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY",
        "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=256,t=99999,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ",
        "password",
    };

    open_pool(1, 8, cheap);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct login login;
        prepare(&login, "password", others[i]);
        run(&login, start_verify);
        check(login.started == 0 && login.done == 1);
        check(login.request.error == PASSWORD_EFORMAT && !login.request.matches);
    }
    close_pool();
}

static void refuses_a_password_that_is_too_long(void)
{
    static char text[PASSWORD_BYTES_MAX + 2];
    char stored[PASSWORD_HASH_MAX + 1];
    struct login login;

    open_pool(1, 8, cheap);
    memset(text, 'x', PASSWORD_BYTES_MAX);
    hash_of(text, stored);
    text[PASSWORD_BYTES_MAX] = 'x';
    prepare(&login, text, stored);
    run(&login, start_hash);
    check(login.started == PASSWORD_ELENGTH && login.done == 0);
    run(&login, start_verify);
    check(login.started == PASSWORD_ELENGTH && login.done == 0);
    close_pool();
}

static bool holds(const struct login *login, const char *text)
{
    return memmem(login->request.password, sizeof login->request.password, text, strlen(text)) !=
           NULL;
}

static void forgets_the_password_whatever_happens(void)
{
    char stored[PASSWORD_HASH_MAX + 1];
    struct login login;

    open_pool(1, 8, cheap);
    hash_of("secret sauce", stored);
    prepare(&login, "secret sauce", stored);
    run(&login, start_hash);
    check(!holds(&login, "secret sauce"));
    run(&login, start_verify);
    check(login.request.matches && !holds(&login, "secret sauce"));
    close_pool();
}

/* One thread that is held up, one request that may wait, one too many. */
static sem_t gate, entered;

static void work_behind_the_gate(struct worker_job *job)
{
    (void)sem_post(&entered);
    while (sem_wait(&gate) != 0) {
    }
}

static void nothing_is_done(struct worker_job *job)
{
}

static void submit_job(void *arg)
{
    check(workers_submit(&workers, &loop.executor, arg) == 0);
}

static void *open_gate_once_it_stops(void *arg)
{
    bool stopping = false;
    while (!stopping) {
        (void)pthread_mutex_lock(&workers.lock);
        stopping = workers.stopping;
        (void)pthread_mutex_unlock(&workers.lock);
    }
    (void)sem_post(&gate);
    return NULL;
}

static void says_busy_and_forgets_or_stopped_and_forgets(void)
{
    struct worker_job held = {.work = work_behind_the_gate, .on_done = nothing_is_done};
    struct login waiting, refused;
    pthread_t opener;

    open_pool(1, 1, cheap);
    (void)sem_init(&gate, 0, 0);
    (void)sem_init(&entered, 0, 0);
    thread_executor_run(&loop, submit_job, &held);
    while (sem_wait(&entered) != 0) {
    }
    prepare(&waiting, "secret sauce", "");
    thread_executor_run(&loop, start_verify, &waiting);
    check(waiting.started == 0);
    prepare(&refused, "secret sauce", "");
    run(&refused, start_verify);
    check(refused.started == PASSWORD_EBUSY && refused.done == 0);
    check(!holds(&refused, "secret sauce"));
    check(pthread_create(&opener, NULL, open_gate_once_it_stops, NULL) == 0);
    close_pool();
    (void)pthread_join(opener, NULL);
    check(waiting.done == 1 && waiting.request.error == PASSWORD_ESTOPPED);
    check(!waiting.request.matches && !holds(&waiting, "secret sauce"));
}

/* Counts the turns of a loop until all logins of a storm have ended: each turn posts the next. */
struct storm {
    struct task turn;
    struct login *logins;
    unsigned ended, turns;
    sem_t over;
};

static struct storm storm;

static void on_storm_done(struct password_request *request)
{
    check(executor_inside(&loop.executor));
    storm.ended++;
}

static void count_turn(struct task *task)
{
    storm.turns++;
    if (storm.ended == STORM) {
        (void)sem_post(&storm.over);
    } else {
        executor_post(&loop.executor, task);
    }
}

static void start_storm(void *arg)
{
    for (int i = 0; i < STORM; i++) {
        struct login *login = &storm.logins[i];
        prepare(login, "password", "");
        login->request.on_done = on_storm_done;
        start_verify(login);
        check(login->started == 0);
    }
    storm.turn.run = count_turn;
    executor_post(&loop.executor, &storm.turn);
}

/* Each login costs more than a turn by orders of magnitude; were it done on the loop there would
 * be one turn for the lot. */
static void leaves_the_loop_its_turns_in_a_storm_of_logins(void)
{
    open_pool(2, STORM, (struct password_cost){1, 1 << 20});
    storm = (struct storm){.logins = calloc(STORM, sizeof *storm.logins)};
    (void)sem_init(&storm.over, 0, 0);
    thread_executor_run(&loop, start_storm, NULL);
    while (sem_wait(&storm.over) != 0) {
    }
    close_pool();
    check(storm.ended == STORM);
    check(storm.turns > STORM);
    printf("# %d logins, %u turns meanwhile\n", STORM, storm.turns);
    free(storm.logins);
}

static void refuses_a_cost_out_of_bounds(void)
{
    struct passwords p;

    check(passwords_init(&p, &workers, (struct password_cost){1, 4096}) == -1);
    check(passwords_init(&p, &workers, (struct password_cost){1, PASSWORD_MEMORY_MAX + 1}) == -1);
    check(passwords_init(&p, &workers, (struct password_cost){PASSWORD_PASSES_MAX + 1, 8192}) ==
          -1);
    check(passwords_init(&p, &workers, (struct password_cost){0, 0}) == 0);
    check(strncmp(p.unmatched, "$argon2id$v=19$m=65536,t=2,p=1$", 31) == 0);
}

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    RUN(verifies_what_it_hashed);
    RUN(salts_each_hash);
    RUN(verifies_a_hash_of_the_reference_implementation);
    RUN(matches_nothing_where_there_is_no_user);
    RUN(does_the_same_work_where_there_is_no_user);
    RUN(refuses_hashes_of_other_kinds_but_works_for_them);
    RUN(refuses_a_password_that_is_too_long);
    RUN(forgets_the_password_whatever_happens);
    RUN(says_busy_and_forgets_or_stopped_and_forgets);
    RUN(leaves_the_loop_its_turns_in_a_storm_of_logins);
    RUN(refuses_a_cost_out_of_bounds);
    return tap_done();
}
