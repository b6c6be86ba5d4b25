/* What every feed promises, whatever broker it reads; which one is in the bed it is linked with. */
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "src/journal/feed.h"
#include "tests/contract/feed_bed.h"
#include "tests/support/tap.h"

enum {
    MESSAGES_MAX = 10000,
    ROOMS = 16, /* in all partitions, and so with all readers */
    BATCH = 64,
    WAIT_MS = 50,
    PATIENCE_S = 60, /* for what must happen at some time */
};

/* What stands for the store, shared by processes. */
struct ledger {
    atomic_uint stored[MESSAGES_MAX]; /* how often, by number */
    atomic_ullong positions[FEED_BED_PARTITIONS];
    atomic_uint by_child;
};

static struct ledger *ledger;
static char ledger_path[] = "/tmp/feed-ledger-XXXXXX";
static unsigned appended; /* of this case */

/* ---- help ---- */

static time_t now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static void ledger_map(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);

    if (fd < 0 || ftruncate(fd, sizeof *ledger) < 0) {
        abort();
    }
    ledger = mmap(NULL, sizeof *ledger, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)close(fd);
    if (ledger == MAP_FAILED) {
        abort();
    }
}

static void fresh(void)
{
    feed_bed_fresh();
    memset(ledger, 0, sizeof *ledger);
    appended = 0;
}

static struct feed *open_feed(void)
{
    uint64_t positions[FEED_BED_PARTITIONS];

    for (unsigned i = 0; i < FEED_BED_PARTITIONS; i++) {
        positions[i] = atomic_load(&ledger->positions[i]);
    }
    return feed_bed_open(positions);
}

/* The messages have numbers, as their contents; a room gets every sixteenth. */
static void append(unsigned count)
{
    char room[16], id[16], number[16];

    for (unsigned end = appended + count; appended < end; appended++) {
        int room_len = snprintf(room, sizeof room, "room.%u", appended % ROOMS);
        int id_len = snprintf(id, sizeof id, "id-%u", appended);
        int len = snprintf(number, sizeof number, "%u", appended);
        feed_bed_append(&(struct message){.id = span_of(id, (size_t)id_len),
                                          .room = span_of(room, (size_t)room_len),
                                          .user_id = SPAN("ann"),
                                          .content = span_of(number, (size_t)len),
                                          .timestamp_ms = 1700000000000,
                                          .dialect = 1});
    }
}

static unsigned number_of(const struct feed_entry *e)
{
    uint64_t n = MESSAGES_MAX;

    return span_to_u64(e->message.content, MESSAGES_MAX - 1, &n) == 0 ? (unsigned)n : MESSAGES_MAX;
}

static int poll_feed(struct feed *feed, struct feed_entry *entries[BATCH])
{
    return feed->ops->poll(feed, WAIT_MS, entries, BATCH);
}

/* Polls until something comes. Returns how much, 0 after too long. */
static size_t poll_some(struct feed *feed, struct feed_entry *entries[BATCH])
{
    int count = 0;

    for (time_t until = now_s() + PATIENCE_S; count <= 0 && now_s() < until;) {
        count = poll_feed(feed, entries);
    }
    return count > 0 ? (size_t)count : 0;
}

static void store(struct feed_entry *const *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        unsigned number = number_of(entries[i]);
        if (number < MESSAGES_MAX) {
            atomic_fetch_add(&ledger->stored[number], 1);
        }
    }
    for (size_t i = 0; i < count && feed_bed_has_places; i++) {
        atomic_store(&ledger->positions[entries[i]->partition], entries[i]->position + 1);
    }
}

/* How many of the numbers below `appended` are stored. */
static unsigned stored(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < appended; i++) {
        count += atomic_load(&ledger->stored[i]) > 0;
    }
    return count;
}

/* Reads, stores and commits until all is stored that was appended. */
static bool store_all(struct feed *feed)
{
    struct feed_entry *entries[BATCH];

    for (time_t until = now_s() + PATIENCE_S; stored() < appended && now_s() < until;) {
        int count = poll_feed(feed, entries);
        if (count > 0) {
            store(entries, (size_t)count);
            (void)feed->ops->commit(feed);
        }
    }
    return stored() == appended;
}

