// SPDX-License-Identifier: MIT
//
// What was said. One stop for the Tab key: within, the arrow keys go from message to message.
import { useEffect, useMemo, useRef, useState } from 'react';
import { countReaders, readersText, sortedReads } from '../chat/reads.js';
import { dayText } from './format.js';
import { useChat, useClient } from './hooks.js';
import { Icon } from './icons.jsx';
import { Message } from './message.jsx';
import { useScroll } from './scroll.js';

const ANNOUNCED_MAX = 5; // more at once is history, which nobody wants read out

const steps = { ArrowUp: -1, ArrowDown: 1, Home: -Infinity, End: Infinity };

// Moves the focus between the messages; e and Delete act on an own one.
function useKeys({ rows, me, onEdit, onDelete }) {
    return (event) => {
        if (event.target.dataset.row === undefined) {
            return; // in a field or on a button of a message
        }
        const at = rows.findIndex((r) => r.key === event.target.dataset.row);
        const { message, pending } = rows[at] ?? {};
        const own = message?.userId === me.userId && !pending && !message.deleted;
        if (event.key in steps) {
            const all = [...event.currentTarget.querySelectorAll('.message')];
            const from = all.indexOf(event.target);
            const to = Math.min(Math.max(from + steps[event.key], 0), all.length - 1);
            all[to].focus();
        } else if (own && event.key === 'e') {
            onEdit(message.id);
        } else if (own && event.key === 'Delete') {
            onDelete(message);
        } else {
            return;
        }
        event.preventDefault();
    };
}

function useHighlight(room, rows, show) {
    const highlight = useChat((state) => state.highlight);
    const done = useRef(highlight?.count ?? 0);
    useEffect(() => {
        if (!highlight || highlight.count === done.current || highlight.roomId !== room.roomId) {
            return;
        }
        const row = rows.find((r) => r.message?.offset === highlight.offset);
        if (row) {
            done.current = highlight.count;
            show(row.key)?.focus({ preventScroll: true });
        }
    }, [highlight, rows, room.roomId, show]);
    return highlight?.roomId === room.roomId ? highlight : null;
}

// A change of many rows at once is not read out.
function useBusy(rows) {
    const before = useRef(rows.length);
    const busy = Math.abs(rows.length - before.current) > ANNOUNCED_MAX;
    useEffect(() => {
        before.current = rows.length;
    });
    return busy;
}

// A message's readers: [how many, their names].
function useReaders(room, me, people) {
    const sorted = useMemo(() => sortedReads(room.reads, me.userId), [room.reads, me]);
    return (message) => {
        const count = countReaders(sorted, message.offset);
        return [count, readersText(sorted, count, people)];
    };
}

function Beginning({ room, empty }) {
    if (!room.loaded) {
        return <p className="beginning" aria-hidden="true"><span className="spinner" /></p>;
    }
    if (!room.timeline.atStart) {
        return <p className="beginning quiet">Earlier messages…</p>;
    }
    return (
        <p className="beginning quiet">
            {empty ? 'Nobody has said anything here yet. Begin!' : 'This is where the room begins.'}
        </p>
    );
}

export function Log({ room, rows, editing, onEdit, onEditEnd, onDelete }) {
    const client = useClient();
    const me = useChat((state) => state.me);
    const people = useChat((state) => state.people);
    const [active, setActive] = useState(null); // the row the Tab key comes to
    const { roomId, timeline, following } = room;
    const { box, onScroll, show } = useScroll({
        rows,
        timeline,
        following,
        setFollowing: (is) => client.setFollowing(roomId, is),
        loadOlder: () => client.loadOlder(roomId),
        loadNewer: () => client.loadNewer(roomId),
    });
    const highlight = useHighlight(room, rows, show);
    const onKeyDown = useKeys({ rows, me, onEdit, onDelete });
    const busy = useBusy(rows);
    const readersOf = useReaders(room, me, people);
    const messages = rows.filter((r) => r.kind === 'message');
    const last = messages[messages.length - 1]?.key;
    const stop = messages.some((r) => r.key === active) ? active : last;

    const drawRow = (row) => {
        if (row.kind === 'day') {
            return <li key={row.key} className="divider"><span>{dayText(row.timestamp)}</span></li>;
        }
        if (row.kind === 'unread') {
            return <li key={row.key} className="divider new"><span>New</span></li>;
        }
        const { message, pending } = row;
        const own = message.userId === me.userId;
        const [readerCount, readers] = own && !pending ? readersOf(message) : [0, ''];
        return (
            <Message
                key={row.key}
                row={row}
                own={own}
                stop={row.key === stop}
                found={highlight && highlight.offset === message.offset ? highlight.count : 0}
                readers={readers}
                readerCount={readerCount}
                editing={editing === message.id && !pending}
                onFocus={setActive}
                onEdit={onEdit}
                onEditEnd={onEditEnd}
                onDelete={onDelete}
            />
        );
    };
    return (
        <div className="log-frame">
            <div
                ref={box}
                className="log"
                role="log"
                aria-live="polite"
                aria-label={`Messages in ${room.name}`}
                aria-busy={busy}
                onScroll={onScroll}
            >
                <Beginning room={room} empty={rows.length === 0} />
                <ol onKeyDown={onKeyDown}>{rows.map(drawRow)}</ol>
            </div>
            {!(following && timeline.atEnd) && room.loaded && (
                <button type="button" className="to-end" onClick={() => client.showEnd(roomId)}>
                    <Icon name="down" />
                    {room.unread > 0 ? `${room.unread > 99 ? '99+' : room.unread} new` : 'To the newest'}
                </button>
            )}
        </div>
    );
}
