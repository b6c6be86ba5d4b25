// SPDX-License-Identifier: MIT
#include "src/redis/redis_conn.h"

#include <assert.h>
#include <stdio.h>

#include "src/base/memory.h"

/* The greeting's commands in their order; the last one tells whether the server is ready. */
enum { GREET_AUTH = 1, GREET_SELECT = 2, GREET_NAME = 4, GREET_ROLE = 8, GREET_PING = 16 };

static uint64_t now_ms(const struct redis_conn *c)
{
    return redis_conn_executor(c)->now_ms;
}

static struct redis_conn *conn_of(struct stream *s)
{
    return container_of(s, struct redis_conn, stream);
}

static void start_timer(struct redis_conn *c, uint64_t delay_ms)
{
    executor_timer_start(redis_conn_executor(c), &c->timer, delay_ms);
}

void redis_conn_close(struct redis_conn *c)
{
    stream_close(&c->stream);
    redis_reader_destroy(c->reader);
    c->reader = NULL;
    executor_timer_stop(redis_conn_executor(c), &c->timer);
    c->state = CONN_CLOSED;
}

/* A quarter of the outage so far, less a random part of up to a half, so that many clients do not
 * come at once. */
void redis_conn_wait(struct redis_conn *c)
{
    struct executor *ex = redis_conn_executor(c);
    uint64_t delay = c->broken ? (ex->now_ms - c->down_since_ms) / 4 : 0;
    uint16_t random;

    assert(c->state == CONN_CLOSED || c->state == CONN_WAITING);
    delay = delay < RECONNECT_MIN_MS ? RECONNECT_MIN_MS : delay;
    delay = delay > RECONNECT_MAX_MS ? RECONNECT_MAX_MS : delay;
    executor_random(ex, &random, sizeof random);
    c->state = CONN_WAITING;
    start_timer(c, delay - random % (delay / 2 + 1));
}

void redis_conn_break(struct redis_conn *c, const char *why)
{
    redis_conn_close(c);
    if (!c->broken) {
        c->broken = true;
        c->down_since_ms = now_ms(c);
    }
    redis_conn_wait(c);
    c->handlers->on_down(c, why);
}

static void add_greeting(struct redis_conn *c, struct bytes *wire, unsigned step,
                         const struct span *args, size_t count)
{
    redis_format(wire, args, count);
    c->greeting |= step;
}

static void greet(struct redis_conn *c)
{
    const struct redis_settings *s = c->settings;
    struct bytes wire = {0}, number = {0};
    const struct span with_user[] = {SPAN("AUTH"), s->user, s->password};
    const struct span without[] = {SPAN("AUTH"), s->password};
    bool user = s->user.len != 0;

    c->greeting = 0;
    bytes_add_u64(&number, s->database);
    if (s->password.len != 0) {
        add_greeting(c, &wire, GREET_AUTH, user ? with_user : without, user ? 3 : 2);
    }
    if (s->database != 0) {
        const struct span args[] = {SPAN("SELECT"), bytes_span(&number)};
        add_greeting(c, &wire, GREET_SELECT, args, 2);
    }
    if (s->client_name.len != 0) {
        const struct span args[] = {SPAN("CLIENT"), SPAN("SETNAME"), s->client_name};
        add_greeting(c, &wire, GREET_NAME, args, 3);
    }
    if (s->want_master) {
        add_greeting(c, &wire, GREET_ROLE, (const struct span[]){SPAN("ROLE")}, 1);
    }
    add_greeting(c, &wire, GREET_PING, (const struct span[]){SPAN("PING")}, 1);
    stream_send(&c->stream, bytes_span(&wire));
    bytes_finish(&wire);
    bytes_finish(&number);
}

static void on_open(struct stream *stream)
{
    struct redis_conn *c = conn_of(stream);

    c->state = CONN_GREETING;
    c->reader = redis_reader_create();
    start_timer(c, c->settings->open_timeout_ms);
    greet(c);
}

static uint64_t quiet_ms(const struct redis_conn *c)
{
    return PING_AFTER_MS + (uint64_t)c->settings->block_ms;
}

static void come_up(struct redis_conn *c)
{
    c->state = CONN_UP;
    c->broken = false;
    c->pinged = false;
    start_timer(c, quiet_ms(c));
    c->handlers->on_up(c);
}

