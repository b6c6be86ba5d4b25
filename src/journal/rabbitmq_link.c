// SPDX-License-Identifier: MIT
#include "src/journal/rabbitmq_link.h"

#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "src/base/memory.h"

static const char SYSTEM_AUTHORITIES[] = "/etc/ssl/certs/ca-certificates.crt";

enum {
    CHANNEL_MAX = 8,
    FRAME_BYTES_MAX = 131072,
    NAME_BYTES_MAX = 240,
    ACCESS_REFUSED = 403,
    PRECONDITION_FAILED = 406,
};

uint64_t rabbitmq_now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static struct timeval timeval_of(unsigned ms)
{
    return (struct timeval){.tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000};
}

/* ---- the URL ---- */

static char *copy_of(const char *text)
{
    return xnonnull(strdup(text));
}

/* Cuts the query off the URL and takes what is known of it. */
static void take_query(struct rabbitmq_link *link)
{
    struct {
        const char *name;
        const char **value;
    } const known[] = {{"cacertfile=", &link->ca_file},
                       {"certfile=", &link->certificate},
                       {"keyfile=", &link->key}};
    char *rest = strchr(link->url, '?');

    if (rest == NULL) {
        return;
    }
    *rest++ = '\0';
    for (char *member; (member = strsep(&rest, "&")) != NULL;) {
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
            size_t len = strlen(known[i].name);
            if (strncmp(member, known[i].name, len) == 0) {
                *known[i].value = member + len;
            }
        }
    }
}

static char *place_of(const struct amqp_connection_info *info)
{
    char *place;

    if (asprintf(&place, "%s://%s@%s:%d/%s", info->ssl ? "amqps" : "amqp", info->user, info->host,
                 info->port, strcmp(info->vhost, "/") == 0 ? "" : info->vhost) < 0) {
        abort();
    }
    return place;
}

/* With what is added to it (".retry") a name is a short string of AMQP. */
static bool name_fits(const char *name, const char *option, struct bytes *why)
{
    size_t len = strlen(name);

    if (len > 0 && len <= NAME_BYTES_MAX) {
        return true;
    }
    bytes_add_cstr(why, option);
    bytes_add_cstr(why, ": no name of 1 to 240 bytes");
    return false;
}

int rabbitmq_link_init(struct rabbitmq_link *link, const struct journal_rabbitmq_options *options,
                       struct bytes *why)
{
    static char root[] = "/";

    bytes_clear(why);
    *link = (struct rabbitmq_link){
        .url = copy_of(options->url),
        .exchange = copy_of(options->exchange),
        .queue = copy_of(options->queue),
        .on_found = options->on_found,
        .on_found_arg = options->on_found_arg,
    };
    take_query(link);
    if (amqp_parse_url(link->url, &link->info) != AMQP_STATUS_OK || link->info.host[0] == '\0') {
        bytes_add_cstr(why, "rabbitmq-url: not of the form amqp://user:password@host:port/vhost");
        return -1;
    }
    if (link->info.vhost[0] == '\0') {
        link->info.vhost = root; /* "host:port/" means what "host:port" means, as in Node.js */
    }
    link->place = place_of(&link->info);
    return name_fits(options->exchange, "rabbitmq-exchange", why) &&
                   name_fits(options->queue, "rabbitmq-queue", why)
               ? 0
               : -1;
}

void rabbitmq_link_finish(struct rabbitmq_link *link)
{
    rabbitmq_link_drop(link);
    free(link->url);
    free(link->exchange);
    free(link->queue);
    free(link->place);
    for (int i = 0; i < RABBITMQ_THINGS; i++) {
        bytes_finish(&link->told[i]);
    }
    *link = (struct rabbitmq_link){0};
}

/* ---- what went wrong ---- */

static void say(const struct rabbitmq_link *link, const char *what, struct span cause,
                struct bytes *why)
{
    bytes_clear(why);
    bytes_add_cstr(why, link->place);
    bytes_add_cstr(why, ": ");
    bytes_add_cstr(why, what);
    bytes_add_cstr(why, ": ");
    for (size_t i = 0; i < cause.len; i++) { /* the broker's text, as one line */
        bytes_add_byte(why, cause.data[i] < ' ' ? ' ' : cause.data[i]);
    }
}

int rabbitmq_link_broken(const struct rabbitmq_link *link, int status, const char *what,
                         struct bytes *why)
{
    say(link, what, span_cstr(amqp_error_string2(status)), why);
    return -1;
}

