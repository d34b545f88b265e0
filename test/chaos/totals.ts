import type { MemoryUse } from './gateway-process.ts';
import type { Round } from './run-round.ts';

/** What some rounds have shown, in numbers. */
export interface Totals {
  rounds: number;
  messages: number;
  requests: number;
  handled: number;
  retried: number;
  deadLetters: number;
  /** Dead letters that had to wait for room in their queue, each time. */
  setAside: number;
  /** Events that a handler has not got because its service was not bound. */
  missed: number;
  /** By status, or by what the socket said. */
  readonly answers: Record<string, number>;
  readonly duplicates: Record<string, number>;
  readonly faults: Record<string, number>;
}

export function noTotals(): Totals {
  const numbers = {
    rounds: 0,
    messages: 0,
    requests: 0,
    handled: 0,
    retried: 0,
    deadLetters: 0,
    setAside: 0,
    missed: 0,
  };
  return { ...numbers, answers: {}, duplicates: {}, faults: {} };
}

export function addRound(totals: Totals, { ledger, verdict }: Round): void {
  totals.rounds += 1;
  totals.messages += ledger.sent.length;
  totals.handled += verdict.handled;
  totals.retried += verdict.retried;
  totals.deadLetters += ledger.deadLetters.length;
  totals.setAside += ledger.setAside.length;
  totals.missed += verdict.missed;
  const count = (counts: Record<string, number>, name: string, by = 1) => {
    counts[name] = (counts[name] ?? 0) + by;
  };
  for (const { attempts } of ledger.sent) {
    totals.requests += attempts.length;
    for (const { status, code, outcome } of attempts) {
      const answer = status === undefined ? `no answer (${code})` : `${status}`;
      count(totals.answers, outcome === 'unknown' && status ? `${answer}, outcome unknown` : answer);
    }
  }
  for (const [reason, amount] of Object.entries(verdict.duplicates)) count(totals.duplicates, reason, amount);
  for (const { kind } of ledger.faults) count(totals.faults, kind);
}

export function describeTotals(totals: Totals): string {
  const { rounds, messages, requests, handled, retried, deadLetters, setAside, missed } = totals;
  const { answers, duplicates, faults } = totals;
  const list = (title: string, counts: Record<string, number>) => [
    `${title}: ${Object.keys(counts).length === 0 ? 'none' : ''}`,
    ...Object.entries(counts)
      .sort()
      .map(([name, amount]) => `  ${String(amount).padStart(9)}  ${name}`),
  ];
  return [
    `rounds ${rounds}, messages ${messages}, requests ${requests}`,
    `handler calls that succeeded ${handled}, retries ${retried}, dead letters ${deadLetters}, set aside ${setAside}`,
    `events that handlers have not got while their service was not bound ${missed}`,
    ...list('answers', answers),
    ...list('duplicates, explained', duplicates),
    ...list('faults', faults),
  ].join('\n');
}

export function describeMemory({ rss, heapUsed, external }: MemoryUse): string {
  const [total = 0, heap = 0, outside = 0] = [rss, heapUsed, external].map((bytes) => Math.round(bytes / 2 ** 20));
  return `${total} MB, of which heap ${heap} MB, external ${outside} MB`;
}

// What a process keeps does not depend on how long it runs. Node gives memory back late, so the total may differ more.
const grownAtMost = { rss: 150 * 2 ** 20, heapUsed: 40 * 2 ** 20 };

/** @returns what is wrong, if anything */
export function memoryFinding(before: MemoryUse, after: MemoryUse): string | undefined {
  const grown = after.rss - before.rss > grownAtMost.rss || after.heapUsed - before.heapUsed > grownAtMost.heapUsed;
  return grown ? `memory has grown from ${describeMemory(before)} to ${describeMemory(after)}` : undefined;
}
