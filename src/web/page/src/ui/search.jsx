// SPDX-License-Identifier: MIT
//
// Search in what was said; a result leads to its place in the room.
import { useEffect, useRef, useState } from 'react';
import { asMessage } from '../chat/message.js';
import { hitsOf } from '../chat/links.js';
import { Dialog } from './dialog.jsx';
import { shortDate, timeText } from './format.js';
import { useChat, useClient, useRoom } from './hooks.js';

const PAUSE_MS = 250; // after the last key

// {query, messages, before?, problem}; before: there is a next page. An answer that another query
// has overtaken is dropped.
function useResults(query, roomId) {
    const client = useClient();
    const [found, setFound] = useState(null);
    const latest = useRef(0);

    async function load(earlier) {
        const ticket = ++latest.current;
        let next;
        try {
            const answer = await client.search(query, roomId, earlier?.before);
            const messages = [...(earlier?.messages ?? []), ...answer.messages.map(asMessage)];
            next = { query, messages, before: answer.before, problem: '' };
        } catch (error) {
            next = { query, messages: earlier?.messages ?? [], problem: error.message };
        }
        if (ticket === latest.current) {
            setFound(next);
        }
    }

    useEffect(() => {
        latest.current++;
        if (query === '') {
            setFound(null);
            return undefined;
        }
        const timer = setTimeout(load, PAUSE_MS);
        return () => clearTimeout(timer);
    }, [query, roomId]);
    return [found, () => load(found)];
}

function Result({ message, query, onJump }) {
    const room = useRoom(message.roomId);
    return (
        <li>
            <button type="button" className="result" onClick={() => onJump(message)}>
                <span className="result-head">
                    <bdi className="result-who">{message.username}</bdi>
                    <span>
                        in <bdi>{room?.name ?? message.roomId}</bdi>
                        {`, ${shortDate(message.timestamp)} ${timeText(message.timestamp)}`}
                    </span>
                </span>
                <span className="result-text" dir="auto">
                    {hitsOf(message.content, query).map((part, i) => (
                        // Parts of one text have no other identity than their place.
                        part.hit ? <mark key={i}>{part.text}</mark> : part.text
                    ))}
                </span>
            </button>
        </li>
    );
}

function summary(found) {
    if (!found) {
        return '';
    }
    const n = found.messages.length;
    return found.problem || (n === 0 ? 'Nothing found.' : `${n}${found.before ? ' and more' : ''} found`);
}

export function Search({ roomId, onJump, onClose }) {
    const [text, setText] = useState('');
    const [everywhere, setEverywhere] = useState(roomId === null);
    const roomName = useChat((state) => state.rooms.get(roomId)?.name);
    const [found, loadMore] = useResults(text.trim(), everywhere ? undefined : roomId);
    return (
        <Dialog title="Search messages" className="search" onClose={onClose}>
            <input
                type="search"
                className="search-text"
                aria-label="Search for"
                placeholder="Search for…"
                data-begin
                maxLength={200}
                value={text}
                onChange={(event) => setText(event.target.value)}
            />
            {roomId !== null && (
                <fieldset className="scope">
                    <legend className="unseen">Where</legend>
                    <label>
                        <input type="radio" name="scope" checked={!everywhere} onChange={() => setEverywhere(false)} />
                        <span>in <bdi>{roomName ?? roomId}</bdi></span>
                    </label>
                    <label>
                        <input type="radio" name="scope" checked={everywhere} onChange={() => setEverywhere(true)} />
                        <span>in all rooms</span>
                    </label>
                </fieldset>
            )}
            <p className="summary" role="status">{summary(found)}</p>
            <ol className="results">
                {found?.messages.map((m) => (
                    <Result key={m.id} message={m} query={found.query} onJump={onJump} />
                ))}
            </ol>
            {found?.before && <button type="button" onClick={loadMore}>More results</button>}
        </Dialog>
    );
}
