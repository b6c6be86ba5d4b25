// SPDX-License-Identifier: MIT
#include "src/bus/bus.h"

const char *bus_strerror(int error)
{
    switch (error) {
    case 0:
        return "no error";
    case BUS_EDOWN:
        return "the bus is down";
    case BUS_EFULL:
        return "too much waits to be published";
    case BUS_EREPLY:
        return "the bus has refused";
    default:
        return "unknown error of the bus";
    }
}
