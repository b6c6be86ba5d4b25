// SPDX-License-Identifier: MIT
#include "src/net/forwarded.h"

#include <arpa/inet.h>

static const void *bytes_of(const struct sockaddr *peer)
{
    return peer->sa_family == AF_INET6
               ? (const void *)&((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr
               : (const void *)&((const struct sockaddr_in *)(const void *)peer)->sin_addr;
}

static struct span trim(struct span s)
{
    while (s.len > 0 && (s.data[0] == ' ' || s.data[0] == '\t')) {
        s = span_skip(s, 1);
    }
    while (s.len > 0 && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t')) {
        s.len--;
    }
    return s;
}

/* "[::1]:80", "[::1]" and "1.2.3.4:80" without what is around the address. */
static struct span without_port(struct span s)
{
    const uint8_t *end = NULL;

    if (s.len > 0 && s.data[0] == '[') {
        s = span_skip(s, 1);
        end = s.len == 0 ? NULL : memchr(s.data, ']', s.len);
    } else if (s.len > 0 && memchr(s.data, '.', s.len) != NULL && s.data[0] != ':') {
        end = memchr(s.data, ':', s.len);
        /* More than one colon: an address of IPv6 that ends like one of IPv4. */
        end = end != NULL && memrchr(s.data, ':', s.len) == end ? end : NULL;
    }
    return end == NULL ? s : span_of(s.data, (size_t)(end - s.data));
}

/* Cuts the last element off the list. */
static struct span take_last(struct span *list)
{
    const uint8_t *comma = list->len == 0 ? NULL : memrchr(list->data, ',', list->len);
    struct span last = comma == NULL ? *list : span_skip(*list, (size_t)(comma - list->data) + 1);

    *list = comma == NULL ? (struct span){0} : span_of(list->data, (size_t)(comma - list->data));
    return without_port(trim(last));
}

/* Goes on from *client, a proxy, through one field. False: that is it. */
static bool walk(const struct networks *trusted, struct span list, struct address *client)
{
    struct address next;

    do {
        if (!address_read(take_last(&list), &next)) {
            return false;
        }
        *client = next;
    } while (networks_have(trusted, client) && list.data != NULL);
    return networks_have(trusted, client);
}

/* A proxy may add to the field, or add a field. */
static void find_client(const struct networks *trusted, const struct http_head *head,
                        struct address *client)
{
    bool told = false;

    for (unsigned i = head->header_count; i-- > 0;) {
        if (span_eq_nocase(head->headers[i].name, SPAN("x-forwarded-for"))) {
            told = true;
            if (!walk(trusted, head->headers[i].value, client)) {
                return;
            }
        }
    }
    struct address real;
    if (!told && address_read(trim(http_head_get(head, SPAN("x-real-ip"))), &real)) {
        *client = real;
    }
}

void forwarded_address(const struct networks *trusted, const struct sockaddr *peer,
                       const struct http_head *head, char out[ADDRESS_TEXT_BYTES])
{
    struct address client;

    (void)inet_ntop(peer->sa_family, bytes_of(peer), out, ADDRESS_TEXT_BYTES);
    if (trusted != NULL && address_read(span_cstr(out), &client) &&
        networks_have(trusted, &client)) {
        find_client(trusted, head, &client);
        address_write(&client, out);
    }
}

bool forwarded_trusts(const struct networks *trusted, const struct sockaddr *peer)
{
    char text[ADDRESS_TEXT_BYTES];
    struct address address;

    return trusted != NULL &&
           inet_ntop(peer->sa_family, bytes_of(peer), text, sizeof text) != NULL &&
           address_read(span_cstr(text), &address) && networks_have(trusted, &address);
}

bool forwarded_secure(const struct networks *trusted, const struct sockaddr *peer,
                      const struct http_head *head, bool own)
{
    struct span said =
        trusted == NULL ? (struct span){0} : http_head_get(head, SPAN("x-forwarded-proto"));

    if (said.len == 0 || !forwarded_trusts(trusted, peer)) {
        return own;
    }
    const uint8_t *comma = memchr(said.data, ',', said.len);
    struct span first =
        trim(comma == NULL ? said : span_of(said.data, (size_t)(comma - said.data)));
    return span_eq_nocase(first, SPAN("https")) || span_eq_nocase(first, SPAN("wss"));
}
