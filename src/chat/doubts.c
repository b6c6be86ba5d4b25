// SPDX-License-Identifier: MIT
#include "src/chat/doubts.h"

#include <stdlib.h>

#include "src/base/memory.h"

void doubts_add(struct doubts **doubts, struct record *r)
{
    if (*doubts == NULL) {
        *doubts = xcalloc(1, sizeof **doubts);
    }
    struct record **place = &(*doubts)->records[(*doubts)->next++ % DOUBTS_MAX];
    if (*place != NULL) {
        record_release(*place);
    }
    *place = record_hold(r);
}

struct record *doubts_take(struct doubts *doubts, const struct message *m)
{
    for (unsigned i = 0; doubts != NULL && i < DOUBTS_MAX; i++) {
        struct record *r = doubts->records[i];
        if (r != NULL && r->message.action == m->action && span_eq(r->message.id, m->id)) {
            doubts->records[i] = NULL;
            return r;
        }
    }
    return NULL;
}

void doubts_finish(struct doubts **doubts)
{
    for (unsigned i = 0; *doubts != NULL && i < DOUBTS_MAX; i++) {
        if ((*doubts)->records[i] != NULL) {
            record_release((*doubts)->records[i]);
        }
    }
    free(*doubts);
    *doubts = NULL;
}
