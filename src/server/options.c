// SPDX-License-Identifier: MIT
#include "src/server/options.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum option_type {
    OPTION_NUMBER,
    OPTION_TEXT,   /* a path, an address: anything but nothing */
    OPTION_CHOICE, /* one of `choices` */
    OPTION_FLAG,   /* takes no value and says what to do instead of running */
};

struct option {
    const char *name;
    enum option_type type;
    const char *value;       /* what help calls it */
    const char *fallback;    /* the default; NULL: none */
    unsigned min, max;       /* OPTION_NUMBER */
    const char *choices;     /* OPTION_CHOICE: "a, b" */
    const char *environment; /* NULL: none */
    enum options_outcome outcome;
    size_t offset;
    const char *help;
};

#define FIELD(name) offsetof(struct daemon_options, name)

static const struct option table[] = {
    {.name = "port",
     .type = OPTION_NUMBER,
     .value = "N",
     .fallback = "3000",
     .max = 65535,
     .environment = "PORT",
     .offset = FIELD(port),
     .help = "the port to listen on; 0 picks a free one"},
    {.name = "host",
     .type = OPTION_TEXT,
     .value = "ADDRESS",
     .fallback = "0.0.0.0",
     .offset = FIELD(host),
     .help = "the address to listen on"},
    {.name = "data",
     .type = OPTION_TEXT,
     .value = "DIR",
     .fallback = "./data",
     .offset = FIELD(data_dir),
     .help = "where messages are kept; made if it is missing"},
    {.name = "loops",
     .type = OPTION_NUMBER,
     .value = "N",
     .fallback = "0",
     .max = 256,
     .offset = FIELD(loops),
     .help = "threads that serve connections; 0: one per core"},
    {.name = "journal",
     .type = OPTION_CHOICE,
     .value = "NAME",
     .fallback = "direct",
     .choices = "direct, none",
     .offset = FIELD(journal),
     .help = "direct: messages are on disk before they are acknowledged; none: they are not kept"},
    {.name = "web",
     .type = OPTION_TEXT,
     .value = "DIR",
     .offset = FIELD(web_dir),
     .help = "the page that is served at / (the one that came with the program)"},
    {.name = "client",
     .type = OPTION_TEXT,
     .value = "DIR",
     .offset = FIELD(client_dir),
     .help = "socket.io-client's bundles for browsers (those that came with the program)"},
    {.name = "help", .type = OPTION_FLAG, .outcome = OPTIONS_HELP, .help = "show this and leave"},
    {.name = "version",
     .type = OPTION_FLAG,
     .outcome = OPTIONS_VERSION,
     .help = "show the version and leave"},
};

enum { OPTION_COUNT = sizeof table / sizeof *table };

/* ---- values ---- */

__attribute__((format(printf, 2, 3))) static bool refuse(struct bytes *why, const char *format, ...)
{
    char line[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    bytes_clear(why);
    bytes_add_cstr(why, line);
    return false;
}

static void *field_of(struct daemon_options *options, const struct option *o)
{
    return (char *)options + o->offset;
}

static bool set_number(struct daemon_options *options, const struct option *o, const char *from,
                       const char *value, struct bytes *why)
{
    uint64_t n;

    if (span_to_u64(span_cstr(value), o->max, &n) < 0 || n < o->min) {
        return refuse(why, "%s: '%s' is not a number from %u to %u", from, value, o->min, o->max);
    }
    *(unsigned *)field_of(options, o) = (unsigned)n;
    return true;
}

/* Is value one of the comma-separated choices? */
static bool is_choice(const char *choices, const char *value)
{
    size_t len = strlen(value);

    for (const char *at = choices; at != NULL; at = strchr(at, ',')) {
        at += strspn(at, ", ");
        if (strcspn(at, ",") == len && strncmp(at, value, len) == 0) {
            return true;
        }
    }
    return false;
}

/* from: who gave it, for the error: "--port" or "PORT" */
static bool set_value(struct daemon_options *options, const struct option *o, const char *from,
                      const char *value, struct bytes *why)
{
    if (o->type == OPTION_NUMBER) {
        return set_number(options, o, from, value, why);
    }
    if (value[0] == '\0') {
        return refuse(why, "%s: must not be empty", from);
    }
    if (o->type == OPTION_CHOICE && !is_choice(o->choices, value)) {
        return refuse(why, "%s: '%s' is none of: %s", from, value, o->choices);
    }
    *(const char **)field_of(options, o) = value;
    return true;
}

/* ---- where they come from ---- */

static void set_defaults(struct daemon_options *options)
{
    struct bytes why = {0};

    *options = (struct daemon_options){0};
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if (table[i].fallback != NULL) {
            bool ok = set_value(options, &table[i], table[i].name, table[i].fallback, &why);
            assert(ok);
        }
    }
    bytes_finish(&why);
}

