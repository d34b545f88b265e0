import { describe, expect, test } from 'vitest';
import { RecipientResolver } from '../../src/endpoint/recipient-resolver.ts';
import { InMemoryEngine } from '../../src/engine/in-memory/in-memory-engine.ts';
import { defineCommandHandler, defineEventHandler } from '../../src/handler/define-handler.ts';
import { HandlerRegistry } from '../../src/handler/handler-registry.ts';
import { Header } from '../../src/message/message-headers.ts';
import { caught } from '../caught.ts';
import { parameterContext } from '../parameter/parameter-context.ts';
import { captured } from '../wire/captured-message.ts';

const handle = () => {};
const registry = new HandlerRegistry(
  [
    defineCommandHandler({ routingKey: 'billing.change', distributed: true, handle }),
    defineCommandHandler({ routingKey: 'billing.local', handle }),
    defineEventHandler({ routingKey: 'order.*', endpointId: 'audit', distributed: true, handle }),
    defineEventHandler({ routingKey: 'order.placed', distributed: true, handle }),
    defineEventHandler({ routingKey: 'order.placed', endpointId: 'local', handle }),
  ],
  parameterContext(),
);
const engine = new InMemoryEngine();
const messages = new RecipientResolver('billing', registry, engine);

/** The endpoints of whom a message with these headers is for. */
function recipients(headers: Readonly<Record<string, unknown>>, key?: string): string[] {
  return messages.resolve({ headers, payload: new Uint8Array() }, key).map(({ endpointId }) => endpointId);
}

const command = {
  [Header.payloadType]: 'command',
  [Header.routingKey]: 'billing.change',
  [Header.targetServiceName]: 'billing',
};
const event = { [Header.payloadType]: 'event', [Header.routingKey]: 'order.placed' };
const message = { [Header.payloadType]: 'message', [Header.routingKey]: 'import' };

describe('a command', () => {
  test('is for its handler', () => {
    expect(recipients(command, 'billing')).toEqual(['billing.change']);
  });

  test.each([
    ['by its target', command, undefined],
    ['by the key that it was published under', { ...command, [Header.targetServiceName]: undefined }, 'billing'],
    [
      'by the key that Ecotone notes',
      { ...command, [Header.targetServiceName]: undefined, [Header.serviceTarget]: 'billing' },
      undefined,
    ],
    ['by being in its queue', { ...command, [Header.targetServiceName]: undefined }, undefined],
  ])('is for this service %s', (_, headers, key) => {
    expect(recipients(headers, key)).toEqual(['billing.change']);
  });

  test.each([
    ['target', { ...command, [Header.targetServiceName]: 'shop' }, 'billing'],
    ['key', { ...command, [Header.targetServiceName]: undefined }, 'shop'],
    ['noted key', { ...command, [Header.targetServiceName]: undefined, [Header.serviceTarget]: 'shop' }, 'shop'],
    [
      'target, whatever its routing key',
      { ...command, [Header.targetServiceName]: 'Billing', [Header.routingKey]: 7 },
      'Billing',
    ],
  ])('has no recipient here when a wide binding routed it for another %s', (_, headers, key) => {
    expect(recipients(headers, key)).toEqual([]);
  });

  test.each(['billing.unknown', 'billing.local', 'order.placed', 'Billing.change', '__proto__', ''])(
    'fails without a handler, and names the handlers that exist: %j',
    async (routingKey) => {
      const error = await caught(() => recipients({ ...command, [Header.routingKey]: routingKey }));
      expect(error).toMatchObject({
        code: 'no-handler',
        retryable: false,
        message: `No distributed command handler '${routingKey}' in billing. Registered: billing.change.`,
      });
    },
  );

  test('reports that no handler can take it', async () => {
    const nobody = new RecipientResolver('billing', new HandlerRegistry([], parameterContext()), engine);
    const error = await caught(() => nobody.resolve({ headers: command, payload: 1 }, undefined));
    expect(error.message).toContain('Registered: none.');
  });
});

