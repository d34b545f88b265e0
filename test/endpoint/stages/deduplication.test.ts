import { describe, expect, test } from 'vitest';
import type { DeduplicationStore } from '../../../src/deduplication/deduplication-store.ts';
import { InProcessDeduplicationStore } from '../../../src/deduplication/stores/in-process-deduplication-store.ts';
import { defineCommandHandler, defineEventHandler } from '../../../src/handler/define-handler.ts';
import type { HandlerDefinition } from '../../../src/handler/handler-definition.ts';
import { Header } from '../../../src/message/message-headers.ts';
import { systemClock } from '../../../src/time/clock.ts';
import { commandHeaders, eventHeaders, gate, onCommand, runEndpoint, turns } from '../endpoint-fixture.ts';

const inProcess = () => new InProcessDeduplicationStore({ windowMs: 600_000, maxEntries: 1000, clock: systemClock });

interface Options {
  readonly store?: DeduplicationStore;
  readonly enabled?: boolean;
  readonly concurrency?: number;
  readonly handlerTimeoutMs?: number;
}

function run(handlers: readonly HandlerDefinition[], options: Options = {}) {
  const { store = inProcess(), enabled = true, concurrency = 10, handlerTimeoutMs } = options;
  return runEndpoint(handlers, concurrency, undefined, handlerTimeoutMs, { deduplication: { store, enabled } });
}

/** A handler that can be watched: how often it was called, and how often it fails. */
function watched({ failures = 0, ...more }: { failures?: number } & Partial<HandlerDefinition> = {}) {
  const calls: unknown[] = [];
  const handler = defineCommandHandler({
    routingKey: 'change',
    distributed: true,
    ...(more as object),
    handle: (payload: unknown) => {
      calls.push(payload);
      if (calls.length <= failures) throw new Error('cannot be handled');
    },
  });
  return { calls, handler };
}

const id = commandHeaders[Header.id];

describe('a redelivered message', () => {
  test('is acknowledged without another call, which only the log at debug shows', async () => {
    const { calls, handler } = watched();
    const { send, settled, channel, log } = await run([handler]);
    await send();
    await settled(1);
    await send();
    await settled(2);
    expect(calls).toHaveLength(1);
    expect(channel.verdicts).toEqual(['acknowledged', 'acknowledged']);
    const told = log.filter(({ msg }) => String(msg).includes('duplicate'));
    expect(told).toEqual([
      {
        level: 20,
        time: expect.any(Number),
        messageId: id,
        endpointId: 'change',
        msg: 'a duplicate was skipped: its message was handled before',
      },
    ]);
  });

  test('is handled when the handler failed before: retries and replays pass', async () => {
    const { calls, handler } = watched({ failures: 2 });
    const { send, settled, deadLetters } = await run([handler]);
    for (let sent = 1; sent <= 4; sent++) {
      await send();
      await settled(sent);
    }
    expect(calls).toHaveLength(3);
    expect(deadLetters()).toHaveLength(2);
  });

  test('goes to those of its handlers that have not handled it', async () => {
    const calls: string[] = [];
    const on = (endpointId: string, fails: () => boolean) =>
      defineEventHandler({
        routingKey: 'order.placed',
        distributed: true,
        endpointId,
        handle: () => {
          calls.push(endpointId);
          if (fails()) throw new Error('not now');
        },
      });
    const { send, settled } = await run([on('mail', () => false), on('stock', () => calls.length < 3)]);
    await send(eventHeaders);
    await settled(1);
    await send(eventHeaders);
    await settled(2);
    await send(eventHeaders);
    await settled(3);
    expect(calls).toEqual(['mail', 'stock', 'stock']);
  });

  test('is another message if it has another id', async () => {
    const { calls, handler } = watched();
    const { send, settled } = await run([handler]);
    await send();
    await send({ ...commandHeaders, [Header.id]: 'another' });
    await settled(2);
    expect(calls).toHaveLength(2);
  });

  test.each<[string, unknown]>([
    ['no id', undefined],
    ['an empty id', ''],
    ['an id of 256 characters', 'x'.repeat(256)],
    ['a huge id', 'x'.repeat(1_000_000)],
    ['an id with NUL', 'a\0b'],
    ['an id that is no Unicode', 'a\ud800'],
    ['a number for an id', 7],
    ['an object for an id', { toString: () => 'a' }],
    ['a list for an id', ['a']],
    ['bytes for an id', Buffer.from('a')],
  ])('is handled again if it has %s', async (_, hostile) => {
    const { calls, handler } = watched();
    const store = { has: () => expect.fail('there is no key to ask for'), record: () => expect.fail('nor to record') };
    const { send, settled, deadLetters } = await run([handler], { store });
    for (const sent of [1, 2]) {
      await send({ ...commandHeaders, [Header.id]: hostile });
      await settled(sent);
    }
    expect(calls).toHaveLength(2);
    expect(deadLetters()).toEqual([]);
  });

  test.each(['__proto__', 'constructor', 'toString', '] 1', '"', 'x'.repeat(255)])(
    'is recognised by the id %j as by any other',
    async (hostile) => {
      const { calls, handler } = watched();
      const { send, settled } = await run([handler]);
      for (const sent of [1, 2]) {
        await send({ ...commandHeaders, [Header.id]: hostile });
        await settled(sent);
      }
      expect(calls).toHaveLength(1);
    },
  );
});

