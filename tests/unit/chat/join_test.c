// SPDX-License-Identifier: MIT
//
// Joins amid messages, over the real Socket.IO layer on virtual loops. The journal and the store
// are fakes that do each of their steps when the test says so, in any order that the real ones
// could have: a message is written (and seen by reads from then on), and later told to be; a read
// looks, and later tells what it saw.
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/chat/chat.h"
#include "src/chat/policy.h"
#include "src/socket/io_loop.h"
#include "tests/support/tap.h"
#include "tests/support/world.h"

enum { LOOPS = 3, MESSAGES_MAX = 256, OPS_MAX = 2048 };

/* ---- journal and store ---- */

struct written {
    uint64_t offset;
    char id[40], content[16];
    bool elsewhere; /* of another room */
};

static struct written disk[MESSAGES_MAX];
static size_t disk_count;

static struct journal_append *appends[OPS_MAX];
static size_t appended, told; /* appends up to `appended` are on disk, up to `told` told */
static size_t append_count;
static struct store_history *reads[OPS_MAX];
static size_t looked, answered, read_count;

static bool disk_fails;

static void copy(char *out, struct span text)
{
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
}

static bool is_elsewhere(struct span room)
{
    return !span_eq(room, SPAN("busy"));
}

static int fake_append(struct journal *journal, const struct message *message,
                       struct executor *executor, struct journal_append *op)
{
    op->message = *message;
    op->executor = executor;
    appends[append_count++] = op;
    return 0;
}

static void disk_write(void)
{
    if (appended == append_count) {
        return;
    }
    struct journal_append *op = appends[appended++];
    struct written *w = &disk[disk_count];
    w->elsewhere = is_elsewhere(op->message.room);
    w->offset = 1;
    for (size_t i = 0; i < disk_count; i++) {
        w->offset += disk[i].elsewhere == w->elsewhere;
    }
    copy(w->id, op->message.id);
    copy(w->content, op->message.content);
    disk_count++;
    op->message.offset = w->offset;
    op->error = disk_fails ? JOURNAL_ESINK : 0;
}

static void run_append(struct task *task)
{
    struct journal_append *op = container_of(task, struct journal_append, task);
    op->on_done(op);
}

static void disk_tell(void)
{
    if (told < appended) {
        struct journal_append *op = appends[told++];
        op->task.run = run_append;
        executor_post(op->executor, &op->task);
    }
}

static int fake_start(struct store *store, struct store_call *call)
{
    check(call->op == STORE_HISTORY);
    reads[read_count++] = container_of(call, struct store_history, call);
    return 0;
}

static void read_look(void)
{
    if (looked == read_count) {
        return;
    }
    struct store_history *r = reads[looked++];
    struct message_page *page = xcalloc(1, sizeof *page + r->limit * (sizeof(struct message)));
    for (size_t i = disk_count; i-- > 0 && page->count < r->limit;) {
        if (disk[i].elsewhere == is_elsewhere(r->room)) {
            page->messages[page->count++] = (struct message){
                .id = span_cstr(disk[i].id),
                .room = r->room,
                .offset = disk[i].offset,
                .content = span_cstr(disk[i].content),
            };
        }
    }
    r->page = page;
}

static void run_read(struct task *task)
{
    struct store_call *call = container_of(task, struct store_call, task);
    call->on_done(call);
}

static void read_tell(void)
{
    if (answered < looked) {
        struct store_call *call = &reads[answered++]->call;
        call->task.run = run_read;
        executor_post(call->executor, &call->task);
    }
}

static const struct journal_ops fake_journal_ops = {.name = "fake", .append = fake_append};
static const struct store_ops fake_store_ops = {.name = "fake", .start = fake_start};
static struct journal fake_journal = {.ops = &fake_journal_ops};
static struct store fake_store = {.ops = &fake_store_ops};

/* ---- the world ---- */

static struct chat *chat;

static void begin(void)
{
    struct executor *executors[LOOPS];

    disk_count = appended = told = append_count = looked = answered = read_count = 0;
    disk_fails = false;
    world_start(LOOPS);
    for (unsigned i = 0; i < LOOPS; i++) {
        executors[i] = rookery_loop_at(world, i)->executor;
    }
    const struct chat_options options = {
        .executors = executors, .journal = &fake_journal, .store = &fake_store};
    chat = chat_create(world, &options);
}

