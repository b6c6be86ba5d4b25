// SPDX-License-Identifier: MIT
#include "src/store/postgres_query.h"

#include <assert.h>

#include "src/base/memory.h"
#include "src/store/postgres_calls.h"
#include "src/store/postgres_page.h"
#include "src/store/store_words.h"

/* Two ways to the newest matches, since neither is good for all words. A frequent word is found
 * among the latest messages, by looking at each of them. What that does not fill a page with is
 * rare enough to be looked for by the index and sorted; `+ 0` keeps the planner from walking
 * through all messages instead, in the hope of meeting enough of them soon. */
#define RECENT "10000"
#define SEARCH                                                               \
    "SELECT " POSTGRES_PAGE_COLUMNS ", m.message_id" POSTGRES_PAGE_FROM      \
    " WHERE m.words @@ $1::text::tsquery AND NOT m.deleted"                  \
    " AND (m.recipient = '' OR $4::bytea <> '' AND (m.recipient = $4::bytea" \
    "  OR m.user_id = $4::bytea))"
#define IN_ROOM " AND m.room_id = (SELECT room_id FROM rooms WHERE name = $5::bytea)"
#define INDEXED " AND m.message_id + 0 < $2::bigint ORDER BY m.message_id + 0 DESC LIMIT $3::bigint"

static const char recent_sql[] =
    SEARCH " AND m.message_id < $2::bigint AND m.message_id >= least($2::bigint,"
           " (SELECT max(message_id) FROM messages)) - " RECENT
           " ORDER BY m.message_id DESC LIMIT $3::bigint";
static const char search_sql[] = SEARCH INDEXED;
static const char search_room_sql[] = SEARCH IN_ROOM INDEXED;
/* How often words are is what the plan depends on. */
static const char plan_sql[] = "SET plan_cache_mode = force_custom_plan";
enum { COLUMN_KEY = POSTGRES_PAGE_COLUMN_COUNT };

/* Cuts the next folded word off, without the space behind. */
static struct span next_folded(struct span *folded)
{
    const uint8_t *end = folded->len > 0 ? memchr(folded->data, ' ', folded->len) : NULL;

    if (end == NULL) {
        return span_of(NULL, 0);
    }
    struct span word = span_of(folded->data, (size_t)(end - folded->data));
    *folded = span_skip(*folded, word.len + 1);
    return word;
}

/* Letters and digits only, so there is nothing to escape. */
static void add_quoted(struct bytes *out, struct span word)
{
    bytes_add_byte(out, '\'');
    bytes_add_span(out, word);
    bytes_add_byte(out, '\'');
}

bool postgres_query_write(struct bytes *out, struct span query)
{
    struct span rest = store_words_bounded(query), word;
    struct bytes folded = {0};
    bool beginning = false;

    for (unsigned i = 0; i < STORE_WORDS_MAX && (word = store_words_next(&rest)).len > 0; i++) {
        (void)store_words_fold(&folded, word);
        beginning = word.len >= STORE_PREFIX_BYTES_MIN;
    }
    struct span left = bytes_span(&folded);
    bool some = left.len > 0;
    for (unsigned i = 0; (word = next_folded(&left)).len > 0; i++) {
        bytes_add_cstr(out, i == 0 ? "" : "&");
        add_quoted(out, word);
    }
    bytes_add_cstr(out, some && beginning ? ":*" : "");
    bytes_finish(&folded);
    return some;
}

void postgres_words_write(struct bytes *out, struct span content)
{
    struct bytes text = {0}, folded = {0};
    struct span left, word;
    size_t start = out->len;

    store_words_text(&text, content);
    (void)store_words_fold(&folded, bytes_span(&text));
    left = bytes_span(&folded);
    while ((word = next_folded(&left)).len > 0 &&
           out->len - start + word.len < POSTGRES_WORDS_BYTES_MAX) {
        add_quoted(out, word);
        bytes_add_byte(out, ' ');
    }
    bytes_finish(&folded);
    bytes_finish(&text);
}

/* ---- the call ---- */

static int ask(struct postgres_conn *conn, const char *sql, const struct store_search *r,
               struct span query, struct postgres_results *results)
{
    struct postgres_params params = {0};

    postgres_add_bytes(&params, query);
    postgres_add_number(&params, r->before != 0 && r->before < INT64_MAX ? r->before : INT64_MAX);
    postgres_add_number(&params, r->limit + 1);
    postgres_add_bytes(&params, r->user_id);
    if (sql == search_room_sql) {
        postgres_add_bytes(&params, r->room);
    }
    postgres_put(conn, plan_sql, NULL);
    postgres_put(conn, sql, &params);
    return postgres_exchange(conn, results);
}

static int run(struct postgres_conn *conn, struct store_search *r, struct span query)
{
    bool everywhere = r->room.len == 0;
    struct postgres_results results;
    struct store_page page;
    bool more;

    int error = ask(conn, everywhere ? recent_sql : search_room_sql, r, query, &results);
    if (error == 0 && everywhere && (unsigned)postgres_rows(results.of[1]) <= r->limit) {
        postgres_results_drop(&results);
        error = ask(conn, search_sql, r, query, &results);
    }
    if (error != 0) {
        return error;
    }
    store_page_begin(&page, r->limit, 0);
    int count = postgres_page_add(&page, results.of[1], &more);
    r->next = more ? (uint64_t)postgres_number(results.of[1], count - 1, COLUMN_KEY) : 0;
    r->page = store_page_end(&page);
    postgres_results_drop(&results);
    return 0;
}

int postgres_read_search(struct postgres_conn *conn, struct store_call *call)
{
    struct store_search *r = container_of(call, struct store_search, call);
    struct bytes query = {0};
    int error = 0;

    assert(r->limit >= 1 && r->limit <= STORE_PAGE_MAX);
    r->next = 0;
    r->page = NULL;
    if (postgres_query_write(&query, r->query)) {
        error = run(conn, r, bytes_span(&query));
    } else {
        r->page = xcalloc(1, sizeof *r->page);
    }
    bytes_finish(&query);
    return error;
}
