// SPDX-License-Identifier: MIT
#include "src/redis/redis_sentinel.h"

#include "src/base/memory.h"

static struct redis_sentinel *sentinel_of(struct redis_conn *c)
{
    return container_of(c, struct redis_sentinel, conn);
}

static void answer(struct redis_sentinel *s, const struct redis_address *master, const char *why)
{
    redis_conn_close(&s->conn);
    s->asking = false;
    s->on_answer(s, master, why);
}

static void ask_next(struct redis_sentinel *s)
{
    const struct redis_address *host = &s->url->hosts[s->next];

    s->left--;
    redis_conn_open(&s->conn, host);
}

static void give_up_on(struct redis_sentinel *s, const char *why)
{
    redis_conn_close(&s->conn);
    s->next = (s->next + 1) % s->url->host_count;
    if (s->left == 0) {
        answer(s, NULL, why);
    } else {
        ask_next(s);
    }
}

static void on_up(struct redis_conn *c)
{
    struct redis_sentinel *s = sentinel_of(c);
    struct bytes wire = {0};
    const struct span args[] = {SPAN("SENTINEL"), SPAN("get-master-addr-by-name"),
                                bytes_span(&s->url->master)};

    redis_format(&wire, args, 3);
    redis_conn_send(c, bytes_span(&wire));
    bytes_finish(&wire);
}

static void on_reply(struct redis_conn *c, const struct redis_reply *reply)
{
    struct redis_sentinel *s = sentinel_of(c);
    struct redis_address master;
    uint64_t port;

    if (reply->type == REDIS_ARRAY && reply->count == 2 &&
        span_to_u64(reply->items[1].text, 65535, &port) == 0 &&
        redis_address_set(&master, reply->items[0].text, port) == 0) {
        answer(s, &master, "");
    } else {
        give_up_on(s, "a Sentinel knows no master of that name");
    }
}

static void on_down(struct redis_conn *c, const char *why)
{
    give_up_on(sentinel_of(c), why);
}

static void on_retry(struct redis_conn *c)
{
    /* never: a connection that breaks is closed */
}

static void on_silence(struct redis_conn *c)
{
    give_up_on(sentinel_of(c), "a Sentinel does not answer");
}

static const struct redis_conn_handlers handlers = {on_up, on_reply, on_down, on_retry, on_silence};

void redis_sentinel_init(struct redis_sentinel *s, const struct redis_url *url,
                         const struct redis_settings *settings)
{
    *s = (struct redis_sentinel){.url = url,
                                 .settings = {.dialer = settings->dialer,
                                              .tls = settings->tls,
                                              .verify = settings->verify,
                                              .ca_file = settings->ca_file,
                                              .open_timeout_ms = SENTINEL_TIMEOUT_MS}};
    redis_conn_init(&s->conn, &s->settings, &handlers);
}

void redis_sentinel_ask(struct redis_sentinel *s)
{
    if (!s->asking) {
        s->asking = true;
        s->left = s->url->host_count;
        ask_next(s);
    }
}

void redis_sentinel_finish(struct redis_sentinel *s)
{
    redis_conn_close(&s->conn);
    s->asking = false;
}
