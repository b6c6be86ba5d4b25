// SPDX-License-Identifier: MIT
#include "src/chat/policy.h"
#include "src/web/rest_call.h"

enum {
    MESSAGES_DEFAULT = 50,
    FOUND_DEFAULT = 20,
    MESSAGES_MAX = 100,
    ROOMS_DEFAULT = 100,
    READS_DEFAULT = 1000
};

static const char error_key[] = "error";
static const char failed[] = "Internal server error";

static void refuse_number(struct rest_call *call, const char *text)
{
    rest_error(call, 400, error_key, text);
}

static bool read_limit(struct rest_call *call, uint64_t max, uint64_t *limit)
{
    if (rest_query_u64(call, SPAN("limit"), 1, max, limit)) {
        return true;
    }
    refuse_number(call, max == MESSAGES_MAX ? "limit must be a number from 1 to 100"
                                            : "limit must be a number from 1 to 1000");
    return false;
}

/* ---- messages ---- */

static void finish_messages(struct rest_call *call, const struct message_page *page, bool turned,
                            bool more)
{
    struct bytes body = {0};

    bytes_add_byte(&body, '{');
    json_member_string(&body, SPAN("roomId"), bytes_span(&call->parameter));
    json_write_key(&body, SPAN("messages"));
    rest_write_messages(&body, VIEW_NATIVE, page, 0, turned);
    json_member_bool(&body, SPAN("more"), more);
    bytes_add_byte(&body, '}');
    rest_json(call, 200, bytes_span(&body));
    bytes_finish(&body);
}

static void on_messages(struct store_call *ask)
{
    struct rest_call *call = container_of(ask, struct rest_call, ask.history.call);
    const struct store_history *history = &call->ask.history;
    struct message_page *page = history->page;

    if (ask->error != 0) {
        rest_error(call, 500, error_key, failed);
    } else {
        bool newest_first = history->after == 0 && history->around == 0 && !history->from_start;
        finish_messages(call, page, newest_first, history->more || history->more_before);
    }
    free(page);
}

/* Fills what is asked for; false: the call has been answered. */
static bool read_place(struct rest_call *call, struct store_history *ask)
{
    static const uint64_t none = UINT64_MAX;
    uint64_t before = none, after = none, around = none, limit = MESSAGES_DEFAULT;

    if (!read_limit(call, MESSAGES_MAX, &limit)) {
        return false;
    }
    bool are_numbers = rest_query_u64(call, SPAN("before"), 0, INT64_MAX, &before) &&
                       rest_query_u64(call, SPAN("after"), 0, INT64_MAX, &after) &&
                       rest_query_u64(call, SPAN("around"), 0, INT64_MAX, &around);
    if (!are_numbers || (before != none) + (after != none) + (around != none) > 1) {
        refuse_number(call, "at most one of before, after and around, an offset, may be given");
        return false;
    }
    /* Offsets begin at 1, and 0 says to the store that none is given. */
    ask->before = before == none ? 0 : before == 0 ? 1 : before;
    ask->after = after == none ? 0 : after;
    ask->around = around == none ? 0 : around == 0 ? 1 : around;
    ask->from_start = after == 0;
    ask->limit = (unsigned)limit;
    return true;
}

static void show_messages(struct rest_call *call)
{
    struct store *store = rest_store(call);
    struct store_history *ask = &call->ask.history;

    if (!read_place(call, ask)) {
        return;
    }
    if (store == NULL) {
        finish_messages(call, &(struct message_page){0}, false, false);
        return;
    }
    ask->call.on_done = on_messages;
    ask->room = bytes_span(&call->parameter);
    if (store_history(store, call->x->executor, ask) < 0) {
        rest_error(call, 503, error_key, failed);
    }
}

/* ---- search ---- */

struct search {
    struct bytes query, room;
};

static void drop_search(void *own)
{
    struct search *search = own;

    bytes_finish(&search->query);
    bytes_finish(&search->room);
    free(search);
}

