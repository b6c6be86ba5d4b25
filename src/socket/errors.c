// SPDX-License-Identifier: MIT
#include "src/api/rookery.h"

const char *rookery_strerror(int error)
{
    switch ((enum rookery_error)error) {
    case ROOKERY_EINVAL:
        return "not valid JSON, UTF-8 or options";
    case ROOKERY_ERESERVED:
        return "the event name is reserved";
    case ROOKERY_EGONE:
        return "the socket is not connected";
    case ROOKERY_ELIMIT:
        return "over a limit";
    case ROOKERY_ESYSTEM:
        return "the system refused";
    case ROOKERY_ETIMEOUT:
        return "no answer in time";
    }
    return error == 0 ? "no error" : "unknown error";
}
