import { pino } from 'pino';
import { expect, onTestFinished } from 'vitest';
import { defaults } from '../../src/config/defaults.ts';
import { RecipientResolver } from '../../src/endpoint/recipient-resolver.ts';
import {
  type DeliveryStage,
  ServiceEndpoint,
  type ServiceEndpointOptions,
} from '../../src/endpoint/service-endpoint.ts';
import { Deduplication, type DeduplicationOptions } from '../../src/endpoint/stages/deduplication.ts';
import { InMemoryEngine } from '../../src/engine/in-memory/in-memory-engine.ts';
import { defineCommandHandler } from '../../src/handler/define-handler.ts';
import type { HandlerDefinition } from '../../src/handler/handler-definition.ts';
import { HandlerRegistry } from '../../src/handler/handler-registry.ts';
import type { Retries } from '../../src/handler/retries.ts';
import { Header, type MessageHeaders } from '../../src/message/message-headers.ts';
import type { TransportMessage } from '../../src/message/transport-message.ts';
import { type Clock, systemClock, type WallClock } from '../../src/time/clock.ts';
import { deadLetterQueue, serviceQueue } from '../../src/wire/service-queue.ts';
import { eventually } from '../broker/eventually.ts';
import { bareScopes } from '../handler/bare-scopes.ts';
import { parameterContext } from '../parameter/parameter-context.ts';
import { RecordingEngine } from './recording-engine.ts';

export interface EndpointFixture {
  readonly endpoint: ServiceEndpoint;
  readonly channel: RecordingEngine;
  /** All lines of the log, parsed. */
  readonly log: Record<string, unknown>[];
  /** Puts a message into the queue of the service, as the bus would, with these headers instead or beside. */
  send(headers?: MessageHeaders, body?: string | Uint8Array, timeToLiveMs?: number): Promise<void>;
  /** The same under a key on the bus. */
  publish(key: string, headers?: MessageHeaders, body?: string | Uint8Array, timeToLiveMs?: number): Promise<void>;
  waiting(): TransportMessage[];
  deadLetters(): TransportMessage[];
  /** Waits until so many deliveries have been settled. */
  settled(count: number): Promise<void>;
}

/** Headers of a command that `billing` handles. */
export const commandHeaders: MessageHeaders = {
  [Header.id]: '019f8a1e-8c0a-7c3e-9d51-2f1a7f3f2f10',
  [Header.correlationId]: 'order 7',
  [Header.payloadType]: 'command',
  [Header.routingKey]: 'change',
  [Header.targetServiceName]: 'billing',
  [Header.contentType]: 'application/json',
};

export const eventHeaders: MessageHeaders = {
  [Header.id]: '019f8a1e-8c0a-7c3e-9d51-2f1a7f3f2f10',
  [Header.payloadType]: 'event',
  [Header.routingKey]: 'order.placed',
  [Header.contentType]: 'application/json',
};

/** The handler of the command above. */
export function onCommand(handle: HandlerDefinition['handle']): HandlerDefinition {
  return defineCommandHandler({ routingKey: 'change', distributed: true, handle });
}

interface MoreOptions extends Partial<Pick<ServiceEndpointOptions, 'finalFailureStrategy' | 'unhandled'>> {
  readonly retries?: Retries;
  readonly clock?: Clock | (Clock & WallClock);
  readonly deduplication?: Pick<DeduplicationOptions, 'store' | 'enabled'>;
  /** See `RecordingEngine`. */
  readonly beyondPrefetch?: number;
}

/** The endpoint of the service `billing`, which consumes. It retries nothing unless told so. */
export async function runEndpoint(
  handlers: readonly HandlerDefinition[],
  concurrency = 10,
  deliveryStage?: DeliveryStage,
  handlerTimeoutMs = 60_000,
  more: MoreOptions = {},
): Promise<EndpointFixture> {
  const { clock, retries = { maxAttempts: 0 }, finalFailureStrategy = 'release', deduplication } = more;
  const { unhandled = { graceMs: 600_000, afterGrace: 'dead-letter', commands: 'auto' } } = more;
  const channel = new RecordingEngine(new InMemoryEngine(clock && { clock }));
  channel.beyondPrefetch = more.beyondPrefetch ?? 0;
  await channel.start();
  onTestFinished(() => channel.close(0));
  const registry = new HandlerRegistry(handlers, parameterContext());
  const log: Record<string, unknown>[] = [];
  const logger = pino({ level: 'trace', base: undefined }, { write: (line: string) => log.push(JSON.parse(line)) });
  const endpoint = new ServiceEndpoint({
    service: 'billing',
    channel,
    scopes: bareScopes,
    messages: new RecipientResolver('billing', registry, channel),
    hasHandlers: true,
    eventBindingKeys: registry.distributedEventKeys(),
    concurrency,
    handlerTimeoutMs,
    retries: { ...defaults.retries, ...retries, instant: { ...defaults.retries.instant, ...retries.instant } },
    maxDecodedBytes: defaults.maxDecodedBytes,
    finalFailureStrategy,
    unhandled,
    deliveryStages: deliveryStage && [deliveryStage],
    clock: clock && 'wallMs' in clock ? clock : systemClock,
    logger,
    deduplication:
      deduplication && new Deduplication({ service: 'billing', timeoutMs: handlerTimeoutMs, logger, ...deduplication }),
  });
  endpoint.start();
  const messageOf = (headers: MessageHeaders, body: string | Uint8Array) => ({ headers, body: Buffer.from(body) });
  return {
    endpoint,
    channel,
    log,
    async send(headers = commandHeaders, body = '{}', timeToLiveMs) {
      const message = messageOf(headers, body);
      await channel.publish({ to: { queue: serviceQueue('billing') }, message, timeToLiveMs });
    },
    async publish(key, headers = eventHeaders, body = '{}', timeToLiveMs) {
      await channel.publish({ to: { bus: key }, message: messageOf(headers, body), timeToLiveMs });
    },
    waiting: () => channel.messages(serviceQueue('billing')),
    deadLetters: () => channel.messages(deadLetterQueue('billing')),
    settled: (count) => eventually(() => expect(channel.verdicts.length).toBe(count), { intervalMs: 1 }),
  };
}

/** A promise that is resolved from outside. */
export interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

export function gate(): Gate {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Lets everything happen that waits for no time. */
export async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
