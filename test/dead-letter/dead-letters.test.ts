import { describe, expect, test } from 'vitest';
import { LittoralError } from '../../src/errors.ts';
import { Header } from '../../src/message/message-headers.ts';
import { caught } from '../caught.ts';
import { commandHeaders, namesOf, openDeadLetters } from './dead-letters-fixture.ts';

const absent = '019f8a1e-8c0a-7c3e-9d51-2f1a7f3f2f10';

describe('a list', () => {
  test('is empty where nothing failed', async () => {
    const { letters } = await openDeadLetters();
    expect(await letters.list()).toEqual({ items: [], next: null });
  });

  test('says of each what failed, where and why', async () => {
    const { letters, fail } = await openDeadLetters();
    await fail('a');
    expect((await letters.list()).items).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        messageId: 'a',
        correlationId: 'order 7',
        kind: 'command',
        routingKey: 'change',
        endpoint: 'change',
        service: 'billing',
        deadLetteredAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        attempts: 4,
        error: { class: 'TypeError', message: 'of a', code: 0 },
        contentType: 'text/plain',
        bytes: 1,
        payload: { text: 'a' },
      },
    ]);
  });

  test('comes page by page, each once and in order', async () => {
    const { letters, fail } = await openDeadLetters();
    const names = Array.from({ length: 7 }, (_, index) => String(index));
    for (const name of names) await fail(name);
    const seen: unknown[] = [];
    let after: string | undefined;
    do {
      const { items, next } = await letters.list({ limit: 3, after });
      seen.push(namesOf(items));
      after = next ?? undefined;
    } while (after);
    expect(seen).toEqual([['0', '1', '2'], ['3', '4', '5'], ['6']]);
  });

  test('has those of a routing key or an error only', async () => {
    const { letters, fail, put } = await openDeadLetters();
    await fail('a', 'billing.change');
    await fail('b', 'billing.close', new RangeError('b'));
    await fail('c', 'order.place', new LittoralError('no-handler', 'c'));
    await put({ [Header.id]: 'd', 'x-death': [{ reason: 'delivery_limit', queue: 'distributed_billing' }] });
    const names = async (filter: object) => namesOf((await letters.list(filter)).items);
    expect(await names({ routingKey: 'billing.*' })).toEqual(['a', 'b']);
    expect(await names({ routingKey: 'billing.close' })).toEqual(['b']);
    expect(await names({ error: 'littoral.*' })).toEqual(['c']);
    expect(await names({ error: 'delivery_limit' })).toEqual(['d']);
    expect(await names({ routingKey: '*.c*', error: '*Error' })).toEqual(['a', 'b']);
    expect(await letters.list({ routingKey: 'other' })).toEqual({ items: [], next: null, total: 4 });
    const page = await letters.list({ routingKey: 'billing.*', limit: 1 });
    const rest = await letters.list({ routingKey: 'billing.*', limit: 1, after: page.next ?? undefined });
    expect([namesOf(page.items), namesOf(rest.items), rest.next]).toEqual([['a'], ['b'], null]);
  });

  test.each(['', 'x', 'bnVsbA', Buffer.from('[1,2,3,4]').toString('base64url'), 'é'.repeat(300)])(
    'refuses a cursor that it did not create: %s',
    async (after) => {
      const { letters } = await openDeadLetters();
      expect(await caught(() => letters.list({ after }))).toMatchObject({ code: 'malformed-request' });
    },
  );

  test('goes on after the last page when all of that was replayed or deleted', async () => {
    const { letters, fail } = await openDeadLetters();
    for (const name of ['1', '2', '3', '4', '5']) await fail(name);
    const { items, next } = await letters.list({ limit: 2 });
    for (const { id } of items) await letters.delete(id);
    expect(namesOf((await letters.list({ limit: 2, after: next ?? undefined })).items)).toEqual(['3', '4']);
  });

  test('goes on after the last page when the next one was replayed or deleted', async () => {
    const { letters, fail } = await openDeadLetters();
    for (const name of ['1', '2', '3', '4', '5']) await fail(name);
    const all = (await letters.list()).items;
    const { next } = await letters.list({ limit: 2 });
    await letters.delete(all[2]?.id ?? '');
    await letters.delete(all[0]?.id ?? '');
    expect(namesOf((await letters.list({ limit: 2, after: next ?? undefined })).items)).toEqual(['4', '5']);
    await letters.delete(all[3]?.id ?? '');
    await letters.delete(all[4]?.id ?? '');
    expect(await letters.list({ limit: 2, after: next ?? undefined })).toEqual({ items: [], next: null });
  });

  test('goes on behind equal messages, which have one id', async () => {
    const { letters, put } = await openDeadLetters();
    for (let count = 0; count < 5; count++) await put({ ...commandHeaders, [Header.id]: 'equal' });
    const sizes: number[] = [];
    let after: string | null | undefined;
    while (after !== null && sizes.length < 10) {
      const { items, next } = await letters.list({ limit: 2, after });
      sizes.push(items.length);
      after = next;
    }
    expect(sizes).toEqual([2, 2, 1]);
  });

  test('leaves none out when both were replayed or deleted', async () => {
    const { letters, fail } = await openDeadLetters();
    for (const name of ['1', '2', '3', '4', '5']) await fail(name);
    const all = (await letters.list()).items;
    const { next } = await letters.list({ limit: 2 });
    await letters.delete(all[1]?.id ?? '');
    await letters.delete(all[2]?.id ?? '');
    const { items } = await letters.list({ limit: 3, after: next ?? undefined });
    expect(namesOf(items)).toEqual(expect.arrayContaining(['4', '5']));
  });
});

