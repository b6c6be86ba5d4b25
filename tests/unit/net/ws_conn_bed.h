/* WebSocket bed: one connection on a loop of its own, whose owner notes what happens to it, and the
 * client's end of its socket.
 *
 *     ws_bed_start(&(struct ws_bed){.options = &options, .echoes = true});
 *     client_sends(WS_TEXT, 0, true, SPAN("hi"));
 *     run_until("flushed");
 *     check_str(notes, "text(hi)flushed()");
 *     client_got("\x81\x02hi", 4);
 *     finish();
 *
 * There is one bed at a time, on one thread. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_UNIT_NET_WS_CONN_BED_H
#define TESTS_UNIT_NET_WS_CONN_BED_H

#include "protocol/ws_frame.h"
#include "src/net/ws_conn.h"
#include "tests/support/tap.h"

enum { GUARD_MS = 5000 }; /* a run that takes longer has failed */

struct owner {
    struct ws_conn conn;
    struct outq out;
    struct turn_hook flush_hook;
};

extern struct loop loop;
extern struct owner *owner; /* NULL once it is freed */
extern int peer;            /* the client's end; -1: the test has closed it */

/* text(...), binary(...), flushed() when all is sent, closed() or error(), freed(). */
extern char notes[512];

struct ws_bed {
    const struct ws_conn_options *options; /* borrowed until finish */
    bool echoes;                           /* the owner sends back what comes */
    unsigned deflate_bits;                 /* 0: no compression was agreed on */
};

void ws_bed_start(const struct ws_bed *bed);
void finish(void);

/* The owner sends a text of up to 60 bytes, at the turn's end. */
void push(struct span payload);

/* Until that is noted. */
void run_until(const char *what);
/* Until the owner has sent what the socket takes. */
void run_until_flush(void);

/* A frame of up to 240 bytes. */
void client_sends(enum ws_opcode opcode, unsigned rsv, bool fin, struct span payload);
/* That and no more has come. */
void client_got(const void *want, size_t len);

#endif
