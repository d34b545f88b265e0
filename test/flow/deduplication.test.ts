import { asFunction } from 'awilix';
import { type Config, type Deduplicate, defineCommandHandler, defineEventHandler, payload, reference } from 'littoral';
import { startTestGateway, type TestGateway } from 'littoral/testing';
import Type from 'typebox';
import { describe, expect, onTestFinished, test } from 'vitest';

const messageId = '019f8a1e-8c0a-7c3e-9d51-2f1a7f3f2f10';

/** Sends the same message again. */
async function sendAgain({ app, settled }: TestGateway, url: string): Promise<void> {
  await app.inject({ method: 'POST', url, headers: { 'message-id': messageId }, payload: { amount: 1 } });
  await settled();
}

/** A gateway with a handler that notes what it was called with. */
async function open(config: Partial<Config> = {}, deduplicate?: Deduplicate) {
  const calls: unknown[] = [];
  const pay = defineCommandHandler({
    routingKey: 'pay',
    distributed: true,
    ...(deduplicate === undefined ? {} : { deduplicate }),
    parameters: [payload()],
    handle: (command) => void calls.push(command),
  });
  const gateway = await startTestGateway({ service: 'bank', handlers: [pay], ...config });
  onTestFinished(() => gateway.stop());
  return { gateway, calls };
}

describe('a key that is put together', () => {
  const composite = "payload.shop & '-' & payload.paymentId";
  const byFunction: Deduplicate = ({ payload }) => `${payload.shop}-${payload.paymentId}`;

  test.each([composite, "$join([payload.shop, payload.paymentId], '-')", byFunction])(
    'makes dead letters of messages that lack a part, and copies of none of them: %s',
    async (deduplicate) => {
      const { gateway, calls } = await open({}, deduplicate);
      const payments = [
        { shop: 's', amount: 1 },
        { shop: 's', amount: 2 },
        { paymentId: 'p', amount: 3 },
        { shop: 's', paymentId: null, amount: 4 },
        { shop: 's', paymentId: 'p', amount: 5 },
        { shop: 's', paymentId: 'p', amount: 6 },
        { shop: 's', paymentId: 'q', amount: 7 },
      ];
      const outcomes: unknown[] = [];
      for (const payment of payments) {
        const code = await gateway.sendCommand('pay', payment).then(
          () => 'handled',
          (error) => error.code,
        );
        outcomes.push(code);
      }
      const failed = 'expression-failed';
      expect(outcomes).toEqual([failed, failed, failed, failed, 'handled', 'handled', 'handled']);
      expect(calls).toEqual([payments[4], payments[6]]);
      const errors = gateway.deadLetters.map(({ error }) => error);
      expect(errors).toEqual(Array(4).fill(expect.objectContaining({ code: 'expression-failed' })));
    },
  );
});

describe('an Idempotency-Key', () => {
  const request = { method: 'POST', url: '/commands/bank/pay', payload: { amount: 1 } } as const;

  test('has its effect once if it is repeated, and answers each request', async () => {
    const { gateway, calls } = await open();
    const headers = { 'idempotency-key': 'order-17' };
    const answers = [
      await gateway.app.inject({ ...request, headers }),
      await gateway.app.inject({ ...request, headers }),
    ];
    await gateway.settled();
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([202, 202]);
    expect(answers[0]?.json().messageId).toBe(answers[1]?.json().messageId);
    expect(calls).toEqual([{ amount: 1 }]);
    expect(gateway.handled).toHaveLength(1);
  });

  test('identifies another request if it differs', async () => {
    const { gateway, calls } = await open();
    for (const key of ['order-17', 'order-18']) {
      await gateway.app.inject({ ...request, headers: { 'idempotency-key': key } });
    }
    await gateway.settled();
    expect(calls).toHaveLength(2);
  });

  test('has its effect again if it is repeated after the window', async () => {
    const { gateway, calls } = await open({ deduplication: { windowMs: 1000 } });
    const headers = { 'idempotency-key': 'order-17' };
    for (const passedMs of [999, 1, 0]) {
      await gateway.app.inject({ ...request, headers });
      await gateway.settled();
      await gateway.advanceTime(passedMs);
    }
    expect(calls).toHaveLength(2);
  });
});

