// SPDX-License-Identifier: MIT
/* What store.h promises of rooms, members, read marks and users, asked of every store. */
#include "tests/contract/store_fixture.h"

/* ---- rooms ---- */

static int put_room(const char *name, const char *title, bool overwrite)
{
    struct store_room_put r = {.room = span_cstr(name),
                               .title = span_cstr(title),
                               .created_by = SPAN("u1"),
                               .created_ms = 5,
                               .overwrite = overwrite};
    return CALL(&r, STORE_ROOM_PUT);
}

static void put_member(const char *room, const char *user, bool present)
{
    struct store_member_put r = {
        .room = span_cstr(room), .user_id = span_cstr(user), .present = present};
    check(CALL(&r, STORE_MEMBER_PUT) == 0);
}

static uint64_t mark(const char *room, const char *user, uint64_t offset, const char *id,
                     bool changed)
{
    struct store_read_mark r = {.room = span_cstr(room),
                                .user_id = span_cstr(user),
                                .offset = offset,
                                .message_id = span_cstr(id)};
    int error = CALL(&r, STORE_READ_MARK);
    check(r.changed == changed);
    return error == STORE_EMISSING ? 1000 : error == 0 ? r.read : 2000;
}

/* "name/title newest unread, ..." with m for made, j for joined */
static const char *room_text(const struct store_room_page *page)
{
    static char text[1024];
    size_t len = 0;

    text[0] = 0;
    for (size_t i = 0; page != NULL && i < page->count && len < sizeof text - 100; i++) {
        const struct store_room *r = &page->rooms[i];
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%.*s/%.*s %d %d%s%s",
                                i == 0 ? "" : ", ", (int)r->name.len, (const char *)r->name.data,
                                (int)r->title.len, (const char *)r->title.data, (int)r->newest,
                                (int)r->unread, r->made ? "m" : "", r->joined ? "j" : "");
    }
    return text;
}

static void check_rooms(enum store_rooms_which which, const char *user, const char *after,
                        unsigned limit, const char *want, bool more)
{
    struct store_rooms r = {.which = which, .user_id = span_cstr(user), .limit = limit};

    r.after_name = after != NULL ? span_cstr(after) : (struct span){0};
    check(CALL(&r, STORE_ROOMS) == 0 && r.more == more);
    check_str(room_text(r.page), want);
    free(r.page);
}

static void makes_rooms_and_lists_them_by_name(void)
{
    struct message direct = message("d", "u1+u2", "1");

    setup();
    direct.recipient = SPAN("u2");
    check(append(&direct) == 1 && say("a", "b", "1") == 1);
    check(put_room("c", "See", false) == 0 && put_room("b", "Bee", false) == 0);
    check(put_room("b", "Other", false) == STORE_EEXISTS);
    check(put_room("c", "Sea", true) == 0);
    check(say("e", "a", "1") == 1);
    restart();
    check_rooms(STORE_ROOMS_ALL, "", NULL, 10, "a/ 1 0, b/Bee 1 0m, c/Sea 0 0m", false);
    check_rooms(STORE_ROOMS_ALL, "", NULL, 2, "a/ 1 0, b/Bee 1 0m", true);
    check_rooms(STORE_ROOMS_ALL, "", "b", 2, "c/Sea 0 0m", false);
    check_rooms(STORE_ROOMS_MADE, "", NULL, 1, "b/Bee 1 0m", true);
    check_rooms(STORE_ROOMS_MADE, "", "b", 10, "c/Sea 0 0m", false);
    struct store_room_get get = {.room = SPAN("c")}, none = {.room = SPAN("x")};
    check(CALL(&get, STORE_ROOM_GET) == 0 && get.page->count == 1);
    check_str(room_text(get.page), "c/Sea 0 0m");
    check(get.page->rooms[0].created_ms == 5 && span_eq(get.page->rooms[0].created_by, SPAN("u1")));
    check(CALL(&none, STORE_ROOM_GET) == 0 && none.page->count == 0);
    struct store_room_get later = {.room = SPAN("a")};
    check(CALL(&later, STORE_ROOM_GET) == 0);
    check(later.page->rooms[0].number > get.page->rooms[0].number);
    free(get.page);
    free(none.page);
    free(later.page);
    teardown();
}

static void makes_no_more_rooms_than_allowed(void)
{
    struct store_room_put r = {.title = SPAN("T"), .rooms_max = 2};

    setup();
    check(say("a", "written to", "1") == 1);
    check(put_room("1", "One", false) == 0 && put_room("2", "Two", false) == 0);
    r.room = SPAN("3");
    check(CALL(&r, STORE_ROOM_PUT) == STORE_ETOOMANY);
    r.room = SPAN("1");
    check(CALL(&r, STORE_ROOM_PUT) == STORE_EEXISTS);
    r.overwrite = true;
    check(CALL(&r, STORE_ROOM_PUT) == 0);
    restart();
    r.room = SPAN("written to");
    check(CALL(&r, STORE_ROOM_PUT) == STORE_ETOOMANY);
    check_rooms(STORE_ROOMS_MADE, "", NULL, 10, "1/T 0 0m, 2/Two 0 0m", false);
    r.rooms_max = 3;
    check(CALL(&r, STORE_ROOM_PUT) == 0);
    teardown();
}

