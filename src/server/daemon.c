// SPDX-License-Identifier: MIT
#include "src/server/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "src/base/memory.h"
#include "src/chat/chat.h"
#include "src/server/daemon_config.h"
#include "src/server/options.h"
#include "src/server/places.h"
#include "src/server/server.h"
#include "src/server/vitals.h"
#include "src/web/files.h"

struct daemon {
    struct daemon_options options;
    struct rookery *io;
    _Atomic time_t complained_at; /* of the store */
    struct store *store;          /* NULL with --journal none, as the next */
    struct journal *journal;
    struct chat *chat;
    struct web_files *page;
    struct vitals vitals;
};

__attribute__((format(printf, 1, 2))) static void complain(const char *format, ...)
{
    va_list args;

    (void)fputs("rookery: ", stderr);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
}

/* ---- store and journal ---- */

/* Called on threads of the store; at most one line a second, since peers decide how often a full
 * disk is written to. */
static void on_store_problem(void *arg, const char *line)
{
    struct daemon *d = arg;
    time_t now = time(NULL);

    vitals_store_failed(&d->vitals);
    if (atomic_exchange(&d->complained_at, now) != now) {
        complain("%s", line);
    }
}

static int write_to_store(void *arg, struct message *const *messages, size_t count)
{
    struct daemon *d = arg;

    return vitals_append(&d->vitals, d->store, messages, count);
}

static int open_store(struct daemon *d)
{
    struct bytes why = {0};
    char *path;

    if (place_make(d->options.data_dir) < 0) {
        complain("--data: %s: %s", d->options.data_dir, strerror(errno));
        return -1;
    }
    if (asprintf(&path, "%s/rookery.sqlite", d->options.data_dir) < 0) {
        abort();
    }
    const struct store_options options = {
        .path = path, .on_problem = on_store_problem, .on_problem_arg = d};
    d->store = store_sqlite.open(&options, &why);
    free(path);
    if (d->store == NULL) {
        complain("--data: %.*s", (int)why.len, (const char *)why.data);
    }
    bytes_finish(&why);
    return d->store == NULL ? -1 : 0;
}

static int open_storage(struct daemon *d)
{
    const struct journal_ops *ops = journal_ops_by_name(d->options.journal);

    if (strcmp(d->options.journal, "none") == 0) {
        return 0;
    }
    if (open_store(d) < 0) {
        return -1;
    }
    const struct journal_options options = {.sink = {.write = write_to_store, .arg = d}};
    d->journal = ops->open(&options);
    return 0;
}

/* ---- page and bundles ---- */

static void add_route(void *server, const struct http_route *route)
{
    server_add_route(server, route);
}

static int open_web(struct daemon *d)
{
    const char *dir = place_choose(d->options.web_dir, WEB_DIR_BUILT, WEB_DIR_INSTALLED);

    vitals_add_routes(&d->vitals, d->io, d->store != NULL);
    if (dir == NULL) {
        complain("the page is missing, so nothing is served at / (--web says where it is)");
        return 0;
    }
    d->page = web_files_open(dir, "/");
    if (d->page == NULL) {
        complain("--web: %s: %s", dir, strerror(errno));
        return -1;
    }
    web_files_add_routes(d->page, add_route, d->io);
    return 0;
}

/* ---- server ---- */

static int create_server(struct daemon *d)
{
    struct rookery_options options;

    rookery_options_init(&options);
    options.loops = d->options.loops;
    options.keep_handshake = false;
    options.client_dir =
        place_choose(d->options.client_dir, CLIENT_DIR_BUILT, CLIENT_DIR_INSTALLED);
    if (options.client_dir == NULL) {
        complain("socket.io-client's bundles are missing, so the page cannot connect (--client "
                 "says where they are)");
    }
    d->io = rookery_create(&options);
    if (d->io == NULL) {
        complain("--client: %s: %s", options.client_dir == NULL ? "none" : options.client_dir,
                 strerror(errno));
        return -1;
    }
    return 0;
}

static void create_chat(struct daemon *d)
{
    unsigned loops = rookery_loop_count(d->io);
    struct executor **executors = xcalloc(loops, sizeof *executors);

    for (unsigned i = 0; i < loops; i++) {
        executors[i] = server_executor(d->io, i);
    }
    const struct chat_options options = {
        .executors = executors, .journal = d->journal, .store = d->store};
    d->chat = chat_create(d->io, &options);
    free(executors);
}

static int listen_on(struct daemon *d)
{
    int port = rookery_listen(d->io, d->options.host, d->options.port);

    if (port < 0) {
        complain("cannot listen on %s port %u: %s", d->options.host, d->options.port,
                 strerror(errno));
        return -1;
    }
    bool everywhere = strcmp(d->options.host, "0.0.0.0") == 0 || strcmp(d->options.host, "::") == 0;
    bool bare_v6 = strchr(d->options.host, ':') != NULL && !everywhere;
    printf("rookery: listening on http://%s%s%s:%d/\n", bare_v6 ? "[" : "",
           everywhere ? "localhost" : d->options.host, bare_v6 ? "]" : "", port);
    return fflush(stdout) == 0 ? 0 : -1;
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
    if (d->io != NULL) {
        server_drop_all(d->io);
    }
    journal_close(d->journal);
    store_close(d->store);
    rookery_destroy(d->io);
    chat_destroy(d->chat);
    web_files_close(d->page);
}

static int serve(struct daemon *d)
{
    if (rookery_run(d->io) < 0) {
        complain("cannot accept connections: %s", strerror(errno));
        return -1;
    }
    return 0;
}

static int run(struct daemon *d)
{
    int status = 1;

    if (open_storage(d) == 0 && create_server(d) == 0 && open_web(d) == 0) {
        create_chat(d);
        watch_signals(d);
        if (listen_on(d) == 0) {
            status = serve(d) == 0 ? 0 : 1;
        }
    }
    finish(d);
    return status;
}

static int show(struct bytes *text)
{
    size_t n = fwrite(text->data, 1, text->len, stdout);
    bool ok = n == text->len && fflush(stdout) == 0;

    bytes_finish(text);
    return ok ? 0 : 1;
}

int daemon_main(int argc, char *argv[])
{
    struct daemon d = {0};
    struct bytes text = {0};

    switch (options_read(&d.options, argc, argv, getenv, &text)) {
    case OPTIONS_HELP:
        options_help(&text);
        return show(&text);
    case OPTIONS_VERSION:
        bytes_add_cstr(&text, "rookery " ROOKERY_VERSION "\n");
        return show(&text);
    case OPTIONS_WRONG:
        complain("%.*s", (int)text.len, (const char *)text.data);
        bytes_finish(&text);
        return 2;
    case OPTIONS_RUN:
        break;
    }
    return run(&d);
}