static void end(void)
{
    world_end();
    chat_destroy(chat);
}

/* Everything that is under way comes to its end. */
static void settle(void)
{
    world_settle();
    while (told < append_count || answered < read_count) {
        disk_write();
        disk_tell();
        read_look();
        read_tell();
        world_settle();
    }
}

static void say(struct peer *p, const char *room, unsigned n)
{
    char packet[128];
    (void)snprintf(packet, sizeof packet,
                   "2[\"send_message\",{\"roomId\":\"%s\",\"content\":\"%u\"}]", room, n);
    peer_send(p, packet);
}

static void enter(struct peer *p)
{
    peer_send(p, "2[\"join_room\",{\"roomId\":\"busy\"}]");
}

/* ---- what somebody got ---- */

struct got {
    unsigned history[MESSAGES_MAX], live[MESSAGES_MAX]; /* contents */
    size_t histories, history_count, live_count;
};

static void take_contents(const char *from, const char *to, unsigned *out, size_t *count)
{
    static const char mark[] = "\"content\":\"";
    while ((from = strstr(from, mark)) != NULL && from < to) {
        from += sizeof mark - 1;
        out[(*count)++] = (unsigned)strtoul(from, NULL, 10);
    }
}

static struct got look(struct peer *p)
{
    struct got g = {0};
    for (const char *at = peer_got(p); *at != '\0';) {
        const char *next = strchr(at + 1, '|');
        next = next == NULL ? at + strlen(at) : next;
        if (strncmp(at, "|42[\"message\",", 14) == 0) {
            take_contents(at, next, g.live, &g.live_count);
        } else if (strncmp(at, "|42[\"message_history\",", 22) == 0) {
            g.histories++;
            take_contents(at, next, g.history, &g.history_count);
        }
        at = next;
    }
    return g;
}

/* History and live messages together are 1, 2, 3 ... last, each once. */
static bool is_whole(const struct got *g, unsigned last)
{
    unsigned next = 1;
    bool ok = g->histories == 1;
    for (size_t i = g->history_count; i-- > 0;) {
        ok = ok && g->history[i] == next++;
    }
    for (size_t i = 0; i < g->live_count; i++) {
        ok = ok && g->live[i] == next++;
    }
    return ok && next == last + 1;
}

/* ---- cases ---- */

static void shows_what_was_said_before(void)
{
    begin();
    struct peer *a = peer_join(0, "/"), *b = peer_join(1, "/");
    say(a, "busy", 1);
    say(a, "busy", 2);
    settle();
    enter(b);
    settle();
    struct got g = look(b);
    check(g.history_count == 2 && g.live_count == 0 && is_whole(&g, 2));
    end();
}

static void leaves_out_of_the_history_what_comes_live(void)
{
    begin();
    struct peer *a = peer_join(0, "/"), *b = peer_join(1, "/");
    say(a, "busy", 1);
    settle();
    say(a, "busy", 2); /* will be told while the read waits */
    say(a, "busy", 3); /* will be told after it */
    enter(b);
    world_settle();
    disk_write();
    disk_write();
    read_look();
    disk_tell();
    world_settle();
    read_tell();
    world_settle();
    settle();
    struct got g = look(b);
    check(g.history_count == 1 && g.live_count == 2 && is_whole(&g, 3));
    end();
}

