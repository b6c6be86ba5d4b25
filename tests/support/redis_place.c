// SPDX-License-Identifier: MIT
#include "tests/support/redis_place.h"

#include <arpa/inet.h>
#include <assert.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { START_TRIES = 1000, START_PAUSE_MS = 10 };

static struct sockaddr_in address_of(unsigned port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static unsigned free_port(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = address_of(0);
    socklen_t len = sizeof a;

    int error = bind(fd, (struct sockaddr *)&a, len);
    assert(error == 0);
    error = getsockname(fd, (struct sockaddr *)&a, &len);
    assert(error == 0);
    (void)close(fd);
    return ntohs(a.sin_port);
}

static bool takes_connections(unsigned port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = address_of(port);
    char pong[8] = "";

    bool ok = connect(fd, (struct sockaddr *)&a, sizeof a) == 0 && write(fd, "PING\r\n", 6) == 6 &&
              read(fd, pong, sizeof pong - 1) > 0 && pong[0] == '+';
    (void)close(fd);
    return ok;
}

/* The folder is one that mkdtemp has named. */
static void empty_dir(const struct redis_place *place, const char *then)
{
    char command[sizeof place->dir * 2 + 32];

    (void)snprintf(command, sizeof command, "rm -rf -- %s %s %s", place->dir,
                   then[0] == '\0' ? "" : "&& mkdir", then);
    int status = system(command);
    assert(status == 0);
}

static void run_server(const struct redis_place *place)
{
    char port[16];
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)dup2(null, STDOUT_FILENO);
    (void)snprintf(port, sizeof port, "%u", place->port);
    (void)execlp("redis-server", "redis-server", "--port", port, "--bind", "127.0.0.1", "--dir",
                 place->dir, "--save", "", "--appendonly", "yes", "--appendfsync", "always",
                 (char *)NULL);
    _exit(127);
}

bool redis_place_available(void)
{
    return system("redis-server --version >/dev/null 2>&1") == 0;
}

void redis_place_start(struct redis_place *place, bool keep)
{
    if (!keep) {
        empty_dir(place, place->dir);
    }
    (void)fflush(stdout);
    place->pid = fork();
    if (place->pid == 0) {
        run_server(place);
    }
    for (int i = 0; i < START_TRIES && !takes_connections(place->port); i++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = START_PAUSE_MS * 1000000L}, NULL);
    }
}

void redis_place_make(struct redis_place *place)
{
    *place = (struct redis_place){.port = free_port()};
    (void)snprintf(place->dir, sizeof place->dir, "/tmp/rookery-redis-XXXXXX");
    char *dir = mkdtemp(place->dir);
    assert(dir != NULL);
    (void)snprintf(place->url, sizeof place->url, "redis://127.0.0.1:%u", place->port);
    redis_place_start(place, true);
}

void redis_place_kill(struct redis_place *place)
{
    int status = 0;

    if (place->pid != 0) {
        (void)kill(place->pid, SIGKILL);
        (void)waitpid(place->pid, &status, 0);
        place->pid = 0;
    }
}

void redis_place_remove(struct redis_place *place)
{
    redis_place_kill(place);
    empty_dir(place, "");
}
