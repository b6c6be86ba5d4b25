// SPDX-License-Identifier: MIT
//
// Ports for processes that must be told theirs before they start.
'use strict';

const { once } = require('node:events');
const net = require('node:net');

// Below the range that the kernel takes for outgoing connections, which would have some of them by
// the time that the process is up, and above those of tools/process.sh.
const FIRST = 20000;
const COUNT = 12000;

async function isFree(port) {
    const server = net.createServer().listen(port, '127.0.0.1');
    try {
        await once(server, 'listening');
    } catch {
        return false;
    }
    await once(server.close(), 'close');
    return true;
}

async function freePort() {
    for (;;) {
        const port = FIRST + Math.floor(Math.random() * COUNT);
        if (await isFree(port)) {
            return port;
        }
    }
}

// Does somebody listen there?
async function reachable(port, host = '127.0.0.1') {
    const socket = net.connect(port, host);
    try {
        await once(socket, 'connect');
        return true;
    } catch {
        return false;
    } finally {
        socket.destroy();
    }
}

module.exports = { freePort, reachable };