describe('a handler decides for itself', () => {
  test.each([
    { enabled: true, deduplicate: undefined, calls: 1 },
    { enabled: true, deduplicate: true, calls: 1 },
    { enabled: true, deduplicate: false, calls: 2 },
    { enabled: false, deduplicate: undefined, calls: 2 },
    { enabled: false, deduplicate: true, calls: 1 },
    { enabled: false, deduplicate: false, calls: 2 },
    { enabled: false, deduplicate: 'headers.id', calls: 1 },
  ])('$deduplicate where the configuration says $enabled', async ({ enabled, deduplicate, calls: expected }) => {
    const { calls, handler } = watched({ deduplicate });
    const { send, settled } = await run([handler], { enabled });
    await send();
    await settled(1);
    await send();
    await settled(2);
    expect(calls).toHaveLength(expected);
  });

  test('by an expression on the payload, whatever the ids are', async () => {
    const { calls, handler } = watched({ deduplicate: 'payload.paymentId' });
    const { send, settled } = await run([handler]);
    const payments = ['p1', 'p2', 'p1', 7, '7', null, null];
    for (const [index, paymentId] of payments.entries()) {
      await send({ ...commandHeaders, [Header.id]: `id ${index}` }, JSON.stringify({ paymentId }));
      await settled(index + 1);
    }
    expect(calls).toEqual(['p1', 'p2', 7, null, null].map((paymentId) => ({ paymentId })));
  });

  test('by an expression that has to be waited for', async () => {
    const { calls, handler } = watched({ deduplicate: "payload.customer & '-' & headers.id" });
    const { send, settled } = await run([handler]);
    for (const [index, customer] of ['a', 'b', 'a'].entries()) {
      await send(commandHeaders, JSON.stringify({ customer }));
      await settled(index + 1);
    }
    expect(calls).toEqual([{ customer: 'a' }, { customer: 'b' }]);
  });

  test.each(['{}', '[]', 'true', '""', '"a\\u0000"', `"${'secret '.repeat(100)}"`])(
    'fails on a key of %s, without quoting the payload',
    async (key) => {
      const { calls, handler } = watched({ deduplicate: 'payload.key' });
      const { send, settled, deadLetters, log } = await run([handler]);
      await send(commandHeaders, `{"key":${key}}`);
      await settled(1);
      expect(calls).toEqual([]);
      const [letter] = deadLetters();
      expect(letter?.headers[Header.errorClass]).toBe('littoral.expression-failed');
      expect(letter?.headers[Header.errorMessage]).toMatch(
        /^Cannot resolve option 'deduplicate' of command handler 'change': it gives .+\. A key is .+\.$/,
      );
      expect(JSON.stringify([letter?.headers, log])).not.toContain('secret');
    },
  );

  test('fails with what the function of its key throws', async () => {
    const { calls, handler } = watched({
      deduplicate: () => {
        throw new Error('no key for this one');
      },
    });
    const { send, settled, deadLetters } = await run([handler]);
    await send();
    await settled(1);
    expect(calls).toEqual([]);
    expect(deadLetters()[0]?.headers).toMatchObject({ [Header.errorMessage]: 'no key for this one' });
  });
});

