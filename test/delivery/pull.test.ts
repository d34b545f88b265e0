import { request } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { post, type RunningGateway, readiness } from '../flow/gateway-fixture.ts';
import { deadLettersOf, done, key, pull, pullOne, runPulled, send, settle, stateOf } from './pull-client.ts';

/** Begins a pull whose client can leave. */
async function beginPull(gateway: RunningGateway, body: object) {
  const client = request(`${gateway.address}/deliveries/pull`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
  });
  client.on('error', () => {});
  client.end(JSON.stringify(body));
  onTestFinished(() => void client.destroy());
  await eventually(async () => expect(await stateOf(gateway)).toMatchObject({ pullsWaiting: 1 }));
  return client;
}

describe('an application that pulls', () => {
  test('gets a message with its headers, and settles it', async () => {
    const gateway = await runPulled();
    const headers = { 'message-headers': '{"tenantId":"Zo\\u00eb & co 100%","big":9007199254740993}' };
    const sent = await post(gateway, `/commands/billing/${key}`, { amount: 7 }, headers);
    const answer = await fetch(`${gateway.address}/deliveries/pull`, { method: 'POST' });
    const text = await answer.text();
    expect(text).toContain('"big":9007199254740993');
    const [delivery] = JSON.parse(text).deliveries;
    expect(delivery).toMatchObject({
      endpoint: key,
      attempt: 1,
      contentType: 'application/json',
      body: '{"amount":7}',
      message: {
        'Message-Id': sent.body.messageId,
        'Message-Correlation-Id': sent.body.messageId,
        'Message-Kind': 'command',
        'Message-Routing-Key': key,
        'Message-Source': 'billing',
        'Message-Attempt': '1',
        'Message-Header-Tenant-Id': 'Zoë & co 100%',
        'Message-Headers': { tenantId: 'Zoë & co 100%' },
      },
    });
    expect(delivery.lease).toMatch(/^[\w-]{32}$/);
    expect(Date.parse(delivery.expiresAt)).toBeGreaterThan(Date.now());
    expect(await stateOf(gateway)).toEqual({ pull: true, pullsWaiting: 0, leases: 1, messagesWaiting: 0, skipped: 0 });
    const settled = { lease: delivery.lease, result: 'settled', outcome: 'handled' };
    expect(await done(gateway, delivery.lease)).toEqual([settled]);
    expect(await done(gateway, delivery.lease), 'a repetition').toEqual([settled]);
    expect(gateway.unacknowledged()).toEqual([]);
    expect(await (await readiness(gateway)).json()).toMatchObject({ applications: [{ pull: true, leases: 0 }] });
  });

  test('gets an empty list when no message came in time', async () => {
    const gateway = await runPulled();
    expect(await pull(gateway, { waitMs: 1 })).toEqual([]);
  });

  test('gets a message that comes while it waits, and no more than it asked for', async () => {
    const gateway = await runPulled();
    const pulling = pull(gateway, { max: 2, waitMs: 60_000 });
    await eventually(async () => expect(await stateOf(gateway)).toMatchObject({ pullsWaiting: 1 }));
    for (const amount of [1, 2, 3, 4]) await send(gateway, { amount });
    const first = await pulling;
    expect(first.length).toBeGreaterThan(0);
    const rest = 4 - first.length;
    let bodies = first.map(({ body }) => body);
    for (let count = 0; count < rest; count++) bodies = [...bodies, (await pullOne(gateway)).body];
    expect(bodies).toEqual([1, 2, 3, 4].map((amount) => `{"amount":${amount}}`));
  });

  test('keeps the order at one message at a time', async () => {
    const gateway = await runPulled();
    const numbers = Array.from({ length: 10 }, (_, index) => index);
    for (const number of numbers) await send(gateway, number);
    const handled: unknown[] = [];
    while (handled.length < numbers.length) {
      const { lease, body } = await pullOne(gateway);
      handled.push(JSON.parse(body ?? ''));
      await done(gateway, lease);
    }
    expect(handled).toEqual(numbers);
  });

  test('takes nothing from the queue while it does not pull', async () => {
    const gateway = await runPulled();
    for (const amount of [1, 2, 3]) await send(gateway, { amount });
    expect(await pull(gateway, { max: 1 })).toHaveLength(1);
    expect(gateway.unacknowledged()).toHaveLength(1);
  });

  test('is asked again after a retry, and gets a dead letter after its last attempt', async () => {
    const gateway = await runPulled();
    await send(gateway, { amount: 7 });
    for (const attempt of [1, 2, 3]) {
      const { lease, attempt: given } = await pullOne(gateway);
      expect(given).toBe(attempt);
      const retry = [{ lease, delayMs: 0, reason: 'the ledger is closed' }];
      const outcome = attempt < 3 ? 'retried later' : 'dead letter';
      expect(await settle(gateway, { retry })).toEqual([{ lease, result: 'settled', outcome }]);
    }
    expect(await deadLettersOf(gateway)).toMatchObject([
      { attempts: 3, error: { message: 'The application asked for another attempt: the ledger is closed' } },
    ]);
  });

  test('refuses a message, which is a dead letter at once', async () => {
    const gateway = await runPulled();
    await send(gateway, { amount: 7 });
    const { lease } = await pullOne(gateway);
    const reject = [{ lease, reason: 'no such customer' }];
    expect(await settle(gateway, { reject })).toMatchObject([{ result: 'settled', outcome: 'dead letter' }]);
    expect(await deadLettersOf(gateway)).toMatchObject([
      { attempts: 1, error: { message: 'The application refused the message: no such customer' } },
    ]);
  });

  test('has failed an attempt when its lease ends', async () => {
    const gateway = await runPulled();
    await send(gateway, { amount: 7 });
    const first = await pullOne(gateway, { leaseMs: 50 });
    const second = await pullOne(gateway);
    expect([first.attempt, second.attempt]).toEqual([1, 2]);
    expect(await done(gateway, first.lease)).toMatchObject([{ lease: first.lease, result: 'expired' }]);
    expect(await done(gateway, second.lease)).toMatchObject([{ result: 'settled' }]);
    expect(await done(gateway, 'x'.repeat(32))).toMatchObject([{ result: 'unknown' }]);
  });

  test('extends a lease, up to its longest time', async () => {
    const gateway = await runPulled({ leaseMs: 1_000, longestLeaseMs: 600_000 });
    await send(gateway, { amount: 7 });
    const { lease, expiresAt } = await pullOne(gateway);
    const { body } = await post(gateway, '/deliveries/extend', { leases: [lease, 'other'], leaseMs: 600_000 });
    expect(body.results).toMatchObject([
      { lease, result: 'extended' },
      { lease: 'other', result: 'unknown' },
    ]);
    expect(Date.parse(body.results[0].expiresAt)).toBeGreaterThan(Date.parse(expiresAt) + 500_000);
    expect(await done(gateway, lease)).toMatchObject([{ result: 'settled' }]);
    const late = await post(gateway, '/deliveries/extend', { leases: [lease], leaseMs: 1 });
    expect(late.body.results).toMatchObject([{ lease, result: 'settled' }]);
  });

  test('loses no message and no attempt when its client leaves before the answer', async () => {
    const gateway = await runPulled();
    const client = await beginPull(gateway, { max: 1, waitMs: 60_000 });
    client.destroy();
    await eventually(async () => expect(await stateOf(gateway)).toMatchObject({ pullsWaiting: 0 }));
    await send(gateway, { amount: 7 });
    expect(gateway.unacknowledged()).toEqual([]);
    const { attempt, lease } = await pullOne(gateway);
    expect(attempt).toBe(1);
    await done(gateway, lease);
  });

  test('shares messages fairly between two clients that pull at once', async () => {
    const gateway = await runPulled();
    const pulls = [1, 2].map(() => pull(gateway, { max: 10, waitMs: 60_000 }));
    await eventually(async () => expect(await stateOf(gateway)).toMatchObject({ pullsWaiting: 2 }));
    await Promise.all([send(gateway, 1), send(gateway, 2)]);
    const shares = await Promise.all(pulls);
    expect(shares.map(({ length }) => length)).toEqual([1, 1]);
  });

  test('pulls from one endpoint, while the messages of another one wait', async () => {
    const gateway = await runPulled({ commands: [key, 'billing.close'], holdMs: 60_000 });
    await send(gateway, 'close', 'billing.close');
    await send(gateway, 'change');
    const change = await pullOne(gateway, { endpoint: key });
    expect(change.body).toBe('"change"');
    await done(gateway, change.lease);
    const close = await pullOne(gateway, { endpoint: 'billing.close' });
    expect([close.body, close.attempt]).toEqual(['"close"', 1]);
    await done(gateway, close.lease);
  });

  test('finds a message that returned to the queue because no pull took it', async () => {
    const gateway = await runPulled({ commands: [key, 'billing.close'], holdMs: 1 });
    await send(gateway, 'close', 'billing.close');
    expect(await pull(gateway, { endpoint: key, waitMs: 1 })).toEqual([]);
    await eventually(() => expect(gateway.unacknowledged()).toEqual([]));
    const { attempt } = await pullOne(gateway, { endpoint: 'billing.close', waitMs: 10_000 });
    expect(attempt).toBe(1);
  });

  test('gets an event once for each of its endpoints', async () => {
    const events = { 'order.*': { endpointId: 'one' }, 'order.placed': { endpointId: 'two', when: 'payload > 1' } };
    const gateway = await runPulled({ commands: undefined, events });
    for (const payload of [1, 2]) await post(gateway, '/events/order.placed', payload);
    const seen: unknown[] = [];
    for (let count = 0; count < 3; count++) {
      const { endpoint, body, lease } = await pullOne(gateway);
      seen.push([endpoint, body]);
      expect(await done(gateway, lease)).toMatchObject([{ result: 'settled' }]);
    }
    expect(seen).toHaveLength(3);
    expect(seen).toEqual(
      expect.arrayContaining([
        ['one', '1'],
        ['one', '2'],
        ['two', '2'],
      ]),
    );
    await eventually(() => expect(gateway.unacknowledged()).toEqual([]));
  });

  test.each([
    ['text/plain', Buffer.from('Zoë\r\n'), { body: 'Zoë\r\n' }],
    ['text/plain;charset=iso-8859-1', Buffer.from([0xe9]), { bodyBase64: '6Q==' }],
    ['application/xml', Buffer.from('<a>ü</a>'), { body: '<a>ü</a>' }],
    [
      'application/json',
      Buffer.from('{"id":9007199254740993,"price":1.10}'),
      { body: '{"id":9007199254740993,"price":1.10}' },
    ],
    ['application/octet-stream', Buffer.from([0, 255, 1]), { bodyBase64: 'AP8B' }],
    ['image/png', Buffer.from('text'), { bodyBase64: 'dGV4dA==' }],
  ])('gets the bytes of %s as they came', async (contentType, bytes, expected) => {
    const gateway = await runPulled();
    const sent = await fetch(`${gateway.address}/commands/billing/${key}`, {
      method: 'POST',
      headers: { 'content-type': contentType },
      body: bytes,
    });
    expect(sent.status).toBe(202);
    const delivery = await pullOne(gateway);
    expect(delivery).toMatchObject(expected);
    expect(Object.keys(delivery).filter((name) => name.startsWith('body'))).toHaveLength(1);
  });

  test('inherits what it sends from a message that it has leased', async () => {
    const gateway = await runPulled({ events: ['details.changed'] });
    const sent = await post(gateway, `/commands/billing/${key}`, 1, { 'message-headers': '{"tenantId":"7"}' });
    const command = await pullOne(gateway);
    const parent = { 'message-parent-id': String(command.message['Message-Id']) };
    expect((await post(gateway, '/events/details.changed', 2, parent)).status).toBe(202);
    await done(gateway, command.lease);
    const event = await pullOne(gateway);
    expect(event.message).toMatchObject({
      'Message-Correlation-Id': sent.body.messageId,
      'Message-Headers': { tenantId: '7' },
    });
  });
});

