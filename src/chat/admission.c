// SPDX-License-Identifier: MIT
#include "src/chat/admission.h"

#include <assert.h>
#include <stdlib.h>
#include <strings.h>

#include "src/auth/auth.h"
#include "src/base/memory.h"
#include "src/chat/comeback.h"
#include "src/chat/limiter.h"
#include "src/chat/message.h"
#include "src/chat/payload.h"
#include "src/chat/text.h"

/* A connection that ends with its token. */
struct expiry {
    struct timer timer;
    struct chat *chat;
    struct rookery_socket *socket; /* alive: forgotten when it leaves */
};

static struct span expiry_key(const void *value)
{
    const struct expiry *e = value;
    return span_of_str(rookery_socket_id(e->socket));
}

void admission_init(struct chat_loop *cl)
{
    map_init(&cl->expiries, expiry_key, cl->chat->hash_secret);
}

void admission_finish(struct chat_loop *cl)
{
    assert(cl->expiries.count == 0);
    map_finish(&cl->expiries);
}

/* ---- the end of a token ---- */

static void emit_error(struct chat_loop *cl, struct rookery_socket *s, const struct refusal *r)
{
    chat_count_refusal(cl, r);
    bytes_clear(&cl->out);
    message_write_error(&cl->out, r);
    struct rookery_args args = args_of_json(bytes_span(&cl->out));
    (void)rookery_emit(s, ROOKERY_STR("error"), &args, NULL);
}

static void on_expiry(struct timer *timer)
{
    struct rookery_socket *s = container_of(timer, struct expiry, timer)->socket;
    struct chat *chat = container_of(timer, struct expiry, timer)->chat;

    emit_error(chat_loop_of(chat, s), s, &refused_expired);
    rookery_disconnect(s, true);
}

static void end_at(struct chat_loop *cl, struct rookery_socket *s, int64_t expires_ms)
{
    int64_t left_ms = expires_ms - rookery_loop_wall_ms(cl->loop);
    struct expiry *e = xcalloc(1, sizeof *e);

    e->socket = s;
    e->chat = cl->chat;
    e->timer.fire = on_expiry;
    map_add(&cl->expiries, e);
    executor_timer_start(cl->executor, &e->timer, left_ms > 0 ? (uint64_t)left_ms : 0);
}

void admission_end(struct chat_loop *cl, struct rookery_socket *s)
{
    struct expiry *e = map_remove(&cl->expiries, span_of_str(rookery_socket_id(s)));

    if (e != NULL) {
        executor_timer_stop(cl->executor, &e->timer);
        free(e);
    }
    atomic_fetch_sub_explicit(&cl->chat->sockets, 1, memory_order_relaxed);
}

/* ---- who it is ---- */

struct query_auth {
    struct bytes *out;
    bool eio4;
};

static void add_parameter(struct rookery_str name, struct rookery_str value, void *arg)
{
    struct query_auth *auth = arg;

    if (span_eq(span_of_str(name), SPAN("EIO"))) {
        auth->eio4 = span_eq(span_of_str(value), SPAN("4"));
    }
    json_member_string(auth->out, span_of_str(name), span_of_str(value));
}

/* What s says of itself. Clients of Engine.IO 3 have no auth: they say it in the query of their
 * connection, which is written into text then. */
static struct rookery_str auth_of(struct rookery_socket *s, struct bytes *text)
{
    struct rookery_str auth = rookery_socket_auth(s);
    const struct rookery_request *request = rookery_socket_request(s);
    struct query_auth query = {.out = text};

    if (request == NULL || !span_eq(span_of_str(auth), SPAN("{}"))) {
        return auth;
    }
    bytes_add_byte(text, '{');
    rookery_request_query(request, add_parameter, &query);
    bytes_add_byte(text, '}');
    return query.eio4 ? auth : (struct rookery_str){(const char *)text->data, text->len};
}

static struct span token_of(struct rookery_socket *s, const struct payload *auth,
                            struct bytes *decoded)
{
    static const char bearer[] = "Bearer ";
    enum { BEARER_LEN = sizeof bearer - 1 };
    const struct rookery_request *request = rookery_socket_request(s);
    struct span token = SPAN("");

    /* One that is too long, or no text at all, is a token that is not valid: it is said to be. */
    if (payload_has(auth->token)) {
        bool usable = policy_text(auth->token, TOKEN_BYTES_MAX, decoded, &token);
        return usable ? token : auth->token.text;
    }
    if (request == NULL) {
        return token;
    }
    struct rookery_str field = rookery_request_header(request, "authorization");
    if (field.len > BEARER_LEN && strncasecmp(field.data, bearer, BEARER_LEN) == 0) {
        return span_of(field.data + BEARER_LEN, field.len - BEARER_LEN);
    }
    return SPAN("");
}

/* NULL: the token counts, and the socket has its person; else why not. */
static const struct refusal *take_token(struct chat_loop *cl, struct rookery_socket *s,
                                        struct span token)
{
    struct auth_claims claims;

