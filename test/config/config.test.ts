import { expect, expectTypeOf, test } from 'vitest';
import { type Config, defineConfig } from '../../src/config/config.ts';

test('a configuration is given back as it is', () => {
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
