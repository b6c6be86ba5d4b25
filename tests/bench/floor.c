/* floor PORT - how cheap can it be? A yardstick, not a server.
 *
 * The least that looks like a Socket.IO chat to tools/load: WebSocket, one room per connection,
 * join_room, send_message, echo, acks. It validates next to nothing, finds fields with memmem and
 * never pings, so that what remains is the kernel's TCP and the one idea that the real server is
 * held to:
 *
 *     a turn   reads every connection that is ready, once
 *              appends each message, encoded once, to the buffer of its room
 *              appends what answers a connection (acks, handshakes) to one buffer of the turn
 *     its end  one writev per connection that gets anything: its answers and its room's buffer
 *
 * Connections and rooms live in plain arrays, by descriptor and in order of appearance. */
// SPDX-License-Identifier: MIT
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "protocol/bytes.h"
#include "protocol/ws_frame.h"

enum {
    CONNS_MAX = 1 << 17,
    ROOMS_MAX = 1 << 17, /* places of the table by name: a power of two */
    EVENTS_MAX = 4096,
    READ_BYTES_MAX = 1 << 18,
    NAME_BYTES_MAX = 15,
};

#define OPEN_PACKET                                                                  \
    "0{\"sid\":\"floorfloorfloorfloor\",\"upgrades\":[],\"pingInterval\":300000000," \
    "\"pingTimeout\":20000,\"maxPayload\":1000000}"

struct name {
    uint8_t len;
    char text[NAME_BYTES_MAX];
};

struct conn {
    struct name user;
    uint32_t room;         /* index + 1; 0 none */
    uint32_t place;        /* among the room's members */
    uint32_t answer;       /* where in the turn's answers its own begin */
    uint32_t answer_bytes; /* of this turn */
    struct late *late;     /* bytes that did not fit somewhere; nearly always NULL */
    bool upgraded;
};

struct late {
    struct bytes in;  /* half a frame */
    struct bytes out; /* what the socket did not take */
};

struct room {
    struct name name;
    uint32_t *members; /* descriptors */
    uint32_t count;
    uint32_t capacity;
    struct bytes turn; /* frames of this turn */
};

static struct conn conns[CONNS_MAX];
static struct room rooms[ROOMS_MAX];
static uint32_t rooms_by_name[ROOMS_MAX]; /* open addressing; index + 1 */
static uint32_t room_count;
static struct bytes answers;          /* of this turn, all connections */
static uint32_t answered[EVENTS_MAX]; /* descriptors that have some */
static uint32_t answered_count;
static uint32_t dirty_rooms[ROOMS_MAX]; /* those with frames in this turn */
static uint32_t dirty_count;
static uint64_t message_count;
static volatile sig_atomic_t stopping;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* --- rooms ----------------------------------------------------------------------------------- */

static uint32_t *room_slot(struct span name)
{
    uint32_t hash = 2166136261U; /* FNV-1a */

    for (size_t i = 0; i < name.len; i++) {
        hash = (hash ^ name.data[i]) * 16777619U;
    }
    for (;; hash++) {
        uint32_t *slot = &rooms_by_name[hash % ROOMS_MAX];
        if (*slot == 0 ||
            span_eq(name, span_of(rooms[*slot - 1].name.text, rooms[*slot - 1].name.len))) {
            return slot;
        }
    }
}

static void set_name(struct name *name, struct span s)
{
    name->len = (uint8_t)(s.len < NAME_BYTES_MAX ? s.len : NAME_BYTES_MAX);
    memcpy(name->text, s.data, name->len);
}

static void join(uint32_t fd, struct span name)
{
    uint32_t *slot;

    name.len = name.len < NAME_BYTES_MAX ? name.len : NAME_BYTES_MAX;
    slot = room_slot(name);
    if (*slot == 0) {
        set_name(&rooms[room_count++].name, name);
        *slot = room_count;
    }
    struct room *room = &rooms[*slot - 1];
    if (room->count == room->capacity) {
        room->capacity = room->capacity == 0 ? 4 : room->capacity * 2;
        room->members = realloc(room->members, room->capacity * sizeof *room->members);
        if (room->members == NULL) {
            die("realloc");
        }
    }
    conns[fd].room = *slot;
    conns[fd].place = room->count;
    room->members[room->count++] = fd;
}

