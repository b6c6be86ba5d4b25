// SPDX-License-Identifier: MIT
#include "src/server/settings.h"

#include <string.h>

#include "src/server/daemon_config.h"
#include "src/server/places.h"

enum { MS_PER_S = 1000 };

struct rookery_cors settings_cors(const struct daemon_options *v)
{
    return (struct rookery_cors){
        .origin = strcmp(v->cors_origin, "none") == 0 ? NULL : v->cors_origin,
        .methods = v->cors_methods,
        .allowed_headers = v->cors_headers,
        .exposed_headers = v->cors_exposed_headers,
        .credentials = v->cors_credentials,
        .max_age_s = v->cors_max_age_ms == 0 ? -1 : (int)(v->cors_max_age_ms / MS_PER_S),
    };
}

static const char *settings_same_site(const char *choice)
{
    return strcmp(choice, "strict") == 0 ? "Strict" : strcmp(choice, "none") == 0 ? "None" : "Lax";
}

/* Browsers take SameSite=None with Secure only. */
static struct rookery_cookie settings_cookie(const struct daemon_options *v)
{
    return (struct rookery_cookie){
        .name = v->cookie,
        .path = strcmp(v->cookie_path, "none") == 0 ? "" : v->cookie_path,
        .http_only = v->cookie_http_only,
        .secure = strcmp(v->cookie_same_site, "none") == 0,
        .same_site = settings_same_site(v->cookie_same_site),
    };
}

static const char *settings_client_dir(const char *option)
{
    bool off = option != NULL && strcmp(option, "none") == 0;

    return off ? NULL : place_choose(option, CLIENT_DIR_BUILT, CLIENT_DIR_INSTALLED);
}

static struct rookery_cluster settings_cluster(const struct daemon_options *v)
{
    return (struct rookery_cluster){
        .redis_url = v->redis_url,
        .adapter = v->adapter,
        .prefix = v->redis_prefix,
        .mode = v->sharded_mode,
        .request_timeout_ms = (unsigned)v->cluster_timeout_ms,
        .common_responses = v->common_responses,
        .stream_entries_max = (unsigned)v->stream_entries_max,
        .keep_bytes_max = v->keep_bytes_max,
        .keep_ms = (unsigned)v->keep_ms,
        .heartbeat_ms = (unsigned)v->cluster_heartbeat_ms,
        .secret = v->cluster_secret,
        .address = v->cluster_address,
        .name = v->service_id,
        .ca_file = v->redis_ca,
    };
}

enum { GREETED_MAX = 256 };

/* The table's ranges keep numbers within their types. */
struct rookery_options settings_server(const struct daemon_options *v)
{
    struct rookery_options o;

    rookery_options_init(&o);
    o.loops = (unsigned)v->loops;
    o.path = v->path;
    o.parser = v->parser;
    o.allow_eio3 = v->allow_eio3;
    o.ping_interval_ms = (unsigned)v->ping_interval_ms;
    o.ping_timeout_ms = (unsigned)v->ping_timeout_ms;
    o.upgrade_timeout_ms = (unsigned)v->upgrade_timeout_ms;
    o.connect_timeout_ms = (unsigned)v->connect_timeout_ms;
    o.request_timeout_ms = (unsigned)v->request_timeout_ms;
    o.idle_timeout_ms = (unsigned)v->idle_timeout_ms;
    o.drain_timeout_ms = (unsigned)v->drain_timeout_ms;
    o.payload_bytes_max = v->payload_bytes_max;
    o.queue_bytes_max = v->queue_bytes_max;
    /* The chat tells those who are too many; only a flood of them is cut off. A client that polls
     * has two connections, one for each direction. */
    o.connections_max =
        (unsigned)(v->connections_max == 0 ? 0 : 2 * v->connections_max + GREETED_MAX);
    o.handshakes_max = (unsigned)v->handshakes_max;
    o.keep_handshake = false;
    o.compression_threshold = (unsigned)v->compression_threshold;
    o.cookie = settings_cookie(v);
    o.cors = settings_cors(v);
    o.deflate = (struct rookery_deflate){
        .enabled = v->ws_compression,
        .threshold = (unsigned)v->ws_compression_threshold,
        .level = (unsigned)v->ws_compression_level,
    };
    o.cluster = settings_cluster(v);
    /* Tokens are the chat's to check again or not (recovery_trusts). */
    o.recovery.max_disconnection_ms = (unsigned)v->recovery_ms;
    o.recovery.bytes_max = v->recovery_bytes_max;
    o.trusted_proxies = v->trusted_proxies;
    o.tls = (struct rookery_tls){.certificate = v->tls_certificate, .key = v->tls_key};
    o.client_dir = settings_client_dir(v->client_dir);
    return o;
}

const char *settings_contradiction(const struct daemon_options *v)
{
    if (v->recovery_ms != 0 && v->redis_url != NULL) {
        return "recovery is for a server that is alone: among several (redis-url) what was said in "
               "the words of one client cannot be said again in those of another";
    }
    return NULL;
}

struct chat_limits settings_chat(const struct daemon_options *v)
{
    return (struct chat_limits){
        .content_units_max = v->message_units_max,
        .history_max = (unsigned)v->history_messages_max,
        .rooms_per_socket = (unsigned)v->rooms_per_socket_max,
        .members_per_room = (unsigned)v->members_per_room_max,
        .rooms_max = (unsigned)v->rooms_max,
        .rooms_made_max = v->rooms_made_max,
        .sockets_max = (unsigned)v->connections_max,
        .typing_timeout_ms = (unsigned)v->typing_timeout_ms,
        .presence_interval_ms = (unsigned)v->presence_interval_ms,
        .messages_per_user = (unsigned)v->messages_per_minute,
        .sends_per_user = (unsigned)v->sends_per_minute,
        .typing_per_user = (unsigned)v->typing_per_minute,
        .presence_per_user = (unsigned)v->presence_per_minute,
        .joins_per_user = (unsigned)v->joins_per_minute,
        .queries_per_user = (unsigned)v->queries_per_minute,
        .connections_per_address = (unsigned)v->connections_per_minute,
        .logins_per_address = (unsigned)v->logins_per_minute,
    };
}

struct auth_options settings_auth(const struct daemon_options *v)
{
    return (struct auth_options){
        .secret = v->jwt_secret == NULL ? SPAN("") : span_cstr(v->jwt_secret),
        .expires_s = (int64_t)(v->jwt_expires_ms / MS_PER_S),
        .jwks_file = v->jwks_file,
        .jwks_url = v->jwks_url,
        .issuer = v->jwt_issuer,
        .audience = v->jwt_audience,
    };
}
