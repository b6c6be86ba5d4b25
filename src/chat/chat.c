// SPDX-License-Identifier: MIT
#include "src/chat/chat.h"

#include <assert.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/chat/admission.h"
#include "src/chat/chat_loop.h"
#include "src/chat/comeback.h"
#include "src/chat/crew.h"
#include "src/chat/dedup.h"
#include "src/chat/following.h"
#include "src/chat/gossip.h"
#include "src/chat/hearing.h"
#include "src/chat/inquest.h"
#include "src/chat/leave.h"
#include "src/chat/limiter.h"
#include "src/chat/membership.h"
#include "src/chat/message.h"
#include "src/chat/pending.h"
#include "src/chat/permit.h"
#include "src/chat/remote.h"
#include "src/chat/text.h"
#include "src/chat/typing.h"

void chat_go(struct chat_loop *cl, struct chat_loop *to, struct task *task,
             void (*fn)(struct task *task))
{
    if (cl == to) {
        fn(task);
        return;
    }
    task->run = fn;
    executor_post(to->executor, task);
}

/* ---- events ---- */

static void ignore(const struct chat_call *call)
{
    chat_answer_done(call);
}

static const chat_command_fn handlers[] = {
    [COMMAND_IGNORE] = ignore,
    [COMMAND_JOIN] = chat_on_join,
    [COMMAND_LEAVE] = chat_on_leave,
    [COMMAND_SEND] = chat_on_send,
    [COMMAND_EDIT] = chat_on_edit,
    [COMMAND_DELETE] = chat_on_delete,
    [COMMAND_READ] = chat_on_read,
    [COMMAND_TYPING] = chat_on_typing,
    [COMMAND_TYPING_STOP] = chat_on_typing_stop,
    [COMMAND_ARRIVE] = chat_on_arrive,
    [COMMAND_SEND_DIRECT] = chat_on_send_direct,
    [COMMAND_READ_DIRECT] = chat_on_read_direct,
    [COMMAND_TYPING_DIRECT] = chat_on_typing_direct,
    [COMMAND_PRESENCE] = chat_on_presence,
    [COMMAND_HISTORY] = chat_on_history,
    [COMMAND_SEARCH] = chat_on_search,
    [COMMAND_LIST_ROOMS] = chat_on_list_rooms,
    [COMMAND_CREATE_ROOM] = chat_on_create_room,
    [COMMAND_MEMBERS] = chat_on_members,
};

static void on_event(struct rookery_socket *s, const struct rookery_event *e, void *arg)
{
    struct chat_loop *cl = chat_loop_of(arg, s);
    struct dialect_limits limits = {.content_units_max = cl->limits.content_units_max,
                                    .raw_bytes_max =
                                        policy_raw_bytes_max(cl->limits.content_units_max)};
    struct command command;
    struct chat_call call = {.cl = cl, .socket = s, .event = e, .command = &command};
    const struct refusal *refusal =
        dialect_read(e->name, rookery_arg(&e->args, 0), &limits, &cl->scratch, &command);

    if (refusal == NULL) {
        refusal = permit(cl, s, &command);
    }
    if (refusal != NULL) {
        chat_refuse(&call, refusal);
    } else {
        handlers[command.kind](&call);
    }
}

static void on_disconnecting(struct rookery_socket *s, const char *reason, void *arg)
{
    struct chat_loop *cl = chat_loop_of(arg, s);
    bool goes_alone = strcmp(reason, "server shutting down") != 0;

    typing_forget(cl, s, SPAN(""));
    if (goes_alone) {
        comeback_keep(cl, s);
    }
    /* When all leave at once there is nobody to tell, and telling those that are still there would
     * cost the square of their number. */
    leave_all(cl, s, goes_alone);
    admission_end(cl, s);
}

/* ---- limits ---- */

/* One for each loop, freed by the last that takes it. */
struct limits_change {
    struct task task;
    struct chat_loop *cl;
    struct chat_limits limits;
};

static void take_limits(struct task *task)
{
    struct limits_change *change = container_of(task, struct limits_change, task);

    change->cl->limits = change->limits;
    free(change);
}

void chat_set_limits(struct chat *chat, const struct chat_limits *limits)
{
    for (unsigned i = 0; i < chat->loop_count; i++) {
        struct limits_change *change = xmalloc(sizeof *change);
        *change = (struct limits_change){.cl = &chat->loops[i], .limits = *limits};
        change->task.run = take_limits;
        executor_post(chat->loops[i].executor, &change->task);
    }
}