static void leave(uint32_t fd)
{
    struct conn *c = &conns[fd];

    if (c->room != 0) {
        struct room *room = &rooms[c->room - 1];
        uint32_t last = room->members[--room->count];
        room->members[c->place] = last;
        conns[last].place = c->place;
    }
}

/* --- output ---------------------------------------------------------------------------------- */

static void drop(uint32_t fd)
{
    struct conn *c = &conns[fd];

    leave(fd);
    if (c->late != NULL) {
        bytes_finish(&c->late->in);
        bytes_finish(&c->late->out);
        free(c->late);
    }
    *c = (struct conn){0};
    (void)close((int)fd);
}

static struct late *late_of(struct conn *c)
{
    if (c->late == NULL) {
        c->late = calloc(1, sizeof *c->late);
        if (c->late == NULL) {
            die("calloc");
        }
    }
    return c->late;
}

/* What the socket does not take is kept and goes out with the next EPOLLOUT. */
static void write_out(uint32_t fd, struct span a, struct span b)
{
    struct conn *c = &conns[fd];
    struct iovec iov[2] = {{(void *)(uintptr_t)a.data, a.len}, {(void *)(uintptr_t)b.data, b.len}};
    ssize_t n = 0;

    if (c->late == NULL || c->late->out.len == 0) {
        n = a.len == 0 ? send((int)fd, b.data, b.len, MSG_NOSIGNAL) : writev((int)fd, iov, 2);
        n = n < 0 ? 0 : n; /* a broken connection shows when it is read */
    }
    if ((size_t)n < a.len + b.len) {
        size_t from_a = (size_t)n < a.len ? (size_t)n : a.len;
        bytes_add_span(&late_of(c)->out, span_skip(a, from_a));
        bytes_add_span(&late_of(c)->out, span_skip(b, (size_t)n - from_a));
    }
}

static void write_late(uint32_t fd)
{
    struct bytes *out = &conns[fd].late->out;
    ssize_t n = send((int)fd, out->data, out->len, MSG_NOSIGNAL);

    if (n > 0) {
        out->len -= (size_t)n;
        memmove(out->data, out->data + n, out->len);
    }
}

static void end_turn(void)
{
    for (uint32_t i = 0; i < dirty_count; i++) {
        struct room *room = &rooms[dirty_rooms[i]];
        for (uint32_t k = 0; k < room->count; k++) {
            struct conn *c = &conns[room->members[k]];
            write_out(room->members[k], span_of(answers.data + c->answer, c->answer_bytes),
                      bytes_span(&room->turn));
            c->answer_bytes = 0;
        }
        bytes_clear(&room->turn);
    }
    for (uint32_t i = 0; i < answered_count; i++) {
        struct conn *c = &conns[answered[i]];
        if (c->answer_bytes > 0) {
            write_out(answered[i], SPAN(""), span_of(answers.data + c->answer, c->answer_bytes));
            c->answer_bytes = 0;
        }
    }
    bytes_clear(&answers);
    dirty_count = 0;
    answered_count = 0;
}

/* Adds to what answers this connection; a turn reads it once, so its answers are in one piece. */
static void begin_answer(struct conn *c)
{
    if (c->answer_bytes == 0) {
        c->answer = (uint32_t)answers.len;
        answered[answered_count++] = (uint32_t)(c - conns);
    }
}

static void end_answer(struct conn *c)
{
    c->answer_bytes = (uint32_t)answers.len - c->answer;
}

static void add_frame(struct bytes *out, struct span text)
{
    uint8_t *at = bytes_reserve(out, WS_HEAD_MAX + text.len);
    size_t head = ws_frame_encode_head(at, WS_TEXT, true, text.len);

    memcpy(at + head, text.data, text.len);
    out->len += head + text.len;
}

static void answer(struct conn *c, struct span text)
{
    begin_answer(c);
    add_frame(&answers, text);
    end_answer(c);
}

