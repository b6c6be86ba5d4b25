// SPDX-License-Identifier: MIT
#include "src/chat/record.h"

#include "src/base/memory.h"

struct record *record_create(const struct message *m)
{
    struct record *r = xmalloc(sizeof *r + message_bytes(m));

    atomic_init(&r->refs, 1);
    r->message = *m;
    message_keep(&r->message, r->texts);
    return r;
}

void record_release(struct record *r)
{
    if (atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) == 1) {
        free(r);
    }
}
