// SPDX-License-Identifier: MIT
//
// What the tests of this folder stand on: a Redis of their own, servers of both kinds around it, and
// stock clients. Whatever a test starts is gone after it. Nothing sleeps: that something has not come
// is told by a later message that has.
'use strict';

const { spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');
const { io } = require('socket.io-client');
const { freePort } = require('../../support/port');

const DEADLINE_MS = 15000;
const fixture = path.join(process.env.ROOKERY_BUILD, 'tests/fixture/fixture');

const missing = spawnSync('redis-server', ['--version']).status === 0 ? false
    : 'redis-server is not installed (tools/setup test)';

async function within(promise, what, ms = DEADLINE_MS) {
    let timer;
    const deadline = new Promise((resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`no ${what} within ${ms} ms`)), ms);
    });
    try {
        return await Promise.race([promise, deadline]);
    } finally {
        clearTimeout(timer);
    }
}

// A process that is ready when it prints such a line.
async function run(command, args, env, ready) {
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    const lines = readline.createInterface(child.stdout);
    const started = new Promise((resolve) => {
        lines.on('line', (line) => ready.test(line) && resolve());
    });
    const failed = exited.then(([code, signal]) => {
        throw new Error(`${path.basename(command)} ended at its start: ${code ?? signal}`);
    });
    failed.catch(() => {});
    await within(Promise.race([started, failed]), `start of ${path.basename(command)}`);
    return {
        child,
        alive: () => child.exitCode === null && child.signalCode === null,
        stop: async (signal = 'SIGKILL') => {
            child.kill(signal);
            await exited;
        },
    };
}

class Cluster {
    constructor(kind) {
        this.kind = kind;
        this.undo = [];
        this.servers = {};
    }

    async startRedis() {
        this.folder ??= fs.mkdtempSync(path.join(os.tmpdir(), 'rookery-cluster-'));
        this.redisPort ??= await freePort();
        this.redis = await run('redis-server', ['--bind', '127.0.0.1', '--port', String(this.redisPort), '--dir',
            this.folder, '--save', '', '--appendonly', 'no'], {}, /Ready to accept connections/);
    }

    get url() {
        return `redis://127.0.0.1:${this.redisPort}`;
    }

    // node-1 is a Node.js server, rookery-1 one of ours.
    async start(name, env = {}) {
        const port = await freePort();
        const settings = {
            PORT: String(port), CONF_PORT: String(port), CONF_PROFILE: 'mixed', CONF_HOST: '127.0.0.1',
            REDIS_URL: this.url, ADAPTER: this.kind, SERVER_NAME: name, ...env,
        };
        const server = name.startsWith('node')
            ? await run(process.execPath, [path.join(__dirname, 'peer.js')], settings, /^ready /)
            : await run(fixture, [], settings, /^ready /);
        server.origin = `http://127.0.0.1:${port}`;
        server.name = name;
        this.servers[name] = server;
        return server;
    }

    // A connected client; what it gets is in client.events: [name, ...arguments].
    async connect(server, nsp = '/', options = {}) {
        const client = io(server.origin + nsp, {
            transports: ['websocket'], forceNew: true, reconnection: false, auth: { token: 'T' }, ...options,
        });
        this.undo.push(() => client.disconnect());
        client.events = [];
        client.onAny((...event) => {
            if (typeof event[event.length - 1] === 'function') {
                return; // it is answered by its handler
            }
            client.events.push(event);
        });
        const failed = once(client, 'connect_error').then(([error]) => {
            throw error;
        });
        failed.catch(() => {});
        await within(Promise.race([once(client, 'connect'), failed]), `connection to ${server.name}`);
        return client;
    }

    async end() {
        for (const undo of this.undo.splice(0)) {
            await undo();
        }
        await Promise.all(Object.values(this.servers).filter((s) => s.alive()).map((s) => s.stop()));
        if (this.redis?.alive()) {
            await this.redis.stop();
        }
        if (this.folder) {
            fs.rmSync(this.folder, { recursive: true, force: true });
        }
    }
}

// The events of a client up to and without one of that name.
async function until(client, name) {
    for (;;) {
        const at = client.events.findIndex(([event]) => event === name);
        if (at >= 0) {
            return client.events.splice(0, at + 1).slice(0, at);
        }
        await within(new Promise((resolve) => {
            client.onAny(function look(event) {
                if (event === name) {
                    client.offAny(look);
                    queueMicrotask(resolve);
                }
            });
        }), `${name} (there is ${JSON.stringify(client.events)})`);
    }
}

const ask = (client, event, ...args) => within(client.timeout(DEADLINE_MS).emitWithAck(event, ...args), `answer to ${event}`);

// The server of that client does it on the cluster; the result, or the error's message.
async function probe(client, op, parameters = {}) {
    const answer = await ask(client, 'probe', { op, ...parameters });
    if (!answer.ok) {
        throw new Error(`${op}: ${answer.r}`);
    }
    return answer.r;
}

// Repeats until check passes; the last failure if it never does within the time.
async function eventually(check, ms = DEADLINE_MS) {
    const end = Date.now() + ms;
    for (;;) {
        try {
            return await check();
        } catch (error) {
            if (Date.now() > end) {
                throw error;
            }
            await new Promise((resolve) => {
                setTimeout(resolve, 20);
            });
        }
    }
}

module.exports = { Cluster, ask, eventually, freePort, missing, probe, until, within };
