/* What is asked of all nodes: sockets, rooms, servers, answers to an event. */
// SPDX-License-Identifier: MIT
#include "src/socket/survey.h"

#include <stdlib.h>
#include <string.h>

#include "src/socket/local.h"
#include "tests/support/fake_adapter.h"
#include "tests/support/seen.h"
#include "tests/support/tap.h"
#include "tests/support/world.h"

static struct fake_adapter adapter;
static struct rookery_namespace *root;

static void add(const char *before, struct rookery_str s)
{
    see("%s%.*s", before, (int)s.len, s.data);
}

static void add_number(const char *before, int64_t n)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%lld", (long long)n);
    add(before, str(text));
}

static void start_alone(void)
{
    seen[0] = '\0';
    world_start(2);
    root = rookery_of(world, ROOKERY_STR("/"));
}

static void start(void)
{
    start_alone();
    fake_adapter_init(&adapter);
    io_set_adapter(io_of(world), &adapter.base);
    check_said(&adapter, "|open /");
}

static void end(void)
{
    world_end();
    fake_adapter_finish(&adapter);
}

/* The adapter is on loop 0. */
static void answer_done(int error)
{
    world_enter(0);
    adapter.inquiry->on_done(adapter.inquiry, error);
    world_settle();
}

/* ---- sockets ---- */

static void note_sockets(int error, const struct rookery_socket_info *sockets, size_t count,
                         void *arg)
{
    add_number("error ", error);
    for (size_t i = 0; i < count; i++) {
        add("|", sockets[i].request == NULL ? sockets[i].id : ROOKERY_STR("here"));
        for (size_t r = 0; r < sockets[i].room_count && sockets[i].request == NULL; r++) {
            add(",", sockets[i].rooms[r]);
        }
        add(" ", sockets[i].info_json);
        add(" ", rookery_json_member(sockets[i].handshake_json, ROOKERY_STR("query")));
    }
}

static void fetches_the_sockets_of_other_nodes(void)
{
    start();
    (void)peer_join(1, "/");
    const struct rookery_str r = ROOKERY_STR("r"), s = ROOKERY_STR("s");
    const struct rookery_target of = {.except = &r, .except_count = 1};
    rookery_fetch_sockets(root, &of, note_sockets, NULL);
    check_said(&adapter, "|sockets / except=r");
    world_settle();
    check_seen("");
    char text[] = "a b {\"x\":1} {\"query\":{\"q\":\"1\"}}";
    const struct rookery_str rooms[] = {{text, 1}, {text + 2, 1}};
    const struct rookery_socket_info info = {.id = {text, 1},
                                             .rooms = rooms,
                                             .room_count = 2,
                                             .info_json = {text + 4, 7},
                                             .handshake_json = {text + 12, 19}};
    adapter.inquiry->on_sockets(adapter.inquiry, &info, 1);
    adapter.inquiry->on_sockets(adapter.inquiry, NULL, 0);
    memset(text, 'x', sizeof text - 1);
    answer_done(0);
    check_seen("error 0|here {} {\"EIO\":\"4\",\"token\":\"a b\"}|a,a,b {\"x\":1} {\"q\":\"1\"}");
    const struct rookery_target local = {.rooms = &s, .room_count = 1, .local = true};
    rookery_fetch_sockets(root, &local, note_sockets, NULL);
    world_settle();
    check_said(&adapter, "");
    check_seen("error 0");
    end();
}

static void hands_over_what_is_known_when_others_do_not_answer(void)
{
    start();
    (void)peer_join(1, "/");
    world_enter(-1); /* by way of loop 0 */
    rookery_fetch_sockets(root, NULL, note_sockets, NULL);
    check_said(&adapter, "");
    world_enter(0);
    world_settle();
    check_said(&adapter, "|sockets /");
    answer_done(ROOKERY_ETIMEOUT);
    check_seen("error -6|here {} {\"EIO\":\"4\",\"token\":\"a b\"}");
    rookery_fetch_sockets(root, NULL, note_sockets, NULL);
    answer_done(ROOKERY_EGONE);
    check_seen("error -3|here {} {\"EIO\":\"4\",\"token\":\"a b\"}");
    end();
}

static void describes_sockets_whose_request_is_dropped(void)
{
    world_options.keep_handshake = false;
    start_alone();
    (void)peer_join(0, "/");
    rookery_fetch_sockets(root, NULL, note_sockets, NULL);
    world_settle();
    check(strncmp(seen, "error 0|", 8) == 0 && strstr(seen, " {} {}") != NULL);
    world_end();
    world_options.keep_handshake = true;
}

/* ---- rooms ---- */

static int by_bytes(const void *a, const void *b)
{
    const struct rookery_str *x = a, *y = b;
    size_t len = x->len < y->len ? x->len : y->len;
    int order = memcmp(x->data, y->data, len);
    return order != 0 ? order : (int)x->len - (int)y->len;
}

static void note_local_rooms(const struct rookery_str *names, size_t count, void *arg)
{
    struct rookery_str sorted[16];

    check(count <= 16);
    memcpy(sorted, names, count * sizeof *names);
    qsort(sorted, count, sizeof *sorted, by_bytes);
    for (size_t i = 0; i < count; i++) {
        add("|", sorted[i]);
    }
}

static void note_rooms(int error, const struct rookery_str *names, size_t count, void *arg)
{
    add_number("error ", error);
    note_local_rooms(names, count, arg);
}

