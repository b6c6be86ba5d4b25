// SPDX-License-Identifier: MIT
//
// One message. What people wrote is only ever shown as text.
import { memo, useEffect, useRef, useState } from 'react';
import { partsOf } from '../chat/links.js';
import { fullText, hueOf, timeText } from './format.js';
import { useClient } from './hooks.js';
import { Icon, IconButton } from './icons.jsx';
import { Avatar } from './person.jsx';

function Text({ content }) {
    return (
        <p className="text" dir="auto">
            {partsOf(content).map(({ text, href }, i) => (href
                // Parts of one text have no other identity than their place.
                ? <a key={i} href={href} target="_blank" rel="noopener noreferrer nofollow">{text}</a>
                : text))}
        </p>
    );
}

const receipts = {
    waiting: { icon: 'clock', text: 'Sending' },
    failed: { icon: 'warning', text: 'Not sent' },
    stored: { icon: 'check', text: 'Sent' },
};

function receiptOf(message, pending, count, readers) {
    if (pending) {
        return receipts[message.failed ? 'failed' : 'waiting'];
    }
    return count > 0 ? { icon: 'checks', text: `Read by ${readers}`, count } : receipts.stored;
}

function Receipt({ receipt }) {
    return (
        <span className="receipt" title={receipt.text}>
            <Icon name={receipt.icon} />
            {receipt.count > 1 && <span aria-hidden="true">{receipt.count}</span>}
            <span className="unseen">{receipt.text}</span>
        </span>
    );
}

function Meta({ message, receipt }) {
    return (
        <span className="meta">
            {message.editedAt && <span title={fullText(message.editedAt)}>edited</span>}
            <time dateTime={message.timestamp} title={fullText(message.timestamp)}>
                {timeText(message.timestamp)}
            </time>
            {receipt && <Receipt receipt={receipt} />}
        </span>
    );
}

// Why an own message is not sent yet, and what can be done.
function Unsent({ message }) {
    const client = useClient();
    const { clientId, roomId, error, failed } = message;
    if (!error) {
        return null;
    }
    return (
        <p className="unsent">
            <span>{failed ? `Not sent: ${error}` : `${error} Trying again…`}</span>
            {failed && (
                <>
                    <button type="button" className="link" onClick={() => client.sendAgain(roomId, clientId)}>Try again</button>
                    <button type="button" className="link" onClick={() => client.discard(clientId)}>Discard</button>
                </>
            )}
        </p>
    );
}

function Editor({ message, onEnd }) {
    const client = useClient();
    const [problem, setProblem] = useState('');
    const field = useRef(null);

    useEffect(() => {
        const { current: e } = field;
        e.focus();
        e.setSelectionRange(e.value.length, e.value.length);
        e.scrollIntoView({ block: 'nearest' });
    }, []);

    async function save() {
        const content = field.current.value.trim();
        try {
            if (content && content !== message.content) {
                await client.edit(message.id, content);
            }
            onEnd();
        } catch (error) {
            setProblem(error.message);
        }
    }

    const onKeyDown = (event) => {
        if (event.key === 'Escape') {
            onEnd();
        } else if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
            save();
        } else {
            return;
        }
        event.preventDefault();
    };
    return (
        <form
            className="editor"
            onSubmit={(event) => {
                event.preventDefault();
                save();
            }}
        >
            <textarea
                ref={field}
                rows={Math.min(6, message.content.split('\n').length + 1)}
                aria-label="Edit message"
                dir="auto"
                defaultValue={message.content}
                maxLength={client.config.messageLength}
                onKeyDown={onKeyDown}
            />
            {problem && <p className="problem" role="alert">{problem}</p>}
            <div className="editor-buttons">
                <button type="button" onClick={onEnd}>Cancel</button>
                <button type="submit" className="primary">Save</button>
            </div>
        </form>
    );
}

function Actions({ message, stop, onEdit, onDelete }) {
    const tabIndex = stop ? 0 : -1; // only where the Tab key is: a room has hundreds of messages
    return (
        <div className="actions">
            <IconButton icon="edit" label="Edit" tabIndex={tabIndex} onClick={() => onEdit(message.id)} />
            <IconButton icon="trash" label="Delete" tabIndex={tabIndex} onClick={() => onDelete(message)} />
        </div>
    );
}

function Bubble({ row, own, receipt }) {
    const { message, follows, pending } = row;
    const meta = <Meta message={message} receipt={receipt} />;
    return (
        <div className="bubble">
            {!own && !follows && <bdi className="who">{message.username}</bdi>}
            {own && !follows && <span className="unseen">You</span>}
            {message.deleted ? <p className="text gone">Message deleted</p> : <Text content={message.content} />}
            {!message.deleted && meta}
            {pending && <Unsent message={message} />}
        </div>
    );
}

function MessageRow({
    row, own, stop, found, readers, readerCount, editing, onFocus, onEdit, onEditEnd, onDelete,
}) {
    const { message, follows, pending } = row;
    const receipt = own && !message.deleted && receiptOf(message, pending, readerCount, readers);
    const canChange = own && !pending && !message.deleted;
    const names = ['message', own && 'own', follows && 'follows', pending && 'pending',
        message.failed && 'failed', editing && 'editing'];
    return (
        <li
            className={names.filter(Boolean).join(' ')}
            data-row={row.key}
            tabIndex={stop ? 0 : -1}
            style={{ '--hue': hueOf(message.userId) }}
            onFocus={() => onFocus(row.key)}
        >
            {found > 0 && <span key={found} className="flash" aria-hidden="true" />}
            {!own && (follows ? <span className="avatar-space" /> : <Avatar person={message} />)}
            {canChange && !editing && <Actions message={message} stop={stop} onEdit={onEdit} onDelete={onDelete} />}
            {editing
                ? <Editor message={message} onEnd={onEditEnd} />
                : <Bubble row={row} own={own} receipt={receipt} />}
        </li>
    );
}

// Rows are made anew at every change, their messages are not.
const isSame = (a, b) => Object.keys(a).every((k) => k === 'row' || a[k] === b[k])
    && a.row.message === b.row.message && a.row.follows === b.row.follows
    && a.row.pending === b.row.pending;

export const Message = memo(MessageRow, isSame);