/* --- input ----------------------------------------------------------------------------------- */

/* The string that follows `key` ("roomId":") up to its quote; empty when there is none. */
static struct span field(struct span text, struct span key)
{
    const uint8_t *at = memmem(text.data, text.len, key.data, key.len);
    const uint8_t *end;

    if (at == NULL) {
        return SPAN("");
    }
    at += key.len;
    end = memchr(at, '"', text.len - (size_t)(at - text.data));
    return end != NULL ? span_of(at, (size_t)(end - at)) : SPAN("");
}

static void answer_ack(struct conn *c, struct span id, struct span args)
{
    static struct bytes text;

    if (id.len > 0) {
        bytes_clear(&text);
        bytes_add_span(&text, SPAN("43"));
        bytes_add_span(&text, id);
        bytes_add_byte(&text, '[');
        bytes_add_span(&text, args);
        bytes_add_byte(&text, ']');
        answer(c, bytes_span(&text));
    }
}

static void send_message(struct conn *c, struct span text)
{
    static struct bytes packet;
    struct span name = field(text, SPAN("\"roomId\":\""));
    struct span user = span_of(c->user.text, c->user.len);
    uint32_t slot = *room_slot(name);

    if (slot == 0) {
        return;
    }
    struct room *room = &rooms[slot - 1];
    if (room->turn.len == 0) {
        dirty_rooms[dirty_count++] = slot - 1;
    }
    bytes_clear(&packet);
    bytes_add_span(&packet, SPAN("42[\"message\",{\"id\":\"01jd000000"));
    bytes_add_u64(&packet, 1000000000 + message_count++);
    bytes_add_span(&packet, SPAN("\",\"roomId\":\""));
    bytes_add_span(&packet, name);
    bytes_add_span(&packet, SPAN("\",\"userId\":\""));
    bytes_add_span(&packet, user);
    bytes_add_span(&packet, SPAN("\",\"username\":\""));
    bytes_add_span(&packet, user);
    bytes_add_span(&packet, SPAN("\",\"content\":\""));
    bytes_add_span(&packet, field(text, SPAN("\"content\":\"")));
    bytes_add_span(&packet,
                   SPAN("\",\"type\":\"text\",\"timestamp\":\"2025-01-01T00:00:00.000Z\"}]"));
    add_frame(&room->turn, bytes_span(&packet));
}

/* 42 [id] ["name", ...] */
static void on_event(struct conn *c, struct span text)
{
    size_t digits = 0;

    text = span_skip(text, 2);
    while (digits < text.len && text.data[digits] >= '0' && text.data[digits] <= '9') {
        digits++;
    }
    struct span id = span_of(text.data, digits);
    text = span_skip(text, digits);
    if (span_starts(text, SPAN("[\"send_message\","))) {
        send_message(c, text);
        answer_ack(c, id,
                   SPAN("{\"ok\":true,\"id\":\"01jd0000001000000000\",\"timestamp\":"
                        "\"2025-01-01T00:00:00.000Z\"}"));
    } else if (span_starts(text, SPAN("[\"join_room\","))) {
        set_name(&c->user, field(text, SPAN("\"userId\":\"")));
        join((uint32_t)(c - conns), field(text, SPAN("\"roomId\":\"")));
        answer_ack(c, id, SPAN("{\"ok\":true}"));
    } else if (span_starts(text, SPAN("[\"echo\","))) {
        answer_ack(c, id, span_of(text.data + 8, text.len - 9));
    }
}

static void on_text(struct conn *c, struct span text)
{
    if (span_starts(text, SPAN("42"))) {
        on_event(c, text);
    } else if (span_starts(text, SPAN("40"))) {
        answer(c, SPAN("40{\"sid\":\"floorfloorfloorfloor\"}"));
    }
}

