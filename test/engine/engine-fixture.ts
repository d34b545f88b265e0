import { randomUUID } from 'node:crypto';
import { expect, onTestFinished } from 'vitest';
import type { Consumer, Delivery, Subscription } from '../../src/engine/delivery.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { Publisher, PublishReceipt } from '../../src/engine/publication.ts';
import { Header, type MessageHeaders } from '../../src/message/message-headers.ts';
import type { TransportMessage } from '../../src/message/transport-message.ts';
import { eventually } from '../broker/eventually.ts';
import type { EngineHarness } from './engine-contract.ts';

/** A subscription and what it has received. */
export interface Inbox {
  readonly queue: string;
  readonly deadLetterQueue: string;
  readonly consumer: Consumer;
  readonly deliveries: readonly Delivery[];
  /** The bodies of all deliveries so far, in their order. */
  texts(): string[];
  /** Waits for a delivery: 1 is the first. */
  delivery(ordinal: number): Promise<Delivery>;
}

export async function openHarness(harness: () => Promise<EngineHarness>): Promise<EngineHarness> {
  const opened = await harness();
  onTestFinished(() => opened.close());
  return opened;
}

/** A name that no other test uses: of a queue, or a key on the bus. */
export function newName(): string {
  return `contract_${randomUUID()}`;
}

export function hold(): void {}

export function acknowledge(delivery: Delivery): void {
  delivery.acknowledge();
}

/** Subscribes and waits until the queue and its bindings are there. By default one delivery at a time, held in hand. */
export async function openInbox(channel: Engine, options: Partial<Subscription> = {}): Promise<Inbox> {
  const queue = options.queue ?? newName();
  const deadLetterQueue = `${queue}_dead_letter`;
  const deliveries: Delivery[] = [];
  const { bindingKeys = [], retiredKeys, prefetch = 1, ordered, suspended, onDelivery = hold } = options;
  const receive = (delivery: Delivery) => {
    deliveries.push(delivery);
    onDelivery(delivery);
  };
  const keys = { bindingKeys, retiredKeys };
  const how = { ordered, suspended, prefetch, onDelivery: receive };
  const consumer = channel.subscribe({ queue, deadLetterQueue, ...keys, ...how });
  await eventually(() => expect(consumer.detached).toBeUndefined());
  return {
    queue,
    deadLetterQueue,
    consumer,
    deliveries,
    texts: () => deliveries.map(({ message }) => textOf(message)),
    async delivery(ordinal) {
      await eventually(() => expect(deliveries.length).toBeGreaterThanOrEqual(ordinal));
      return deliveries[ordinal - 1] as Delivery;
    },
  };
}

/** An inbox that holds several deliveries. Its first is settled at once: then a channel makes full use of prefetch. */
export async function openWideInbox(channel: Engine, prefetch: number): Promise<Inbox> {
  const inbox = await openInbox(channel, { prefetch });
  await send(channel, inbox.queue, 'first of all');
  (await inbox.delivery(1)).acknowledge();
  (inbox.deliveries as Delivery[]).length = 0;
  return inbox;
}

/** A queue that exists and has no consumer. */
export async function openQueue(channel: Engine, bindingKeys: string[] = []): Promise<Inbox> {
  const inbox = await openInbox(channel, { bindingKeys });
  await inbox.consumer.stop();
  return inbox;
}

export function send(channel: Publisher, queue: string, text: string): Promise<PublishReceipt> {
  return channel.publish({ to: { queue }, message: messageOf(text) });
}

export async function sendAll(channel: Publisher, queue: string, texts: string[]): Promise<void> {
  for (const text of texts) await send(channel, queue, text);
}

export function publishOnBus(channel: Publisher, key: string, text: string): Promise<PublishReceipt> {
  return channel.publish({ to: { bus: key }, message: messageOf(text) });
}

export function messageOf(body: string | Uint8Array, headers: MessageHeaders = {}): TransportMessage {
  const standard = { [Header.id]: randomUUID(), [Header.contentType]: 'text/plain' };
  return { headers: { ...standard, ...headers }, body: Buffer.from(body) };
}

export function textOf({ body }: TransportMessage): string {
  return Buffer.from(body).toString('utf8');
}

/** Waits until exactly these wait in a queue, in this order. */
export async function expectWaiting(harness: EngineHarness, queue: string, texts: string[]): Promise<void> {
  await eventually(async () => expect((await harness.messages(queue)).map(textOf)).toEqual(texts));
}
