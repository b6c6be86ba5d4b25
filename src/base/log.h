/* Log: what the process says about itself, one line an event, on the standard error output.
 *
 *     log_write(LOG_INFO, "listening", LOG_FIELDS(LOG_TEXT("host", host), LOG_NUMBER("port",
 * port)));
 *
 *     {"time":"2026-05-01T12:00:00.000Z","level":"info","msg":"listening","host":"::1","port":3000}
 *     12:00:00.000 INFO  listening host=::1 port=3000                     (LOG_AS_TEXT,
 * LOG_AS_COLOUR)
 *
 * Messages are literals of ours; what came from elsewhere goes into a field. Nothing that a field
 * holds can end a line, begin another field or move a terminal's cursor: controls, marks that turn
 * the direction of writing and bytes that are no UTF-8 are escaped or replaced. A line has at most
 * LOG_LINE_MAX bytes: long values end in "…", and fields that have no room left are counted in
 * `left_out`.
 *
 * Threads: everything from any thread; a line is one write(2), so lines never mix. Nothing is
 * allocated. log_start once, before there are other threads. */
// SPDX-License-Identifier: MIT
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdatomic.h>
#include <stdbool.h>

#include "protocol/bytes.h"

enum { LOG_LINE_MAX = 4096, LOG_VALUE_BYTES_MAX = 1024 };

/* A level shows its own lines and those of the levels before it. */
enum log_level {
    LOG_ERROR, /* something does not work */
    LOG_WARN,  /* it works, but somebody should look */
    LOG_INFO,  /* what happens a few times in the life of a process */
    LOG_DEBUG,
};

enum log_form { LOG_AS_JSON, LOG_AS_TEXT, LOG_AS_COLOUR };

enum log_field_type { LOG_FIELD_TEXT, LOG_FIELD_NUMBER, LOG_FIELD_FLAG };

struct log_field {
    const char *name; /* a literal: letters, digits, '_' */
    enum log_field_type type;
    struct span text; /* LOG_FIELD_TEXT */
    int64_t number;   /* LOG_FIELD_NUMBER; LOG_FIELD_FLAG: 0 or 1 */
};

#define LOG_SPAN(field, value) \
    ((struct log_field){.name = (field), .type = LOG_FIELD_TEXT, .text = (value)})
#define LOG_TEXT(field, value) LOG_SPAN(field, span_cstr(value))
#define LOG_NUMBER(field, value) \
    ((struct log_field){.name = (field), .type = LOG_FIELD_NUMBER, .number = (int64_t)(value)})
#define LOG_FLAG(field, value) \
    ((struct log_field){.name = (field), .type = LOG_FIELD_FLAG, .number = (value) ? 1 : 0})
#define LOG_FIELDS(...) ((const struct log_field[]){__VA_ARGS__, {.name = NULL}})

/* Without it: the standard error output, JSON, LOG_INFO. */
void log_start(int fd, enum log_form form, enum log_level level);

void log_set_level(enum log_level level);

/* Would a line of that level be written? For those that are costly to put together. */
bool log_shows(enum log_level level);

/* "error", "warn", "info" or "debug" as a level; false, and *level stays, if name is none of them.
 */
bool log_level_of(const char *name, enum log_level *level);

/* fields: of LOG_FIELDS, or NULL. */
void log_write(enum log_level level, const char *message, const struct log_field *fields);

/* For what a peer can make happen as often as it likes: at most one line a second for each limit;
 * the next one says in `unsaid` how many were not written. A zeroed struct is the beginning. */
struct log_limit {
    _Atomic int64_t second; /* in which the last line was written */
    _Atomic uint64_t unsaid;
};

void log_write_limited(struct log_limit *limit, enum log_level level, const char *message,
                       const struct log_field *fields);

/* ---- for tests ---- */

struct log_line {
    char data[LOG_LINE_MAX];
    size_t len;
};

struct log_event {
    enum log_level level;
    int64_t wall_ms; /* since the Epoch */
    const char *message;
    const struct log_field *fields; /* or NULL */
    uint64_t unsaid;                /* 0 is left out */
};

/* The line, with its end. */
void log_compose(struct log_line *line, enum log_form form, const struct log_event *event);

#endif
