/* Settings: what the options mean to each part of the server. Texts are those of the options.
 * Pure; any thread. */
// SPDX-License-Identifier: MIT
#ifndef SERVER_SETTINGS_H
#define SERVER_SETTINGS_H

#include "src/api/rookery.h"
#include "src/auth/auth.h"
#include "src/chat/limits.h"
#include "src/server/options.h"

struct rookery_cors settings_cors(const struct daemon_options *v);
struct rookery_options settings_server(const struct daemon_options *v);
struct chat_limits settings_chat(const struct daemon_options *v);

/* What cannot be together; NULL: it can be. */
const char *settings_contradiction(const struct daemon_options *v);

/* Without on_problem. */
struct auth_options settings_auth(const struct daemon_options *v);

#endif
