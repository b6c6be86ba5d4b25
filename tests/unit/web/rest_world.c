// SPDX-License-Identifier: MIT
#include "tests/unit/web/rest_world.h"

#include <assert.h>
#include <stdio.h>

#include "src/base/memory.h"

static struct rest_world *here; /* whose request is being handled */

/* ---- HTTP ---- */

static const char *request_fields;

struct span http_exchange_field(const struct http_exchange *x, const char *name)
{
    size_t len = strlen(name);

    for (const char *line = request_fields; *line != '\0'; line = strchr(line, '\n') + 1) {
        if (strncmp(line, name, len) == 0 && line[len] == ':') {
            const char *value = line + len + 2;
            return span_of(value, (size_t)(strchr(value, '\n') - value));
        }
    }
    return SPAN("");
}

void http_respond(struct http_exchange *x, int status, const struct http_field *fields,
                  size_t field_count, struct span body)
{
    size_t at = 0;

    assert(here->status == 0);
    here->status = status;
    for (size_t i = 0; i < field_count; i++) {
        int n = snprintf(here->fields + at, sizeof here->fields - at, "%s: %.*s\n", fields[i].name,
                         (int)fields[i].value.len, (const char *)fields[i].value.data);
        at += (size_t)n;
        assert(at < sizeof here->fields);
    }
    bytes_add_span(&here->body, body);
}

/* ---- passwords and tokens ---- */

int auth_check(struct auth *auth, struct span token, int64_t wall_ms, struct auth_claims *out)
{
    memset(out, 'x', sizeof *out); /* undefined unless all is well */
    if (!span_starts(token, SPAN("token-of-"))) {
        return TOKEN_EMALFORMED;
    }
    *out = (struct auth_claims){.expires_ms = 0};
    return auth_text_set(&out->user_id, span_skip(token, 9)) ? 0 : TOKEN_EUSER;
}

int auth_issue(const struct auth *auth, const struct auth_claims *claims, int64_t wall_ms,
               struct bytes *out)
{
    bytes_add_cstr(out, "token:");
    bytes_add_span(out, auth_text_span(&claims->user_id));
    bytes_add_byte(out, ':');
    bytes_add_span(out, auth_text_span(&claims->username));
    bytes_add_byte(out, ':');
    bytes_add_span(out, auth_text_span(&claims->email));
    if (claims->expires_ms > 0) {
        bytes_add_byte(out, ':');
        bytes_add_u64(out, (uint64_t)(claims->expires_ms - wall_ms));
    }
    return 0;
}

static int start_password(struct password_request *request, struct span password)
{
    if (here->password_error == PASSWORD_EBUSY) {
        return PASSWORD_EBUSY;
    }
    assert(here->password == NULL && !here->stopped);
    here->password = request;
    request->error = here->password_error;
    (void)snprintf(request->hash, sizeof request->hash, "#%.*s", (int)password.len,
                   (const char *)password.data);
    return 0;
}

int auth_hash_password(const struct auth *auth, struct executor *executor,
                       struct password_request *request, struct span password)
{
    return start_password(request, password);
}

int auth_verify_password(const struct auth *auth, struct executor *executor,
                         struct password_request *request, struct span password, struct span hash)
{
    int rc = start_password(request, password);

    request->matches = span_eq(span_cstr(request->hash), hash);
    request->needs_rehash = request->matches && here->needs_rehash;
    return rc;
}

static bool may_login(void *arg, const char *address)
{
    struct rest_world *w = arg;

    assert(strcmp(address, "192.0.2.1") == 0);
    return w->logins_left-- > 0;
}

/* ---- chat ---- */

static void tell_people(struct chat_people_request *request)
{
    request->people = here->people;
    request->away = here->away;
    request->count = here->people_count;
    request->on_done(request);
}

static void ask_people(struct chat *chat, unsigned loop_index, struct chat_people_request *request)
{
    if (here->people_later) {
        assert(here->asked == NULL);
        here->asked = request;
    } else {
        tell_people(request);
    }
}