/* ---- cases ---- */

static void what_is_appended_comes_once_and_in_the_order_of_its_room(void)
{
    enum { COUNT = 500 };
    struct feed_entry *entries[BATCH];
    unsigned next[ROOMS];
    uint64_t places[ROOMS] = {0};
    unsigned seen = 0;

    for (unsigned i = 0; i < ROOMS; i++) {
        next[i] = i;
    }
    fresh();
    struct feed *feed = open_feed();
    append(COUNT);
    while (seen < COUNT) {
        size_t count = poll_some(feed, entries);
        for (size_t i = 0; i < count; i++) {
            const struct message *m = &entries[i]->message;
            unsigned number = number_of(entries[i]), room = number % ROOMS;
            check(entries[i]->reason == NULL && number == next[room]);
            check(feed_bed_has_places ? m->placed > places[room] : m->placed == 0);
            next[room] += ROOMS;
            places[room] = m->placed;
        }
        check(feed->ops->commit(feed) == 0);
        seen += (unsigned)count;
        if (count == 0) {
            break;
        }
    }
    check(seen == COUNT);
    feed->ops->close(feed);
}

static void what_is_not_committed_comes_again_after_a_new_open(void)
{
    struct feed_entry *entries[BATCH];

    fresh();
    append(BATCH);
    struct feed *feed = open_feed();
    check(poll_some(feed, entries) > 0);
    feed->ops->close(feed);
    feed = open_feed();
    check(store_all(feed));
    feed->ops->close(feed);
}

static void what_is_committed_does_not_come_again(void)
{
    struct feed_entry *entries[BATCH];

    fresh();
    append(BATCH);
    struct feed *feed = open_feed();
    check(store_all(feed));
    feed->ops->close(feed);
    feed = open_feed();
    append(1);
    size_t count = poll_some(feed, entries);
    check(count == 1 && number_of(entries[0]) == BATCH);
    feed->ops->close(feed);
}

static void a_feed_that_is_paused_gives_nothing_and_then_all_again(void)
{
    enum { TURNS = 5 };
    struct feed_entry *entries[BATCH];

    fresh();
    append(BATCH);
    struct feed *feed = open_feed();
    check(poll_some(feed, entries) > 0);
    feed->ops->pause(feed);
    append(BATCH);
    for (int i = 0; i < TURNS; i++) {
        check(poll_feed(feed, entries) == 0);
    }
    feed->ops->resume(feed);
    check(store_all(feed));
    for (unsigned i = 0; i < appended; i++) {
        check(atomic_load(&ledger->stored[i]) == 1);
    }
    feed->ops->close(feed);
}

static void what_nobody_can_read_has_a_reason_and_is_in_nobodys_way(void)
{
    struct feed_entry *entries[BATCH];
    struct bytes value = {0}, reason = {0};
    bool rejected = false;

    fresh();
    struct feed *feed = open_feed();
    append(ROOMS);
    feed_bed_put(SPAN("{\"poison\":\xff"));
    append(ROOMS);
    for (time_t until = now_s() + PATIENCE_S;
         (!rejected || stored() < appended) && now_s() < until;) {
        int count = poll_feed(feed, entries);
        for (int i = 0; i < count; i++) {
            if (entries[i]->reason != NULL) {
                check(feed->ops->reject(feed, entries[i], entries[i]->reason) == 0);
                rejected = true;
            } else {
                store(&entries[i], 1);
            }
        }
        check(count <= 0 || feed->ops->commit(feed) == 0);
    }
    check(rejected && stored() == appended);
    check(feed_bed_take_rejected(&value, &reason));
    check(span_eq(bytes_span(&value), SPAN("{\"poison\":\xff")) && reason.len > 0);
    struct feed_figures figures;
    feed->ops->figures(feed, &figures);
    check(figures.rejected == 1 && figures.is_up);
    feed->ops->close(feed);
    bytes_finish(&value);
    bytes_finish(&reason);
}

