import { appendFileSync, readFileSync, truncateSync } from 'node:fs';
import { type HandlerCall, ledgerTime } from './ledger.ts';

// A line when a call begins and one when it ends. Each is one write to the end of the file, so that lines of several
// processes do not mix, and that those of one that was killed are there.
type Line =
  | (Omit<HandlerCall, 'outcome' | 'endedAt'> & { readonly call: string })
  | { readonly call: string; readonly outcome: 'succeeded' | 'failed'; readonly endedAt: number };

let calls = 0;

/** Notes that a handler is called. @returns notes how it ended */
export function logCall(
  file: string,
  call: Pick<HandlerCall, 'mark' | 'bodyMark' | 'messageId' | 'exact' | 'endpoint' | 'retry'>,
): (outcome: 'succeeded' | 'failed') => void {
  const name = `${process.pid}-${++calls}`;
  const write = (line: Line) => appendFileSync(file, `${JSON.stringify(line)}\n`);
  write({ call: name, ...call, process: process.pid, begunAt: ledgerTime() });
  return (outcome) => write({ call: name, outcome, endedAt: ledgerTime() });
}

/** Reads all calls. */
export function readCalls(file: string): HandlerCall[] {
  const found = new Map<string, HandlerCall>();
  for (const text of readFileSync(file, 'utf8').split('\n')) {
    if (text === '') continue;
    const { call, ...line } = JSON.parse(text) as Line;
    found.set(call, { outcome: 'begun', ...found.get(call), ...line } as HandlerCall);
  }
  return [...found.values()];
}

/** Forgets what was read; to be called while no handler runs. */
export function emptyCallLog(file: string): void {
  truncateSync(file);
}