/* Answers the one key that tools/load sends, that of RFC 6455 1.3, so that the answer is ready. */
static size_t on_handshake(struct conn *c, struct span in)
{
    const uint8_t *end = memmem(in.data, in.len, "\r\n\r\n", 4);

    if (end == NULL) {
        return 0;
    }
    begin_answer(c);
    bytes_add_span(&answers, SPAN("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                  "Connection: Upgrade\r\n"
                                  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"));
    add_frame(&answers, SPAN(OPEN_PACKET));
    end_answer(c);
    c->upgraded = true;
    return (size_t)(end + 4 - in.data);
}

/* One frame or the handshake at the front: its bytes, 0 not whole yet, -1 the end. */
static ssize_t take(struct conn *c, uint8_t *p, size_t n)
{
    struct ws_frame_head head;

    assert(p != NULL); /* gcc with UBSan doubts it */
    if (!c->upgraded) {
        return (ssize_t)on_handshake(c, span_of(p, n));
    }
    int head_len = ws_frame_decode_head(p, n, &head);
    if (head_len < 0 || (head_len > 0 && head.opcode == WS_CLOSE)) {
        return -1;
    }
    if (head_len == 0 || n - (size_t)head_len < head.payload_len) {
        return 0;
    }
    ws_mask(p + head_len, head.payload_len, head.mask, 0);
    on_text(c, span_of(p + head_len, head.payload_len));
    return head_len + (ssize_t)head.payload_len;
}

/* Handles what has come; false when the connection is over. */
static bool take_all(struct conn *c, uint8_t *p, size_t n)
{
    size_t used = 0;

    while (used < n) {
        ssize_t taken = take(c, p + used, n - used);
        if (taken < 0) {
            return false;
        }
        if (taken == 0) {
            bytes_add(&late_of(c)->in, p + used, n - used);
            return true;
        }
        used += (size_t)taken;
    }
    return true;
}

/* Reads once; true when there may be more. */
static bool on_readable(uint32_t fd)
{
    static uint8_t buffer[READ_BYTES_MAX * 2];
    struct conn *c = &conns[fd];
    size_t kept = c->late != NULL ? c->late->in.len : 0;
    ssize_t n = recv((int)fd, buffer + kept, READ_BYTES_MAX, 0);

    if (n < 0 && errno == EAGAIN) {
        return false;
    }
    if (kept > 0) {
        memcpy(buffer, c->late->in.data, kept);
        bytes_clear(&c->late->in);
    }
    if (n <= 0 || kept > READ_BYTES_MAX || !take_all(c, buffer, kept + (size_t)n)) {
        drop(fd);
        return false;
    }
    return n == READ_BYTES_MAX;
}

/* --- the loop -------------------------------------------------------------------------------- */

static void accept_all(int listener, int epoll_fd)
{
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = fd};
        if (fd >= CONNS_MAX || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
            (void)close(fd);
        }
    }
}

static int listen_on(uint16_t port)
{
    const int on = 1;
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 || /* inherited */
        bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 4096) < 0) {
        die("listen");
    }
    return fd;
}

static void on_signal(int number)
{
    stopping = 1;
}

int main(int argc, char **argv)
{
    static struct epoll_event events[EVENTS_MAX];
    uint64_t port = 3000;
    struct rlimit limit;

    if (argc != 2 || span_to_u64(span_cstr(argv[1]), UINT16_MAX, &port) < 0) {
        (void)fprintf(stderr, "usage: floor PORT\n");
        return 2;
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    (void)signal(SIGTERM, on_signal);
    (void)signal(SIGINT, on_signal);
    int listener = listen_on((uint16_t)port);
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    if (epoll_fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event) < 0) {
        die("epoll");
    }
    while (!stopping) {
        int n = epoll_wait(epoll_fd, events, EVENTS_MAX, -1);
        for (int i = 0; i < n; i++) {
            uint32_t fd = (uint32_t)events[i].data.fd;
            if (events[i].data.fd == listener) {
                accept_all(listener, epoll_fd);
                continue;
            }
            if ((events[i].events & EPOLLOUT) != 0 && conns[fd].late != NULL) {
                write_late(fd);
            }
            if ((events[i].events & ~(uint32_t)EPOLLOUT) != 0) {
                while (on_readable(fd)) {
                }
            }
        }
        end_turn();
    }
    return 0;
}
