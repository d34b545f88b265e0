import { asClass } from 'awilix';
import {
  abortSignal,
  configurationVariable,
  defineCommandHandler,
  defineEventHandler,
  defineTypeConverter,
  Header,
  header,
  headers,
  instance,
  message,
  payload,
  reference,
} from 'littoral';
import Type from 'typebox';
import { expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { post, runGateway } from './gateway-fixture.ts';

const vhost = useVhost();

class Sku {
  readonly code: string;
  constructor(code: string) {
    this.code = code;
  }
}

class OrderWasPlaced {
  readonly sku: Sku;
  readonly quantity: number;
  constructor(sku: Sku, quantity: number) {
    this.sku = sku;
    this.quantity = quantity;
  }
}

const Placed = Type.Object({ sku: instance(Sku), quantity: Type.Integer() });

const converters = [
  defineTypeConverter({ from: Type.String(), to: Sku, convert: (code) => new Sku(code) }),
  defineTypeConverter({ from: Sku, to: Type.String(), convert: ({ code }) => code }),
  defineTypeConverter({
    from: Placed,
    to: OrderWasPlaced,
    convert: ({ sku, quantity }) => new OrderWasPlaced(sku, quantity),
  }),
  defineTypeConverter({ from: OrderWasPlaced, to: Placed, convert: ({ sku, quantity }) => ({ sku, quantity }) }),
];

class Prices {
  static made = 0;
  static disposed = 0;
  constructor() {
    Prices.made++;
  }
  async of(sku: string) {
    return sku.length;
  }
  dispose() {
    Prices.disposed++;
  }
}

test('every argument arrives on the other side of a broker, and what is sent from there follows from it', async () => {
  const placed: Record<string, unknown>[] = [];
  const heard: { event: unknown; received: Record<string, unknown> }[] = [];

  const place = defineCommandHandler({
    routingKey: 'order.place',
    distributed: true,
    parameters: {
      order: payload(Type.Object({ sku: instance(Sku), quantity: Type.Integer({ minimum: 1 }) })),
      total: payload(Type.Number(), { expression: "reference('prices').of(payload.sku) * $number(payload.quantity)" }),
      tags: header('tags', Type.Array(instance(Sku))),
      buyer: header('buyer', Type.Optional(Type.String()), { expression: "value & '@' & headers.region" }),
      attempt: header('attempt', Type.Integer(), { default: 1 }),
      missing: header('missing', Type.Union([Type.String(), Type.Null()])),
      prices: reference(Prices),
      multiplier: configurationVariable(undefined, Type.Integer()),
      all: headers(),
      whole: message(),
      signal: abortSignal(),
      distributedBus: reference(),
    },
    async handle({ order, distributedBus, prices, all, whole, signal, ...rest }) {
      placed.push({ order, aborted: signal.aborted, own: prices instanceof Prices, ...rest });
      expect(whole.headers).toBe(all);
      const event = new OrderWasPlaced(order.sku, order.quantity);
      await distributedBus.convertAndPublishEvent('order.placed', event, { first: new Sku('in-a-header') });
    },
  });
  const onPlaced = defineEventHandler({
    routingKey: 'order.*',
    distributed: true,
    payload: OrderWasPlaced,
    handle: (event, received) => void heard.push({ event, received }),
  });

  const shop = await runGateway({
    service: 'shop',
    broker: { url: vhost.url },
    handlers: [place],
    converters,
    configuration: { multiplier: '10' },
    container: (all) =>
      all.register({
        prices: asClass(Prices)
          .scoped()
          .disposer((prices) => prices.dispose()),
      }),
  });
  await runGateway({ service: 'warehouse', broker: { url: vhost.url }, handlers: [onPlaced], converters });

  const form = { 'content-type': 'application/x-www-form-urlencoded', 'message-header-region': 'eu' };
  const response = await fetch(`${shop.address}/commands/shop/order.place`, {
    method: 'POST',
    headers: {
      ...form,
      'message-header-tags': '["a","b"]',
      'message-header-buyer': 'ann',
      'message-correlation-id': 'basket 7',
    },
    body: 'sku=apple&quantity=3',
  });
  expect(response.status).toBe(202);
  const { messageId } = (await response.json()) as { messageId: string };

  await eventually(() => expect(heard).toHaveLength(1));
  expect(placed).toEqual([
    {
      order: { sku: new Sku('apple'), quantity: 3 },
      total: 15,
      tags: [new Sku('a'), new Sku('b')],
      buyer: 'ann@eu',
      attempt: 1,
      missing: null,
      multiplier: 10,
      aborted: false,
      own: true,
    },
  ]);
  const { event, received } = heard[0] as (typeof heard)[number];
  expect(event).toEqual(new OrderWasPlaced(new Sku('apple'), 3));
  expect(event).toBeInstanceOf(OrderWasPlaced);
  expect(received).toMatchObject({
    [Header.contentType]: 'application/json',
    [Header.correlationId]: 'basket 7',
    [Header.parentId]: messageId,
    buyer: 'ann',
    region: 'eu',
    first: 'in-a-header',
  });
  await eventually(() => expect([Prices.made, Prices.disposed]).toEqual([1, 1]));
});

test('a payload that an expression or a type refuses is a dead letter at once, and the consumer goes on', async () => {
  const handled: unknown[] = [];
  const place = defineCommandHandler({
    routingKey: 'place',
    distributed: true,
    parameters: [
      payload(Type.Object({ lines: Type.Unknown() }), { expression: 'payload.nested' }),
      payload(Type.Number(), { expression: '$sum(payload.nested.lines)' }),
    ],
    handle: (_, total) => void handled.push(total),
  });
  const shop = await runGateway({ service: 'lines', broker: { url: vhost.url }, handlers: [place] });
  const refused = [
    {},
    { nested: { lines: ['x'] } },
    { nested: 7 },
    { nested: { _jsonata_lambda: true, lines: { _jsonata_function: 1 } } },
    JSON.parse('{"__proto__":{"nested":{"lines":[1]}}}'),
    { constructor: { nested: { lines: [1] } } },
  ];
  for (const body of refused) expect((await post(shop, '/commands/lines/place', body)).status).toBe(202);
  expect((await post(shop, '/commands/lines/place', { nested: { lines: [1, 2] } })).status).toBe(202);
  await eventually(() => expect(handled).toEqual([3]));
  await eventually(async () => expect(await vhost.messages('distributed_lines_dead_letter')).toBe(refused.length));
  expect(await vhost.messages('distributed_lines')).toBe(0);
});

test('an expression that would run without end is a dead letter, and the messages beside it are handled', async () => {
  const handled: unknown[] = [];
  const runaway = defineCommandHandler({
    routingKey: 'run',
    distributed: true,
    parameters: [payload({ expression: '( $f := function($n) { $n = 0 ? 0 : $f($n + 1) }; $f(payload) )' })],
    handle: (result) => void handled.push(result),
  });
  const service = await runGateway({ service: 'runner', broker: { url: vhost.url }, handlers: [runaway] });
  for (const start of [1, 0, 2, 0]) expect((await post(service, '/commands/runner/run', start)).status).toBe(202);
  await eventually(() => expect(handled).toEqual([0, 0]));
  await eventually(async () => expect(await vhost.messages('distributed_runner_dead_letter')).toBe(2));
  expect((await fetch(`${service.address}/readyz`)).status).toBe(200);
});