static void names_all_rooms_once(void)
{
    const struct rookery_str r = ROOKERY_STR("r"), remote[] = {ROOKERY_STR("r"), ROOKERY_STR("~")};
    memcpy(world_options.id_prefix, "____", 4); /* puts them behind the "r" in order */
    start();
    struct peer *a = peer_join(0, "/"), *b = peer_join(1, "/");
    char want[160];
    int order = strcmp(a->id, b->id);
    rookery_sockets_join(root, &(struct rookery_target){.local = true}, &r, 1);
    world_settle();
    (void)fake_adapter_said(&adapter);
    world_enter(1);
    rookery_all_rooms(root, note_rooms, NULL);
    check_said(&adapter, "|rooms /");
    world_settle();
    world_enter(0);
    adapter.inquiry->on_rooms(adapter.inquiry, remote, 2);
    adapter.inquiry->on_rooms(adapter.inquiry, remote + 1, 1);
    check_seen("");
    answer_done(0);
    (void)snprintf(want, sizeof want, "error 0|%s|%s|r|~", order < 0 ? a->id : b->id,
                   order < 0 ? b->id : a->id);
    check_seen(want);
    local_rooms(root, note_local_rooms, NULL);
    check_seen("");
    world_settle();
    check_said(&adapter, "");
    (void)snprintf(want, sizeof want, "|%s|%s|r", order < 0 ? a->id : b->id,
                   order < 0 ? b->id : a->id);
    check_seen(want);
    end();
    memset(world_options.id_prefix, 0, sizeof world_options.id_prefix);
}

static void has_no_rooms_of_a_parent(void)
{
    start();
    rookery_all_rooms(rookery_of_pattern(world, "^/x$"), note_rooms, NULL);
    world_settle();
    check_said(&adapter, "");
    check_seen("error -1");
    end();
}

/* ---- servers ---- */

static void note_count(int error, uint64_t count, void *arg)
{
    add_number("error ", error);
    add_number(" count ", (int64_t)count);
}

static void counts_servers(void)
{
    start();
    rookery_server_count(root, note_count, NULL);
    check_said(&adapter, "|servers /");
    adapter.inquiry->on_count(adapter.inquiry, 3);
    answer_done(0);
    check_seen("error 0 count 3");
    rookery_server_count(root, note_count, NULL);
    answer_done(ROOKERY_EGONE);
    check_seen("error -3 count 1");
    end();
}

static void note_answers(int error, const struct rookery_args *answers, size_t count, void *arg)
{
    add_number("error ", error);
    for (size_t i = 0; i < count; i++) {
        add("|", answers[i].json);
    }
}

static const struct rookery_broadcast asking = {.timeout_ms = 70, .on_acks = note_answers};

static void emits_to_servers_and_gathers_their_answers(void)
{
    const struct rookery_args args = {.json = ROOKERY_STR("1,2")};
    const struct rookery_args answer = {.json = ROOKERY_STR("\"a\"")};
    start();
    check(rookery_server_emit(root, ROOKERY_STR("e"), &args, NULL) == 0);
    check_said(&adapter, "|emit / e(1,2)");
    answer_done(0);
    check(rookery_server_emit(root, ROOKERY_STR("e"), NULL, &asking) == 0);
    check_said(&adapter, "|emit / e() timeout=70 answers");
    adapter.inquiry->on_answer(adapter.inquiry, &answer);
    answer_done(ROOKERY_ETIMEOUT);
    check_seen("error -6|\"a\"");
    check(rookery_server_emit(root, ROOKERY_STR("e"), &(struct rookery_args){ROOKERY_STR("{")},
                              NULL) == ROOKERY_EINVAL);
    check(rookery_server_emit(rookery_of_pattern(world, "^/x$"), ROOKERY_STR("e"), NULL, NULL) ==
          ROOKERY_EINVAL);
    check_said(&adapter, "");
    end();
}

/* One that has no listener for "error" would end, if it is one of Node.js. */
static void emits_nothing_to_servers_that_is_theirs_to_emit(void)
{
    static const char *const names[] = {"connect", "connection", "new_namespace", "error"};

    start();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct rookery_str name = {names[i], strlen(names[i])};
        check(rookery_server_emit(root, name, NULL, &asking) == ROOKERY_ERESERVED);
    }
    check_said(&adapter, "");
    end();
}

static void is_answered_by_nobody_when_it_is_alone(void)
{
    start_alone();
    rookery_server_count(root, note_count, NULL);
    check_seen("");
    world_settle();
    check_seen("error 0 count 1");
    check(rookery_server_emit(root, ROOKERY_STR("e"), NULL, NULL) == 0);
    check(rookery_server_emit(root, ROOKERY_STR("e"), NULL, &asking) == 0);
    world_settle();
    check_seen("error 0");
    world_end();
}

int main(void)
{
    RUN(fetches_the_sockets_of_other_nodes);
    RUN(hands_over_what_is_known_when_others_do_not_answer);
    RUN(describes_sockets_whose_request_is_dropped);
    RUN(names_all_rooms_once);
    RUN(has_no_rooms_of_a_parent);
    RUN(counts_servers);
    RUN(emits_to_servers_and_gathers_their_answers);
    RUN(emits_nothing_to_servers_that_is_theirs_to_emit);
    RUN(is_answered_by_nobody_when_it_is_alone);
    return tap_done();
}
