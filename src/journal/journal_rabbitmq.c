// SPDX-License-Identifier: MIT
/* A publisher with confirms on a thread of its own:
 *
 *   append ─> inbox ─> window: publish ... confirm ─> completions, in the order of the appends
 *               └ wakes the thread by an eventfd, which waits for it and for the socket
 *
 * Publishing fails as a whole: when a message is returned (nobody bound a queue), when the oldest
 * is not confirmed in time, when the connection breaks, all that was published on it fails and the
 * thread connects anew, declaring what may be missing. A connection counts as good only once the
 * broker has confirmed a message on it (to nobody: it matches no binding), so that one that accepts
 * connections but takes nothing (an alarm for memory or disk) stays away. */
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/base/memory.h"
#include "src/journal/completions.h"
#include "src/journal/rabbitmq_link.h"
#include "src/journal/rabbitmq_publish.h"
#include "src/journal/rabbitmq_window.h"
#include "src/journal/recent_appends.h"

enum {
    QUEUE_MESSAGES_MAX_DEFAULT = 65536,
    QUEUE_BYTES_MAX_DEFAULT = 64 << 20,
    TIMEOUT_MS_DEFAULT = 5000,
    AWAY_MS_DEFAULT = 3000,
    UNCONFIRMED_MAX = 4096, /* messages */
    PUBLISH_AT_ONCE = 64,   /* between looks at what the broker says */
    BACKOFF_MIN_MS = 100,
    BACKOFF_MAX_MS = 5000,
    CONNECT_MS_MAX = 3000, /* appends that wait are looked at that often */
    TICK_MS = 500,         /* heartbeats go out that often, if they are due */
    PROBE_TAG = 1,
};

struct rabbit {
    struct journal journal;
    struct journal_options options;
    unsigned timeout_ms, away_ms;
    int wake;
    pthread_t thread;

    struct rabbitmq_link link; /* the thread's, as what follows */
    struct rabbitmq_window window;
    struct bytes value, line;
    uint64_t retry_at_ms;
    unsigned backoff_ms;
    bool said_up;

    pthread_mutex_t lock; /* for what follows; no other is taken under it */
    struct journal_append *head, **tail;
    struct recent_appends recent;
    struct journal_figures figures;
    uint64_t waiting_since_ms; /* for an answer, or for a connection; 0: it waits for none */
    bool idle, stopping;       /* idle: the thread waits, or is about to */
};

static struct rabbit *rabbit(struct journal *journal)
{
    return container_of(journal, struct rabbit, journal);
}

/* ---- what is told of the broker ---- */

struct state_line {
    struct task task;
    struct journal_options options;
    bool is_up;
    char text[];
};

static void tell_state(struct task *task)
{
    struct state_line *line = container_of(task, struct state_line, task);

    line->options.on_state(line->options.on_state_arg, line->is_up, line->text);
    free(line);
}

static void say(struct rabbit *r, bool is_up)
{
    r->said_up = is_up;
    if (r->options.on_state == NULL || r->options.executor == NULL) {
        return;
    }
    struct state_line *line = xmalloc(sizeof *line + r->line.len + 1);
    line->task.run = tell_state;
    line->options = r->options;
    line->is_up = is_up;
    memcpy(line->text, r->line.data, r->line.len);
    line->text[r->line.len] = '\0';
    executor_post(r->options.executor, &line->task);
}

static void set_waiting(struct rabbit *r, uint64_t since_ms, bool is_up)
{
    (void)pthread_mutex_lock(&r->lock);
    r->waiting_since_ms = since_ms;
    r->figures.is_up = is_up;
    (void)pthread_mutex_unlock(&r->lock);
}

/* Under the lock. */
static bool is_away(const struct rabbit *r, uint64_t now_ms)
{
    return r->waiting_since_ms != 0 && now_ms - r->waiting_since_ms >= r->away_ms;
}

/* ---- connecting ---- */

