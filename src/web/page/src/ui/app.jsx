// SPDX-License-Identifier: MIT
//
// The way in: first what the server is like, then who it is, then the chat.
import { useEffect, useState } from 'react';
import { loadConfig } from '../net/api.js';
import { createClient } from '../net/client.js';
import { forgetIdentity, loadIdentity, saveIdentity } from '../net/storage.js';
import { Chat } from './chat.jsx';
import { Door } from './door.jsx';
import { addressOf, ClientContext } from './hooks.js';
import { Rook } from './icons.jsx';

const CONFIG_RETRY_MS = 2000;

// [config or null, look again]
function useConfig() {
    const [config, setConfig] = useState(null);
    useEffect(() => {
        if (config !== null) {
            return undefined;
        }
        let timer;
        const load = () => loadConfig().then(setConfig, () => {
            timer = setTimeout(load, CONFIG_RETRY_MS);
        });
        load();
        return () => clearTimeout(timer);
    }, [config]);
    return [config, () => setConfig(null)];
}

// A name that was picked is of no use where accounts are needed.
function useIdentity(config) {
    const [identity, setIdentity] = useState(loadIdentity);
    const fits = identity && config && (config.auth !== 'required' || identity.token);
    const enter = (next) => {
        saveIdentity(next);
        setIdentity(next);
    };
    const leave = () => {
        forgetIdentity();
        setIdentity(null);
    };
    return [fits ? identity : null, enter, leave];
}

function useChatClient(identity, config, onRefused) {
    const [client, setClient] = useState(null);
    useEffect(() => {
        if (!identity) {
            return undefined;
        }
        const created = createClient(identity, config, {
            onRefused,
            onWelcome: (roomId) => window.location.replace(addressOf(roomId)),
        });
        created.start();
        setClient(created);
        return () => {
            created.stop();
            setClient(null);
        };
    // Who it is alone decides; the rest is there before.
    }, [identity]);
    return client;
}

export function App() {
    const [config, lookAgain] = useConfig();
    const [identity, enter, leave] = useIdentity(config);
    const [notice, setNotice] = useState('');
    const client = useChatClient(identity, config, () => {
        setNotice('Your session has ended. Come in again to go on where you were.');
        leave();
        lookAgain(); // an open server may have been closed
    });

    if (!config) {
        return <p className="waiting" role="status"><Rook />Looking for the server…</p>;
    }
    if (!identity) {
        const onEnter = (next) => {
            setNotice('');
            enter(next);
        };
        return <Door auth={config.auth} notice={notice} onEnter={onEnter} />;
    }
    return client && (
        <ClientContext.Provider value={client}>
            <Chat onSignOut={leave} />
        </ClientContext.Provider>
    );
}