describe('the configuration', () => {
  const sendTwice = async ({ gateway, calls }: Awaited<ReturnType<typeof open>>) => {
    for (let copy = 0; copy < 2; copy++) await sendAgain(gateway, '/commands/bank/pay');
    return calls.length;
  };

  test('turns it off, for handlers that do not say otherwise', async () => {
    expect(await sendTwice(await open({ deduplication: { enabled: false } }))).toBe(2);
    expect(await sendTwice(await open({ deduplication: { enabled: false } }, true))).toBe(1);
    expect(await sendTwice(await open({}, false))).toBe(2);
  });

  test('bounds how much is kept', async () => {
    const { gateway, calls } = await open({ deduplication: { maxEntries: 2 } }, 'payload.id');
    for (const id of [1, 2, 2, 3, 1]) await gateway.sendCommand('pay', { id });
    expect(calls).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }, { id: 1 }]);
  });

  test('gives a store, in place of the one in the process', async () => {
    const keys = new Set<string>();
    const store = { has: async (key: string) => keys.has(key), record: async (key: string) => keys.add(key) };
    const first = await open({ deduplication: { store } });
    const second = await open({ deduplication: { store } });
    expect((await sendTwice(first)) + (await sendTwice(second))).toBe(1);
    expect([...keys]).toEqual([`["bank","pay"] ${messageId}`]);
  });

  test('gives a store that services share: each of them has its own keys', async () => {
    const keys = new Set<string>();
    const store = { has: (key: string) => keys.has(key), record: (key: string) => keys.add(key) };
    let calls = 0;
    for (const service of ['mail', 'stock']) {
      const placed = defineEventHandler({ routingKey: 'order.placed', distributed: true, handle: () => void calls++ });
      await using gateway = await startTestGateway({ service, handlers: [placed], deduplication: { store } });
      for (let copy = 0; copy < 2; copy++) await sendAgain(gateway, '/events/order.placed');
    }
    expect(calls).toBe(2);
  });
});

test('what was sent without waiting for it counts: without its confirm nothing is recorded', async () => {
  let calls = 0;
  const relay = defineCommandHandler({
    routingKey: 'relay',
    distributed: true,
    parameters: [reference('distributedBus')],
    handle: (bus) => {
      calls += 1;
      void bus.sendCommand('nobody', 'any', '{}', 'application/json');
    },
  });
  await using gateway = await startTestGateway({ service: 'bank', handlers: [relay] }, { otherServices: [] });
  for (let copy = 0; copy < 2; copy++) {
    await expect(sendAgain(gateway, '/commands/bank/relay')).rejects.toMatchObject({ code: 'destination-not-found' });
  }
  expect(calls).toBe(2);
});

test('a key can be asked of a service, whose scope ends also where the handler is not called', async () => {
  let disposed = 0;
  const calls: unknown[] = [];
  const pay = defineCommandHandler({
    routingKey: 'pay',
    distributed: true,
    deduplicate: "reference('payments').keyOf(payload.amount)",
    payload: Type.Object({ amount: Type.Number() }),
    handle: ({ amount }) => void calls.push(amount),
  });
  await using gateway = await startTestGateway({
    service: 'bank',
    handlers: [pay],
    container: (container) =>
      container.register({
        payments: asFunction(() => ({ keyOf: (amount: number) => `about ${Math.round(amount)}` }))
          .scoped()
          .disposer(() => void disposed++),
      }),
  });
  for (const amount of [1.1, 1.2, 2]) await gateway.sendCommand('pay', { amount });
  expect(calls).toEqual([1.1, 2]);
  expect(disposed).toBe(3);
});
