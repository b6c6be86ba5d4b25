// SPDX-License-Identifier: MIT
//
// Stock clients that lose their connection at one server and come back to another, with what they have
// missed: two Node.js servers and two of ours, from each to each.
'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { after, before, describe, test } = require('node:test');
const { Cluster, ask, eventually, missing, probe, until, within } = require('./cluster.js');

const NAMES = ['node-1', 'rookery-1', 'node-2', 'rookery-2'];

// As a broken network would.
async function cut(client) {
    const gone = within(once(client, 'disconnect'), 'disconnect');
    client.io.engine.transport.ws.terminate();
    await gone;
}

async function comeBack(client, server) {
    const back = within(once(client, 'connect'), `connection to ${server.name}`);
    client.io.uri = server.origin;
    client.connect();
    await back;
}

// An event without the offset, which must be there.
function bare(event) {
    assert.match(String(event.at(-1)), /^\d+-\d+$/, JSON.stringify(event));
    return event.slice(0, -1);
}

function recovery() {
    describe('recovery', { skip: missing, timeout: 120000 }, () => {
        const cluster = new Cluster('streams');
        const speakers = [];
        let round = 0;

        before(async () => {
            await cluster.startRedis();
            for (const name of NAMES) {
                speakers.push(await cluster.connect(await cluster.start(name, { RECOVERY: '1' })));
            }
            await eventually(async () => {
                await probe(speakers[0], 'emit', { event: 'warm', args: [] });
                speakers.forEach((c) => assert.ok(c.events.some(([event]) => event === 'warm')));
            });
            // Nor does one come late, to a client that was not there when it was said.
            await probe(speakers[0], 'emit', { event: 'begin', args: [] });
            await Promise.all(speakers.map((c) => until(c, 'begin')));
        });
        after(() => cluster.end());

        // That server says it; it is in the stream then, so that there is an order among servers.
        async function say(i, what) {
            const fence = `said-${round += 1}`;
            await probe(speakers[i], 'emit', { args: [], ...what });
            await probe(speakers[i], 'emit', { rooms: [speakers[i].id], event: fence, args: [] });
            await until(speakers[i], fence);
        }

        // A client of that server, in a room of its own, that has got an event.
        async function guest(from) {
            const client = await cluster.connect(cluster.servers[from]);
            const room = `room-${round += 1}`;
            await ask(client, 'join_room', { roomId: room, userId: `user-${round}` });
            await say(NAMES.indexOf(from), { rooms: [room], event: 'hello' });
            assert.deepEqual(await until(client, 'hello'), []);
            assert.equal(client.recovered, false);
            return { client, room };
        }

        // Everybody sees that it is gone, and its session is saved.
        const saved = (id) => eventually(async () => {
            assert.deepEqual(await probe(speakers[0], 'fetch', { rooms: [id] }), []);
        });

        const everyWay = (name, body) => test(name, async (t) => {
            for (const from of NAMES) {
                for (const to of NAMES) {
                    await t.test(`from ${from} to ${to}`, () => body(from, to));
                }
            }
        });

        everyWay('a client comes back to its session and gets what it has missed', async (from, to) => {
            const { client, room } = await guest(from);
            const { id } = client;
            await cut(client);
            await saved(id);
            for (let i = 0; i < speakers.length; i += 1) {
                await say(i, { rooms: [room], event: 'missed', args: [i, { t: 'é😀' }] });
                await say(i, { rooms: ['elsewhere'], event: 'others' });
                await say(i, { except: [room], event: 'others' });
                await say(i, { rooms: [id], event: 'bytes', args: [Buffer.from([i, 255])] });
            }
            await comeBack(client, cluster.servers[to]);
            assert.equal(client.recovered, true);
            assert.equal(client.id, id);
            await say(0, { rooms: [room], event: 'live' });
            await say(1, { rooms: [room], event: 'end' });
            const got = (await until(client, 'end')).map(bare);
            assert.deepEqual(got, [
                ...speakers.flatMap((_, i) => [['missed', i, { t: 'é😀' }], ['bytes', Buffer.from([i, 255])]]),
                ['live'],
            ]);
            const [socket] = await probe(speakers[NAMES.indexOf(from)], 'fetch', { rooms: [id] });
            assert.deepEqual(new Set(socket.rooms), new Set([id, room]));
            assert.match(socket.data.userId, /^user-/);
            client.disconnect();
        });

        test('a client wanders from server to server', async () => {
            const { client, room } = await guest('node-1');
            const { id } = client;
            for (const to of ['rookery-1', 'node-2', 'rookery-2', 'rookery-1', 'node-1', 'rookery-2']) {
                await cut(client);
                await saved(id);
                await say(round % 4, { rooms: [room], event: 'missed', args: [to] });
                await comeBack(client, cluster.servers[to]);
                assert.equal(client.recovered, true, to);
                await say((round + 1) % 4, { rooms: [room], event: 'seen' });
                assert.deepEqual((await until(client, 'seen')).map(bare), [['missed', to]]);
            }
        });

        test('a session that has been taken, or is unknown, begins anew', async () => {
            for (const to of ['node-1', 'rookery-1']) {
                const { client } = await guest('rookery-2');
                const { id } = client;
                await cut(client);
                await saved(id);
                const thief = await cluster.connect(cluster.servers[to], '/', {
                    auth: { pid: client._pid, offset: client._lastOffset },
                });
                assert.equal(thief.id, id);
                await comeBack(client, cluster.servers[to]);
                assert.equal(client.recovered, false);
                assert.notEqual(client.id, id);
                const stranger = await cluster.connect(cluster.servers[to], '/', {
                    auth: { pid: 'nobodynobodynobody12', offset: client._lastOffset },
                });
                assert.equal(stranger.connected, true);
            }
        });

        test('who leaves does not come back', async () => {
            const { client } = await guest('rookery-1');
            const { id } = client;
            client.disconnect();
            await saved(id);
            await comeBack(client, cluster.servers['rookery-2']);
            assert.equal(client.recovered, false);
            assert.notEqual(client.id, id);
        });

        test('a server that stops leaves its sessions to the others', async () => {
            const { client, room } = await guest('rookery-2');
            const gone = within(once(client, 'disconnect'), 'disconnect');
            await cluster.servers['rookery-2'].stop('SIGTERM');
            await gone;
            await say(1, { rooms: [room], event: 'missed' });
            await comeBack(client, cluster.servers['node-2']);
            assert.equal(client.recovered, true);
            await say(1, { rooms: [room], event: 'end' });
            assert.deepEqual((await until(client, 'end')).map(bare), [['missed']]);
        });
    });
}

module.exports = { recovery };
