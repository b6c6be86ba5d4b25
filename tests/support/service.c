// SPDX-License-Identifier: MIT
#include "tests/support/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 512 };

/* Becomes `tools/services COMMAND NAME`. */
static _Noreturn void become_tool(const char *command, const char *name)
{
    char path[SERVICE_TEXT_MAX];
    const char *root = getenv("ROOKERY_SOURCE");

    (void)snprintf(path, sizeof path, "%s/tools/services", root != NULL ? root : ".");
    (void)execl(path, path, command, name, (char *)NULL);
    perror(path);
    _exit(127);
}

bool service_installed(const char *name)
{
    int status = -1;
    (void)fflush(stdout);
    pid_t pid = fork();

    if (pid == 0) {
        (void)dup2(STDERR_FILENO, STDOUT_FILENO); /* the test's TAP goes there */
        become_tool("missing", name);
    }
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* A line without its end; false at the end of all. */
static bool read_line(int fd, char *line, size_t size)
{
    size_t len = 0;
    char c = '\0';
    ssize_t n;

    while ((n = read(fd, &c, 1)) == 1 ? c != '\n' : n < 0 && errno == EINTR) {
        if (n == 1 && len + 1 < size) {
            line[len++] = c;
        }
    }
    line[len] = '\0';
    return n == 1;
}

/* What `up` prints: the name, spaces, the URL. */
static void take_url(struct service *s, const char *line)
{
    size_t len = strlen(s->name);

    if (strncmp(line, s->name, len) == 0 && line[len] == ' ') {
        (void)snprintf(s->url, sizeof s->url, "%s", line + len + strspn(line + len, " "));
        const char *host = strstr(s->url, "127.0.0.1:");
        s->port = host == NULL ? 0 : (unsigned)strtoul(strchr(host, ':') + 1, NULL, 10);
    }
}

/* Whether the order was carried out, once that is known. */
static bool is_done(struct service *s)
{
    char line[LINE_MAX_BYTES];

    while (read_line(s->fd, line, sizeof line) && strcmp(line, "failed") != 0) {
        if (strcmp(line, "done") == 0) {
            return true;
        }
        take_url(s, line);
    }
    return false;
}

/* In a session of its own: what ends the test by a signal to all of its group leaves it alive to
 * clean up. */
static void become_holder(const char *name, int fd)
{
    (void)setsid();
    (void)dup2(fd, STDIN_FILENO);
    (void)dup2(fd, STDOUT_FILENO);
    become_tool("hold", name);
}

bool service_start(struct service *s, const char *name)
{
    int ends[2];

    *s = (struct service){.fd = -1};
    (void)snprintf(s->name, sizeof s->name, "%s", name);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return false;
    }
    (void)fflush(stdout);
    s->holder = fork();
    if (s->holder == 0) {
        become_holder(name, ends[1]);
    }
    (void)close(ends[1]);
    s->fd = ends[0];
    bool ok = s->holder > 0 && read_line(s->fd, s->folder, sizeof s->folder) && is_done(s);
    if (!ok) {
        service_finish(s);
    }
    return ok;
}

bool service_begin(struct service *s, const char *name)
{
    if (!service_installed(name)) {
        return false;
    }
    if (!service_start(s, name)) {
        printf("# %s is installed and does not start\n", name);
        exit(EXIT_FAILURE);
    }
    return true;
}

static bool order(struct service *s, const char *command, const char *node)
{
    char line[LINE_MAX_BYTES];
    int len = snprintf(line, sizeof line, "%s %s\n", command, node != NULL ? node : s->name);

    return send(s->fd, line, (size_t)len, MSG_NOSIGNAL) == len && is_done(s);
}

bool service_kill(struct service *s, const char *node)
{
    return order(s, "kill", node);
}

bool service_pause(struct service *s, const char *node)
{
    return order(s, "pause", node);
}

bool service_resume(struct service *s, const char *node)
{
    return order(s, "resume", node);
}

bool service_down(struct service *s, const char *node)
{
    return order(s, "down", node);
}

bool service_up(struct service *s)
{
    return order(s, "up", NULL);
}

void service_finish(struct service *s)
{
    if (s->holder > 0) {
        (void)shutdown(s->fd, SHUT_WR);
        (void)waitpid(s->holder, NULL, 0);
    }
    if (s->fd >= 0) {
        (void)close(s->fd);
    }
    *s = (struct service){.fd = -1};
}
