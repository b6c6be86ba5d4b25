// SPDX-License-Identifier: MIT
#include "src/chat/past.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "src/chat/chat_loop.h"
#include "src/chat/sending.h"

enum { CHANGES_BYTES_MAX = 4 * PAST_BYTES_MAX };

void past_finish(struct past *past)
{
    free(past->messages);
    free(past->page);
    records_release(past->records, past->record_count);
    past->messages = NULL;
    past->page = NULL;
    past->records = NULL;
    past->record_count = past->count = 0;
}

/* The home needs the room's tail no longer. What follows may be all that happens in the room, so
 * that is held until then. */
static void ready(struct past *past)
{
    struct chat_room *room = past->at;

    past->at = NULL;
    past->on_ready(past); /* may free it */
    room->joins--;
    past_resume(room);
    chat_room_settle(room);
}

static void take_records(struct past *past)
{
    past->messages = xcalloc(past->record_count + 1, sizeof *past->messages);
    for (size_t i = 0; i < past->record_count; i++) {
        past->messages[i] = past->records[i]->message;
    }
    past->count = past->record_count;
}

/* ---- what does not hold any more ---- */

static void forget(struct past *past, const struct message *m)
{
    size_t i = (size_t)(m - past->messages);

    past->count--;
    memmove(&past->messages[i], &past->messages[i + 1], (past->count - i) * sizeof *past->messages);
}

static struct message *find_said(struct past *past, uint64_t offset)
{
    for (size_t i = 0; i < past->count; i++) {
        if (past->messages[i].offset == offset) {
            return &past->messages[i];
        }
    }
    return NULL;
}

/* A message is told as it is now, as the store would: what its author has taken back is not shown
 * to those who come later. */
static void forget_outdated(struct past *past)
{
    size_t all = past->count;

    past->count = 0;
    for (size_t i = 0; i < all; i++) {
        const struct message m = past->messages[i];
        struct message *earlier = m.action == MESSAGE_SAY ? NULL : find_said(past, m.offset);
        bool was_said = earlier != NULL && earlier->action == MESSAGE_SAY;
        if (was_said && m.action == MESSAGE_EDIT) {
            *earlier = m;
            earlier->action = MESSAGE_SAY;
            continue;
        }
        if (earlier != NULL) {
            forget(past, earlier);
        }
        if (!was_said) {
            past->messages[past->count++] = m;
        }
    }
}

/* ---- from the tail ---- */

static bool follows(const struct past *past)
{
    return chat_follows(past->at->home->chat);
}

/* Does he know more of the log than has been told here yet? Then that would come to him again. */
static bool is_ahead(const struct past *past)
{
    return follows(past) && past->after > past->at->tail.newest;
}

static bool find_in_tail(struct past *past)
{
    const struct tail *tail = &past->at->tail;

    if (past->kind == PAST_HISTORY) {
        if (!tail_history(tail, past->limit, PAST_BYTES_MAX, &past->records, &past->record_count)) {
            return false;
        }
    } else if (past->kind == PAST_CHANGES && tail_covers(tail, past->after) && !is_ahead(past)) {
        past->records = tail_after(tail, past->after, &past->record_count);
        past->newest = tail->newest;
    } else {
        return false;
    }
    take_records(past);
    if (past->kind == PAST_CHANGES) {
        forget_outdated(past);
    }
    return true;
}

/* ---- what the store has seen, and what it has not ---- */

/* Is it this one that the store has seen? Who repeats what was stored before, or edits again what
 * he has edited, sends another with the same id. */
static bool is_stored_as(const struct message *sent, const struct message *m)
{
    bool same_time = m->action == MESSAGE_SAY    ? sent->timestamp_ms == m->timestamp_ms
                     : m->action == MESSAGE_EDIT ? sent->edited_ms == m->edited_ms
                                                 : true;

    return sent->action == m->action && same_time && span_eq(sent->id, m->id);
}

/* Is it to be told yet? In a log that is followed the place tells. */
static bool in_flight(const struct past *past, const struct message *m)
{
    const struct chat_room *room = past->at;
    struct list_node *n = message_place(m) > room->tail.newest ? room->sends.first : NULL;

    if (follows(past)) {
        return message_place(m) > past->fence.place;
    }
    while (n != NULL && !is_stored_as(sending_message(n), m)) {
        n = n->next;
    }
    return n != NULL;
}

