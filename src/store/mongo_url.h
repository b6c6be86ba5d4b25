/* The URL of store_mongo: what is read from it, and what may be shown of it.
 *
 *   mongodb://user:password@host:27017/chat?tls=true   options as MongoDB's drivers have them
 *   mongodb+srv://user:password@name/chat
 *
 * Whatever it says, writes wait for a majority and its journals, reads go to the primary, and both
 * are tried again once: what is acknowledged rests on that. Waiting is bounded by timeout_ms. */
// SPDX-License-Identifier: MIT
#ifndef STORE_MONGO_URL_H
#define STORE_MONGO_URL_H

#include <mongoc/mongoc.h>

#include "src/store/store.h"

/* Appends what may be in a log: user, hosts and database, but no password and no options. Of what
 * is no URL: as little as is safe. */
void mongo_url_show(struct bytes *out, const char *url);

/* Reads the URL. clients: that may be in use at the same time. Returns NULL and what is wrong in
 * *why, without the password. */
mongoc_uri_t *mongo_url_read(const char *url, unsigned timeout_ms, unsigned clients,
                             struct bytes *why);

/* The database that it names; "chat" if none. Lives as long as the URL. */
const char *mongo_url_database(const mongoc_uri_t *uri);

#endif
