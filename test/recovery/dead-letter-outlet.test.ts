import { describe, expect, onTestFinished, test } from 'vitest';
import { DelayedMessageForwarder } from '../../src/delay/delayed-message-forwarder.ts';
import { InMemoryEngine } from '../../src/engine/in-memory/in-memory-engine.ts';
import type { Publication } from '../../src/engine/publication.ts';
import { type ErrorCode, LittoralError } from '../../src/errors.ts';
import { Header } from '../../src/message/message-headers.ts';
import type { TransportMessage } from '../../src/message/transport-message.ts';
import { DeadLetterOutlet } from '../../src/recovery/dead-letter-outlet.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import { deadLetterQueue, dueQueue } from '../../src/wire/service-queue.ts';
import { gate, turns } from '../endpoint/endpoint-fixture.ts';
import { freezeTime, pass } from '../endpoint/frozen-time.ts';
import { RecordingEngine } from '../endpoint/recording-engine.ts';
import { quietLogger } from '../logs/quiet-logger.ts';

freezeTime();

const queue = deadLetterQueue('billing');

function letter(id: string): TransportMessage {
  return { headers: { [Header.id]: id, [Header.deadLetterId]: `of ${id}` }, body: Buffer.from(id) };
}

/** Creates an outlet whose queue refuses while `refusal` is set. */
async function openOutlet() {
  const clock = new TestClock();
  const channel = new RecordingEngine(new InMemoryEngine({ clock }));
  await channel.start();
  onTestFinished(() => channel.close(0));
  channel.subscribe({ queue: 'of billing', deadLetterQueue: queue, bindingKeys: [], prefetch: 1, onDelivery() {} });
  const logger = quietLogger();
  const outlet = new DeadLetterOutlet({ service: 'billing', channel, logger });
  const state: { refusal: ErrorCode | undefined; attempts: number } = { refusal: undefined, attempts: 0 };
  channel.beforePublish = ({ to }: Publication) => {
    if (!('queue' in to) || to.queue !== queue) return;
    state.attempts += 1;
    if (state.refusal) throw new LittoralError(state.refusal, 'of the queue');
  };
  const due = new DelayedMessageForwarder({
    service: 'billing',
    channel,
    checkDestinations: true,
    logger,
    deadLetterOutlet: outlet,
  });
  return { clock, channel, outlet, state, due, deadLetters: () => channel.messages(queue) };
}

