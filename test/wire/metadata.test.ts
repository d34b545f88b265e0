import fc from 'fast-check';
import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import { ConversionService } from '../../src/conversion/conversion-service.ts';
import { defineTypeConverter } from '../../src/conversion/type-converter.ts';
import { isReservedHeader } from '../../src/message/reserved-headers.ts';
import { checkHeaderName, type Metadata, metadataToHeaders } from '../../src/wire/metadata.ts';
import { anyText, exactJson } from '../arbitraries.ts';
import { caught } from '../caught.ts';

const conversion = new ConversionService();
const toHeaders = (metadata: Metadata) => metadataToHeaders(metadata, conversion);

describe('metadata', () => {
  test.each(['text', '', 'zażółć ✓', 0, -1, 1.5, Number.MAX_SAFE_INTEGER, Number.MIN_VALUE, true, false])(
    'travels as it is: %j',
    (value) => {
      expect(toHeaders({ value })).toEqual({ value });
    },
  );

  test.each<[bigint, unknown]>([
    [7n, 7],
    [9007199254740991n, 9007199254740991],
    [9007199254740992n, 9007199254740992n],
    [9223372036854775807n, 9223372036854775807n],
    [-9223372036854775808n, -9223372036854775808n],
  ])('of a BigInt travels as the number that it arrives as, or as itself: %s', (given, value) => {
    expect(toHeaders({ value: given })).toEqual({ value });
  });

  test('of null or nothing is dropped', () => {
    expect(toHeaders({ a: null, b: undefined, c: 1 })).toEqual({ c: 1 });
  });

  test.each<[unknown, string]>([
    [[1, 'two', 3.5], '[1,"two",3.5]'],
    [{ a: 1, b: { c: true } }, '{"a":1,"b":{"c":true}}'],
    [{ x: null, y: 1 }, '{"y":1}'],
    [[null, 1, undefined, [null, 2]], '[1,[2]]'],
    [{ a: [{ b: null }] }, '{"a":[{}]}'],
    [{ id: 9007199254740993n, all: [7n, 2n ** 70n] }, '{"id":9007199254740993,"all":[7,1180591620717411303424]}'],
    [[], '[]'],
    [{}, '{}'],
    [[new Date(0)], '["1970-01-01T00:00:00+00:00"]'],
    [{ a: '\ud800' }, String.raw`{"a":"\ud800"}`],
  ])('of objects and arrays travels as JSON text without nulls: %#', (value, text) => {
    expect(toHeaders({ value })).toEqual({ value: text });
  });

  test('of a date is text, and of a class what its type converter makes of it', () => {
    class ExecutorId {
      readonly value = 'e-7';
    }
    const toText = defineTypeConverter({ from: ExecutorId, to: Type.String(), convert: ({ value }) => value });
    const metadata = { at: new Date(0), executorId: new ExecutorId(), all: [new ExecutorId()] };
    expect(metadataToHeaders(metadata, new ConversionService([toText]))).toEqual({
      at: '"1970-01-01T00:00:00+00:00"',
      executorId: 'e-7',
      all: '["e-7"]',
    });
  });

  test('of any JSON value holds no null, at any depth', () => {
    fc.assert(
      fc.property(exactJson, (value) => {
        const { header } = toHeaders({ header: [value] });
        JSON.parse(String(header), (_, inner) => expect(inner).not.toBeNull());
      }),
    );
  });
});

