/* Kafka journal: what the files of the journal in Kafka share.
 *
 *   journal_kafka.c    open, begin, append, close
 *   kafka_flight.c     appends under way
 *   kafka_producer.c   to the topics; delivery reports back
 *   kafka_anew.c       whether the topic is still the one that was begun with
 *   kafka_follower.c   all that is in the topic, from where it ended at the start
 *   kafka_reader.c     where it is read from: eagerly, or with fewer questions to the brokers
 *   kafka_turn.c       what is done on the executor: first what was acknowledged, then, behind the
 *                      completions, what the log brings and the answers to those who ask where it
 *                      is
 *
 * A queue of librdkafka's that gets something posts one task to the executor, which serves all of
 * them; what a turn has no time for is left to the next.
 *
 * Locks, in the order in which they nest: `turn` (the executor's turn; close takes it to be the
 * last), `producing` (which producer is the current one: shared by appends, alone by whoever puts
 * another in its place), `lock` (the rest, as marked; nothing blocks under it). */
// SPDX-License-Identifier: MIT
#ifndef JOURNAL_KAFKA_JOURNAL_H
#define JOURNAL_KAFKA_JOURNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "src/base/list.h"
#include "src/base/lock.h"
#include "src/journal/completions.h"
#include "src/journal/kafka_breaker.h"
#include "src/journal/kafka_client.h"
#include "src/journal/kafka_sequence.h"

enum {
    KAFKA_SIDES = 2,
    KAFKA_SIDE_MESSAGES_MAX = 10000, /* of what is told beside the messages, under way */
    KAFKA_SIDE_BYTES_MAX = 8 << 20,
    KAFKA_REPORTS_PER_TURN = 4096,
    KAFKA_RECORDS_PER_TURN = 1024,
    KAFKA_TICK_MS = 100,
    KAFKA_FENCE_MS = 2000,
    KAFKA_HELD_MS = 500, /* see struct kafka_part */
};

/* An append under way. */
struct kafka_flight {
    struct kafka_flight *next, **back; /* in kafka_journal.flights, oldest first */
    struct journal_append *op;
    struct journal_append *again, **again_end; /* of the same id, after it; answered with it */
    uint64_t hash;                             /* kafka_recent_hash; the key of `by_hash` */
    uint64_t since_ms;
    uint64_t floor; /* an offset: all before it were there already */
    size_t bytes;
    unsigned partition;
    bool is_unplaced; /* it is in the log, and only the log can tell where */

    struct list_node held_node; /* in the part's `held`, with what follows */
    bool is_held;
    uint64_t held_ms;
    struct kafka_spot spot; /* its own */
};

/* An own record that is reported before the log has come there may be the second one of its id: the
 * first is told by the log. So those to whom a client has given an id are held until the log is
 * there, and what follows them too, or for KAFKA_HELD_MS. */
struct kafka_part {
    struct kafka_sequence sequence; /* next: of the turn; recent: lock */
    struct list_queue held;         /* flights, by their places; of the turn */
    uint64_t acked;                 /* the offset behind the greatest of own records; of the turn */
    uint64_t base;
    _Atomic uint64_t place;     /* of what was told or acknowledged */
    bool is_at_start;           /* of the log: is its first record behind what was told? */
    uint64_t lost_ms, again_ms; /* not there where it was left: since when; to be asked again */
    bool is_stopped;            /* until then */
    uint64_t deaf_batch;        /* the batch of which nothing more is for it */
};

/* A fetch is answered as soon as there is anything: at rest brokers are asked twice a second, and
 * members on other nodes have a message at once. Under load each batch that anybody produces would
 * be an answer, to each node, and a broker would do hardly anything else: then an answer is waited
 * for until it is worth it, for 10 ms at most. A consumer of librdkafka's cannot change its mind,
 * so there is one for each. */
enum kafka_pace { KAFKA_EAGER, KAFKA_THRIFTY, KAFKA_PACES };

struct kafka_reader {
    struct kafka_client client;
    rd_kafka_topic_t *topic; /* NULL before kafka_readers_begin */
    rd_kafka_queue_t *fetched;
};

