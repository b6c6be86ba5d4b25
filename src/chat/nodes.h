/* Nodes: the numbers by which a chat knows the other nodes of the cluster, 1 to NODES_MAX, and
 * those that have been declared gone lately, which are not listened to.
 *
 * A number is given to another node once the old one has been forgotten by all loops: they are told
 * so before whatever the new one says. Threads: loop 0. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_NODES_H
#define CHAT_NODES_H

#include <stdbool.h>

#include "protocol/bytes.h"

enum { NODES_MAX = 255, NODES_GONE_MAX = 32, NODE_ID_BYTES_MAX = 64 };

enum nodes_error {
    NODES_EGONE = -1, /* it has been declared gone */
    NODES_EFULL = -2, /* there are NODES_MAX already */
};

struct node_id {
    uint8_t len; /* 0: none */
    char text[NODE_ID_BYTES_MAX];
};

/* A zeroed one is empty. */
struct nodes {
    struct node_id known[NODES_MAX + 1];
    struct node_id gone[NODES_GONE_MAX];
    unsigned next_gone;
};

/* The number of the node of that id (1 to NODE_ID_BYTES_MAX bytes), which it has from now on; or an
 * enum nodes_error. */
int nodes_number(struct nodes *nodes, struct span id);

/* It is declared alive. Has it been declared gone before? */
bool nodes_came(struct nodes *nodes, struct span id);

/* It is declared gone: returns the number that it had and has no more, or 0. */
uint8_t nodes_gone(struct nodes *nodes, struct span id);

#endif
