// SPDX-License-Identifier: MIT
#include "src/server/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/chat/chat.h"
#include "src/server/daemon_config.h"
#include "src/server/options.h"
#include "src/server/persist_main.h"
#include "src/server/places.h"
#include "src/server/port_choice.h"
#include "src/server/reload.h"
#include "src/server/secret_file.h"
#include "src/server/server.h"
#include "src/server/settings.h"
#include "src/server/site.h"
#include "src/server/storage.h"
#include "src/server/vitals.h"

enum { SERVICE_ID_MAX = 512 };

struct daemon {
    int argc; /* both for reading the options again */
    char **argv;
    bool persists_only;              /* persist_main.h */
    struct options options;          /* once it runs, those of the reload thread */
    char service_id[SERVICE_ID_MAX]; /* known once it listens, as the next */
    unsigned port;                   /* the first of them */
    struct rookery *io;
    struct reload reload;
    struct log_limit auth_problems;
    struct auth *auth;
    struct storage storage;
    struct store *store; /* the storage's, watched; NULL: nothing is kept */
    struct chat *chat;
    struct vitals vitals;
    struct site site;
};

/* ---- who somebody is ---- */

static void on_auth_problem(void *arg, const char *line)
{
    struct daemon *d = arg;

    log_write_limited(&d->auth_problems, LOG_ERROR, "tokens have a problem",
                      LOG_FIELDS(LOG_TEXT("why", line)));
}

/* Where nobody gives a secret, that of the data folder is as good: people stay signed in when the
 * server starts again. */
static int keep_secret(struct daemon *d, struct auth_options *options, struct bytes *secret)
{
    const char *dir = d->options.values.data_dir;

    if (options->secret.len > 0 || d->storage.base == NULL) {
        return 0;
    }
    if (place_make(dir) < 0 || secret_file_get(dir, secret) < 0) {
        log_write(LOG_ERROR, "cannot use the secret in the data folder",
                  LOG_FIELDS(LOG_TEXT("data", dir), LOG_TEXT("file", SECRET_FILE),
                             LOG_TEXT("why", strerror(errno))));
        return -1;
    }
    options->secret = bytes_span(secret);
    options->secret_is_own = true;
    return 0;
}

static void log_secret(const struct daemon *d)
{
    if (!auth_secret_is_random(d->auth)) {
        return;
    }
    if (d->options.values.redis_url != NULL) {
        log_write(LOG_WARN,
                  "no jwt-secret is set, so no other server takes the tokens that this one issues "
                  "(give all servers of the cluster the same)",
                  NULL);
    } else {
        log_write(LOG_INFO,
                  d->storage.base == NULL
                      ? "no jwt-secret is set, so tokens end with this process"
                      : "no jwt-secret is set, so tokens are good with this data folder only",
                  NULL);
    }
}

static int open_auth(struct daemon *d)
{
    struct auth_options options = settings_auth(&d->options.values);
    struct bytes secret = {0}, why = {0};

    options.on_problem = on_auth_problem;
    options.on_problem_arg = d;
    if (keep_secret(d, &options, &secret) == 0) {
        d->auth = auth_open(&options, &why);
        if (d->auth == NULL) {
            log_write(LOG_ERROR, "cannot check tokens",
                      LOG_FIELDS(LOG_SPAN("why", bytes_span(&why))));
        } else {
            log_secret(d);
        }
    }
    if (secret.len > 0) {
        explicit_bzero(secret.data, secret.len);
    }
    bytes_finish(&secret);
    bytes_finish(&why);
    return d->auth == NULL ? -1 : 0;
}

/* ---- server ---- */

static void log_no_server(const struct rookery_options *options, struct span why)
{
    const char *dir = options->client_dir == NULL ? "none" : options->client_dir;
    int error = errno;

    if (why.len > 0) {
        log_write(LOG_ERROR, "cannot create the server", LOG_FIELDS(LOG_SPAN("why", why)));
    } else {
        log_write(LOG_ERROR, "cannot create the server",
                  LOG_FIELDS(LOG_TEXT("client", dir), LOG_TEXT("why", strerror(error))));
    }
}

static int create_server(struct daemon *d)
{
    const struct rookery_options options = settings_server(&d->options.values);

    if (options.client_dir == NULL && d->options.values.client_dir == NULL) {
        log_write(LOG_WARN,
                  "socket.io-client's bundles are missing, so no page can load them (the option "
                  "client says where they are)",
                  NULL);
    }
    struct bytes why = {0};
    d->io = server_create(&options, &why);
    if (d->io == NULL) {
        log_no_server(&options, bytes_span(&why));
    }
    bytes_finish(&why);
    return d->io == NULL ? -1 : 0;
}

