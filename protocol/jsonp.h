/* JSONP: polling by <script> and <form>, for pages in browsers that had no other way to another
 * origin. Both revisions of Engine.IO have it: a client that says `j=<number>` in its handshake.
 *
 *   answer   ___eio[0]("0{\"sid\":...}");      the payload as a string of JavaScript, which unlike
 *                                              JSON does not take U+2028 and U+2029 as they are
 *   POST     d=<payload, percent-encoded>      a form, with each \n of the payload (backslash and
 * n) doubled to \\n, and each newline written as \n
 *
 * Pure: no I/O, no allocation but in the caller's buffer, no global state; any thread.
 * Source: engine.io 6.6, transports/polling-jsonp; engine.io-client 3.5. */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_JSONP_H
#define PROTOCOL_JSONP_H

#include "protocol/bytes.h"

/* Appends the digits of what the client calls its number, the rest of it left out. */
void jsonp_number(struct bytes *out, struct span j);

/* Appends an answer with that payload, which is UTF-8. number: digits, or empty. */
void jsonp_write(struct bytes *out, struct span number, struct span payload);

/* Appends the payload of a form, as UTF-8. 0, or -1 if the form has none. */
MUST_USE int jsonp_read(struct span form, struct bytes *out);

#endif
