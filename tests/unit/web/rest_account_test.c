// SPDX-License-Identifier: MIT
#include "tests/support/tap.h"
#include "tests/unit/web/rest_world.h"

static const char ada[] = "{\"email\":\" Ada@Example.COM\\n\",\"password\":\"secret\"}";

static void whoever_registers_gets_a_token(void)
{
    struct rest_world w = rest_world_make();

    rest_post(&w, "/auth/register", ada);
    check(
        rest_answered_with(&w, 201, "{\"message\":\"User registered successfully\",\"token\":\""));
    check(rest_answered_with(&w, 201, "::ada@example.com:3600000\",\"user\":{\"id\":\""));
    check(rest_answered_with(&w, 201, "\",\"email\":\"ada@example.com\"}}"));
    check(w.user_count == 1 && w.users[0].id.len == 24 && !w.users[0].username_chosen);
    check(span_eq(w.users[0].username, SPAN("ada")));
    check(span_eq(w.users[0].password_hash, SPAN("#secret")));
    rest_post(&w, "/register", "{\"email\":\"ada@example.com\",\"password\":\"other\"}");
    check(rest_answered(&w, 400, "{\"message\":\"User already exists\"}"));
    rest_post(&w, "/register", "{\"email\":\"@x\",\"password\":1}");
    check(w.status == 201 && span_eq(w.users[1].username, SPAN("@x")));
    rest_world_finish(&w);
}

static void whoever_knows_the_password_gets_in(void)
{
    struct rest_world w = rest_world_make();

    rest_post(&w, "/register", ada);
    rest_post(&w, "/auth/login", ada);
    check(rest_answered_with(&w, 200, "{\"token\":\"token:"));
    check(rest_answered_with(&w, 200, ":3600000\",\"user\":"));
    check(rest_answered_with(&w, 200, "\",\"email\":\"ada@example.com\"}}"));
    rest_post(&w, "/login", "{\"email\":\"ADA@example.com\",\"password\":\"secret \"}");
    check(rest_answered(&w, 401, "{\"message\":\"Invalid credentials\"}"));
    rest_post(&w, "/login", "{\"email\":\"eve@example.com\",\"password\":\"secret\"}");
    check(rest_answered(&w, 401, "{\"message\":\"Invalid credentials\"}"));
    rest_world_finish(&w);
}

/* That nobody has an address must not show in the time that it takes. */
static void an_unknown_address_costs_a_comparison_too(void)
{
    struct rest_world w = rest_world_make();

    w.password_error = PASSWORD_ESTOPPED;
    rest_post(&w, "/login", "{\"email\":\"eve@example.com\",\"password\":\"secret\"}");
    check(rest_answered(&w, 503, "{\"message\":\"Error logging in\"}"));
    rest_world_finish(&w);
}

static void what_is_missing_is_said(void)
{
    static const char *const bodies[] = {
        "",
        "[]",
        "{}",
        "{\"email\":\"a@b\"}",
        "{\"password\":\"p\"}",
        "{\"email\":\"  \",\"password\":\"p\"}",
        "{\"email\":\"a@b\",\"password\":\"\"}",
        "{\"email\":{\"$gt\":\"\"},\"password\":\"p\"}",
        "{\"email\":\"a@b\",\"password\":[\"p\"]}",
    };
    struct rest_world w = rest_world_make();

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        rest_post(&w, "/register", bodies[i]);
        check(rest_answered(&w, 400, "{\"message\":\"Email and password are required\"}"));
        rest_post(&w, "/auth/login", bodies[i]);
        check(rest_answered(&w, 400, "{\"message\":\"Email and password are required\"}"));
    }
    rest_world_finish(&w);
}

static void too_long_texts_are_refused(void)
{
    struct rest_world w = rest_world_make();
    char text[PASSWORD_BYTES_MAX + 2], body[PASSWORD_BYTES_MAX + 100];

    memset(text, 'p', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    (void)snprintf(body, sizeof body, "{\"email\":\"a@b\",\"password\":\"%s\"}", text);
    rest_post(&w, "/register", body);
    check(w.status == 400);
    text[256] = '\0';
    (void)snprintf(body, sizeof body, "{\"email\":\"%s\",\"password\":\"p\"}", text);
    rest_post(&w, "/register", body);
    check(w.status == 400 && w.user_count == 0);
    rest_world_finish(&w);
}

static void trouble_is_said_in_the_words_of_the_dialect(void)
{
    struct rest_world w = rest_world_make();

    w.store_error = STORE_EIO;
    rest_post(&w, "/register", ada);
    check(rest_answered(&w, 500, "{\"message\":\"Error registering user\"}"));
    rest_post(&w, "/login", ada);
    check(rest_answered(&w, 500, "{\"message\":\"Error logging in\"}"));
    w.store_error = 0;
    w.password_error = PASSWORD_EBUSY;
    rest_post(&w, "/register", ada);
    check(rest_answered(&w, 503, "{\"message\":\"Error registering user\"}"));
    rest_post(&w, "/login", ada);
    check(rest_answered(&w, 503, "{\"message\":\"Error logging in\"}"));
    check(rest_has_field(&w, "Retry-After: 1\n"));
    rest_world_finish(&w);
}

static void no_more_users_than_allowed_can_register(void)
{
    struct rest_world w = rest_world_make();

    rest_post(&w, "/register", ada);
    rest_set_limits(w.rest, &(struct rest_limits){.users_max = 1});
    rest_post(&w, "/register", "{\"email\":\"eve@x\",\"password\":\"p\"}");
    check(rest_answered(&w, 503, "{\"message\":\"No more users can register here\"}"));
    rest_post(&w, "/api/auth/register",
              "{\"username\":\"eve\",\"email\":\"eve@x\",\"password\":\"p\"}");
    check(rest_answered(&w, 503, "{\"error\":\"No more users can register here\"}"));
    rest_post(&w, "/login", ada);
    check(w.status == 200);
    rest_set_limits(w.rest, &(struct rest_limits){.users_max = 0});
    rest_post(&w, "/register", "{\"email\":\"eve@x\",\"password\":\"p\"}");
    check(w.status == 201);
    rest_world_finish(&w);
}

static void an_address_may_not_try_for_ever(void)
{
    struct rest_world w = rest_world_make();

    w.logins_left = 1;
    rest_post(&w, "/login", ada);
    check(w.status == 401);
    rest_post(&w, "/login", ada);
    check(w.status == 429 && rest_has_field(&w, "Retry-After: 60\n"));
    rest_world_finish(&w);
}

static void an_old_hash_is_replaced_with_the_first_login(void)
{
    struct rest_world w = rest_world_make();

    rest_post(&w, "/register", ada);
    w.needs_rehash = true;
    rest_post(&w, "/login", ada);
    check(w.status == 200 && w.rehashed == 1);
    rest_post(&w, "/login", "{\"email\":\"ada@example.com\",\"password\":\"wrong\"}");
    check(w.status == 401 && w.rehashed == 1);
    rest_world_finish(&w);
}

int main(void)
{
    RUN(whoever_registers_gets_a_token);
    RUN(whoever_knows_the_password_gets_in);
    RUN(an_unknown_address_costs_a_comparison_too);
    RUN(what_is_missing_is_said);
    RUN(too_long_texts_are_refused);
    RUN(trouble_is_said_in_the_words_of_the_dialect);
    RUN(no_more_users_than_allowed_can_register);
    RUN(an_address_may_not_try_for_ever);
    RUN(an_old_hash_is_replaced_with_the_first_login);
    return tap_done();
}
