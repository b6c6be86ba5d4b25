// SPDX-License-Identifier: MIT
#include "tests/unit/chat/slow_disk.h"

#include <assert.h>
#include <stdlib.h>

#include "src/base/memory.h"

struct slow_disk disk;

static const struct journal_ops slow_journal_ops, slow_log_ops;

static struct journal_append *appends[DISK_OPS_MAX];
static size_t append_count, written, told;

/* What is in the log. */
struct entry {
    struct record *record; /* as it was appended */
    uint64_t place;
    struct journal_append *own; /* NULL: another node's, or reported */
};

static struct {
    struct executor *executor; /* NULL: there is no log */
    struct journal_listener listener;
    struct entry entries[DISK_OPS_MAX];
    size_t count, followed, stored;
    uint64_t told; /* place */
    struct journal_fence *waiting;
} log_;

struct read {
    struct store_call *call;
    uint64_t place; /* of the log: what has to be on the disk */
    bool looked;
};

static struct read reads[DISK_OPS_MAX]; /* under way */
static size_t read_count;

void disk_begin(void)
{
    disk = (struct slow_disk){0};
    memset(&log_, 0, sizeof log_);
    append_count = written = told = read_count = 0;
    slow_journal.ops = &slow_journal_ops;
}

void disk_begin_log(struct executor *executor)
{
    disk_begin();
    log_.executor = executor;
    slow_journal.ops = &slow_log_ops;
}

static void empty(struct shelf *shelf)
{
    for (size_t i = 0; i < shelf->count; i++) {
        record_release(shelf->messages[i]);
    }
    shelf->count = 0;
}

void disk_end(void)
{
    assert(disk_is_idle());
    empty(&disk.all);
    empty(&disk.seen);
    for (size_t i = 0; i < log_.count; i++) {
        record_release(log_.entries[i].record);
    }
}

bool disk_is_idle(void)
{
    return told == append_count && read_count == 0 && log_.followed == log_.count &&
           log_.stored == log_.count;
}

/* ---- what is on it ---- */

static struct record **find(struct shelf *shelf, struct span id)
{
    for (size_t i = 0; i < shelf->count; i++) {
        if (span_eq(shelf->messages[i]->message.id, id)) {
            return &shelf->messages[i];
        }
    }
    return NULL;
}

static const struct message *find_message(struct shelf *shelf, struct span id)
{
    struct record **r = find(shelf, id);
    return r == NULL ? NULL : &(*r)->message;
}

const struct message *disk_find(struct span id)
{
    return find_message(&disk.all, id);
}

static uint64_t newest(const struct shelf *shelf, struct span room)
{
    uint64_t newest = 0;
    for (size_t i = 0; i < shelf->count; i++) {
        const struct message *m = &shelf->messages[i]->message;
        uint64_t place = m->changed > m->offset ? m->changed : m->offset;
        newest = span_eq(m->room, room) && place > newest ? place : newest;
    }
    return newest;
}

uint64_t disk_newest(struct span room)
{
    return newest(&disk.all, room);
}

static uint64_t next_place(const struct shelf *shelf, const struct message *m)
{
    return m->placed != 0 ? m->placed : newest(shelf, m->room) + 1;
}

static void say(struct shelf *shelf, struct message *m)
{
    const struct message *before = find_message(shelf, m->id);
    if (before != NULL) {
        m->fate = MESSAGE_REPEATED;
        m->offset = before->offset;
        m->timestamp_ms = before->timestamp_ms;
        return;
    }
    assert(shelf->count < DISK_MESSAGES_MAX);
    m->fate = MESSAGE_STORED;
    m->offset = next_place(shelf, m);
    m->changed = 0;
    shelf->messages[shelf->count++] = record_create(m);
}

