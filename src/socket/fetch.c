/* rookery_fetch_sockets: each loop describes its sockets, and other nodes theirs. */
// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/socket/handshake.h"
#include "src/socket/rooms.h"
#include "src/socket/socket.h"
#include "src/socket/survey.h"
#include "src/socket/text.h"

struct fetch {
    struct survey survey;
    rookery_sockets_fn fn;
    void *arg;
    struct rookery_socket_info *sockets;
    size_t count;
};

struct sockets_found {
    struct finding finding;
    struct rookery_socket_info *sockets; /* each with a block of its own, its rooms */
    size_t count;
};

/* ---- copies ---- */

static struct rookery_str put_text(char **at, struct rookery_str text)
{
    struct rookery_str copy = {*at, text.len};

    if (text.len != 0) {
        memcpy(*at, text.data, text.len);
    }
    *at += text.len;
    return copy;
}

/* With all text in one block that begins with the rooms. */
static struct rookery_socket_info copy_info(const struct rookery_socket_info *from)
{
    size_t len =
        from->id.len + from->info_json.len + from->auth_json.len + from->handshake_json.len;

    for (size_t i = 0; i < from->room_count; i++) {
        len += from->rooms[i].len;
    }
    struct rookery_str *rooms = xmalloc(from->room_count * sizeof *rooms + len + 1);
    char *at = (char *)(rooms + from->room_count);
    for (size_t i = 0; i < from->room_count; i++) {
        rooms[i] = put_text(&at, from->rooms[i]);
    }
    return (struct rookery_socket_info){
        .id = put_text(&at, from->id),
        .rooms = rooms,
        .room_count = from->room_count,
        .info_json = put_text(&at, from->info_json),
        .request = from->request == NULL
                       ? NULL
                       : request_hold((struct rookery_request *)(uintptr_t)from->request),
        .auth_json = put_text(&at, from->auth_json),
        .handshake_json = put_text(&at, from->handshake_json),
    };
}

static void free_infos(struct rookery_socket_info *sockets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        request_release((struct rookery_request *)(uintptr_t)sockets[i].request);
        free((void *)(uintptr_t)sockets[i].rooms);
    }
    free(sockets);
}

/* ---- describing a socket ---- */

static void put_room(struct rookery_str room, void *arg)
{
    struct rookery_str **next = arg;
    *(*next)++ = room;
}

static struct rookery_socket_info describe(const struct rookery_socket *s)
{
    const struct rookery_request *request = socket_session(s)->request;
    struct rookery_str *rooms = xcalloc(s->membership_count + (size_t)1, sizeof *rooms);
    struct rookery_str *end = rooms;
    struct bytes handshake = {0};

    rookery_rooms(s, put_room, &end);
    handshake_write_json(&handshake, request, span_of_str(rookery_socket_auth(s)));
    struct rookery_socket_info info = copy_info(&(struct rookery_socket_info){
        .id = rookery_socket_id(s),
        .rooms = rooms,
        .room_count = (size_t)(end - rooms),
        .info_json = str_of_span(s->info == NULL ? SPAN("{}") : span_cstr(s->info)),
        .request = request,
        .auth_json = rookery_socket_auth(s),
        .handshake_json = str_of_span(bytes_span(&handshake)),
    });
    bytes_finish(&handshake);
    free(rooms);
    return info;
}

/* ---- finding ---- */

static void take(struct finding *finding, struct survey *s)
{
    struct sockets_found *found = (struct sockets_found *)finding;
    struct fetch *f = (struct fetch *)s;

    if (found->count != 0) {
        f->sockets = xreallocarray(f->sockets, f->count + found->count, sizeof *f->sockets);
        memcpy(f->sockets + f->count, found->sockets, found->count * sizeof *f->sockets);
        f->count += found->count;
    }
    free(found->sockets);
    free(found);
}

static struct sockets_found *create_found(size_t count)
{
    struct sockets_found *found = xcalloc(1, sizeof *found);

    found->finding.take = take;
    found->sockets = xcalloc(count + 1, sizeof *found->sockets);
    found->count = count;
    return found;
}

static struct finding *look(struct survey *s, struct share *share,
                            const struct rookery_target *target)
{
    struct receivers *r = &share->loop->receivers;

    receivers_collect(r, share, target, TAGS_ALL, NULL);
    struct sockets_found *found = create_found(r->count);
    for (size_t i = 0; i < found->count; i++) {
        found->sockets[i] = describe(r->sockets[i]);
    }
    return &found->finding;
}

static void on_sockets(struct inquiry *q, const struct rookery_socket_info *sockets, size_t count)
{
    struct sockets_found *found = create_found(count);

    for (size_t i = 0; i < count; i++) {
        found->sockets[i] = copy_info(&sockets[i]);
    }
    survey_report(survey_of(q), &found->finding);
}

static void conclude(struct survey *s)
{
    struct fetch *f = (struct fetch *)s;

    f->fn(s->error, f->sockets, f->count, f->arg);
    free_infos(f->sockets, f->count);
    free(f);
}

void rookery_fetch_sockets(struct rookery_namespace *nsp, const struct rookery_target *of,
                           rookery_sockets_fn fn, void *arg)
{
    struct fetch *f = xcalloc(1, sizeof *f);

    survey_init(&f->survey, nsp);
    f->survey.look = look;
    f->survey.conclude = conclude;
    f->survey.inquiry.kind = INQUIRE_SOCKETS;
    f->survey.inquiry.on_sockets = on_sockets;
    f->fn = fn;
    f->arg = arg;
    survey_begin(&f->survey, of, (struct rookery_str){0}, NULL);
}
