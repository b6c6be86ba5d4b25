/* What clients may do who lose their connection and come back to their session, on two loops of a
 * server that keeps sessions: sequences of packets, breaks and times, of three clients.
 *
 * The input is a list of steps, each one up to a byte 0x1e: a digit says which client, or loop, the
 * next byte what happens, the rest is its content.
 *
 *     c r     a new connection, on the loop of the content: joins, or comes back with what it knows
 *     R       comes back with the content as its offset
 *     t b     sends a packet, an attachment
 *     x       its connection breaks, and what it has not read is lost
 *     g       it reads what has come
 *     + -     the oldest middleware that waits passes, or refuses
 *     s e     the loop says something to everybody; to the client alone
 *     .       a turn of the loop
 *     > }     60 ms, 700 ms pass for all
 *
 * Whatever it is: a socket connects once and disconnects once; each question has one answer; what a
 * client has got of each loop is without a gap and without a repeat for as long as it is the same
 * socket; and when all is over no timer and no task is left, and nothing is kept for too long. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/socket/io.h"
#include "src/socket/keeper.h"
#include "tests/support/world.h"

enum { STEPS_MAX = 200, CLIENTS = 3, LOOPS = 2, WAITING_MAX = 16, KEEP_MS = 300 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct client_view {
    struct peer *peer; /* NULL: it has never come */
    char sid[21], pid[21], offset[40];
    unsigned got[LOOPS]; /* number of the last of each loop; 0: none since it is that socket */
};

static struct client_view clients[CLIENTS];
static struct rookery_namespace *root;
static unsigned said[LOOPS], asked, answered;
static uint64_t connected, disconnected;
static struct rookery_next *waiting[WAITING_MAX];
static unsigned waiting_count;

/* ---- the application ---- */

static void ask(struct rookery_socket *s, struct rookery_next *next, void *arg)
{
    if (rookery_socket_auth(s).len > 2 && waiting_count < WAITING_MAX) {
        waiting[waiting_count++] = next;
    } else {
        rookery_next_pass(next);
    }
}

static void on_connection(struct rookery_socket *s, void *arg)
{
    static char alive;

    assert(rookery_socket_data(s) == NULL);
    rookery_socket_set_data(s, &alive, NULL);
    connected++;
}

static void on_disconnect(struct rookery_socket *s, const char *reason, void *arg)
{
    assert(rookery_socket_data(s) != NULL);
    rookery_socket_set_data(s, NULL, NULL);
    disconnected++;
}

static void on_answer(struct rookery_socket *s, int error, const struct rookery_args *args,
                      void *arg)
{
    answered++;
}

static void on_any(struct rookery_socket *s, const struct rookery_event *e, void *arg)
{
    const struct rookery_emit how = {.timeout_ms = 50, .on_ack = on_answer};
    char room[16] = "";
    int len = rookery_json_text(rookery_arg(&e->args, 0), room, sizeof room);
    const struct rookery_str name = {room, len < 0 ? 0 : (size_t)len};
    const struct rookery_target to = {.rooms = &name, .room_count = 1};

    switch (e->name.len == 0 ? '\0' : e->name.data[0]) {
    case 'j':
        (void)rookery_join_as(s, name, (unsigned)e->name.len - 1);
        break;
    case 'l':
        rookery_leave(s, name);
        break;
    case 'r':
        (void)rookery_broadcast_from(s, &to, e->name, &e->args, NULL);
        break;
    case 'q':
        asked += rookery_emit(s, e->name, &e->args, &how) == 0;
        break;
    case 'i':
        rookery_socket_set_info(s, rookery_arg(&e->args, 0));
        break;
    case 'k':
        rookery_disconnect(s, e->name.len > 1);
        break;
    default:
        (void)rookery_emit(s, e->name, &e->args, NULL);
        (void)rookery_reply(s, e, &e->args);
        break;
    }
}

static void decide(bool pass)
{
    if (waiting_count == 0) {
        return;
    }
    struct rookery_next *next = waiting[0];
    memmove(waiting, waiting + 1, --waiting_count * sizeof(struct rookery_next *));
    if (pass) {
        rookery_next_pass(next);
    } else {
        rookery_next_refuse(next, ROOKERY_STR("no"), (struct rookery_str){0});
    }
}

/* ["said", loop, number]: the numbers of each loop are without holes. */
static void say(unsigned loop, const struct client_view *to)
{
    char json[32];
    const struct rookery_str id = {to == NULL ? NULL : to->sid, 20};
    const struct rookery_target target = {.rooms = &id, .room_count = 1};
    struct rookery_args args = {.json = {json, 0}};

    args.json.len = (size_t)snprintf(json, sizeof json, "%u,%u", loop, said[loop] + 1);
    world_enter((int)loop);
    if (to == NULL) {
        said[loop]++;
        assert(rookery_broadcast(root, NULL, ROOKERY_STR("said"), &args, NULL) == 0);
    } else {
        assert(rookery_broadcast(root, &target, ROOKERY_STR("own"), NULL, NULL) == 0);
    }
    world_enter(0);
}

/* ---- the clients ---- */

static void take_said(struct client_view *c, const char *packet)
{
    static const char head[] = "|442[\"said\",";
    char *at = NULL;

    if (strncmp(packet, head, sizeof head - 1) != 0) {
        return;
    }
    unsigned long loop = strtoul(packet + sizeof head - 1, &at, 10);
    unsigned number = (unsigned)strtoul(at + 1, NULL, 10);
    assert(loop < LOOPS && (c->got[loop] == 0 || number == c->got[loop] + 1));
    c->got[loop] = number;
}

