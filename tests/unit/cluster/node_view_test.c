// SPDX-License-Identifier: MIT
#include "src/cluster/node_view.h"

#include <pthread.h>
#include <stdatomic.h>

#include "tests/support/tap.h"

static struct node_shown shown;

static struct registry_node node_of(struct span id, unsigned number)
{
    return (struct registry_node){.record = {.id = id, .number = number, .name = SPAN("name")}};
}

static void a_view_stays_as_it_was_for_who_has_it(void)
{
    const struct registry_node a = node_of(SPAN("a"), 1), b = node_of(SPAN("b"), 2);
    const struct registry_node *const one[] = {&a}, *const two[] = {&b, &a};

    node_shown_init(&shown);
    node_shown_set(&shown, one, 1);
    const struct node_view *before = node_view_take(&shown);
    node_shown_set(&shown, two, 2);
    const struct node_view *after = node_view_take(&shown);
    check(before->count == 1 && span_eq(before->nodes[0].record.id, SPAN("a")));
    check(after->count == 2 && span_eq(after->nodes[0].record.id, SPAN("b")));
    check(span_eq(after->nodes[1].record.name, SPAN("name")));
    check(after->nodes[1].record.name.data != a.record.name.data);
    node_view_give_back(before);
    node_view_give_back(after);
    node_shown_finish(&shown);
}

static atomic_bool done;

/* Whatever is seen is whole: the number is the length of the id. */
static void *look(void *arg)
{
    atomic_bool *good = arg;

    while (!atomic_load(&done)) {
        const struct node_view *view = node_view_take(&shown);
        for (size_t i = 0; i < view->count; i++) {
            if (view->nodes[i].record.id.len != view->nodes[i].record.number) {
                atomic_store(good, false);
            }
        }
        node_view_give_back(view);
    }
    return NULL;
}

static void many_threads_look_while_it_changes(void)
{
    enum { THREADS = 3, CHANGES = 2000 };
    pthread_t threads[THREADS];
    atomic_bool good = true;

    node_shown_init(&shown);
    atomic_store(&done, false);
    for (int i = 0; i < THREADS; i++) {
        check(pthread_create(&threads[i], NULL, look, &good) == 0);
    }
    for (unsigned i = 0; i < CHANGES; i++) {
        const struct registry_node a = node_of(span_of("aaaaaaaaaa", i % 10), i % 10);
        const struct registry_node *const one[] = {&a};
        node_shown_set(&shown, one, 1);
    }
    atomic_store(&done, true);
    for (int i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    check(atomic_load(&good));
    node_shown_finish(&shown);
}

int main(void)
{
    RUN(a_view_stays_as_it_was_for_who_has_it);
    RUN(many_threads_look_while_it_changes);
    return tap_done();
}
