import Type from 'typebox';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { header } from '../../src/parameter/header.ts';
import type { ParameterConverter } from '../../src/parameter/parameter-converter.ts';
import { caught, everythingIn } from '../caught.ts';
import { resolve, site } from './resolve.ts';

describe('a header', () => {
  test.each(['7', '', 0, false, { a: 1 }, [1]])('without a type comes as it is: %j', (value) => {
    expect(resolve(header('executorId'), { executorId: value })).toBe(value);
  });

  test('arrives if it fits its type', () => {
    expect(resolve(header('attempt', Type.Integer()), { attempt: 3 })).toBe(3);
  });

  test('is found by its exact name', () => {
    const headers = { 'ecotone.distributed.routingKey': 'k', executorid: 'other' };
    expect(resolve(header('ecotone.distributed.routingKey'), headers)).toBe('k');
    expect(resolve(header('executorId', Type.Optional(Type.String())), headers)).toBeUndefined();
  });

  test('is of a wrong type: refused, without its value', async () => {
    const error = await caught(() => resolve(header('executorId', Type.Number()), { executorId: 'hunter2' }));
    expect(error).toMatchObject({
      code: 'payload-refused',
      message:
        "Cannot resolve parameter 'command' of command handler 'billing.change': the header 'executorId' (a string) does not fit: must be number.",
    });
    expect(everythingIn(error)).not.toContain('hunter2');
  });
});

describe('a header that is not there', () => {
  test('is undefined where the type is optional', () => {
    expect(resolve(header('executorId', Type.Optional(Type.String())), {})).toBeUndefined();
  });

  test('is null where the type allows null', () => {
    expect(resolve(header('executorId', Type.Union([Type.String(), Type.Null()])), {})).toBeNull();
  });

  test('is undefined rather than null where both are allowed', () => {
    expect(resolve(header('executorId', Type.Optional(Type.Union([Type.String(), Type.Null()]))), {})).toBeUndefined();
  });

  test.each([header('executorId'), header('executorId', Type.String())])('is an error otherwise', async (converter) => {
    expect(await caught(() => resolve(converter, { other: 1 }))).toMatchObject({
      code: 'missing-header',
      retryable: false,
      message:
        "Cannot resolve parameter 'command' of command handler 'billing.change': the message has no header 'executorId'.",
    });
  });

  test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    'is not there either when every object has something of that name: %s',
    async (name) => {
      expect(await caught(() => resolve(header(name), {}))).toMatchObject({ code: 'missing-header' });
      expect(await caught(() => resolve(header(name, Type.String()), {}))).toMatchObject({ code: 'missing-header' });
    },
  );
});

describe('what is no header or no type fails at the start', () => {
  test.each([undefined, null, 7, '', {}])('the name %j', (name) => {
    // @ts-expect-error not a text
    const converter = header(name);
    expect(() => converter.prepare(site)).toThrow(
      /^Cannot resolve parameter 'command' of command handler 'billing\.change': its header's name is/,
    );
  });

  test.each(['text', 1, null, []])('the type %j', (type) => {
    // @ts-expect-error not a schema
    const converter = header('executorId', type);
    expect(() => converter.prepare(site)).toThrow(/not a schema/);
  });

  test('a type that cannot be compiled', () => {
    expect(() => header('executorId', Type.String({ pattern: '(' })).prepare(site)).toThrow(
      /^Cannot resolve parameter 'command' of command handler 'billing\.change': the type cannot be compiled/,
    );
  });
});

test('what is no name or type does not compile', () => {
  // @ts-expect-error a number
  header(7);
  // @ts-expect-error a text
  header('executorId', 'string');
});

test('the type of a header follows from its schema', () => {
  expectTypeOf(header('a')).toEqualTypeOf<ParameterConverter<unknown>>();
  expectTypeOf(header('a', Type.Integer())).toEqualTypeOf<ParameterConverter<number>>();
  expectTypeOf(header('a', Type.Union([Type.String(), Type.Null()]))).toEqualTypeOf<
    ParameterConverter<string | null>
  >();
});

test('an optional header can be undefined, and its type says so', () => {
  expectTypeOf(header('a', Type.Optional(Type.String()))).toEqualTypeOf<ParameterConverter<string | undefined>>();
});
