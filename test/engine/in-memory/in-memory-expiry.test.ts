import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Delivery } from '../../../src/engine/delivery.ts';
import { InMemoryEngine } from '../../../src/engine/in-memory/in-memory-engine.ts';
import { messageOf, publishOnBus, textOf } from '../engine-fixture.ts';

const queue = 'billing';
const deadLetterQueue = 'billing_dead_letter';
const longestTimeToLiveMs = 2 ** 32 - 1;

describe('a message with a time to live, in memory,', () => {
  let channel: InMemoryEngine;
  let deliveries: Delivery[];

  beforeEach(async () => {
    vi.useFakeTimers();
    channel = new InMemoryEngine();
    deliveries = [];
    await channel.start();
    await channel.subscribe(subscriptionWithPrefetch(1)).stop();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  function subscriptionWithPrefetch(prefetch: number) {
    const onDelivery = (delivery: Delivery) => void deliveries.push(delivery);
    return { queue, deadLetterQueue, bindingKeys: ['billing.*'], prefetch, onDelivery };
  }

  async function sendWithTimeToLive(text: string, timeToLiveMs: number): Promise<void> {
    await channel.publish({ to: { queue }, message: messageOf(text), timeToLiveMs });
  }

  function texts(name: string): string[] {
    return channel.messages(name).map(textOf);
  }

  test('expires on time behind one that lives longer', async () => {
    await sendWithTimeToLive('long', 3000);
    await sendWithTimeToLive('short', 200);
    await vi.advanceTimersByTimeAsync(199);
    expect(texts(queue)).toEqual(['long', 'short']);
    await vi.advanceTimersByTimeAsync(1);
    expect(texts(queue)).toEqual(['long']);
    expect(texts(deadLetterQueue)).toEqual(['short']);
    await vi.advanceTimersByTimeAsync(2800);
    expect(texts(deadLetterQueue)).toEqual(['short', 'long']);
  });

  test('becomes a dead letter with the history that RabbitMQ writes', async () => {
    const message = messageOf('late', { executorId: '7' });
    await channel.publish({ to: { bus: 'billing.paid' }, message, timeToLiveMs: 200 });
    await vi.advanceTimersByTimeAsync(200);
    const death = { reason: 'expired', queue, count: 1, exchange: 'ecotone.distributed' };
    expect(channel.messages(deadLetterQueue)[0]?.headers).toEqual({
      ...message.headers,
      'x-death': [{ ...death, 'routing-keys': ['billing.paid'], 'original-expiration': '200' }],
      'x-first-death-reason': 'expired',
      'x-first-death-queue': queue,
      'x-first-death-exchange': 'ecotone.distributed',
    });
  });

  test('keeps its history of an earlier dead-lettering', async () => {
    const earlier = { reason: 'rejected', queue: 'other', count: 1, exchange: '', 'routing-keys': ['other'] };
    const headers = { 'x-death': [earlier], 'x-first-death-reason': 'rejected', 'x-first-death-queue': 'other' };
    await channel.publish({ to: { queue }, message: messageOf('twice dead', headers), timeToLiveMs: 200 });
    await vi.advanceTimersByTimeAsync(200);
    expect(channel.messages(deadLetterQueue)[0]?.headers).toMatchObject({
      'x-death': [{ reason: 'expired', exchange: '', 'routing-keys': [queue] }, earlier],
      'x-first-death-reason': 'rejected',
      'x-first-death-queue': 'other',
    });
  });

  test('does not expire before its time, however long that is', async () => {
    await sendWithTimeToLive('seven weeks', longestTimeToLiveMs);
    await vi.advanceTimersByTimeAsync(longestTimeToLiveMs - 1);
    expect(texts(queue)).toEqual(['seven weeks']);
    await vi.advanceTimersByTimeAsync(1);
    expect(texts(deadLetterQueue)).toEqual(['seven weeks']);
  });

  test('does not expire while it is unacknowledged, but once it is requeued', async () => {
    channel.subscribe(subscriptionWithPrefetch(1));
    await sendWithTimeToLive('in hand', 200);
    await vi.advanceTimersByTimeAsync(1000);
    expect(deliveries.map(({ message }) => textOf(message))).toEqual(['in hand']);
    expect(texts(deadLetterQueue)).toEqual([]);
    deliveries[0]?.release();
    await vi.advanceTimersByTimeAsync(1);
    expect(texts(deadLetterQueue)).toEqual(['in hand']);
    expect(deliveries).toHaveLength(1);
  });

  test('expires on time if it is requeued in time', async () => {
    const consumer = channel.subscribe(subscriptionWithPrefetch(1));
    await sendWithTimeToLive('given back', 200);
    await vi.advanceTimersByTimeAsync(100);
    await consumer.stop();
    deliveries[0]?.release();
    await vi.advanceTimersByTimeAsync(99);
    expect(texts(queue)).toEqual(['given back']);
    await vi.advanceTimersByTimeAsync(1);
    expect(texts(deadLetterQueue)).toEqual(['given back']);
  });

  test('is not delivered late by a process that was too busy for its timers', async () => {
    await sendWithTimeToLive('late', 200);
    const now = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 200);
    channel.subscribe(subscriptionWithPrefetch(1));
    await vi.advanceTimersToNextTimerAsync();
    now.mockRestore();
    expect(deliveries).toEqual([]);
    expect(texts(deadLetterQueue)).toEqual(['late']);
  });

  test('expires as often as there are queues that wait with it', async () => {
    const other = { ...subscriptionWithPrefetch(1), queue: 'other', deadLetterQueue: 'other_dead_letter' };
    await channel.subscribe(other).stop();
    await channel.publish({ to: { bus: 'billing.paid' }, message: messageOf('both'), timeToLiveMs: 200 });
    await vi.advanceTimersByTimeAsync(200);
    expect([texts(deadLetterQueue), texts('other_dead_letter')]).toEqual([['both'], ['both']]);
  });

  test('leaves no timer behind when it is delivered or the channel is closed', async () => {
    channel.subscribe(subscriptionWithPrefetch(1));
    await sendWithTimeToLive('delivered', 200);
    await sendWithTimeToLive('waiting', 300);
    await vi.advanceTimersByTimeAsync(1);
    expect(vi.getTimerCount()).toBe(1);
    deliveries[0]?.acknowledge();
    await vi.advanceTimersByTimeAsync(1);
    expect(vi.getTimerCount()).toBe(0);
    await publishOnBus(channel, 'billing.paid', 'no timer');
    await sendWithTimeToLive('with a timer', 5000);
    await vi.advanceTimersByTimeAsync(1);
    expect(vi.getTimerCount()).toBe(1);
    const closing = channel.close(1000);
    await vi.advanceTimersByTimeAsync(1001);
    await closing;
    expect(vi.getTimerCount()).toBe(0);
    expect(texts(queue)).toEqual(['waiting', 'no timer', 'with a timer']);
  });
});
