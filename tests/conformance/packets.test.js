// SPDX-License-Identifier: MIT
//
// Checklist section "Packets": what Socket.IO packets may look like, and what is not one. A broken
// packet ends the connection by a Close frame; heartbeats of 25 s cannot be mistaken for that.
'use strict';

const assert = require('node:assert/strict');
const { endsCleanly, test, useServer } = require('./harness');
const { connect, expectAlive, openEngine, parseEvent, placeholder } = require('./socket_client');

const clients = useServer('clients');

const bytes = (...values) => Buffer.from(values);

// ---- events and their arguments -------------------------------------------------------------

test('the arguments of an event come back as they were sent', async () => {
    const socket = await connect(clients);
    socket.send('42["message",1,"2",{"3":[true]}]');
    assert.equal(await socket.next(), '42["message-back",1,"2",{"3":[true]}]');
});

const json = {
    'null, booleans and empty values': '[null,true,false,"",{},[],[[]]]',
    'numbers': '[0,-1,1.5,-0.25,1e21,1e-7,9007199254740991,123456789012345680]',
    'unicode': '["€ 日本 😀 \u2028\u2029 ÿ"]',
    'escapes': '["\\u0000\\u001f \\" \\\\ \\n\\t\\b\\f\\r","\\ud800"]',
    'nested objects': '[{"b":1,"a":{"z":[1,2,{"y":null}]},"":0}]',
    'an array of depth 64': `[${'['.repeat(64)}${']'.repeat(64)}]`,
    'an object of depth 64': `[${'{"a":'.repeat(64)}1${'}'.repeat(64)}]`,
    'keys that are special in JavaScript': '[{"constructor":1,"toString":2,"length":3}]',
    'something like a placeholder': '[{"_placeholder":false,"num":0},{"num":1}]',
};

for (const [what, args] of Object.entries(json)) {
    test(`JSON comes back unchanged: ${what}`, async () => {
        const socket = await connect(clients);
        socket.send(`42["message",${args.slice(1)}`);
        const event = parseEvent(await socket.next());
        assert.deepEqual(event.args, ['message-back', ...JSON.parse(args)]);
    });
}

test('JSON may hold white space and escaped characters', async () => {
    const socket = await connect(clients);
    socket.send('42[ "mess\\u0061ge" ,\t{ "\\u0061" :\n1 } , "\\/" ]');
    assert.deepEqual(parseEvent(await socket.next()).args, ['message-back', { a: 1 }, '/']);
});

test('an event of 900 kB comes back', async () => {
    const socket = await connect(clients);
    const text = 'é'.repeat(450000);
    socket.send(`42["message","${text}"]`);
    assert.ok(await socket.next() === `42["message-back","${text}"]`);
});

test('1000 events in a row keep their order', async () => {
    const socket = await connect(clients);
    for (let i = 0; i < 1000; i++) {
        socket.send(`42["message",${i}]`);
    }
    for (let i = 0; i < 1000; i++) {
        assert.equal(await socket.next(), `42["message-back",${i}]`);
    }
});

test('events and acknowledgements keep their order among each other', async () => {
    const socket = await connect(clients);
    for (let i = 0; i < 100; i++) {
        socket.send(`42["message",${i}]`, `42${i}["message-with-ack"]`);
    }
    for (let i = 0; i < 100; i++) {
        assert.equal(await socket.next(), `42["message-back",${i}]`);
        assert.equal(await socket.next(), `43${i}[]`);
    }
});

for (const packet of ['42["nobody",1]', '4212["nobody",1]', '42[7,"a number as name"]', '42[""]']) {
    test(`an event without a handler is ignored: ${packet}`, async () => {
        const socket = await connect(clients);
        socket.send(packet);
        await expectAlive(socket);
    });
}

// ---- acknowledgements -----------------------------------------------------------------------

test('an acknowledgement carries id and arguments', async () => {
    const socket = await connect(clients);
    socket.send('42456["message-with-ack",1,"2",{"3":[false]}]');
    assert.equal(await socket.next(), '43456[1,"2",{"3":[false]}]');
});

for (const id of ['0', '1', '4294967296', '9007199254740991']) {
    test(`the ack id ${id} is echoed`, async () => {
        const socket = await connect(clients);
        socket.send(`42${id}["message-with-ack"]`);
        assert.equal(await socket.next(), `43${id}[]`);
    });
}

test('an acknowledgement names its namespace', async () => {
    const socket = await connect(clients, { namespace: '/custom' });
    socket.send('42/custom,7["message-with-ack",1]');
    assert.equal(await socket.next(), '43/custom,7[1]');
});

test('an event without ack id is not acknowledged', async () => {
    const socket = await connect(clients);
    socket.send('42["message-with-ack",1]');
    await expectAlive(socket);
});

