/* One node among others: what is said here they are told, and what they say comes in. */
// SPDX-License-Identifier: MIT
#include "src/chat/remote.h"

#include "src/socket/io_loop.h"
#include "tests/support/chat_bed.h"

#define ID   "01a1fdce-eb88-77d4-9eb1-30d6d865818"
#define TIME "1700000000000"
#define SAID(id, room, text)                                                                       \
    "[\"say\",\"" id "\",\"" room "\",\"bob\",\"Bob\",\"text\",\"\",\"\",5," TIME ",0,3,0,\"" text \
    "\",null,null]"
#define EDITED(id, room, user, at, text)                                                       \
    "[\"edit\",\"" id "\",\"" room "\",\"" user "\",\"Bob\",\"text\",\"\",\"\",5," TIME "," at \
    ",3,4,\"" text "\",null,null]"
#define DELETED(id, room)                                                                      \
    "[\"delete\",\"" id "\",\"" room "\",\"bob\",\"Bob\",\"text\",\"\",\"\",5," TIME ",0,3,5," \
    "null,null,null]"
#define MESSAGE(id, text, offset)                                                          \
    "|42[\"message\",{\"id\":\"" id "\",\"roomId\":\"r\",\"userId\":\"bob\",\"username\":" \
    "\"Bob\",\"content\":\"" text "\",\"type\":\"text\",\"timestamp\":"                    \
    "\"2023-11-14T22:13:20.000Z\",\"offset\":" offset "}]"

static struct peer *enter(const char *auth, const char *packet)
{
    struct peer *p = bed_join(0, auth);

    peer_send(p, packet);
    bed_settle();
    (void)peer_got(p);
    return p;
}

static struct peer *enter_native(void)
{
    return enter("{\"userId\":\"ada\",\"username\":\"Ada\"}",
                 "21[\"join_room\",{\"roomId\":\"r\",\"after\":0}]");
}

static void start(void)
{
    bed_start(&(struct bed_setup){.loops = 2, .clustered = true});
}

static const char *said(void)
{
    return fake_adapter_said(&bed_others);
}

/* Is `part` in what the others were told? */
static bool has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        printf("# %s\n# has no %s\n", text, part);
        return false;
    }
    return true;
}

static void what_is_said_here_goes_out_as_a_note_and_in_the_words_of_its_dialect(void)
{
    start();
    struct peer *a = enter_native();
    (void)said();
    peer_send(a, "22[\"send_message\",{\"roomId\":\"r\",\"content\":\"caw\",\"clientId\":\"c\"}]");
    bed_settle();
    const char *text = said();
    check(has(text, "|broadcast / message({\"id\":\""));
    check(has(text, " to=r note=[\"say\",\""));
    check(has(text, ",\"r\",\"ada\",\"Ada\",\"text\",\"c\",\"\",6,"));
    check(has(text, ",0,1,0,\"caw\",null,null]"));
    peer_send(a, "23[\"typing_start\",{\"roomId\":\"r\"}]");
    bed_settle();
    text = said();
    check(
        has(text, "typing({\"roomId\":\"r\",\"userId\":\"ada\",\"username\":\"Ada\"}) to=r not="));
    check(has(text, "note=[\"typing\",\"r\",\"ada\",\"Ada\"]"));
    bed_end();
}

static void what_others_say_is_told_in_every_dialect_with_a_place_of_this_node(void)
{
    start();
    struct peer *a = enter_native();
    struct peer *b = enter("", "2[\"chat:event\",{\"eventType\":\"join\",\"userId\":\"b\","
                               "\"chatRoomId\":\"r\"}]");
    bed_settle();
    (void)peer_got(a);
    bed_note(SAID(ID "1", "r", "caw"));
    bed_note(SAID(ID "2", "r", "kra"));
    check_like(a, MESSAGE(ID "1", "caw", "1") MESSAGE(ID "2", "kra", "2"));
    check_like(b, "|42[\"chat:message\",{\"userId\":\"bob\",\"chatRoomId\":\"r\",\"message\":"
                  "\"caw\",\"timestamp\":\"2023-11-14T22:13:20.000Z\"}]"
                  "|42[\"chat:message\",{\"userId\":\"bob\",\"chatRoomId\":\"r\",\"message\":"
                  "\"kra\",\"timestamp\":\"2023-11-14T22:13:20.000Z\"}]");
    struct peer *late = bed_join(1, "");
    check_answer(late, "21[\"join_room\",{\"roomId\":\"r\",\"after\":0}]",
                 "|431[{\"ok\":true,\"roomId\":\"r\",\"offset\":2}]" MESSAGE(ID "1", "caw", "1")
                     MESSAGE(ID "2", "kra", "2"));
    check(strstr(said(), "note=[\"say\"") == NULL); /* it is not passed on */
    bed_end();
}

