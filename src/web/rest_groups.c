// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "src/web/html.h"
#include "src/web/rest_call.h"

enum { MESSAGES_SHOWN = 100 };

static const char groups_failed[] = "Error fetching groups";
static const char chat_failed[] = "Error loading chat room";

/* ---- pieces of pages ---- */

static void begin_page(struct bytes *out, const char *title)
{
    bytes_add_cstr(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                        "<link rel=\"icon\" href=\"data:,\">\n"
                        "<link rel=\"stylesheet\" href=\"/styles/groups.css\">\n<title>");
    bytes_add_cstr(out, title);
}

static void add_attribute(struct bytes *out, const char *name, struct span value)
{
    bytes_add_byte(out, ' ');
    bytes_add_cstr(out, name);
    bytes_add_cstr(out, "=\"");
    html_add_text(out, value);
    bytes_add_byte(out, '"');
}

static struct span title_of(const struct store_room *room)
{
    return room->title.len > 0 ? room->title : room->name;
}

/* ---- /group ---- */

static void add_group(struct bytes *out, const struct store_room *room)
{
    bytes_add_cstr(out, "<li><form action=\"/join\" method=\"get\">"
                        "<input type=\"hidden\" name=\"roomid\"");
    add_attribute(out, "value", room->name);
    bytes_add_cstr(out, "><button type=\"submit\">");
    html_add_text(out, title_of(room));
    bytes_add_cstr(out, "</button></form></li>\n");
}

static void answer_groups(struct rest_call *call, const struct store_room_page *page)
{
    struct bytes body = {0};

    begin_page(&body, "Groups");
    bytes_add_cstr(&body, "</title>\n</head>\n<body>\n<main>\n<h1>Groups</h1>\n"
                          "<form action=\"/group\" method=\"post\" id=\"create-group-form\">\n"
                          "<input type=\"text\" name=\"name\" placeholder=\"Enter group name\" "
                          "aria-label=\"Name of the group\" maxlength=\"100\" required>\n"
                          "<button type=\"submit\">Create Group</button>\n</form>\n"
                          "<h2>Available Groups</h2>\n<ul id=\"groups\">\n");
    for (size_t i = 0; i < page->count; i++) {
        add_group(&body, &page->rooms[i]);
    }
    bytes_add_cstr(&body, "</ul>\n</main>\n</body>\n</html>\n");
    rest_page(call, 200, bytes_span(&body));
    bytes_finish(&body);
}

/* Those of one millisecond in the order in which the store came to know them. */
static int by_age(const void *one, const void *other)
{
    const struct store_room *a = one, *b = other;

    if (a->created_ms != b->created_ms) {
        return a->created_ms < b->created_ms ? -1 : 1;
    }
    return a->number < b->number ? -1 : a->number > b->number;
}

static void on_groups(struct store_call *ask)
{
    struct rest_call *call = container_of(ask, struct rest_call, ask.rooms.call);
    struct store_room_page *page = call->ask.rooms.page;

    if (ask->error != 0) {
        rest_text(call, 500, groups_failed);
    } else {
        qsort(page->rooms, page->count, sizeof *page->rooms, by_age);
        answer_groups(call, page);
    }
    free(page);
}

static void list_groups(struct rest_call *call)
{
    struct store *store = rest_store(call);
    struct store_rooms *ask = &call->ask.rooms;

    if (store == NULL) {
        answer_groups(call, &(struct store_room_page){0});
        return;
    }
    ask->call.on_done = on_groups;
    ask->which = STORE_ROOMS_MADE;
    ask->limit = STORE_PAGE_MAX;
    if (store_rooms(store, call->x->executor, ask) < 0) {
        rest_text(call, 500, groups_failed);
    }
}

struct new_group {
    char id[REST_ID_LEN];
    struct bytes name;
};

static void drop_new_group(void *own)
{
    struct new_group *group = own;

    bytes_finish(&group->name);
    free(group);
}