/* Unlike elsewhere, direct messages are shown here to whom they belong. */
static void finish_search(struct rest_call *call, const struct message_page *page, uint64_t next)
{
    struct bytes body = {0};

    bytes_add_cstr(&body, "{\"messages\":[");
    for (size_t i = 0; i < page->count; i++) {
        json_write_comma(&body);
        dialect_write_view(VIEW_NATIVE, &page->messages[i], &body);
    }
    bytes_add_byte(&body, ']');
    if (next != 0) {
        json_write_key(&body, SPAN("before"));
        bytes_add_byte(&body, '"');
        bytes_add_u64(&body, next);
        bytes_add_byte(&body, '"');
    }
    bytes_add_byte(&body, '}');
    rest_json(call, 200, bytes_span(&body));
    bytes_finish(&body);
}

static void on_search(struct store_call *ask)
{
    struct rest_call *call = container_of(ask, struct rest_call, ask.search.call);
    struct message_page *page = call->ask.search.page;

    if (ask->error != 0) {
        rest_error(call, 500, error_key, failed);
    } else {
        finish_search(call, page, call->ask.search.next);
    }
    free(page);
}

static void start_search(struct rest_call *call, const struct search *search)
{
    struct store *store = rest_store(call);
    struct store_search *ask = &call->ask.search;

    if (store == NULL) {
        finish_search(call, &(struct message_page){0}, 0);
        return;
    }
    ask->call.on_done = on_search;
    ask->query = bytes_span(&search->query);
    ask->room = bytes_span(&search->room);
    ask->user_id = auth_text_span(&call->claims.user_id);
    if (store_search(store, call->x->executor, ask) < 0) {
        rest_error(call, 503, error_key, failed);
    }
}

static void search(struct rest_call *call)
{
    struct search *search = xcalloc(1, sizeof *search);
    uint64_t limit = FOUND_DEFAULT;

    call->own = search;
    call->drop_own = drop_search;
    rest_query(call, SPAN("q"), &search->query);
    rest_query(call, SPAN("room"), &search->room);
    if (search->query.len == 0 || search->query.len > STORE_QUERY_BYTES_MAX) {
        rest_error(call, 400, error_key, "q must be a text of 1 to 1024 bytes");
    } else if (policy_room_name(bytes_span(&search->room)) != NULL) {
        rest_error(call, 400, error_key, "room must not begin with the character U+0001");
    } else if (!rest_query_u64(call, SPAN("before"), 1, UINT64_MAX, &call->ask.search.before)) {
        refuse_number(call, "before must be what an earlier answer gave");
    } else if (read_limit(call, MESSAGES_MAX, &limit)) {
        call->ask.search.limit = (unsigned)limit;
        start_search(call, search);
    }
}

/* ---- who is there ---- */

static void on_members(struct chat_people_request *ask)
{
    struct rest_call *call = container_of(ask, struct rest_call, ask.people);
    struct bytes body = {0};

    bytes_add_byte(&body, '{');
    json_member_string(&body, SPAN("roomId"), ask->room);
    json_write_key(&body, SPAN("users"));
    bytes_add_byte(&body, '[');
    for (size_t i = 0; i < ask->count; i++) {
        json_write_comma(&body);
        bytes_add_byte(&body, '{');
        json_member_string(&body, SPAN("userId"), ask->people[i].user_id);
        json_member_string(&body, SPAN("username"), ask->people[i].username);
        json_member_string(&body, SPAN("status"), ask->away[i] ? SPAN("away") : SPAN("online"));
        bytes_add_byte(&body, '}');
    }
    bytes_add_cstr(&body, "]}");
    rest_json(call, 200, bytes_span(&body));
    bytes_finish(&body);
}

static void list_members(struct rest_call *call)
{
    call->ask.people.on_done = on_members;
    call->ask.people.room = bytes_span(&call->parameter);
    rest_ask_people(call);
}

/* ---- who has read how far ---- */

