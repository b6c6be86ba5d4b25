// SPDX-License-Identifier: MIT
#include "src/journal/journal.h"

static const struct journal_ops *const back_ends[] = {
    &journal_direct,
    &journal_kafka,
    &journal_none,
    &journal_rabbitmq,
};

const struct journal_ops *journal_ops_by_name(const char *name)
{
    for (size_t i = 0; i < sizeof back_ends / sizeof back_ends[0]; i++) {
        if (strcmp(back_ends[i]->name, name) == 0) {
            return back_ends[i];
        }
    }
    return NULL;
}

const char *journal_strerror(int error)
{
    switch ((enum journal_error)error) {
    case JOURNAL_EBUSY:
        return "the journal's queue is full";
    case JOURNAL_ESINK:
        return "the store or broker behind the journal failed";
    case JOURNAL_EAWAY:
        return "the broker behind the journal is away";
    case JOURNAL_ESIZE:
        return "the message is larger than what is ever taken";
    }
    return error == 0 ? "success" : "unknown journal error";
}
