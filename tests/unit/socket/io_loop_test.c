// SPDX-License-Identifier: MIT
#include "src/socket/io_loop.h"

#include "src/engine/handshake.h"
#include "src/engine/request.h"
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

static void refuse_later(void *handshake)
{
    rookery_handshake_refuse(handshake, ROOKERY_STR("no"));
}

static void decide_by_host(struct rookery_handshake *h, void *arg)
{
    check(arg == a);
    check(rookery_loop_index(rookery_handshake_loop(h)) == 1);
    if (rookery_request_header(rookery_handshake_request(h), "host").len == 1) {
        rookery_loop_after(rookery_handshake_loop(h), 10, refuse_later, h);
    } else {
        rookery_handshake_accept(h);
    }
}

static void note_verdict(struct rookery_request *request, enum handshake_verdict verdict,
                         struct span message, void *arg)
{
    size_t at = strlen(seen);
    (void)snprintf(seen + at, sizeof seen - at, "%d%.*s ", verdict, (int)message.len,
                   (const char *)message.data);
}

static void ask_about(const char *head)
{
    struct session *s = peer_open(1)->transport.base.session;
    struct rookery_request *request = request_create(span_cstr(head), "", false, 0);

    (void)handshake_ask(s->engine, request, note_verdict, NULL);
    request_release(request);
}

static void asks_the_application_about_handshakes(void)
{
    start();
    const struct engine_app *app = io_engine_app(io_of(world), 1);
    check(app->allow == NULL); /* it does not want to be asked */
    rookery_allow_request(world, decide_by_host, a);
    ask_about("GET / HTTP/1.1\r\nHost: friend\r\n\r\n");
    check(strcmp(seen, "0 ") == 0);
    ask_about("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    check(strcmp(seen, "0 ") == 0);
    world_advance(20);
    check(strcmp(seen, "0 1no ") == 0);
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