/* Twice that long without a word from the broker is the end of the connection. */
static unsigned heartbeat_s(const struct rabbit *r)
{
    unsigned seconds = r->timeout_ms / 2500;
    return seconds < 1 ? 1 : seconds > 30 ? 30 : seconds;
}

/* A broker that no longer reads must not hold the thread in a write for ever: heartbeats may come
 * from it all the same. */
static void bound_writes(struct rabbit *r)
{
    unsigned ms = r->timeout_ms;
    (void)setsockopt(amqp_get_sockfd(r->link.conn), IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
}

static int connect_and_probe(struct rabbit *r)
{
    const struct rabbitmq_note probe = {
        .exchange = r->link.exchange, .key = "rookery.probe", .body = SPAN("{}")};
    unsigned limit = r->timeout_ms < CONNECT_MS_MAX ? r->timeout_ms : CONNECT_MS_MAX;

    if (rabbitmq_link_open(&r->link, heartbeat_s(r), limit, &r->line) != 0) {
        return -1;
    }
    bound_writes(r);
    if (rabbitmq_link_confirm(&r->link, &r->line) != 0 ||
        rabbitmq_link_publish(&r->link, &probe, &r->line) != 0) {
        rabbitmq_link_drop(&r->link);
        return -1;
    }
    rabbitmq_window_restart(&r->window, PROBE_TAG + 1);
    return 0;
}

/* r->line says why. */
static void lose(struct rabbit *r, uint64_t now_ms)
{
    rabbitmq_link_drop(&r->link);
    rabbitmq_window_restart(&r->window, 0);
    r->backoff_ms = BACKOFF_MIN_MS;
    r->retry_at_ms = now_ms;
    (void)pthread_mutex_lock(&r->lock);
    if (r->waiting_since_ms == 0) {
        r->waiting_since_ms = now_ms;
    }
    r->figures.is_up = false;
    (void)pthread_mutex_unlock(&r->lock);
    say(r, false);
}

static void try_again(struct rabbit *r)
{
    if (connect_and_probe(r) == 0) {
        set_waiting(r, 0, true);
        bytes_clear(&r->line);
        bytes_add_cstr(&r->line, r->link.place);
        bytes_add_cstr(&r->line, ": connected again");
        say(r, true);
        return;
    }
    say(r, false);
    /* Half of it is chance, so that nodes do not come all at once. */
    r->retry_at_ms =
        rabbitmq_now_ms() + r->backoff_ms / 2 + arc4random_uniform(r->backoff_ms / 2 + 1);
    r->backoff_ms = r->backoff_ms * 2 < BACKOFF_MAX_MS ? r->backoff_ms * 2 : BACKOFF_MAX_MS;
}

/* ---- publishing ---- */

static bool is_writable(const struct rabbit *r)
{
    struct pollfd p = {.fd = amqp_get_sockfd(r->link.conn), .events = POLLOUT};
    return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) != 0;
}

/* Publishes some of what waits. Returns how many, or -1 with r->line. */
static int publish_some(struct rabbit *r)
{
    int count = 0;

    while (count < PUBLISH_AT_ONCE && rabbitmq_window_published(&r->window) < UNCONFIRMED_MAX) {
        const struct journal_append *op = rabbitmq_window_next(&r->window);
        if (op == NULL || (count % 16 == 0 && !is_writable(r))) {
            break;
        }
        rabbitmq_window_publish(&r->window); /* if it fails now it was tried */
        int status = rabbitmq_publish(&r->link, &r->value, &op->message);
        if (status != AMQP_STATUS_OK) {
            return rabbitmq_link_broken(&r->link, status, "publish", &r->line);
        }
        count++;
    }
    return count;
}

/* Returns 0, or -1 with r->line when the connection is of no use any more. */
static int on_frame(struct rabbit *r, const amqp_frame_t *frame)
{
    if (frame->frame_type != AMQP_FRAME_METHOD) {
        return 0;
    }
    const amqp_method_t *method = &frame->payload.method;
    if (method->id == AMQP_BASIC_ACK_METHOD) {
        const amqp_basic_ack_t *ack = method->decoded;
        rabbitmq_window_settle(&r->window, ack->delivery_tag, ack->multiple, 0);
        return 0;
    }
    if (method->id == AMQP_BASIC_NACK_METHOD) {
        const amqp_basic_nack_t *nack = method->decoded;
        rabbitmq_window_settle(&r->window, nack->delivery_tag, nack->multiple, JOURNAL_ESINK);
        return 0;
    }
    rabbitmq_link_explain(&r->link, frame, &r->line);
    return -1;
}

