import { describe, expect, test } from 'vitest';
import { type ErrorCode, LittoralError } from '../../src/errors.ts';
import { Header } from '../../src/message/message-headers.ts';
import { commandHeaders, type EndpointFixture, onCommand, runEndpoint, turns } from './endpoint-fixture.ts';
import { freezeTime, pass } from './frozen-time.ts';

// A dead letter that cannot be published. Nothing of this waits for real time.
freezeTime();

/** An endpoint whose handler always fails, and whose dead letters fail so many times to be published. */
async function runFailing(failures: number, code: ErrorCode = 'broker-unavailable'): Promise<EndpointFixture> {
  const fixture = await runEndpoint([
    onCommand(() => {
      throw new Error('of the handler');
    }),
  ]);
  let left = failures;
  fixture.channel.beforePublish = ({ to }) => {
    if ('queue' in to && to.queue === 'distributed_billing_dead_letter' && left-- > 0) {
      throw new LittoralError(code, 'of the channel');
    }
  };
  return fixture;
}

describe('a dead letter that cannot be published', () => {
  test('leaves its message in the queue, and is published when that works again', async () => {
    const { send, channel, deadLetters, waiting } = await runFailing(2);
    await send();
    await turns();
    expect(channel.verdicts).toEqual([]);
    await pass(1000);
    expect(channel.verdicts).toEqual(['released']);
    await pass(2000);
    expect(channel.verdicts).toEqual(['released', 'released', 'acknowledged']);
    expect(deadLetters()).toHaveLength(1);
    expect(waiting()).toEqual([]);
  });

  test.each<ErrorCode>(['broker-blocked', 'too-many-in-flight'])(
    'keeps its message unacknowledged while there is no room, and its handler is not called again: %s',
    async (code) => {
      const { send, channel, deadLetters, log } = await runFailing(50, code);
      await send();
      await turns();
      for (let count = 0; count < 40; count++) await pass(5000);
      expect(channel.verdicts).toEqual([]);
      for (let count = 0; count < 10; count++) await pass(5000);
      expect(channel.verdicts).toEqual(['acknowledged']);
      expect(deadLetters()).toHaveLength(1);
      expect(log.filter(({ msg }) => `${msg}`.startsWith('a handler failed'))).toHaveLength(1);
    },
  );

  test('keeps its message unacknowledged while a delay is declared too slowly, and calls its handler once', async () => {
    const retries = { maxAttempts: 1, initialDelayMs: 1000 };
    let calls = 0;
    const handle = () => {
      calls += 1;
      if (calls === 1) throw new Error('of the handler');
    };
    const { send, channel } = await runEndpoint([{ ...onCommand(handle), retries }]);
    let left = 3;
    channel.beforePublish = ({ delayMs }) => {
      if (delayMs && left-- > 0) throw new LittoralError('broker-unavailable', 'of the channel', { isLate: true });
    };
    await send();
    await turns();
    expect([channel.verdicts, calls]).toEqual([[], 1]);
    await pass(100 + 200 + 400);
    expect([channel.verdicts, calls]).toEqual([['acknowledged'], 1]);
  });

  test('is tried again after ever longer pauses, a minute at most', async () => {
    const { send, channel } = await runFailing(8);
    await send();
    await turns();
    const pauses = [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000];
    for (const [index, pause] of pauses.entries()) {
      await pass(pause - 1);
      expect(channel.verdicts).toHaveLength(index);
      await pass(1);
      expect(channel.verdicts[index]).toBe('released');
    }
    expect(channel.verdicts).toHaveLength(9);
  });

  test.each(['nonsense', Number.NaN, -1000, -Infinity, 0.5, [7], { a: 1 }, null])(
    'is not tried in a hot loop when a sender claims that it was delivered %j times',
    async (count) => {
      const { send, channel } = await runFailing(1);
      await send({ ...commandHeaders, [Header.deliveryCount]: count });
      await turns();
      await pass(999);
      expect(channel.verdicts).toEqual([]);
      await pass(1);
      expect(channel.verdicts).toEqual(['released', 'acknowledged']);
    },
  );

  test('does not hold up other messages', async () => {
    const { send, channel, deadLetters } = await runFailing(1);
    await send();
    await turns();
    await send();
    await turns();
    expect(channel.verdicts).toEqual(['acknowledged']);
    await pass(1000);
    expect(deadLetters()).toHaveLength(2);
  });

  test('ends at the delivery limit of the broker, which keeps it', async () => {
    const { send, channel, deadLetters } = await runFailing(1000);
    await send();
    await turns();
    for (let minute = 0; minute < 25; minute++) await pass(60_000);
    expect(channel.verdicts).toEqual(Array(21).fill('released'));
    expect(deadLetters()).toHaveLength(1);
    expect(deadLetters()[0]?.headers['x-death']).toMatchObject([{ reason: 'delivery_limit' }]);
  });

  test.each<ErrorCode>(['body-too-large', 'headers-too-large', 'invalid-header'])(
    'is dead-lettered by the broker at once if it can never be published (%s)',
    async (code) => {
      const { send, channel, deadLetters } = await runFailing(1000, code);
      await send();
      await turns();
      expect(channel.verdicts).toEqual(['rejected']);
      expect(deadLetters()[0]?.headers['x-death']).toMatchObject([{ reason: 'rejected' }]);
    },
  );

  test('is published without its stack trace if it is too large', async () => {
    const { send, channel, deadLetters } = await runFailing(1, 'invalid-header');
    await send();
    await turns();
    expect(channel.verdicts).toEqual(['acknowledged']);
    expect(deadLetters()[0]?.headers).toMatchObject({ [Header.errorMessage]: 'of the handler' });
    expect(deadLetters()[0]?.headers).not.toHaveProperty(Header.errorStackTrace);
  });

  test('leaves the message in the queue when its own queue is gone', async () => {
    const { send, channel } = await runFailing(0);
    const publish = channel.publish.bind(channel);
    channel.publish = async (publication) => {
      const receipt = await publish(publication);
      return 'queue' in publication.to && publication.to.queue.endsWith('dead_letter') ? { routed: false } : receipt;
    };
    await send();
    await turns();
    expect(channel.verdicts).toEqual([]);
    await pass(1000);
    expect(channel.verdicts[0]).toBe('released');
  });

  test.each<ErrorCode>(['broker-unavailable', 'broker-blocked'])(
    'is requeued at once when the endpoint stops: %s',
    async (code) => {
      const { send, channel, endpoint, waiting } = await runFailing(1000, code);
      await send();
      await turns();
      const stopped = endpoint.stop(5000);
      await turns();
      await stopped;
      expect(channel.verdicts).toEqual(['released']);
      expect(waiting()).toHaveLength(1);
    },
  );

  test.each<[ErrorCode, number]>([
    ['broker-blocked', 1],
    ['broker-unavailable', 1],
    ['confirm-timeout', 2],
    ['broker-blocked', 10],
  ])('leaves room for messages that need no publish: %s at a concurrency of %i', async (code, concurrency) => {
    let handled = 0;
    const handle = (payload: unknown) => {
      if (payload === 'bad') throw new Error('of the handler');
      handled += 1;
    };
    const { send, channel, deadLetters, endpoint } = await runEndpoint([onCommand(handle)], concurrency);
    let isDown = true;
    channel.beforePublish = ({ to, delayMs }) => {
      if (isDown && 'queue' in to && (to.queue.endsWith('dead_letter') || delayMs)) {
        throw new LittoralError(code, 'of the channel');
      }
    };
    const failing = 3 * concurrency;
    for (let count = 0; count < failing; count += 1) await send(commandHeaders, '"bad"');
    for (let count = 0; count < 10; count += 1) await send(commandHeaders, '"good"');
    await turns();
    for (let seconds = 0; seconds < 6; seconds += 1) await pass(1000);
    expect(handled).toBe(10);
    expect(endpoint.warning).toContain(`${failing} failed messages are held`);
    expect(endpoint.stalled).toBeUndefined();
    isDown = false;
    for (let seconds = 0; seconds < 70; seconds += 1) await pass(1000);
    expect(deadLetters()).toHaveLength(failing);
    expect([endpoint.warning, endpoint.unacknowledged]).toEqual([undefined, []]);
  });

  test('ends at a limit: then nothing more is taken, which makes the endpoint unready', async () => {
    const { send, channel, endpoint, waiting } = await runEndpoint(
      [onCommand(() => Promise.reject(new Error('of the handler')))],
      1,
    );
    channel.beforePublish = ({ to }) => {
      if ('queue' in to && to.queue.endsWith('dead_letter'))
        throw new LittoralError('broker-blocked', 'of the channel');
    };
    for (let count = 0; count < 20; count += 1) await send();
    for (let seconds = 0; seconds < 20; seconds += 1) await pass(1000);
    expect(endpoint.unacknowledged).toHaveLength(10);
    expect(waiting()).toHaveLength(10);
    expect(endpoint.stalled).toContain('10 failed messages are held');
    const stopped = endpoint.stop(1000);
    await turns();
    await stopped;
    expect(channel.verdicts).toEqual(Array(10).fill('released'));
    expect(waiting()).toHaveLength(20);
  });
});