/* The code and the text of a close. */
static int closed_with(const amqp_method_t *method, struct span *text)
{
    if (method->id == AMQP_CHANNEL_CLOSE_METHOD) {
        const amqp_channel_close_t *close = method->decoded;
        *text = rabbitmq_span(close->reply_text);
        return close->reply_code;
    }
    if (method->id == AMQP_CONNECTION_CLOSE_METHOD) {
        const amqp_connection_close_t *close = method->decoded;
        *text = rabbitmq_span(close->reply_text);
        return close->reply_code;
    }
    if (method->id == AMQP_BASIC_RETURN_METHOD) {
        const amqp_basic_return_t *returned = method->decoded;
        *text = rabbitmq_span(returned->reply_text);
        return returned->reply_code;
    }
    const char *name = amqp_method_name(method->id);
    *text = name != NULL ? span_cstr(name) : SPAN("an answer that nobody waits for");
    return -1;
}

void rabbitmq_link_explain(struct rabbitmq_link *link, const amqp_frame_t *frame, struct bytes *why)
{
    struct span text = SPAN("a frame that nobody waits for");

    if (frame->frame_type == AMQP_FRAME_METHOD) {
        (void)closed_with(&frame->payload.method, &text);
    }
    say(link, "connection", text, why);
}

static int reopen(struct rabbitmq_link *link, amqp_channel_t channel, struct bytes *why)
{
    amqp_channel_close_ok_t ok = {0};
    struct bytes ignored = {0};

    int status = amqp_send_method(link->conn, channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
    if (status != AMQP_STATUS_OK) {
        return rabbitmq_link_broken(link, status, "channel", why);
    }
    int result = rabbitmq_link_channel(link, channel, &ignored); /* *why keeps the first cause */
    bytes_finish(&ignored);
    return result;
}

int rabbitmq_link_check(struct rabbitmq_link *link, amqp_channel_t channel, amqp_rpc_reply_t reply,
                        const char *what, struct bytes *why)
{
    struct span text;

    switch (reply.reply_type) {
    case AMQP_RESPONSE_NORMAL:
        return 0;
    case AMQP_RESPONSE_SERVER_EXCEPTION: {
        int code = closed_with(&reply.reply, &text);
        say(link, what, text, why);
        bool is_open = reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD;
        return is_open && reopen(link, channel, why) == 0 ? code : -1;
    }
    case AMQP_RESPONSE_LIBRARY_EXCEPTION:
        return rabbitmq_link_broken(link, reply.library_error, what, why);
    case AMQP_RESPONSE_NONE:
        break;
    }
    return rabbitmq_link_broken(link, AMQP_STATUS_SOCKET_ERROR, what, why);
}

/* ---- connecting ---- */

int rabbitmq_link_channel(struct rabbitmq_link *link, amqp_channel_t channel, struct bytes *why)
{
    (void)amqp_channel_open(link->conn, channel);
    amqp_rpc_reply_t reply = amqp_get_rpc_reply(link->conn);
    if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
        return 0;
    }
    /* A channel that cannot be opened is not asked to open again. */
    struct span text = SPAN("no answer");
    if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION) {
        (void)closed_with(&reply.reply, &text);
    } else if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) {
        text = span_cstr(amqp_error_string2(reply.library_error));
    }
    say(link, "channel", text, why);
    return -1;
}

static amqp_socket_t *make_socket(struct rabbitmq_link *link, struct bytes *why)
{
    if (!link->info.ssl) {
        return amqp_tcp_socket_new(link->conn);
    }
    amqp_socket_t *socket = amqp_ssl_socket_new(link->conn);
    const char *ca = link->ca_file != NULL ? link->ca_file : SYSTEM_AUTHORITIES;
    if (socket == NULL || amqp_ssl_socket_set_cacert(socket, ca) != AMQP_STATUS_OK) {
        say(link, "certificates of authorities cannot be read", span_cstr(ca), why);
        return NULL;
    }
    if (link->certificate != NULL && link->key != NULL &&
        amqp_ssl_socket_set_key(socket, link->certificate, link->key) != AMQP_STATUS_OK) {
        say(link, "certificate or its key cannot be read", span_cstr(link->certificate), why);
        return NULL;
    }
    return socket;
}

