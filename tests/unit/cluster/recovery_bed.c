// SPDX-License-Identifier: MIT
#include "tests/unit/cluster/recovery_bed.h"

#include <assert.h>

struct visitor v;
struct rookery_next *deciding;
bool decides_later, recovered, noted;
char rooms[256];

static void note_room(struct rookery_str room, void *arg)
{
    (void)arg;
    (void)snprintf(rooms + strlen(rooms), sizeof rooms - strlen(rooms), "%.*s ", (int)room.len,
                   room.data);
}

static void on_connection(struct rookery_socket *s, void *arg)
{
    (void)arg;
    recovered = rookery_socket_recovered(s);
    rooms[0] = '\0';
    rookery_rooms(s, note_room, NULL);
}

static void on_note(struct rookery_namespace *nsp, const struct rookery_noted *n, void *arg)
{
    (void)nsp, (void)n, (void)arg;
    noted = true;
}

static void ask(struct rookery_socket *s, struct rookery_next *next, void *arg)
{
    (void)arg;
    if (!decides_later) {
        rookery_next_pass(next);
        return;
    }
    recovered = rookery_socket_recovered(s);
    deciding = next;
}

static void on_tell(struct rookery_socket *s, const struct rookery_event *event, void *arg)
{
    (void)arg;
    rookery_socket_set_info(s, str("{\"name\":\"V\"}"));
    check(rookery_emit(s, str("told"), &event->args, NULL) == 0);
}

static void on_quit(struct rookery_socket *s, const struct rookery_event *event, void *arg)
{
    (void)arg, (void)event;
    rookery_disconnect(s, false);
}

static void set_up(unsigned node, struct rookery_namespace *root)
{
    (void)node;
    rookery_on_connection(root, on_connection, NULL);
    rookery_on(root, str("tell"), on_tell, NULL);
    rookery_on(root, str("quit"), on_quit, NULL);
    rookery_on_note(root, on_note, NULL);
    rookery_use(root, ask, NULL);
}

/* The member's value, which is a string, goes to out. */
static void member(const char *text, const char *key, char *out)
{
    const char *at = strstr(text, key);

    out[0] = '\0';
    if (at != NULL) {
        at += strlen(key) + 3;
        size_t len = strcspn(at, "\"");
        memcpy(out, at, len);
        out[len] = '\0';
    }
}

void look(struct visitor *who)
{
    const char *from = peer_got(who->peer);
    char *to = who->got;

    while (*from != '\0') {
        size_t len = *from == '"' ? strspn(from + 1, "0123456789-") : 0;
        if (len > 14 && from[len + 1] == '"') {
            memcpy(who->offset, from + 1, len);
            who->offset[len] = '\0';
            from += len + 2;
            memcpy(to, "\"@\"", 3);
            to += 3;
        } else {
            *to++ = *from++;
        }
        assert((size_t)(to - who->got) < sizeof who->got - 4);
    }
    *to = '\0';
}

void check_got(struct visitor *who, const char *want)
{
    look(who);
    check_str(who->got, want);
}

void knock(struct visitor *who, unsigned node, unsigned loop)
{
    char packet[256] = "0";

    if (who->offset[0] != '\0') {
        (void)snprintf(packet, sizeof packet, "0{\"pid\":\"%s\",\"offset\":\"%s\"}", who->pid,
                       who->offset);
    }
    cluster_bed_enter(node);
    who->peer = peer_open(loop);
    peer_send(who->peer, packet);
}

void come(struct visitor *who, unsigned node, unsigned loop)
{
    knock(who, node, loop);
    cluster_bed_advance(50);
}

bool welcomed(struct visitor *who)
{
    char sid[24], pid[24];

    look(who);
    char *answer = strstr(who->got, "|40{");
    if (answer == NULL) {
        return false;
    }
    member(answer, "sid", sid);
    member(answer, "pid", pid);
    *answer = '\0';
    bool same = strcmp(pid, who->pid) == 0;
    check(strlen(sid) == 20 && strlen(pid) == 20);
    check(same == (strcmp(sid, who->sid) == 0));
    memcpy(who->sid, sid, sizeof sid);
    memcpy(who->pid, pid, sizeof pid);
    return same;
}

void say_as(unsigned node, const struct rookery_target *to, const char *event,
            const struct rookery_broadcast *how)
{
    cluster_bed_enter(node);
    check(rookery_broadcast(cluster_bed_nsp(node), to, str(event), NULL, how) == 0);
}

void say(unsigned node, const char *room, const char *event)
{
    const struct rookery_str name = str(room);
    const struct rookery_target to = {.rooms = &name, .room_count = *room != '\0'};

    say_as(node, &to, event, NULL);
    cluster_bed_advance(20);
}

void start_with(struct cluster_bed_setup setup)
{
    setup.wire = WIRE_STREAMS;
    setup.set_up = set_up;
    setup.recovery_ms = 120000;
    decides_later = recovered = noted = false;
    memset(&v, 0, sizeof v);
    cluster_bed_start(&setup);
    come(&v, 0, 0);
    check(!welcomed(&v));
    cluster_bed_enter_room(v.peer, "r");
    say(0, "", "hello");
    check_got(&v, "|42[\"hello\",\"@\"]");
}

void start(void)
{
    start_with((struct cluster_bed_setup){.nodes = 2});
}

void leave(struct visitor *who)
{
    peer_vanish(who->peer);
    cluster_bed_advance(20);
}
