// SPDX-License-Identifier: MIT
#include "src/server/persist_main.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "src/server/persist_site.h"
#include "src/server/storage.h"

enum { TELL_EVERY_S = 60 };

static void tell_figures(const struct persister *persister)
{
    struct persister_figures f;

    persister_figures(persister, &f);
    log_write(LOG_INFO, "so far",
              LOG_FIELDS(LOG_NUMBER("stored", (int64_t)f.stored),
                         LOG_NUMBER("repeated", (int64_t)f.repeated),
                         LOG_NUMBER("rejected", (int64_t)f.rejected),
                         LOG_NUMBER("deferred", (int64_t)f.deferred),
                         LOG_NUMBER("missing", (int64_t)f.feed.missing),
                         LOG_NUMBER("lag", (int64_t)f.feed.lag),
                         LOG_NUMBER("partitions", f.feed.partitions)));
}

/* Before any thread is made, so that all of them leave the signals to whoever waits for them. */
static void block_signals(sigset_t *signals)
{
    (void)sigemptyset(signals);
    (void)sigaddset(signals, SIGTERM);
    (void)sigaddset(signals, SIGINT);
    (void)sigaddset(signals, SIGHUP);
    (void)sigaddset(signals, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, signals, NULL);
}

/* SIGHUP, for which there is nothing to be read again, is a wish to hear of it. */
static void wait_for_the_end(const sigset_t *signals, const struct persister *persister)
{
    const struct timespec pause = {.tv_sec = TELL_EVERY_S};

    for (;;) {
        int number = sigtimedwait(signals, NULL, &pause);
        if (number == SIGTERM || number == SIGINT) {
            return;
        }
        if (number == SIGHUP || (number < 0 && errno == EAGAIN)) {
            tell_figures(persister);
        }
    }
}

static int open_site(const struct storage *s, struct persist_site **site)
{
    const struct daemon_options *o = s->options;
    bool has_kafka = strcmp(s->choice.journal, "kafka") == 0;

    if (o->persist_port == 0) {
        return 0;
    }
    *site = persist_site_open(o->host, (unsigned)o->persist_port, s->vitals, has_kafka);
    if (*site == NULL) {
        log_write(LOG_ERROR, "cannot listen",
                  LOG_FIELDS(LOG_TEXT("option", "persist-port"), LOG_TEXT("host", o->host),
                             LOG_NUMBER("port", (int64_t)o->persist_port),
                             LOG_TEXT("why", strerror(errno))));
        return -1;
    }
    return 0;
}

/* Returns the exit status. */
static int run(struct storage *s, const sigset_t *signals)
{
    struct persist_site *site = NULL;

    if (s->persister == NULL) {
        log_write(LOG_ERROR,
                  "there is nothing to bring into the store: persist needs kafka-brokers or "
                  "rabbitmq-url",
                  NULL);
        return 1;
    }
    vitals_see(s->vitals, NULL, s->persister, NULL, NULL);
    if (open_site(s, &site) < 0) {
        return 1;
    }
    log_write(LOG_INFO, "bringing messages into the store", NULL);
    wait_for_the_end(signals, s->persister);
    persist_site_close(site);
    tell_figures(s->persister);
    return 0;
}

int persist_main(const struct daemon_options *options)
{
    struct storage storage = {0};
    struct vitals vitals = {0};
    sigset_t signals;
    int status = 1;

    block_signals(&signals);
    if (storage_open(&storage, options, &vitals) == 0 && storage_begin(&storage) == 0) {
        status = run(&storage, &signals);
    }
    storage_close(&storage, NULL);
    log_write(LOG_INFO, "stopped", LOG_FIELDS(LOG_NUMBER("status", status)));
    return status;
}
