/* Handshake: one that the application is asked about, and may decide about later.
 *
 *   ask --accept, refuse--> done(ACCEPTED or REFUSED)                 and it is freed
 *    |
 *    +--too many are undecided, too late, the engine shuts down--> done(UNDECIDED)
 *    +--handshake_forget: the client has gone--> done is not called
 *
 * Behind the last two the decision is still owed, and means nothing any more; until then the
 * request can be read. So an application that never decides keeps the request; undecided_max of the
 * options bounds those, waited for or not, and handshakes beyond that are not asked about.
 *
 * It is the `struct rookery_handshake` of the API. Ownership: freed by the decision; engine_finish
 * frees those that never came. Threads: the engine's loop. */
// SPDX-License-Identifier: MIT
#ifndef ENGINE_HANDSHAKE_H
#define ENGINE_HANDSHAKE_H

#include "src/base/list.h"
#include "src/engine/engine.h"

enum handshake_verdict { HANDSHAKE_ACCEPTED, HANDSHAKE_REFUSED, HANDSHAKE_UNDECIDED };

/* message: of a refusal, never empty; borrowed. */
typedef void (*handshake_done_fn)(struct rookery_request *request, enum handshake_verdict verdict,
                                  struct span message, void *arg);

struct rookery_loop;

struct rookery_handshake {
    struct list_node node; /* of the engine's */
    struct engine *engine;
    struct rookery_request *request; /* held */
    struct rookery_loop *loop;       /* of the layer above, which sets it */
    handshake_done_fn done;          /* NULL: nobody waits for the decision any more */
    void *arg;
    bool *decided; /* set while the application is being asked */
    struct timer timeout;
};

/* Asks app->allow, which there is. done is called once: before this returns, which is then NULL, or
 * later, in decision_timeout_ms at most. */
struct rookery_handshake *handshake_ask(struct engine *e, struct rookery_request *request,
                                        handshake_done_fn done, void *arg);

/* Nobody waits for it any more. */
void handshake_forget(struct rookery_handshake *h);

/* The decision; one of the two, once. Without a message it is "Forbidden". */
void handshake_accept(struct rookery_handshake *h);
void handshake_refuse(struct rookery_handshake *h, struct span message);

/* For engine_shutdown and engine_finish. */
void handshake_end_all(struct engine *e);
void handshake_free_all(struct engine *e);

#endif
