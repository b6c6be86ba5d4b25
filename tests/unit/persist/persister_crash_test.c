// SPDX-License-Identifier: MIT
/* A process that brings a log into SQLite is killed again and again, wherever it may be, and
 * another one goes on: in the end each record is there once, in its order. */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "src/base/memory.h"
#include "src/base/sound.h"
#include "src/persist/persister.h"
#include "tests/support/feed_fake.h"
#include "tests/support/store_place.h"
#include "tests/support/tap.h"

enum { RECORDS = 1500, PARTITIONS = 3, ROOMS = 6, KILLS = 20, BATCH = 5, LIFE_MAX_US = 30000 };

/* What outlives the processes; the child writes. */
struct shared {
    size_t committed;
    atomic_bool is_up;
    bool broken; /* a mark was behind what was committed */
};

static struct feed_entry entries[RECORDS];
static char ids[RECORDS][12], contents[RECORDS][12];
static const char *const rooms[ROOMS] = {"a", "b", "c", "d", "e", "f"};
static struct shared *shared;
static struct store_place place;
static uint64_t random_state = 1;

static unsigned random_below(unsigned n)
{
    random_state = random_state * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(random_state >> 33) % n;
}

static void edit(struct message *m, const struct message *said)
{
    m->action = MESSAGE_EDIT;
    m->id = said->id;
    m->said = said->placed;
}

/* Every seventh in a room edits what was said there before, where there are places to know it by
 * when it comes again. */
static void write_log(bool has_places)
{
    uint64_t positions[PARTITIONS] = {0};
    const struct message *latest[ROOMS] = {NULL};

    for (unsigned i = 0; i < RECORDS; i++) {
        unsigned room = random_below(ROOMS), partition = room % PARTITIONS;
        struct message *m = &entries[i].message;
        (void)snprintf(ids[i], sizeof ids[i], "id-%u", i);
        (void)snprintf(contents[i], sizeof contents[i], "\"%u\"", i);
        entries[i] =
            (struct feed_entry){.partition = partition, .position = positions[partition]++};
        *m = (struct message){.id = span_cstr(ids[i]),
                              .room = span_cstr(rooms[room]),
                              .user_id = SPAN("u"),
                              .username = SPAN("U"),
                              .content = span_cstr(contents[i]),
                              .type = SPAN("text"),
                              .dialect = DIALECT_REALTIME,
                              .timestamp_ms = i + 1};
        m->placed = has_places ? entries[i].position + 1 : 0;
        if (has_places && latest[room] != NULL && random_below(7) == 0) {
            edit(m, latest[room]);
        } else {
            latest[room] = m;
        }
    }
}

/* ---- the process that is killed ---- */

/* As where Kafka is read: what the store says it has of a partition is never given again. */
static void begin_at_marks(struct store *store)
{
    struct store_log log = {.name = SPAN("log"), .partitions = PARTITIONS};
    uint64_t ends[PARTITIONS] = {0};
    size_t begin = 0;

    for (size_t i = 0; i < RECORDS; i++) {
        ends[entries[i].partition]++;
    }
    if (store_adopt(store, &log, ends) != 0) {
        _exit(3);
    }
    while (begin < RECORDS && entries[begin].position < log.positions[entries[begin].partition]) {
        begin++;
    }
    /* Marked before it was committed, and placed from the beginning. */
    shared->broken |= begin < shared->committed || log.bases[0] != 0;
    shared->committed = begin;
}

static void live(bool has_places)
{
    struct feed_fake feed;
    struct store *store = store_place_open(&place, &store_sqlite);

    if (store == NULL) {
        _exit(2);
    }
    if (has_places) {
        begin_at_marks(store);
    }
    feed_fake_init(&feed, entries, RECORDS, &shared->committed);
    struct persister *p =
        persister_create(&(struct persister_options){.feed = &feed.feed,
                                                     .store = store,
                                                     .log = has_places ? SPAN("log") : SPAN(""),
                                                     .batch_max = BATCH,
                                                     .linger_ms = 1});
    atomic_store(&shared->is_up, true);
    feed_fake_wait(&feed, RECORDS);
    persister_destroy(p);
    store_close(store);
    _exit(0);
}

static void nap(long us)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = us * 1000}, NULL);
}

/* Returns what the child ended with, killed or not. */
static int run_child(bool has_places, bool is_killed)
{
    int status = -1;

    atomic_store(&shared->is_up, false);
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        live(has_places);
    }
    if (is_killed) {
        while (!atomic_load(&shared->is_up) && waitpid(child, &status, WNOHANG) == 0) {
            nap(500);
        }
        nap((long)random_below(LIFE_MAX_US));
        (void)kill(child, SIGKILL);
    }
    (void)waitpid(child, &status, 0);
    return status;
}

/* ---- what came of it ---- */

static struct thread_executor loop;

/* The latest edit of that message, or itself. */
static const struct message *newest_of(const struct message *said)
{
    const struct message *newest = said;

    for (size_t i = 0; i < RECORDS; i++) {
        const struct message *m = &entries[i].message;
        newest = m->action == MESSAGE_EDIT && span_eq(m->id, said->id) ? m : newest;
    }
    return newest;
}

static void check_message(const struct message *is, const struct message *said)
{
    const struct message *newest = newest_of(said);

    check(span_eq(is->id, said->id) && span_eq(is->content, newest->content));
    if (said->placed != 0) {
        check(is->offset == said->placed && is->changed == (newest != said ? newest->placed : 0));
    }
}

static void check_room(struct store *store, const char *room)
{
    struct store_history history = {
        .room = span_cstr(room), .from_start = true, .limit = STORE_PAGE_MAX};
    size_t at = 0;

    check(store_place_call(&loop, store, &history.call, STORE_HISTORY) == 0 && !history.more);
    size_t count = history.page == NULL ? 0 : history.page->count;
    for (size_t i = 0; i < RECORDS; i++) {
        const struct message *said = &entries[i].message;
        if (span_eq(said->room, span_cstr(room)) && said->action == MESSAGE_SAY) {
            check(at < count);
            if (at < count) {
                check_message(&history.page->messages[at++], said);
            }
        }
    }
    check(at == count);
    free(history.page);
}

static void kill_again_and_again(bool has_places)
{
    unsigned killed = 0;

    store_place_make(&place);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    write_log(has_places);
    for (unsigned i = 0; i < KILLS && shared->committed < RECORDS; i++) {
        int status = run_child(has_places, true);
        killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    }
    printf("# killed %u times, %zu of %d committed\n", killed, shared->committed, RECORDS);
    check(killed > 1);
    check(run_child(has_places, false) == 0);
    check(shared->committed == RECORDS && !shared->broken);

    thread_executor_start(&loop, 0);
    struct store *store = store_place_open(&place, &store_sqlite);
    for (unsigned i = 0; i < ROOMS; i++) {
        check_room(store, rooms[i]);
    }
    store_close(store);
    thread_executor_stop(&loop);
    (void)munmap(shared, sizeof *shared);
    store_place_remove(&place);
}

static void each_record_is_stored_once_wherever_its_process_is_killed(void)
{
    kill_again_and_again(true);
}

static void so_it_is_where_the_log_has_no_places(void)
{
    kill_again_and_again(false);
}

int main(void)
{
    RUN(each_record_is_stored_once_wherever_its_process_is_killed);
    RUN(so_it_is_where_the_log_has_no_places);
    return tap_done();
}
