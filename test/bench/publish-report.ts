import type { Verdict } from './bench.ts';
import { median } from './measurement.ts';
import type { Round } from './publish-subject.ts';
import { textTable } from './text-table.ts';

const connections = 64;

/** The shares of others' speed that publishing must reach, and those below which something is broken. */
const targets = [
  { of: 'raw amqplib', share: 0.65, alarm: 0.55, connections: undefined },
  { of: 'hand-written', share: 0.8, alarm: 0.7, connections },
];

const columns = [
  'subject',
  'connections',
  'msg/s',
  'vs. raw',
  'vs. hand',
  'vs. Fastify',
  'p50 ms',
  'p99 ms',
  'CPU µs/msg',
  'errors',
] as const;

/** One line for each subject and number of connections: the medians of all its rounds. */
export function publishTable(rounds: readonly Round[]): string {
  const names = new Set(rounds.map(({ subject }) => subject));
  const counts = [...new Set(rounds.map(({ connections }) => connections))].sort((a, b) => a - b);
  const groups = [...names].flatMap((name) => counts.map((count) => of(rounds, name, count)));
  const lines = groups.flatMap((group) => (group[0] ? [line(rounds, group, group[0])] : []));
  return textTable(columns, lines);
}

function line(rounds: readonly Round[], group: readonly Round[], { subject, connections }: Round): string[] {
  const medianOf = (value: (round: Round) => number) => median(group.map(value));
  const perSecond = medianOf((round) => round.perSecond);
  const share = (name: string) => {
    const reference = of(rounds, name, connections);
    return subject === 'gateway' && reference.length > 0 ? (perSecond / speed(reference)).toFixed(2) : '';
  };
  return [
    subject,
    String(connections),
    perSecond.toFixed(0),
    (perSecond / speed(of(rounds, 'raw amqplib'))).toFixed(2),
    share('hand-written'),
    share('bare Fastify'),
    medianOf((round) => round.p50Ms).toFixed(2),
    medianOf((round) => round.p99Ms).toFixed(2),
    medianOf((round) => round.cpuMicrosPerMessage).toFixed(1),
    String(group.reduce((sum, { errors }) => sum + errors, 0)),
  ];
}

/** What the run comes to, in plain words, and whether it failed. */
export function publishVerdict(rounds: readonly Round[]): Verdict {
  const findings = rounds.flatMap(findingsOf);
  if (findings.length > 0) return { text: `FAILED\n${findings.join('\n')}`, failed: true };

  const gateway = of(rounds, 'gateway', connections);
  const verdicts = targets.map((target) => {
    const reference = of(rounds, target.of, target.connections);
    const share = speed(gateway) / speed(reference);
    const wanted = `publish at ${connections} connections ≥ ${target.share} of ${target.of}`;
    const measured = `${share.toFixed(2)} (single rounds: ${pairs(gateway, reference).join(', ')})`;
    const failed = share < target.alarm;
    if (failed) return { text: `ALARM: ${wanted}: ${measured}, below ${target.alarm}`, failed };
    return { text: `Target ${share < target.share ? 'MISSED' : 'met'}: ${wanted}: ${measured}`, failed };
  });
  return { text: verdicts.map(({ text }) => text).join('\n'), failed: verdicts.some(({ failed }) => failed) };
}

function findingsOf({ subject, connections, errors, surplus }: Round): string[] {
  const where = `${subject}, ${connections} connections:`;
  return [
    ...(errors > 0 ? [`${where} ${errors} were not accepted`] : []),
    ...(surplus < 0 ? [`${where} ${-surplus} confirmed messages are not in the queue`] : []),
    ...(surplus > 0 ? [`${where} ${surplus} messages in the queue were never confirmed`] : []),
  ];
}

/** How far the rounds are apart tells how much the medians are worth. */
function pairs(gateway: readonly Round[], reference: readonly Round[]): string[] {
  return gateway.map(({ perSecond }, index) => (perSecond / (reference[index]?.perSecond ?? Number.NaN)).toFixed(2));
}

function speed(rounds: readonly Round[]): number {
  return median(rounds.map(({ perSecond }) => perSecond));
}

function of(rounds: readonly Round[], subject: string, connections?: number): Round[] {
  return rounds.filter(
    (round) => round.subject === subject && (connections === undefined || round.connections === connections),
  );
}
