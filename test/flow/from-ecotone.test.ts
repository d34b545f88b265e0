import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { defineTypeConverter } from '../../src/conversion/type-converter.ts';
import { defineCommandHandler, defineEventHandler } from '../../src/handler/define-handler.ts';
import type { HandlerDefinition } from '../../src/handler/handler-definition.ts';
import type { Message } from '../../src/message/message.ts';
import { header } from '../../src/parameter/header.ts';
import { message } from '../../src/parameter/message.ts';
import { payload } from '../../src/parameter/payload.ts';
import { instance } from '../../src/schema/instance.ts';
import { openGateway } from '../http/gateway-fixture.ts';

class ExecutorId {
  readonly value: string;
  constructor(value: string) {
    this.value = value;
  }
}

class Coordinates {
  readonly latitude: number;
  readonly longitude: number;
  constructor(latitude: number, longitude: number) {
    this.latitude = latitude;
    this.longitude = longitude;
  }
  static fromObject({ lat, lon }: { lat: number; lon: number }) {
    return new Coordinates(lat, lon);
  }
  static toObject({ latitude, longitude }: Coordinates) {
    return { lat: latitude, lon: longitude };
  }
}

const latLon = () => Type.Object({ lat: Type.Number(), lon: Type.Number() });
const converters = [
  defineTypeConverter({ from: Type.String(), to: ExecutorId, convert: (text) => new ExecutorId(text) }),
  defineTypeConverter({ from: ExecutorId, to: Type.String(), convert: ({ value }) => value }),
  defineTypeConverter({ from: latLon(), to: Coordinates, convert: Coordinates.fromObject }),
  defineTypeConverter({ from: Coordinates, to: latLon(), convert: Coordinates.toObject }),
];

async function bus(handler: HandlerDefinition, config: Config = {}) {
  const { commandBus } = await openGateway({ handlers: [handler], converters, ...config });
  return commandBus;
}

describe('a handler', () => {
  test('can ask for the whole message', async () => {
    const whole = defineCommandHandler({ routingKey: 'key', parameters: [message()], handle: (it) => it });
    const { headers, payload } = await (await bus(whole)).send(whole, '{"a":1}', {
      mediaType: 'application/json',
      metadata: { tenantId: 't' },
    });
    expect(headers).toMatchObject({ contentType: 'application/json', tenantId: 't', id: expect.any(String) });
    expect(payload).toEqual(Buffer.from('{"a":1}'));
  });

  test.each<[string, unknown]>([
    ['a text', 'lamp'],
    ['a number', 7],
    ['a list', [1, 'two', { three: 3 }]],
    ['a map', { name: 'Johny', age: 13, passport: { id: 123 } }],
  ])('takes %s as a command', async (_, value) => {
    const handler = defineCommandHandler({ routingKey: 'key', handle: (it) => it });
    expect(await (await bus(handler)).send('key', value)).toEqual(value);
  });

  const body = { productIds: ['1', '2'] };
  test.each<[string, string]>([
    ['application/json', JSON.stringify(body)],
    ['application/xml', '<command><productIds>1</productIds><productIds>2</productIds></command>'],
    ['application/x-www-form-urlencoded', 'productIds=1&productIds=2'],
    ['application/x-php-serialized', 'a:1:{s:10:"productIds";a:2:{i:0;i:1;i:1;i:2;}}'],
  ])('takes one command as %s', async (mediaType, text) => {
    const PlaceOrder = Type.Object({ productIds: Type.Array(Type.Integer()) });
    const handler = defineCommandHandler({ routingKey: 'key', payload: PlaceOrder, handle: (it) => it });
    expect(await (await bus(handler)).send(handler, text, { mediaType })).toEqual({ productIds: [1, 2] });
  });
});

describe('headers', () => {
  const executor = defineCommandHandler({
    routingKey: 'key',
    parameters: [header('executorId', ExecutorId), header('deputies', Type.Array(instance(ExecutorId)))],
    handle: (executorId, deputies) => [executorId, ...deputies],
  });
  const raw = defineCommandHandler({
    routingKey: 'raw',
    parameters: [header('executorId'), header('deputies')],
    handle: (executorId, deputies) => [executorId, deputies],
  });
  const ids = ['1', '2', '3'].map((value) => new ExecutorId(value));

  test('become objects of a class if they are text, and lists of text become lists of them', async () => {
    const metadata = { executorId: '1', deputies: ['2', '3'] };
    expect(await (await bus(executor)).send(executor, '', { metadata })).toStrictEqual(ids);
  });

  test('of a class travel as what its converter makes of it, also in a list', async () => {
    const metadata = { executorId: ids[0], deputies: ids.slice(1) };
    expect(await (await bus(raw)).send(raw, '', { metadata })).toEqual(['1', '["2","3"]']);
    expect(await (await bus(executor)).send(executor, '', { metadata })).toStrictEqual(ids);
  });
});

describe('a class with converters of its own', () => {
  test('travels as what they make of it, and arrives as the class', async () => {
    const arrived: unknown[] = [];
    let resolve = () => {};
    const both = new Promise<void>((done) => {
      resolve = () => arrived.length === 2 && done();
    });
    const take = (it: unknown) => {
      arrived.push(it);
      resolve();
    };
    const typed = [payload(Coordinates)] as const;
    const handlers = [
      defineEventHandler({ routingKey: 'moved', distributed: true, parameters: typed, handle: take }),
      defineEventHandler({
        routingKey: 'moved',
        endpointId: 'raw',
        distributed: true,
        parameters: [message()],
        handle: ({ payload }: Message) => take(Buffer.from(payload as Uint8Array).toString()),
      }),
    ];
    const { distributedBus } = await openGateway({ handlers, converters });
    await distributedBus.convertAndPublishEvent('moved', Coordinates.fromObject({ lat: 54.5, lon: 18.5 }));
    await both;
    expect(arrived).toContainEqual(Coordinates.fromObject({ lat: 54.5, lon: 18.5 }));
    expect(arrived).toContain('{"lat":54.5,"lon":18.5}');
  });

  test('is made in a list without another converter', async () => {
    const parameters = [payload(Type.Array(instance(Coordinates)))] as const;
    const handler = defineCommandHandler({ routingKey: 'key', parameters, handle: (all) => all });
    const [first, second] = await (await bus(handler)).send(handler, [
      { lat: 1, lon: 2 },
      { lat: '3', lon: '4' },
    ]);
    expect(first).toBeInstanceOf(Coordinates);
    expect(second).toEqual(Coordinates.fromObject({ lat: 3, lon: 4 }));
  });
});

test('null travels as null', async () => {
  const handler = defineCommandHandler({
    routingKey: 'key',
    parameters: [message()],
    handle: ({ payload }) => String(payload),
  });
  const sent = (await bus(handler)).send(handler, { id: 1, name: null }, { mediaType: 'application/json' });
  expect(await sent).toBe('{"id":1,"name":null}');
});
