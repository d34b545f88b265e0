import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { routingKeyMatcher } from '../../src/message/routing-key.ts';
import { eventually } from '../broker/eventually.ts';
import type { EngineHarness } from './engine-contract.ts';
import {
  acknowledge,
  messageOf,
  newName,
  openHarness,
  openInbox,
  openQueue,
  publishOnBus,
  send,
  textOf,
} from './engine-fixture.ts';

/** The word `ours` stands for one that only this test uses. */
const patterns = ['ours', 'ours.paid', 'ours.*', '*.ours', 'ours.*.late', 'ours.pa*', 'ours.*id.l*'];
const keys = [
  ...['ours', 'ours.paid', 'ours.ours', 'ours.late', 'ours.paid.late', 'ours.paid.so.late'],
  ...['paid.ours', 'very.paid.ours'],
];

export function routingContract(harness: () => Promise<EngineHarness>): void {
  test('a key on the bus reaches each queue whose pattern matches it, and no queue that keyMatcher excludes', async () => {
    const { channel } = await openHarness(harness);
    const word = newName();
    const withWord = (text: string) => text.replaceAll('ours', word);
    const inboxes = await Promise.all(
      patterns.map(async (pattern) => {
        const inbox = await openInbox(channel, { bindingKeys: [withWord(pattern)], onDelivery: acknowledge });
        return { pattern, inbox };
      }),
    );
    for (const key of keys) await publishOnBus(channel, withWord(key), key);
    for (const { inbox } of inboxes) await send(channel, inbox.queue, 'end');
    for (const { pattern, inbox } of inboxes) {
      await eventually(() => expect(inbox.texts()).toContain('end'));
      const isRouted = channel.keyMatcher([withWord(pattern)]);
      const expected = keys.filter((key) => isRouted(withWord(key)));
      expect(inbox.texts(), `the keys that '${pattern}' matched`).toEqual([...expected, 'end']);
      expect(expected).toEqual(expect.arrayContaining(keys.filter(routingKeyMatcher(pattern))));
    }
  });

  test('a queue with two bindings that match gets one copy', async () => {
    const { channel } = await openHarness(harness);
    const key = newName();
    const inbox = await openInbox(channel, { bindingKeys: [key, `${key}.*`, `*.${key}`], onDelivery: acknowledge });
    await publishOnBus(channel, key, 'once');
    await send(channel, inbox.queue, 'end');
    await eventually(() => expect(inbox.texts()).toContain('end'));
    expect(inbox.texts()).toEqual(['once', 'end']);
  });

  test('a retired key no longer reaches the queue, and its other keys do', async () => {
    const { channel } = await openHarness(harness);
    const [kept, retired] = [newName(), newName()];
    const { queue } = await openQueue(channel, [kept, retired]);
    const inbox = await openInbox(channel, { queue, bindingKeys: [kept], retiredKeys: [retired, newName()] });
    await publishOnBus(channel, retired, 'retired');
    await publishOnBus(channel, kept, 'kept');
    expect(textOf((await inbox.delivery(1)).message)).toBe('kept');
  });

  test('every queue that is bound gets its copy', async () => {
    const { channel } = await openHarness(harness);
    const key = newName();
    const first = await openInbox(channel, { bindingKeys: [key] });
    const second = await openInbox(channel, { bindingKeys: [key] });
    expect(await publishOnBus(channel, key, 'for both')).toEqual({ routed: true });
    expect(textOf((await first.delivery(1)).message)).toBe('for both');
    expect(textOf((await second.delivery(1)).message)).toBe('for both');
  });

  test('a delivery from the bus has its key', async () => {
    const { channel } = await openHarness(harness);
    const key = `${newName()}.paid`;
    const inbox = await openInbox(channel, { bindingKeys: ['*.paid'] });
    await publishOnBus(channel, key, 'from the bus');
    expect(await inbox.delivery(1)).toMatchObject({ viaBus: true, routingKey: key, redelivered: false });
  });

  test('a delivery straight to a queue says that it is not from the bus', async () => {
    const { channel } = await openHarness(harness);
    const inbox = await openInbox(channel, { bindingKeys: [newName()] });
    expect(await send(channel, inbox.queue, 'straight')).toEqual({ routed: true });
    expect(await inbox.delivery(1)).toMatchObject({ viaBus: false, routingKey: inbox.queue, redelivered: false });
  });

  test('headers arrive as they were sent', async () => {
    const { channel } = await openHarness(harness);
    const inbox = await openInbox(channel);
    const headers = {
      text: 'seven',
      unicode: 'Příliš žluťoučký kůň 🐎',
      emptyText: '',
      zero: 0,
      integer: 7,
      negative: -7,
      large: 2 ** 40 + 1,
      largeNegative: -(2 ** 40) - 1,
      largestSafe: Number.MAX_SAFE_INTEGER,
      fraction: 1.5,
      smallFraction: -1e-7,
      yes: true,
      no: false,
    };
    const message = messageOf('', headers);
    await channel.publish({ to: { queue: inbox.queue }, message });
    expect((await inbox.delivery(1)).message.headers).toMatchObject({ ...message.headers });
  });

  test('an integer beyond 2^53 arrives as a bigint, every other one as a number', async () => {
    const { channel } = await openHarness(harness);
    const inbox = await openInbox(channel);
    const headers = {
      small: 7n,
      safe: 2n ** 53n - 1n,
      largestNumber: 2n ** 53n,
      smallestBigint: 2n ** 53n + 1n,
      largest: 2n ** 63n - 1n,
      smallest: -(2n ** 63n),
    };
    await channel.publish({ to: { queue: inbox.queue }, message: messageOf('', headers) });
    const numbers = { small: 7, safe: 2 ** 53 - 1, largestNumber: 2 ** 53 };
    expect((await inbox.delivery(1)).message.headers).toMatchObject({ ...headers, ...numbers });
  });

  test.each([2n ** 63n, -(2n ** 63n) - 1n])('an integer beyond 64 bits is refused: %s', async (integer) => {
    const { channel } = await openHarness(harness);
    const inbox = await openInbox(channel);
    const message = messageOf('', { integer });
    await expect(channel.publish({ to: { queue: inbox.queue }, message })).rejects.toMatchObject({
      code: 'invalid-header',
    });
    expect(await send(channel, inbox.queue, 'next')).toEqual({ routed: true });
  });

  test.each([
    ['an empty body', Buffer.alloc(0)],
    ['unicode', Buffer.from('Příliš žluťoučký kůň 🐎')],
    ['bytes that are no text', Buffer.from([0, 0xff, 0xfe, 0xc3, 0x28, 0, 0x0d, 0x0a, 0x80])],
    ['a megabyte', randomBytes(1_048_576)],
  ])('%s arrives byte by byte', async (_, body) => {
    const { channel } = await openHarness(harness);
    const inbox = await openInbox(channel);
    await channel.publish({ to: { queue: inbox.queue }, message: messageOf(body) });
    const received = (await inbox.delivery(1)).message.body;
    expect(received.byteLength).toBe(body.byteLength);
    expect(body.equals(received)).toBe(true);
  });

  test('a queue is found once it was subscribed to, and so is its dead letter queue', async () => {
    const { channel } = await openHarness(harness);
    const { queue, deadLetterQueue } = await openQueue(channel);
    expect(await channel.hasQueue(queue)).toBe(true);
    expect(await channel.hasQueue(deadLetterQueue)).toBe(true);
  });

  test('a queue that was not declared is not found, and can be looked up again', async () => {
    const { channel } = await openHarness(harness);
    const queue = newName();
    expect(await channel.hasQueue(queue)).toBe(false);
    expect(await channel.hasQueue(queue)).toBe(false);
    await openQueue(channel);
    expect(await channel.hasQueue(queue)).toBe(false);
  });
}
