/* Poll payload: how packets stand in the bodies of a session's polls, which its handshake has
 * settled: the revision of Engine.IO (eio_payload.h, eio3_payload.h), whether payloads of revision
 * 3 may be binary (`b64`), whether they are JSONP (`j`; jsonp.h).
 *
 *     struct poll_writer w;
 *     poll_writer_open(&w, &form);
 *     poll_writer_add_frames(&w, frames, UINT_MAX);
 *     const char *type = poll_writer_close(&w);   ... w.body, with that Content-Type ...
 *     bytes_finish(&w.body);
 *
 * Threads: the session's loop. */
// SPDX-License-Identifier: MIT
#ifndef NET_POLL_PAYLOAD_H
#define NET_POLL_PAYLOAD_H

#include "protocol/eio3_payload.h"
#include "protocol/eio_payload.h"

struct poll_form {
    char *jsonp; /* own; the number that the client has given itself. NULL: no JSONP */
    bool eio3;
    bool base64_only;
};

/* query: of the handshake. */
void poll_form_init(struct poll_form *form, struct span query, bool eio3);
void poll_form_finish(struct poll_form *form);

/* ---- answers ---- */

struct poll_writer {
    const struct poll_form *form;
    struct bytes body;
    union {
        struct eio_payload_writer v4;
        struct eio3_payload_writer v3;
    };
};

/* The writer stays where it is until it is closed. */
void poll_writer_open(struct poll_writer *w, const struct poll_form *form);

/* A packet in text form, type digit included. */
void poll_writer_add_text(struct poll_writer *w, struct span packet);

/* As eio_payload_add_frames. */
size_t poll_writer_add_frames(struct poll_writer *w, struct span frames, unsigned packets_max);

/* The body is whole: returns its media type. */
const char *poll_writer_close(struct poll_writer *w);

/* ---- POSTs ---- */

struct poll_reader {
    const struct poll_form *form;
    struct bytes decoded;
    union {
        struct eio_payload_reader v4;
        struct eio3_payload_reader v3;
    };
};

/* May a body of that media type come? */
bool poll_form_takes(const struct poll_form *form, struct span type);

/* 0, or -1: that is no payload. */
MUST_USE int poll_reader_open(struct poll_reader *r, const struct poll_form *form, struct span body,
                              struct span type);

/* Returns 1 and fills *out with the next packet, which is good until the reader is closed; 0 after
 * the last one, below 0 at something that is none. */
MUST_USE int poll_reader_next(struct poll_reader *r, struct eio3_packet *out);

void poll_reader_close(struct poll_reader *r);

#endif