/* Reads all that has come. Returns 0, or -1 with r->line. */
static int read_frames(struct rabbit *r)
{
    static const struct timeval at_once;
    amqp_frame_t frame;
    int status;

    while ((status = amqp_simple_wait_frame_noblock(r->link.conn, &frame, &at_once)) ==
           AMQP_STATUS_OK) {
        if (on_frame(r, &frame) != 0) {
            return -1;
        }
    }
    amqp_maybe_release_buffers(r->link.conn);
    return status == AMQP_STATUS_TIMEOUT
               ? 0
               : rabbitmq_link_broken(&r->link, status, "connection lost", &r->line);
}

/* ---- the thread ---- */

static void take_inbox(struct rabbit *r, uint64_t now_ms)
{
    uint64_t counted;
    while (read(r->wake, &counted, sizeof counted) > 0) {
    }
    (void)pthread_mutex_lock(&r->lock);
    r->idle = false;
    struct journal_append *op = r->head;
    r->head = NULL;
    r->tail = &r->head;
    (void)pthread_mutex_unlock(&r->lock);
    while (op != NULL) {
        struct journal_append *next = op->next;
        rabbitmq_window_add(&r->window, op, now_ms);
        op = next;
    }
}

/* Under the lock. */
static void complete(struct rabbit *r, struct journal_append *op, struct completions *done)
{
    r->figures.queue_messages--;
    r->figures.queue_bytes -= message_bytes(&op->message);
    r->figures.failed += op->error != 0;
    completions_add(done, op);
}

/* Hands back what is settled. Returns how many. */
static size_t settle(struct rabbit *r)
{
    struct completions done = {.count = 0};
    struct journal_append *op = rabbitmq_window_pop(&r->window);
    size_t count = 0;

    if (op == NULL) {
        return 0;
    }
    (void)pthread_mutex_lock(&r->lock);
    for (; op != NULL; op = rabbitmq_window_pop(&r->window)) {
        struct journal_append *waiting = recent_appends_settle(&r->recent, op);
        complete(r, op, &done);
        while (waiting != NULL) {
            struct journal_append *next = waiting->next;
            complete(r, waiting, &done);
            waiting = next;
        }
        count++;
    }
    (void)pthread_mutex_unlock(&r->lock);
    completions_post(&done);
    return count;
}

/* An answer is due while something is published; each answer starts the wait anew. */
static void watch_for_answers(struct rabbit *r, size_t answers, uint64_t now_ms)
{
    (void)pthread_mutex_lock(&r->lock);
    uint64_t since = r->waiting_since_ms;
    if (rabbitmq_window_published(&r->window) == 0) {
        since = 0;
    } else if (answers > 0 || since == 0) {
        since = now_ms;
    }
    r->waiting_since_ms = since;
    bool is_up = r->figures.is_up = !is_away(r, now_ms);
    (void)pthread_mutex_unlock(&r->lock);
    if (is_up != r->said_up) {
        bytes_clear(&r->line);
        bytes_add_cstr(&r->line, r->link.place);
        bytes_add_cstr(&r->line, is_up ? ": confirms again" : ": does not confirm what it is sent");
        say(r, is_up);
    }
}

/* With a connection. Returns whether there is more to do at once. */
static bool serve_connection(struct rabbit *r, uint64_t now_ms)
{
    int result = read_frames(r);
    int published = result == 0 ? publish_some(r) : -1;
    if (published >= 0 && rabbitmq_window_published(&r->window) > 0 &&
        rabbitmq_window_oldest_ms(&r->window) + r->timeout_ms <= now_ms) {
        bytes_clear(&r->line);
        bytes_add_cstr(&r->line, r->link.place);
        bytes_add_cstr(&r->line, ": has not confirmed in time");
        published = -1;
    }
    if (published < 0) {
        lose(r, now_ms);
    }
    size_t answers = settle(r);
    if (published >= 0) {
        watch_for_answers(r, answers, now_ms);
    }
    return published == PUBLISH_AT_ONCE;
}

