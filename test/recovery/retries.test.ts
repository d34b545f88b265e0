import { describe, expect, test } from 'vitest';
import { defineEventHandler } from '../../src/handler/define-handler.ts';
import type { Retries } from '../../src/handler/retries.ts';
import { Reject, RetryLater } from '../../src/handler/retry-hint.ts';
import { Header } from '../../src/message/message-headers.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import { commandHeaders, eventHeaders, gate, onCommand, runEndpoint, turns } from '../endpoint/endpoint-fixture.ts';

type Handlers = Parameters<typeof runEndpoint>[0];

/** The endpoint on a clock that stands still. */
async function run(handlers: Handlers, retries: Retries = {}) {
  const clock = new TestClock();
  const fixture = await runEndpoint(handlers, 10, undefined, 60_000, { retries, clock });
  return {
    ...fixture,
    async pass(milliseconds: number) {
      clock.moveTo(clock.nowMs() + milliseconds);
      await turns();
    },
  };
}

/** Fails as often as told, and counts. */
function failing(times: number, error: unknown = new Error('the table is locked')) {
  const calls: unknown[] = [];
  const handle = (_payload: unknown, headers: unknown) => {
    calls.push(headers);
    if (calls.length <= times) throw error;
  };
  return { calls, handle };
}

const onEvent = (endpointId: string, handle: (...all: never[]) => unknown, retries: Retries = {}) =>
  defineEventHandler({
    routingKey: 'order.*',
    endpointId,
    distributed: true,
    retries,
    handle: handle as () => unknown,
  });