/* ---- store ---- */

static struct span keep(struct span text)
{
    void *copy = xmalloc(text.len + 1);

    assert(here->memory_count < sizeof here->memory / sizeof *here->memory);
    here->memory[here->memory_count++] = copy;
    if (text.len > 0) {
        memcpy(copy, text.data, text.len);
    }
    return span_of(copy, text.len);
}

static struct message_page *page_of(size_t count)
{
    return xcalloc(1, sizeof(struct message_page) + count * sizeof(struct message));
}

static bool in_place(const struct store_history *h, const struct message *m)
{
    return span_eq(m->room, h->room) && (h->before == 0 || m->offset < h->before) &&
           (h->after == 0 || m->offset > h->after);
}

/* around is answered as if it were after. */
static void history(struct store_history *h)
{
    bool oldest_first = h->after > 0 || h->around > 0 || h->from_start;

    assert((h->before > 0) + (h->after > 0) + (h->around > 0) <= 1 && h->limit > 0);
    h->page = page_of(here->message_count);
    for (size_t i = 0; i < here->message_count; i++) {
        const struct message *m = &here->messages[oldest_first ? i : here->message_count - 1 - i];
        if (!in_place(h, m)) {
            continue;
        }
        if (h->page->count == h->limit) {
            h->more = true;
            break;
        }
        h->page->messages[h->page->count++] = *m;
    }
}

static void search(struct store_search *s)
{
    here->searched = *s;
    here->searched.query = keep(s->query);
    here->searched.room = keep(s->room);
    here->searched.user_id = keep(s->user_id);
    s->page = page_of(here->message_count);
    s->page->count = here->message_count;
    memcpy(s->page->messages, here->messages, here->message_count * sizeof *here->messages);
    s->next = here->search_next;
}

static void rooms(struct store_rooms *r)
{
    size_t max = here->rooms_per_page == 0 ? r->limit : here->rooms_per_page;
    bool begun = r->after_name.len == 0;

    r->more = false;
    r->page = xcalloc(1, sizeof *r->page + here->room_count * sizeof *r->page->rooms);
    for (size_t i = 0; i < here->room_count; i++) {
        const struct store_room *room = &here->rooms[i];
        bool wanted = begun && (r->which == STORE_ROOMS_ALL || room->made);
        begun |= span_eq(room->name, r->after_name);
        if (wanted && r->page->count < max) {
            r->page->rooms[r->page->count++] = *room;
        } else {
            r->more |= wanted;
        }
    }
}

static void reads(struct store_reads *r)
{
    r->page = xcalloc(1, sizeof *r->page + here->read_count * sizeof *r->page->reads);
    for (size_t i = 0; i < here->read_count; i++) {
        int order = memcmp(here->reads[i].user_id.data,
                           r->after_user.len > 0 ? r->after_user.data : (const uint8_t *)"",
                           r->after_user.len);
        if (r->after_user.len > 0 && order <= 0) {
            continue;
        }
        if (r->page->count == r->limit) {
            r->more = true;
            break;
        }
        r->page->reads[r->page->count++] = here->reads[i];
    }
}

static void room_get(struct store_room_get *g)
{
    g->page = xcalloc(1, sizeof *g->page + sizeof *g->page->rooms);
    for (size_t i = 0; i < here->room_count; i++) {
        if (span_eq(here->rooms[i].name, g->room)) {
            g->page->rooms[g->page->count++] = here->rooms[i];
        }
    }
}

static void room_put(struct store_room_put *p)
{
    uint64_t number = here->room_count + 1;

    if (p->rooms_max > 0 && here->room_count >= p->rooms_max) {
        p->call.error = STORE_ETOOMANY;
        return;
    }
    here->rooms[here->room_count++] = (struct store_room){.name = keep(p->room),
                                                          .title = keep(p->title),
                                                          .created_by = keep(p->created_by),
                                                          .created_ms = p->created_ms,
                                                          .number = number,
                                                          .made = true};
}