/* A variable that is set to nothing counts as one that is not set. */
static bool take_environment(struct daemon_options *options, char *(*environment)(const char *name),
                             struct bytes *why)
{
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        const char *name = table[i].environment;
        const char *value = name == NULL ? NULL : environment(name);
        if (value != NULL && value[0] != '\0' && !set_value(options, &table[i], name, value, why)) {
            return false;
        }
    }
    return true;
}

static const struct option *find_option(const char *argument)
{
    size_t len = strcspn(argument, "=");

    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        const char *name = table[i].name;
        if (len == strlen(name) + 2 && strncmp(argument, "--", 2) == 0 &&
            strncmp(argument + 2, name, len - 2) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

/* Reads the option at argv[*i] and leaves *i at its last word. */
static bool take_argument(struct daemon_options *options, int argc, char *const argv[], int *i,
                          enum options_outcome *outcome, struct bytes *why)
{
    const struct option *o = find_option(argv[*i]);
    const char *equals = strchr(argv[*i], '=');
    char name[32];

    if (o == NULL) {
        return refuse(why, "'%s' is no option (--help lists them)", argv[*i]);
    }
    (void)snprintf(name, sizeof name, "--%s", o->name);
    if (o->type == OPTION_FLAG) {
        *outcome = o->outcome;
        return equals == NULL || refuse(why, "%s: takes no value", name);
    }
    if (equals == NULL && *i + 1 == argc) {
        return refuse(why, "%s: a value is missing", name);
    }
    return set_value(options, o, name, equals != NULL ? equals + 1 : argv[++*i], why);
}

enum options_outcome options_read(struct daemon_options *options, int argc, char *const argv[],
                                  char *(*environment)(const char *name), struct bytes *why)
{
    enum options_outcome outcome = OPTIONS_RUN;

    set_defaults(options);
    if (!take_environment(options, environment, why)) {
        return OPTIONS_WRONG;
    }
    for (int i = 1; i < argc && outcome == OPTIONS_RUN; i++) {
        if (!take_argument(options, argc, argv, &i, &outcome, why)) {
            return OPTIONS_WRONG;
        }
    }
    return outcome;
}

/* ---- help ---- */

static void add_row(struct bytes *out, const struct option *o)
{
    char left[48], row[256];

    (void)snprintf(left, sizeof left, "--%s %s", o->name, o->value == NULL ? "" : o->value);
    (void)snprintf(row, sizeof row, "  %-16s %s", left, o->help);
    bytes_add_cstr(out, row);
    if (o->fallback != NULL) {
        (void)snprintf(row, sizeof row, " (%s)", o->fallback);
        bytes_add_cstr(out, row);
    }
    if (o->environment != NULL) {
        (void)snprintf(row, sizeof row, " [%s]", o->environment);
        bytes_add_cstr(out, row);
    }
    bytes_add_byte(out, '\n');
}

void options_help(struct bytes *out)
{
    bytes_add_cstr(out, "usage: rookery [OPTION...]\n\nA chat server that Socket.IO clients speak "
                        "to.\n\n");
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        add_row(out, &table[i]);
    }
    bytes_add_cstr(out, "\n(default) [environment variable that sets it too]\n");
}