static void finish_reads(struct rest_call *call, const struct store_read_page *page, bool more)
{
    struct bytes body = {0};

    bytes_add_byte(&body, '{');
    json_member_string(&body, SPAN("roomId"), bytes_span(&call->parameter));
    json_write_key(&body, SPAN("reads"));
    bytes_add_byte(&body, '[');
    for (size_t i = 0; i < page->count; i++) {
        json_write_comma(&body);
        bytes_add_byte(&body, '{');
        json_member_string(&body, SPAN("userId"), page->reads[i].user_id);
        json_member_u64(&body, SPAN("offset"), page->reads[i].offset);
        bytes_add_byte(&body, '}');
    }
    bytes_add_byte(&body, ']');
    json_member_bool(&body, SPAN("more"), more);
    bytes_add_byte(&body, '}');
    rest_json(call, 200, bytes_span(&body));
    bytes_finish(&body);
}

static void on_reads(struct store_call *ask)
{
    struct rest_call *call = container_of(ask, struct rest_call, ask.reads.call);
    struct store_read_page *page = call->ask.reads.page;

    if (ask->error != 0) {
        rest_error(call, 500, error_key, failed);
    } else {
        finish_reads(call, page, call->ask.reads.more);
    }
    free(page);
}

static void drop_text(void *own)
{
    struct bytes *text = own;

    bytes_finish(text);
    free(text);
}

static void list_reads(struct rest_call *call)
{
    struct store *store = rest_store(call);
    struct store_reads *ask = &call->ask.reads;
    struct bytes *after = xcalloc(1, sizeof *after);
    uint64_t limit = READS_DEFAULT;

    call->own = after;
    call->drop_own = drop_text;
    rest_query(call, SPAN("after"), after);
    if (!read_limit(call, STORE_PAGE_MAX, &limit)) {
        return;
    }
    if (store == NULL) {
        finish_reads(call, &(struct store_read_page){0}, false);
        return;
    }
    ask->call.on_done = on_reads;
    ask->room = bytes_span(&call->parameter);
    ask->after_user = bytes_span(after);
    ask->limit = (unsigned)limit;
    if (store_reads(store, call->x->executor, ask) < 0) {
        rest_error(call, 503, error_key, failed);
    }
}

/* ---- rooms ---- */

/* The rooms of a page, each asked in turn who is in it. */
struct listing {
    struct bytes after;
    struct store_room_page *page;
    bool more;
    size_t done;
    bool inside; /* ask_all is running, and goes on by itself */
    struct bytes body;
};

static void drop_listing(void *own)
{
    struct listing *l = own;

    bytes_finish(&l->after);
    bytes_finish(&l->body);
    free(l->page);
    free(l);
}

static void write_room(struct bytes *out, const struct store_room *room, size_t online)
{
    json_write_comma(out);
    bytes_add_byte(out, '{');
    json_member_string(out, SPAN("roomId"), room->name);
    json_member_string(out, SPAN("name"), room->title.len > 0 ? room->title : room->name);
    if (room->made) {
        json_member_string(out, SPAN("createdBy"), room->created_by);
        rest_member_time(out, SPAN("createdAt"), room->created_ms);
    }
    json_member_u64(out, SPAN("online"), online);
    bytes_add_byte(out, '}');
}

static void finish_rooms(struct rest_call *call)
{
    struct listing *l = call->own;

    bytes_add_byte(&l->body, ']');
    json_member_bool(&l->body, SPAN("more"), l->more);
    bytes_add_byte(&l->body, '}');
    rest_json(call, 200, bytes_span(&l->body));
}

static void ask_all(struct rest_call *call);

static void on_online(struct chat_people_request *ask)
{
    struct rest_call *call = container_of(ask, struct rest_call, ask.people);
    struct listing *l = call->own;

    write_room(&l->body, &l->page->rooms[l->done++], ask->count);
    if (!l->inside) {
        ask_all(call);
    }
}

