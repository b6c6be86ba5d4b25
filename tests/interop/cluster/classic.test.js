// SPDX-License-Identifier: MIT
// @socket.io/redis-adapter 8.3 (createAdapter), and redis-emitter 5.1.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { Emitter } = require('@socket.io/redis-emitter');
const { createClient } = require('redis');
const { eventually, probe } = require('./cluster.js');
const { rows } = require('./rows.js');

rows('classic', ({ cluster, clients, heard, everyFrom }) => {
    everyFrom('allRooms names the rooms of all', async (from) => {
        const wanted = new Set(['all', ...clients.map((c) => c.id), 'own-node-1', 'own-node-2', 'own-rookery-1',
            'own-rookery-2']);
        assert.deepEqual(new Set(await probe(from, 'allRooms')), wanted);
    });

    test('redis-emitter is obeyed', async () => {
        const redis = await createClient({ url: cluster.url }).connect();
        const emitter = new Emitter(redis);
        emitter.to('all').except('own-node-2').emit('emitted', { a: 1 }, Buffer.from([5]));
        await eventually(() => clients.forEach((c, k) => assert.equal(c.events.length, k === 2 ? 0 : 1)));
        assert.deepEqual(await heard(clients[0]), clients.map((_, k) => (k === 2 ? [] : [['emitted', { a: 1 }, Buffer.from([5])]])));
        emitter.in('all').socketsJoin(['late']);
        await eventually(async () => {
            assert.equal((await probe(clients[1], 'fetch', { rooms: ['late'] })).length, 4);
        });
        emitter.in('all').socketsLeave('late');
        await eventually(async () => {
            assert.deepEqual(await probe(clients[1], 'fetch', { rooms: ['late'] }), []);
        });
        emitter.serverSideEmit('ping_server', 'x');
        await eventually(() => clients.forEach((c) => assert.deepEqual(c.events.map(([e]) => e), ['sse_seen'])));
        clients.forEach((c) => c.events.splice(0));
        await redis.quit();
    });

    test('nothing on the channels harms us', async () => {
        const redis = await createClient({ url: cluster.url }).connect();
        const bad = ['', '{', '[]', 'null', '{}', '{"type":5}', '{"type":7}', '{"type":"x"}', '{"type":2,"opts":{}}',
            Buffer.from([0xc0]), Buffer.from([0x93]), Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]), Buffer.alloc(5000, 0x91)];
        // on a prefix that Node.js servers do not listen to, some of these would end them
        const alone = await cluster.start('rookery-3', { PREFIX: 'alone' });
        const client = await cluster.connect(alone);
        for (const payload of bad) {
            for (const channel of ['alone#/#', 'alone-request#/#', 'alone-response#/#', `alone#/#${client.id}#`]) {
                await redis.publish(channel, payload);
            }
        }
        assert.equal(await probe(client, 'serverCount'), 1);
        await probe(client, 'emit', { event: 'alive', args: [] });
        await eventually(() => assert.deepEqual(client.events, [['alive']]));
        await redis.quit();
    });
});
