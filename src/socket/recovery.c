// SPDX-License-Identifier: MIT
#include "src/socket/recovery.h"

#include "protocol/base64.h"
#include "protocol/json.h"
#include "src/base/memory.h"
#include "src/socket/adapter.h"
#include "src/socket/args_copy.h"
#include "src/socket/io.h"
#include "src/socket/keeper.h"
#include "src/socket/middleware.h"
#include "src/socket/rooms.h"
#include "src/socket/text.h"

/* A socket on its way back. It is the adapter's while that reads, else the socket's. */
struct returning {
    struct restoration restoration;
    struct task task;              /* from loop 0 to the socket's */
    struct rookery_socket *socket; /* held */
    char pid[SOCKET_ID_LEN];
    char offset[ADAPTER_OFFSET_MAX];
    /* The session; sid is empty until it is known. */
    struct adapter_session session;
    char sid[SOCKET_ID_LEN];
    struct rookery_str *rooms, *texts; /* texts: info, mark */
    uint8_t *tags;
    struct bytes missed; /* packets, as they are queued */
    uint64_t missed_count;
    bool reading;  /* the adapter has it, or it waits for the keeper */
    bool restored; /* what the reading came to */
    bool adopted;  /* the socket is the former one */
    bool complete; /* nothing can have been said since it was read */
};

static struct adapter *adapter_of(const struct rookery_socket *s)
{
    return s->share->nsp->io->adapter;
}

static struct keeper *keeper_of(const struct rookery_socket *s)
{
    return s->share->nsp->io->keeper;
}

/* ---- sessions ---- */

struct room_list {
    const struct rookery_socket *of;
    struct rookery_str *names;
    uint8_t *tags;
    size_t count;
};

static void count_room(struct rookery_str room, void *arg)
{
    (void)room;
    ((struct room_list *)arg)->count++;
}

static void note_room(struct rookery_str room, void *arg)
{
    struct room_list *list = arg;

    list->tags[list->count] = (uint8_t)rookery_room_tag(list->of, room);
    list->names[list->count++] = room;
}

static struct rookery_str info_of(const struct rookery_socket *s)
{
    struct json info;

    if (s->info == NULL || json_parse(span_cstr(s->info), JSON_DEPTH_MAX, &info) < 0 ||
        info.type != JSON_OBJECT) {
        return ROOKERY_STR("{}");
    }
    return str_of_span(span_cstr(s->info));
}