/* A loop as long as answers come at once, so that they do not pile up on the stack. */
static void ask_all(struct rest_call *call)
{
    struct listing *l = call->own;
    size_t asked = l->done;

    l->inside = true;
    while (asked == l->done && asked < l->page->count) {
        asked++;
        call->ask.people = (struct chat_people_request){.on_done = on_online,
                                                        .room = l->page->rooms[l->done].name};
        rest_ask_people(call);
    }
    l->inside = false;
    if (l->done == l->page->count) {
        finish_rooms(call);
    }
}

static void on_rooms(struct store_call *ask)
{
    struct rest_call *call = container_of(ask, struct rest_call, ask.rooms.call);
    struct listing *l = call->own;

    l->page = call->ask.rooms.page;
    l->more = call->ask.rooms.more;
    if (ask->error != 0) {
        rest_error(call, 500, error_key, failed);
        return;
    }
    bytes_add_cstr(&l->body, "{\"rooms\":[");
    ask_all(call);
}

static void list_rooms(struct rest_call *call)
{
    struct store *store = rest_store(call);
    struct store_rooms *ask = &call->ask.rooms;
    struct listing *l = xcalloc(1, sizeof *l);
    uint64_t limit = ROOMS_DEFAULT;

    call->own = l;
    call->drop_own = drop_listing;
    rest_query(call, SPAN("after"), &l->after);
    if (!read_limit(call, STORE_PAGE_MAX, &limit)) {
        return;
    }
    if (store == NULL) {
        rest_json(call, 200, SPAN("{\"rooms\":[],\"more\":false}"));
        return;
    }
    ask->call.on_done = on_rooms;
    ask->after_name = bytes_span(&l->after);
    ask->limit = (unsigned)limit;
    if (store_rooms(store, call->x->executor, ask) < 0) {
        rest_error(call, 503, error_key, failed);
    }
}

/* ---- what a client has to know ---- */

static void show_config(struct rest_call *call)
{
    const struct rest_options *o = rest_options_of(call);
    const struct rest_limits limits = rest_limits(call);
    struct bytes body = {0};

    bytes_add_byte(&body, '{');
    json_member_string(&body, SPAN("auth"), o->auth_required ? SPAN("required") : SPAN("open"));
    json_member_string(&body, SPAN("path"), span_cstr(o->path));
    json_member_u64(&body, SPAN("messageLength"), limits.message_units_max);
    json_member_u64(&body, SPAN("typingTimeout"), limits.typing_timeout_ms);
    bytes_add_byte(&body, '}');
    rest_json(call, 200, bytes_span(&body));
    bytes_finish(&body);
}

/* Whose token is it? Where auth is open others are let in all the same, so there is no other way to
 * learn that it has ended. */
static void show_session(struct rest_call *call)
{
    const struct auth_claims *claims = &call->claims;
    struct bytes body = {0};

    if (claims->user_id.len == 0) {
        rest_refuse(call, 401, NULL);
        return;
    }
    bytes_add_byte(&body, '{');
    json_member_string(&body, SPAN("userId"), auth_text_span(&claims->user_id));
    json_member_string(&body, SPAN("username"), auth_text_span(&claims->username));
    bytes_add_byte(&body, '}');
    rest_json(call, 200, bytes_span(&body));
    bytes_finish(&body);
}

static const struct web_action actions[] = {
    {"GET", "/api/rooms", WEB_JSON, true, list_rooms},
    {"GET", "/api/rooms/:id/messages", WEB_JSON, true, show_messages},
    {"GET", "/api/rooms/:id/members", WEB_JSON, true, list_members},
    {"GET", "/api/rooms/:id/reads", WEB_JSON, true, list_reads},
    {"GET", "/api/search", WEB_JSON, true, search},
    {"GET", "/api/config", WEB_JSON, false, show_config},
    {"GET", "/api/session", WEB_JSON, true, show_session},
};

const struct web_actions rest_native = {actions, sizeof actions / sizeof *actions};
