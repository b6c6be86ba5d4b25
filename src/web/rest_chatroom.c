// SPDX-License-Identifier: MIT
#include "src/chat/policy.h"
#include "src/web/rest_call.h"

enum { HISTORY_DEFAULT = 50, HISTORY_MAX = 100, ROOM_PAGES_MAX = 10 };

static const char error_key[] = "error";
static const char failed[] = "Internal server error";
static const char history_failed[] = "Failed to get chat history";

/* ---- / ---- */

/* Does a browser ask, for a page to show? */
static bool wants_page(struct span accept)
{
    return accept.len > 0 && memmem(accept.data, accept.len, "text/html", 9) != NULL;
}

static void welcome(struct rest_call *call)
{
    const struct web_files *page = rest_options_of(call)->page;
    struct http_exchange *x = call->x;

    if (page != NULL && wants_page(http_exchange_field(x, "Accept")) &&
        web_files_serve(page, SPAN("/"), x)) {
        rest_call_free(call);
        return;
    }
    rest_text(call, 200, "Chatroom microservice is running!");
}

/* ---- rooms ---- */

static void write_room(struct bytes *out, const struct store_room *room)
{
    bytes_add_byte(out, '{');
    json_member_string(out, SPAN("roomId"), room->name);
    json_member_string(out, SPAN("name"), room->title);
    json_member_string(out, SPAN("createdBy"), room->created_by);
    rest_member_time(out, SPAN("createdAt"), room->created_ms);
    bytes_add_byte(out, '}');
}

/* The seed's answer has no pages: those of the store, one behind the other. */
struct listing {
    struct bytes body, after;
    unsigned pages;
};

static void drop_listing(void *own)
{
    struct listing *l = own;

    bytes_finish(&l->body);
    bytes_finish(&l->after);
    free(l);
}

static void ask_rooms(struct rest_call *call);

static void add_page(struct listing *l, const struct store_room_page *page)
{
    for (size_t i = 0; i < page->count; i++) {
        json_write_comma(&l->body);
        write_room(&l->body, &page->rooms[i]);
    }
    if (page->count > 0) {
        bytes_clear(&l->after);
        bytes_add_span(&l->after, page->rooms[page->count - 1].name);
    }
}

static void on_rooms(struct store_call *ask)
{
    struct rest_call *call = container_of(ask, struct rest_call, ask.rooms.call);
    bool more = call->ask.rooms.more;
    struct listing *l = call->own;

    if (ask->error != 0) {
        rest_error(call, 500, error_key, failed);
        return;
    }
    add_page(l, call->ask.rooms.page);
    free(call->ask.rooms.page);
    if (more && ++l->pages < ROOM_PAGES_MAX) {
        ask_rooms(call);
        return;
    }
    bytes_add_byte(&l->body, ']');
    rest_json(call, 200, bytes_span(&l->body));
}

static void ask_rooms(struct rest_call *call)
{
    struct store *store = rest_store(call);
    struct listing *l = call->own;

    call->ask.rooms = (struct store_rooms){.call.on_done = on_rooms,
                                           .which = STORE_ROOMS_MADE,
                                           .after_name = bytes_span(&l->after),
                                           .limit = STORE_PAGE_MAX};
    if (store == NULL || store_rooms(store, call->x->executor, &call->ask.rooms) < 0) {
        rest_error(call, 500, error_key, failed);
    }
}

static void list_rooms(struct rest_call *call)
{
    struct listing *l = xcalloc(1, sizeof *l);

    call->own = l;
    call->drop_own = drop_listing;
    if (rest_store(call) == NULL) {
        rest_json(call, 200, SPAN("[]"));
        return;
    }
    bytes_add_byte(&l->body, '[');
    ask_rooms(call);
}

struct new_room {
    struct bytes id, name, created_by;
};

static void drop_new_room(void *own)
{
    struct new_room *room = own;

    bytes_finish(&room->id);
    bytes_finish(&room->name);
    bytes_finish(&room->created_by);
    free(room);
}

static void on_room_put(struct store_call *ask)
{
    struct rest_call *call = container_of(ask, struct rest_call, ask.put.call);

    if (ask->error == STORE_ETOOMANY) {
        rest_error(call, 503, error_key, "The server takes no more rooms");
        return;
    }
    if (ask->error != 0) {
        rest_error(call, 500, error_key, failed);
        return;
    }
    rest_json(call, 201, SPAN("{\"success\":true}"));
}

/* As with the seed, a room that is there already is given the new name. */
static void put_room(struct rest_call *call, const struct new_room *room)
{
    struct store *store = rest_store(call);
    struct store_room_put *ask = &call->ask.put;

    *ask = (struct store_room_put){
        .call.on_done = on_room_put,
        .room = bytes_span(&room->id),
        .title = bytes_span(&room->name),
        .created_by = bytes_span(&room->created_by),
        .created_ms = executor_wall_ms(call->x->executor),
        .overwrite = true,
        .rooms_max = rest_limits(call).rooms_made_max,
    };
    if (store == NULL || store_room_put(store, call->x->executor, ask) < 0) {
        rest_error(call, 500, error_key, failed);
    }
}

static bool is_too_long(const struct bytes *text)
{
    return text->len > REST_TEXT_BYTES_MAX;
}

