// SPDX-License-Identifier: MIT
#include "src/server/options.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "protocol/http_head.h"
#include "src/base/memory.h"
#include "src/base/networks.h"
#include "src/server/config_file.h"
#include "src/server/option_table.h"
#include "src/server/option_values.h"

enum { PROBLEMS_MAX = 20, LABEL_MAX = 512, PORT_MAX = 65535 };

/* One options_read. */
struct reading {
    struct options *options;
    struct bytes *why;
    unsigned problems;
    enum options_outcome outcome;
    char *file;                       /* what --config or ROOKERY_CONFIG say */
    unsigned file_lines[OPTIONS_MAX]; /* where the file sets what; 0: nowhere */
};

/* Who gives a value: its rank, and what a problem begins with: "--port", "PORT", "x.conf:3: port".
 */
struct giver {
    struct option_origin origin;
    char label[LABEL_MAX];
};

/* Up to PROBLEMS_MAX are told. Returns false, for the callers' convenience. */
__attribute__((format(printf, 2, 3))) static bool refuse(struct reading *r, const char *format, ...)
{
    char line[2 * LABEL_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    r->outcome = OPTIONS_WRONG;
    if (r->problems++ < PROBLEMS_MAX) {
        if (r->why->len > 0) {
            bytes_add_byte(r->why, '\n');
        }
        bytes_add_cstr(r->why, line);
    }
    return false;
}

/* ---- values ---- */

/* A value of any type, before it is known whether it counts. */
struct parsed {
    uint64_t number;
    bool flag;
    struct option_ports ports;
    struct bytes text; /* with its NUL; empty: none */
};

static bool parse_ports(const struct option *o, struct span value, struct option_ports *ports)
{
    struct span rest = value, item;
    uint64_t port;

    ports->count = 0;
    while (value_next_item(&rest, &item)) {
        if (ports->count == OPTION_PORTS_MAX || span_to_u64(item, o->max, &port) < 0) {
            return false;
        }
        ports->list[ports->count++] = (unsigned)port;
    }
    return true;
}

static bool parse_list(struct span value, struct bytes *out)
{
    struct span rest = value, item;

    while (value_next_item(&rest, &item)) {
        if (item.len == 0) {
            return false;
        }
        if (out->len > 0) {
            bytes_add_byte(out, ',');
        }
        bytes_add_span(out, item);
    }
    bytes_add_byte(out, '\0');
    return true;
}

static bool parse_choice(const struct option *o, struct span value, struct bytes *out)
{
    struct span rest = span_cstr(o->choices), item;

    while (value_next_item(&rest, &item)) {
        if (span_eq(item, value)) {
            bytes_add_span(out, value);
            bytes_add_byte(out, '\0');
            return true;
        }
    }
    return false;
}

static bool parse_text(struct span value, struct bytes *out)
{
    bytes_add_span(out, value);
    bytes_add_byte(out, '\0');
    return true;
}

static bool parse(const struct option *o, struct span value, struct parsed *p)
{
    switch (o->type) {
    case OPTION_NUMBER:
        return span_to_u64(value, o->max, &p->number) == 0 && p->number >= o->min;
    case OPTION_SIZE:
        return value_size(value, o->max, &p->number) && p->number >= o->min;
    case OPTION_DURATION:
        return value_duration(value, o->unit_ms, o->max, &p->number) && p->number >= o->min;
    case OPTION_PORTS:
        return parse_ports(o, value, &p->ports);
    case OPTION_BOOLEAN:
        return value_boolean(value, &p->flag);
    case OPTION_CHOICE:
        return parse_choice(o, value, &p->text);
    case OPTION_LIST:
        return parse_list(value, &p->text);
    case OPTION_NETWORKS:
        return networks_read(value, &(struct networks){0}) == 0 && parse_list(value, &p->text);
    case OPTION_ORIGINS:
        return value_is_origins(value) && parse_list(value, &p->text);
    case OPTION_TOKEN:
        return http_token_len(value) == value.len && parse_text(value, &p->text);
    case OPTION_TEXT:
    case OPTION_SECRET:
    case OPTION_URL:
    case OPTION_CONFIG:
        return parse_text(value, &p->text);
    case OPTION_ACTION:
        break;
    }
    assert(!"an action has no value");
    return false;
}

/* Of what somebody has written, for "%.*s". */
static int shown_length(struct span text)
{
    enum { SHOWN_MAX = 100 };
    return text.len > SHOWN_MAX ? SHOWN_MAX : (int)text.len;
}

static void refuse_value(struct reading *r, const struct option *o, const char *label,
                         struct span value)
{
    struct bytes range = {0};

    option_write_range(o, &range);
    (void)refuse(r, "%s: '%.*s' is not %.*s", label, shown_length(value), (const char *)value.data,
                 (int)range.len, (const char *)range.data);
    bytes_finish(&range);
}

/* What holds for texts, whatever they mean. *** is what is shown in place of a secret. */
static bool check_text(struct reading *r, const struct option *o, const char *label,
                       struct span value)
{
    if (value.len == 0) {
        return refuse(r, "%s: must not be empty", label);
    }
    if (!config_is_text(value)) {
        return refuse(r, "%s: holds a control character, or is no UTF-8", label);
    }
    if ((o->type == OPTION_SECRET || o->type == OPTION_URL) &&
        memmem(value.data, value.len, "***", 3) != NULL) {
        return refuse(r, "%s: *** stands for a secret, and is none", label);
    }
    if (o->begins != NULL && !span_starts(value, span_cstr(o->begins))) {
        return refuse(r, "%s: '%.*s' does not begin with '%s'", label, shown_length(value),
                      (const char *)value.data, o->begins);
    }
    return true;
}

static void *field_of(struct options *options, const struct option *o)
{
    return (char *)&options->values + o->offset;
}

static void free_text(struct options *options, const struct option *o)
{
    free((void *)(uintptr_t)option_text(&options->values, o));
}

/* Takes over the text of p. */
static void store(struct options *options, const struct option *o, struct parsed *p)
{
    void *field = field_of(options, o);

    if (option_is_text(o)) {
        free_text(options, o);
        *(const char **)field = (const char *)p->text.data;
        p->text = (struct bytes){0};
    } else if (o->type == OPTION_PORTS) {
        *(struct option_ports *)field = p->ports;
    } else if (o->type == OPTION_BOOLEAN) {
        *(bool *)field = p->flag;
    } else {
        *(uint64_t *)field = p->number;
    }
}

/* Every value is checked; it counts unless there is one of a higher rank. */
static bool set_value(struct reading *r, const struct option *o, const struct giver *giver,
                      struct span value)
{
    struct option_origin *origin = &r->options->origins[o - option_table];
    struct parsed p = {0};
    bool is_text = option_is_text(o) || o->type == OPTION_CONFIG;
    bool ok = !is_text || check_text(r, o, giver->label, value);

    if (ok && !parse(o, value, &p)) {
        refuse_value(r, o, giver->label, value);
        ok = false;
    }
    if (ok && giver->origin.source >= origin->source) {
        *origin = giver->origin;
        if (o->type == OPTION_CONFIG) {
            free(r->file);
            r->file = (char *)p.text.data;
            p.text = (struct bytes){0};
        } else {
            store(r->options, o, &p);
        }
    }
    bytes_finish(&p.text);
    return ok;
}

static void set_defaults(struct reading *r)
{
    const struct giver nobody = {.origin.source = OPTION_DEFAULT};

    for (size_t i = 0; i < option_count; i++) {
        const struct option *o = &option_table[i];
        if (o->fallback != NULL) {
            bool ok = set_value(r, o, &nobody, span_cstr(o->fallback));
            assert(ok);
        }
    }
}

/* ---- names ---- */

static const struct option *find_option(struct span name)
{
    for (size_t i = 0; i < option_count; i++) {
        if (span_eq(span_cstr(option_table[i].name), name)) {
            return &option_table[i];
        }
    }
    return NULL;
}

/* The option that somebody may have meant, or NULL. */
static const struct option *find_like(struct span name, bool with_value)
{
    enum { SLIPS_MAX = 2 };
    const struct option *best = NULL;
    unsigned least = SLIPS_MAX + 1;

    for (size_t i = 0; i < option_count; i++) {
        struct span other = span_cstr(option_table[i].name);
        unsigned distance = value_distance(name, other, SLIPS_MAX);
        if (distance < least && distance < other.len &&
            (!with_value || option_has_value(&option_table[i]))) {
            best = &option_table[i];
            least = distance;
        }
    }
    return best;
}

/* ---- command line ---- */

static bool refuse_argument(struct reading *r, const char *argument)
{
    bool dashes = strncmp(argument, "--", 2) == 0;
    struct span name =
        span_of(argument + (dashes ? 2 : 0), strcspn(argument, "=") - (dashes ? 2 : 0));
    const struct option *like = find_like(name, false);

    if (like == NULL) {
        return refuse(r, "'%.100s' is no option (--help lists them)", argument);
    }
    return refuse(r, "'%.100s' is no option; did you mean '--%s'? (--help lists them)", argument,
                  like->name);
}

static bool is_last_word(enum options_outcome outcome)
{
    return outcome == OPTIONS_HELP || outcome == OPTIONS_VERSION ||
           outcome == OPTIONS_PRINT_DEFAULTS;
}

/* Reads the option at argv[*i] and leaves *i at its last word. */
static bool take_argument(struct reading *r, int argc, char *const argv[], int *i)
{
    const char *argument = argv[*i], *equals = strchr(argument, '=');
    struct giver giver = {.origin.source = OPTION_ARGUMENT};
    const struct option *o = NULL;

    if (strncmp(argument, "--", 2) == 0) {
        o = find_option(span_of(argument + 2, strcspn(argument + 2, "=")));
    }
    if (o == NULL) {
        *i += *i + 1 < argc && argv[*i + 1][0] != '-' ? 1 : 0; /* probably its value */
        return refuse_argument(r, argument);
    }
    (void)snprintf(giver.label, sizeof giver.label, "--%s", o->name);
    if (o->type == OPTION_ACTION) {
        r->outcome = r->outcome == OPTIONS_WRONG ? OPTIONS_WRONG : o->outcome;
        return equals == NULL || refuse(r, "%s: takes no value", giver.label);
    }
    if (equals == NULL && *i + 1 == argc) {
        return refuse(r, "%s: a value is missing", giver.label);
    }
    return set_value(r, o, &giver, span_cstr(equals != NULL ? equals + 1 : argv[++*i]));
}

/* ---- environment ---- */

static void take_variable(struct reading *r, const struct option *o, const char *name,
                          const char *value, const char *origin_name)
{
    struct giver giver = {.origin = {.source = OPTION_ENVIRONMENT, .variable = origin_name}};

    (void)snprintf(giver.label, sizeof giver.label, "%s", name);
    (void)set_value(r, o, &giver, span_cstr(value));
}

/* Of several variables the first that is set counts; one that is set to nothing counts as one that
 * is not set. */
static void take_variables(struct reading *r, const struct option *o,
                           char *(*environment)(const char *name))
{
    char name[OPTION_VARIABLE_MAX];
    const char *value;

    option_variable(o, name);
    value = environment(name);
    if (value != NULL && value[0] != '\0') {
        take_variable(r, o, name, value, NULL);
        return;
    }
    for (const char *at = o->environment; at != NULL && *at != '\0';) {
        size_t len = strcspn(at, " ");
        (void)snprintf(name, sizeof name, "%.*s", (int)len, at);
        value = environment(name);
        if (value != NULL && value[0] != '\0') {
            take_variable(r, o, name, value, at);
            return;
        }
        at += len + strspn(at + len, " ");
    }
}

/* ---- file ---- */

static void take_setting(struct reading *r, const struct config_setting *s, unsigned line)
{
    const struct option *o = find_option(s->name);
    struct giver giver = {.origin = {.source = OPTION_FILE, .line = line}};
    const char *file = r->options->file;

    if (o == NULL || !option_has_value(o)) {
        const struct option *like = find_like(s->name, true);
        (void)refuse(r, "%s:%u: '%.*s' is no option%s%s%s", file, line, shown_length(s->name),
                     (const char *)s->name.data, like == NULL ? " of a file" : "; did you mean '",
                     like == NULL ? "" : like->name, like == NULL ? "" : "'?");
        return;
    }
    (void)snprintf(giver.label, sizeof giver.label, "%s:%u: %s", file, line, o->name);
    unsigned *before = &r->file_lines[o - option_table];
    if (*before != 0) {
        (void)refuse(r, "%s: line %u sets it already", giver.label, *before);
        return;
    }
    *before = line;
    (void)set_value(r, o, &giver, s->value);
}

static void take_settings(struct reading *r, struct span text)
{
    struct config_reader reader;
    struct config_setting s;
    enum config_step step;

    config_begin(&reader, text);
    while ((step = config_next(&reader, &s)) != CONFIG_END) {
        if (step == CONFIG_SETTING) {
            take_setting(r, &s, reader.line);
        } else {
            (void)refuse(r, "%s:%u: %.*s%s%s", r->options->file, reader.line, shown_length(s.name),
                         (const char *)s.name.data, s.name.len > 0 ? ": " : "", s.problem);
        }
    }
    config_finish(&reader);
}

/* 0, or an errno. */
static int read_file(const char *name, struct bytes *out)
{
    size_t got;
    FILE *f = fopen(name, "rbe");

    if (f == NULL) {
        return errno;
    }
    do {
        got = fread(bytes_reserve(out, BUFSIZ), 1, BUFSIZ, f);
        out->len += got;
    } while (got > 0 && out->len <= OPTIONS_FILE_BYTES_MAX);
    int error = ferror(f) != 0 ? errno : out->len > OPTIONS_FILE_BYTES_MAX ? EFBIG : 0;
    (void)fclose(f);
    return error;
}

/* The file that was named has to be there; the standard one need not. */
static void take_file(struct reading *r, const char *standard_file)
{
    const char *name = r->file != NULL ? r->file : standard_file;
    struct bytes text = {0};
    char reason[64];

    if (name == NULL) {
        return;
    }
    int error = read_file(name, &text);
    if (error == 0) {
        r->options->file = xnonnull(strdup(name));
        take_settings(r, bytes_span(&text));
    } else if (error != ENOENT || r->file != NULL) {
        (void)refuse(r, "config: %.400s: %s", name, strerror_r(error, reason, sizeof reason));
    }
    bytes_finish(&text);
}

/* ---- all of it ---- */

/* Of the event with a message of that length, in whatever script it is. */
static uint64_t payload_bytes(uint64_t units)
{
    enum { BYTES_PER_UNIT = 3, BESIDES_BYTES = 4096 };
    return BYTES_PER_UNIT * units + BESIDES_BYTES;
}

/* host:port, with brackets around an IPv6 address. */
static bool is_address(const char *address)
{
    const char *colon = strrchr(address, ':');
    uint64_t port;

    return colon != NULL && colon != address &&
           (colon == strchr(address, ':') || (address[0] == '[' && colon[-1] == ']')) &&
           span_to_u64(span_cstr(colon + 1), PORT_MAX, &port) == 0 && port > 0;
}

/* What has to fit together. */
static void check_whole(struct reading *r)
{
    const struct daemon_options *v = &r->options->values;

    if (strcmp(v->auth, "required") == 0 && v->jwt_secret == NULL && v->jwks_file == NULL &&
        v->jwks_url == NULL) {
        (void)refuse(r, "auth: 'required' needs a jwt-secret, a jwks-file or a jwks-url");
    }
    if (v->cluster_address != NULL && !is_address(v->cluster_address)) {
        (void)refuse(r, "cluster-address: '%.100s' is not HOST:PORT", v->cluster_address);
    }
    if (v->payload_bytes_max < payload_bytes(v->message_units_max)) {
        (void)refuse(r, "message-length: %" PRIu64 " characters need a payload-max of %" PRIu64,
                     v->message_units_max, payload_bytes(v->message_units_max));
    }
}

static void take_all(struct reading *r, char *(*environment)(const char *name),
                     const char *standard_file)
{
    for (size_t i = 0; i < option_count; i++) {
        if (option_table[i].type != OPTION_ACTION) {
            take_variables(r, &option_table[i], environment);
        }
    }
    take_file(r, standard_file);
    if (r->problems == 0) {
        check_whole(r);
    }
}

enum options_outcome options_read(struct options *options, int argc, char *const argv[],
                                  char *(*environment)(const char *name), const char *standard_file,
                                  struct bytes *why)
{
    struct reading r = {.options = options, .why = why, .outcome = OPTIONS_RUN};

    *options = (struct options){0};
    bytes_clear(why);
    set_defaults(&r);
    for (int i = 1; i < argc && !is_last_word(r.outcome); i++) {
        (void)take_argument(&r, argc, argv, &i);
    }
    if (!is_last_word(r.outcome)) {
        take_all(&r, environment, standard_file);
    }
    if (r.problems > PROBLEMS_MAX) {
        bytes_add_cstr(why, "\n... and more");
    }
    free(r.file);
    return r.outcome;
}

void options_finish(struct options *options)
{
    for (size_t i = 0; i < option_count; i++) {
        if (option_is_text(&option_table[i])) {
            free_text(options, &option_table[i]);
        }
    }
    free(options->file);
    *options = (struct options){0};
}
