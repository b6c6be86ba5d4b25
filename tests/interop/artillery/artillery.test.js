// SPDX-License-Identifier: MIT
//
// The load tests of dialects 1 and 4 as Artillery runs them, for a few seconds each: without an error,
// and all that they say is heard by somebody in the room.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { folder, later, request, start, take, test, within } = require('../../e2e/harness');
const { native, scalable } = require('../dialects/people');

const program = path.join(__dirname, '../../../build-artillery/node_modules/artillery/bin/run');
const options = {
    timeout: 150000,
    skip: !fs.existsSync(program) && 'artillery is not installed (tools/setup interop, 590 MB)',
};

// The counters of a run, which takes 20 seconds: Artillery closes its books every ten.
async function run(daemon, flow) {
    const report = path.join(folder(), 'report.json');
    const env = { ...process.env, ARTILLERY_DISABLE_TELEMETRY: 'true', NODE_PATH: '' };
    const child = spawn(process.execPath, [
        program, 'run', '--quiet', '--target', daemon.origin, '--output', report, path.join(__dirname, flow),
    ], { stdio: ['ignore', 'ignore', 'inherit'], env });
    later(() => child.kill('SIGKILL'));
    const [status] = await within(once(child, 'exit'), 'end of artillery', 120000);
    assert.equal(status, 0);
    const { counters } = JSON.parse(fs.readFileSync(report, 'utf8')).aggregate;
    assert.deepEqual(Object.keys(counters).filter((name) => name.startsWith('errors.')), []);
    assert.equal(counters['vusers.failed'], 0);
    assert.equal(counters['vusers.completed'], counters['vusers.created']);
    return counters;
}

test('the load test of dialect 4: thirty users join, and each is heard once', options, async () => {
    const daemon = await start();
    const witness = await native.enter(daemon, 'test-room', 'witness');
    const counters = await run(daemon, 'realtime.yml');
    assert.deepEqual([counters['vusers.completed'], counters['socketio.emit']], [30, 60]);
    const texts = new Set();
    for (let i = 1; i <= 30; i++) {
        const { offset, content } = await take(witness, 'message');
        assert.equal(offset, i);
        texts.add(content);
    }
    assert.equal(texts.size, 30);
    assert.equal([...texts].every((text) => /^Hello from [0-9a-f-]{36}$/.test(text)), true);
});

test('the load test of dialect 1: fifteen users register, join, talk and read', options, async () => {
    const daemon = await start();
    const witness = await scalable.enter(daemon, 'load-test-room', 'witness');
    const counters = await run(daemon, 'scalable.yml');
    const wanted = {
        'vusers.completed': 15, 'socketio.emit': 60, 'http.requests': 75, 'http.codes.201': 15, 'http.codes.200': 60,
    };
    assert.deepEqual(Object.fromEntries(Object.keys(wanted).map((name) => [name, counters[name]])), wanted);
    for (let i = 0; i < 45; i++) {
        assert.match((await take(witness, 'receiveMessage')).text, /^Message \d of /);
    }
    const history = (await request(daemon, 'GET', '/messages/history/load-test-room')).json();
    assert.equal(history.length, 46);
});
