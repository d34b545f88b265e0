import { describe, expect, test } from 'vitest';
import { defineEventHandler } from '../../src/handler/define-handler.ts';
import type { HandlerDefinition } from '../../src/handler/handler-definition.ts';
import { Header } from '../../src/message/message-headers.ts';
import { caught } from '../caught.ts';
import { openGateway } from '../http/gateway-fixture.ts';

async function eventBus(...handlers: HandlerDefinition[]) {
  return (await openGateway({ handlers })).eventBus;
}

function recorder() {
  const calls: string[] = [];
  const on = (routingKey: string, endpointId: string, error?: Error) =>
    defineEventHandler({
      routingKey,
      endpointId,
      async handle() {
        calls.push(endpointId);
        if (error) throw error;
      },
    });
  return { calls, on };
}

describe('an event', () => {
  test('reaches every handler that matches, in their order, distributed or not', async () => {
    const { calls, on } = recorder();
    const bus = await eventBus(on('order.*', 'all'), on('order.placed', 'one'), on('order.paid', 'other'));
    await bus.publish('order.placed', { id: 1 });
    expect(calls).toEqual(['all', 'one']);
  });

  test('causes no error without a subscriber', async () => {
    await expect((await eventBus()).publish('order.placed')).resolves.toBeUndefined();
  });

  test('reaches the others when one fails, and then fails with its error', async () => {
    const { calls, on } = recorder();
    const error = new Error('full');
    const bus = await eventBus(on('a', 'first', error), on('a', 'second'));
    await expect(bus.publish('a')).rejects.toBe(error);
    expect(calls).toEqual(['first', 'second']);
  });

  test('fails with all errors when several fail', async () => {
    const { on } = recorder();
    const errors = [new Error('one'), new Error('two')];
    const bus = await eventBus(on('a', 'first', errors[0]), on('a', 'second', errors[1]));
    await expect(bus.publish('a')).rejects.toMatchObject({ errors, message: "2 handlers of 'a' failed" });
  });

  test('from within a handler follows from its message, and counts also when it is not waited for', async () => {
    const seen: unknown[] = [];
    const first = defineEventHandler({
      routingKey: 'first',
      handle(_, headers, { eventBus }) {
        void eventBus.publish('second', 'x');
        seen.push(headers[Header.id]);
      },
    });
    const second = defineEventHandler({
      routingKey: 'second',
      async handle(_, headers) {
        await new Promise((resolve) => setImmediate(resolve));
        seen.push(headers[Header.parentId]);
      },
    });
    await (await eventBus(first, second)).publish('first');
    expect(seen).toHaveLength(2);
    expect(seen[1]).toBe(seen[0]);
  });

  test.each(['', 'a.*', '#', 7, undefined])('is refused under the key %j', async (key) => {
    const bus = await eventBus();
    expect(await caught(() => bus.publish(key as string))).toMatchObject({ code: 'invalid-key' });
  });
});
