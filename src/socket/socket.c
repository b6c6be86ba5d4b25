// SPDX-License-Identifier: MIT
#include "src/socket/socket.h"

#include <assert.h>
#include <stdlib.h>

#include "protocol/base64.h"
#include "protocol/json.h"
#include "src/base/memory.h"
#include "src/engine/request.h"
#include "src/socket/acks.h"
#include "src/socket/io.h"
#include "src/socket/recovery.h"
#include "src/socket/rooms.h"
#include "src/socket/text.h"

enum { ID_RANDOM_BYTES = 15 };

_Static_assert(SOCKET_ID_LEN == ID_RANDOM_BYTES * 4 / 3, "base64url without padding");
_Static_assert((int)SOCKET_ID_LEN == (int)SID_LEN, "the id of a session is one of a socket");
_Static_assert((SOCKET_ID_LEN - SOCKET_PREFIX_MAX) * 6 >= 72, "what is left cannot be guessed");

/* ---- life ---- */

/* NULL if it is empty. */
static char *copy_text(struct span text)
{
    if (text.len == 0) {
        return NULL;
    }
    char *copy = xmalloc(text.len + 1);
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return copy;
}

void socket_make_id(struct rookery_socket *s)
{
    const struct rookery_loop *loop = s->share->loop;
    const char *prefix = loop->io->options.id_prefix;
    uint8_t raw[ID_RANDOM_BYTES];

    executor_random(loop->executor, raw, sizeof raw);
    base64url_encode(span_of(raw, sizeof raw), (uint8_t *)s->id);
    memcpy(s->id, prefix, strnlen(prefix, SOCKET_PREFIX_MAX));
}

/* See eio3.h: nsp and '#' before the session's own id, but in the root. */
static size_t eio3_id_len(struct span nsp)
{
    return nsp.len <= 1 ? SID_LEN : nsp.len + 1 + SID_LEN;
}

static void make_eio3_id(const struct session *session, struct span nsp, char *id)
{
    if (nsp.len > 1) {
        memcpy(id, nsp.data, nsp.len);
        id[nsp.len] = '#';
        id += nsp.len + 1;
    }
    memcpy(id, session->sid, SID_LEN);
}

struct rookery_socket *socket_create(struct share *share, struct client *client, struct span auth)
{
    const struct session *session = client->session;
    struct span nsp = namespace_name(share->nsp);
    size_t id_len = session->eio3 ? eio3_id_len(nsp) : SOCKET_ID_LEN;
    struct rookery_socket *s = xcalloc(1, sizeof *s + id_len);

    assert(id_len <= UINT16_MAX);
    s->id_len = (uint16_t)id_len;
    s->share = share;
    if (session->eio3) {
        make_eio3_id(session, nsp, s->id);
    } else {
        socket_make_id(s);
    }
    s->state = SOCKET_CONNECTING;
    s->refs = 1;
    s->memberships = s->own_memberships;
    s->membership_cap = SOCKET_MEMBERSHIPS_OWN;
    s->client = client;
    s->auth = span_eq(auth, SPAN("{}")) ? NULL : copy_text(auth);
    if (!session->eio3) {
        recovery_open(s);
    }
    return s;
}

struct rookery_socket *rookery_socket_hold(struct rookery_socket *s)
{
    s->refs++;
    return s;
}

void rookery_socket_release(struct rookery_socket *s)
{
    if (--s->refs == 0) {
        rookery_socket_set_data(s, NULL, NULL);
        free(s->auth);
        free(s->info);
        recovery_finish(s);
        free(s);
    }
}

static void drop_handshake(struct rookery_socket *s)
{
    if (s->state == SOCKET_CONNECTED && !s->share->loop->io->options.keep_handshake) {
        free(s->auth);
        s->auth = NULL;
        session_drop_request(socket_session(s));
    }
}

