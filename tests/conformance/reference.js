// SPDX-License-Identifier: MIT
//
// The conformance fixture on the original server (npm socket.io): what the tests of this folder are
// validated against, and what tests/fixture does in C. One process serves one profile on one port:
//
//     CONF_PROFILE=protocol|eio3|clients|behav|eioc|sioc CONF_PORT=3000 [CONF_HOST=127.0.0.1] node reference.js
//
// Optional: CONF_PING_TIMEOUT_MS, CONF_REQUEST_TIMEOUT_MS, CONF_IDLE_TIMEOUT_MS and all that
// README.md says is an option.
// SIGTERM stops it.
'use strict';

const http = require('node:http');
const engineIo = require('engine.io');
const { Server } = require('socket.io');
const { WebSocketServer } = require('ws');
const eioc = require('./reference_eioc');
const sioc = require('./reference_sioc');

const env = process.env;

function milliseconds(name, otherwise) {
    return env[name] === undefined ? otherwise : Number(env[name]);
}

// An event may arrive without an ack id; its handler then has nobody to answer.
function ackOf(args) {
    return typeof args[args.length - 1] === 'function' ? args.pop() : () => {};
}

// ---- events ---------------------------------------------------------------------------------

function basicEvents(namespace) {
    namespace.on('connection', (socket) => {
        socket.emit('auth', socket.handshake.auth);
        socket.on('message', (...args) => socket.emit('message-back', ...args));
        socket.on('message-with-ack', (...args) => ackOf(args)(...args));
    });
}

function supersetEvents(namespace) {
    namespace.on('connection', (socket) => {
        socket.on('join', (room, ...ack) => (socket.join(room), ackOf(ack)()));
        socket.on('leave', (room, ...ack) => (socket.leave(room), ackOf(ack)()));
        socket.on('to-room', (rooms, ...args) => namespace.to(rooms).emit('room-msg', ...args));
        socket.on('to-others', (rooms, ...args) => socket.to(rooms).emit('room-msg', ...args));
        socket.on('bcast', (...args) => namespace.emit('bcast', ...args));
        socket.on('bcast-others', (...args) => socket.broadcast.emit('bcast', ...args));
        socket.on('whoami', (...ack) => ackOf(ack)(socket.id));
        socket.on('ask-me', (...args) => {
            socket.emit('question', ...args, (...answer) => socket.emit('answer', ...answer));
        });
        socket.on('kick', () => socket.disconnect());
        socket.on('kick-all', () => socket.disconnect(true));
        socket.on('drop', () => setTimeout(dropConnection, 100, socket.conn, 250));
    });
}

// Destroys the TCP connection under the current transport; for polling it waits for a poll.
function dropConnection(engineSocket, tries) {
    const transport = engineSocket.transport;
    if (transport.socket) {
        transport.socket.terminate();
    } else if (transport.req) {
        transport.req.socket.destroy();
    } else if (tries > 0) {
        setTimeout(dropConnection, 20, engineSocket, tries - 1);
    }
}

function behaviourEvents(io) {
    const watchers = io.of('/watch');
    io.on('connection', (socket) => {
        const roomsOfOthers = () => [...socket.rooms].filter((room) => room !== socket.id);
        socket.on('disconnecting', (reason) => {
            watchers.emit('saw-disconnecting', socket.id, reason, roomsOfOthers());
        });
        socket.on('disconnect', (reason) => watchers.emit('saw-disconnect', socket.id, reason));

        socket.use(([event], next) => next(event === 'mw-fail' ? new Error('blocked') : undefined));
        socket.on('error', (error) => {
            if (error.message === 'blocked') {
                socket.emit('error-seen', error.message);
            }
        });
        socket.on('big', () => socket.emit('big', 'x'.repeat(1500)));
        socket.on('big-nocompress', () => socket.compress(false).emit('big', 'x'.repeat(1500)));
        socket.on('volatile-pair', () => {
            socket.emit('ev', 1);
            socket.volatile.emit('ev', 2);
            socket.emit('ev', 3);
        });
        socket.on('volatile-idle', () => {
            setTimeout(() => socket.volatile.emit('ev', 'idle'), 50);
        });
        socket.on('ask-timeout', () => {
            socket.timeout(100).emit('question', 1, (error, value) => {
                socket.emit('answer', error ? 'timeout' : value);
            });
        });
        socket.on('bcast-ack', (...ack) => {
            const answer = ackOf(ack);
            io.timeout(200).emit('question', 1, (error, values) => {
                answer(error ? 'timeout' : 'ok', values);
            });
        });
    });
}

