import Type from 'typebox';
import { describe, expect, test, vi } from 'vitest';
import { header } from '../../src/parameter/header.ts';
import type { ParameterConverter } from '../../src/parameter/parameter-converter.ts';
import { payload } from '../../src/parameter/payload.ts';
import { reference } from '../../src/parameter/reference.ts';
import { caught, everythingIn } from '../caught.ts';
import { resolveWith } from './resolve.ts';

class CalculatingService {
  multiply(a: number, b: number) {
    return a * b;
  }
  getCurrentConfiguration() {
    return { mode: 'fast' };
  }
}

const services = { calculatingService: new CalculatingService() };

describe('the lines of the documentation', () => {
  test.each<[ParameterConverter, object, unknown]>([
    [payload({ expression: 'payload * 2' }), { payload: 21 }, 42],
    [payload({ expression: "reference('calculatingService').multiply(payload, 2)" }), { payload: 21 }, 42],
    [
      header('token', { expression: "value & '-' & headers.region" }),
      { headers: { token: 't', region: 'eu' } },
      't-eu',
    ],
    [reference(CalculatingService, { expression: 'service.getCurrentConfiguration()' }), {}, { mode: 'fast' }],
    [payload({ expression: "parameter('multiplier') * payload.value" }), { payload: { value: 3 } }, 30],
  ])('%#', async (converter, given, result) => {
    expect(await resolveWith(converter, { services, variables: { multiplier: 10 }, ...given })).toEqual(result);
  });

  test.each<[ParameterConverter, object, unknown]>([
    [payload({ expression: ({ payload }) => payload * 2 }), { payload: 21 }, 42],
    [
      header('token', { expression: ({ value, headers }) => `${value}-${headers.region}` }),
      { headers: { token: 't', region: 'eu' } },
      't-eu',
    ],
    [payload({ expression: async ({ value }) => value.length }), { payload: 'abc' }, 3],
  ])('as functions: %#', async (converter, given, result) => {
    expect(await resolveWith(converter, given)).toEqual(result);
  });
});

test('what a function gives is waited for, whatever kind of promise it is', async () => {
  // biome-ignore lint/suspicious/noThenProperty: as the queries of some libraries are
  const query = { then: (done: (rows: number) => void) => done(7) };
  expect(await resolveWith(payload({ expression: () => query }), {})).toBe(7);
  expect(await resolveWith(payload(Type.Integer(), { expression: () => query }), {})).toBe(7);
});

describe('a payload for an expression', () => {
  const json = (body: string) => ({ payload: Buffer.from(body), headers: { contentType: 'application/json' } });

  test('is decoded, not converted', async () => {
    const converter = payload(Type.Integer(), { expression: 'payload.count' });
    expect(await resolveWith(converter, json('{"count":"7"}'))).toBe(7);
  });

  test('stays text if it is text', async () => {
    const given = { payload: Buffer.from('{"a":1}'), headers: { contentType: 'text/plain' } };
    expect(await resolveWith(payload({ expression: '$length(payload)' }), given)).toBe(7);
  });

  test('is not decoded where the expression does not read it', async () => {
    const broken = { ...json('{'), headers: { contentType: 'application/json', region: 'eu' } };
    expect(await resolveWith(payload({ expression: 'headers.region' }), broken)).toBe('eu');
    expect(await resolveWith(payload({ expression: ({ headers }) => headers.region }), broken)).toBe('eu');
    expect(await resolveWith(header('region', { expression: 'value' }), broken)).toBe('eu');
  });

  test.each(['payload.name', '$uppercase(payload.name)'])('is reported as broken: %s', async (expression) => {
    expect(await caught(() => resolveWith(payload({ expression }), json('{')))).toMatchObject({
      code: 'malformed-body',
      retryable: false,
    });
  });

  test('is decoded once', async () => {
    const toJSON = vi.spyOn(JSON, 'parse');
    await resolveWith(payload({ expression: '$string(payload.a) & $string(payload.b)' }), json('{"a":1,"b":2}'));
    expect(toJSON).toHaveBeenCalledTimes(1);
    toJSON.mockRestore();
  });
});

