/* Memory transport: a transport (src/engine/transport.h) that keeps what is sent as text for a test
 * to look at: each packet behind a '|', the payload of a binary frame in <...>. */
#ifndef TESTS_SUPPORT_MEMORY_TRANSPORT_H
#define TESTS_SUPPORT_MEMORY_TRANSPORT_H

#include "protocol/bytes.h"
#include "src/base/executor.h"
#include "src/engine/transport.h"

enum memory_ending { MEMORY_OPEN, MEMORY_CLOSED, MEMORY_ABORTED };

struct memory_transport {
    struct transport base;
    struct executor *executor;
    struct bytes sent;
    unsigned flushes;
    bool busy; /* takes nothing for the time being; polling takes nothing at its close either */
    enum memory_ending ending;
    unsigned cuts;
    unsigned released; /* polls, if it is one of polling */
    struct task gone_task;
};

/* A WebSocket, unless it is told to be polling. */
void memory_transport_init(struct memory_transport *t, struct executor *ex);
void memory_transport_set_kind(struct memory_transport *t, enum transport_kind kind);
void memory_transport_finish(struct memory_transport *t);

/* How often that stands in what was sent. */
unsigned memory_transport_count(const struct memory_transport *t, const char *part);

#endif
