// SPDX-License-Identifier: MIT
#include "src/chat/traffic.h"

#include "src/base/memory.h"

/* The low bits of a hash choose the home loop, so the buckets of one loop go by others. */
static unsigned bucket_of(const struct traffic_item *item)
{
    return (unsigned)(item->room_hash >> 32) % TRAFFIC_BUCKETS;
}

static struct traffic_item *item_of(struct list_node *node)
{
    return container_of(node, struct traffic_item, node);
}

static bool same_room(const struct traffic_item *a, const struct traffic_item *b)
{
    return a->room_hash == b->room_hash && span_eq(a->room, b->room);
}

void traffic_send_begins(struct traffic *t, struct traffic_item *send)
{
    list_add(&t->sends[bucket_of(send)], &send->node);
}

void traffic_send_ends(struct traffic *t, struct traffic_item *send, uint64_t offset)
{
    list_remove(&send->node);
    if (offset == 0) {
        return;
    }
    for (struct list_node *n = t->joins[bucket_of(send)].first; n != NULL; n = n->next) {
        struct traffic_item *join = item_of(n);
        if (join->first_live == 0 && same_room(join, send)) {
            join->first_live = offset;
        }
    }
}

void traffic_join_begins(struct traffic *t, struct traffic_item *join)
{
    join->first_live = 0;
    list_add(&t->joins[bucket_of(join)], &join->node);
}

static bool in_flight(const struct traffic *t, const struct traffic_item *join, struct span id)
{
    struct list_node *n = t->sends[bucket_of(join)].first;

    while (n != NULL && !(same_room(item_of(n), join) && span_eq(item_of(n)->id, id))) {
        n = n->next;
    }
    return n != NULL;
}

size_t traffic_join_ends(struct traffic *t, struct traffic_item *join,
                         const struct message *messages, size_t count)
{
    size_t n = 0;

    list_remove(&join->node);
    while (n < count && ((join->first_live != 0 && messages[n].offset >= join->first_live) ||
                         in_flight(t, join, messages[n].id))) {
        n++;
    }
    return n;
}
