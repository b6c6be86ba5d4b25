// SPDX-License-Identifier: MIT
//
// The page at /, in a real browser. Screenshots of it stay in the build folder.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const zlib = require('node:zlib');
const { ask, connect, folder, say, start, test } = require('./harness');
const { PAGE, browser, isIn, openWindow, sees, shoot, skip, visit, write, writing } = require('./windows');

const axe = skip ? '' : fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const texts = (page) => page.$$eval('.message .text', (all) => all.map((e) => e.textContent));
const seesNot = (page, text) => page.waitForFunction(
    (t) => ![...document.querySelectorAll('.message .text')].some((e) => e.textContent.includes(t)), text);
const message = (page, text) => page.locator('.message', { hasText: text });
// What is on its way yet can neither be edited nor deleted.
const stored = (page, text) => page.locator('.message:not(.pending)', { hasText: text }).waitFor();
const isAtEnd = (page) => page.$eval('.log', (e) => e.scrollHeight - e.scrollTop - e.clientHeight < 2);
const scroll = (page, top) => page.$eval('.log', (e, y) => { e.scrollTop = y; }, top);

// Whom the page shuts out, as axe-core sees it: WCAG 2.2 at level AA, contrast of colours included.
async function accessible(page, what) {
    await page.evaluate(() => Promise.all(document.getAnimations()
        .filter((a) => a.effect.getTiming().iterations !== Infinity).map((a) => a.finished)));
    await page.evaluate(axe);
    const found = await page.evaluate(() => window.axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    }));
    const faults = found.violations.map((v) =>
        `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.failureSummary}`).join('; ')}`);
    assert.deepEqual(faults, [], what);
}

// What a daemon is given that wants accounts; that takes more messages than people write.
const accounts = ['--auth', 'required', '--jwt-secret', 'a secret of at least thirty-two bytes'];
const unlimited = ['--rate-messages', '0'];

// ---- other clients ----------------------------------------------------------------------------

async function client(daemon, name, room) {
    const c = await connect(daemon, { userId: `id of ${name}`, username: name });
    const answer = await ask(c, 'join_room', { roomId: room, after: 0 });
    assert.ok(answer.ok, answer.message);
    return c;
}

async function sayLines(c, room, from, to) {
    for (let i = from; i <= to; i++) {
        const { ok, message: why } = await say(c, room, `line ${i}`);
        assert.ok(ok, why);
    }
}

// Search follows what is said by half a second, and nothing tells when it is there.
async function searchable(c, room, text) {
    const found = async () => (await ask(c, 'search', { roomId: room, query: text })).messages;
    while ((await found()).length === 0) {
        await new Promise((resolve) => { setTimeout(resolve, 50); });
    }
}

const lines = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => `line ${from + i}`);

// ---- tests ------------------------------------------------------------------------------------

test('the JavaScript is under 150 KB compressed', { skip }, () => {
    const dir = path.dirname(PAGE);
    const scripts = fs.readdirSync(dir).filter((name) => name.endsWith('.js'));
    const bytes = scripts.reduce((sum, name) =>
        sum + zlib.gzipSync(fs.readFileSync(path.join(dir, name))).length, 0);
    assert.ok(scripts.length > 0 && bytes < 150000, `${bytes} bytes in ${scripts}`);
});

test('two windows chat', { skip }, async () => {
    const daemon = await start();
    const chromiumInstance = await browser();
    const ada = await visit(chromiumInstance, daemon, 'Ada');
    const bob = await visit(chromiumInstance, daemon, 'Bob Baker');
    await ada.locator('.person', { hasText: 'Bob Baker' }).waitFor();
    await write(ada, 'Hello Bob, are the rooks back?');
    await sees(bob, 'are the rooks back?');
    await writing(bob).pressSequentially('Since');
    await ada.getByText('Bob Baker is typing…').waitFor();
    await write(bob, 'Since this morning. They are building in the old elm.\nTwo nests already.');
    await sees(ada, 'Two nests already');
    await ada.getByText('is typing').waitFor({ state: 'detached' });
    await write(ada, 'I will come and look. https://example.org/rooks (if it stays dry).');
    await write(ada, 'And bring the camera.');
    await sees(bob, 'bring the camera');
    await message(ada, 'bring the camera').getByTitle('Read by Bob Baker').waitFor();
    await shoot(ada, 'chat');
    assert.equal(await ada.locator('.own').count(), 3);
    assert.equal(await bob.getAttribute('.text a', 'href'), 'https://example.org/rooks');
    await bob.context().close();
    await ada.locator('.person.offline', { hasText: 'Bob Baker' }).waitFor();
    assert.deepEqual(ada.troubles, []);
});

test('who has read what is still known after a reload', { skip }, async () => {
    const daemon = await start();
    const instance = await browser();
    const ada = await visit(instance, daemon, 'Ada');
    const bob = await visit(instance, daemon, 'Bob Baker');
    await write(ada, 'seen by Bob');
    await sees(bob, 'seen by Bob');
    await message(ada, 'seen by Bob').getByTitle('Read by Bob Baker').waitFor();
    await bob.context().close();
    await ada.reload();
    await message(ada, 'seen by Bob').getByTitle('Read by 1 person').waitFor();
    assert.deepEqual([...ada.troubles, ...bob.troubles], []);
});

test('the pages find Socket.IO wherever it is', { skip }, async () => {
    const daemon = await start({ args: ['--path', '/sockets'] });
    const instance = await browser();
    const ada = await visit(instance, daemon, 'Ada');
    await write(ada, 'found it');
    await ada.locator('.message:not(.pending)', { hasText: 'found it' }).waitFor();
    await fetch(`${daemon.origin}/rooms`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ roomId: 'elm', name: 'Elm', createdBy: 'ada' }),
    });
    const group = await openWindow(instance, daemon, { address: '/chat/elm?user=Bob' });
    await group.locator('#online_users li', { hasText: 'Bob' }).waitFor();
    assert.deepEqual([...ada.troubles, ...group.troubles], []);
});

test('hostile names and texts are text', { skip }, async () => {
    const evil = '<img src=x onerror="alert(1)"><script>alert(2)</script>';
    const room = evil.slice(0, 60);
    const daemon = await start();
    const c = await client(daemon, evil, room);
    await say(c, room, evil);
    await say(c, room, 'javascript:alert(1) data:text/html,<script>alert(1)</script>');
    await say(c, room, `https://example.invalid/\u202eabc ${'x'.repeat(300)}`);
    await say(c, room, '__proto__ constructor [object Object]');
    const page = await visit(await browser(), daemon, '"><b>me', room);
    await sees(page, '__proto__');
    await write(page, evil);
    await page.locator('.own .text').waitFor();
    assert.equal((await texts(page))[0], evil);
    assert.equal(await page.locator('#root :is(img, script, .text b, bdi b)').count(), 0);
    assert.deepEqual(await page.$$eval('.text a', (all) => all.map((a) => a.protocol)), ['https:']);
    assert.equal(await page.textContent('.me-name'), '"><b>me');
    await shoot(page, 'hostile');
    assert.deepEqual(page.troubles, []);
});

