/* What two clients may send to a server that uses about everything of the API, packet by packet.
 *
 * The input is a list of steps, each one up to a byte 0x1e (as in a polling payload): its first
 * byte says what it is, the rest is its content.
 *
 *     t a text packet          b an attachment       (upper case: of the second client)
 *     . the turn ends          > time passes         ! the first client vanishes, another comes
 *     + - the oldest middleware that waits passes or refuses
 *
 * Where the first byte is 'm', the server's packets are in MessagePack: t is JSON that is packed,
 * with two binaries for its placeholders, and b is what it is.
 *
 * Whatever it is: nothing is read or written out of bounds, nothing leaks, no assertion fails, and
 * all that the server sends are Socket.IO packets in whole frames. Another node answers what is
 * asked and says what the clients have it say. */
#include <assert.h>
#include <stdlib.h>

#include "protocol/json.h"
#include "protocol/msgpack_json.h"
#include "protocol/sio_msgpack.h"
#include "protocol/sio_packet.h"
#include "src/base/memory.h"
#include "src/socket/io.h"
#include "src/socket/local.h"
#include "tests/support/fake_adapter.h"
#include "tests/support/world.h"

enum { STEPS_MAX = 200, WAITING_MAX = 64 };

static struct rookery_namespace *root;
static struct rookery_next *waiting[WAITING_MAX];
static unsigned waiting_count;
static struct rookery_ack *taken;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* ---- the other node ---- */

static struct fake_adapter other;
static struct adapter_ops other_ops;

static void answer_broadcast(struct adapter *a, struct rookery_namespace *nsp,
                             const struct adapter_packet *packet, struct gather *answers)
{
    if (answers != NULL) {
        gather_remote_count(answers, 1);
        gather_remote_answer(answers, packet->args);
        gather_remote_over(answers, packet->args->json.len != 1);
    }
}

static void run_inquiry(struct task *task)
{
    struct inquiry *q = container_of(task, struct inquiry, task);
    const struct rookery_socket_info far = {.id = ROOKERY_STR("far"),
                                            .handshake_json = ROOKERY_STR("{}")};

    q->on_sockets(q, &far, 1);
    q->on_done(q, 0);
}

static void answer_inquiry(struct adapter *a, struct rookery_namespace *nsp, struct inquiry *q,
                           const struct rookery_target *target, struct rookery_str event,
                           const struct rookery_args *args)
{
    q->task.run = run_inquiry;
    executor_post(world_executor(0), &q->task);
}

static void start_other(void)
{
    fake_adapter_init(&other);
    other_ops = *other.base.ops;
    other_ops.broadcast = answer_broadcast;
    other_ops.inquire = answer_inquiry;
    other.base.ops = &other_ops;
    io_set_adapter(io_of(world), &other.base);
}

static void on_asked(struct local_asking *a, size_t asked)
{
}

static void on_asked_answer(struct local_asking *a, const struct rookery_args *answer)
{
    (void)rookery_broadcast(root, NULL, ROOKERY_STR("far"), answer, NULL);
}

static void on_asked_over(struct local_asking *a)
{
}

static struct local_asking asking = {on_asked, on_asked_answer, on_asked_over};

static void on_sockets(int error, const struct rookery_socket_info *sockets, size_t count,
                       void *arg)
{
    struct json ignored;

    assert(error == 0 && count > 0);
    for (size_t i = 0; i < count; i++) {
        struct rookery_str handshake = sockets[i].handshake_json;
        assert(json_parse(span_of(handshake.data, handshake.len), JSON_DEPTH_MAX, &ignored) == 0);
    }
}

/* ---- the application ---- */

static void on_answer(struct rookery_socket *s, int error, const struct rookery_args *args,
                      void *arg)
{
    assert(error == 0 || error == ROOKERY_ETIMEOUT || error == ROOKERY_EGONE);
    (void)rookery_emit(s, ROOKERY_STR("answer"), args, NULL);
}

static void on_answers(int error, const struct rookery_args *answers, size_t count, void *arg)
{
    for (size_t i = 0; i < count; i++) {
        (void)rookery_broadcast(root, NULL, ROOKERY_STR("answers"), &answers[i], NULL);
    }
}

