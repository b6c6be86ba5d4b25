/* rookery_broadcast, rookery_broadcast_from and rookery_broadcast_forms, of which the first two are
 * the case of one form for all tags.
 *
 * Each form is encoded once, and all of them before the first is sent. On the caller's loop they
 * are delivered at once; for the others they go into frames, and by an errand.
 *
 * What other nodes of a cluster are told of it goes to the adapter (outward.h), and what they say
 * comes back in at local_broadcast and local_ask.
 *
 * With an adapter that recovers sessions, what is for all nodes is said here only when the adapter
 * knows its offset (struct adapter_echo): then a client can name the last thing that it got. What
 * wants answers, and what is for this node alone, has none and does not wait.
 *
 * A server that is alone and recovers sessions keeps what it says (keeper.h), which then has an
 * offset as well, and waits for nobody.
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
#include "src/socket/keeper.h"
#include "src/socket/local.h"
#include "src/socket/outward.h"
#include "src/socket/rooms.h"
#include "src/socket/socket.h"
#include "src/socket/text.h"

/* The arguments of the call, but for the namespace. */
struct call {
    struct rookery_socket *from; /* or NULL */
    const struct rookery_target *to;
    const struct rookery_form *forms;
    size_t count;                              /* of forms, at most ROOKERY_TAGS_MAX */
    const struct rookery_broadcast *how;       /* not NULL */
    const struct rookery_elsewhere *elsewhere; /* NULL: this node only */
    struct local_asking *asking;               /* wants the answers; or NULL */
    struct span offset;                        /* the last argument; empty: none */
};

static const struct rookery_broadcast plainly;
static const struct span nowhere;

static bool asks(const struct call *call)
{
    return call->how->on_acks != NULL || call->asking != NULL;
}

static int check_how(const struct rookery_namespace *nsp, const struct call *call)
{
    bool fit_for_acks = call->how->timeout_ms != 0 && !namespace_is_parent(nsp);
    return asks(call) && !fit_for_acks ? ROOKERY_EINVAL : 0;
}

/* ---- on other nodes ---- */

static bool concerns_others(const struct rookery_namespace *nsp, const struct call *call)
{
    return call->elsewhere != NULL && outward_wanted(nsp, call->to);
}

static struct adapter_packet packet_of(const struct call *call)
{
    struct adapter_packet packet = {
        .to = call->to,
        .event = call->elsewhere->event,
        .args = &call->elsewhere->args,
        .note = call->elsewhere->note,
        .is_volatile = call->how->is_volatile,
        .no_compress = call->how->no_compress,
        .timeout_ms = call->how->timeout_ms,
    };

    if (call->from != NULL) {
        packet.except_id = rookery_socket_id(call->from);
    }
    return packet;
}

static void tell_others(struct rookery_namespace *nsp, const struct call *call,
                        struct gather *answers)
{
    const struct adapter_packet packet = packet_of(call);

    outward_broadcast(nsp, &packet, answers);
}

/* Does the adapter say when it is said here? */
static bool is_echoed(const struct rookery_namespace *nsp, const struct call *call)
{
    return concerns_others(nsp, call) && nsp->io->adapter->recovers && !asks(call);
}

/* Is it kept for those who come back to this server? */
static bool is_kept(const struct rookery_namespace *nsp, const struct call *call)
{
    return nsp->io->keeper != NULL && !asks(call) && !call->how->is_volatile;
}

/* ---- encoding ---- */

static void release_frames(const struct delivery_form *forms, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (forms[i].frame != NULL) {
            frame_release(forms[i].frame);
        }
    }
}

static void put_in_frame(struct delivery_form *form, bool no_compress)
{
    form->frame = delivery_frame(form, no_compress);
    form->packet = span_of(form->frame->data, form->frame->len);
}

/* Fills in encoded[call->count], to be given to release_frames. Outside of frames there is room for
 * one form only: it is in the encoder. */
