import { Type } from 'typebox';
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest';
import { ConversionService } from '../../src/conversion/conversion-service.ts';
import { defineEventHandler } from '../../src/handler/define-handler.ts';
import { methodInvoker } from '../../src/handler/method-invoker.ts';
import type { Message } from '../../src/message/message.ts';
import { Header } from '../../src/message/message-headers.ts';
import { invocationOfMessage } from '../../src/parameter/parameter-converter.ts';
import type { Parameters } from '../../src/parameter/parameters.ts';
import { payload } from '../../src/parameter/payload.ts';
import { openBus } from '../bus/bus-fixture.ts';
import { directoryOf, parameterContext, servicesOf } from './parameter-context.ts';

const content = { id: 'A7', lines: [{ sku: 'x', count: 2 }], note: 'n'.repeat(2000) };
const Order = Type.Object({ id: Type.String(), lines: Type.Array(Type.Object({ sku: Type.String() })) });

let parsing: MockInstance<typeof JSON.parse>;

beforeEach(() => {
  parsing = vi.spyOn(JSON, 'parse');
});

afterEach(() => {
  parsing.mockRestore();
});

function messageOf(value: unknown, contentType = 'application/json'): Message {
  return { headers: { [Header.contentType]: contentType }, payload: Buffer.from(JSON.stringify(value)) };
}

// biome-ignore lint/suspicious/noExplicitAny: each test reads what it put into the payload
type Arguments = any[];

/** Calls a handler that changes all of its arguments, and returns what they were. */
async function argumentsOf(parameters: Parameters, message = messageOf(content), context = parameterContext()) {
  const received: Arguments = [];
  const change = (...all: Arguments) => {
    received.push(...structuredClone(all));
    for (const one of all) if (typeof one === 'object' && one !== null) one.id = 'changed';
  };
  await methodInvoker(parameters, change, { ...context, handler: 'handler' }).invoke(invocationOfMessage(message));
  return received;
}

describe('a payload of JSON', () => {
  test.each<[string, Parameters]>([
    ['the payload', [payload()]],
    ['an expression before the payload', [payload({ expression: 'payload.id' }), payload()]],
    ['an expression after the payload', [payload(), payload({ expression: 'payload.id' })]],
    ['a typed payload, and expressions', [payload(Order), payload({ expression: '$count(payload.lines)' })]],
    ['expressions alone', [payload({ expression: 'payload.id' }), payload({ expression: 'payload.lines.sku' })]],
  ])('is parsed once for %s', async (_, parameters) => {
    await argumentsOf(parameters);
    expect(parsing).toHaveBeenCalledTimes(1);
  });

  test('is parsed for each call of a handler that gets it', async () => {
    const message = messageOf(content);
    expect(await argumentsOf([payload()], message)).toEqual([content]);
    expect(await argumentsOf([payload()], message)).toEqual([content]);
    expect(await argumentsOf([payload({ expression: 'payload.id' })], message)).toEqual(['A7']);
    expect(parsing).toHaveBeenCalledTimes(3);
  });

  test.each<[string, Parameters]>([
    ['two payloads', [payload(), payload()]],
    ['a payload and a plain path', [payload(), payload({ expression: 'payload.lines' })]],
    ['a plain path and a payload', [payload({ expression: 'payload.lines' }), payload()]],
    ['a payload and a function', [payload(), payload({ expression: (scope) => scope.payload })]],
    ['functions', [payload({ expression: ({ value }) => value }), payload({ expression: ({ value }) => value })]],
    ['an expression of the whole', [payload(), payload({ expression: 'payload' })]],
  ])('shares no part of it between arguments: %s', async (_, parameters) => {
    const seen = new Set<unknown>();
    const invoker = methodInvoker(
      parameters,
      (...all: Arguments) => {
        for (const one of all) collect(one, seen);
      },
      { ...parameterContext(), handler: 'handler' },
    );
    await invoker.invoke(invocationOfMessage(messageOf(content)));
  });

  test('is not seen by others once a refinement or a function may have changed it', async () => {
    const change = (value: unknown) => {
      (value as { id: string }).id = 'changed';
      return true;
    };
    const changing = payload(Type.Refine(Type.Object({ id: Type.String() }), change));
    const byFunction = payload({ expression: ({ value }) => change(value) });
    const reading = payload({ expression: 'payload.id' });
    expect((await argumentsOf([changing, reading]))[1]).toBe('A7');
    expect((await argumentsOf([reading, byFunction, reading])).filter((one) => one === 'A7')).toHaveLength(2);
  });

  test.each(['payload.lines[0].sku & reference("gate").wait() & payload.id', 'reference("gate").wait() & payload.id'])(
    'is not seen by another call while %s is computed',
    async (expression) => {
      const message = messageOf(content);
      let open = (_text: string) => {};
      const opened = new Promise<string>((resolve) => {
        open = resolve;
      });
      const services = { gate: { wait: () => opened } };
      const site = { ...parameterContext({ services: directoryOf(services) }), handler: 'handler' };
      const invoker = methodInvoker([payload({ expression })], (result: string) => result, site);
      // Its deadline passes while it waits: the next handler is called with the same message.
      const late = invoker.invoke({ ...invocationOfMessage(message), services: servicesOf(services) });
      await argumentsOf([payload()], message);
      open('-');
      await new Promise(setImmediate);
      await argumentsOf([payload()], message);
      expect(await late).toMatch(/A7$/);
    },
  );

  test('keeps the value of a converter of the configuration to the code that asked for it', async () => {
    const convert = vi.fn((): unknown => ({ ...content }));
    const own = { name: 'own', matches: () => true, convert };
    const context = parameterContext({ conversion: new ConversionService([own]) });
    await argumentsOf([payload(), payload({ expression: 'payload.id' })], messageOf(content), context);
    expect(convert).toHaveBeenCalledTimes(2);
  });
});

/** Adds all objects in a value. */
function collect(value: unknown, seen: Set<unknown>): void {
  if (typeof value !== 'object' || value === null) return;
  expect(seen).not.toContain(value);
  seen.add(value);
  for (const inner of Object.values(value)) collect(inner, seen);
}

describe('an event with own handlers', () => {
  const handlers = (count: number, type = Order) =>
    Array.from({ length: count }, (_, index) =>
      defineEventHandler({
        routingKey: 'placed',
        endpointId: `${index}`,
        distributed: true,
        payload: type,
        handle() {},
      }),
    );

  test.each([0, 1, 3])('is parsed once when it is published, with %i of them', async (count) => {
    const { bus } = await openBus({ handlers: handlers(count) });
    const body = JSON.stringify(content);
    parsing.mockClear();
    await bus.publishEvent('placed', body, 'application/json');
    expect(parsing.mock.calls.filter(([text]) => text === body)).toHaveLength(1);
  });

  test('is refused as before if a handler cannot take its numbers or its type', async () => {
    const { bus } = await openBus({ handlers: handlers(2) });
    const tooLarge = JSON.stringify(content).replace('2', '1e400');
    for (const body of [tooLarge, JSON.stringify({ ...content, id: [] })]) {
      await expect(bus.publishEvent('placed', body, 'application/json')).rejects.toMatchObject({
        code: 'payload-refused',
      });
    }
  });

  test('gives its handlers integers beyond 2^53 exactly', async () => {
    const type = Type.Object({ id: Type.BigInt() });
    const { bus } = await openBus({ handlers: handlers(2, type as never) });
    const body = `{"id":9007199254740993,"note":"${content.note}"}`;
    await expect(bus.publishEvent('placed', body, 'application/json')).resolves.toMatchObject({
      messageId: expect.any(String),
    });
  });
});