function refuseAll(namespace, message, data) {
    namespace.use((socket, next) => next(Object.assign(new Error(message), { data })));
}

function behaviourNamespaces(io) {
    io.of('/watch');
    io.of('/mw').use((socket, next) => {
        const allowed = socket.handshake.auth.token === 'ok';
        next(allowed ? undefined : Object.assign(new Error('bad token'), { data: { code: 7 } }));
    });
    io.of('/mw').on('connection', (socket) => socket.emit('in'));
    io.of(/^\/dyn-\d+$/).on('connection', (socket) => socket.emit('nsp', socket.nsp.name));
}

// ---- handshakes -----------------------------------------------------------------------------

function decideByQuery(request, decide) {
    const denied = /[?&]deny=1/.test(request.url);
    decide(denied ? 'nope' : null, !denied);
}

const decideLater = (delayMs) => (request, decide) => {
    setTimeout(() => decideByQuery(request, decide), Number(delayMs));
};

// ---- profiles -------------------------------------------------------------------------------

const protocol = {
    engineEcho: true,
    options: {
        pingInterval: 300,
        pingTimeout: 200,
        connectTimeout: 1000,
        cors: { origin: '*' },
    },
    setUp(io) {
        basicEvents(io.of('/'));
        basicEvents(io.of('/custom'));
    },
};

const profiles = {
    protocol,
    eio3: { ...protocol, options: { ...protocol.options, allowEIO3: true } },
    clients: {
        engineEcho: true,
        options: { cors: { origin: '*' }, allowEIO3: true },
        setUp(io) {
            for (const name of ['/', '/custom']) {
                basicEvents(io.of(name));
                supersetEvents(io.of(name));
            }
            refuseAll(io.of('/denied'), 'not authorized', { code: 42 });
        },
    },
    behav: {
        engineEcho: false,
        options: {
            pingInterval: 300,
            pingTimeout: 200,
            upgradeTimeout: 300,
            connectTimeout: 400,
            maxHttpBufferSize: 2000,
            cookie: { name: 'io', path: '/', httpOnly: true, sameSite: 'lax' },
            cors: {
                origin: 'http://allowed.example',
                methods: ['GET', 'POST'],
                credentials: true,
                allowedHeaders: ['x-chat'],
            },
            httpCompression: { threshold: 512 },
            perMessageDeflate: { threshold: 512 },
            connectionStateRecovery: { maxDisconnectionDuration: 1500, skipMiddlewares: true },
            allowRequest: decideByQuery,
        },
        setUp(io) {
            basicEvents(io.of('/'));
            supersetEvents(io.of('/'));
            behaviourEvents(io);
            behaviourNamespaces(io);
        },
    },
    eioc,
    sioc,
};

// ---- options of the environment -------------------------------------------------------------

// Each {what to call it here, the variable, what to make of its text}.
function takeAll(target, entries) {
    for (const [name, variable, of = String] of entries) {
        if (env[variable]) {
            target[name] = of(env[variable]);
        }
    }
}

const flag = (text) => text === '1';
const list = (text) => text.split(',');
const originOf = (text) =>
    text === 'reflect' || (text.includes(',') ? list(text) : text);

