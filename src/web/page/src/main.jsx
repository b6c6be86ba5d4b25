// SPDX-License-Identifier: MIT
import { createRoot } from 'react-dom/client';
import { App } from './ui/app.jsx';
import { Failure } from './ui/failure.jsx';
import { applyTheme } from './ui/theme.js';
import './style.css';

applyTheme();
createRoot(document.getElementById('root')).render(<Failure><App /></Failure>);
