/* Progress: one line on a terminal, redrawn in place. */
// SPDX-License-Identifier: MIT
#ifndef TOOLS_LOAD_PROGRESS_H
#define TOOLS_LOAD_PROGRESS_H

#include <stdio.h>

#include "tools/load/run.h"

struct progress {
    FILE *terminal; /* NULL: nothing is drawn */
    uint64_t next_ns;
    uint64_t delivered; /* at the last drawing */
    uint64_t drawn_ns;
};

/* Draws on `out` if it is a terminal and not quiet. */
void progress_init(struct progress *p, FILE *out, bool quiet);

/* Draws when a tenth of a second has passed since it last did. */
void progress_update(struct progress *p, const struct run *r);

/* Wipes the line. */
void progress_finish(struct progress *p);

/* The bar itself: width characters, `done` (0 .. 1) of them full. For the tests. */
void progress_bar(char *out, unsigned width, double done);

#endif
