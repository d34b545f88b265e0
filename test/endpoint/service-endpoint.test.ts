import { describe, expect, onTestFinished, test } from 'vitest';
import { defineEventHandler } from '../../src/handler/define-handler.ts';
import { Header } from '../../src/message/message-headers.ts';
import { headers } from '../../src/parameter/headers.ts';
import { message } from '../../src/parameter/message.ts';
import { parameterConverter } from '../../src/parameter/parameter-converter.ts';
import { commandHeaders, eventHeaders, gate, onCommand, runEndpoint, turns } from './endpoint-fixture.ts';

describe('a message', () => {
  test('reaches its handler decoded, with all its headers', async () => {
    const received: unknown[] = [];
    const { send, settled } = await runEndpoint([onCommand((payload, headers) => received.push([payload, headers]))]);
    await send({ ...commandHeaders, executorId: '7' }, '{"personId":"1"}');
    await settled(1);
    expect(received).toEqual([[{ personId: '1' }, { ...commandHeaders, executorId: '7' }]]);
  });

  test('reaches the other handlers and the dead letter unchanged if a handler changes it', async () => {
    const seen: unknown[] = [];
    const spoil = defineEventHandler({
      routingKey: 'order.placed',
      endpointId: 'spoil',
      distributed: true,
      parameters: [message(), headers()],
      handle({ payload }, all) {
        (payload as Uint8Array).fill(0);
        (all as Record<string, unknown>).tenant = 'evil';
      },
    });
    const look = defineEventHandler({
      routingKey: 'order.placed',
      endpointId: 'look',
      distributed: true,
      parameters: [message()],
      handle: ({ payload, headers }) => seen.push([String(payload), headers.tenant]),
    });
    const { publish, settled, deadLetters } = await runEndpoint([spoil, look]);
    await publish('order.placed', { ...eventHeaders, tenant: 'acme' }, 'pay 100');
    await settled(1);
    expect(seen).toEqual([['pay 100', 'acme']]);
    expect(deadLetters()).toMatchObject([{ headers: { tenant: 'acme', [Header.failedEndpoint]: 'spoil' } }]);
    expect(String(deadLetters()[0]?.body)).toBe('pay 100');
  });

  test('is acknowledged after its handler has finished, not before', async () => {
    const finish = gate();
    let called = false;
    const handler = onCommand(async () => {
      called = true;
      await finish.opened;
    });
    const { send, channel, settled, waiting } = await runEndpoint([handler]);
    await send();
    await turns();
    expect(called).toBe(true);
    expect(channel.verdicts).toEqual([]);
    finish.open();
    await settled(1);
    expect(channel.verdicts).toEqual(['acknowledged']);
    expect(waiting()).toEqual([]);
  });

  test('goes back to the queue when the process ends before its handler has', async () => {
    const { send, channel, waiting } = await runEndpoint([onCommand(() => gate().opened)]);
    await send();
    await turns();
    await channel.close(0);
    expect(waiting()).toHaveLength(1);
  });

  test('is acknowledged after a handler whose arguments had to be waited for', async () => {
    const looked = gate();
    const lookup = parameterConverter('lookup', () => async () => looked.opened);
    const called: unknown[] = [];
    const handler = defineEventHandler({
      routingKey: 'order.placed',
      distributed: true,
      parameters: [lookup, headers()],
      handle: (...all) => called.push(all),
    });
    const { publish, channel, settled } = await runEndpoint([handler]);
    await publish('order.placed');
    await turns();
    expect(channel.verdicts).toEqual([]);
    looked.open();
    await settled(1);
    expect(called).toEqual([[undefined, eventHeaders]]);
  });

  test('is acknowledged if it is for another service, without a handler, an error or a dead letter', async () => {
    const wide = defineEventHandler({
      routingKey: '*.placed',
      distributed: true,
      handle: () => expect.unreachable(),
    });
    const { publish, channel, settled, deadLetters, log } = await runEndpoint([wide]);
    await publish('shop.placed', { ...commandHeaders, [Header.targetServiceName]: 'shop.placed' });
    await publish('order.placed', { ...eventHeaders, [Header.routingKey]: 'order.other' });
    await publish('shop.placed', { [Header.payloadType]: 'message', [Header.routingKey]: 'import' });
    await settled(3);
    expect(channel.verdicts).toEqual(['acknowledged', 'acknowledged', 'acknowledged']);
    expect(deadLetters()).toEqual([]);
    expect(log.filter(({ level }) => Number(level) > 20)).toEqual([]);
  });

  test('is handled in the order of the queue when one is handled at a time', async () => {
    const received: unknown[] = [];
    const slow = onCommand(async (payload) => {
      await turns(2);
      received.push(payload);
    });
    const { send, settled } = await runEndpoint([slow], 1);
    for (let count = 1; count <= 5; count++) await send(commandHeaders, String(count));
    await settled(5);
    expect(received).toEqual([1, 2, 3, 4, 5]);
  });
});

