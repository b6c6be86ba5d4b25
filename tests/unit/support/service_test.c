// SPDX-License-Identifier: MIT
/* With Redis, which starts at once; the others are started by tests/e2e/service.test.js. */
#include "tests/support/service.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/tap.h"

enum { TRIES = 2000, PAUSE_MS = 10, BRIEFLY_MS = 100 };

static int connection_to(unsigned port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_usec = BRIEFLY_MS * 1000};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

static bool answers(unsigned port)
{
    char pong[8] = "";
    int fd = connection_to(port);

    if (fd < 0) {
        return false;
    }
    bool ok = write(fd, "PING\r\n", 6) == 6 && read(fd, pong, sizeof pong) > 0 && pong[0] == '+';
    (void)close(fd);
    return ok;
}

static bool goes_away(const char *folder)
{
    for (int i = 0; i < TRIES && access(folder, F_OK) == 0; i++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
    }
    return access(folder, F_OK) != 0;
}

static void runs_until_it_is_finished(void)
{
    struct service s;
    char url[64], folder[SERVICE_TEXT_MAX];

    check(service_start(&s, "redis"));
    (void)snprintf(url, sizeof url, "redis://127.0.0.1:%u", s.port);
    check(strcmp(s.url, url) == 0);
    check(answers(s.port));
    unsigned port = s.port;
    (void)snprintf(folder, sizeof folder, "%s", s.folder);
    service_finish(&s);
    check(!answers(port));
    check(access(folder, F_OK) != 0);
    service_finish(&s);
}

static void comes_back_where_it_was(void)
{
    struct service s;

    check(service_start(&s, "redis"));
    unsigned port = s.port;
    check(service_kill(&s, NULL) && connection_to(port) < 0);
    check(!service_pause(&s, NULL));
    check(service_up(&s) && s.port == port && answers(port));
    check(service_down(&s, NULL) && connection_to(port) < 0);
    check(service_up(&s) && s.port == port && answers(port));
    service_finish(&s);
}

static void is_silent_while_it_is_paused(void)
{
    struct service s;

    check(service_start(&s, "redis"));
    check(service_pause(&s, "redis") && !answers(s.port));
    check(service_resume(&s, "redis") && answers(s.port));
    check(service_pause(&s, NULL));
    service_finish(&s);
}

static void one_that_nobody_knows_does_not_start(void)
{
    struct service s;

    check(!service_installed("cassandra"));
    check(!service_start(&s, "cassandra"));
    service_finish(&s);
}

static void ends_when_the_test_dies(void)
{
    int ends[2];
    struct service s;

    check(pipe(ends) == 0);
    (void)fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        (void)(service_start(&s, "redis") && write(ends[1], &s, sizeof s) == sizeof s);
        (void)kill(getpid(), SIGKILL);
    }
    (void)close(ends[1]);
    check(read(ends[0], &s, sizeof s) == (ssize_t)sizeof s);
    check(waitpid(pid, NULL, 0) == pid);
    check(goes_away(s.folder));
    check(!answers(s.port));
    (void)close(ends[0]);
}

int main(void)
{
    if (!service_installed("redis")) {
        return tap_skip("redis is not installed (tools/setup test)");
    }
    RUN(runs_until_it_is_finished);
    RUN(comes_back_where_it_was);
    RUN(is_silent_while_it_is_paused);
    RUN(one_that_nobody_knows_does_not_start);
    RUN(ends_when_the_test_dies);
    return tap_done();
}
