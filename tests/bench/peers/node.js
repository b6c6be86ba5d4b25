// SPDX-License-Identifier: MIT
// The chat contract of the bench on stock Node socket.io: what Rookery is compared with.
// usage: node node.js PORT [PING_INTERVAL_MS]      (NODE_PATH names the folder that has socket.io)
// With REDIS_URL and PREFIX it is one of several servers, by the classic adapter; with KAFKA_BROKERS a message
// is told and acknowledged when Kafka has it (kafka.js).
'use strict';

const { randomUUID } = require('crypto');
const { createServer } = require('http');
const { Server } = require('socket.io');

async function redisAdapter(url) {
  const { createClient } = require('redis');
  const { createAdapter } = require('@socket.io/redis-adapter');
  const clients = [createClient({ url }), createClient({ url })];
  await Promise.all(clients.map((client) => client.connect()));
  return createAdapter(...clients, { key: process.env.PREFIX });
}

async function main() {
  const httpServer = createServer();
  const pingInterval = Number(process.argv[3] || 25000);
  const adapter = process.env.REDIS_URL ? { adapter: await redisAdapter(process.env.REDIS_URL) } : {};
  const publish = process.env.KAFKA_BROKERS ? await require('./kafka').connect() : null;
  const io = new Server(httpServer, { serveClient: false, pingInterval, ...adapter });

  io.on('connection', (socket) => {
    socket.on('join_room', async ({ roomId, userId }, ack) => {
      socket.data.userId = userId;
      await socket.join(roomId);
      if (typeof ack === 'function') ack({ ok: true });
    });

    socket.on('send_message', async ({ roomId, content, type }, ack) => {
      const id = randomUUID();
      const timestamp = new Date().toISOString();
      const userId = socket.data.userId;
      const message = { id, roomId, userId, username: userId, content, type, timestamp };
      if (publish) await publish(message);
      io.to(roomId).emit('message', message);
      if (typeof ack === 'function') ack({ ok: true, id, timestamp });
    });

    socket.on('echo', (value, ack) => {
      if (typeof ack === 'function') ack(value);
    });
  });

  process.on('SIGTERM', () => process.exit(0));
  httpServer.listen(Number(process.argv[2] || 3000), '127.0.0.1', 4096);
}

main();
