#!/usr/bin/env node
import { endBySignal, respondToSignals } from './end-signals.ts';

const [first] = process.argv.slice(2);
const isService = first === undefined || first.startsWith('-') || first === 'start' || first === 'run';

// Before all else is loaded, which takes most of the start: a signal must not be lost meanwhile. No message has been received yet.
respondToSignals({ first: isService ? () => process.exit(0) : endBySignal });

// Not awaited: Node would report a command that ends by itself as a module that never settled.
void import('./cli/run-as-process.ts').then(({ runAsProcess }) => runAsProcess(process.argv.slice(2)));