static void user_get(struct store_user_get *g)
{
    for (size_t i = 0; i < here->user_count; i++) {
        const struct store_user *u = &here->users[i];
        if (span_eq(g->by == STORE_BY_EMAIL ? u->email : u->username, g->key)) {
            g->user = xmalloc(sizeof *g->user);
            *g->user = *u;
        }
    }
}

static void user_add(struct store_user_add *a)
{
    if (a->users_max > 0 && here->user_count >= a->users_max) {
        a->call.error = STORE_ETOOMANY;
        return;
    }
    for (size_t i = 0; i < here->user_count; i++) {
        const struct store_user *u = &here->users[i];
        if (a->username_chosen && u->username_chosen && span_eq(u->username, a->username)) {
            a->call.error = STORE_EEXISTS_USERNAME;
            return;
        }
    }
    here->users[here->user_count++] = (struct store_user){.id = keep(a->id),
                                                          .username = keep(a->username),
                                                          .email = keep(a->email),
                                                          .password_hash = keep(a->password_hash),
                                                          .display_name = keep(a->display_name),
                                                          .username_chosen = a->username_chosen};
}

static void complete(struct store_call *call)
{
    call->error = here->store_error;
    if (call->error == 0) {
        switch (call->op) {
        case STORE_HISTORY:
            history(container_of(call, struct store_history, call));
            break;
        case STORE_SEARCH:
            search(container_of(call, struct store_search, call));
            break;
        case STORE_ROOMS:
            rooms(container_of(call, struct store_rooms, call));
            break;
        case STORE_ROOM_GET:
            room_get(container_of(call, struct store_room_get, call));
            break;
        case STORE_ROOM_PUT:
            room_put(container_of(call, struct store_room_put, call));
            break;
        case STORE_USER_GET:
            user_get(container_of(call, struct store_user_get, call));
            break;
        case STORE_USER_ADD:
            user_add(container_of(call, struct store_user_add, call));
            break;
        case STORE_USER_PASSWORD:
            here->rehashed++;
            break;
        case STORE_READS:
            reads(container_of(call, struct store_reads, call));
            break;
        case STORE_CHANGES:
        case STORE_FIND:
        case STORE_DIRECTS:
        case STORE_POSITIONS:
        case STORE_MEMBER_PUT:
        case STORE_READ_MARK:
        case STORE_DIRECT_STATE:
            assert(!"asked for by nobody here");
        }
    }
    call->on_done(call);
}

static int start(struct store *store, struct store_call *call)
{
    assert(!here->stopped);
    if (here->store_busy) {
        return STORE_EBUSY;
    }
    call->next = here->calls;
    here->calls = call;
    return 0;
}

static const struct store_ops ops = {.name = "fake", .start = start};

static bool step(struct rest_world *w)
{
    struct store_call *call = w->calls;
    struct chat_people_request *asked = w->asked;
    struct password_request *password = w->password;

    if (call != NULL) {
        w->calls = call->next;
        complete(call);
    } else if (password != NULL) {
        w->password = NULL;
        password->on_done(password);
    } else if (asked != NULL) {
        w->asked = NULL;
        tell_people(asked);
    } else {
        return false;
    }
    return true;
}

/* ---- the world ---- */

static unsigned three(void *server)
{
    return 3;
}

struct rest_world rest_world_make(void)
{
    static struct store store = {.ops = &ops};
    static const unsigned port = 3000;
    struct rest_world w = {.logins_left = 1000};

    w.options = (struct rest_options){
        .store = &store,
        .auth = (struct auth *)(void *)&store, /* never looked into */
        .people = ask_people,
        .may_login = may_login,
        .service_id = "rook-1",
        .host = "127.0.0.1",
        .port = &port,
        .connections = three,
        .path = "/sockets",
    };
    return w;
}

void rest_world_finish(struct rest_world *w)
{
    if (w->rest != NULL) {
        fake_executor_finish(&w->executor);
        rest_destroy(w->rest);
    }
    bytes_finish(&w->body);
    for (size_t i = 0; i < w->memory_count; i++) {
        free(w->memory[i]);
    }
}

