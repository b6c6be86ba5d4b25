// SPDX-License-Identifier: MIT
#include "src/journal/feed.h"

const char *feed_strerror(int error)
{
    switch (error) {
    case 0:
        return "no error";
    case FEED_EAWAY:
        return "the broker cannot be reached";
    case FEED_ELOST:
        return "another reader has taken over";
    default:
        return "unknown error";
    }
}