describe('metadata is refused', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  let deep: unknown = 1;
  for (let level = 0; level < 20_000; level++) deep = [deep];

  test.each<[string, unknown, string]>([
    ['NaN', Number.NaN, "The header 'value' is not a finite number."],
    ['Infinity', -Infinity, "The header 'value' is not a finite number."],
    [
      '2 ** 53',
      2 ** 53,
      "The header 'value' is an integer beyond 2^53, which may have been rounded; send a BigInt or text.",
    ],
    [
      '1e300',
      1e300,
      "The header 'value' is an integer beyond 2^53, which may have been rounded; send a BigInt or text.",
    ],
    ['a lone surrogate', 'x\udfff', "The header 'value' is not valid Unicode."],
    [
      'a BigInt of more than 64 bits',
      2n ** 63n,
      "The header 'value' is an integer of more than 64 bits, which no message can carry; send it as text.",
    ],
    ['a symbol', Symbol('x'), "The header 'value' is a symbol, which no message can carry."],
    ['a function', () => 1, "The header 'value' is a function, which no message can carry."],
    [
      'a cycle',
      cyclic,
      "The header 'value': its value cannot be written: it holds a cycle, is nested too deeply, or cannot be read.",
    ],
    ['a date that is none', new Date(Number.NaN), "The header 'value': "],
    [
      '20,000 levels',
      deep,
      "The header 'value': its value cannot be written: it holds a cycle, is nested too deeply, or cannot be read.",
    ],
    [
      '2 ** 60 within',
      { a: [2 ** 60] },
      "The header 'value' holds an integer beyond 2^53, which may have been rounded; give a BigInt.",
    ],
    ['a function within', [() => 1], "The header 'value' holds a function, which JSON cannot express."],
    ['a symbol within', { a: Symbol('x') }, "The header 'value' holds a symbol, which JSON cannot express."],
    [
      'NaN within',
      { a: Number.NaN },
      "The header 'value' holds a number that is not finite, which JSON cannot express.",
    ],
  ])('rejects %s', async (_, value, message) => {
    expect(await caught(() => toHeaders({ value }))).toMatchObject({
      code: 'invalid-header',
      message: expect.stringContaining(message),
    });
  });

  test.each([null, 7, 'executorId', [['executorId', '7']]])('rejects %j', async (metadata) => {
    expect(await caught(() => toHeaders(metadata as unknown as Metadata))).toMatchObject({
      code: 'invalid-header',
      message: expect.stringMatching(/^Metadata is .+, not an object of headers\.$/),
    });
  });

  test.each(['id', 'ecotone.x', 'X-Tenant', '7', 'CC', 'contentType'])('rejects the reserved name %s', async (name) => {
    expect(await caught(() => toHeaders({ [name]: 'x' }))).toMatchObject({ code: 'reserved-header' });
    expect(await caught(() => toHeaders({ [name]: null }))).toMatchObject({ code: 'reserved-header' });
  });

  test('rejects a field __proto__', async () => {
    const metadata = JSON.parse('{"__proto__":{"executorId":"7"}}');
    expect(await caught(() => toHeaders(metadata))).toMatchObject({ code: 'reserved-header' });
  });

  test.each([
    ['', 'A header has no name, or one that is not valid Unicode.'],
    ['a\ud800', 'A header has no name, or one that is not valid Unicode.'],
    [
      'x'.repeat(256).replace('x', 'a'),
      "The header 'axxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…' has a name longer than 255 bytes.",
    ],
    ['ż'.repeat(128), "The header 'żżżżżżżżżżżżżżżżżżżżżżżżżżżżżżżż…' has a name longer than 255 bytes."],
  ])('rejects the name %j', async (name, message) => {
    expect(await caught(() => checkHeaderName(name))).toMatchObject({
      code: 'invalid-header',
      message: expect.stringContaining(message),
    });
  });

  test('never with another error, whatever its names and values', () => {
    fc.assert(
      fc.property(
        fc.dictionary(anyText, fc.anything({ withBigInt: true, withDate: true, withMap: true })),
        (metadata) => {
          try {
            for (const [name, value] of Object.entries(toHeaders(metadata))) {
              expect(isReservedHeader(name)).toBe(false);
              expect(['string', 'number', 'boolean', 'bigint']).toContain(typeof value);
            }
          } catch (error) {
            expect(error).toMatchObject({ code: expect.stringMatching(/^(reserved|invalid)-header$/) });
          }
        },
      ),
    );
  });
});
