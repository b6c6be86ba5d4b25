// SPDX-License-Identifier: MIT
#include "src/web/rest_account.h"

#include <strings.h>

/* Of one request; belongs to its call. */
struct account {
    struct rest_call *call;
    const struct account_voice *voice;
    bool is_new;
    struct bytes email, username, display_name;
    char id[REST_ID_LEN];
    struct store_user *found; /* by his address or name; NULL: nobody */
    struct store_user_get get;
    struct store_user_add put;
    struct store_user_password rehash;
    struct password_request password;
};

static void drop_account(void *own)
{
    struct account *a = own;

    bytes_finish(&a->email);
    bytes_finish(&a->username);
    bytes_finish(&a->display_name);
    free(a->found);
    free(a);
}

static const char *text_of(const struct account *a, enum account_verdict verdict)
{
    switch (verdict) {
    case ACCOUNT_MISSING:
        return a->is_new ? a->voice->wanted_to_register : a->voice->wanted_to_log_in;
    case ACCOUNT_TAKEN:
        return "User already exists";
    case ACCOUNT_FULL:
        return "No more users can register here";
    case ACCOUNT_WRONG:
        return "Invalid credentials";
    case ACCOUNT_TOO_MANY:
        return "Too many attempts, please try again later";
    case ACCOUNT_FAILED:
    case ACCOUNT_BUSY:
        break;
    }
    return a->is_new ? "Error registering user" : "Error logging in";
}

static void refuse(struct account *a, enum account_verdict verdict)
{
    const struct account_voice *voice = a->voice;
    const int statuses[] = {
        [ACCOUNT_MISSING] = 400,  [ACCOUNT_TAKEN] = voice->taken_status,
        [ACCOUNT_FULL] = 503,     [ACCOUNT_WRONG] = 401,
        [ACCOUNT_FAILED] = 500,   [ACCOUNT_BUSY] = 503,
        [ACCOUNT_TOO_MANY] = 429,
    };

    rest_error(a->call, statuses[verdict], voice->error_key, text_of(a, verdict));
}

static void welcome(struct account *a, const struct account_user *user)
{
    struct rest_call *call = a->call;
    struct auth *auth = rest_auth(call);
    int64_t now_ms = executor_wall_ms(call->x->executor), lasts_ms = a->voice->token_ms;
    struct auth_claims claims = {.expires_ms = lasts_ms == 0 ? 0 : now_ms + lasts_ms};
    struct bytes token = {0}, body = {0};
    bool fits = auth_text_set(&claims.user_id, user->id) &&
                (a->voice->token_has_email ? auth_text_set(&claims.email, user->email)
                                           : auth_text_set(&claims.username, user->username));

    if (auth == NULL || !fits || auth_issue(auth, &claims, now_ms, &token) < 0) {
        refuse(a, ACCOUNT_FAILED);
    } else {
        a->voice->write(&body, user, bytes_span(&token), a->is_new);
        rest_json(call, a->is_new ? 201 : 200, bytes_span(&body));
    }
    bytes_finish(&token);
    bytes_finish(&body);
}

/* ---- the password ---- */

typedef int (*password_fn)(struct account *a, struct span password);

/* Takes it from the body and leaves no copy of its own. Returns as fn does. */
static int with_password(struct account *a, password_fn fn)
{
    struct bytes text = {0};

    form_text(&a->call->form, SPAN("password"), &text);
    int rc = fn(a, bytes_span(&text));
    if (text.len > 0) {
        explicit_bzero(text.data, text.len);
    }
    bytes_finish(&text);
    return rc;
}

static int hash(struct account *a, struct span password)
{
    struct auth *auth = rest_auth(a->call);

    return auth == NULL ? PASSWORD_EBUSY
                        : auth_hash_password(auth, a->call->x->executor, &a->password, password);
}

static int compare(struct account *a, struct span password)
{
    struct auth *auth = rest_auth(a->call);
    struct span stored = a->found == NULL ? SPAN("") : a->found->password_hash;

    return auth == NULL
               ? PASSWORD_EBUSY
               : auth_verify_password(auth, a->call->x->executor, &a->password, password, stored);
}