static int log_in(struct rabbitmq_link *link, unsigned heartbeat_s, struct bytes *why)
{
    struct timeval limit = timeval_of(link->timeout_ms);
    amqp_socket_t *socket = make_socket(link, why);

    if (socket == NULL) {
        return -1;
    }
    int status = amqp_socket_open_noblock(socket, link->info.host, link->info.port, &limit);
    if (status == AMQP_STATUS_SOCKET_ERROR) { /* which the library knows no more about */
        say(link, "connect", SPAN("nobody listens there, or it cannot be reached"), why);
        return -1;
    }
    if (status != AMQP_STATUS_OK) {
        return rabbitmq_link_broken(link, status, "connect", why);
    }
    if (amqp_set_handshake_timeout(link->conn, &limit) != AMQP_STATUS_OK ||
        amqp_set_rpc_timeout(link->conn, &limit) != AMQP_STATUS_OK) {
        abort(); /* of a time that is none */
    }
    /* A consumer whose queue goes wants to hear of it. */
    amqp_table_entry_t capability = {
        .key = amqp_cstring_bytes("consumer_cancel_notify"),
        .value = {.kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = 1},
    };
    amqp_table_entry_t properties[] = {
        {.key = amqp_cstring_bytes("capabilities"),
         .value = {.kind = AMQP_FIELD_KIND_TABLE,
                   .value.table = {.num_entries = 1, .entries = &capability}}},
        {.key = amqp_cstring_bytes("connection_name"),
         .value = {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes("rookery")}},
    };
    const amqp_table_t table = {.num_entries = 2, .entries = properties};
    amqp_rpc_reply_t reply = amqp_login_with_properties(
        link->conn, link->info.vhost, CHANNEL_MAX, FRAME_BYTES_MAX, (int)heartbeat_s, &table,
        AMQP_SASL_METHOD_PLAIN, link->info.user, link->info.password);
    return rabbitmq_link_check(link, 0, reply, "login", why) == 0 ? 0 : -1;
}

/* ---- exchange and queue ---- */

/* difference: what the broker says of it; empty: there is none. Told once, since each connection
 * finds the same. */
static void tell_found(struct rabbitmq_link *link, int thing, struct span difference)
{
    struct bytes *told = &link->told[thing];
    bool is_new = !span_eq(bytes_span(told), difference);
    const struct rabbitmq_found found = {
        .option = thing == RABBITMQ_QUEUE ? "rabbitmq-queue" : "rabbitmq-exchange",
        .name = thing == RABBITMQ_QUEUE ? link->queue : link->exchange,
        .why = difference,
    };

    bytes_clear(told);
    bytes_add_span(told, difference);
    if (is_new && difference.len > 0 && link->on_found != NULL) {
        link->on_found(link->on_found_arg, &found);
    }
}

static int declare_exchange(struct rabbitmq_link *link, bool passive, struct bytes *why)
{
    (void)amqp_exchange_declare(link->conn, RABBITMQ_MAIN, amqp_cstring_bytes(link->exchange),
                                amqp_cstring_bytes("topic"), passive, true, false, false,
                                amqp_empty_table);
    return rabbitmq_link_check(link, RABBITMQ_MAIN, amqp_get_rpc_reply(link->conn),
                               "option rabbitmq-exchange", why);
}

/* Anything but a topic exchange would not route by our binding. */
static bool is_of_another_type(const struct bytes *why)
{
    return memmem(why->data, why->len, "arg 'type'", strlen("arg 'type'")) != NULL;
}

static int ensure_exchange(struct rabbitmq_link *link, struct bytes *why)
{
    int code = declare_exchange(link, false, why);

    if (code == PRECONDITION_FAILED && !is_of_another_type(why)) {
        tell_found(link, RABBITMQ_EXCHANGE, bytes_span(why));
        return 0; /* it is there, made by somebody with other arguments */
    }
    if (code == 0) {
        tell_found(link, RABBITMQ_EXCHANGE, SPAN(""));
    }
    if (code == ACCESS_REFUSED) {
        code = declare_exchange(link, true, why); /* who may not make it may still use it */
    }
    return code == 0 ? 0 : -1;
}

static int declare_queue(struct rabbitmq_link *link, amqp_channel_t channel, const char *name,
                         bool passive, amqp_table_t arguments, struct bytes *why)
{
    (void)amqp_queue_declare(link->conn, channel, amqp_cstring_bytes(name), passive, true, false,
                             false, arguments);
    return rabbitmq_link_check(link, channel, amqp_get_rpc_reply(link->conn),
                               "option rabbitmq-queue", why);
}

int rabbitmq_link_queue(struct rabbitmq_link *link, amqp_channel_t channel, const char *name,
                        amqp_table_t arguments, enum rabbitmq_likeness *likeness, struct bytes *why)
{
    int code = declare_queue(link, channel, name, false, arguments, why);

    *likeness = code == 0                     ? RABBITMQ_SAME
                : code == PRECONDITION_FAILED ? RABBITMQ_DIFFERS
                                              : RABBITMQ_UNKNOWN;
    if (code == PRECONDITION_FAILED || code == ACCESS_REFUSED) {
        code = declare_queue(link, channel, name, true, amqp_empty_table, why);
    }
    return code == 0 ? 0 : -1;
}

