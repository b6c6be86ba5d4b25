// SPDX-License-Identifier: MIT
#include "src/store/postgres_conn.h"

#include <assert.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "src/store/store.h"

enum { PAUSE_MIN_MS = 100, PAUSE_MAX_MS = 2000 };

static const int64_t NS_PER_MS = 1000000;

/* Plans are to be those that a large store needs, whatever the server believes of a small one: each
 * statement finds what it wants by an index. And what is reported as written is on disk. */
static const char settings_format[] =
    "SET client_min_messages = warning; SET jit = off; SET enable_seqscan = off;"
    "SET enable_hashjoin = off; SET enable_mergejoin = off;"
    "SET default_transaction_isolation = 'read committed';"
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off';"
    "SET statement_timeout = %u; SET lock_timeout = %u;"
    "SET idle_in_transaction_session_timeout = %u";

static int64_t clock_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / NS_PER_MS;
}

/* ---- failures ---- */

/* The first line of the text. */
static int fail(struct postgres_conn *conn, const char *state, const char *why)
{
    size_t len = strcspn(why, "\n");

    (void)snprintf(conn->why, sizeof conn->why, "%.*s", (int)len, why);
    (void)snprintf(conn->state, sizeof conn->state, "%s", state);
    return strcmp(conn->state, "53100") == 0 ? STORE_EFULL : STORE_EIO;
}

static int fail_of_result(struct postgres_conn *conn, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *why = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    if (state == NULL || why == NULL) {
        why = PQresultErrorMessage(result);
        return fail(conn, "", why[0] != 0 ? why : "no answer");
    }
    return fail(conn, state, why);
}

void postgres_disconnect(struct postgres_conn *conn)
{
    PQfinish(conn->pg);
    conn->pg = NULL;
    conn->kept_count = conn->expected_count = 0;
    conn->broken = false;
}

/* libpq's own account of a connection that is of no more use. */
static int fail_of_connection(struct postgres_conn *conn)
{
    const char *why = PQerrorMessage(conn->pg);
    int error = fail(conn, "", why[0] != 0 ? why : "the connection was lost");

    postgres_disconnect(conn);
    return error;
}

/* "TIMEO" is no SQLSTATE. */
static int fail_of_time(struct postgres_conn *conn)
{
    int error = fail(conn, "TIMEO", "no answer in time");

    postgres_disconnect(conn);
    return error;
}

bool postgres_was_cut(const struct postgres_conn *conn)
{
    return conn->pg == NULL && strcmp(conn->state, "TIMEO") != 0;
}

/* ---- waiting ---- */

/* Waits for the socket. False: not in time. */
static bool wait_for(const struct postgres_conn *conn, short events)
{
    int64_t left_ms = conn->deadline_ms - clock_ms();
    struct pollfd fd = {.fd = PQsocket(conn->pg), .events = events};

    return left_ms > 0 && poll(&fd, 1, (int)left_ms) != 0;
}

static int flush(struct postgres_conn *conn)
{
    int more;

    while ((more = PQflush(conn->pg)) > 0) {
        if (!wait_for(conn, POLLIN | POLLOUT)) {
            return fail_of_time(conn);
        }
        if (PQconsumeInput(conn->pg) == 0) { /* which the server may have to get rid of first */
            return fail_of_connection(conn);
        }
    }
    return more < 0 ? fail_of_connection(conn) : 0;
}

/* The next of libpq's results, or NULL, which stands between those of two statements. */
static int get(struct postgres_conn *conn, PGresult **result)
{
    while (PQisBusy(conn->pg)) {
        if (!wait_for(conn, POLLIN)) {
            return fail_of_time(conn);
        }
        if (PQconsumeInput(conn->pg) == 0) {
            return fail_of_connection(conn);
        }
    }
    *result = PQgetResult(conn->pg);
    return 0;
}

/* ---- connecting ---- */

static int connect_in_time(struct postgres_conn *conn)
{
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;

    if (PQstatus(conn->pg) == CONNECTION_BAD) {
        return fail_of_connection(conn);
    }
    while (status != PGRES_POLLING_OK) {
        if (status == PGRES_POLLING_FAILED) {
            return fail_of_connection(conn);
        }
        if (!wait_for(conn, status == PGRES_POLLING_READING ? POLLIN : POLLOUT)) {
            return fail_of_time(conn);
        }
        status = PQconnectPoll(conn->pg);
    }
    return 0;
}

