/* A chat on virtual loops and a slow disk, and clients that take part in its room "busy". */
// SPDX-License-Identifier: MIT
#ifndef TESTS_UNIT_CHAT_CHAT_WORLD_H
#define TESTS_UNIT_CHAT_CHAT_WORLD_H

#include "src/chat/chat.h"
#include "tests/support/world.h"
#include "tests/unit/chat/slow_disk.h"

enum { LOOPS = 3, PLACES_MAX = 4096, REQUESTS_MAX = 512 };

extern struct chat *the_chat;

/* With the limits of chat_limits.h. */
struct chat_options plain_options(void);
void begin_with(struct chat_options options);
/* With a journal that follows its log, see slow_disk.h. */
void begin_log(struct chat_options options);
void begin(void);
void end(void);

/* Everything that is under way comes to its end. */
void settle(void);

/* Sends the message `n`; the second under a name of his own for it: who uses that again sends
 * nothing new. */
void say(struct peer *p, const char *room, unsigned n);
void say_named(struct peer *p, unsigned n);
/* Edits the message of that id, or (0) deletes it. */
void change(struct peer *p, struct span id, unsigned n);

/* ---- a client, which believes what it is told and notes what is wrong with that ---- */

enum request { JOIN_LATEST, JOIN_AFTER, LEAVE };

struct client {
    struct peer *peer;
    struct {
        enum request kind;
        uint64_t after;
    } requests[REQUESTS_MAX]; /* by their acknowledgements */
    unsigned request_count;
    bool in;
    bool wants_history; /* before anything else */
    bool blind;         /* there was none */
    uint64_t last;      /* place of the latest event since it joined */
    uint64_t known;     /* place up to which it has everything; 0: nothing, or it cannot know */
    uint64_t offset;    /* of its last join */
    uint64_t gap_after, gap_next;
    unsigned contents[PLACES_MAX]; /* of the messages in the room, by offset; 0: none */
    unsigned histories, lives, wrongs;
    unsigned refused_for_now, refused_for_good; /* joins */
};

/* On that loop; the last 16 can be used. */
struct client *client(unsigned loop);
/* Sends one; its answer is found by look(). */
void request(struct client *c, enum request kind, uint64_t after);
/* Takes what it has got since the last look. */
void look(struct client *c);
/* Has it got the room as it is? */
bool is_right(const struct client *c);

/* ---- what the rooms hold ---- */

/* Are those clients that are in the room its members, as asker is told? */
bool roster_is(struct peer *asker, struct client *const *clients, size_t count);
/* Nobody is anywhere: nothing is left but tails. */
bool nothing_is_left(void);

#endif
