import type { Message } from 'amqplib';
import { describe, expect, test } from 'vitest';
import type { InFlight } from '../../../../src/engine/amqp/publish/in-flight.ts';
import {
  PublishesInFlight,
  type PublishesInFlightOptions,
} from '../../../../src/engine/amqp/publish/publishes-in-flight.ts';
import { busExchange } from '../../../../src/engine/broker/bus-exchange.ts';
import { eventually } from '../../../broker/eventually.ts';
import { inFlight } from './in-flight-fixture.ts';

function publishesInFlight(options: Partial<PublishesInFlightOptions> = {}): PublishesInFlight {
  const bounds = { maxInFlight: 3, maxInFlightBytes: 10, confirmTimeoutMs: 3_600_000 };
  return new PublishesInFlight({ ...bounds, onTimedOut: () => {}, ...options });
}

/** A publish that was written under an id. */
function written(messageId: string, routingKey = 'a'): InFlight {
  return Object.assign(inFlight(routingKey), { messageId, position: 1 });
}

function returned(messageId: string, routingKey = 'a'): Message {
  return { fields: { exchange: busExchange, routingKey }, properties: { messageId } } as Message;
}

describe('the publishes in flight', () => {
  test('have room up to their number', () => {
    const publishes = publishesInFlight();
    for (const key of ['a', 'b', 'c']) publishes.add(inFlight(key, 0));
    expect(() => publishes.assertRoomFor(inFlight('d', 0))).toThrow('3 publishes (0 bytes) wait');
  });

  test('have room up to their bytes, which a publish without any does not need', () => {
    const publishes = publishesInFlight();
    publishes.add(inFlight('a', 10));
    expect(publishes.hasRoomFor(1)).toBe(false);
    expect(publishes.hasRoomFor(0)).toBe(true);
  });

  test('have room for one of any size while there is no other', () => {
    const publishes = publishesInFlight();
    expect(publishes.hasRoomFor(1_000)).toBe(true);
  });

  test('have room for several together up to their number and their bytes', () => {
    const publishes = publishesInFlight();
    expect([publishes.hasRoomForAll(3, 10), publishes.hasRoomForAll(4, 0), publishes.hasRoomForAll(2, 11)]).toEqual([
      ...[true, false, false],
    ]);
    publishes.add(inFlight('a', 4));
    expect([publishes.hasRoomForAll(2, 6), publishes.hasRoomForAll(3, 0), publishes.hasRoomForAll(1, 7)]).toEqual([
      ...[true, false, false],
    ]);
  });

  test('report the next end of a publish to all who wait for it', async () => {
    const publishes = publishesInFlight();
    const entry = inFlight('a');
    publishes.add(entry);
    const ends = [publishes.nextEnd(), publishes.nextEnd()];
    publishes.remove(entry);
    expect(await Promise.all(ends)).toEqual([undefined, undefined]);
  });

  test('have the room again that a publish leaves, once', () => {
    const publishes = publishesInFlight();
    const [first, second] = [inFlight('a', 5), inFlight('b', 5)];
    for (const entry of [first, second]) publishes.add(entry);
    publishes.remove(first);
    publishes.remove(first);
    expect(publishes.hasRoomFor(5)).toBe(true);
    expect(publishes.hasRoomFor(6)).toBe(false);
    expect([...publishes]).toEqual([second]);
  });

  test('are idle when the last one leaves', async () => {
    const publishes = publishesInFlight();
    publishes.add(inFlight('a'));
    const idle = publishes.flush(3_600_000);
    publishes.removeAll();
    await idle;
    expect(publishes.size).toBe(0);
  });

  test('time out once each, in their order, and stay', async () => {
    const timedOut: InFlight[] = [];
    const publishes = publishesInFlight({ confirmTimeoutMs: 1, onTimedOut: (entry) => void timedOut.push(entry) });
    const entries = [inFlight('a'), inFlight('b')];
    for (const entry of entries) publishes.add(entry);
    expect(publishes.haveAllTimedOut).toBe(false);
    await eventually(() => expect(timedOut).toEqual(entries));
    expect([...publishes]).toEqual(entries);
    expect(publishes.haveAllTimedOut).toBe(true);
  });
});

describe('a returned message', () => {
  test('is the first of its address and id that was written and not returned yet', () => {
    const publishes = publishesInFlight();
    const unwritten = Object.assign(written('1'), { position: 0 });
    const [other, first, second] = [written('1', 'b'), written('1'), written('1')];
    for (const entry of [unwritten, other, first, second]) publishes.add(entry);
    expect(publishes.findReturned(returned('1'))).toBe(first);
    first.returned = true;
    expect(publishes.findReturned(returned('1'))).toBe(second);
  });

  test('is none where no publish has its id', () => {
    const publishes = publishesInFlight();
    publishes.add(written('1'));
    expect(publishes.findReturned(returned('2'))).toBeUndefined();
  });
});