static void on_group_made(struct store_call *ask)
{
    struct rest_call *call = container_of(ask, struct rest_call, ask.put.call);

    if (ask->error == STORE_ETOOMANY) {
        rest_text(call, 503, "The server takes no more groups");
    } else if (ask->error != 0) {
        rest_text(call, 500, "Error creating group");
    } else {
        rest_redirect(call, SPAN("/group"));
    }
}

static void make_group(struct rest_call *call)
{
    struct store *store = rest_store(call);
    struct new_group *group = xcalloc(1, sizeof *group);

    call->own = group;
    call->drop_own = drop_new_group;
    if (!rest_field(call, SPAN("name"), &group->name)) {
        rest_text(call, 400, "A group has a name of 1 to 255 bytes");
        return;
    }
    rest_make_id(call, group->id);
    call->ask.put = (struct store_room_put){
        .call.on_done = on_group_made,
        .room = span_of(group->id, sizeof group->id),
        .title = bytes_span(&group->name),
        .created_by = auth_text_span(&call->claims.user_id),
        .created_ms = executor_wall_ms(call->x->executor),
        .rooms_max = rest_limits(call).rooms_made_max,
    };
    if (store == NULL || store_room_put(store, call->x->executor, &call->ask.put) < 0) {
        rest_text(call, 503, "Error creating group");
    }
}

/* ---- /join ---- */

static void ask_name(struct rest_call *call)
{
    struct bytes room = {0}, body = {0};

    rest_query(call, SPAN("roomid"), &room);
    begin_page(&body, "Join Group");
    bytes_add_cstr(&body, "</title>\n</head>\n<body>\n<main>\n<h1>Enter Your Username</h1>\n"
                          "<form action=\"/chat/");
    html_add_component(&body, bytes_span(&room));
    bytes_add_cstr(&body, "\" method=\"get\">\n<input type=\"text\" name=\"user\" "
                          "placeholder=\"Enter your username\" aria-label=\"Your username\" "
                          "maxlength=\"100\" autocomplete=\"nickname\" required autofocus>\n"
                          "<button type=\"submit\">Join Group</button>\n</form>\n</main>\n</body>\n"
                          "</html>\n");
    rest_page(call, 200, bytes_span(&body));
    bytes_finish(&room);
    bytes_finish(&body);
}

/* ---- /chat/:roomid ---- */

struct group_chat {
    struct bytes user;
    struct store_room_page *page; /* the room */
};

static void drop_group_chat(void *own)
{
    struct group_chat *chat = own;

    bytes_finish(&chat->user);
    free(chat->page);
    free(chat);
}

/* The content is JSON text of a string; whatever else was stored is shown as that text. */
static void add_content(struct bytes *out, struct span content)
{
    struct json value;
    struct bytes text = {0};

    if (json_parse(content, 0, &value) == 0 && value.type == JSON_STRING) {
        json_string_decode(value, &text);
        html_add_text(out, bytes_span(&text));
    } else {
        html_add_text(out, content);
    }
    bytes_finish(&text);
}

static void add_message(struct bytes *out, const struct message *m, struct span user)
{
    struct span sender = m->username.len > 0 ? m->username : m->user_id;

    bytes_add_cstr(out, span_eq(sender, user)
                            ? "<div class=\"message self\"><div class=\"sender\">"
                            : "<div class=\"message other\"><div class=\"sender\">");
    html_add_text(out, sender);
    bytes_add_cstr(out, "</div>");
    add_content(out, m->content);
    bytes_add_cstr(out, "</div>\n");
}

/* The script takes path, room and user from the attributes of #chat. */
static void begin_chat(struct bytes *out, struct span path, const struct store_room *room,
                       struct span user)
{
    bool has_slash = path.data[path.len - 1] == '/';

