/* Forwarded: whose request it is that a proxy has passed on, and how it came to the proxy.
 *
 *     X-Forwarded-For: 203.0.113.9, 198.51.100.4, 10.0.0.7      peer 10.0.0.1, trusted 10.0.0.0/8
 *                      made up      the client    trusted
 *
 * Each proxy adds whom it was asked by, at the end; so the last address that is no proxy of ours is
 * the client's, and what stands before it is what the client likes. A peer that is no trusted proxy
 * says nothing of others that counts. Without that field X-Real-IP is taken, as nginx sets it. What
 * is no address ends the search: the last that was one counts. A port behind an address is ignored.
 *
 * X-Forwarded-Proto says whether the client came over TLS: its first word, since a proxy behind
 * another one keeps or appends.
 *
 * Pure; any thread. */
// SPDX-License-Identifier: MIT
#ifndef NET_FORWARDED_H
#define NET_FORWARDED_H

#include <netinet/in.h>

#include "protocol/http_head.h"
#include "src/base/networks.h"

/* Writes the address of who has made that request; with no networks that of the peer. */
void forwarded_address(const struct networks *trusted, const struct sockaddr *peer,
                       const struct http_head *head, char out[ADDRESS_TEXT_BYTES]);

/* Did it come over TLS, all the way or to a trusted proxy that says so? own: as it came to us. */
bool forwarded_secure(const struct networks *trusted, const struct sockaddr *peer,
                      const struct http_head *head, bool own);

/* Is the peer one of them? NULL: there are none. */
bool forwarded_trusts(const struct networks *trusted, const struct sockaddr *peer);

#endif
