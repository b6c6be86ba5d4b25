// SPDX-License-Identifier: MIT
/* Search: by the words of a message (store_words.h), which an index has one by one. The server may
 * look for half of timeout_ms, since it cannot be told to look at so many messages only. */
#include "src/base/memory.h"
#include "src/store/mongo_bson.h"
#include "src/store/mongo_calls.h"
#include "src/store/mongo_message.h"
#include "src/store/store_words.h"

/* Folded words that are asked for: one of a query may fold into several. */
enum { CONDITIONS_MAX = 64 };

struct conditions {
    bson_t array;
    uint32_t count;
};

static void add_condition(struct conditions *c, struct span word, bool beginning)
{
    char buffer[16];
    const char *key;
    bson_t doc, words, range;

    (void)bson_uint32_to_string(c->count++, &key, buffer, sizeof buffer);
    (void)bson_append_document_begin(&c->array, key, -1, &doc);
    if (beginning) { /* no character comes after U+10FFFF */
        struct bytes end = {0};
        bytes_add_span(&end, word);
        bytes_add_cstr(&end, "\xf4\x8f\xbf\xbf");
        (void)BSON_APPEND_DOCUMENT_BEGIN(&doc, "words", &words);
        (void)BSON_APPEND_DOCUMENT_BEGIN(&words, "$elemMatch", &range);
        mongo_put_text(&range, "$gte", word);
        mongo_put_text(&range, "$lt", bytes_span(&end));
        (void)bson_append_document_end(&words, &range);
        (void)bson_append_document_end(&doc, &words);
        bytes_finish(&end);
    } else {
        mongo_put_text(&doc, "words", word);
    }
    (void)bson_append_document_end(&c->array, &doc);
}

/* Of what a word of the query folds into only the last may be a beginning. */
static void add_folded(struct conditions *c, struct span folded, bool beginning)
{
    while (folded.len > 0 && c->count < CONDITIONS_MAX) {
        const uint8_t *space = memchr(folded.data, ' ', folded.len); /* behind each */
        size_t len = (size_t)(space - folded.data);
        add_condition(c, span_of(folded.data, len), beginning && len + 1 == folded.len);
        folded = span_skip(folded, len + 1);
    }
}

/* Returns false, and adds nothing, if the query has no word. */
static bool put_query(bson_t *filter, struct span query)
{
    struct span rest = store_words_bounded(query), word = store_words_next(&rest);
    struct conditions conditions = {.count = 0};
    struct bytes folded = {0};

    (void)BSON_APPEND_ARRAY_BEGIN(filter, "$and", &conditions.array);
    for (unsigned i = 0; word.len > 0 && i < STORE_WORDS_MAX; i++) {
        struct span next = store_words_next(&rest);
        bool last = next.len == 0 || i + 1 == STORE_WORDS_MAX;
        bytes_clear(&folded);
        (void)store_words_fold(&folded, word);
        add_folded(&conditions, bytes_span(&folded), last && word.len >= STORE_PREFIX_BYTES_MIN);
        word = next;
    }
    (void)bson_append_array_end(filter, &conditions.array);
    bytes_finish(&folded);
    return conditions.count > 0;
}

/* Direct messages are for their two users only. */
static void put_visible(bson_t *filter, struct span user_id)
{
    bson_t any, one;

    (void)BSON_APPEND_ARRAY_BEGIN(filter, "$or", &any);
    (void)BSON_APPEND_DOCUMENT_BEGIN(&any, "0", &one);
    BCON_APPEND(&one, "recipient", "{", "$exists", BCON_BOOL(false), "}");
    (void)bson_append_document_end(&any, &one);
    if (user_id.len > 0) {
        (void)BSON_APPEND_DOCUMENT_BEGIN(&any, "1", &one);
        mongo_put_text(&one, "recipient", user_id);
        (void)bson_append_document_end(&any, &one);
        (void)BSON_APPEND_DOCUMENT_BEGIN(&any, "2", &one);
        mongo_put_text(&one, "user_id", user_id);
        (void)bson_append_document_end(&any, &one);
    }
    (void)bson_append_array_end(filter, &any);
}

struct finding {
    struct store_page page;
    uint64_t last, next;
};

static bool add_message(void *arg, const bson_t *doc)
{
    struct finding *f = arg;
    struct message m;

    if (store_page_full(&f->page)) {
        f->next = f->last;
        return false;
    }
    mongo_message_read(doc, &m);
    store_page_add(&f->page, &m);
    f->last = mongo_get_u64(doc, "arrival");
    return true;
}

static int run(struct mongo_conn *conn, const struct store_search *r, bson_t *filter,
               struct finding *f)
{
    bson_t before;

    if (r->room.len > 0) {
        mongo_put_text(filter, "room", r->room);
    }
    put_visible(filter, r->user_id);
    if (r->before != 0) {
        (void)BSON_APPEND_DOCUMENT_BEGIN(filter, "arrival", &before);
        mongo_put_u64(&before, "$lt", r->before);
        (void)bson_append_document_end(filter, &before);
    }
    return mongo_find(conn, MONGO_MESSAGES, filter,
                      BCON_NEW("sort", "{", "arrival", BCON_INT32(-1), "}", "limit",
                               BCON_INT64(r->limit + 1), "maxTimeMS",
                               BCON_INT64(conn->db->timeout_ms / 2 + 1), "projection", "{", "words",
                               BCON_INT32(0), "}"),
                      add_message, f);
}

int mongo_read_search(struct mongo_conn *conn, struct store_call *call)
{
    struct store_search *r = container_of(call, struct store_search, call);
    struct finding finding = {.next = 0};
    bson_t *filter = bson_new();
    int result = 0;

    store_page_begin(&finding.page, r->limit, 0);
    if (put_query(filter, r->query)) {
        result = run(conn, r, filter, &finding);
    } else {
        bson_destroy(filter);
    }
    r->next = finding.next;
    if (result == 0) {
        r->page = store_page_end(&finding.page);
    } else {
        store_page_drop(&finding.page);
    }
    return result;
}
