/* Request: the handshake request of a connection, kept for those who want to look at it later: the
 * checked head as it came, read again on demand. A connection that nobody asks costs its bytes only
 * as long as somebody holds it.
 *
 * It is the `struct rookery_request` of src/api/rookery.h. Immutable once made.
 * Threads: hold and release from any thread. */
// SPDX-License-Identifier: MIT
#ifndef ENGINE_REQUEST_H
#define ENGINE_REQUEST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "protocol/bytes.h"

enum { REQUEST_ADDRESS_MAX = 46 }; /* INET6_ADDRSTRLEN */

struct rookery_request {
    atomic_uint refs;
    uint32_t head_len;
    int64_t wall_ms; /* when it came, since the Epoch */
    bool secure;
    char address[REQUEST_ADDRESS_MAX]; /* of the peer, without port */
    uint8_t head[];                    /* request line and fields up to and with the empty line */
};

/* With one reference, the caller's. head must have passed http_head_parse. */
struct rookery_request *request_create(struct span head, const char *address, bool secure,
                                       int64_t wall_ms);

static inline struct rookery_request *request_hold(struct rookery_request *r)
{
    atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
    return r;
}

/* NULL is taken. */
void request_release(struct rookery_request *r);

static inline struct span request_head(const struct rookery_request *r)
{
    return span_of(r->head, r->head_len);
}

#endif