static void counts_what_a_user_has_not_read(void)
{
    uint64_t offset;

    setup();
    for (char id[2] = "a"; id[0] <= 'e'; id[0]++) {
        check(say(id, "one", "1") == (uint64_t)(id[0] - 'a' + 1));
    }
    check_rooms(STORE_ROOMS_ALL, "u2", NULL, 10, "one/ 5 0", false); /* what is that to him? */
    put_member("one", "u2", true);
    check_rooms(STORE_ROOMS_ALL, "u2", NULL, 10, "one/ 5 5j", false);
    put_member("one", "u2", false);
    put_member("one", "u1", true);
    check_rooms(STORE_ROOMS_ALL, "u1", NULL, 10, "one/ 5 0j", false); /* his own */
    check(mark("one", "u2", 2, "", true) == 2);
    check(mark("one", "u2", 1, "", false) == 2);
    check(act(MESSAGE_DELETE, "d", "one", "u1", "", &offset) == MESSAGE_STORED);
    check_rooms(STORE_ROOMS_ALL, "u2", NULL, 10, "one/ 6 2", false);
    check(mark("one", "u2", 0, "e", true) == 5);
    check(mark("one", "u2", 100, "", true) == 6);
    check_rooms(STORE_ROOMS_ALL, "u2", NULL, 10, "one/ 6 0", false);
    check(mark("two", "u2", 1, "", false) == 1000);
    check(mark("one", "u2", 0, "x", false) == 1000);
    teardown();
}

static void counts_no_more_unread_than_it_promises(void)
{
    char id[16];

    setup();
    for (unsigned i = 0; i < STORE_UNREAD_MAX + 5; i++) {
        (void)snprintf(id, sizeof id, "m%u", i);
        check(say(id, "one", "1") == i + 1);
    }
    put_member("one", "u2", true);
    check_rooms(STORE_ROOMS_ALL, "u2", NULL, 10, "one/ 105 100j", false);
    check(mark("one", "u2", 6, "", true) == 6);
    check_rooms(STORE_ROOMS_ALL, "u2", NULL, 10, "one/ 105 99j", false);
    teardown();
}

static void keeps_members_and_how_far_they_read(void)
{
    setup();
    check(say("a", "one", "1") == 1 && say("b", "two", "1") == 1);
    put_member("one", "u2", true);
    put_member("one", "u2", true);
    put_member("one", "u3", true);
    check(put_room("three", "Three", false) == 0);
    put_member("three", "u2", true);
    put_member("silent", "u2", true); /* is none */
    check(mark("one", "u1", 1, "", true) == 1 && mark("one", "u3", 1, "", true) == 1);
    put_member("three", "u2", false);
    restart();
    check_rooms(STORE_ROOMS_JOINED, "u2", NULL, 10, "one/ 1 1j", false);
    check_rooms(STORE_ROOMS_ALL, "", NULL, 10, "one/ 1 0, three/Three 0 0m, two/ 1 0", false);
    struct store_reads r = {.room = SPAN("one"), .limit = 2};
    check(CALL(&r, STORE_READS) == 0 && r.more && r.page->count == 2);
    check(span_eq(r.page->reads[0].user_id, SPAN("u1")));
    check(r.page->reads[0].offset == 1 && !r.page->reads[0].joined);
    check(span_eq(r.page->reads[1].user_id, SPAN("u2")));
    check(r.page->reads[1].offset == 0 && r.page->reads[1].joined);
    struct store_reads rest = {.room = SPAN("one"), .limit = 2, .after_user = SPAN("u2")};
    check(CALL(&rest, STORE_READS) == 0 && !rest.more && rest.page->count == 1);
    check(rest.page->reads[0].offset == 1 && rest.page->reads[0].joined);
    free(r.page);
    free(rest.page);
    teardown();
}

/* ---- users ---- */

static int add_user(const char *id, const char *name, const char *email, bool chosen)
{
    struct store_user_add r = {.id = span_cstr(id),
                               .username = span_cstr(name),
                               .email = span_cstr(email),
                               .password_hash = SPAN("hash"),
                               .display_name = SPAN("Display"),
                               .created_ms = 7,
                               .username_chosen = chosen};
    return CALL(&r, STORE_USER_ADD);
}

static void check_user(enum store_user_by by, const char *key, const char *id)
{
    struct store_user_get r = {.by = by, .key = span_cstr(key)};

    check(CALL(&r, STORE_USER_GET) == 0 && (r.user != NULL) == (id != NULL));
    check(r.user == NULL || id == NULL || span_eq(r.user->id, span_cstr(id)));
    free(r.user);
}

