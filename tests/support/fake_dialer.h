/* Fake dialer: streams without a network. A test plays the peers: it accepts or refuses, says what
 * it likes in pieces of any size, and reads what has been sent to it. */
#ifndef TESTS_SUPPORT_FAKE_DIALER_H
#define TESTS_SUPPORT_FAKE_DIALER_H

#include "src/base/stream.h"

enum { FAKE_PEERS_MAX = 256 };

struct fake_peer {
    struct stream *stream; /* NULL: closed, by whichever side */
    bool open;             /* accepted */
    char host[256];
    unsigned port;
    bool tls;
    struct bytes heard; /* what has been sent and not been read by the test */
};

struct fake_dialer {
    struct dialer dialer;
    struct fake_peer *peers[FAKE_PEERS_MAX]; /* in the order of opening */
    size_t count;
};

void fake_dialer_init(struct fake_dialer *fd, struct executor *executor);
void fake_dialer_finish(struct fake_dialer *fd);

/* The peer that was opened last, or the last to that port that is not closed; NULL if there is
 * none. */
struct fake_peer *fake_last(struct fake_dialer *fd);
struct fake_peer *fake_at(struct fake_dialer *fd, unsigned port);

void fake_accept(struct fake_peer *p);

/* Ends the stream: one that is open breaks, one that is not has been refused. */
void fake_break(struct fake_peer *p, const char *why);

void fake_say(struct fake_peer *p, struct span data);

/* The same, a byte at a time. */
void fake_drip(struct fake_peer *p, struct span data);

/* Has the client said exactly that since the last time? In commands: words divided by spaces,
 * commands by newlines. What it has said is forgotten. */
bool fake_heard(struct fake_peer *p, const char *commands);

#endif