static void break_with(struct redis_conn *c, const struct redis_reply *reply)
{
    struct bytes why = {0};

    bytes_add_cstr(&why, "Redis has answered: ");
    bytes_add_span(&why, reply->text);
    bytes_add_byte(&why, 0);
    redis_conn_break(c, (const char *)why.data);
    bytes_finish(&why);
}

/* What ROLE answers begins with the server's own name for itself; one that does not let us ask is
 * believed. A name for the client is a nicety. */
static void take_greeting(struct redis_conn *c, const struct redis_reply *reply)
{
    unsigned step = c->greeting & -c->greeting;

    c->greeting &= ~step;
    if (reply->type == REDIS_FAILURE && step != GREET_NAME && step != GREET_ROLE) {
        break_with(c, reply);
    } else if (step == GREET_ROLE && reply->type == REDIS_ARRAY && reply->count > 0 &&
               !redis_reply_is(&reply->items[0], "master")) {
        redis_conn_break(c, "the server is a replica, not the master");
    } else if (step == GREET_PING) {
        come_up(c);
    }
}

static void on_data(struct stream *stream, struct span data)
{
    struct redis_conn *c = conn_of(stream);
    struct redis_reply *reply;
    int got = redis_reader_feed(c->reader, data);

    c->heard_ms = now_ms(c);
    if (c->pinged) {
        c->pinged = false;
        start_timer(c, quiet_ms(c));
    }
    while (got >= 0 && c->reader != NULL) {
        got = redis_reader_next(c->reader, &reply);
        if (got != 1) {
            break;
        }
        if (c->state == CONN_UP) {
            c->handlers->on_reply(c, reply);
        } else {
            take_greeting(c, reply);
        }
        redis_reply_free(reply);
    }
    if (got < 0) {
        char why[192];
        (void)snprintf(why, sizeof why, "not understood: %s", redis_reader_why(c->reader));
        redis_conn_break(c, why);
    }
}

static void on_close(struct stream *stream, const char *why)
{
    redis_conn_break(conn_of(stream), why);
}

static const struct stream_handlers stream_handlers = {on_open, on_data, on_close};

static void watch_silence(struct redis_conn *c)
{
    uint64_t silent = now_ms(c) - c->heard_ms;
    uint64_t limit = quiet_ms(c) + (c->pinged ? PING_TIMEOUT_MS : 0);

    if (silent < limit) {
        start_timer(c, limit - silent);
    } else if (c->pinged) {
        redis_conn_break(c, "no answer to a ping");
    } else {
        c->pinged = true;
        start_timer(c, PING_TIMEOUT_MS);
        c->handlers->on_silence(c);
    }
}

static void on_timer(struct timer *timer)
{
    struct redis_conn *c = container_of(timer, struct redis_conn, timer);

    if (c->state == CONN_UP) {
        watch_silence(c);
    } else if (c->state == CONN_GREETING) {
        redis_conn_break(c, "no answer to the greeting");
    } else {
        assert(c->state == CONN_WAITING);
        c->state = CONN_CLOSED;
        c->handlers->on_retry(c);
    }
}

void redis_conn_init(struct redis_conn *c, const struct redis_settings *settings,
                     const struct redis_conn_handlers *handlers)
{
    *c = (struct redis_conn){.settings = settings, .handlers = handlers};
    c->stream.handlers = &stream_handlers;
    c->timer.fire = on_timer;
}

void redis_conn_open(struct redis_conn *c, const struct redis_address *to)
{
    const struct redis_settings *s = c->settings;

    if (c->state > CONN_WAITING) {
        return;
    }
    executor_timer_stop(redis_conn_executor(c), &c->timer);
    c->address = *to;
    c->state = CONN_OPENING;
    c->heard_ms = now_ms(c);
    if (!c->broken) {
        c->broken = true;
        c->down_since_ms = now_ms(c);
    }
    struct stream_peer peer = {.host = c->address.host,
                               .port = c->address.port,
                               .tls = s->tls,
                               .ca_file = s->ca_file,
                               .verify = s->verify,
                               .open_timeout_ms = s->open_timeout_ms};
    stream_open(s->dialer, &c->stream, &peer);
}

void redis_conn_send(struct redis_conn *c, struct span wire)
{
    assert(c->state == CONN_UP);
    stream_send(&c->stream, wire);
}
