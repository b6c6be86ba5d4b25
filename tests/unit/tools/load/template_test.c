// SPDX-License-Identifier: MIT
#include "tools/load/template.h"

#include "protocol/sio_packet.h"
#include "tests/support/tap.h"

static const struct template_fill fill = {
    .room = 17, .user = 3, .peer = 20, .seq = 5, .text = SPAN("hello")};

static struct template known(const char *name)
{
    struct template t = {0};

    check(template_find(name, &t) == 0);
    return t;
}

static void check_event(const struct template *t, const char *args, uint64_t ack_id,
                        const char *want)
{
    struct bytes out = {0};

    template_write_event(t, "ev", args, &fill, ack_id, &out);
    check_mem(out.data, out.len, want, strlen(want));
    bytes_finish(&out);
}

static void the_chat_joins_and_sends_as_rookery_wants_it(void)
{
    struct template t = known("chat");
    struct bytes out = {0};

    template_write_event(&t, t.join, t.join_args, &fill, 0, &out);
    const char *join = "420[\"join_room\",{\"roomId\":\"room-17\",\"userId\":\"user-3\"}]";
    check_mem(out.data, out.len, join, strlen(join));
    bytes_clear(&out);
    template_write_event(&t, t.send, t.send_args, &fill, TEMPLATE_NO_ACK, &out);
    const char *send = "42[\"send_message\",{\"roomId\":\"room-17\",\"content\":\"hello\","
                       "\"type\":\"text\"}]";
    check_mem(out.data, out.len, send, strlen(send));
    bytes_finish(&out);
}

static void every_known_template_writes_valid_packets(void)
{
    static const struct sio_limits limits = {.attachments_max = 0, .depth_max = 8};
    struct bytes out = {0};
    struct sio_packet packet;

    for (unsigned i = 0; template_name(i) != NULL; i++) {
        struct template t = known(template_name(i));
        if (t.join[0] != '\0') {
            bytes_clear(&out);
            template_write_event(&t, t.join, t.join_args, &fill, 1, &out);
            check(sio_packet_decode(span_skip(bytes_span(&out), 1), &limits, &packet) == 0);
            check(packet.type == SIO_EVENT && json_string_eq(packet.event, span_cstr(t.join)));
        }
        bytes_clear(&out);
        template_write_event(&t, t.send, t.send_args, &fill, TEMPLATE_NO_ACK, &out);
        check(sio_packet_decode(span_skip(bytes_span(&out), 1), &limits, &packet) == 0);
        check(packet.type == SIO_EVENT && !packet.has_id);
        check(memmem(out.data, out.len, "hello", 5) != NULL);
    }
    bytes_finish(&out);
}

static void placeholders_are_filled_and_other_braces_kept(void)
{
    struct template t = known("chat");

    check_event(&t, "{random}", TEMPLATE_NO_ACK, "42[\"ev\",731561]");
    check_event(&t, "{\"a\":{}}", TEMPLATE_NO_ACK, "42[\"ev\",{\"a\":{}}]");
    check_event(&t, "\"{user} {peer} {seq}\"", 7, "427[\"ev\",\"user-3 user-20 5\"]");
    check_event(&t, "\"{room_hex}\"", TEMPLATE_NO_ACK, "42[\"ev\",\"000000000000000000000011\"]");
    check_event(&t, "\"{unknown}{text\"", TEMPLATE_NO_ACK, "42[\"ev\",\"{unknown}{text\"]");
    check_event(&t, "{", TEMPLATE_NO_ACK, "42[\"ev\",{]");
    check_event(&t, "", TEMPLATE_NO_ACK, "42[\"ev\"]");
}

static void a_namespace_stands_before_the_ack_id(void)
{
    struct template t = known("chat");
    struct bytes out = {0};

    check(template_set(&t, "nsp=/admin") == 0);
    check(template_set(&t, "auth={\"token\":\"x=y\"}") == 0);
    check_event(&t, "1", 7, "42/admin,7[\"ev\",1]");
    template_write_connect(&t, &out);
    check_mem(out.data, out.len, "40/admin,{\"token\":\"x=y\"}", 24);
    bytes_clear(&out);
    template_write_prefix(&t, "42", "message", &out);
    check_mem(out.data, out.len, "42/admin,[\"message\"", 19);
    bytes_finish(&out);
}

static void any_key_can_be_set_and_no_other(void)
{
    struct template t = known("echo");

    check(template_set(&t, "send=ping") == 0);
    check(strcmp(t.send, "ping") == 0);
    check(template_set(&t, "join=") == 0);
    check(t.join[0] == '\0');
    check(template_set(&t, "nothing=1") < 0);
    check(template_set(&t, "send") < 0);
    check(template_set(&t, "name=x") < 0);
    check(template_find("nothing", &t) < 0);
}

int main(void)
{
    RUN(the_chat_joins_and_sends_as_rookery_wants_it);
    RUN(every_known_template_writes_valid_packets);
    RUN(placeholders_are_filled_and_other_braces_kept);
    RUN(a_namespace_stands_before_the_ack_id);
    RUN(any_key_can_be_set_and_no_other);
    return tap_done();
}
