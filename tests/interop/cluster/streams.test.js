// SPDX-License-Identifier: MIT
// @socket.io/redis-streams-adapter 0.3.1.
'use strict';

const { recovery } = require('./recovery.js');
const { rows } = require('./rows.js');

rows('streams');
recovery();
