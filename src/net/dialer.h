/* Dialer: streams (base/stream.h) to other processes over TCP, with or without TLS.
 *
 *   stream_open ─> LOOKUP ─> CONNECT ─> (TLS) ─> OPEN ──────────────────────> on_close
 *                    │          │ ^        │       └─ stream_close ─> LINGER ─> gone
 *                    │          └─┘ the    │
 *                    │          next       │
 *                    │          address    │
 *                    └──────────┴──────────┴─> FAILED, in a later turn on_close
 *
 * A name is looked up by libevent's own resolver, by /etc/hosts and /etc/resolv.conf as they are at
 * that time; all its addresses are tried, one after the other, each with its share of the time that
 * is left. With TLS (1.2 at least) a certificate has to lead to the CA file, or to the CAs of the
 * system, and to bear the name or the address that was dialled; a name is asked for as well (SNI).
 *
 * What is sent within a turn leaves in one write at its end. A closed stream sends what it still
 * has for DIALER_LINGER_MS at most.
 *
 * Threads: the loop's; create and destroy while it does not run. Source: RFC 6125, RFC 6066. */
// SPDX-License-Identifier: MIT
#ifndef NET_DIALER_H
#define NET_DIALER_H

#include "src/base/stream.h"
#include "src/net/loop.h"

enum { DIALER_LINGER_MS = 5000 };

/* One per loop, which outlives it. */
struct dialer *net_dialer_create(struct loop *loop);

/* Streams that are still open are dropped, and nobody is told. NULL is harmless. */
void net_dialer_destroy(struct dialer *dialer);

/* For tests: name servers as in that file instead of /etc/resolv.conf. */
void net_dialer_set_resolver(struct dialer *dialer, const char *path);

#endif
