// SPDX-License-Identifier: MIT
//
// Who is there? A name, where the server is open; an account elsewhere, or for whoever has one.
import { useState } from 'react';
import { login, register } from '../net/api.js';
import { randomId } from '../net/storage.js';
import { Icon, Rook } from './icons.jsx';

function Field({ label, ...rest }) {
    return (
        <label className="field">
            <span>{label}</span>
            <input required {...rest} />
        </label>
    );
}

function NameForm({ onEnter }) {
    const onSubmit = (event) => {
        event.preventDefault();
        const username = new FormData(event.target).get('username').trim();
        if (username) {
            onEnter({ userId: randomId(), username });
        }
    };
    return (
        <form onSubmit={onSubmit}>
            <Field label="Your name" name="username" maxLength={60} autoFocus autoComplete="nickname" />
            <button type="submit" className="primary">Come in</button>
        </form>
    );
}

// Submits by ask(fields), which gives an identity or throws what to show.
function useSubmit(ask, onEnter) {
    const [problem, setProblem] = useState('');
    const [busy, setBusy] = useState(false);
    async function onSubmit(event) {
        event.preventDefault();
        setBusy(true);
        setProblem('');
        try {
            onEnter(await ask(Object.fromEntries(new FormData(event.target))));
        } catch (error) {
            setProblem(error.message);
            setBusy(false);
        }
    }
    return { problem, busy, onSubmit };
}

const Problem = ({ text }) =>
    <p className="problem" role="alert">{text && <><Icon name="warning" />{text}</>}</p>;

function LoginForm({ onEnter }) {
    const { problem, busy, onSubmit } = useSubmit((f) => login(f.email, f.password), onEnter);
    return (
        <form onSubmit={onSubmit}>
            <Field label="E-mail" name="email" type="email" autoFocus autoComplete="username" />
            <Field label="Password" name="password" type="password" autoComplete="current-password" />
            <Problem text={problem} />
            <button type="submit" className="primary" disabled={busy}>Sign in</button>
        </form>
    );
}

function RegisterForm({ onEnter }) {
    const { problem, busy, onSubmit } = useSubmit(
        (f) => register(f.username.trim(), f.email, f.password),
        onEnter,
    );
    return (
        <form onSubmit={onSubmit}>
            <Field label="Name" name="username" maxLength={60} autoFocus autoComplete="nickname" />
            <Field label="E-mail" name="email" type="email" autoComplete="username" />
            <Field label="Password" name="password" type="password" autoComplete="new-password" />
            <Problem text={problem} />
            <button type="submit" className="primary" disabled={busy}>Create account</button>
        </form>
    );
}

const ways = {
    name: { title: 'Come in', other: 'Just pick a name', Form: NameForm },
    login: { title: 'Sign in', other: 'Sign in with an account', Form: LoginForm },
    register: { title: 'New account', other: 'Create an account', Form: RegisterForm },
};

export function Door({ auth, notice, onEnter }) {
    const open = auth !== 'required';
    const [way, setWay] = useState(open ? 'name' : 'login');
    const { title, Form } = ways[way];
    const others = Object.keys(ways).filter((w) => w !== way && (open || w !== 'name'));
    return (
        <main className="door">
            <p className="brand"><Rook />Rookery</p>
            <section className="card" aria-labelledby="door-title">
                <h1 id="door-title">{title}</h1>
                {notice && <p className="notice" role="status">{notice}</p>}
                <Form key={way} onEnter={onEnter} />
                <p className="other-ways">
                    {others.map((w) => (
                        <button key={w} type="button" className="link" onClick={() => setWay(w)}>
                            {ways[w].other}
                        </button>
                    ))}
                </p>
            </section>
        </main>
    );
}
