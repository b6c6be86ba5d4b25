// SPDX-License-Identifier: MIT
#include "src/chat/nodes.h"

#include <stdio.h>

#include "tests/support/tap.h"

static struct span id_of(unsigned i)
{
    static char text[16];
    return span_of(text, (size_t)snprintf(text, sizeof text, "node-%u", i));
}

static void a_node_keeps_its_number_until_it_is_gone(void)
{
    static struct nodes nodes;

    check(nodes_number(&nodes, id_of(1)) == 1 && nodes_number(&nodes, id_of(2)) == 2);
    check(nodes_number(&nodes, id_of(1)) == 1);
    check(!nodes_came(&nodes, id_of(1)));
    check(nodes_gone(&nodes, id_of(1)) == 1 && nodes_gone(&nodes, id_of(1)) == 0);
    check(nodes_number(&nodes, id_of(1)) == NODES_EGONE);
    check(nodes_number(&nodes, id_of(3)) == 1);
    check(nodes_came(&nodes, id_of(1)) && !nodes_came(&nodes, id_of(1)));
    check(nodes_number(&nodes, id_of(1)) == 3);
}

static void there_are_so_many_and_no_more(void)
{
    static struct nodes nodes;

    for (unsigned i = 1; i <= NODES_MAX; i++) {
        check(nodes_number(&nodes, id_of(i)) == (int)i);
    }
    check(nodes_number(&nodes, id_of(NODES_MAX + 1)) == NODES_EFULL);
    check(nodes_gone(&nodes, id_of(7)) == 7);
    check(nodes_number(&nodes, id_of(NODES_MAX + 1)) == 7);
}

static void the_latest_that_are_gone_are_known(void)
{
    static struct nodes nodes;

    for (unsigned i = 0; i <= NODES_GONE_MAX; i++) {
        check(nodes_gone(&nodes, id_of(i)) == 0);
    }
    check(nodes_number(&nodes, id_of(0)) == 1);
    check(nodes_number(&nodes, id_of(1)) == NODES_EGONE);
}

int main(void)
{
    RUN(a_node_keeps_its_number_until_it_is_gone);
    RUN(there_are_so_many_and_no_more);
    RUN(the_latest_that_are_gone_are_known);
    return tap_done();
}
