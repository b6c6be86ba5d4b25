// SPDX-License-Identifier: MIT
//
// What stands between clients and daemons, and passes TCP connections on as they are. Its origin is
// like a daemon's, and it is gone after the test.
'use strict';

const { once } = require('node:events');
const net = require('node:net');
const { later } = require('./harness');

// choose: the origin for the next connection; greet is called with the connection to it first.
async function passOn(choose, greet) {
    const open = new Set();
    const server = net.createServer((client) => {
        const upstream = net.connect(Number(new URL(choose()).port), '127.0.0.1', () => {
            upstream.setNoDelay(true);
            greet(upstream, () => {
                client.pipe(upstream);
                upstream.pipe(client);
            });
        });
        for (const [one, other] of [[client, upstream], [upstream, client]]) {
            open.add(one);
            one.on('error', () => other.destroy());
            one.on('close', () => open.delete(one));
        }
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    later(() => {
        open.forEach((socket) => socket.destroy());
        server.close();
    });
    return `127.0.0.1:${server.address().port}`;
}

// Passes each connection on with the header before it, cut in two at `cut`.
async function startRelay(daemon, header, cut = 0) {
    const address = await passOn(() => daemon.origin, (upstream, begin) => {
        upstream.write(header.subarray(0, cut));
        setImmediate(() => {
            upstream.write(header.subarray(cut));
            begin();
        });
    });
    return { origin: `${new URL(daemon.origin).protocol}//${address}` };
}

// Passes the first connection on to one origin and all others to another: a client's session is at
// a node that nothing else of his comes in at.
async function startDealer(first, others) {
    let connections = 0;
    const address = await passOn(() => (connections++ === 0 ? first : others), (upstream, begin) => begin());
    return { origin: `${new URL(first).protocol}//${address}` };
}

module.exports = { startDealer, startRelay };
