import { onTestFinished } from 'vitest';
import { DistributedBus, type DistributedBusOptions } from '../../src/bus/distributed-bus.ts';
import { ConversionService } from '../../src/conversion/conversion-service.ts';
import type { MediaTypeConverter } from '../../src/conversion/media-type-converter.ts';
import { InMemoryEngine } from '../../src/engine/in-memory/in-memory-engine.ts';
import type { HandlerDefinition } from '../../src/handler/handler-definition.ts';
import { HandlerRegistry } from '../../src/handler/handler-registry.ts';
import type { TransportMessage } from '../../src/message/transport-message.ts';
import { deadLetterQueue, serviceQueue } from '../../src/wire/service-queue.ts';
import { parameterContext } from '../parameter/parameter-context.ts';

interface BusFixtureOptions extends Partial<Omit<DistributedBusOptions, 'channel' | 'conversion' | 'registry'>> {
  readonly handlers?: readonly HandlerDefinition[];
  readonly converters?: readonly MediaTypeConverter[];
}

export interface BusFixture {
  readonly bus: DistributedBus;
  readonly channel: InMemoryEngine;
  /** Makes the queue of a service, bound to its name and to these keys, which nobody empties. */
  addService(service: string, ...bindingKeys: string[]): Promise<void>;
  /** What waits in the queue of a service. */
  waiting(service: string): TransportMessage[];
}

/** The bus of a service on an in-memory channel. */
export async function openBus(options: BusFixtureOptions = {}): Promise<BusFixture> {
  const { handlers = [], converters = [], ...rest } = options;
  const channel = new InMemoryEngine();
  await channel.start();
  onTestFinished(() => channel.close(0));
  const conversion = new ConversionService(converters);
  const bus = new DistributedBus({
    service: 'shop',
    channel,
    conversion,
    registry: new HandlerRegistry(handlers, parameterContext({ conversion })),
    checkDestinations: true,
    defaultSerializationMediaType: 'application/json',
    allowPhpSerialized: false,
    ...rest,
  });
  return {
    bus,
    channel,
    async addService(service, ...bindingKeys) {
      const queue = serviceQueue(service);
      const subscription = { queue, deadLetterQueue: deadLetterQueue(service), prefetch: 1, onDelivery() {} };
      await channel.subscribe({ ...subscription, bindingKeys: [service, ...bindingKeys] }).stop();
    },
    waiting: (service) => channel.messages(serviceQueue(service)),
  };
}

export function textOf({ body }: TransportMessage): string {
  return Buffer.from(body).toString('utf8');
}
