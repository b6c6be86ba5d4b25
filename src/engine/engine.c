// SPDX-License-Identifier: MIT
#include "src/engine/engine.h"

#include <assert.h>
#include <stdlib.h>

#include "protocol/base64.h"
#include "protocol/eio_packet.h"
#include "protocol/http_query.h"
#include "protocol/json.h"
#include "protocol/ws_frame.h"
#include "src/base/memory.h"
#include "src/engine/handshake.h"
#include "src/engine/request.h"
#include "src/engine/session_internal.h"

enum { SID_BYTES = 15, SID_LOOP_MAX = 255 };

static_assert(SID_LEN == SID_BYTES * 4 / 3, "base64url without padding");

const char *engine_error_text(enum engine_error error)
{
    static const char *const texts[] = {
        [ENGINE_UNKNOWN_TRANSPORT] = "Transport unknown",
        [ENGINE_UNKNOWN_SID] = "Session ID unknown",
        [ENGINE_BAD_METHOD] = "Bad handshake method",
        [ENGINE_BAD_REQUEST] = "Bad request",
        [ENGINE_FORBIDDEN] = "Forbidden",
        [ENGINE_UNSUPPORTED_VERSION] = "Unsupported protocol version",
    };
    return error == ENGINE_OK ? "OK" : texts[error];
}

void engine_error_body(struct bytes *out, enum engine_error error, struct span message)
{
    bytes_add_byte(out, '{');
    json_member_u64(out, SPAN("code"), (uint64_t)error);
    json_member_string(out, SPAN("message"),
                       message.len == 0 ? span_cstr(engine_error_text(error)) : message);
    bytes_add_byte(out, '}');
}

static struct span key_of_session(const void *value)
{
    return session_sid(value);
}

void engine_init(struct engine *e, struct executor *ex, const struct engine_options *options,
                 const struct engine_app *app, struct stats *stats)
{
    static const uint8_t ping[] = {0x81, 1, '2'};
    uint64_t secret[2];

    *e = (struct engine){.executor = ex, .options = options, .app = app, .stats = stats};
    executor_random(ex, secret, sizeof secret);
    map_init(&e->sessions, key_of_session, secret);
    e->ping = frame_copy(span_of(ping, sizeof ping));
}

void engine_finish(struct engine *e)
{
    assert(e->sessions.count == 0);
    handshake_free_all(e);
    map_finish(&e->sessions);
    frame_release(e->ping);
    bytes_finish(&e->scratch);
}

/* ---- session ids ---- */

static void make_sid(struct engine *e, char sid[SID_LEN])
{
    uint8_t raw[SID_BYTES];

    assert(e->executor->index <= SID_LOOP_MAX);
    executor_random(e->executor, raw, sizeof raw);
    raw[0] = (uint8_t)(e->executor->index ^ raw[3]);
    uint16_t node = atomic_load_explicit(&e->options->node, memory_order_relaxed);
    raw[1] = (uint8_t)(node >> 8 ^ raw[4]);
    raw[2] = (uint8_t)(node ^ raw[5]);
    base64url_encode(span_of(raw, sizeof raw), (uint8_t *)sid);
}

static int base64url_digit(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool engine_sid_place(struct span sid, unsigned *node, unsigned *loop)
{
    uint64_t bits = 0;

    if (sid.len != SID_LEN) {
        return false;
    }
    for (size_t i = 0; i < 8; i++) { /* the first 6 bytes */
        int digit = base64url_digit(sid.data[i]);
        if (digit < 0) {
            return false;
        }
        bits = bits << 6 | (unsigned)digit;
    }
    *node = (unsigned)((bits >> 24 ^ bits) & 0xffff);
    *loop = (unsigned)((bits >> 40 ^ bits >> 16) & 0xff);
    return true;
}

struct span engine_query_sid(struct span query)
{
    return http_query_get(query, SPAN("sid"));
}

/* ---- requests ---- */

static bool known_transport(const struct engine_options *o, struct span name)
{
    return (o->allow_polling && http_query_eq(name, SPAN("polling"))) ||
           (o->allow_websocket && http_query_eq(name, SPAN("websocket")));
}

static bool has_control_character(struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((s.data[i] < 0x20 && s.data[i] != '\t') || s.data[i] == 0x7f) {
            return true;
        }
    }
    return false;
}

static bool says_4(struct span query)
{
    return http_query_eq(http_query_get(query, SPAN("EIO")), SPAN("4"));
}

bool engine_speaks_3(const struct engine *e, struct span query)
{
    return e->options->allow_eio3 && !says_4(query);
}

