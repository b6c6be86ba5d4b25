// SPDX-License-Identifier: MIT
#include "src/cluster/outgoing.h"

#include <stdlib.h>

#include "src/cluster/question.h"
#include "src/cluster/spoken.h"

/* What the parts of a message are made of. */
struct contents {
    enum adapter_kind kind;
    const struct rookery_target *to; /* may be NULL */
    struct rookery_str except_id;    /* may be empty */
    struct rookery_str event;
    const struct rookery_args *args; /* may be NULL */
    struct rookery_str note;
    const struct rookery_str *operands;
    size_t operand_count;
};

struct parcel {
    struct task task;
    struct cluster *cluster;
    struct rookery_namespace *nsp;
    struct gather *answers;    /* of a broadcast, or NULL */
    struct adapter_echo *echo; /* likewise */
    struct inquiry *inquiry;   /* or NULL */
    struct adapter_message m;  /* without what the namespace's part adds */
    struct span spans[];       /* that m points to; then their text */
};

/* ---- packing ---- */

static const struct rookery_target everybody;

static size_t text_of(const struct rookery_str *strs, size_t count)
{
    size_t bytes = 0;

    for (size_t i = 0; i < count; i++) {
        bytes += strs[i].len;
    }
    return bytes;
}

static size_t bytes_of(const struct contents *what, const struct rookery_target *to)
{
    size_t bytes = text_of(to->rooms, to->room_count) + text_of(to->except, to->except_count) +
                   text_of(what->operands, what->operand_count) + what->except_id.len +
                   what->event.len + what->note.len;

    if (what->args != NULL) {
        bytes += what->args->json.len;
        for (size_t i = 0; i < what->args->bin_count; i++) {
            bytes += what->args->bins[i].len;
        }
    }
    return bytes;
}

/* Where the next span and the next text go. */
struct packer {
    struct span *span;
    uint8_t *text;
};

static struct span pack(struct packer *p, const void *data, size_t len)
{
    struct span copy = {p->text, len};

    if (len > 0) {
        memcpy(p->text, data, len);
    }
    p->text += len;
    return copy;
}

static struct span pack_str(struct packer *p, struct rookery_str s)
{
    return pack(p, s.data, s.len);
}

static struct adapter_names pack_names(struct packer *p, const struct rookery_str *strs,
                                       size_t count, struct rookery_str more)
{
    struct adapter_names names = {p->span, count};

    for (size_t i = 0; i < count; i++) {
        *p->span++ = pack_str(p, strs[i]);
    }
    if (more.len > 0) {
        *p->span++ = pack_str(p, more);
        names.count++;
    }
    return names;
}

static struct adapter_args pack_args(struct packer *p, const struct rookery_args *args)
{
    if (args == NULL) {
        return (struct adapter_args){0};
    }
    struct adapter_args copy = {pack_str(p, args->json), p->span, args->bin_count};
    for (size_t i = 0; i < args->bin_count; i++) {
        *p->span++ = pack(p, args->bins[i].data, args->bins[i].len);
    }
    return copy;
}

static struct parcel *parcel_create(struct adapter *a, struct rookery_namespace *nsp,
                                    const struct contents *what)
{
    static const struct rookery_str none;
    const struct rookery_target *to = what->to == NULL ? &everybody : what->to;
    size_t spans = to->room_count + to->except_count + 1 + what->operand_count +
                   (what->args == NULL ? 0 : what->args->bin_count);
    struct parcel *parcel =
        xmalloc(sizeof *parcel + spans * sizeof *parcel->spans + bytes_of(what, to));
    struct packer p = {parcel->spans, (uint8_t *)(parcel->spans + spans)};

    *parcel = (struct parcel){.cluster = cluster_of(a), .nsp = nsp, .m = {.kind = what->kind}};
    parcel->m.rooms = pack_names(&p, to->rooms, to->room_count, none);
    parcel->m.except = pack_names(&p, to->except, to->except_count, what->except_id);
    parcel->m.operands = pack_names(&p, what->operands, what->operand_count, none);
    parcel->m.event = pack_str(&p, what->event);
    parcel->m.args = pack_args(&p, what->args);
    parcel->m.note = pack_str(&p, what->note);
    return parcel;
}

/* ---- on loop 0 ---- */

static struct cluster_nsp *address(struct parcel *parcel)
{
    struct cluster_nsp *n =
        cluster_find(parcel->cluster, span_of_str(rookery_namespace_name(parcel->nsp)));

