// SPDX-License-Identifier: MIT
#include "src/store/mongo_workers.h"

#include "src/base/memory.h"
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

static void serve_call(struct mongo_db *db, struct store_call *call)
{
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

static void *serve(void *arg)
{
    struct mongo_workers *workers = arg;
    struct store_call *call;

    while ((call = store_queue_take(&workers->queue)) != NULL) {
        if (store_call_is_in_range(call)) {
            serve_call(workers->db, call);
        } else {
            call->error = STORE_ERANGE;
        }
        store_queue_answer(call);
    }
    return NULL;
}

int mongo_workers_start(struct mongo_workers *workers, struct mongo_db *db, unsigned count,
                        unsigned queue_max)
{
    *workers =
        (struct mongo_workers){.db = db, .threads = xcalloc(count, sizeof workers->threads[0])};
    store_queue_init(&workers->queue, queue_max);
    while (workers->count < count) {
        if (pthread_create(&workers->threads[workers->count], NULL, serve, workers) != 0) {
            mongo_workers_stop(workers);
            return -1;
        }
        workers->count++;
    }
    return 0;
}

void mongo_workers_stop(struct mongo_workers *workers)
{
    if (workers->threads == NULL) {
        return;
    }
    store_queue_stop(&workers->queue);
    for (unsigned i = 0; i < workers->count; i++) {
        (void)pthread_join(workers->threads[i], NULL);
    }
    free(workers->threads);
    workers->threads = NULL;
    store_queue_finish(&workers->queue);
}