static void change(struct shelf *shelf, struct message *m)
{
    struct record **r = find(shelf, m->id);
    if (r == NULL || ((*r)->message.action == MESSAGE_DELETE && m->action == MESSAGE_EDIT)) {
        m->fate = MESSAGE_MISSING;
        m->offset = 0;
        return;
    }
    struct message now = (*r)->message;
    if (now.action == MESSAGE_DELETE) {
        m->fate = MESSAGE_REPEATED;
        m->offset = now.changed;
        return;
    }
    m->fate = MESSAGE_STORED;
    m->offset = now.changed = next_place(shelf, m);
    now.content = m->content;
    now.action = m->action == MESSAGE_DELETE ? MESSAGE_DELETE : MESSAGE_SAY;
    now.edited_ms = m->action == MESSAGE_EDIT ? m->timestamp_ms : now.edited_ms;
    struct record *next = record_create(&now);
    record_release(*r);
    *r = next;
}

static void put(struct shelf *shelf, struct message *m)
{
    if (m->action == MESSAGE_MARK) {
        return;
    }
    (m->action == MESSAGE_SAY ? say : change)(shelf, m);
}

/* ---- the journal ---- */

static int append(struct journal *journal, const struct message *message, struct executor *executor,
                  struct journal_append *op)
{
    assert(append_count < DISK_OPS_MAX);
    op->message = *message;
    op->executor = executor;
    op->error = 0;
    op->in_turn = true;
    appends[append_count++] = op;
    return 0;
}

static void run_append(struct task *task)
{
    struct journal_append *op = container_of(task, struct journal_append, task);
    op->on_done(op);
}

static void answer(struct journal_append *op)
{
    op->task.run = run_append;
    executor_post(op->executor, &op->task);
}

static void put_both(struct message *m)
{
    struct message again = *m;
    put(&disk.all, m);
    put(&disk.seen, &again);
}

static void write_log(const struct message *m, struct journal_append *own);

void disk_write(void)
{
    if (written == append_count) {
        return;
    }
    struct journal_append *op = appends[written++];
    op->error = disk.append_error;
    if (op->error != 0) {
        return;
    }
    if (log_.executor != NULL) {
        write_log(&op->message, op);
    } else {
        put_both(&op->message);
    }
}

static void report(struct journal_append *op);

void disk_tell(void)
{
    if (told == written) {
        return;
    }
    struct journal_append *op = appends[told++];
    if (log_.executor != NULL) {
        report(op);
    } else {
        answer(op);
    }
}

void disk_say(struct span room, struct span id, struct span content)
{
    struct message m = {.room = room,
                        .id = id,
                        .content = content,
                        .user_id = SPAN("old"),
                        .username = SPAN("old"),
                        .type = SPAN("text")};
    put_both(&m);
}

/* ---- the log ---- */

/* An id that is in the log already is not written again: its place is the first one. */
static void write_log(const struct message *m, struct journal_append *own)
{
    const struct message *before = m->action == MESSAGE_SAY ? disk_find(m->id) : NULL;
    struct entry *e = &log_.entries[log_.count];

    if (before != NULL && own != NULL) {
        own->message.fate = MESSAGE_REPEATED;
        own->message.offset = before->offset;
        own->message.timestamp_ms = before->timestamp_ms;
        return;
    }
    assert(log_.count < DISK_OPS_MAX);
    *e = (struct entry){.record = record_create(m), .own = own};
    e->place =
        (log_.count == 0 ? 0 : log_.entries[log_.count - 1].place) + 1 + (uint64_t)(rand() % 3);
    e->record->message.placed = e->place;
    log_.count++;
    struct message now = e->record->message;
    put(&disk.all, &now);
    if (own != NULL) {
        own->message.offset = e->place;
        own->message.fate = MESSAGE_STORED;
    }
}

static void answer_fence(struct task *task)
{
    struct journal_fence *fence = container_of(task, struct journal_fence, task);
    fence->on_done(fence);
}

