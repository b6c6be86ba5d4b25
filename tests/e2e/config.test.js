// SPDX-License-Identifier: MIT
//
// The options of the daemon from outside: command line, environment, file, what it prints and logs,
// SIGHUP, several ports, CORS.
'use strict';

const assert = require('node:assert/strict');
const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');
const { Daemon, bare, connect, folder, join, later, program, say, take, test, within } = require('./harness');

const SAMPLE = path.join(__dirname, '../../conf/rookery.conf');

function run(args, env = {}) {
    const { status, stdout, stderr } = spawnSync(program, args, { env: bare(env), encoding: 'utf8' });
    return { status, stdout, stderr };
}

function configFile(text) {
    const file = path.join(folder(), 'rookery.conf');
    fs.writeFileSync(file, text);
    return file;
}

// The settings of a printed configuration: name -> [value, where from].
function settings(printed) {
    const found = {};
    for (const line of printed.split('\n')) {
        const match = /^([a-z-]+) +(.*\S) +# ([^#]*)$/.exec(line);
        if (match) {
            found[match[1]] = [match[2], match[3]];
        }
    }
    return found;
}

// Lines as they come, and a promise of the first that fits.
class Lines {
    constructor(stream) {
        this.lines = [];
        this.waiting = [];
        readline.createInterface(stream).on('line', (line) => {
            this.lines.push(line);
            [...this.waiting].forEach((look) => look());
        });
    }

    async find(fits, what) {
        let look;
        const found = new Promise((resolve) => {
            look = () => {
                const at = this.lines.findIndex(fits);
                if (at >= 0) {
                    this.waiting.splice(this.waiting.indexOf(look), 1);
                    resolve(this.lines.splice(0, at + 1)[at]);
                }
            };
        });
        this.waiting.push(look);
        look();
        return within(found, what);
    }
}

// A daemon with its output and its log at hand; ports: how many it listens on.
async function launch({ args = [], env = {}, ports = 1 } = {}) {
    const child = spawn(program, ['--host', '127.0.0.1', '--data', folder(), ...args],
        { stdio: ['ignore', 'pipe', 'pipe'], env: bare(env) });
    const daemon = new Daemon(child);
    later(() => daemon.end('SIGKILL'));
    daemon.log = new Lines(child.stderr);
    const out = new Lines(child.stdout);
    daemon.origins = [];
    while (daemon.origins.length < ports) {
        const line = await out.find(() => true, 'listening line');
        daemon.origins.push(/^rookery: listening on (http:\/\/127\.0\.0\.1:\d+)\/$/.exec(line)[1]);
    }
    daemon.origin = daemon.origins[0];
    daemon.logged = async (msg) => JSON.parse(
        await daemon.log.find((line) => JSON.parse(line).msg === msg, `log line "${msg}"`));
    return daemon;
}

test('the command line wins over the environment, that over the file', () => {
    const file = configFile('port 1\nhost 10.0.0.1\nloops 3\n');
    const env = { PORT: '2', ROOKERY_HOST: '10.0.0.2', WS_PING_TIMEOUT: '5000' };
    const { status, stdout } = run(['--print-config', '--config', file, '--port=5'], env);
    const found = settings(stdout);
    assert.equal(status, 0);
    assert.deepEqual(found.port, ['5', 'command line']);
    assert.deepEqual(found.host, ['10.0.0.2', 'environment ROOKERY_HOST']);
    assert.deepEqual(found['ping-timeout'], ['5s', 'environment WS_PING_TIMEOUT']);
    assert.deepEqual(found.loops, ['3', `${file}:3`]);
    assert.deepEqual(found['ping-interval'], ['25s', 'default']);
});

test('what --print-config prints is read as the same configuration', () => {
    const file = configFile('service-id " a # b "\ncors-origin http://a, http://b\nport 1, 2\nqueue-max 65537\n');
    const env = { JWT_EXPIRES_IN: '2 days', LOG_LEVEL: 'debug' };
    const first = run(['--config', file, '--print-config', '--loops', '2'], env).stdout;
    const second = run(['--config', configFile(first), '--print-config']).stdout;
    const third = run(['--config', configFile(second), '--print-config']).stdout;
    const values = (text) => Object.entries(settings(text)).map(([name, [value]]) => [name, value]);
    assert.ok(values(first).length > 30);
    assert.deepEqual(values(second), values(first));
    assert.deepEqual(settings(first)['service-id'], ['" a # b "', `${file}:1`]);
    assert.deepEqual(values(third), values(first));
});

