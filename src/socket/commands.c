/* rookery_sockets_join, rookery_sockets_leave, rookery_disconnect_sockets: what can be done to many
 * sockets at once, on all loops and nodes. */
// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/socket/args_copy.h"
#include "src/socket/errand.h"
#include "src/socket/outward.h"
#include "src/socket/rooms.h"
#include "src/socket/socket.h"

struct command {
    struct errand errand;
    void (*apply)(const struct command *command, struct rookery_socket *s);
    struct adapter_order order;
    struct rookery_str *rooms;          /* those of the order */
    const struct rookery_loop *speaker; /* tells other nodes; NULL: they do not hear of it */
};

static void join(const struct command *command, struct rookery_socket *s)
{
    for (size_t i = 0; i < command->order.room_count; i++) {
        rookery_join(s, command->rooms[i]);
    }
}

static void leave(const struct command *command, struct rookery_socket *s)
{
    for (size_t i = 0; i < command->order.room_count; i++) {
        rookery_leave(s, command->rooms[i]);
    }
}

static void disconnect(const struct command *command, struct rookery_socket *s)
{
    rookery_disconnect(s, command->order.close_connections);
}

/* Handlers run meanwhile, which may send to targets of their own and make sockets go. */
static void apply_to_share(const struct command *command, struct share *share)
{
    struct receivers chosen = {0};

    receivers_collect(&chosen, share, command->errand.target, TAGS_ALL, NULL);
    for (size_t i = 0; i < chosen.count; i++) {
        (void)rookery_socket_hold(chosen.sockets[i]);
    }
    for (size_t i = 0; i < chosen.count; i++) {
        command->apply(command, chosen.sockets[i]);
        rookery_socket_release(chosen.sockets[i]);
    }
    receivers_finish(&chosen);
}

static void run(struct errand *e, struct rookery_loop *loop)
{
    const struct command *command = (const struct command *)e;

    if (loop == command->speaker) {
        outward_order(e->nsp, &command->order);
    }
    for (struct share *s = share_first(e->nsp, loop); s != NULL; s = share_next(e->nsp, s)) {
        apply_to_share(command, s);
    }
}

static void finish(struct errand *e)
{
    free(((struct command *)e)->rooms);
}

/* The order's target is that of the errand. */
static void send(struct rookery_namespace *nsp, const struct adapter_order *order,
                 void (*apply)(const struct command *command, struct rookery_socket *s))
{
    struct command *command = errand_create(sizeof *command, nsp, order->who);

    command->errand.run = run;
    command->errand.finish = finish;
    command->apply = apply;
    command->order = *order;
    command->order.who = command->errand.target;
    command->rooms = strs_copy(order->rooms, order->room_count);
    command->order.rooms = command->rooms;
    command->speaker = outward_wanted(nsp, order->who) ? outward_speaker(nsp->io) : NULL;
    errand_send(&command->errand, NULL);
}

void rookery_sockets_join(struct rookery_namespace *nsp, const struct rookery_target *who,
                          const struct rookery_str *rooms, size_t room_count)
{
    const struct adapter_order order = {ADAPT_JOIN, who, rooms, room_count, false};

    send(nsp, &order, join);
}

void rookery_sockets_leave(struct rookery_namespace *nsp, const struct rookery_target *who,
                           const struct rookery_str *rooms, size_t room_count)
{
    const struct adapter_order order = {ADAPT_LEAVE, who, rooms, room_count, false};

    send(nsp, &order, leave);
}

void rookery_disconnect_sockets(struct rookery_namespace *nsp, const struct rookery_target *who,
                                bool close_connections)
{
    const struct adapter_order order = {ADAPT_DISCONNECT, who, NULL, 0, close_connections};

    send(nsp, &order, disconnect);
}
