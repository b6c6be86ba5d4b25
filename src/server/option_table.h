/* Option table: what options.c and option_text.c know of each option. */
// SPDX-License-Identifier: MIT
#ifndef SERVER_OPTION_TABLE_H
#define SERVER_OPTION_TABLE_H

#include "src/server/options.h"

enum option_type {
    OPTION_NUMBER,   /* uint64_t */
    OPTION_SIZE,     /* uint64_t, bytes */
    OPTION_DURATION, /* uint64_t, milliseconds */
    OPTION_PORTS,    /* struct option_ports */
    OPTION_BOOLEAN,  /* bool */
    OPTION_TEXT,     /* const char *, as all below: a path, an address; anything but nothing */
    OPTION_SECRET,   /* text that is never shown */
    OPTION_URL,      /* text whose user and password are never shown */
    OPTION_CHOICE,   /* one of `choices` */
    OPTION_LIST,     /* comma-separated items, none of them empty */
    OPTION_NETWORKS, /* such a list of addresses and networks */
    OPTION_ORIGINS,  /* reflect, *, none, or such a list of origins */
    OPTION_TOKEN,    /* text without spaces and separators, as HTTP has it */
    OPTION_CONFIG,   /* the file; no field */
    OPTION_ACTION,   /* takes no value and says what to do instead of running; no field */
};

struct option {
    const char *name;
    enum option_type type;
    const char *shown;       /* what help calls the value; NULL: by its type */
    const char *fallback;    /* the default; NULL: none */
    uint64_t min, max;       /* OPTION_NUMBER, OPTION_SIZE, OPTION_DURATION, each of OPTION_PORTS */
    uint64_t unit_ms;        /* OPTION_DURATION: of a bare number */
    const char *choices;     /* OPTION_CHOICE: "a, b" */
    const char *begins;      /* OPTION_TEXT: what it begins with; NULL: anything */
    const char *environment; /* variables beside ROOKERY_<NAME>, space-separated; NULL: none */
    bool reload;             /* SIGHUP changes it */
    const char *group;       /* the heading that it begins, or NULL */
    enum options_outcome outcome;
    size_t offset;
    const char *help; /* one sentence or two; NULL default: what holds then */
};

extern const struct option option_table[];
extern const size_t option_count;

/* Is there a field in struct daemon_options? */
bool option_has_value(const struct option *o);

/* ... and is it a text? Then it is this; NULL: not set. */
bool option_is_text(const struct option *o);
const char *option_text(const struct daemon_options *values, const struct option *o);

/* The field: the number, the bool, the ports, or the pointer to the text. */
const void *option_field(const struct daemon_options *values, const struct option *o);

/* Is it set, or has it a default? */
bool option_is_set(const struct daemon_options *values, const struct option *o);

/* ---- option_write.c ---- */

/* Appends the value as a file or the command line takes it, and *** for what is secret. Returns
 * false if something was. */
bool option_write(const struct daemon_options *values, const struct option *o, struct bytes *out);

/* Appends "a number from 1 to 10" and the like: what the option takes. */
void option_write_range(const struct option *o, struct bytes *out);

enum { OPTION_VARIABLE_MAX = 64 };

/* Writes ROOKERY_<NAME>. */
void option_variable(const struct option *o, char out[OPTION_VARIABLE_MAX]);

#endif
