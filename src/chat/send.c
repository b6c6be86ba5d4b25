/* Saying, editing and deleting: from the event to a sending. */
// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "src/base/digest.h"
#include "src/base/memory.h"
#include "src/chat/message.h"
#include "src/chat/permit.h"
#include "src/chat/sending.h"
#include "src/chat/stamp.h"

/* ---- ids ---- */

static void random_id(struct chat_loop *cl, int64_t now_ms, char out[ID_TEXT_LEN])
{
    uint8_t random[ID_RANDOM_BYTES], bytes[ID_BYTES];

    executor_random(cl->executor, random, sizeof random);
    id_source_next(&cl->ids, now_ms, random, bytes);
    id_format(bytes, out);
}

/* The same for the same three texts, on every node and for ever: so that what is sent twice is kept
 * once. A UUID of version 8 (RFC 9562, section 5.8). */
static void client_id_id(const struct message *m, char out[ID_TEXT_LEN])
{
    const struct span parts[] = {m->room, m->user_id, m->client_id};
    uint8_t bytes[ID_BYTES];

    digest_128(parts, sizeof parts / sizeof *parts, bytes);
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x80);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    id_format(bytes, out);
}

void stamp(struct chat_loop *cl, struct message *m, char id[ID_TEXT_LEN])
{
    m->timestamp_ms = rookery_loop_wall_ms(cl->loop);
    if (m->client_id.len > 0) {
        client_id_id(m, id);
    } else {
        random_id(cl, m->timestamp_ms, id);
    }
    m->id = span_of(id, ID_TEXT_LEN);
}

/* ---- saying ---- */

void chat_on_send(const struct chat_call *call)
{
    const struct command *c = call->command;
    struct identity who = permit_speaker(call->socket, c);
    struct message m = {.room = c->room,
                        .user_id = who.user_id,
                        .username = who.username,
                        .content = c->content,
                        .type = c->type,
                        .sent_at = c->sent_at,
                        .raw = c->raw,
                        .client_id = c->client_id,
                        .dialect = (uint8_t)c->dialect,
                        .action = MESSAGE_SAY};
    struct chat_reply reply = chat_reply_take(call);
    char id[ID_TEXT_LEN];

    stamp(call->cl, &m, id);
    sending_begin(call->cl, &m, m.timestamp_ms, &reply);
}

/* ---- editing and deleting: the message has to be found first ---- */

struct changing {
    struct store_find find;
    struct chat_loop *cl;
    struct chat_reply reply;
    enum message_action action;
    struct span content, id;
    uint8_t text[]; /* both */
};

static const struct refusal *check_change(const struct changing *change)
{
    const struct message_page *page = change->find.page;

    if (change->find.call.error != 0) {
        return chat_store_refusal(change->find.call.error);
    }
    if (page->count == 0 || page->messages[0].action == MESSAGE_DELETE ||
        page->messages[0].recipient.len > 0) {
        return &refused_missing;
    }
    struct identity who = person_identity(chat_person(change->reply.socket));
    return span_eq(page->messages[0].user_id, who.user_id) ? NULL : &refused_author;
}

static void begin_change(struct changing *change)
{
    struct message m = change->find.page->messages[0];
    int64_t now_ms = rookery_loop_wall_ms(change->cl->loop);

    m.action = (uint8_t)change->action;
    m.content = change->content;
    m.raw = SPAN("");
    m.edited_ms = change->action == MESSAGE_EDIT ? now_ms : m.edited_ms;
    sending_begin(change->cl, &m, now_ms, &change->reply);
}

static void on_found(struct store_call *call)
{
    struct store_find *find = container_of(call, struct store_find, call);
    struct changing *change = container_of(find, struct changing, find);
    const struct refusal *refusal = check_change(change);

    if (refusal == NULL) {
        begin_change(change);
    } else {
        chat_reply_refuse(change->cl, &change->reply, refusal);
        chat_reply_finish(&change->reply);
    }
    free(find->page);
    free(change);
}

static void change(const struct chat_call *call, enum message_action action)
{
    const struct command *c = call->command;
    struct changing *change;

    if (chat_store(call->cl->chat) == NULL) {
        chat_refuse(call, &refused_no_store);
        return;
    }
    change = xcalloc(1, sizeof *change + c->message_id.len + c->content.len);
    change->cl = call->cl;
    change->action = action;
    memcpy(change->text, c->message_id.data, c->message_id.len);
    change->id = span_of(change->text, c->message_id.len);
    if (c->content.len > 0) {
        memcpy(change->text + c->message_id.len, c->content.data, c->content.len);
    }
    change->content = span_of(change->text + c->message_id.len, c->content.len);
    change->find = (struct store_find){.call.on_done = on_found, .id = change->id};
    int error = store_find(chat_store(call->cl->chat), call->cl->executor, &change->find);
    if (error != 0) {
        chat_refuse(call, chat_store_refusal(error));
        free(change);
        return;
    }
    change->reply = chat_reply_take(call);
}

void chat_on_edit(const struct chat_call *call)
{
    change(call, MESSAGE_EDIT);
}

void chat_on_delete(const struct chat_call *call)
{
    change(call, MESSAGE_DELETE);
}
