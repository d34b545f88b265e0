import { describe, expect, test } from 'vitest';
import { type Routes, ServiceMap } from '../../src/bus/service-map.ts';
import { validateRoutes } from '../../src/bus/validate-routes.ts';
import { Header } from '../../src/message/message-headers.ts';
import { caught } from '../caught.ts';
import { openBus, textOf } from './bus-fixture.ts';

describe('a service map', () => {
  const routes: Routes = {
    services: { tickets: { queue: 'tickets_in' } },
    events: [
      { keys: ['user.*', 'order.placed'], queue: 'crm' },
      { keys: ['*'], queue: 'audit', except: ['shop', 'billing'] },
      { keys: ['user.created'], queue: 'crm' },
    ],
  };

  test('finds the queue of a service by its name alone', () => {
    const map = new ServiceMap(routes, 'shop');
    expect(map.queueOf('tickets')).toBe('tickets_in');
    for (const name of ['ticket', 'billing', '__proto__', 'constructor']) expect(map.queueOf(name)).toBeUndefined();
  });

  test.each<[string, string, string[]]>([
    ['shop', 'user.created', ['crm']],
    ['shop', 'user.address.changed', ['crm']],
    ['shop', 'order.placed', ['crm']],
    ['shop', 'order.cancelled', []],
    ['stock', 'user.created', ['crm', 'audit']],
    ['stock', 'order.cancelled', ['audit']],
    ['billing', 'order.cancelled', []],
  ])('finds each queue of an event of %s once: %s', (service, key, queues) => {
    expect(new ServiceMap(routes, service).queuesOf(key)).toEqual(queues);
  });
});

describe('routes', () => {
  test('have no issues if their names are valid', () => {
    expect(
      validateRoutes({ services: { tickets: { queue: 'tickets' } }, events: [{ keys: ['a.*'], queue: 'b' }] }),
    ).toEqual([]);
    expect(validateRoutes({})).toEqual([]);
  });

  test('have each issue reported with its path', () => {
    const issues = validateRoutes({
      services: { 'a*': { queue: '' }, b: { queue: 'amq.gen-1' }, c: { queue: 'distributed_c_dead_letter' } },
      events: [
        { keys: ['', 'a.#'], queue: 'littoral_b_due', except: ['#'] },
        { keys: ['a'], queue: `${'q'.repeat(255)}é` },
      ],
    });
    expect(issues).toEqual([
      'routes.services.a*: has a wildcard (* or #)',
      'routes.services.a*.queue: is empty',
      "routes.services.b.queue: begins with 'amq.', which RabbitMQ reserves",
      "routes.services.c.queue: is a queue for the dead letters of 'c'",
      'routes.events.0.keys.0: is empty',
      'routes.events.0.keys.1: has the wildcard #; * stands for any characters, dots included',
      'routes.events.0.queue: is a queue in which delayed messages wait',
      'routes.events.0.except.0: has a wildcard (* or #)',
      'routes.events.1.queue: is longer than 255 bytes',
    ]);
  });
});

test('holes in the lists of routes are issues', () => {
  // biome-ignore lint/suspicious/noSparseArray: a configuration is JavaScript
  const holes = { events: [, { keys: [,], queue: 'a', except: [,] }] } as unknown as Routes;
  expect(validateRoutes(holes)).toEqual([
    'routes.events.0: is missing',
    'routes.events.1.keys.0: is missing',
    'routes.events.1.except.0: is missing',
  ]);
});

