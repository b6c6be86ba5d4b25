// SPDX-License-Identifier: MIT
#include "src/store/mongo_url.h"

#include "src/base/memory.h"

static const char database_default[] = "chat";

/* Where the hosts of an authority begin. A password may have signs that should have been escaped,
 * so the last @ before the options counts. NULL: what is before the options has none. */
static const char *hosts_of(const char *authority, size_t len)
{
    for (size_t i = len; i > 0; i--) {
        if (authority[i - 1] == '@') {
            return authority + i;
        }
    }
    return NULL;
}

void mongo_url_show(struct bytes *out, const char *url)
{
    const char *scheme_end = strstr(url, "://");

    if (scheme_end == NULL) {
        bytes_add_cstr(out, "(no URL)");
        return;
    }
    const char *authority = scheme_end + 3;
    size_t len = strcspn(authority, "?");
    const char *hosts = hosts_of(authority, len);
    bytes_add(out, url, (size_t)(authority - url));
    if (hosts == NULL && strchr(authority, '@') != NULL) { /* a password with a ? in it, perhaps */
        bytes_add_cstr(out, "...");
        return;
    }
    if (hosts != NULL) {
        bytes_add(out, authority, strcspn(authority, ":@"));
        bytes_add_byte(out, '@');
        len -= (size_t)(hosts - authority);
        authority = hosts;
    }
    bytes_add(out, authority, len);
}

static void set_number(mongoc_uri_t *uri, const char *option, unsigned number)
{
    (void)mongoc_uri_set_option_as_int32(uri, option, (int32_t)(number <= INT32_MAX ? number : 0));
}

/* A call that meets a silent server waits for the answer, then once for another server or
 * connection: together no longer than timeout_ms. */
static void set_timeouts(mongoc_uri_t *uri, unsigned timeout_ms)
{
    set_number(uri, MONGOC_URI_SOCKETTIMEOUTMS, timeout_ms / 2 + 1);
    set_number(uri, MONGOC_URI_CONNECTTIMEOUTMS, timeout_ms / 4 + 1);
    set_number(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, timeout_ms / 4 + 1);
    set_number(uri, MONGOC_URI_WAITQUEUETIMEOUTMS, timeout_ms);
}

static void set_concerns(mongoc_uri_t *uri, unsigned timeout_ms)
{
    mongoc_write_concern_t *writes = mongoc_write_concern_new();
    mongoc_read_concern_t *reads = mongoc_read_concern_new();
    mongoc_read_prefs_t *primary = mongoc_read_prefs_new(MONGOC_READ_PRIMARY);

    mongoc_write_concern_set_wmajority(writes, (int32_t)(timeout_ms / 2));
    mongoc_write_concern_set_journal(writes, true);
    mongoc_uri_set_write_concern(uri, writes);
    mongoc_uri_set_read_concern(uri, reads);
    mongoc_uri_set_read_prefs_t(uri, primary);
    mongoc_write_concern_destroy(writes);
    mongoc_read_concern_destroy(reads);
    mongoc_read_prefs_destroy(primary);
}

mongoc_uri_t *mongo_url_read(const char *url, unsigned timeout_ms, unsigned clients,
                             struct bytes *why)
{
    bson_error_t error;
    mongoc_uri_t *uri = mongoc_uri_new_with_error(url, &error);

    if (uri == NULL) {
        bytes_add_cstr(why, "no URL of MongoDB");
        if (strchr(url, '@') == NULL) {
            bytes_add_cstr(why, ": ");
            bytes_add_cstr(why, error.message);
        } else { /* the driver would quote what it takes for a host */
            bytes_add_cstr(why, " (is its password percent-encoded?)");
        }
        return NULL;
    }
    set_timeouts(uri, timeout_ms);
    set_concerns(uri, timeout_ms);
    (void)mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYREADS, true);
    (void)mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYWRITES, true);
    if (mongoc_uri_get_option_as_int32(uri, MONGOC_URI_MAXPOOLSIZE, 0) < (int32_t)clients) {
        set_number(uri, MONGOC_URI_MAXPOOLSIZE, clients);
    }
    return uri;
}

const char *mongo_url_database(const mongoc_uri_t *uri)
{
    const char *name = mongoc_uri_get_database(uri);
    return name != NULL && name[0] != 0 ? name : database_default;
}
