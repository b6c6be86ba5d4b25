// SPDX-License-Identifier: MIT
#include "src/chat/pending.h"

#include "src/chat/chat_loop.h"
#include "tests/support/tap.h"

enum { SOCKETS = 1000 };

static struct chat chat = {.hash_secret = {1, 2}};
static struct chat_loop cl = {.chat = &chat};

/* Only their addresses count. */
static const struct rookery_socket *socket_at(unsigned i)
{
    static char sockets[SOCKETS];
    return (const struct rookery_socket *)(const void *)&sockets[i];
}

static void each_socket_has_its_own_while_something_is_under_way(void)
{
    struct list_node nodes[SOCKETS];

    pending_init(&cl);
    check(pending_find(&cl, socket_at(0)) == NULL);
    for (unsigned i = 0; i < SOCKETS; i++) {
        list_add(&pending_get(&cl, socket_at(i))->joinings, &nodes[i]);
    }
    for (unsigned i = 0; i < SOCKETS; i++) {
        struct pending *p = pending_find(&cl, socket_at(i));
        check(p != NULL && p->socket == socket_at(i) && pending_get(&cl, socket_at(i)) == p);
        check(p->joinings.first == &nodes[i] && nodes[i].next == NULL);
    }
    for (unsigned i = 0; i < SOCKETS; i++) {
        struct pending *p = pending_find(&cl, socket_at(i));
        list_remove(&nodes[i]);
        pending_settle(&cl, p);
        check(pending_find(&cl, socket_at(i)) == NULL);
    }
    pending_finish(&cl);
}

static void lasts_until_all_of_it_is_done(void)
{
    pending_init(&cl);
    struct pending *p = pending_get(&cl, socket_at(0));
    p->arrivals = 1;
    pending_settle(&cl, p);
    check(pending_find(&cl, socket_at(0)) == p);
    p->arrivals = 0;
    pending_settle(&cl, p);
    check(pending_find(&cl, socket_at(0)) == NULL);
    pending_finish(&cl);
}

int main(void)
{
    RUN(each_socket_has_its_own_while_something_is_under_way);
    RUN(lasts_until_all_of_it_is_done);
    return tap_done();
}
