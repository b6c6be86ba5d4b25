/* Survey: a question to all loops of this server and, through the adapter, to all other nodes.
 *
 *   each loop    look()                        \
 *                                               findings, by executor_post  -->  take() ...
 * conclude() the adapter  inquiry.on_...(), on loop 0   /
 *
 * Whatever is found comes to the loop that asked (loop 0 for a thread that runs none), never within
 * the call. What an inquiry fails with is the survey's error, and what has been found stays.
 *
 * Ownership: a survey is embedded, as the first member, in whatever is asked for; conclude frees
 * that. A finding is embedded likewise.
 * Threads: survey_init and survey_begin on any; look on the loop of its share; the callbacks of the
 * inquiry on loop 0; take and conclude on the loop that asked. */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_SURVEY_H
#define SOCKET_SURVEY_H

#include "src/base/memory.h"
#include "src/socket/adapter.h"
#include "src/socket/share.h"

struct finding {
    struct task task;
    struct survey *survey;
    void (*take)(struct finding *f, struct survey *s); /* NULL: there is nothing in it */
    bool is_last;                                      /* of its loop, or of the adapter */
    int error;
};

struct survey {
    struct rookery_namespace *nsp;
    struct rookery_loop *loop; /* that asked */
    unsigned parts_left;       /* loops, and the adapter */
    int error;
    struct inquiry inquiry;
    /* What a loop has; NULL: nothing. Itself NULL: loops are not asked. */
    struct finding *(*look)(struct survey *s, struct share *share,
                            const struct rookery_target *target);
    void (*conclude)(struct survey *s);
};

/* A parent namespace can be asked nothing: its error is ROOKERY_EINVAL at once. */
void survey_init(struct survey *s, struct rookery_namespace *nsp);

/* Asks. Of the inquiry, the callbacks that its kind needs are set but for on_done; event and args
 * are those of an INQUIRE_EMIT. */
void survey_begin(struct survey *s, const struct rookery_target *target, struct rookery_str event,
                  const struct rookery_args *args);

/* For the callbacks of an inquiry: the survey that it belongs to, */
static inline struct survey *survey_of(struct inquiry *q)
{
    return container_of(q, struct survey, inquiry);
}

/* and the way of what they have found to who asked. */
void survey_report(struct survey *s, struct finding *f);

#endif
