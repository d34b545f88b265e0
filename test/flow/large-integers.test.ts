import { type Config, defineCommandHandler, header, headers, payload, reference } from 'littoral';
import { startTestGateway, type TestGateway } from 'littoral/testing';
import Type from 'typebox';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';

const first = '9223372036854775788';
const second = '9223372036854775789';

/** A gateway with a handler that notes what it was called with. */
async function open(definition: object, config: Config = {}) {
  const calls: unknown[] = [];
  const pay = defineCommandHandler({
    routingKey: 'pay',
    distributed: true,
    handle: (argument: unknown) => void calls.push(argument),
    ...definition,
  });
  const gateway = await startTestGateway({ service: 'bank', handlers: [pay], ...config });
  onTestFinished(() => gateway.stop());
  return { gateway, calls };
}

async function post({ app, settled }: TestGateway, body: string, more: Readonly<Record<string, string>> = {}) {
  const request = { 'content-type': 'application/json', ...more };
  const answer = await app.inject({ method: 'POST', url: '/commands/bank/pay', headers: request, payload: body });
  await settled().catch(() => {});
  return answer;
}

const payment = (id: string) => `{"paymentId":${id}}`;

describe('two payments whose ids differ beyond 2^53', () => {
  const deduplicate = 'payload.paymentId';
  const payBoth = async (gateway: TestGateway) => {
    const [one, two, copy] = [
      await post(gateway, payment(first)),
      await post(gateway, payment(second)),
      await post(gateway, payment(second)),
    ];
    return [one, two, copy].map(({ statusCode }) => statusCode);
  };

  test('are both refused where no type says what the id is', async () => {
    const { gateway, calls } = await open({ deduplicate });
    expect(await payBoth(gateway)).toEqual([422, 422, 422]);
    expect(calls).toEqual([]);
    expect((await post(gateway, payment(first))).json()).toMatchObject({
      code: 'payload-refused',
      errors: [{ pointer: '/paymentId', detail: expect.stringContaining('is an integer beyond 2^53 without a type') }],
    });
  });

  test('are both dead letters where another service sent them so', async () => {
    const { gateway, calls } = await open({ deduplicate });
    const sent = gateway.sendCommand('pay', payment(first), {}, { mediaType: 'application/json' });
    await expect(sent).rejects.toMatchObject({ code: 'payload-refused' });
    expect(calls).toEqual([]);
    expect(gateway.deadLetters).toMatchObject([{ endpointId: 'pay', payload: { paymentId: BigInt(first) } }]);
  });

  test.each([
    ['bigint', BigInt(first), BigInt(second)],
    ['text', first, second],
  ] as const)(
    'are two calls, and their copies none, where %s is the setting',
    async (untypedLargeIntegers, one, two) => {
      const { gateway, calls } = await open({ deduplicate }, { untypedLargeIntegers });
      expect(await payBoth(gateway)).toEqual([202, 202, 202]);
      expect(calls).toEqual([{ paymentId: one }, { paymentId: two }]);
    },
  );

  test.each([
    ['a BigInt', Type.BigInt(), BigInt(first), BigInt(second)],
    ['text', Type.String(), first, second],
  ])('are two calls, and their copies none, where the type asks for %s', async (_, type, one, two) => {
    const { gateway, calls } = await open({ deduplicate, payload: Type.Object({ paymentId: type }) });
    expect(await payBoth(gateway)).toEqual([202, 202, 202]);
    expect(calls).toEqual([{ paymentId: one }, { paymentId: two }]);
  });

  test('are both refused where the type asks for a number', async () => {
    const { gateway, calls } = await open({ deduplicate, payload: Type.Object({ paymentId: Type.Integer() }) });
    expect(await payBoth(gateway)).toEqual([422, 422, 422]);
    expect(calls).toEqual([]);
  });

  test('are two calls where the id is a part of the key', async () => {
    const { gateway, calls } = await open({
      deduplicate: "'shop-' & payload.paymentId",
      payload: Type.Object({ paymentId: Type.BigInt() }),
    });
    expect(await payBoth(gateway)).toEqual([202, 202, 202]);
    expect(calls).toEqual([{ paymentId: BigInt(first) }, { paymentId: BigInt(second) }]);
  });

  test('are two calls where a function gives the key', async () => {
    const { gateway, calls } = await open({
      deduplicate: ({ payload }: { payload: { paymentId: bigint } }) => payload.paymentId,
      parameters: [payload(Type.BigInt(), { expression: 'payload.paymentId' })],
    });
    expect(await payBoth(gateway)).toEqual([202, 202, 202]);
    expect(calls).toEqual([BigInt(first), BigInt(second)]);
  });
});

describe('a number that is too large to be one', () => {
  test.each(['1e400', '-1e400', '1.5E+999'])('is refused: %s', async (number) => {
    for (const type of [Type.Number(), Type.Unknown(), Type.BigInt(), Type.String()]) {
      const { gateway, calls } = await open({ payload: Type.Object({ paymentId: type }) });
      const answer = await post(gateway, payment(number));
      expect(answer.json()).toMatchObject({ status: 422, errors: [{ pointer: '/paymentId' }] });
      expect(calls).toEqual([]);
    }
  });
});

