// SPDX-License-Identifier: MIT
/* What store.h promises of the logs of journals (adopt, mark, positions), asked of every store. */
#include <pthread.h>

#include "tests/contract/store_fixture.h"

/* "base/position ..." by partition */
static const char *log_text(const struct store_log *log)
{
    static char text[256];
    size_t len = 0;

    text[0] = 0;
    for (unsigned i = 0; i < log->partitions; i++) {
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%d/%d", i == 0 ? "" : " ",
                                (int)log->bases[i], (int)log->positions[i]);
    }
    return text;
}

static void check_adopt(const char *name, const uint64_t *ends, unsigned partitions,
                        const char *want)
{
    struct store_log log = {.name = span_cstr(name), .partitions = partitions};

    check(adopt(store, &log, ends) == 0);
    check_str(log_text(&log), want);
}

#define ENDS(...) ((const uint64_t[]){__VA_ARGS__})

static void check_positions(const char *name, unsigned partitions, const char *want)
{
    struct store_positions r = {.log = span_cstr(name), .partitions = partitions};
    struct store_log log = {.partitions = partitions};

    for (unsigned i = 0; i < partitions; i++) {
        r.positions[i] = 99;
    }
    check(CALL(&r, STORE_POSITIONS) == 0);
    memcpy(log.positions, r.positions, sizeof log.positions);
    check_str(log_text(&log), want);
}

static void takes_all_of_a_log_into_an_empty_store(void)
{
    setup();
    check_adopt("chat", ENDS(0, 1000), 2, "0/0 0/0");
    restart();
    check_adopt("chat", ENDS(5, 1000), 2, "0/0 0/0");
    teardown();
}

static void begins_a_new_log_behind_all_that_any_room_has(void)
{
    struct message edit = message("a", "one", "2"), direct = message("d", "u1+u2", "1");

    setup();
    check(say("a", "one", "1") == 1 && say("b", "two", "1") == 1);
    edit.action = MESSAGE_EDIT;
    edit.placed = 2;
    check(put(&edit, 1) == 0 && edit.fate != MESSAGE_MISSING);
    check_adopt("chat", ENDS(7, 0), 2, "2/0 2/0");
    direct.recipient = SPAN("u2");
    direct.placed = 8;
    check(put(&direct, 1) == 0);
    check_adopt("other", ENDS(0), 1, "8/0");
    check_adopt("chat", ENDS(7, 0), 2, "2/0 2/0");
    teardown();
}

static void tells_the_same_again_and_to_partitions_that_are_added_their_own(void)
{
    struct message m = message("a", "one", "1");

    setup();
    check_adopt("chat", ENDS(5, 5), 2, "0/0 0/0");
    check(put_mark("chat", 1, 4) == 0);
    m.placed = 4;
    check(put(&m, 1) == 0);
    check_adopt("chat", ENDS(9, 9, 9), 3, "0/0 0/4 4/0");
    restart();
    check_adopt("chat", ENDS(9, 4, 9), 3, "0/0 0/4 4/0");
    check_adopt("chat", ENDS(9), 1, "0/0");
    teardown();
}

static void goes_on_behind_a_log_that_was_made_anew(void)
{
    struct message m = message("a", "one", "1");

    setup();
    check_adopt("chat", ENDS(10, 10), 2, "0/0 0/0");
    check(put_mark("chat", 0, 10) == 0 && put_mark("chat", 1, 7) == 0);
    check_adopt("chat", ENDS(3, 7), 2, "10/0 0/7");
    check_adopt("chat", ENDS(3, 7), 2, "10/0 0/7");
    check(put_mark("chat", 0, 2) == 0);
    restart();
    check_adopt("chat", ENDS(0, 8), 2, "12/0 0/7");
    m.placed = 50; /* of the first partition, which was not marked before the crash */
    check(put(&m, 1) == 0 && put_mark("chat", 0, 5) == 0);
    check_adopt("chat", ENDS(0, 8), 2, "50/0 0/7");
    teardown();
}

/* ---- two nodes that start at once ---- */

struct node {
    struct store *store;
    struct store_log log;
    int error;
    pthread_t thread;
    pthread_barrier_t *start;
};

static const uint64_t many_ends[STORE_PARTITIONS_MAX];

