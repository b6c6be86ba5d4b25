#include "tests/support/shared_keys.h"

#include "src/base/memory.h"

struct key {
    struct bytes name, value;
    uint64_t until_ms;
    struct key *next;
};

struct shared_keys {
    struct key *first;
};

struct node {
    struct keyspace keyspace;
    struct shared_keys *keys;
    struct executor *executor;
};

/* What came of a call, on its way. */
struct outcome {
    struct task task;
    struct keyspace_call *call;
    struct bytes value;
};

static void tell(struct task *task)
{
    struct outcome *o = container_of(task, struct outcome, task);

    o->call->value = bytes_span(&o->value);
    o->call->on_done(o->call);
    bytes_finish(&o->value);
    free(o);
}

static struct outcome *begin(struct node *n, struct keyspace_call *call)
{
    struct outcome *o = xcalloc(1, sizeof *o);

    call->error = 0;
    call->found = false;
    o->call = call;
    o->task.run = tell;
    executor_post(n->executor, &o->task);
    return o;
}

static void destroy_key(struct key *k)
{
    bytes_finish(&k->name);
    bytes_finish(&k->value);
    free(k);
}

static struct key *remove_key(struct shared_keys *keys, struct span name)
{
    for (struct key **at = &keys->first; *at != NULL; at = &(*at)->next) {
        struct key *k = *at;
        if (span_eq(bytes_span(&k->name), name)) {
            *at = k->next;
            return k;
        }
    }
    return NULL;
}

static void put(struct keyspace *keyspace, struct span name, struct span value, uint64_t ttl_ms,
                struct keyspace_call *call)
{
    struct node *n = container_of(keyspace, struct node, keyspace);
    struct key *before = remove_key(n->keys, name);
    struct key *k = xcalloc(1, sizeof *k);

    if (before != NULL) {
        destroy_key(before);
    }
    bytes_add_span(&k->name, name);
    bytes_add_span(&k->value, value);
    k->until_ms = n->executor->now_ms + ttl_ms;
    k->next = n->keys->first;
    n->keys->first = k;
    (void)begin(n, call);
}

static void take(struct keyspace *keyspace, struct span name, struct keyspace_call *call)
{
    struct node *n = container_of(keyspace, struct node, keyspace);
    struct outcome *o = begin(n, call);
    struct key *k = remove_key(n->keys, name);

    if (k == NULL) {
        return;
    }
    call->found = k->until_ms > n->executor->now_ms;
    if (call->found) {
        bytes_add_span(&o->value, bytes_span(&k->value));
    }
    destroy_key(k);
}

static void close_node(struct keyspace *keyspace)
{
    free(container_of(keyspace, struct node, keyspace));
}

static const struct keyspace_ops ops = {
    .name = "shared",
    .put = put,
    .take = take,
    .close = close_node,
};

struct shared_keys *shared_keys_create(void)
{
    return xcalloc(1, sizeof(struct shared_keys));
}

void shared_keys_destroy(struct shared_keys *keys)
{
    while (keys->first != NULL) {
        struct key *k = keys->first;
        keys->first = k->next;
        destroy_key(k);
    }
    free(keys);
}

struct keyspace *shared_keys_open(struct shared_keys *keys, struct executor *executor)
{
    struct node *n = xcalloc(1, sizeof *n);

    n->keyspace.ops = &ops;
    n->keys = keys;
    n->executor = executor;
    return &n->keyspace;
}
