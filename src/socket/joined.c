/* rookery_when_joined. */
// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/socket/adapter.h"
#include "src/socket/io.h"
#include "src/socket/socket.h"

struct joining {
    struct task task;
    struct rookery_socket *socket; /* held */
    rookery_socket_fn fn;
    void *arg;
};

static void conclude(struct joining *j)
{
    j->fn(j->socket, j->arg);
    rookery_socket_release(j->socket);
    free(j);
}

static void on_joined(struct task *task)
{
    conclude(container_of(task, struct joining, task));
}

void rookery_when_joined(struct rookery_socket *s, struct rookery_str room, rookery_socket_fn fn,
                         void *arg)
{
    const struct rookery_loop *loop = s->share->loop;
    struct adapter *a = loop->io->adapter;
    struct joining *j = xmalloc(sizeof *j);

    *j = (struct joining){{.run = on_joined}, rookery_socket_hold(s), fn, arg};
    if (a == NULL || !a->ops->await_room(a, s->share->nsp, loop->executor->index, room, &j->task)) {
        conclude(j);
    }
}