enum kafka_answer { KAFKA_NO_ANSWER_YET, KAFKA_IS_THERE, KAFKA_IS_GONE, KAFKA_IS_AWAY };

/* A question that waits. */
struct kafka_fence {
    struct kafka_fence *next;
    struct journal_fence *fence;
    uint64_t until_ms;
};

struct kafka_journal {
    struct journal journal;
    struct journal_options options;
    struct journal_kafka_options kafka; /* texts are own */
    struct executor *executor;
    unsigned partitions;
    uint64_t begins[JOURNAL_KAFKA_PARTITIONS_MAX], ends[JOURNAL_KAFKA_PARTITIONS_MAX];
    struct kafka_part *parts;
    uint64_t secret[2];

    pthread_rwlock_t producing;
    struct kafka_client producer;
    rd_kafka_topic_t *topic, *sides[KAFKA_SIDES]; /* the producer's */

    struct lock turn; /* for what follows */
    bool is_closed;
    struct journal_listener listener;
    struct kafka_reader readers[KAFKA_PACES];
    enum kafka_pace pace;        /* which of them reads */
    unsigned pace_ticks;         /* since that was looked at */
    unsigned answers;            /* batches that have come since then */
    uint64_t batch;              /* the one that was taken last */
    struct kafka_fence *waiting; /* questions for a place that is to come */
    struct completions done;
    struct bytes scratch;
    struct timer tick;
    pthread_t asker; /* finds out whether broker and topic are there, while that is in doubt */
    uint64_t asked_ms;
    bool is_asking;
    bool is_in_doubt;  /* the consumer has complained since: maybe of the topic */
    bool is_broken;    /* the producer is of no use any more */
    bool is_following; /* follow_task is posted */
    bool is_behind;    /* there is more than this turn had time for */

    struct task turn_task, follow_task, bury_task;
    atomic_bool is_posted, is_begun;
    atomic_size_t too_large; /* bytes of the latest that the broker does not take; 0: all said */
    _Atomic enum kafka_answer answer; /* the asker's */

    struct lock lock; /* for what follows */
    struct kafka_flight *flights, **flights_end;
    struct map by_hash; /* those flights that have a hash */
    struct journal_fence *asked, **asked_end;
    struct kafka_breaker breaker;
    bool is_gone; /* the topic */
    struct journal_figures figures;
    size_t side_messages, side_bytes;
};

static inline uint64_t kafka_place(const struct kafka_part *part, uint64_t offset)
{
    return part->base + offset + 1;
}

/* Of the turn, before completions are posted: whoever hears that he is stored and asks the store
 * waits for what he knows of. */
static inline void kafka_part_publish(struct kafka_part *part)
{
    uint64_t next = part->acked > part->sequence.next ? part->acked : part->sequence.next;
    atomic_store_explicit(&part->place, part->base + next, memory_order_release);
}

uint64_t kafka_now_ms(void);

/* ---- kafka_anew.c: of the turn ---- */

/* Does an error say that the topic is not there, or with fewer partitions? */
bool kafka_error_is_gone(rd_kafka_resp_err_t error);

/* Any thread. */
bool kafka_topic_is_in(const struct kafka_journal *j, const struct rd_kafka_metadata *all);

/* Appends are refused until it is there again. */
void kafka_topic_is_gone(struct kafka_journal *j);

/* A partition has fewer records than it had: what is appended gets places that others have in the
 * store already, and would never come there. So nothing is until all is begun anew. */
void kafka_topic_lost(struct kafka_journal *j, unsigned partition);

/* ---- kafka_producer.c ---- */

MUST_USE int kafka_producer_open(struct kafka_journal *j, struct bytes *why);
void kafka_producer_close(struct kafka_journal *j);

/* Sends the message of a flight; with `producing` held. Returns 0, or JOURNAL_ESIZE or
 * JOURNAL_ESINK: then nothing was sent. */
MUST_USE int kafka_produce(struct kafka_journal *j, struct kafka_flight *flight);

void kafka_tell(struct journal *journal, enum journal_side side, struct span key,
                struct span value);