static void what_comes_twice_is_told_once(void)
{
    for (int without_store = 0; without_store < 2; without_store++) {
        bed_start(&(struct bed_setup){
            .loops = 2, .clustered = true, .without_store = without_store != 0});
        struct peer *a = enter_native();
        bed_note(SAID(ID "1", "r", "caw"));
        check(strstr(peer_got(a), "\"caw\"") != NULL);
        bed_note(SAID(ID "1", "r", "caw"));
        check_like(a, "");
        bed_end();
    }
}

static void what_others_edit_and_delete_changes_here(void)
{
    start();
    struct peer *a = enter_native();
    bed_note(SAID(ID "1", "r", "caw"));
    bed_note(SAID(ID "2", "r", "kra"));
    (void)peer_got(a);
    bed_note(EDITED(ID "1", "r", "bob", "1700000001000", "CAW"));
    bed_note(EDITED(ID "1", "r", "bob", "1700000001000", "CAW")); /* again */
    check_like(a, "|42[\"message_edited\",{\"id\":\"" ID "1\",\"roomId\":\"r\",\"userId\":\"bob\","
                  "\"username\":\"Bob\",\"content\":\"CAW\",\"type\":\"text\",\"timestamp\":"
                  "\"2023-11-14T22:13:20.000Z\",\"offset\":1,\"editedAt\":"
                  "\"2023-11-14T22:13:21.000Z\",\"changed\":3}]");
    bed_note(EDITED(ID "1", "r", "eve", "1700000002000", "EVE"));
    bed_note(EDITED(ID "7", "r", "bob", "1700000002000", "no such"));
    check_like(a, "");
    bed_note(DELETED(ID "2", "r"));
    bed_note(DELETED(ID "2", "r"));
    check_like(a, "|42[\"message_deleted\",{\"roomId\":\"r\",\"messageId\":\"" ID "2\","
                  "\"changed\":4}]");
    struct peer *late = bed_join(1, "");
    peer_send(late, "21[\"join_room\",{\"roomId\":\"r\",\"after\":0}]");
    bed_settle();
    const char *got = peer_got(late);
    check(strstr(got, "\"offset\":4}]") != NULL && strstr(got, "CAW") != NULL);
    check(strstr(got, "kra") == NULL && strstr(got, "EVE") == NULL);
    bed_end();
}

static void others_type_and_read_too(void)
{
    start();
    struct peer *a = enter_native();
    bed_note(SAID(ID "1", "r", "caw"));
    (void)peer_got(a);
    bed_note("[\"typing\",\"r\",\"bob\",\"Bob\"]");
    bed_note("[\"typing_stop\",\"r\",\"bob\",\"Bob\"]");
    check_like(a, "|42[\"typing\",{\"roomId\":\"r\",\"userId\":\"bob\",\"username\":\"Bob\"}]"
                  "|42[\"typing_stop\",{\"roomId\":\"r\",\"userId\":\"bob\"}]");
    bed_note("[\"read\",\"r\",\"bob\",\"Bob\",\"" ID "1\"]");
    check_like(a, "|42[\"message_read\",{\"roomId\":\"r\",\"messageId\":\"" ID
                  "1\",\"userId\":\"bob\",\"offset\":1}]");
    bed_note("[\"read\",\"r\",\"bob\",\"Bob\",\"" ID "1\"]");
    bed_note("[\"read\",\"r\",\"bob\",\"Bob\",\"" ID "7\"]");
    check_like(a, "");
    bed_end();
}

/* Where marks go by the journal, and one store of all nodes may have them before their note comes.
 */
