// SPDX-License-Identifier: MIT
#include "tools/load/options.h"

#include <stddef.h>
#include <stdlib.h>

#include "tools/load/marker.h"

enum { NS_PER_S = 1000000000, HOST_BYTES_MAX = 256 };

static const struct scenario scenarios[] = {
    {.name = "connect",
     .help = "connect users, measure how fast they come up",
     .users = 1000,
     .rooms = 1},
    {.name = "storm",
     .help = "connect and join users, many at once, over and over with --cycles",
     .users = 10000,
     .rooms = 5000,
     .joins = true},
    {.name = "idle",
     .help = "connect and join users, then hold them: memory and CPU of standing connections",
     .users = 10000,
     .rooms = 1000,
     .joins = true,
     .holds = true},
    {.name = "return",
     .help = "users lose their connections at once and come back: CPU, and what all are told of it",
     .users = 1000,
     .rooms = 1,
     .joins = true,
     .holds = true,
     .returns = true},
    {.name = "rooms",
     .help = "users talk in rooms: so many messages in flight, or at a --rate",
     .users = 1000,
     .rooms = 100,
     .in_flight = 100,
     .joins = true,
     .sends = true},
    {.name = "fanout",
     .help = "one hot room at a rate",
     .users = 1000,
     .rooms = 1,
     .rate = 200,
     .joins = true,
     .sends = true},
    {.name = "ack",
     .help = "every user sends and waits for the acknowledgement; nobody joins a room",
     .users = 100,
     .rooms = 100,
     .in_flight = 100,
     .sends = true,
     .acks = true},
};

enum kind {
    KIND_COUNT,
    KIND_BIG,
    KIND_RATE,
    KIND_SECONDS,
    KIND_TEXT,
    KIND_FLAG,
    KIND_TEMPLATE,
    KIND_SET
};

struct option {
    const char *name;
    enum kind kind;
    size_t offset;
    double min;
    double max;
    const char *argument;
    const char *help;
};

#define AT(field) offsetof(struct load_options, field)

static const struct option options[] = {
    {"users", KIND_COUNT, AT(users), 1, 1000000, "N", "connections, one user each"},
    {"rooms", KIND_COUNT, AT(rooms), 1, 1000000, "N", "user u is in room u modulo N"},
    {"senders", KIND_COUNT, AT(senders), 0, 1000000, "N", "members of a room that send (0: all)"},
    {"in-flight", KIND_COUNT, AT(in_flight), 1, 1 << 20, "N",
     "closed loop: messages under way at any time"},
    {"rate", KIND_RATE, AT(rate), 0.001, 1e7, "N",
     "open loop: messages per second, at fixed times"},
    {"acks", KIND_FLAG, AT(acks), 0, 0, NULL, "every send asks for an acknowledgement"},
    {"spread", KIND_FLAG, AT(spread), 0, 0, NULL,
     "with several URLs: the members of a room take turns with them, not the rooms"},
    {"no-join", KIND_FLAG, AT(no_join), 0, 0, NULL, "nobody joins, so nobody receives"},
    {"text-bytes", KIND_COUNT, AT(text_bytes), MARKER_BYTES, 1 << 20, "N",
     "length of a message's text"},
    {"seconds", KIND_SECONDS, AT(seconds_ns), 0.01, 1e5, "S", "how long to measure"},
    {"warmup", KIND_SECONDS, AT(warmup_ns), 0, 1e4, "S", "traffic before measuring"},
    {"messages", KIND_BIG, AT(messages), 0, 1e15, "N", "stop after N messages (0: no limit)"},
    {"settle", KIND_SECONDS, AT(settle_ns), 0, 1e4, "S", "rest between joining and traffic"},
    {"drain", KIND_SECONDS, AT(drain_ns), 0, 1e4, "S", "longest wait for what is still under way"},
    {"parallel", KIND_COUNT, AT(parallel), 1, 1000000, "N", "connections coming up at one time"},
    {"cycles", KIND_COUNT, AT(cycles), 1, 1000000, "N",
     "connect and storm: drop all and come again"},
    {"stay", KIND_COUNT, AT(stay), 0, 1000000, "N", "return: users who keep their connections"},
    {"away", KIND_SECONDS, AT(away_ns), 0, 1e4, "S", "return: how long the others are away"},
    {"connect-timeout", KIND_SECONDS, AT(connect_timeout_ns), 0.01, 1e4, "S",
     "give a connection up that has not come up by then"},
    {"transport", KIND_TEXT, AT(transport), 0, 0, "NAME", "websocket or polling"},
    {"deflate", KIND_FLAG, AT(deflate), 0, 0, NULL,
     "websocket: offer permessage-deflate, and do not go on without"},
    {"path", KIND_TEXT, AT(path), 0, 0, "PATH", "of the Engine.IO endpoint"},
    {"sources", KIND_COUNT, AT(sources), 0, 250, "N",
     "loopback addresses to connect from (0: as needed)"},
    {"template", KIND_TEMPLATE, 0, 0, 0, "NAME[,NAME]...",
     "what the application's events look like; the members of a room take turns"},
    {"dialect", KIND_TEMPLATE, 0, 0, 0, "NAME[,NAME]...", "the same"},
    {"set", KIND_SET, 0, 0, 0, "KEY=VALUE", "change one key of the templates (again and again)"},
    {"pid", KIND_COUNT, AT(pid), 0, 1 << 30, "PID",
     "server process whose CPU and memory to report"},
    {"json", KIND_FLAG, AT(json), 0, 0, NULL, "one line of JSON on standard output"},
    {"quiet", KIND_FLAG, AT(quiet), 0, 0, NULL, "no progress bar"},
};