function takeEnvironment(options) {
    if (env.CONF_PARSER === 'msgpack') {
        options.parser = require('socket.io-msgpack-parser');
    }
    if (env.CONF_COOKIE) {
        options.cookie = { name: env.CONF_COOKIE, path: '/', httpOnly: true, sameSite: 'lax' };
        takeAll(options.cookie, [
            ['path', 'CONF_COOKIE_PATH', (text) => text !== '-' && text],
            ['httpOnly', 'CONF_COOKIE_HTTP_ONLY', flag],
            ['secure', 'CONF_COOKIE_SECURE', flag],
            ['sameSite', 'CONF_COOKIE_SAME_SITE', (text) => text.toLowerCase()],
        ]);
    }
    options.cors = { ...options.cors };
    takeAll(options.cors, [
        ['origin', 'CONF_CORS_ORIGIN', originOf],
        ['methods', 'CONF_CORS_METHODS'],
        ['allowedHeaders', 'CONF_CORS_HEADERS'],
        ['exposedHeaders', 'CONF_CORS_EXPOSED'],
        ['credentials', 'CONF_CORS_CREDENTIALS', flag],
        ['maxAge', 'CONF_CORS_MAX_AGE', Number],
    ]);
    if (options.cors.origin === '-') {
        delete options.cors;
    }
    takeAll(options, [
        ['allowRequest', 'CONF_DECIDE_MS', decideLater],
        ['path', 'CONF_PATH'],
        ['addTrailingSlash', 'CONF_PATH', (text) => text.endsWith('/')],
        ['serveClient', 'CONF_CLIENT_DIR', (text) => text !== '-'],
    ]);
}

// ---- the process ----------------------------------------------------------------------------

function createHttpServer() {
    const server = http.createServer({ connectionsCheckingInterval: 50 }, (request, response) => {
        response.writeHead(404).end();
    });
    server.headersTimeout = milliseconds('CONF_REQUEST_TIMEOUT_MS', 60000);
    server.requestTimeout = milliseconds('CONF_REQUEST_TIMEOUT_MS', 300000);
    server.keepAliveTimeout = milliseconds('CONF_IDLE_TIMEOUT_MS', 60000);
    return server;
}

function attachEngineEcho(httpServer, options) {
    const path = '/engine.io';
    const engine = engineIo.attach(httpServer, { ...options, path, destroyUpgrade: false });
    engine.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
}

// Plain WebSocket on /ws-echo; upgrade requests of any other path are nobody's.
function attachWebSocketEcho(httpServer) {
    const echo = new WebSocketServer({
        noServer: true,
        perMessageDeflate: true,
        maxPayload: 64 * 1024 * 1024,
    });
    echo.on('connection', (socket) => {
        socket.on('error', () => {});
        socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
    httpServer.on('upgrade', (request, socket, head) => {
        if (/^\/ws-echo(\?|$)/.test(request.url)) {
            echo.handleUpgrade(request, socket, head, (ws) => echo.emit('connection', ws, request));
        } else if (!/^\/(engine|socket)\.io[/?]/.test(request.url)) {
            socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
        }
    });
}

function main() {
    const profile = profiles[env.CONF_PROFILE];
    if (!profile) {
        console.error(`unknown profile ${env.CONF_PROFILE}`);
        process.exit(2);
    }
    const options = { ...profile.options };
    options.pingTimeout = milliseconds('CONF_PING_TIMEOUT_MS', options.pingTimeout ?? 20000);
    takeEnvironment(options);

    const httpServer = createHttpServer();
    if (profile.engineEcho) {
        attachEngineEcho(httpServer, options);
    }
    if (profile.attach) {
        profile.attach(httpServer, options);
    } else {
        profile.setUp(new Server(httpServer, { ...options, destroyUpgrade: false }));
    }
    attachWebSocketEcho(httpServer);
    httpServer.listen(Number(env.CONF_PORT), env.CONF_HOST || '127.0.0.1');
    process.on('SIGTERM', () => process.exit(0));
}

main();
