// SPDX-License-Identifier: MIT
//
// The page at /, in a real browser. Screenshots of it stay in the build folder.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { chromium } = require('playwright-core');
const { connect, folder, join, later, say, start, test } = require('./harness');

const CHROMIUM = '/usr/bin/chromium';
const skip = fs.existsSync(CHROMIUM) ? false : 'chromium is not installed';
const shots = path.join(process.env.ROOKERY_BUILD, 'screenshots');

async function browser(options = {}) {
    const context = await chromium.launchPersistentContext(folder(), {
        executablePath: CHROMIUM,
        headless: true,
        chromiumSandbox: false,
        args: ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
            '--disable-component-update', '--disable-sync'],
        viewport: { width: 900, height: 640 },
        ...options,
    });
    later(() => context.close());
    return context;
}

// A window in which somebody has come in. Whatever goes wrong in it fails the test.
async function visit(context, daemon, name, room) {
    const page = await context.newPage();
    page.troubles = [];
    page.on('pageerror', (error) => page.troubles.push(error.message));
    page.on('dialog', (dialog) => {
        page.troubles.push(`a dialog: ${dialog.message()}`);
        dialog.dismiss().catch(() => {}); // the page may be gone by then
    });
    page.on('console', (line) => {
        if (line.type() === 'error' && !/ERR_CONNECTION_REFUSED/.test(line.text())) {
            page.troubles.push(line.text());
        }
    });
    await page.goto(`${daemon.origin}/`);
    await page.fill('#name', name);
    await page.fill('#room', room);
    await page.keyboard.press('Enter');
    await page.waitForSelector('#state[data-state="on"]');
    return page;
}

async function write(page, text) {
    await page.fill('#text', text);
    await page.keyboard.press('Enter');
}

const texts = (page) => page.$$eval('#log .message p', (all) => all.map((e) => e.textContent));
const sees = (page, text) => page.waitForFunction(
    (t) => Array.from(document.querySelectorAll('#log li')).some((e) => e.textContent.includes(t)), text);

function shoot(page, name) {
    fs.mkdirSync(shots, { recursive: true });
    return page.screenshot({ path: path.join(shots, `${name}.png`) });
}

test('two windows chat', { skip }, async () => {
    const daemon = await start();
    const context = await browser();
    const ada = await visit(context, daemon, 'Ada', 'general');
    const bob = await visit(context, daemon, 'Bob', 'general');
    await sees(ada, 'Bob joined');
    await write(ada, 'Hello Bob, are the rooks back?');
    await sees(bob, 'are the rooks back?');
    await write(bob, 'Since this morning. They are building in the old elm.\nTwo nests already.');
    await sees(ada, 'Two nests already');
    await write(ada, 'I will come and look.');
    await sees(bob, 'come and look');
    await shoot(ada, 'chat');
    assert.equal(await ada.$$eval('#log .own', (all) => all.length), 2);
    await bob.close();
    await sees(ada, 'Bob left');
    assert.deepEqual([ada.troubles, bob.troubles], [[], []]);
});

test('hostile names and texts are text', { skip }, async () => {
    const evil = '<img src=x onerror="alert(1)"><script>alert(2)</script>';
    const daemon = await start();
    const client = await connect(daemon, { userId: evil, username: evil });
    await join(client, evil);
    await say(client, evil, evil);
    const page = await visit(await browser(), daemon, '"><b>me', evil.slice(0, 60));
    const reader = await visit(page.context(), daemon, 'Reader', 'other');
    await join(client, 'other');
    await say(client, 'other', evil);
    await say(client, 'other', 'https://example.invalid/\u202eabc '.repeat(8) + 'x'.repeat(300));
    await sees(reader, 'xxx');
    assert.equal((await texts(reader))[0], evil);
    assert.equal(await reader.$$eval('#log img, #log script, #log b, header b', (all) => all.length), 0);
    assert.equal(await page.textContent('#place-name'), '"><b>me');
    await shoot(reader, 'hostile');
    assert.deepEqual([page.troubles, reader.troubles], [[], []]);
});

test('the history is there on joining, oldest first', { skip }, async () => {
    const daemon = await start();
    const client = await connect(daemon, { username: 'Early' });
    for (let i = 1; i <= 30; i++) {
        await say(client, 'general', `line ${i}`);
    }
    const page = await visit(await browser(), daemon, 'Late', 'general');
    await sees(page, 'line 30');
    assert.deepEqual(await texts(page), Array.from({ length: 30 }, (_, i) => `line ${i + 1}`));
    const atEnd = await page.$eval('#scroll', (e) => e.scrollHeight - e.scrollTop - e.clientHeight < 2);
    assert.ok(atEnd, 'the newest is in sight');
});

test('a page that lost its server comes back, misses nothing and repeats nothing', { skip }, async () => {
    const data = folder();
    const first = await start({ data });
    const page = await visit(await browser(), first, 'Ada', 'general');
    await write(page, 'before');
    await sees(page, 'before');
    assert.equal(await first.end('SIGKILL'), 'SIGKILL');
    await page.waitForSelector('#state[data-state="lost"]');
    assert.ok(await page.isDisabled('#send'));

    const second = await start({ data, port: first.port });
    const client = await connect(second, { username: 'Bob' });
    await say(client, 'general', 'meanwhile');
    await page.waitForSelector('#state[data-state="on"]');
    await sees(page, 'meanwhile');
    await write(page, 'after');
    await sees(page, 'after');
    assert.deepEqual(await texts(page), ['before', 'meanwhile', 'after']);
});

test('it fits a phone, in the dark, by keyboard alone', { skip }, async () => {
    const daemon = await start();
    const context = await browser({ viewport: { width: 360, height: 640 }, colorScheme: 'dark' });
    const page = await context.newPage();
    await page.goto(`${daemon.origin}/`);
    await shoot(page, 'door-phone-dark');
    await page.keyboard.type('Ada');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#state[data-state="on"]');
    await page.keyboard.type('Typed without a mouse');
    await page.keyboard.press('Enter');
    await sees(page, 'Typed without a mouse');
    await shoot(page, 'chat-phone-dark');
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${overflow} pixels too wide`);
    assert.equal(await page.getAttribute('#scroll', 'aria-live'), 'polite');
});
