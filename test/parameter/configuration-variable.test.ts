import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import { configurationVariable } from '../../src/parameter/configuration-variable.ts';
import type { ParameterConverter } from '../../src/parameter/parameter-converter.ts';
import { everythingIn } from '../caught.ts';
import { resolveWith } from './resolve.ts';

const variables = { multiplier: 10, port: '8080', nothing: undefined, secret: 'hunter2' };

describe('a configuration variable', () => {
  test.each<[ParameterConverter, unknown]>([
    [configurationVariable('multiplier'), 10],
    [configurationVariable('nothing'), undefined],
    [configurationVariable('port', Type.Integer()), 8080],
    [configurationVariable('absent', undefined, { default: 3 }), 3],
    [configurationVariable('absent', Type.Integer(), { default: 3 }), 3],
    [configurationVariable('absent', Type.Integer(), { default: '3' as never }), 3],
    [configurationVariable('multiplier', Type.Integer(), { default: 3 }), 10],
  ])('comes by its name, or as its default: %#', (converter, value) => {
    expect(resolveWith(converter, { variables })).toBe(value);
  });

  test('comes by the key of the parameter', () => {
    expect(resolveWith(configurationVariable(), { variables, parameter: 'multiplier' })).toBe(10);
    expect(resolveWith(configurationVariable(undefined, Type.Integer()), { variables, parameter: 'port' })).toBe(8080);
  });
});

describe('fails at start', () => {
  test.each<[string, ParameterConverter, string]>([
    ['what is not configured', configurationVariable('absent'), "there is no configuration variable 'absent'."],
    ['what every object has', configurationVariable('constructor'), 'Configured: multiplier, port, nothing, secret.'],
    ['a key that names nothing', configurationVariable(), "there is no configuration variable 'command'."],
    ['a name that is no text', configurationVariable(7 as never), "write configurationVariable('multiplier')"],
    [
      'what does not fit its type',
      configurationVariable('secret', Type.Integer()),
      "the configuration variable 'secret'",
    ],
  ])('%s', (_, converter, message) => {
    const error = thrownBy(() => resolveWith(converter, { variables }));
    expect(error.message).toContain("Cannot resolve parameter 'command' of command handler 'billing.change': ");
    expect(error.message).toContain(message);
    expect(everythingIn(error)).not.toContain('hunter2');
  });
});

function thrownBy(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  return expect.unreachable('nothing was thrown');
}