static void ignore_notice(void *arg, const PGresult *result)
{
}

static int set_up(struct postgres_conn *conn)
{
    char settings[sizeof settings_format + 64];

    (void)snprintf(settings, sizeof settings, settings_format, conn->timeout_ms, conn->timeout_ms,
                   2 * conn->timeout_ms);
    (void)PQsetNoticeReceiver(conn->pg, ignore_notice, NULL);
    if (PQsetnonblocking(conn->pg, 1) != 0 || PQenterPipelineMode(conn->pg) != 1) {
        return fail_of_connection(conn);
    }
    return postgres_run(conn, settings, NULL);
}

/* What comes before the URL it may set otherwise. */
static void start_to_connect(struct postgres_conn *conn)
{
    static const char *const keywords[] = {
        "fallback_application_name", "keepalives_idle", "keepalives_interval",
        "keepalives_count",          "dbname",          NULL};
    const char *values[] = {"rookery", "10", "5", "3", conn->url, NULL};

    conn->pg = PQconnectStartParams(keywords, values, 1);
    if (conn->pg == NULL) {
        abort(); /* no memory */
    }
}

static int connect_now(struct postgres_conn *conn)
{
    start_to_connect(conn);
    int error = connect_in_time(conn);
    if (error == 0) {
        error = set_up(conn);
    }
    if (error == 0) {
        conn->pause_ms = 0;
        conn->fresh = true;
        return 0;
    }
    postgres_disconnect(conn);
    conn->pause_ms = conn->pause_ms == 0 ? PAUSE_MIN_MS : 2 * conn->pause_ms;
    conn->pause_ms = conn->pause_ms < PAUSE_MAX_MS ? conn->pause_ms : PAUSE_MAX_MS;
    conn->retry_at_ms = clock_ms() + conn->pause_ms;
    return STORE_EIO;
}

/* The server says nothing unasked but that it closes the connection, or has done so. */
static bool was_closed(struct postgres_conn *conn)
{
    enum { LOOKS_MAX = 3 };
    struct pollfd fd = {.fd = PQsocket(conn->pg), .events = POLLIN};

    for (int i = 0; i < LOOKS_MAX; i++) {
        if (poll(&fd, 1, 0) == 0) {
            return false;
        }
        if (PQconsumeInput(conn->pg) == 0) {
            return true;
        }
    }
    return true;
}

int postgres_begin_for(struct postgres_conn *conn, unsigned timeout_ms)
{
    int64_t now_ms = clock_ms();

    conn->deadline_ms = now_ms + timeout_ms;
    conn->fresh = false;
    if (conn->pg != NULL && was_closed(conn)) {
        postgres_disconnect(conn);
    }
    if (conn->pg != NULL) {
        return 0;
    }
    return conn->pause_ms > 0 && now_ms < conn->retry_at_ms ? STORE_EIO : connect_now(conn);
}

int postgres_begin(struct postgres_conn *conn)
{
    return postgres_begin_for(conn, conn->timeout_ms);
}

/* ---- exchanges ---- */

static void expect(struct postgres_conn *conn, int what)
{
    assert(conn->expected_count < sizeof conn->expected / sizeof conn->expected[0]);
    conn->expected[conn->expected_count++] = what;
}

static unsigned keep(struct postgres_conn *conn, const char *sql)
{
    unsigned i = 0;

    while (i < conn->kept_count && conn->kept[i].sql != sql) {
        i++;
    }
    assert(i < POSTGRES_KEPT_MAX);
    if (i == conn->kept_count) {
        conn->kept[conn->kept_count++] = (struct postgres_kept){.sql = sql};
    }
    return i;
}

/* Is it being prepared by what was put already? */
static bool is_expected(const struct postgres_conn *conn, unsigned kept)
{
    for (unsigned i = 0; i < conn->expected_count; i++) {
        if (conn->expected[i] == (int)kept) {
            return true;
        }
    }
    return false;
}