static void marks_are_told_from_node_to_node_behind_a_queue_too(void)
{
    bed_start(&(struct bed_setup){.loops = 2, .clustered = true, .queued = true});
    struct peer *a = enter_native();
    peer_send(a, "22[\"send_message\",{\"roomId\":\"r\",\"content\":\"caw\",\"clientId\":\"c\"}]");
    bed_settle();
    char packet[128], note[128], id[37] = "";
    const char *answer = strstr(peer_got(a), "\"ok\":true,\"id\":\"");
    check(answer != NULL && sscanf(answer, "\"ok\":true,\"id\":\"%36[^\"]", id) == 1);
    (void)said();
    (void)snprintf(packet, sizeof packet,
                   "23[\"mark_read\",{\"roomId\":\"r\",\"messageId\":\"%s\"}]", id);
    peer_send(a, packet);
    bed_settle();
    (void)snprintf(note, sizeof note, "note=[\"read\",\"r\",\"ada\",\"Ada\",\"%s\"]", id);
    check(has(said(), note));
    (void)peer_got(a);
    (void)snprintf(note, sizeof note, "[\"read\",\"r\",\"ada\",\"Ada\",\"%s\"]", id);
    bed_note(note);
    check(strstr(peer_got(a), "\"message_read\",{\"roomId\":\"r\"") != NULL);
    bed_end();
}

static void what_is_malformed_is_counted_and_what_is_unknown_is_not(void)
{
    start();
    bed_note("[\"say\",1]");
    bed_note("{");
    check(bed_stat(STAT_NOTES_MALFORMED) == 2);
    bed_note("[\"dance\"]");
    check(bed_stat(STAT_NOTES_MALFORMED) == 2);
    bed_end();
}

/* ---- direct messages ---- */

#define DIRECT(id, text)                                                                          \
    "[\"say\",\"" id "\",\"\\u0001@ada\",\"bob\",\"Bob\",\"text\",\"\",\"ada\",4," TIME ",0,1,0," \
    "\"" text "\",null,null]"

static struct peer *arrive(const char *name)
{
    char packet[100];
    struct peer *p = bed_join(0, "");

    (void)snprintf(packet, sizeof packet, "2[\"join\",{\"username\":\"%s\",\"userId\":\"%s\"}]",
                   name, name);
    peer_send(p, packet);
    bed_settle();
    (void)peer_got(p);
    return p;
}

static void a_direct_message_is_delivered_where_its_recipient_is(void)
{
    start();
    struct peer *a = arrive("ada");
    bed_advance(100);
    (void)said();
    bed_note(DIRECT(ID "1", "psst"));
    const char *got = peer_got(a);
    check(strstr(got, "\"psst\"") != NULL && strstr(got, "delivered") != NULL);
    bed_advance(100);
    check(has(said(), "[\"direct\",\"\\u0001@ada\",\"" ID "1\",\"ada\",1,\"bob\",\"\",\"\","));
    peer_send(a, "21[\"mark_read\",{\"messageId\":\"" ID "1\"}]");
    bed_settle();
    bed_advance(100);
    check(
        has(said(), "[\"direct\",\"\\u0001@ada\",\"" ID "1\",\"ada\",2,\"bob\",\"ada\",\"ada\","));
    bed_end();
}

static void what_was_delivered_elsewhere_is_not_delivered_again(void)
{
    start();
    bed_note(DIRECT(ID "1", "psst"));
    bed_note(DIRECT(ID "2", "hey"));
    bed_facts("there", "[[\"direct\",\"\\u0001@ada\",\"" ID "1\",\"ada\",1,\"bob\",\"\",\"\",5]]");
    struct peer *a = bed_join(0, "");
    peer_send(a, "2[\"join\",{\"username\":\"ada\"}]");
    bed_settle();
    const char *got = peer_got(a);
    check(strstr(got, "psst") == NULL && strstr(got, "hey") != NULL);
    bed_end();
}

static void who_arrives_elsewhere_gets_there_what_waits_for_him_here(void)
{
    start();
    bed_note(DIRECT(ID "1", "psst"));
    bed_note(DIRECT(ID "2", "hey"));
    bed_facts("there", "[[\"direct\",\"\\u0001@ada\",\"" ID "1\",\"ada\",1,\"bob\",\"\",\"\",5]]");
    (void)said();
    bed_facts("there", "[[\"ask\",\"\\u0001@ada\",\"\",0]]");
    const char *text = said();
    check(has(text, " to=\x01@ada note=[\"say\",\"" ID "2\",\"\\u0001@ada\",\"bob\",\"Bob\","));
    check(strstr(text, "psst") == NULL);
    struct peer *a = arrive("ada");
    bed_advance(100);
    check(has(said(), "[\"ask\",\"\\u0001@ada\",\"\",0]"));
    (void)a;
    bed_end();
}

