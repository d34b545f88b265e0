import { describe, expect, test } from 'vitest';
import { LittoralError } from '../../src/errors.ts';
import { defineEventHandler } from '../../src/handler/define-handler.ts';
import { Header, type MessageHeaders } from '../../src/message/message-headers.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import { commandHeaders, eventHeaders, onCommand, runEndpoint, turns } from '../endpoint/endpoint-fixture.ts';

type Unhandled = NonNullable<NonNullable<Parameters<typeof runEndpoint>[4]>['unhandled']>;

const graceMs = 600_000;
const unknownEvent = { ...eventHeaders, [Header.routingKey]: 'parcel.sent' };
const unknownCommand = { ...commandHeaders, [Header.routingKey]: 'refund' };
const channelMessage = { ...commandHeaders, [Header.payloadType]: 'message' };
const retryOfAnother = { ...eventHeaders, [Header.failedEndpoint]: 'x', [Header.retryNumber]: 1, [Header.attempts]: 2 };

/** A process that handles `order.*` and `change`, on a clock that stands still; its queue is bound to more. */
async function run(unhandled: Partial<Unhandled> = {}, concurrency = 10) {
  const clock = new TestClock();
  const handled: MessageHeaders[] = [];
  const handle = (_: unknown, headers: MessageHeaders) => void handled.push(headers);
  const handlers = [onCommand(handle), defineEventHandler({ routingKey: 'order.*', distributed: true, handle })];
  const settings: Unhandled = { graceMs, afterGrace: 'dead-letter', commands: 'auto', ...unhandled };
  const fixture = await runEndpoint(handlers, concurrency, undefined, 60_000, { clock, unhandled: settings });
  const { channel } = fixture;
  const queue = { queue: 'distributed_billing', deadLetterQueue: 'distributed_billing_dead_letter' };
  // The form in which another version of the service has deferred it.
  const consume = (onDelivery: Parameters<typeof channel.subscribe>[0]['onDelivery']) =>
    channel.subscribe({ ...queue, bindingKeys: ['parcel.sent', 'billing', '*.note'], prefetch: 1, onDelivery });
  await consume(() => {}).stop();
  const pass = async (milliseconds: number) => {
    for (const end = clock.nowMs() + milliseconds; clock.nowMs() < end; ) {
      clock.moveTo(Math.min(end, clock.nextMs));
      await turns();
    }
  };
  const later: { headers: MessageHeaders; delayMs: number }[] = [];
  channel.beforePublish = ({ message: { headers }, delayMs }) => {
    if (delayMs !== undefined) later.push({ headers, delayMs });
  };
  const warnings = () => fixture.log.filter(({ level }) => level === 40);
  return { ...fixture, clock, consume, handled, pass, later, warnings };
}

