/* rookery_emit: an event to one socket. */
// SPDX-License-Identifier: MIT
#include "src/socket/acks.h"
#include "src/socket/io.h"
#include "src/socket/keeper.h"
#include "src/socket/recovery.h"
#include "src/socket/rooms.h"
#include "src/socket/socket.h"

static void send(struct rookery_socket *s, struct span frames, const struct rookery_emit *how)
{
    struct frame *f = frame_copy(frames);

    f->no_compress = how->no_compress;
    if (how->is_volatile) {
        socket_send_volatile(s, f);
    } else {
        socket_send(s, f);
    }
    frame_release(f);
}

/* It may be missed by its client, and found again: the adapter has it. */
static int emit_by_own_room(struct rookery_socket *s, struct rookery_str event,
                            const struct rookery_args *args, const struct rookery_emit *h)
{
    const struct rookery_str id = rookery_socket_id(s);
    const struct rookery_target to = {.rooms = &id, .room_count = 1};
    const struct rookery_broadcast how = {.no_compress = h->no_compress};

    return rookery_broadcast(s->share->nsp, &to, event, args, &how);
}

/* The same, but it is kept here. */
static int emit_kept(struct rookery_socket *s, struct rookery_str event,
                     const struct rookery_args *args, const struct rookery_emit *h)
{
    const struct sio_head head = {.type = SIO_EVENT, .nsp = namespace_name(s->share->nsp)};
    struct rookery_loop *loop = s->share->loop;
    char offset[KEEPER_OFFSET_MAX];
    struct said *said = keeper_say_to_one(loop->io->keeper, loop, s, offset);
    struct span frames;
    int error = encoder_event_at(&loop->encoder, head, event, args, span_cstr(offset), &frames);

    if (error < 0) {
        keeper_said(loop->io->keeper, loop, said, NULL, 0);
    } else {
        const struct said_form form = {TAGS_ALL, frames};
        keeper_said(loop->io->keeper, loop, said, &form, 1);
        send(s, frames, h);
    }
    said_release(said);
    return error;
}

int rookery_emit(struct rookery_socket *s, struct rookery_str event,
                 const struct rookery_args *args, const struct rookery_emit *how)
{
    static const struct rookery_emit plainly;
    const struct rookery_emit *h = how == NULL ? &plainly : how;
    struct share *share = s->share;
    struct sio_head head = {.type = SIO_EVENT, .nsp = namespace_name(share->nsp)};
    struct span frames;

    if (!socket_receives(s)) {
        return ROOKERY_EGONE;
    }
    if (recovery_pid(s).len != 0 && h->on_ack == NULL && !h->is_volatile) {
        return share->nsp->io->keeper != NULL ? emit_kept(s, event, args, h)
                                              : emit_by_own_room(s, event, args, h);
    }
    if (h->on_ack != NULL) {
        head.has_id = true;
        head.id = share_take_ack_id(share);
    }
    int error = encoder_event(&share->loop->encoder, head, event, args, &frames);
    if (error < 0) {
        return error;
    }
    if (h->on_ack != NULL) {
        acks_expect(s, head.id, h->timeout_ms, h->on_ack, h->arg);
    }
    send(s, frames, h);
    return 0;
}
