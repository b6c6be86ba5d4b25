// SPDX-License-Identifier: MIT
//
// Profile sioc of reference.js: what the support server of socket.io-client's own tests does.
'use strict';

const ackOf = (args) => (typeof args[args.length - 1] === 'function' ? args.pop() : () => {});
const isRight = ({ hello, message, goodbye } = {}) =>
    hello === 'lol' && Buffer.isBuffer(message) && goodbye === 'gotcha';

function onRoot(socket) {
    const bytes = () => Buffer.from('asdfasdf');
    let seen = false;
    const utf8 = ['てすと', 'Я Б Г Д Ж Й', 'Ä ä Ü ü ß', 'utf8 — string', 'utf8 — string'];
    const answer = (name, of) => socket.on(name, (...args) => ackOf(args)(of(...args)));

    socket.on('hi', () => socket.emit('hi'));
    answer('echo', (value) => value);
    socket.on('ack', () => {
        socket.emit('ack', (a, b) => a === 5 && b.test && socket.emit('got it'));
    });
    answer('getAckDate', () => new Date());
    socket.on('getDate', () => socket.emit('takeDate', new Date()));
    socket.on('getDateObj', () => socket.emit('takeDateObj', { date: new Date() }));
    socket.on('getUtf8', () => utf8.forEach((text) => socket.emit('takeUtf8', text)));
    socket.on('false', () => socket.emit('false', false));
    socket.on('doge', () => socket.emit('doge', bytes()));
    socket.on('getbin', () => socket.emit('takebin', bytes()));
    socket.on('buffa', (value) => Buffer.isBuffer(value) && socket.emit('buffack'));
    socket.on('jsonbuff', (value) => isRight(value) && socket.emit('jsonbuff-ack'));
    socket.on('abuff1', (value) => (seen = Buffer.isBuffer(value)));
    socket.on('abuff2', () => seen && socket.emit('abuff2-ack'));
    answer('getHandshake', () => socket.handshake);
    answer('getId', () => socket.id);
}

module.exports = {
    engineEcho: false,
    options: {
        pingInterval: 2000, connectionStateRecovery: {},
        allowRequest: (request, decide) => setTimeout(() => decide(null, true), 10),
    },
    setUp(io) {
        ['/timeout_socket', '/valid', '/asd'].forEach((name) => io.of(name));
        io.of('/foo').on('connection', (socket) => {
            socket.on('getId', (...args) => ackOf(args)(socket.id));
        });
        io.of('/abc').on('connection', (socket) => socket.emit('handshake', socket.handshake));
        io.of('/no').use((socket, next) => next(new Error('Auth failed (custom namespace)')));
        io.use((socket, next) => {
            const { fail } = socket.handshake.query;
            next(fail ? new Error('Auth failed (main namespace)') : undefined);
        });
        io.on('connection', onRoot);
    },
};
