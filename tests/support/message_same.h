/* Do two messages say the same? Their texts, and those numbers that are given to a journal. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_SUPPORT_MESSAGE_SAME_H
#define TESTS_SUPPORT_MESSAGE_SAME_H

#include "src/base/message.h"

static inline bool message_same(const struct message *a, const struct message *b)
{
    struct message x = *a, y = *b;

    for (unsigned i = 0; i < MESSAGE_TEXTS; i++) {
        if (!span_eq(*message_text(&x, i), *message_text(&y, i))) {
            return false;
        }
    }
    return a->said == b->said && a->timestamp_ms == b->timestamp_ms &&
           a->edited_ms == b->edited_ms && a->dialect == b->dialect && a->action == b->action;
}

#endif