static void let_through(bool is_late)
{
    struct journal_fence **at = &log_.waiting;

    while (*at != NULL) {
        struct journal_fence *fence = *at;
        bool waits = fence->until > log_.told && log_.followed < log_.count;
        if (waits && !is_late) {
            at = &fence->next;
            continue;
        }
        *at = fence->next;
        fence->late = waits;
        fence->place = log_.told;
        fence->task.run = answer_fence;
        executor_post(fence->executor, &fence->task);
    }
}

static void report(struct journal_append *op)
{
    size_t i = 0;

    while (i < log_.count && log_.entries[i].own != op) {
        i++;
    }
    if (i < log_.count) {
        log_.entries[i].own = NULL;
        op->in_turn = i == log_.followed;
        log_.followed += op->in_turn;
        log_.told = op->in_turn ? log_.entries[i].place : log_.told;
    }
    answer(op);
    let_through(false);
}

void disk_follow(void)
{
    if (log_.followed == log_.count) {
        let_through(false);
        return;
    }
    const struct entry *e = &log_.entries[log_.followed++];
    struct message m = e->record->message;
    log_.told = e->place;
    if (m.action == MESSAGE_SAY) {
        m.offset = e->place;
    } else {
        m.offset = m.said;
        m.changed = e->place;
    }
    log_.listener.on_record(log_.listener.arg, &m);
    let_through(false);
}

void disk_store(void)
{
    if (log_.stored < log_.count) {
        struct message m = log_.entries[log_.stored++].record->message;
        put(&disk.seen, &m);
    }
}

void disk_write_other(struct span room, struct span id, struct span content)
{
    const struct message *before = disk_find(id);
    struct message m = {.room = room,
                        .id = id,
                        .content = content,
                        .user_id = SPAN("other"),
                        .username = SPAN("other"),
                        .type = SPAN("text"),
                        .dialect = 6};

    if (before != NULL) {
        m.action = content.len > 0 ? MESSAGE_EDIT : MESSAGE_DELETE;
        m.said = before->offset;
    }
    write_log(&m, NULL);
}

void disk_write_as_other(const struct message *m)
{
    write_log(m, NULL);
}

void disk_be_late(void)
{
    let_through(true);
}

void disk_lose(void)
{
    log_.listener.on_gap(log_.listener.arg);
}

static void listen(struct journal *journal, const struct journal_listener *listener)
{
    log_.listener = *listener;
}

static void fence(struct journal *journal, struct executor *executor, struct journal_fence *fence)
{
    fence->executor = executor;
    fence->next = log_.waiting;
    log_.waiting = fence;
    let_through(false);
}

static uint64_t stored_place(void)
{
    return log_.stored == log_.count ? UINT64_MAX : log_.entries[log_.stored].place - 1;
}

/* ---- the store ---- */

static int start(struct store *store, struct store_call *call)
{
    assert(read_count < DISK_OPS_MAX);
    disk.reads++;
    if (disk.start_error != 0) {
        return disk.start_error;
    }
    reads[read_count++] = (struct read){.call = call, .place = log_.told};
    return 0;
}

/* A page of copies, texts behind. Ends it as struct store_history says; *more: it did. */
static struct message_page *page_of(const struct message *found, size_t count, size_t bytes_max,
                                    bool *more)
{
    size_t bytes = 0, n = 0;
    while (n < count && (n == 0 || bytes_max == 0 || bytes < bytes_max)) {
        bytes += message_bytes(&found[n++]);
    }
    *more = n < count;
    struct message_page *page = xcalloc(1, sizeof *page + n * sizeof *found + bytes);
    uint8_t *at = (uint8_t *)&page->messages[n];
    page->count = n;
    for (size_t i = 0; i < n; i++) {
        page->messages[i] = found[i];
        message_keep(&page->messages[i], at);
        at += message_bytes(&found[i]);
    }
    return page;
}

static struct message found[DISK_MESSAGES_MAX];

