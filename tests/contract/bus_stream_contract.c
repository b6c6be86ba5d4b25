// SPDX-License-Identifier: MIT
/* Entries of streams, read once or followed. */
#include "tests/contract/bus_bed.h"
#include "tests/contract/redis_loop.h"

static void entries_are_read_again_by_their_ids(void)
{
    static struct probe ids[5];
    struct read_probe all, some, none;
    start();
    struct member *a = join();

    for (unsigned i = 0; i < 5; i++) {
        append(a, "s", (const char *[]){"0", "1", "2", "3", "4"}[i], probe(&ids[i]));
    }
    wait_until(ids[4].done == 1);
    check(ids[0].error == 0 && strchr(ids[0].id, '-') != NULL);
    a->bus->ops->read(a->bus, SPAN("s"), span_cstr(ids[1].id), false, 100, read_probe(&all));
    a->bus->ops->read(a->bus, SPAN("s"), span_cstr(ids[1].id), true, 2, read_probe(&some));
    a->bus->ops->read(a->bus, SPAN("no such"), SPAN("0-0"), true, 2, read_probe(&none));
    check(all.done == 0);
    wait_until(all.done == 1 && some.done == 1 && none.done == 1);
    check_text(all.got, "v=1\nv=2\nv=3\nv=4\n");
    check_text(some.got, "v=2\nv=3\n");
    check(none.error == 0 && none.got.len == 0);
    bytes_finish(&all.got);
    bytes_finish(&some.got);
    stop();
}

static void a_stream_is_followed_from_a_place_or_from_now_on(void)
{
    struct probe first, second, third;
    start();
    struct member *a = join();

    append(a, "s", "1", probe(&first));
    append(a, "s", "2", probe(&second));
    wait_until(second.done == 1);
    struct member *b = join_with(NULL), *c = join_with(NULL);
    b->bus->ops->follow(b->bus, SPAN("s"), span_cstr(first.id));
    c->bus->ops->follow(c->bus, SPAN("s"), (struct span){0});
    wait_until(b->ups == 1 && c->ups == 1);
    append(a, "s", "3", probe(&third));
    wait_until(b->entry_count == 2 && c->entry_count == 1);
    check_text(b->entries, "s v=2\ns v=3\n");
    check_text(c->entries, "s v=3\n");
    stop();
}

/* One appends, and the other, who follows, has got the first entry. */
static void start_following(struct member **a, struct member **b)
{
    struct probe p;
    start();
    *a = join(), *b = join_with(NULL);

    (*b)->bus->ops->follow((*b)->bus, SPAN("s"), (struct span){0});
    wait_until((*b)->ups == 1);
    append(*a, "s", "1", probe(&p));
    wait_until(p.done == 1 && (*b)->entry_count == 1);
}

static void no_entry_is_missed_over_an_outage(void)
{
    struct probe p;
    struct member *a, *b;

    start_following(&a, &b);
    outage(true, a);
    append(a, "s", "2", NULL);
    append(a, "s", "3", probe(&p));
    back_end->bring_back();
    wait_until(p.done == 1 && b->entry_count == 3);
    append(a, "s", "4", NULL);
    wait_until(b->entry_count == 4);
    check_text(b->entries, "s v=1\ns v=2\ns v=3\ns v=4\n");
    stop();
}

static void a_stream_that_was_lost_is_followed_anew(void)
{
    struct member *a, *b;

    start_following(&a, &b);
    outage(false, a);
    append(a, "s", "2", NULL);
    back_end->bring_back();
    wait_until(b->entry_count == 2);
    check_text(b->entries, "s v=1\ns v=2\n");
    stop();
}

/* As if the clock had been set back. */
static void ids_that_went_back_do_not_stall_who_follows(void)
{
    if (back_end != &redis_back_end) {
        return;
    }
    start();
    struct member *b = join_with(NULL);
    const struct span far[] = {SPAN("XADD"), SPAN("s"), SPAN("9000000000000-0"), SPAN("v"),
                               SPAN("1")};
    const struct span del[] = {SPAN("DEL"), SPAN("s")};
    const struct span near[] = {SPAN("XADD"), SPAN("s"), SPAN("5-0"), SPAN("v"), SPAN("2")};

    b->bus->ops->follow(b->bus, SPAN("s"), (struct span){0});
    wait_until(b->ups == 1 && redis_up(redis_loop.bystander));
    redis_command(redis_loop.bystander, far[1], far, 5, NULL);
    wait_until(b->entry_count == 1);
    redis_command(redis_loop.bystander, del[1], del, 2, NULL);
    redis_command(redis_loop.bystander, near[1], near, 5, NULL);
    wait_until(b->entry_count == 2);
    check_text(b->entries, "s v=1\ns v=2\n");
    stop();
}

static void all(void)
{
    RUN(entries_are_read_again_by_their_ids);
    RUN(a_stream_is_followed_from_a_place_or_from_now_on);
    RUN(no_entry_is_missed_over_an_outage);
    RUN(a_stream_that_was_lost_is_followed_anew);
    RUN(ids_that_went_back_do_not_stall_who_follows);
}

int main(void)
{
    return ask_each_bus(all);
}
