// SPDX-License-Identifier: MIT
#include "src/chat/sending.h"

#include <stdlib.h>

#include "tests/support/chat_bed.h"

static struct peer *ada, *bob, *old;

/* Ada and Bob are in r in the native dialect, a third in dialect 4, each on another loop. */
static void start(void)
{
    bed_start(&(struct bed_setup){.loops = 3});
    ada = bed_join(0, "{\"userId\":\"ada\",\"username\":\"Ada\"}");
    bob = bed_join(1, "{\"userId\":\"bob\"}");
    old = bed_join(2, "{\"userId\":\"o\"}");
    bed_say(ada, "2[\"join_room\",{\"roomId\":\"r\",\"after\":0}]");
    bed_say(bob, "2[\"join_room\",{\"roomId\":\"r\",\"after\":0}]");
    bed_say(old, "2[\"join_room\",{\"roomId\":\"r\"}]");
    (void)peer_got(ada);
    (void)peer_got(bob);
    (void)peer_got(old);
}

/* Ada sends with an acknowledgement; its id. */
static const char *say(const char *fields)
{
    static char id[64];
    char packet[256];

    (void)snprintf(packet, sizeof packet, "21[\"send_message\",{\"roomId\":\"r\",%s}]", fields);
    peer_send(ada, packet);
    bed_settle();
    id[0] = '\0';
    const char *got = strstr(peer_got(ada), "\"ok\":true,\"id\":\"");
    check(got != NULL && sscanf(got, "\"ok\":true,\"id\":\"%63[^\"]", id) == 1);
    (void)peer_got(bob);
    (void)peer_got(old);
    return id;
}

static void change(struct peer *p, const char *event, const char *id, const char *more)
{
    char packet[256];

    (void)snprintf(packet, sizeof packet, "22[\"%s\",{\"messageId\":\"%s\"%s}]", event, id, more);
    peer_send(p, packet);
    bed_settle();
}

#define SENT(offset)    "|431[{\"ok\":true,\"id\":\"~\",\"offset\":" offset ",\"timestamp\":\"~\"}]"
#define CHANGED(offset) "|432[{\"ok\":true,\"id\":\"~\",\"offset\":" offset ",\"timestamp\":\"~\"}]"
#define FIELDS(content, type)                                                                      \
    "\"id\":\"~\",\"roomId\":\"r\",\"userId\":\"ada\",\"username\":\"Ada\",\"content\":\"" content \
    "\",\"type\":\"" type "\",\"timestamp\":\"~\""
#define MISSING                                                                            \
    "|432[{\"ok\":false,\"code\":\"NOT_FOUND\",\"message\":\"There is no such message.\"," \
    "\"retryable\":false}]"

/* ---- saying ---- */

static void what_is_said_reaches_all_in_the_form_of_each_and_is_answered(void)
{
    start();
    check_answer(ada,
                 "21[\"send_message\",{\"roomId\":\"r\",\"content\":\"hi\",\"type\":\"image\"}]",
                 "|42[\"message\",{" FIELDS("hi", "image") ",\"offset\":1}]" SENT("1"));
    check_like(bob, "|42[\"message\",{" FIELDS("hi", "image") ",\"offset\":1}]");
    check_like(old, "|42[\"message\",{" FIELDS("hi", "image") "}]");
    bed_end();
}

static void what_is_sent_twice_under_one_name_is_answered_alike_and_told_once(void)
{
    static const char packet[] =
        "21[\"send_message\",{\"roomId\":\"r\",\"content\":\"hi\",\"clientId\":\"c1\"}]";
    char first[512];

    start();
    peer_send(ada, packet);
    bed_settle();
    const char *got = peer_got(ada);
    check(bed_like(got, "|42[\"message\",{" FIELDS(
                            "hi", "text") ",\"offset\":1,\"clientId\":\"c1\"}]" SENT("1")));
    (void)snprintf(first, sizeof first, "%s",
                   strstr(got, "|431") == NULL ? "" : strstr(got, "|431"));
    check_like(bob, "|42[\"message\",{" FIELDS("hi", "text") ",\"offset\":1,\"clientId\":\"c1\"}]");
    bed_advance(1000);
    peer_send(ada, packet);
    bed_settle();
    check_peer(ada, first);
    check_like(bob, "");
    /* On another connection of his as well, whatever it says then. */
    struct peer *twin = bed_join(2, "{\"userId\":\"ada\"}");
    check_answer(
        twin, "21[\"send_message\",{\"roomId\":\"r\",\"content\":\"other\",\"clientId\":\"c1\"}]",
        first);
    check_like(bob, "");
    bed_end();
}

