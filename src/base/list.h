/* List: things that are in a list and may be taken out of it wherever they are, in no particular
 * order; or, in a struct list_queue, in the order in which they were added. The node is embedded in
 * what is listed.
 *
 *     struct thing { struct list_node node; ... };
 *     list_add(&things, &t->node);
 *     while (things.first != NULL) {
 *         thing_destroy(container_of(things.first, struct thing, node)); // which does list_remove
 *     }
 *
 * A zeroed struct list or list_queue is empty. One thread. */
// SPDX-License-Identifier: MIT
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stddef.h>

struct list_node {
    struct list_node *next, **back; /* back: what points at this node */
};

struct list {
    struct list_node *first; /* the one that was added last */
};

struct list_queue {
    struct list_node *first; /* the one that was added first */
    struct list_node **end;  /* what points behind the last; NULL before the first was added */
};

static inline void list_add(struct list *l, struct list_node *node)
{
    node->next = l->first;
    node->back = &l->first;
    if (node->next != NULL) {
        node->next->back = &node->next;
    }
    l->first = node;
}

static inline void list_remove(struct list_node *node)
{
    *node->back = node->next;
    if (node->next != NULL) {
        node->next->back = node->back;
    }
}

static inline void list_queue_add(struct list_queue *q, struct list_node *node)
{
    node->next = NULL;
    node->back = q->end == NULL ? &q->first : q->end;
    *node->back = node;
    q->end = &node->next;
}

static inline void list_queue_remove(struct list_queue *q, struct list_node *node)
{
    if (node->next == NULL) {
        q->end = node->back;
    }
    list_remove(node);
}

#endif
