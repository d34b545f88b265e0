import { describe, expect, test } from 'vitest';
import { defineCommandHandler, defineEventHandler } from '../../../src/handler/define-handler.ts';
import { eventually } from '../../broker/eventually.ts';
import { post } from '../../flow/gateway-fixture.ts';
import { deadLettersOf, done, key, pull, pullOne, runPulled, send, settle, stateOf } from '../pull-client.ts';

/** A gateway with functions for a command and an event, beside an application that pulls. */
async function runBoth(application: object = {}) {
  const handled: unknown[] = [];
  const handle = (payload: unknown) => void handled.push(payload);
  const handlers = [
    defineCommandHandler({ routingKey: 'note', distributed: true, handle }),
    defineEventHandler({ routingKey: 'order.placed', endpointId: 'function', distributed: true, handle }),
  ];
  const gateway = await runPulled({ holdMs: 50, ...application }, { handlers, concurrency: 4 });
  return { gateway, handled };
}

describe('functions beside an application that pulls', () => {
  test('are called while nothing is pulled, and no message of the application is lost or counted', async () => {
    const { gateway, handled } = await runBoth();
    for (let amount = 0; amount < 12; amount++) await send(gateway, { amount });
    for (const note of ['a', 'b', 'c']) await send(gateway, note, 'note');
    await eventually(() => expect(handled.toSorted()).toEqual(['a', 'b', 'c']));
    const amounts = new Set<number>();
    await eventually(async () => {
      for (const { lease, body = '', attempt } of await pull(gateway, { max: 10, waitMs: 100 })) {
        expect(attempt).toBe(1);
        amounts.add(JSON.parse(body).amount);
        expect(await done(gateway, lease)).toMatchObject([{ outcome: 'handled' }]);
      }
      expect(amounts.size).toBe(12);
    });
    expect(await deadLettersOf(gateway)).toEqual([]);
  });

  test('get an event as well as the application, each once', async () => {
    const { gateway, handled } = await runBoth({ events: ['order.placed'] });
    expect((await post(gateway, '/events/order.placed', { id: 7 })).status).toBe(202);
    const { lease, endpoint } = await pullOne(gateway);
    expect(endpoint).toBe('order.placed');
    await settle(gateway, { done: [lease] });
    await eventually(async () => expect(await stateOf(gateway)).toMatchObject({ leases: 0, messagesWaiting: 0 }));
    await eventually(() => expect(gateway.unacknowledged()).toEqual([]));
    expect(handled).toEqual([{ id: 7 }]);
    expect(await pull(gateway, { waitMs: 1 })).toEqual([]);
  });

  test('cannot handle a command of the application', async () => {
    const handler = defineCommandHandler({ routingKey: key, distributed: true, handle: () => {} });
    await expect(runPulled({}, { handlers: [handler] })).rejects.toThrow(key);
  });
});