describe('a result', () => {
  const Items = Type.Array(Type.String());
  const items = { payload: { items: [{ sku: 'a' }] } };

  test('of one item stays a list where the type is one', async () => {
    const converter = payload(Items, { expression: "payload.items[sku = 'a'].sku" });
    expect(await resolveWith(converter, items)).toEqual(['a']);
    expect(await resolveWith(payload({ expression: "payload.items[sku = 'a'].sku" }), items)).toBe('a');
  });

  test('of no item is an empty list where the type is one', async () => {
    expect(await resolveWith(payload(Items, { expression: "payload.items[sku = 'b'].sku" }), items)).toEqual([]);
  });

  test.each<[ParameterConverter, unknown]>([
    [payload(Type.Optional(Type.String()), { expression: 'payload.missing' }), undefined],
    [payload(Type.Union([Type.String(), Type.Null()]), { expression: 'payload.missing' }), null],
    [payload({ expression: 'payload.missing' }), undefined],
    [payload(Type.Optional(Type.String()), { expression: () => undefined }), undefined],
  ])('becomes what the type makes of nothing: %#', async (converter, result) => {
    expect(await resolveWith(converter, items)).toBe(result);
  });

  test('fails where something is required and it is nothing', async () => {
    const converter = payload(Type.String(), { expression: 'payload.missing' });
    expect(await caught(() => resolveWith(converter, items))).toMatchObject({
      code: 'expression-failed',
      retryable: false,
      message:
        "Cannot resolve parameter 'command' of command handler 'billing.change': its expression gives nothing for this message. Make the type optional, or give it a default in the expression.",
    });
  });

  test('is rejected if it does not fit the type', async () => {
    const converter = payload(Type.Integer(), { expression: 'payload.items' });
    expect(await caught(() => resolveWith(converter, items))).toMatchObject({
      code: 'payload-refused',
      message: expect.stringContaining('the result of its expression (an'),
    });
  });
});

describe('an expression that fails', () => {
  test('says where, and is not tried again', async () => {
    const converter = payload({ expression: 'payload * 2' });
    expect(await caught(() => resolveWith(converter, { payload: 'text' }))).toMatchObject({
      code: 'expression-failed',
      retryable: false,
      message: expect.stringMatching(/^Cannot resolve parameter 'command' of command handler 'billing.change': /),
    });
  });

  test('as a function, fails with what it threw', async () => {
    const error = new Error('mine');
    const converter = payload({
      expression: () => {
        throw error;
      },
    });
    await expect((async () => resolveWith(converter, {}))()).rejects.toBe(error);
  });

  test.each([
    ['reference(payload).x()', 'there is no service'],
    ['parameter(payload)', 'there is no configuration variable'],
  ])('because it asks for what is not there, says what is: %s', async (expression, message) => {
    const error = await caught(() => resolveWith(payload({ expression }), { payload: 'hunter2', services }));
    expect(error).toMatchObject({ code: 'cannot-resolve', retryable: false });
    expect(error.message).toContain(message);
    expect(everythingIn(error)).not.toContain('hunter2');
  });
});

test.each<[string, ParameterConverter]>([
  ['expresion', payload(Type.String(), { expresion: 'payload' } as never)],
  ['defualt', header('a', Type.String(), { expression: 'value', defualt: 'x' } as never)],
])('an option that does not exist fails at start: %s', (name, converter) => {
  expect(() => resolveWith(converter, {})).toThrow(
    `Cannot resolve parameter 'command' of command handler 'billing.change': it has no option '${name}'; there is expression`,
  );
});

describe('a header for an expression', () => {
  const withDefault = header('token', { expression: "value & '!'", default: 'none' });

  test('takes the default if it is missing, without the expression', async () => {
    expect(await resolveWith(withDefault, { headers: {} })).toBe('none');
    expect(await resolveWith(withDefault, { headers: { token: 'a' } })).toBe('a!');
  });

  test('becomes what the type makes of nothing if it is missing, or fails', async () => {
    const expression = "value & '!'";
    expect(await resolveWith(header('token', Type.Optional(Type.String()), { expression }), {})).toBeUndefined();
    const nullable = Type.Union([Type.String(), Type.Null()]);
    expect(await resolveWith(header('token', nullable, { expression }), {})).toBeNull();
    expect(await caught(() => resolveWith(header('token', { expression }), {}))).toMatchObject({
      code: 'missing-header',
    });
  });
});
