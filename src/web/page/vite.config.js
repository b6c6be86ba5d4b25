// SPDX-License-Identifier: MIT
//
// How the page is built (`tools/build_page`), and served while it is worked on:
//
//     node build-npm/node_modules/vite/bin/vite.js src/web/page      against a daemon on port 3000
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const npm = process.env.ROOKERY_NPM ?? path.resolve(here, '../../../build-npm/node_modules');

// Packages live in build-npm/, which is not above the sources, where a bundler would look for them;
// so they are looked for as if a file in there had named them.
const insider = path.join(npm, '../package.json');

function packages() {
    return {
        name: 'rookery-packages',
        enforce: 'pre',
        resolveId(source, importer, options) {
            const bare = /^[a-z@]/.test(source) && !path.isAbsolute(source);
            return bare && importer?.startsWith(here)
                ? this.resolve(source, insider, { ...options, skipSelf: true })
                : null;
        },
    };
}

export default {
    root: here,
    base: './', // the page also works below a prefix that a proxy takes away
    cacheDir: path.join(npm, '.vite'),
    publicDir: false,
    plugins: [packages()],
    esbuild: { jsx: 'automatic', legalComments: 'none' },
    build: {
        target: 'es2020',
        assetsDir: '', // files.c serves one flat folder
        assetsInlineLimit: 0,
        modulePreload: false,
        emptyOutDir: true,
        reportCompressedSize: false,
        rollupOptions: {
            output: { // files.c lets a browser keep what has 16 hexadecimal digits in its name
                hashCharacters: 'hex',
                entryFileNames: '[name].[hash:16].js',
                chunkFileNames: '[name].[hash:16].js',
                assetFileNames: '[name].[hash:16][extname]',
            },
        },
    },
    server: {
        fs: { allow: [here, npm] },
        proxy: {
            '/api': 'http://127.0.0.1:3000',
            '/socket.io': { target: 'http://127.0.0.1:3000', ws: true },
        },
    },
};
