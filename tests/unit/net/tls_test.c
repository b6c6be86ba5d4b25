// SPDX-License-Identifier: MIT
#include "src/net/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "tests/support/tls_client.h"

enum { TEXT_MAX = 4 << 20 };

static struct tls_files files;
static struct tls_server *server;
static struct bytes why;

/* A connection: the server's end is ssl on fd; what it sends waits in the socket for the client. */
static struct tls_client client;
static SSL *ssl;
static int fd, peer;
static char *text; /* that the client has got */
static size_t text_len;

static void carry_to_server(void)
{
    struct span out = tls_client_output(&client);
    check(out.len == 0 || send(peer, out.data, out.len, MSG_NOSIGNAL) == (ssize_t)out.len);
}

/* Returns whether anything was there. */
static bool carry_to_client(void)
{
    static uint8_t in[65536];
    ssize_t n = recv(peer, in, sizeof in, MSG_DONTWAIT);

    if (n > 0) {
        text_len +=
            tls_client_take(&client, span_of(in, (size_t)n), text + text_len, TEXT_MAX - text_len);
    }
    return n > 0;
}

static void open_pair(void)
{
    int ends[2];

    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    fd = ends[0];
    peer = ends[1];
    text_len = 0;
    tls_client_init(&client);
    ssl = tls_accept(server, fd);
}

static void shake_hands(void)
{
    enum tls_step step = TLS_READS;

    for (int i = 0; i < 10 && step == TLS_READS; i++) {
        (void)SSL_do_handshake(client.ssl);
        carry_to_server();
        step = tls_handshake(ssl);
        (void)carry_to_client();
    }
    check(step == TLS_DONE);
    tls_take_over(ssl);
}

static void close_pair(void)
{
    tls_free(ssl);
    tls_client_finish(&client);
    (void)close(fd);
    (void)close(peer);
}

static void what_a_client_sends_is_read_until_its_end(void)
{
    static char buffer[TLS_RECORD_BYTES_MAX];

    open_pair();
    shake_hands();
    check(tls_recv(ssl, buffer, sizeof buffer) == -1 && errno == EAGAIN);
    check(SSL_write(client.ssl, "hello", 5) == 5);
    carry_to_server();
    check(tls_recv(ssl, buffer, sizeof buffer) == 5 && memcmp(buffer, "hello", 5) == 0);
    check(tls_recv(ssl, buffer, sizeof buffer) == -1 && errno == EAGAIN);
    check(SSL_write(client.ssl, "bye", 3) == 3);
    (void)SSL_shutdown(client.ssl);
    carry_to_server();
    check(tls_recv(ssl, buffer, sizeof buffer) == 3);
    check(tls_recv(ssl, buffer, sizeof buffer) == 0);
    close_pair();
}

static void full_records_are_read_together_and_none_stays_inside(void)
{
    enum { FULL = 3 * TLS_RECORD_BYTES_MAX };
    static char buffer[FULL + TLS_RECORD_BYTES_MAX], sent[FULL + 7];

    open_pair();
    shake_hands();
    check(SSL_write(client.ssl, sent, sizeof sent) == (int)sizeof sent);
    carry_to_server();
    check(tls_recv(ssl, buffer, FULL) == FULL);
    check(SSL_pending(ssl) == 0);
    check(tls_recv(ssl, buffer, sizeof buffer) == 7);
    close_pair();
}

static void a_connection_that_breaks_off_is_at_its_end(void)
{
    static char buffer[TLS_RECORD_BYTES_MAX];

    open_pair();
    shake_hands();
    (void)shutdown(peer, SHUT_WR);
    check(tls_recv(ssl, buffer, sizeof buffer) == 0);
    close_pair();
    open_pair();
    shake_hands();
    check(send(peer, "\x17\x03\x03\x00\x05hello", 10, 0) == 10);
    check(tls_recv(ssl, buffer, sizeof buffer) == -1 && errno == ECONNRESET);
    close_pair();
}

static struct iovec part(const char *s)
{
    return (struct iovec){.iov_base = (void *)(uintptr_t)s, .iov_len = strlen(s)};
}

static void segments_go_out_in_one_record(void)
{
    struct iovec parts[] = {part("one "), part(""), part("two "), part("three")};
    static uint8_t raw[1024];

    open_pair();
    shake_hands();
    while (carry_to_client()) {
    }
    check(tls_send(ssl, parts, 4) == 13);
    ssize_t n = recv(peer, raw, sizeof raw, MSG_PEEK);
    check(n > 5 && raw[3] * 256 + raw[4] == n - 5); /* one record is all there is */
    check(carry_to_client());
    check_mem(text, text_len, "one two three", 13);
    close_pair();
}

