// SPDX-License-Identifier: MIT
//
// Finds web addresses in a text. Nothing but http and https becomes a link, whatever it looks like.
const ADDRESS = /\bhttps?:\/\/[^\s<>"'`\u202a-\u202e\u2066-\u2069]+/gi;
const TRAILING = /[.,:;!?)\]}]+$/; // belongs to the sentence, not to the address

function isAddress(text) {
    try {
        return new URL(text).host !== '';
    } catch {
        return false;
    }
}

// A closing bracket belongs to an address that has opened it.
function trimmed(address) {
    const end = TRAILING.exec(address);
    if (!end) {
        return address;
    }
    const cut = address.slice(0, end.index);
    return end[0].startsWith(')') && cut.includes('(') ? `${cut})` : cut;
}

// [{text, href?}...], which together are the text.
export function partsOf(text) {
    const parts = [];
    let at = 0;
    for (const match of text.matchAll(ADDRESS)) {
        const href = trimmed(match[0]);
        if (isAddress(href)) {
            if (match.index > at) {
                parts.push({ text: text.slice(at, match.index) });
            }
            parts.push({ text: href, href });
            at = match.index + href.length;
        }
    }
    if (at < text.length) {
        parts.push({ text: text.slice(at) });
    }
    return parts;
}

// [{text, hit?}...]: the words of a query where they stand in a text, by case-insensitive match.
export function hitsOf(text, query) {
    const words = query.split(/\s+/).filter(Boolean).map((w) => w.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    if (words.length === 0) {
        return [{ text }];
    }
    return text.split(new RegExp(`(${words.join('|')})`, 'giu'))
        .map((part, i) => ({ text: part, hit: i % 2 === 1 }))
        .filter((part) => part.text !== '');
}
