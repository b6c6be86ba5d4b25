/* Incoming: a packet whose attachments are still on their way.
 *
 * It keeps a copy of the packet's text and of all attachments but the last, which completes it and
 * is only borrowed. That is bounded by attachments_max messages of the transport's limit.
 *
 * One thread. */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_INCOMING_H
#define SOCKET_INCOMING_H

#include "protocol/sio_packet.h"
#include "src/api/rookery.h"

struct incoming {
    struct sio_packet packet; /* points into text */
    unsigned received;        /* attachments */
    struct rookery_bin *bins; /* packet.attachments of them */
    uint8_t text[];
};

/* Does the text announce attachments, if it is a packet? */
static inline bool incoming_announced(struct span text)
{
    return text.len != 0 && (text.data[0] == '5' || text.data[0] == '6');
}

/* NULL when text is no packet, or its placeholders do not fit the attachments that it announces. */
struct incoming *incoming_create(struct span text, const struct sio_limits *limits);

/* Takes the next attachment. True: that was the last, and bins is whole as long as data is there.
 */
bool incoming_add(struct incoming *in, struct span data);

/* NULL is taken. */
void incoming_destroy(struct incoming *in);

#endif