static void a_name_of_the_client_is_one_of_its_user_and_room(void)
{
    start();
    (void)say("\"content\":\"hi\",\"clientId\":\"c1\"");
    check_answer(bob,
                 "21[\"send_message\",{\"roomId\":\"r\",\"content\":\"x\",\"clientId\":\"c1\"}]",
                 "|42[\"message\",{\"id\":\"~\",\"roomId\":\"r\",\"userId\":\"bob\",\"username\":"
                 "\"bob\",\"content\":\"x\",\"type\":\"text\",\"timestamp\":\"~\",\"offset\":2,"
                 "\"clientId\":\"c1\"}]" SENT("2"));
    (void)peer_got(ada);
    check_answer(ada,
                 "21[\"send_message\",{\"roomId\":\"s\",\"content\":\"x\",\"clientId\":\"c1\"}]",
                 SENT("1"));
    check_answer(ada,
                 "21[\"send_message\",{\"roomId\":\"s\",\"content\":\"x\",\"clientId\":\"c2\"}]",
                 SENT("2"));
    bed_end();
}

static void the_time_of_the_sender_is_kept_for_his_dialect(void)
{
    start();
    struct peer *seed0 = bed_join(0, "");
    bed_say(seed0,
            "2[\"chat:event\",{\"eventType\":\"join\",\"userId\":\"z\",\"chatRoomId\":\"r\"}]");
    (void)peer_got(seed0);
    (void)peer_got(bob);
    check_answer(
        seed0,
        "2[\"chat:event\",{\"eventType\":\"message\",\"userId\":\"z\",\"chatRoomId\":\"r\","
        "\"message\":\"hi\",\"timestamp\":\"yesterday\"}]",
        "|42[\"chat:message\",{\"userId\":\"z\",\"chatRoomId\":\"r\",\"message\":\"hi\","
        "\"timestamp\":\"yesterday\"}]");
    check_like(bob, "|42[\"message\",{\"id\":\"~\",\"roomId\":\"r\",\"userId\":\"z\",\"username\":"
                    "\"z\",\"content\":\"hi\",\"type\":\"text\",\"timestamp\":\"2023-~Z\","
                    "\"offset\":1}]");
    bed_end();
}

/* ---- editing ---- */

static void the_author_edits_and_the_edit_takes_an_offset_of_its_own(void)
{
    start();
    const char *id = say("\"content\":\"hi\"");
    change(ada, "edit_message", id, ",\"content\":\"ho\"");
    check_like(ada,
               "|42[\"message_edited\",{" FIELDS(
                   "ho", "text") ",\"offset\":1,\"editedAt\":\"~\",\"changed\":2}]" CHANGED("2"));
    check_like(bob, "|42[\"message_edited\",{" FIELDS(
                        "ho", "text") ",\"offset\":1,\"editedAt\":\"~\",\"changed\":2}]");
    check_like(old, "|42[\"message_edited\",{" FIELDS("ho", "text") ",\"editedAt\":\"~\"}]");
    check_answer(bob, "21[\"history\",{\"roomId\":\"r\"}]",
                 "|431[{\"ok\":true,\"roomId\":\"r\",\"messages\":[{" FIELDS(
                     "ho", "text") ",\"offset\":1,\"editedAt\":\"~\"}],\"more\":false}]");
    bed_end();
}

static void nobody_else_edits_or_deletes(void)
{
    static const char refused[] = "|432[{\"ok\":false,\"code\":\"FORBIDDEN\",\"message\":"
                                  "\"The message is somebody else's.\",\"retryable\":false}]";
    start();
    const char *id = say("\"content\":\"hi\"");
    change(bob, "edit_message", id, ",\"content\":\"ho\"");
    check_like(bob, refused);
    change(bob, "delete_message", id, "");
    check_like(bob, refused);
    check_like(ada, "");
    check_like(old, "");
    bed_end();
}

static void the_author_edits_from_outside_of_the_room(void)
{
    start();
    const char *id = say("\"content\":\"hi\"");
    struct peer *twin = bed_join(2, "{\"userId\":\"ada\"}");
    change(twin, "edit_message", id, ",\"content\":\"ho\"");
    check_like(twin, CHANGED("2"));
    check(strstr(peer_got(bob), "message_edited") != NULL);
    bed_end();
}

/* ---- deleting ---- */

