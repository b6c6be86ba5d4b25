/* Delivery: hands a packet to all of one loop that it is for, or each of several to those who have
 * its tags in the room that it is for. There are two ways:
 *
 *   one room (or everybody), at most a few single sockets left out: the room's cork, see rooms.h
 *   anything else: the receivers are collected, and each gets the same frame
 *
 * Threads: the loop's own. */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_DELIVERY_H
#define SOCKET_DELIVERY_H

#include "src/socket/gather.h"
#include "src/socket/share.h"

/* Packets above this are shared by pointer rather than copied into corks. */
enum { DELIVERY_CORKED_BYTES_MAX = 32 * 1024 };

struct delivery_form {
    uint32_t tags;       /* of those who get it, see rooms.h */
    struct span packet;  /* as it is queued (see encoder.h) */
    struct frame *frame; /* the same, if it is in a frame already; or NULL */
};

struct delivery {
    const struct rookery_target *to; /* NULL: everybody */
    struct rookery_socket *from;     /* gets nothing; or NULL */
    const struct delivery_form *forms;
    size_t count; /* of forms; with a gather 1 */
    bool is_volatile;
    bool no_compress;
    struct gather *gather; /* for the answers, or NULL */
    uint64_t ack_id;       /* if there is one */
};

/* To that loop's sockets of a namespace that is no parent. */
void delivery_run(const struct delivery *d, const struct rookery_namespace *nsp,
                  struct rookery_loop *loop);

/* The form's packet in a frame: one more reference, the caller's. */
struct frame *delivery_frame(const struct delivery_form *form, bool no_compress);

#endif