describe('a dead letter outlet', () => {
  test('reports a queue that refuses until it takes a dead letter', async () => {
    const { outlet, state } = await openOutlet();
    state.refusal = 'nacked';
    await expect(outlet.publish(letter('1'))).rejects.toMatchObject({ code: 'nacked' });
    expect(outlet.problem).toContain(`'${queue}' takes no dead letters`);
    state.refusal = undefined;
    await outlet.publish(letter('2'));
    expect(outlet.problem).toBeUndefined();
  });

  test('reports a queue that refuses also when it confirms an earlier dead letter afterwards', async () => {
    const { channel, outlet, state } = await openOutlet();
    const confirmed = gate();
    const publish = channel.publish.bind(channel);
    channel.publish = async (publication) => {
      const receipt = await publish(publication);
      if (publication.message.headers[Header.id] === 'early') await confirmed.opened;
      return receipt;
    };
    const early = outlet.publish(letter('early'));
    state.refusal = 'nacked';
    await expect(outlet.publish(letter('1'))).rejects.toMatchObject({ code: 'nacked' });
    confirmed.open();
    await early;
    expect(outlet.problem).toContain(`'${queue}' takes no dead letters`);
    state.refusal = undefined;
    await outlet.publish(letter('2'));
    expect(outlet.problem).toBeUndefined();
  });

  test.each<ErrorCode>(['broker-unavailable', 'broker-blocked', 'connection-lost', 'too-many-in-flight'])(
    'reports no problem of the queue if the broker is unavailable: %s',
    async (code) => {
      const { outlet, state } = await openOutlet();
      state.refusal = code;
      await expect(outlet.publish(letter('1'))).rejects.toMatchObject({ code });
      expect(outlet.problem).toBeUndefined();
    },
  );

  test('tries an unconfirming queue once after each of its growing pauses', async () => {
    const { outlet, state } = await openOutlet();
    state.refusal = 'confirm-timeout';
    const tryTwice = () => Promise.allSettled([outlet.publish(letter('1')), outlet.publish(letter('2'))]);
    await Promise.allSettled([outlet.publish(letter('0'))]);
    for (const pauseMs of [1000, 2000, 4000]) {
      const before = state.attempts;
      await pass(pauseMs - 1);
      await tryTwice();
      expect(state.attempts).toBe(before);
      await pass(1);
      await tryTwice();
      expect(state.attempts).toBe(before + 1);
    }
    await pass(8000);
    state.refusal = undefined;
    await tryTwice();
    expect((await tryTwice()).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  });

  test('limits the unconfirmed publishes, and fails all of them with the first', async () => {
    const { outlet, channel } = await openOutlet();
    const timedOut = gate();
    let attempts = 0;
    channel.beforePublish = async () => {
      attempts += 1;
      await timedOut.opened;
      throw new LittoralError('confirm-timeout', 'of the queue');
    };
    const published = Promise.allSettled(Array.from({ length: 500 }, (_, index) => outlet.publish(letter(`${index}`))));
    await turns();
    expect(attempts).toBe(64);
    timedOut.open();
    expect((await published).every(({ status }) => status === 'rejected')).toBe(true);
    expect(attempts).toBe(64);
  });

  test('sets dead letters aside, and publishes each unchanged once the queue takes it', async () => {
    const { outlet, state, due, clock, deadLetters } = await openOutlet();
    due.start();
    state.refusal = 'nacked';
    await outlet.setAside(letter('1'));
    for (const delayMs of [65_535, 131_071, 262_143, 262_143]) {
      const before = state.attempts;
      clock.moveTo(clock.nowMs() + delayMs - 1);
      await turns();
      expect(state.attempts).toBe(before);
      clock.moveTo(clock.nowMs() + 1);
      await turns();
      expect(state.attempts).toBe(before + 1);
      expect(deadLetters()).toEqual([]);
    }
    state.refusal = undefined;
    clock.moveTo(clock.nowMs() + 262_143);
    await turns();
    expect(deadLetters().map(({ headers }) => headers)).toEqual([letter('1').headers]);
  });

  test('keeps a due dead letter in the broker when it can be neither published nor set aside', async () => {
    const { outlet, channel, due, clock, deadLetters } = await openOutlet();
    due.start();
    await outlet.setAside(letter('1'));
    let failures = 2;
    channel.beforePublish = () => {
      if (failures-- > 0) throw new LittoralError('nacked', 'of all queues');
    };
    clock.moveTo(clock.nowMs() + 65_535);
    await turns();
    expect(channel.verdicts).toEqual([]);
    expect(due.warning).toContain('1 failed messages are held');
    await pass(1000);
    expect(channel.verdicts).toEqual(['released', 'acknowledged']);
    expect([deadLetters().length, due.warning]).toEqual([1, undefined]);
  });

  test.each([0, -1, 1.5, 'many', null, Number.NaN])(
    'creates no dead letter from a due message whose count is %j',
    async (count) => {
      const { channel, due, state } = await openOutlet();
      due.start();
      const headers = { ...letter('1').headers, [Header.setAside]: count };
      await channel.publish({ to: dueQueue('billing'), message: { headers, body: Buffer.from('') } });
      await turns();
      // It is no message of the bus either, so it becomes a dead letter that says so.
      expect(state.attempts).toBe(1);
      expect(channel.messages(queue)[0]?.headers).toMatchObject({ [Header.errorClass]: 'littoral.malformed-message' });
    },
  );
});