describe('two copies at the same time', () => {
  /** A handler whose calls end one by one, as they are told. */
  function stepwise() {
    const ends: ((failure?: Error) => void)[] = [];
    const handler = onCommand(
      () => new Promise<void>((resolve, reject) => ends.push((failure) => (failure ? reject(failure) : resolve()))),
    );
    return { ends, handler };
  }

  test('are handled once when the first succeeds', async () => {
    const { ends, handler } = stepwise();
    const { send, settled } = await run([handler]);
    for (let copy = 0; copy < 5; copy++) await send();
    await turns();
    expect(ends).toHaveLength(1);
    ends[0]?.();
    await settled(5);
    expect(ends).toHaveLength(1);
  });

  test('are handled one after the other for as long as they fail', async () => {
    const { ends, handler } = stepwise();
    const { send, settled, deadLetters } = await run([handler]);
    for (let copy = 0; copy < 4; copy++) await send();
    await turns();
    ends[0]?.(new Error('the first'));
    await turns();
    expect(ends).toHaveLength(2);
    ends[1]?.(new Error('the second'));
    await turns();
    expect(ends).toHaveLength(3);
    ends[2]?.();
    await settled(4);
    expect(ends).toHaveLength(3);
    expect(deadLetters()).toHaveLength(2);
  });

  test('do not wait for each other before different handlers', async () => {
    const { ends, handler } = stepwise();
    const other = defineCommandHandler({ routingKey: 'other', distributed: true, handle: () => {} });
    const { send, settled, channel } = await run([handler, other]);
    await send();
    await send({ ...commandHeaders, [Header.routingKey]: 'other' });
    await settled(1);
    expect(channel.verdicts).toEqual(['acknowledged']);
    ends[0]?.();
    await settled(2);
  });

  test('cannot come where one message is handled at a time', async () => {
    const { calls, handler } = watched();
    const { send, settled } = await run([handler], { concurrency: 1 });
    for (let copy = 0; copy < 3; copy++) await send();
    await settled(3);
    expect(calls).toHaveLength(1);
  });

  test('are requeued when the gateway stops, except the first', async () => {
    const { ends, handler } = stepwise();
    const { endpoint, send, channel, deadLetters } = await run([handler]);
    for (let copy = 0; copy < 3; copy++) await send();
    await turns();
    const stopping = endpoint.stop(600_000);
    await turns();
    expect(channel.verdicts).toEqual(['released', 'released']);
    ends[0]?.();
    await stopping;
    expect(channel.verdicts).toEqual(['released', 'released', 'acknowledged']);
    expect(deadLetters()).toEqual([]);
    expect(ends).toHaveLength(1);
  });

  test('have failed when their time is over, and do not begin after it', async () => {
    const answer = gate();
    const calls: unknown[] = [];
    const store = {
      async has() {
        await answer.opened;
        return false;
      },
      record: () => {},
    };
    const handler = onCommand(() => void calls.push(1));
    const { send, settled, deadLetters } = await run([handler], { store, handlerTimeoutMs: 20 });
    await send();
    await send();
    await settled(2);
    answer.open();
    await turns();
    expect(calls).toEqual([]);
    const errors = deadLetters().map(({ headers }) => headers[Header.errorClass]);
    expect(errors).toEqual(['littoral.handler-timeout', 'littoral.handler-timeout']);
  });

  test('are let through once a handler has run out of its time', async () => {
    let called = 0;
    const handler = onCommand(() => (++called === 1 ? new Promise(() => {}) : undefined));
    const { send, settled, deadLetters } = await run([handler], { handlerTimeoutMs: 50 });
    await send();
    await settled(1);
    await send();
    await settled(2);
    expect(called).toBe(2);
    expect(deadLetters()).toHaveLength(1);
  });
});

