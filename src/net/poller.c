// SPDX-License-Identifier: MIT
#include "src/net/poller.h"

#include <assert.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { BATCH = 2048 }; /* a busy loop should see all that is ready in one turn */

static void on_event(evutil_socket_t fd, short what, void *arg)
{
    struct poller *p = arg;
    struct epoll_event ready[BATCH];
    int n = epoll_wait(p->fd, ready, BATCH, 0);

    p->on_wake(p->arg);
    /* What does not fit in one batch is ready still in the next turn. */
    for (int i = 0; i < n; i++) {
        struct watch *w = ready[i].data.ptr;
        uint32_t events = ready[i].events;
        w->on_ready(w, events & (EPOLLIN | EPOLLERR | EPOLLHUP), events & EPOLLOUT);
    }
}

int poller_init(struct poller *p, struct event_base *base, void (*on_wake)(void *arg), void *arg)
{
    *p = (struct poller){.fd = epoll_create1(EPOLL_CLOEXEC), .on_wake = on_wake, .arg = arg};
    if (p->fd < 0) {
        return -1;
    }
    if (event_assign(&p->event, base, p->fd, EV_READ | EV_PERSIST, on_event, p) < 0 ||
        event_add(&p->event, NULL) < 0) {
        (void)close(p->fd);
        return -1;
    }
    return 0;
}

void poller_finish(struct poller *p)
{
    (void)event_del(&p->event);
    (void)close(p->fd);
}

int poller_add(struct poller *p, int fd, struct watch *w)
{
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = w};
    return epoll_ctl(p->fd, EPOLL_CTL_ADD, fd, &e);
}

void poller_want_write(struct poller *p, int fd, struct watch *w, bool wanted)
{
    struct epoll_event e = {.events = wanted ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.ptr = w};
    int error = epoll_ctl(p->fd, EPOLL_CTL_MOD, fd, &e);
    assert(error == 0);
}
