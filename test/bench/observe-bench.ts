import type { HandlerCall } from '../../src/endpoint/handler-call.ts';
import type { Delivery } from '../../src/engine/delivery.ts';
import type { Publication } from '../../src/engine/publication.ts';
import { Header } from '../../src/message/message-headers.ts';
import { newMessageId } from '../../src/message/message-id.ts';
import { GatewayMetrics } from '../../src/observe/metrics/gateway-metrics.ts';
import { HandlingMeasurement } from '../../src/observe/metrics/handling-measurement.ts';
import { KeyLabels } from '../../src/observe/metrics/key-labels.ts';
import { MeasuredEngine } from '../../src/observe/metrics/measured-engine.ts';
import type { SettledDelivery } from '../../src/recovery/delivery-outcome.ts';
import type { HandledResult } from '../../src/recovery/handler-result.ts';
import type { BenchOptions, Verdict } from './bench.ts';
import { service } from './destination.ts';
import { median } from './measurement.ts';
import { NullEngine } from './null-engine.ts';
import { textTable } from './text-table.ts';

/** The most that metrics may add to a message that is sent and handled, in microseconds. */
const mostMicros = 5;

/** The CPU that metrics take of a message: of its publish, its delivery and the call of its handler alone. */
export async function benchObserving({ quick }: BenchOptions): Promise<Verdict> {
  const [rounds, messages] = quick ? [9, 50_000] : [25, 100_000];
  const run = createRun(messages);
  const micros: Record<'off' | 'on', number[]> = { off: [], on: [] };
  for (let round = 0; round <= rounds; round += 1) {
    for (const name of ['off', 'on'] as const) {
      const cost = await run(name === 'on');
      // In the first round the code is not compiled yet.
      if (round > 0) micros[name].push(cost);
    }
  }
  const added = median(micros.on) - median(micros.off);
  const lines = [
    ['without metrics', median(micros.off).toFixed(2)],
    ['with metrics', median(micros.on).toFixed(2)],
    ['added', added.toFixed(2)],
  ];
  const table = textTable(['a message through empty stages', 'µs of CPU'], lines);
  const verdict = `metrics add ${added.toFixed(2)} µs a message; at most ${mostMicros} are allowed`;
  return { text: `${table}\n\n${verdict}`, failed: added > mostMicros };
}

/** Returns a function that sends and handles messages, and returns the microseconds of each. */
function createRun(messages: number): (isMeasured: boolean) => Promise<number> {
  const registry = () => ({ handlers: () => [], revision: 0 });
  const metrics = new GatewayMetrics({ labels: new KeyLabels({ configured: [service], registry }), target: {} });
  const handling = new HandlingMeasurement(metrics, 'rabbitmq', service, `distributed_${service}`);
  const engine = new NullEngine();
  const measured = new MeasuredEngine(engine, metrics, []);
  const message = {
    headers: { [Header.id]: newMessageId(), [Header.timestamp]: Math.floor(Date.now() / 1000) },
    body: new Uint8Array(),
  };
  // The stages read these fields alone.
  const delivery = { viaBus: true, routingKey: service, message } as unknown as Delivery;
  const handler = { definition: { routingKey: 'change' }, endpointId: 'change' };
  const call = { handler, delivery, message, attempt: 1 } as unknown as HandlerCall;
  const handled: HandledResult = { kind: 'handled', endpointId: 'change', value: undefined };
  const settled: SettledDelivery = { outcome: 'handled', handled: [handled], failures: [] };
  const publication: Publication = { to: { bus: service }, message };
  const plain = async () => settled;
  const counted = async () => {
    handling.call(call, () => handled);
    return settled;
  };
  return async (isMeasured) => {
    const before = process.cpuUsage();
    for (let sent = 0; sent < messages; sent += 1) {
      await (isMeasured ? measured.publish(publication) : engine.publish());
      await (isMeasured ? handling.delivery(delivery, counted) : plain());
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / messages;
  };
}