for (const packet of ['43999[1]', '43[]', '430[]']) {
    test(`an ACK that nobody waits for is ignored: ${packet}`, async () => {
        const socket = await connect(clients);
        socket.send(packet);
        await expectAlive(socket);
    });
}

// ---- attachments ----------------------------------------------------------------------------

test('two attachments come back, numbered in order', async () => {
    const socket = await connect(clients);
    socket.send(`452-["message",${placeholder(0)},${placeholder(1)}]`, bytes(1, 2, 3), bytes(4));
    assert.equal(await socket.next(),
        `452-["message-back",${placeholder(0)},${placeholder(1)}]`);
    assert.deepEqual(await socket.next(), bytes(1, 2, 3));
    assert.deepEqual(await socket.next(), bytes(4));
});

test('placeholders may be nested and in any order', async () => {
    const socket = await connect(clients);
    socket.send(`452-["message",{"a":[${placeholder(1)}]},${placeholder(0)}]`, bytes(1), bytes(2));
    const { args } = parseEvent((await socket.next()).replace(/^452-/, '42'));
    const attachments = [await socket.next(), await socket.next()];
    assert.deepEqual(attachments[args[1].a[0].num], bytes(2));
    assert.deepEqual(attachments[args[2].num], bytes(1));
});

test('attachments are numbered from 0 in the order they are met', async () => {
    const socket = await connect(clients);
    socket.send(`452-["message",${placeholder(1)},${placeholder(0)}]`, bytes(1), bytes(2));
    assert.equal(await socket.next(),
        `452-["message-back",${placeholder(0)},${placeholder(1)}]`);
    assert.deepEqual([await socket.next(), await socket.next()], [bytes(2), bytes(1)]);
});

test('a placeholder may have its keys in the other order, and more of them', async () => {
    const socket = await connect(clients);
    socket.send('451-["message",{"num":0,"x":1,"_placeholder":true}]', bytes(5));
    assert.equal(await socket.next(), `451-["message-back",${placeholder(0)}]`);
    assert.deepEqual(await socket.next(), bytes(5));
});

