import { connect } from 'amqplib';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Delivery } from '../../../../src/engine/delivery.ts';
import type { Broker } from '../../../broker/broker.ts';
import { eventually } from '../../../broker/eventually.ts';
import { startBroker } from '../../../broker/start-broker.ts';
import { createVhost, type Vhost } from '../../../broker/vhost.ts';
import { caught } from '../../../caught.ts';
import { acknowledge, messageOf, openInbox, textOf } from '../../engine-fixture.ts';
import { createAmqpEngine } from '../create-amqp-engine.ts';

// A broker of its own: it is killed.
let broker: Broker;
let vhost: Vhost;

/** What was due while RabbitMQ was down can be late by this: 180 s by default, longer than a test. See docs/delays.md. */
const deadLetterRetryMs = 2000;

beforeAll(async () => {
  broker = await startBroker({ deadLetterRetryMs });
  vhost = await createVhost(broker);
});

beforeEach(() => broker.restore());

afterAll(async () => {
  await broker?.close();
});

const patience = { timeoutMs: 120_000 };
const hourMs = 3_600_000;
const thirtyDaysMs = 720 * hourMs;

let services = 0;

/** A channel, by default of a service that no other test has. */
async function openChannel(service = `shop${++services}`) {
  // Of a slow machine, 32 quorum queues ask for patience.
  const confirmTimeoutMs = 60_000;
  const channel = createAmqpEngine({ url: vhost.url, service, confirmTimeoutMs });
  onTestFinished(() => channel.close(1000));
  await channel.start();
  const delay = (text: string, delayMs: number, queue = `${service}_in`) => {
    const to = { queue, deadLetterQueue: `${queue}_dead_letter` };
    return channel.publish({ to, message: messageOf(text), delayMs });
  };
  const queues = async () => {
    const all = (await vhost.queues()).filter(({ name }) => name.startsWith(`littoral_${service}_`));
    return all.sort((one, other) => one.name.localeCompare(other.name));
  };
  return {
    service,
    channel,
    queue: `${service}_in`,
    delay,
    queues,
    level: (n: number) => `littoral_${service}_delay_${n}`,
  };
}

describe('the delay topology', () => {
  test('has a queue for each level that a message waits on, none of which ever expires', async () => {
    const { delay, queues, level } = await openChannel();
    await delay('in a millisecond', 1);
    await eventually(async () => expect(await queues()).toHaveLength(1));
    expect((await queues())[0]).toMatchObject({
      name: level(1),
      type: 'quorum',
      durable: true,
      arguments: {
        'x-queue-type': 'quorum',
        'x-message-ttl': 2,
        'x-dead-letter-exchange': level(0),
        'x-dead-letter-strategy': 'at-least-once',
        'x-overflow': 'reject-publish',
      },
    });
    expect(Object.keys((await queues())[0]?.arguments ?? {})).not.toContain('x-expires');
  });

  test('has 32 levels at most, whatever the delays are, and holds 30 days', async () => {
    const { delay, queues, level } = await openChannel();
    // Together, as each new level takes its time before a message on it counts as safe.
    const delaysMs = [
      thirtyDaysMs,
      // Each takes one level more, and one takes them all.
      ...Array.from({ length: 31 }, (_, exponent) => Math.max(hourMs, 2 ** exponent - 40)),
      ...Array.from({ length: 200 }, (_, index) => hourMs + 12_345 * index),
      ...[1, 3, 7, 130, 1023, 9999, 123_456],
    ];
    await Promise.all(delaysMs.map((delayMs) => delay('later', delayMs)));
    expect((await queues()).length).toBeLessThanOrEqual(32);
    await eventually(async () => expect(await vhost.messages(level(31))).toBe(1));
  });

  test('is declared again when a level was deleted', async () => {
    const { channel, queue, delay, level } = await openChannel();
    const inbox = await openInbox(channel, { queue, onDelivery: acknowledge });
    await delay('before', 50);
    await inbox.delivery(1);
    for (const { name } of await vhost.queues())
      if (name.startsWith(level(0).slice(0, -1))) await vhost.deleteQueue(name);
    expect(await delay('after', 50)).toEqual({ routed: true });
    await inbox.delivery(2);
    expect(inbox.texts()).toEqual(['before', 'after']);
  });

  test('is declared again when an exchange was deleted, which costs the channel', async () => {
    const { channel, queue, delay, level } = await openChannel();
    const inbox = await openInbox(channel, { queue, onDelivery: acknowledge });
    await delay('before', 50);
    await inbox.delivery(1);
    const connection = await connect(vhost.url);
    onTestFinished(() => connection.close());
    const other = await connection.createChannel();
    for (const n of [7, 6, 5, 4, 3, 2, 1, 0]) await other.deleteExchange(level(n));
    const refused = { code: 'broker-unavailable', outcome: 'not-accepted' };
    await expect(delay('refused', 50)).rejects.toMatchObject(refused);
    await eventually(() => delay('after', 50));
    await inbox.delivery(2);
    expect(inbox.texts()).toEqual(['before', 'after']);
  });

  test('fails only the message that needs it if it exists in another form', async () => {
    const { channel, queue, delay, level } = await openChannel();
    const connection = await connect(vhost.url);
    onTestFinished(() => connection.close());
    await (await connection.createChannel()).assertQueue(level(1), { durable: true });
    const inbox = await openInbox(channel, { queue, onDelivery: acknowledge });
    await expect(delay('refused', 1)).rejects.toMatchObject({
      code: 'topology-mismatch',
      outcome: 'not-accepted',
      message: expect.stringMatching(/PRECONDITION_FAILED/),
    });
    await delay('on another level', 3);
    await inbox.delivery(1);
    expect(inbox.texts()).toEqual(['on another level']);
  });

  test('waits also for a queue that another process of the service declared a moment ago', async () => {
    const first = await openChannel();
    const second = await openChannel(first.service);
    const connection = await connect(vhost.url);
    onTestFinished(() => connection.close());
    const declaring = first.delay('declares it', 1);
    await eventually(async () => expect(await first.queues()).toHaveLength(1));
    await second.delay('finds it', 1);
    // The mark, which only who has waited sets.
    const other = await connection.createChannel();
    other.on('error', () => {}); // The call that failed throws it.
    await other.checkExchange(`${first.level(1)}_remembered`);
    await declaring;
  });

  test('is never early, also when many come down it at once', async () => {
    const { channel, queue, delay } = await openChannel();
    const dueAtMs = new Map<string, number>();
    const early: string[] = [];
    let arrived = 0;
    const onDelivery = (delivery: Delivery) => {
      const text = textOf(delivery.message);
      if (performance.now() < (dueAtMs.get(text) ?? Infinity)) early.push(text);
      arrived += 1;
      delivery.acknowledge();
    };
    await openInbox(channel, { queue, prefetch: 100, onDelivery });
    const sent: Promise<unknown>[] = [];
    for (let index = 0; index < 900; index++) {
      const delayMs = 1 + ((index * 7919) % 1500);
      const text = `${index} in ${delayMs} ms`;
      dueAtMs.set(text, performance.now() + delayMs);
      sent.push(delay(text, delayMs));
      if (index % 30 === 0) await new Promise((resolve) => setTimeout(resolve, 3));
    }
    await Promise.all(sent);
    await eventually(() => expect(arrived).toBe(900), patience);
    expect(early).toEqual([]);
  });

  test('refuses more than may wait while it is being declared, and sends the others', async () => {
    const service = `shop${++services}`;
    const options = { url: vhost.url, service, maxInFlight: 5 };
    const channel = createAmqpEngine(options);
    onTestFinished(() => channel.close(1000));
    await channel.start();
    const to = { queue: `${service}_in`, deadLetterQueue: `${service}_dead_letter` };
    const publish = () => channel.publish({ to, message: messageOf('x'), delayMs: hourMs });
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, publish));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'too-many-in-flight' });
    }
  });
});

