// SPDX-License-Identifier: MIT
//
// Light or dark: as the system has it, until somebody chooses. style.css goes by data-theme.
import { useState } from 'react';
import { loadTheme, saveTheme } from '../net/storage.js';

const systemIsDark = () => window.matchMedia('(prefers-color-scheme: dark)').matches;

function isDark() {
    const chosen = loadTheme();
    return chosen ? chosen === 'dark' : systemIsDark();
}

export function applyTheme() {
    document.documentElement.dataset.theme = isDark() ? 'dark' : 'light';
}

window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', applyTheme);

// [is it dark, change it]
export function useTheme() {
    const [dark, setDark] = useState(isDark);
    return [dark, () => {
        saveTheme(dark ? 'light' : 'dark');
        applyTheme();
        setDark(!dark);
    }];
}