test('a room by the name of a part of JavaScript is a room', { skip }, async () => {
    const daemon = await start();
    const page = await visit(await browser(), daemon, 'Ada', '__proto__');
    await write(page, 'hello');
    await page.locator('.message:not(.pending)', { hasText: 'hello' }).waitFor();
    assert.deepEqual(page.troubles, []);
});

test('a reload keeps the name, the room and what was said', { skip }, async () => {
    const daemon = await start();
    const page = await visit(await browser(), daemon, 'Ada', 'reading');
    await write(page, 'still here?');
    await page.locator('.message:not(.pending)', { hasText: 'still here?' }).waitFor();
    await writing(page).fill('half a sent');
    await page.reload();
    await sees(page, 'still here?');
    assert.equal(await page.textContent('.room-title bdi'), 'reading');
    assert.equal(await page.textContent('.me-name'), 'Ada');
    assert.equal(await page.locator('.own').count(), 1, 'it is still their own');
    assert.equal(await writing(page).inputValue(), 'half a sent');
    assert.deepEqual(page.troubles, []);
});

test('the history scrolls back to the beginning, and stays where it is read', { skip }, async () => {
    const daemon = await start({ args: unlimited });
    const c = await client(daemon, 'Early', 'general');
    await sayLines(c, 'general', 1, 620);
    const page = await visit(await browser(), daemon, 'Late');
    await sees(page, 'line 620');
    assert.ok(await isAtEnd(page), 'the newest is in sight');
    assert.equal((await texts(page)).length <= 100, true, 'only what is needed is loaded');

    // Each time to the very top: what is older comes, and the line that was there stays in sight.
    while (await page.getByText('This is where the room begins.').count() === 0) {
        const first = (await texts(page))[0];
        await scroll(page, 0);
        await page.waitForFunction((t) => document.querySelector('.message .text').textContent !== t
            || document.body.textContent.includes('This is where the room begins.'), first);
        assert.ok((await texts(page)).length <= 400, 'the document does not grow without end');
        const visible = await page.$eval('.log', (log, text) => {
            const row = [...log.querySelectorAll('.message')].find((e) => e.querySelector('.text').textContent === text);
            const at = row?.getBoundingClientRect();
            const box = log.getBoundingClientRect();
            return at !== undefined && at.bottom > box.top && at.top < box.bottom;
        }, first);
        assert.ok(visible, `${first} has jumped away`);
    }
    assert.equal((await texts(page))[0], 'line 1');
    await say(c, 'general', 'news from below');
    await page.getByRole('button', { name: '1 new' }).click();
    await sees(page, 'news from below');
    assert.ok(await isAtEnd(page));
    assert.deepEqual(page.troubles, []);
});

