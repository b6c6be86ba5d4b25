/* List: things that are in a list and may be taken out of it wherever they are, in no particular
 * order. The node is embedded in what is listed.
 *
 *     struct thing { struct list_node node; ... };
 *     list_add(&things, &t->node);
 *     while (things.first != NULL) {
 *         thing_destroy(container_of(things.first, struct thing, node)); // which does list_remove
 *     }
 *
 * A zeroed struct list is an empty list. One thread. */
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

#endif
