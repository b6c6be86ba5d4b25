/* Daemon: the program `rookery`: the chat with its page, its store and its journal, from the
 * command line to the exit status. */
// SPDX-License-Identifier: MIT
#ifndef SERVER_DAEMON_H
#define SERVER_DAEMON_H

/* Runs until SIGTERM or SIGINT; a second of these ends the process at once. Returns the exit
 * status: 0 after an orderly end, 1 when something outside was in the way, 2 for wrong options. */
int daemon_main(int argc, char *argv[]);

#endif
