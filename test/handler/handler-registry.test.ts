import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import { defineCommandHandler, defineEventHandler } from '../../src/handler/define-handler.ts';
import { HandlerRegistry } from '../../src/handler/handler-registry.ts';
import { headers } from '../../src/parameter/headers.ts';
import { payload } from '../../src/parameter/payload.ts';
import { caught } from '../caught.ts';
import { parameterContext } from '../parameter/parameter-context.ts';

const conversion = parameterContext();
const handle = () => {};

function registry(...definitions: unknown[]): HandlerRegistry {
  return new HandlerRegistry(definitions, conversion);
}

function command(routingKey: unknown, more: object = {}) {
  return defineCommandHandler({ routingKey: routingKey as string, distributed: true, handle, ...more });
}

function event(routingKey: unknown, more: object = {}) {
  return defineEventHandler({ routingKey: routingKey as string, distributed: true, handle, ...more });
}

async function issues(...definitions: unknown[]): Promise<string[]> {
  const error = await caught(() => registry(...definitions));
  expect(error.code).toBe('invalid-handlers');
  const [title, ...lines] = error.message.split('\n- ');
  expect(title).toBe('The handlers are not valid:');
  return lines;
}

test('all handlers are listed: the commands, then the events', () => {
  const handlers = registry(event('a'), command('b'), event('c', { distributed: false }), command('d')).handlers();
  expect(handlers.map(({ name }) => name)).toEqual([
    "command handler 'b'",
    "command handler 'd'",
    "event handler 'a'",
    "event handler 'c'",
  ]);
});

describe('a command', () => {
  test('is found by its routing key, when it is distributed', () => {
    const handlers = registry(command('a'), command('b', { distributed: false }));
    expect(handlers.distributedCommandHandler('a')).toMatchObject({ endpointId: 'a', name: "command handler 'a'" });
    expect(handlers.distributedCommandHandler('b')).toBeUndefined();
    expect(handlers.distributedCommandHandler('c')).toBeUndefined();
    expect(handlers.distributedCommandKeys()).toEqual(['a']);
  });

  test.each(['__proto__', 'constructor', 'toString'])('is not found by the name %s of nothing', (name) => {
    expect(registry().distributedCommandHandler(name)).toBeUndefined();
  });
});

describe('an event', () => {
  test('is found by all patterns that match, in the order of the list', () => {
    const handlers = registry(
      event('order.*', { endpointId: 'audit' }),
      event('order.placed'),
      event('order.paid'),
      event('*', { endpointId: 'everything', distributed: false }),
      event('*.placed', { endpointId: 'placed' }),
    );
    const found = handlers.distributedEventHandlers('order.placed');
    expect(found.map(({ endpointId }) => endpointId)).toEqual(['audit', 'order.placed', 'placed']);
    expect(handlers.distributedEventHandlers('billing.paid')).toEqual([]);
  });

  test('binds each key once, and only what is distributed', () => {
    const handlers = registry(
      event('order.*'),
      event('order.p*', { endpointId: 'p' }),
      event('order.placed'),
      event('secret', { distributed: false }),
      command('change'),
    );
    expect(handlers.distributedEventKeys()).toEqual(['order.*', 'order.p*', 'order.placed']);
  });

  test('may have the routing key of a command', () => {
    expect(() => registry(command('a'), event('a', { endpointId: 'when a' }))).not.toThrow();
  });
});