describe('JSON for others', () => {
  test.each([payment(first), '[1e400, 9007199254740993, 1.0, "\\u0041"]', ' {"a":1,\n"a":2}'])(
    'stays the bytes that came: %s',
    async (body) => {
      const { gateway } = await open({});
      const { app, channel } = gateway;
      const bodies: string[] = [];
      channel.subscribe({
        queue: 'distributed_shop',
        deadLetterQueue: 'distributed_shop_dead_letter',
        bindingKeys: ['shop'],
        prefetch: 1,
        onDelivery({ message, acknowledge }) {
          bodies.push(Buffer.from(message.body).toString());
          acknowledge();
        },
      });
      const headers = { 'content-type': 'application/json' };
      const answer = await app.inject({ method: 'POST', url: '/commands/shop/any', headers, payload: body });
      expect(answer.statusCode).toBe(202);
      await eventually(() => expect(bodies).toEqual([body]));
    },
  );
});

describe('a header beyond 2^53', () => {
  const big = 9223372036854775807n;
  const sendWith = (gateway: TestGateway, value: string) =>
    post(gateway, '{}', { 'message-headers': `{"order":${value},"small":7}` });

  test('is a BigInt for a handler that asks for one, and among all headers', async () => {
    const { gateway, calls } = await open({
      parameters: { order: header('order', Type.BigInt()), small: header('small', Type.BigInt()), all: headers() },
    });
    await sendWith(gateway, String(big));
    expect(calls).toMatchObject([{ order: big, small: 7n, all: { order: big, small: 7 } }]);
  });

  test.each(['9007199254740993', String(big), '-9223372036854775808'])('is text with all digits: %s', async (value) => {
    const { gateway, calls } = await open({ parameters: [header('order', Type.String())] });
    await sendWith(gateway, value);
    expect(calls).toEqual([value]);
  });

  test.each(['9007199254740993', String(big), '-9223372036854775808'])(
    'is an error for a handler that asks for a number: %s',
    async (value) => {
      for (const type of [Type.Integer(), Type.Number(), Type.Union([Type.Number(), Type.Null()])]) {
        const { gateway, calls } = await open({ parameters: [header('order', type)] });
        await sendWith(gateway, value);
        expect(calls).toEqual([]);
        expect(gateway.deadLetters).toMatchObject([
          { error: { code: 'payload-refused' }, headers: { order: BigInt(value) } },
        ]);
      }
    },
  );

  test('is inherited, with what a handler adds', async () => {
    const { gateway } = await open({
      parameters: [reference('distributedBus')],
      handle: (bus: { publishEvent(...args: unknown[]): unknown }) =>
        bus.publishEvent('paid', 'x', 'text/plain', { own: big, list: [big, 1] }),
    });
    await sendWith(gateway, String(big));
    const [, event] = [...gateway.published, ...gateway.published.filter(({ kind }) => kind === 'event')].slice(-2);
    expect(event?.headers).toMatchObject({ order: big, own: big, list: `[${big},1]`, small: 7 });
  });

  test('is shown with all digits among dead letters, and replayed as it came', async () => {
    let isDown = true;
    const { gateway, calls } = await open({
      parameters: [header('order', Type.BigInt())],
      retries: { maxAttempts: 0 },
      handle(order: bigint) {
        if (isDown) throw new Error('down');
        calls.push(order);
      },
    });
    await sendWith(gateway, String(big));
    const list = (await gateway.app.inject({ url: '/dead-letters' })).json();
    const url = `/dead-letters/${list.items[0].id}`;
    expect((await gateway.app.inject({ url })).json()).toMatchObject({ headers: { order: String(big), small: 7 } });
    isDown = false;
    expect((await gateway.app.inject({ method: 'POST', url: `${url}/replay` })).statusCode).toBe(202);
    await gateway.settled();
    expect(calls).toEqual([big]);
  });
});

describe('a BigInt that a handler sends', () => {
  test('arrives with all its digits', async () => {
    const { gateway } = await open({
      parameters: [reference('distributedBus')],
      handle: async (bus: { convertAndPublishEvent(...args: unknown[]): unknown }) => {
        await bus.convertAndPublishEvent('paid', { id: 2n ** 70n, all: [1n] });
        await bus.convertAndPublishEvent('paid', { id: 2n ** 70n }, {}, { targetMediaType: 'application/xml' });
      },
    });
    await post(gateway, '{}');
    expect(gateway.published.filter(({ kind }) => kind === 'event')).toMatchObject([
      { payload: { id: 2n ** 70n, all: [1] } },
      { payload: { id: String(2n ** 70n) } },
    ]);
  });

  test.each([
    ['a payload', { id: 2 ** 60 }, {}],
    ['metadata', {}, { order: 2 ** 60 }],
    ['metadata of more than 64 bits', {}, { order: 2n ** 64n }],
  ])('is refused where it would not be exact: %s', async (_, body, metadata) => {
    const { gateway } = await open({
      parameters: [reference('distributedBus')],
      retries: { maxAttempts: 0 },
      handle: (bus: { convertAndPublishEvent(...args: unknown[]): unknown }) =>
        bus.convertAndPublishEvent('paid', body, metadata),
    });
    await post(gateway, '{}');
    expect(gateway.deadLetters).toMatchObject([
      { error: { code: expect.stringMatching(/^(not-convertible|invalid-header)$/) } },
    ]);
  });
});
