// SPDX-License-Identifier: MIT
#include "src/engine/request.h"

#include <stdlib.h>

#include "src/base/memory.h"

struct rookery_request *request_create(struct span head, const char *address, bool secure,
                                       int64_t wall_ms)
{
    struct rookery_request *r = xmalloc(sizeof *r + head.len);

    atomic_init(&r->refs, 1);
    r->head_len = (uint32_t)head.len;
    r->wall_ms = wall_ms;
    r->secure = secure;
    memset(r->address, 0, sizeof r->address);
    memcpy(r->address, address, strnlen(address, sizeof r->address - 1));
    memcpy(r->head, head.data, head.len);
    return r;
}

void request_release(struct rookery_request *r)
{
    if (r != NULL && atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) == 1) {
        free(r);
    }
}
