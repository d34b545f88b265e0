import { Transform } from 'node:stream';
import { defineCommandHandler, Reject } from 'littoral';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { wayToBroker } from '../engine/amqp/way-to-broker.ts';
import { post, type RunningGateway, runGateway } from './gateway-fixture.ts';

const vhost = useVhost();
const patient = { timeoutMs: 120_000 };

interface Readiness {
  readonly status: string;
  readonly warnings?: readonly string[];
}

async function readiness({ address }: RunningGateway): Promise<Readiness> {
  return (await (await fetch(`${address}/readyz`)).json()) as Readiness;
}

/** A service whose command `pay` is refused for good where the payload says so. */
async function runPayments(service: string, url: string, concurrency: number) {
  const paid: number[] = [];
  const refused: number[] = [];
  const log: Record<string, unknown>[] = [];
  const pay = (payload: unknown) => {
    const { amount } = payload as { amount: number };
    if (amount < 0) {
      refused.push(amount);
      throw new Reject('the amount is negative');
    }
    paid.push(amount);
  };
  const handlers = [defineCommandHandler({ routingKey: 'pay', distributed: true, handle: pay })];
  const logger = pino({ level: 'warn' }, { write: (line: string) => log.push(JSON.parse(line)) });
  const gateway = await runGateway({ service, broker: { url }, handlers, concurrency }, { logger });
  // Messages to it must not depend on the state of its own connection.
  const sender = await runGateway({ service: `${service}-sender`, broker: { url: vhost.url } });
  const send = async (amount: number) => {
    expect((await post(sender, `/commands/${service}/pay`, { amount })).status).toBe(202);
  };
  return { gateway, paid, refused, log, send };
}

describe('a full dead letter queue', () => {
  test.each([1, 10])('does not block messages that can be handled, at a concurrency of %i', async (concurrency) => {
    const service = `full-${concurrency}`;
    const queue = `distributed_${service}_dead_letter`;
    const definition = { 'max-length': 1, overflow: 'reject-publish' };
    await vhost.setPolicy(service, { pattern: `^${queue}$`, definition });
    const { gateway, paid, refused, log, send } = await runPayments(service, vhost.url, concurrency);
    for (let amount = 1; amount <= 20; amount += 1) await send(-amount);
    for (let amount = 1; amount <= 20; amount += 1) await send(amount);
    await eventually(() => expect(paid).toHaveLength(20), patient);
    expect(new Set(refused).size).toBe(20);
    expect((await readiness(gateway)).status).toBe('ready');
    // The other messages do not wait until the queue has refused one.
    await eventually(async () => {
      const { status, warnings = [] } = await readiness(gateway);
      expect(status).toBe('ready');
      expect(warnings.join()).toContain(`the dead letter queue '${queue}' takes no dead letters`);
    }, patient);
    const events = log.filter(({ msg }) => /^dead letter queue takes no dead letters/.test(`${msg}`));
    expect(events).toMatchObject([{ deadLetterQueue: queue }]);
    // None is lost: a message that is neither in the dead letter queue nor held waits on a level of the ladder.
    await eventually(async () => {
      const counts = await Promise.all(
        (await vhost.queues())
          .filter(({ name }) => name.startsWith(`littoral_${service}_`) || name === queue)
          .map(({ name }) => vhost.messages(name)),
      );
      const held = gateway.unacknowledged().length;
      expect(counts.reduce((sum, count) => sum + count, 0) + held).toBe(20);
      expect(held).toBeLessThanOrEqual(Math.floor(concurrency / 2));
    }, patient);
  });
});

/** A proxy to the broker that holds back confirms while `isHeld`. */
async function withoutConfirms() {
  const state = { isHeld: false, release: () => {} };
  const url = await wayToBroker(vhost.url, (client, broker) => {
    client.pipe(broker);
    let rest = Buffer.alloc(0);
    const held: Buffer[] = [];
    const confirms = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        rest = Buffer.concat([rest, chunk]);
        while (rest.length >= 7 && rest.length >= rest.readUInt32BE(3) + 8) {
          const frame = rest.subarray(0, rest.readUInt32BE(3) + 8);
          rest = rest.subarray(frame.length);
          // The broker sends `basic.ack` (60, 80) for confirms only.
          const isConfirm = frame[0] === 1 && frame.readUInt16BE(7) === 60 && frame.readUInt16BE(9) === 80;
          if (isConfirm && state.isHeld) held.push(frame);
          else this.push(frame);
        }
        done();
      },
    });
    const before = state.release;
    state.release = () => {
      before();
      state.isHeld = false;
      for (const frame of held.splice(0)) confirms.push(frame);
    };
    broker.pipe(confirms).pipe(client);
  });
  return { url, state };
}

describe('a broker that stops confirming', () => {
  test.each([1, 2, 10])('does not block messages that can be handled, at a concurrency of %i', async (concurrency) => {
    const service = `unconfirmed-${concurrency}`;
    const { url, state } = await withoutConfirms();
    const { gateway, paid, refused, send } = await runPayments(service, url, concurrency);
    await send(1);
    await eventually(() => expect(paid).toEqual([1]), patient);
    state.isHeld = true;
    const failing = concurrency + 2;
    for (let amount = 1; amount <= failing; amount += 1) await send(-amount);
    for (let amount = 2; amount <= 20; amount += 1) await send(amount);
    await eventually(() => expect(paid).toHaveLength(20), patient);
    expect(gateway.unacknowledged()).toHaveLength(failing);
    await eventually(async () => {
      expect((await readiness(gateway)).warnings?.join()).toContain(`${failing} failed messages are held`);
    });
    state.release();
    await eventually(async () => {
      expect(await vhost.messages(`distributed_${service}_dead_letter`)).toBe(failing);
      expect(gateway.unacknowledged()).toEqual([]);
    }, patient);
    expect(refused).toHaveLength(failing);
    expect((await readiness(gateway)).warnings ?? []).toEqual([]);
    // The extra consumers have ended: the number of unacknowledged deliveries is at most the concurrency.
    for (let amount = 21; amount <= 30; amount += 1) await send(amount);
    await eventually(() => expect(paid).toHaveLength(30), patient);
  });
});
