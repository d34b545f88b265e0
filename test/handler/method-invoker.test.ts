import Type from 'typebox';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type MethodInvoker, methodInvoker } from '../../src/handler/method-invoker.ts';
import type { MessageHeaders } from '../../src/message/message-headers.ts';
import { header } from '../../src/parameter/header.ts';
import { headers } from '../../src/parameter/headers.ts';
import { invocationOfMessage, parameterConverter } from '../../src/parameter/parameter-converter.ts';
import type { Parameters } from '../../src/parameter/parameters.ts';
import { payload } from '../../src/parameter/payload.ts';
import { caught } from '../caught.ts';
import { parameterContext } from '../parameter/parameter-context.ts';

const site = { handler: "command handler 'billing.change'", ...parameterContext() };

function invoker(parameters: unknown, method: (...parameters: never[]) => unknown = (...all) => all): MethodInvoker {
  return methodInvoker(parameters as Parameters, method, site);
}

function call(parameters: Parameters, all: MessageHeaders = {}, body: unknown = 'the payload') {
  return invoker(parameters).invoke(invocationOfMessage({ headers: all, payload: body }));
}

const later = (value: unknown) => parameterConverter('later', () => async () => value);
const failing = (error: unknown) =>
  parameterConverter('failing', () => async () => {
    throw error;
  });

describe('a method is called', () => {
  test('receives its arguments by position', () => {
    expect(call([payload(), header('a'), headers()], { a: 1 })).toEqual(['the payload', 1, { a: 1 }]);
  });

  test('receives one object of its arguments by name', () => {
    expect(call({ body: payload(), a: header('a') }, { a: 1 })).toEqual([{ body: 'the payload', a: 1 }]);
  });

  test('without arguments', () => {
    expect(call([])).toEqual([]);
    expect(call({})).toEqual([{}]);
  });

  test('receives an argument that is named like the prototype of every object', () => {
    const parameters = JSON.parse('{"__proto__":0}');
    Object.defineProperty(parameters, '__proto__', { value: headers(), enumerable: true });
    const [argument] = call(parameters, { polluted: true }) as [Record<string, unknown>];
    expect(Object.keys(argument)).toEqual(['__proto__']);
    expect(argument.polluted).toBeUndefined();
  });

  test('at once when no argument has to be waited for', () => {
    expect(call([payload()])).not.toBeInstanceOf(Promise);
  });

  test('when every argument is there, in their order', async () => {
    expect(await call([later(1), payload(), later(2)])).toEqual([1, 'the payload', 2]);
    expect(await call({ one: later(1), body: payload() })).toEqual([{ one: 1, body: 'the payload' }]);
  });

  test('receives a service unchanged, even if it has a method named then', async () => {
    // biome-ignore lint/suspicious/noThenProperty: as the clients of some libraries have for every name
    const client = { then: () => expect.unreachable('nobody waits for it') };
    const service = parameterConverter('service', () => () => client);
    expect(await call([later(1), service])).toEqual([1, client]);
    expect(call([service])).toEqual([client]);
  });

  test('returns its result or error as that of the call', async () => {
    const message = { headers: {}, payload: 1 };
    expect(invoker([payload()], ((n: number) => n + 1) as never).invoke(invocationOfMessage(message))).toBe(2);
    expect(await invoker([payload()], (async (n: number) => n + 1) as never).invoke(invocationOfMessage(message))).toBe(
      2,
    );
    const thrown = new Error('of the handler');
    const throws = invoker([], () => {
      throw thrown;
    });
    expect(() => throws.invoke(invocationOfMessage(message))).toThrow(thrown);
  });
});

describe('a method is not called', () => {
  const method = vi.fn();

  test.each([
    ['throws', [payload(Type.Number())], 'payload-refused'],
    ['rejects', [failing(Object.assign(new Error('lookup'), { [Symbol.for('littoral.error')]: true }))], undefined],
  ])('when an argument %s', async (_, parameters, code) => {
    const { invoke } = invoker(parameters, method);
    const error = await caught(() => invoke(invocationOfMessage({ headers: {}, payload: 'x' })));
    expect(error.code).toBe(code);
    expect(method).not.toHaveBeenCalled();
  });

  test('leaves no unhandled rejection when one argument rejects and another throws', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    onTestFinished(() => void process.off('unhandledRejection', note));
    const { invoke } = invoker([failing(new Error('first')), payload(Type.Number())], method);
    expect(await caught(() => invoke(invocationOfMessage({ headers: {}, payload: 'x' })))).toMatchObject({
      code: 'payload-refused',
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  });
});

describe('what can never be called fails at the start', () => {
  function issues(parameters: unknown): string[] {
    try {
      invoker(parameters);
    } catch (error) {
      if (error instanceof AggregateError) return error.errors.map((issue: Error) => issue.message);
      throw error;
    }
    return [];
  }

  test('reports all its issues at once, by name', () => {
    const parameters = { change: payload('text' as never), executorId: 7, all: headers(), user: payload };
    expect(issues(parameters)).toEqual([
      expect.stringMatching(
        /^Cannot resolve parameter 'change' of command handler 'billing\.change': the type is a str/,
      ),
      "Parameter 'executorId' of command handler 'billing.change' is a number, not a parameter converter such as payload(…).",
      "Parameter 'user' of command handler 'billing.change' is a function, not a parameter converter such as payload(…).",
    ]);
  });

  test('reports all its issues at once, by position', () => {
    expect(issues([payload(), null, header('a', 1 as never)])).toEqual([
      "Parameter '#2' of command handler 'billing.change' is null, not a parameter converter such as payload(…).",
      expect.stringMatching(
        /^Cannot resolve parameter '#3' of command handler 'billing\.change': the type is a number/,
      ),
    ]);
  });

  test('when a position was left out', () => {
    // biome-ignore lint/suspicious/noSparseArray: as somebody could write it
    expect(issues([payload(), , headers()])).toEqual([
      "Parameter '#2' of command handler 'billing.change' is nothing, not a parameter converter such as payload(…).",
    ]);
  });

  test.each<[unknown, string]>([
    ['payload', 'a string'],
    [42, 'a number'],
    [true, 'a boolean'],
    [payload, 'a function'],
    [new Map(), 'an object'],
    [payload(), 'an object'],
  ])('when its parameters are %s', (parameters, kind) => {
    expect(issues(parameters)).toEqual([
      `The parameters of command handler 'billing.change' are ${kind}; give a list, or an object, of converters such as payload(…).`,
    ]);
  });
});

describe('a payload is checked early', () => {
  const onlyPayload = invoker([header('missing'), payload(Type.Number()), failing(new Error('not asked'))]);

  test('without what only a delivery knows', async () => {
    await expect(onlyPayload.checkPayload({ headers: {}, payload: 7 })).resolves.toBeUndefined();
  });

  test('is rejected as it would be at delivery', async () => {
    const error = await caught(() => onlyPayload.checkPayload({ headers: {}, payload: 'x' }));
    expect(error).toMatchObject({ code: 'payload-refused', message: expect.stringContaining("parameter '#2'") });
  });
});