static int encode(struct encoder *encoder, struct sio_head head, const struct call *call,
                  bool in_frames, struct delivery_form *encoded)
{
    for (size_t i = 0; i < call->count; i++) {
        const struct rookery_form *form = &call->forms[i];
        encoded[i] = (struct delivery_form){.tags = form->tags};
        int error = encoder_event_at(encoder, head, form->event, &form->args, call->offset,
                                     &encoded[i].packet);
        if (error < 0) {
            release_frames(encoded, i);
            return error;
        }
        if (in_frames || call->count > 1) {
            put_in_frame(&encoded[i], call->how->no_compress);
        }
    }
    return 0;
}

static struct delivery delivery_of(const struct call *call, const struct delivery_form *encoded)
{
    return (struct delivery){.to = call->to,
                             .from = call->from,
                             .forms = encoded,
                             .count = call->count,
                             .is_volatile = call->how->is_volatile,
                             .no_compress = call->how->no_compress};
}

/* ---- on the other loops ---- */

struct broadcast {
    struct errand errand;
    struct delivery delivery;
    struct said *said;            /* held; NULL: it is not kept */
    struct delivery_form forms[]; /* with frames, which it holds */
};

static void finish_broadcast(struct errand *e)
{
    const struct broadcast *b = (struct broadcast *)e;

    release_frames(b->delivery.forms, b->delivery.count);
    if (b->said != NULL) {
        said_release(b->said);
    }
}

static void run_broadcast(struct errand *e, struct rookery_loop *loop)
{
    const struct broadcast *b = (struct broadcast *)e;

    if (b->said != NULL) {
        keeper_passed(loop->io->keeper, loop, b->said);
    }
    delivery_run(&b->delivery, e->nsp, loop);
}

static void send_to_other_loops(const struct delivery *d, struct rookery_namespace *nsp,
                                const struct rookery_loop *here, struct said *said)
{
    struct broadcast *b = errand_create(sizeof *b + d->count * sizeof *d->forms, nsp, d->to);

    b->errand.run = run_broadcast;
    b->errand.finish = finish_broadcast;
    b->said = said == NULL ? NULL : said_hold(said);
    b->delivery = *d;
    b->delivery.from = NULL; /* that one is here */
    b->delivery.to = b->errand.target;
    b->delivery.forms = b->forms;
    for (size_t i = 0; i < d->count; i++) {
        b->forms[i] = d->forms[i];
        (void)frame_hold(d->forms[i].frame);
    }
    errand_send(&b->errand, here);
}

static struct gather *create_gather(struct rookery_loop *here, const struct call *call, bool others)
{
    const struct rookery_broadcast *how = call->how;

    if (call->asking != NULL) {
        return gather_create_told(here, how->timeout_ms, call->asking);
    }
    return gather_create(here, others, how->timeout_ms, how->on_acks, how->arg);
}

static int broadcast_from_loop(struct rookery_loop *here, struct rookery_namespace *nsp,
                               const struct call *call)
{
    bool others = concerns_others(nsp, call);
    bool several_loops = nsp->io->loop_count > 1;
    struct sio_head head = {.type = SIO_EVENT, .nsp = namespace_name(nsp)};
    struct delivery_form encoded[ROOKERY_TAGS_MAX];
    struct delivery d = delivery_of(call, encoded);

    if (asks(call)) {
        head.has_id = true;
        head.id = d.ack_id = share_take_ack_id(share_get(nsp, here));
    }
    int error = encode(&here->encoder, head, call, several_loops, encoded);
    if (error < 0) {
        return error;
    }
    if (asks(call)) {
        d.gather = create_gather(here, call, others);
    }
    if (others) {
        tell_others(nsp, call, d.gather);
    }
    if (several_loops) {
        send_to_other_loops(&d, nsp, here, NULL);
    }
    delivery_run(&d, nsp, here);
    release_frames(encoded, call->count);
    return 0;
}

/* ---- kept for those who come back ---- */