/* Who asks for a further page is a member, and has got what was told since the read began. */
static bool is_told(const struct past *past, const struct message *m)
{
    bool told = false;

    for (size_t i = 0; past->kind == PAST_DIRECTS && past->after != 0 && i < past->record_count;
         i++) {
        told = told || past->records[i]->message.offset == m->offset;
    }
    return told;
}

static bool newest_first(const struct past *past)
{
    return past->kind == PAST_HISTORY;
}

/* Takes what comes live out of the page: the last of the log. */
static void drop_in_flight(struct past *past)
{
    const struct message *first = past->page->messages;

    past->count = past->page->count;
    if (newest_first(past)) {
        while (past->count > 0 && in_flight(past, first)) {
            first++;
            past->count--;
        }
    } else {
        while (past->count > 0 && (in_flight(past, &first[past->count - 1]) ||
                                   is_told(past, &first[past->count - 1]))) {
            past->newest = message_place(&first[--past->count]) - 1;
        }
    }
    if (follows(past) && past->newest > past->fence.place) {
        past->newest = past->fence.place;
    }
    /* Whom the store could not note as delivered comes again, but not in one go. */
    while (past->kind == PAST_DIRECTS && past->count > 0 && first->offset <= past->after) {
        first++;
        past->count--;
    }
    past->messages = xcalloc(past->count + past->record_count + 1, sizeof *past->messages);
    memcpy(past->messages, first, past->count * sizeof *past->messages);
}

/* One more thing that has happened, perhaps before the store looked. */
static void add_to_history(struct past *past, const struct message *m)
{
    struct message *said = find_said(past, m->offset);
    size_t i = said == NULL ? 0 : (size_t)(said - past->messages);

    if (said == NULL && m->changed == 0 &&
        (past->count == 0 || m->offset > past->messages[0].offset)) {
        memmove(past->messages + 1, past->messages, past->count * sizeof *past->messages);
        past->messages[0] = *m;
        past->count += past->count < past->limit;
    } else if (said != NULL && m->changed > said->changed) {
        if (m->action == MESSAGE_DELETE) {
            past->count--;
            memmove(said, said + 1, (past->count - i) * sizeof *said);
        } else {
            *said = *m;
        }
    }
}

static void add_to_changes(struct past *past, const struct message *m)
{
    if (message_place(m) > past->newest) {
        past->messages[past->count++] = *m;
        past->newest = message_place(m);
    }
}

static void add_to_directs(struct past *past, const struct message *m)
{
    if (past->after == 0 && find_said(past, m->offset) == NULL) {
        past->messages[past->count++] = *m;
    }
}

/* How much was broadcast since the read began. */
static size_t told_since(const struct past *past)
{
    return (size_t)(past->at->tail.pushed - past->pushed);
}

static void merge(struct past *past)
{
    static void (*const add[])(struct past * past, const struct message *m) = {
        [PAST_HISTORY] = add_to_history,
        [PAST_CHANGES] = add_to_changes,
        [PAST_DIRECTS] = add_to_directs,
    };

    past->record_count = told_since(past);
    past->records = tail_last(&past->at->tail, past->record_count);
    drop_in_flight(past);
    for (size_t i = 0; i < past->record_count; i++) {
        add[past->kind](past, &past->records[i]->message);
    }
    /* What the store has seen beyond that comes live. */
    if (past->at->tail.newest != 0) {
        past->newest = past->at->tail.newest;
    }
    if (past->kind == PAST_CHANGES) {
        forget_outdated(past);
    }
}

/* ---- from the store ---- */

static void read_store(struct past *past);

static void on_read(struct past *past, int error, struct message_page *page)
{
    past->error = error;
    past->page = page;
    if (error == 0 && told_since(past) > past->at->tail.count) {
        past_finish(past);
        read_store(past);
        return;
    }
    if (error == 0) {
        merge(past);
    }
    ready(past);
}

static void on_history(struct store_call *call)
{
    struct store_history *read = container_of(call, struct store_history, call);
    struct past *past = container_of(read, struct past, read.history);

    on_read(past, call->error, read->page);
}

static void read_from(struct past *past, uint64_t from)
{
    past->from = from;
    past->next = from > past->after ? from + 1 : 0;
    past->read_again = true;
    read_store(past);
}

/* The latest of a log with holes. */
static void on_latest(struct store_call *call)
{
    struct store_history *read = container_of(call, struct store_history, call);
    struct past *past = container_of(read, struct past, read.history);
    struct message_page *page = read->page;
    uint64_t from = past->after;

    past->error = call->error;
    if (call->error != 0) {
        ready(past);
        return;
    }
    if (page->count > 0 && page->messages[page->count - 1].offset > past->after) {
        from = page->messages[page->count - 1].offset - 1;
    }
    free(page);
    read_from(past, from);
}

