import { defineCommandHandler, Reject } from 'littoral';
import { describe, expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { usePrivateBroker } from '../broker/use-private-broker.ts';
import { littoral } from '../cli/littoral.ts';
import { gate } from '../endpoint/endpoint-fixture.ts';
import { folderOf } from '../folder-of.ts';
import { post, type RunningGateway, runGateway, untilReady } from './gateway-fixture.ts';

// A broker of its own: an alarm is one of the whole broker.
const own = usePrivateBroker();
const { alarm } = own;

const patient = { timeoutMs: 120_000 };
const queue = 'distributed_billing';
const deadLetterQueue = 'distributed_billing_dead_letter';

/** The service `billing`, which handles the command `pay`. */
function billing(handle: (payload: unknown) => unknown, settings: { readonly concurrency?: number } = {}) {
  const handlers = [defineCommandHandler({ routingKey: 'pay', distributed: true, handle })];
  return runGateway({ service: 'billing', broker: { url: own.vhost.url }, handlers, ...settings });
}

/** Sends until the broker has said that it takes nothing. */
async function untilBlocked(gateway: RunningGateway): Promise<void> {
  await eventually(async () => {
    void post(gateway, '/events/nobody.cares', {}).catch(() => {});
    expect(gateway.channel.health().reason).toContain('blocks');
  }, patient);
}

describe('a memory alarm', () => {
  test('is known before the first request if it is on at the start, so that no request waits in vain', async () => {
    await alarm(true);
    const gateway = await runGateway({ service: 'shop', broker: { url: own.vhost.url } });
    await eventually(() => expect(gateway.channel.health().reason).toContain('blocks'), patient);
    const refused = await post(gateway, '/events/order.placed', {});
    expect(refused).toMatchObject({
      status: 503,
      body: { code: 'broker-blocked', outcome: 'not-accepted', retryable: true },
    });
    expect(refused.headers.get('retry-after')).toBe('5');
    await alarm(false);
    await untilReady(gateway);
    expect((await post(gateway, '/events/order.placed', {})).status).toBe(202);
  });

  test('keeps a delivery unacknowledged whose dead letter cannot be published, and does not call its handler again', async () => {
    const blocked = gate();
    let calls = 0;
    const gateway = await billing(async () => {
      calls += 1;
      await blocked.opened;
      throw new Reject('of the handler');
    });
    await untilReady(gateway);
    expect((await post(gateway, '/commands/billing/pay', {})).status).toBe(202);
    await eventually(() => expect(calls).toBe(1));
    await alarm(true);
    await untilBlocked(gateway);
    blocked.open();
    // Longer than it takes to be given back, which it must not be.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(calls).toBe(1);
    expect(gateway.unacknowledged()).toHaveLength(1);
    expect(await own.vhost.messages(queue)).toBe(0);
    await alarm(false);
    await eventually(async () => expect(await own.vhost.messages(deadLetterQueue)).toBe(1), patient);
    await eventually(() => expect(gateway.unacknowledged()).toEqual([]));
    expect(calls).toBe(1);
  });

  test('does not hold up what needs no publishing', async () => {
    const blocked = gate();
    const handled: unknown[] = [];
    const gateway = await billing(
      async (payload) => {
        await blocked.opened;
        handled.push(payload);
      },
      { concurrency: 2 },
    );
    await untilReady(gateway);
    for (const amount of [1, 2, 3, 4]) await post(gateway, '/commands/billing/pay', { amount });
    await alarm(true);
    await untilBlocked(gateway);
    blocked.open();
    await eventually(() => expect(handled).toHaveLength(4), patient);
    await eventually(() => expect(gateway.unacknowledged()).toEqual([]));
    await alarm(false);
  });

  test('does not keep a process alive after SIGTERM', async () => {
    const environment = { SERVICE_NAME: 'shop', AMQP_URL: own.vhost.url, PORT: '0' };
    await alarm(true);
    const gateway = littoral(['start'], { cwd: folderOf(), environment });
    await gateway.written(/the broker blocks this connection/);
    gateway.kill('SIGTERM');
    expect((await gateway.ended).code).toBe(0);
  });
});

test('a frozen broker: a process answers its open requests after SIGTERM, and ends', async () => {
  const cwd = folderOf({
    'littoral.config.json': JSON.stringify({ service: 'shop', shutdownTimeoutMs: 2000 }),
  });
  const gateway = littoral(['start'], { cwd, environment: { AMQP_URL: own.vhost.url, PORT: '0' } });
  const [, address] = await gateway.written(/listening on (http:\/\/127\.0\.0\.1:\d+)/);
  await untilReady({ address: address as string });
  await own.broker.pause();
  try {
    const answer = fetch(`${address}/events/order.placed`, { method: 'POST' });
    // Its answer comes after the one to a request behind it.
    await fetch(`${address}/livez`);
    gateway.kill('SIGTERM');
    const { status, body } = await answer.then(async (response) => ({
      status: response.status,
      body: await response.json(),
    }));
    expect({ status, body }).toMatchObject({ status: 504, body: { code: 'connection-lost', outcome: 'unknown' } });
    expect((await gateway.ended).code).toBe(0);
  } finally {
    await own.broker.resume();
  }
});

test('a full queue refuses, with an outcome that is not known, until there is room again', async () => {
  const open = gate();
  const handled: unknown[] = [];
  const gateway = await billing(
    async (payload) => {
      await open.opened;
      handled.push(payload);
    },
    { concurrency: 1 },
  );
  await untilReady(gateway);
  await own.vhost.setPolicy('short', { pattern: `^${queue}$`, definition: { 'max-length': 5 } });
  let accepted = 0;
  await eventually(async () => {
    const { status, headers, body } = await post(gateway, '/commands/billing/pay', {});
    if (status === 202) accepted += 1;
    expect({ status, code: body.code }).toEqual({ status: 503, code: 'nacked' });
    expect(body).toMatchObject({ outcome: 'unknown', retryable: true, messageId: headers.get('message-id') });
    expect(headers.get('retry-after')).toBe('1');
  }, patient);
  expect(accepted).toBeGreaterThan(0);
  open.open();
  await eventually(() => expect(handled.length).toBeGreaterThanOrEqual(accepted), patient);
  await eventually(async () => expect((await post(gateway, '/commands/billing/pay', {})).status).toBe(202), patient);
  await untilReady(gateway);
});

test('what a slow consumer does not get to stays at the broker', async () => {
  const open = gate();
  let begun = 0;
  let finished = 0;
  const gateway = await billing(
    async () => {
      begun += 1;
      // The first one raises the prefetch.
      if (begun > 1) await open.opened;
      finished += 1;
    },
    { concurrency: 3 },
  );
  await untilReady(gateway);
  await Promise.all(Array.from({ length: 50 }, () => post(gateway, '/commands/billing/pay', {})));
  await eventually(() => expect(gateway.unacknowledged()).toHaveLength(3), patient);
  await eventually(async () => expect(await own.vhost.messages(queue)).toBe(46), patient);
  expect(begun).toBe(4);
  open.open();
  await eventually(() => expect(finished).toBe(50), patient);
  await eventually(async () => expect(await own.vhost.messages(queue)).toBe(0), patient);
});