static void the_author_deletes(void)
{
    start();
    const char *id = say("\"content\":\"hi\"");
    change(ada, "delete_message", id, "");
    check_like(
        ada,
        "|42[\"message_deleted\",{\"roomId\":\"r\",\"messageId\":\"~\",\"changed\":2}]" CHANGED(
            "2"));
    check_like(bob,
               "|42[\"message_deleted\",{\"roomId\":\"r\",\"messageId\":\"~\",\"changed\":2}]");
    check_like(old, "|42[\"message_deleted\",{\"roomId\":\"r\",\"messageId\":\"~\"}]");
    check_answer(bob, "21[\"history\",{\"roomId\":\"r\"}]",
                 "|431[{\"ok\":true,\"roomId\":\"r\",\"messages\":[],\"more\":false}]");
    change(ada, "delete_message", id, "");
    check_like(ada, MISSING);
    change(ada, "edit_message", id, ",\"content\":\"ho\"");
    check_like(ada, MISSING);
    check_like(bob, "");
    bed_end();
}

static void what_is_not_there_is_neither_edited_nor_deleted(void)
{
    start();
    change(ada, "edit_message", "no such id", ",\"content\":\"ho\"");
    check_like(ada, MISSING);
    change(ada, "delete_message", "00000000-0000-0000-0000-000000000000", "");
    check_like(ada, MISSING);
    bed_end();
}

static void two_deletions_at_once_are_told_once(void)
{
    char packet[128];

    start();
    (void)snprintf(packet, sizeof packet, "22[\"delete_message\",{\"messageId\":\"%s\"}]",
                   say("\"content\":\"hi\""));
    peer_send(ada, packet);
    peer_send(ada, packet);
    bed_settle();
    check_like(bob,
               "|42[\"message_deleted\",{\"roomId\":\"r\",\"messageId\":\"~\",\"changed\":2}]");
    check_like(
        ada,
        "|42[\"message_deleted\",{\"roomId\":\"r\",\"messageId\":\"~\",\"changed\":2}]" CHANGED("2")
            CHANGED("2"));
    bed_end();
}

static void a_message_to_one_user_is_not_edited_as_one_of_a_room(void)
{
    start();
    peer_send(ada, "21[\"send_message\",{\"recipientId\":\"bob\",\"content\":\"x\"}]");
    bed_settle();
    char id[64] = "";
    const char *got = strstr(peer_got(ada), "\"id\":\"");
    check(got != NULL && sscanf(got, "\"id\":\"%63[^\"]", id) == 1);
    change(ada, "edit_message", id, ",\"content\":\"ho\"");
    check_like(ada, MISSING);
    change(ada, "delete_message", id, "");
    check_like(ada, MISSING);
    bed_end();
}

static void who_is_gone_while_his_message_is_looked_up_changes_it_still(void)
{
    start();
    char packet[128];
    (void)snprintf(packet, sizeof packet, "22[\"delete_message\",{\"messageId\":\"%s\"}]",
                   say("\"content\":\"hi\""));
    peer_send(ada, packet);
    peer_vanish(ada);
    bed_settle();
    check(strstr(peer_got(bob), "message_deleted") != NULL);
    bed_end();
}

#define ONE "{\"roomId\":\"r\",\"content\":\"one\",\"clientId\":\"c1\"}"
#define TWO "{\"roomId\":\"r\",\"content\":\"two\",\"clientId\":\"c2\"}"

static void what_was_stored_though_it_seemed_to_fail_is_told_when_it_is_repeated(void)
{
    start();
    bed_doubtful = true;
    check_answer(
        ada, "21[\"send_message\"," ONE "]",
        "|431[{\"ok\":false,\"code\":\"NOT_STORED\",\"message\":\"~\",\"retryable\":true}]");
    bed_doubtful = false;
    check_like(bob, "");
    bed_say(ada, "21[\"send_message\"," ONE "]");
    check_like(bob,
               "|42[\"message\",{" FIELDS("one", "text") ",\"offset\":1,\"clientId\":\"c1\"}]");
    check(strstr(peer_got(ada), "\"ok\":true") != NULL);
    bed_say(ada, "21[\"send_message\"," ONE "]");
    check_like(bob, "");
    bed_end();
}

static void what_comes_too_late_for_its_place_is_not_told(void)
{
    start();
    bed_doubtful = true;
    bed_say(ada, "21[\"send_message\"," ONE "]");
    bed_doubtful = false;
    bed_say(ada, "21[\"send_message\"," TWO "]");
    (void)peer_got(bob);
    bed_say(ada, "21[\"send_message\"," ONE "]");
    check_like(bob, "");
    bed_end();
}

static void what_is_larger_than_the_journal_takes_is_refused_for_good(void)
{
    start();
    bed_too_large = true;
    check_answer(
        ada, "21[\"send_message\"," ONE "]",
        "|431[{\"ok\":false,\"code\":\"MESSAGE_TOO_LONG\",\"message\":\"~\",\"retryable\":false}]");
    bed_too_large = false;
    bed_say(ada, "21[\"send_message\"," TWO "]");
    check_like(bob,
               "|42[\"message\",{" FIELDS("two", "text") ",\"offset\":1,\"clientId\":\"c2\"}]");
    bed_end();
}

