// SPDX-License-Identifier: MIT
//
// What is left when the daemon ends, one way or the other.
'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const WebSocket = require('ws');
const { connect, folder, join, later, say, start, test, within } = require('./harness');

test('the history survives a restart', async () => {
    const data = folder();
    const first = await start({ data });
    const a = await connect(first, { userId: 'u', username: 'Ünal "U" <u>' });
    await join(a, 'général');
    const sent = await say(a, 'général', 'line\none \u{1f600}');
    a.disconnect();
    assert.equal(await first.end('SIGTERM'), 0);

    const b = await connect(await start({ data }), {});
    assert.deepEqual(await join(b, 'général'), [{
        id: sent.id, roomId: 'général', userId: 'u', username: 'Ünal "U" <u>',
        content: 'line\none \u{1f600}', type: 'text', timestamp: sent.timestamp,
    }]);
    assert.equal((await say(b, 'général', 'on')).offset, 2);
});

test('kill -9 amid sends loses nothing that was acknowledged', async () => {
    const SENDERS = 4;
    const IN_FLIGHT = 8;
    const KILL_AFTER = 400;
    const data = folder();
    const daemon = await start({ data, args: ['--loops', '2'] });
    const senders = await Promise.all(Array.from({ length: SENDERS }, () => connect(daemon, {})));
    const acknowledged = new Map(); // room -> texts
    let count = 0;

    // Each room is sent to until the connection dies; rooms stay below 100 so that all is in the history.
    senders.forEach((client, who) => {
        let next = 0;
        const sendNext = () => {
            const n = next++;
            const room = `room ${who} ${Math.floor(n / 90)}`;
            client.emit('send_message', { roomId: room, content: `text ${n}` }, (answer) => {
                assert.equal(answer.ok, true);
                acknowledged.set(room, [...(acknowledged.get(room) ?? []), `text ${n}`]);
                count++;
                if (count === KILL_AFTER) {
                    daemon.child.kill('SIGKILL');
                }
                sendNext();
            });
        };
        for (let i = 0; i < IN_FLIGHT; i++) {
            sendNext();
        }
    });
    assert.equal(await within(daemon.exited, 'end of the killed daemon', 30000), 'SIGKILL');

    const reader = await connect(await start({ data }), {});
    assert.ok(count >= KILL_AFTER);
    for (const [room, texts] of acknowledged) {
        const kept = (await join(reader, room)).map((m) => m.content);
        assert.deepEqual(texts.filter((t) => !kept.includes(t)), [], room);
        assert.equal(new Set(kept).size, kept.length, `${room} has a message twice`);
    }
});

test('SIGTERM tells the clients and ends with 0, also amid sends', async () => {
    const daemon = await start({ args: ['--loops', '2'] });
    const clients = await Promise.all([
        connect(daemon, {}), connect(daemon, {}), connect(daemon, {}, { transports: ['polling'] }),
    ]);
    await Promise.all(clients.map((c) => join(c, 'r')));
    for (let i = 0; i < 50; i++) {
        clients[0].emit('send_message', { roomId: 'r', content: String(i) }, () => {});
    }
    const gone = Promise.all(clients.map((c) => once(c, 'disconnect')));
    assert.equal(await daemon.end('SIGTERM'), 0);
    await within(gone, 'disconnect of all clients');
});

// Sends joins and messages as fast as the daemon takes them; returns when it is in the midst of that.
async function flood(daemon) {
    const client = new WebSocket(`${daemon.origin}/socket.io/?EIO=4&transport=websocket`);
    later(() => client.terminate());
    client.on('error', () => {}); // it may be cut off in the middle of a frame
    await within(once(client, 'open'), 'WebSocket');
    client.send('40');
    let next = 0;
    let latest = '';
    client.on('message', (data) => {
        [, latest] = /^42\["message",\{"id":"([^"]*)"/.exec(data) ?? ['', latest];
    });
    const EVENTS = [
        () => `"join_room",{"roomId":"${next % 500}"}`,
        () => `"send_message",{"roomId":"${next % 500}","content":"x"}`,
        () => `"join_room",{"roomId":"${next % 500}","after":${next % 3}}`,
        () => `"edit_message",{"messageId":"${latest}","content":"y"}`,
        () => `"send_message",{"recipientId":"u${next % 5}","content":"z"}`,
        () => `"join",{"username":"u${next % 5}"}`,
        () => `"mark_read",{"messageId":"${latest}"}`,
    ];
    const pour = () => {
        for (let i = 0; i < 2000 && client.readyState === WebSocket.OPEN; i++) {
            client.send(`42[${EVENTS[next++ % EVENTS.length]()}]`);
        }
        if (client.readyState === WebSocket.OPEN) {
            setImmediate(pour);
        }
    };
    pour();
    await within(new Promise((resolve) => {
        let answers = 0;
        client.on('message', () => ++answers === 500 && resolve());
    }), 'answers amid the flood');
}

test('SIGTERM amid a flood that crosses loops ends with 0', async () => {
    const ROUNDS = 5; // what the loops have for one another when they stop differs
    for (let i = 0; i < ROUNDS; i++) {
        const daemon = await start({ args: ['--loops', '8'] });
        await flood(daemon);
        assert.equal(await daemon.end('SIGTERM'), 0);
    }
});

test('an address that cannot be had is said, and the status is 1', async () => {
    await assert.rejects(start({ args: ['--host', '192.0.2.1'] }), /ended at its start: 1/);
});