static void on_any(struct rookery_socket *s, const struct rookery_event *e, void *arg)
{
    const struct rookery_emit ask = {.timeout_ms = 50, .on_ack = on_answer};
    const struct rookery_broadcast ask_all = {.timeout_ms = 50, .on_acks = on_answers};
    struct rookery_str first = rookery_arg(&e->args, 0);
    char room[16] = "";
    int room_len = rookery_json_text(first, room, sizeof room);
    struct rookery_str name = {room, room_len < 0 ? 0 : (size_t)room_len};
    const struct rookery_target to = {.rooms = &name, .room_count = 1};
    const struct rookery_args part = {first, e->args.bins, e->args.bin_count};

    switch (e->name.len == 0 ? '\0' : e->name.data[0]) {
    case 'e':
        (void)rookery_emit(s, e->name, &e->args, NULL);
        (void)rookery_reply(s, e, &part);
        break;
    case 'j':
        rookery_join(s, name);
        break;
    case 't':
        (void)rookery_join_as(s, name, (unsigned)e->name.len - 1);
        break;
    case 'l':
        rookery_leave(s, name);
        break;
    case 'f': {
        const struct rookery_elsewhere elsewhere = {name, e->name, part};
        const struct rookery_form forms[] = {{1 << 0 | 1 << 1, e->name, e->args},
                                             {1 << 1 | 1 << 2, e->name, part}};
        (void)rookery_broadcast_forms(rookery_socket_namespace(s), &to, forms, 2,
                                      e->wants_ack ? s : NULL, &elsewhere);
        break;
    }
    case 'r':
        (void)rookery_broadcast(rookery_socket_namespace(s), &to, e->name, &e->args, NULL);
        break;
    case 'o':
        (void)rookery_broadcast_from(s, &to, e->name, &part, NULL);
        break;
    case 'q':
        (void)rookery_emit(s, e->name, &e->args, &ask);
        break;
    case 'Q':
        (void)rookery_broadcast(root, NULL, e->name, &e->args, &ask_all);
        break;
    case 'n':
        local_broadcast(rookery_socket_namespace(s), &to, e->name, &part, NULL, name);
        break;
    case 'N':
        local_ask(rookery_socket_namespace(s), NULL, e->name, &e->args, 50, &asking);
        break;
    case 's':
        rookery_fetch_sockets(rookery_socket_namespace(s), NULL, on_sockets, NULL);
        break;
    case 'k':
        rookery_disconnect(s, first.len != 0);
        break;
    case 'a':
        if (taken == NULL) {
            taken = rookery_ack_take(s, e);
        }
        break;
    case 'A':
        if (taken != NULL) {
            (void)rookery_ack_send(taken, &e->args);
            taken = NULL;
        }
        break;
    default:
        (void)rookery_json_member(first, name);
        break;
    }
}

static void wait_for_decision(struct rookery_next *next)
{
    if (waiting_count < WAITING_MAX) {
        waiting[waiting_count++] = next;
    } else {
        rookery_next_pass(next);
    }
}

static void ask(struct rookery_socket *s, struct rookery_next *next, void *arg)
{
    rookery_join(s, ROOKERY_STR("early"));
    wait_for_decision(next);
}

static void ask_about_event(struct rookery_socket *s, const struct rookery_event *e,
                            struct rookery_next *next, void *arg)
{
    if (e->wants_ack) {
        wait_for_decision(next);
    } else {
        rookery_next_pass(next);
    }
}

static void on_reason(struct rookery_socket *s, const char *reason, void *arg)
{
    (void)rookery_broadcast_from(s, NULL, ROOKERY_STR("gone"), NULL, NULL);
}

static void set_up(struct rookery_namespace *nsp)
{
    rookery_on_any(nsp, on_any, NULL);
    rookery_on_disconnecting(nsp, on_reason, NULL);
    rookery_on_disconnect(nsp, on_reason, NULL);
}

static void decide(bool pass)
{
    if (waiting_count == 0) {
        return;
    }
    struct rookery_next *next = waiting[0];
    memmove(waiting, waiting + 1, --waiting_count * sizeof *waiting);
    if (pass) {
        rookery_next_pass(next);
    } else {
        rookery_next_refuse(next, ROOKERY_STR("no"), ROOKERY_STR("1"));
    }
}

/* ---- the clients ---- */

