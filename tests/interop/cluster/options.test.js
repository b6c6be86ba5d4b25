// SPDX-License-Identifier: MIT
//
// Options that servers of a cluster have in common, or that concern what they send: one Node.js server
// and one of ours with each of them.
'use strict';

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const { Cluster, ask, eventually, missing, probe, until } = require('./cluster.js');

const NAMES = ['node-1', 'rookery-1'];

// Rooms that the sharded adapter treats differently: 20 characters are what a socket's id has.
const ROOMS = ['r', 'a-room-of-20-letters', 'é#/'];

const variants = [
    ['classic', 'Node.js answers who has asked', { SPECIFIC: '1' }],
    ['classic', 'all answer everybody', { COMMON_RESPONSES: '1' }],
    ['classic', 'another key', { PREFIX: 'my.app' }],
    ['sharded', 'static', { MODE: 'static' }],
    ['sharded', 'dynamic-private', { MODE: 'dynamic-private' }],
    ['sharded', 'another channelPrefix', { PREFIX: 'my.app' }],
    ['streams', 'another streamName and channelPrefix', { PREFIX: 'my.app' }],
];

for (const [kind, name, env] of variants) {
    describe(`${kind}: ${name}`, { skip: missing, timeout: 60000 }, () => {
        const cluster = new Cluster(kind);
        const clients = [];

        before(async () => {
            await cluster.startRedis();
            for (const server of NAMES) {
                clients.push(await cluster.connect(await cluster.start(server, env)));
                clients.at(-1).on('question', (ack) => ack(server));
            }
            for (const client of clients) {
                await eventually(async () => assert.equal(await probe(client, 'serverCount'), NAMES.length));
                for (const roomId of ROOMS) {
                    await ask(client, 'join_room', { roomId, userId: 'u' });
                }
            }
        });
        after(() => cluster.end());

        for (const [i, from] of NAMES.entries()) {
            test(`events of ${from} reach rooms and single sockets`, async () => {
                const [own, other] = [clients[i], clients[1 - i]];
                clients.forEach((c) => c.events.splice(0));
                for (const room of [...ROOMS, other.id]) {
                    // Node.js answers a join before its subscription is in force
                    await eventually(async () => {
                        await probe(own, 'emit', { rooms: [room], event: 'ready', args: [room] });
                        await eventually(() => assert.ok(other.events.some(([e, r]) => e === 'ready' && r === room)), 500);
                    });
                }
                for (const room of [...ROOMS, other.id]) {
                    await probe(own, 'emit', { rooms: [room], event: 'said', args: [room, Buffer.from([1])] });
                }
                await probe(own, 'emit', { event: 'fence', args: [] });
                const said = (await until(other, 'fence')).filter(([e]) => e === 'said');
                assert.deepEqual(said.sort(), [...ROOMS, other.id].map((r) => ['said', r, Buffer.from([1])]).sort());
            });

            test(`questions of ${from} are answered`, async () => {
                const sockets = await probe(clients[i], 'fetch', { rooms: ['r'] });
                assert.deepEqual(sockets.map((s) => s.id).sort(), clients.map((c) => c.id).sort());
                const { responses } = await probe(clients[i], 'emitAck', { rooms: ['r'], event: 'question', args: [] });
                assert.deepEqual(responses.sort(), NAMES);
                const servers = await probe(clients[i], 'sseAck', { event: 'ping_server', args: [1] });
                assert.deepEqual([servers.err, servers.responses.map((r) => r.server)], [null, [NAMES[1 - i]]]);
            });
        }
    });
}