describe('an event whose key was bound by another process', () => {
  test('is redelivered to this queue only, after growing delays, and ends as a dead letter', async () => {
    const { publish, pass, later, deadLetters, waiting, channel } = await run();
    await publish('parcel.sent', { ...unknownEvent, a: 1 }, '{"b":2}');
    await turns();
    expect(channel.verdicts).toEqual(['acknowledged']);
    await pass(graceMs - 1);
    expect(deadLetters()).toEqual([]);
    expect(later.slice(0, 8).map(({ delayMs }) => delayMs)).toEqual([
      1023, 2047, 4095, 8191, 16_383, 32_767, 57_341, 57_341,
    ]);
    expect(later.map(({ headers }) => headers[Header.deferrals])).toEqual(later.map((_, index) => index + 1));
    expect(new Set(later.map(({ headers }) => headers[Header.deferredSince])).size).toBe(1);
    await pass(1);
    const [letter, ...others] = deadLetters();
    expect(letter?.headers).toMatchObject({
      ...unknownEvent,
      a: 1,
      [Header.publishedKey]: 'parcel.sent',
      [Header.deadLetterReason]: 'unhandled',
      [Header.errorClass]: 'littoral.no-handler',
      [Header.errorMessage]: `The message was deferred ${later.length} times within 600 s, and no process had a handler for it; caused by littoral.no-handler: No distributed event handler of 'parcel.sent' in billing. Registered: order.*.`,
    });
    expect(letter?.headers).not.toHaveProperty(Header.deferredSince);
    expect(letter?.headers).not.toHaveProperty(Header.deferrals);
    expect(Buffer.from(letter?.body ?? []).toString()).toBe('{"b":2}');
    expect([others, waiting()]).toEqual([[], []]);
  });

  test('is finally acknowledged if so configured', async () => {
    const { publish, pass, deadLetters, later, log, waiting } = await run({ afterGrace: 'ignore' });
    await publish('parcel.sent', unknownEvent);
    await turns();
    expect(later).toHaveLength(1);
    await pass(graceMs);
    expect([deadLetters(), waiting()]).toEqual([[], []]);
    expect(log).toContainEqual(
      expect.objectContaining({ level: 40, msg: 'an event without a handler is ignored, as configured' }),
    );
    expect(log.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  });

  test.each([
    ['dead-letter', 1],
    ['ignore', 0],
  ] as const)('is not deferred without a grace: %s', async (afterGrace, letters) => {
    const { publish, later, deadLetters } = await run({ graceMs: 0, afterGrace });
    await publish('parcel.sent', unknownEvent);
    await turns();
    expect([later.length, deadLetters().length]).toEqual([0, letters]);
  });

  test('reaches the process that has a handler, unchanged', async () => {
    const { publish, pass, consume } = await run();
    await publish('parcel.sent', { ...unknownEvent, a: true });
    await turns();
    const seen: unknown[] = [];
    consume(({ message, acknowledge }) => {
      seen.push({ ...message.headers });
      acknowledge();
    });
    // Of two consumers each gets every other message.
    await pass(60_000);
    expect(seen).toEqual([expect.objectContaining({ ...unknownEvent, a: true, [Header.publishedKey]: 'parcel.sent' })]);
  });

  test('is deferred if it was sent directly to the queue, as by a PHP application that publishes it again', async () => {
    const { send, later } = await run();
    await send(unknownEvent);
    await turns();
    expect(later).toEqual([{ headers: expect.not.objectContaining({ [Header.publishedKey]: '' }), delayMs: 1023 }]);
  });

  test('is acknowledged if only a wide binding of this process routed it, deferred before or not', async () => {
    const { publish, send, channel, later, deadLetters } = await run();
    await publish('order.', { ...eventHeaders, [Header.routingKey]: 'other' });
    await send({
      ...eventHeaders,
      [Header.routingKey]: 'other',
      [Header.publishedKey]: 'order.x',
      [Header.deferrals]: 2,
    });
    await publish('shop.note', { ...unknownCommand, [Header.targetServiceName]: 'shop' });
    await turns();
    expect(channel.verdicts).toEqual(['acknowledged', 'acknowledged', 'acknowledged']);
    expect([later, deadLetters()]).toEqual([[], []]);
  });

  test('ignores deferral headers from its sender', async () => {
    const { publish, later } = await run();
    await publish('parcel.sent', { ...unknownEvent, [Header.deferredSince]: 1, [Header.deferrals]: 99 });
    await turns();
    expect(later).toMatchObject([{ delayMs: 1023, headers: { [Header.deferrals]: 1 } }]);
  });

  test('is handled as any other once its key has a handler, and a failure starts over', async () => {
    const { send, handled, log } = await run();
    await send({ ...eventHeaders, [Header.deferredSince]: 1, [Header.deferrals]: 99 });
    await turns();
    expect(handled).toHaveLength(1);
    expect(log.filter(({ level }) => Number(level) >= 40)).toEqual([]);
  });
});

describe('a message that names one handler', () => {
  const named: [string, MessageHeaders, string | undefined][] = [
    ['a command', unknownCommand, undefined],
    ['a message for a channel', channelMessage, undefined],
    ['a retry', retryOfAnother, 'x'],
  ];

  test.each(named)(
    '%s: becomes a dead letter at once if this process is the only consumer',
    async (_, headers, endpointId) => {
      const { send, deadLetters, later } = await run();
      await send(headers);
      await turns();
      expect(later).toEqual([]);
      expect(deadLetters()[0]?.headers).toMatchObject({ [Header.deadLetterReason]: 'unhandled' });
      expect(deadLetters()[0]?.headers[Header.failedEndpoint]).toBe(endpointId);
      expect(deadLetters()[0]?.headers[Header.attempts]).toBe(endpointId === undefined ? 0 : 2);
    },
  );

  test.each(named)('%s: is deferred unchanged while there are other consumers', async (_, headers) => {
    const { send, consume, later, deadLetters, channel } = await run();
    const other = consume(({ release }) => release());
    await other.stop();
    consume(() => {});
    await send({ ...headers, first: true });
    await send({ ...headers, first: false });
    await turns();
    // One of both went to the other consumer, which holds it.
    expect(later).toHaveLength(1);
    expect(later[0]?.headers).toMatchObject({ ...headers, [Header.deferrals]: 1 });
    expect(deadLetters()).toEqual([]);
    expect(channel.verdicts).toEqual(['acknowledged']);
  });

  test.each(named)(
    '%s: is deferred by a single process if so configured, until its grace period ends',
    async (_, headers) => {
      const { send, pass, deadLetters, later } = await run({ commands: 'defer', afterGrace: 'ignore' });
      await send(headers);
      await turns();
      await pass(graceMs - 1);
      expect(deadLetters()).toEqual([]);
      expect(later.length).toBeGreaterThan(10);
      await pass(1);
      expect(deadLetters()).toHaveLength(1);
    },
  );

  test.each(named)('%s: becomes a dead letter at once if so configured, whatever else consumes', async (_, headers) => {
    const { send, consume, later, deadLetters } = await run({ commands: 'dead-letter' });
    await send(headers);
    await turns();
    consume(() => {});
    await send(headers);
    await send(headers);
    await turns();
    expect([later.length, deadLetters().length]).toEqual([0, 2]);
  });

  test('becomes a dead letter soon after the last other consumer has gone', async () => {
    const { send, consume, pass, deadLetters, later } = await run();
    const other = consume(({ release }) => release());
    await send(unknownCommand);
    await turns();
    await other.stop();
    await turns();
    await pass(graceMs);
    expect(deadLetters()).toHaveLength(1);
    expect(later.length).toBeLessThan(3);
  });
});

describe('a message that others may handle', () => {
  const deferredTwice = (headers: MessageHeaders, sinceMs: number) => {
    return { ...headers, [Header.deferredSince]: sinceMs, [Header.deferrals]: 2 };
  };
  const pausing = ({ channel }: Awaited<ReturnType<typeof run>>) => {
    const pauses: number[] = [];
    channel.pause = async (milliseconds) => pauses.push(milliseconds) > 0;
    return pauses;
  };

  test.each([unknownCommand, unknownEvent, retryOfAnother])(
    'is left to other consumers during a gap once it was deferred twice, and then deferred: %#',
    async (headers) => {
      const fixture = await run();
      const { send, consume, clock, channel, later, deadLetters } = fixture;
      const pauses = pausing(fixture);
      consume(() => {});
      for (let count = 0; count < 2; count++) await send(deferredTwice(headers, clock.wallMs()));
      await turns();
      // One of both went to the other consumer, which holds it, so it gets no more.
      expect(channel.verdicts).toEqual(['released', 'acknowledged']);
      expect(pauses).toEqual([100]);
      expect(later).toMatchObject([{ headers: { [Header.deferrals]: 3 } }]);
      expect(deadLetters()).toEqual([]);
    },
  );

  test('stays out of the queue without another consumer, and before it was deferred', async () => {
    const fixture = await run();
    const pauses = pausing(fixture);
    const { send, consume, clock, later } = fixture;
    await send(deferredTwice(unknownEvent, clock.wallMs()));
    await turns();
    consume(() => {});
    await send({ ...deferredTwice(unknownEvent, clock.wallMs()), [Header.deferrals]: 1 });
    await send({ ...deferredTwice(unknownEvent, clock.wallMs()), [Header.deferrals]: 1 });
    await turns();
    expect([pauses, later.length]).toEqual([[], 2]);
  });

  test.each([unknownCommand, unknownEvent])(
    'is left at once to a polling program that shares the queue: %#',
    async (headers) => {
      const fixture = await run({ commands: 'defer' });
      const pauses = pausing(fixture);
      await fixture.send(headers);
      await turns();
      expect(fixture.channel.verdicts).toEqual(['released', 'acknowledged']);
      expect(pauses).toEqual([250]);
    },
  );

  test('is deferred if it is the retry of a handler, which does not poll', async () => {
    const fixture = await run({ commands: 'defer' });
    const pauses = pausing(fixture);
    await fixture.send(retryOfAnother);
    await turns();
    expect([pauses, fixture.later.length]).toEqual([[], 1]);
  });
});

describe('the time to live of a deferred message', () => {
  test('continues: the message is redelivered at its end, and becomes an expired dead letter', async () => {
    const { publish, pass, later, deadLetters, clock } = await run();
    await publish('parcel.sent', unknownEvent, '{}', 2000);
    await turns();
    await pass(1999);
    expect(later.map(({ delayMs }) => delayMs)).toEqual([1023, 977]);
    expect(later[1]?.headers[Header.expiresAt]).toBe(clock.wallMs() + 1);
    expect(deadLetters()).toEqual([]);
    await pass(1);
    expect(deadLetters()[0]?.headers).toMatchObject({
      [Header.deadLetterReason]: 'expired',
      [Header.errorClass]: 'littoral.expired',
    });
  });
});

describe('the log', () => {
  test('names each key once, with its kind and its reason', async () => {
    const { publish, send, warnings } = await run({ commands: 'defer' });
    for (const key of ['parcel.sent', 'parcel.sent', 'a.note']) await publish(key, unknownEvent);
    for (let count = 0; count < 3; count++) await send(unknownCommand);
    await send(retryOfAnother);
    await turns();
    expect(warnings()).toEqual([
      expect.objectContaining({ kind: 'event', routingKey: 'parcel.sent', graceMs, afterGrace: 'dead-letter' }),
      expect.objectContaining({ kind: 'event', routingKey: 'a.note', msg: expect.stringContaining('retiredKeys') }),
      expect.objectContaining({ kind: 'command', routingKey: 'refund' }),
      expect.objectContaining({ kind: 'event', routingKey: 'order.placed', endpointId: 'x' }),
    ]);
  });

  test('stays small with hostile keys, and so does the memory', async () => {
    const { publish, warnings } = await run();
    for (let number = 0; number < 1100; number++) await publish(`${number}.note`, unknownEvent);
    await turns(200);
    expect(warnings()).toHaveLength(1001);
    expect(warnings().at(-1)).toMatchObject({ keys: 1000 });
  });

  test('shortens a very long key', async () => {
    const { send, warnings } = await run({ commands: 'defer' });
    await send({ ...unknownCommand, [Header.routingKey]: 'x'.repeat(100_000) });
    await turns();
    expect(JSON.stringify(warnings()).length).toBeLessThan(1000);
  });
});

describe('the list of deferred keys', () => {
  test('names each key, its reason and its times, the last deferral first', async () => {
    const { publish, send, pass, endpoint, clock } = await run({ commands: 'defer' });
    expect(endpoint.deferredKeys()).toEqual([]);
    const startMs = clock.wallMs();
    await publish('parcel.sent', unknownEvent);
    await send({ ...retryOfAnother, [Header.deferredSince]: startMs - 5000, [Header.deferrals]: 2 });
    await turns();
    await pass(500);
    await send(unknownCommand);
    await turns();
    await pass(700);
    const bound = 'no handler in this process, and another version or program has bound the key to the queue';
    const times = { sinceMs: startMs, lastMs: startMs + 1023 };
    const event = { kind: 'event', routingKey: 'parcel.sent', reason: bound, deferrals: 2, ...times };
    const consumer = 'no handler in this process, and another consumer of the queue may have one';
    const other = { sinceMs: startMs + 500, lastMs: startMs + 500 };
    const command = { kind: 'command', routingKey: 'refund', reason: consumer, deferrals: 1, ...other };
    const retry = { endpointId: 'x', reason: expect.stringContaining('a retry'), sinceMs: startMs - 5000 };
    expect(endpoint.deferredKeys()).toEqual([event, command, expect.objectContaining(retry)]);
  });

  test('loses a key two minutes after its last deferral, and a later deferral starts over', async () => {
    const { publish, consume, pass, endpoint, clock } = await run();
    await publish('parcel.sent', unknownEvent);
    await turns();
    consume(({ acknowledge }) => acknowledge());
    await pass(60_000);
    expect(endpoint.deferredKeys()).toHaveLength(1);
    await pass(60_000);
    expect(endpoint.deferredKeys()).toEqual([]);
    await publish('parcel.sent', unknownEvent);
    await publish('parcel.sent', unknownEvent);
    await turns();
    expect(endpoint.deferredKeys()).toMatchObject([{ deferrals: 1, sinceMs: Math.floor(clock.wallMs()) }]);
  });

  test('is bounded with hostile keys: the last 100, each of 255 characters at most', async () => {
    const { publish, send, endpoint } = await run({ commands: 'defer' });
    for (let number = 0; number < 150; number++) await publish(`${number}.note`, unknownEvent);
    await send({ ...unknownCommand, [Header.routingKey]: '\ud800'.repeat(100_000) });
    await turns(200);
    const keys = endpoint.deferredKeys();
    expect(keys).toHaveLength(100);
    expect(keys[0]?.routingKey).toBe('\ufffd'.repeat(255));
    expect(keys.map(({ routingKey }) => routingKey)).toContain('149.note');
  });
});

describe('a deferral that cannot be published', () => {
  test('is requeued without becoming a dead letter if the broker is unavailable', async () => {
    const { publish, channel, deadLetters, endpoint, waiting } = await run();
    channel.beforePublish = ({ delayMs }) => {
      if (delayMs !== undefined) throw new LittoralError('broker-unavailable', 'no broker');
    };
    await publish('parcel.sent', unknownEvent);
    await turns();
    expect(channel.verdicts).toEqual([]);
    await endpoint.stop(1000);
    expect(channel.verdicts).toEqual(['released']);
    expect([deadLetters().length, waiting().length]).toEqual([0, 1]);
  });

  test('becomes a dead letter if no delay is possible', async () => {
    const { publish, channel, deadLetters } = await run();
    channel.beforePublish = ({ delayMs }) => {
      if (delayMs !== undefined) throw new LittoralError('topology-mismatch', 'another form');
    };
    await publish('parcel.sent', unknownEvent);
    await turns();
    expect(deadLetters()[0]?.headers).toMatchObject({ [Header.deadLetterReason]: 'unhandled' });
  });
});

test('a flood of unknown keys leaves places for messages with a handler', async () => {
  const { publish, send, handled, later } = await run({}, 2);
  for (let number = 0; number < 500; number++) await publish(`${number % 50}.note`, unknownEvent);
  await send();
  await turns(600);
  expect([later.length, handled.length]).toEqual([500, 1]);
});
