/* Question: what this node has asked the others, and their answers.
 *
 *   publish the request ──┬── how many servers? (bus count, less this one) ──┐
 *                         └── answers, by request id ────────────────────────┴──> all: over
 *                             timeout, or the bus is down ───────────────────────> not all: over
 *
 * Answers are counted, not matched to who owes one, as Node does it: a server that answers twice is
 * taken for two. A question ends exactly once; what comes later finds no question.
 *
 * Threads: loop 0. */
// SPDX-License-Identifier: MIT
#ifndef CLUSTER_QUESTION_H
#define CLUSTER_QUESTION_H

#include "src/cluster/cluster_internal.h"

/* Asks for what q wants; m is the request but for its id. */
void question_inquire(struct cluster_nsp *n, struct adapter_message *m, struct inquiry *q);

/* Ends q with ROOKERY_EGONE, later. */
void question_refuse(struct cluster *c, struct inquiry *q);

/* A broadcast, m, whose answers are wanted. */
void question_ask_sockets(struct cluster_nsp *n, struct adapter_message *m, struct gather *answers);

/* Have we asked that? */
bool question_is_own(const struct cluster_nsp *n, struct span request_id);

/* An answer has come; ignored unless it is to a question that is open. */
void question_answered(struct cluster_nsp *n, const struct adapter_message *answer);

/* Ends all that are open. */
void questions_give_up(struct cluster_nsp *n);

void questions_init(struct cluster_nsp *n);
void questions_finish(struct cluster_nsp *n);

#endif
