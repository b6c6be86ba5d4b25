// SPDX-License-Identifier: MIT
//
// Profile eioc of reference.js: what the support server of engine.io-client's own tests does.
'use strict';

const engineIo = require('engine.io');

const answers = {
    'give binary': () => Buffer.from([0, 1, 2, 3, 4]),
    'give utf8': () => 'пойду спать всем спокойной ночи',
    'sendHeaders': ({ request, transport }) =>
        JSON.stringify((transport.dataReq ?? request).headers),
};

module.exports = {
    options: { pingInterval: 500, maxHttpBufferSize: 100 },
    attach(httpServer, options) {
        const engine = engineIo.attach(httpServer, {
            ...options,
            destroyUpgrade: false,
            allowRequest: (request, decide) => decide(null, !/[?&]deny/.test(request.url)),
        });
        engine.on('connection', (socket) => {
            socket.send('hi');
            socket.on('message', (message) => {
                const of = typeof message === 'string' && answers[message];
                socket.send(of ? of(socket) : message);
            });
        });
        engine.on('initial_headers', (headers) => {
            headers['set-cookie'] = ['1=1; Max-Age=86400',
                '2=2; Path=/; HttpOnly; Secure; SameSite=Strict', '3=3; Max-Age=0',
                `4=4; Expires=${new Date().toUTCString()}`];
        });
    },
};
