// SPDX-License-Identifier: MIT
#include "tests/unit/chat/slow_disk.h"

#include <assert.h>
#include <stdlib.h>

#include "src/base/memory.h"

struct slow_disk disk;

static struct journal_append *appends[DISK_OPS_MAX];
static size_t append_count, written, told;

struct read {
    struct store_call *call;
    bool looked;
};

static struct read reads[DISK_OPS_MAX]; /* under way */
static size_t read_count;

void disk_begin(void)
{
    disk = (struct slow_disk){0};
    append_count = written = told = read_count = 0;
}

void disk_end(void)
{
    assert(disk_is_idle());
    for (size_t i = 0; i < disk.count; i++) {
        record_release(disk.messages[i]);
    }
    disk.count = 0;
}

bool disk_is_idle(void)
{
    return told == append_count && read_count == 0;
}

/* ---- what is on it ---- */

static struct record **find(struct span id)
{
    for (size_t i = 0; i < disk.count; i++) {
        if (span_eq(disk.messages[i]->message.id, id)) {
            return &disk.messages[i];
        }
    }
    return NULL;
}

const struct message *disk_find(struct span id)
{
    struct record **r = find(id);
    return r == NULL ? NULL : &(*r)->message;
}

uint64_t disk_newest(struct span room)
{
    uint64_t newest = 0;
    for (size_t i = 0; i < disk.count; i++) {
        const struct message *m = &disk.messages[i]->message;
        uint64_t place = m->changed > m->offset ? m->changed : m->offset;
        newest = span_eq(m->room, room) && place > newest ? place : newest;
    }
    return newest;
}

/* ---- the journal ---- */

static int append(struct journal *journal, const struct message *message, struct executor *executor,
                  struct journal_append *op)
{
    assert(append_count < DISK_OPS_MAX);
    op->message = *message;
    op->executor = executor;
    op->error = 0;
    appends[append_count++] = op;
    return 0;
}

static void say(struct message *m)
{
    const struct message *before = disk_find(m->id);
    if (before != NULL) {
        m->fate = MESSAGE_REPEATED;
        m->offset = before->offset;
        m->timestamp_ms = before->timestamp_ms;
        return;
    }
    assert(disk.count < DISK_MESSAGES_MAX);
    m->fate = MESSAGE_STORED;
    m->offset = disk_newest(m->room) + 1;
    m->changed = 0;
    disk.messages[disk.count++] = record_create(m);
}

static void change(struct message *m)
{
    struct record **r = find(m->id);
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
    m->offset = now.changed = disk_newest(m->room) + 1;
    now.content = m->content;
    now.action = m->action == MESSAGE_DELETE ? MESSAGE_DELETE : MESSAGE_SAY;
    now.edited_ms = m->action == MESSAGE_EDIT ? m->timestamp_ms : now.edited_ms;
    struct record *next = record_create(&now);
    record_release(*r);
    *r = next;
}

void disk_write(void)
{
    if (written == append_count) {
        return;
    }
    struct journal_append *op = appends[written++];
    op->error = disk.append_error;
    if (op->error == 0) {
        (op->message.action == MESSAGE_SAY ? say : change)(&op->message);
    }
}

static void run_append(struct task *task)
{
    struct journal_append *op = container_of(task, struct journal_append, task);
    op->on_done(op);
}

void disk_tell(void)
{
    if (told < written) {
        struct journal_append *op = appends[told++];
        op->task.run = run_append;
        executor_post(op->executor, &op->task);
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
    say(&m);
}

/* ---- the store ---- */

static int start(struct store *store, struct store_call *call)
{
    assert(read_count < DISK_OPS_MAX);
    disk.reads++;
    if (disk.start_error != 0) {
        return disk.start_error;
    }
    reads[read_count++] = (struct read){.call = call};
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
    for (size_t i = disk.count; i-- > 0;) {
        const struct message *m = &disk.messages[i]->message;
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
    for (size_t i = 0; i < disk.count; i++) {
        struct message m = disk.messages[i]->message;
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
    r->newest = disk_newest(r->room);
}

static void look_for_one(struct store_call *call)
{
    struct store_find *r = container_of(call, struct store_find, call);
    const struct message *m = disk_find(r->id);
    bool more;
    r->page = page_of(m, m != NULL, 0, &more);
}

/* The index of the pick-th read that has looked, or has not; or read_count. */
static size_t choose(bool looked, unsigned pick)
{
    size_t of_those = 0;
    for (size_t i = 0; i < read_count; i++) {
        of_those += reads[i].looked == looked;
    }
    size_t skip = of_those == 0 ? 0 : pick % of_those, i = 0;
    while (i < read_count && (reads[i].looked != looked || skip-- > 0)) {
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
static const struct store_ops slow_store_ops = {.name = "slow", .start = start};
struct journal slow_journal = {.ops = &slow_journal_ops};
struct store slow_store = {.ops = &slow_store_ops};
