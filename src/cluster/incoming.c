// SPDX-License-Identifier: MIT
#include "src/cluster/incoming.h"

#include <stdlib.h>

#include "src/cluster/borrowed.h"
#include "src/cluster/catch_up.h"
#include "src/cluster/question.h"
#include "src/socket/local.h"

enum { ASKING_MS_MAX = 600000 };

/* ---- who has asked ---- */

/* A request that is being answered; the answer goes by its id. */
struct asked {
    struct local_asking asking;
    struct cluster_nsp *n;
    enum adapter_kind answer;
    uint8_t uid_len, id_len;
    char uid[UINT8_MAX];
    char id[UINT8_MAX];
};

/* NULL if it cannot be answered. */
static struct asked *asked_create(struct cluster_nsp *n, const struct adapter_message *m,
                                  enum adapter_kind answer)
{
    if (m->request_id.len == 0 || m->request_id.len > UINT8_MAX || m->uid.len > UINT8_MAX) {
        return NULL;
    }
    struct asked *a = xcalloc(1, sizeof *a);
    a->n = n;
    a->answer = answer;
    a->uid_len = (uint8_t)m->uid.len;
    a->id_len = (uint8_t)m->request_id.len;
    memcpy(a->uid, m->uid.data, m->uid.len);
    memcpy(a->id, m->request_id.data, m->request_id.len);
    return a;
}

static void respond(struct asked *a, struct adapter_message *m)
{
    struct cluster *c = a->n->cluster;

    m->request_id = span_of(a->id, a->id_len);
    if (c->bus != NULL) {
        c->wire->respond(a->n, m, span_of(a->uid, a->uid_len));
        cluster_count_one(&c->counts.requests_answered);
    }
}

/* ---- broadcasts ---- */

static void on_asked_count(struct local_asking *asking, size_t count)
{
    struct asked *a = container_of(asking, struct asked, asking);
    struct adapter_message m = cluster_message(a->n, ADAPTER_COUNT);

    m.count = count;
    respond(a, &m);
}

static void on_asked_answer(struct local_asking *asking, const struct rookery_args *args)
{
    struct asked *a = container_of(asking, struct asked, asking);
    struct adapter_message m = cluster_message(a->n, a->answer);
    struct span bins[ADAPTER_BINS_MAX];
    const struct rookery_str first = rookery_arg(args, 0); /* only that travels */

    m.args = (struct adapter_args){span_of_str(first), bins, 0};
    for (; m.args.bin_count < args->bin_count && m.args.bin_count < ADAPTER_BINS_MAX;
         m.args.bin_count++) {
        const struct rookery_bin *bin = &args->bins[m.args.bin_count];
        bins[m.args.bin_count] = span_of(bin->data, bin->len);
    }
    respond(a, &m);
}

static void on_asked_over(struct local_asking *asking)
{
    free(container_of(asking, struct asked, asking));
}

static void ask(struct cluster_nsp *n, const struct adapter_message *m,
                const struct rookery_target *to, const struct rookery_args *args)
{
    struct asked *a = asked_create(n, m, ADAPTER_ACK);
    uint64_t timeout_ms = m->timeout_ms == 0              ? n->cluster->options.request_timeout_ms
                          : m->timeout_ms > ASKING_MS_MAX ? ASKING_MS_MAX
                                                          : m->timeout_ms;

    if (a == NULL) {
        cluster_count_one(&n->cluster->counts.malformed);
        return;
    }
    a->asking.on_count = on_asked_count;
    a->asking.on_answer = on_asked_answer;
    a->asking.on_over = on_asked_over;
    local_ask(n->nsp, to, str_of_span(m->event), args, (unsigned)timeout_ms, &a->asking);
}

