// SPDX-License-Identifier: MIT
#include "src/chat/people.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "src/chat/announce.h"
#include "src/chat/chat_loop.h"
#include "src/chat/inquest.h"

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
static void look(struct inquest_wait *wait, struct chat_room *room)
{
    struct chat_people_request *request = container_of(wait, struct chat_people_request, wait);
    struct chat *chat = request->chat;

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
    chat_go(chat_home_of(chat, request->room), &chat->loops[request->loop], &request->task, finish);
}

static void ask(struct task *task)
{
    struct chat_people_request *request = container_of(task, struct chat_people_request, task);

    request->wait.fn = look;
    inquest_hold(chat_home_of(request->chat, request->room), request->room, &request->wait);
}

void chat_people(struct chat *chat, unsigned loop_index, struct chat_people_request *request)
{
    request->chat = chat;
    request->loop = loop_index;
    request->people = NULL;
    request->away = NULL;
    request->held = NULL;
    request->count = 0;
    chat_go(&chat->loops[loop_index], chat_home_of(chat, request->room), &request->task, ask);
}
