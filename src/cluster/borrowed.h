/* Borrowed: the parts of a decoded message as the API wants them: arrays of struct rookery_str that
 * point where the spans point to. Threads: any. */
// SPDX-License-Identifier: MIT
#ifndef CLUSTER_BORROWED_H
#define CLUSTER_BORROWED_H

#include "protocol/adapter_message.h"
#include "src/api/rookery.h"

enum { BORROWED_BLOCKS_MAX = 8 };

/* Arrays that were made for one message; a zeroed one has none. */
struct borrowed {
    void *blocks[BORROWED_BLOCKS_MAX];
    unsigned count;
};

/* Frees the arrays. */
void borrowed_finish(struct borrowed *b);

const struct rookery_str *borrow_names(struct borrowed *b, struct adapter_names names);
struct rookery_args borrow_args(struct borrowed *b, const struct adapter_args *args);
/* The target of a message, for sockets of this node. */
struct rookery_target borrow_target(struct borrowed *b, const struct adapter_message *m);
/* m->socket_count of them. */
struct rookery_socket_info *borrow_sockets(struct borrowed *b, const struct adapter_message *m);

#endif
