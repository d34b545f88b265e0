import { asClass } from 'awilix';
import { describe, expect, test } from 'vitest';
import type { DistributedBus } from '../../src/bus/distributed-bus.ts';
import type { LittoralError } from '../../src/errors.ts';
import type { Gateway } from '../../src/gateway/gateway.ts';
import { defineCommandHandler, defineEventHandler } from '../../src/handler/define-handler.ts';
import type { HandlerDefinition } from '../../src/handler/handler-definition.ts';
import { Header } from '../../src/message/message-headers.ts';
import { eventually } from '../broker/eventually.ts';
import { gate, turns } from '../endpoint/endpoint-fixture.ts';
import { openGateway, openQueue, post } from '../http/gateway-fixture.ts';

/** A gateway whose command `place` is handled so, and what listeners of its events received. */
async function shopWith(handle: HandlerDefinition['handle'], container?: never) {
  const place = defineCommandHandler({ routingKey: 'place', distributed: true, handle });
  const gateway = await openGateway({ handlers: [place], container });
  return { gateway, published: openQueue(gateway, 'listener', ['order.*']), deadLetters: deadLettersOf(gateway) };
}

function deadLettersOf({ channel }: Gateway) {
  return () =>
    (channel as unknown as { messages(queue: string): { headers: Record<string, unknown> }[] }).messages(
      'distributed_shop_dead_letter',
    );
}

const send = (gateway: Gateway, headers: Record<string, string> = {}) =>
  post(gateway, { url: '/commands/shop/place', body: 'x', headers });

describe('what a handler sends', () => {
  test('inherits the headers of its message, which metadata overrides and null removes', async () => {
    const { gateway, published } = await shopWith(async (_, __, { distributedBus }) => {
      await distributedBus.publishEvent('order.placed', 'x', 'text/plain', { region: 'us', secret: null, own: 1 });
    });
    await send(gateway, {
      'message-header-tenant-id': 't',
      'message-header-region': 'eu',
      'message-header-secret': 's',
      'message-correlation-id': 'order 7',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    });
    await eventually(() => expect(published()).toHaveLength(1));
    const headers = published()[0]?.headers ?? {};
    expect(headers).toMatchObject({
      tenantId: 't',
      region: 'us',
      own: 1,
      [Header.correlationId]: 'order 7',
      [Header.traceparent]: expect.stringContaining('00-'),
      [Header.contentType]: 'text/plain',
    });
    expect(headers).not.toHaveProperty('secret');
  });

  test('names its message as the parent, and is one of its own', async () => {
    let received: Record<string, unknown> = {};
    const { gateway, published } = await shopWith(async (_, headers, { distributedBus }) => {
      received = headers;
      await distributedBus.convertAndPublishEvent('order.placed', { id: 1 });
    });
    await send(gateway);
    await eventually(() => expect(published()).toHaveLength(1));
    const headers = published()[0]?.headers ?? {};
    expect(headers[Header.parentId]).toBe(received[Header.id]);
    expect(headers[Header.correlationId]).toBe(received[Header.correlationId]);
    expect(headers[Header.id]).not.toBe(received[Header.id]);
    expect(headers[Header.routingKey]).toBe('order.placed');
  });

  test('can have a correlation id of its own', async () => {
    const { gateway, published } = await shopWith((_, __, { distributedBus }) =>
      distributedBus.publishEvent('order.placed', 'x', 'text/plain', {}, { correlationId: 'mine' }),
    );
    await send(gateway);
    await eventually(() => expect(published()[0]?.headers[Header.correlationId]).toBe('mine'));
  });

  test('follows from the message also when a service sends it, and not when no message is being handled', async () => {
    class Notifier {
      readonly #bus: DistributedBus;
      constructor({ distributedBus }: { distributedBus: DistributedBus }) {
        this.#bus = distributedBus;
      }
      tell() {
        return this.#bus.publishEvent('order.placed', 'x');
      }
    }
    const place = defineCommandHandler({
      routingKey: 'place',
      distributed: true,
      handle: (_, __, services) => (services as unknown as { notifier: Notifier }).notifier.tell(),
    });
    const gateway = await openGateway({
      handlers: [place],
      container: (all) => all.register({ notifier: asClass(Notifier).scoped() }),
    });
    const published = openQueue(gateway, 'listener', ['order.*']);
    await send(gateway);
    await gateway.distributedBus.publishEvent('order.paid', 'x');
    await eventually(() => expect(published()).toHaveLength(2));
    const parents = Object.fromEntries(
      published().map(({ headers }) => [headers[Header.routingKey], headers[Header.parentId]]),
    );
    expect(parents['order.placed']).toEqual(expect.any(String));
    expect(parents['order.paid']).toBeUndefined();
  });
});

describe('what a handler sends and does not wait for', () => {
  test('holds up the acknowledgement', async () => {
    const finish = gate();
    const place = defineCommandHandler({
      routingKey: 'place',
      distributed: true,
      handle(_, __, { commandBus }) {
        void commandBus.send('slow');
      },
    });
    const slow = defineCommandHandler({ routingKey: 'slow', handle: () => finish.opened });
    const gateway = await openGateway({ handlers: [place, slow] });
    await send(gateway);
    await turns();
    expect(gateway.unacknowledged()).toHaveLength(1);
    finish.open();
    await eventually(() => expect(gateway.unacknowledged()).toEqual([]));
  });

  test('arrives all the same', async () => {
    const { gateway, published } = await shopWith((_, __, { distributedBus }) => {
      void distributedBus.publishEvent('order.placed', 'x');
    });
    await send(gateway);
    await eventually(() => expect(published()).toHaveLength(1));
  });

  test('fails the message when it cannot be sent', async () => {
    const { gateway, deadLetters } = await shopWith((_, __, { distributedBus }) => {
      void distributedBus.sendCommand('nobody', 'x', 'x');
    });
    await send(gateway);
    await eventually(() => expect(deadLetters()).toHaveLength(1));
    expect(deadLetters()[0]?.headers).toMatchObject({
      [Header.errorClass]: 'littoral.destination-not-found',
      [Header.failedEndpoint]: 'place',
    });
  });

  test('does not fail the handler that deals with the failure itself', async () => {
    let caught = '';
    const { gateway, deadLetters, published } = await shopWith(async (_, __, { distributedBus }) => {
      await distributedBus.sendCommand('nobody', 'x', 'x').catch(({ code }: LittoralError) => {
        caught = code;
      });
      await distributedBus.publishEvent('order.placed', 'x');
    });
    await send(gateway);
    await eventually(() => expect(published()).toHaveLength(1));
    expect(caught).toBe('destination-not-found');
    expect(deadLetters()).toEqual([]);
  });
});

describe('what one of several handlers sends', () => {
  test('fails that one alone', async () => {
    const done: string[] = [];
    const careless = defineEventHandler({
      routingKey: 'happened',
      endpointId: 'careless',
      distributed: true,
      handle(_, __, { distributedBus }) {
        void distributedBus.sendCommand('nobody', 'x', 'x');
      },
    });
    const careful = defineEventHandler({
      routingKey: 'happened',
      endpointId: 'careful',
      distributed: true,
      handle: () => done.push('careful'),
    });
    const gateway = await openGateway({ handlers: [careless, careful] });
    await gateway.distributedBus.publishEvent('happened', 'x');
    const deadLetters = deadLettersOf(gateway);
    await eventually(() => expect(deadLetters()).toHaveLength(1));
    expect(deadLetters()[0]?.headers[Header.failedEndpoint]).toBe('careless');
    expect(done).toEqual(['careful']);
  });
});