/* Serves the producer's queue: reports go to j->done. Of the turn. */
void kafka_producer_serve(struct kafka_journal *j);

/* Puts a new producer in the place of one that is broken; what that had under way fails. */
void kafka_producer_replace(struct kafka_journal *j);

/* Waits for what is under way, and fails what does not come. */
void kafka_producer_flush(struct kafka_journal *j, unsigned timeout_ms);

/* ---- kafka_flight.c: with `lock` held ---- */

/* Takes a message in: an enum journal_error; 0: *flight is to be produced; 1: its id is under way
 * or has a place already (then *op is completed, to be posted). */
int kafka_flight_take(struct kafka_journal *j, struct journal_append *op,
                      struct kafka_flight *flight, bool *is_placed);

/* Takes it out, with what was appended again; all of them go to *done with their results: it is in
 * the log at the spot *first, where with KAFKA_REPEATED somebody else has put it. */
void kafka_flight_land(struct kafka_journal *j, struct kafka_flight *flight,
                       const struct kafka_spot *first, enum kafka_turn turn,
                       struct completions *done);

/* The same of one that may be in the log or not (JOURNAL_ESINK), or cannot (JOURNAL_ESIZE). */
void kafka_flight_fail(struct kafka_journal *j, struct kafka_flight *flight, int error,
                       struct completions *done);

/* It is at that spot of the log, by whomever: what gives itself another time is another's. To
 * j->done, as the next two. */
void kafka_flight_land_at(struct kafka_journal *j, struct kafka_flight *flight,
                          const struct kafka_spot *spot);

/* It is in the log at that spot, and not in turn: lands, at once or when the log is there. */
void kafka_flight_land_later(struct kafka_journal *j, struct kafka_flight *flight,
                             const struct kafka_spot *spot);

/* What was held, and whose place is before `next` or which has been held since `since_ms`, lands.
 */
void kafka_flights_release(struct kafka_journal *j, struct kafka_part *part, uint64_t next,
                           uint64_t since_ms);

struct kafka_flight *kafka_flight_find(const struct kafka_journal *j, uint64_t hash);

/* ---- kafka_follower.c ---- */

MUST_USE int kafka_follower_open(struct kafka_journal *j, struct bytes *why);
/* Blocks while it reads again what the windows of the partitions hold: who repeats what he sent
 * before this node started is known by that. */
void kafka_follower_begin(struct kafka_journal *j);

/* Begins where it had to wait. Of the turn. */
void kafka_follower_ask_again(struct kafka_journal *j);

/* Serves the consumer's queues: listeners are told. Of the turn. */
void kafka_follower_serve(struct kafka_journal *j);

/* ---- kafka_reader.c ---- */

static inline struct kafka_reader *kafka_reader(struct kafka_journal *j)
{
    return &j->readers[j->pace];
}

MUST_USE int kafka_readers_open(struct kafka_journal *j, struct bytes *why);
void kafka_readers_begin(struct kafka_journal *j);
void kafka_readers_close(struct kafka_journal *j);

/* Reads that partition from an offset on, or not any more: what is left of the batch under way was
 * read before then. Of the turn; the second waits for a thread of librdkafka's. */
void kafka_reader_start(struct kafka_journal *j, unsigned partition, int64_t offset);
void kafka_reader_stop(struct kafka_journal *j, unsigned partition);

/* Looks, with each tick, whether the other reader would do better. */
void kafka_reader_pace(struct kafka_journal *j);

/* ---- kafka_turn.c ---- */

/* Has the queues served on the executor, soon. Any thread. */
void kafka_turn_wake(struct kafka_journal *j);
void kafka_turn_begin(struct kafka_journal *j);

/* Waits for the asker, for no longer than a question takes. Of the turn. */
void kafka_asker_finish(struct kafka_journal *j);

/* Answers all that ask, late or not. */
void kafka_fences_finish(struct kafka_journal *j);

/* Says it to whom the options name, and whether a broker is there. Of the turn. */
void kafka_say(struct kafka_journal *j, const char *line);

#endif
