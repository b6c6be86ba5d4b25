// SPDX-License-Identifier: MIT
//
// Windows of a real browser, and the chat page in them. Screenshots stay in the build folder.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { chromium } = require('playwright-core');
const { later } = require('./harness');

const CHROMIUM = '/usr/bin/chromium';
const PAGE = path.join(process.env.ROOKERY_BUILD, 'src/web/page/index.html');
const skip = !fs.existsSync(CHROMIUM) ? 'chromium is not installed'
    : !fs.existsSync(PAGE) ? 'the page is not built (tools/setup installs what that needs)' : false;
const shots = path.join(process.env.ROOKERY_BUILD, 'screenshots');

// flags: more of Chromium's.
async function browser(flags = []) {
    const instance = await chromium.launch({
        executablePath: CHROMIUM,
        headless: true,
        chromiumSandbox: false,
        args: ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
            '--disable-component-update', '--disable-sync', ...flags],
    });
    later(() => instance.close());
    return instance;
}

// A window of a browser of its own: nothing is stored that another has stored. Whatever goes wrong
// in it is in page.troubles. prepare(page): called before anything is loaded.
async function openWindow(instance, daemon, { address = '/', prepare = () => {}, ...options } = {}) {
    const context = await instance.newContext({ viewport: { width: 1200, height: 760 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(10000);
    page.troubles = [];
    page.on('pageerror', (error) => page.troubles.push(error.message));
    page.on('dialog', (dialog) => {
        page.troubles.push(`a dialog: ${dialog.message()}`);
        dialog.dismiss().catch(() => {}); // the page may be gone by then
    });
    page.on('console', (line) => {
        if (line.type() === 'error' && !/ERR_CONNECTION_REFUSED|WebSocket connection|status of 40[019]/.test(line.text())) {
            page.troubles.push(line.text());
        }
    });
    await prepare(page);
    await page.goto(`${daemon.origin}${address}`);
    return page;
}

// A window in which somebody has come in and is in that room.
async function visit(instance, daemon, name, room = 'general', options = {}) {
    const page = await openWindow(instance, daemon, { address: `/#${encodeURIComponent(room)}`, ...options });
    await page.getByLabel('Your name').fill(name);
    await page.keyboard.press('Enter');
    await isIn(page);
    return page;
}

async function isIn(page) {
    await page.waitForSelector('.chat[data-link="on"]');
    await page.waitForSelector('.beginning:not(:has(.spinner))'); // the history is there
}

const writing = (page) => page.getByRole('textbox', { name: /^Message to / });

async function write(page, text) {
    await writing(page).fill(text);
    await writing(page).press('Enter');
}

const sees = (page, text) => page.waitForFunction(
    (t) => [...document.querySelectorAll('.message .text')].some((e) => e.textContent.includes(t)), text);

function shoot(page, name) {
    fs.mkdirSync(shots, { recursive: true });
    return page.screenshot({ path: path.join(shots, `${name}.png`) });
}

module.exports = { PAGE, browser, isIn, openWindow, sees, shoot, skip, visit, write, writing };
