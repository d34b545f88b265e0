import { describe, expect, test } from 'vitest';
import { changedSettings } from '../../src/config/changed-settings.ts';
import type { Config } from '../../src/config/config.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { defineCommandHandler } from '../../src/handler/define-handler.ts';

const changes = (one: Config, other: Config) =>
  changedSettings(resolveConfig({ service: 'shop', ...one }, {}), resolveConfig({ service: 'shop', ...other }, {}));

const handler = (routingKey: string) => [defineCommandHandler({ routingKey, handle() {} })];

describe('changed settings', () => {
  test('are none for a configuration that was loaded again', () => {
    const made = (): Config => ({
      http: { allowedHosts: ['a'], forwardHeaders: { a: 'b' } },
      handlers: handler('hello'),
      container: () => {},
      configuration: { pattern: /a/, list: [1, { deep: true }] },
    });
    expect(changes(made(), made())).toEqual([]);
  });

  test.each<[string, Config, Config, string[]]>([
    ['of a section', { http: { port: 1 } }, { http: { port: 2 } }, ['http.port']],
    ['of several', { logLevel: 'info' }, { logLevel: 'warn', concurrency: 3 }, ['concurrency', 'logLevel']],
    ['that appear', {}, { application: { url: 'http://a', commands: ['b'] } }, ['application']],
    ['in a list', { retiredKeys: ['a'] }, { retiredKeys: ['b'] }, ['retiredKeys']],
    ['of a handler', { handlers: handler('hello') }, { handlers: handler('bye') }, ['handlers']],
    ['by their kind', { configuration: { a: 1 } }, { configuration: { a: '1' } }, ['configuration']],
  ])('are found %s', (_, one, other, paths) => {
    expect(changes(one, other)).toEqual(paths);
  });

  test('are found in values that contain themselves', () => {
    const cyclic = (name: string) => {
      const value: Record<string, unknown> = { name };
      value.self = value;
      return { configuration: value };
    };
    expect(changes(cyclic('a'), cyclic('a'))).toEqual([]);
    expect(changes(cyclic('a'), cyclic('b'))).toEqual(['configuration']);
  });
});
