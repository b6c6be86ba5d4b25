// SPDX-License-Identifier: MIT
//
// What every test file stands on: daemons with data of their own, stock clients, and deadlines.
//
// Whatever a test starts is gone after it. Nothing sleeps: a test waits for an event, and a deadline
// turns its absence into a failure.
'use strict';

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');
const { afterEach, test: nodeTest } = require('node:test');
const { io } = require('socket.io-client');

const DEADLINE_MS = 10000;
const LISTENING = /^rookery: listening on (https?:\/\/127\.0\.0\.1:\d+)\/$/;
const program = path.join(process.env.ROOKERY_BUILD, 'src/rookery');

const clean = [];

function later(undo) {
    clean.push(undo);
}

afterEach(async () => {
    for (const undo of clean.splice(0).reverse()) {
        await undo();
    }
});

const test = (name, options, body = options) =>
    nodeTest(name, { timeout: 60000, ...(body === options ? {} : options) }, body);

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

// ---- the daemon -------------------------------------------------------------------------------

class Daemon {
    constructor(child) {
        this.child = child;
        this.exited = new Promise((resolve) => {
            child.once('error', (error) => resolve(error.message));
            child.once('exit', (code, signal) => resolve(signal ?? code));
        });
    }

    // The exit status, or the name of the signal that ended it.
    async end(signal) {
        this.child.kill(signal);
        return within(this.exited, `end after ${signal}`);
    }
}

function folder() {
    const name = fs.mkdtempSync(path.join(os.tmpdir(), 'rookery-e2e-'));
    later(() => fs.rmSync(name, { recursive: true, force: true }));
    return name;
}

// An environment without what the caller's may say about options, and with env.
function bare(env = {}) {
    const { PATH, HOME, ASAN_OPTIONS, UBSAN_OPTIONS, MONGOC_DISABLE_SHM } = process.env;
    return { PATH, HOME, ASAN_OPTIONS, UBSAN_OPTIONS, MONGOC_DISABLE_SHM, ...env };
}

// One user may send what a whole test sends, and only what goes wrong is logged.
const QUIET = {
    ROOKERY_RATE_MESSAGES: '0', ROOKERY_RATE_SENDS: '0', ROOKERY_RATE_JOINS: '0', ROOKERY_RATE_QUERIES: '0',
    ROOKERY_RATE_TYPING: '0', ROOKERY_RATE_PRESENCE: '0', ROOKERY_LOG_LEVEL: 'error',
};

// A daemon that listens. data: the folder to keep its messages in; port: one, a list, or null to leave
// it to env, which is added to the environment. daemon.origins: one per port; daemon.origin: the first.
// log: daemon.log is what it logs, which is not shown then. ms: how long its start may take. through:
// a command that runs it.
async function start({
    data = folder(), port = 0, args = [], env = {}, log = false, ms = DEADLINE_MS, through = [],
} = {}) {
    const ports = port === null ? [] : ['--port', [port].flat().join(',')];
    const [command, ...before] = [...through, program];
    const daemon = new Daemon(spawn(
        command,
        [...before, '--host', '127.0.0.1', ...ports, '--data', data, ...args],
        { stdio: ['ignore', 'pipe', log ? 'pipe' : 'inherit'], env: { ...QUIET, ...process.env, ...env } },
    ));
    later(() => daemon.end('SIGKILL'));
    daemon.log = '';
    daemon.child.stderr?.setEncoding('utf8').on('data', (text) => {
        daemon.log += text;
    });
    daemon.origins = [];
    const ready = new Promise((resolve) => {
        readline.createInterface(daemon.child.stdout).on('line', (line) => {
            const found = LISTENING.exec(line);
            if (found && daemon.origins.push(found[1]) === [port].flat().length) {
                resolve();
            }
        });
    });
    const ended = daemon.exited.then((how) => {
        throw new Error(`the daemon ended at its start: ${how} ${daemon.log}`);
    });
    ended.catch(() => {}); // it ends some time, and that is fine once it has listened
    await within(Promise.race([ready, ended]), 'listening daemon', ms);
    [daemon.origin] = daemon.origins;
    daemon.port = new URL(daemon.origin).port;
    return daemon;
}

// One request, as raw as a browser's would be: {status, headers, text, json()}. body: sent as it is;
// json, form: encoded, with the content type that belongs to them. Nothing is followed.
async function request(daemon, method, target, { body, json, form, headers = {}, origin } = {}) {
    const type = (json !== undefined && 'application/json')
        || (form !== undefined && 'application/x-www-form-urlencoded');
    const sent = (json !== undefined && JSON.stringify(json))
        || (form !== undefined && new URLSearchParams(form).toString()) || body;
    const outgoing = http.request(`${origin ?? daemon.origin}${target}`, {
        method, agent: false, headers: { ...(type ? { 'Content-Type': type } : {}), ...headers },
    });
    outgoing.end(sent);
    const [incoming] = await within(once(outgoing, 'response'), `answer to ${method} ${target}`);
    let text = '';
    incoming.setEncoding('utf8').on('data', (part) => {
        text += part;
    });
    await within(once(incoming, 'end'), `end of the answer to ${method} ${target}`);
    return { status: incoming.statusCode, headers: incoming.headers, text, json: () => JSON.parse(text) };
}

// ---- clients ----------------------------------------------------------------------------------

// A connected client. Events are kept in client.events from the beginning: {name, payload}.
async function connect(daemon, auth, options = {}) {
    const client = io(daemon.origin, {
        auth, transports: ['websocket'], forceNew: true, reconnection: false, ...options,
    });
    later(() => client.disconnect());
    client.events = [];
    client.onAny((name, payload) => client.events.push({ name, payload }));
    const failed = once(client, 'connect_error').then(([error]) => {
        throw error;
    });
    failed.catch(() => {});
    await within(Promise.race([once(client, 'connect'), failed]), 'connection');
    return client;
}

// Until the client is on a WebSocket.
const upgraded = (client) => within(new Promise((resolve) => {
    const { engine } = client.io;
    if (engine.transport.name === 'websocket') {
        resolve();
    } else {
        engine.once('upgrade', resolve);
    }
}), 'upgrade');

// Takes the next event of that name, come or to come.
async function take(client, name) {
    for (;;) {
        const at = client.events.findIndex((e) => e.name === name);
        if (at >= 0) {
            return client.events.splice(at, 1)[0].payload;
        }
        await within(new Promise((resolve) => {
            client.onAny(function again(event) {
                if (event === name) {
                    client.offAny(again);
                    resolve();
                }
            });
        }), `event ${name}`);
    }
}

// Waits until isTrue(); asked again after each event.
async function until(client, isTrue, what) {
    await within(new Promise((resolve) => {
        const ask = () => {
            if (isTrue()) {
                client.offAny(ask);
                resolve();
            }
        };
        client.onAny(ask);
        ask();
    }), what, 30000);
}

const ask = (client, event, payload) =>
    within(client.emitWithAck(event, payload), `answer to ${event}`);

async function join(client, roomId) {
    const answer = await ask(client, 'join_room', { roomId });
    if (!answer.ok) {
        throw new Error(answer.message);
    }
    return take(client, 'message_history');
}

const say = (client, roomId, content) => ask(client, 'send_message', { roomId, content });

module.exports = {
    Daemon, ask, bare, connect, folder, join, later, program, request, say, start, take, test, until, upgraded, within,
};