static void serve_outage(struct rabbit *r, uint64_t now_ms, bool give_up)
{
    uint64_t before = give_up ? UINT64_MAX : now_ms > r->timeout_ms ? now_ms - r->timeout_ms : 0;

    rabbitmq_window_expire(&r->window, before);
    (void)settle(r);
    if (!give_up && now_ms >= r->retry_at_ms) {
        try_again(r);
    }
}

/* For appends, for the broker, for the time of the next thing to do. */
static void wait_for_work(struct rabbit *r, uint64_t now_ms)
{
    (void)pthread_mutex_lock(&r->lock);
    bool is_idle = r->idle = r->head == NULL;
    (void)pthread_mutex_unlock(&r->lock);
    if (!is_idle && r->link.conn != NULL) {
        return;
    }
    bool is_connected = r->link.conn != NULL;
    struct pollfd polled[] = {
        {.fd = r->wake, .events = POLLIN},
        {.fd = is_connected ? amqp_get_sockfd(r->link.conn) : -1, .events = POLLIN}};
    /* What waits for room in the socket waits for it there. */
    if (is_connected && rabbitmq_window_next(&r->window) != NULL &&
        rabbitmq_window_published(&r->window) < UNCONFIRMED_MAX) {
        polled[1].events |= POLLOUT;
    }
    uint64_t wait_ms = TICK_MS;
    if (!is_connected) {
        wait_ms = r->retry_at_ms > now_ms ? r->retry_at_ms - now_ms : 0;
        wait_ms = wait_ms < TICK_MS ? wait_ms : TICK_MS;
    }
    (void)poll(polled, 2, (int)wait_ms);
}

/* Should the thread go on? *give_up: nobody can wait for a broker that is away. */
static bool goes_on(struct rabbit *r, bool *give_up)
{
    (void)pthread_mutex_lock(&r->lock);
    bool done = r->stopping && r->figures.queue_messages == 0;
    *give_up = r->stopping && is_away(r, rabbitmq_now_ms());
    (void)pthread_mutex_unlock(&r->lock);
    return !done;
}

static void *serve(void *arg)
{
    struct rabbit *r = arg;
    bool give_up, more = false;

    while (goes_on(r, &give_up)) {
        uint64_t now_ms = rabbitmq_now_ms();
        if (!more) {
            wait_for_work(r, now_ms);
            now_ms = rabbitmq_now_ms();
        }
        take_inbox(r, now_ms);
        more = false;
        if (r->link.conn != NULL) {
            more = serve_connection(r, now_ms);
        } else {
            serve_outage(r, now_ms, give_up);
        }
    }
    rabbitmq_link_close(&r->link);
    return NULL;
}

/* ---- the port ---- */

static size_t or_default(size_t value, size_t fallback)
{
    return value != 0 ? value : fallback;
}

static void free_rabbit(struct rabbit *r)
{
    rabbitmq_link_finish(&r->link);
    rabbitmq_window_finish(&r->window);
    recent_appends_finish(&r->recent);
    bytes_finish(&r->value);
    bytes_finish(&r->line);
    (void)pthread_mutex_destroy(&r->lock);
    free(r);
}

static struct journal *open_rabbit(const struct journal_options *options, struct bytes *why)
{
    const struct journal_rabbitmq_options *own = options->rabbitmq;
    struct rabbit *r = xcalloc(1, sizeof *r);