describe('handlers are not valid', () => {
  test('when they are something else', async () => {
    expect(await issues(undefined, { routingKey: 'a', handle }, handle)).toEqual([
      'handlers[0] is not a handler; define it with defineCommandHandler or defineEventHandler',
      'handlers[1] is not a handler; define it with defineCommandHandler or defineEventHandler',
      'handlers[2] is not a handler; define it with defineCommandHandler or defineEventHandler',
    ]);
  });

  test('when a command has two', async () => {
    expect(await issues(command('a'), command('a', { endpointId: 'other' }))).toEqual([
      "command handler 'other': the command 'a' already has a handler; a command has exactly one",
    ]);
  });

  test('when a command has two, one of them invalid', async () => {
    const broken = command('a', { payload: 'text' });
    expect(await issues(broken, command('a', { endpointId: 'other' }))).toEqual([
      expect.stringContaining("Cannot resolve parameter '#1' of command handler 'a': the type is a string"),
      "command handler 'other': the command 'a' already has a handler; a command has exactly one",
    ]);
  });

  test('when its payload is undefined, as a circle of imports leaves it', async () => {
    expect(await issues(command('a', { payload: undefined }))).toEqual([
      expect.stringContaining("command handler 'a': its 'payload' is undefined; leave it out, or look for"),
    ]);
  });

  test('when it has an option that does not exist', async () => {
    expect(await issues(command('a', { distributd: true }))).toEqual([
      "command handler 'a': 'distributd' is not an option of a handler; there are routingKey, distributed, endpointId, payload, parameters, contentType, defaultContentType, retries, timeoutMs, deduplicate, handle",
    ]);
  });

  test('when its retries cannot be', async () => {
    const retries = { maxAttempts: 'often', tries: 1, instant: { errors: [7] } };
    expect(await issues(command('a', { retries }), command('b', { retries: 3 }))).toEqual([
      "command handler 'a': its 'retries.tries' is not a setting",
      "command handler 'a': its 'retries.maxAttempts' must be integer",
      "command handler 'a': its 'retries.instant.errors.0' is a number, not the name of an error or its class",
      "command handler 'b': its 'retries' is a number, not an object of settings",
    ]);
  });

  test.each<[unknown, string]>([
    [0, '0'],
    [1.5, '1.5'],
    [Number.NaN, 'NaN'],
    [2 ** 31, '2147483648'],
    ['1000', 'a string'],
    [null, 'null'],
  ])('when the time that it is given is %s', async (timeoutMs, found) => {
    expect(await issues(command('a', { timeoutMs }))).toEqual([
      `command handler 'a': its 'timeoutMs' is ${found}, not a whole number of milliseconds from 1 to 2147483647`,
    ]);
  });

  test('when the time that it is given would hold for nothing', async () => {
    expect(await issues(command('a', { timeoutMs: 1000, distributed: false }))).toEqual([
      "command handler 'a': has 'timeoutMs' without 'distributed: true'; a caller in this process waits as long as the handler takes",
    ]);
  });

  test('when two have one endpoint id', async () => {
    expect(await issues(event('a'), event('a'))).toEqual([
      "event handler 'a': another handler has that endpoint id; give one of them an endpointId of its own",
    ]);
    expect(await issues(command('a'), event('a'))).toHaveLength(1);
  });

  test.each<[unknown, string]>([
    ['', 'is empty'],
    ['a.*', 'has a wildcard (* or #)'],
    ['a.#', 'has a wildcard (* or #)'],
    ['x'.repeat(256), 'is longer than 255 bytes'],
    [undefined, 'is not a text'],
    [7, 'is not a text'],
    [Symbol('a'), 'is not a text'],
    [Object.create(null), 'is not a text'],
  ])('when the routing key of a command is %s', async (routingKey, issue) => {
    const [line] = await issues(command(routingKey, { endpointId: 'e' }));
    expect(line).toBe(`command handler 'e': its routing key ${issue}`);
  });

  test('when one has no routing key at all', async () => {
    expect(await issues(command(undefined), event(undefined))).toEqual([
      'handlers[0]: its routing key is not a text',
      'handlers[1]: its routing key is not a text',
    ]);
  });

  test('when the pattern of an event has the wildcard of the broker', async () => {
    expect(await issues(event('a.#'))).toEqual([
      "event handler 'a.#': its routing key has the wildcard #; * stands for any characters, dots included",
    ]);
  });

  test.each([7, '', Symbol('a'), {}, null, 'x'.repeat(256), 'a\ud800'])(
    'when an endpoint id is %s',
    async (endpointId) => {
      const definition = { ...command('a'), endpointId };
      const lines = await issues(definition, event('b', { payload: 'text' }));
      expect(lines).toHaveLength(2);
      expect(lines[0]).toContain('handlers[0]: its endpoint id is not a text of 1 to 255 bytes');
    },
  );

  test('when what handles is no function', async () => {
    expect(await issues(command('a', { handle: 'handle' }))).toEqual([
      "command handler 'a': its 'handle' is not a function",
    ]);
  });

  test('when it is unclear whether other services may reach them', async () => {
    expect(await issues(command('a', { distributed: 'no' }))).toEqual([
      "command handler 'a': its 'distributed' is neither true nor false",
    ]);
  });

  test('when they have a payload beside parameters', async () => {
    expect(await issues(command('a', { payload: Type.String(), parameters: [headers()] }))).toEqual([
      "command handler 'a': has 'payload' beside 'parameters'; use payload(…) as one of the parameters",
    ]);
  });

  test('are reported with every issue of every handler at once', async () => {
    const lines = await issues(
      7,
      command('', { handle: 1, endpointId: 'first' }),
      event('a.#', { payload: 42 }),
      command('c', { parameters: { a: payload('x' as never), b: 1 } }),
      command('fine'),
      command('fine', { endpointId: 'second' }),
    );
    expect(lines.map((line) => line.slice(0, 40))).toEqual([
      'handlers[0] is not a handler; define it ',
      "command handler 'first': its routing key",
      "command handler 'first': its 'handle' is",
      "event handler 'a.#': its routing key has",
      "Cannot resolve parameter '#1' of event h",
      "Cannot resolve parameter 'a' of command ",
      "Parameter 'b' of command handler 'c' is ",
      "command handler 'second': the command 'f",
    ]);
  });
});
