/* Secret file: the key of our tokens where nobody has given one, `jwt-secret` in the data folder:
 * 64 hexadecimal digits and an end of line, for the eyes of its owner only. It is made once, so
 * that tokens outlive a restart.
 *
 * Threads: any. Servers that start at the same time in one folder agree on one secret. */
// SPDX-License-Identifier: MIT
#ifndef SERVER_SECRET_FILE_H
#define SERVER_SECRET_FILE_H

#include "protocol/bytes.h"

#define SECRET_FILE "jwt-secret"

/* Appends the secret of the folder, which is made if there is none yet; it is on disk, or not there
 * at all, whenever the machine stops. Returns 0, or -1 with errno: EINVAL if the file holds
 * something else. */
MUST_USE int secret_file_get(const char *folder, struct bytes *out);

#endif
