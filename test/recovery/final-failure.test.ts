import { describe, expect, test } from 'vitest';
import type { DeliveryStage } from '../../src/endpoint/service-endpoint.ts';
import { type ErrorCode, LittoralError } from '../../src/errors.ts';
import { defineEventHandler } from '../../src/handler/define-handler.ts';
import type { Retries } from '../../src/handler/retries.ts';
import { Header, type MessageHeaders } from '../../src/message/message-headers.ts';
import type { FinalFailureStrategy } from '../../src/recovery/final-failure-strategy.ts';
import { commandHeaders, eventHeaders, onCommand, runEndpoint, turns } from '../endpoint/endpoint-fixture.ts';
import { freezeTime, pass } from '../endpoint/frozen-time.ts';

// A message that failed, and that can be put neither into its delay nor into the dead letter queue. Nothing of this
// waits for real time.
freezeTime();

/** Publishing fails so many times, wherever to. */
async function run(
  finalFailureStrategy: FinalFailureStrategy,
  failures: number,
  code: ErrorCode = 'nacked',
  timeToLiveMs?: number,
) {
  let calls = 0;
  const handlers = [
    onCommand(() => {
      calls += 1;
      throw new Error('of the handler');
    }),
  ];
  const outcomes: string[] = [];
  const stage: DeliveryStage = async (delivery, next) => {
    const settled = await next(delivery);
    outcomes.push(settled.outcome);
    return settled;
  };
  const fixture = await runEndpoint(handlers, 10, stage, 60_000, { finalFailureStrategy });
  let left = failures;
  await fixture.send(commandHeaders, '{"a":1}', timeToLiveMs);
  fixture.channel.beforePublish = () => {
    if (left-- > 0) throw new LittoralError(code, 'of the channel');
  };
  await turns();
  return { ...fixture, outcomes, calls: () => calls };
}

test('release requeues the message, which is redelivered', async () => {
  const { channel, deadLetters, outcomes } = await run('release', 1);
  expect(channel.verdicts).toEqual([]);
  await pass(1000);
  expect(channel.verdicts).toEqual(['released', 'acknowledged']);
  expect(outcomes).toEqual(['requeued', 'dead letter']);
  expect(deadLetters()).toHaveLength(1);
});

test('resend puts it into its queue anew, and acknowledges the first', async () => {
  const { channel, outcomes, deadLetters, calls } = await run('resend', 1);
  await pass(1000);
  expect(channel.verdicts).toEqual(['acknowledged', 'acknowledged']);
  expect(outcomes).toEqual(['resent', 'dead letter']);
  expect([calls(), deadLetters().length]).toEqual([2, 1]);
});

test('resend does not begin a time to live anew', async () => {
  const { deadLetters } = await run('resend', 1, 'nacked', 60_000);
  await pass(1000);
  expect(deadLetters()).toMatchObject([{ headers: { [Header.expiresAt]: expect.any(Number), timeToLive: 60_000 } }]);
});

test.each<[string, MessageHeaders, Retries]>([
  ['a retry that would come too late', commandHeaders, { maxAttempts: 1, initialDelayMs: 120_000 }],
  ['a body that cannot be decompressed', { ...commandHeaders, [Header.contentEncoding]: 'gzip' }, {}],
  ['a command without a handler', { ...commandHeaders, [Header.routingKey]: 'unknown' }, {}],
  ['a header that cannot be read', { ...commandHeaders, [Header.routingKey]: 7 }, {}],
])('resend does not lose the time to live either of %s', async (_, headers, retries) => {
  const failing = onCommand(() => {
    throw new Error('of the handler');
  });
  const { send, channel, deadLetters } = await runEndpoint([failing], 10, undefined, 60_000, {
    finalFailureStrategy: 'resend',
    retries,
  });
  await send(headers, '{}', 60_000);
  let left = 1;
  channel.beforePublish = () => {
    if (left-- > 0) throw new LittoralError('nacked', 'of the channel');
  };
  // Decompressing takes a thread, and time that does not stand still.
  while (left > 0) await turns();
  await turns();
  await pass(1000);
  while (deadLetters().length === 0) await turns();
  expect(deadLetters()).toMatchObject([{ headers: { [Header.expiresAt]: expect.any(Number) } }]);
});

test('a dead letter that is set aside waits for room, and is not dropped by the configured strategy', async () => {
  const failing = onCommand(() => {
    throw new Error('of the handler');
  });
  const outcomes: string[] = [];
  const stage: DeliveryStage = async (delivery, next) => {
    const settled = await next(delivery);
    outcomes.push(settled.outcome);
    return settled;
  };
  const strategy = { finalFailureStrategy: 'ignore' } as const;
  const { send, channel } = await runEndpoint([failing], 1, stage, 60_000, strategy);
  const setAside: unknown[] = [];
  let busy = 3;
  await send();
  channel.beforePublish = ({ message, delayMs }) => {
    if (delayMs === undefined) throw new LittoralError('confirm-timeout', 'of the dead letter queue');
    if (busy-- > 0) throw new LittoralError('too-many-in-flight', 'of the channel');
    setAside.push(message.headers[Header.setAside]);
  };
  await turns();
  await pass(10_000);
  expect(outcomes).toEqual(['dead letter']);
  expect(setAside).toEqual([1]);
});

