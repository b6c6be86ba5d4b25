/* Node view: the nodes of the registry at one moment, for all threads. Immutable and counted: who
 * takes one may read it until he gives it back, whatever is shown meanwhile.
 *
 * Ownership: a view has copies of all texts. Threads: any. */
// SPDX-License-Identifier: MIT
#ifndef CLUSTER_NODE_VIEW_H
#define CLUSTER_NODE_VIEW_H

#include "src/base/lock.h"
#include "src/cluster/registry.h"

struct node_view {
    _Atomic unsigned holders;
    size_t count;
    char *texts;
    struct registry_node nodes[]; /* this node first */
};

/* Where the view of the moment is. */
struct node_shown {
    struct lock lock; /* of the pointer; a leaf */
    struct node_view *view;
};

/* An empty view. */
void node_shown_init(struct node_shown *shown);
void node_shown_finish(struct node_shown *shown);

/* Shows copies of these from now on. */
void node_shown_set(struct node_shown *shown, const struct registry_node *const *nodes,
                    size_t count);

const struct node_view *node_view_take(const struct node_shown *shown);
void node_view_give_back(const struct node_view *view);

#endif