static void finds_users_by_id_address_and_chosen_name(void)
{
    setup();
    check(add_user("1", "Ann", "ann@x", true) == 0);
    check(add_user("2", "bob", "bob@x", false) == 0);
    check(add_user("3", "bob", "", false) == 0);
    restart();
    check_user(STORE_BY_ID, "2", "2");
    check_user(STORE_BY_EMAIL, "ann@x", "1");
    check_user(STORE_BY_USERNAME, "aNN", "1");
    check_user(STORE_BY_USERNAME, "bob", NULL);
    check_user(STORE_BY_EMAIL, "", NULL);
    check_user(STORE_BY_ID, "x", NULL);
    struct store_user_get r = {.by = STORE_BY_ID, .key = SPAN("1")};
    check(CALL(&r, STORE_USER_GET) == 0 && r.user != NULL);
    if (r.user != NULL) {
        check(span_eq(r.user->username, SPAN("Ann")) && span_eq(r.user->email, SPAN("ann@x")));
        check(span_eq(r.user->password_hash, SPAN("hash")) && r.user->created_ms == 7);
        check(span_eq(r.user->display_name, SPAN("Display")) && r.user->username_chosen);
    }
    free(r.user);
    teardown();
}

static void says_which_part_of_a_user_is_taken(void)
{
    setup();
    check(add_user("1", "ann", "ann@x", true) == 0);
    check(add_user("2", "eve", "ann@x", true) == STORE_EEXISTS_EMAIL);
    check(add_user("2", "ANN", "eve@x", true) == STORE_EEXISTS_USERNAME);
    check(add_user("1", "eve", "eve@x", true) == STORE_EEXISTS);
    check(add_user("2", "ann", "eve@x", false) == 0);
    check_user(STORE_BY_USERNAME, "ann", "1");
    teardown();
}

static void takes_no_more_users_than_allowed(void)
{
    struct store_user_add r = {.username = SPAN("n"),
                               .password_hash = SPAN("hash"),
                               .display_name = SPAN("N"),
                               .created_ms = 7};

    setup();
    check(add_user("1", "ann", "ann@x", true) == 0);
    check(add_user("1", "eve", "eve@x", true) == STORE_EEXISTS); /* takes no place */
    r.id = SPAN("2");
    r.users_max = 2;
    check(CALL(&r, STORE_USER_ADD) == 0);
    restart();
    r.id = SPAN("3");
    check(CALL(&r, STORE_USER_ADD) == STORE_ETOOMANY);
    check_user(STORE_BY_ID, "3", NULL);
    r.users_max = 3;
    check(CALL(&r, STORE_USER_ADD) == 0);
    teardown();
}

static void changes_a_password(void)
{
    struct store_user_password r = {.id = SPAN("1"), .password_hash = SPAN("new")};

    setup();
    check(CALL(&r, STORE_USER_PASSWORD) == STORE_EMISSING);
    check(add_user("1", "ann", "ann@x", true) == 0);
    check(CALL(&r, STORE_USER_PASSWORD) == 0);
    struct store_user_get get = {.by = STORE_BY_ID, .key = SPAN("1")};
    check(CALL(&get, STORE_USER_GET) == 0 && get.user != NULL);
    check(get.user != NULL && span_eq(get.user->password_hash, SPAN("new")));
    free(get.user);
    teardown();
}

/* ---- bounds ---- */

static void answers_numbers_out_of_range_with_an_error(void)
{
    struct store_history none = {.room = SPAN("r")};
    struct store_history two = {.room = SPAN("r"), .limit = 1, .before = 1, .after = 1};
    struct store_search search = {.query = SPAN("q"), .limit = STORE_PAGE_MAX + 1};
    struct store_rooms rooms = {.limit = 0};
    struct store_reads reads = {.limit = UINT32_MAX};

    setup();
    check(CALL(&none, STORE_HISTORY) == STORE_ERANGE && none.page == NULL);
    check(CALL(&two, STORE_HISTORY) == STORE_ERANGE && two.page == NULL);
    check(CALL(&search, STORE_SEARCH) == STORE_ERANGE && search.page == NULL);
    check(CALL(&rooms, STORE_ROOMS) == STORE_ERANGE && rooms.page == NULL);
    check(CALL(&reads, STORE_READS) == STORE_ERANGE && reads.page == NULL);
    check_user(STORE_BY_ID, "1", NULL); /* it goes on */
    teardown();
}

static void suite(void)
{
    RUN(makes_rooms_and_lists_them_by_name);
    RUN(makes_no_more_rooms_than_allowed);
    RUN(counts_what_a_user_has_not_read);
    RUN(counts_no_more_unread_than_it_promises);
    RUN(keeps_members_and_how_far_they_read);
    RUN(finds_users_by_id_address_and_chosen_name);
    RUN(says_which_part_of_a_user_is_taken);
    RUN(takes_no_more_users_than_allowed);
    RUN(changes_a_password);
    RUN(answers_numbers_out_of_range_with_an_error);
}

int main(void)
{
    return ask_each_store(ALONE, suite);
}
