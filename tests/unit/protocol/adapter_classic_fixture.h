/* Classic messages decoded one after another, and encoded again. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_UNIT_PROTOCOL_ADAPTER_CLASSIC_FIXTURE_H
#define TESTS_UNIT_PROTOCOL_ADAPTER_CLASSIC_FIXTURE_H

#include "protocol/adapter_classic.h"

struct fixture {
    struct adapter_decoder decoder;
    struct adapter_message m;
    struct bytes payload, again;
};

static inline void finish(struct fixture *f)
{
    adapter_decoder_finish(&f->decoder);
    bytes_finish(&f->payload);
    bytes_finish(&f->again);
}

static inline int decode(struct fixture *f, enum classic_channel which, struct span payload)
{
    bytes_clear(&f->payload);
    bytes_add_span(&f->payload, payload);
    return classic_decode(&f->decoder, which, SPAN("/"), bytes_span(&f->payload), &f->m);
}

static inline bool encodes(const struct adapter_message *m, struct span want)
{
    struct bytes out = {0};

    classic_encode(&out, m);
    bool same = span_eq(bytes_span(&out), want);
    bytes_finish(&out);
    return same;
}

#endif
