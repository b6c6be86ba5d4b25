// SPDX-License-Identifier: MIT
#include "src/chat/membership.h"

#include <stdlib.h>

#include "src/base/memory.h"

struct membership {
    struct store_member_put call;
    struct chat_loop *cl;
    struct person *person; /* held: the store reads his id */
    uint8_t room[];
};

static void destroy(struct membership *m)
{
    m->cl->membership_writes--;
    person_release(m->person);
    free(m);
}

static void on_done(struct store_call *call)
{
    struct store_member_put *put = container_of(call, struct store_member_put, call);

    destroy(container_of(put, struct membership, call));
}

void membership_put(struct chat_loop *cl, struct person *person, struct span room, bool present)
{
    struct store *store = chat_store(cl->chat);
    struct membership *m;

    if (store == NULL || person->source < PERSON_AUTH || chat_room_kind(room) != ROOM_TALK ||
        cl->membership_writes == MEMBERSHIP_WRITES_MAX) {
        return;
    }
    m = xcalloc(1, sizeof *m + room.len);
    m->cl = cl;
    m->person = person_hold(person);
    memcpy(m->room, room.data, room.len);
    m->call = (struct store_member_put){.call.on_done = on_done,
                                        .room = span_of(m->room, room.len),
                                        .user_id = person_identity(person).user_id,
                                        .present = present};
    cl->membership_writes++;
    if (store_member_put(store, cl->executor, &m->call) != 0) {
        destroy(m);
    }
}
