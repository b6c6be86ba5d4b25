/* rookery_fetch_sockets: each loop describes its sockets and posts that to the loop that asked,
 * which calls back when it has heard of all. */
// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/engine/request.h"
#include "src/socket/errand.h"
#include "src/socket/io.h"
#include "src/socket/rooms.h"
#include "src/socket/socket.h"
#include "src/socket/text.h"

/* On the loop that asked. */
struct fetch {
    struct rookery_loop *loop;
    rookery_sockets_fn fn;
    void *arg;
    unsigned loops_left;
    int error;
    struct rookery_socket_info *sockets;
    size_t count;
};

struct fetch_errand {
    struct errand errand;
    struct fetch *fetch;
};

/* What one loop has found. */
struct finding {
    struct task task;
    struct fetch *fetch;
    struct rookery_socket_info *sockets; /* each with a block of its own, its rooms */
    size_t count;
};

/* ---- describing a socket ---- */

struct room_counter {
    size_t count, bytes;
};

static void count_room(struct rookery_str room, void *arg)
{
    struct room_counter *c = arg;
    c->count++;
    c->bytes += room.len;
}

struct room_writer {
    struct rookery_str *next;
    char *at;
};

static struct rookery_str put_text(char **at, struct span text)
{
    struct rookery_str copy = {*at, text.len};

    memcpy(*at, text.data, text.len);
    *at += text.len;
    return copy;
}

static void put_room(struct rookery_str room, void *arg)
{
    struct room_writer *w = arg;
    struct span name = span_of_str(room);

    *w->next++ = name.len == 0 ? (struct rookery_str){w->at, 0} : put_text(&w->at, name);
}

static struct rookery_socket_info describe(const struct rookery_socket *s)
{
    struct span auth = span_of_str(rookery_socket_auth(s));
    struct span info = s->info == NULL ? SPAN("{}") : span_cstr(s->info);
    struct rookery_request *request = socket_session(s)->request;
    struct room_counter c = {0};

    rookery_rooms(s, count_room, &c);
    struct rookery_str *rooms =
        xmalloc(c.count * sizeof *rooms + c.bytes + SOCKET_ID_LEN + auth.len + info.len);
    struct room_writer w = {rooms, (char *)(rooms + c.count)};
    rookery_rooms(s, put_room, &w);
    return (struct rookery_socket_info){
        .id = put_text(&w.at, socket_id(s)),
        .rooms = rooms,
        .room_count = c.count,
        .info_json = put_text(&w.at, info),
        .request = request == NULL ? NULL : request_hold(request),
        .auth_json = put_text(&w.at, auth),
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

/* ---- gathering ---- */

static void conclude(struct fetch *f)
{
    f->fn(f->error, f->sockets, f->count, f->arg);
    free_infos(f->sockets, f->count);
    free(f);
}

static void receive(struct task *task)
{
    struct finding *finding = container_of(task, struct finding, task);
    struct fetch *f = finding->fetch;

    if (finding->count != 0) {
        f->sockets = xreallocarray(f->sockets, f->count + finding->count, sizeof *f->sockets);
        memcpy(f->sockets + f->count, finding->sockets, finding->count * sizeof *f->sockets);
        f->count += finding->count;
    }
    free(finding->sockets);
    free(finding);
    if (--f->loops_left == 0) {
        conclude(f);
    }
}

static void run(struct errand *e, struct rookery_loop *loop)
{
    struct share *share = share_of(e->nsp, loop);
    struct finding *finding = xcalloc(1, sizeof *finding);

    finding->fetch = ((struct fetch_errand *)e)->fetch;
    finding->task.run = receive;
    if (share != NULL && !namespace_is_parent(e->nsp)) {
        receivers_collect(&loop->receivers, share, e->target, TAGS_ALL, NULL);
        finding->count = loop->receivers.count;
        finding->sockets = xcalloc(finding->count + 1, sizeof *finding->sockets);
        for (size_t i = 0; i < finding->count; i++) {
            finding->sockets[i] = describe(loop->receivers.sockets[i]);
        }
    }
    executor_post(finding->fetch->loop->executor, &finding->task);
}

void rookery_fetch_sockets(struct rookery_namespace *nsp, const struct rookery_target *of,
                           rookery_sockets_fn fn, void *arg)
{
    struct rookery_loop *here = io_current(nsp->io);
    struct fetch_errand *fe = errand_create(sizeof *fe, nsp, of);
    struct fetch *f = xcalloc(1, sizeof *f);

    f->loop = here == NULL ? &nsp->io->loops[0] : here;
    f->fn = fn;
    f->arg = arg;
    f->loops_left = nsp->io->loop_count;
    f->error = namespace_is_parent(nsp) ? ROOKERY_EINVAL : 0;
    fe->errand.run = run;
    fe->fetch = f;
    errand_send(&fe->errand, NULL);
}