test('resend makes nothing of what the sender of an event wrote of its past', async () => {
  const calls: string[] = [];
  const handlers = ['1', '2'].map((endpointId) =>
    defineEventHandler({
      routingKey: 'order.placed',
      endpointId,
      distributed: true,
      handle: () => {
        calls.push(endpointId);
        throw new Error('of the handler');
      },
    }),
  );
  const strategy = { finalFailureStrategy: 'resend' } as const;
  const { publish, channel, deadLetters } = await runEndpoint(handlers, 10, undefined, 60_000, strategy);
  await publish('order.placed', { ...eventHeaders, [Header.failedEndpoint]: '2', [Header.attempts]: 99 });
  let failures = 2;
  channel.beforePublish = () => {
    if (failures-- > 0) throw new LittoralError('nacked', 'of the channel');
  };
  await turns();
  await pass(1000);
  expect(calls).toEqual(['1', '2', '1', '2']);
  expect(deadLetters().map(({ headers }) => [headers[Header.attempts], headers[Header.publishedKey]])).toEqual([
    [1, 'order.placed'],
    [1, 'order.placed'],
  ]);
});

test('resend lets those pass that wait behind it', async () => {
  const texts: string[] = [];
  const handlers = [
    onCommand((payload) => {
      texts.push(payload);
      throw new Error('of the handler');
    }),
  ];
  const { channel, send } = await runEndpoint(handlers, 1, undefined, 60_000, { finalFailureStrategy: 'resend' });
  let left = 1;
  channel.beforePublish = ({ to }) => {
    if ('queue' in to && to.queue.endsWith('dead_letter') && left-- > 0) throw new LittoralError('nacked', 'full');
  };
  await send(commandHeaders, '"first"');
  await turns();
  await send({ ...commandHeaders, id: 'another' }, '"second"');
  await pass(1000);
  expect(texts).toEqual(['first', 'second', 'first']);
});

test('resend that fails as well keeps it in its queue', async () => {
  const { channel, outcomes, deadLetters } = await run('resend', 2);
  await pass(1000);
  await pass(1000);
  expect(channel.verdicts).toEqual(['released', 'acknowledged']);
  expect(outcomes).toEqual(['requeued', 'dead letter']);
  expect(deadLetters()).toHaveLength(1);
});

test('ignore warns at start', async () => {
  const warnings = async (strategy: FinalFailureStrategy) =>
    (await run(strategy, 0)).log.filter(({ msg }) => /will be lost/.test(`${msg}`));
  expect(await warnings('ignore')).toHaveLength(1);
  expect(await warnings('release')).toEqual([]);
});

test('ignore loses it, and says so', async () => {
  const { channel, outcomes, deadLetters, waiting, log } = await run('ignore', 1);
  expect(channel.verdicts).toEqual(['acknowledged']);
  expect([outcomes, deadLetters(), waiting()]).toEqual([['ignored'], [], []]);
  expect(log).toContainEqual(
    expect.objectContaining({
      level: 50,
      msg: 'a failed message is lost, as configured',
      messageId: commandHeaders.id,
    }),
  );
});

test('stop keeps it in its queue, and receives nothing more', async () => {
  const { channel, outcomes, waiting, endpoint, send, calls } = await run('stop', 1);
  expect(channel.verdicts).toEqual(['released']);
  expect(outcomes).toEqual(['stopped']);
  expect(endpoint.consuming).toBe(false);
  expect(endpoint.detached).toMatch(/^stopped: .* start the gateway again$/);
  await send();
  await pass(100_000);
  expect([calls(), waiting().length]).toEqual([1, 2]);
  await endpoint.stop(1000);
});

describe.each<FinalFailureStrategy>(['resend', 'ignore', 'stop'])('%s', (strategy) => {
  test.each<ErrorCode>(['broker-unavailable', 'connection-lost', 'confirm-timeout', 'draining'])(
    'does not apply while the broker is unavailable (%s): it redelivers the message',
    async (code) => {
      const { channel, outcomes, endpoint } = await run(strategy, 1, code);
      await pass(1000);
      expect(channel.verdicts).toEqual(['released', 'acknowledged']);
      expect(outcomes).toEqual(['requeued', 'dead letter']);
      expect(endpoint.consuming).toBe(true);
    },
  );

  test('does not apply to what the broker can move itself', async () => {
    const { channel, deadLetters } = await run(strategy, 5, 'headers-too-large');
    expect(channel.verdicts).toEqual(['rejected']);
    expect(deadLetters()).toHaveLength(1);
  });
});

test.each<ErrorCode>(['broker-blocked', 'too-many-in-flight'])(
  'what there is no room for at the moment (%s) stays unacknowledged, and its handler is not called again',
  async (code) => {
    const { channel, calls, deadLetters } = await run('release', 5, code);
    await pass(99);
    expect(channel.verdicts).toEqual([]);
    await pass(10_000);
    expect(channel.verdicts).toEqual(['acknowledged']);
    expect([calls(), deadLetters().length]).toEqual([1, 1]);
  },
);

test('what there is no room for when the service stops is requeued at once', async () => {
  const { channel, endpoint } = await run('stop', Infinity, 'broker-blocked');
  const stopped = endpoint.stop(5000);
  await turns();
  await stopped;
  expect(channel.verdicts).toEqual(['released']);
});
