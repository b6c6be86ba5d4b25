// SPDX-License-Identifier: MIT
#include "src/chat/pending.h"

#include <assert.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/chat/chat_loop.h"

static struct span key_for(const struct rookery_socket *const *s)
{
    return span_of((const uint8_t *)s, sizeof *s);
}

static struct span key_of(const void *value)
{
    const struct pending *p = value;
    return key_for(&p->socket);
}

void pending_init(struct chat_loop *cl)
{
    map_init(&cl->pending, key_of, cl->chat->hash_secret);
}

void pending_finish(struct chat_loop *cl)
{
    assert(cl->pending.count == 0);
    map_finish(&cl->pending);
}

struct pending *pending_find(const struct chat_loop *cl, const struct rookery_socket *s)
{
    return cl->pending.count == 0 ? NULL : map_get(&cl->pending, key_for(&s));
}

struct pending *pending_get(struct chat_loop *cl, const struct rookery_socket *s)
{
    struct pending *p = pending_find(cl, s);

    if (p == NULL) {
        p = xcalloc(1, sizeof *p);
        p->socket = s;
        p->last = &p->first;
        map_add(&cl->pending, p);
    }
    return p;
}

void pending_settle(struct chat_loop *cl, struct pending *p)
{
    if (p->joinings.first == NULL && p->arrivals == 0 && p->first == NULL) {
        (void)map_remove(&cl->pending, key_of(p));
        free(p);
    }
}