static void keep_forms(struct rookery_loop *here, struct said *said,
                       const struct delivery_form *encoded, size_t count)
{
    struct said_form forms[ROOKERY_TAGS_MAX];

    for (size_t i = 0; i < count; i++) {
        forms[i] = (struct said_form){encoded[i].tags, encoded[i].packet};
    }
    keeper_said(here->io->keeper, here, said, forms, count);
}

static int send_kept(struct rookery_loop *here, struct rookery_namespace *nsp, struct call call)
{
    const struct sio_head head = {.type = SIO_EVENT, .nsp = namespace_name(nsp)};
    const struct span from = call.from == NULL ? nowhere : socket_id(call.from);
    bool several_loops = nsp->io->loop_count > 1;
    struct delivery_form encoded[ROOKERY_TAGS_MAX];
    char offset[KEEPER_OFFSET_MAX];
    struct said *said = keeper_say(nsp->io->keeper, here, nsp, call.to, from, offset);

    call.offset = span_cstr(offset);
    int error = encode(&here->encoder, head, &call, several_loops, encoded);
    keep_forms(here, said, encoded, error < 0 ? 0 : call.count);
    if (error == 0) {
        const struct delivery d = delivery_of(&call, encoded);
        if (several_loops) {
            send_to_other_loops(&d, nsp, here, said);
        }
        delivery_run(&d, nsp, here);
        release_frames(encoded, call.count);
    }
    said_release(said);
    return error;
}

/* What encode would say about it. */
static int check_forms(const struct rookery_form *forms, size_t count)
{
    int error = 0;

    for (size_t i = 0; i < count && error == 0; i++) {
        error = encoder_check(forms[i].event, &forms[i].args);
    }
    return error;
}

static int broadcast_kept(struct rookery_loop *here, struct rookery_namespace *nsp,
                          const struct call *call)
{
    int error = namespace_is_parent(nsp) ? check_forms(call->forms, call->count) : 0;

    for (struct rookery_namespace *n = namespace_first(nsp); n != NULL && error == 0;
         n = namespace_next(nsp, n)) {
        error = send_kept(here, n, *call);
    }
    return error;
}

/* ---- to the children of a parent, and by other threads ---- */

/* The call, to be made later. */
struct kept_call {
    struct errand errand; /* for parents, on every loop */
    struct task task;     /* for other threads, on loop 0 */
    struct adapter_echo echo;
    struct call call;
    struct rookery_broadcast how;
    struct rookery_form *forms;
    struct rookery_elsewhere *elsewhere;
    const struct rookery_loop *speaker; /* of a call for a parent, if it concerns others */
};

static void finish_kept(struct errand *e)
{
    struct kept_call *kept = (struct kept_call *)e;

    free(kept->forms);
    free(kept->elsewhere);
}

static struct kept_call *keep(struct rookery_namespace *nsp, const struct call *call)
{
    struct kept_call *kept = errand_create(sizeof *kept, nsp, call->to);

    kept->errand.finish = finish_kept;
    kept->how = *call->how;
    kept->forms = forms_copy(call->forms, call->count);
    kept->elsewhere = concerns_others(nsp, call) ? elsewhere_copy(call->elsewhere) : NULL;
    kept->call = (struct call){
        .to = kept->errand.target,
        .forms = kept->forms,
        .count = call->count,
        .how = &kept->how,
        .elsewhere = kept->elsewhere,
    };
    return kept;
}

static void run_for_children(struct errand *e, struct rookery_loop *loop)
{
    const struct kept_call *kept = (struct kept_call *)e;
    const struct call *call = &kept->call;
    struct delivery_form encoded[ROOKERY_TAGS_MAX];
    const struct delivery d = delivery_of(call, encoded);

    if (loop == kept->speaker) {
        tell_others(e->nsp, call, NULL);
    }
    for (struct share *s = share_first(e->nsp, loop); s != NULL; s = share_next(e->nsp, s)) {
        const struct sio_head head = {.type = SIO_EVENT, .nsp = namespace_name(s->nsp)};
        if (encode(&loop->encoder, head, call, false, encoded) == 0) {
            delivery_run(&d, s->nsp, loop);
            release_frames(encoded, call->count);
        }
    }
}

