/* `rookery persist`: a process that brings what Kafka or RabbitMQ has into the store and does
 * nothing else, for servers that run with `persist no`. As many may run as the topic has
 * partitions.
 *
 * It writes how far it is to the log, once a minute and at its end, and says it to whoever asks on
 * persist-port. */
// SPDX-License-Identifier: MIT
#ifndef SERVER_PERSIST_MAIN_H
#define SERVER_PERSIST_MAIN_H

#include "src/server/options.h"

/* Runs until SIGTERM or SIGINT. Returns the exit status. */
int persist_main(const struct daemon_options *options);

#endif