static void answer_connect(struct rookery_socket *s)
{
    struct encoder *encoder = &s->share->loop->encoder;
    struct span nsp = namespace_name(s->share->nsp);

    client_send(s->client, socket_session(s)->eio3
                               ? encoder_connect_eio3(encoder, nsp)
                               : encoder_connect(encoder, nsp, socket_id(s), recovery_pid(s)));
}

void socket_connect(struct rookery_socket *s)
{
    struct share *share = s->share;
    const struct callbacks *list = &share->nsp->handlers->connection;

    rooms_seal(s);
    s->state = SOCKET_CONNECTED;
    room_add(share->everybody, s, 0);
    map_add(&share->sockets, s);
    rooms_own_opened(s);
    client_greeted(s->client);
    io_loop_count(share->loop, STAT_SOCKETS_CONNECTED, 1);
    recovery_send_missed(s);
    answer_connect(s);
    (void)rookery_socket_hold(s);
    for (size_t i = 0; i < list->count; i++) {
        list->items[i].fn.on_socket(s, list->items[i].arg);
    }
    drop_handshake(s);
    rookery_socket_release(s);
}

/* Out of everything that knows it; the client's reference is still there. */
static void detach(struct rookery_socket *s)
{
    rooms_leave_all(s);
    s->state = SOCKET_GONE;
    client_forget(s->client, s);
}

void socket_abandon(struct rookery_socket *s)
{
    detach(s);
    recovery_abandon(s);
    s->client = NULL;
    rookery_socket_release(s);
}

static void tell(struct rookery_socket *s, const struct callbacks *list, const char *reason)
{
    for (size_t i = 0; i < list->count; i++) {
        list->items[i].fn.on_reason(s, reason, list->items[i].arg);
    }
}

static void join_own_room(struct rookery_socket *s)
{
    if (s->left_own_room) {
        s->left_own_room = false;
        rooms_own_opened(s);
    }
}

static void leave_own_room(struct rookery_socket *s)
{
    if (socket_in_own_room(s)) {
        s->left_own_room = true;
        rooms_own_closed(s);
    }
}

void socket_leave(struct rookery_socket *s, const char *reason)
{
    const struct handlers *handlers = s->share->nsp->handlers;

    if (s->state != SOCKET_CONNECTED) {
        return;
    }
    rooms_seal(s);
    s->state = SOCKET_LEAVING;
    tell(s, &handlers->disconnecting, reason);
    recovery_save(s, reason);
    leave_own_room(s);
    (void)map_remove(&s->share->sockets, socket_id(s));
    detach(s);
    io_loop_count(s->share->loop, STAT_SOCKETS_DISCONNECTED, 1);
    acks_give_up(s);
    tell(s, &handlers->disconnect, reason);
    s->client = NULL;
    rookery_socket_release(s);
}

void socket_disconnect(struct rookery_socket *s)
{
    if (s->state == SOCKET_CONNECTED) {
        client_send(s->client,
                    encoder_disconnect(&s->share->loop->encoder, namespace_name(s->share->nsp)));
        socket_leave(s, "server namespace disconnect");
    }
}

/* ---- sending ---- */

void socket_send(struct rookery_socket *s, struct frame *f)
{
    session_send(socket_session(s), f);
    io_loop_count(s->share->loop, STAT_PACKETS_SENT, 1);
}

void socket_send_volatile(struct rookery_socket *s, struct frame *f)
{
    if (session_writable(socket_session(s))) {
        socket_send(s, f);
    } else {
        io_loop_count(s->share->loop, STAT_VOLATILE_DROPPED, 1);
    }
}

/* ---- the API ---- */

struct rookery_str rookery_socket_id(const struct rookery_socket *s)
{
    return str_of_span(socket_id(s));
}

struct rookery_namespace *rookery_socket_namespace(const struct rookery_socket *s)
{
    return s->share->nsp;
}

struct rookery_loop *rookery_socket_loop(const struct rookery_socket *s)
{
    return s->share->loop;
}

bool rookery_socket_connected(const struct rookery_socket *s)
{
    return s->state == SOCKET_CONNECTED;
}

