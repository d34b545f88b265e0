import { describe, expect, test } from 'vitest';
import { defineCommandHandler } from '../../src/handler/define-handler.ts';
import { validateArguments } from '../../src/handler/handler-arguments.ts';
import type { HandlerDefinition } from '../../src/handler/handler-definition.ts';
import { HandlerRegistry } from '../../src/handler/handler-registry.ts';
import { payload } from '../../src/parameter/payload.ts';
import { caught } from '../caught.ts';
import { parameterContext } from '../parameter/parameter-context.ts';

const validate = (handle: unknown, parameters?: unknown) =>
  validateArguments({ handle, ...(parameters === undefined ? {} : { parameters }) } as unknown as HandlerDefinition);

describe('the arguments of a handler', () => {
  test('are at most as many as the default converters supply', async () => {
    const handler = {
      ...defineCommandHandler({ routingKey: 'pay', handle() {} }),
      handle: (_a: 1, _b: 2, _c: 3, _d: 4) => {},
    };
    const error = await caught(() => new HandlerRegistry([handler as never], parameterContext()));
    expect(error).toMatchObject({ code: 'invalid-handlers' });
    expect(error.message).toContain(
      "command handler 'pay': its 'handle' takes 4 arguments, and without 'parameters' it is called with 3: payload, headers, services. Say in 'parameters' what each of them is",
    );
  });

  test.each<[unknown, unknown, string]>([
    [(_a: 1, _b: 2) => {}, [payload()], "takes 2 arguments, and its 'parameters' are 1"],
    [(_a: 1) => {}, [], "takes 1 arguments, and its 'parameters' are 0"],
    [(_a: 1, _b: 2) => {}, { a: payload(), b: payload() }, 'is called with one object of them'],
  ])('are at most as many as the parameters: %#', (handle, parameters, issue) => {
    expect(validate(handle, parameters)).toContain(issue);
  });

  test.each<[unknown, unknown?]>([
    [() => {}],
    [(_a: 1, _b: 2, _c: 3) => {}],
    [(...args: unknown[]) => args],
    [(_a: 1, _b: 2, _c: 3, d = 4) => d],
    [(_a: 1, ...rest: unknown[]) => rest],
    [({ a }: { a: 1 }) => a],
    [(_a: 1) => {}, [payload(), payload()]],
    [(_a: 1, b = 2) => b, [payload()]],
    [({ a }: { a: 1 }) => a, { a: payload() }],
    [() => {}, { a: payload() }],
  ])('may be fewer, have defaults, or be rest arguments: %#', (handle, parameters) => {
    expect(validate(handle, parameters)).toBeUndefined();
  });
});
