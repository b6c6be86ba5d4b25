/* REST call: one request on its way from the router to its answer. Not for others; they include
 * rest.h.
 *
 * An action is run with its parameter decoded, its body read and its token checked, and owes the
 * call exactly one answer, at once or later on the loop of the exchange; that frees the call. What
 * it asks of store and chat is embedded in the call, one at a time.
 *
 * Threads: the loop of the exchange. */
// SPDX-License-Identifier: MIT
#ifndef WEB_REST_CALL_H
#define WEB_REST_CALL_H

#include "protocol/json.h"
#include "src/auth/auth.h"
#include "src/base/memory.h"
#include "src/chat/dialect.h"
#include "src/store/store.h"
#include "src/web/form.h"
#include "src/web/rest.h"
#include "src/web/router.h"

enum { REST_TEXT_BYTES_MAX = 255, REST_ID_LEN = 24 };

struct rest_call {
    struct rest *rest;
    struct http_exchange *x;
    enum web_style style;
    struct bytes parameter;
    struct form form;
    struct auth_claims claims; /* of a valid token; without one the user id is empty */
    void *own;                 /* of the action; drop_own is called for it with the answer */
    void (*drop_own)(void *own);
    union {
        struct store_history history;
        struct store_rooms rooms;
        struct store_reads reads;
        struct store_room_get room;
        struct store_room_put put;
        struct store_search search;
        struct chat_people_request people;
    } ask;
};

/* The tables of the dialects. */
extern const struct web_actions rest_chatroom, rest_scalable, rest_groups, rest_direct, rest_native;

const struct rest_options *rest_options_of(const struct rest_call *call);

/* The store, or NULL: there is none, or the server stops. */
struct store *rest_store(const struct rest_call *call);
struct auth *rest_auth(const struct rest_call *call);

struct rest_limits rest_limits(const struct rest_call *call);

/* Who is in call->ask.people.room? Its on_done is called, perhaps before this returns. */
void rest_ask_people(struct rest_call *call);

/* ---- what was asked ---- */

/* Appends the text of a field of the body, and whether it has 1 to REST_TEXT_BYTES_MAX bytes. */
bool rest_field(const struct rest_call *call, struct span key, struct bytes *out);

/* Appends the text of a key of the query. */
void rest_query(const struct rest_call *call, struct span key, struct bytes *out);

/* Reads a number of the query, which stays as it is if there is none. False: there is one, but not
 * of min to max. */
MUST_USE bool rest_query_u64(const struct rest_call *call, struct span key, uint64_t min,
                             uint64_t max, uint64_t *out);

/* Twelve random bytes in hexadecimal digits: an id of a user or of a group. */
void rest_make_id(const struct rest_call *call, char out[REST_ID_LEN]);

/* ---- answers ---- */

void rest_json(struct rest_call *call, int status, struct span body);

/* {"key":"text"} */
void rest_error(struct rest_call *call, int status, const char *key, const char *text);

void rest_text(struct rest_call *call, int status, const char *text);
void rest_page(struct rest_call *call, int status, struct span body);
void rest_redirect(struct rest_call *call, struct span to);

/* The status in words, as the style of the call has it; with Allow unless that is NULL. */
void rest_refuse(struct rest_call *call, int status, const char *allow);

/* Frees a call whose exchange has been answered in another way. */
void rest_call_free(struct rest_call *call);

/* Appends [...]: the messages from the i-th on as they are there, or in turned order. Direct
 * messages are left out. */
void rest_write_messages(struct bytes *out, enum dialect_view view, const struct message_page *page,
                         size_t from, bool turned);

/* Appends a time as a member. */
void rest_member_time(struct bytes *out, struct span key, int64_t wall_ms);

#endif
