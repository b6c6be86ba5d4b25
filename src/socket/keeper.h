/* Keeper: sessions that are come back to, and what was said meanwhile (backlog.h), in the memory of
 * a server that is alone. It does what an adapter that recovers does in a cluster (adapter.h), by
 * the same structs, with two differences: what is said here waits for nobody, and what was said in
 * forms can be said again, since it is here as it was sent.
 *
 *   said ──> backlog ──> frame with its offset to all loops, each says where it has passed there
 *   a connection breaks ──> session saved ──> restored once, with what has passed since
 *
 * Bounds: nothing is kept longer than a session may be come back to, and all of it is at most
 * bytes_max; the oldest, of whichever kind, goes first. Who comes back to a session that is gone,
 * or has missed something that is, begins anew.
 *
 * An offset is "<4 characters of this start of the server>.<stamp>": one that a client has from
 * another start is none of ours.
 *
 * Threads: any loop; under the keeper's lock. */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_KEEPER_H
#define SOCKET_KEEPER_H

#include "src/base/list.h"
#include "src/base/lock.h"
#include "src/base/map.h"
#include "src/socket/adapter.h"
#include "src/socket/backlog.h"

enum { KEEPER_EPOCH_LEN = 4, KEEPER_OFFSET_MAX = 24 };

/* What has happened so far, but for bytes, which is what is kept by now. */
struct keeper_figures {
    uint64_t saved, restored, refused; /* sessions; refused: somebody came who begins anew */
    uint64_t dropped;                  /* events and sessions, at bytes_max */
    uint64_t bytes;
};

struct keeper {
    struct io *io;
    unsigned keep_ms;
    size_t bytes_max;
    char epoch[KEEPER_EPOCH_LEN];
    struct timer sweep; /* on loop 0 */
    struct lock lock;   /* of what follows */
    struct backlog backlog;
    struct map sessions;      /* struct kept_session by pid, see keeper.c */
    struct list_queue by_age; /* the same */
    size_t session_bytes;
    struct keeper_figures figures; /* but for bytes */
};

/* While no loop runs, for io. */
struct keeper *keeper_create(struct io *io, unsigned keep_ms, size_t bytes_max);
void keeper_destroy(struct keeper *k);

struct keeper_figures keeper_figures(struct keeper *k);

/* ---- what is said ---- */

/* Something is about to be said on that loop: writes its offset, which is to be its last argument,
 * and returns it with a reference. except_id: a socket that does not get it; or empty. */
struct said *keeper_say(struct keeper *k, const struct rookery_loop *loop,
                        const struct rookery_namespace *nsp, const struct rookery_target *to,
                        struct span except_id, char offset[KEEPER_OFFSET_MAX]);

/* The same for one socket of that loop. */
struct said *keeper_say_to_one(struct keeper *k, const struct rookery_loop *loop,
                               const struct rookery_socket *s, char offset[KEEPER_OFFSET_MAX]);

/* These are its forms, at most ROOKERY_TAGS_MAX; none: it is not said after all. It passes on that
 * loop now. */
void keeper_said(struct keeper *k, const struct rookery_loop *loop, struct said *s,
                 const struct said_form *forms, size_t count);

/* It passes on that loop now, another one. */
void keeper_passed(struct keeper *k, const struct rookery_loop *loop, struct said *s);

/* ---- sessions ---- */

/* Of a socket of that loop. */
void keeper_save(struct keeper *k, const struct rookery_loop *loop, struct rookery_namespace *nsp,
                 const struct adapter_session *session);

/* Restores to that loop, the caller's: calls back at once. False: it is to be asked for again in a
 * later turn, since something is still on its way between loops; nothing was called. */
bool keeper_restore(struct keeper *k, const struct rookery_loop *loop,
                    struct rookery_namespace *nsp, struct restoration *r);

#endif