static int is_there(struct account *a, struct span password)
{
    return password.len > 0 && password.len <= PASSWORD_BYTES_MAX;
}

static enum account_verdict verdict_of(int error)
{
    return error == PASSWORD_EFORMAT ? ACCOUNT_FAILED : ACCOUNT_BUSY;
}

/* ---- registering ---- */

static void on_added(struct store_call *ask)
{
    struct account *a = container_of(ask, struct account, put.call);

    switch (ask->error) {
    case 0:
        welcome(a, &(struct account_user){a->put.id, a->put.username, a->put.email,
                                          a->put.display_name});
        break;
    case STORE_EEXISTS_EMAIL:
    case STORE_EEXISTS_USERNAME:
        refuse(a, ACCOUNT_TAKEN);
        break;
    case STORE_ETOOMANY:
        refuse(a, ACCOUNT_FULL);
        break;
    default:
        refuse(a, ACCOUNT_FAILED);
        break;
    }
}

static void on_hashed(struct password_request *request)
{
    struct account *a = container_of(request, struct account, password);
    struct store *store = rest_store(a->call);
    struct executor *executor = a->call->x->executor;

    if (request->error != 0 || store == NULL) {
        refuse(a, ACCOUNT_BUSY);
        return;
    }
    rest_make_id(a->call, a->id);
    a->put = (struct store_user_add){
        .call.on_done = on_added,
        .id = span_of(a->id, sizeof a->id),
        .username = bytes_span(&a->username),
        .email = bytes_span(&a->email),
        .password_hash = span_cstr(request->hash),
        .display_name = bytes_span(&a->display_name),
        .created_ms = executor_wall_ms(executor),
        .username_chosen = a->voice->chooses_name,
        .users_max = rest_limits(a->call).users_max,
    };
    if (store_user_add(store, executor, &a->put) < 0) {
        refuse(a, ACCOUNT_BUSY);
    }
}

/* Before the hash, which is costly; the store sees to it again that two do not get one address. */
static void on_looked_up(struct store_call *ask)
{
    struct account *a = container_of(ask, struct account, get.call);

    a->found = a->get.user;
    if (ask->error != 0) {
        refuse(a, ACCOUNT_FAILED);
    } else if (a->found != NULL) {
        refuse(a, ACCOUNT_TAKEN);
    } else {
        a->password.on_done = on_hashed;
        if (with_password(a, hash) < 0) {
            refuse(a, ACCOUNT_BUSY);
        }
    }
}

/* ---- logging in ---- */

static void let_in(struct account *a)
{
    const struct store_user *u = a->found;

    welcome(a, &(struct account_user){u->id, u->username, u->email, u->display_name});
}

/* He is let in whether that went well or not: the old hash is as good as it was. */
static void on_rehash_kept(struct store_call *ask)
{
    let_in(container_of(ask, struct account, rehash.call));
}

static void on_rehashed(struct password_request *request)
{
    struct account *a = container_of(request, struct account, password);
    struct store *store = rest_store(a->call);

    a->rehash = (struct store_user_password){
        .call.on_done = on_rehash_kept,
        .id = a->found->id,
        .password_hash = span_cstr(request->hash),
    };
    if (request->error != 0 || store == NULL ||
        store_user_password(store, a->call->x->executor, &a->rehash) < 0) {
        let_in(a);
    }
}

static void on_compared(struct password_request *request)
{
    struct account *a = container_of(request, struct account, password);

    if (request->error != 0) {
        refuse(a, verdict_of(request->error));
    } else if (!request->matches || a->found == NULL) {
        refuse(a, ACCOUNT_WRONG);
    } else if (!request->needs_rehash) {
        let_in(a);
    } else {
        request->on_done = on_rehashed;
        if (with_password(a, hash) < 0) {
            let_in(a);
        }
    }
}

