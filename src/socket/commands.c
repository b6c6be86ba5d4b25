/* rookery_sockets_join, rookery_sockets_leave, rookery_disconnect_sockets: what can be done to many
 * sockets at once, on all loops. */
// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/socket/args_copy.h"
#include "src/socket/errand.h"
#include "src/socket/rooms.h"
#include "src/socket/socket.h"

struct command {
    struct errand errand;
    void (*apply)(const struct command *command, struct rookery_socket *s);
    struct rookery_str *rooms;
    size_t room_count;
    bool close_connections;
};

static void join(const struct command *command, struct rookery_socket *s)
{
    for (size_t i = 0; i < command->room_count; i++) {
        rookery_join(s, command->rooms[i]);
    }
}

static void leave(const struct command *command, struct rookery_socket *s)
{
    for (size_t i = 0; i < command->room_count; i++) {
        rookery_leave(s, command->rooms[i]);
    }
}

static void disconnect(const struct command *command, struct rookery_socket *s)
{
    rookery_disconnect(s, command->close_connections);
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
    for (struct share *s = share_first(e->nsp, loop); s != NULL; s = share_next(e->nsp, s)) {
        apply_to_share((const struct command *)e, s);
    }
}

static void finish(struct errand *e)
{
    free(((struct command *)e)->rooms);
}

static struct command *create(struct rookery_namespace *nsp, const struct rookery_target *who)
{
    struct command *command = errand_create(sizeof *command, nsp, who);

    command->errand.run = run;
    command->errand.finish = finish;
    return command;
}

void rookery_sockets_join(struct rookery_namespace *nsp, const struct rookery_target *who,
                          const struct rookery_str *rooms, size_t room_count)
{
    struct command *command = create(nsp, who);

    command->apply = join;
    command->rooms = strs_copy(rooms, room_count);
    command->room_count = room_count;
    errand_send(&command->errand, NULL);
}

void rookery_sockets_leave(struct rookery_namespace *nsp, const struct rookery_target *who,
                           const struct rookery_str *rooms, size_t room_count)
{
    struct command *command = create(nsp, who);

    command->apply = leave;
    command->rooms = strs_copy(rooms, room_count);
    command->room_count = room_count;
    errand_send(&command->errand, NULL);
}

void rookery_disconnect_sockets(struct rookery_namespace *nsp, const struct rookery_target *who,
                                bool close_connections)
{
    struct command *command = create(nsp, who);

    command->apply = disconnect;
    command->close_connections = close_connections;
    errand_send(&command->errand, NULL);
}
