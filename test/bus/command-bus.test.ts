import Type from 'typebox';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { defineCommandHandler, defineEventHandler } from '../../src/handler/define-handler.ts';
import type { HandlerDefinition } from '../../src/handler/handler-definition.ts';
import { Header } from '../../src/message/message-headers.ts';
import { isMessageId } from '../../src/message/message-id.ts';
import { message } from '../../src/parameter/message.ts';
import { payload } from '../../src/parameter/payload.ts';
import { caught } from '../caught.ts';
import { openGateway } from '../http/gateway-fixture.ts';

const Order = Type.Object({ sku: Type.String(), quantity: Type.Integer() });

const place = defineCommandHandler({
  routingKey: 'order.place',
  payload: Order,
  handle: async ({ sku, quantity }) => `${quantity} ${sku}`,
});

const echo = defineCommandHandler({ routingKey: 'echo', parameters: [payload(), message()], handle: (...all) => all });

async function commandBus(...handlers: HandlerDefinition[]) {
  return (await openGateway({ handlers })).commandBus;
}

describe('a command reaches its handler in the process', () => {
  test('returns its result, whose type follows from the definition', async () => {
    const bus = await commandBus(place);
    const result = await bus.send(place, { sku: 'apple', quantity: 2 });
    expect(result).toBe('2 apple');
    expectTypeOf(result).toEqualTypeOf<string>();
    expectTypeOf(() => bus.send('order.place')).returns.toEqualTypeOf<Promise<unknown>>();
    expect(await bus.send('order.place', { sku: 'apple', quantity: 2 })).toBe('2 apple');
  });

  test.each<[string, unknown, string | undefined]>([
    ['a value', { sku: 'apple', quantity: 2 }, undefined],
    ['JSON', '{"sku":"apple","quantity":2}', 'application/json'],
    ['JSON of a vendor, as bytes', Buffer.from('{"sku":"apple","quantity":2}'), 'application/vnd.x+json'],
    ['a form', 'sku=apple&quantity=2', 'application/x-www-form-urlencoded'],
    ['a value that is to become XML', { sku: 'apple', quantity: 2 }, 'application/xml'],
  ])('as %s', async (_, command, mediaType) => {
    const bus = await commandBus(place);
    expect(await bus.send(place, command, { mediaType })).toBe('2 apple');
  });

  test.each<[string, unknown, unknown, string]>([
    ['text', 'hello', 'hello', 'text/plain'],
    ['bytes', new Uint8Array([1, 2]), Buffer.of(1, 2), 'application/octet-stream'],
    ['nothing', undefined, undefined, 'application/x-js'],
    ['null', null, null, 'application/x-js'],
    ['a list', [1], [1], 'application/x-js'],
  ])('carries a content type of its own: %s', async (_, command, arrives, contentType) => {
    const bus = await commandBus(echo);
    const [received, whole] = await bus.send(echo, command);
    expect(received).toEqual(arrives);
    expect(whole.headers[Header.contentType]).toBe(contentType);
  });

  test('carries the metadata, and an id that ties together what follows', async () => {
    const bus = await commandBus(echo);
    const [, { headers }] = await bus.send(echo, 'x', { metadata: { executorId: '7', tags: ['a'], none: null } });
    expect(headers).toMatchObject({ executorId: '7', tags: '["a"]' });
    expect(headers).not.toHaveProperty('none');
    expect(isMessageId(String(headers[Header.id]))).toBe(true);
    expect(headers[Header.correlationId]).toBe(headers[Header.id]);
    expect(headers).not.toHaveProperty(Header.parentId);
    expect(headers[Header.timestamp]).toBeCloseTo(Date.now() / 1000, -2);
  });

  test('leaves the value that is sent unchanged', async () => {
    const command = Object.freeze({ sku: 'apple', quantity: '2' });
    const bus = await commandBus(place);
    expect(await bus.send(place, command)).toBe('2 apple');
    expect(command).toEqual({ sku: 'apple', quantity: '2' });
  });

  test('from within a handler, and follows from its message', async () => {
    const outer = defineCommandHandler({
      routingKey: 'outer',
      handle: async (_, headers, { commandBus }) => ({
        headers,
        inner: (await commandBus.send(echo, 'x', { metadata: { region: 'us', own: 1 } }))[1].headers,
      }),
    });
    const bus = await commandBus(outer, echo);
    const { headers, inner } = await bus.send(outer, '', { metadata: { tenantId: 't', region: 'eu' } });
    expect(inner).toMatchObject({ tenantId: 't', region: 'us', own: 1 });
    expect(inner[Header.parentId]).toBe(headers[Header.id]);
    expect(inner[Header.correlationId]).toBe(headers[Header.correlationId]);
    expect(inner[Header.id]).not.toBe(headers[Header.id]);
  });
});

test.each([null, 5, 'ab', ['x']])('metadata that is none is refused also within a handler: %j', async (metadata) => {
  const outer = defineCommandHandler({
    routingKey: 'outer',
    handle: (_, __, { commandBus }) => commandBus.send(echo, 'x', { metadata: metadata as never }),
  });
  const bus = await commandBus(outer, echo);
  expect(await caught(() => bus.send(outer))).toMatchObject({
    code: 'invalid-header',
    message: expect.stringMatching(/^Metadata is .*, not an object of headers\.$/),
  });
});

describe('a command is refused', () => {
  const event = defineEventHandler({ routingKey: 'happened', handle() {} });

  test.each(['nothing', 'happened', '', 'constructor', '__proto__'])('without a handler: %j', async (key) => {
    const bus = await commandBus(place, event);
    expect(await caught(() => bus.send(key))).toMatchObject({
      code: 'no-handler',
      message: `No command handler '${key}' in this process. Registered: order.place.`,
    });
  });

  test.each([undefined, null, 7, {}])('when it is not named: %j', async (key) => {
    const bus = await commandBus(place);
    expect(await caught(() => bus.send(key as never))).toMatchObject({ code: 'no-handler' });
  });

  test.each<[string, unknown, object, string]>([
    ['a payload that does not fit', { sku: 'apple', quantity: 'many' }, {}, 'payload-refused'],
    ['a payload that is broken', '{', { mediaType: 'application/json' }, 'malformed-body'],
    ['a media type that is no text', 'x', { mediaType: 5 }, 'unsupported-media-type'],
    ['a media type that stands for many', 'x', { mediaType: 'text/*' }, 'unsupported-media-type'],
    ['a media type of parts', 'x', { mediaType: 'multipart/mixed' }, 'unsupported-media-type'],
    ['a media type that is none, of text', 'x', { mediaType: 'json' }, 'unsupported-media-type'],
    ['a media type that is none, of a value', {}, { mediaType: 'json' }, 'unsupported-media-type'],
    ['a header of the framework', {}, { metadata: { correlationId: 'x' } }, 'reserved-header'],
    ['a header that cannot be', {}, { metadata: { f: () => {} } }, 'invalid-header'],
  ])('reports %s', async (_, command, options, code) => {
    const bus = await commandBus(place);
    expect(await caught(() => bus.send(place, command, options))).toMatchObject({ code });
  });

  test('reports the error of its handler', async () => {
    const error = new Error('not today');
    const fails = defineCommandHandler({
      routingKey: 'fails',
      handle() {
        throw error;
      },
    });
    await expect((await commandBus(fails)).send(fails)).rejects.toBe(error);
  });
});
