/* How far direct messages have come that were given, or read, at another node. */
// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/chat/announce.h"
#include "src/chat/chat_loop.h"
#include "src/chat/direct.h"
#include "src/chat/fact.h"
#include "src/chat/sending.h"

struct state {
    struct store_direct_state call;
    struct chat_loop *home;
    struct sending_wait wait;
    uint8_t text[]; /* message id, recipient */
};

static void destroy(struct state *s)
{
    free(s->call.page);
    free(s);
}

static void on_marked(struct store_call *call)
{
    struct store_direct_state *state = container_of(call, struct store_direct_state, call);

    destroy(container_of(state, struct state, call));
}

static void mark(struct sending_wait *wait)
{
    struct state *s = container_of(wait, struct state, wait);
    struct store *store = chat_store(s->home->chat);

    if (store == NULL || store_direct_state(store, s->home->executor, &s->call) != 0) {
        destroy(s);
    }
}

/* The message itself may still be on its way into the store. */
static void take_in(struct chat_loop *home, const struct fact *f)
{
    struct state *s = xcalloc(1, sizeof *s + f->message_id.len + f->recipient.len);

    memcpy(s->text, f->message_id.data, f->message_id.len);
    memcpy(s->text + f->message_id.len, f->recipient.data, f->recipient.len);
    s->home = home;
    s->wait.fn = mark;
    s->call = (struct store_direct_state){
        .call.on_done = on_marked,
        .id = span_of(s->text, f->message_id.len),
        .user_id = span_of(s->text + f->message_id.len, f->recipient.len),
        .state = f->state};
    sending_after(chat_room_find(home, f->room), &s->wait);
}

/* His sockets on this node; those on the node where it was read have been told there. */
static void tell_author(struct chat_loop *home, const struct fact *f)
{
    const struct message m = {.id = f->message_id, .dialect = DIALECT_DIRECT};
    struct user_room name;
    struct notice n = {.kind = NOTICE_DIRECT_READ,
                       .who = f->reader,
                       .wall_ms = f->wall_ms,
                       .messages = &m,
                       .message_count = 1};

    announce_from(home, direct_room_name(&name, f->author), 1u << DIALECT_DIRECT, &n, NULL, NULL);
}

void direct_take_state(struct chat_loop *home, const struct fact *f)
{
    if (chat_store(home->chat) != NULL) {
        take_in(home, f);
    }
    if (f->state == MESSAGE_READ) {
        tell_author(home, f);
    }
}
