import { describe, expect, test } from 'vitest';
import { parseJson } from '../../src/conversion/json/parse-json.ts';
import { exactDigest, exactJson, exactOfDeadLetter, makeExactValues } from './exact-values.ts';
import { createRandom } from './random.ts';

const random = createRandom(7);
const values = () => makeExactValues(random);

describe('the values of a message', () => {
  test('hold integers beyond 2^53, fractions, times and text, in the body and in headers', () => {
    const { body, headers } = values();
    expect(typeof body.long).toBe('bigint');
    expect(Object.keys(headers)).toEqual(expect.arrayContaining(['exactLong', 'exactDecimal', 'exactTime']));
  });

  test('fit into an int64', () => {
    for (let count = 0; count < 500; count++) {
      const { long } = values().body;
      expect(BigInt.asIntN(64, long as bigint)).toBe(long);
    }
  });

  test('give the same digest when they are read again', () => {
    for (let count = 0; count < 500; count++) {
      const { body, headers } = values();
      expect(exactDigest(parseJson(exactJson(body)), headers)).toBe(exactDigest(body, headers));
    }
  });

  test('give the same digest when a dead letter holds them', () => {
    for (let count = 0; count < 100; count++) {
      const { body, headers } = values();
      const written = Buffer.from(exactJson({ mark: 'm', filler: '', exact: body }));
      expect(exactOfDeadLetter(written, { ...headers, id: 'x' })).toBe(exactDigest(body, headers));
    }
  });

  test.each([
    [{ a: 9_007_199_254_740_993n }, { a: 9_007_199_254_740_992n }],
    [{ a: 1 }, { a: '1' }],
    [{ a: null }, {}],
    [{ a: 0.1 }, { a: 0.1 + Number.EPSILON }],
  ])('give another digest when one of them changes: %o', (one, other) => {
    expect(exactDigest(one, {})).not.toBe(exactDigest(other, {}));
    expect(exactDigest({}, { exactA: one })).not.toBe(exactDigest({}, { exactA: other }));
  });
});