void postgres_put(struct postgres_conn *conn, const char *sql, const struct postgres_params *params)
{
    static const struct postgres_params none;
    static const int binary[POSTGRES_PARAMS_MAX] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    const struct postgres_params *p = params != NULL ? params : &none;
    unsigned kept = keep(conn, sql);
    char name[16];

    (void)snprintf(name, sizeof name, "s%u", kept);
    if (!conn->kept[kept].ready && !is_expected(conn, kept)) {
        conn->broken |= PQsendPrepare(conn->pg, name, sql, 0, NULL) != 1;
        expect(conn, (int)kept);
    }
    conn->broken |=
        PQsendQueryPrepared(conn->pg, name, p->count, p->values, p->lengths, binary, 1) != 1;
    expect(conn, -1);
}

/* Reads what one statement gives, up to libpq's NULL behind it. */
static int read_one(struct postgres_conn *conn, PGresult **result)
{
    PGresult *behind = NULL;

    *result = NULL;
    int error = get(conn, result);
    if (error == 0 && *result == NULL) {
        return fail_of_connection(conn);
    }
    if (error == 0) {
        error = get(conn, &behind);
        PQclear(behind);
    }
    return error;
}

static bool is_good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/* Takes the result of the i-th thing that was put. Only the first failure is told: what follows it
 * is left out by the server. */
static void take(struct postgres_conn *conn, unsigned i, PGresult *result,
                 struct postgres_results *results, int *error)
{
    if (!is_good(result)) {
        if (*error == 0) {
            *error = fail_of_result(conn, result);
        }
        PQclear(result);
    } else if (conn->expected[i] >= 0) {
        conn->kept[conn->expected[i]].ready = true;
        PQclear(result);
    } else {
        results->of[results->count++] = result;
    }
}

/* Reads all results and the end of the pipeline. Returns the failure of a statement in *error, and
 * of the connection as its own result. */
static int read_all(struct postgres_conn *conn, struct postgres_results *results, int *error)
{
    PGresult *result = NULL;

    for (unsigned i = 0; i < conn->expected_count; i++) {
        int lost = read_one(conn, &result);
        if (lost != 0) {
            PQclear(result);
            return *error != 0 ? *error : lost;
        }
        take(conn, i, result, results, error);
    }
    int lost = get(conn, &result);
    if (lost == 0 && PQresultStatus(result) != PGRES_PIPELINE_SYNC) {
        lost = *error != 0 ? *error : fail_of_connection(conn);
        postgres_disconnect(conn);
    }
    PQclear(lost == 0 ? result : NULL);
    return lost;
}

int postgres_exchange(struct postgres_conn *conn, struct postgres_results *results)
{
    int error = 0;

    *results = (struct postgres_results){.count = 0};
    if (conn->broken || PQpipelineSync(conn->pg) != 1) {
        return fail_of_connection(conn);
    }
    int lost = flush(conn);
    if (lost == 0) {
        lost = read_all(conn, results, &error);
    }
    conn->expected_count = 0;
    if (lost == 0 && error != 0 && PQstatus(conn->pg) == CONNECTION_BAD) {
        postgres_disconnect(conn);
    }
    error = error != 0 ? error : lost;
    if (error != 0) {
        postgres_results_drop(results);
    }
    return error;
}

void postgres_results_drop(struct postgres_results *results)
{
    for (unsigned i = 0; i < results->count; i++) {
        PQclear(results->of[i]);
    }
    results->count = 0;
}

int postgres_exchange_only(struct postgres_conn *conn)
{
    struct postgres_results results;
    int error = postgres_exchange(conn, &results);

    if (error == 0) {
        postgres_results_drop(&results);
    }
    return error;
}

void postgres_roll_back(struct postgres_conn *conn)
{
    static const char roll_back_sql[] = "ROLLBACK";
    char why[POSTGRES_WHY_BYTES], state[sizeof conn->state];

    if (conn->pg == NULL || PQtransactionStatus(conn->pg) == PQTRANS_IDLE) {
        return;
    }
    memcpy(why, conn->why, sizeof why);
    memcpy(state, conn->state, sizeof state);
    postgres_put(conn, roll_back_sql, NULL);
    if (postgres_exchange_only(conn) != 0) {
        postgres_disconnect(conn);
    }
    memcpy(conn->why, why, sizeof why);
    memcpy(conn->state, state, sizeof state);
}

