// SPDX-License-Identifier: MIT
//
// What servers of a cluster do for each other, whichever adapter they use: two Node.js servers and two
// of ours around one Redis, a stock client on each. Every row is tried from every server.
'use strict';

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const { Cluster, ask, eventually, missing, probe, until } = require('./cluster.js');

const NAMES = ['node-1', 'rookery-1', 'node-2', 'rookery-2'];

// What a client asks with answers of its own.
function answering(client, name) {
    client.on('question', (x, ack) => ack({ name, x }));
    client.on('binary-question', (x, ack) => ack(Buffer.concat([x, Buffer.from([9])])));
    client.on('silence', () => {});
}

async function ready(cluster, clients) {
    await eventually(async () => {
        for (const client of clients) {
            assert.equal(await probe(client, 'serverCount'), NAMES.length);
        }
    });
    cluster.clients = clients;
}

function rows(kind, more = () => {}) {
    describe(kind, { skip: missing, timeout: 240000 }, () => {
        const cluster = new Cluster(kind);
        const clients = [];
        const chat = [];
        let round = 0;

        before(async () => {
            await cluster.startRedis();
            for (const name of NAMES) {
                const server = await cluster.start(name);
                clients.push(await cluster.connect(server, '/', { query: { q: name } }));
                chat.push(await cluster.connect(server, '/chat'));
                answering(clients.at(-1), name);
            }
            await ready(cluster, clients);
            for (const [i, client] of clients.entries()) {
                await ask(client, 'join_room', { roomId: 'all', userId: `u-${NAMES[i]}` });
                await ask(client, 'join_room', { roomId: `own-${NAMES[i]}`, userId: `u-${NAMES[i]}` });
                await ask(chat[i], 'join_room', { roomId: 'all', userId: 'c' });
            }
            // Node.js answers a join before its subscription is in force.
            await eventually(async () => {
                for (const [i, from] of clients.entries()) {
                    const name = `warm-${i}-${round += 1}`;
                    await probe(from, 'emit', { rooms: ['all'], event: name, args: [] });
                    for (const c of clients) {
                        await eventually(() => assert.ok(c.events.some(([e]) => e === name)), 1000);
                    }
                }
            });
            [...clients, ...chat].forEach((c) => c.events.splice(0));
        });
        after(() => cluster.end());

        // What each client has got when a message that was sent after it has come.
        async function heard(from, to = clients) {
            const fence = `fence-${round += 1}`;
            await probe(from, 'emit', { event: fence, args: [] });
            return Promise.all(to.map((client) => until(client, fence)));
        }

        const everyFrom = (name, body) => test(name, async (t) => {
            for (const [i, from] of clients.entries()) {
                await t.test(`from ${NAMES[i]}`, () => body(from, i));
            }
        });
        const only = (i, events) => clients.map((_, k) => (k === i ? events : []));

        everyFrom('a room gets a message on every server, once and in order', async (from, i) => {
            const content = { text: 'é😀"\\', n: [1, -1, 1.5, 4294967296, 9007199254740991, null, true, {}] };
            for (let n = 0; n < 20; n += 1) {
                from.emit('send_message', { roomId: 'all', content: n ? n : content });
            }
            await ask(from, 'join_room', { roomId: 'all', userId: `u-${NAMES[i]}` }); // those are sent
            for (const [k, got] of (await heard(from)).entries()) {
                assert.deepEqual(got[0], ['message', { roomId: 'all', userId: `u-${NAMES[i]}`, content }], NAMES[k]);
                assert.deepEqual(got.map(([, m]) => m.content).slice(1), [...Array(19)].map((_, n) => n + 1));
            }
            assert.deepEqual(chat.map((c) => c.events), [[], [], [], []]);
        });

        everyFrom('binary values travel at any depth', async (from) => {
            const content = { a: [Buffer.from([1, 2, 3]), { b: Buffer.alloc(300, 7) }], c: 'x' };
            from.emit('send_message', { roomId: 'all', content });
            await ask(from, 'join_room', { roomId: 'all', userId: 'b' });
            for (const got of await heard(from)) {
                assert.deepEqual(got.map(([, m]) => m.content), [content]);
            }
        });

        everyFrom('namespaces are apart', async (from, i) => {
            await probe(chat[i], 'emit', { rooms: ['all'], event: 'in-chat', args: [1] });
            await probe(from, 'emit', { rooms: ['all'], event: 'in-root', args: [2] });
            assert.deepEqual(await heard(from), clients.map(() => [['in-root', 2]]));
            assert.deepEqual(await heard(chat[i], chat), chat.map(() => [['in-chat', 1]]));
        });

        everyFrom('targets: a socket, several rooms, but, nobody', async (from, i) => {
            const next = (i + 1) % clients.length;
            await probe(from, 'emit', { rooms: [clients[next].id], event: 'one', args: ['x'] });
            assert.deepEqual(await heard(from), only(next, [['one', 'x']]));
            await probe(from, 'emit', { rooms: ['all', `own-${NAMES[next]}`], event: 'two', args: [] });
            assert.deepEqual(await heard(from), clients.map(() => [['two']]));
            await probe(from, 'emit', { rooms: ['all'], except: [`own-${NAMES[next]}`], event: 'but', args: [] });
            assert.deepEqual(await heard(from), clients.map((_, k) => (k === next ? [] : [['but']])));
            await probe(from, 'emit', { rooms: ['nobody'], event: 'none', args: [] });
            await probe(from, 'emit', { flags: { local: true }, event: 'here', args: [] });
            assert.deepEqual(await heard(from), only(i, [['here']]));
            await probe(from, 'emit', { rooms: ['all'], flags: { volatile: true, compress: false }, event: 'v' });
            assert.deepEqual(await heard(from), clients.map(() => [['v']]));
        });

        everyFrom('fetchSockets describes the sockets of all', async (from) => {
            const sockets = await probe(from, 'fetch', { rooms: ['all'] });
            assert.deepEqual(sockets.map((s) => s.id).sort(), clients.map((c) => c.id).sort());
            for (const [k, client] of clients.entries()) {
                const s = sockets.find((one) => one.id === client.id);
                assert.deepEqual(new Set(s.rooms), new Set([client.id, 'all', `own-${NAMES[k]}`]));
                assert.deepEqual(s.handshake.auth, { token: 'T' });
                assert.deepEqual(s.handshake.query, { q: NAMES[k], EIO: '4', transport: 'websocket' });
                assert.match(s.handshake.url, /^\/socket\.io\/\?/);
                assert.match(s.handshake.time, /^\w{3} \w{3} \d\d \d{4} \d\d:\d\d:\d\d GMT/);
                assert.equal(typeof s.handshake.issued, 'number');
                assert.equal(s.handshake.headers.upgrade, 'websocket');
                assert.equal(s.handshake.secure, false);
                assert.equal(s.handshake.xdomain, false);
                assert.match(s.handshake.address, /127\.0\.0\.1$/);
                assert.equal(typeof s.data.userId, 'string');
            }
            assert.deepEqual(await probe(from, 'fetch', { rooms: ['nobody'] }), []);
        });

        everyFrom('sockets of all are told to join and to leave', async (from) => {
            await probe(from, 'join', { rooms: ['all'], except: ['own-node-1'], join: ['x', 'y'] });
            await eventually(async () => {
                assert.equal((await probe(from, 'fetch', { rooms: ['x'] })).length, 3);
            });
            // a message reaches those who have joined by then, wherever it comes from
            await eventually(async () => {
                await probe(from, 'emit', { rooms: ['y'], event: 'to-y', args: [] });
                assert.deepEqual((await heard(from)).map((got) => got.length), [0, 1, 1, 1]);
            });
            await probe(from, 'leave', { rooms: ['x'], leave: ['x', 'y'] });
            await eventually(async () => {
                assert.deepEqual(await probe(from, 'fetch', { rooms: ['x', 'y'] }), []);
            });
            await heard(from);
        });

        everyFrom('a broadcast gathers the answers of all', async (from) => {
            const { err, responses } = await probe(from, 'emitAck', { rooms: ['all'], event: 'question', args: [7] });
            assert.equal(err, null);
            assert.deepEqual(responses.map((r) => r.name).sort(), [...NAMES].sort());
            assert.deepEqual(responses.map((r) => r.x), [7, 7, 7, 7]);
            const binary = await probe(from, 'emitAck', {
                rooms: ['all'], event: 'binary-question', args: [Buffer.from([1])],
            });
            assert.deepEqual(binary.responses, clients.map(() => Buffer.from([1, 9])));
            const none = await probe(from, 'emitAck', { rooms: ['nobody'], event: 'question', args: [0] });
            assert.deepEqual(none, { err: null, responses: [] });
        });

        everyFrom('a broadcast that somebody does not answer times out', async (from) => {
            const { err, responses } = await probe(from, 'emitAck', {
                rooms: ['all'], event: 'silence', args: [], timeout: 300,
            });
            assert.equal(err, 'operation has timed out');
            assert.deepEqual(responses, []);
            await heard(from);
        });

        everyFrom('servers hear and answer one another', async (from, i) => {
            const arg = { n: 1, t: 'ü' };
            await probe(from, 'sse', { event: 'ping_server', args: [arg] });
            const others = NAMES.filter((_, k) => k !== i);
            await eventually(() => {
                clients.forEach((c, k) => assert.equal(c.events.filter(([e]) => e === 'sse_seen').length, k === i ? 0 : 1));
            });
            clients.forEach((c, k) => {
                assert.deepEqual(c.events.splice(0), k === i ? [] : [['sse_seen', { server: NAMES[k], arg }]]);
            });
            const { err, responses } = await probe(from, 'sseAck', { event: 'ping_server', args: [2] });
            assert.equal(err, null);
            assert.deepEqual(responses.map((r) => r.server).sort(), others.sort());
            await eventually(() => clients.forEach((c, k) => assert.equal(c.events.length, k === i ? 0 : 1)));
            clients.forEach((c) => c.events.splice(0));
        });

        more({ cluster, clients, chat, heard, everyFrom, NAMES });

        test('a server that is killed is missed by nobody', async () => {
            const dead = cluster.servers['rookery-2'];
            await dead.stop();
            for (const from of clients.slice(0, 3)) {
                await eventually(async () => {
                    assert.equal((await probe(from, 'fetch', { rooms: ['all'] })).length, 3);
                });
                assert.equal(await probe(from, 'serverCount'), 3);
                const { responses } = await probe(from, 'emitAck', { rooms: ['all'], event: 'question', args: [1] });
                assert.equal(responses.length, 3);
            }
        });

        everyFrom('sockets of all are disconnected', async (from, i) => {
            if (i !== 1) {
                return; // once is enough: they are gone then
            }
            const left = clients.slice(0, 3);
            const gone = left.filter((c) => c !== from).map((c) => new Promise((resolve) => {
                c.once('disconnect', resolve);
            }));
            await probe(from, 'disconnect', { rooms: ['all'], except: [from.id], close: true });
            assert.deepEqual(new Set(await Promise.all(gone)), new Set(['io server disconnect']));
            assert.ok(from.connected);
        });
    });
}

module.exports = { NAMES, rows };
