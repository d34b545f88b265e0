import type { InFlight } from '../../../../src/engine/amqp/publish/in-flight.ts';
import { busExchange } from '../../../../src/engine/broker/bus-exchange.ts';
import type { PublishReceipt } from '../../../../src/engine/publication.ts';

/** Creates a publish to the bus that is not written yet. Its outcome is added to a list. */
export function inFlight(routingKey: string, bytes = 1, settled: unknown[] = []): InFlight {
  return {
    publication: { to: { bus: routingKey }, message: { headers: {}, body: Buffer.alloc(0) } },
    route: { exchange: busExchange, routingKey },
    messageId: undefined,
    bytes,
    deadline: 0,
    position: 0,
    returned: false,
    timedOut: false,
    resolve: (receipt: PublishReceipt) => void settled.push(receipt),
    reject: (error) => void settled.push(error),
  };
}
