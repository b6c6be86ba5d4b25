#include "tests/support/redis_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OPTIONS_MAX = 24, PORT_MIN = 20000, PORTS = 10000 };

bool redis_server_installed(void)
{
    return access("/usr/bin/redis-server", X_OK) == 0;
}

static bool is_free(unsigned port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
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
    s->pid = fork();
    if (s->pid == 0) {
        become_server(s, options);
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

void redis_server_finish(struct redis_server *s)
{
    static const char *const files[] = {"nodes.conf", "redis.conf", "dump.rdb"};
    char path[96];

    redis_server_kill(s);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", s->folder, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(s->folder);
    *s = (struct redis_server){0};
}
