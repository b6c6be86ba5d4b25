// SPDX-License-Identifier: MIT
#include "tests/support/tap.h"
#include "tests/unit/web/rest_world.h"

static const char ada[] = "{\"username\":\"Ada\",\"email\":\"Ada@Example.com\",\"password\":\"p\","
                          "\"displayName\":\"Ada L.\"}";

static void registers_and_logs_in(void)
{
    static const char user[] = "\",\"username\":\"Ada\",\"email\":\"ada@example.com\","
                               "\"displayName\":\"Ada L.\"}}";
    struct rest_world w = rest_world_make();

    rest_post(&w, "/api/auth/register", ada);
    check(
        rest_answered_with(&w, 201, "{\"message\":\"User registered successfully\",\"token\":\""));
    check(rest_answered_with(&w, 201, ":Ada:\",\"user\":{\"id\":\""));
    check(rest_answered_with(&w, 201, user));
    check(w.users[0].username_chosen);
    rest_post(&w, "/api/auth/login", "{\"email\":\"ada@example.com\",\"password\":\"p\"}");
    check(rest_answered_with(&w, 200, "{\"message\":\"Login successful\",\"token\":\"token:"));
    check(rest_answered_with(&w, 200, user));
    rest_post(&w, "/api/auth/login", "{\"username\":\"Ada\",\"password\":\"p\"}");
    check(rest_answered_with(&w, 200, user));
    rest_post(&w, "/api/auth/login", "{\"username\":\"Ada\",\"password\":\"q\"}");
    check(rest_answered(&w, 401, "{\"error\":\"Invalid credentials\"}"));
    rest_world_finish(&w);
}

static void names_and_addresses_are_one_users(void)
{
    struct rest_world w = rest_world_make();

    rest_post(&w, "/api/auth/register", ada);
    rest_post(&w, "/api/auth/register", ada);
    check(rest_answered(&w, 409, "{\"error\":\"User already exists\"}"));
    rest_post(&w, "/api/auth/register",
              "{\"username\":\"Ada\",\"email\":\"other@example.com\",\"password\":\"p\"}");
    check(rest_answered(&w, 409, "{\"error\":\"User already exists\"}"));
    rest_post(&w, "/login", "{\"email\":\"ada@example.com\",\"password\":\"p\"}");
    check(rest_answered_with(&w, 200, "\"email\":\"ada@example.com\"}}"));
    rest_world_finish(&w);
}

static void a_name_is_needed(void)
{
    struct rest_world w = rest_world_make();

    rest_post(&w, "/api/auth/register", "{\"email\":\"a@b\",\"password\":\"p\"}");
    check(rest_answered(&w, 400, "{\"error\":\"username, email and password are required\"}"));
    rest_post(&w, "/api/auth/login", "{\"password\":\"p\"}");
    check(rest_answered(&w, 400, "{\"error\":\"email and password are required\"}"));
    rest_world_finish(&w);
}

static void lists_this_service(void)
{
    struct rest_world w = rest_world_make();

    rest_get(&w, "/api/services");
    check(rest_answered(&w, 200,
                        "{\"services\":[{\"serviceId\":\"rook-1\",\"host\":\"127.0.0.1\",\"port\":"
                        "3000,\"status\":\"healthy\",\"connections\":3,\"lastHeartbeat\":"
                        "\"2023-11-14T22:13:21.000Z\"}]}"));
    rest_world_finish(&w);
}

static void list_two(void *server, rest_service_fn fn, void *arg)
{
    const struct rest_service a = {
        .name = SPAN("chat-1"),
        .node_id = SPAN("0198-a"),
        .address = SPAN("10.0.0.1:3000"),
        .connections = 12,
        .uptime_ms = 52999,
        .heard_wall_ms = 1700000001000,
    };
    const struct rest_service b = {
        .node_id = SPAN("0198-b"), .address = SPAN("[::1]:3001"), .heard_wall_ms = 1700000002000};

    fn(&a, arg);
    fn(&b, arg);
}

static void list_none(void *server, rest_service_fn fn, void *arg)
{
}

static void lists_the_services_of_a_cluster(void)
{
    struct rest_world w = rest_world_make();

    w.options.services = list_two;
    rest_get(&w, "/api/services");
    check(rest_answered(
        &w, 200,
        "{\"services\":[{\"serviceId\":\"chat-1\",\"host\":\"10.0.0.1\",\"port\":3000,"
        "\"status\":\"healthy\",\"connections\":12,\"lastHeartbeat\":"
        "\"2023-11-14T22:13:21.000Z\",\"nodeId\":\"0198-a\",\"uptime\":52},"
        "{\"serviceId\":\"0198-b\",\"host\":\"::1\",\"port\":3001,\"status\":\"healthy\","
        "\"connections\":0,\"lastHeartbeat\":\"2023-11-14T22:13:22.000Z\","
        "\"nodeId\":\"0198-b\",\"uptime\":0}]}"));
    rest_world_finish(&w);
}

static void lists_this_service_where_it_is_alone(void)
{
    struct rest_world w = rest_world_make();

    w.options.services = list_none;
    rest_get(&w, "/api/services");
    check(rest_answered_with(&w, 200, "{\"services\":[{\"serviceId\":\"rook-1\""));
    rest_world_finish(&w);
}

int main(void)
{
    RUN(lists_the_services_of_a_cluster);
    RUN(lists_this_service_where_it_is_alone);
    RUN(registers_and_logs_in);
    RUN(names_and_addresses_are_one_users);
    RUN(a_name_is_needed);
    RUN(lists_this_service);
    return tap_done();
}
