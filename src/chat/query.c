/* Questions of clients to the store: history, search, rooms, members; and read marks. Each is a
 * call of the store with the right to answer it. */
// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/chat/announce.h"
#include "src/chat/chat_loop.h"
#include "src/chat/message.h"
#include "src/chat/note.h"
#include "src/chat/people.h"
#include "src/chat/sending.h"
#include "src/chat/text.h"

enum { QUERY_BYTES_MAX = 1 << 20 };

struct query {
    struct chat_loop *cl;
    struct chat_reply reply;
    struct person *person; /* who asks; held: the store reads his id, and the socket may be
                              another's by the time it answers */
    union {
        struct store_history history;
        struct store_search search;
        struct store_read_mark mark;
        struct store_find find;
        struct store_room_put put;
        struct chat_people_request people;
    };
    struct span text, other; /* copies of what the command named */
    uint8_t texts[];
};

static struct query *query_create(const struct chat_call *call, struct span text, struct span other)
{
    struct query *q = xcalloc(1, sizeof *q + text.len + other.len);

    if (text.len > 0) {
        memcpy(q->texts, text.data, text.len);
    }
    if (other.len > 0) {
        memcpy(q->texts + text.len, other.data, other.len);
    }
    q->cl = call->cl;
    q->text = span_of(q->texts, text.len);
    q->other = span_of(q->texts + text.len, other.len);
    q->reply = chat_reply_take(call);
    q->person = person_hold(chat_person(call->socket));
    return q;
}

/* Its reply is somebody else's by now. */
static void query_let_go(struct query *q)
{
    person_release(q->person);
    free(q);
}

static void query_destroy(struct query *q)
{
    chat_reply_finish(&q->reply);
    query_let_go(q);
}

/* A call that could not be started, or that failed. */
static void fail(struct query *q, int error)
{
    chat_reply_refuse(q->cl, &q->reply, chat_store_refusal(error));
    query_destroy(q);
}

static bool has_store(const struct chat_call *call)
{
    if (chat_store(call->cl->chat) == NULL) {
        chat_refuse(call, &refused_no_store);
    }
    return chat_store(call->cl->chat) != NULL;
}

/* ---- history ---- */

static void on_history(struct store_call *call)
{
    struct store_history *history = container_of(call, struct store_history, call);
    struct query *q = container_of(history, struct query, history);

    if (call->error != 0) {
        fail(q, call->error);
        return;
    }
    bytes_clear(&q->cl->out);
    message_write_page(&q->cl->out, q->text, history);
    chat_reply_send(q->cl, &q->reply);
    free(history->page);
    query_destroy(q);
}

/* Offsets begin with 1, and to the store 0 is none. */
static uint64_t from_1(uint64_t offset)
{
    return offset == 0 ? 1 : offset;
}

void chat_on_history(const struct chat_call *call)
{
    const struct command *c = call->command;
    struct query *q;

    if (!has_store(call)) {
        return;
    }
    if (c->has_before + c->has_after + c->has_around > 1) {
        chat_refuse(call, &refused_directions);
        return;
    }
    q = query_create(call, c->room, SPAN(""));
    q->history = (struct store_history){
        .call.on_done = on_history,
        .room = q->text,
        .before = c->has_before ? from_1(c->before) : 0,
        .after = c->has_after ? c->after : 0,
        .around = c->has_around ? from_1(c->around) : 0,
        .from_start = c->has_after && c->after == 0,
        .limit = (unsigned)c->limit,
        .bytes_max = QUERY_BYTES_MAX,
    };
    int error = store_history(chat_store(call->cl->chat), call->cl->executor, &q->history);
    if (error != 0) {
        fail(q, error);
    }
}

/* ---- search ---- */

static void on_search(struct store_call *call)
{
    struct store_search *search = container_of(call, struct store_search, call);
    struct query *q = container_of(search, struct query, search);

    if (call->error != 0) {
        fail(q, call->error);
        return;
    }
    bytes_clear(&q->cl->out);
    message_write_found(&q->cl->out, search);
    chat_reply_send(q->cl, &q->reply);
    free(search->page);
    query_destroy(q);
}

void chat_on_search(const struct chat_call *call)
{
    const struct command *c = call->command;
    struct query *q;

    if (!has_store(call)) {
        return;
    }
    q = query_create(call, c->query, c->room);
    q->search = (struct store_search){.call.on_done = on_search,
                                      .query = q->text,
                                      .room = q->other,
                                      .before = c->has_before ? c->before : 0,
                                      .limit = (unsigned)c->limit};
    int error = store_search(chat_store(call->cl->chat), call->cl->executor, &q->search);
    if (error != 0) {
        fail(q, error);
    }
}

/* ---- read marks ---- */