static void look_at_history(struct store_call *call)
{
    struct store_history *r = container_of(call, struct store_history, call);
    size_t n = 0;
    assert(r->before == 0 && r->after == 0 && r->around == 0 && !r->from_start);
    for (size_t i = disk.seen.count; i-- > 0;) {
        const struct message *m = &disk.seen.messages[i]->message;
        if (span_eq(m->room, r->room) && (r->with_deleted || m->action != MESSAGE_DELETE)) {
            found[n++] = *m;
        }
    }
    r->page = page_of(found, n < r->limit ? n : r->limit, r->bytes_max, &r->more);
    r->more |= n > r->limit;
}

static int by_place(const void *a, const void *b)
{
    uint64_t x = message_place(a), y = message_place(b);
    return x < y ? -1 : x > y;
}

static void look_at_changes(struct store_call *call)
{
    struct store_changes *r = container_of(call, struct store_changes, call);
    size_t n = 0;
    for (size_t i = 0; i < disk.seen.count; i++) {
        struct message m = disk.seen.messages[i]->message;
        bool is_new = m.offset > r->after && m.action != MESSAGE_DELETE;
        bool is_changed = m.offset <= r->after && m.changed > r->after;
        if (span_eq(m.room, r->room) && (is_new || is_changed)) {
            m.action = is_changed && m.action == MESSAGE_SAY ? MESSAGE_EDIT : m.action;
            found[n++] = m;
        }
    }
    qsort(found, n, sizeof *found, by_place);
    r->page = page_of(found, n < r->limit ? n : r->limit, r->bytes_max, &r->more);
    r->more |= n > r->limit;
    r->newest = newest(&disk.seen, r->room);
}

static void look_for_one(struct store_call *call)
{
    struct store_find *r = container_of(call, struct store_find, call);
    const struct message *m = find_message(&disk.seen, r->id);
    bool more;
    r->page = page_of(m, m != NULL, 0, &more);
}

/* What was told before a read begins it sees. */
static bool is_ready(const struct read *r, bool looked)
{
    return r->looked == looked && (looked || r->place <= stored_place());
}

/* The index of the pick-th read that has looked, or may; or read_count. */
static size_t choose(bool looked, unsigned pick)
{
    size_t of_those = 0;
    for (size_t i = 0; i < read_count; i++) {
        of_those += is_ready(&reads[i], looked);
    }
    size_t skip = of_those == 0 ? 0 : pick % of_those, i = 0;
    while (i < read_count && (!is_ready(&reads[i], looked) || skip-- > 0)) {
        i++;
    }
    return i;
}

void disk_look(unsigned pick)
{
    size_t i = choose(false, pick);
    if (i == read_count) {
        return;
    }
    struct store_call *call = reads[i].call;
    reads[i].looked = true;
    call->error = disk.read_error;
    if (call->error == 0) {
        assert(call->op == STORE_HISTORY || call->op == STORE_CHANGES || call->op == STORE_FIND);
        (call->op == STORE_HISTORY   ? look_at_history
         : call->op == STORE_CHANGES ? look_at_changes
                                     : look_for_one)(call);
    }
}

static void run_read(struct task *task)
{
    struct store_call *call = container_of(task, struct store_call, task);
    call->on_done(call);
}

void disk_answer(unsigned pick)
{
    size_t i = choose(true, pick);
    if (i == read_count) {
        return;
    }
    struct store_call *call = reads[i].call;
    reads[i] = reads[--read_count];
    call->task.run = run_read;
    executor_post(call->executor, &call->task);
}

static const struct journal_ops slow_journal_ops = {.name = "slow", .append = append};
static const struct journal_ops slow_log_ops = {
    .name = "slow log", .blind = true, .append = append, .listen = listen, .fence = fence};
static const struct store_ops slow_store_ops = {.name = "slow", .start = start};
struct journal slow_journal = {.ops = &slow_journal_ops};
struct store slow_store = {.ops = &slow_store_ops};