describe('a store', () => {
  test('is read before the call and written after it, under a key of service, handler and message', async () => {
    const steps: string[] = [];
    const store = {
      has: (key: string) => {
        steps.push(`has ${key}`);
        return false;
      },
      record: (key: string) => steps.push(`record ${key}`),
    };
    const handler = onCommand(() => void steps.push('handle'));
    const { send, settled } = await run([handler], { store });
    await send();
    await settled(1);
    const key = `["billing","change"] ${id}`;
    expect(steps).toEqual([`has ${key}`, 'handle', `record ${key}`]);
  });

  test('may be asynchronous: the message is acknowledged when it has recorded', async () => {
    const recorded = gate();
    const known = new Set<string>();
    const store = {
      has: async (key: string) => known.has(key),
      async record(key: string) {
        await recorded.opened;
        known.add(key);
      },
    };
    const { calls, handler } = watched();
    const { send, settled, channel } = await run([handler], { store });
    await send();
    await send();
    await turns();
    expect(calls).toHaveLength(1);
    expect(channel.verdicts).toEqual([]);
    recorded.open();
    await settled(2);
    await send();
    await settled(3);
    expect(calls).toHaveLength(1);
  });

  const failing: [string, () => never | Promise<never>][] = [
    [
      'throws',
      () => {
        throw new Error(`no connection for ${id}`);
      },
    ],
    ['rejects', () => Promise.reject(new Error(`no connection for ${id}`))],
  ];

  test.each(failing)('keeps the handler from being called if it %s, which can be retried', async (_, has) => {
    const { calls, handler } = watched();
    const { send, settled, deadLetters } = await run([handler], { store: { has, record: () => {} } });
    await send();
    await settled(1);
    expect(calls).toEqual([]);
    expect(deadLetters()[0]?.headers).toMatchObject({
      [Header.errorClass]: 'littoral.deduplication-unavailable',
      [Header.errorMessage]:
        "The command handler 'change' was not called: the deduplication store cannot tell whether it has handled the message before (no connection for …).",
    });
  });

  test('names the causes of its failure, never the key that they quote', async () => {
    const { handler } = watched();
    const has = () => {
      throw new TypeError('fetch failed', { cause: new Error(`no answer for ${id}`) });
    };
    const { send, settled, deadLetters } = await run([handler], { store: { has, record: () => {} } });
    await send();
    await settled(1);
    const headers = deadLetters()[0]?.headers ?? {};
    expect(headers[Header.errorMessage]).toMatch(/\(fetch failed; caused by no answer for …\)\.$/);
    expect(headers[Header.errorStackTrace]).not.toContain(id);
  });

  test.each<unknown>([undefined, null, 0, 1, 'OK', {}])('is treated as failed if it answers %j', async (answer) => {
    const { calls, handler } = watched();
    const store = { has: () => answer as boolean, record: () => {} };
    const { send, settled, deadLetters } = await run([handler], { store });
    await send();
    await settled(1);
    expect(calls).toEqual([]);
    expect(deadLetters()[0]?.headers[Header.errorMessage]).toContain('has(…) returned neither true nor false');
  });

  test.each(failing)('causes a warning if it %s when a message was handled', async (_, record) => {
    const { calls, handler } = watched();
    const { send, settled, channel, log } = await run([handler], { store: { has: () => false, record } });
    await send();
    await settled(1);
    expect(calls).toHaveLength(1);
    expect(channel.verdicts).toEqual(['acknowledged']);
    expect(log.filter(({ level }) => Number(level) >= 40)).toEqual([
      {
        level: 40,
        time: expect.any(Number),
        messageId: id,
        endpointId: 'change',
        reason: 'no connection for …',
        msg: 'handled, but not recorded by the deduplication store: a copy would be handled again',
      },
    ]);
  });

  test('delays a message for at most the timeout of its handler if it never records', async () => {
    const { handler } = watched();
    const store = { has: () => false, record: () => new Promise(() => {}) };
    const { send, settled, channel, log } = await run([handler], { store, handlerTimeoutMs: 20 });
    await send();
    await settled(1);
    expect(channel.verdicts).toEqual(['acknowledged']);
    expect(log).toContainEqual(expect.objectContaining({ level: 40, reason: 'it did not answer in time' }));
  });

  test('records neither failures nor duplicates', async () => {
    const recorded: string[] = [];
    let known = false;
    const store = { has: () => known, record: (key: string) => recorded.push(key) };
    const { handler } = watched({ failures: 1 });
    const { send, settled } = await run([handler], { store });
    await send();
    await settled(1);
    known = true;
    await send();
    await settled(2);
    expect(recorded).toEqual([]);
  });
});