static void find_latest(struct past *past)
{
    struct chat_loop *home = past->at->home;

    past->read.history = (struct store_history){.call.on_done = on_latest,
                                                .room = past->room,
                                                .limit = PAST_AFTER_GAP,
                                                .with_deleted = true};
    past->error = store_history(chat_store(home->chat), home->executor, &past->read.history);
    if (past->error != 0) {
        ready(past);
    }
}

static void on_changes(struct store_call *call)
{
    struct store_changes *read = container_of(call, struct store_changes, call);
    struct past *past = container_of(read, struct past, read.changes);

    if (call->error == 0 && read->more) {
        free(read->page);
        if (follows(past)) {
            find_latest(past);
        } else if (read->newest > past->after + PAST_AFTER_GAP) {
            read_from(past, read->newest - PAST_AFTER_GAP);
        } else {
            read_from(past, past->after);
        }
        return;
    }
    past->newest = read->newest;
    on_read(past, call->error, read->page);
}

static void on_directs(struct store_call *call)
{
    struct store_directs *read = container_of(call, struct store_directs, call);
    struct past *past = container_of(read, struct past, read.directs);

    past->more = call->error == 0 && read->more;
    on_read(past, call->error, read->page);
}

static int start_read(struct past *past)
{
    struct store *store = chat_store(past->at->home->chat);
    struct executor *executor = past->at->home->executor;

    if (past->kind == PAST_CHANGES) {
        past->read.changes =
            (struct store_changes){.call.on_done = on_changes,
                                   .room = past->room,
                                   .after = past->from,
                                   .limit = PAST_CHANGES_MAX,
                                   .bytes_max = past->read_again ? 0 : CHANGES_BYTES_MAX};
        return store_changes(store, executor, &past->read.changes);
    }
    if (past->kind == PAST_DIRECTS) {
        past->read.directs = (struct store_directs){.call.on_done = on_directs,
                                                    .user_id = past->user,
                                                    .limit = PAST_CHANGES_MAX,
                                                    .bytes_max = PAST_BYTES_MAX};
        return store_directs(store, executor, &past->read.directs);
    }
    past->read.history = (struct store_history){.call.on_done = on_history,
                                                .room = past->room,
                                                .limit = past->limit,
                                                .bytes_max = PAST_BYTES_MAX};
    return store_history(store, executor, &past->read.history);
}

static void begin_read(struct past *past)
{
    past->pushed = past->at->tail.pushed;
    if (past->on_read != NULL) {
        past->on_read(past);
    }
    past->error = start_read(past);
    if (past->error != 0) {
        ready(past);
    }
}

/* Who knows more than this node tells for now would be told that once more: he has to ask again. */
static void on_fence(struct journal_fence *fence)
{
    struct past *past = container_of(fence, struct past, fence);

    if (fence->late) {
        past->error = STORE_EIO;
        ready(past);
    } else {
        begin_read(past);
    }
}

/* The log comes first: what is told from its answer on comes live, or is in the tail by then; what
 * was told before, the store has. */
static void read_store(struct past *past)
{
    struct chat_loop *home = past->at->home;

    if (!follows(past) || home->chat->stopped) {
        begin_read(past);
        return;
    }
    past->fence = (struct journal_fence){.on_done = on_fence,
                                         .room = past->room,
                                         .until = past->kind == PAST_CHANGES ? past->after : 0};
    home->chat->journal->ops->fence(home->chat->journal, home->executor, &past->fence);
}

void past_begin(struct past *past, struct chat_room *room)
{
    past->at = room;
    past->from = past->after;
    room->joins++;
    if (past->kind == PAST_NONE || chat_store(room->home->chat) == NULL || find_in_tail(past)) {
        ready(past);
    } else if (past->kind == PAST_DIRECTS && room->deliveries > 0) {
        list_add(&room->waiting, &past->node);
    } else {
        read_store(past);
    }
}

/* One at a time: its delivery is what the next has to wait for. */
void past_resume(struct chat_room *room)
{
    struct list_node *first = room->waiting.first;

    if (room->deliveries == 0 && first != NULL) {
        list_remove(first);
        room->joins++; /* the caller settles the room */
        read_store(container_of(first, struct past, node));
        room->joins--;
    }
}
