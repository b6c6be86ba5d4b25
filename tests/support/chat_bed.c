#include "tests/support/chat_bed.h"

#include <pthread.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/socket/io.h"
#include "src/socket/io_loop.h"
#include "src/socket/local.h"
#include "tests/support/chat_limits.h"
#include "tests/support/store_place.h"

/* What the store's threads post for one loop waits here until the test's thread takes it. */
struct bridge {
    struct executor executor;
    struct executor *loop;
};

static struct bridge bridges[WORLD_LOOPS_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* for what follows */
static pthread_cond_t posted = PTHREAD_COND_INITIALIZER;
static struct task *first, **last = &first;

static struct stats counted[WORLD_LOOPS_MAX];
static unsigned under_way; /* calls of the store */
static struct store_place place;
static struct store *real;

struct chat *bed_chat;
int bed_busy_op = -1;
bool bed_backwards;

/* ---- the store ---- */

static void bridge_post(struct executor *executor, struct task *task)
{
    (void)pthread_mutex_lock(&lock);
    task->next = NULL;
    *last = task;
    last = &task->next;
    (void)pthread_cond_signal(&posted);
    (void)pthread_mutex_unlock(&lock);
    (void)executor;
}

static const struct executor_ops bridge_ops = {.post = bridge_post};

static struct task *wait_for_one(void)
{
    (void)pthread_mutex_lock(&lock);
    while (first == NULL) {
        (void)pthread_cond_wait(&posted, &lock);
    }
    struct task *task = first;
    first = task->next;
    if (first == NULL) {
        last = &first;
    }
    (void)pthread_mutex_unlock(&lock);
    return task;
}

static int start(struct store *store, struct store_call *call)
{
    (void)store;
    if ((int)call->op == bed_busy_op) {
        return STORE_EBUSY;
    }
    check(executor_inside(call->executor));
    call->executor = &bridges[call->executor->index].executor;
    int error = real->ops->start(real, call);
    under_way += error == 0;
    return error;
}

static void hand_over(struct task *task)
{
    struct store_call *call = container_of(task, struct store_call, task);

    under_way--;
    executor_post(bridges[call->executor->index].loop, task);
}

/* Waits for all, and hands over the latest first. */
static void hand_over_backwards(void)
{
    struct task *newest = NULL;

    for (unsigned left = under_way; left > 0; left--) {
        struct task *task = wait_for_one();
        task->next = newest;
        newest = task;
    }
    while (newest != NULL) {
        struct task *task = newest;
        newest = task->next;
        hand_over(task);
    }
}

static const struct store_ops bridged_ops = {.name = "bridged", .start = start};
static struct store bridged = {.ops = &bridged_ops};

static bool call_is_done;

static void note_done(struct store_call *call)
{
    (void)call;
    call_is_done = true;
}

int bed_call(struct store_call *call, enum store_op op)
{
    world_enter(0);
    call->on_done = note_done;
    call_is_done = false;
    int error = store_start(&bridged, bridges[0].loop, call, op);
    bed_settle();
    check(error != 0 || call_is_done);
    return error != 0 ? error : call->error;
}

/* ---- the journal ---- */

bool bed_doubtful, bed_too_large;

static void run_append(struct task *task)
{
    struct journal_append *op = container_of(task, struct journal_append, task);
    op->on_done(op);
}

static int store(struct message *m)
{
    if (bed_too_large) {
        return JOURNAL_ESIZE;
    }
    return store_append(real, &m, 1) != 0 || bed_doubtful ? JOURNAL_ESINK : 0;
}

static int append(struct journal *journal, const struct message *message, struct executor *executor,
                  struct journal_append *op)
{
    (void)journal;
    op->message = *message;
    op->in_turn = true;
    op->error = store(&op->message);
    op->task.run = run_append;
    executor_post(executor, &op->task);
    return 0;
}

char bed_beside[4096];

static void tell_beside(struct journal *journal, enum journal_side side, struct span key,
                        struct span value)
{
    size_t len = strlen(bed_beside);

    (void)journal;
    (void)snprintf(bed_beside + len, sizeof bed_beside - len, "%s %.*s %.*s\n",
                   side == JOURNAL_PUSH ? "push" : "presence", (int)key.len, (const char *)key.data,
                   (int)value.len, (const char *)value.data);
}

static const struct journal_ops journal_ops = {
    .name = "at once", .append = append, .tell = tell_beside};
static struct journal journal = {.ops = &journal_ops};
static const struct journal_ops queue_ops = {
    .name = "queue", .blind = true, .append = append, .tell = tell_beside};
static struct journal queue = {.ops = &queue_ops};

/* ---- the bed ---- */

struct fake_adapter bed_others;
static bool clustered;
static struct adapter_ops others_ops;
static const struct adapter_ops *fake_ops;

static void end_inquiry(struct task *task)
{
    struct inquiry *q = container_of(task, struct inquiry, task);
    q->on_done(q, 0);
}

/* Nobody answers anything but by facts of the test. */
static void inquire(struct adapter *a, struct rookery_namespace *nsp, struct inquiry *q,
                    const struct rookery_target *target, struct rookery_str event,
                    const struct rookery_args *args)
{
    fake_ops->inquire(a, nsp, q, target, event, args);
    q->task.run = end_inquiry;
    executor_post(rookery_loop_at(world, 0)->executor, &q->task);
}

static void join_cluster(void)
{
    fake_adapter_init(&bed_others);
    fake_ops = bed_others.base.ops;
    others_ops = *fake_ops;
    others_ops.inquire = inquire;
    bed_others.base.ops = &others_ops;
    io_set_adapter(io_of(world), &bed_others.base);
    (void)fake_adapter_said(&bed_others);
}

static struct rookery_namespace *root(void)
{
    return rookery_of(world, ROOKERY_STR("/"));
}

void bed_note(const char *note)
{
    const struct rookery_str room = ROOKERY_STR("not read");
    const struct rookery_target to = {.rooms = &room, .room_count = 1, .local = true};

    world_enter(0);
    local_broadcast(root(), &to, ROOKERY_STR("event"), NULL, NULL,
                    (struct rookery_str){note, strlen(note)});
    bed_settle();
}

void bed_facts(const char *node, const char *facts)
{
    struct bytes json = {0};

    bytes_add_byte(&json, '"');
    bytes_add_cstr(&json, node);
    bytes_add_cstr(&json, "\",");
    bytes_add_cstr(&json, facts);
    const struct rookery_args args = {.json = {(const char *)json.data, json.len}};
    world_enter(0);
    local_server_event(root(), ROOKERY_STR("rookery:chat"), &args, NULL, NULL);
    bytes_finish(&json);
    bed_settle();
}

void bed_start(const struct bed_setup *setup)
{
    unsigned loops = setup->loops == 0 ? 1 : setup->loops;
    struct executor *executors[WORLD_LOOPS_MAX];
    struct stats *stats[WORLD_LOOPS_MAX];
    struct chat_options options = {.executors = executors,
                                   .stats = stats,
                                   .journal = setup->without_store ? NULL
                                              : setup->queued      ? &queue
                                                                   : &journal,
                                   .store_is_shared = setup->queued,
                                   .store = setup->without_store ? NULL : &bridged,
                                   .auth = setup->auth,
                                   .auth_required = setup->auth_required,
                                   .recovery_ms = setup->recovery_ms,
                                   .recovery_trusts = setup->recovery_trusts,
                                   .service_id = "node-1",
                                   .limits = chat_test_limits()};

    store_place_make(&place);
    real = store_place_open(&place, &store_sqlite);
    if (real == NULL) {
        abort();
    }
    if (setup->limit != NULL) {
        setup->limit(&options.limits);
    }
    bed_busy_op = -1;
    bed_backwards = bed_doubtful = bed_too_large = false;
    world_options.keep_ms = setup->recovery_ms;
    world_options.keep_bytes_max = 1 << 20;
    world_start(loops);
    for (unsigned i = 0; i < loops; i++) {
        executors[i] = rookery_loop_at(world, i)->executor;
        stats[i] = &counted[i];
        memset(stats[i], 0, sizeof *stats[i]);
        bridges[i] =
            (struct bridge){.executor = {.ops = &bridge_ops, .index = i}, .loop = executors[i]};
    }
    clustered = setup->clustered;
    if (clustered) {
        fake_cluster_begin(world, "here");
        join_cluster();
    }
    bed_chat = chat_create(world, &options);
}

void bed_settle(void)
{
    world_settle();
    while (under_way > 0) {
        if (bed_backwards) {
            hand_over_backwards();
        } else {
            hand_over(wait_for_one());
        }
        world_settle();
    }
}

void bed_advance(unsigned ms)
{
    enum { STEP_MS = 100 };

    for (unsigned passed = 0; passed < ms; passed += STEP_MS) {
        world_advance(STEP_MS);
        bed_settle();
    }
}

void bed_end(void)
{
    bed_settle();
    world_end();
    check(under_way == 0); /* nobody is there any more who would be told */
    chat_destroy(bed_chat);
    if (clustered) {
        fake_adapter_finish(&bed_others);
        fake_cluster_end();
    }
    store_close(real);
    store_place_remove(&place);
}

uint64_t bed_stat(enum stat_id which)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < WORLD_LOOPS_MAX; i++) {
        sum += stats_get(&counted[i], which);
    }
    return sum;
}

