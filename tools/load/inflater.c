// SPDX-License-Identifier: MIT
#include "tools/load/inflater.h"

#include <stdlib.h>

#include <zlib.h>

enum { WINDOW_BITS = 15, CHUNK_BYTES = 16 * 1024 };

void inflater_finish(struct inflater *i)
{
    for (unsigned k = 0; k < INFLATER_KEPT; k++) {
        bytes_finish(&i->kept[k].packed);
        bytes_finish(&i->kept[k].plain);
    }
    if (i->stream != NULL) {
        (void)inflateEnd(i->stream);
        free(i->stream);
    }
}

static z_stream *open_stream(struct inflater *i)
{
    if (i->stream == NULL) {
        i->stream = calloc(1, sizeof *i->stream);
        if (i->stream == NULL || inflateInit2(i->stream, -WINDOW_BITS) != Z_OK) {
            abort();
        }
    }
    (void)inflateReset(i->stream);
    return i->stream;
}

static int inflate_to(z_stream *z, struct bytes *plain)
{
    int result;

    do {
        z->next_out = bytes_reserve(plain, CHUNK_BYTES);
        z->avail_out = (uInt)(plain->cap - plain->len);
        result = inflate(z, Z_SYNC_FLUSH);
        plain->len = plain->cap - z->avail_out;
        if (plain->len > INFLATER_BYTES_MAX || (result != Z_OK && result != Z_BUF_ERROR)) {
            return -1;
        }
    } while (z->avail_in > 0 || z->avail_out == 0);
    return 0;
}

/* Puts the message in the place of the oldest one, which it returns, or -1. */
static int inflate_anew(struct inflater *i, struct span packed)
{
    static const uint8_t tail[] = {0x00, 0x00, 0xFF, 0xFF};
    unsigned at = i->oldest++ % INFLATER_KEPT;
    struct bytes *key = &i->kept[at].packed;
    z_stream *z = open_stream(i);

    bytes_clear(&i->kept[at].plain);
    bytes_clear(key);
    bytes_add_span(key, packed);
    bytes_add(key, tail, sizeof tail);
    z->next_in = key->data;
    z->avail_in = (uInt)key->len;
    key->len -= sizeof tail;
    i->inflated++;
    if (inflate_to(z, &i->kept[at].plain) < 0) {
        bytes_clear(&i->kept[at].plain); /* so that it is not found */
        return -1;
    }
    return (int)at;
}

static int find(const struct inflater *i, struct span packed)
{
    for (unsigned k = 0; k < INFLATER_KEPT; k++) {
        unsigned at = (i->next + k) % INFLATER_KEPT;
        if (i->kept[at].plain.len > 0 && span_eq(bytes_span(&i->kept[at].packed), packed)) {
            return (int)at;
        }
    }
    return -1;
}

int inflater_run(struct inflater *i, struct span packed, struct span *plain)
{
    int at = find(i, packed);

    if (at < 0) {
        at = inflate_anew(i, packed);
    }
    if (at < 0) {
        return -1;
    }
    i->next = (unsigned)at + 1;
    *plain = bytes_span(&i->kept[at].plain);
    return 0;
}