static void its_author_hears_that_it_was_read_elsewhere(void)
{
    start();
    struct peer *b = arrive("bob");
    peer_send(b, "21[\"send_message\",{\"recipientId\":\"ada\",\"content\":\"psst\"}]");
    bed_settle();
    const char *got = peer_got(b), *id = strstr(got, "\"id\":\"");
    char fact[300];
    check(id != NULL && strstr(got, "\"sent\"") != NULL);
    check(has(said(), " to=\x01@ada note=[\"say\",\""));
    (void)snprintf(fact, sizeof fact,
                   "[[\"direct\",\"\\u0001@ada\",\"%.36s\",\"ada\",2,\"bob\",\"ada\",\"Ada\",%s]]",
                   id + 6, TIME);
    bed_facts("there", fact);
    got = peer_got(b);
    check(strstr(got, "message_read") != NULL);
    bed_end();
}

/* ---- joining ---- */

static void who_joins_is_answered_when_others_can_be_heard(void)
{
    start();
    struct peer *a = enter_native();
    bed_others.keeps_waiting = true;
    struct peer *b = bed_join(0, "");
    peer_send(b, "21[\"join_room\",{\"roomId\":\"r\",\"after\":0}]");
    bed_settle();
    peer_send(a, "22[\"send_message\",{\"roomId\":\"r\",\"content\":\"caw\"}]");
    bed_settle();
    check_like(b, "");
    executor_post(rookery_loop_at(world, 0)->executor, bed_others.awaiting);
    bed_settle();
    check_like(b, "|431[{\"ok\":true,\"roomId\":\"r\",\"offset\":1}]|42[\"message\",{\"id\":\"~\","
                  "\"roomId\":\"r\",\"userId\":\"ada\",\"username\":\"Ada\",\"content\":\"caw\","
                  "\"type\":\"text\",\"timestamp\":\"~\",\"offset\":1}]");
    bed_end();
}

static void who_leaves_meanwhile_was_never_there(void)
{
    for (int vanishes = 0; vanishes < 2; vanishes++) {
        start();
        struct peer *a = enter_native();
        bed_others.keeps_waiting = true;
        struct peer *b = bed_join(0, "");
        peer_send(b, "21[\"join_room\",{\"roomId\":\"r\",\"after\":0}]");
        bed_settle();
        if (vanishes) {
            peer_vanish(b);
        } else {
            peer_send(b, "22[\"leave_room\",{\"roomId\":\"r\"}]");
        }
        bed_settle();
        executor_post(rookery_loop_at(world, 0)->executor, bed_others.awaiting);
        bed_settle();
        check_like(a, "");
        if (!vanishes) {
            const char *got = peer_got(b);
            check(strstr(got, "LEFT_ROOM") != NULL && strstr(got, "|432[{\"ok\":true") != NULL);
        }
        check_answer(a, "23[\"room_members\",{\"roomId\":\"r\"}]",
                     "|433[{\"ok\":true,\"roomId\":\"r\",\"users\":[{\"userId\":\"ada\","
                     "\"username\":\"Ada\",\"status\":\"online\"}]}]");
        bed_end();
    }
}

static void alone_nobody_is_told_anything(void)
{
    bed_start(&(struct bed_setup){.loops = 1});
    struct peer *a = enter_native();
    peer_send(a, "22[\"send_message\",{\"roomId\":\"r\",\"content\":\"caw\"}]");
    bed_settle();
    check(strstr(peer_got(a), "caw") != NULL);
    bed_end();
}

int main(void)
{
    RUN(what_is_said_here_goes_out_as_a_note_and_in_the_words_of_its_dialect);
    RUN(what_others_say_is_told_in_every_dialect_with_a_place_of_this_node);
    RUN(what_comes_twice_is_told_once);
    RUN(what_others_edit_and_delete_changes_here);
    RUN(others_type_and_read_too);
    RUN(marks_are_told_from_node_to_node_behind_a_queue_too);
    RUN(what_is_malformed_is_counted_and_what_is_unknown_is_not);
    RUN(a_direct_message_is_delivered_where_its_recipient_is);
    RUN(what_was_delivered_elsewhere_is_not_delivered_again);
    RUN(who_arrives_elsewhere_gets_there_what_waits_for_him_here);
    RUN(its_author_hears_that_it_was_read_elsewhere);
    RUN(who_joins_is_answered_when_others_can_be_heard);
    RUN(who_leaves_meanwhile_was_never_there);
    RUN(alone_nobody_is_told_anything);
    return tap_done();
}
