// SPDX-License-Identifier: MIT
//
// A Node.js Socket.IO server of a cluster, as its users write one: the profile `mixed` of the fixture
// (tests/fixture/mixed.c) on the original. Environment: PORT, REDIS_URL, ADAPTER (classic, sharded,
// streams), PREFIX, NSPS, SERVER_NAME, SPECIFIC (publishOnSpecificResponseChannel). It prints
// "ready mixed PORT" once it listens; SIGTERM stops it.
'use strict';

const http = require('node:http');
const { createClient } = require('redis');
const { Server } = require('socket.io');
const { createAdapter, createShardedAdapter } = require('@socket.io/redis-adapter');
const streams = require('@socket.io/redis-streams-adapter');

const {
    PORT, REDIS_URL, ADAPTER = 'classic', PREFIX = 'socket.io', NSPS = '/,/chat', SERVER_NAME = 'node',
    SPECIFIC, MODE = 'dynamic', RECOVERY,
} = process.env;

// What it is publishing when Redis dies is rejected, and nobody catches that: it would end with it.
process.on('unhandledRejection', () => {});

async function client() {
    const redis = createClient({ url: REDIS_URL, socket: { reconnectStrategy: () => 50 } });
    redis.on('error', () => {}); // it reconnects by itself
    await redis.connect();
    return redis;
}

async function adapter() {
    if (ADAPTER === 'streams') {
        return streams.createAdapter(await client(), { streamName: PREFIX, channelPrefix: PREFIX });
    }
    const [pub, sub] = [await client(), await client()];
    return ADAPTER === 'sharded'
        ? createShardedAdapter(pub, sub, { channelPrefix: PREFIX, subscriptionMode: MODE })
        : createAdapter(pub, sub, { key: PREFIX, publishOnSpecificResponseChannel: SPECIFIC === '1' });
}

function target(nsp, { rooms = [], except = [], flags = {}, timeout }) {
    let to = rooms.length ? nsp.to(rooms) : nsp;
    to = except.length ? to.except(except) : to;
    to = flags.volatile ? to.volatile : to;
    to = flags.compress === false ? to.compress(false) : to;
    to = flags.local ? to.local : to;
    return timeout ? to.timeout(timeout) : to;
}

const plain = (s) => ({ id: s.id, handshake: s.handshake, rooms: [...s.rooms], data: s.data });

const acked = (emit) => new Promise((resolve) => {
    emit((err, responses) => resolve({ err: err ? err.message : null, responses }));
});

const operations = {
    emit: (nsp, p) => (target(nsp, p).emit(p.event, ...(p.args ?? [])), null),
    emitAck: (nsp, p) => acked((done) => target(nsp, { timeout: 2000, ...p }).emit(p.event, ...(p.args ?? []), done)),
    fetch: async (nsp, p) => (await target(nsp, p).fetchSockets()).map(plain),
    join: (nsp, p) => (target(nsp, p).socketsJoin(p.join), null),
    leave: (nsp, p) => (target(nsp, p).socketsLeave(p.leave), null),
    disconnect: (nsp, p) => (target(nsp, p).disconnectSockets(p.close), null),
    sse: (nsp, p) => (nsp.serverSideEmit(p.event, ...(p.args ?? [])), null),
    sseAck: (nsp, p) => acked((done) => nsp.serverSideEmit(p.event, ...(p.args ?? []), done)),
    allRooms: async (nsp) => [...await nsp.adapter.allRooms()],
    serverCount: (nsp) => nsp.adapter.serverCount(),
};

function serve(io, name) {
    const nsp = io.of(name);
    nsp.on('connection', (socket) => {
        socket.on('join_room', async ({ roomId, userId }, ack) => {
            socket.data.userId = userId;
            await socket.join(roomId);
            ack({ ok: true });
        });
        socket.on('leave_room', async ({ roomId }, ack) => {
            await socket.leave(roomId);
            ack({ ok: true });
        });
        socket.on('send_message', ({ roomId, content }) => {
            nsp.to(roomId).emit('message', { roomId, userId: socket.data.userId, content });
        });
        socket.on('probe', async (p, ack) => {
            try {
                const r = await operations[p.op](p.nsp ? io.of(p.nsp) : nsp, p);
                ack({ ok: true, r });
            } catch (error) {
                ack({ ok: false, r: error.message });
            }
        });
    });
    nsp.on('ping_server', (arg, ack) => {
        nsp.local.emit('sse_seen', { server: SERVER_NAME, arg });
        ack?.({ server: SERVER_NAME, arg });
    });
}

async function main() {
    const server = http.createServer();
    const io = new Server(server, {
        adapter: await adapter(),
        ...(RECOVERY ? { connectionStateRecovery: {} } : {}),
    });
    NSPS.split(',').forEach((name) => serve(io, name));
    server.listen(Number(PORT), '127.0.0.1', () => console.log(`ready mixed ${PORT}`));
    process.once('SIGTERM', () => process.exit(0));
}

main();
