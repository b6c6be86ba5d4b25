/* Feed bed: a broker with a log for feed_contract.c; one file for each back-end implements it.
 *
 * feed_bed_start, then feed_bed_fresh before each case. Another process that is to read the same
 * log calls feed_bed_join with the address, instead of both. What fails here ends the program. */
#ifndef TESTS_CONTRACT_FEED_BED_H
#define TESTS_CONTRACT_FEED_BED_H

#include "src/journal/feed.h"

enum { FEED_BED_PARTITIONS = 4, FEED_BED_ADDRESS_MAX = 256 };

/* Do its entries have places, and their partitions positions? */
extern const bool feed_bed_has_places;

/* Do several read at a time, each its part? Otherwise one, and another once that is gone. */
extern const bool feed_bed_is_shared;

/* Returns NULL, or why there is no broker here. */
const char *feed_bed_start(void);
void feed_bed_stop(void);

/* An empty log. */
void feed_bed_fresh(void);

/* For another process. */
void feed_bed_address(char address[FEED_BED_ADDRESS_MAX]);
void feed_bed_join(const char *address);

/* A reader that knows how far the store is in each partition. */
struct feed *feed_bed_open(const uint64_t positions[FEED_BED_PARTITIONS]);

/* Blocks until the broker has it: a message as our journal writes it, or any value at all. */
void feed_bed_append(const struct message *m);
void feed_bed_put(struct span value);

/* Takes the next dead letter; waits for it some seconds. Appends what was rejected and why. */
bool feed_bed_take_rejected(struct bytes *value, struct bytes *reason);

#endif
