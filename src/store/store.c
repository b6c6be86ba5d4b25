// SPDX-License-Identifier: MIT
#include "src/store/store.h"

static const struct store_ops *const back_ends[] = {
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
    }
    return error == 0 ? "success" : "unknown store error";
}
