/* What a broker's other topics are told. */
// SPDX-License-Identifier: MIT
#include "src/chat/beside.h"

#include "tests/support/chat_bed.h"

static void send_to(struct peer *p, const char *recipient)
{
    char packet[160];

    (void)snprintf(packet, sizeof packet,
                   "2[\"send_message\",{\"recipientId\":\"%s\",\"content\":\"caw\"}]", recipient);
    peer_send(p, packet);
    bed_settle();
}

static bool told(const char *want)
{
    bool right = bed_like(bed_beside, want);

    if (!right) {
        printf("# told %s\n# want %s\n", bed_beside, want);
    }
    bed_beside[0] = '\0';
    return right;
}

#define PRESENCE(id, name, status)                                                          \
    "presence " id " {\"userId\":\"" id "\",\"username\":\"" name "\",\"status\":\"" status \
    "\",\"serviceId\":\"node-1\",\"timestamp\":\"~\"}\n"
#define PUSH(to)                                                                             \
    "push " to " {\"messageId\":\"~\",\"recipientId\":\"" to                                 \
    "\",\"senderId\":\"a1\",\"senderUsername\":\"ada\",\"content\":\"caw\",\"messageType\":" \
    "\"text\",\"timestamp\":\"~\"}\n"

static void who_comes_and_goes_is_told_once_each(void)
{
    bed_start(&(struct bed_setup){.loops = 2});
    struct peer *first = bed_arrive(0, "{\"userId\":\"a1\"}", "ada");
    check(told(PRESENCE("a1", "ada", "online")));
    struct peer *second = bed_arrive(0, "{\"userId\":\"a1\"}", "ada");
    peer_vanish(first);
    bed_settle();
    check(told(""));
    peer_vanish(second);
    bed_settle();
    check(told(PRESENCE("a1", "ada", "offline")));
    bed_end();
}

static void a_message_to_who_is_away_is_told_and_to_who_is_there_is_not(void)
{
    bed_start(&(struct bed_setup){.loops = 2});
    struct peer *ada = bed_arrive(0, "{\"userId\":\"a1\"}", "ada");
    (void)bed_arrive(0, "{\"userId\":\"b1\"}", "bob");
    bed_beside[0] = '\0';
    send_to(ada, "b1");
    send_to(ada, "bob");
    check(told(""));
    send_to(ada, "carl");
    check(told(PUSH("carl")));
    bed_end();
}

static void rooms_are_told_to_nobody_beside(void)
{
    bed_start(&(struct bed_setup){.loops = 1});
    struct peer *p = bed_join(0, "{\"userId\":\"a1\"}");
    peer_send(p, "21[\"join_room\",{\"roomId\":\"r\"}]");
    peer_send(p, "22[\"send_message\",{\"roomId\":\"r\",\"content\":\"caw\"}]");
    bed_settle();
    check(told(""));
    bed_end();
}

int main(void)
{
    RUN(who_comes_and_goes_is_told_once_each);
    RUN(a_message_to_who_is_away_is_told_and_to_who_is_there_is_not);
    RUN(rooms_are_told_to_nobody_beside);
    return tap_done();
}
