/* Twin: the messages of a frame in another form (compressed, say), made once when the first
 * connection needs it and kept beside the frame for all that have the frame in their queues.
 *
 *   frame   | m1 |     m2     | m3 |     m4     |     a queue may begin and end between any two
 *   twin    | m1 | m2' | m3 | m4' |
 *   marks             ^            ^               behind each message that is not the same here
 *
 * Between two marks both have the same bytes, so that any place between two messages of the frame
 * is found in the twin by the last mark before it.
 *
 * Ownership: twins belong to their frame and go with it; what they hold is a frame of its own,
 * which queues may hold on to beyond that. Threads: any; a frame that is a live cork's has no
 * twins. */
// SPDX-License-Identifier: MIT
#ifndef BASE_TWIN_H
#define BASE_TWIN_H

#include "src/base/frame.h"

struct twin_mark {
    uint32_t at;    /* where a message of the frame ends */
    uint32_t there; /* where it ends in the twin */
};

struct twin {
    struct twin *next;   /* of the same frame, in another form */
    struct frame *frame; /* NULL: this form is no different */
    unsigned form;       /* the caller's name for it */
    uint32_t count;
    struct twin_mark marks[];
};

/* The messages of a frame in that form; f takes over the caller's reference, marks are copied. */
struct twin *twin_create(unsigned form, struct frame *f, const struct twin_mark *marks,
                         uint32_t count);

/* The frame's twin of that form, or NULL. */
const struct twin *twin_find(const struct frame *f, unsigned form);

/* Gives the frame a twin, or frees it if another thread was faster. Returns the frame's. */
const struct twin *twin_keep(struct frame *f, struct twin *twin);

/* Where in the twin the message begins that begins at `at` in the frame. */
uint32_t twin_place(const struct twin *twin, uint32_t at);

/* Frees a list of them; for frame.c. */
void twin_destroy_all(struct twin *first);

#endif
