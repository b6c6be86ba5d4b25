// SPDX-License-Identifier: MIT
#include "src/socket/incoming.h"

#include <assert.h>
#include <stdlib.h>

#include "protocol/sio_attach.h"
#include "src/base/memory.h"

struct incoming *incoming_create(struct span text, const struct sio_limits *limits)
{
    struct incoming *in = xcalloc(1, sizeof *in + text.len);

    memcpy(in->text, text.data, text.len);
    if (sio_packet_decode(span_of(in->text, text.len), limits, &in->packet) < 0 ||
        sio_attach_check(in->packet.args, in->packet.attachments) < 0) {
        free(in);
        return NULL;
    }
    in->bins = xcalloc(in->packet.attachments, sizeof *in->bins);
    return in;
}

bool incoming_add(struct incoming *in, struct span data)
{
    assert(in->received < in->packet.attachments);

    struct rookery_bin *bin = &in->bins[in->received++];
    *bin = (struct rookery_bin){data.data, data.len};
    if (in->received == in->packet.attachments) {
        return true;
    }
    void *copy = xmalloc(data.len + 1); /* an empty one has an address, too */
    if (data.len != 0) {
        memcpy(copy, data.data, data.len);
    }
    bin->data = copy;
    return false;
}

void incoming_destroy(struct incoming *in)
{
    if (in == NULL) {
        return;
    }
    bool whole = in->received == in->packet.attachments;
    for (unsigned i = 0; i < in->received - (whole ? 1U : 0U); i++) {
        free((void *)(uintptr_t)in->bins[i].data);
    }
    free(in->bins);
    free(in);
}
