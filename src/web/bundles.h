/* Bundles: the browser builds of socket.io-client, served below the path of the endpoint as the
 * reference serves them: socket.io.js, .min.js, .esm.min.js, .msgpack.min.js and the .map of each.
 * Their entity tag is the version of the client.
 *
 * Ownership and threads: as in files.h. */
// SPDX-License-Identifier: MIT
#ifndef WEB_BUNDLES_H
#define WEB_BUNDLES_H

#include "src/web/files.h"

/* Reads those of the bundles that are in dir (client-dist of the npm package socket.io, or dist of
 * socket.io-client), for paths that begin with prefix ("/socket.io/"). The version stands in the
 * package.json above dir. NULL with errno when that or the first bundle is missing or unusable. */
struct web_files *web_bundles_open(const char *dir, const char *prefix);

#endif