    if (n != NULL) {
        parcel->m.nsp = n->name;
        parcel->m.uid = cluster_uid(n);
    }
    return n;
}

static void publish(struct cluster_nsp *n, struct parcel *parcel)
{
    struct cluster *c = n->cluster;
    char number[ECHO_NUMBER_MAX];

    if (parcel->echo != NULL) {
        struct bus_call *call = echo_expect(c, parcel->echo, number);
        c->wire->publish_echoed(n, &parcel->m, span_cstr(number), call);
    } else {
        spoken_number(n->spoken, &parcel->m);
        c->wire->publish(n, &parcel->m);
        spoken_remember(n->spoken, &parcel->m);
    }
    cluster_count_one(&c->counts.broadcasts_sent);
}

static void send_broadcast(struct task *task)
{
    struct parcel *parcel = container_of(task, struct parcel, task);
    struct cluster *c = parcel->cluster;
    struct cluster_nsp *n = address(parcel);

    if (n == NULL || c->bus == NULL) {
        if (parcel->answers != NULL) {
            gather_remote_over(parcel->answers, false);
        }
        if (parcel->echo != NULL) {
            parcel->echo->drop(parcel->echo);
        }
    } else if (parcel->answers != NULL) {
        question_ask_sockets(n, &parcel->m, parcel->answers);
    } else {
        publish(n, parcel);
    }
    free(parcel);
}

static void send_order(struct task *task)
{
    struct parcel *parcel = container_of(task, struct parcel, task);
    struct cluster_nsp *n = address(parcel);

    if (n != NULL && parcel->cluster->bus != NULL) {
        parcel->cluster->wire->publish(n, &parcel->m);
        cluster_count_one(&parcel->cluster->counts.requests_sent);
    }
    free(parcel);
}

static void send_inquiry(struct task *task)
{
    struct parcel *parcel = container_of(task, struct parcel, task);
    struct cluster_nsp *n = address(parcel);

    if (n == NULL || parcel->cluster->bus == NULL) {
        question_refuse(parcel->cluster, parcel->inquiry);
    } else {
        question_inquire(n, &parcel->m, parcel->inquiry);
    }
    free(parcel);
}

/* ---- the adapter's functions ---- */

static void send_parcel(struct parcel *parcel, void (*run)(struct task *task))
{
    parcel->task.run = run;
    cluster_go_home(parcel->cluster, &parcel->task);
}

void outgoing_broadcast(struct adapter *a, struct rookery_namespace *nsp,
                        const struct adapter_packet *packet, struct gather *answers)
{
    const struct contents what = {
        .kind = ADAPTER_BROADCAST,
        .to = packet->to,
        .except_id = packet->except_id,
        .event = packet->event,
        .args = packet->args,
        .note = packet->note,
    };
    struct parcel *parcel = parcel_create(a, nsp, &what);

    parcel->m.is_volatile = packet->is_volatile;
    parcel->m.no_compress = packet->no_compress;
    parcel->m.timeout_ms = packet->timeout_ms;
    parcel->answers = answers;
    parcel->echo = packet->echo;
    send_parcel(parcel, send_broadcast);
}

void outgoing_order(struct adapter *a, struct rookery_namespace *nsp,
                    const struct adapter_order *order)
{
    static const enum adapter_kind kinds[] = {
        [ADAPT_JOIN] = ADAPTER_JOIN,
        [ADAPT_LEAVE] = ADAPTER_LEAVE,
        [ADAPT_DISCONNECT] = ADAPTER_DISCONNECT,
    };
    const struct contents what = {
        .kind = kinds[order->action],
        .to = order->who,
        .operands = order->rooms,
        .operand_count = order->room_count,
    };
    struct parcel *parcel = parcel_create(a, nsp, &what);

    parcel->m.close = order->close_connections;
    send_parcel(parcel, send_order);
}

void outgoing_inquire(struct adapter *a, struct rookery_namespace *nsp, struct inquiry *q,
                      const struct rookery_target *target, struct rookery_str event,
                      const struct rookery_args *args)
{
    const struct contents what = {
        .kind = q->kind == INQUIRE_EMIT ? ADAPTER_EMIT : ADAPTER_FETCH,
        .to = target,
        .event = event,
        .args = args,
    };
    struct parcel *parcel = parcel_create(a, nsp, &what);

    parcel->inquiry = q;
    send_parcel(parcel, send_inquiry);
}
