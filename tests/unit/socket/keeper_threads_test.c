/* The keeper as loops that are threads use it, for TSan: each says things, lets pass what the
 * others have said, and has sessions that break and come back to the next loop. */
// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/socket/io.h"
#include "src/socket/io_loop.h"
#include "src/socket/keeper.h"
#include "src/socket/rooms.h"
#include "tests/support/tap.h"
#include "tests/support/world.h"

enum { LOOPS = 3, ROUNDS = 2000, SESSIONS = ROUNDS / 50 };

/* A session that has broken on a loop; the next loop takes it from there. */
struct broken {
    char sid[21], pid[21], offset[KEEPER_OFFSET_MAX];
    struct restoration restoration;
    bool found, restored;
};

struct worker {
    pthread_t thread;
    unsigned index;
    _Atomic(struct said *) said[ROUNDS];
    unsigned passed[LOOPS]; /* of each loop's */
    struct broken broken[SESSIONS];
    atomic_uint broken_count;
    unsigned taken, refused; /* of the loop before */
};

static struct worker workers[LOOPS];
static struct keeper *keeper;
static struct rookery_namespace *root;

static struct rookery_loop *loop_of(const struct worker *w)
{
    return &io_of(world)->loops[w->index];
}

static void say(struct worker *w, unsigned round, char offset[KEEPER_OFFSET_MAX])
{
    const struct said_form form = {TAGS_ALL, SPAN("said")};
    struct said *s = keeper_say(keeper, loop_of(w), root, NULL, span_of(NULL, 0), offset);

    keeper_said(keeper, loop_of(w), s, &form, 1);
    atomic_store(&w->said[round], s); /* with our reference */
}

/* As tasks do that were posted here. */
static bool let_pass(struct worker *w)
{
    bool all = true;

    for (unsigned i = 0; i < LOOPS; i++) {
        unsigned *next = &w->passed[i];
        struct said *s;
        while (i != w->index && *next < ROUNDS &&
               (s = atomic_load(&workers[i].said[*next])) != NULL) {
            keeper_passed(keeper, loop_of(w), s);
            (*next)++;
        }
        all &= i == w->index || *next == ROUNDS;
    }
    return all;
}

static void on_session(struct restoration *r, const struct adapter_session *session)
{
    container_of(r, struct broken, restoration)->found = true;
}

static bool on_frames(struct restoration *r, struct span frames)
{
    return frames.len == 4;
}

static void on_done(struct restoration *r, bool restored, struct rookery_str through)
{
    container_of(r, struct broken, restoration)->restored = restored;
}

static void break_one(struct worker *w, const char *offset)
{
    unsigned n = atomic_load(&w->broken_count);
    struct broken *b = &w->broken[n];

    (void)snprintf(b->sid, sizeof b->sid, "sid-of-%u-is-%08u", w->index, n);
    (void)snprintf(b->pid, sizeof b->pid, "pid-of-%u-is-%08u", w->index, n);
    (void)snprintf(b->offset, sizeof b->offset, "%s", offset);
    b->restoration = (struct restoration){
        .pid = str(b->pid),
        .offset = str(b->offset),
        .on_session = on_session,
        .on_frames = on_frames,
        .on_done = on_done,
    };
    keeper_save(keeper, loop_of(w), root,
                &(struct adapter_session){
                    .sid = str(b->sid), .pid = str(b->pid), .info_json = ROOKERY_STR("{}")});
    atomic_store(&w->broken_count, n + 1);
}

static bool take_broken(struct worker *w)
{
    struct worker *before = &workers[(w->index + LOOPS - 1) % LOOPS];

    while (w->taken < atomic_load(&before->broken_count)) {
        struct broken *b = &before->broken[w->taken];
        if (!keeper_restore(keeper, loop_of(w), root, &b->restoration)) {
            return false; /* in a later turn */
        }
        w->refused += !(b->found && b->restored);
        w->taken++;
    }
    return w->taken == SESSIONS;
}

static void *work(void *arg)
{
    struct worker *w = arg;
    char offset[KEEPER_OFFSET_MAX];
    bool all_passed = false, all_taken = false;

    for (unsigned round = 0; round < ROUNDS; round++) {
        say(w, round, offset);
        if (round % 50 == 0) {
            break_one(w, offset);
        }
        (void)let_pass(w);
        (void)take_broken(w);
    }
    while (!all_passed || !all_taken) {
        all_passed = let_pass(w);
        all_taken = take_broken(w);
    }
    return NULL;
}

static void begin(size_t bytes_max)
{
    world_options.keep_ms = 100000;
    world_options.keep_bytes_max = bytes_max;
    world_start(LOOPS);
    root = rookery_of(world, ROOKERY_STR("/"));
    keeper = io_of(world)->keeper;
    memset(workers, 0, sizeof workers);
}

static void run(void)
{
    for (unsigned i = 0; i < LOOPS; i++) {
        workers[i].index = i;
        check(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
    }
    for (unsigned i = 0; i < LOOPS; i++) {
        check(pthread_join(workers[i].thread, NULL) == 0);
    }
    for (unsigned i = 0; i < LOOPS * ROUNDS; i++) {
        said_release(workers[i / ROUNDS].said[i % ROUNDS]);
    }
}

static void restores_every_session_while_all_loops_talk(void)
{
    begin(1 << 26);
    run();
    for (unsigned i = 0; i < LOOPS; i++) {
        check(workers[i].taken == SESSIONS && workers[i].refused == 0);
    }
    check(keeper_figures(keeper).restored == (uint64_t)LOOPS * SESSIONS);
    check(keeper_figures(keeper).dropped == 0);
    world_end();
}

static void keeps_to_its_bytes_while_all_loops_talk(void)
{
    begin(20000);
    run();
    const struct keeper_figures f = keeper_figures(keeper);
    check(f.bytes <= 20000 && f.dropped > 0);
    check(f.restored + f.refused == (uint64_t)LOOPS * SESSIONS);
    world_end();
}

int main(void)
{
    RUN(restores_every_session_while_all_loops_talk);
    RUN(keeps_to_its_bytes_while_all_loops_talk);
    return tap_done();
}