describe('one dead letter', () => {
  test('is shown with its headers, its stack trace and its whole payload', async () => {
    const { letters, fail, put } = await openDeadLetters();
    await fail('a');
    await put({ [Header.id]: 'long', bytes: Buffer.from([1]), table: { a: [1n] } }, 'x'.repeat(1000));
    const [first, second] = (await letters.list()).items;
    expect(await letters.show(first?.id ?? '')).toMatchObject({
      ...first,
      stackTrace: expect.stringContaining('TypeError: of a'),
      thrownAt: expect.stringMatching(/dead-letters.*:\d+$/),
      headers: { executorId: '7', [Header.attempts]: 4 },
    });
    expect(second?.payload).toEqual({ text: 'x'.repeat(256), truncated: true });
    expect(await letters.show(second?.id ?? '')).toMatchObject({
      payload: { text: 'x'.repeat(1000) },
      headers: { bytes: { base64: 'AQ==' }, table: { a: ['1'] } },
    });
  });

  test('is replayed to its queue, and gone', async () => {
    const { letters, fail, replayed, left, log } = await openDeadLetters();
    await fail('a');
    await fail('b');
    const [, b] = (await letters.list()).items;
    await letters.replay(b?.id ?? '');
    expect(replayed().map(({ headers }) => headers[Header.id])).toEqual(['b']);
    expect(left()).toEqual(['a']);
    expect(log).toMatchObject([{ deadLetterId: b?.id, messageId: 'b', msg: 'a dead letter was replayed' }]);
  });

  test('is kept when it cannot be published', async () => {
    const { letters, channel, fail, left } = await openDeadLetters();
    await fail('a');
    const [a] = (await letters.list()).items;
    channel.beforePublish = () => {
      throw new LittoralError('nacked', 'full');
    };
    expect(await caught(() => letters.replay(a?.id ?? ''))).toMatchObject({ code: 'nacked' });
    expect(left()).toEqual(['a']);
  });

  test('is replayed when there is room again', async () => {
    const { letters, channel, fail, left } = await openDeadLetters();
    await fail('a');
    let refused = 0;
    channel.beforePublish = () => {
      refused += 1;
      if (refused < 3) throw new LittoralError('too-many-in-flight', 'busy');
    };
    expect(await letters.replayAll()).toEqual({ replayed: 1, failed: 0, seen: 1, total: 1 });
    expect(left()).toEqual([]);
  });

  test('is deleted', async () => {
    const { letters, fail, replayed, left, log } = await openDeadLetters();
    await fail('a');
    await letters.delete((await letters.list()).items[0]?.id ?? '');
    expect({ left: left(), replayed: replayed() }).toEqual({ left: [], replayed: [] });
    expect(log).toMatchObject([{ messageId: 'a', msg: 'a dead letter was deleted' }]);
  });

  test.each(['show', 'replay', 'delete'] as const)(
    'is reported as not found by %s if it does not exist',
    async (method) => {
      const { letters, fail, left } = await openDeadLetters();
      await fail('a');
      expect(await caught(() => letters[method](absent))).toMatchObject({ code: 'dead-letter-not-found' });
      expect(left()).toEqual(['a']);
    },
  );
});

