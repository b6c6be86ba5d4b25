/* What the contracts of stores share: one store, opened anew for each test, and a loop to call it
 * from. A new back-end is a kind of place in store_back_ends.c.
 *
 * With a faulty store around it all that is asked of it here is repeated after an error: what was
 * done although it failed is then a repetition. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_CONTRACT_STORE_FIXTURE_H
#define TESTS_CONTRACT_STORE_FIXTURE_H

#include <stdlib.h>

#include "src/store/store.h"
#include "tests/support/store_faulty.h"
#include "tests/support/store_place.h"
#include "tests/support/tap.h"

extern const struct store_place_kind *const store_back_ends[];
extern const size_t store_back_end_count;

static const struct store_place_kind *kind;
static const struct store_ops *ops;
static struct store_place place;
static struct store *store;
static bool faulty; /* there is a faulty one around it */
static struct thread_executor loop;

static inline struct store *open_store(void)
{
    static const struct store_faults faults = {
        .refuse = 7, .fail_before = 5, .fail_after = 3, .delay_turns = 2};
    struct store *opened = store_place_open(&place, ops);

    if (opened == NULL) {
        abort(); /* after a comment: no test can go on */
    }
    return faulty ? store_faulty_create(opened, &faults) : opened;
}

static inline void setup(void)
{
    place = (struct store_place){.url = ""};
    kind->make(&place);
    thread_executor_start(&loop, 0);
    store = open_store();
}

static inline void teardown(void)
{
    store_close(store);
    thread_executor_stop(&loop);
    kind->remove(&place);
}

static inline void restart(void)
{
    store_close(store);
    store = open_store();
}

enum asked { ALONE, ALONE_AND_FAULTY };

/* Runs the suite with each store that can be had here; for main to return. */
static inline int ask_each_store(enum asked asked, void (*suite)(void))
{
    for (size_t i = 0; i < store_back_end_count; i++) {
        kind = store_back_ends[i];
        ops = store_ops_by_name(kind->name);
        const char *why = ops == NULL ? "not built in" : kind->unavailable();
        if (why != NULL) {
            printf("ok %d - %s # SKIP %s\n", ++tap_cases, kind->name, why);
            continue;
        }
        printf("# %s\n", kind->name);
        suite();
        if (asked == ALONE_AND_FAULTY) {
            printf("# %s, faulty\n", kind->name);
            faulty = true;
            suite();
            faulty = false;
        }
    }
    return tap_done();
}

/* Is that to be repeated? */
static inline bool is_fault(int error)
{
    return faulty && (error == STORE_EIO || error == STORE_EBUSY);
}

static inline int call_store(struct store_call *call, enum store_op op)
{
    int error;

    do {
        error = store_place_call(&loop, store, call, op);
    } while (is_fault(error));
    return error;
}

/* Starts a call of that kind and waits. */
#define CALL(request, op) call_store(&(request)->call, op)

/* How often something is done that is to be done that often. */
static inline unsigned times(unsigned wanted)
{
    return kind->slow ? wanted / 10 : wanted;
}

/* ---- messages ---- */

static inline struct message message(const char *id, const char *room, const char *content)
{
    return (struct message){.id = span_cstr(id),
                            .room = span_cstr(room),
                            .user_id = SPAN("u1"),
                            .username = SPAN("Ann"),
                            .content = span_cstr(content),
                            .type = SPAN("text"),
                            .timestamp_ms = 1700000000000,
                            .fate = 99};
}

enum { BATCH_MAX = 100 };

/* Appends all of them; returns 0 or an enum store_error. */
static inline int put(struct message *messages, size_t count)
{
    struct message *batch[BATCH_MAX];
    int error;

    for (size_t i = 0; i < count; i++) {
        batch[i] = &messages[i];
    }
    do {
        error = store_append(store, batch, count);
    } while (is_fault(error));
    return error;
}

static inline uint64_t append(struct message *m)
{
    return put(m, 1) == 0 ? m->offset : 0;
}

static inline uint64_t say(const char *id, const char *room, const char *content)
{
    struct message m = message(id, room, content);
    uint64_t offset = append(&m);
    check(m.fate == MESSAGE_STORED || (faulty && m.fate == MESSAGE_REPEATED));
    return offset;
}

/* Returns the fate; the offset in *offset. */
static inline enum message_fate act(enum message_action action, const char *id, const char *room,
                                    const char *user, const char *content, uint64_t *offset)
{
    struct message m = message(id, room, content);

    m.action = (uint8_t)action;
    m.user_id = span_cstr(user);
    m.timestamp_ms = 1700000005000;
    *offset = append(&m);
    return (enum message_fate)m.fate;
}

/* ---- journals ---- */

static inline int adopt(struct store *to, struct store_log *log, const uint64_t *ends)
{
    int error;

    do {
        error = store_adopt(to, log, ends);
    } while (is_fault(error));
    return error;
}

static inline int put_mark(const char *log, unsigned partition, uint64_t position)
{
    int error;

    do {
        error = store_mark(store, span_cstr(log), partition, position);
    } while (is_fault(error));
    return error;
}

/* ---- what is read ---- */

/* "id offset content, ..." of a page; * for a deleted message, ! for an edit. Frees the page. */
static inline const char *text_of(struct message_page *page)
{
    static char text[1024];
    size_t len = 0;

    text[0] = 0;
    for (size_t i = 0; page != NULL && i < page->count && len < sizeof text - 100; i++) {
        const struct message *m = &page->messages[i];
        len +=
            (size_t)snprintf(text + len, sizeof text - len, "%s%.*s %d%s%.*s", i == 0 ? "" : ", ",
                             (int)m->id.len, (const char *)m->id.data, (int)m->offset,
                             m->action == MESSAGE_DELETE ? "*"
                             : m->action == MESSAGE_EDIT ? "!"
                                                         : " ",
                             (int)m->content.len, (const char *)m->content.data);
    }
    free(page);
    return text;
}

#endif
