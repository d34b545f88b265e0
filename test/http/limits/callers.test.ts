import { request as httpRequest } from 'node:http';
import { describe, expect, test } from 'vitest';
import { eventually } from '../../broker/eventually.ts';
import { bearer, keyOf, keysOf } from '../auth/callers.ts';
import { portOf } from '../exchange.ts';
import { openGateway, openQueue, post } from '../gateway-fixture.ts';

const perDay = { windowSeconds: 86_400 };

describe('a greedy caller', () => {
  test('does not push a modest one out, under load', async () => {
    const gateway = await openGateway({
      auth: { keys: keysOf({ greedy: ['*'], modest: ['*'] }) },
      limits: [
        { name: 'caller', per: 'principal', rate: 20, ...perDay },
        { name: 'all', per: 'all', rate: 40, ...perDay },
      ],
    });
    const arrived = openQueue(gateway, 'billing');
    const send = async (caller: string) =>
      (await post(gateway, { headers: bearer(keyOf(caller)), body: 'x' })).statusCode;
    const greedy = Array.from({ length: 500 }, () => send('greedy'));
    const modest: number[] = [];
    for (let count = 0; count < 20; count++) modest.push(await send('modest'));
    expect(modest).toEqual(Array(20).fill(202));
    const answers = await Promise.all(greedy);
    expect(answers.filter((status) => status === 202)).toHaveLength(20);
    expect(answers.filter((status) => status === 429)).toHaveLength(480);
    expect(arrived()).toHaveLength(40);
  });
});

describe('the caller of a limit', () => {
  test('is the address of its connection without credentials, whatever its headers say', async () => {
    const gateway = await openGateway({
      auth: { keys: keysOf({ one: ['*'] }), anonymous: ['command:*'] },
      limits: [{ name: 'caller', per: 'principal', rate: 1, ...perDay }],
    });
    openQueue(gateway, 'billing');
    const from = (remoteAddress: string, headers = {}) =>
      gateway.app.inject({ method: 'POST', url: '/commands/billing/x', headers, remoteAddress });
    const statuses = [];
    for (const address of ['192.0.2.1', '192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8::2']) {
      statuses.push((await from(address, { 'x-forwarded-for': String(Math.random()) })).statusCode);
    }
    expect(statuses).toEqual([202, 429, 202, 202, 429]);
    const known = bearer(keyOf('one'));
    expect((await from('192.0.2.1', known)).statusCode).toBe(202);
    expect((await from('192.0.2.3', known)).statusCode).toBe(429);
  });
});

/** Returns a function that sends a body without a length, in two pieces. */
function sender(port: number, method = 'POST', path = '/commands/billing/x') {
  return (bytes: number) =>
    new Promise<[number | undefined, unknown]>((resolve, reject) => {
      const headers = { 'content-type': 'text/plain', 'transfer-encoding': 'chunked' };
      const sent = httpRequest({ port, method, path, headers, agent: false });
      sent.on('error', reject).on('response', (answer) => {
        answer.resume().on('end', () => resolve([answer.statusCode, answer.headers.ratelimit]));
      });
      sent.write('x'.repeat(bytes / 2));
      sent.end('x'.repeat(bytes / 2));
    });
}

const bytes = { name: 'bytes', per: 'all', unit: 'bytes', rate: 1000, ...perDay } as const;

test('a body that is refused while it is read counts, too', async () => {
  const gateway = await openGateway({ limits: [{ ...bytes, burst: 4000 }], http: { bodyLimit: 1500 } });
  const send = sender(await portOf(gateway));
  expect((await send(2000))[0]).toBe(413);
  expect(await send(100)).toEqual([404, expect.stringContaining('"bytes";r=1900;')]);
});

test.each(['GET', 'HEAD'])('a body of %s, which is discarded, counts, too', async (method) => {
  const gateway = await openGateway({ limits: [{ ...bytes, burst: 4000 }] });
  const port = await portOf(gateway);
  expect((await sender(port, method, '/endpoints')(2000))[0]).toBe(200);
  const send = sender(port);
  await eventually(async () => {
    const [, ratelimit = ''] = await send(2);
    expect(Number(/;r=(\d+);/.exec(String(ratelimit))?.[1])).toBeLessThanOrEqual(2000);
  });
});

test('a body of DELETE counts, too', async () => {
  const gateway = await openGateway({ limits: [{ ...bytes, burst: 4000 }] });
  const path = `/dead-letters/${crypto.randomUUID()}`;
  const [status, ratelimit] = await sender(await portOf(gateway), 'DELETE', path)(2000);
  expect([status, ratelimit]).toEqual([404, expect.stringContaining('"bytes";r=2000;')]);
});

test('a body without a length counts once it was read', async () => {
  const gateway = await openGateway({ limits: [{ ...bytes, burst: 2000 }] });
  const arrived = openQueue(gateway, 'billing');
  const send = sender(await portOf(gateway));
  expect(await send(1200)).toEqual([202, expect.stringContaining('"bytes";r=800;')]);
  expect(await send(1000)).toEqual([429, expect.stringContaining('"bytes";r=0;')]);
  // Arrived bytes count, so the next one is refused before its body is read.
  expect(await send(10)).toEqual([429, expect.stringContaining('"bytes";r=0;')]);
  expect(arrived()).toHaveLength(1);
});