static void long_messages(struct chat_limits *limits)
{
    limits->content_units_max = 15000;
}

/* Of dialect 2, whose payloads go along as they came, with each unit in six bytes. */
static void the_longest_message_passes_whatever_it_is_written_with(void)
{
    enum { UNITS = 15000 };
    struct bytes packet = {0};

    bed_start(&(struct bed_setup){.limit = long_messages});
    struct peer *p = bed_join(0, "");
    for (unsigned units = UNITS; units <= UNITS + 1; units++) {
        bytes_clear(&packet);
        bytes_add_cstr(&packet, "21[\"new_msg\",{\"roomid\":\"r\",\"sender\":\"a\",\"message\":\"");
        for (unsigned i = 0; i < units; i++) {
            bytes_add_cstr(&packet, "\\u00e9");
        }
        bytes_add_cstr(&packet, "\"}]");
        bytes_add_byte(&packet, '\0');
        peer_send(p, (const char *)packet.data);
        bed_settle();
        check(strstr(peer_got(p), units == UNITS ? "\"ok\":true" : "MESSAGE_TOO_LONG") != NULL);
    }
    bytes_finish(&packet);
    bed_end();
}

static void without_a_store_nothing_has_an_offset(void)
{
    bed_start(&(struct bed_setup){.without_store = true});
    struct peer *p = bed_join(0, "{\"userId\":\"ada\",\"username\":\"Ada\"}");
    check_answer(p, "21[\"join_room\",{\"roomId\":\"r\",\"after\":0}]",
                 "|431[{\"ok\":true,\"roomId\":\"r\"}]");
    check_answer(p, "21[\"send_message\",{\"roomId\":\"r\",\"content\":\"hi\"}]",
                 "|42[\"message\",{" FIELDS(
                     "hi", "text") "}]"
                                   "|431[{\"ok\":true,\"id\":\"~\",\"timestamp\":\"~\"}]");
    bed_end();
}

static void what_is_said_is_counted_once_and_so_is_each_who_is_told(void)
{
    char first[64];

    start();
    (void)snprintf(first, sizeof first, "%s", say("\"content\":\"a\",\"clientId\":\"c1\""));
    (void)say("\"content\":\"a\",\"clientId\":\"c1\""); /* the same */
    peer_send(old, "2[\"send_message\",{\"roomId\":\"r\",\"content\":\"b\"}]");
    bed_settle();
    check(bed_stat(STAT_MESSAGES_NATIVE) == 1 && bed_stat(STAT_MESSAGES_REALTIME) == 1);
    check(bed_stat(STAT_DELIVERIES) == 6);
    change(ada, "edit_message", first, ",\"content\":\"c\"");
    change(bob, "delete_message", first, ""); /* not his */
    check(bed_stat(STAT_MESSAGES_EDITED) == 1 && bed_stat(STAT_MESSAGES_DELETED) == 0);
    change(ada, "delete_message", first, "");
    check(bed_stat(STAT_MESSAGES_DELETED) == 1 && bed_stat(STAT_DELIVERIES) == 12);
    bed_end();
}

int main(void)
{
    RUN(what_is_said_reaches_all_in_the_form_of_each_and_is_answered);
    RUN(what_is_sent_twice_under_one_name_is_answered_alike_and_told_once);
    RUN(a_name_of_the_client_is_one_of_its_user_and_room);
    RUN(the_time_of_the_sender_is_kept_for_his_dialect);
    RUN(the_author_edits_and_the_edit_takes_an_offset_of_its_own);
    RUN(nobody_else_edits_or_deletes);
    RUN(the_author_edits_from_outside_of_the_room);
    RUN(the_author_deletes);
    RUN(what_is_not_there_is_neither_edited_nor_deleted);
    RUN(two_deletions_at_once_are_told_once);
    RUN(a_message_to_one_user_is_not_edited_as_one_of_a_room);
    RUN(what_was_stored_though_it_seemed_to_fail_is_told_when_it_is_repeated);
    RUN(what_comes_too_late_for_its_place_is_not_told);
    RUN(what_is_larger_than_the_journal_takes_is_refused_for_good);
    RUN(the_longest_message_passes_whatever_it_is_written_with);
    RUN(without_a_store_nothing_has_an_offset);
    RUN(what_is_said_is_counted_once_and_so_is_each_who_is_told);
    RUN(who_is_gone_while_his_message_is_looked_up_changes_it_still);
    return tap_done();
}
