// SPDX-License-Identifier: MIT
//
// Says what is wrong, above everything: that the connection is lost and what becomes of what was
// written, that it is back, or what the server has refused.
import { useEffect, useRef, useState } from 'react';
import { useChat, useClient } from './hooks.js';
import { counted } from './format.js';
import { Icon, IconButton } from './icons.jsx';

const BACK_MS = 2500;
const PROBLEM_MS = 8000;
const PATIENCE_MS = 1500; // a first connection that is quicker needs no words

function useWas(link) {
    const [phase, setPhase] = useState('quiet'); // quiet, waiting, lost, back
    const lost = useRef(false);
    useEffect(() => {
        let timer;
        if (link === 'lost') {
            lost.current = true;
            setPhase('lost');
        } else if (link === 'on' && lost.current) {
            lost.current = false;
            setPhase('back');
            timer = setTimeout(() => setPhase('quiet'), BACK_MS);
        } else if (link === 'connecting') {
            timer = setTimeout(() => setPhase('waiting'), PATIENCE_MS);
        } else {
            setPhase('quiet');
        }
        return () => clearTimeout(timer);
    }, [link]);
    return phase;
}

function waitingText(count) {
    return count > 0 ? ` ${counted(count, 'message')} will be sent as soon as it is back.` : '';
}

function Problem() {
    const client = useClient();
    const problem = useChat((state) => state.problem);
    useEffect(() => {
        const timer = problem ? setTimeout(client.dismissProblem, PROBLEM_MS) : null;
        return () => clearTimeout(timer);
    }, [client, problem]);
    return (
        <div role="alert">
            {problem && (
                <div className="banner bad">
                    <Icon name="warning" />
                    <p>{problem}</p>
                    <IconButton icon="close" label="Dismiss" onClick={client.dismissProblem} />
                </div>
            )}
        </div>
    );
}

export function Banner() {
    const phase = useWas(useChat((state) => state.link));
    const waiting = useChat((state) => state.outbox.filter((e) => !e.failed).length);
    return (
        <>
            <div role="status">
                {phase === 'lost' && (
                    <div className="banner lost">
                        <span className="spinner" aria-hidden="true" />
                        <p>{`Connection lost, trying again…${waitingText(waiting)}`}</p>
                    </div>
                )}
                {phase === 'waiting' && (
                    <div className="banner lost">
                        <span className="spinner" aria-hidden="true" />
                        <p>Connecting…</p>
                    </div>
                )}
                {phase === 'back' && (
                    <div className="banner good">
                        <Icon name="check" />
                        <p>Connected again</p>
                    </div>
                )}
            </div>
            <Problem />
        </>
    );
}