static int ensure_queue(struct rabbitmq_link *link, struct bytes *why)
{
    amqp_table_entry_t single = {
        .key = amqp_cstring_bytes("x-single-active-consumer"),
        .value = {.kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = 1},
    };
    amqp_table_t arguments = {.num_entries = 1, .entries = &single};
    enum rabbitmq_likeness likeness;

    if (rabbitmq_link_queue(link, RABBITMQ_MAIN, link->queue, arguments, &likeness, why) != 0) {
        return -1;
    }
    link->single_active = likeness == RABBITMQ_SAME;
    if (likeness != RABBITMQ_UNKNOWN) {
        tell_found(link, RABBITMQ_QUEUE, likeness == RABBITMQ_DIFFERS ? bytes_span(why) : SPAN(""));
    }
    (void)amqp_queue_bind(link->conn, RABBITMQ_MAIN, amqp_cstring_bytes(link->queue),
                          amqp_cstring_bytes(link->exchange), amqp_cstring_bytes("messages.#"),
                          amqp_empty_table);
    int code = rabbitmq_link_check(link, RABBITMQ_MAIN, amqp_get_rpc_reply(link->conn),
                                   "binding the queue to the exchange", why);
    return code == 0 ? 0 : -1;
}

int rabbitmq_link_open(struct rabbitmq_link *link, unsigned heartbeat_s, unsigned timeout_ms,
                       struct bytes *why)
{
    rabbitmq_link_drop(link);
    bytes_clear(why);
    link->timeout_ms = timeout_ms;
    link->conn = xnonnull(amqp_new_connection());
    if (log_in(link, heartbeat_s, why) != 0 ||
        rabbitmq_link_channel(link, RABBITMQ_MAIN, why) != 0 || ensure_exchange(link, why) != 0 ||
        ensure_queue(link, why) != 0) {
        rabbitmq_link_drop(link);
        return -1;
    }
    bytes_clear(why); /* what was refused on the way has been found another way */
    return 0;
}

void rabbitmq_link_drop(struct rabbitmq_link *link)
{
    if (link->conn != NULL) {
        (void)amqp_destroy_connection(link->conn);
        link->conn = NULL;
    }
}

void rabbitmq_link_close(struct rabbitmq_link *link)
{
    if (link->conn != NULL) {
        (void)amqp_connection_close(link->conn, AMQP_REPLY_SUCCESS);
        rabbitmq_link_drop(link);
    }
}

/* ---- one message at a time ---- */

/* Waits for the confirm of what was published. Returns 0, or -1 and one line. */
static int await_confirm(struct rabbitmq_link *link, struct bytes *why)
{
    struct timeval limit = timeval_of(link->timeout_ms);
    amqp_frame_t frame;

    for (;;) {
        int status = amqp_simple_wait_frame_noblock(link->conn, &frame, &limit);
        if (status == AMQP_STATUS_TIMEOUT) {
            say(link, "publish", SPAN("not confirmed in time (out of memory or disk?)"), why);
            return -1;
        }
        if (status != AMQP_STATUS_OK) {
            return rabbitmq_link_broken(link, status, "publish", why);
        }
        if (frame.frame_type != AMQP_FRAME_METHOD) {
            continue; /* the rest of a message that was returned */
        }
        switch (frame.payload.method.id) {
        case AMQP_BASIC_ACK_METHOD:
            return 0;
        case AMQP_BASIC_NACK_METHOD:
        case AMQP_BASIC_RETURN_METHOD:
            say(link, "publish", SPAN("not taken by any queue"), why);
            return -1;
        default:
            rabbitmq_link_explain(link, &frame, why);
            return -1;
        }
    }
}

int rabbitmq_link_publish(struct rabbitmq_link *link, const struct rabbitmq_note *note,
                          struct bytes *why)
{
    int status = amqp_basic_publish(link->conn, RABBITMQ_MAIN, amqp_cstring_bytes(note->exchange),
                                    amqp_cstring_bytes(note->key), note->must_route, false,
                                    &note->properties, rabbitmq_bytes(note->body));
    if (status != AMQP_STATUS_OK) {
        return rabbitmq_link_broken(link, status, "publish", why);
    }
    int result = await_confirm(link, why);
    amqp_maybe_release_buffers(link->conn);
    return result;
}

int rabbitmq_link_confirm(struct rabbitmq_link *link, struct bytes *why)
{
    (void)amqp_confirm_select(link->conn, RABBITMQ_MAIN);
    int code = rabbitmq_link_check(link, RABBITMQ_MAIN, amqp_get_rpc_reply(link->conn),
                                   "publisher confirms", why);
    return code == 0 ? 0 : -1;
}
