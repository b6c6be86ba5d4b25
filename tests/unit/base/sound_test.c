// SPDX-License-Identifier: MIT
#include "src/base/sound.h"

#include "tests/support/tap.h"

static const char longest[NAME_BYTES_MAX + 1];

static struct message said(void)
{
    return (struct message){.id = SPAN("i"),
                            .room = SPAN("r"),
                            .user_id = SPAN("u"),
                            .content = SPAN("\"hi\""),
                            .type = SPAN("text"),
                            .dialect = DIALECT_REALTIME};
}

static struct message said_to(const char *room, const char *recipient)
{
    struct message m = said();

    m.dialect = DIALECT_DIRECT;
    m.room = span_cstr(room);
    m.recipient = span_cstr(recipient);
    return m;
}

static void what_clients_say_is_sound(void)
{
    struct message m = said();

    check(message_is_sound(&m) && message_fault(&m) == NULL);
    for (m.dialect = DIALECT_CHATROOM; m.dialect < DIALECT_COUNT; m.dialect++) {
        check(message_is_sound(&m));
    }
    m = said_to("\x01@bob", "bob");
    check(message_is_sound(&m));
}

static void names_are_of_one_to_255_bytes(void)
{
    struct message m;

    for (unsigned which = 0; which < 5; which++) {
        m = said();
        struct span *const texts[] = {&m.id, &m.user_id, &m.room, &m.username, &m.client_id};
        *texts[which] = span_of(longest, NAME_BYTES_MAX);
        check(message_is_sound(&m));
        *texts[which] = span_of(longest, NAME_BYTES_MAX + 1);
        check(!message_is_sound(&m));
        *texts[which] = SPAN("");
        check(message_is_sound(&m) == (which > 2));
    }
}

static void a_type_is_of_no_more_than_64_bytes(void)
{
    struct message m = said();

    m.type = span_of(longest, TYPE_BYTES_MAX);
    check(message_is_sound(&m));
    m.type.len++;
    check(!message_is_sound(&m));
}

static void a_room_is_one_of_clients_or_of_the_recipient(void)
{
    static const char *const rooms[] = {"\x01lobby", "\x01@u", "\x01"};
    struct message m = said();

    for (unsigned i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        m.room = span_cstr(rooms[i]);
        check(!message_is_sound(&m));
    }
    m = said_to("\x01@bob", "ann");
    check(!message_is_sound(&m));
    m = said_to("bob", "bob");
    check(!message_is_sound(&m));
    m = said_to("\x01@bob", "bob");
    m.dialect = DIALECT_REALTIME;
    check(!message_is_sound(&m));
}

static void a_dialect_and_an_action_are_known_ones(void)
{
    struct message m = said();

    m.dialect = DIALECT_NONE;
    check(!message_is_sound(&m));
    m.dialect = DIALECT_COUNT;
    check(!message_is_sound(&m));
    m.dialect = DIALECT_NATIVE;
    m.action = MESSAGE_MARK + 1;
    check(!message_is_sound(&m));
}

static void only_who_changes_nothing_or_carries_what_came_says_nothing(void)
{
    struct message m = said();

    m.content = SPAN("");
    check(!message_is_sound(&m));
    m.action = MESSAGE_EDIT;
    check(!message_is_sound(&m));
    m.action = MESSAGE_DELETE;
    check(message_is_sound(&m));
    m.action = MESSAGE_MARK;
    check(message_is_sound(&m));
    m.action = MESSAGE_SAY;
    m.raw = SPAN("{}");
    m.dialect = DIALECT_GROUPS;
    check(message_is_sound(&m));
    m.dialect = DIALECT_REALTIME;
    m.content = SPAN("1");
    check(!message_is_sound(&m));
}

static void each_fault_has_a_line_of_its_own(void)
{
    struct message faulty[] = {said(), said(), said(), said()};

    faulty[0].dialect = DIALECT_NONE;
    faulty[1].id = SPAN("");
    faulty[2].room = SPAN("");
    faulty[3].content = SPAN("");
    for (unsigned i = 0; i < 4; i++) {
        for (unsigned j = 0; j < i; j++) {
            check(strcmp(message_fault(&faulty[i]), message_fault(&faulty[j])) != 0);
        }
    }
}

int main(void)
{
    RUN(what_clients_say_is_sound);
    RUN(names_are_of_one_to_255_bytes);
    RUN(a_type_is_of_no_more_than_64_bytes);
    RUN(a_room_is_one_of_clients_or_of_the_recipient);
    RUN(a_dialect_and_an_action_are_known_ones);
    RUN(only_who_changes_nothing_or_carries_what_came_says_nothing);
    RUN(each_fault_has_a_line_of_its_own);
    return tap_done();
}
