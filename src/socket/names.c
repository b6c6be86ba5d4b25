/* rookery_all_rooms and local_rooms: the names of all rooms, each once. */
// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/socket/args_copy.h"
#include "src/socket/local.h"
#include "src/socket/rooms.h"
#include "src/socket/socket.h"
#include "src/socket/survey.h"
#include "src/socket/text.h"

struct name {
    size_t len;
    char data[];
};

struct names {
    struct survey survey;
    struct map known; /* struct name */
    rookery_names_fn fn;
    local_rooms_fn local_fn; /* takes the place of fn; or NULL */
    void *arg;
};

struct names_found {
    struct finding finding;
    struct rookery_str *names;
    size_t count;
};

static struct span key_of_name(const void *value)
{
    const struct name *name = value;
    return span_of(name->data, name->len);
}

/* ---- finding ---- */

static void add(struct map *known, struct span text)
{
    if (map_get(known, text) != NULL) {
        return;
    }
    struct name *name = xmalloc(sizeof *name + text.len);
    name->len = text.len;
    if (text.len != 0) {
        memcpy(name->data, text.data, text.len);
    }
    map_add(known, name);
}

static void take(struct finding *f, struct survey *s)
{
    struct names_found *found = (struct names_found *)f;

    for (size_t i = 0; i < found->count; i++) {
        add(&((struct names *)s)->known, span_of_str(found->names[i]));
    }
    free(found->names);
    free(found);
}

static struct finding *find(const struct rookery_str *names, size_t count)
{
    struct names_found *found = xcalloc(1, sizeof *found);

    found->finding.take = take;
    found->names = strs_copy(names, count);
    found->count = count;
    return &found->finding;
}

static struct finding *look(struct survey *s, struct share *share,
                            const struct rookery_target *target)
{
    struct rookery_str *names =
        xcalloc((size_t)share->rooms.count + share->sockets.count + 1, sizeof *names);
    const struct rookery_socket *socket;
    const struct room *room;
    size_t count = 0;

    for (uint32_t i = 0; (room = map_next(&share->rooms, &i)) != NULL;) {
        names[count++] = str_of_span(room_name(room));
    }
    for (uint32_t i = 0; (socket = map_next(&share->sockets, &i)) != NULL;) {
        if (socket_in_own_room(socket)) {
            names[count++] = rookery_socket_id(socket);
        }
    }
    struct finding *f = find(names, count);
    free(names);
    return f;
}

static void on_rooms(struct inquiry *q, const struct rookery_str *rooms, size_t count)
{
    survey_report(survey_of(q), find(rooms, count));
}

/* ---- all of them ---- */

static void hand_over(const struct names *n)
{
    struct rookery_str *names = xcalloc((size_t)n->known.count + 1, sizeof *names);
    const struct name *name;
    size_t count = 0;

    for (uint32_t i = 0; (name = map_next(&n->known, &i)) != NULL;) {
        names[count++] = str_of_span(key_of_name(name));
    }
    if (n->local_fn != NULL) {
        n->local_fn(names, count, n->arg);
    } else {
        n->fn(n->survey.error, names, count, n->arg);
    }
    free(names);
}

static void conclude(struct survey *s)
{
    struct names *n = (struct names *)s;
    struct name *name;

    hand_over(n);
    for (uint32_t i = 0; (name = map_next(&n->known, &i)) != NULL;) {
        free(name);
    }
    map_finish(&n->known);
    free(n);
}

static struct names *create(struct rookery_namespace *nsp, void *arg)
{
    struct names *n = xcalloc(1, sizeof *n);

    survey_init(&n->survey, nsp);
    n->survey.look = look;
    n->survey.conclude = conclude;
    n->survey.inquiry.kind = INQUIRE_ROOMS;
    n->survey.inquiry.on_rooms = on_rooms;
    map_init(&n->known, key_of_name, n->survey.loop->hash_secret);
    n->arg = arg;
    return n;
}

void rookery_all_rooms(struct rookery_namespace *nsp, rookery_names_fn fn, void *arg)
{
    struct names *n = create(nsp, arg);

    n->fn = fn;
    survey_begin(&n->survey, NULL, (struct rookery_str){0}, NULL);
}

void local_rooms(struct rookery_namespace *nsp, local_rooms_fn fn, void *arg)
{
    const struct rookery_target here = {.local = true};
    struct names *n = create(nsp, arg);

    n->local_fn = fn;
    survey_begin(&n->survey, &here, (struct rookery_str){0}, NULL);
}
