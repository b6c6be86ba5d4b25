/* rookery_broadcast and rookery_broadcast_from.
 *
 * The packet is encoded once. On the caller's loop it is delivered at once; for the others it goes
 * into a frame, and by an errand.
 *
 * A parent namespace has no packets of its own: each loop encodes for each child that it has. A
 * thread that runs no loop has loop 0 do it. */
// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/socket/args_copy.h"
#include "src/socket/delivery.h"
#include "src/socket/errand.h"
#include "src/socket/io.h"
#include "src/socket/socket.h"

/* The arguments of the call, but for the namespace. */
struct call {
    struct rookery_socket *from; /* or NULL */
    const struct rookery_target *to;
    struct rookery_str event;
    const struct rookery_args *args;
    const struct rookery_broadcast *how; /* not NULL */
};

static const struct rookery_broadcast plainly;

static int check_how(const struct rookery_namespace *nsp, const struct rookery_broadcast *how)
{
    bool fit_for_acks = how->timeout_ms != 0 && !namespace_is_parent(nsp);
    return how->on_acks != NULL && !fit_for_acks ? ROOKERY_EINVAL : 0;
}

/* ---- on the other loops ---- */

struct broadcast {
    struct errand errand;
    struct delivery delivery; /* with a frame, which it holds */
};

static void finish_broadcast(struct errand *e)
{
    frame_release(((struct broadcast *)e)->delivery.frame);
}

static void run_broadcast(struct errand *e, struct rookery_loop *loop)
{
    delivery_run(&((struct broadcast *)e)->delivery, e->nsp, loop);
}

static void send_to_other_loops(const struct delivery *d, struct rookery_namespace *nsp,
                                const struct rookery_loop *here)
{
    struct broadcast *b = errand_create(sizeof *b, nsp, d->to);

    b->errand.run = run_broadcast;
    b->errand.finish = finish_broadcast;
    b->delivery = *d;
    b->delivery.from = NULL; /* that one is here */
    b->delivery.to = b->errand.target;
    b->delivery.packet = span_of(d->frame->data, d->frame->len);
    (void)frame_hold(d->frame);
    errand_send(&b->errand, here);
}

static int broadcast_from_loop(struct rookery_loop *here, struct rookery_namespace *nsp,
                               const struct call *call)
{
    const struct rookery_broadcast *how = call->how;
    struct sio_head head = {.type = SIO_EVENT, .nsp = namespace_name(nsp)};
    struct delivery d = {.to = call->to,
                         .from = call->from,
                         .is_volatile = how->is_volatile,
                         .no_compress = how->no_compress};

    if (how->on_acks != NULL) {
        head.has_id = true;
        head.id = d.ack_id = share_take_ack_id(share_get(nsp, here));
    }
    int error = encoder_event(&here->encoder, head, call->event, call->args, &d.packet);
    if (error < 0) {
        return error;
    }
    if (how->on_acks != NULL) {
        d.gather = gather_create(here, how->timeout_ms, how->on_acks, how->arg);
    }
    if (nsp->io->loop_count == 1) {
        delivery_run(&d, nsp, here);
        return 0;
    }
    d.frame = delivery_frame(&d);
    send_to_other_loops(&d, nsp, here);
    delivery_run(&d, nsp, here);
    frame_release(d.frame);
    return 0;
}

/* ---- to the children of a parent, and by other threads ---- */

/* The call, to be made later. */
struct kept_call {
    struct errand errand; /* for parents, on every loop */
    struct task task;     /* for other threads, on loop 0 */
    struct call call;
    struct rookery_broadcast how;
    struct rookery_str *event;
    struct rookery_args *args;
};

static void finish_kept(struct errand *e)
{
    struct kept_call *kept = (struct kept_call *)e;

    free(kept->event);
    free(kept->args);
}

static struct kept_call *keep(struct rookery_namespace *nsp, const struct call *call)
{
    struct kept_call *kept = errand_create(sizeof *kept, nsp, call->to);

    kept->errand.finish = finish_kept;
    kept->how = *call->how;
    kept->event = strs_copy(&call->event, 1);
    kept->args = args_copy(call->args);
    kept->call = (struct call){
        .to = kept->errand.target, .event = *kept->event, .args = kept->args, .how = &kept->how};
    return kept;
}

static void run_for_children(struct errand *e, struct rookery_loop *loop)
{
    const struct call *call = &((struct kept_call *)e)->call;
    struct delivery d = {.to = call->to,
                         .is_volatile = call->how->is_volatile,
                         .no_compress = call->how->no_compress};

    for (struct share *s = share_first(e->nsp, loop); s != NULL; s = share_next(e->nsp, s)) {
        const struct sio_head head = {.type = SIO_EVENT, .nsp = namespace_name(s->nsp)};
        if (encoder_event(&loop->encoder, head, call->event, call->args, &d.packet) == 0) {
            delivery_run(&d, s->nsp, loop);
        }
    }
}

static void run_on_loop_0(struct task *task)
{
    struct kept_call *kept = container_of(task, struct kept_call, task);
    struct rookery_namespace *nsp = kept->errand.nsp;

    (void)broadcast_from_loop(&nsp->io->loops[0], nsp, &kept->call); /* it has been checked */
    errand_drop(&kept->errand);
}

/* What broadcast_from_loop would say about it. */
static int check_call(const struct rookery_namespace *nsp, const struct call *call)
{
    struct encoder encoder = {0};
    const struct sio_head head = {.type = SIO_EVENT, .nsp = namespace_name(nsp)};
    struct span packet;
    int error = encoder_event(&encoder, head, call->event, call->args, &packet);

    encoder_finish(&encoder);
    return error;
}

static int broadcast_later(struct rookery_namespace *nsp, const struct call *call)
{
    int error = check_call(nsp, call);

    if (error < 0) {
        return error;
    }
    struct kept_call *kept = keep(nsp, call);
    if (namespace_is_parent(nsp)) {
        kept->errand.run = run_for_children;
        errand_send(&kept->errand, NULL);
    } else {
        kept->task.run = run_on_loop_0;
        executor_post(nsp->io->loops[0].executor, &kept->task);
    }
    return 0;
}

/* ---- the API ---- */

int rookery_broadcast(struct rookery_namespace *nsp, const struct rookery_target *to,
                      struct rookery_str event, const struct rookery_args *args,
                      const struct rookery_broadcast *how)
{
    struct rookery_loop *here = io_current(nsp->io);
    const struct call call = {NULL, to, event, args, how == NULL ? &plainly : how};
    int error = check_how(nsp, call.how);

    if (error < 0) {
        return error;
    }
    return here == NULL || namespace_is_parent(nsp) ? broadcast_later(nsp, &call)
                                                    : broadcast_from_loop(here, nsp, &call);
}

int rookery_broadcast_from(struct rookery_socket *s, const struct rookery_target *to,
                           struct rookery_str event, const struct rookery_args *args,
                           const struct rookery_broadcast *how)
{
    struct share *share = s->share;
    const struct call call = {s, to, event, args, how == NULL ? &plainly : how};
    int error = check_how(share->nsp, call.how);

    return error < 0 ? error : broadcast_from_loop(share->loop, share->nsp, &call);
}
