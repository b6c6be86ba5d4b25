// SPDX-License-Identifier: MIT
#include "src/socket/io_loop.h"

#include "src/socket/io.h"
#include "tests/support/tap.h"
#include "tests/support/world.h"

static char seen[64];

static void note(void *arg)
{
    struct rookery_loop *here = io_current(io_of(world));
    size_t at = strlen(seen);
    (void)snprintf(seen + at, sizeof seen - at, "%s@%u ", (const char *)arg,
                   rookery_loop_index(here));
}

static char a[] = "a", b[] = "b";

static void start(void)
{
    seen[0] = '\0';
    world_start(2);
}

static void runs_what_is_posted_on_the_loop_it_is_posted_to(void)
{
    start();
    rookery_loop_post(rookery_loop_at(world, 1), note, a);
    rookery_loop_post(rookery_loop_at(world, 0), note, b);
    check(seen[0] == '\0');
    world_settle();
    check(strcmp(seen, "b@0 a@1 ") == 0);
    world_end();
}

static void runs_what_is_due_and_forgets_the_rest(void)
{
    start();
    struct rookery_loop *loop = rookery_loop_at(world, 0);
    rookery_loop_after(loop, 100, note, b);
    rookery_loop_after(loop, 50, note, a);
    rookery_loop_after(loop, 500, note, a);
    world_advance(40);
    check(seen[0] == '\0');
    world_advance(110);
    check(strcmp(seen, "a@0 b@0 ") == 0);
    world_end();
    check(strcmp(seen, "a@0 b@0 ") == 0);
}

static void knows_the_loops(void)
{
    start();
    check(rookery_loop_count(world) == 2);
    check(rookery_loop_index(rookery_loop_at(world, 1)) == 1);
    check(rookery_loop_wall_ms(rookery_loop_at(world, 1)) == 1700000001000);
    check(io_current(io_of(world)) == rookery_loop_at(world, 0));
    world_enter(-1);
    check(io_current(io_of(world)) == NULL);
    world_end();
}

static const char *refuse_token(const struct rookery_request *request, void *arg)
{
    return rookery_request_header(request, "host").len == 1 ? arg : NULL;
}

static void asks_the_application_about_handshakes(void)
{
    start();
    const struct engine_app *app = io_engine_app(io_of(world), 1);
    struct peer *p = peer_open(1);
    struct rookery_request *request = p->transport.base.session->request;
    check(app->allow(request, app->arg) == NULL);
    rookery_allow_request(world, refuse_token, a);
    check(app->allow(request, app->arg) == a);
    world_end();
}

int main(void)
{
    RUN(runs_what_is_posted_on_the_loop_it_is_posted_to);
    RUN(runs_what_is_due_and_forgets_the_rest);
    RUN(knows_the_loops);
    RUN(asks_the_application_about_handshakes);
    return tap_done();
}
