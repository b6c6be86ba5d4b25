/* Own address: where other servers reach this one, as far as that can be told without asking
 * anybody: at the address that it listens on; if that is any address, at the one from which the way
 * to the peer begins, where the peer is told by an address; else at the first of this machine that
 * is not for itself only. Nothing is sent and no name is looked up.
 *
 * Threads: any. */
// SPDX-License-Identifier: MIT
#ifndef SERVER_OWN_ADDRESS_H
#define SERVER_OWN_ADDRESS_H

#include "protocol/bytes.h"

/* Appends host:port, with brackets around an IPv6 address. peer: a name or an address. */
void own_address_find(struct bytes *out, const char *listens_on, unsigned port, const char *peer);

#endif