static void deliver(struct cluster_nsp *n, const struct adapter_message *m)
{
    struct borrowed b = {0};
    const struct rookery_target to = borrow_target(&b, m);
    const struct rookery_args args = borrow_args(&b, &m->args);
    const struct rookery_broadcast how = {.is_volatile = m->is_volatile,
                                          .no_compress = m->no_compress};

    cluster_count_one(&n->cluster->counts.broadcasts_received);
    if (m->request_id.len > 0) {
        ask(n, m, &to, &args);
    } else {
        const struct rookery_elsewhere said = {str_of_span(m->note), str_of_span(m->event), args};
        local_broadcast_at(n->nsp, &to, &said, &how, str_of_span(n->cluster->entry_id));
    }
    borrowed_finish(&b);
}

static void take_broadcast(struct cluster_nsp *n, const struct adapter_message *m,
                           struct span payload, enum incoming_way way)
{
    if (m->seq == 0 || catch_up_heard(n, m, payload, way == INCOMING_TO_US)) {
        deliver(n, m);
    }
}

void incoming_take_broadcast(struct cluster_nsp *n, struct span payload)
{
    struct adapter_decoder decoder = {0}; /* another may be in use */
    struct adapter_message m;

    if (n->cluster->wire->decode_broadcast(n, &decoder, payload, &m) == 0) {
        take_broadcast(n, &m, payload, INCOMING_TO_ALL);
    }
    adapter_decoder_finish(&decoder);
}

/* ---- orders ---- */

static void obey(struct cluster_nsp *n, const struct adapter_message *m)
{
    struct borrowed b = {0};
    const struct rookery_target who = borrow_target(&b, m);
    const struct rookery_str *rooms = borrow_names(&b, m->operands);

    if (m->kind == ADAPTER_JOIN) {
        rookery_sockets_join(n->nsp, &who, rooms, m->operands.count);
    } else if (m->kind == ADAPTER_LEAVE) {
        rookery_sockets_leave(n->nsp, &who, rooms, m->operands.count);
    } else {
        rookery_disconnect_sockets(n->nsp, &who, m->close);
    }
    borrowed_finish(&b);
    if (m->wants_done) {
        struct asked *a = asked_create(n, m, ADAPTER_DONE);
        struct adapter_message done = cluster_message(n, ADAPTER_DONE);
        if (a != NULL) {
            respond(a, &done);
        }
        free(a);
    }
}

/* ---- questions ---- */

static void respond_sockets(struct asked *a, const struct rookery_socket_info *infos, size_t count)
{
    struct adapter_message m = cluster_message(a->n, ADAPTER_SOCKETS);
    struct adapter_socket *sockets = xcalloc(count + 1, sizeof *sockets);
    size_t room_count = 0;

    for (size_t i = 0; i < count; i++) {
        room_count += infos[i].room_count;
    }
    struct span *rooms = xcalloc(room_count + 1, sizeof *rooms);
    struct span *next = rooms;
    for (size_t i = 0; i < count; i++) {
        sockets[i] = (struct adapter_socket){
            .id = span_of_str(infos[i].id),
            .handshake = span_of_str(infos[i].handshake_json),
            .data = span_of_str(infos[i].info_json),
            .rooms = {next, infos[i].room_count},
        };
        for (size_t k = 0; k < infos[i].room_count; k++) {
            *next++ = span_of_str(infos[i].rooms[k]);
        }
    }
    m.sockets = sockets;
    m.socket_count = count;
    respond(a, &m);
    free(rooms);
    free(sockets);
}

static void respond_ids(struct asked *a, const struct rookery_socket_info *infos, size_t count)
{
    struct adapter_message m = cluster_message(a->n, ADAPTER_ID_NAMES);
    struct span *ids = xcalloc(count + 1, sizeof *ids);

    for (size_t i = 0; i < count; i++) {
        ids[i] = span_of_str(infos[i].id);
    }
    m.operands = (struct adapter_names){ids, count};
    respond(a, &m);
    free(ids);
}

static void on_fetched(int error, const struct rookery_socket_info *infos, size_t count, void *arg)
{
    struct asked *a = arg;

    (void)error; /* it is about sockets of this node only */
    if (a->answer == ADAPTER_SOCKETS) {
        respond_sockets(a, infos, count);
    } else {
        respond_ids(a, infos, count);
    }
    free(a);
}