test('who scrolls down again gets every line once, in order', { skip }, async () => {
    const daemon = await start({ args: unlimited });
    const c = await client(daemon, 'Early', 'general');
    await sayLines(c, 'general', 1, 300);
    const instance = await browser();
    const page = await visit(instance, daemon, 'Late');
    await sees(page, 'line 300');
    await searchable(c, 'general', '300');
    await page.getByRole('button', { name: 'Search messages (Ctrl+K)' }).click();
    await page.getByLabel('Search for').fill('40');
    await page.locator('.result', { hasText: 'line 40' }).last().click();
    await sees(page, 'line 40');
    await page.waitForFunction(() => document.activeElement.textContent.includes('line 40'));
    await shoot(page, 'found');
    while (!(await texts(page)).includes('line 300')) {
        const { length } = await texts(page);
        await scroll(page, 1e6);
        await page.waitForFunction((n) => document.querySelectorAll('.message').length > n, length);
    }
    const shown = await texts(page);
    assert.deepEqual(shown, lines(Number(shown[0].slice(5)), 300));
    await say(c, 'general', 'line 301');
    await scroll(page, 1e6);
    await sees(page, 'line 301');
    assert.deepEqual(page.troubles, []);
});

test('ten thousand live messages leave a bounded document', { skip }, async () => {
    const daemon = await start({ args: unlimited });
    const c = await client(daemon, 'Fast', 'general');
    const page = await visit(await browser(), daemon, 'Ada');
    for (let i = 0; i < 10000; i += 500) {
        await Promise.all(Array.from({ length: 500 }, (_, k) => say(c, 'general', `line ${i + k + 1}`)));
    }
    await sees(page, 'line 10000');
    const { length } = await texts(page);
    assert.ok(length <= 400, `${length} messages in the document`);
    await page.waitForFunction(() => {
        const log = document.querySelector('.log');
        return log.scrollHeight - log.scrollTop - log.clientHeight < 2;
    });
    assert.deepEqual(page.troubles, []);
});

test('a page that lost its server comes back, misses nothing and repeats nothing', { skip }, async () => {
    const data = folder();
    const first = await start({ data });
    const instance = await browser();
    const page = await visit(instance, first, 'Ada');
    await write(page, 'before');
    await page.locator('.message:not(.pending)', { hasText: 'before' }).waitFor();
    assert.equal(await first.end('SIGKILL'), 'SIGKILL');
    await page.getByText('Connection lost, trying again…').waitFor();
    await write(page, 'written without a server');
    await write(page, 'and one more');
    await page.getByText('2 messages will be sent as soon as it is back').waitFor();
    await shoot(page, 'lost');

    const second = await start({ data, port: first.port });
    const c = await client(second, 'Bob', 'general');
    await say(c, 'general', 'meanwhile');
    await page.waitForSelector('.chat[data-link="on"]');
    await sees(page, 'meanwhile');
    await page.waitForFunction(() => document.querySelector('.pending') === null);
    await write(page, 'after');
    await page.locator('.message:not(.pending)', { hasText: 'after' }).waitFor();
    const shown = await texts(page);
    assert.deepEqual([...shown].sort(), ['after', 'and one more', 'before', 'meanwhile', 'written without a server']);
    const own = shown.filter((t) => t !== 'meanwhile');
    assert.deepEqual(own, ['before', 'written without a server', 'and one more', 'after']);
    const { messages } = await ask(c, 'history', { roomId: 'general' });
    assert.deepEqual(messages.map((m) => m.content), shown, 'as the server has it');
    assert.deepEqual(page.troubles, []);
});

