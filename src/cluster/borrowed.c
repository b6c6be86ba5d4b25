// SPDX-License-Identifier: MIT
#include "src/cluster/borrowed.h"

#include <assert.h>

#include "protocol/json.h"
#include "src/base/memory.h"
#include "src/socket/text.h"

/* NULL for none. */
static void *block(struct borrowed *b, size_t count, size_t size)
{
    if (count == 0) {
        return NULL;
    }
    assert(b->count < BORROWED_BLOCKS_MAX);
    b->blocks[b->count] = xcalloc(count, size);
    return b->blocks[b->count++];
}

void borrowed_finish(struct borrowed *b)
{
    while (b->count > 0) {
        free(b->blocks[--b->count]);
    }
}

static void put_names(struct rookery_str *out, struct adapter_names names)
{
    for (size_t i = 0; i < names.count; i++) {
        out[i] = str_of_span(names.items[i]);
    }
}

const struct rookery_str *borrow_names(struct borrowed *b, struct adapter_names names)
{
    struct rookery_str *strs = block(b, names.count, sizeof *strs);

    put_names(strs, names);
    return strs;
}

struct rookery_args borrow_args(struct borrowed *b, const struct adapter_args *args)
{
    struct rookery_bin *bins = block(b, args->bin_count, sizeof *bins);

    for (size_t i = 0; i < args->bin_count; i++) {
        bins[i] = (struct rookery_bin){args->bins[i].data, args->bins[i].len};
    }
    return (struct rookery_args){str_of_span(args->json), bins, args->bin_count};
}

struct rookery_target borrow_target(struct borrowed *b, const struct adapter_message *m)
{
    return (struct rookery_target){
        .rooms = borrow_names(b, m->rooms),
        .room_count = m->rooms.count,
        .except = borrow_names(b, m->except),
        .except_count = m->except.count,
        .local = true,
    };
}

static struct rookery_str auth_of(struct span handshake)
{
    struct json object, auth;

    if (json_parse(handshake, JSON_DEPTH_MAX, &object) == 0 && object.type == JSON_OBJECT &&
        json_object_find(object, SPAN("auth"), &auth) && auth.type == JSON_OBJECT) {
        return str_of_span(auth.text);
    }
    return ROOKERY_STR("{}");
}

struct rookery_socket_info *borrow_sockets(struct borrowed *b, const struct adapter_message *m)
{
    struct rookery_socket_info *infos = block(b, m->socket_count, sizeof *infos);
    size_t room_count = 0;

    for (size_t i = 0; i < m->socket_count; i++) {
        room_count += m->sockets[i].rooms.count;
    }
    struct rookery_str *rooms = block(b, room_count, sizeof *rooms);
    for (size_t i = 0; i < m->socket_count; i++) {
        const struct adapter_socket *s = &m->sockets[i];
        put_names(rooms, s->rooms);
        infos[i] = (struct rookery_socket_info){
            .id = str_of_span(s->id),
            .rooms = rooms,
            .room_count = s->rooms.count,
            .info_json = str_of_span(s->data),
            .auth_json = auth_of(s->handshake),
            .handshake_json = str_of_span(s->handshake),
        };
        rooms += s->rooms.count;
    }
    return infos;
}
