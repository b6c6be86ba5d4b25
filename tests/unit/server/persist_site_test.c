// SPDX-License-Identifier: MIT
#include "src/server/persist_site.h"

#include <limits.h>

#include "tests/support/feed_fake.h"
#include "tests/support/tap.h"
#include "tests/support/tcp_client.h"

static const struct store_ops store_ops = {.name = "test"};
static struct store store = {.ops = &store_ops};
static struct feed_fake feed;
static struct persister *persister;
static struct vitals vitals;
static struct persist_site *site;
static unsigned port;

static void begin(void)
{
    feed_fake_init(&feed, NULL, 0, NULL);
}

/* On a port that was free a moment ago, until one of them still is. */
static void start(bool has_kafka)
{
    memset(&vitals, 0, sizeof vitals);
    persister = persister_create(&(struct persister_options){.feed = &feed.feed, .store = &store});
    vitals_see(&vitals, NULL, persister, NULL, NULL);
    for (site = NULL; site == NULL;) {
        port = 0;
        int fd = http_listen_socket("127.0.0.1", &port);
        check(fd >= 0);
        (void)close(fd);
        site = persist_site_open("127.0.0.1", port, &vitals, has_kafka);
    }
}

static void stop(void)
{
    persist_site_close(site);
    persister_destroy(persister);
    feed_fake_finish(&feed);
}

/* Does the answer have all of these? The last is NULL. */
static bool answers(const char *path, const char *const texts[])
{
    struct tcp_client c = tcp_open(port);
    bool all = tcp_say(&c, "GET ") && tcp_say(&c, path) &&
               tcp_say(&c, " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    char *answer = tcp_answer(&c, false);

    for (; *texts != NULL; texts++) {
        all = all && strstr(answer, *texts) != NULL;
    }
    if (!all) {
        printf("# %s: %s\n", path, answer);
    }
    free(answer);
    tcp_close(&c);
    return all;
}

static void tells_how_far_the_persister_is(void)
{
    begin();
    feed.log_count = feed.next = 3; /* given, and nothing of it is committed */
    feed.missing = 7;
    start(true);
    check(answers("/metrics", (const char *const[]){" 200 ", "\nrookery_persist_lag 3\n",
                                                    "\nrookery_persist_missing_total 7\n", NULL}));
    check(answers("/health", (const char *const[]){" 200 ", "\"status\":\"healthy\"",
                                                   "\"database\":\"connected\"",
                                                   "\"kafka\":\"connected\"", NULL}));
    check(answers("/health/ready", (const char *const[]){" 200 ", NULL}));
    check(answers("/health/live", (const char *const[]){" 200 ", NULL}));
    check(answers("/socket.io/", (const char *const[]){" 404 ", NULL}));
    stop();
}

static void is_not_ready_without_its_broker_or_with_too_short_a_log(void)
{
    begin();
    feed.shorts = 1;
    start(true);
    check(answers("/health/ready", (const char *const[]){" 503 ", "shorter than the store", NULL}));
    stop();
    begin();
    feed.poll_fault.count = UINT_MAX;
    start(true);
    check(answers("/health", (const char *const[]){" 503 ", "the broker is away",
                                                   "\"kafka\":\"disconnected\"", NULL}));
    stop();
    begin();
    start(false);
    check(answers("/health", (const char *const[]){" 200 ", "\"kafka\":\"not configured\"", NULL}));
    stop();
}

static void a_port_that_is_taken_is_refused(void)
{
    begin();
    start(true);
    check(persist_site_open("127.0.0.1", port, &vitals, true) == NULL && errno == EADDRINUSE);
    stop();
    persist_site_close(NULL);
}

int main(void)
{
    RUN(tells_how_far_the_persister_is);
    RUN(is_not_ready_without_its_broker_or_with_too_short_a_log);
    RUN(a_port_that_is_taken_is_refused);
    return tap_done();
}