static int broadcast(struct rookery_loop *here, struct rookery_namespace *nsp,
                     const struct call *call);

static void run_on_loop_0(struct task *task)
{
    struct kept_call *kept = container_of(task, struct kept_call, task);
    struct rookery_namespace *nsp = kept->errand.nsp;

    (void)broadcast(&nsp->io->loops[0], nsp, &kept->call); /* it has been checked */
    errand_drop(&kept->errand);
}

static int broadcast_later(struct rookery_namespace *nsp, const struct call *call)
{
    int error = check_forms(call->forms, call->count);

    if (error < 0) {
        return error;
    }
    struct kept_call *kept = keep(nsp, call);
    if (namespace_is_parent(nsp) && !is_echoed(nsp, call) && !is_kept(nsp, call)) {
        kept->errand.run = run_for_children;
        kept->speaker = kept->elsewhere == NULL ? NULL : outward_speaker(nsp->io);
        errand_send(&kept->errand, NULL);
    } else {
        kept->task.run = run_on_loop_0;
        executor_post(nsp->io->loops[0].executor, &kept->task);
    }
    return 0;
}

/* ---- when the adapter says so ---- */

static void deliver_echo(struct adapter_echo *e, struct rookery_str offset)
{
    struct kept_call *kept = container_of(e, struct kept_call, echo);
    struct rookery_namespace *nsp = kept->errand.nsp;

    if (!kept->how.is_volatile) {
        kept->call.offset = span_of_str(offset);
    }
    (void)broadcast_from_loop(outward_speaker(nsp->io), nsp, &kept->call);
    errand_drop(&kept->errand);
}

static void drop_echo(struct adapter_echo *e)
{
    errand_drop(&container_of(e, struct kept_call, echo)->errand);
}

/* The sender may be gone by then, so it is left out by its id. */
static void send_echoed(struct rookery_namespace *nsp, const struct call *call)
{
    static const struct rookery_target everybody;
    struct adapter_packet packet = packet_of(call);
    struct call later = *call;
    struct rookery_target to = call->to == NULL ? everybody : *call->to;
    struct rookery_str *except = xcalloc(to.except_count + 1, sizeof *except);

    for (size_t i = 0; i < to.except_count; i++) {
        except[i] = to.except[i];
    }
    except[to.except_count] = packet.except_id;
    to.except = except;
    to.except_count += call->from != NULL;
    later.to = &to;
    later.elsewhere = NULL;
    struct kept_call *kept = keep(nsp, &later);
    kept->echo = (struct adapter_echo){deliver_echo, drop_echo};
    packet.echo = &kept->echo;
    nsp->io->adapter->ops->broadcast(nsp->io->adapter, nsp, &packet, NULL);
    free(except);
}

static int broadcast_echoed(struct rookery_namespace *nsp, const struct call *call)
{
    int error = check_forms(call->forms, call->count);

    if (error < 0) {
        return error;
    }
    for (struct rookery_namespace *n = namespace_first(nsp); n != NULL;
         n = namespace_next(nsp, n)) {
        send_echoed(n, call);
    }
    return 0;
}

/* ---- the API ---- */

/* here: the calling loop, or NULL. */
static int broadcast(struct rookery_loop *here, struct rookery_namespace *nsp,
                     const struct call *call)
{
    int error = check_how(nsp, call);

    if (error < 0) {
        return error;
    }
    if (here != NULL && is_echoed(nsp, call)) {
        return broadcast_echoed(nsp, call);
    }
    if (here != NULL && is_kept(nsp, call)) {
        return broadcast_kept(here, nsp, call);
    }
    return here == NULL || namespace_is_parent(nsp) ? broadcast_later(nsp, call)
                                                    : broadcast_from_loop(here, nsp, call);
}

static struct rookery_form form_for_all(struct rookery_str event, const struct rookery_args *args)
{
    static const struct rookery_args none;

