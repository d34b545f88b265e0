import fc from 'fast-check';
import jsonata from 'jsonata';
import { describe, expect, test, vi } from 'vitest';
import { evaluate } from './evaluate.ts';

describe('$substring', () => {
  test('returns what JSONata returns, for every start and length', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'é', '€', '😀', '\u0301'), maxLength: 8 });
    const place = fc.oneof(fc.integer({ min: -12, max: 12 }), fc.double({ min: -12, max: 12, noNaN: true }));
    await fc.assert(
      fc.asyncProperty(text, place, fc.option(place), async (value, start, length) => {
        const call =
          length === null
            ? '$substring(payload.value, payload.start)'
            : '$substring(payload.value, payload.start, payload.length)';
        const payload = { value, start, length };
        expect(await evaluate(call, { payload })).toBe(await jsonata(call).evaluate({ payload }));
      }),
    );
  });

  test('makes no list of the characters of a long text', async () => {
    const text = 'ab'.repeat(500_000);
    const lists = vi.spyOn(String.prototype, Symbol.iterator);
    try {
      expect(await evaluate('$substring(payload, 2, 999990)', { payload: text })).toHaveLength(999_990);
      expect(lists.mock.contexts.filter((context) => String(context).length > 1_000)).toEqual([]);
    } finally {
      lists.mockRestore();
    }
  });
});