const char *rookery_socket_transport(const struct rookery_socket *s)
{
    return s->client == NULL ? "" : session_transport_name(socket_session(s));
}

struct rookery_str rookery_socket_auth(const struct rookery_socket *s)
{
    return str_of_span(s->auth == NULL ? SPAN("{}") : span_cstr(s->auth));
}

const struct rookery_request *rookery_socket_request(const struct rookery_socket *s)
{
    return s->client == NULL ? NULL : socket_session(s)->request;
}

void *rookery_socket_data(const struct rookery_socket *s)
{
    return s->data;
}

void rookery_socket_set_data(struct rookery_socket *s, void *data, void (*free_data)(void *data))
{
    if (s->free_data != NULL && s->data != NULL) {
        s->free_data(s->data);
    }
    s->data = data;
    s->free_data = free_data;
}

void rookery_socket_set_info(struct rookery_socket *s, struct rookery_str json)
{
    struct json ignored;

    if (json.len != 0 && json_parse(span_of_str(json), JSON_DEPTH_MAX, &ignored) == 0) {
        free(s->info);
        s->info = copy_text(span_of_str(json));
    }
}

struct rookery_str rookery_socket_info(const struct rookery_socket *s)
{
    return s->info == NULL ? ROOKERY_STR("{}") : str_of_span(span_cstr(s->info));
}

void rookery_disconnect(struct rookery_socket *s, bool close_connection)
{
    if (s->state != SOCKET_CONNECTED) {
        return;
    }
    if (close_connection) {
        client_disconnect(s->client);
    } else {
        socket_disconnect(s);
    }
}

bool rookery_socket_cut(struct rookery_socket *s)
{
    return s->client != NULL && session_cut(socket_session(s));
}

/* ---- the API: rooms ---- */

static bool is_own_id(const struct rookery_socket *s, struct rookery_str room)
{
    return span_eq(span_of_str(room), socket_id(s));
}

void rookery_join(struct rookery_socket *s, struct rookery_str room)
{
    if (s->state != SOCKET_CONNECTING && s->state != SOCKET_CONNECTED) {
        return;
    }
    if (is_own_id(s, room)) {
        join_own_room(s);
    } else {
        rooms_join(s, span_of_str(room));
    }
}

int rookery_join_as(struct rookery_socket *s, struct rookery_str room, unsigned tag)
{
    if (tag >= ROOKERY_TAGS_MAX) {
        return ROOKERY_EINVAL;
    }
    if (s->state != SOCKET_CONNECTING && s->state != SOCKET_CONNECTED) {
        return ROOKERY_EGONE;
    }
    if (is_own_id(s, room)) {
        join_own_room(s);
    } else {
        rooms_join_as(s, span_of_str(room), tag);
    }
    return 0;
}

void rookery_leave(struct rookery_socket *s, struct rookery_str room)
{
    if (is_own_id(s, room)) {
        leave_own_room(s);
    } else {
        rooms_leave(s, span_of_str(room));
    }
}

int rookery_room_tag(const struct rookery_socket *s, struct rookery_str name)
{
    if (is_own_id(s, name)) {
        return socket_in_own_room(s) ? 0 : -1;
    }
    const struct room *room = rooms_find(s->share, span_of_str(name));
    int64_t slot = room == NULL ? -1 : room_slot(room, s);
    return slot < 0 ? -1 : (int)s->memberships[slot].section->tag;
}

bool rookery_in_room(const struct rookery_socket *s, struct rookery_str name)
{
    return rookery_room_tag(s, name) >= 0;
}

void rookery_rooms(const struct rookery_socket *s, rookery_room_fn fn, void *arg)
{
    if (socket_in_own_room(s)) {
        fn(rookery_socket_id(s), arg);
    }
    for (uint32_t i = 0; i < s->membership_count; i++) {
        const struct room *room = s->memberships[i].section->room;
        if (room != s->share->everybody) {
            fn(str_of_span(room_name(room)), arg);
        }
    }
}
