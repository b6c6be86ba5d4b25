// SPDX-License-Identifier: MIT
//
// Where the log stands. Two rules, after every change of what it shows or of its size:
//
//   somebody who follows the end     stays at the end
//   somebody who reads further up    stays at the line they read, whatever comes or goes above it
//
// Coming near an end of what is loaded asks for more.
import { useCallback, useLayoutEffect, useRef } from 'react';

const END_PX = 60; // this near the end counts as there
const AHEAD_PX = 800; // more is asked for before somebody sees that it is missing

const isAtEnd = (box) => box.scrollHeight - box.scrollTop - box.clientHeight < END_PX;

// The first row in sight, and how far below the upper edge it begins. Rows are in order of their
// places, so few of them have to be measured.
function anchorIn(box) {
    const { top } = box.getBoundingClientRect();
    const rows = box.querySelectorAll('[data-row]');
    let from = 0;
    let to = rows.length;
    while (from < to) {
        const middle = (from + to) >> 1;
        if (rows[middle].getBoundingClientRect().bottom > top) {
            to = middle;
        } else {
            from = middle + 1;
        }
    }
    const row = rows[from];
    return row ? { key: row.dataset.row, top: row.getBoundingClientRect().top - top } : null;
}

function rowOf(box, key) {
    return [...box.querySelectorAll('[data-row]')].find((row) => row.dataset.row === key);
}

function restore(box, anchor) {
    const row = anchor && rowOf(box, anchor.key);
    if (row) {
        const { top } = box.getBoundingClientRect();
        box.scrollTop += row.getBoundingClientRect().top - top - anchor.top;
    }
}

// following, setFollowing: kept by the caller, who needs them too. Gives what to attach.
export function useScroll({ rows, timeline, following, setFollowing, loadOlder, loadNewer }) {
    const box = useRef(null);
    const anchor = useRef(null);
    const drawn = useRef(rows);
    const now = useRef(null);

    // Before the document changes: a scroll whose event has not come yet counts too.
    if (drawn.current !== rows && box.current) {
        drawn.current = rows;
        anchor.current = anchorIn(box.current);
    }
    now.current = { timeline, following, setFollowing, loadOlder, loadNewer };

    const look = useCallback(() => {
        const { current: e } = box;
        const state = now.current;
        anchor.current = anchorIn(e);
        if (e.scrollTop < AHEAD_PX && !state.timeline.atStart) {
            state.loadOlder();
        }
        if (e.scrollHeight - e.scrollTop - e.clientHeight < AHEAD_PX && !state.timeline.atEnd) {
            state.loadNewer();
        }
    }, []);

    const settle = useCallback(() => {
        const { current: e } = box;
        if (now.current.following && now.current.timeline.atEnd) {
            e.scrollTop = e.scrollHeight;
        } else {
            restore(e, anchor.current);
        }
        look();
    }, [look]);

    useLayoutEffect(settle, [settle, rows, following]);

    // The log's own size changes with the window, the keyboard of a phone, the growing composer.
    useLayoutEffect(() => {
        const observer = new ResizeObserver(settle);
        observer.observe(box.current);
        return () => observer.disconnect();
    }, [settle]);

    const onScroll = useCallback(() => {
        const state = now.current;
        const atEnd = state.timeline.atEnd && isAtEnd(box.current);
        if (atEnd !== state.following) {
            state.setFollowing(atEnd);
        }
        look();
    }, [look]);

    // Brings a row into the middle; from then on it is the line that is read.
    const show = useCallback((key) => {
        const row = rowOf(box.current, key);
        row?.scrollIntoView({ block: 'center' });
        anchor.current = anchorIn(box.current);
        return row;
    }, []);

    return { box, onScroll, show };
}
