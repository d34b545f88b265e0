import type { BenchOptions, Verdict } from './bench.ts';
import { commandCpuMs } from './command-cpu.ts';
import { bindingsCost, deadLettersCost, eventCost } from './scale-costs.ts';
import { textTable } from './text-table.ts';

/** One cost at several sizes. */
interface Curve {
  readonly name: string;
  readonly unit: string;
  readonly sizes: readonly number[];
  readonly cost: (size: number) => Promise<number>;
}

const smallEvent = { bytes: 1_000, userHeaders: 0, handlers: 1 };

/** What grows with the size of something, in CPU time, so that the ratios hold on a machine that is shared. */
export async function benchScale({ brokerUrl, quick }: BenchOptions): Promise<Verdict> {
  const messages = quick ? 200 : 1_000;
  const few = quick ? 10 : 30;
  const curves: readonly Curve[] = [
    {
      name: 'event, by registered handlers',
      unit: 'µs',
      sizes: [1, 10, 100, 1_000, 10_000],
      cost: (registered) => eventCost({ ...smallEvent, registered, messages }),
    },
    {
      name: 'event, by its own handlers',
      unit: 'µs',
      sizes: [1, 10, 100],
      cost: (handlers) => eventCost({ ...smallEvent, handlers, messages }),
    },
    {
      name: 'event, by user headers',
      unit: 'µs',
      sizes: [0, 10, 50],
      cost: (userHeaders) => eventCost({ ...smallEvent, userHeaders, messages }),
    },
    {
      name: 'event published, by bytes',
      unit: 'µs',
      sizes: [1_000, 100_000, 1_000_000],
      cost: (bytes) => eventCost({ ...smallEvent, bytes, handlers: 0, messages: few }),
    },
    {
      name: 'event published and consumed, by bytes',
      unit: 'µs',
      sizes: [1_000, 100_000, 1_000_000],
      cost: (bytes) => eventCost({ ...smallEvent, bytes, messages: few }),
    },
    { name: 'dead letters passed', unit: 'µs each', sizes: [100, 1_000], cost: deadLettersCost },
    {
      name: 'bindings declared',
      unit: 'µs each',
      sizes: [10, 100, 1_000],
      cost: (count) => bindingsCost(brokerUrl, count),
    },
    { name: 'littoral --version', unit: 'ms', sizes: [1], cost: () => commandCpuMs(['--version']) },
    { name: 'littoral list', unit: 'ms', sizes: [1], cost: () => commandCpuMs(['list']) },
    { name: 'littoral start', unit: 'ms', sizes: [1], cost: () => commandCpuMs(['start'], 'docs at') },
  ];
  // Has the path of an event compiled before the first of them is measured.
  await eventCost({ ...smallEvent, messages: 10_000 });
  const lines: string[][] = [];
  for (const { name, unit, sizes, cost } of curves) {
    let first: number | undefined;
    for (const size of sizes) {
      const measured = await cost(size);
      first ??= measured;
      lines.push([name, String(size), measured.toFixed(0), unit, (measured / first).toFixed(2)]);
    }
  }
  return { text: textTable(['CPU time', 'size', 'cost', 'unit', 'ratio'], lines), failed: false };
}
