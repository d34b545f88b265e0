import type { Verdict } from './bench.ts';
import type { ConsumeRound } from './consume-subject.ts';
import { median } from './measurement.ts';
import { textTable } from './text-table.ts';

/**
 * How fast a subject must be beside another, and below what something is broken. With few in hand the broker's answer to
 * each acknowledgement is what everyone waits for.
 */
const targets = [
  { subject: 'gateway', beside: 'naive amqplib', concurrency: 10, share: 1.2, alarm: 0.9 },
  { subject: 'gateway', beside: 'naive amqplib', concurrency: 100, share: 1.2, alarm: 1.2 },
  { subject: 'scope and expressions', beside: 'gateway', concurrency: 10, share: 0.4, alarm: 0.4 },
  { subject: 'scope and expressions', beside: 'gateway', concurrency: 100, share: 0.4, alarm: 0.4 },
] as const;

const columns = ['subject', 'concurrency', 'msg/s', 'vs. naive', 'CPU µs/msg', 'CPU vs. naive'];

/** One line for each subject and concurrency: the medians of all its rounds. */
export function consumeTable(rounds: readonly ConsumeRound[]): string {
  const names = [...new Set(rounds.map(({ subject }) => subject))];
  const concurrencies = [...new Set(rounds.map(({ concurrency }) => concurrency))];
  const lines = concurrencies.flatMap((concurrency) => {
    const speed = (name: string) => median(of(rounds, name, concurrency).map(({ perSecond }) => perSecond));
    const cpu = (name: string) =>
      median(of(rounds, name, concurrency).map(({ cpuMicrosPerMessage }) => cpuMicrosPerMessage));
    return names.map((name) => [
      name,
      String(concurrency),
      speed(name).toFixed(0),
      (speed(name) / speed('naive amqplib')).toFixed(2),
      cpu(name).toFixed(1),
      (cpu(name) / cpu('naive amqplib')).toFixed(2),
    ]);
  });
  return textTable(columns, lines);
}

/** What the run comes to, in plain words, and whether it failed. */
export function consumeVerdict(rounds: readonly ConsumeRound[]): Verdict {
  const findings = rounds
    .filter(({ left }) => left > 0)
    .map(({ subject, concurrency, left }) => `${subject}, concurrency ${concurrency}: ${left} were left in the queue`);
  if (findings.length > 0) return { text: `FAILED\n${findings.join('\n')}`, failed: true };
  const verdicts = targets.map(({ subject, beside, concurrency, share, alarm }) => {
    const ratios = pairs(of(rounds, subject, concurrency), of(rounds, beside, concurrency));
    const ratio = median(ratios);
    const wanted = `consume, ${subject} with concurrency ${concurrency} ≥ ${share} of ${beside}`;
    const measured = `${ratio.toFixed(2)} (single rounds: ${ratios.map((each) => each.toFixed(2)).join(', ')})`;
    const failed = ratio < alarm;
    if (failed) return { text: `ALARM: ${wanted}: ${measured}, below ${alarm}`, failed };
    return { text: `Target ${ratio < share ? 'MISSED' : 'met'}: ${wanted}: ${measured}`, failed };
  });
  return { text: verdicts.map(({ text }) => text).join('\n'), failed: verdicts.some(({ failed }) => failed) };
}

/** Round by round: those of one round come one after the other, and have the machine in the same mood. */
function pairs(rounds: readonly ConsumeRound[], reference: readonly ConsumeRound[]): number[] {
  return rounds.map(({ perSecond }, index) => perSecond / (reference[index]?.perSecond ?? Number.NaN));
}

function of(rounds: readonly ConsumeRound[], subject: string, concurrency: number): ConsumeRound[] {
  return rounds.filter((round) => round.subject === subject && round.concurrency === concurrency);
}