    bytes_clear(why);
    r->journal.ops = &journal_rabbitmq;
    r->options = *options;
    r->options.rabbitmq = NULL; /* borrowed for this call */
    r->options.queue_messages_max =
        or_default(options->queue_messages_max, QUEUE_MESSAGES_MAX_DEFAULT);
    r->options.queue_bytes_max = or_default(options->queue_bytes_max, QUEUE_BYTES_MAX_DEFAULT);
    r->timeout_ms = own->timeout_ms != 0 ? own->timeout_ms : TIMEOUT_MS_DEFAULT;
    r->away_ms = own->away_ms != 0 ? own->away_ms : AWAY_MS_DEFAULT;
    r->tail = &r->head;
    r->said_up = r->figures.is_up = true;
    (void)pthread_mutex_init(&r->lock, NULL);
    recent_appends_init(&r->recent, 0);
    if (rabbitmq_link_init(&r->link, own, why) != 0 || connect_and_probe(r) != 0) {
        if (why->len == 0) {
            bytes_add_cstr(why, "rabbitmq-url: ");
            bytes_add_span(why, bytes_span(&r->line));
        }
        free_rabbit(r);
        return NULL;
    }
    r->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (r->wake < 0 || pthread_create(&r->thread, NULL, serve, r) != 0) {
        abort(); /* at start, when a machine without a thread to spare cannot serve either */
    }
    return &r->journal;
}

static void wake(struct rabbit *r)
{
    static const uint64_t one = 1;
    while (write(r->wake, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

/* Under the lock. Returns 0, or why not now. */
static int admit(struct rabbit *r, size_t bytes)
{
    if (is_away(r, rabbitmq_now_ms())) {
        r->figures.refused_away++;
        return JOURNAL_EAWAY;
    }
    if (r->figures.queue_messages >= r->options.queue_messages_max ||
        bytes > r->options.queue_bytes_max ||
        r->figures.queue_bytes > r->options.queue_bytes_max - bytes) {
        r->figures.refused++;
        return JOURNAL_EBUSY;
    }
    return 0;
}

/* Under the lock. Returns whether the thread is to be woken. */
static bool enqueue(struct rabbit *r, struct journal_append *op)
{
    *r->tail = op;
    r->tail = &op->next;
    bool was_idle = r->idle;
    r->idle = false; /* waking once is enough */
    return was_idle;
}

static int append(struct journal *journal, const struct message *message, struct executor *executor,
                  struct journal_append *op)
{
    struct rabbit *r = rabbit(journal);
    size_t bytes = message_bytes(message);
    enum recent_append recent = RECENT_WAITS;
    bool to_wake = false;

    op->message = *message;
    op->message.offset = 0;
    op->error = 0;
    op->in_turn = true;
    op->executor = executor;
    op->next = NULL;
    (void)pthread_mutex_lock(&r->lock);
    int result = admit(r, bytes);
    if (result == 0) {
        recent = recent_appends_begin(&r->recent, op);
        if (recent != RECENT_DONE) {
            r->figures.queue_messages++;
            r->figures.queue_bytes += bytes;
        }
        to_wake = recent == RECENT_NEW && enqueue(r, op);
    }
    (void)pthread_mutex_unlock(&r->lock);
    if (to_wake) {
        wake(r);
    }
    if (recent == RECENT_DONE) {
        struct completions done = {.count = 0};
        completions_add(&done, op);
        completions_post(&done);
    }
    return result;
}

static void figures(struct journal *journal, struct journal_figures *out)
{
    struct rabbit *r = rabbit(journal);

    (void)pthread_mutex_lock(&r->lock);
    *out = r->figures;
    (void)pthread_mutex_unlock(&r->lock);
}

static void close_rabbit(struct journal *journal)
{
    struct rabbit *r = rabbit(journal);

    (void)pthread_mutex_lock(&r->lock);
    r->stopping = true;
    (void)pthread_mutex_unlock(&r->lock);
    wake(r);
    (void)pthread_join(r->thread, NULL);
    (void)close(r->wake);
    free_rabbit(r);
}

const struct journal_ops journal_rabbitmq = {
    .name = "rabbitmq",
    .blind = true,
    .open = open_rabbit,
    .append = append,
    .figures = figures,
    .close = close_rabbit,
};
