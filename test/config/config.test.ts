import Type, { type Static } from 'typebox';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { type Config, defineConfig } from '../../src/config/config.ts';
import type { SameSettings } from '../../src/config/setting-types.ts';

test('a configuration is returned unchanged', () => {
  const config: Config = { service: 'billing' };
  expect(defineConfig(config)).toBe(config);
  expectTypeOf(defineConfig).returns.toEqualTypeOf<Config>();
});

test('what is no setting does not compile', () => {
  // @ts-expect-error no such setting
  defineConfig({ service: 'billing', brokers: {} });
  // @ts-expect-error no such setting of the broker
  defineConfig({ broker: { uri: 'amqp://localhost' } });
  // @ts-expect-error no such channel
  defineConfig({ channel: 'kafka' });
  // @ts-expect-error not made by define…Handler
  defineConfig({ handlers: [{ routingKey: 'a', handle() {} }] });
});

describe('the settings of an interface and of a schema', () => {
  const AtMost = Type.Object({ port: Type.Optional(Type.Integer()), store: Type.Optional(Type.Unknown()) });

  test('are the same by name and by type, apart from those that the schema leaves open', () => {
    type Documented = { readonly port?: number | undefined; store?: Map<string, string> };
    expectTypeOf<SameSettings<Documented, Static<typeof AtMost>>>().toEqualTypeOf<true>();
  });

  test('differ by a type, by a name more and by a name less', () => {
    type Store = { store?: unknown };
    expectTypeOf<SameSettings<{ port?: string } & Store, Static<typeof AtMost>>>().toEqualTypeOf<never>();
    expectTypeOf<
      SameSettings<{ port?: number; host?: string } & Store, Static<typeof AtMost>>
    >().toEqualTypeOf<never>();
    expectTypeOf<SameSettings<{ port?: number }, Static<typeof AtMost>>>().toEqualTypeOf<never>();
  });
});