test('secrets are not shown', () => {
    const env = { JWT_SECRET: 'hunter2', MONGO_URI: 'mongodb://u:hunter2@h/d', REDIS_URL: 'redis://h:6379' };
    const { status, stdout, stderr } = run(['--print-config'], env);
    assert.equal(status, 0);
    assert.ok(!/hunter2/.test(stdout + stderr));
    assert.match(stdout, /^# jwt-secret +\*\*\* +# environment JWT_SECRET$/m);
    assert.match(stdout, /^# mongo-uri +mongodb:\/\/\*\*\*@h\/d +# environment MONGO_URI$/m);
    assert.match(stdout, /^redis-url +redis:\/\/h:6379 +# environment REDIS_URL$/m);
});

test('--check-config says that all is well, or every problem with its place', () => {
    const good = configFile('port 3000\n');
    assert.deepEqual(run(['--check-config', '--config', good]),
        { status: 0, stdout: `rookery: the configuration is good (${good})\n`, stderr: '' });
    const bad = configFile([
        '# line 1', 'message-length 5x', 'prot 1', 'auth = open', 'queue-max 1', 'host "a',
        'ping-timeout 5y', 'loops 1', 'loops 2', 'log-level loud', '',
    ].join('\n'));
    assert.deepEqual(run(['--check-config', '--config', bad, '--journal', 'x'], { PORT: 'http' }), {
        status: 2,
        stdout: '',
        stderr: [
            "--journal: 'x' is not one of: auto, direct, none, kafka, rabbitmq",
            "PORT: 'http' is not a number from 0 to 65535, or a list of them",
            `${bad}:2: message-length: '5x' is not a number from 1 to 1000000`,
            `${bad}:3: 'prot' is no option; did you mean 'port'?`,
            `${bad}:4: auth: a value stands behind a space, without '='`,
            `${bad}:5: queue-max: '1' is not a size from 64KiB to 1GiB`,
            `${bad}:6: host: the closing quote is missing`,
            `${bad}:7: ping-timeout: '5y' is not a duration from 100ms to 1d`,
            `${bad}:9: loops: line 8 sets it already`,
            `${bad}:10: log-level: 'loud' is not one of: error, warn, info, debug`,
            '',
        ].join('\n'),
    });
});

test('a daemon with wrong options does not start', () => {
    assert.deepEqual(run(['--config', '/nowhere/rookery.conf']),
        { status: 2, stdout: '', stderr: 'config: /nowhere/rookery.conf: No such file or directory\n' });
    const { status, stderr } = run(['--auth', 'required']);
    assert.equal(status, 2);
    assert.equal(stderr, "auth: 'required' needs a jwt-secret, a jwks-file or a jwks-url\n");
});

test('the file in conf/ is good, and what the program prints', () => {
    assert.equal(run(['--check-config', '--config', SAMPLE]).status, 0);
    assert.equal(run(['--print-defaults']).stdout, fs.readFileSync(SAMPLE, 'utf8'));
    for (const name of Object.keys(settings(run(['--print-config']).stdout))) {
        assert.match(run(['--help']).stdout, new RegExp(`^  --${name} `, 'm'));
    }
});

test('several ports serve one chat', async () => {
    const daemon = await launch({ args: ['--port', '0,0,0'], ports: 3 });
    assert.equal(new Set(daemon.origins).size, 3);
    const [ada, bob] = await Promise.all([0, 2].map((i) => connect({ origin: daemon.origins[i] })));
    await join(ada, 'general');
    await join(bob, 'general');
    await say(ada, 'general', 'across ports');
    assert.equal((await take(bob, 'message')).content, 'across ports');
    for (const origin of daemon.origins) {
        assert.equal((await fetch(`${origin}/health`)).status, 200);
    }
});

test('options of connections reach them', async () => {
    const args = ['--port=0', '--path=/sockets/', '--ping-interval=1m', '--ping-timeout=700', '--payload-max=64k'];
    const daemon = await launch({ args });
    const body = await (await fetch(`${daemon.origin}/sockets/?EIO=4&transport=polling`)).text();
    const { pingInterval, pingTimeout, maxPayload } = JSON.parse(body.slice(1));
    assert.deepEqual([pingInterval, pingTimeout, maxPayload], [60000, 700, 65536]);
    assert.equal((await fetch(`${daemon.origin}/socket.io/?EIO=4&transport=polling`)).status, 404);
});

test('a port that is taken is named', async () => {
    const daemon = await launch({ args: ['--port', '0'] });
    const port = new URL(daemon.origin).port;
    const { status, stderr } = run(['--host', '127.0.0.1', '--port', `0,${port}`, '--data', folder()]);
    const line = stderr.split('\n').filter((text) => text.startsWith('{')).map((text) => JSON.parse(text))
        .find((l) => l.level === 'error');
    assert.equal(status, 1);
    assert.deepEqual([line.msg, line.port, line.why], ['cannot listen', Number(port), 'Address already in use']);
});

test('the log is JSON, from the beginning to the end', async () => {
    const file = configFile('port 0\n');
    const daemon = await launch({ args: ['--config', file] });
    const starting = await daemon.logged('starting');
    assert.equal(starting.level, 'info');
    assert.equal(starting.config, file);
    assert.equal(new Date(starting.time).toISOString(), starting.time);
    const listening = await daemon.logged('listening');
    assert.equal(listening.port, Number(new URL(daemon.origin).port));
    assert.equal(listening.service, `rookery-${os.hostname()}-${listening.port}`);
    assert.equal(await daemon.end('SIGTERM'), 0);
    assert.equal((await daemon.logged('stopped')).status, 0);
});

test('the log is text if one wants it, and quiet if one wants that', async () => {
    const daemon = await launch({ args: ['--port', '0', '--log-format', 'text'] });
    const line = await daemon.log.find((text) => / listening /.test(text), 'line of text');
    assert.match(line, /^\d\d:\d\d:\d\d\.\d\d\d INFO  listening host=127\.0\.0\.1 port=\d+ service=\S+$/);
    const quiet = await launch({ args: ['--port', '0', '--log-level', 'error'] });
    assert.equal(await quiet.end('SIGTERM'), 0);
    assert.deepEqual(quiet.log.lines, []);
});

const allowed = async (url, origin, options = {}) =>
    (await fetch(url, { ...options, headers: { origin, ...options.headers } }))
        .headers.get('access-control-allow-origin');

test('a path where something else is served is refused, and any other is told to the pages', async () => {
    for (const [option, served] of [['/', '/'], ['/chat/', '/chat'], ['/api/io', '/api'], ['/metrics', '/metrics']]) {
        const { status, stderr } = run(['--port=0', `--path=${option}`, '--journal=none', '--log-format=json']);
        assert.equal(status, 1);
        const said = stderr.split('\n').find((line) => line.includes('something else is served'));
        assert.equal(JSON.parse(said).path, option);
        assert.ok(JSON.parse(said).served.startsWith(served), said);
    }
    const daemon = await launch({ args: ['--port', '0', '--path', '/sockets'] });
    assert.equal((await (await fetch(`${daemon.origin}/api/config`)).json()).path, '/sockets');
    assert.equal((await fetch(`${daemon.origin}/sockets/socket.io.js`)).status, 200);
});

test('SIGHUP changes what may change, and names what needs a restart', async () => {
    const file = configFile('port 0\ncors-origin http://a\nlog-level info\n');
    const daemon = await launch({ args: ['--config', file] });
    const polling = `${daemon.origin}/socket.io/?EIO=4&transport=polling`;
    assert.equal(await allowed(polling, 'http://b'), 'http://a');

    fs.writeFileSync(file, 'port 0\ncors-origin http://a, http://b\nloops 7\nmessage-length 9\n'
        + 'rate-messages 9\ntyping-timeout 2s\n');
    daemon.child.kill('SIGHUP');
    const read = await daemon.logged('the options have been read again');
    assert.equal(read.changed, 'cors-origin, message-length, typing-timeout, rate-messages');
    const kept = await daemon.logged('some options change with the next start only');
    assert.deepEqual([kept.level, kept.options], ['warn', 'loops']);
    assert.equal(await allowed(polling, 'http://b'), 'http://b');
    assert.equal(await allowed(`${daemon.origin}/health`, 'http://b'), 'http://b');
    assert.equal(await allowed(`${daemon.origin}/health`, 'http://c'), null);

    const { messageLength, typingTimeout } = await (await fetch(`${daemon.origin}/api/config`)).json();
    assert.deepEqual([messageLength, typingTimeout], [9, 2000]);

    fs.writeFileSync(file, 'port 0\ncors-origin none\nlog-level loud\n');
    daemon.child.kill('SIGHUP');
    const refused = await daemon.logged('the options stay as they are');
    assert.equal(refused.why, `${file}:3: log-level: 'loud' is not one of: error, warn, info, debug`);
    assert.equal(await allowed(polling, 'http://b'), 'http://b');

    fs.writeFileSync(file, 'port 0\ncors-origin none\n');
    daemon.child.kill('SIGHUP');
    assert.equal((await daemon.logged('the options have been read again')).changed,
        'cors-origin, message-length, typing-timeout, rate-messages');
    assert.equal(await allowed(polling, 'http://b'), null);
    assert.equal(await daemon.end('SIGTERM'), 0);
});

test('pages of other origins may call, as the options say', async () => {
    const daemon = await launch({ args: ['--port', '0'] });
    const headers = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-a,x-b' };
    for (const url of [`${daemon.origin}/health`, `${daemon.origin}/socket.io/?EIO=4&transport=polling`]) {
        const preflight = await fetch(url, { method: 'OPTIONS', headers: { origin: 'http://a', ...headers } });
        assert.equal(preflight.status, 204);
        assert.equal(preflight.headers.get('access-control-allow-origin'), 'http://a');
        assert.equal(preflight.headers.get('access-control-allow-credentials'), 'true');
        assert.equal(preflight.headers.get('access-control-allow-methods'), 'GET,HEAD,PUT,PATCH,POST,DELETE');
        assert.equal(preflight.headers.get('access-control-allow-headers'), 'x-a,x-b');
        assert.match(preflight.headers.get('vary'), /Origin/);
    }
    const refused = await fetch(`${daemon.origin}/health`, { method: 'POST', headers: { origin: 'http://a' } });
    assert.equal(refused.status, 405);
    assert.equal(refused.headers.get('access-control-allow-origin'), 'http://a');

    const closed = await launch({ args: ['--port', '0', '--cors-origin=*', '--cors-credentials=no'] });
    const answer = await fetch(`${closed.origin}/health`, { headers: { origin: 'http://a' } });
    assert.equal(answer.headers.get('access-control-allow-origin'), '*');
    assert.equal(answer.headers.get('access-control-allow-credentials'), null);
});