static void on_found(struct store_call *ask)
{
    struct account *a = container_of(ask, struct account, get.call);

    a->found = a->get.user;
    if (ask->error != 0) {
        refuse(a, ACCOUNT_FAILED);
        return;
    }
    a->password.on_done = on_compared;
    if (with_password(a, compare) < 0) {
        refuse(a, ACCOUNT_BUSY);
    }
}

/* ---- what both begin with ---- */

static bool is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Trims and lower-cases. */
static void tidy(struct bytes *text)
{
    size_t begin = 0;

    while (text->len > 0 && is_blank(text->data[text->len - 1])) {
        text->len--;
    }
    while (begin < text->len && is_blank(text->data[begin])) {
        begin++;
    }
    if (begin > 0) {
        memmove(text->data, text->data + begin, text->len - begin);
        text->len -= begin;
    }
    for (size_t i = 0; i < text->len; i++) {
        uint8_t c = text->data[i];
        text->data[i] = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
    }
}

static bool fits(const struct bytes *text)
{
    return text->len > 0 && text->len <= REST_TEXT_BYTES_MAX;
}

static struct account *begin(struct rest_call *call, const struct account_voice *voice, bool is_new)
{
    struct account *a = xcalloc(1, sizeof *a);

    *a = (struct account){.call = call, .voice = voice, .is_new = is_new};
    call->own = a;
    call->drop_own = drop_account;
    form_text(&call->form, SPAN("email"), &a->email);
    tidy(&a->email);
    if (voice->chooses_name) {
        form_text(&call->form, SPAN("username"), &a->username);
    }
    return a;
}

/* May the store be asked? Otherwise says why not. */
static bool may_go_on(struct account *a, bool complete)
{
    const struct rest_options *o = rest_options_of(a->call);

    if (!complete || with_password(a, is_there) == 0) {
        refuse(a, ACCOUNT_MISSING);
    } else if (rest_store(a->call) == NULL || rest_auth(a->call) == NULL) {
        refuse(a, ACCOUNT_BUSY);
    } else if (o->may_login != NULL && !o->may_login(o->may_login_arg, a->call->x->address)) {
        refuse(a, ACCOUNT_TOO_MANY);
    } else {
        return true;
    }
    return false;
}

static void look_up(struct account *a, enum store_user_by by, struct span key,
                    void (*on_done)(struct store_call *call))
{
    a->get = (struct store_user_get){.call.on_done = on_done, .by = by, .key = key};
    if (store_user_get(rest_store(a->call), a->call->x->executor, &a->get) < 0) {
        refuse(a, ACCOUNT_BUSY);
    }
}

/* What stands before the '@', if anything does. */
static void derive_name(struct account *a)
{
    const uint8_t *at = a->email.len == 0 ? NULL : memchr(a->email.data, '@', a->email.len);
    bool usable = at != NULL && at > a->email.data;

    bytes_add(&a->username, a->email.data, usable ? (size_t)(at - a->email.data) : a->email.len);
}

void account_register(struct rest_call *call, const struct account_voice *voice)
{
    struct account *a = begin(call, voice, true);

    if (!voice->chooses_name) {
        derive_name(a);
    }
    form_text(&call->form, SPAN("displayName"), &a->display_name);
    if (a->display_name.len == 0) {
        bytes_add_span(&a->display_name, bytes_span(&a->username));
    }
    bool complete = fits(&a->email) && fits(&a->username) && fits(&a->display_name);
    if (may_go_on(a, complete)) {
        look_up(a, STORE_BY_EMAIL, bytes_span(&a->email), on_looked_up);
    }
}

void account_login(struct rest_call *call, const struct account_voice *voice)
{
    struct account *a = begin(call, voice, false);
    bool by_name = a->email.len == 0 && voice->chooses_name;
    struct bytes *key = by_name ? &a->username : &a->email;

    if (may_go_on(a, fits(key))) {
        look_up(a, by_name ? STORE_BY_USERNAME : STORE_BY_EMAIL, bytes_span(key), on_found);
    }
}
