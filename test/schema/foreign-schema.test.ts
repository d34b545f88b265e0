import { type } from 'arktype';
import Type from 'typebox';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import * as mini from 'zod/mini';
import { resolveConfig } from '../../src/config/resolve.ts';
import { validateType } from '../../src/conversion/validate-type.ts';
import { defineCommandHandler } from '../../src/handler/define-handler.ts';
import { HandlerRegistry } from '../../src/handler/handler-registry.ts';
import { configurationVariable } from '../../src/parameter/configuration-variable.ts';
import { header } from '../../src/parameter/header.ts';
import { payload } from '../../src/parameter/payload.ts';
import { reference } from '../../src/parameter/reference.ts';
import { foreignSchema } from '../../src/schema/foreign-schema.ts';
import { instance } from '../../src/schema/instance.ts';
import type { TargetType } from '../../src/schema/target-type.ts';
import { caught } from '../caught.ts';
import { directoryOf, parameterContext } from '../parameter/parameter-context.ts';

/** Instances of a class, as most of these libraries make. */
function made(own: object): object {
  return Object.assign(Object.create({ parse() {} }), own);
}

function Struct() {}
Struct.ast = {};
Struct.pipe = () => {};

const schemas: [library: string, schema: unknown][] = [
  ['zod', z.object({ a: z.string() })],
  ['zod', z.string().optional()],
  ['zod', mini.object({ a: mini.string() })],
  ['zod', made({ _def: { typeName: 'ZodObject' } })],
  ['valibot', v.object({ a: v.string() })],
  ['valibot', v.pipe(v.string(), v.email())],
  ['arktype', type({ a: 'string' })],
  ['arktype', type('string')],
  ['yup', made({ type: 'object', _typeCheck() {} })],
  ['joi', made({ type: 'object', $_root: {}, $_terms: {} })],
  ['effect', Struct],
  ['superstruct', made({ type: 'object', coercer() {}, refiner() {} })],
  ['io-ts', made({ _tag: 'InterfaceType', is() {}, encode() {}, decode() {} })],
  ['runtypes', { tag: 'object', isExact: false }],
  ['sury', { '~standard': { version: 1, vendor: 'sury', validate() {} } }],
  ['another library', { type: 'object', '~standard': null }],
];