static void what_the_store_refuses_for_good_is_rejected_as_it_was(void)
{
    struct feed_entry *entries[BATCH];
    struct bytes value = {0}, reason = {0};

    fresh();
    struct feed *feed = open_feed();
    append(1);
    check(poll_some(feed, entries) == 1);
    check(feed->ops->reject(feed, entries[0], "too odd") == 0);
    check(feed->ops->commit(feed) == 0);
    check(feed_bed_take_rejected(&value, &reason));
    check(value.len > 0 && memmem(value.data, value.len, "\"id-0\"", 6) != NULL);
    check(span_eq(bytes_span(&reason), SPAN("too odd")));
    feed->ops->close(feed);
    bytes_finish(&value);
    bytes_finish(&reason);
}

/* ---- a reader in another process ---- */

__attribute__((noreturn)) static void read_until_killed(const char *address)
{
    struct feed_entry *entries[BATCH];

    feed_bed_join(address);
    struct feed *feed = open_feed();
    for (;;) {
        int count = poll_feed(feed, entries);
        if (count > 0) {
            store(entries, (size_t)count);
            (void)feed->ops->commit(feed);
            atomic_fetch_add(&ledger->by_child, (unsigned)count);
        }
    }
}

static pid_t start_reader(void)
{
    char address[FEED_BED_ADDRESS_MAX], path[] = "/proc/self/exe";

    feed_bed_address(address);
    char *const args[] = {path, ledger_path, address, NULL};
    pid_t pid = fork();
    if (pid == 0) {
        (void)execv(path, args);
        _exit(1);
    }
    return pid;
}

static void two_readers_share_the_work_and_lose_nothing_when_one_is_killed(void)
{
    struct feed_entry *entries[BATCH];
    unsigned here = 0;

    if (!feed_bed_is_shared) {
        return;
    }
    fresh();
    struct feed *feed = open_feed();
    append(ROOMS * 4);
    check(store_all(feed));
    pid_t child = start_reader();
    for (time_t until = now_s() + PATIENCE_S;
         (here == 0 || atomic_load(&ledger->by_child) == 0) && now_s() < until;) {
        append(ROOMS);
        int count = poll_feed(feed, entries);
        if (count > 0) {
            store(entries, (size_t)count);
            (void)feed->ops->commit(feed);
            here += atomic_load(&ledger->by_child) > 0;
        }
    }
    check(here > 0 && atomic_load(&ledger->by_child) > 0);
    append(ROOMS * 20);
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    append(ROOMS * 20);
    check(store_all(feed));
    feed->ops->close(feed);
}

static void another_reader_takes_over_from_one_that_is_killed(void)
{
    if (feed_bed_is_shared) {
        return; /* seen above */
    }
    fresh();
    pid_t child = start_reader();
    for (time_t until = now_s() + PATIENCE_S;
         atomic_load(&ledger->by_child) == 0 && now_s() < until;) {
        append(ROOMS);
    }
    check(atomic_load(&ledger->by_child) > 0);
    struct feed *feed = open_feed();
    append(ROOMS * 20);
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    append(ROOMS * 20);
    check(store_all(feed));
    feed->ops->close(feed);
}

int main(int argc, char **argv)
{
    if (argc > 2) {
        ledger_map(argv[1]);
        read_until_killed(argv[2]);
    }
    const char *why_not = feed_bed_start();
    if (why_not != NULL) {
        return tap_skip(why_not);
    }
    (void)close(mkstemp(ledger_path));
    ledger_map(ledger_path);
    RUN(what_is_appended_comes_once_and_in_the_order_of_its_room);
    RUN(what_is_not_committed_comes_again_after_a_new_open);
    RUN(what_is_committed_does_not_come_again);
    RUN(a_feed_that_is_paused_gives_nothing_and_then_all_again);
    RUN(what_nobody_can_read_has_a_reason_and_is_in_nobodys_way);
    RUN(what_the_store_refuses_for_good_is_rejected_as_it_was);
    RUN(two_readers_share_the_work_and_lose_nothing_when_one_is_killed);
    RUN(another_reader_takes_over_from_one_that_is_killed);
    feed_bed_stop();
    (void)unlink(ledger_path);
    return tap_done();
}