/* The ends of a connection that it has not wished for. */
static bool may_come_back(const char *reason)
{
    static const char *const reasons[] = {
        "transport close", "transport error",      "ping timeout",
        "forced close",    "server shutting down", "forced server close",
    };

    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (strcmp(reason, reasons[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void save(const struct rookery_socket *s, const struct adapter_session *session)
{
    if (keeper_of(s) != NULL) {
        keeper_save(keeper_of(s), s->share->loop, s->share->nsp, session);
    } else {
        adapter_of(s)->ops->save(adapter_of(s), s->share->nsp, session);
    }
}

void recovery_save(struct rookery_socket *s, const char *reason)
{
    struct room_list list = {.of = s};

    if (s->recovery == NULL || !may_come_back(reason)) {
        return;
    }
    rookery_rooms(s, count_room, &list);
    list.names = xcalloc(list.count + 1, sizeof *list.names);
    list.tags = xcalloc(list.count + 1, 1);
    list.count = 0;
    rookery_rooms(s, note_room, &list);
    const struct adapter_session session = {
        .sid = rookery_socket_id(s),
        .pid = str_of_span(recovery_pid(s)),
        .rooms = list.names,
        .tags = list.tags,
        .room_count = list.count,
        .info_json = info_of(s),
        .mark = s->recovery->mark == NULL ? (struct rookery_str){0} : *s->recovery->mark,
    };
    save(s, &session);
    free(list.names);
    free(list.tags);
}

/* ---- life ---- */

static void make_pid(struct rookery_socket *s)
{
    uint8_t raw[SOCKET_ID_LEN * 3 / 4];

    executor_random(s->share->loop->executor, raw, sizeof raw);
    base64url_encode(span_of(raw, sizeof raw), (uint8_t *)s->recovery->pid);
}

void recovery_open(struct rookery_socket *s)
{
    if (keeper_of(s) == NULL && (adapter_of(s) == NULL || !adapter_of(s)->recovers)) {
        return;
    }
    s->recovery = xcalloc(1, sizeof *s->recovery);
    make_pid(s);
}

static void returning_destroy(struct returning *r)
{
    bytes_finish(&r->missed);
    free(r->rooms);
    free(r->tags);
    free(r->texts);
    r->socket->recovery->returning = NULL;
    rookery_socket_release(r->socket);
    free(r);
}

void recovery_finish(struct rookery_socket *s)
{
    if (s->recovery != NULL) {
        free(s->recovery->mark);
        free(s->recovery);
    }
}

/* Its client has gone before it has joined. */
static void give_back(struct returning *r)
{
    struct rookery_socket *s = r->socket;

    if (r->session.sid.len != 0) {
        save(s, &r->session);
    }
    returning_destroy(r);
}

void recovery_abandon(struct rookery_socket *s)
{
    if (s->recovery != NULL && s->recovery->returning != NULL && !s->recovery->returning->reading) {
        give_back(s->recovery->returning);
    }
}

void recovery_give_up(struct rookery_socket *s)
{
    if (s->recovery != NULL && s->recovery->returning != NULL) {
        returning_destroy(s->recovery->returning);
    }
}

/* ---- what was found: by an adapter on loop 0, by the keeper here ---- */

static void on_session(struct restoration *restoration, const struct adapter_session *session)
{
    struct returning *r = container_of(restoration, struct returning, restoration);

    if (session->sid.len != SOCKET_ID_LEN) {
        return;
    }
    memcpy(r->sid, session->sid.data, SOCKET_ID_LEN);
    r->rooms = strs_copy(session->rooms, session->room_count);
    r->texts = strs_copy((struct rookery_str[]){session->info_json, session->mark}, 2);
    r->tags = xcalloc(session->room_count + 1, 1);
    if (session->tags != NULL) {
        memcpy(r->tags, session->tags, session->room_count);
    }
    r->session = (struct adapter_session){
        .sid = {r->sid, SOCKET_ID_LEN},
        .pid = {r->pid, SOCKET_ID_LEN},
        .rooms = r->rooms,
        .tags = r->tags,
        .room_count = session->room_count,
        .info_json = r->texts[0],
        .mark = r->texts[1],
    };
}

static bool on_frames(struct restoration *restoration, struct span frames)
{
    struct returning *r = container_of(restoration, struct returning, restoration);

    if (frames.len > RECOVERY_MISSED_BYTES_MAX - r->missed.len) {
        return false;
    }
    bytes_add_span(&r->missed, frames);
    r->missed_count++;
    return true;
}

static bool on_missed(struct restoration *restoration, const struct adapter_packet *packet,
                      struct rookery_str offset)
{
    struct returning *r = container_of(restoration, struct returning, restoration);
    const struct rookery_namespace *nsp = r->socket->share->nsp;
    const struct sio_head head = {.type = SIO_EVENT, .nsp = namespace_name(nsp)};
    struct span frames;

    if (packet->note.len != 0 && nsp->handlers->noted.fn != NULL) {
        return false;
    }
    if (encoder_event_at(&nsp->io->loops[0].encoder, head, packet->event, packet->args,
                         span_of_str(offset), &frames) < 0) {
        return true; /* nobody has got it */
    }
    return on_frames(restoration, frames);
}

static void come_back(struct task *task);

static void on_done(struct restoration *restoration, bool restored, struct rookery_str through)
{
    struct returning *r = container_of(restoration, struct returning, restoration);
    struct executor *ex = r->socket->share->loop->executor;

    r->restored = restored && r->session.sid.len != 0 && through.len <= sizeof r->offset;
    if (r->restored) {
        memcpy(r->offset, through.data, through.len);
        restoration->offset = (struct rookery_str){r->offset, through.len};
        restoration->former = &r->session;
    }
    r->task.run = come_back;
    if (executor_inside(ex)) {
        come_back(&r->task); /* before anything else is said here */
    } else {
        executor_post(ex, &r->task);
    }
}

/* ---- on the socket's loop ---- */

static void ask_keeper(struct task *task)
{
    struct returning *r = container_of(task, struct returning, task);
    struct rookery_socket *s = r->socket;

    if (s->state != SOCKET_CONNECTING) {
        give_back(r);
    } else if (!keeper_restore(keeper_of(s), s->share->loop, s->share->nsp, &r->restoration)) {
        r->task.run = ask_keeper;
        executor_post(s->share->loop->executor, &r->task);
    }
}

static void read_missed(struct returning *r)
{
    struct rookery_socket *s = r->socket;

    r->reading = true;
    if (keeper_of(s) != NULL) {
        ask_keeper(&r->task);
    } else {
        adapter_of(s)->ops->restore(adapter_of(s), s->share->nsp, &r->restoration);
    }
}

/* Whether the socket is the one that it was; another may be, if the session is not to be trusted.
 */
static bool adopt(struct returning *r)
{
    struct rookery_socket *s = r->socket;

    if (map_get(&s->share->sockets, span_of_str(r->session.sid)) != NULL) {
        return false;
    }
    memcpy(s->id, r->sid, SOCKET_ID_LEN);
    memcpy(s->recovery->pid, r->pid, SOCKET_ID_LEN);
    s->recovery->recovered = true;
    s->left_own_room = true;
    for (size_t i = 0; i < r->session.room_count; i++) {
        if (span_eq(span_of_str(r->rooms[i]), socket_id(s))) {
            s->left_own_room = false;
        } else {
            (void)rookery_join_as(s, r->rooms[i], r->tags[i]);
        }
    }
    rookery_socket_set_info(s, r->session.info_json);
    s->recovery->mark = strs_copy(&r->session.mark, 1);
    r->adopted = true;
    return true;
}

static void admit_former(struct returning *r)
{
    struct rookery_socket *s = rookery_socket_hold(r->socket);

    r->complete = true;
    if (s->share->nsp->io->options.skip_middlewares) {
        socket_connect(s);
    } else {
        middleware_ask_connect(s);
    }
    if (s->recovery->returning != NULL) {
        s->recovery->returning->complete = false;
    }
    rookery_socket_release(s);
}

static void admit_new(struct returning *r)
{
    struct rookery_socket *s = rookery_socket_hold(r->socket);

    returning_destroy(r);
    middleware_ask_connect(s);
    rookery_socket_release(s);
}

static void come_back(struct task *task)
{
    struct returning *r = container_of(task, struct returning, task);

    r->reading = false;
    if (r->socket->state != SOCKET_CONNECTING) {
        give_back(r);
    } else if (r->adopted && r->restored) {
        socket_connect(r->socket);
    } else if (r->adopted) {
        session_close(socket_session(r->socket), REASON_FORCED_CLOSE);
    } else if (r->restored && adopt(r)) {
        admit_former(r);
    } else {
        admit_new(r);
    }
}

void recovery_connect(struct rookery_socket *s)
{
    struct returning *r = s->recovery == NULL ? NULL : s->recovery->returning;

    if (r == NULL || r->complete) {
        socket_connect(s);
    } else {
        read_missed(r);
    }
}

void recovery_send_missed(struct rookery_socket *s)
{
    struct returning *r = s->recovery == NULL ? NULL : s->recovery->returning;

    if (r == NULL) {
        return;
    }
    if (r->missed_count > 0) {
        struct frame *f = frame_copy(bytes_span(&r->missed));
        session_send(socket_session(s), f);
        frame_release(f);
        io_loop_count(s->share->loop, STAT_PACKETS_SENT, r->missed_count);
    }
    returning_destroy(r);
}

/* The member's text, if that is a string that fits; else -1. */
static int member_text(const struct rookery_socket *s, struct rookery_str key, char *out,
                       size_t size)
{
    return rookery_json_text(rookery_json_member(rookery_socket_auth(s), key), out, size);
}

static struct returning *returning_create(struct rookery_socket *s)
{
    char pid[SOCKET_ID_LEN + 1], offset[ADAPTER_OFFSET_MAX + 1];
    int pid_len = member_text(s, ROOKERY_STR("pid"), pid, sizeof pid);
    int offset_len = member_text(s, ROOKERY_STR("offset"), offset, sizeof offset);

    if (pid_len != SOCKET_ID_LEN || offset_len <= 0) {
        return NULL;
    }
    struct returning *r = xcalloc(1, sizeof *r);
    memcpy(r->pid, pid, SOCKET_ID_LEN);
    memcpy(r->offset, offset, (size_t)offset_len);
    r->socket = rookery_socket_hold(s);
    r->restoration = (struct restoration){
        .pid = {r->pid, SOCKET_ID_LEN},
        .offset = {r->offset, (size_t)offset_len},
        .on_session = on_session,
        .on_missed = on_missed,
        .on_frames = on_frames,
        .on_done = on_done,
    };
    return r;
}

void recovery_admit(struct rookery_socket *s)
{
    struct returning *r = s->recovery == NULL ? NULL : returning_create(s);

    if (r == NULL) {
        middleware_ask_connect(s);
        return;
    }
    s->recovery->returning = r;
    read_missed(r);
}

bool rookery_socket_recovered(const struct rookery_socket *s)
{
    return s->recovery != NULL && s->recovery->recovered;
}

/* While the adapter reads again there is nobody who asks: the middlewares have let it in. */
void rookery_begin_anew(struct rookery_socket *s)
{
    struct returning *r = s->recovery == NULL ? NULL : s->recovery->returning;

    if (s->state != SOCKET_CONNECTING || r == NULL || !r->adopted || r->reading) {
        return;
    }
    rooms_leave_all(s);
    socket_make_id(s);
    make_pid(s);
    rookery_socket_set_info(s, ROOKERY_STR("{}"));
    free(s->recovery->mark);
    s->recovery->mark = NULL;
    s->recovery->recovered = false;
    s->left_own_room = false;
    returning_destroy(r);
}