describe('of several handlers of one event', () => {
  function handlers(called: string[], ...failing: string[]) {
    return ['first', 'second', 'third'].map((endpointId) =>
      defineEventHandler({
        routingKey: 'order.*',
        endpointId,
        distributed: true,
        handle() {
          called.push(endpointId);
          if (failing.includes(endpointId)) throw new Error(`of ${endpointId}`);
        },
      }),
    );
  }

  test('each is called once', async () => {
    const called: string[] = [];
    const { publish, channel, settled } = await runEndpoint(handlers(called));
    await publish('order.placed');
    await settled(1);
    expect(called).toEqual(['first', 'second', 'third']);
    expect(channel.verdicts).toEqual(['acknowledged']);
  });

  test('two fail independently: each with a dead letter of its own, and the third is called', async () => {
    const called: string[] = [];
    const { publish, channel, settled, deadLetters } = await runEndpoint(handlers(called, 'first', 'third'));
    await publish('order.placed', { ...eventHeaders, executorId: '7' }, '{"order":1}');
    await settled(1);
    expect(called).toEqual(['first', 'second', 'third']);
    expect(channel.verdicts).toEqual(['acknowledged']);
    const [first, third] = deadLetters();
    expect(deadLetters()).toHaveLength(2);
    expect(first?.headers).toMatchObject({
      ...eventHeaders,
      executorId: '7',
      [Header.failedEndpoint]: 'first',
      [Header.errorMessage]: 'of first',
    });
    expect(third?.headers).toMatchObject({ [Header.failedEndpoint]: 'third', [Header.errorMessage]: 'of third' });
    expect(first?.headers[Header.deadLetterId]).not.toBe(third?.headers[Header.deadLetterId]);
    expect([first, third].map((letter) => Buffer.from(letter?.body ?? []).toString())).toEqual([
      '{"order":1}',
      '{"order":1}',
    ]);
  });
});

describe('so many messages as the concurrency says', () => {
  test.each([1, 3])('are unacknowledged at once: %d', async (concurrency) => {
    const finish = gate();
    let running = 0;
    let most = 0;
    const handler = onCommand(async () => {
      running += 1;
      most = Math.max(most, running);
      await finish.opened;
      running -= 1;
    });
    const { send, channel, settled } = await runEndpoint([handler], concurrency);
    for (let count = 0; count < 7; count++) await send();
    await turns();
    expect(running).toBe(concurrency);
    finish.open();
    await settled(7);
    expect(most).toBe(concurrency);
    expect(channel.mostUnacknowledged).toBe(concurrency);
  });
});

describe('the log', () => {
  test('has no payload, and no header except those that identify a message', async () => {
    const failing = onCommand(() => {
      throw new Error('of the handler');
    });
    const { send, settled, log } = await runEndpoint([failing]);
    await send({ ...commandHeaders, executorId: 'hunter2' }, '{"password":"hunter2"}');
    await send({ ...commandHeaders, executorId: 'hunter2' }, '{"password":hunter2}');
    await send({ ...commandHeaders, [Header.payloadType]: undefined }, 'hunter2');
    await settled(3);
    expect(JSON.stringify(log)).not.toContain('hunter2');
    expect(log.find(({ endpointId }) => endpointId === 'change')).toMatchObject({
      level: 50,
      messageId: commandHeaders.id,
      correlationId: 'order 7',
      routingKey: 'change',
      endpointId: 'change',
      reason: 'of the handler',
      attempts: 1,
      handler: "command handler 'change'",
      msg: 'a handler failed: its message becomes a dead letter',
    });
  });

  test('has lines of bounded length, whatever a handler throws', async () => {
    const { send, settled, log } = await runEndpoint([
      onCommand(() => {
        throw new Error('x'.repeat(1_000_000));
      }),
    ]);
    await send();
    await settled(1);
    expect(JSON.stringify(log).length).toBeLessThan(5000);
  });
});

describe('an endpoint', () => {
  test('survives a connection that ends while it settles: the broker redelivers the message', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    onTestFinished(() => void process.off('unhandledRejection', note));
    const { endpoint, send, channel, log } = await runEndpoint([onCommand(() => {})]);
    channel.beforeSettle = () => {
      throw new Error('Channel closed');
    };
    await send();
    await turns();
    await endpoint.stop(10_000);
    await turns();
    expect(unhandled).toEqual([]);
    expect(log.map(({ reason }) => reason)).toContain('Channel closed');
  });

  test('says why it receives nothing', async () => {
    const { endpoint } = await runEndpoint([]);
    expect(endpoint.detached).toBeUndefined();
    await endpoint.stop(1000);
    expect(endpoint.detached).toMatch(/stopped/);
  });

  test('warns once of each key that only another version of the service can have bound', async () => {
    const onOrder = defineEventHandler({ routingKey: 'order.*', distributed: true, handle: () => {} });
    const { channel, publish, settled, log } = await runEndpoint([onOrder]);
    const other = { queue: 'distributed_billing', deadLetterQueue: 'distributed_billing_dead_letter', prefetch: 1 };
    await channel
      .subscribe({ ...other, bindingKeys: ['paper.*'], onDelivery: (delivery) => delivery.release() })
      .stop();
    const before = channel.verdicts.length;
    for (const key of ['paper.printed', 'paper.printed', 'paper.lost', 'order.']) {
      await publish(key, { ...eventHeaders, [Header.routingKey]: key });
    }
    await settled(before + 4);
    const warned = log.filter(({ level }) => level === 40).map(({ routingKey }) => routingKey);
    expect(warned).toEqual(['paper.printed', 'paper.lost']);
  });
});
