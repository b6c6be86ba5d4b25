// SPDX-License-Identifier: MIT
#include "protocol/adapter_message.h"

const char *adapter_strerror(int error)
{
    switch (error) {
    case 0:
        return "no error";
    case ADAPTER_ESYNTAX:
        return "neither JSON nor MessagePack";
    case ADAPTER_ESHAPE:
        return "a member is missing or of the wrong kind";
    case ADAPTER_ELIMIT:
        return "too deep or too many";
    default:
        return "unknown error";
    }
}

void adapter_decoder_finish(struct adapter_decoder *d)
{
    bytes_finish(&d->text);
    bytes_finish(&d->spans);
}
