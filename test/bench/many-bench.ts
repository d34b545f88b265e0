import type { BenchOptions, Verdict } from './bench.ts';
import { declareDestination } from './destination.ts';
import { forkProcess } from './forked-process.ts';
import type { LoadTasks } from './load-process.ts';
import { median } from './measurement.ts';
import { gatewayOfMany, handWritten, type Round, rawAmqplib } from './publish-subject.ts';
import { textTable } from './text-table.ts';

const window = 64;

/** The ways to send, with the share of raw amqplib's speed that each must reach. */
const ways = [
  { name: 'stream', connections: 1, target: 1.1 },
  { name: 'batch of 100', connections: 4, size: 100, target: 1 },
  { name: 'batch of 100', connections: 1, size: 100, target: 0.7 },
  { name: 'batch of 10', connections: 16, size: 10, target: 0.6 },
];

const columns = ['subject', 'connections', 'msg/s', 'vs. raw', 'rounds', 'CPU µs/msg', 'target'] as const;

/**
 * How fast the gateway sends many messages with one request, beside amqplib without HTTP at one end, and a gateway by
 * hand with a request for each message at the other.
 */
export async function benchMany({ brokerUrl, quick, nodeOptions }: BenchOptions): Promise<Verdict> {
  const rounds = quick ? 1 : 5;
  const durations = quick ? { warmUpSeconds: 1, measuredSeconds: 2 } : { warmUpSeconds: 2, measuredSeconds: 4 };
  const destination = await declareDestination(brokerUrl);
  const load = forkProcess<LoadTasks>(new URL('./load-process.ts', import.meta.url));
  const raw = await rawAmqplib(brokerUrl, destination, true);
  const byHand = await handWritten(brokerUrl, destination, load);
  const many = await gatewayOfMany(ways, brokerUrl, destination, load, nodeOptions);
  const subjects = [raw, ...many, byHand];
  // Until their code is compiled, all of them are slower.
  for (const subject of subjects) await subject.measure(window, durations);
  const results: Round[][] = subjects.map(() => []);
  for (let round = 1; round <= rounds; round++) {
    for (const [index, subject] of subjects.entries()) {
      const result = await subject.measure(window, durations);
      console.error(`${round}/${rounds} ${result.subject} ${result.connections}: ${result.perSecond.toFixed(0)}/s`);
      results[index]?.push(result);
    }
  }
  await Promise.all([raw, byHand, ...many.slice(0, 1), load, destination].map((each) => each.end()));
  return verdict(results);
}

function verdict(results: readonly (readonly Round[])[]): Verdict {
  const base = results[0] ?? [];
  const lines = results.map((rounds, index) => {
    const [first] = rounds;
    const perSecond = median(rounds.map((round) => round.perSecond));
    const share = perSecond / median(base.map((round) => round.perSecond));
    const single = rounds.map((round, at) => (round.perSecond / (base[at]?.perSecond ?? Number.NaN)).toFixed(2));
    const target = ways[index - 1]?.target;
    const met = target === undefined ? '' : `${target.toFixed(2)} ${share < target ? 'MISSED' : 'met'}`;
    return [
      ...[first?.subject ?? '', String(first?.connections ?? ''), perSecond.toFixed(0), share.toFixed(2)],
      ...[single.join(' '), median(rounds.map((round) => round.cpuMicrosPerMessage)).toFixed(1), met],
    ];
  });
  const findings = results.flat().flatMap(({ subject, errors, surplus }) => {
    const lost = surplus < 0 ? [`${subject}: ${-surplus} confirmed messages are not in the queue`] : [];
    const extra = surplus > 0 ? [`${subject}: ${surplus} messages in the queue were never confirmed`] : [];
    return [...(errors > 0 ? [`${subject}: ${errors} were not accepted`] : []), ...lost, ...extra];
  });
  const text = textTable(columns, lines);
  return {
    text: findings.length > 0 ? `${text}\n\nFAILED\n${findings.join('\n')}` : text,
    failed: findings.length > 0,
  };
}