static void *adopt_at_once(void *arg)
{
    struct node *node = arg;

    (void)pthread_barrier_wait(node->start);
    node->error = adopt(node->store, &node->log, many_ends);
    return NULL;
}

static void run_nodes(struct node nodes[2])
{
    pthread_barrier_t start;

    (void)pthread_barrier_init(&start, NULL, 2);
    for (int i = 0; i < 2; i++) {
        nodes[i].log = (struct store_log){.name = SPAN("chat"), .partitions = STORE_PARTITIONS_MAX};
        nodes[i].start = &start;
        check(pthread_create(&nodes[i].thread, NULL, adopt_at_once, &nodes[i]) == 0);
    }
    for (int i = 0; i < 2; i++) {
        (void)pthread_join(nodes[i].thread, NULL);
        check(nodes[i].error == 0);
    }
    (void)pthread_barrier_destroy(&start);
}

static void tells_two_nodes_the_same_at_once(void)
{
    struct node nodes[2] = {{.error = 1}, {.error = 1}};
    uint64_t sum = 0;

    setup();
    check(say("a", "one", "1") == 1);
    nodes[0].store = store;
    nodes[1].store = kind->shared ? open_store() : store;
    run_nodes(nodes);
    check(memcmp(nodes[0].log.bases, nodes[1].log.bases, sizeof nodes[0].log.bases) == 0);
    for (unsigned i = 0; i < STORE_PARTITIONS_MAX; i++) {
        sum += nodes[0].log.bases[i];
    }
    check(sum == STORE_PARTITIONS_MAX);
    if (kind->shared) {
        store_close(nodes[1].store);
    }
    teardown();
}

/* ---- positions ---- */

static void moves_positions_forward_only(void)
{
    setup();
    check_adopt("chat", ENDS(9, 9, 9), 3, "0/0 0/0 0/0");
    check_adopt("other", ENDS(9), 1, "0/0");
    check(put_mark("chat", 1, 5) == 0);
    check_positions("chat", 3, "0/0 0/5 0/0");
    check(put_mark("chat", 1, 3) == 0 && put_mark("chat", 2, 1) == 0);
    check(put_mark("other", 0, 8) == 0);
    restart();
    check_positions("chat", 3, "0/0 0/5 0/1");
    check_positions("chat", 2, "0/0 0/5");
    check_positions("chat", 4, "0/0 0/5 0/1 0/0");
    check_positions("other", 1, "0/8");
    teardown();
}

static void has_no_position_of_what_was_never_adopted(void)
{
    setup();
    check_positions("chat", 2, "0/0 0/0");
    check(put_mark("chat", 0, 5) == STORE_EMISSING);
    check_adopt("chat", ENDS(9), 1, "0/0");
    check(put_mark("chat", 1, 5) == STORE_EMISSING);
    check(put_mark("cha", 0, 5) == STORE_EMISSING);
    check_positions("chat", 2, "0/0 0/0");
    teardown();
}

static void takes_no_more_partitions_than_it_promises(void)
{
    struct store_log log = {.name = SPAN("chat"), .partitions = STORE_PARTITIONS_MAX + 1};
    struct store_positions r = {.log = SPAN("chat"), .partitions = STORE_PARTITIONS_MAX + 1};

    setup();
    check(store_adopt(store, &log, many_ends) == STORE_ERANGE);
    log.partitions = 0;
    check(store_adopt(store, &log, many_ends) == STORE_ERANGE);
    check(CALL(&r, STORE_POSITIONS) == STORE_ERANGE);
    teardown();
}

static void suite(void)
{
    RUN(takes_all_of_a_log_into_an_empty_store);
    RUN(begins_a_new_log_behind_all_that_any_room_has);
    RUN(tells_the_same_again_and_to_partitions_that_are_added_their_own);
    RUN(goes_on_behind_a_log_that_was_made_anew);
    RUN(tells_two_nodes_the_same_at_once);
    RUN(moves_positions_forward_only);
    RUN(has_no_position_of_what_was_never_adopted);
    RUN(takes_no_more_partitions_than_it_promises);
}

int main(void)
{
    return ask_each_store(ALONE_AND_FAULTY, suite);
}
