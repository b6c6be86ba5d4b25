// SPDX-License-Identifier: MIT
#include "src/base/iso_time.h"
#include "src/web/rest_account.h"

enum { HISTORY_MESSAGES = 50, TOKEN_MS = 3600 * 1000 };

static const char error_key[] = "message";
static const char history_failed[] = "Error fetching chat history";

/* ---- accounts ---- */

static void write_account(struct bytes *out, const struct account_user *user, struct span token,
                          bool is_new)
{
    bytes_add_byte(out, '{');
    if (is_new) {
        json_member_string(out, SPAN("message"), SPAN("User registered successfully"));
    }
    json_member_string(out, SPAN("token"), token);
    json_write_key(out, SPAN("user"));
    bytes_add_byte(out, '{');
    json_member_string(out, SPAN("id"), user->id);
    json_member_string(out, SPAN("email"), user->email);
    bytes_add_cstr(out, "}}");
}

static const struct account_voice voice = {
    .error_key = error_key,
    .token_has_email = true,
    .token_ms = TOKEN_MS, /* whatever is configured: its clients know of an hour */
    .wanted_to_register = "Email and password are required",
    .wanted_to_log_in = "Email and password are required",
    .taken_status = 400,
    .write = write_account,
};

static void sign_up(struct rest_call *call)
{
    account_register(call, &voice);
}

static void log_in(struct rest_call *call)
{
    account_login(call, &voice);
}

/* ---- history ---- */

/* The timestamp as the answer shows it, JSON text; in buffer if the sender gave none. */
static struct span shown_time(const struct message *m, char buffer[ISO_TIME_LEN + 3])
{
    if (m->sent_at.len > 0) {
        return m->sent_at;
    }
    buffer[0] = '"';
    iso_time_write(m->timestamp_ms, buffer + 1);
    buffer[ISO_TIME_LEN + 1] = '"';
    return span_of(buffer, ISO_TIME_LEN + 2);
}

static bool is_later(const struct message *a, const struct message *b)
{
    char buffers[2][ISO_TIME_LEN + 3];
    struct span own = shown_time(a, buffers[0]), other = shown_time(b, buffers[1]);
    int order = memcmp(own.data, other.data, own.len < other.len ? own.len : other.len);

    return order != 0 ? order > 0 : own.len > other.len;
}

/* Messages of one time stay as they came. They are few, and mostly in order already. */
static void sort_by_time(struct message_page *page)
{
    for (size_t i = 1; i < page->count; i++) {
        struct message m = page->messages[i];
        size_t at = i;
        for (; at > 0 && is_later(&page->messages[at - 1], &m); at--) {
            page->messages[at] = page->messages[at - 1];
        }
        page->messages[at] = m;
    }
}

static void answer_history(struct rest_call *call, const struct message_page *page)
{
    struct bytes body = {0};

    rest_write_messages(&body, VIEW_SCALABLE, page, 0, false);
    rest_json(call, 200, bytes_span(&body));
    bytes_finish(&body);
}

static void on_history(struct store_call *ask)
{
    struct rest_call *call = container_of(ask, struct rest_call, ask.history.call);
    struct message_page *page = call->ask.history.page;

    if (ask->error != 0) {
        rest_error(call, 500, error_key, history_failed);
    } else {
        sort_by_time(page);
        answer_history(call, page);
    }
    free(page);
}

/* The oldest fifty: that is what the seed shows, however many there are. The order of arrival says
 * which those are, so that their number may grow without a sort of the whole room. */
static void show_history(struct rest_call *call)
{
    struct store *store = rest_store(call);
    struct store_history *ask = &call->ask.history;

    if (store == NULL) {
        answer_history(call, &(struct message_page){0});
        return;
    }
    ask->call.on_done = on_history;
    ask->room = bytes_span(&call->parameter);
    ask->from_start = true;
    ask->limit = HISTORY_MESSAGES;
    if (store_history(store, call->x->executor, ask) < 0) {
        rest_error(call, 500, error_key, history_failed);
    }
}

/* ---- health ---- */

static void show_health(struct rest_call *call)
{
    rest_json(call, 200, SPAN("{\"status\":\"healthy\"}"));
}

/* There is no Redis here, and a server without is whole. */
static void show_messages_health(struct rest_call *call)
{
    rest_json(call, 200, SPAN("{\"service\":\"healthy\",\"redis\":\"disconnected\"}"));
}

/* The second of each pair is without the prefix that the seed's gateway takes away. */
static const struct web_action actions[] = {
    {"POST", "/auth/register", WEB_PLAIN, false, sign_up},
    {"POST", "/register", WEB_PLAIN, false, sign_up},
    {"POST", "/auth/login", WEB_PLAIN, false, log_in},
    {"POST", "/login", WEB_PLAIN, false, log_in},
    {"GET", "/auth/health", WEB_PLAIN, false, show_health},
    {"GET", "/messages/health", WEB_PLAIN, false, show_messages_health},
    {"GET", "/messages/history/:room", WEB_PLAIN, true, show_history},
    {"GET", "/history/:room", WEB_PLAIN, true, show_history},
};

const struct web_actions rest_scalable = {actions, sizeof actions / sizeof *actions};
