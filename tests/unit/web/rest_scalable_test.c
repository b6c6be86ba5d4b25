// SPDX-License-Identifier: MIT
#include "tests/support/tap.h"
#include "tests/unit/web/rest_world.h"

static void history_is_a_bare_array(void)
{
    static const char want[] =
        "[{\"_id\":\"m1\",\"roomId\":\"r\",\"userId\":\"ada\",\"username\":\"ada\",\"text\":"
        "\"hi \\ud83d\\ude00\",\"timestamp\":\"2023-11-14T22:13:20.000Z\",\"__v\":0}]";
    struct rest_world w = rest_world_make();

    (void)rest_world_say(&w, "r", "ada", "\"hi \\ud83d\\ude00\"");
    rest_get(&w, "/messages/history/r");
    check(rest_answered(&w, 200, want));
    rest_get(&w, "/history/r");
    check(rest_answered(&w, 200, want));
    rest_get(&w, "/history/none");
    check(rest_answered(&w, 200, "[]"));
    w.store_error = STORE_EIO;
    rest_get(&w, "/history/r");
    check(rest_answered(&w, 500, "{\"message\":\"Error fetching chat history\"}"));
    rest_world_finish(&w);
}

static void history_is_the_oldest_fifty(void)
{
    struct rest_world w = rest_world_make();

    for (unsigned i = 0; i < 60; i++) {
        (void)rest_world_say(&w, "r", "ada", "\"x\"");
    }
    rest_get(&w, "/history/r");
    check(rest_answered_with(&w, 200, "[{\"_id\":\"m1\","));
    check(rest_answered_with(&w, 200, "{\"_id\":\"m50\","));
    check(memmem(w.body.data, w.body.len, "\"m51\"", 5) == NULL);
    rest_world_finish(&w);
}

static void history_is_in_the_order_of_the_times_that_it_shows(void)
{
    static const char *const times[] = {"\"2023-11-14T22:13:30.000Z\"", "",
                                        "\"2023-11-14T22:13:10.000Z\"",
                                        "\"2023-11-14T22:13:30.000Z\""};
    static const char *const wanted[] = {"\"m3\"", "\"m2\"", "\"m1\"", "\"m4\""};
    struct rest_world w = rest_world_make();
    const uint8_t *at;

    for (size_t i = 0; i < 4; i++) {
        rest_world_say(&w, "r", "ada", "\"x\"")->sent_at = span_cstr(times[i]);
    }
    rest_get(&w, "/history/r");
    at = w.body.data;
    for (size_t i = 0; i < 4 && at != NULL; i++) {
        at = memmem(at, w.body.len - (size_t)(at - w.body.data), wanted[i], 4);
        check(at != NULL);
    }
    rest_world_finish(&w);
}

static void services_are_healthy(void)
{
    struct rest_world w = rest_world_make();

    rest_get(&w, "/auth/health");
    check(rest_answered(&w, 200, "{\"status\":\"healthy\"}"));
    rest_get(&w, "/messages/health");
    check(rest_answered(&w, 200, "{\"service\":\"healthy\",\"redis\":\"disconnected\"}"));
    rest_world_finish(&w);
}

int main(void)
{
    RUN(history_is_a_bare_array);
    RUN(history_is_the_oldest_fifty);
    RUN(history_is_in_the_order_of_the_times_that_it_shows);
    RUN(services_are_healthy);
    return tap_done();
}