static void on_rooms(const struct rookery_str *rooms, size_t count, void *arg)
{
    struct asked *a = arg;
    struct adapter_message m = cluster_message(a->n, ADAPTER_ROOM_NAMES);
    struct span *names = xcalloc(count + 1, sizeof *names);

    for (size_t i = 0; i < count; i++) {
        names[i] = span_of_str(rooms[i]);
    }
    m.operands = (struct adapter_names){names, count};
    respond(a, &m);
    free(names);
    free(a);
}

/* A server event that nobody has answered is answered all the same: who has asked waits. */
static void on_server_answer(const struct rookery_args *answer, void *arg)
{
    struct asked *a = arg;

    if (answer == NULL || answer->json.len == 0) {
        struct adapter_message m = cluster_message(a->n, ADAPTER_EMIT_ANSWER);
        m.args.json = SPAN("null");
        respond(a, &m);
    } else {
        on_asked_answer(&a->asking, answer);
    }
    free(a);
}

static void take_server_event(struct cluster_nsp *n, const struct adapter_message *m)
{
    struct borrowed b = {0};
    const struct rookery_args args = borrow_args(&b, &m->args);
    struct asked *a = m->request_id.len == 0 ? NULL : asked_create(n, m, ADAPTER_EMIT_ANSWER);

    local_server_event(n->nsp, str_of_span(m->event), &args, a == NULL ? NULL : on_server_answer,
                       a);
    borrowed_finish(&b);
}

static void answer_question(struct cluster_nsp *n, const struct adapter_message *m)
{
    struct borrowed b = {0};
    const struct rookery_target of = borrow_target(&b, m);
    struct asked *a =
        asked_create(n, m, m->kind == ADAPTER_FETCH ? ADAPTER_SOCKETS : ADAPTER_ID_NAMES);

    if (a == NULL) {
        cluster_count_one(&n->cluster->counts.malformed);
    } else if (m->kind == ADAPTER_ROOMS) {
        local_rooms(n->nsp, on_rooms, a);
    } else {
        rookery_fetch_sockets(n->nsp, &of, on_fetched, a);
    }
    borrowed_finish(&b);
}

/* ---- all of it ---- */

/* redis-emitter's and old requests name no sender, nor do answers of the classic wire. */
static bool is_own(const struct cluster_nsp *n, const struct adapter_message *m)
{
    bool is_question = m->kind < ADAPTER_COUNT;

    return span_eq(m->uid, cluster_uid(n)) ||
           (m->uid.len == 0 && is_question && question_is_own(n, m->request_id));
}

static void take_from_other(struct cluster_nsp *n, const struct adapter_message *m,
                            struct span payload, enum incoming_way way)
{
    switch (m->kind) {
    case ADAPTER_BROADCAST:
        take_broadcast(n, m, payload, way);
        break;
    case ADAPTER_JOIN:
    case ADAPTER_LEAVE:
    case ADAPTER_DISCONNECT:
        obey(n, m);
        break;
    case ADAPTER_FETCH:
    case ADAPTER_ROOMS:
    case ADAPTER_IDS:
        answer_question(n, m);
        break;
    case ADAPTER_EMIT:
        take_server_event(n, m);
        break;
    case ADAPTER_CATCH_UP:
        catch_up_asked(n, m, way == INCOMING_TO_US);
        break;
    case ADAPTER_COUNT:
    case ADAPTER_ACK:
    case ADAPTER_SOCKETS:
    case ADAPTER_ROOM_NAMES:
    case ADAPTER_ID_NAMES:
    case ADAPTER_EMIT_ANSWER:
        question_answered(n, m);
        break;
    case ADAPTER_DONE:
    case ADAPTER_IGNORED:
        break;
    }
}

void incoming_take(struct cluster_nsp *n, const struct adapter_message *m, struct span payload,
                   enum incoming_way way)
{
    if (n->cluster->bus != NULL && !is_own(n, m)) {
        take_from_other(n, m, payload, way);
    }
}
