import { asFunction } from 'awilix';
import { defineCommandHandler, defineEventHandler, Header, payload, reference } from 'littoral';
import { startTestGateway } from 'littoral/testing';
import Type from 'typebox';
import { expect, test } from 'vitest';

const Order = Type.Object({ sku: Type.String(), quantity: Type.Integer() });

const place = defineCommandHandler({
  routingKey: 'order.place',
  distributed: true,
  parameters: { order: payload(Order), bus: reference('distributedBus') },
  async handle({ order, bus }) {
    await bus.convertAndPublishEvent('order.placed', { sku: order.sku }, { region: 'eu' });
  },
});

const ship = defineEventHandler({
  routingKey: 'order.*',
  distributed: true,
  parameters: { order: payload(Type.Object({ sku: Type.String() })), bus: reference('distributedBus') },
  async handle({ order, bus }) {
    await bus.sendCommand('stock', 'stock.take', order.sku);
  },
});

test('what a message sets off carries on its headers and names what it followed from', async () => {
  await using shop = await startTestGateway({ service: 'shop', handlers: [place, ship] });
  const metadata = { tenantId: 't', region: 'us' };
  const { messageId } = await shop.sendCommand('order.place', { sku: 'apple', quantity: 2 }, metadata);
  const [placed, take] = shop.published;
  expect(placed).toMatchObject({
    routingKey: 'order.placed',
    payload: { sku: 'apple' },
    headers: { tenantId: 't', region: 'eu', parentId: messageId, correlationId: messageId },
  });
  expect(take).toMatchObject({
    destination: 'stock',
    payload: 'apple',
    headers: { tenantId: 't', region: 'eu', parentId: placed?.headers[Header.id], correlationId: messageId },
  });
});

test('what a form carries fits the handler as JSON does', async () => {
  await using shop = await startTestGateway({ service: 'shop', handlers: [place] });
  const mediaType = 'application/x-www-form-urlencoded';
  await shop.sendCommand('order.place', 'sku=apple&quantity=2', {}, { mediaType });
  expect(shop.published).toMatchObject([{ payload: { sku: 'apple' }, headers: { contentType: 'application/json' } }]);
});

test('a delivery fails with what its handler sent without waiting for it', async () => {
  const careless = defineCommandHandler({
    routingKey: 'order.cancel',
    distributed: true,
    handle: (_, __, { distributedBus }) => void distributedBus.sendCommand('nobody', 'order.forget', ''),
  });
  await using shop = await startTestGateway({ service: 'shop', handlers: [careless] }, { otherServices: [] });
  await expect(shop.sendCommand('order.cancel')).rejects.toMatchObject({ code: 'destination-not-found' });
  expect(shop.deadLetters).toMatchObject([{ endpointId: 'order.cancel' }]);
});

test('what was made for a delivery is disposed after it, also when the handler throws', async () => {
  const steps: string[] = [];
  const transaction = asFunction(() => ({ run: () => void steps.push('run') }))
    .scoped()
    .disposer(() => void steps.push('disposed'));
  const handle = (_: unknown, __: unknown, services: unknown) => {
    (services as { transaction: { run(): void } }).transaction.run();
    throw new Error('of the handler');
  };
  const handlers = [defineCommandHandler({ routingKey: 'order.pay', distributed: true, handle })];
  const container = (all: { register(services: object): unknown }) => all.register({ transaction });
  await using shop = await startTestGateway({ service: 'shop', handlers, container });
  await expect(shop.sendCommand('order.pay')).rejects.toThrow('of the handler');
  expect(steps).toEqual(['run', 'disposed']);
});