static enum engine_error check_handshake(const struct engine *e, const struct engine_request *r,
                                         bool websocket)
{
    if (!span_eq(r->method, SPAN("GET"))) {
        return ENGINE_BAD_METHOD;
    }
    if (websocket != r->is_upgrade) {
        return ENGINE_BAD_REQUEST;
    }
    if (!says_4(r->query) && !e->options->allow_eio3) {
        return ENGINE_UNSUPPORTED_VERSION;
    }
    return ENGINE_OK;
}

static enum engine_error check_for_session(const struct engine_request *r, struct session *s,
                                           bool websocket)
{
    bool on_websocket = s->transport->ops->kind == TRANSPORT_WEBSOCKET;
    bool get_or_post = span_eq(r->method, SPAN("GET")) || span_eq(r->method, SPAN("POST"));

    if (says_4(r->query) == s->eio3 || websocket != r->is_upgrade ||
        (!r->is_upgrade && websocket != on_websocket) || !get_or_post) {
        return ENGINE_BAD_REQUEST;
    }
    return ENGINE_OK;
}

/* Closing ones are found too: there may be a close packet to be fetched. */
static struct session *find(struct engine *e, struct span sid)
{
    struct session *s = map_get(&e->sessions, sid);

    if (s != NULL && session_timed_out(s)) {
        session_end(s, REASON_PING_TIMEOUT);
        s = NULL;
    }
    return s;
}

struct session *engine_find(struct engine *e, struct span sid)
{
    struct session *s = find(e, sid);
    return s != NULL && s->state == SESSION_OPEN ? s : NULL;
}

enum engine_error engine_check(struct engine *e, const struct engine_request *request,
                               struct session **session)
{
    struct span transport = http_query_get(request->query, SPAN("transport"));
    struct span sid = engine_query_sid(request->query);
    bool websocket = http_query_eq(transport, SPAN("websocket"));

    *session = NULL;
    if (!known_transport(e->options, transport)) {
        return ENGINE_UNKNOWN_TRANSPORT;
    }
    if (has_control_character(request->origin)) {
        return ENGINE_BAD_REQUEST;
    }
    if (sid.len == 0) {
        return e->closing ? ENGINE_BAD_REQUEST : check_handshake(e, request, websocket);
    }
    struct session *s = find(e, sid);
    if (s == NULL) {
        return ENGINE_UNKNOWN_SID;
    }
    enum engine_error error = check_for_session(request, s, websocket);
    if (error == ENGINE_OK) {
        *session = s;
    }
    return error;
}

static void send_open(struct session *s)
{
    struct engine *e = s->engine;
    const struct engine_options *o = e->options;
    bool polling = s->transport->ops->kind == TRANSPORT_POLLING;
    struct eio_open open = {
        .sid = session_sid(s),
        .upgrades = polling && o->allow_upgrades && o->allow_websocket,
        .ping_interval_ms = o->ping_interval_ms,
        .ping_timeout_ms = o->ping_timeout_ms,
        .payload_bytes_max = o->payload_bytes_max,
    };
    uint8_t head[WS_HEAD_MAX];

    bytes_clear(&e->scratch);
    eio_open_encode(&e->scratch, &open);
    struct frame *f = frame_create((uint32_t)(sizeof head + e->scratch.len));
    frame_append(f, span_of(head, ws_frame_encode_head(head, WS_TEXT, true, e->scratch.len)));
    frame_append(f, bytes_span(&e->scratch));
    session_send(s, f);
    frame_release(f);
}

struct session *engine_handshake(struct engine *e, struct transport *t,
                                 struct rookery_request *request, struct frame *preamble)
{
    char sid[SID_LEN];

    make_sid(e, sid);
    struct session *s = session_create(e, sid, t, request);
    s->eio3 = engine_speaks_3(e, http_query_of_head(request_head(request)));
    map_add(&e->sessions, s);
    stats_add(e->stats, STAT_SESSIONS_OPENED, 1);
    if (preamble != NULL) {
        session_send(s, preamble);
    }
    send_open(s);
    session_heartbeat_start(s);
    e->app->on_open(s, e->app->arg);
    return s;
}

/* Sessions leave the map while they are ended; their memory stays until the end of the turn. */
static void end_each(struct engine *e, void (*end)(struct session *s, enum session_reason reason))
{
    struct session **all = xcalloc(e->sessions.count + 1U, sizeof(struct session *));
    struct session *s;
    size_t count = 0;

    e->closing = true;
    handshake_end_all(e);
    for (uint32_t i = 0; (s = map_next(&e->sessions, &i)) != NULL;) {
        all[count++] = s;
    }
    for (size_t i = 0; i < count; i++) {
        end(all[i], REASON_SERVER_SHUTDOWN);
    }
    free(all);
}

void engine_shutdown(struct engine *e)
{
    end_each(e, session_close);
}

void engine_drop_all(struct engine *e)
{
    end_each(e, session_end);
}
