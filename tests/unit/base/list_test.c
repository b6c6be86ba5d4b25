// SPDX-License-Identifier: MIT
#include "src/base/list.h"

#include <stdbool.h>

#include "src/base/memory.h"
#include "tests/support/tap.h"

struct letter {
    struct list_node node;
    char c;
};

static struct letter a = {.c = 'a'}, b = {.c = 'b'}, c = {.c = 'c'};
static struct list list;
static struct list_queue queue;

static bool letters_are(const struct list_node *first, const char *want)
{
    for (const struct list_node *n = first; n != NULL; n = n->next) {
        if (*want == '\0' || container_of(n, struct letter, node)->c != *want++) {
            return false;
        }
    }
    return *want == '\0';
}

static bool list_is(const char *want)
{
    return letters_are(list.first, want);
}

static bool queue_is(const char *want)
{
    return letters_are(queue.first, want);
}

static void fill(void)
{
    list.first = NULL;
    list_add(&list, &a.node);
    list_add(&list, &b.node);
    list_add(&list, &c.node);
}

static void has_the_newest_first(void)
{
    fill();
    check(list_is("cba"));
}

static void lets_go_of_any_of_them(void)
{
    fill();
    list_remove(&b.node);
    check(list_is("ca"));
    list_remove(&c.node);
    check(list_is("a"));
    list_add(&list, &c.node);
    list_remove(&a.node);
    check(list_is("c"));
    list_remove(&c.node);
    check(list_is(""));
}

static void line_up(void)
{
    queue = (struct list_queue){0};
    list_queue_add(&queue, &a.node);
    list_queue_add(&queue, &b.node);
    list_queue_add(&queue, &c.node);
}

static void a_queue_has_the_oldest_first(void)
{
    line_up();
    check(queue_is("abc"));
}

static void a_queue_keeps_its_order_whoever_leaves(void)
{
    line_up();
    list_queue_remove(&queue, &c.node);
    check(queue_is("ab"));
    list_queue_add(&queue, &c.node);
    list_queue_remove(&queue, &a.node);
    check(queue_is("bc"));
    list_queue_add(&queue, &a.node);
    list_queue_remove(&queue, &c.node);
    check(queue_is("ba"));
    list_queue_remove(&queue, &a.node);
    list_queue_remove(&queue, &b.node);
    check(queue_is(""));
    list_queue_add(&queue, &c.node);
    list_queue_add(&queue, &b.node);
    check(queue_is("cb"));
}

int main(void)
{
    RUN(has_the_newest_first);
    RUN(lets_go_of_any_of_them);
    RUN(a_queue_has_the_oldest_first);
    RUN(a_queue_keeps_its_order_whoever_leaves);
    return tap_done();
}
