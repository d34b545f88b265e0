import { request } from 'node:http';
import { Socket } from 'node:net';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { waitingMessages } from '../engine/amqp/amqp-harness.ts';
import { type RunningGateway, untilReady } from '../flow/gateway-fixture.ts';
import { deadLettersOf, done, key, pull, pullOne, runPulled, send, settle, stateOf } from './pull-client.ts';

const vhost = useVhost();
const queue = 'distributed_billing';

afterEach(async () => {
  for (const name of [queue, 'distributed_billing_dead_letter']) await vhost.deleteQueue(name);
});

async function runOnBroker(application: object = {}): Promise<RunningGateway> {
  const gateway = await runPulled(application, { broker: { url: vhost.url } });
  await untilReady(gateway);
  return gateway;
}

/** How often the broker has returned the messages that wait. */
/** The delivery counts of what waits. RabbitMQ 3.10 writes a zero to messages that are polled. */
async function deliveryCounts(): Promise<unknown[]> {
  return (await waitingMessages(vhost.url, queue)).map(({ headers }) => headers['x-delivery-count'] ?? 0);
}

/** Calls a function with the bytes of each write to a socket of this process, until the test has finished. */
function watchWrites(onWrite: (bytes: Buffer) => void): void {
  const { _write, _writev = undefined } = Socket.prototype;
  const bytesOf = (chunk: string | Uint8Array) => (typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk));
  Socket.prototype._write = function (chunk, ...more) {
    onWrite(bytesOf(chunk));
    return _write.call(this, chunk, ...more);
  };
  Socket.prototype._writev = function (chunks, ...more) {
    onWrite(Buffer.concat(chunks.map(({ chunk }) => bytesOf(chunk))));
    return _writev?.call(this, chunks, ...more);
  };
  onTestFinished(() => void Object.assign(Socket.prototype, { _write, _writev }));
}

