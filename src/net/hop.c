// SPDX-License-Identifier: MIT
#include "src/net/hop.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "protocol/base64.h"

enum { MAC_BYTES = 32, MAC_LEN = BASE64URL_ENCODED_LEN(MAC_BYTES), NONCE_BYTES = 12 };

static void authenticate(const struct hop_key *key, struct span text, uint8_t mac[MAC_LEN])
{
    uint8_t raw[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (HMAC(EVP_sha256(), key->bytes, sizeof key->bytes, text.data, text.len, raw, &len) == NULL ||
        len != MAC_BYTES) {
        abort(); /* no memory */
    }
    base64url_encode(span_of(raw, len), mac);
}

void hop_key_make(struct hop_key *key, struct span secret)
{
    static const char purpose[] = "rookery-hop-key";
    unsigned len = 0;

    if (HMAC(EVP_sha256(), purpose, sizeof purpose - 1,
             secret.data == NULL ? SPAN("").data : secret.data, secret.len, key->bytes,
             &len) == NULL) {
        abort();
    }
}

bool hop_is_field(struct span name)
{
    return span_eq_nocase(name, SPAN("rookery-hop"));
}

static void begin(struct bytes *text, struct span method, struct span target)
{
    bytes_add_cstr(text, "rookery-hop-1\n");
    bytes_add_span(text, method);
    bytes_add_byte(text, '\n');
    bytes_add_span(text, target);
    bytes_add_byte(text, '\n');
}

void hop_write(const struct hop_key *key, struct span method, struct span target,
               const struct hop *hop, struct executor *ex, struct bytes *out)
{
    uint8_t nonce[NONCE_BYTES], text_nonce[BASE64URL_ENCODED_LEN(NONCE_BYTES)], mac[MAC_LEN];
    struct bytes text = {0};

    begin(&text, method, target);
    size_t at = text.len;
    executor_random(ex, nonce, sizeof nonce);
    base64url_encode(span_of(nonce, sizeof nonce), text_nonce);
    bytes_add_u64(&text, (uint64_t)(executor_wall_ms(ex) / 1000));
    bytes_add_byte(&text, ' ');
    bytes_add(&text, text_nonce, sizeof text_nonce);
    bytes_add_cstr(&text, hop->secure ? " s " : " - ");
    bytes_add_cstr(&text, hop->address);
    authenticate(key, bytes_span(&text), mac);
    bytes_add_cstr(out, "Rookery-Hop: ");
    bytes_add(out, text.data + at, text.len - at);
    bytes_add_byte(out, ' ');
    bytes_add(out, mac, sizeof mac);
    bytes_add_cstr(out, "\r\n");
    bytes_finish(&text);
}

/* Cuts the first word off. */
static struct span take_word(struct span *rest)
{
    const uint8_t *space = rest->len == 0 ? NULL : memchr(rest->data, ' ', rest->len);
    struct span word = space == NULL ? *rest : span_of(rest->data, (size_t)(space - rest->data));

    *rest = space == NULL ? (struct span){0} : span_skip(*rest, word.len + 1);
    return word;
}

static bool mac_holds(const struct hop_key *key, const struct http_head *head, struct span claim,
                      struct span mac)
{
    uint8_t want[MAC_LEN];
    struct bytes text = {0};

    begin(&text, head->method, head->target);
    bytes_add_span(&text, claim);
    authenticate(key, bytes_span(&text), want);
    bytes_finish(&text);
    return mac.len == sizeof want && CRYPTO_memcmp(mac.data, want, sizeof want) == 0;
}

/* claim: of a node of ours, though perhaps of another version. */
static bool read_claim(struct span claim, const struct executor *ex, struct hop *hop)
{
    uint64_t seconds, now = (uint64_t)(executor_wall_ms(ex) / 1000);
    struct address address;
    bool timed = span_to_u64(take_word(&claim), INT64_MAX, &seconds) == 0 &&
                 (seconds > now ? seconds - now : now - seconds) <= HOP_WINDOW_S;

    (void)take_word(&claim); /* the nonce */
    hop->secure = span_eq(take_word(&claim), SPAN("s"));
    if (!timed || !address_read(claim, &address)) {
        return false;
    }
    address_write(&address, hop->address);
    return true;
}

static const struct http_header *find_field(const struct http_head *head)
{
    for (unsigned i = 0; i < head->header_count; i++) {
        if (hop_is_field(head->headers[i].name)) {
            return &head->headers[i];
        }
    }
    return NULL;
}

enum hop_verdict hop_read(const struct hop_key *key, const struct http_head *head,
                          const struct executor *ex, struct hop *hop)
{
    const struct http_header *field = find_field(head);

    if (field == NULL) {
        return HOP_NONE;
    }
    struct span value = field->value;
    const uint8_t *space = value.len == 0 ? NULL : memrchr(value.data, ' ', value.len);
    if (space == NULL) {
        return HOP_FORGED;
    }
    struct span claim = span_of(value.data, (size_t)(space - value.data));
    bool holds =
        mac_holds(key, head, claim, span_skip(value, claim.len + 1)) && read_claim(claim, ex, hop);
    return holds ? HOP_VALID : HOP_FORGED;
}