    return (struct rookery_form){TAGS_ALL, event, args == NULL ? none : *args};
}

int rookery_broadcast(struct rookery_namespace *nsp, const struct rookery_target *to,
                      struct rookery_str event, const struct rookery_args *args,
                      const struct rookery_broadcast *how)
{
    const struct rookery_form form = form_for_all(event, args);
    const struct rookery_elsewhere same = {.event = event, .args = form.args};
    const struct call call = {.to = to,
                              .forms = &form,
                              .count = 1,
                              .how = how == NULL ? &plainly : how,
                              .elsewhere = &same};

    return broadcast(io_current(nsp->io), nsp, &call);
}

int rookery_broadcast_from(struct rookery_socket *s, const struct rookery_target *to,
                           struct rookery_str event, const struct rookery_args *args,
                           const struct rookery_broadcast *how)
{
    const struct rookery_form form = form_for_all(event, args);
    const struct rookery_elsewhere same = {.event = event, .args = form.args};
    const struct call call = {s, to, &form, 1, how == NULL ? &plainly : how, &same, NULL, nowhere};

    return broadcast(s->share->loop, s->share->nsp, &call);
}

static bool forms_valid(const struct rookery_form *forms, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if ((forms[i].tags & ~(uint32_t)TAGS_ALL) != 0) {
            return false;
        }
    }
    return count <= ROOKERY_TAGS_MAX;
}

int rookery_broadcast_forms(struct rookery_namespace *nsp, const struct rookery_target *to,
                            const struct rookery_form *forms, size_t count,
                            struct rookery_socket *from, const struct rookery_elsewhere *elsewhere)
{
    const struct call call = {from, to, forms, count, &plainly, elsewhere, NULL, nowhere};

    if (to == NULL || to->room_count != 1 || !forms_valid(forms, count) ||
        (from != NULL && from->share->nsp != nsp)) {
        return ROOKERY_EINVAL;
    }
    int error = concerns_others(nsp, &call) ? encoder_check(elsewhere->event, &elsewhere->args) : 0;
    if (error < 0) {
        return error;
    }
    return broadcast(from != NULL ? from->share->loop : io_current(nsp->io), nsp, &call);
}

/* ---- what other nodes say ---- */

void local_broadcast_at(struct rookery_namespace *nsp, const struct rookery_target *to,
                        const struct rookery_elsewhere *said, const struct rookery_broadcast *how,
                        struct rookery_str offset)
{
    const struct noted_callback *noted = &nsp->handlers->noted;
    const struct rookery_form form = form_for_all(said->event, &said->args);
    const struct call call = {.to = to,
                              .forms = &form,
                              .count = 1,
                              .how = how == NULL ? &plainly : how,
                              .offset = span_of_str(offset)};
    struct rookery_target here = {0};

    if (said->note.len == 0 || noted->fn == NULL) {
        (void)broadcast(&nsp->io->loops[0], nsp, &call); /* what it cannot be is not said */
        return;
    }
    if (to != NULL) {
        here = *to;
    }
    here.local = true;
    noted->fn(nsp, &(struct rookery_noted){&here, said->note, said->event, said->args}, noted->arg);
}

static void ask_nobody(void *arg)
{
    struct local_asking *asking = arg;

    asking->on_count(asking, 0);
    asking->on_over(asking);
}

void local_ask(struct rookery_namespace *nsp, const struct rookery_target *to,
               struct rookery_str event, const struct rookery_args *args, unsigned timeout_ms,
               struct local_asking *asking)
{
    const struct rookery_broadcast how = {.timeout_ms = timeout_ms};
    const struct rookery_form form = form_for_all(event, args);
    const struct call call = {NULL, to, &form, 1, &how, NULL, asking, nowhere};
    struct rookery_loop *loop_0 = &nsp->io->loops[0];

    if (broadcast(loop_0, nsp, &call) < 0) {
        rookery_loop_post(loop_0, ask_nobody, asking);
    }
}
