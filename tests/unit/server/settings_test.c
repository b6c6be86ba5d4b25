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

int main(void)
{
    RUN(clients_that_poll_have_room_for_both_of_their_connections);
    return tap_done();
}