describe('a replay of all', () => {
  test('takes those that match, in their order, up to a limit', async () => {
    const { letters, fail, replayed, left } = await openDeadLetters();
    for (const name of ['1', '2', '3', '4', '5']) await fail(name, Number(name) % 2 === 1 ? 'odd' : 'even');
    expect(await letters.replayAll({ routingKey: 'odd', limit: 2 })).toMatchObject({
      replayed: 2,
      failed: 0,
      total: 5,
    });
    expect(left()).toEqual(['2', '4', '5']);
    expect(await letters.replayAll()).toEqual({ replayed: 3, failed: 0, seen: 3, total: 3 });
    expect(replayed().map(({ headers }) => headers[Header.id])).toEqual(['1', '3', '2', '4', '5']);
  });

  test('keeps what cannot be published again, and goes on', async () => {
    const { letters, channel, fail, left } = await openDeadLetters();
    for (const name of ['1', '2', '3']) await fail(name);
    channel.beforePublish = ({ message }) => {
      if (message.headers[Header.id] === '2') throw new LittoralError('invalid-header', 'too large');
    };
    const progress: unknown[] = [];
    expect(await letters.replayAll({ onProgress: (one) => progress.push(one) })).toEqual({
      replayed: 2,
      failed: 1,
      seen: 3,
      total: 3,
    });
    expect(left()).toEqual(['2']);
    expect(progress).toHaveLength(3);
  });

  test('goes through as many as there are, part by part, and through none twice', async () => {
    const { letters, channel, put, replayed, left } = await openDeadLetters();
    const names = Array.from({ length: 12_000 }, (_, index) => String(index));
    for (const name of names) await put({ ...commandHeaders, [Header.id]: name });
    channel.beforePublish = async ({ message, to }) => {
      if (Number(message.headers[Header.id]) % 1000 === 7) throw new LittoralError('invalid-header', 'too large');
      // What fails again at once comes behind them, and is not replayed.
      if ('queue' in to && to.queue === 'distributed_billing' && message.headers[Header.id] === '1') {
        await put({ ...commandHeaders, [Header.id]: 'again' });
      }
    };
    expect(await letters.replayAll()).toMatchObject({ replayed: 11_988, failed: 12, total: 12_000 });
    expect(left()).toEqual([...names.filter((name) => Number(name) % 1000 === 7), 'again']);
    expect(replayed()).toHaveLength(11_988);
  });

  test('ends over what concerns them all, and says how many were replayed', async () => {
    const { letters, channel, fail, left } = await openDeadLetters();
    for (const name of ['1', '2', '3']) await fail(name);
    channel.beforePublish = async ({ message }) => {
      if (message.headers[Header.id] === '3') throw new LittoralError('connection-lost', 'The connection ended.');
    };
    const error = await caught(() => letters.replayAll());
    expect(error).toMatchObject({
      code: 'connection-lost',
      message: 'The connection ended. Before that, 2 were replayed.',
    });
    expect(left()).toEqual(['3']);
  });

  test('ends in order when it is interrupted', async () => {
    const { letters, fail, left } = await openDeadLetters();
    for (let name = 0; name < 200; name++) await fail(String(name));
    const interrupted = new AbortController();
    const onProgress = () => interrupted.abort();
    const { replayed } = await letters.replayAll({ signal: interrupted.signal, onProgress });
    expect(replayed).toBeGreaterThan(0);
    expect(replayed).toBeLessThan(200);
    expect(left()).toHaveLength(200 - replayed);
  });

  test('skips a message that fails again in the same run', async () => {
    const { letters, channel, fail, put, left } = await openDeadLetters();
    await fail('1');
    channel.beforePublish = async () => {
      channel.beforePublish = () => {};
      await put({ ...commandHeaders, [Header.id]: 'again' });
    };
    expect(await letters.replayAll()).toEqual({ replayed: 1, failed: 0, seen: 1, total: 1 });
    expect(left()).toEqual(['again']);
  });
});