test('what was written and not sent outlives a reload', { skip }, async () => {
    const data = folder();
    const first = await start({ data });
    const page = await visit(await browser(), first, 'Ada');
    await first.end('SIGKILL');
    await page.getByText('Connection lost').waitFor();
    await write(page, 'hold this');
    await message(page, 'hold this').waitFor();
    const second = await start({ data, port: first.port });
    await page.reload();
    await page.locator('.message:not(.pending)', { hasText: 'hold this' }).waitFor();
    const c = await client(second, 'Bob', 'general');
    const { messages } = await ask(c, 'history', { roomId: 'general' });
    assert.deepEqual(messages.map((m) => m.content), ['hold this']);
});

test('own messages are edited and deleted, for everybody', { skip }, async () => {
    const daemon = await start();
    const instance = await browser();
    const ada = await visit(instance, daemon, 'Ada');
    const bob = await visit(instance, daemon, 'Bob');
    await write(ada, 'a tpyo');
    await sees(bob, 'a tpyo');
    await stored(ada, 'a tpyo');
    await writing(ada).press('ArrowUp');
    const editor = ada.getByLabel('Edit message');
    await editor.press('Escape');
    assert.ok(await writing(ada).evaluate((e) => e === document.activeElement), 'the focus is back');
    await writing(ada).press('ArrowUp');
    await editor.fill('a typo');
    await editor.press('Enter');
    await sees(bob, 'a typo');
    await message(bob, 'a typo').getByText('edited').waitFor();
    assert.equal(await bob.getByRole('button', { name: 'Delete' }).count(), 0, 'not one’s own');

    await message(ada, 'a typo').hover();
    await message(ada, 'a typo').getByRole('button', { name: 'Delete' }).click();
    await shoot(ada, 'delete');
    await ada.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await sees(bob, 'Message deleted');
    await seesNot(ada, 'a typo');
    await bob.reload();
    await isIn(bob);
    await seesNot(bob, 'a typo');
    assert.deepEqual([ada.troubles, bob.troubles], [[], []]);
});

test('rooms: new ones, unread counts, leaving', { skip }, async () => {
    const daemon = await start();
    const instance = await browser();
    const ada = await visit(instance, daemon, 'Ada');
    const bob = await visit(instance, daemon, 'Bob');
    await ada.getByRole('button', { name: 'New room' }).click();
    await ada.getByLabel('Name of the room').fill('Nest building');
    await ada.keyboard.press('Enter');
    await ada.getByRole('heading', { name: 'Nest building' }).waitFor();
    await bob.reload(); // the list is not pushed
    await bob.getByRole('link', { name: 'Nest building' }).click();
    await isIn(bob);
    await ada.getByRole('link', { name: 'general' }).click();
    await ada.getByRole('heading', { name: 'general' }).waitFor();
    await write(bob, 'one');
    await write(bob, 'two');
    await ada.getByRole('link', { name: /Nest building.*2 unread/ }).waitFor();
    assert.match(await ada.title(), /^\(2\)/);
    await shoot(ada, 'unread');
    await ada.getByRole('link', { name: /Nest building/ }).click();
    await sees(ada, 'two');
    await ada.getByRole('link', { name: /unread/ }).waitFor({ state: 'detached' });
    await message(bob, 'two').getByTitle('Read by Ada').waitFor();
    await ada.getByRole('button', { name: 'Leave the room' }).click();
    await ada.getByRole('heading', { name: 'Choose a room' }).waitFor();
    await bob.locator('.person', { hasText: 'Ada' }).waitFor({ state: 'detached' });
    assert.deepEqual([ada.troubles, bob.troubles], [[], []]);
});