test('ten attachments are taken', async () => {
    const socket = await connect(clients);
    const indexes = Array.from({ length: 10 }, (_, i) => i);
    socket.send(`4510-["message",${indexes.map(placeholder)}]`, ...indexes.map((i) => bytes(i)));
    assert.match(await socket.next(), /^4510-\["message-back",/);
    for (const i of indexes) {
        assert.deepEqual(await socket.next(), bytes(i));
    }
});

test('an attachment may be empty', async () => {
    const socket = await connect(clients);
    socket.send(`452-["message",${placeholder(0)},${placeholder(1)}]`, bytes(), bytes(1));
    assert.match(await socket.next(), /^452-/);
    assert.deepEqual([await socket.next(), await socket.next()], [bytes(), bytes(1)]);
});

test('attachments work in a custom namespace', async () => {
    const socket = await connect(clients, { namespace: '/custom' });
    socket.send(`451-/custom,["message",${placeholder(0)}]`, bytes(9));
    assert.equal(await socket.next(), `451-/custom,["message-back",${placeholder(0)}]`);
    assert.deepEqual(await socket.next(), bytes(9));
});

test('an acknowledgement may carry attachments', async () => {
    const socket = await connect(clients);
    const pair = `${placeholder(0)},${placeholder(1)}`;
    socket.send(`452-789["message-with-ack",${pair}]`, bytes(1, 2, 3), bytes(4, 5));
    assert.equal(await socket.next(), `462-789[${pair}]`);
    assert.deepEqual(await socket.next(), bytes(1, 2, 3));
    assert.deepEqual(await socket.next(), bytes(4, 5));
});

test('attachments over polling are b packets', async () => {
    const socket = await connect(clients, { transport: 'polling' });
    await socket.post(`451-["message",${placeholder(0)}]\x1ebAQIDBA==`);
    assert.equal(await socket.next(), `451-["message-back",${placeholder(0)}]`);
    assert.deepEqual(await socket.next(), bytes(1, 2, 3, 4));
});

test('attachments over polling may come in a later request', async () => {
    const socket = await connect(clients, { transport: 'polling' });
    await socket.send(`452-["message",${placeholder(0)},${placeholder(1)}]`, bytes(1));
    await socket.send(bytes(2));
    assert.match(await socket.next(), /^452-/);
    assert.deepEqual([await socket.next(), await socket.next()], [bytes(1), bytes(2)]);
});

test('events keep their order around one with attachments', async () => {
    const socket = await connect(clients);
    const binary = [`451-["message",${placeholder(0)}]`, bytes(2)];
    socket.send('42["message",1]', ...binary, '42["message",3]');
    assert.equal(await socket.next(), '42["message-back",1]');
    assert.match(await socket.next(), /^451-/);
    assert.deepEqual(await socket.next(), bytes(2));
    assert.equal(await socket.next(), '42["message-back",3]');
});

// ---- what is no packet ----------------------------------------------------------------------

const broken = {
    'no packet at all': '4',
    'an unknown type': '47',
    'a letter for a type': '4x',
    'an EVENT that is an object': '42{}',
    'an EVENT that is a string': '42"message"',
    'an EVENT that is null': '42null',
    'an EVENT without a name': '42[]',
    'an EVENT whose name is an object': '42[{}]',
    'an EVENT whose name is null': '42[null]',
    'an EVENT whose name is a boolean': '42[true]',
    'an EVENT cut off': '42["message",1',
    'an EVENT with something behind it': '42["message"]x',
    'an EVENT with a trailing comma': '42["message",]',
    'an EVENT with single quotes': "42['message']",
    'an EVENT with NaN': '42["message",NaN]',
    'an EVENT with a leading zero': '42["message",01]',
    'an EVENT with a bare control character': '42["message","\x01"]',
    'an EVENT with a bad escape': '42["message","\\x"]',
    'an ack id that is no number': '42abc["message-with-ack",1]',
    'an ack id that is negative': '42-1["message-with-ack",1]',
    'a namespace without a comma': '42/custom["message"]',
    'an ACK that is an object': '430{}',
    'an ACK cut off': '430[1',
    'a DISCONNECT with a payload': '41{"a":1}',
    'a CONNECT_ERROR': '44{"message":"x"}',
    'a BINARY_EVENT without a count': '45["message"]',
    'a BINARY_EVENT without a dash': `451["message",${placeholder(0)}]`,
    'a BINARY_EVENT whose count is no number': '45x-["message"]',
    'a BINARY_EVENT that announces no attachment': '450-["message"]',
    'a BINARY_EVENT whose count is negative': '45-1-["message"]',
    'a BINARY_EVENT whose count is a fraction': `451.5-["message",${placeholder(0)}]`,
    'a BINARY_EVENT cut off': `451-["message",${placeholder(0).slice(0, -1)}`,
    'a BINARY_EVENT that announces 11 attachments': `4511-["message",${placeholder(0)}]`,
    'a BINARY_EVENT that announces 10^20': `45100000000000000000000-["message",${placeholder(0)}]`,
    'a BINARY_ACK without a count': '46[]',
};

for (const name of ['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener',
    'removeListener']) {
    broken[`an EVENT of the reserved name ${name}`] = `42["${name}"]`;
}
broken['a reserved name written with escapes'] = '42["disconnec\\u0074"]';

for (const [what, packet] of Object.entries(broken)) {
    test(`${what} closes the transport: ${packet.slice(0, 40)}`, async () => {
        const socket = await connect(clients);
        socket.send(packet);
        await socket.isOver();
    });
}

for (const payload of ['{"a"', '"x"', '[1]', 'null', 'true', '{"a":1}x']) {
    test(`CONNECT with the payload ${payload} closes the transport`, async () => {
        const engine = await openEngine(clients);
        engine.send(`40${payload}`);
        await engine.isOver();
    });
}

test('an EVENT without a payload is not delivered', async () => {
    const socket = await connect(clients);
    socket.send('42', '42["message","marker"]');
    const packet = await socket.next().catch(() => 'closed'); // the reference ignores it
    assert.ok(['42["message-back","marker"]', 'closed'].includes(packet), packet);
});

test('text while an attachment is due closes the transport', async () => {
    const socket = await connect(clients);
    socket.send(`451-["message",${placeholder(0)}]`, '42["message"]');
    await socket.isOver();
});

test('an attachment that nobody announced closes the transport', async () => {
    const socket = await connect(clients);
    socket.send(bytes(1));
    await socket.isOver();
});

test('an attachment too many closes the transport', async () => {
    const socket = await connect(clients);
    socket.send(`451-["message",${placeholder(0)}]`, bytes(1), bytes(2));
    await socket.isOver();
});

for (const number of ['1', '5', '-1', '"0"', 'null']) {
    test(`a placeholder with num ${number} of one attachment closes the transport`, async () => {
        const socket = await connect(clients);
        socket.send(`451-["message",{"_placeholder":true,"num":${number}}]`, bytes(1));
        await socket.isOver();
    });
}

test('a broken packet is told to nobody else: the other connections stay', async () => {
    const other = await connect(clients);
    const socket = await connect(clients);
    socket.send('42[');
    await socket.isOver();
    await expectAlive(other);
});

endsCleanly(clients);