struct message *rest_world_say(struct rest_world *w, const char *room, const char *user,
                               const char *content)
{
    static char ids[REST_WORLD_MAX][8];
    size_t i = w->message_count++;

    assert(i < REST_WORLD_MAX);
    (void)snprintf(ids[i], sizeof ids[i], "m%zu", i + 1);
    w->messages[i] = (struct message){
        .id = span_cstr(ids[i]),
        .room = span_cstr(room),
        .offset = i + 1,
        .user_id = span_cstr(user),
        .username = span_cstr(user),
        .content = span_cstr(content),
        .type = SPAN("text"),
        .timestamp_ms = 1700000000000 + (int64_t)i,
        .dialect = DIALECT_REALTIME,
    };
    return &w->messages[i];
}

void rest_world_add_room(struct rest_world *w, const char *name, const char *title, bool made)
{
    uint64_t number = w->room_count + 1;

    w->rooms[w->room_count++] = (struct store_room){.name = span_cstr(name),
                                                    .title = span_cstr(title),
                                                    .created_by = SPAN("ada"),
                                                    .created_ms = 1700000000000,
                                                    .number = number,
                                                    .made = made};
}

/* ---- asking ---- */

struct found {
    struct http_route route;
    struct span path;
};

static void find_route(void *arg, const struct http_route *route)
{
    struct found *found = arg;
    struct span own = span_cstr(route->path);
    bool below = route->is_prefix && span_starts(found->path, own) &&
                 (found->path.len == own.len || found->path.data[own.len] == '/');

    if (found->route.handler == NULL && (below || span_eq(found->path, own))) {
        found->route = *route;
    }
}

void rest_ask(struct rest_world *w, const char *method, const char *target, const char *fields,
              const char *body)
{
    const char *question = strchr(target, '?');
    struct http_exchange x = {
        .executor = &w->executor.executor,
        .method = span_cstr(method),
        .path = span_of(target, question != NULL ? (size_t)(question - target) : strlen(target)),
        .query = span_cstr(question != NULL ? question + 1 : ""),
        .body = span_cstr(body),
        .address = "192.0.2.1",
    };
    struct found found = {.path = x.path};

    here = w;
    request_fields = fields;
    w->status = 0;
    w->fields[0] = '\0';
    bytes_clear(&w->body);
    if (w->rest == NULL) {
        fake_executor_init(&w->executor, 0);
        w->options.may_login_arg = w;
        w->rest = rest_create(&w->options);
    }
    rest_add_routes(w->rest, find_route, &found);
    if (w->is_all && found.route.handler == NULL) {
        found.route = rest_last_route(w->rest);
    }
    if (found.route.handler != NULL) {
        found.route.handler(&x, found.route.arg);
    }
    if (w->stops) {
        rest_stop(w->rest);
        w->stopped = true;
    }
    while (step(w)) {
    }
}

void rest_get(struct rest_world *w, const char *target)
{
    rest_ask(w, "GET", target, "", "");
}

void rest_post(struct rest_world *w, const char *target, const char *json)
{
    rest_ask(w, "POST", target, "Content-Type: application/json\n", json);
}

/* ---- answers ---- */

static bool told(const struct rest_world *w, bool as_wanted)
{
    if (!as_wanted) {
        printf("# %d %.*s\n", w->status, (int)w->body.len, (const char *)w->body.data);
    }
    return as_wanted;
}

bool rest_answered(const struct rest_world *w, int status, const char *body)
{
    return told(w, w->status == status && span_eq(bytes_span(&w->body), span_cstr(body)));
}

bool rest_answered_with(const struct rest_world *w, int status, const char *part)
{
    return told(w, w->status == status && w->body.len > 0 &&
                       memmem(w->body.data, w->body.len, part, strlen(part)) != NULL);
}

bool rest_has_field(const struct rest_world *w, const char *field)
{
    bool has = strstr(w->fields, field) != NULL;

    if (!has) {
        printf("# %s", w->fields);
    }
    return has;
}