describe('a schema of another library', () => {
  test.each(schemas)('is refused, by the name of %s: %#', (library, schema) => {
    expect(validateType(schema)).toBe(
      `is a schema of ${library}, which would check nothing here. Write it with TypeBox, such as Type.Object({ … }); or leave the type out and parse the value with ${library} in the handler`,
    );
  });

  test.each(schemas)('is refused wherever it stands within, by the name of %s: %#', (library, schema) => {
    const inner = schema as Type.TSchema;
    const types = {
      '/properties/a': Type.Object({ a: inner }),
      '/items': Type.Array(inner),
      '/items/1': Type.Tuple([Type.Null(), inner]),
      '/anyOf/1': Type.Union([Type.Null(), inner]),
      '/allOf/0': Type.Intersect([inner, Type.Object({})]),
      '/patternProperties/^.*$': Type.Record(Type.String(), inner),
      '/properties/a/items/anyOf/0': Type.Object({ a: Type.Array(Type.Union([inner, instance(Date)])) }),
    };
    for (const [path, outer] of Object.entries(types)) {
      expect(validateType(outer)).toContain(`is invalid at ${path}: it is a schema of ${library}, which`);
    }
  });

  test.each(schemas.slice(0, 8))('is refused when TypeBox has copied it: %s, %#', (library, schema) => {
    const inner = schema as Type.TSchema;
    for (const copy of [Type.Optional(inner), Type.Readonly(inner), Type.Refine(inner, () => true)]) {
      expect(validateType(copy)).toContain(`is a schema of ${library}`);
    }
    expect(validateType(Type.Partial(Type.Object({ a: inner })))).toContain(`at /properties/a: it is a schema of`);
  });

  test.each<[string, (foreign: TargetType) => object]>([
    ['payload', (foreign) => ({ payload: foreign, handle: () => {} })],
    ['payload(…)', (foreign) => ({ parameters: [payload(foreign)], handle: () => {} })],
    ['payload(…) with an expression', (foreign) => ({ parameters: [payload(foreign, { expression: 'payload' })] })],
    ['header(…)', (foreign) => ({ parameters: [header('a', foreign)] })],
    ['header(…) with a default', (foreign) => ({ parameters: [header('a', foreign, { default: 'x' as never })] })],
    ['configurationVariable(…)', (foreign) => ({ parameters: [configurationVariable('region', foreign)] })],
    [
      'reference(…) with an expression',
      (foreign) => ({ parameters: [reference('logger', { expression: 'service', type: foreign })] }),
    ],
    ['a parameter by name', (foreign) => ({ parameters: { a: payload(Type.Object({ a: Type.Array(foreign) })) } })],
  ])('is refused at start as the type of %s', async (_, options) => {
    for (const [library, schema] of schemas) {
      const definition = { routingKey: 'change', handle: () => {}, ...options(schema as TargetType) };
      const handler = defineCommandHandler(definition as never);
      const context = parameterContext({ variables: { region: 'x' }, services: directoryOf({ logger: {} }) });
      const error = await caught(() => new HandlerRegistry([handler], context));
      expect(error).toMatchObject({ code: 'invalid-handlers' });
      expect(error.message).toContain(`is a schema of ${library}`);
    }
  });

  test('is refused at start at both ends of a type converter, and among the types', async () => {
    const convert = () => 'x';
    for (const [library, schema] of schemas) {
      const issue = `is a schema of ${library}`;
      const foreign = schema as TargetType;
      const config = {
        service: 'a',
        converters: [
          { from: foreign, to: Type.String(), convert },
          { from: Type.String(), to: Type.Array(foreign as Type.TSchema), convert },
        ],
        types: { 'App\\A': foreign },
      };
      const { message } = await caught(() => resolveConfig(config, {}));
      expect(message).toContain(`converters.0: its 'from' ${issue}`);
      expect(message).toContain(`converters.1: its 'to' is invalid at /items: it ${issue}`);
      expect(message).toContain(`types.App\\A: ${issue}`);
    }
  });

  test('does not compile', () => {
    // @ts-expect-error a schema of zod
    payload(z.object({ a: z.string() }));
    // @ts-expect-error a schema of valibot
    header('a', v.string());
    // @ts-expect-error a schema of arktype
    configurationVariable('region', type('string'));
    // @ts-expect-error a schema of zod
    defineCommandHandler({ routingKey: 'change', payload: z.string(), handle: () => {} });
  });
});

describe('no schema of another library', () => {
  class Model {
    readonly id = 7;
    static readonly fields = [];
    static readonly ast = {};
    static make() {}
    static encode() {}
    static decode() {}
    static is() {}
  }

  test.each<[string, unknown]>([
    ['a schema of TypeBox', Type.Optional(Type.Object({ def: Type.Unknown(), tag: Type.String() }))],
    ['a JSON Schema', { type: 'object', properties: { def: { type: 'string' } }, required: ['def'] }],
    ['a JSON Schema of no prototype', Object.assign(Object.create(null), { type: 'string' })],
    ['a schema that says nothing', {}],
    ['a class', Date],
    ['a class with static members of any name', Model],
    ['a class as a schema', instance(Model)],
    ['a schema of TypeBox that says how others check it', Object.assign(Type.String(), { '~standard': {} })],
  ])('is %s', (_, schema) => {
    expect(foreignSchema(schema)).toBeUndefined();
    expect(validateType(schema)).toBeUndefined();
  });

  test.each<[string, unknown, string]>([
    ['an instance of a class', made({ type: 'object' }), 'is an instance of a class, not a schema'],
    ['an optional nothing', Type.Optional({}), 'is an object that is not a schema'],
    ['nothing', undefined, 'is nothing, not a schema or a class'],
  ])('is %s, which is refused all the same', (_, schema, issue) => {
    expect(foreignSchema(schema)).toBeUndefined();
    expect(validateType(schema)).toContain(issue);
  });
});
