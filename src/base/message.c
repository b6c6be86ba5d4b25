// SPDX-License-Identifier: MIT
#include "src/base/message.h"

#include <assert.h>

static const uint16_t texts[MESSAGE_TEXTS] = {
    offsetof(struct message, id),        offsetof(struct message, room),
    offsetof(struct message, user_id),   offsetof(struct message, username),
    offsetof(struct message, content),   offsetof(struct message, type),
    offsetof(struct message, sent_at),   offsetof(struct message, raw),
    offsetof(struct message, client_id), offsetof(struct message, recipient),
};

struct span *message_text(struct message *m, unsigned i)
{
    assert(i < MESSAGE_TEXTS);
    return (struct span *)((uintptr_t)m + texts[i]);
}

size_t message_bytes(const struct message *m)
{
    struct message copy = *m;
    size_t bytes = 0;

    for (unsigned i = 0; i < MESSAGE_TEXTS; i++) {
        bytes += message_text(&copy, i)->len;
    }
    return bytes;
}

void message_keep(struct message *m, void *memory)
{
    uint8_t *at = memory;

    for (unsigned i = 0; i < MESSAGE_TEXTS; i++) {
        struct span *text = message_text(m, i);
        if (text->len > 0) {
            memcpy(at, text->data, text->len);
        }
        text->data = at;
        at += text->len;
    }
}