static struct keyspace *shared_keyspace(void *arg)
{
    const struct daemon *d = arg;

    return server_keyspace(d->io);
}

static int create_chat(struct daemon *d)
{
    unsigned loops = rookery_loop_count(d->io);
    struct executor **executors = xcalloc(loops, sizeof *executors);
    struct stats **stats = xcalloc(loops, sizeof *stats);

    for (unsigned i = 0; i < loops; i++) {
        executors[i] = server_executor(d->io, i);
        stats[i] = server_loop_stats(d->io, i);
    }
    int error = storage_open_journal(&d->storage, executors, loops);
    if (error == 0) {
        const struct daemon_options *v = &d->options.values;
        storage_begin_cache(&d->storage, server_keyspace(d->io), executors[0]);
        d->store =
            d->storage.store == NULL ? NULL : vitals_watch(&d->vitals, d->storage.store, loops);
        const struct chat_options options = {
            .executors = executors,
            .stats = stats,
            .journal = d->storage.journal,
            .store = d->store,
            .store_is_shared = storage_is_shared(&d->storage),
            .watcher = storage_watcher(&d->storage),
            .keyspace = server_keyspace(d->io) == NULL ? NULL : shared_keyspace,
            .keyspace_arg = d,
            .dedup_ms = v->dedup_ms,
            .auth = d->auth,
            .auth_required = strcmp(v->auth, "required") == 0,
            .recovery_ms = (unsigned)v->recovery_ms,
            .recovery_trusts = v->recovery_skip_middlewares,
            .service_id = d->service_id,
            .tail_bytes_max = v->tail_bytes_max,
            .limits = settings_chat(v),
        };
        d->chat = chat_create(d->io, &options);
        error = v->persist ? storage_begin(&d->storage) : 0;
        vitals_see(&d->vitals, d->storage.journal, d->storage.persister,
                   d->storage.behind.self != NULL ? &d->storage.behind : NULL,
                   d->storage.cache.self != NULL ? &d->storage.cache : NULL);
    }
    free(executors);
    free(stats);
    return error;
}

/* The option, or rookery-<host name>-<port>: the same after a restart, another for each server of a
 * machine. */
static void choose_service_id(struct daemon *d, int port)
{
    char machine[256] = "";

    if (d->options.values.service_id != NULL) {
        (void)snprintf(d->service_id, sizeof d->service_id, "%s", d->options.values.service_id);
        return;
    }
    (void)gethostname(machine, sizeof machine - 1);
    (void)snprintf(d->service_id, sizeof d->service_id, "rookery-%s-%d", machine, port);
}

/* Says on the standard output where the server can be reached, one line a port. */
static int announce(const struct daemon *d, int port, bool tls)
{
    const char *host = d->options.values.host;
    bool everywhere = strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
    bool bare_v6 = strchr(host, ':') != NULL && !everywhere;

    log_write(LOG_INFO, "listening",
              LOG_FIELDS(LOG_TEXT("host", host), LOG_NUMBER("port", port),
                         LOG_TEXT("service", d->service_id)));
    printf("rookery: listening on http%s://%s%s%s:%d/\n", tls ? "s" : "", bare_v6 ? "[" : "",
           everywhere ? "localhost" : host, bare_v6 ? "]" : "", port);
    return fflush(stdout) == 0 ? 0 : -1;
}

