// SPDX-License-Identifier: MIT
#include "src/socket/gather.h"

#include "src/socket/io.h"
#include "tests/support/tap.h"
#include "tests/support/world.h"

static struct rookery_namespace *root;

static void start(unsigned loops)
{
    world_start(loops);
    root = rookery_of(world, ROOKERY_STR("/"));
}

static char answers_seen[256];

static void note_answers(int error, const struct rookery_args *answers, size_t count, void *arg)
{
    size_t at = strlen(answers_seen);
    at += (size_t)snprintf(answers_seen + at, sizeof answers_seen - at, "%d:", error);
    for (size_t i = 0; i < count; i++) {
        at += (size_t)snprintf(answers_seen + at, sizeof answers_seen - at, "[%.*s]",
                               (int)answers[i].json.len, answers[i].json.data);
        if (answers[i].bin_count != 0) {
            at += (size_t)snprintf(answers_seen + at, sizeof answers_seen - at, "<%.*s>",
                                   (int)answers[i].bins[0].len,
                                   (const char *)answers[i].bins[0].data);
        }
    }
}

static const struct rookery_broadcast asking = {.timeout_ms = 100, .on_acks = note_answers};

static void ask(const struct rookery_target *to)
{
    check(rookery_broadcast(root, to, ROOKERY_STR("q"), NULL, &asking) == 0);
}

#define check_answers(want)                                                             \
    do {                                                                                \
        if (strcmp(answers_seen, (want)) != 0) {                                        \
            printf("# %s:%d: %s, want %s\n", __FILE__, __LINE__, answers_seen, (want)); \
            tap_case_failed = 1;                                                        \
        }                                                                               \
        answers_seen[0] = '\0';                                                         \
    } while (0)

static void gathers_the_answers_of_all_loops(void)
{
    start(3);
    struct peer *a = peer_join(0, "/"), *b = peer_join(1, "/"), *c = peer_join(1, "/");
    ask(NULL);
    world_settle();
    check_peer(a, "|420[\"q\"]");
    check_peer(c, "|420[\"q\"]");
    peer_send(c, "30[1,{}]");
    peer_send(b, "61-0[{\"_placeholder\":true,\"num\":0}]");
    peer_send_binary(b, "bin");
    world_settle();
    check_answers("");
    peer_send(a, "30[]");
    peer_send(a, "30[\"twice\"]");
    world_settle();
    check_answers("0:[1,{}][{\"_placeholder\":true,\"num\":0}]<bin>[]");
    world_advance(200);
    check_answers("");
    world_end();
}

static void gives_the_answers_that_came_when_time_is_up(void)
{
    start(2);
    struct peer *a = peer_join(0, "/"), *b = peer_join(1, "/"), *c = peer_join(1, "/");
    ask(NULL);
    world_settle();
    peer_send(b, "30[1]");
    peer_vanish(c); /* will never answer */
    world_advance(90);
    check_answers("");
    world_advance(20);
    check_answers("-6:[1]");
    peer_send(a, "30[\"late\"]");
    world_settle();
    check_answers("");
    check(peer_is_open(a));
    world_end();
}

static void waits_for_nobody_who_has_left(void)
{
    start(2);
    struct peer *a = peer_join(0, "/"), *b = peer_join(1, "/"), *c = peer_join(1, "/");
    ask(NULL);
    world_settle();
    peer_send(b, "30[1]");
    peer_vanish(c);
    world_settle();
    check_answers(""); /* a may still answer */
    peer_send(a, "1");
    world_settle();
    check_answers("-6:[1]");
    world_end();
}

static void calls_back_later_even_if_nobody_is_asked(void)
{
    start(2);
    const struct rookery_str nobody = ROOKERY_STR("nobody");
    ask(&(struct rookery_target){.rooms = &nobody, .room_count = 1});
    check_answers("");
    world_settle();
    check_answers("0:");
    world_end();
}

static void gives_up_on_answers_when_the_server_ends(void)
{
    start(2);
    struct peer *a = peer_join(0, "/"), *b = peer_join(1, "/");
    ask(NULL);
    world_settle();
    peer_send(b, "30[1]");
    check(peer_is_open(a));
    world_end();
    check_answers("-6:[1]");
}

static void asks_under_ids_that_no_loop_uses_twice(void)
{
    start(2);
    struct peer *a = peer_join(0, "/");
    for (unsigned i = 0; i < 4; i++) {
        world_enter((int)i % 2);
        ask(NULL);
    }
    world_enter(0);
    world_settle();
    check_peer(a, "|420[\"q\"]|422[\"q\"]|421[\"q\"]|423[\"q\"]");
    world_end();
    answers_seen[0] = '\0';
}

static void can_gather_for_a_thread_that_runs_no_loop(void)
{
    start(2);
    struct peer *b = peer_join(1, "/");
    world_enter(-1);
    ask(NULL);
    world_enter(0);
    world_settle();
    peer_send(b, "30[7]");
    world_settle();
    check_answers("0:[7]");
    world_end();
}

int main(void)
{
    RUN(gathers_the_answers_of_all_loops);
    RUN(gives_the_answers_that_came_when_time_is_up);
    RUN(waits_for_nobody_who_has_left);
    RUN(calls_back_later_even_if_nobody_is_asked);
    RUN(gives_up_on_answers_when_the_server_ends);
    RUN(asks_under_ids_that_no_loop_uses_twice);
    RUN(can_gather_for_a_thread_that_runs_no_loop);
    return tap_done();
}