static void create_room(struct rest_call *call)
{
    struct new_room *room = xcalloc(1, sizeof *room);
    struct span user = auth_text_span(&call->claims.user_id);

    call->own = room;
    call->drop_own = drop_new_room;
    form_text(&call->form, SPAN("roomId"), &room->id);
    form_text(&call->form, SPAN("name"), &room->name);
    form_text(&call->form, SPAN("createdBy"), &room->created_by);
    if (room->id.len == 0 || room->name.len == 0 || room->created_by.len == 0) {
        rest_error(call, 400, error_key, "Missing roomId, name, or createdBy");
    } else if (is_too_long(&room->id) || is_too_long(&room->name) ||
               is_too_long(&room->created_by)) {
        rest_error(call, 400, error_key, "roomId, name and createdBy have at most 255 bytes");
    } else if (policy_room_name(bytes_span(&room->id)) != NULL) {
        rest_error(call, 400, error_key, "roomId must not begin with the character U+0001");
    } else if (rest_options_of(call)->auth_required &&
               !span_eq(bytes_span(&room->created_by), user)) {
        rest_error(call, 403, error_key, "createdBy is another user than that of the token");
    } else {
        put_room(call, room);
    }
}

/* ---- who is there ---- */

static void on_people(struct chat_people_request *ask)
{
    struct rest_call *call = container_of(ask, struct rest_call, ask.people);
    struct bytes body = {0};

    bytes_add_cstr(&body, "{\"users\":[");
    for (size_t i = 0; i < ask->count; i++) {
        json_write_comma(&body);
        json_write_string(&body, ask->people[i].user_id);
    }
    bytes_add_cstr(&body, "]}");
    rest_json(call, 200, bytes_span(&body));
    bytes_finish(&body);
}

static void list_users(struct rest_call *call)
{
    call->ask.people.on_done = on_people;
    call->ask.people.room = bytes_span(&call->parameter);
    rest_ask_people(call);
}

/* ---- history ---- */

/* As parseInt reads it: white space, a sign, digits, and whatever follows. Numbers beyond what
 * anybody can mean stay at a million. */
static bool parse_int(struct span text, int *out)
{
    size_t i = 0;
    int n = 0;

    while (i < text.len &&
           (text.data[i] == ' ' || (text.data[i] >= '\t' && text.data[i] <= '\r'))) {
        i++;
    }
    bool negative = i < text.len && text.data[i] == '-';
    i += i < text.len && (text.data[i] == '-' || text.data[i] == '+');
    size_t first = i;
    for (; i < text.len && text.data[i] >= '0' && text.data[i] <= '9'; i++) {
        n = n < 100000 ? 10 * n + (text.data[i] - '0') : 1000000;
    }
    *out = negative ? -n : n;
    return i > first;
}

/* What the seed's Redis makes of a limit: the last of at most 100 messages; 0: all of them; -n: all
 * but the oldest n. */
struct window {
    unsigned limit;
    size_t skipped;
};

static bool read_window(const struct rest_call *call, struct window *out)
{
    struct bytes text = {0};
    int n = HISTORY_DEFAULT;

    rest_query(call, SPAN("limit"), &text);
    bool ok = text.len == 0 || parse_int(bytes_span(&text), &n);
    bytes_finish(&text);
    out->limit = n > 0 && n < HISTORY_MAX ? (unsigned)n : HISTORY_MAX;
    out->skipped = n < 0 ? (size_t)-n : 0;
    return ok;
}

static void answer_history(struct rest_call *call, const struct message_page *page, size_t skipped)
{
    struct bytes body = {0};

    bytes_add_byte(&body, '{');
    json_member_string(&body, SPAN("chatRoomId"), bytes_span(&call->parameter));
    json_write_key(&body, SPAN("messages"));
    rest_write_messages(&body, VIEW_CHATROOM, page, skipped, true);
    bytes_add_byte(&body, '}');
    rest_json(call, 200, bytes_span(&body));
    bytes_finish(&body);
}

static void on_history(struct store_call *ask)
{
    struct rest_call *call = container_of(ask, struct rest_call, ask.history.call);
    struct message_page *page = call->ask.history.page;
    struct window window;

    if (ask->error != 0 || !read_window(call, &window)) {
        rest_error(call, 500, error_key, history_failed);
    } else {
        answer_history(call, page, window.skipped);
    }
    free(page);
}

static void show_history(struct rest_call *call)
{
    struct store *store = rest_store(call);
    struct store_history *ask = &call->ask.history;
    struct window window;

    if (!read_window(call, &window)) {
        rest_error(call, 500, error_key, history_failed);
        return;
    }
    if (store == NULL) {
        answer_history(call, &(struct message_page){0}, 0);
        return;
    }
    ask->call.on_done = on_history;
    ask->room = bytes_span(&call->parameter);
    ask->limit = window.limit;
    if (store_history(store, call->x->executor, ask) < 0) {
        rest_error(call, 500, error_key, history_failed);
    }
}

static const struct web_action actions[] = {
    {"GET", "/", WEB_PLAIN, false, welcome},
    {"GET", "/rooms", WEB_PLAIN, true, list_rooms},
    {"POST", "/rooms", WEB_PLAIN, true, create_room},
    {"GET", "/active-users/:id", WEB_PLAIN, true, list_users},
    {"GET", "/chat-history/:id", WEB_PLAIN, true, show_history},
};

const struct web_actions rest_chatroom = {actions, sizeof actions / sizeof *actions};
