import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BodyMemory } from '../../../src/http/body/body-memory.ts';
import { LineReader } from '../../../src/http/stream/line-reader.ts';

/** The lines of a text that arrives in pieces; an error by its code. */
function linesOf(text: string, sizes: readonly number[], maxBytes = 1000, memory = new BodyMemory(1e6)): string[] {
  const reader = new LineReader(maxBytes, memory);
  const bytes = Buffer.from(text);
  const lines: string[] = [];
  const add = (line: Buffer | Error | undefined) =>
    line && lines.push(line instanceof Error ? ((line as { code?: string }).code ?? '') : line.toString().trim());
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? bytes.length;
    for (const line of reader.read(bytes.subarray(at, at + size))) add(line);
    at += size;
  }
  add(reader.end());
  expect(memory.used).toBe(0);
  return lines;
}

describe('lines of a body', () => {
  test('are the same in pieces of any size', () => {
    const text = fc
      .array(fc.constantFrom('{"a":1}', '', ' ', '"ü€😀"', 'x'.repeat(50), '\r'))
      .map((parts) => parts.join('\n'));
    fc.assert(
      fc.property(
        text,
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        fc.boolean(),
        (whole, sizes, hasMark) => {
          const expected = whole
            .split('\n')
            .map((line) => line.trim())
            .filter((line) => line !== '');
          expect(linesOf((hasMark ? '\ufeff' : '') + whole, sizes)).toEqual(expected);
        },
      ),
    );
  });

  test('are kept up to a limit, and the next one is read again', () => {
    for (const size of [1, 7, 1000]) {
      expect(linesOf(`a\n${'x'.repeat(11)}\nb\n${'y'.repeat(10)}\n${'z'.repeat(500)}`, [size], 10)).toEqual([
        ...['a', 'body-too-large', 'b', 'y'.repeat(10), 'body-too-large'],
      ]);
    }
  });

  test('are refused while the bodies of others take all memory', () => {
    const memory = new BodyMemory(1000);
    memory.take(900);
    const reader = new LineReader(1000, memory);
    expect([...reader.read(Buffer.from('x'.repeat(200)))]).toEqual([]);
    const [line] = [...reader.read(Buffer.from('\n'))];
    expect(line).toMatchObject({ code: 'too-many-in-flight' });
    expect(memory.used).toBe(900);
  });
});
