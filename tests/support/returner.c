#include "tests/support/returner.h"

static bool copy_member(const char *got, const char *name, char out[24])
{
    const char *at = strstr(got, name);

    (void)snprintf(out, 24, "%.20s", at == NULL ? "" : at + strlen(name));
    return at != NULL;
}

bool returner_joined(struct returner *r, const char *got)
{
    r->offset[0] = '\0';
    return copy_member(got, "{\"sid\":\"", r->sid) && copy_member(got, "\"pid\":\"", r->pid);
}

const char *returner_plain(struct returner *r, const char *got)
{
    static char out[1 << 16];
    size_t len = 0;

    while (*got != '\0') {
        const char *comma = strstr(got, ",\""), *close = comma == NULL ? NULL : strchr(comma, ']');
        const char *dot = comma == NULL ? NULL : strchr(comma, '.');
        bool is_offset = close != NULL && dot != NULL && dot == comma + 6 && close[-1] == '"';
        if (is_offset) {
            (void)snprintf(r->offset, sizeof r->offset, "%.*s", (int)(close - comma - 3),
                           comma + 2);
        }
        const char *until = is_offset ? comma : comma == NULL ? got + strlen(got) : comma + 2;
        memcpy(out + len, got, (size_t)(until - got));
        len += (size_t)(until - got);
        got = is_offset ? close : until;
    }
    out[len] = '\0';
    return out;
}

void returner_ask_by(struct returner *r, struct peer *peer, const char *claims)
{
    char packet[1024];

    (void)snprintf(packet, sizeof packet, "0{\"pid\":\"%s\",\"offset\":\"%s\"%s}", r->pid,
                   r->offset, claims);
    r->peer = peer;
    peer_send(r->peer, packet);
}

void returner_ask(struct returner *r, unsigned loop, const char *claims)
{
    returner_ask_by(r, peer_open(loop), claims);
}
