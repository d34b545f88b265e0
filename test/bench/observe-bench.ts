import { resolveConfig } from '../../src/config/resolve.ts';
import { createComponents } from '../../src/gateway/components.ts';
import { defineCommandHandler } from '../../src/handler/define-handler.ts';
import { createLogger } from '../../src/logger.ts';
import type { BenchOptions, Verdict } from './bench.ts';
import { ChangeDetails } from './change-details.ts';
import { commandBody } from './command-body.ts';
import { command, service } from './destination.ts';
import { median } from './measurement.ts';
import { textTable } from './text-table.ts';

/** The most that metrics may add to a message that is sent and handled, in microseconds. */
const mostMicros = 5;

/** The CPU that metrics take of a message, on the in-memory channel: it is published, handled and settled. */
export async function benchObserving({ quick }: BenchOptions): Promise<Verdict> {
  const [rounds, messages] = quick ? [9, 10_000] : [25, 20_000];
  const off = await subject(false);
  const on = await subject(true);
  const micros: Record<'off' | 'on', number[]> = { off: [], on: [] };
  const subjects = [
    { name: 'off', measured: off },
    { name: 'on', measured: on },
  ] as const;
  for (let round = 0; round <= rounds; round += 1) {
    // What one leaves behind to be collected is a cost of the other.
    for (const { name, measured } of round % 2 === 0 ? subjects : subjects.toReversed()) {
      const cost = await measured.run(messages);
      // In the first round the code is not compiled yet.
      if (round > 0) micros[name].push(cost);
    }
  }
  await Promise.all([off.end(), on.end()]);
  const added = median(micros.on) - median(micros.off);
  const lines = [
    ['metrics off', median(micros.off).toFixed(2)],
    ['metrics on', median(micros.on).toFixed(2)],
    ['added', added.toFixed(2)],
  ];
  const table = textTable(['a message, sent and handled', 'µs of CPU'], lines);
  const verdict = `metrics add ${added.toFixed(2)} µs a message; at most ${mostMicros} are allowed`;
  return { text: `${table}\n\n${verdict}`, failed: added > mostMicros };
}

async function subject(enabled: boolean) {
  let handled = 0;
  let finish = () => {};
  const handler = defineCommandHandler({
    routingKey: 'billing.changeDetails',
    distributed: true,
    payload: ChangeDetails,
    deduplicate: false,
    handle() {
      handled -= 1;
      if (handled === 0) finish();
    },
  });
  const config = resolveConfig({ service, handlers: [handler], metrics: { enabled } }, {});
  const components = createComponents(config, createLogger('silent'));
  const { channel, observedChannel, endpoint } = components;
  endpoint.start();
  await channel.start();
  const message = command(Buffer.from(commandBody));
  return {
    /** @returns microseconds of CPU for each message */
    async run(messages: number): Promise<number> {
      handled = messages;
      const finished = new Promise<void>((resolve) => {
        finish = resolve;
      });
      const before = process.cpuUsage();
      for (let sent = 0; sent < messages; sent += 1) await observedChannel.publish({ to: { bus: service }, message });
      await finished;
      const { user, system } = process.cpuUsage(before);
      return (user + system) / messages;
    },
    async end(): Promise<void> {
      await endpoint.stop(1000);
      await channel.close(1000);
    },
  };
}