int postgres_run(struct postgres_conn *conn, const char *sql, PGresult **result)
{
    PGresult *last = NULL, *next = NULL;
    int error, failed = 0;

    if (PQexitPipelineMode(conn->pg) != 1 || PQsendQuery(conn->pg, sql) != 1) {
        return fail_of_connection(conn);
    }
    error = flush(conn);
    while (error == 0 && (error = get(conn, &next)) == 0 && next != NULL) {
        PQclear(last);
        last = next;
        if (!is_good(last) && failed == 0) {
            failed = fail_of_result(conn, last);
        }
    }
    if (error == 0 && PQenterPipelineMode(conn->pg) != 1) {
        error = fail_of_connection(conn);
    }
    error = failed != 0 ? failed : error;
    if (error != 0 || result == NULL) {
        PQclear(last);
    } else {
        *result = last;
    }
    return error;
}

/* ---- the URL ---- */

static const char *value_of(const PQconninfoOption *options, const char *keyword)
{
    for (; options->keyword != NULL; options++) {
        if (strcmp(options->keyword, keyword) == 0) {
            return options->val != NULL ? options->val : "";
        }
    }
    return "";
}

static void add_part(struct bytes *out, const char *before, const char *value, const char *behind)
{
    if (value[0] != 0) {
        bytes_add_cstr(out, before);
        bytes_add_cstr(out, value);
        bytes_add_cstr(out, behind);
    }
}

/* Is it the name of one of the URL's parameters, and surely no part of a password? That may hold a
 * '?' or '/' before its '@', or a '&' where it is a parameter itself. */
static bool is_parameter(const char *url, const char *name, size_t len)
{
    const char *at = strchr(url, '?');

    if (at == NULL || strchr(at, '@') != NULL || strcasestr(at, "password") != NULL) {
        return false;
    }
    for (; at != NULL; at = strchr(at + 1, '&')) {
        if (strncmp(at + 1, name, len) == 0 && at[1 + len] == '=') {
            return true;
        }
    }
    return false;
}

/* libpq quotes what it does not take, which may be the password, or all of the URL: told is only
 * what is about the name of a parameter. */
static void add_reason(struct bytes *out, const char *url, const char *why)
{
    const char *name = strchr(why, '"');
    const char *end = name != NULL ? strchr(name + 1, '"') : NULL;

    if (end != NULL && is_parameter(url, name + 1, (size_t)(end - name - 1))) {
        bytes_add(out, why, strcspn(why, "\n"));
    }
}

bool postgres_place(struct bytes *out, const char *url)
{
    char *why = NULL;
    PQconninfoOption *options = PQconninfoParse(url, &why);

    if (options == NULL) {
        add_reason(out, url, why != NULL ? why : "");
        PQfreemem(why);
        return false;
    }
    bytes_add_cstr(out, "postgresql://");
    add_part(out, "", value_of(options, "user"), "@");
    add_part(out, "", value_of(options, "host"), "");
    add_part(out, ":", value_of(options, "port"), "");
    add_part(out, "/", value_of(options, "dbname"), "");
    PQconninfoFree(options);
    return true;
}

/* ---- reading results ---- */

void postgres_drop(struct pg_result *result)
{
    PQclear(result);
}

int postgres_version(const struct postgres_conn *conn)
{
    return PQserverVersion(conn->pg);
}

int postgres_rows(const struct pg_result *result)
{
    return PQntuples(result);
}

uint64_t postgres_changed(const PGresult *result)
{
    /* Older versions of libpq take no pointer to a constant. */
    return strtoull(PQcmdTuples((PGresult *)(uintptr_t)result), NULL, 10);
}

int64_t postgres_number(const PGresult *result, int row, int column)
{
    struct span value = postgres_bytes(result, row, column);
    uint64_t number = value.len > 0 && value.data[0] >= 0x80 ? UINT64_MAX : 0;

    for (size_t i = 0; i < value.len; i++) {
        number = number << 8 | value.data[i];
    }
    return (int64_t)number;
}

struct span postgres_bytes(const PGresult *result, int row, int column)
{
    return span_of(PQgetvalue(result, row, column), (size_t)PQgetlength(result, row, column));
}
