import { median } from './measurement.ts';
import type { Round } from './subject.ts';

/** The share of raw amqplib's speed that publishing must reach, and that below which something is broken. */
const target = { share: 0.65, alarm: 0.55, connections: 64 };

const columns = [
  'subject',
  'connections',
  'msg/s',
  'vs. raw',
  'vs. Fastify',
  'p50 ms',
  'p99 ms',
  'CPU µs/msg',
  'errors',
] as const;

/** One line for each subject and number of connections: the medians of all its rounds. */
export function table(rounds: readonly Round[]): string {
  const names = new Set(rounds.map(({ subject }) => subject));
  const counts = [...new Set(rounds.map(({ connections }) => connections))].sort((a, b) => a - b);
  const groups = [...names].flatMap((name) => counts.map((count) => of(rounds, name, count)));
  const lines = groups.flatMap((group) => (group[0] ? [line(rounds, group, group[0])] : []));
  const widths = columns.map((title, index) =>
    Math.max(...[title, ...lines.map((cells) => cells[index] ?? '')].map(({ length }) => length)),
  );
  const aligned = [columns, ...lines].map((cells) =>
    cells.map((cell, index) => (index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0))),
  );
  return aligned.map((cells) => cells.join('  ')).join('\n');
}

function line(rounds: readonly Round[], group: readonly Round[], { subject, connections }: Round): string[] {
  const medianOf = (value: (round: Round) => number) => median(group.map(value));
  const perSecond = medianOf((round) => round.perSecond);
  const toFastify = perSecond / speed(rounds, 'bare Fastify', connections);
  return [
    subject,
    String(connections),
    perSecond.toFixed(0),
    (perSecond / speed(rounds, 'raw amqplib')).toFixed(2),
    subject === 'gateway' ? toFastify.toFixed(2) : '',
    medianOf((round) => round.p50Ms).toFixed(2),
    medianOf((round) => round.p99Ms).toFixed(2),
    medianOf((round) => round.cpuMicrosPerMessage).toFixed(1),
    String(group.reduce((sum, { errors }) => sum + errors, 0)),
  ];
}

/** What the run comes to, in plain words, and whether it failed. */
export function verdict(rounds: readonly Round[]): { readonly text: string; readonly failed: boolean } {
  const faults = rounds.flatMap(faultsOf);
  if (faults.length > 0) return { text: `FAILED\n${faults.join('\n')}`, failed: true };

  const share = speed(rounds, 'gateway', target.connections) / speed(rounds, 'raw amqplib');
  const wanted = `publish at ${target.connections} connections ≥ ${target.share} of raw amqplib`;
  const measured = `${share.toFixed(2)} (single rounds: ${pairs(rounds).join(', ')})`;
  if (share < target.alarm) return { text: `ALARM: ${wanted}: ${measured}, below ${target.alarm}`, failed: true };
  return { text: `Target ${share < target.share ? 'MISSED' : 'met'}: ${wanted}: ${measured}`, failed: false };
}

function faultsOf({ subject, connections, errors, surplus }: Round): string[] {
  const where = `${subject}, ${connections} connections:`;
  return [
    ...(errors > 0 ? [`${where} ${errors} were not accepted`] : []),
    ...(surplus < 0 ? [`${where} ${-surplus} confirmed messages are not in the queue`] : []),
    ...(surplus > 0 ? [`${where} ${surplus} messages in the queue were never confirmed`] : []),
  ];
}

/** How far the rounds are apart tells how much the medians are worth. */
function pairs(rounds: readonly Round[]): string[] {
  const raw = of(rounds, 'raw amqplib');
  const gateway = of(rounds, 'gateway', target.connections);
  return gateway.map(({ perSecond }, index) => (perSecond / (raw[index]?.perSecond ?? Number.NaN)).toFixed(2));
}

function speed(rounds: readonly Round[], subject: string, connections?: number): number {
  return median(of(rounds, subject, connections).map(({ perSecond }) => perSecond));
}

function of(rounds: readonly Round[], subject: string, connections?: number): Round[] {
  return rounds.filter(
    (round) => round.subject === subject && (connections === undefined || round.connections === connections),
  );
}
