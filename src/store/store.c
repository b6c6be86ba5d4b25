// SPDX-License-Identifier: MIT
#include "src/store/store.h"

#include "src/base/memory.h"

static const struct store_ops *const back_ends[] = {
    &store_mongo,
    &store_postgres,
    &store_sqlite,
};

const struct store_ops *store_ops_by_name(const char *name)
{
    for (size_t i = 0; i < sizeof back_ends / sizeof back_ends[0]; i++) {
        if (strcmp(back_ends[i]->name, name) == 0) {
            return back_ends[i];
        }
    }
    return NULL;
}

const char *store_strerror(int error)
{
    switch ((enum store_error)error) {
    case STORE_EBUSY:
        return "too many calls are waiting";
    case STORE_EIO:
        return "the store failed";
    case STORE_EFULL:
        return "no space left for the store";
    case STORE_EEXISTS:
        return "it exists already";
    case STORE_EEXISTS_EMAIL:
        return "the e-mail address is taken";
    case STORE_EEXISTS_USERNAME:
        return "the user name is taken";
    case STORE_EMISSING:
        return "it does not exist";
    case STORE_ETOOMANY:
        return "there are too many already";
    case STORE_ERANGE:
        return "a number is out of range";
    case STORE_EINVALID:
        return "the store cannot keep such a message";
    }
    return error == 0 ? "success" : "unknown store error";
}

#define LIMIT_OF(name) offsetof(struct name, limit) - offsetof(struct name, call)

static const size_t limit_at[STORE_WRITES] = {
    [STORE_HISTORY] = LIMIT_OF(store_history), [STORE_CHANGES] = LIMIT_OF(store_changes),
    [STORE_SEARCH] = LIMIT_OF(store_search),   [STORE_ROOMS] = LIMIT_OF(store_rooms),
    [STORE_READS] = LIMIT_OF(store_reads),     [STORE_DIRECTS] = LIMIT_OF(store_directs),
};

bool store_call_is_in_range(const struct store_call *call)
{
    const struct store_history *h = container_of(call, struct store_history, call);
    const struct store_positions *p = container_of(call, struct store_positions, call);
    unsigned limit = 1;

    if (call->op < STORE_WRITES && limit_at[call->op] != 0) {
        memcpy(&limit, (const char *)call + limit_at[call->op], sizeof limit);
    }
    return limit >= 1 && limit <= STORE_PAGE_MAX &&
           (call->op != STORE_HISTORY ||
            (h->before != 0) + (h->after != 0) + (h->around != 0) + h->from_start <= 1) &&
           (call->op != STORE_POSITIONS || p->partitions <= STORE_PARTITIONS_MAX);
}