/* Sends from `from` on, cut into three segments, the middle one as long as said. */
static ssize_t send_on(const char *all, size_t from, size_t to, size_t middle)
{
    size_t left = to - from, first = left < 10 ? left : 10;
    size_t second = left - first < middle ? left - first : middle;
    struct iovec parts[] = {
        {.iov_base = (void *)(uintptr_t)(all + from), .iov_len = first},
        {.iov_base = (void *)(uintptr_t)(all + from + first), .iov_len = second},
        {.iov_base = (void *)(uintptr_t)(all + from + first + second),
         .iov_len = left - first - second},
    };
    return tls_send(ssl, parts, 3);
}

/* The kernel takes parts of records; more is queued behind before it takes the rest. */
static void sending_goes_on_where_it_has_stopped(void)
{
    enum { ALL = 3 << 20 };
    char *all = malloc(ALL);
    size_t sent = 0, queued = 1000;
    unsigned blocked = 0;

    for (size_t i = 0; i < ALL; i++) {
        all[i] = (char)(i * 31 >> 4);
    }
    open_pair();
    shake_hands();
    while (sent < ALL) {
        ssize_t n = send_on(all, sent, queued, blocked % 3 == 0 ? 5 : 20000 * (blocked % 7));
        check(n >= 0 || errno == EAGAIN);
        sent += n > 0 ? (size_t)n : 0;
        if (sent < queued) {
            blocked++;
            (void)carry_to_client();
        }
        queued = queued + 7777 < ALL ? queued + 7777 : ALL;
    }
    while (carry_to_client()) {
    }
    check(blocked > 3);
    check_mem(text, text_len, all, ALL);
    close_pair();
    free(all);
}

static void a_goodbye_ends_one_direction(void)
{
    static char buffer[TLS_RECORD_BYTES_MAX];

    open_pair();
    shake_hands();
    tls_say_goodbye(ssl);
    tls_say_goodbye(ssl);
    (void)carry_to_client();
    check(SSL_get_shutdown(client.ssl) == SSL_RECEIVED_SHUTDOWN);
    check(SSL_write(client.ssl, "last", 4) == 4);
    carry_to_server();
    check(tls_recv(ssl, buffer, sizeof buffer) == 4);
    close_pair();
}

static void what_is_no_tls_fails(void)
{
    open_pair();
    tls_say_goodbye(ssl); /* nobody is there to be told */
    check(send(peer, "\x16\x03\x01\x00\x04zzzz", 9, 0) == 9);
    check(tls_handshake(ssl) == TLS_FAILED);
    close_pair();
    open_pair();
    check(send(peer, "GET / HTTP/1.1\r\n", 16, 0) == 16);
    check(tls_handshake(ssl) == TLS_PLAIN_HTTP);
    close_pair();
}

static void reloading_changes_what_new_connections_see(void)
{
    open_pair();
    shake_hands();
    check(strcmp(tls_client_sees(&client), "first") == 0);
    tls_files_write(&files, "second");
    check(tls_server_reload(server, &why) == 0);
    struct iovec still = part("still here");
    check(tls_send(ssl, &still, 1) == 10 && carry_to_client());
    check_mem(text, text_len, "still here", 10);
    close_pair();
    open_pair();
    shake_hands();
    check(strcmp(tls_client_sees(&client), "second") == 0);
    close_pair();
    check(tls_server_failed_reloads(server) == 0);
}

static void check_refused(const char *want)
{
    bytes_clear(&why);
    check(tls_server_reload(server, &why) < 0);
    bytes_add_byte(&why, '\0');
    check(strstr((const char *)why.data, want) != NULL);
}

static void files_that_are_no_good_change_nothing(void)
{
    struct tls_files other;
    char kept[40];

    tls_files_make(&other, "other");
    memcpy(kept, files.key, sizeof kept);
    check(rename(other.key, files.key) == 0);
    check_refused(": the key is not that of the certificate");
    check(truncate(files.key, 0) == 0);
    check_refused(": there is no private key in it");
    check(truncate(files.certificate, 10) == 0);
    check_refused(": there is no certificate in it");
    check(unlink(files.certificate) == 0);
    check_refused(": No such file or directory");
    check(tls_server_failed_reloads(server) == 4);
    open_pair();
    shake_hands();
    check(strcmp(tls_client_sees(&client), "second") == 0);
    close_pair();
    tls_files_remove(&other);
}

int main(void)
{
    text = malloc(TEXT_MAX);
    tls_files_make(&files, "first");
    server = tls_server_create(files.certificate, files.key, &why);
    check(server != NULL && tls_server_expires_s(server) > 1700000000);
    RUN(what_a_client_sends_is_read_until_its_end);
    RUN(full_records_are_read_together_and_none_stays_inside);
    RUN(a_connection_that_breaks_off_is_at_its_end);
    RUN(segments_go_out_in_one_record);
    RUN(sending_goes_on_where_it_has_stopped);
    RUN(a_goodbye_ends_one_direction);
    RUN(what_is_no_tls_fails);
    RUN(reloading_changes_what_new_connections_see);
    RUN(files_that_are_no_good_change_nothing);
    tls_server_destroy(server);
    tls_files_remove(&files);
    bytes_finish(&why);
    free(text);
    return tap_done();
}
