// SPDX-License-Identifier: MIT
#include "src/socket/delivery.h"

#include "src/socket/rooms.h"
#include "src/socket/socket.h"
#include "src/socket/text.h"

/* ---- to one room ---- */

struct route {
    struct room *room; /* NULL: nobody is there */
    struct room_skips skips;
};

static bool skip(struct route *r, const struct rookery_socket *s)
{
    int64_t slot = r->room == NULL || !socket_receives(s) ? -1 : room_slot(r->room, s);

    if (slot < 0) {
        return true;
    }
    struct outq *queue = &socket_session(s)->queue;
    for (size_t i = 0; i < r->skips.count; i++) {
        if (r->skips.queues[i] == queue) {
            return true;
        }
    }
    if (r->skips.count == ROOM_SKIPS_MAX) {
        return false;
    }
    r->skips.sections[r->skips.count] = s->memberships[slot].section;
    r->skips.queues[r->skips.count++] = queue;
    return true;
}

/* Leaves out a room only if no more than one socket can be in it, the one of that id. */
static bool skip_room(struct route *r, const struct share *share, struct rookery_str name)
{
    const struct rookery_socket *own = receivers_by_id(share, name);

    return rooms_find(share, span_of_str(name)) == NULL && (own == NULL || skip(r, own));
}

static bool find_room(struct route *r, const struct share *share, const struct rookery_target *to)
{
    if (to == NULL || to->room_count == 0) {
        r->room = share->everybody;
        return true;
    }
    r->room = rooms_find(share, span_of_str(to->rooms[0]));
    return to->room_count == 1 && receivers_by_id(share, to->rooms[0]) == NULL;
}

/* False if it takes more than a room's cork. */
static bool find_route(struct route *r, const struct share *share, const struct delivery *d)
{
    r->skips.count = 0;
    if (!find_room(r, share, d->to) || (d->from != NULL && !skip(r, d->from))) {
        return false;
    }
    for (size_t i = 0; d->to != NULL && i < d->to->except_count; i++) {
        if (!skip_room(r, share, d->to->except[i])) {
            return false;
        }
    }
    return true;
}

static bool fit_for_cork(const struct delivery *d)
{
    return !d->is_volatile && !d->no_compress && d->gather == NULL;
}

/* ---- to a collection ---- */

struct frame *delivery_frame(const struct delivery_form *form, bool no_compress)
{
    if (form->frame != NULL) {
        return frame_hold(form->frame);
    }
    struct frame *f = frame_copy(form->packet);
    f->no_compress = no_compress;
    return f;
}

static void send_to_each(const struct delivery *d, const struct delivery_form *form,
                         struct share *share, struct gather_part *part)
{
    struct receivers *r = &share->loop->receivers;
    struct frame *f = delivery_frame(form, d->no_compress);

    receivers_collect(r, share, d->to, form->tags, d->from);
    for (size_t i = 0; i < r->count; i++) {
        if (part != NULL) {
            gather_part_ask(part, r->sockets[i], d->ack_id);
        }
        if (d->is_volatile) {
            socket_send_volatile(r->sockets[i], f);
        } else {
            socket_send(r->sockets[i], f);
        }
    }
    frame_release(f);
}

static void send_forms(const struct delivery *d, struct share *share, struct gather_part *part)
{
    struct route route;
    bool corked = fit_for_cork(d) && find_route(&route, share, d);

    for (size_t i = 0; i < d->count; i++) {
        const struct delivery_form *form = &d->forms[i];
        if (!corked || form->packet.len > DELIVERY_CORKED_BYTES_MAX) {
            send_to_each(d, form, share, part);
        } else if (route.room != NULL) {
            room_send(route.room, form->packet, form->tags, &route.skips);
        }
    }
}

void delivery_run(const struct delivery *d, const struct rookery_namespace *nsp,
                  struct rookery_loop *loop)
{
    struct share *share = share_of(nsp, loop);
    struct gather_part *part = d->gather == NULL ? NULL : gather_part_begin(d->gather);

    if (share != NULL) { /* else nobody has come to the namespace here */
        send_forms(d, share, part);
    }
    if (part != NULL) {
        gather_part_asked(part);
    }
}
