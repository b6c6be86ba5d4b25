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

static bool list_is(const char *want)
{
    for (struct list_node *n = list.first; n != NULL; n = n->next) {
        if (*want == '\0' || container_of(n, struct letter, node)->c != *want++) {
            return false;
        }
    }
    return *want == '\0';
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

int main(void)
{
    RUN(has_the_newest_first);
    RUN(lets_go_of_any_of_them);
    return tap_done();
}
