import { defineCommandHandler, defineEventHandler, header, headers, payload, reference } from 'littoral';
import Type from 'typebox';
import { expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { runGateway } from './gateway-fixture.ts';

const vhost = useVhost();
const big = 9223372036854775807n;

test('integers of 64 bits reach handlers over RabbitMQ unchanged, and the receivers of their messages too', async () => {
  const seen: unknown[] = [];
  const pay = defineCommandHandler({
    routingKey: 'pay',
    distributed: true,
    parameters: {
      id: payload(Type.BigInt(), { expression: 'payload.id' }),
      order: header('order', Type.BigInt()),
      bus: reference('distributedBus'),
    },
    async handle({ id, order, bus }) {
      seen.push(id, order);
      await bus.convertAndPublishEvent('paid', { id }, { own: -big });
    },
  });
  const paid = defineEventHandler({
    routingKey: 'paid',
    distributed: true,
    parameters: { event: payload(Type.Object({ id: Type.BigInt() })), all: headers() },
    handle: ({ event, all }) => void seen.push(event.id, all.order, all.own, all.small),
  });
  const refused = defineCommandHandler({
    routingKey: 'refused',
    distributed: true,
    parameters: [header('order', Type.Integer())],
    handle: () => void seen.push('called'),
  });
  const { address } = await runGateway({
    service: 'bank',
    broker: { url: vhost.url },
    handlers: [pay, paid, refused],
  });
  const send = (routingKey: string) =>
    fetch(`${address}/commands/bank/${routingKey}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'message-headers': `{"order":${big},"small":7}` },
      body: `{"id":${big}}`,
    });
  expect((await send('pay')).status).toBe(202);
  await eventually(() => expect(seen).toEqual([big, big, big, big, -big, 7]));

  expect((await send('refused')).status).toBe(202);
  const letter = await eventually(async () => {
    const { items } = (await (await fetch(`${address}/dead-letters`)).json()) as { items: { id: string }[] };
    expect(items).toHaveLength(1);
    return items[0];
  });
  const details = await fetch(`${address}/dead-letters/${letter?.id}`);
  expect(await details.json()).toMatchObject({
    error: { class: 'littoral.payload-refused' },
    headers: { order: String(big), small: 7 },
    payload: { text: `{"id":${big}}` },
  });
  expect(seen).not.toContain('called');
});
