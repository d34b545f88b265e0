import Type from 'typebox';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { header } from '../../src/parameter/header.ts';
import type { ParameterConverter } from '../../src/parameter/parameter-converter.ts';
import { payload } from '../../src/parameter/payload.ts';
import { caught, everythingIn } from '../caught.ts';
import { resolve, resolveBody, site } from './resolve.ts';

const Command = Type.Object({ personId: Type.String(), amount: Type.Optional(Type.Number()) });
const json = 'application/json';

describe('the payload', () => {
  test.each<[string, string, unknown]>([
    [json, '{"personId":"1"}', { personId: '1' }],
    ['text/plain', '{"personId":"1"}', '{"personId":"1"}'],
    ['application/xml', '<c><personId>1</personId></c>', { personId: '1' }],
  ])('is decoded from %s', (contentType, body, value) => {
    expect(resolveBody(payload(), contentType, body)).toEqual(value);
  });

  test.each(['image/png', 'json', undefined, 7])(
    'stays bytes without a type, when nothing decodes %s',
    (contentType) => {
      expect(resolveBody(payload(), contentType, 'x')).toEqual(Buffer.from('x'));
    },
  );

  test('is not decoded if it is a value already', () => {
    const value = { personId: '1' };
    expect(resolve(payload(Command), {}, value)).toBe(value);
  });

  test.each([
    [json, '{"personId":"1","more":true}'],
    ['application/x-www-form-urlencoded', 'personId=1&more=true'],
    ['application/xml', '<c><personId>1</personId><more>true</more></c>'],
  ])('of %s passes its type', (contentType, body) => {
    expect(resolveBody(payload(Command), contentType, body)).toMatchObject({ personId: '1' });
  });
});

describe('a payload that does not fit its type', () => {
  test('is refused with every issue, its path, the handler and the parameter', async () => {
    const error = await caught(() => resolveBody(payload(Command), json, '{"personId":true,"amount":"hunter2"}'));
    expect(error).toMatchObject({
      code: 'payload-refused',
      status: 422,
      retryable: false,
      message:
        "Cannot resolve parameter 'command' of command handler 'billing.change': the payload of type application/json (an object) does not fit: /personId must be string; /amount must be number.",
      issues: [
        { path: '/personId', message: 'must be string' },
        { path: '/amount', message: 'must be number' },
      ],
    });
    expect(everythingIn(error)).not.toContain('hunter2');
  });

  test('as a whole says so', async () => {
    const error = await caught(() => resolveBody(payload(Command), json, '[1]'));
    expect(error.message).toContain('the payload of type application/json (an array) does not fit: must be object.');
  });

  test('is not decoded further if it is text', async () => {
    const error = await caught(() => resolveBody(payload(Command), 'text/plain', '{"personId":"1"}'));
    expect(error.message).toMatch(/the payload of type \S+ \(a string\) does not fit/);
  });

  test('is reported as broken', async () => {
    expect(await caught(() => resolveBody(payload(Command), json, '{'))).toMatchObject({ code: 'malformed-body' });
  });

  test.each<[unknown, string]>([
    ['image/png', '"image/png"'],
    ['json', '"json"'],
    [undefined, 'nothing'],
    [7, 'a number'],
    [{}, 'an object'],
  ])('is reported with its content type %j, and the registered ones', async (contentType, named) => {
    const error = await caught(() => resolveBody(payload(Command), contentType, '{}'));
    expect(error).toMatchObject({
      code: 'unsupported-media-type',
      message: `Cannot resolve parameter 'command' of command handler 'billing.change': no converter from the content type ${named} to a value. Registered: JSON, text, form, XML, PHP, octet-stream.`,
    });
  });

  test('is reported as nested too deeply', async () => {
    const Tree = Type.Cyclic({ Node: Type.Array(Type.Ref('Node')) }, 'Node');
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    const error = await caught(() => resolveBody(payload(Tree), json, deep));
    expect(error.issues).toEqual([{ path: '', message: 'is nested too deeply' }]);
  });
});

describe('what is no type fails at the start', () => {
  test.each<[unknown, string]>([
    ['hello', 'a string'],
    [42, 'a number'],
    [null, 'null'],
    [[], 'an array'],
    [() => {}, 'a function'],
  ])('%s', (type, kind) => {
    // @ts-expect-error not a schema
    const converter = payload(type);
    expect(() => converter.prepare(site)).toThrow(
      `Cannot resolve parameter 'command' of command handler 'billing.change': the type is ${kind}, not a schema or a class.`,
    );
  });

  test('a type that is undefined, as a circle of imports leaves it', () => {
    const missing = undefined as never;
    for (const converter of [payload(missing), header('a', missing)]) {
      expect(() => converter.prepare(site)).toThrow(
        "Cannot resolve parameter 'command' of command handler 'billing.change': its type is undefined; leave it out, or look for",
      );
    }
  });

  test('a class that nothing makes', () => {
    expect(() => payload(class Command {}).prepare(site)).toThrow(
      "Cannot resolve parameter 'command' of command handler 'billing.change': the type is the class Command, which no type converter makes.",
    );
  });

  test('a schema that cannot be compiled, by handler and parameter', () => {
    const converter = payload(Type.String({ pattern: '(' }));
    expect(() => converter.prepare(site)).toThrow(
      /^Cannot resolve parameter 'command' of command handler 'billing\.change': the type cannot be compiled: Invalid regular expression/,
    );
  });
});

test('what is no type does not compile', () => {
  // @ts-expect-error a text
  payload('hello');
  // @ts-expect-error a number
  payload(42);
  // @ts-expect-error a list
  payload([Command]);
  // @ts-expect-error a function
  payload(() => Command);
});

test('the type of the payload follows from its schema', () => {
  expectTypeOf(payload()).toEqualTypeOf<ParameterConverter<unknown>>();
  expectTypeOf(payload(Command)).toEqualTypeOf<ParameterConverter<{ personId: string; amount?: number }>>();
  expectTypeOf(payload(Type.Array(Type.Number()))).toEqualTypeOf<ParameterConverter<number[]>>();
});
