/* The echo server of src/api/rookery.h as a whole program: what a client sends as "message" comes
 * back as "message-back", and is answered if the client asks for an ack.
 *
 *     build/tools/examples/echo [PORT]        then, with npm's socket.io-client:
 *     const socket = io("http://localhost:3000");
 *     socket.on("message-back", (...args) => console.log(args));
 *     socket.emit("message", "hello", { a: 1 }, Buffer.from([1, 2, 3])); */
// SPDX-License-Identifier: MIT
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/api/rookery.h"

static struct rookery *server;

static void on_signal(int number)
{
    rookery_stop(server); // NOLINT(bugprone-signal-handler): it is made for them
}

static void on_message(struct rookery_socket *s, const struct rookery_event *event, void *arg)
{
    if (event->wants_ack) {
        (void)rookery_reply(s, event, &event->args);
    }
    (void)rookery_emit(s, ROOKERY_STR("message-back"), &event->args, NULL);
}

int main(int argc, char **argv)
{
    struct rookery_options options;

    rookery_options_init(&options);
    server = rookery_create(&options);
    if (server == NULL) {
        return 1;
    }
    rookery_on(rookery_of(server, ROOKERY_STR("/")), ROOKERY_STR("message"), on_message, NULL);
    int port =
        rookery_listen(server, "127.0.0.1", argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 3000);
    if (port < 0) {
        perror("listen");
        return 1;
    }
    (void)signal(SIGINT, on_signal);
    (void)signal(SIGTERM, on_signal);
    printf("listening on http://127.0.0.1:%d\n", port);
    (void)fflush(stdout);
    rookery_run(server);
    rookery_destroy(server);
    return 0;
}
