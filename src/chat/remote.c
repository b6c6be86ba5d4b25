// SPDX-License-Identifier: MIT
#include "src/chat/remote.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "src/chat/announce.h"
#include "src/chat/chat_loop.h"
#include "src/chat/note.h"
#include "src/chat/sending.h"
#include "src/chat/text.h"

/* ---- messages ---- */

static void receive(struct chat_loop *cl, const struct message *m)
{
    int64_t now_ms = m->action == MESSAGE_SAY    ? m->timestamp_ms
                     : m->action == MESSAGE_EDIT ? m->edited_ms
                                                 : rookery_loop_wall_ms(cl->loop);

    if (!cl->chat->stopped) {
        sending_receive(cl, m, now_ms);
    }
}

/* ---- read marks ---- */

/* Of somebody who has read a room by another node. */
struct mark {
    struct store_read_mark call;
    struct chat_loop *cl;
    struct person *reader;
    struct span room, id;
    uint8_t text[]; /* both */
};

static void destroy(struct mark *mark)
{
    person_release(mark->reader);
    free(mark);
}

static void on_marked(struct store_call *call)
{
    struct store_read_mark *read = container_of(call, struct store_read_mark, call);
    struct mark *mark = container_of(read, struct mark, call);
    struct message m = {.id = mark->id, .room = mark->room, .offset = read->read};
    struct notice n = {.kind = NOTICE_READ,
                       .room = mark->room,
                       .who = person_identity(mark->reader),
                       .messages = &m,
                       .message_count = 1};

    /* One store of all nodes may know it already, by another of them or by the broker. */
    if (call->error == 0 && (read->changed || chat_store_is_shared(mark->cl->chat))) {
        announce_from(mark->cl, mark->room, DIALECTS_WITH_EDITS, &n, NULL, NULL);
    }
    destroy(mark);
}

/* The place in this node's log is this node's to say; what its store has not is read by nobody. */
static void mark_read(struct chat_loop *cl, const struct note *note)
{
    struct store *store = chat_store(cl->chat);
    struct mark *mark = xcalloc(1, sizeof *mark + note->room.len + note->message.id.len);

    memcpy(mark->text, note->room.data, note->room.len);
    memcpy(mark->text + note->room.len, note->message.id.data, note->message.id.len);
    mark->room = span_of(mark->text, note->room.len);
    mark->id = span_of(mark->text + note->room.len, note->message.id.len);
    mark->cl = cl;
    mark->reader = person_create(PERSON_EVENT, note->who.user_id, note->who.username);
    mark->call = (struct store_read_mark){.call.on_done = on_marked,
                                          .room = mark->room,
                                          .user_id = person_identity(mark->reader).user_id,
                                          .message_id = mark->id};
    if (store == NULL || store_read_mark(store, cl->executor, &mark->call) != 0) {
        destroy(mark);
    }
}

/* ---- what comes ---- */

static void tell(struct chat_loop *cl, const struct note *note, enum notice_kind kind)
{
    uint32_t dialects = kind == NOTICE_DIRECT_TYPING ? 1u << DIALECT_DIRECT : DIALECTS_WITH_EDITS;
    struct notice n = {.kind = kind, .room = note->room, .who = note->who, .is_on = note->is_on};

    announce_from(cl, note->room, dialects, &n, NULL, NULL);
}

static void on_note(struct rookery_namespace *nsp, const struct rookery_noted *noted, void *arg)
{
    struct chat_loop *cl = ((struct chat *)arg)->loops;
    struct note note;
    int error = note_read(span_of_str(noted->note), &cl->scratch.texts, &note);

    (void)nsp;
    if (error != 0) {
        if (error == NOTE_EINVALID) {
            chat_count(cl, STAT_NOTES_MALFORMED);
        }
        return;
    }
    switch (note.kind) {
    case NOTE_MESSAGE:
        receive(cl, &note.message);
        break;
    case NOTE_TYPING:
        tell(cl, &note, NOTICE_TYPING);
        break;
    case NOTE_TYPING_STOP:
        tell(cl, &note, NOTICE_TYPING_STOP);
        break;
    case NOTE_DIRECT_TYPING:
        tell(cl, &note, NOTICE_DIRECT_TYPING);
        break;
    case NOTE_READ:
        mark_read(cl, &note);
        break;
    case NOTE_LOGGED:
        break;
    }
}

void remote_add_handlers(struct chat *chat)
{
    rookery_on_note(chat->nsp, on_note, chat);
}
