/* Payload: the members of a handshake's auth that the chat knows, found in one pass.
 *
 * The values are slices of the argument and live as long as that. One that is absent or null has an
 * empty text. Of several with the same key the last one counts, as in JSON.parse. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_PAYLOAD_H
#define CHAT_PAYLOAD_H

#include <stdbool.h>

#include "protocol/json.h"
#include "src/api/rookery.h"

struct payload {
    struct json user_id;
    struct json username;
    struct json token;
};

static inline bool payload_has(struct json v)
{
    return v.text.len != 0;
}

/* value: JSON that the library has checked, e.g. rookery_socket_auth(...); it may be
 * empty. False when it is no object; *out then has nothing. */
MUST_USE bool payload_read(struct rookery_str value, struct payload *out);

#endif
