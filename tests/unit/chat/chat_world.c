// SPDX-License-Identifier: MIT
#include "tests/unit/chat/chat_world.h"

#include <stdlib.h>

#include "src/chat/chat_loop.h"
#include "src/socket/io_loop.h"
#include "tests/support/chat_limits.h"

struct chat *the_chat;

static void begin_on(struct chat_options options, bool log)
{
    struct executor *executors[LOOPS];

    world_start(LOOPS);
    for (unsigned i = 0; i < LOOPS; i++) {
        executors[i] = rookery_loop_at(world, i)->executor;
    }
    if (log) {
        disk_begin_log(executors[0]);
    } else {
        disk_begin();
    }
    options.executors = executors;
    options.journal = &slow_journal;
    options.store = &slow_store;
    the_chat = chat_create(world, &options);
}

void begin_with(struct chat_options options)
{
    begin_on(options, false);
}

void begin_log(struct chat_options options)
{
    begin_on(options, true);
}

struct chat_options plain_options(void)
{
    return (struct chat_options){.service_id = "test", .limits = chat_test_limits()};
}

void begin(void)
{
    begin_with(plain_options());
}

void end(void)
{
    world_end();
    chat_destroy(the_chat);
    disk_end();
}

/* Everything that is under way comes to its end. */
void settle(void)
{
    world_settle();
    while (!disk_is_idle()) {
        disk_write();
        disk_tell();
        disk_follow();
        disk_store();
        disk_look(0);
        disk_answer(0);
        world_settle();
    }
}

void say(struct peer *p, const char *room, unsigned n)
{
    char packet[128];
    (void)snprintf(packet, sizeof packet,
                   "2[\"send_message\",{\"roomId\":\"%s\",\"content\":\"%u\"}]", room, n);
    peer_send(p, packet);
}

/* Under a name of his own for the message: who uses it again sends nothing new. */
void say_named(struct peer *p, unsigned n)
{
    char packet[128];
    (void)snprintf(
        packet, sizeof packet,
        "2[\"send_message\",{\"roomId\":\"busy\",\"content\":\"%u\",\"clientId\":\"c%u\"}]", n, n);
    peer_send(p, packet);
}

void change(struct peer *p, struct span id, unsigned n)
{
    char packet[160];
    if (n == 0) {
        (void)snprintf(packet, sizeof packet, "2[\"delete_message\",{\"messageId\":\"%.*s\"}]",
                       (int)id.len, (const char *)id.data);
    } else {
        (void)snprintf(packet, sizeof packet,
                       "2[\"edit_message\",{\"messageId\":\"%.*s\",\"content\":\"%u\"}]",
                       (int)id.len, (const char *)id.data, n);
    }
    peer_send(p, packet);
}

/* ---- a client, which believes what it is told and notes what is wrong with that ---- */

