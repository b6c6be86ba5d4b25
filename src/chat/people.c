// SPDX-License-Identifier: MIT
#include "src/chat/people.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "src/chat/announce.h"
#include "src/chat/chat_loop.h"

static void finish(struct task *task)
{
    struct chat_people_request *request = container_of(task, struct chat_people_request, task);
    struct identity *people = request->people;
    struct person **held = request->held;
    bool *away = request->away;
    size_t count = request->count;

    request->on_done(request); /* may free it */
    for (size_t i = 0; i < count; i++) {
        person_release(held[i]);
    }
    free(people);
    free(away);
    free(held);
}

/* The persons are held until the asker is done, since they may leave meanwhile. */
static void look(struct task *task)
{
    struct chat_people_request *request = container_of(task, struct chat_people_request, task);
    struct chat *chat = request->chat;
    struct chat_loop *home = chat_home_of(chat, request->room);
    struct chat_room *room = chat_room_find(home, request->room);

    if (room != NULL) {
        const struct roster *roster = &room->roster;
        request->people = xcalloc(PEOPLE_MAX, sizeof *request->people);
        request->away = xcalloc(PEOPLE_MAX, sizeof *request->away);
        request->held = xcalloc(PEOPLE_MAX, sizeof(struct person *));
        for (uint32_t i = 0; i < roster->count && request->count < PEOPLE_MAX; i++) {
            if (roster_is_first(roster, i)) {
                struct person *person = person_hold(roster->members[i].person);
                request->held[request->count] = person;
                request->people[request->count] = person_identity(person);
                request->away[request->count++] =
                    atomic_load_explicit(&person->away, memory_order_relaxed);
            }
        }
    }
    chat_go(home, &chat->loops[request->loop], &request->task, finish);
}

void chat_people(struct chat *chat, unsigned loop_index, struct chat_people_request *request)
{
    request->chat = chat;
    request->loop = loop_index;
    request->people = NULL;
    request->away = NULL;
    request->held = NULL;
    request->count = 0;
    chat_go(&chat->loops[loop_index], chat_home_of(chat, request->room), &request->task, look);
}