test('a window that is out of sight for a while makes its person away', { skip }, async () => {
    const daemon = await start();
    const instance = await browser();
    const ada = await visit(instance, daemon, 'Ada');
    const bob = await openWindow(instance, daemon, { address: '/#general' });
    await bob.clock.install();
    await bob.getByLabel('Your name').fill('Bob');
    await bob.keyboard.press('Enter');
    await isIn(bob);
    const show = (state) => bob.evaluate((s) => {
        Object.defineProperty(document, 'visibilityState', { value: s, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
    }, state);
    await show('hidden');
    await bob.clock.fastForward(61000);
    await ada.locator('.person.away', { hasText: 'Bob' }).waitFor();
    await shoot(ada, 'away');
    await show('visible');
    await ada.locator('.person.online', { hasText: 'Bob' }).waitFor();
});

test('a server that wants accounts gets them, and asks again when a token has ended', { skip }, async () => {
    const daemon = await start({ args: accounts });
    const page = await openWindow(await browser(), daemon);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await accessible(page, 'the door');
    await page.getByRole('button', { name: 'Create an account' }).click();
    await page.getByLabel('Name').fill('ada');
    await page.getByLabel('E-mail').fill('ada@example.org');
    await page.getByLabel('Password').fill('a long password');
    await page.keyboard.press('Enter');
    await isIn(page);
    await write(page, 'signed in');
    await page.locator('.message:not(.pending)', { hasText: 'signed in' }).waitFor();

    // Whatever the reason is for which a token is refused.
    await page.evaluate(() => {
        for (const storage of [sessionStorage, localStorage]) {
            const identity = JSON.parse(storage.getItem('identity'));
            storage.setItem('identity', JSON.stringify({ ...identity, token: 'ended' }));
        }
    });
    await page.reload();
    await page.getByText('Your session has ended').waitFor();
    await page.getByLabel('E-mail').fill('ada@example.org');
    await page.getByLabel('Password').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('Invalid credentials').waitFor();
    await page.getByLabel('Password').fill('a long password');
    await page.keyboard.press('Enter');
    await sees(page, 'signed in');
    assert.equal(await page.locator('.own').count(), 1);
    assert.deepEqual(page.troubles, []);
});

test('the end of a token is told, and does not lose what was half written', { skip }, async () => {
    const daemon = await start({ args: [...accounts, '--jwt-expires-in', '3s'] });
    const page = await openWindow(await browser(), daemon);
    await page.getByRole('button', { name: 'Create an account' }).click();
    await page.getByLabel('Name').fill('ada');
    await page.getByLabel('E-mail').fill('ada@example.org');
    await page.getByLabel('Password').fill('a long password');
    await page.keyboard.press('Enter');
    await isIn(page);
    await writing(page).fill('half a sent');
    await page.getByText('Your session has ended').waitFor();
    await page.getByLabel('E-mail').fill('ada@example.org');
    await page.getByLabel('Password').fill('a long password');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelector('.composer textarea')?.value === 'half a sent');
    assert.deepEqual(page.troubles, []);
});

test('who has an account stays who they are, and is asked again by a server that does not know them', { skip }, async () => {
    const data = folder();
    const first = await start({ data });
    const page = await openWindow(await browser(), first);
    await page.getByRole('button', { name: 'Create an account' }).click();
    await page.getByLabel('Name').fill('ada');
    await page.getByLabel('E-mail').fill('ada@example.org');
    await page.getByLabel('Password').fill('a long password');
    await page.keyboard.press('Enter');
    await isIn(page);
    await write(page, 'before the restart');
    await page.locator('.message:not(.pending)', { hasText: 'before the restart' }).waitFor();
    await first.end('SIGTERM');

    await page.waitForSelector('.chat[data-link="lost"]');
    const second = await start({ data, port: first.port });
    await page.waitForSelector('.chat[data-link="on"]');
    await write(page, 'after it');
    await page.locator('.message:not(.pending)', { hasText: 'after it' }).waitFor();
    const bob = await client(second, 'Bob', 'general');
    const { messages } = await ask(bob, 'history', { roomId: 'general' });
    assert.deepEqual(messages.map((m) => m.username), ['ada', 'ada']);
    assert.equal(new Set(messages.map((m) => m.userId)).size, 1);
    await second.end('SIGTERM');

    await start({ port: first.port }); // has other data
    await page.getByText('Your session has ended').waitFor();
    assert.deepEqual(page.troubles, []);
});

test('it fits a phone, in the dark', { skip }, async () => {
    const daemon = await start();
    const c = await client(daemon, 'Bob Baker', 'general');
    await say(c, 'general', 'Are you there? I have been looking for the rooks all morning, and the old elm is empty.');
    const instance = await browser();
    const options = { viewport: { width: 360, height: 640 }, colorScheme: 'dark', hasTouch: true, isMobile: true };
    const page = await openWindow(instance, daemon, options);
    await page.getByLabel('Your name').waitFor();
    await accessible(page, 'the door');
    await shoot(page, 'door-phone-dark');
    await page.getByLabel('Your name').fill('Ada');
    await page.getByRole('button', { name: 'Come in' }).tap();
    await isIn(page);
    await write(page, 'On my way, by bus');
    await page.locator('.message:not(.pending)', { hasText: 'by bus' }).waitFor();
    await shoot(page, 'chat-phone-dark');
    await accessible(page, 'a room');
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${overflow} pixels too wide`);
    await message(page, 'by bus').locator('.text').tap();
    await page.getByRole('button', { name: 'Edit' }).tap();
    await page.getByLabel('Edit message').fill('On my way, by bike');
    await page.getByRole('button', { name: 'Save' }).tap();
    await sees(page, 'by bike');
    await page.getByRole('button', { name: 'People' }).tap();
    await page.getByRole('dialog').getByText('Bob Baker').waitFor();
    await shoot(page, 'people-phone-dark');
    await page.getByRole('button', { name: 'Close' }).tap();
    await page.getByRole('button', { name: 'All rooms' }).tap();
    await page.getByRole('link', { name: 'general' }).waitFor();
    await shoot(page, 'rooms-phone-dark');
    await accessible(page, 'the rooms');
    assert.deepEqual(page.troubles, []);
});

test('a keyboard is enough, and a screen reader is told', { skip }, async () => {
    const daemon = await start();
    const instance = await browser();
    const page = await openWindow(instance, daemon);
    const press = async (...keys) => {
        for (const key of keys) {
            await page.keyboard.press(key);
        }
    };
    const focused = () => page.evaluate(() => {
        const e = document.activeElement;
        return e.getAttribute('aria-label') ?? e.textContent;
    });
    await page.getByLabel('Your name').waitFor();
    await page.keyboard.type('Ada');
    await press('Enter');
    await isIn(page);
    await page.waitForFunction(() => document.activeElement.tagName === 'TEXTAREA');
    await page.keyboard.type('first line');
    await press('Shift+Enter');
    await page.keyboard.type('second line');
    await press('Enter');
    await page.locator('.message:not(.pending)', { hasText: 'first line\nsecond line' }).waitFor();
    await page.keyboard.type('another');
    await press('Enter');
    await page.locator('.message:not(.pending)', { hasText: 'another' }).waitFor();

    // Back by one stop and its two buttons: the messages; within them by arrows.
    await press('Shift+Tab', 'Shift+Tab', 'Shift+Tab');
    assert.match(await focused(), /another/);
    await press('ArrowUp');
    assert.match(await focused(), /first line/);
    await press('e');
    assert.equal(await focused(), 'Edit message');
    await press('Escape');
    await page.waitForFunction(() => /^Message to/.test(document.activeElement.ariaLabel));
    await searchable(await client(daemon, 'Bob', 'general'), 'general', 'second');
    await press('Control+k');
    assert.equal(await focused(), 'Search for');
    await page.keyboard.type('second');
    await page.locator('.result').waitFor();
    await shoot(page, 'search');
    await accessible(page, 'search');
    await press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.match(await focused(), /^Message to/);

    await page.getByRole('button', { name: 'Dark theme' }).press('Enter');
    await shoot(page, 'chat-dark');
    await accessible(page, 'dark');
    await page.getByRole('button', { name: 'Light theme' }).press('Enter');
    await accessible(page, 'light');
    const log = page.getByRole('log');
    assert.equal(await log.getAttribute('aria-live'), 'polite');
    assert.deepEqual(page.troubles, []);
});
