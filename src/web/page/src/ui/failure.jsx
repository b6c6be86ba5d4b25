// SPDX-License-Identifier: MIT
//
// What is shown when drawing the page has failed, instead of nothing at all.
import { Component } from 'react';

export class Failure extends Component {
    state = { failed: false };

    static getDerivedStateFromError() {
        return { failed: true };
    }

    render() {
        if (!this.state.failed) {
            return this.props.children;
        }
        return (
            <main className="door">
                <section className="card">
                    <h1>This page has failed</h1>
                    <p>What you wrote and was not sent yet is kept.</p>
                    <p className="other-ways">
                        <button type="button" onClick={() => window.location.reload()}>Load it again</button>
                    </p>
                </section>
            </main>
        );
    }
}
