/* The list of rooms: what the store knows of them, and how many people each home counts in them.
 *
 *   list_rooms ──> store ──> loop 0 ──> loop 1 ... ──> the socket's loop: answer */
// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/chat/chat_loop.h"
#include "src/chat/message.h"

enum { ROOMS_MAX = 1000 };

struct listing {
    struct store_rooms rooms;
    struct task task;
    struct chat_loop *cl;
    struct chat_reply reply;
    struct person *person; /* held: the store reads his id */
    unsigned next;         /* loop to ask */
    uint32_t online[ROOMS_MAX];
    uint8_t after[]; /* the last room of the page before */
};

static void destroy(struct listing *l)
{
    chat_reply_finish(&l->reply);
    person_release(l->person);
    free(l->rooms.page);
    free(l);
}

static void finish(struct task *task)
{
    struct listing *l = container_of(task, struct listing, task);

    bytes_clear(&l->cl->out);
    message_write_rooms(&l->cl->out, l->rooms.page, l->online, l->rooms.more);
    chat_reply_send(l->cl, &l->reply);
    destroy(l);
}

static void count_here(struct task *task)
{
    struct listing *l = container_of(task, struct listing, task);
    struct chat *chat = l->cl->chat;
    struct chat_loop *here = &chat->loops[l->next++];

    for (size_t i = 0; i < l->rooms.page->count; i++) {
        const struct chat_room *room = chat_room_find(here, l->rooms.page->rooms[i].name);
        if (room != NULL) {
            l->online[i] = room->roster.count;
        }
    }
    if (l->next < chat->loop_count) {
        chat_go(here, &chat->loops[l->next], task, count_here);
    } else {
        chat_go(here, l->cl, task, finish);
    }
}

static void on_rooms(struct store_call *call)
{
    struct store_rooms *rooms = container_of(call, struct store_rooms, call);
    struct listing *l = container_of(rooms, struct listing, rooms);

    if (call->error != 0) {
        chat_reply_refuse(l->cl, &l->reply, chat_store_refusal(call->error));
        destroy(l);
    } else {
        chat_go(l->cl, &l->cl->chat->loops[0], &l->task, count_here);
    }
}

void chat_on_list_rooms(const struct chat_call *call)
{
    struct store *store = chat_store(call->cl->chat);
    struct span after = call->command->name;
    struct listing *l;

    if (store == NULL) {
        chat_refuse(call, &refused_no_store);
        return;
    }
    l = xcalloc(1, sizeof *l + after.len);
    l->cl = call->cl;
    l->person = person_hold(chat_person(call->socket));
    l->rooms = (struct store_rooms){.call.on_done = on_rooms,
                                    .user_id = person_identity(l->person).user_id,
                                    .limit = ROOMS_MAX};
    if (after.len > 0) {
        memcpy(l->after, after.data, after.len);
        l->rooms.after_name = span_of(l->after, after.len);
    }
    l->reply = chat_reply_take(call);
    int error = store_rooms(store, call->cl->executor, &l->rooms);
    if (error != 0) {
        chat_reply_refuse(call->cl, &l->reply, chat_store_refusal(error));
        destroy(l);
    }
}
