// SPDX-License-Identifier: MIT
#include "src/store/mongo_workers.h"

#include "src/store/mongo_calls.h"

static mongo_call_fn const call_fns[STORE_OPS] = {
    [STORE_HISTORY] = mongo_read_history,
    [STORE_CHANGES] = mongo_read_changes,
    [STORE_FIND] = mongo_read_find,
    [STORE_SEARCH] = mongo_read_search,
    [STORE_ROOMS] = mongo_read_rooms,
    [STORE_ROOM_GET] = mongo_read_room_get,
    [STORE_READS] = mongo_read_reads,
    [STORE_USER_GET] = mongo_read_user_get,
    [STORE_DIRECTS] = mongo_read_directs,
    [STORE_POSITIONS] = mongo_read_positions,
    [STORE_ROOM_PUT] = mongo_write_room_put,
    [STORE_MEMBER_PUT] = mongo_write_member_put,
    [STORE_READ_MARK] = mongo_write_read_mark,
    [STORE_USER_ADD] = mongo_write_user_add,
    [STORE_USER_PASSWORD] = mongo_write_user_password,
    [STORE_DIRECT_STATE] = mongo_write_direct_state,
};

static void serve(void *worker, struct store_call *call)
{
    struct mongo_db *db = worker;
    struct mongo_conn conn;
    bool writing = call->op >= STORE_WRITES;
    int result = mongo_conn_begin(&conn, db);

    if (result == 0) {
        result = call_fns[call->op](&conn, call);
    }
    if (result != 0) {
        mongo_db_tell(db, writing ? "writing: " : "reading: ", &conn.error, writing);
        call->error = result == MONGO_DUPLICATE ? STORE_EIO : result;
    }
    mongo_conn_end(&conn);
}

static void *hire(void *store, struct bytes *why)
{
    return store;
}

static void dismiss(void *worker)
{
}

const struct store_crew_ops mongo_crew = {
    .hire = hire, .serve = serve, .dismiss = dismiss, .writes = true};
