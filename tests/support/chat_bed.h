/* Chat bed: a chat on a world (world.h), with the real SQLite store behind it. The loops are
 * virtual; the store's threads are not, so what they answer is waited for and handed to the loops
 * in bed_settle. The journal writes at once, and tells it in the next turn.
 *
 *     bed_start(&(struct bed_setup){.loops = 2});
 *     struct peer *a = bed_join(0, "{\"userId\":\"ada\"}");
 *     peer_send(a, "21[\"list_rooms\",{}]");
 *     bed_settle();
 *     check_like(a, "|431[{\"ok\":true,\"rooms\":[]}]");
 *     bed_end();
 *
 * There is one bed at a time. */
#ifndef TESTS_SUPPORT_CHAT_BED_H
#define TESTS_SUPPORT_CHAT_BED_H

#include "src/chat/chat.h"
#include "tests/support/fake_adapter.h"
#include "tests/support/fake_cluster.h"
#include "tests/support/tap.h"
#include "tests/support/world.h"

struct bed_setup {
    unsigned loops; /* 0: 1 */
    bool without_store;
    struct auth *auth;
    bool auth_required;
    unsigned recovery_ms; /* clients may come back to their sessions so long; 0: never */
    bool recovery_trusts;
    bool queued;    /* the journal is a queue before a store of all nodes, and nobody follows it */
    bool clustered; /* it is the node "here" of a cluster; the others are the test */
    void (*limit)(struct chat_limits *limits); /* changes those of chat_limits.h; NULL: no */
};

extern struct chat *bed_chat;
/* Calls that the store refuses from now on are those with this op; -1: none. */
extern int bed_busy_op;
/* What is appended from now on is stored, and reported as failed. */
extern bool bed_doubtful;
/* What is appended from now on is larger than the journal takes. */
extern bool bed_too_large;
/* What the broker was told beside the messages: "presence|push key value", a line each. */
extern char bed_beside[4096];
/* Of the calls under way the store's answer to the latest comes first. */
extern bool bed_backwards;

/* What a clustered bed tells the others. */
extern struct fake_adapter bed_others;
/* What they tell it: a note, and facts (a JSON array) of the node of that id. */
void bed_note(const char *note);
void bed_facts(const char *node, const char *facts);

void bed_start(const struct bed_setup *setup);
void bed_end(void);

/* Until nothing is left to do, the store's part included. */
void bed_settle(void);
/* Lets time pass. */
void bed_advance(unsigned ms);

/* What the chat has counted. */
uint64_t bed_stat(enum stat_id which);

/* Runs a call of the test's own and waits for it. Returns its error. */
int bed_call(struct store_call *call, enum store_op op);

/* A client that has connected with that auth (a JSON object, or ""); what it got is forgotten. */
struct peer *bed_join(unsigned loop, const char *auth);
/* CONNECT with that auth; returns what it got. */
const char *bed_connect(struct peer *p, const char *auth);
/* One that has arrived in dialect 3 besides. */
struct peer *bed_arrive(unsigned loop, const char *auth, const char *name);

/* It sends, and everything comes to its end. */
void bed_say(struct peer *p, const char *packet);

/* Is that what the peer got, and all? In `want` a ~ stands for any run of characters without a
 * quotation mark. */
bool bed_like(const char *got, const char *want);

#define check_like(p, want)                                                             \
    do {                                                                                \
        const char *got_ = peer_got(p);                                                 \
        if (!bed_like(got_, (want))) {                                                  \
            printf("# %s:%d: got %s\n#   want %s\n", __FILE__, __LINE__, got_, (want)); \
            tap_case_failed = 1;                                                        \
        }                                                                               \
    } while (0)

/* It sends, everything comes to its end, and that is what it got. */
#define check_answer(p, packet, want) \
    do {                              \
        bed_say((p), (packet));       \
        check_like((p), (want));      \
    } while (0)

#endif