static void send_packed(struct peer *p, const char *json)
{
    static const struct span bins[] = {SPAN("\x01\x02"), SPAN("")};
    struct bytes message = {0};
    struct json ignored;

    if (peer_is_open(p) && json_parse(span_cstr(json), JSON_DEPTH_MAX, &ignored) == 0) {
        (void)msgpack_write_json(&message, MSGPACK_NOTEPACK, span_cstr(json), bins, 2);
        session_receive_binary(p->transport.base.session, &p->transport.base, bytes_span(&message));
    }
    bytes_finish(&message);
}

static struct peer *open_peer(void)
{
    if (!world_options.msgpack) {
        return peer_join(0, "/");
    }
    struct peer *p = peer_open(0);
    send_packed(p, "{\"type\":0,\"nsp\":\"/\"}");
    world_settle();
    (void)peer_got(p);
    return p;
}

/* A lone packet: what is in it may have '|', '<' and '>', too, so only one is looked at. */
static void check_packed(struct peer *p)
{
    const struct sio_limits limits = {256, JSON_DEPTH_MAX};
    struct span sent = bytes_span(&p->transport.sent);
    struct sio_msgpack in = {0};
    struct sio_packet packet;

    if (sent.len > 3 && memmem(sent.data + 1, sent.len - 1, "|", 1) == NULL) {
        assert(sent.data[1] == '<' && sent.data[sent.len - 1] == '>');
        assert(sio_msgpack_decode(span_of(sent.data + 2, sent.len - 3), &limits, &in, &packet) ==
               0);
    }
    sio_msgpack_finish(&in);
    (void)peer_got(p);
}

/* Everything between '|' that is not <...> is a packet of the server's. A packet may contain '|',
 * so it is looked at only when there is none. */
static void check_got(struct peer *p)
{
    if (world_options.msgpack) {
        check_packed(p);
        return;
    }
    const struct sio_limits limits = {256, JSON_DEPTH_MAX};
    const char *got = peer_got(p);
    struct sio_packet packet;

    if (got[0] == '|' && strchr(got + 1, '|') == NULL && got[1] != '<') {
        assert(got[1] == '4');
        assert(sio_packet_decode(span_cstr(got + 2), &limits, &packet) == 0);
    }
}

static void take_step(struct peer *peers[2], char kind, const char *content)
{
    switch (kind) {
    case 't':
    case 'T':
        (world_options.msgpack ? send_packed : peer_send)(peers[kind == 'T'], content);
        break;
    case 'b':
    case 'B':
        peer_send_binary(peers[kind == 'B'], content);
        break;
    case '.':
        world_settle();
        check_got(peers[0]);
        check_got(peers[1]);
        break;
    case '>':
        world_advance(60);
        break;
    case '!':
        if (peer_is_open(peers[0])) {
            peer_vanish(peers[0]);
        }
        peers[0] = peer_open(0);
        break;
    default:
        decide(kind == '+');
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct span rest = span_of(data, len);

    waiting_count = 0;
    world_options.msgpack = len > 0 && data[0] == 'm';
    rest = world_options.msgpack ? span_skip(rest, 1) : rest;
    world_start(1);
    start_other();
    root = rookery_of(world, ROOKERY_STR("/"));
    struct rookery_namespace *guarded = rookery_of(world, ROOKERY_STR("/g"));
    set_up(root);
    set_up(guarded);
    set_up(rookery_of_pattern(world, "^/d"));
    rookery_use(guarded, ask, NULL);
    rookery_use_event(guarded, ask_about_event, NULL);
    struct peer *peers[2] = {open_peer(), open_peer()};
    for (int i = 0; i < STEPS_MAX && rest.len != 0; i++) {
        const uint8_t *end = memchr(rest.data, 0x1e, rest.len);
        size_t step = end == NULL ? rest.len : (size_t)(end - rest.data);
        char *content = calloc(1, step + 1);
        memcpy(content, rest.data, step);
        take_step(peers, content[0], step == 0 ? "" : content + 1);
        free(content);
        rest = span_skip(rest, end == NULL ? step : step + 1);
    }
    if (taken != NULL) {
        rookery_ack_drop(taken);
        taken = NULL;
    }
    world_end();
    fake_adapter_finish(&other);
    return 0;
}