enum {
    SCENARIOS = sizeof scenarios / sizeof scenarios[0],
    OPTIONS = sizeof options / sizeof options[0],
};

static const struct scenario *find_scenario(const char *name)
{
    for (unsigned i = 0; i < SCENARIOS; i++) {
        if (strcmp(scenarios[i].name, name) == 0) {
            return &scenarios[i];
        }
    }
    return NULL;
}

static const struct option *find_option(const char *name, size_t len)
{
    for (unsigned i = 0; i < OPTIONS; i++) {
        if (strlen(options[i].name) == len && memcmp(options[i].name, name, len) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

static int read_number(const struct option *option, const char *value, double *out)
{
    char *end;
    double n = strtod(value, &end);

    if (end == value || *end != '\0' || !(n >= option->min && n <= option->max)) {
        return -1;
    }
    *out = n;
    return 0;
}

static void store_number(struct load_options *o, const struct option *option, double n)
{
    char *at = (char *)o + option->offset;
    uint32_t count = (uint32_t)n;
    uint64_t big = (uint64_t)(option->kind == KIND_SECONDS ? n * NS_PER_S : n);

    if (option->kind == KIND_COUNT) {
        memcpy(at, &count, sizeof count);
    } else if (option->kind == KIND_RATE) {
        memcpy(at, &n, sizeof n);
    } else {
        memcpy(at, &big, sizeof big);
    }
}

static int apply_number(struct load_options *o, const struct option *option, const char *value)
{
    double n;

    if (read_number(option, value, &n) < 0) {
        return -1;
    }
    store_number(o, option, n);
    if (option->offset == AT(rate)) {
        o->in_flight = 0; /* the last one given decides which loop it is */
    } else if (option->offset == AT(in_flight)) {
        o->rate = 0;
    }
    return 0;
}

/* "NAME[,NAME]...": all of them or none. */
static int set_templates(struct load_options *o, const char *names)
{
    struct template templates[TEMPLATES_MAX];
    uint32_t count = 0;

    for (const char *at = names;; at++) {
        char name[32];
        size_t len = strcspn(at, ",");
        if (len >= sizeof name || count == TEMPLATES_MAX) {
            return -1;
        }
        memcpy(name, at, len);
        name[len] = '\0';
        if (template_find(name, &templates[count++]) < 0) {
            return -1;
        }
        at += len;
        if (*at == '\0') {
            break;
        }
    }
    memcpy(o->templates, templates, count * sizeof templates[0]);
    o->template_count = count;
    return 0;
}

static int set_key(struct load_options *o, const char *assignment)
{
    for (uint32_t i = 0; i < o->template_count; i++) {
        if (template_set(&o->templates[i], assignment) < 0) {
            return -1;
        }
    }
    return 0;
}

static int apply(struct load_options *o, const struct option *option, const char *value)
{
    const bool on = true;

    switch (option->kind) {
    case KIND_TEXT:
        memcpy((char *)o + option->offset, &value, sizeof value);
        return 0;
    case KIND_FLAG:
        memcpy((char *)o + option->offset, &on, sizeof on);
        return 0;
    case KIND_TEMPLATE:
        return set_templates(o, value);
    case KIND_SET:
        return set_key(o, value);
    case KIND_COUNT:
    case KIND_BIG:
    case KIND_RATE:
    case KIND_SECONDS:
        break;
    }
    return apply_number(o, option, value);
}

/* "http://HOST[:PORT]" or "HOST[:PORT]". */
static int parse_url(struct load_options *o, char *url)
{
    char *host = strncmp(url, "http://", 7) == 0 ? url + 7 : url;
    char *colon;
    uint64_t port = 80;

    host[strcspn(host, "/")] = '\0';
    colon = strrchr(host, ':');
    if (colon != NULL) {
        *colon = '\0';
        if (span_to_u64(span_cstr(colon + 1), UINT16_MAX, &port) < 0) {
            return -1;
        }
    }
    if (o->url_count == URLS_MAX || host[0] == '\0' || strlen(host) >= HOST_BYTES_MAX) {
        return -1;
    }
    o->urls[o->url_count++] = (struct load_url){host, (uint32_t)port};
    return 0;
}

/* One "--name value", "--name=value" or "--flag" at argv[*i]; steps over what it used. */
static int parse_option(struct load_options *o, char **argv, int argc, int *i, char *why,
                        size_t why_bytes)
{
    const char *name = argv[*i] + 2;
    size_t len = strcspn(name, "=");
    const struct option *option = find_option(name, len);
    const char *value = name[len] == '=' ? name + len + 1 : NULL;

    if (option == NULL) {
        (void)snprintf(why, why_bytes, "no such option: %s", argv[*i]);
        return -1;
    }
    if (option->kind != KIND_FLAG && value == NULL && *i + 1 < argc) {
        value = argv[++*i];
    }
    if ((option->kind == KIND_FLAG) != (value == NULL) || apply(o, option, value) < 0) {
        (void)snprintf(why, why_bytes, "--%s: %s is not %s", option->name,
                       value != NULL ? value : "nothing",
                       option->argument != NULL ? option->argument : "wanted here");
        if (option->max > 0) {
            size_t used = strlen(why);
            (void)snprintf(why + used, why_bytes - used, " from %g to %g", option->min,
                           option->max);
        }
        return -1;
    }
    return 0;
}

static void set_defaults(struct load_options *o, const struct scenario *scenario)
{
    *o = (struct load_options){
        .scenario = scenario,
        .path = "/socket.io/",
        .transport = "websocket",
        .users = scenario->users,
        .rooms = scenario->rooms,
        .in_flight = scenario->in_flight,
        .rate = scenario->rate,
        .acks = scenario->acks,
        .no_join = !scenario->joins,
        .parallel = 256,
        .cycles = 1,
        .text_bytes = 64,
        .seconds_ns = UINT64_C(5) * NS_PER_S,
        .warmup_ns = UINT64_C(1) * NS_PER_S,
        .settle_ns = NS_PER_S / 4,
        .drain_ns = UINT64_C(30) * NS_PER_S,
        .away_ns = UINT64_C(1) * NS_PER_S,
        .connect_timeout_ns = UINT64_C(20) * NS_PER_S,
    };
}

static const char *check(const struct load_options *o)
{
    if (strcmp(o->transport, "websocket") != 0 && strcmp(o->transport, "polling") != 0) {
        return "--transport: websocket or polling";
    }
    const char *to = o->templates[0].to;
    if (strcmp(to, "room") != 0 && strcmp(to, "others") != 0 && strcmp(to, "nobody") != 0) {
        return "--set to=: room, others or nobody";
    }
    for (uint32_t i = 1; i < o->template_count; i++) {
        if (strcmp(o->templates[i].to, to) != 0) {
            return "--template: their messages must go to the same members (to=)";
        }
    }
    if (o->rooms > o->users) {
        return "--rooms: more rooms than --users";
    }
    bool comes_back = o->acks || (!o->no_join && strcmp(to, "nobody") != 0);
    if (o->scenario->sends && o->in_flight != 0 && !comes_back) {
        return "--in-flight: nothing comes back that the next message could wait for; add --acks";
    }
    if (o->stay > o->users) {
        return "--stay: more than --users";
    }
    if (o->path[0] != '/') {
        return "--path: begins with a slash";
    }
    return NULL;
}

enum options_result options_parse(struct load_options *o, int argc, char **argv, char *why,
                                  size_t why_bytes)
{
    const struct scenario *scenario = argc > 1 ? find_scenario(argv[1]) : NULL;
    const char *wrong;

    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        return OPTIONS_HELP;
    }
    if (scenario == NULL) {
        (void)snprintf(why, why_bytes, "no such scenario: %s", argv[1]);
        return OPTIONS_BAD;
    }
    set_defaults(o, scenario);
    if (set_templates(o, "chat") < 0) {
        abort(); /* the table holds it */
    }
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            return OPTIONS_HELP;
        }
        if (strncmp(argv[i], "--", 2) == 0) {
            if (parse_option(o, argv, argc, &i, why, why_bytes) < 0) {
                return OPTIONS_BAD;
            }
        } else if (parse_url(o, argv[i]) < 0) {
            (void)snprintf(why, why_bytes, "not a URL: %s", argv[i]);
            return OPTIONS_BAD;
        }
    }
    for (uint32_t i = 0; i < o->template_count; i++) {
        o->rooms_are_hex = o->rooms_are_hex || template_has_hex_rooms(&o->templates[i]);
    }
    if (o->url_count == 0) {
        o->urls[o->url_count++] = (struct load_url){"127.0.0.1", 3000};
    }
    wrong = check(o);
    if (wrong != NULL) {
        (void)snprintf(why, why_bytes, "%s", wrong);
        return OPTIONS_BAD;
    }
    return OPTIONS_OK;
}

void options_help(FILE *out)
{
    (void)fprintf(out,
                  "usage: rookery-load SCENARIO [OPTION]... [http://HOST:PORT]...\n\n"
                  "Puts load on a Socket.IO 4 server and counts what comes back.\n\nScenarios:\n");
    for (unsigned i = 0; i < SCENARIOS; i++) {
        (void)fprintf(out, "  %-9s %s\n", scenarios[i].name, scenarios[i].help);
    }
    (void)fprintf(out, "\nOptions (defaults depend on the scenario):\n");
    for (unsigned i = 0; i < OPTIONS; i++) {
        (void)fprintf(out, "  --%-15s %-15s %s\n", options[i].name,
                      options[i].argument != NULL ? options[i].argument : "", options[i].help);
    }
    (void)fprintf(out, "\nTemplates:");
    for (unsigned i = 0; template_name(i) != NULL; i++) {
        (void)fprintf(out, " %s", template_name(i));
    }
    (void)fprintf(out,
                  "\n\nEnds with 0 when every message came once and in order, with 1 when one did "
                  "not or a\nconnection failed, with 2 on a usage error.\n");
}
