// SPDX-License-Identifier: MIT
#include "tests/support/redis_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OPTIONS_MAX = 24, PORT_MIN = 20000, PORTS = 10000 };
enum { START_TRIES = 1000, START_PAUSE_MS = 10, FOLDER_DEPTH = 8 };

bool redis_server_installed(void)
{
    return access("/usr/bin/redis-server", X_OK) == 0;
}

static struct sockaddr_in address_of(unsigned port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static bool is_free(unsigned port)
{
    struct sockaddr_in a = address_of(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = bind(fd, (struct sockaddr *)&a, sizeof a) == 0;

    (void)close(fd);
    return ok;
}

/* Below those that the kernel gives to connections, and a cluster's second port is free as well. */
static unsigned free_port(void)
{
    static unsigned next;

    do {
        next = next == 0 ? (unsigned)getpid() * 7 : next + 1;
    } while (!is_free(PORT_MIN + next % PORTS) || !is_free(PORT_MIN + PORTS + next % PORTS));
    return PORT_MIN + next % PORTS;
}

static void become_server(const struct redis_server *s, const char *const *options)
{
    char port[16];
    const char *argv[OPTIONS_MAX] = {"redis-server"};
    const char *const own[] = {"--port", port, "--bind", "127.0.0.1",
                               "--save", "",   "--dir",  s->folder};
    int count = 1, null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    (void)snprintf(port, sizeof port, "%u", s->port);
    if (s->config[0] != '\0') {
        argv[count++] = s->config;
    }
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        argv[count++] = own[i];
    }
    for (; options != NULL && *options != NULL && count + 1 < OPTIONS_MAX; options++) {
        argv[count++] = *options;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)dup2(null, STDOUT_FILENO);
    (void)execv("/usr/bin/redis-server", (char *const *)(void *)argv);
    _exit(127);
}

static void find_place(struct redis_server *s)
{
    if (s->port == 0) {
        s->port = free_port();
        (void)snprintf(s->folder, sizeof s->folder, "/tmp/redis-test-XXXXXX");
        if (mkdtemp(s->folder) == NULL) {
            abort();
        }
    }
}

void redis_server_configure(struct redis_server *s, const char *text)
{
    find_place(s);
    (void)snprintf(s->config, sizeof s->config, "%s/redis.conf", s->folder);
    FILE *file = fopen(s->config, "we");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
        abort();
    }
}

void redis_server_start(struct redis_server *s, const char *const *options)
{
    find_place(s);
    (void)fflush(stdout);
    s->pid = fork();
    if (s->pid == 0) {
        become_server(s, options);
    }
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

void redis_server_wait(const struct redis_server *s)
{
    for (int i = 0; i < START_TRIES && !takes_connections(s->port); i++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = START_PAUSE_MS * 1000000L}, NULL);
    }
}

void redis_server_kill(struct redis_server *s)
{
    if (s->pid > 0) {
        (void)kill(s->pid, SIGKILL);
        (void)waitpid(s->pid, NULL, 0);
        s->pid = 0;
    }
}

static int remove_below(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    if (at->level > 0) {
        (void)remove(path);
    }
    return 0;
}

void redis_server_wipe(struct redis_server *s)
{
    (void)nftw(s->folder, remove_below, FOLDER_DEPTH, FTW_DEPTH | FTW_PHYS);
    s->config[0] = '\0';
}

void redis_server_finish(struct redis_server *s)
{
    redis_server_kill(s);
    if (s->folder[0] != '\0') {
        redis_server_wipe(s);
        (void)rmdir(s->folder);
    }
    *s = (struct redis_server){0};
}
