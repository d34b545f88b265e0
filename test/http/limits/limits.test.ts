import { describe, expect, test } from 'vitest';
import type { LimitSettings } from '../../../src/http/limits/limit-settings.ts';
import { Limits } from '../../../src/http/limits/limits.ts';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { eventually } from '../../broker/eventually.ts';
import { openApp, startedChannel } from '../../routes/app-fixture.ts';
import { expectProblem, openQueue } from '../gateway-fixture.ts';
import { openStream } from '../stream/stream-client.ts';

const json = { 'content-type': 'application/json' };
const eventOf = (routingKey: string) => ({ kind: 'event', routingKey, payload: 1 });
const batchOf = (...entries: object[]) => ({ url: '/batch', headers: json, payload: JSON.stringify({ entries }) });
const cloudEvent = (type: string) => ({ specversion: '1.0', id: '1', source: '/s', type });

/** A server with limits and a clock that stands still, and the messages that its service `billing` got. */
async function openLimited(...settings: readonly Partial<LimitSettings>[]) {
  const clock = new TestClock();
  const complete = settings.map((one, index) => {
    return { name: `limit-${index}`, per: 'all' as const, rate: 2, windowSeconds: 10, ...one };
  });
  const limits = new Limits(complete, { clock });
  const channel = await startedChannel();
  const arrived = openQueue({ channel } as unknown as Parameters<typeof openQueue>[0], 'billing', ['billing', '#']);
  const app = await openApp({ channel, limits });
  const send = (request: object = {}) =>
    app.inject({ method: 'POST', url: '/commands/billing/change', headers: json, payload: '1', ...request });
  const statuses = async (...requests: readonly object[]) => {
    const found: number[] = [];
    for (const request of requests) found.push((await send(request)).statusCode);
    return found;
  };
  return { app, arrived, clock, limits, send, statuses };
}