static void on_marked(struct store_call *call)
{
    struct store_read_mark *mark = container_of(call, struct store_read_mark, call);
    struct query *q = container_of(mark, struct query, mark);
    struct chat_loop *cl = q->cl;

    if (call->error != 0) {
        fail(q, call->error);
        return;
    }
    struct message m = {.id = q->other, .room = q->text, .offset = mark->read};
    struct notice n = {.kind = NOTICE_READ,
                       .room = q->text,
                       .who = person_identity(q->person),
                       .wall_ms = rookery_loop_wall_ms(cl->loop),
                       .messages = &m,
                       .message_count = 1};
    struct note note = {.kind = NOTE_READ, .room = q->text, .who = n.who, .message = m};
    if (mark->changed) {
        announce_from(cl, q->text, DIALECTS_WITH_EDITS, &n, NULL, &note);
    }
    bytes_clear(&cl->out);
    message_write_read(&cl->out, &m);
    chat_reply_send(cl, &q->reply);
    query_destroy(q);
}

/* Where a journal's log comes before the store a mark goes into the log, so that it comes after the
 * message that it is about; how far that one is the store says, or nobody. */
static void on_found(struct store_call *call)
{
    struct store_find *find = container_of(call, struct store_find, call);
    struct query *q = container_of(find, struct query, find);
    struct message_page *page = find->page;
    struct identity who = person_identity(q->person);

    if (call->error != 0 || page->count == 0 || !span_eq(page->messages[0].room, q->text)) {
        fail(q, call->error != 0 ? call->error : STORE_EMISSING);
    } else {
        const struct message m = {.id = q->other,
                                  .room = q->text,
                                  .user_id = who.user_id,
                                  .username = who.username,
                                  .said = page->messages[0].offset,
                                  .dialect = DIALECT_NATIVE,
                                  .action = MESSAGE_MARK};
        sending_begin(q->cl, &m, rookery_loop_wall_ms(q->cl->loop), &q->reply);
        query_let_go(q);
    }
    free(page);
}

static int start_mark(struct query *q)
{
    struct store *store = chat_store(q->cl->chat);

    if (q->cl->chat->journal->ops->blind) {
        q->find = (struct store_find){.call.on_done = on_found, .id = q->other};
        return store_find(store, q->cl->executor, &q->find);
    }
    q->mark = (struct store_read_mark){
        .call.on_done = on_marked,
        .room = q->text,
        .user_id = person_identity(q->person).user_id,
        .message_id = q->other,
    };
    return store_read_mark(store, q->cl->executor, &q->mark);
}

void chat_on_read(const struct chat_call *call)
{
    const struct command *c = call->command;
    struct query *q;

    if (!has_store(call)) {
        return;
    }
    if (!rookery_in_room(call->socket, str_of_span(c->room))) {
        chat_refuse(call, &refused_not_in_room);
        return;
    }
    q = query_create(call, c->room, c->message_id);
    int error = start_mark(q);
    if (error != 0) {
        fail(q, error);
    }
}

/* ---- making rooms ---- */

static void on_made(struct store_call *call)
{
    struct store_room_put *put = container_of(call, struct store_room_put, call);
    struct query *q = container_of(put, struct query, put);

    if (call->error != 0) {
        fail(q, call->error);
        return;
    }
    bytes_clear(&q->cl->out);
    message_write_room_made(&q->cl->out, q->text, q->other);
    chat_reply_send(q->cl, &q->reply);
    query_destroy(q);
}

void chat_on_create_room(const struct chat_call *call)
{
    const struct command *c = call->command;
    struct chat_loop *cl = call->cl;
    uint8_t random[ID_RANDOM_BYTES], bytes[ID_BYTES];
    char id[ID_TEXT_LEN];
    struct query *q;

    if (!has_store(call)) {
        return;
    }
    executor_random(cl->executor, random, sizeof random);
    id_source_next(&cl->ids, rookery_loop_wall_ms(cl->loop), random, bytes);
    id_format(bytes, id);
    q = query_create(call, c->room.len > 0 ? c->room : span_of(id, ID_TEXT_LEN), c->name);
    q->put = (struct store_room_put){
        .call.on_done = on_made,
        .room = q->text,
        .title = q->other,
        .created_by = person_identity(q->person).user_id,
        .created_ms = rookery_loop_wall_ms(cl->loop),
        .rooms_max = cl->limits.rooms_made_max,
    };
    int error = store_room_put(chat_store(cl->chat), cl->executor, &q->put);
    if (error != 0) {
        fail(q, error);
    }
}

/* ---- who is there ---- */

static void on_people(struct chat_people_request *request)
{
    struct query *q = container_of(request, struct query, people);

    bytes_clear(&q->cl->out);
    message_write_members(&q->cl->out, request);
    chat_reply_send(q->cl, &q->reply);
    query_destroy(q);
}

void chat_on_members(const struct chat_call *call)
{
    struct query *q = query_create(call, call->command->room, SPAN(""));

    q->people = (struct chat_people_request){.on_done = on_people, .room = q->text};
    chat_people(call->cl->chat, rookery_loop_index(call->cl->loop), &q->people);
}
