// SPDX-License-Identifier: MIT
//
// permessage-deflate in the daemon, for the stock client, which offers it by itself. The protocol of
// it: tests/conformance/deflate.test.js.
'use strict';

const assert = require('node:assert/strict');
const { connect, join, say, start, take, test } = require('./harness');

const LOOPS = 2;
const TEXT = 'what is said to many is compressed once, whatever their number. '.repeat(40);

const agreed = (client) => client.io.engine.transport.ws.extensions;

async function valueOf(daemon, sample) {
    const text = await (await fetch(`${daemon.origin}/metrics`)).text();
    const line = text.split('\n').find((l) => l.startsWith(`${sample} `));
    assert.ok(line, sample);
    return Number(line.slice(sample.length));
}

test('a room of many gets a message that is compressed once for each loop', async () => {
    const daemon = await start({ args: ['--loops', String(LOOPS), '--ws-compression', 'yes'] });
    const members = [];
    for (let i = 0; i < 12; i++) {
        const options = i % 3 === 2 ? { perMessageDeflate: false } : {};
        const transports = i % 4 === 3 ? ['polling'] : ['websocket'];
        members.push(await connect(daemon, { userId: `u${i}`, username: `U${i}` },
            { transports, ...options }));
        await join(members[i], 'many');
    }
    assert.match(agreed(members[0]), /^permessage-deflate/);
    assert.equal(agreed(members[2]), '');
    const before = await valueOf(daemon, 'rookery_ws_deflated_messages_total');
    await say(members[0], 'many', TEXT);
    for (const member of members) {
        assert.equal((await take(member, 'message')).content, TEXT);
    }
    const after = await valueOf(daemon, 'rookery_ws_deflated_messages_total');
    assert.ok(after - before >= 1 && after - before <= LOOPS, `${after - before} times`);
    const plain = await valueOf(daemon, 'rookery_ws_deflated_bytes_total{form="plain"}');
    const packed = await valueOf(daemon, 'rookery_ws_deflated_bytes_total{form="compressed"}');
    assert.ok(packed > 0 && packed * 5 < plain, `${plain} bytes have become ${packed}`);
    assert.ok(await valueOf(daemon, 'rookery_ws_inflated_messages_total') >= 1, 'what was said');
    assert.equal(await valueOf(daemon, 'rookery_ws_inflate_refused_total{reason="too big"}'), 0);
});

test('without the option an offer is declined', async () => {
    const daemon = await start();
    const client = await connect(daemon, { userId: 'u', username: 'U' });
    assert.equal(agreed(client), '');
    await join(client, 'general');
    await say(client, 'general', TEXT);
    assert.equal((await take(client, 'message')).content, TEXT);
    assert.equal(await valueOf(daemon, 'rookery_ws_deflated_messages_total'), 0);
});
