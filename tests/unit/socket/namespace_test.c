// SPDX-License-Identifier: MIT
#include "src/socket/namespace.h"

#include <stdlib.h>

#include "src/socket/share.h"
#include "tests/support/tap.h"
#include "tests/support/world.h"

static struct rookery_namespace *joined[8];
static unsigned joined_count, asked;
static char last_auth[64];

static void on_connection(struct rookery_socket *s, void *arg)
{
    joined[joined_count++] = rookery_socket_namespace(s);
}

static bool ask(struct rookery_str name, struct rookery_str auth_json, void *arg)
{
    asked++;
    (void)snprintf(last_auth, sizeof last_auth, "%.*s", (int)auth_json.len, auth_json.data);
    return str_is(name, arg);
}

static void start(unsigned loops)
{
    joined_count = asked = 0;
    world_start(loops);
}

static bool refused(const char *nsp)
{
    char packet[64], want[128];
    struct peer *p = peer_open(0);
    (void)snprintf(packet, sizeof packet, "0%s,", nsp);
    (void)snprintf(want, sizeof want, "|44%s,{\"message\":\"Invalid namespace\"}", nsp);
    peer_send(p, packet);
    world_turn(0);
    return strcmp(peer_got(p), want) == 0;
}

static void is_one_per_name(void)
{
    start(1);
    struct rookery_namespace *chat = rookery_of(world, ROOKERY_STR("/chat"));
    check(rookery_of(world, ROOKERY_STR("chat")) == chat);
    check(rookery_of(world, ROOKERY_STR("/")) == rookery_of(world, ROOKERY_STR("")));
    check(rookery_of(world, ROOKERY_STR("/")) != chat);
    check(str_is(rookery_namespace_name(chat), "/chat"));
    world_end();
}

static void is_made_by_the_first_parent_that_matches(void)
{
    static char special[] = "/dyn-x";
    start(1);
    struct rookery_namespace *pattern = rookery_of_pattern(world, "^/dyn-[0-9]+$");
    struct rookery_namespace *function = rookery_of_function(world, ask, special);
    struct rookery_namespace *late = rookery_of_pattern(world, "^/dyn-");
    rookery_on_connection(pattern, on_connection, NULL);
    rookery_on_connection(function, on_connection, NULL);
    struct rookery_namespace *fixed = rookery_of(world, ROOKERY_STR("/dyn-7"));
    rookery_on_connection(fixed, on_connection, NULL);
    (void)peer_join(0, "/dyn-12");
    (void)peer_join(0, "/dyn-7");
    check(asked == 0);
    (void)peer_join(0, "/dyn-x,{\"a\":1}");
    check(asked == 1 && strcmp(last_auth, "{\"a\":1}") == 0);
    (void)peer_join(0, "/dyn-y");
    check(asked == 2 && strcmp(last_auth, "{}") == 0);
    check(joined_count == 3);
    check(joined[0]->parent == pattern && str_is(rookery_namespace_name(joined[0]), "/dyn-12"));
    check(joined[1] == fixed && joined[2]->parent == function);
    check(late->handlers->connection.count == 0);
    check(refused("/other"));
    world_end();
}

static void is_made_once_whoever_comes_first(void)
{
    start(2);
    struct rookery_namespace *parent = rookery_of_pattern(world, "^/dyn-");
    rookery_on_connection(parent, on_connection, NULL);
    (void)peer_join(0, "/dyn-1");
    (void)peer_join(1, "/dyn-1");
    (void)peer_join(1, "/dyn-1");
    check(joined_count == 3 && joined[0] == joined[1] && joined[1] == joined[2]);
    check(share_of(parent, rookery_loop_at(world, 1))->children->sibling == NULL);
    world_end();
}

static void takes_no_part_in_what_parents_are_called(void)
{
    start(1);
    struct rookery_namespace *parent = rookery_of_pattern(world, "^/a");
    check(str_is(rookery_namespace_name(parent), "/_0"));
    check(refused("/_0"));
    check(rookery_of(world, ROOKERY_STR("/_0")) != parent);
    (void)peer_join(0, "/_0");
    (void)peer_join(0, "/a");
    world_end();
}

static void bounds_the_names_that_clients_choose(void)
{
    start(1);
    (void)rookery_of_pattern(world, "x");
    char name[DYNAMIC_NAME_BYTES_MAX + 2];
    memset(name, 'x', sizeof name);
    name[0] = '/';
    struct io *io = rookery_of(world, ROOKERY_STR("/"))->io;
    check(namespace_find(io, span_of(name, DYNAMIC_NAME_BYTES_MAX), span_of(NULL, 0)) != NULL);
    check(namespace_find(io, span_of(name, DYNAMIC_NAME_BYTES_MAX + 1), span_of(NULL, 0)) == NULL);
    check(namespace_find(io, span_of("/x\0x", 4), span_of(NULL, 0)) == NULL);
    io->dynamic_count = DYNAMIC_NAMESPACES_MAX;
    check(refused("/xx"));
    world_end();
}

static void cannot_be_made_by_a_malformed_pattern(void)
{
    start(1);
    check(rookery_of_pattern(world, "(") == NULL);
    check(refused("/("));
    world_end();
}

int main(void)
{
    RUN(is_one_per_name);
    RUN(is_made_by_the_first_parent_that_matches);
    RUN(is_made_once_whoever_comes_first);
    RUN(takes_no_part_in_what_parents_are_called);
    RUN(bounds_the_names_that_clients_choose);
    RUN(cannot_be_made_by_a_malformed_pattern);
    return tap_done();
}