describe('a limit', () => {
  test('refuses what is above it, says which one it is, and lets it through after Retry-After', async () => {
    const { arrived, clock, send } = await openLimited({ name: 'calls' });
    const first = await send();
    expect(first.headers).toMatchObject({ 'ratelimit-policy': '"calls";q=2;w=10', ratelimit: '"calls";r=1;t=5' });
    expect((await send()).headers.ratelimit).toBe('"calls";r=0;t=10');
    const refused = await send();
    const problem = expectProblem(refused, 'rate-limited');
    expect(problem).toMatchObject({ 'violated-policies': ['calls'], outcome: 'not-accepted' });
    expect(problem.detail).toContain("the limit 'calls' allows all callers together 2 requests in 10 s");
    expect(refused.headers).toMatchObject({ 'retry-after': '5', ratelimit: '"calls";r=0;t=10' });
    clock.moveTo(4999);
    expect((await send()).statusCode).toBe(429);
    clock.moveTo(5000);
    expect((await send()).statusCode).toBe(202);
    expect(arrived()).toHaveLength(3);
  });

  test('counts bytes by Content-Length, before the body is read', async () => {
    const { send, clock } = await openLimited({ name: 'bytes', unit: 'bytes', rate: 100 });
    const sized = (bytes: number) => send({ payload: `"${'x'.repeat(bytes - 2)}"` });
    expect((await sized(60)).headers).toMatchObject({
      'ratelimit-policy': '"bytes";q=100;qu="content-bytes";w=10',
      ratelimit: '"bytes";r=40;t=6',
    });
    const refused = await sized(60);
    expect(expectProblem(refused, 'rate-limited').detail).toContain('This request needs 60.');
    expect(refused.headers['retry-after']).toBe('2');
    clock.moveTo(2000);
    expect((await sized(60)).statusCode).toBe(202);
    expect(expectProblem(await sized(101), 'body-too-large').detail).toContain('100 at once');
  });

  test('counts each destination for itself, however a request names it', async () => {
    const { statuses } = await openLimited({ per: 'destination', rate: 1 });
    const structured = (type: string) => ({
      ...{ url: '/cloudevents', headers: { 'content-type': 'application/cloudevents+json' } },
      payload: JSON.stringify({ ...cloudEvent(type), data: 1 }),
    });
    const binary = (type: string) => ({
      url: '/cloudevents',
      headers: { ...json, 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/s', 'ce-type': type },
    });
    const to = { url: '/messages/billing/change' };
    expect(await statuses({}, {}, to)).toEqual([202, 429, 429]);
    expect(await statuses({ url: '/events/a' }, structured('a'), binary('a'), batchOf(eventOf('a')))).toEqual([
      ...[202, 429, 429, 429],
    ]);
    expect(await statuses(structured('b'), { url: '/events/b' }, structured('c'), binary('d'))).toEqual([
      ...[202, 429, 202, 202],
    ]);
  });

  test('does not count health and metrics, nor a request that another limit refuses', async () => {
    const { app, statuses } = await openLimited({ per: 'destination', rate: 1 }, { per: 'all', rate: 3 });
    expect(await statuses({}, {}, {}, {}, {})).toEqual([202, 429, 429, 429, 429]);
    expect(await statuses({ url: '/events/a' }, { url: '/events/b' }, { url: '/events/c' })).toEqual([202, 202, 429]);
    for (const url of ['/livez', '/readyz']) {
      const { statusCode, headers } = await app.inject({ url });
      expect([statusCode, headers.ratelimit]).toEqual([200, undefined]);
    }
    expect((await app.inject({ url: '/endpoints' })).statusCode).toBe(429);
    // The settlement of a message is not refused, for the message would be handled twice.
    expect(await statuses({ url: '/deliveries/settle' }, { url: '/deliveries/pull' })).toEqual([404, 429]);
  });

  test('survives a reload with its level, if its settings are the same', async () => {
    const { limits, statuses } = await openLimited({ name: 'same', rate: 3 });
    expect(await statuses({}, {})).toEqual([202, 202]);
    const same = { name: 'same', per: 'all', rate: 3, windowSeconds: 10 } as const;
    limits.reload([
      { ...same, unit: 'requests', burst: 3 },
      { ...same, name: 'other', rate: 5 },
    ]);
    expect(await statuses({}, {})).toEqual([202, 429]);
    limits.reload([{ ...same, rate: 4 }]);
    expect(await statuses({})).toEqual([202]);
    limits.reload();
    expect(await statuses({}, {}, {}, {}, {})).toEqual([202, 202, 202, 202, 202]);
  });
});

describe('a batch', () => {
  test.each([
    ['JSON', (count: number) => batchOf(...Array.from({ length: count }, () => eventOf('a')))],
    [
      'NDJSON',
      (count: number) => ({
        ...{ url: '/batch', headers: { 'content-type': 'application/x-ndjson' } },
        payload: `${JSON.stringify(eventOf('a'))}\n`.repeat(count),
      }),
    ],
    ...['/batch', '/cloudevents'].map((url) => [
      `CloudEvents to ${url}`,
      (count: number) => ({
        ...{ url, headers: { 'content-type': 'application/cloudevents-batch+json' } },
        payload: JSON.stringify(Array.from({ length: count }, () => cloudEvent('a'))),
      }),
    ]),
  ] as [string, (count: number) => object][])(
    'of %s counts entry by entry, and is refused whole',
    async (_, request) => {
      const { arrived, clock, send } = await openLimited({ rate: 5 });
      expect((await send(request(3))).headers.ratelimit).toBe('"limit-0";r=2;t=6');
      const refused = await send(request(3));
      expect(expectProblem(refused, 'rate-limited').detail).toContain('needs 3');
      expect(refused.headers).toMatchObject({ 'retry-after': '2', ratelimit: '"limit-0";r=2;t=6' });
      expect(arrived()).toHaveLength(3);
      clock.moveTo(2000);
      expect((await send(request(3))).statusCode).toBe(202);
      clock.moveTo(1e6);
      expect(expectProblem(await send(request(6)), 'body-too-large').detail).toContain('Divide it');
      expect((await send(request(5))).statusCode).toBe(202);
      expect(arrived()).toHaveLength(11);
    },
  );

  test('counts for each destination, and for none if one is full', async () => {
    const { arrived, statuses } = await openLimited({ per: 'destination', rate: 2 });
    expect(await statuses(batchOf(eventOf('a'), eventOf('a'), eventOf('b')))).toEqual([202]);
    expect(await statuses(batchOf(eventOf('b'), eventOf('c'), eventOf('a')))).toEqual([429]);
    expect(await statuses(batchOf(eventOf('b'), eventOf('c'), eventOf('c')))).toEqual([202]);
    expect(arrived()).toHaveLength(6);
  });

  test('counts the bytes of a destination by its payloads', async () => {
    const { statuses } = await openLimited({ per: 'destination', unit: 'bytes', rate: 10 });
    const sized = (bytes: number) => ({ ...eventOf('a'), payload: 'x'.repeat(bytes - 2) });
    expect(await statuses(batchOf(sized(5), sized(5)), batchOf(sized(5)))).toEqual([202, 429]);
  });
});

describe('a stream', () => {
  test('is held at a limit, and loses nothing', async () => {
    const { app, arrived, clock } = await openLimited({ name: 'calls', rate: 2 });
    const stream = await openStream({ app } as Parameters<typeof openStream>[0]);
    stream.send(...['a', 'b', 'c', 'd'].map(eventOf));
    await stream.answered(2);
    await eventually(() => expect(stream.notices()).toMatchObject([{ notice: 'held', next: 2 }]));
    expect(stream.notices()[0].detail).toContain("the limit 'calls'");
    expect(arrived()).toHaveLength(2);
    clock.moveTo(10_000);
    await stream.answered(4);
    expect(await stream.end()).toMatchObject({ reason: 'complete', next: 4, accepted: 4, failed: 0 });
    expect(stream.notices()).toContainEqual({ notice: 'resumed', next: 2 });
    expect(arrived()).toHaveLength(4);
  });

  test('answers an entry that never fits with its error, and goes on', async () => {
    const { app } = await openLimited({ unit: 'bytes', rate: 100 });
    const stream = await openStream({ app } as Parameters<typeof openStream>[0]);
    stream.send({ ...eventOf('a'), payload: 'x'.repeat(100) }, eventOf('b'));
    expect(await stream.end()).toMatchObject({ next: 2, accepted: 1, failed: 1 });
    expect(stream.results()).toMatchObject([
      { index: 0, code: 'body-too-large' },
      { index: 1, status: 202 },
    ]);
  });
});