describe('a handler that fails', () => {
  test('is called again after ever longer delays, and then its message is a dead letter', async () => {
    const { calls, handle } = failing(Infinity);
    const { send, pass, channel, deadLetters, waiting } = await run([onCommand(handle)]);
    await send(commandHeaders, '{"a":1}');
    await turns();
    for (const [index, delayMs] of [1000, 10_000, 100_000].entries()) {
      await pass(delayMs - 1);
      expect(calls).toHaveLength(index + 1);
      await pass(1);
      expect(calls).toHaveLength(index + 2);
    }
    expect(channel.verdicts).toEqual(Array(4).fill('acknowledged'));
    const [letter, ...others] = deadLetters();
    expect(letter?.headers).toMatchObject({
      ...commandHeaders,
      [Header.retryNumber]: 3,
      [Header.attempts]: 4,
      [Header.failedEndpoint]: 'change',
      [Header.failedService]: 'billing',
      [Header.failedQueue]: 'distributed_billing',
      [Header.errorMessage]: 'the table is locked',
    });
    expect(Buffer.from(letter?.body ?? []).toString()).toBe('{"a":1}');
    expect([others, waiting()]).toEqual([[], []]);
  });

  test('gets the message as it was, and how often it was tried', async () => {
    const { calls, handle } = failing(2);
    const { publish, pass, deadLetters } = await run([onEvent('1', handle)]);
    await publish('order.placed', { ...eventHeaders, executorId: '7' });
    await turns();
    await pass(1000);
    await pass(10_000);
    expect(calls).toMatchObject([
      { executorId: '7' },
      { executorId: '7', [Header.retryNumber]: 1, [Header.attempts]: 1, [Header.publishedKey]: 'order.placed' },
      { executorId: '7', [Header.retryNumber]: 2, [Header.attempts]: 2, [Header.publishedKey]: 'order.placed' },
    ]);
    expect(calls[0]).not.toHaveProperty(Header.retryNumber);
    expect(deadLetters()).toEqual([]);
  });

  test('is not retried after a permanent failure', async () => {
    const { calls, handle } = failing(Infinity, new Reject('there is no such account'));
    const { send, pass, deadLetters } = await run([onCommand(handle)], { instant: { maxAttempts: 3 } });
    await send();
    await pass(1_000_000);
    expect(calls).toHaveLength(1);
    expect(deadLetters()[0]?.headers).toMatchObject({
      [Header.errorClass]: 'Reject',
      [Header.errorMessage]: 'there is no such account',
      [Header.attempts]: 1,
    });
  });

  test('can say when', async () => {
    const { calls, handle } = failing(1, new RetryLater('the ledger is closed', { delayMs: 5000 }));
    const { send, pass } = await run([onCommand(handle)]);
    await send();
    await turns();
    await pass(4999);
    expect(calls).toHaveLength(1);
    await pass(1);
    expect(calls).toHaveLength(2);
  });

  test('can have retries of its own', async () => {
    const { calls, handle } = failing(Infinity);
    const { publish, pass, deadLetters } = await run([onEvent('1', handle, { maxAttempts: 1, initialDelayMs: 7 })]);
    await publish('order.placed');
    await turns();
    await pass(7);
    expect(calls).toHaveLength(2);
    expect(deadLetters()).toHaveLength(1);
  });

  test('is tried again at once, each time it is delivered, before it is tried later', async () => {
    const { calls, handle } = failing(Infinity);
    const retries = { maxAttempts: 1, instant: { maxAttempts: 2 } };
    const { send, pass, channel, deadLetters } = await run([onCommand(handle)], retries);
    await send();
    await turns();
    expect(calls).toHaveLength(3);
    await pass(1000);
    expect(calls).toHaveLength(6);
    expect(channel.verdicts).toEqual(['acknowledged', 'acknowledged']);
    expect(deadLetters()[0]?.headers).toMatchObject({ [Header.attempts]: 6, [Header.retryNumber]: 1 });
  });

  test('is not retried once it finishes at once', async () => {
    const { calls, handle } = failing(2);
    const { send, pass, channel, waiting } = await run([onCommand(handle)], { instant: { maxAttempts: 5 } });
    await send();
    await turns();
    await pass(1_000_000);
    expect([calls.length, channel.verdicts, waiting()]).toEqual([3, ['acknowledged'], []]);
  });

  test('is requeued, and no dead letter, while the service stops and only instant retries are left', async () => {
    const opened = gate();
    const handle = async () => {
      await opened.opened;
      throw new Error('the table is locked');
    };
    const retries = { maxAttempts: 0, instant: { maxAttempts: 5 } };
    const { send, endpoint, channel, deadLetters, waiting } = await run([onCommand(handle)], retries);
    await send();
    await turns();
    const stopped = endpoint.stop(60_000);
    opened.open();
    await stopped;
    expect([channel.verdicts, waiting().length, deadLetters()]).toEqual([['released'], 1, []]);
  });

  test('is retried later, and not at once, while the service stops', async () => {
    const opened = gate();
    let calls = 0;
    const handle = async () => {
      calls += 1;
      await opened.opened;
      throw new Error('the table is locked');
    };
    const { send, endpoint, channel, pass } = await run([onCommand(handle)], { instant: { maxAttempts: 5 } });
    await send();
    await turns();
    const stopped = endpoint.stop(60_000);
    opened.open();
    await stopped;
    expect([calls, channel.verdicts]).toEqual([1, ['acknowledged']]);
    await pass(1000);
    expect(channel.messages('distributed_billing')).toHaveLength(1);
  });
});