describe('an application that pulls from RabbitMQ', () => {
  test('leaves in the queue what it has not asked for, and raises no delivery count', async () => {
    const gateway = await runOnBroker();
    for (let number = 0; number < 101; number++) await send(gateway, number);
    expect(await vhost.messages(queue)).toBe(101);
    for (let number = 0; number < 100; number++) {
      const { lease, body, attempt } = await pullOne(gateway);
      expect([body, attempt]).toEqual([String(number), 1]);
      expect(gateway.unacknowledged()).toHaveLength(1);
      expect(await done(gateway, lease)).toMatchObject([{ result: 'settled', outcome: 'handled' }]);
    }
    await eventually(async () => expect(await vhost.messages(queue)).toBe(1));
    expect(await deliveryCounts()).toEqual([0]);
  });

  test('gets as many messages as it asks for, and no more', async () => {
    const gateway = await runOnBroker();
    for (let number = 0; number < 30; number++) await send(gateway, number);
    const leased: string[] = [];
    while (leased.length < 20) {
      const deliveries = await pull(gateway, { max: Math.min(10, 20 - leased.length), waitMs: 10_000 });
      leased.push(...deliveries.map(({ lease }) => lease));
    }
    await eventually(async () => expect(await stateOf(gateway)).toMatchObject({ leases: 20 }));
    const held = Number((await stateOf(gateway))?.messagesWaiting);
    expect(await vhost.messages(queue)).toBe(10 - held);
    const results = await settle(gateway, { done: leased });
    expect(results.map(({ result }) => result)).toEqual(leased.map(() => 'settled'));
  });

  test('shares the queue with another gateway', async () => {
    const [one, other] = [await runOnBroker(), await runOnBroker()];
    for (const number of [1, 2, 3]) await send(one, number);
    const [first, second] = [await pullOne(one), await pullOne(other)];
    expect([first.body, second.body]).toEqual(['1', '2']);
    await done(one, first.lease);
    expect((await pullOne(other)).body).toBe('3');
    expect(await done(other, first.lease), 'a lease of another process').toMatchObject([{ result: 'unknown' }]);
    await done(other, second.lease);
  });

  test('retries and dead-letters once the broker has confirmed it', async () => {
    const gateway = await runOnBroker();
    await send(gateway, 'x');
    const first = await pullOne(gateway);
    expect(await settle(gateway, { retry: [{ lease: first.lease, delayMs: 1 }] })).toMatchObject([
      { result: 'settled', outcome: 'retried later' },
    ]);
    const second = await pullOne(gateway);
    expect(second.attempt).toBe(2);
    const reject = [{ lease: second.lease, reason: 'no such customer' }];
    expect(await settle(gateway, { reject })).toMatchObject([{ result: 'settled', outcome: 'dead letter' }]);
    expect(await deadLettersOf(gateway)).toHaveLength(1);
  });

  test('answers a settlement after the acknowledgement was written to the broker', async () => {
    const written: string[] = [];
    const ack = Buffer.from([0, 60, 0, 80]);
    const watched = (bytes: Buffer) => {
      if (bytes.includes(ack)) written.push('acknowledgement');
      if (bytes.includes('"settled"')) written.push('answer');
    };
    watchWrites(watched);
    const gateway = await runOnBroker();
    for (let number = 0; number < 5; number++) await send(gateway, number);
    for (let number = 0; number < 5; number++) await done(gateway, (await pullOne(gateway)).lease);
    expect(written).toEqual(Array(5).fill(['acknowledgement', 'answer']).flat());
  });

  test('has no lease any more after the connection to the broker was lost, and gets the message again', async () => {
    const gateway = await runOnBroker();
    await send(gateway, 'x');
    const first = await pullOne(gateway);
    expect(await vhost.closeConnections()).toBeGreaterThan(0);
    await eventually(async () => {
      const [result] = await done(gateway, first.lease);
      expect(result).toMatchObject({ lease: first.lease, result: 'expired' });
      expect(result?.detail).toContain('connection to the broker');
    });
    await untilReady(gateway);
    const again = await pullOne(gateway);
    expect(again.message['Message-Id']).toBe(first.message['Message-Id']);
    expect(again.attempt, 'no attempt is counted').toBe(1);
    expect(await done(gateway, again.lease)).toMatchObject([{ result: 'settled', outcome: 'handled' }]);
    expect(await deadLettersOf(gateway)).toEqual([]);
  });

  test('leaves the messages to the next pull when a client disconnects', async () => {
    const gateway = await runOnBroker();
    const client = request(`${gateway.address}/deliveries/pull`, { method: 'POST' });
    client.on('error', () => {});
    onTestFinished(() => void client.destroy());
    client.end('{"max":10,"waitMs":60000}');
    await eventually(async () => expect(await stateOf(gateway)).toMatchObject({ pullsWaiting: 1 }));
    client.destroy();
    await eventually(async () => expect(await stateOf(gateway)).toMatchObject({ pullsWaiting: 0 }));
    await send(gateway, 'x');
    const { attempt, lease } = await pullOne(gateway);
    expect(attempt).toBe(1);
    await done(gateway, lease);
  });

  test('gets a message again after its client died with the answer', async () => {
    const gateway = await runOnBroker();
    await send(gateway, 'x');
    const client = request(`${gateway.address}/deliveries/pull`, { method: 'POST' });
    client.on('error', () => {});
    onTestFinished(() => void client.destroy());
    const answered = new Promise((resolve) => client.once('response', resolve));
    client.end('{"max":1,"leaseMs":300}');
    await answered;
    client.destroy();
    const { lease, attempt } = await pullOne(gateway);
    expect(attempt).toBe(2);
    await done(gateway, lease);
  });

  test('returns leased messages to the queue at a shutdown, and no attempt is counted', async () => {
    const gateway = await runOnBroker();
    await send(gateway, 'x');
    await pullOne(gateway, { leaseMs: 600_000 });
    await gateway.stop();
    expect(await vhost.messages(queue)).toBe(1);
    const next = await runOnBroker();
    const { attempt, lease, message } = await pullOne(next);
    expect([attempt, message['Message-Routing-Key']]).toEqual([1, key]);
    await done(next, lease);
  });
});
