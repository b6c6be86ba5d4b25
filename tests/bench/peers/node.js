// SPDX-License-Identifier: MIT
// The chat contract of the bench on stock Node socket.io: what Rookery is compared with.
// usage: node node.js PORT [PING_INTERVAL_MS]      (NODE_PATH names the folder that has socket.io)
'use strict';

const { randomUUID } = require('crypto');
const { createServer } = require('http');
const { Server } = require('socket.io');

const httpServer = createServer();
const pingInterval = Number(process.argv[3] || 25000);
const io = new Server(httpServer, { serveClient: false, pingInterval });

io.on('connection', (socket) => {
  socket.on('join_room', ({ roomId, userId }, ack) => {
    socket.data.userId = userId;
    socket.join(roomId);
    if (typeof ack === 'function') ack({ ok: true });
  });

  socket.on('send_message', ({ roomId, content, type }, ack) => {
    const id = randomUUID();
    const timestamp = new Date().toISOString();
    const userId = socket.data.userId;
    io.to(roomId).emit('message', {
      id, roomId, userId, username: userId, content, type, timestamp,
    });
    if (typeof ack === 'function') ack({ ok: true, id, timestamp });
  });

  socket.on('echo', (value, ack) => {
    if (typeof ack === 'function') ack(value);
  });
});

process.on('SIGTERM', () => process.exit(0));
httpServer.listen(Number(process.argv[2] || 3000), '127.0.0.1', 4096);
