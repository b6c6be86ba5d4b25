// SPDX-License-Identifier: MIT
// @socket.io/redis-adapter 8.3 (createShardedAdapter).
'use strict';

const { rows } = require('./rows.js');

rows('sharded');