bool chat_may_login(struct chat *chat, const char *address)
{
    struct chat_loop *cl = chat->loops;

    while (!executor_inside(cl->executor)) {
        cl++;
    }
    return limiter_allow(chat->limiter, LIMIT_LOGINS, span_cstr(address),
                         cl->limits.logins_per_address, cl->executor->now_ms);
}

/* ---- making ---- */

static void init_loop(struct chat *chat, struct rookery *io, unsigned i,
                      const struct chat_options *options)
{
    enum { TAIL_BYTES_DEFAULT = 64 << 20 };
    size_t tail_bytes = options->tail_bytes_max == 0 ? TAIL_BYTES_DEFAULT : options->tail_bytes_max;
    struct chat_loop *cl = &chat->loops[i];

    cl->chat = chat;
    cl->executor = options->executors[i];
    cl->loop = rookery_loop_at(io, i);
    cl->stats = options->stats == NULL ? NULL : options->stats[i];
    cl->limits = options->limits;
    chat_rooms_init(&cl->rooms, chat->hash_secret, tail_bytes / chat->loop_count);
    pending_init(cl);
    admission_init(cl);
    typing_init(cl);
    membership_init(cl);
}

static void add_handlers(struct chat *chat)
{
    admission_add_handlers(chat);
    rookery_on_disconnecting(chat->nsp, on_disconnecting, chat);
    for (size_t i = 0; i < dialect_event_count(); i++) {
        rookery_on(chat->nsp, dialect_event_name(i), on_event, chat);
    }
}

/* A journal that sees the store knows by itself what has come before. */
static void create_dedup(struct chat *chat, const struct chat_options *options)
{
    const struct dedup_options dedup = {.executors = options->executors,
                                        .stats = options->stats,
                                        .loop_count = chat->loop_count,
                                        .keyspace = options->keyspace,
                                        .arg = options->keyspace_arg,
                                        .ttl_ms = options->dedup_ms};

    if (chat->journal != NULL && chat->journal->ops->blind && options->keyspace != NULL &&
        options->dedup_ms > 0) {
        chat->dedup = dedup_create(&dedup);
    }
}

struct chat *chat_create(struct rookery *io, const struct chat_options *options)
{
    unsigned loops = rookery_loop_count(io);
    struct chat *chat = xcalloc(1, sizeof *chat + loops * sizeof *chat->loops);

    assert((options->journal == NULL) == (options->store == NULL));
    assert(options->auth != NULL || !options->auth_required);
    assert(options->recovery_ms == 0 || rookery_node_id(io).len == 0);
    chat->io = io;
    chat->nsp = rookery_of(io, ROOKERY_STR("/"));
    chat->journal = options->journal;
    chat->store = options->store;
    chat->store_is_shared = options->store_is_shared;
    chat->watcher = options->watcher;
    chat->auth = options->auth;
    chat->auth_required = options->auth_required;
    chat->recovery_ms = options->recovery_ms;
    chat->recovery_trusts = options->recovery_trusts;
    chat->service_id = options->service_id;
    chat->loop_count = loops;
    executor_random(options->executors[0], chat->hash_secret, sizeof chat->hash_secret);
    chat->limiter = limiter_create(chat->hash_secret);
    for (unsigned i = 0; i < loops; i++) {
        init_loop(chat, io, i, options);
    }
    following_begin(chat);
    create_dedup(chat, options);
    add_handlers(chat);
    remote_add_handlers(chat);
    hearing_add_handlers(chat);
    crew_init(chat);
    return chat;
}

static void finish_loop(struct chat_loop *cl)
{
    assert(cl->inquests.first == NULL);
    pending_finish(cl);
    chat_rooms_finish(&cl->rooms);
    admission_finish(cl);
    typing_finish(cl);
    membership_finish(cl);
    bytes_finish(&cl->out);
    bytes_finish(&cl->note);
    free(cl->recent);
    gossip_finish(cl);
    dialect_scratch_finish(&cl->scratch);
}

void chat_stop(struct chat *chat)
{
    if (chat == NULL) {
        return;
    }
    chat->stopped = true;
    for (unsigned i = 0; i < chat->loop_count && chat_is_clustered(chat); i++) {
        inquest_stop(&chat->loops[i]);
    }
}

void chat_destroy(struct chat *chat)
{
    if (chat == NULL) {
        return;
    }
    for (unsigned i = 0; i < chat->loop_count; i++) {
        finish_loop(&chat->loops[i]);
    }
    following_finish(chat);
    dedup_destroy(chat->dedup);
    crew_finish(chat);
    limiter_destroy(chat->limiter);
    free(chat);
}
