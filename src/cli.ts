#!/usr/bin/env node
import { exitBySignal, respondToSignals } from './gateway/exit-signals.ts';

const [first] = process.argv.slice(2);
const isGateway = first === undefined || first.startsWith('-') || first === 'start';
const isService = isGateway || first === 'run';

// Installed before the other modules load, which takes most of the start, so that no signal is lost. No message has
// been received yet.
respondToSignals({
  first: isService ? () => process.exit(0) : exitBySignal,
  ...(isGateway && { reload: 'later' as const }),
});

// Not awaited: Node would report a command that ends by itself as a module that never settled.
void import('./cli/run-as-process.ts').then(({ runAsProcess }) => runAsProcess(process.argv.slice(2)));