#define wrong_if(c, cond)                                              \
    do {                                                               \
        if (cond) {                                                    \
            printf("# %s:%d: wrong: %s\n", __FILE__, __LINE__, #cond); \
            (c)->wrongs++;                                             \
        }                                                              \
    } while (0)

void request(struct client *c, enum request kind, uint64_t after)
{
    char packet[128];
    const unsigned i = c->request_count++;

    if (kind == JOIN_AFTER) {
        (void)snprintf(packet, sizeof packet,
                       "2%u[\"join_room\",{\"roomId\":\"busy\",\"after\":%llu}]", i,
                       (unsigned long long)after);
    } else {
        (void)snprintf(packet, sizeof packet, "2%u[\"%s\",{\"roomId\":\"busy\"}]", i,
                       kind == LEAVE ? "leave_room" : "join_room");
    }
    c->requests[i].kind = kind;
    c->requests[i].after = after;
    peer_send(c->peer, packet);
}

/* The value of the first such member between `from` and `to`; "" if there is none. */
static const char *member(const char *from, const char *to, const char *key)
{
    char mark[32];
    (void)snprintf(mark, sizeof mark, "\"%s\":", key);
    const char *at = strstr(from, mark);
    return at != NULL && at < to ? at + strlen(mark) : "";
}

static uint64_t number(const char *from, const char *to, const char *key)
{
    const char *at = member(from, to, key);
    return strtoull(at + (*at == '"'), NULL, 10);
}

static const struct message *named(const char *from, const char *to, const char *key)
{
    const char *at = member(from, to, key);
    return *at == '"' ? disk_find(span_of(at + 1, strcspn(at + 1, "\""))) : NULL;
}

static void forget(struct client *c)
{
    memset(c->contents, 0, sizeof c->contents);
}

static void take_answer(struct client *c, const char *from, const char *to)
{
    char *at;
    unsigned i = (unsigned)strtoul(from, &at, 10);
    bool ok = strncmp(at, "[{\"ok\":true", 11) == 0;
    bool left = strncmp(member(at, to, "code"), "\"LEFT_ROOM\"", 11) == 0;

    if (!ok && c->requests[i].kind != LEAVE) {
        bool for_now = strncmp(member(at, to, "retryable"), "true", 4) == 0;
        c->refused_for_now += for_now;
        c->refused_for_good += !for_now;
    }
    if (!ok || c->requests[i].kind == LEAVE) {
        c->in = c->in && left; /* another request has made it leave, and said so itself */
        return;
    }
    c->in = true;
    c->offset = number(at, to, "offset");
    c->last = c->offset < c->requests[i].after ? c->offset : c->requests[i].after;
    c->gap_after = number(member(at, to, "gap"), to, "after");
    c->gap_next = number(at, to, "next");
    bool resumes = c->requests[i].kind == JOIN_AFTER;
    c->wants_history = !resumes;
    c->known = c->offset;
    c->blind = c->blind && !resumes;
    if (resumes && c->requests[i].after == 0) {
        forget(c);
    }
}

static void take_history(struct client *c, const char *at, const char *to)
{
    uint64_t before = UINT64_MAX;

    wrong_if(c, !c->wants_history);
    c->wants_history = c->blind = false;
    c->histories++;
    c->last = 0;
    forget(c);
    while ((at = strstr(at, "{\"id\":")) != NULL && at < to) {
        const struct message *m = named(at, to, "id");
        wrong_if(c, m == NULL || m->offset >= before);
        before = m->offset;
        c->last = before > c->last ? before : c->last;
        c->contents[before] = (unsigned)number(at, to, "content");
        at++;
    }
}

static void take_event(struct client *c, const char *at, const char *to, bool is_new)
{
    const struct message *m = named(at, to, *member(at, to, "id") != '\0' ? "id" : "messageId");

    wrong_if(c, m == NULL || !c->in || c->wants_history);
    if (m == NULL) {
        return;
    }
    /* By its form: he who joins in one dialect while he joins in another has either. */
    bool native = *member(at, to, is_new ? "offset" : "changed") != '\0';
    uint64_t place = is_new ? m->offset : number(at, to, "changed");
    wrong_if(c,
             native && *member(at, to, "offset") != '\0' && number(at, to, "offset") != m->offset);
    if (native || is_new) {
        wrong_if(c, place <= c->last);
        c->last = place;
    }
    if (native && !c->blind && place > c->known) {
        c->known = place;
    }
    c->contents[m->offset] = (unsigned)number(at, to, "content"); /* 0: it was deleted */
    c->lives += is_new;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static void take(struct client *c, const char *at, const char *to)
{
    if (begins(at, "|43")) {
        take_answer(c, at + 3, to);
    } else if (begins(at, "|42[\"message_history\",")) {
        take_history(c, at, to);
    } else if (begins(at, "|42[\"message\",")) {
        take_event(c, at, to, true);
    } else if (begins(at, "|42[\"message_edited\",") || begins(at, "|42[\"message_deleted\",")) {
        take_event(c, at, to, false);
    } else if (begins(at, "|42[\"error\",{\"code\":\"HISTORY_UNAVAILABLE\"")) {
        c->wants_history = false;
        c->blind = true;
    } else if (begins(at, "|42[\"user_") || begins(at, "|42[\"presence_update\"")) {
        wrong_if(c, begins(member(at, to, "userId") + 1, c->peer->id));
    } else {
        printf("# %.*s\n", (int)(to - at), at);
        c->wrongs++;
    }
}

void look(struct client *c)
{
    for (const char *at = peer_got(c->peer); *at != '\0';) {
        const char *next = strchr(at + 1, '|');
        next = next == NULL ? at + strlen(at) : next;
        take(c, at, next);
        at = next;
    }
}

/* Has it got the room as it is? */
bool is_right(const struct client *c)
{
    bool right = c->wrongs == 0 && !c->wants_history;

    for (size_t i = 0; i < disk.all.count; i++) {
        const struct message *m = &disk.all.messages[i]->message;
        unsigned content = m->content.len == 0
                               ? 0
                               : (unsigned)strtoul((const char *)m->content.data + 1, NULL, 10);
        if (span_eq(m->room, SPAN("busy")) && c->contents[m->offset] != content) {
            printf("# offset %llu: got %u, want %u\n", (unsigned long long)m->offset,
                   c->contents[m->offset], content);
            right = false;
        }
    }
    return right;
}

struct client *client(unsigned loop)
{
    static struct client clients[16];
    static unsigned next;
    struct client *c = &clients[next++ % 16];

    *c = (struct client){.peer = peer_join(loop, "/")};
    return c;
}

/* ---- what the rooms hold ---- */

/* Asks for the members of the room. */
bool roster_is(struct peer *asker, struct client *const *clients, size_t count)
{
    bool right = true;

    (void)peer_got(asker);
    peer_send(asker, "20[\"room_members\",{\"roomId\":\"busy\"}]");
    world_settle();
    const char *got = peer_got(asker);
    for (size_t i = 0; i < count; i++) {
        bool listed = strstr(got, clients[i]->peer->id) != NULL;
        if (listed != clients[i]->in) {
            printf("# client %zu is %s, the roster has it %s\n", i, clients[i]->in ? "in" : "out",
                   listed ? "in" : "out");
            right = false;
        }
    }
    return right;
}

/* Nobody is anywhere: nothing is left but tails. */
bool nothing_is_left(void)
{
    bool nothing = true;

    for (unsigned i = 0; i < LOOPS; i++) {
        const struct chat_loop *cl = &the_chat->loops[i];
        const struct chat_room *room;
        size_t bytes = 0;
        for (uint32_t at = 0; (room = map_next(&cl->rooms.by_name, &at)) != NULL;) {
            nothing = nothing && room->tail.count > 0 && room->roster.count == 0 &&
                      room->sends.first == NULL && room->joins == 0 && room->gathering == NULL;
            bytes += room->tail.bytes;
        }
        nothing = nothing && cl->pending.count == 0 && bytes == cl->rooms.tail_bytes;
    }
    return nothing;
}