describe('a gateway whose application pulls', () => {
  test('answers pulls at its shutdown, and waits for leases to be settled', async () => {
    const gateway = await runPulled({}, { shutdownTimeoutMs: 60_000 });
    await send(gateway, { amount: 7 });
    const { lease } = await pullOne(gateway);
    const waiting = pull(gateway, { waitMs: 60_000 });
    await eventually(async () => expect(await stateOf(gateway)).toMatchObject({ pullsWaiting: 1 }));
    const stopped = gateway.stop();
    expect(await waiting).toEqual([]);
    const refused = await post(gateway, '/deliveries/pull', {});
    expect([refused.status, refused.body.code]).toEqual([503, 'draining']);
    expect(await done(gateway, lease)).toMatchObject([{ result: 'settled', outcome: 'handled' }]);
    await stopped;
  });

  test('ends with its deadline, whatever is leased', async () => {
    const gateway = await runPulled({}, { shutdownTimeoutMs: 50 });
    await send(gateway, { amount: 7 });
    await pullOne(gateway, { leaseMs: 600_000 });
    await gateway.stop();
    expect(gateway.app.server.listening).toBe(false);
  });

  test('refuses requests that are not as described', async () => {
    const gateway = await runPulled();
    const cases = [
      ['pull', { max: 0 }, '/max'],
      ['pull', { max: 101 }, '/max'],
      ['pull', { max: 1.5 }, '/max'],
      ['pull', { max: '1' }, '/max'],
      ['pull', { waitMs: 60_001 }, '/waitMs'],
      ['pull', { leaseMs: 600_001 }, '/leaseMs'],
      ['pull', { endpoint: 'x' }, '/endpoint'],
      ['pull', { wait: 1 }, '/wait'],
      ['pull', [], ''],
      ['settle', { done: 'x' }, '/done'],
      ['settle', { done: ['x', 'x'] }, '/done/1'],
      ['settle', { done: ['x'], reject: [{ lease: 'x', reason: 'r' }] }, '/reject/0/lease'],
      ['settle', { reject: [{ lease: 'x' }] }, '/reject/0'],
      ['settle', { retry: [{ lease: 'x', delayMs: -1 }] }, '/retry/0/delayMs'],
      ['settle', { ack: [] }, '/ack'],
      ['extend', { leases: [], leaseMs: 1 }, '/leases'],
      ['extend', { leases: ['x'] }, ''],
      ['extend', { leases: ['x'], leaseMs: 600_001 }, '/leaseMs'],
    ] as const;
    for (const [route, body, pointer] of cases) {
      const answer = await post(gateway, `/deliveries/${route}`, body);
      const expected = { status: 400, body: { code: 'malformed-request', errors: [{ pointer }] } };
      expect(answer, JSON.stringify(body)).toMatchObject(expected);
    }
  });

  test('refuses a member that occurs twice, because a lease would be ignored', async () => {
    const gateway = await runPulled();
    for (const [route, body, pointer] of [
      ['pull', '{"max":1,"max":2}', '/max'],
      ['settle', '{"done":["x"],"done":["y"]}', '/done'],
      ['settle', '{"retry":[{"lease":"x","lease":"y"}]}', '/retry/0/lease'],
      ['extend', '{"leases":["x"],"leases":["y"],"leaseMs":1}', '/leases'],
    ] as const) {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${gateway.address}/deliveries/${route}`, { method: 'POST', headers, body });
      expect(answer.status, body).toBe(400);
      const errors = [{ pointer, detail: 'occurs twice' }];
      expect(await answer.json(), body).toMatchObject({ code: 'malformed-request', errors });
    }
  });

  test('reads a request that begins with a byte order mark', async () => {
    const { address } = await runPulled();
    const body = '\ufeff{"waitMs":0}';
    expect(await (await fetch(`${address}/deliveries/pull`, { method: 'POST', body })).json()).toEqual({
      deliveries: [],
    });
  });

  test('says that no application pulls, where none does', async () => {
    const gateway = await runPulled({ pull: undefined, url: 'http://127.0.0.1:9' });
    for (const [route, body] of [
      ['pull', {}],
      ['settle', {}],
      ['extend', { leases: ['x'], leaseMs: 1 }],
    ] as const) {
      expect(await post(gateway, `/deliveries/${route}`, body)).toMatchObject({
        status: 404,
        body: { code: 'not-pulled' },
      });
    }
  });
});
