/* Events of other servers, and what is awaited of them. */
// SPDX-License-Identifier: MIT
#include "src/socket/local.h"

#include "src/socket/io.h"
#include "src/socket/io_loop.h"
#include "tests/support/fake_adapter.h"
#include "tests/support/seen.h"
#include "tests/support/tap.h"
#include "tests/support/world.h"

static struct rookery_namespace *root;

static void add(const char *what, struct rookery_str s)
{
    see("%s%.*s", what, (int)s.len, s.data);
}

static void start(void)
{
    seen[0] = '\0';
    world_start(2);
    root = rookery_of(world, ROOKERY_STR("/"));
}

/* ---- events ---- */

/* Replies with arg. */
static void on_event(struct rookery_namespace *nsp, const struct rookery_event *e, void *arg)
{
    check(nsp == root);
    add(e->wants_ack ? "|asked " : "|told ", e->name);
    add(" ", e->args.json);
    if (arg != NULL) {
        rookery_server_reply(e, &(struct rookery_args){.json = str(arg)});
    }
}

static void on_answer(const struct rookery_args *answer, void *arg)
{
    add("|answer ", answer == NULL ? ROOKERY_STR("none") : answer->json);
}

static char first[] = "{\"a\":[1,2]},3", second[] = "2", broken[] = "{";

static void handles_events_of_other_servers(void)
{
    const struct rookery_args args = {.json = ROOKERY_STR("1")};
    start();
    rookery_on_server_event(root, ROOKERY_STR("e"), on_event, first);
    rookery_on_server_event(root, ROOKERY_STR("e"), on_event, second);
    local_server_event(root, ROOKERY_STR("e"), &args, NULL, NULL);
    check_seen("|told e 1|told e 1");
    local_server_event(root, ROOKERY_STR("e"), NULL, on_answer, NULL);
    check_seen("|asked e |answer {\"a\":[1,2]}|asked e ");
    world_end();
}

static void answers_with_nothing_when_nobody_replies(void)
{
    start();
    rookery_on_server_event(root, ROOKERY_STR("silent"), on_event, NULL);
    rookery_on_server_event(root, ROOKERY_STR("broken"), on_event, broken);
    local_server_event(root, ROOKERY_STR("silent"), NULL, on_answer, NULL);
    check_seen("|asked silent |answer none");
    local_server_event(root, ROOKERY_STR("broken"), NULL, on_answer, NULL);
    check_seen("|asked broken |answer none");
    local_server_event(root, ROOKERY_STR("unknown"), NULL, on_answer, NULL);
    check_seen("|answer none");
    local_server_event(root, ROOKERY_STR("unknown"), NULL, NULL, NULL);
    check_seen("");
    world_end();
}

/* ---- awaiting rooms ---- */

static void on_joined(struct rookery_socket *s, void *arg)
{
    add("|joined ", str(rookery_socket_connected(s) ? "here" : "gone"));
}

static void await(struct rookery_socket *s, const struct rookery_event *e, void *arg)
{
    rookery_join(s, ROOKERY_STR("r"));
    rookery_when_joined(s, ROOKERY_STR("r"), on_joined, NULL);
}

static void waits_for_a_room_only_if_others_can_speak_there(void)
{
    start();
    rookery_on(root, ROOKERY_STR("await"), await, NULL);
    struct peer *a = peer_join(1, "/");
    peer_send(a, "2[\"await\"]");
    check_seen("|joined here");
    world_end();
}

static void waits_until_a_room_is_heard(void)
{
    static struct fake_adapter adapter;
    start();
    rookery_on(root, ROOKERY_STR("await"), await, NULL);
    fake_adapter_init(&adapter);
    io_set_adapter(io_of(world), &adapter.base);
    struct peer *a = peer_join(1, "/");
    peer_send(a, "2[\"await\"]");
    check_said(&adapter, "|open /|opened / r on 1|await / r on 1");
    check_seen("|joined here");
    adapter.keeps_waiting = true;
    peer_send(a, "2[\"await\"]");
    check_said(&adapter, "|await / r on 1");
    check_seen("");
    peer_vanish(a);
    world_settle();
    executor_post(io_of(world)->loops[1].executor, adapter.awaiting);
    check_seen("");
    world_settle();
    check_seen("|joined gone");
    world_end();
    fake_adapter_finish(&adapter);
}

int main(void)
{
    RUN(handles_events_of_other_servers);
    RUN(answers_with_nothing_when_nobody_replies);
    RUN(waits_for_a_room_only_if_others_can_speak_there);
    RUN(waits_until_a_room_is_heard);
    return tap_done();
}
