import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import type { ParameterConverter } from '../../src/parameter/parameter-converter.ts';
import { reference } from '../../src/parameter/reference.ts';
import { resolveWith } from './resolve.ts';

class UserService {
  readonly users = ['ann'];
  change(name: string) {
    return `changed ${name}`;
  }
  async later(value: unknown) {
    return value;
  }
}

const services = { userService: new UserService(), plain: { double: (n: number) => n * 2 } };
// The names of these services are not declared.
const named = (name: unknown, options?: unknown) => reference(name as 'logger', options as never) as ParameterConverter;

describe('a service', () => {
  test('comes by its name', () => {
    expect(resolveWith(named('userService'), { services })).toBe(services.userService);
  });

  test('comes by the key of the parameter', () => {
    expect(resolveWith(reference(), { services, parameter: 'userService' })).toBe(services.userService);
  });

  test('comes by its class', () => {
    expect(resolveWith(reference(UserService), { services })).toBe(services.userService);
  });

  test('comes by the class of a name that begins with capitals', () => {
    class HTTPClient {}
    class URL {}
    class A {}
    const given = { httpClient: 1, url: 2, a: 3 };
    expect([HTTPClient, URL, A].map((type) => resolveWith(reference(type), { services: given }))).toEqual([1, 2, 3]);
  });

  test('is described by its name', () => {
    expect(named('plain').description).toBe('reference plain');
    expect(reference(UserService).description).toBe('reference userService');
    expect(reference().description).toBe('reference');
  });
});

describe('an expression on a service', () => {
  const payload = { name: 'ann', count: '3' };

  test.each<[string, unknown]>([
    ['service.change(payload.name)', 'changed ann'],
    ['service.later(payload.name)', 'ann'],
    ['service.users[0]', 'ann'],
    ["reference('plain').double(parameter('two'))", 4],
    ['service.later(headers.region)', 'eu'],
  ])('as text: %s', async (expression, result) => {
    const given = { services, payload, headers: { region: 'eu' }, variables: { two: 2 } };
    expect(await resolveWith(reference(UserService, { expression }), given)).toEqual(result);
  });

  test('as a function', async () => {
    const given = { services, payload, headers: { region: 'eu' }, variables: { two: 2 } };
    const converter = reference(UserService, {
      expression: ({ service, payload, headers, parameter }) => [
        service.change(payload.name),
        headers.region,
        parameter('two'),
      ],
    });
    expect(await resolveWith(converter, given)).toEqual(['changed ann', 'eu', 2]);
  });

  test('by the key of the parameter', async () => {
    const converter = reference({ expression: 'service.double(4)' });
    expect(await resolveWith(converter, { services, parameter: 'plain' })).toBe(8);
  });

  test('is converted to its type', async () => {
    const converter = named('userService', { expression: 'service.later(payload.count)', type: Type.Integer() });
    expect(await resolveWith(converter, { services, payload })).toBe(3);
  });

  test('waits for a service whose factory is asynchronous', async () => {
    const converter = named('userService', { expression: 'service.change(payload.name)' });
    const later = { userService: Promise.resolve(new UserService()) };
    expect(await resolveWith(converter, { services: later, payload })).toBe('changed ann');
  });

  test('fails as the service fails', async () => {
    const failure = new Error('away');
    const failing = {
      userService: {
        change() {
          throw failure;
        },
      },
    };
    const converter = named('userService', { expression: 'service.change(payload.name)' });
    await expect((async () => resolveWith(converter, { services: failing, payload }))()).rejects.toBe(failure);
  });
});

describe('fails at start', () => {
  const where = "Cannot resolve parameter 'command' of command handler 'billing.change': ";

  test.each<[string, ParameterConverter, string]>([
    ['what is not registered', named('nothing'), "there is no service 'nothing'. Registered: userService, plain."],
    ['what every object has', named('constructor'), "there is no service 'constructor'."],
    ['the key of a parameter that is no service', reference(), "there is no service 'command'."],
    ['a class that is not registered', reference(Map), "there is no service 'map'."],
    ['a name that is no text', named(7), "its name is not a text; write reference('userService')."],
    ['an empty name', named(''), "its name is not a text; write reference('userService')."],
    [
      'options that do not exist',
      named('plain', { expresion: 'x' }),
      "it has no option 'expresion'; there is expression, type.",
    ],
    ['options without an expression', named('plain', {}), "its options are an object without an 'expression'."],
    ['an expression with an issue', named('plain', { expression: 'service.(' }), ''],
    [
      'an expression that is none',
      named('plain', { expression: 7 }),
      'its expression is neither a text nor a function',
    ],
    ['an expression with a name that means nothing here', named('plain', { expression: 'value' }), ''],
    [
      'an expression with a service that is not registered',
      named('plain', { expression: "reference('nothing').x()" }),
      "there is no service 'nothing'.",
    ],
    [
      'an expression with a configuration variable that there is not',
      named('plain', { expression: "parameter('nothing')" }),
      "there is no configuration variable 'nothing'. Configured: two",
    ],
  ])('%s', (_, converter, message) => {
    expect(() => resolveWith(converter, { services, variables: { two: 2 } })).toThrow(where + message);
  });

  test('a parameter by position, which has no key', () => {
    expect(() => resolveWith(reference(), { services, parameter: '#1' })).toThrow(
      "by position it has no key to take its name from; write reference('userService')",
    );
  });
});