    begin_page(out, "Chat Room - ");
    html_add_text(out, title_of(room));
    bytes_add_cstr(out, "</title>\n<script src=\"");
    html_add_text(out, path);
    bytes_add_cstr(out, has_slash ? "socket.io.js" : "/socket.io.js");
    bytes_add_cstr(out, "\" defer></script>\n"
                        "<script src=\"/styles/groups.js\" defer></script>\n</head>\n<body>\n"
                        "<main id=\"chat\"");
    add_attribute(out, "data-path", path);
    add_attribute(out, "data-roomid", room->name);
    add_attribute(out, "data-user", user);
    bytes_add_cstr(out, ">\n<h1>");
    html_add_text(out, title_of(room));
    bytes_add_cstr(out, "</h1>\n<aside><h2>Online Members</h2>\n<ul id=\"online_users\"></ul>\n"
                        "<a href=\"/group\">All groups</a></aside>\n"
                        "<section>\n<div id=\"messages\" role=\"log\" aria-label=\"Messages\" "
                        "tabindex=\"0\">\n");
}

/* page: newest first. */
static void answer_chat(struct rest_call *call, const struct message_page *page)
{
    const struct group_chat *chat = call->own;
    struct bytes body = {0};

    begin_chat(&body, span_cstr(rest_options_of(call)->path), &chat->page->rooms[0],
               bytes_span(&chat->user));
    for (size_t i = page->count; i-- > 0;) {
        if (page->messages[i].recipient.len == 0) {
            add_message(&body, &page->messages[i], bytes_span(&chat->user));
        }
    }
    bytes_add_cstr(
        &body, "</div>\n<form id=\"input\">\n<input type=\"text\" id=\"chat_box\" "
               "placeholder=\"Type a message...\" aria-label=\"Message\" autocomplete=\"off\">\n"
               "<button type=\"submit\" id=\"send\">Send</button>\n</form>\n</section>\n"
               "</main>\n</body>\n</html>\n");
    rest_page(call, 200, bytes_span(&body));
    bytes_finish(&body);
}

static void on_chat_history(struct store_call *ask)
{
    struct rest_call *call = container_of(ask, struct rest_call, ask.history.call);
    struct message_page *page = call->ask.history.page;

    if (ask->error != 0) {
        rest_text(call, 500, chat_failed);
    } else {
        answer_chat(call, page);
    }
    free(page);
}

static void redirect_to_join(struct rest_call *call)
{
    struct bytes to = {0};

    bytes_add_cstr(&to, "/join?roomid=");
    html_add_component(&to, bytes_span(&call->parameter));
    rest_redirect(call, bytes_span(&to));
    bytes_finish(&to);
}

static void on_chat_room(struct store_call *ask)
{
    struct rest_call *call = container_of(ask, struct rest_call, ask.room.call);
    struct group_chat *chat = call->own;
    struct store *store = rest_store(call);

    chat->page = call->ask.room.page;
    if (ask->error != 0 || chat->page->count == 0 || store == NULL) {
        rest_text(call, 500, chat_failed);
        return;
    }
    if (chat->user.len == 0) {
        redirect_to_join(call);
        return;
    }
    call->ask.history = (struct store_history){
        .call.on_done = on_chat_history,
        .room = bytes_span(&call->parameter),
        .limit = MESSAGES_SHOWN,
    };
    if (store_history(store, call->x->executor, &call->ask.history) < 0) {
        rest_text(call, 500, chat_failed);
    }
}

static void show_chat(struct rest_call *call)
{
    struct store *store = rest_store(call);
    struct group_chat *chat = xcalloc(1, sizeof *chat);
    struct store_room_get *ask = &call->ask.room;

    call->own = chat;
    call->drop_own = drop_group_chat;
    rest_query(call, SPAN("user"), &chat->user);
    ask->call.on_done = on_chat_room;
    ask->room = bytes_span(&call->parameter);
    if (store == NULL || store_room_get(store, call->x->executor, ask) < 0) {
        rest_text(call, 500, chat_failed);
    }
}

static const struct web_action actions[] = {
    {"GET", "/group", WEB_PAGE, true, list_groups},
    {"POST", "/group", WEB_PAGE, true, make_group},
    {"GET", "/join", WEB_PAGE, false, ask_name},
    {"GET", "/chat/:roomid", WEB_PAGE, true, show_chat},
};

const struct web_actions rest_groups = {actions, sizeof actions / sizeof *actions};