describe('an event', () => {
  test('is for all handlers whose pattern matches, that other services reach', () => {
    expect(recipients(event, 'order.placed')).toEqual(['audit', 'order.placed']);
  });

  test('has no wide binding that explains a key longer than any on the bus', () => {
    const key = `order${'.a'.repeat(60_000)}`;
    expect(() => recipients({ ...event, [Header.routingKey]: 'parcel.sent' }, key)).toThrow('No distributed event');
  });

  test('has no recipient when only a wide binding routed it', () => {
    expect(recipients({ ...event, [Header.routingKey]: 'order' }, 'order')).toEqual([]);
    expect(recipients({ ...event, [Header.routingKey]: 'order' })).toEqual([]);
    expect(recipients({ ...event, [Header.routingKey]: 'any' }, 'order')).toEqual([]);
    expect(recipients({ ...event, [Header.routingKey]: 'any' }, 'billing')).toEqual([]);
  });

  test.each([
    ['another process bound', 'billing.change', 'billing.change'],
    ['came straight to the queue', 'billing.change', undefined],
    ['names itself otherwise than its key on the bus', 'order', 'shop.opened'],
    ['has a hostile key', 'x'.repeat(100_000), undefined],
  ])('is unhandled if it %s', async (_, routingKey, key) => {
    expect(await caught(() => recipients({ ...event, [Header.routingKey]: routingKey }, key))).toMatchObject({
      code: 'no-handler',
      message: `No distributed event handler of '${routingKey.slice(0, 255)}' in billing. Registered: order.*, order.placed.`,
    });
  });

  test('is for every handler of its key, whatever service it names', () => {
    expect(recipients({ ...event, [Header.targetServiceName]: 'shop' }, 'order.placed')).toHaveLength(2);
  });
});

describe('a message for a channel', () => {
  test('is an error: this service has no channels', async () => {
    expect(await caught(() => recipients({ ...message, [Header.serviceTarget]: 'billing' }, 'billing'))).toMatchObject({
      code: 'no-handler',
      message: "No channel 'import' in billing: this service takes commands and events.",
    });
  });

  test('has no recipient here when it is for another service', () => {
    expect(recipients(message, 'shop')).toEqual([]);
  });
});

describe('a message is malformed', () => {
  test.each<[unknown, string]>([
    ['Command', "'Command'"],
    ['query', "'query'"],
    ['', "''"],
    ['x'.repeat(1000), `'${'x'.repeat(64)}'`],
    [undefined, 'nothing'],
    [null, 'null'],
    [7, 'a number'],
    [['command'], 'an array'],
    [{ toString: null }, 'an object'],
  ])('when its kind is %j', async (payloadType, found) => {
    expect(await caught(() => recipients({ ...command, [Header.payloadType]: payloadType }))).toMatchObject({
      code: 'malformed-message',
      retryable: false,
      message: `The header 'ecotone.distributed.payloadType' is ${found}; expected command, event or message.`,
    });
  });

  test.each([undefined, null, 7, true, ['billing.change'], {}])('when its routing key is %j', async (routingKey) => {
    for (const headers of [command, event, message]) {
      const error = await caught(() => recipients({ ...headers, [Header.routingKey]: routingKey }));
      expect(error.code).toBe('malformed-message');
      expect(error.message).toMatch(/^The header 'ecotone\.distributed\.routingKey' is .+; expected a text\.$/);
    }
  });

  test.each([7, true, ['billing'], {}])('when the service that it is for is %j', async (target) => {
    const headers = { ...command, [Header.targetServiceName]: target };
    for (const key of ['billing', undefined]) {
      expect(await caught(() => recipients(headers, key))).toMatchObject({
        code: 'malformed-message',
        message: expect.stringMatching(
          /^The header 'ecotone\.distributed\.targetServiceName' is .+; expected a text\.$/,
        ),
      });
    }
    expect(recipients(headers, 'shop')).toEqual([]);
  });
});

describe('what Ecotone sent finds its handlers', () => {
  function headersOf(name: string): Record<string, unknown> {
    return Object.fromEntries(Object.entries(captured(name).headers).map(([header, { value }]) => [header, value]));
  }

  const service = (name: string) =>
    new RecipientResolver(
      name,
      new HandlerRegistry(
        [
          defineCommandHandler({ routingKey: 'billing.changeDetails', distributed: true, handle }),
          defineCommandHandler({ routingKey: 'billing.fail', distributed: true, handle }),
          defineEventHandler({ routingKey: 'order.*', distributed: true, handle }),
        ],
        parameterContext(),
      ),
      engine,
    );

  test.each([
    ['sendCommand', 'billing.changeDetails'],
    ['lib.sendCommand', 'billing.changeDetails'],
    ['convertAndSendCommand.list', 'billing.changeDetails'],
    ['publishEvent', 'order.*'],
    ['lib.publishEvent', 'order.*'],
  ])('%s', (name, endpointId) => {
    const { routingKey } = captured(name);
    const found = service('ts-gateway').resolve({ headers: headersOf(name), payload: 1 }, routingKey);
    expect(found.map((handler) => handler.endpointId)).toEqual([endpointId]);
  });

  test('default-failure.resent, straight to the queue', () => {
    const headers = headersOf('default-failure.resent');
    expect(service('php-billing').resolve({ headers, payload: 1 }, undefined)).toHaveLength(1);
    expect(service('ts-gateway').resolve({ headers, payload: 1 }, undefined)).toEqual([]);
  });
});