struct peer *bed_join(unsigned loop, const char *auth)
{
    struct peer *p = peer_open(loop);
    const char *sid = strstr(bed_connect(p, auth), "{\"sid\":\"");

    if (sid != NULL) {
        memcpy(p->id, sid + 8, 20);
        p->id[20] = '\0';
    }
    return p;
}

const char *bed_connect(struct peer *p, const char *auth)
{
    char packet[1024];

    (void)snprintf(packet, sizeof packet, "0%s", auth);
    bed_say(p, packet);
    return peer_got(p);
}

struct peer *bed_arrive(unsigned loop, const char *auth, const char *name)
{
    struct peer *p = bed_join(loop, auth);
    char packet[128];

    (void)snprintf(packet, sizeof packet, "2[\"join\",{\"username\":\"%s\"}]", name);
    bed_say(p, packet);
    return p;
}

void bed_say(struct peer *p, const char *packet)
{
    peer_send(p, packet);
    bed_settle();
}

bool bed_like(const char *got, const char *want)
{
    while (*want != '\0' && *want != '~') {
        if (*got++ != *want++) {
            return false;
        }
    }
    if (*want == '\0') {
        return *got == '\0';
    }
    for (want++;; got++) {
        if (bed_like(got, want)) {
            return true;
        }
        if (*got == '"' || *got == '\0') {
            return false;
        }
    }
}
