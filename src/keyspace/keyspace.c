// SPDX-License-Identifier: MIT
#include "src/keyspace/keyspace.h"

const char *keyspace_strerror(int error)
{
    switch (error) {
    case 0:
        return "no error";
    case KEYSPACE_EDOWN:
        return "the keyspace is away";
    case KEYSPACE_EREPLY:
        return "the keyspace has refused";
    default:
        return "unknown error of the keyspace";
    }
}