describe('a delayed message survives', () => {
  test.each([
    ['is killed', () => broker.kill()],
    ['is stopped', () => broker.stop()],
  ])('survives that the broker %s and starts again', async (_, interrupt) => {
    const { channel, queue, delay } = await openChannel();
    const dueAtMs = new Map<string, number>();
    const arrived = new Set<string>();
    const early: string[] = [];
    const onDelivery = (delivery: Delivery) => {
      const text = textOf(delivery.message);
      if (performance.now() < (dueAtMs.get(text) ?? Infinity)) early.push(text);
      arrived.add(text);
      delivery.acknowledge();
    };
    await openInbox(channel, { queue, onDelivery });
    const send = async (text: string, delayMs: number) => {
      dueAtMs.set(text, performance.now() + delayMs);
      await delay(text, delayMs);
    };
    for (const delayMs of [3000, 9000, 12_000]) await send(`in ${delayMs} ms`, delayMs);
    const numbers = Array.from({ length: 20 }, (_, index) => `${index}`);
    for (const number of numbers) await send(number, 3000);
    await interrupt();
    await broker.start();
    await eventually(() => expect([...dueAtMs.keys()].filter((text) => !arrived.has(text))).toEqual([]), patience);
    expect(early).toEqual([]);
  });

  test('survives a kill of the broker right after the first message of these levels is accepted', async () => {
    const { channel, queue, delay } = await openChannel();
    const inbox = await openInbox(channel, { queue, onDelivery: acknowledge });
    await delay('kept', 5000);
    await broker.kill();
    await broker.start();
    await eventually(() => expect(inbox.texts()).toContain('kept'), patience);
  });

  test('after the broker was killed just when the level was declared, which makes it forget the level', async () => {
    const { channel, service, queue, delay, queues } = await openChannel();
    const inbox = await openInbox(channel, { queue, onDelivery: acknowledge });
    // So that what is declared before this level is old enough to be remembered.
    await delay('before', 5);
    const killed = Promise.allSettled([delay('never accepted', 1)]);
    await eventually(async () => expect(await queues()).toHaveLength(2));
    await broker.kill();
    await broker.start();
    await killed;
    const other = await openChannel(service);
    const send = (text: string, by: typeof delay) => eventually(() => by(text, 1), patience);
    await Promise.all([send('after', delay), send('by another process', other.delay)]);
    const both = expect.arrayContaining(['after', 'by another process']);
    await eventually(() => expect(inbox.texts()).toEqual(both), patience);
  });

  test('is not accepted above a level whose queue RabbitMQ has lost', async () => {
    const { channel, queue, delay, queues, level } = await openChannel();
    const inbox = await openInbox(channel, { queue, onDelivery: acknowledge });
    await delay('on level 8', 250);
    const refused = caught(() => delay('on levels 8 and 1', 256));
    await eventually(async () => expect((await queues()).map(({ name }) => name)).toContain(level(1)));
    await broker.kill();
    await broker.start();
    expect(await refused).toMatchObject({ code: 'broker-unavailable', outcome: 'not-accepted', retryable: true });
    await eventually(() => delay('after', 250), patience);
    await eventually(() => expect(inbox.texts()).toContain('after'), patience);
    expect(inbox.texts()).not.toContain('on levels 8 and 1');
    // RabbitMQ tells such numbers every five seconds.
    await eventually(async () => expect((await queues()).filter(({ messages }) => messages > 0)).toEqual([]));
  });
});
