// SPDX-License-Identifier: MIT
#include "src/store/mongo_message.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "src/store/mongo_bson.h"
#include "src/store/store_words.h"

enum {
    WORDS_MAX = 1000,            /* of a message; further ones are not found */
    OTHER_BYTES_MAX = 512 << 10, /* of a document, beside its texts */
};

static const char *const text_keys[MESSAGE_TEXTS] = {"_id",       "room",     "user_id", "username",
                                                     "content",   "type",     "sent_at", "raw",
                                                     "client_id", "recipient"};

/* ---- words ---- */

static int compare(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    int order = memcmp(x->data, y->data, x->len < y->len ? x->len : y->len);
    return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

static unsigned split(struct span text, struct span words[WORDS_MAX])
{
    unsigned count = 0;

    while (text.len > 0 && count < WORDS_MAX) {
        const uint8_t *space = memchr(text.data, ' ', text.len); /* behind each word there is one */
        words[count++] = span_of(text.data, (size_t)(space - text.data));
        text = span_skip(text, (size_t)(space - text.data) + 1);
    }
    return count;
}

/* Each once, as an index has them. */
static void put_words(bson_t *doc, struct span content)
{
    struct bytes text = {0}, folded = {0};
    struct span words[WORDS_MAX];
    uint32_t written = 0;
    bson_t array;

    store_words_text(&text, content);
    (void)store_words_fold(&folded, bytes_span(&text));
    unsigned count = split(bytes_span(&folded), words);
    qsort(words, count, sizeof words[0], compare);
    (void)BSON_APPEND_ARRAY_BEGIN(doc, "words", &array);
    for (unsigned i = 0; i < count; i++) {
        if (i == 0 || !span_eq(words[i], words[i - 1])) {
            mongo_put_item(&array, &written, words[i]);
        }
    }
    (void)bson_append_array_end(doc, &array);
    bytes_finish(&text);
    bytes_finish(&folded);
}

/* ---- writing ---- */

bson_t *mongo_message_write(const struct message *m, uint64_t offset, uint64_t arrival)
{
    struct message copy = *m;
    bson_t *doc = bson_new();

    for (unsigned i = 0; i < MESSAGE_TEXTS; i++) {
        (i < 2 ? mongo_put_text : mongo_put_some)(doc, text_keys[i], *message_text(&copy, i));
    }
    mongo_put_u64(doc, "offset", offset);
    mongo_put_u64(doc, "changed", 0);
    mongo_put_u64(doc, "arrival", arrival);
    (void)BSON_APPEND_DATE_TIME(doc, "timestamp", m->timestamp_ms);
    (void)BSON_APPEND_INT32(doc, "dialect", m->dialect);
    (void)BSON_APPEND_BOOL(doc, "deleted", false);
    (void)BSON_APPEND_INT32(doc, "state", MESSAGE_SENT);
    if (m->recipient.len > 0) {
        (void)BSON_APPEND_BOOL(doc, "undelivered", true);
    }
    put_words(doc, m->content);
    return doc;
}

bson_t *mongo_message_change(const struct message *m, uint64_t place, int64_t edited_ms)
{
    bool edit = m->action == MESSAGE_EDIT;
    bson_t *update = bson_new(), set;

    (void)BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    mongo_put_u64(&set, "changed", place);
    mongo_put_text(&set, "content", edit ? m->content : (struct span){0});
    mongo_put_text(&set, "raw", edit ? m->raw : (struct span){0});
    put_words(&set, edit ? m->content : (struct span){0});
    if (edit || edited_ms != 0) {
        (void)BSON_APPEND_DATE_TIME(&set, "edited", edit ? m->timestamp_ms : edited_ms);
    }
    if (!edit) {
        (void)BSON_APPEND_BOOL(&set, "deleted", true);
    }
    (void)bson_append_document_end(update, &set);
    if (!edit) {
        (void)BSON_APPEND_DOCUMENT_BEGIN(update, "$unset", &set);
        (void)BSON_APPEND_INT32(&set, "undelivered", 1);
        (void)bson_append_document_end(update, &set);
    }
    return update;
}

bool mongo_message_fits(const struct message *m)
{
    return message_bytes(m) <= MONGO_DOCUMENT_BYTES_MAX - OTHER_BYTES_MAX;
}

/* ---- reading ---- */

static bool read_text(const bson_iter_t *field, const char *key, struct message *m)
{
    for (unsigned i = 0; i < MESSAGE_TEXTS; i++) {
        if (strcmp(key, text_keys[i]) == 0) {
            *message_text(m, i) = mongo_text(field);
            return true;
        }
    }
    return false;
}

void mongo_message_read(const bson_t *doc, struct message *m)
{
    bson_iter_t field;

    *m = (struct message){.action = MESSAGE_SAY};
    if (!bson_iter_init(&field, doc)) {
        return;
    }
    while (bson_iter_next(&field)) {
        const char *key = bson_iter_key(&field);
        if (read_text(&field, key, m)) {
            continue;
        }
        if (strcmp(key, "offset") == 0) {
            m->offset = mongo_u64(&field);
        } else if (strcmp(key, "changed") == 0) {
            m->changed = mongo_u64(&field);
        } else if (strcmp(key, "timestamp") == 0) {
            m->timestamp_ms = bson_iter_date_time(&field);
        } else if (strcmp(key, "edited") == 0) {
            m->edited_ms = bson_iter_date_time(&field);
        } else if (strcmp(key, "dialect") == 0) {
            m->dialect = (uint8_t)mongo_u64(&field);
        } else if (strcmp(key, "state") == 0) {
            m->state = (uint8_t)mongo_u64(&field);
        } else if (strcmp(key, "deleted") == 0 && bson_iter_as_bool(&field)) {
            m->action = MESSAGE_DELETE;
        }
    }
}
