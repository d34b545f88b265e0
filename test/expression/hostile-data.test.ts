import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileExpression } from '../../src/expression/compile-expression.ts';
import { caught } from '../caught.ts';
import { contextOf, deepFrozen, evaluate } from './evaluate.ts';
import { Prices } from './shop.ts';

const hostileKeys = [
  '_jsonata_lambda',
  '_jsonata_function',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'sequence',
  'keepSingleton',
  'tupleStream',
  'outerWrapper',
  'cons',
  'thunk',
  'implementation',
  'signature',
  'then',
  'toJSON',
  '@',
  '$',
  '',
  '0',
  'length',
];

const payloads = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .array(
        fc.tuple(fc.oneof(fc.constantFrom(...hostileKeys), fc.string()), fc.oneof(tie('value'), fc.constant(true))),
        {
          maxLength: 5,
        },
      )
      // As JSON.parse makes them: `__proto__` is a key of its own.
      .map((entries) => Object.fromEntries(entries)),
  ),
})).value;

/** `toStrictEqual` takes a key `constructor` for the type of its object. */
function expectSame(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toStrictEqual(expected);
}

describe('whatever the payload is', () => {
  test.each([
    'payload',
    '(payload)',
    '(payload; payload)',
    '{ "a": payload } ~> $lookup("a")',
    'service.echo(payload)',
  ])('%s is it, and nothing is written into it', async (text) => {
    const expression = compileExpression(text);
    await fc.assert(
      fc.asyncProperty(payloads, async (payload) => {
        const before = structuredClone(payload);
        const context = contextOf({ payload: deepFrozen(payload), service: new Prices() });
        expectSame(await expression.evaluate(context), before);
        expectSame(payload, before);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    'payload[]',
    'payload{ "k": $ }',
    'payload.*',
    'payload.**',
    'payload ~> |$|{ "x": 1 }|',
    'payload ~> |**|{ "__proto__": { "polluted": 1 } }, "a"|',
    'payload[x = 1]',
    'payload[0]',
    'payload.(a[b = 1]){ "k": $ }',
    '$keys(payload)',
    '$spread(payload)',
    '$merge(payload)',
    '$distinct(payload)',
    '$sort(payload)',
    '$string(payload)',
    '$map(payload, function($i){ $i })',
    '($x := payload; $x{ "k": $y })',
    '$each(payload, function($v, $k){ { $k: $v } })',
    'payload^($)',
    'payload#$i[$i = 0].{ "i": $i }',
    'payload()',
    '(payload)()',
    'payload.then',
    'service.echo(payload, payload.*)',
    'payload.service.echo(value)',
  ])('%s gives a result or an error that is not worth a retry, and leaves it and the process alone', async (text) => {
    let expression: ReturnType<typeof compileExpression>;
    try {
      expression = compileExpression(text);
    } catch (error) {
      expect(error).toBeInstanceOf(SyntaxError);
      return;
    }
    await fc.assert(
      fc.asyncProperty(payloads, async (payload) => {
        const before = structuredClone(payload);
        const context = contextOf({ payload: deepFrozen(payload), service: new Prices() });
        try {
          await expression.evaluate(context);
        } catch (error) {
          expect(error).toMatchObject({ name: 'LittoralError', retryable: false });
        }
        expectSame(payload, before);
        expect('polluted' in {}).toBe(false);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a key that means something to JSONata', () => {
  const payload = deepFrozen(
    JSON.parse(`{
      "lambda": { "_jsonata_lambda": true, "thunk": true, "body": { "procedure": {}, "arguments": [] }, "n": 1 },
      "function": { "_jsonata_function": true, "implementation": "x", "n": 2 },
      "tuple": { "tupleStream": true, "limit": "from the payload", "@": 1, "n": 3 },
      "wrapper": { "outerWrapper": true, "0": "from the payload", "n": 4 },
      "proto": { "__proto__": { "polluted": true }, "constructor": { "name": "x" }, "n": 5 }
    }`),
  );

  test.each<[string, unknown]>([
    ['payload.lambda._jsonata_lambda', true],
    ['(payload.lambda._jsonata_lambda)', true],
    ['payload.lambda.n + payload.function.n', 3],
    ['$type(payload.lambda)', 'object'],
    ['$exists(payload.function)', true],
    ['payload.lambda ? 1 : 2', 1],
    ['$keys(payload.function)', ['_jsonata_function', 'implementation', 'n']],
    ['$string(payload.function)', '{"_jsonata_function":true,"implementation":"x","n":2}'],
    ["payload.function & ''", '{"_jsonata_function":true,"implementation":"x","n":2}'],
    ['(payload.wrapper.($)).n', 4],
    ['(payload.wrapper.($))', { 0: 'from the payload', n: 4, outerWrapper: true }],
    ['payload.tuple[n = 3].n', 3],
    ["($limit := 10; $t := payload.tuple; $t{ 'limit': $limit })", { limit: 10 }],
    ['payload.tuple.tupleStream', true],
    ["{ 'tupleStream': payload.tuple.tupleStream, '_jsonata_lambda': 1 }", { tupleStream: true, _jsonata_lambda: 1 }],
    ['payload.proto.`__proto__`', { polluted: true }],
    ['(payload.proto.`__proto__`.polluted)', true],
    ['payload.proto.constructor.name', 'x'],
    ['payload.proto.polluted', undefined],
    ['payload.lambda.constructor', undefined],
    ['$map([payload.lambda], function($l){ $l.n })', 1],
    ['(payload.lambda ~> |$|{ "m": 1 }|).m', 1],
    ['service.echo(payload.lambda).n', 1],
  ])('is a key of data: %s', async (text, expected) => {
    expect(await evaluate(text, { payload, service: new Prices() })).toStrictEqual(expected);
  });

  test('reaches a service as it was, and comes back from one', async () => {
    const given: unknown[] = [];
    const service = {
      keep(value: unknown) {
        given.push(value);
        return value;
      },
    };
    const result = await evaluate('[service.keep(payload.lambda), service.keep(payload.tuple)]', { payload, service });
    expect(given).toStrictEqual([payload.lambda, payload.tuple]);
    expect(result).toStrictEqual(given);
  });

  test('cannot be called', async () => {
    for (const text of [
      'payload.lambda()',
      '$map([1], payload.lambda)',
      '1 ~> payload.function',
      '(payload.lambda)(1)',
    ]) {
      const attempt = async () => evaluate(text, { payload });
      expect(await caught(attempt), text).toMatchObject({ retryable: false });
    }
  });

  test('in headers and in what services and parameters give is data as well', async () => {
    const surroundings = {
      headers: { h: payload.lambda },
      service: { give: () => payload.lambda },
      parameters: { p: payload.lambda },
    };
    for (const source of ['headers.h', 'service.give()', "parameter('p')"]) {
      expect(await evaluate(`$type(${source})`, surroundings)).toBe('object');
      expect(await evaluate(`(${source})`, surroundings)).toStrictEqual(payload.lambda);
    }
  });
});

test('an update of a transform with the key __proto__ is a key, and no prototype', async () => {
  const payload = deepFrozen({ a: { b: 1 } });
  const result = await evaluate('payload ~> |a|{ "__proto__": { "polluted": true } }|', { payload });
  expect(Object.getOwnPropertyNames((result as { a: object }).a)).toEqual(['b', '__proto__']);
  expect('polluted' in (result as { a: object }).a).toBe(false);
});

test('a payload nested without end fails its evaluation and nothing else', async () => {
  let payload: unknown = [];
  for (let depth = 0; depth < 100_000; depth++) payload = [payload];
  const error = await caught(() => evaluate('[payload]', { payload }));
  expect(error).toMatchObject({ retryable: false });
  expect(error.message).toContain('something in it is nested too deeply');
  expect(await evaluate('payload', { payload })).toBe(payload);
});