static int listen_on(struct daemon *d)
{
    const char *host = d->options.values.host;
    const struct option_ports *ports = &d->options.values.ports;

    for (unsigned i = 0; i < ports->count; i++) {
        struct port_choice as = port_choose(&d->options.values, ports->list[i]);
        unsigned kind = (as.tls ? ROOKERY_PORT_TLS : 0) | (as.proxied ? ROOKERY_PORT_PROXIED : 0);
        int port = rookery_listen_as(d->io, host, ports->list[i], kind);
        if (port < 0) {
            log_write(LOG_ERROR, "cannot listen",
                      LOG_FIELDS(LOG_TEXT("host", host), LOG_NUMBER("port", ports->list[i]),
                                 LOG_TEXT("why", strerror(errno))));
            return -1;
        }
        if (i == 0) {
            d->port = (unsigned)port;
            choose_service_id(d, port);
            server_set_node_name(d->io, d->service_id);
        }
        if (announce(d, port, as.tls) < 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- log ---- */

static void start_log(const struct daemon_options *v)
{
    bool terminal = isatty(STDERR_FILENO) == 1;
    bool json = strcmp(v->log_format, "auto") == 0 ? !terminal : strcmp(v->log_format, "json") == 0;
    enum log_level level = LOG_INFO;

    (void)log_level_of(v->log_level, &level);
    log_start(STDERR_FILENO, json ? LOG_AS_JSON : terminal ? LOG_AS_COLOUR : LOG_AS_TEXT, level);
}

static void log_beginning(struct daemon *d)
{
    const char *file = d->options.file == NULL ? "none" : d->options.file;

    log_write(LOG_INFO, "starting",
              LOG_FIELDS(LOG_TEXT("version", ROOKERY_VERSION), LOG_TEXT("config", file)));
}

/* ---- reading the options again ---- */

static void apply_options(struct daemon *d)
{
    const struct daemon_options *v = &d->options.values;
    const struct rookery_cors cors = settings_cors(v);
    const struct chat_limits limits = settings_chat(v);
    enum log_level level;

    if (log_level_of(v->log_level, &level)) {
        log_set_level(level);
    }
    server_set_cors(d->io, &cors);
    chat_set_limits(d->chat, &limits);
    site_set_limits(&d->site, v);
}

static void log_problems(struct span problems)
{
    while (problems.len > 0) {
        const uint8_t *end = memchr(problems.data, '\n', problems.len);
        size_t len = end == NULL ? problems.len : (size_t)(end - problems.data);
        log_write(LOG_ERROR, "the options stay as they are",
                  LOG_FIELDS(LOG_SPAN("why", span_of(problems.data, len))));
        problems = span_skip(problems, end == NULL ? len : len + 1);
    }
}

static void take_over(struct daemon *d, struct options *next)
{
    struct bytes changed = {0}, kept = {0};

    options_reload(&d->options, next, &changed, &kept);
    if (changed.len > 0) {
        apply_options(d);
    }
    log_write(LOG_INFO, "the options have been read again",
              LOG_FIELDS(LOG_SPAN("changed", bytes_span(&changed))));
    if (kept.len > 0) {
        log_write(LOG_WARN, "some options change with the next start only",
                  LOG_FIELDS(LOG_SPAN("options", bytes_span(&kept))));
    }
    bytes_finish(&changed);
    bytes_finish(&kept);
}

/* The files may be others under the same names, whatever the options say. */
static void read_certificate(struct daemon *d)
{
    struct bytes why = {0};

    if (d->options.values.tls_certificate == NULL) {
        return;
    }
    if (server_reload_tls(d->io, &why) < 0) {
        log_write(LOG_ERROR, "the certificate stays as it is",
                  LOG_FIELDS(LOG_SPAN("why", bytes_span(&why))));
    } else {
        log_write(LOG_INFO, "the certificate has been read again",
                  LOG_FIELDS(LOG_TEXT("file", d->options.values.tls_certificate)));
    }
    bytes_finish(&why);
}

/* On the thread of the reload, whose the options are while the server runs. */
static void read_again(void *arg)
{
    struct daemon *d = arg;
    struct options next;
    struct bytes why = {0};

    read_certificate(d);
    if (options_read(&next, d->argc, d->argv, getenv, OPTIONS_FILE, &why) == OPTIONS_RUN) {
        take_over(d, &next);
    } else {
        log_problems(bytes_span(&why));
    }
    options_finish(&next);
    bytes_finish(&why);
}

/* ---- signals ---- */

static struct rookery *signalled; /* a handler gets no argument */

static void on_signal(int number)
{
    rookery_stop(signalled);
}

/* SA_RESETHAND gives the second one its deadly default back; both signals share that. */
static void watch_signals(struct daemon *d)
{
    struct sigaction stop = {.sa_handler = on_signal, .sa_flags = SA_RESETHAND};
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    signalled = d->io;
    (void)sigaction(SIGTERM, &stop, NULL);
    (void)sigaction(SIGINT, &stop, NULL);
    (void)sigaction(SIGPIPE, &ignore, NULL);
}

/* ---- all of it ---- */

/* The order is that of chat.h: nobody asks a closed journal or store, and what completes in them
 * still finds the chat and the loops. */
static void finish(struct daemon *d)
{
    reload_stop(&d->reload);
    storage_leave_keyspace(&d->storage);
    if (d->io != NULL) {
        server_drop_all(d->io);
    }
    site_stop(&d->site);
    chat_stop(d->chat);
    auth_close(d->auth);
    storage_close(&d->storage, d->store);
    rookery_destroy(d->io);
    chat_destroy(d->chat);
    site_close(&d->site);
    vitals_finish(&d->vitals);
}

static int check_ports(const struct daemon *d)
{
    const char *contradiction = port_contradiction(&d->options.values);

    if (contradiction == NULL) {
        return 0;
    }
    log_write(LOG_ERROR, "cannot serve the ports", LOG_FIELDS(LOG_TEXT("why", contradiction)));
    return -1;
}

static int check_settings(const struct daemon *d)
{
    const char *contradiction = settings_contradiction(&d->options.values);

    if (contradiction == NULL) {
        return 0;
    }
    log_write(LOG_ERROR, "cannot start with these options",
              LOG_FIELDS(LOG_TEXT("why", contradiction)));
    return -1;
}

static int prepare(struct daemon *d)
{
    if (check_ports(d) < 0 || check_settings(d) < 0 ||
        storage_open(&d->storage, &d->options.values, &d->vitals) < 0 || open_auth(d) < 0 ||
        create_server(d) < 0 || create_chat(d) < 0) {
        return -1;
    }
    const struct site_parts parts = {
        .options = &d->options.values,
        .io = d->io,
        .store = d->store,
        .auth = d->auth,
        .chat = d->chat,
        .vitals = &d->vitals,
        .service_id = d->service_id,
        .port = &d->port,
    };
    return site_open(&d->site, &parts);
}

static int serve(struct daemon *d)
{
    if (rookery_run(d->io) < 0) {
        log_write(LOG_ERROR, "cannot accept connections",
                  LOG_FIELDS(LOG_TEXT("why", strerror(errno))));
        return -1;
    }
    return 0;
}

static int run(struct daemon *d)
{
    int status = 1;

    log_beginning(d);
    reload_block();
    if (prepare(d) == 0) {
        watch_signals(d);
        if (listen_on(d) == 0) {
            reload_start(&d->reload, read_again, d);
            status = serve(d) == 0 ? 0 : 1;
        }
    }
    finish(d);
    log_write(LOG_INFO, "stopped", LOG_FIELDS(LOG_NUMBER("status", status)));
    return status;
}

/* ---- instead of running ---- */

static int show(const struct bytes *text)
{
    size_t n = fwrite(text->data, 1, text->len, stdout);

    return n == text->len && fflush(stdout) == 0 ? 0 : 1;
}

static int complain(const struct bytes *why)
{
    (void)fprintf(stderr, "%.*s\n", (int)why->len, (const char *)why->data);
    return 2;
}

static int report_check(const struct options *options, struct bytes *text)
{
    const char *contradiction = storage_choose(&options->values).contradiction;

    if (contradiction == NULL) {
        contradiction = port_contradiction(&options->values);
    }
    if (contradiction == NULL) {
        contradiction = settings_contradiction(&options->values);
    }
    if (contradiction != NULL) {
        bytes_add_cstr(text, contradiction);
        return complain(text);
    }
    const struct rookery_options server = settings_server(&options->values);
    if (server_check_tls(&server.tls, text) < 0) {
        return complain(text);
    }
    bytes_add_cstr(text, "rookery: the configuration is good (");
    bytes_add_cstr(text, options->file == NULL ? "no file" : options->file);
    bytes_add_cstr(text, ")\n");
    return show(text);
}

static int act(struct daemon *d, enum options_outcome outcome, struct bytes *text)
{
    switch (outcome) {
    case OPTIONS_WRONG:
        return complain(text);
    case OPTIONS_CHECK:
        return report_check(&d->options, text);
    case OPTIONS_HELP:
        options_help(text);
        return show(text);
    case OPTIONS_PRINT:
        options_print(&d->options, text);
        return show(text);
    case OPTIONS_PRINT_DEFAULTS:
        options_print_defaults(text);
        return show(text);
    case OPTIONS_VERSION:
        bytes_add_cstr(text, "rookery " ROOKERY_VERSION "\n");
        return show(text);
    case OPTIONS_RUN:
        break;
    }
    start_log(&d->options.values);
    return d->persists_only ? persist_main(&d->options.values) : run(d);
}

int daemon_main(int argc, char *argv[])
{
    bool persists_only = argc > 1 && strcmp(argv[1], "persist") == 0;
    struct daemon d = {
        .argc = argc - persists_only, .argv = argv + persists_only, .persists_only = persists_only};
    struct bytes text = {0};

    enum options_outcome outcome =
        options_read(&d.options, d.argc, d.argv, getenv, OPTIONS_FILE, &text);
    int status = act(&d, outcome, &text);
    options_finish(&d.options);
    bytes_finish(&text);
    return status;
}