static void joins_without_a_gap_or_a_repetition_whatever_happens_when(void)
{
    enum { RUNS = 400, STEPS = 300, JOINERS = 6 };
    unsigned failed = 0, overlaps = 0;

    for (unsigned seed = 1; seed <= RUNS; seed++) {
        struct peer *joiners[JOINERS];
        unsigned next = 1, joined = 0;
        srand(seed);
        begin();
        struct peer *sender = peer_join((unsigned)rand() % LOOPS, "/");
        for (unsigned i = 0; i < JOINERS; i++) {
            joiners[i] = peer_join(i % LOOPS, "/");
        }
        for (unsigned step = 0; step < STEPS; step++) {
            switch (rand() % 12) {
            case 0:
                if (next < HISTORY_MESSAGES_MAX) {
                    say(sender, "busy", next++);
                }
                break;
            case 1:
                say(sender, "elsewhere", 0);
                break;
            case 2:
                if (joined < JOINERS && rand() % 4 == 0) {
                    enter(joiners[joined++]);
                }
                break;
            case 3:
            case 4:
                disk_write();
                break;
            case 5:
                disk_tell();
                break;
            case 6:
                read_look();
                break;
            case 7:
                read_tell();
                break;
            default:
                world_turn((unsigned)rand() % LOOPS);
            }
        }
        settle();
        for (unsigned i = 0; i < joined; i++) {
            struct got g = look(joiners[i]);
            overlaps += g.live_count > 0 && g.history_count > 0;
            if (!is_whole(&g, next - 1)) {
                printf("# seed %u: joiner %u got %zu + %zu of %u\n", seed, i, g.history_count,
                       g.live_count, next - 1);
                failed++;
            }
        }
        end();
    }
    check(failed == 0);
    check(overlaps > RUNS); /* else this proves little */
}

/* The joins of one turn: those that cross loops are under way when the next ones begin. */
static unsigned count_of(const char *text, const char *part)
{
    unsigned n = 0;
    while ((text = strstr(text, part)) != NULL) {
        n++;
        text++;
    }
    return n;
}

static void nobody_enters_more_rooms_than_allowed_however_fast(void)
{
    enum { TOO_MANY = 100 };

    begin();
    struct peer *a = peer_join(0, "/");
    for (unsigned i = 0; i < ROOMS_PER_SOCKET_MAX + TOO_MANY; i++) {
        char packet[96];
        (void)snprintf(packet, sizeof packet, "21[\"join_room\",{\"roomId\":\"r%u\"}]", i);
        peer_send(a, packet);
    }
    settle();
    const char *got = peer_got(a);
    check(count_of(got, "|431[{\"ok\":true") == ROOMS_PER_SOCKET_MAX);
    check(count_of(got, "|431[{\"ok\":false,\"code\":\"TOO_MANY_ROOMS\"") == TOO_MANY);
    check(count_of(got, "|42[\"message_history\"") == ROOMS_PER_SOCKET_MAX);
    end();
}

static void does_not_enter_who_has_left_meanwhile(void)
{
    begin();
    struct peer *a = peer_join(0, "/"), *b = peer_join(1, "/"), *c = peer_join(2, "/");
    peer_send(b, "21[\"join_room\",{\"roomId\":\"busy\"}]");
    peer_send(b, "22[\"leave_room\",{\"roomId\":\"busy\"}]");
    enter(c);
    peer_vanish(c);
    settle();
    say(a, "busy", 1);
    settle();
    struct got g = look(b);
    check(g.histories == 0 || g.history_count == 0);
    check(g.live_count == 0);
    end();
}

static void tells_the_sender_when_the_disk_fails(void)
{
    begin();
    struct peer *a = peer_join(0, "/"), *b = peer_join(1, "/");
    enter(b);
    settle();
    disk_fails = true;
    peer_send(a, "27[\"send_message\",{\"roomId\":\"busy\",\"content\":\"1\"}]");
    settle();
    check_peer(a, "|437[{\"ok\":false,\"code\":\"NOT_STORED\",\"message\":\"The message could not "
                  "be stored.\",\"retryable\":true}]");
    struct got g = look(b);
    check(g.live_count == 0);
    end();
}

static void outlives_senders_and_joiners_that_go_away(void)
{
    begin();
    struct peer *a = peer_join(0, "/"), *b = peer_join(1, "/");
    peer_send(a, "27[\"send_message\",{\"roomId\":\"busy\",\"content\":\"1\"}]");
    peer_send(b, "28[\"join_room\",{\"roomId\":\"busy\"}]");
    world_settle();
    peer_vanish(a);
    peer_vanish(b);
    settle();
    check(disk_count == 1);
    end();
}

int main(void)
{
    RUN(shows_what_was_said_before);
    RUN(leaves_out_of_the_history_what_comes_live);
    RUN(joins_without_a_gap_or_a_repetition_whatever_happens_when);
    RUN(nobody_enters_more_rooms_than_allowed_however_fast);
    RUN(does_not_enter_who_has_left_meanwhile);
    RUN(tells_the_sender_when_the_disk_fails);
    RUN(outlives_senders_and_joiners_that_go_away);
    return tap_done();
}