describe('a message that is sent by a service map', () => {
  async function openMapped(routes: Routes, checkDestinations = true) {
    const fixture = await openBus({ serviceMap: new ServiceMap(routes, 'shop'), checkDestinations });
    const addQueue = async (queue: string) => {
      const subscription = { queue, deadLetterQueue: 'x_dead_letter', bindingKeys: [], prefetch: 1, onDelivery() {} };
      await fixture.channel.subscribe(subscription).stop();
    };
    return { ...fixture, addQueue };
  }
  const tickets: Routes = { services: { tickets: { queue: 'tickets_in' } } };
  const copies: Routes = {
    events: [
      { keys: ['user.*'], queue: 'crm' },
      { keys: ['user.*'], queue: 'mail' },
    ],
  };

  test('reaches the queue of the service, without the headers of the exchange', async () => {
    const { bus, channel, addQueue } = await openMapped(tickets);
    await addQueue('tickets_in');
    await bus.sendCommand('tickets', 'ticket.open', '{"a":1}', 'application/json', { tenant: 't' });
    await bus.sendMessage('tickets', 'ticket.import', 'x');
    const [command, message] = channel.messages('tickets_in');
    expect(command?.headers).toEqual({
      tenant: 't',
      [Header.payloadType]: 'command',
      [Header.routingKey]: 'ticket.open',
      [Header.sourceServiceName]: 'shop',
      [Header.targetServiceName]: 'tickets',
      [Header.id]: expect.any(String),
      [Header.correlationId]: expect.any(String),
      [Header.timestamp]: expect.any(Number),
      [Header.contentType]: 'application/json',
      [Header.routingSlip]: 'ecotone.distributed.invoke',
    });
    expect(message?.headers).toMatchObject({ [Header.payloadType]: 'message', [Header.targetServiceName]: 'tickets' });
    expect(message?.headers).not.toHaveProperty([Header.serviceTarget]);
  });

  test.each([true, false])('is refused when the queue does not exist, with checkDestinations: %s', async (check) => {
    const { bus } = await openMapped(tickets, check);
    const send = () => bus.sendCommand('tickets', 'ticket.open', 'x');
    expect(await caught(send)).toMatchObject({
      code: 'destination-not-found',
      outcome: 'not-accepted',
      message: expect.stringContaining("the queue 'tickets_in', which routes.services names, does not exist"),
    });
  });

  test('leaves services that it does not name on the exchange', async () => {
    const { bus, addService, waiting } = await openMapped(tickets);
    await addService('billing');
    await bus.sendCommand('billing', 'billing.change', 'x');
    expect(waiting('billing')[0]?.headers).toHaveProperty([Header.serviceTarget], 'billing');
  });

  test('reaches each queue and each subscriber of an event once', async () => {
    const { bus, channel, addQueue, addService, waiting } = await openMapped(copies);
    for (const queue of ['crm', 'mail']) await addQueue(queue);
    await addService('billing', 'user.created');
    const { messageId, routed } = await bus.publishEvent('user.created', 'x');
    expect(routed).toBe(true);
    await bus.publishEvent('order.placed', 'x');
    for (const queue of ['crm', 'mail']) {
      const [copy, ...others] = channel.messages(queue);
      expect(others).toEqual([]);
      expect(copy && textOf(copy)).toBe('x');
      expect(copy?.headers).toMatchObject({ [Header.id]: messageId, [Header.payloadType]: 'event' });
      for (const name of [Header.serviceTarget, Header.polledChannelName, Header.targetServiceName]) {
        expect(copy?.headers).not.toHaveProperty([name]);
      }
    }
    expect(waiting('billing')).toHaveLength(1);
    expect(waiting('billing')[0]?.headers).toHaveProperty([Header.serviceTarget], 'user.created');
  });

  test('is refused as an event if one of its queues does not exist', async () => {
    const { bus, channel, addQueue, addService, waiting } = await openMapped(copies);
    await addQueue('crm');
    await addService('billing', 'user.created');
    for (const options of [{}, { deliveryDelay: 1000 }]) {
      const error = await caught(() => bus.publishEvent('user.created', 'x', 'text/plain', {}, options));
      expect(error).toMatchObject({ code: 'destination-not-found', message: expect.stringContaining("'mail'") });
    }
    expect(channel.messages('crm')).toEqual([]);
    expect(waiting('billing')).toEqual([]);
  });

  test('has an unknown outcome as an event if a queue that was not looked up did not get it', async () => {
    const { bus, channel, addQueue } = await openMapped(copies, false);
    await addQueue('crm');
    expect(await caught(() => bus.publishEvent('user.created', 'x'))).toMatchObject({
      code: 'partly-published',
      outcome: 'unknown',
      retryable: true,
      message: expect.stringMatching(
        /^2 of 3 copies of the event were published. The first error of the others: .*'mail'/,
      ),
    });
    expect(channel.messages('crm')).toHaveLength(1);
  });

  test('counts as unrouted as an event if no queue got it and no service subscribes', async () => {
    const { bus } = await openMapped(copies, false);
    const error = await caught(() => bus.publishEvent('user.created', 'x'));
    expect(error).toMatchObject({ code: 'destination-not-found', outcome: 'not-accepted' });
  });
});
