// SPDX-License-Identifier: MIT
#include "src/server/settings.h"

#include "tests/support/tap.h"

static char *nothing(const char *name)
{
    return NULL;
}

static struct options read_options(char *argument)
{
    char program[] = "rookery";
    char *argv[] = {program, argument, NULL};
    struct options options;
    struct bytes why = {0};

    check(options_read(&options, 2, argv, nothing, NULL, &why) == OPTIONS_RUN);
    bytes_finish(&why);
    return options;
}

static void clients_that_poll_have_room_for_both_of_their_connections(void)
{
    static struct {
        char argument[40];
        unsigned connections, clients;
    } cases[] = {
        {"--connections-max=0", 0, 0},
        {"--connections-max=1000", 2256, 1000},
        {"--connections-max=1000000000", 2000000256, 1000000000},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct options options = read_options(cases[i].argument);
        check(settings_server(&options.values).connections_max == cases[i].connections);
        check(settings_chat(&options.values).sockets_max == cases[i].clients);
        options_finish(&options);
    }
}

/* What the program and what an application begin with. */
static void a_cluster_has_the_same_defaults_for_both(void)
{
    char argument[] = "--service-id=a";
    struct options options = read_options(argument);
    struct rookery_options defaults;
    const struct rookery_cluster got = settings_server(&options.values).cluster, *want;

    rookery_options_init(&defaults);
    want = &defaults.cluster;
    check(got.redis_url == NULL && got.secret == NULL && got.address == NULL);
    check(strcmp(got.name, "a") == 0 && strcmp(got.adapter, want->adapter) == 0);
    check(strcmp(got.prefix, want->prefix) == 0 && strcmp(got.mode, want->mode) == 0);
    check(got.request_timeout_ms == want->request_timeout_ms);
    check(got.common_responses == want->common_responses);
    check(got.stream_entries_max == want->stream_entries_max);
    check(got.keep_bytes_max == want->keep_bytes_max && got.keep_ms == want->keep_ms);
    check(got.heartbeat_ms == want->heartbeat_ms);
    options_finish(&options);
}

int main(void)
{
    RUN(a_cluster_has_the_same_defaults_for_both);
    RUN(clients_that_poll_have_room_for_both_of_their_connections);
    return tap_done();
}
