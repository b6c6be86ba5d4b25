/* Direct messages that wait on this node for somebody who has arrived at another: they are said to
 * that one as if they were said now, and what it has already it drops by their ids. Once they are
 * delivered there it says so (FACT_DIRECT), and they wait here no longer. */
// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/chat/announce.h"
#include "src/chat/chat_loop.h"
#include "src/chat/direct.h"
#include "src/chat/note.h"
#include "src/chat/text.h"

enum { FORWARD_MAX = 1000, FORWARD_BYTES_MAX = 1 << 20 };

struct forwarding {
    struct store_directs call;
    struct chat_loop *home;
    size_t room_len;
    uint8_t room[];
};

static void destroy(struct forwarding *f)
{
    free(f->call.page);
    free(f);
}

static void tell(struct forwarding *f, const struct message *m)
{
    const struct notice n = {.kind = NOTICE_DIRECT,
                             .room = span_of(f->room, f->room_len),
                             .messages = m,
                             .message_count = 1};
    const struct note note = {.kind = NOTE_MESSAGE, .message = *m};

    announce_elsewhere(f->home, &n, &note);
}

static void on_directs(struct store_call *call)
{
    struct store_directs *directs = container_of(call, struct store_directs, call);
    struct forwarding *f = container_of(directs, struct forwarding, call);

    for (size_t i = 0; call->error == 0 && i < directs->page->count; i++) {
        tell(f, &directs->page->messages[i]);
    }
    destroy(f);
}

void direct_forward(struct chat_loop *home, struct span room)
{
    struct store *store = chat_store(home->chat);

    if (store == NULL || chat_store_is_shared(home->chat)) {
        return;
    }
    struct forwarding *f = xcalloc(1, sizeof *f + room.len);
    f->home = home;
    f->room_len = room.len;
    memcpy(f->room, room.data, room.len);
    f->call = (struct store_directs){.call.on_done = on_directs,
                                     .user_id = direct_room_user(span_of(f->room, room.len)),
                                     .limit = FORWARD_MAX,
                                     .bytes_max = FORWARD_BYTES_MAX};
    if (store_directs(store, home->executor, &f->call) != 0) {
        destroy(f);
    }
}