    if (token.len == 0) {
        return &refused_no_token;
    }
    int error = auth_check(cl->chat->auth, token, rookery_loop_wall_ms(cl->loop), &claims);
    if (error != 0) {
        return error == TOKEN_EEXPIRED ? &refused_expired : &refused_token;
    }
    struct person *person = person_create(PERSON_TOKEN, auth_text_span(&claims.user_id),
                                          auth_text_span(&claims.username));
    person->expires_ms = claims.expires_ms;
    rookery_socket_set_data(s, person, person_release);
    return NULL;
}

/* Texts that are there and unusable count as not there; a name alone does not take the place of
 * what a token has said. */
static void take_auth(struct chat_loop *cl, struct rookery_socket *s, const struct payload *auth)
{
    struct span user_id = SPAN(""), username = SPAN("");
    struct bytes name = {0};
    bool has_id = policy_text(auth->user_id, NAME_BYTES_MAX, &cl->out, &user_id);
    bool has_name = policy_text(auth->username, NAME_BYTES_MAX, &name, &username);

    if (has_id || (has_name && rookery_socket_data(s) == NULL)) {
        rookery_socket_set_data(s,
                                person_create(has_id ? PERSON_AUTH : PERSON_SOCKET,
                                              has_id ? user_id : span_of_str(rookery_socket_id(s)),
                                              has_name ? username : SPAN("")),
                                person_release);
    }
    bytes_finish(&name);
}

/* ---- letting in ---- */

static bool address_may(struct chat_loop *cl, struct rookery_socket *s)
{
    const struct rookery_request *request = rookery_socket_request(s);
    const char *address = request == NULL ? "" : rookery_request_address(request);

    return limiter_allow(cl->chat->limiter, LIMIT_CONNECTIONS, span_cstr(address),
                         cl->limits.connections_per_address, cl->executor->now_ms);
}

static const struct refusal *believe(struct chat_loop *cl, struct rookery_socket *s,
                                     struct rookery_str said)
{
    struct chat *chat = cl->chat;
    struct payload auth;
    const struct refusal *refusal = &refused_no_token;

    if (!payload_read(said, &auth)) {
        auth = (struct payload){0};
    }
    if (chat->auth != NULL) {
        refusal = take_token(cl, s, token_of(s, &auth, &cl->out));
    }
    if (chat->auth_required) {
        return refusal;
    }
    take_auth(cl, s, &auth);
    return NULL;
}

static const struct refusal *identify(struct chat_loop *cl, struct rookery_socket *s)
{
    struct bytes text = {0};
    const struct refusal *refusal = believe(cl, s, auth_of(s, &text));

    bytes_finish(&text);
    return refusal;
}

static const struct refusal *identify_again(struct chat_loop *cl, struct rookery_socket *s)
{
    if (cl->chat->recovery_trusts) {
        comeback_resume(s);
        return NULL;
    }
    const struct refusal *refusal = identify(cl, s);
    if (refusal != NULL || comeback_is_same(cl, s)) {
        return refusal;
    }
    rookery_begin_anew(s);
    rookery_socket_set_data(s, NULL, NULL); /* it may have been named by its former id */
    return identify(cl, s);
}

static const struct refusal *admit(struct chat_loop *cl, struct rookery_socket *s)
{
    if (!address_may(cl, s)) {
        return &refused_rate_connections;
    }
    return rookery_socket_recovered(s) ? identify_again(cl, s) : identify(cl, s);
}

static void on_connect(struct rookery_socket *s, struct rookery_next *next, void *arg)
{
    struct chat_loop *cl = chat_loop_of(arg, s);
    const struct refusal *refusal = admit(cl, s);

    if (refusal == NULL && rookery_socket_recovered(s)) {
        comeback_pass(cl, next);
        return;
    }
    if (refusal == NULL) {
        rookery_next_pass(next);
        return;
    }
    chat_count_refusal(cl, refusal);
    bytes_clear(&cl->out);
    message_write_error(&cl->out, refusal);
    struct span message = span_cstr(refusal->message);
    rookery_next_refuse(next, str_of_span(message), str_of_span(bytes_span(&cl->out)));
}

static void on_connection(struct rookery_socket *s, void *arg)
{
    struct chat *chat = arg;
    struct chat_loop *cl = chat_loop_of(chat, s);
    unsigned max = cl->limits.sockets_max;
    unsigned before = atomic_fetch_add_explicit(&chat->sockets, 1, memory_order_relaxed);

    if (max != 0 && before >= max) {
        emit_error(cl, s, &refused_server_full);
        rookery_disconnect(s, true);
        return;
    }
    const struct person *person = rookery_socket_data(s);
    if (person != NULL && person->expires_ms != 0) {
        end_at(cl, s, person->expires_ms);
    }
    if (rookery_socket_recovered(s)) {
        comeback_enter(cl, s);
    }
}

void admission_add_handlers(struct chat *chat)
{
    rookery_use(chat->nsp, on_connect, chat);
    rookery_on_connection(chat->nsp, on_connection, chat);
}