static void take_offset(struct client_view *c, const char *packet, const char *end)
{
    const char *at = memrchr(packet, ',', (size_t)(end - packet));

    if (at != NULL && at[1] == '"' && end - at < (long)sizeof c->offset && end[-1] == ']') {
        (void)snprintf(c->offset, sizeof c->offset, "%.*s", (int)(end - at - 4), at + 2);
    }
}

/* Whoever has another socket than before begins to count anew. What was sent before the answer
 * belongs to the former one. */
static void take_connected(struct client_view *c, const char *packet)
{
    const char *pid = strstr(packet, "\"pid\":\"");

    assert(pid != NULL);
    if (memcmp(packet + 12, c->sid, 20) != 0) {
        memset(c->got, 0, sizeof c->got);
    }
    (void)snprintf(c->sid, sizeof c->sid, "%.20s", packet + 12);
    (void)snprintf(c->pid, sizeof c->pid, "%.20s", pid + 7);
}

static void read_all(struct client_view *c)
{
    const char *at = c->peer == NULL ? "" : peer_got(c->peer), *end;

    for (; *at == '|'; at = end) {
        end = at + 1 + strcspn(at + 1, "|");
        if (strncmp(at, "|440{\"sid\":\"", 12) == 0) {
            take_connected(c, at);
        } else if (strncmp(at, "|442[", 5) == 0) {
            take_said(c, at);
            take_offset(c, at, end);
        }
    }
}

static void leave(struct client_view *c)
{
    if (c->peer != NULL && c->peer->transport.base.session != NULL) {
        peer_vanish(c->peer);
    }
    if (c->peer != NULL) {
        (void)peer_got(c->peer);
    }
}

static void join(struct client_view *c, unsigned loop, bool again)
{
    char packet[160];

    leave(c);
    c->peer = peer_open(loop);
    (void)snprintf(packet, sizeof packet, "0{\"pid\":\"%s\",\"offset\":\"%s\"}", c->pid, c->offset);
    peer_send(c->peer, again ? packet : "0");
}

/* ---- steps ---- */

static void take_time(char kind, unsigned loop)
{
    if (kind == '.') {
        world_turn(loop);
    } else {
        world_advance(kind == '>' ? 60 : 700);
    }
}

static void take_step(unsigned who, char kind, const char *content)
{
    struct client_view *c = &clients[who % CLIENTS];
    unsigned loop = who % LOOPS;

    switch (kind) {
    case 'R':
        (void)snprintf(c->offset, sizeof c->offset, "%s", content);
        memset(c->got, 0, sizeof c->got); /* it may say that it has got less */
        join(c, loop, true);
        break;
    case 'c':
    case 'r':
        join(c, content[0] == '1', kind == 'r');
        break;
    case 't':
    case 'b':
        if (c->peer != NULL && kind == 't') {
            peer_send(c->peer, content);
        } else if (c->peer != NULL) {
            peer_send_binary(c->peer, content);
        }
        break;
    case 'x':
        leave(c);
        break;
    case 'g':
        read_all(c);
        break;
    case 's':
    case 'e':
        say(loop, kind == 's' ? NULL : c);
        break;
    case '+':
    case '-':
        decide(kind == '+');
        break;
    default:
        take_time(kind, loop);
        break;
    }
}

/* ---- the end ---- */

static void check_that_nothing_is_left(void)
{
    struct keeper *k = io_of(world)->keeper;

    for (int i = 0; i < CLIENTS; i++) {
        leave(&clients[i]);
    }
    while (waiting_count > 0) {
        decide(true);
    }
    world_advance(4 * KEEP_MS); /* longer than anything waits, and the keeper's next look */
    assert(connected == disconnected && asked == answered);
    assert(world_stat(STAT_SOCKETS_CONNECTED) == connected);
    assert(keeper_figures(k).bytes == 0);
    for (unsigned i = 0; i < LOOPS; i++) {
        assert(world_executor(i)->timers.count == (i == 0)); /* the keeper's */
        assert(world_executor(i)->hooks[TURN_SEAL] == NULL);
        assert(world_executor(i)->hooks[TURN_FLUSH] == NULL);
    }
}

static void begin(void)
{
    memset(clients, 0, sizeof clients);
    memset(said, 0, sizeof said);
    connected = disconnected = asked = answered = waiting_count = 0;
    world_options.connect_timeout_ms = KEEP_MS;
    world_options.keep_ms = KEEP_MS;
    world_options.keep_bytes_max = 20000;
    world_options.skip_middlewares = false;
    world_start(LOOPS);
    root = rookery_of(world, ROOKERY_STR("/"));
    rookery_use(root, ask, NULL);
    rookery_on_connection(root, on_connection, NULL);
    rookery_on_disconnect(root, on_disconnect, NULL);
    rookery_on_any(root, on_any, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct span rest = span_of(data, len);

    begin();
    for (int i = 0; i < STEPS_MAX && rest.len != 0; i++) {
        const uint8_t *stop = memchr(rest.data, 0x1e, rest.len);
        size_t step = stop == NULL ? rest.len : (size_t)(stop - rest.data);
        char *content = calloc(1, step + 1);
        memcpy(content, rest.data, step);
        if (step > 1) {
            take_step((unsigned char)content[0], content[1], content + 2);
        }
        free(content);
        rest = span_skip(rest, stop == NULL ? step : step + 1);
    }
    check_that_nothing_is_left();
    world_end();
    return 0;
}