describe('several handlers of one event', () => {
  test('fail independently: only those that failed run again, each as often as it failed', async () => {
    const counts = { a: 0, b: 0, c: 0 };
    const handlers = [
      onEvent('a', () => {
        counts.a += 1;
        if (counts.a < 3) throw new Error('of a');
      }),
      onEvent('b', () => {
        counts.b += 1;
      }),
      onEvent('c', () => {
        counts.c += 1;
        throw new Error('of c');
      }),
    ];
    const { publish, pass, deadLetters, waiting } = await run(handlers);
    await publish('order.placed');
    await turns();
    for (const delayMs of [1000, 10_000, 100_000]) await pass(delayMs);
    expect(counts).toEqual({ a: 3, b: 1, c: 4 });
    expect(deadLetters().map(({ headers }) => headers[Header.failedEndpoint])).toEqual(['c']);
    expect(waiting()).toEqual([]);
  });

  test('become a dead letter and a retry if one fails permanently and one temporarily', async () => {
    const { calls, handle } = failing(1);
    const handlers = [onEvent('a', failing(1, new Reject('no')).handle), onEvent('b', handle)];
    const { publish, pass, deadLetters, channel } = await run(handlers);
    await publish('order.placed');
    await turns();
    expect(deadLetters()).toHaveLength(1);
    await pass(1000);
    expect(calls).toHaveLength(2);
    expect(channel.verdicts).toEqual(['acknowledged', 'acknowledged']);
  });

  test('are not called if the named one is gone: the dead letter still names it', async () => {
    const { calls, handle } = failing(0);
    const { send, deadLetters, settled } = await run([onEvent('b', handle)]);
    await send({ ...eventHeaders, [Header.failedEndpoint]: 'a', [Header.retryNumber]: 1, [Header.attempts]: 2 });
    await settled(1);
    expect(calls).toEqual([]);
    expect(deadLetters()[0]?.headers).toMatchObject({
      [Header.errorClass]: 'littoral.no-handler',
      [Header.failedEndpoint]: 'a',
    });
  });
});

describe('what a message says of its past', () => {
  test('counts nothing when it came over the bus: its sender wrote it', async () => {
    const { calls, handle } = failing(Infinity);
    const { publish, pass } = await run([onEvent('1', handle), onEvent('2', () => {})]);
    const claims = { [Header.failedEndpoint]: '2', [Header.retryNumber]: 99, [Header.attempts]: 99 };
    await publish('order.placed', { ...eventHeaders, ...claims });
    await turns();
    await pass(1000);
    expect(calls).toHaveLength(2);
    expect(calls[1]).toMatchObject({ [Header.failedEndpoint]: '1', [Header.retryNumber]: 1, [Header.attempts]: 1 });
  });

  test.each([-1, 0.5, 'a', '3', Number.NaN, Infinity, null, [1], { a: 1 }])(
    'can be %j, which is no count',
    async (count) => {
      const { calls, handle } = failing(Infinity);
      const { send, pass } = await run([onCommand(handle)]);
      await send({ ...commandHeaders, [Header.retryNumber]: count, [Header.attempts]: count });
      await turns();
      await pass(1000);
      expect(calls[1]).toMatchObject({ [Header.retryNumber]: 1, [Header.attempts]: 1 });
    },
  );

  test.each([7, { a: 1 }, true, null])('names no handler by %j', async (endpointId) => {
    const { calls, handle } = failing(0);
    const { send, settled } = await run([onEvent('1', handle)]);
    await send({ ...eventHeaders, [Header.failedEndpoint]: endpointId });
    await settled(1);
    expect(calls).toHaveLength(1);
  });

  test('does not keep a command from its only handler, whose name may be new', async () => {
    const { calls, handle } = failing(0);
    const { send, settled } = await run([onCommand(handle)]);
    await send({ ...commandHeaders, [Header.failedEndpoint]: 'the old name' });
    await settled(1);
    expect(calls).toHaveLength(1);
  });

  test('where a broker would write can be nested too deeply for JSON: it fails like any other', async () => {
    let nested: unknown = [];
    for (let level = 0; level < 20_000; level++) nested = [nested];
    const { calls, handle } = failing(Infinity);
    const { send, pass, deadLetters } = await run([onCommand(handle)], { maxAttempts: 1 });
    await send({ ...commandHeaders, CC: nested });
    await turns();
    await pass(1000);
    expect([calls.length, deadLetters().length]).toEqual([2, 1]);
  });

  test('of the broker does not come along', async () => {
    const { calls, handle } = failing(1);
    const { send, pass } = await run([onCommand(handle)]);
    await send({ ...commandHeaders, 'x-death': [{ count: 1 }], CC: ['other'] });
    await turns();
    await pass(1000);
    expect(calls[1]).not.toHaveProperty('x-death');
    expect(calls[1]).not.toHaveProperty('CC');
  });
});
